"""What is done before the first room is forked: it saves each room work, and no room finds anything of it."""

import subprocess
import sys

from autograder.sandbox.room import open_room
from autograder.sandbox.zygote_client import ZygoteClient


def printed_by(code: str) -> str:
    """What a process of its own prints: a shell is there once, and memory that is taken is never given back."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_room_finds_nothing_of_the_rehearsal(server: ZygoteClient) -> None:
    with open_room(server=server) as room:
        outputs = room.run_cell("('mixed' in dir(), In[:-1])", 60).outputs
    assert outputs[0]["data"]["text/plain"] == "(False, [''])"
    assert outputs[0]["execution_count"] == 1


def test_a_rehearsal_that_fails_is_told() -> None:
    said = printed_by(
        "from autograder.sandbox import rehearsal, room_process\n"
        "rehearsal.CELL = 'def mixed(**arguments): return 1 / 0'\n"
        "try: rehearsal.rehearse(room_process.make_shell())\n"
        "except RuntimeError as error: print(error)"
    )
    assert said.startswith("the rehearsal of a room failed: ")


def test_no_gap_in_memory_is_left() -> None:
    said = printed_by(
        "from autograder.sandbox.linux import fill_gaps\n"
        "kept = [bytes(600) for _ in range(2000)]\n"
        "del kept[::2]\n"
        "print(fill_gaps(), fill_gaps())"
    )
    first, second = map(int, said.split())
    assert first >= 900
    assert second <= 100

"""What the tests of rooms share: asking a room, and looking for what it left."""

import os
import textwrap
from pathlib import Path
from typing import Any

from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.jail import FIRST_ROOM_USER
from autograder.sandbox.room import Room
from llm_course.calls import Call, Reply

TIER = os.environ.get("LLM_COURSE_TEST_TIER", "namespaces")


def zygote_of(server: ForkServer) -> int:
    assert server.tier == TIER
    return server._process.pid


def count_mounts(zygote: int) -> tuple[int, int]:
    return tuple(len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines()) for pid in ("self", zygote))


def leftovers(zygote: int) -> list[str]:
    """Processes and files of rooms."""
    return [f"process {pid}" for pid in room_processes(zygote)] + [f"file {path}" for path in room_files()]


def room_processes(zygote: int) -> list[int]:
    """All processes that descend from the fork server, run as a room's user or in a namespace below ours."""
    parents: dict[int, int] = {}
    strange: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            pid = int(folder.name)
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            status = (folder / "status").read_text()
            nested = len(next(line for line in status.splitlines() if line.startswith("NSpid")).split()) > 2
            if nested or folder.stat().st_uid >= FIRST_ROOM_USER:
                strange.add(pid)
        except (OSError, StopIteration):
            continue
    for pid in parents:
        ancestor = pid
        while ancestor := parents.get(ancestor, 0):
            if ancestor == zygote:
                strange.add(pid)
    return sorted(strange)


def room_files() -> list[Path]:
    """Files that rooms left where every user may write."""
    found: list[Path] = []
    for folder in (Path("/dev/shm"), Path("/tmp"), Path("/var/tmp")):
        for path in folder.iterdir():
            if path.name.startswith("room-leftover") or path.lstat().st_uid >= FIRST_ROOM_USER:
                found.append(path)
    return [*found, *Path("/tmp").glob("llm-course-rooms-*/room-*")]


def call(room: Room, body: str, deadline: float = 30) -> Reply:
    """The reply to a call of a function with this body."""
    source = "def probe():\n" + textwrap.indent(textwrap.dedent(body), "    ")
    cell = room.run_cell(source, deadline)
    assert cell.ok, cell.outputs
    return room.call("probe", Call({}), deadline)


def ask(room: Room, body: str, deadline: float = 30) -> Any:
    """The value that a function with this body returns."""
    reply = call(room, body, deadline)
    assert reply.failure is None, reply.failure
    return reply.value


def text_of(outputs: list[dict[str, Any]]) -> str:
    """All text that outputs show."""
    parts = [output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs]
    return "".join(parts) + "".join(line for output in outputs for line in output.get("traceback", []))

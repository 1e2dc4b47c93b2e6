"""What is written in one step is whole or not there, and nothing unfinished is left lying."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.records.unfinished import SUFFIX, in_one_step, remove_unfinished, write_in_one_step
from autograder.submissions.course_files import SECRET_FILE, course_secret
from tests.autograder.collecting.downloads import notebook, submitted, take

WRITES_AND_DIES = """
import os, pathlib, signal, sys
from autograder.records.unfinished import in_one_step
blocks = [in_one_step(pathlib.Path(name)) for name in sys.argv[1:]]
for block in blocks:
    unfinished = block.__enter__()
    unfinished.mkdir(parents=True)
    (unfinished / "half").write_text("half")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def in_a_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def left() -> list[Path]:
    return [*Path().rglob(f"*{SUFFIX}")]


def test_what_cannot_be_written_leaves_what_was_there_and_nothing_else() -> None:
    path = Path("table.json")
    write_in_one_step(path, "before")
    with pytest.raises(UnicodeEncodeError):
        write_in_one_step(path, "\ud800")
    for as_folder in (False, True):
        with pytest.raises(KeyboardInterrupt), in_one_step(path) as unfinished:
            unfinished.mkdir() if as_folder else unfinished.write_text("half")
            raise KeyboardInterrupt
    assert path.read_text() == "before" and left() == []


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not() -> None:
    names = ["results/05_attention/ada.json", "submitted/ada/05_attention", "autograded/ada/a.ipynb", "extensions.csv"]
    subprocess.run([sys.executable, "-c", WRITES_AND_DIES, *names], check=False)
    assert len(left()) == len(names)
    with in_one_step(Path("results", "x.json")) as unfinished:
        unfinished.write_text("half")
        remove_unfinished(Path())
        assert left() == [unfinished]
    assert left() == [] and Path("results", "x.json").exists()


def test_a_full_disk_leaves_nothing_of_a_hand_in_and_of_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    take({"ada/a.ipynb": notebook()})
    before, write = submitted(), Path.write_bytes

    def full(path: Path, content: bytes | str, **named: object) -> int:
        if path.name == "downloads.zip" and isinstance(content, bytes):
            return write(path, content)
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(Path, "write_text", full)
    collected = take({"ada/a.ipynb": notebook(source="newer")})
    assert collected.left_out == [
        "ada/a.ipynb cannot be laid into submitted/ada/05_attention: No space left on device."
    ]
    with pytest.raises(OSError):
        course_secret()
    assert submitted() == before and left() == [] and not SECRET_FILE.exists()


def test_no_file_takes_the_place_of_a_device_or_a_pipe() -> None:
    os.mkfifo("pipe")
    with pytest.raises(OSError, match="neither a file nor a folder"):
        write_in_one_step(Path("pipe"), "text")
    assert Path("pipe").is_fifo()
    assert left() == []

"""A hand-in is hostile files: what is used is read within limits, the rest is left out and told."""

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from autograder.course import grading
from autograder.nbgrader_bridge.gradebook import Writer
from autograder.records.pictures import SUFFIXES
from autograder.submissions.hand_in import (
    KINDS,
    MAX_BESIDE,
    MAX_DEPTH,
    MAX_ENTRIES,
    TOO_MANY,
    NotGradable,
    read_hand_in,
    read_timestamp,
    shown,
    submitted_folders,
)
from tests.banks.hostile.serving import PAGE, png

NAME = "05_attention"
ORDINARY = 54321


@pytest.fixture
def folder() -> Iterator[Path]:
    """submitted/ada/05_attention with a notebook, where every user may read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "submitted", "ada", NAME)
        folder.mkdir(parents=True)
        Path(name).chmod(0o755)
        (folder / f"{NAME}.ipynb").write_text("{}")
        yield folder


@contextlib.contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Root may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(ORDINARY)
    try:
        yield
    finally:
        os.seteuid(user)


def refusal(path: Path) -> str:
    with pytest.raises(NotGradable) as refused:
        read_hand_in(path)
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)
    return str(refused.value)


def test_what_a_notebook_needs_is_read(folder: Path) -> None:
    (folder / "data").mkdir()
    wanted = {f"data/a{kind}": png(4, 4) if kind in SUFFIXES else kind.encode() for kind in KINDS}
    wanted["helper.py"] = b"x = 1"
    for name, content in wanted.items():
        (folder / name).write_bytes(content)
    for name in (".hidden", "other.ipynb", "cache.pyc"):
        (folder / name).write_text("x")
    found = read_hand_in(folder / f"{NAME}.ipynb")
    assert (found.notebook, found.files, found.flags) == (b"{}", wanted, ())
    for name in ("page.html", "drawing.svg"):  # a browser would run what they hold
        (folder / name).write_text("x")
    found = read_hand_in(folder / f"{NAME}.ipynb")
    assert found.files == wanted and "drawing.svg, page.html (only" in found.flags[0]
    assert "helper.py" not in read_hand_in(folder / f"{NAME}.ipynb", ["helper*"]).files


def test_a_picture_is_one_by_its_bytes_and_no_folder_stands_in_the_place_of_a_page(folder: Path) -> None:
    for name, content in {"page.png": PAGE, "huge.JPG": png(30_000, 30_000), "right.png": png(4, 4)}.items():
        (folder / name).write_bytes(content)
    for place in (f"{NAME}.html", f"deep/{NAME}.HTML", "x.ipynb"):
        (folder / place).mkdir(parents=True)
        (folder / place / "a.txt").write_text("a")
    found = read_hand_in(folder / f"{NAME}.ipynb")
    assert list(found.files) == ["right.png"]
    told = "\n".join(found.flags)
    assert "page.png (a picture that no page shows: It is neither PNG nor JPEG)." in told
    assert "huge.JPG (a picture that no page shows: It has 30000 x 30000 pixels" in told
    assert f"{NAME}.html, deep/{NAME}.HTML (a folder named like a page is not used)." in told


def test_what_is_no_plain_file_is_not_opened(folder: Path) -> None:
    (folder / "loot.txt").symlink_to("/etc/hostname")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.txt"))
    found = read_hand_in(folder / f"{NAME}.ipynb")
    assert found.files == {}
    names = "loot.txt, pipe.txt, socket.txt and 1 more"
    assert found.flags == (f"Left out beside the notebook: {names} (links, pipes and devices are not opened).",)


def test_a_flood_of_files_is_not_read(folder: Path) -> None:
    for number in range(MAX_ENTRIES):
        (folder / f"{number}.txt").touch()
    found = read_hand_in(folder / f"{NAME}.ipynb")
    assert (found.files, found.flags) == ({}, (TOO_MANY,))


def test_depth_and_bytes_are_bounded(folder: Path) -> None:
    deep = folder.joinpath(*["d"] * MAX_DEPTH)
    deep.mkdir(parents=True)
    (deep / "kept.txt").write_text("kept")
    (deep / "d").mkdir()
    (deep / "d" / "lost.txt").write_text("lost")
    for name in ("a.npz", "z.npz"):
        (folder / name).touch()
        os.truncate(folder / name, MAX_BESIDE - 100)
    (folder / "small.csv").write_text("1")
    found = read_hand_in(folder / f"{NAME}.ipynb")
    assert {name: len(content) for name, content in found.files.items()} == {
        "a.npz": MAX_BESIDE - 100,
        "/".join(["d"] * MAX_DEPTH + ["kept.txt"]): 4,
        "small.csv": 1,
    }
    assert any("folders are looked into 4 deep" in flag for flag in found.flags)
    assert any("z.npz (beside a notebook 16 MiB are read in all)" in flag for flag in found.flags)


def test_names_that_no_terminal_shows_are_left_out(folder: Path) -> None:
    for name in (b"\xff.txt", b"a\nb.txt", "\u202etxt.py".encode(), b"\x1b[2J.txt"):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).touch()
    found = read_hand_in(folder / f"{NAME}.ipynb")
    assert found.files == {}
    assert "\n" not in found.flags[0] and "\x1b" not in found.flags[0]
    found.flags[0].encode()


def test_what_may_not_be_read_is_told(folder: Path) -> None:
    (folder / "data.csv").touch(mode=0o000)
    (folder / "closed").mkdir(mode=0o000)
    with as_ordinary_user():
        found = read_hand_in(folder / f"{NAME}.ipynb")
    assert found.flags == ("Left out beside the notebook: closed, data.csv (it cannot be read (Permission denied)).",)
    (folder / f"{NAME}.ipynb").chmod(0o000)
    with as_ordinary_user():
        assert refusal(folder / f"{NAME}.ipynb") == f"{NAME}.ipynb cannot be read: Permission denied."
    for closed in (folder, folder.parent):
        closed.chmod(0o000)
        with as_ordinary_user():
            assert submitted_folders(folder.parents[1], "*", NAME) == [folder]
            assert "cannot be opened (Permission denied): let yourself read it" in refusal(folder / f"{NAME}.ipynb")
        closed.chmod(0o755)


def test_a_students_folder_is_found_by_name_and_by_pattern(folder: Path) -> None:
    root = folder.parents[1]
    for name in ("a[b]", "eve", "empty"):
        (root / name / NAME).mkdir(parents=True)
    (root / "empty" / NAME).rmdir()
    (root / "a file").touch()
    assert [path.parent.name for path in submitted_folders(root, "*", NAME)] == ["a[b]", "ada", "eve"]
    assert [path.parent.name for path in submitted_folders(root, "a[b]", NAME)] == ["a[b]"]
    assert [path.parent.name for path in submitted_folders(root, "[ae]??", NAME)] == ["ada", "eve"]
    assert submitted_folders(root / "nowhere", "*", NAME) == []


def test_names_on_a_terminal_begin_no_line() -> None:
    assert shown("é漢🙂 x") == "é漢🙂 x"
    assert shown("a\nb: 20 of 20 points\x1b[2J\u202e\udcff") == r"a\nb: 20 of 20 points\x1b[2J\u202e\udcff"
    assert len(shown("x" * 1000)) == 128


NO_TIMES = [
    "yesterday, I think",
    "Jan0:" + "1" * 75,
    "2026-01-01 12:00:00 /etc/hostname",
    "2026-01-01 12:00:00 ../../../../etc/hostname",
    "2026-01-01 12:00:00 ./UTC",
    "2026-01-01 12:00:00 99999999999999999999",
    "9" * 90,
    "١٢",
    "2026-01-01 12:00:00 UTC" + " " * 100,
]


@pytest.mark.parametrize("text", NO_TIMES)
def test_a_time_that_is_none_is_said_to_be_so(folder: Path, text: str) -> None:
    (folder / "timestamp.txt").write_text(text)
    assert refusal(folder / f"{NAME}.ipynb").startswith("timestamp.txt does not hold a time")


def test_a_timestamp_that_is_a_link_is_not_read(folder: Path) -> None:
    (folder / "timestamp.txt").symlink_to("/dev/zero")
    assert "does not hold a time" in refusal(folder / f"{NAME}.ipynb")


def test_times_of_nbgrader_are_read(folder: Path) -> None:
    times = {
        "": None,
        "2026-02-01 12:00:00.000000 UTC\n": datetime(2026, 2, 1, 12),
        "2026-02-01 12:00:00": datetime(2026, 2, 1, 12),
        "2026-02-01T12:00:00+01:00": datetime(2026, 2, 1, 11),
        "2026-02-01 12:00:00.5 Europe/Berlin": datetime(2026, 2, 1, 11, 0, 0, 500000),
        "2026-02-01 12:00:00 America/Argentina/Buenos_Aires": datetime(2026, 2, 1, 15),
    }
    for text, expected in times.items():
        (folder / "timestamp.txt").write_text(text)
        assert read_timestamp(folder) == expected, text


def test_a_time_that_cannot_be_right_is_told(folder: Path) -> None:
    path, now = folder / f"{NAME}.ipynb", datetime.now(UTC)
    os.utime(path, ((now - timedelta(hours=1)).timestamp(),) * 2)
    for hours, words in ((-0.5, ""), (-3, "was last changed at"), (2, "which is still to come")):
        (folder / "timestamp.txt").write_text(f"{now + timedelta(hours=hours):%Y-%m-%d %H:%M:%S} UTC")
        found = read_hand_in(path)
        assert found.submitted_at is not None
        assert (len(found.flags), words in "".join(found.flags)) == (bool(words), True)


def test_a_time_that_no_calendar_has_costs_its_own_hand_in_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every file system can hold one: this one may not."""

    class Far(datetime):
        @classmethod
        def fromtimestamp(cls, *_: object) -> "Far":
            raise ValueError("year 19391 is out of range")

    monkeypatch.setattr("autograder.submissions.hand_in.datetime", Far)
    assert refusal(folder / f"{NAME}.ipynb").startswith(f"{NAME}.ipynb was changed at a time that no calendar has")


def test_a_defect_in_reading_costs_its_own_hand_in_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a case that nobody thought of")

    monkeypatch.chdir(folder.parents[2])
    monkeypatch.setattr("autograder.course.grading.read_hand_in", fail)
    task = grading._task(folder, cast(Writer, None), [])
    assert task.student == "ada" and "The grader failed on it (KeyError)" in str(task.content)

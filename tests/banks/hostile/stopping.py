"""Stopping: one folder that is to end the grading of all, or to hold it up.

Each attack lays the untouched release, which is worth nothing, into a folder, with a trick, as `handing_in` does; or it
is the source of a cell.
"""

import os
import socket
from pathlib import Path

from tests.banks.hostile.answers import in_cell
from tests.banks.hostile.handing_in import (
    NAME,
    HandIn,
    Notebook,
    beside,
    changing_metadata,
    holes,
    laying,
    with_cells,
)
from tests.banks.hostile.serving import base64_of, code, pasted, png, text

SOURCE_FILES = {"data/numbers.csv": "1,2\n", "shared.txt": "for all\n"}
"""What the course's source holds beside its notebook, for attacks to be in the way of."""
DEPTH = 1500
FLOOD = 20_000
TABLE = "|a" * 4000 + "\n" + "|-" * 4000 + "\n" + "|\n" * 1900
"""Each row of one cell is filled up to the width of the head."""


def folders_in_folders(folder: Path) -> None:
    """Longer than any path, so that it can be neither walked through nor removed by way of its name."""
    place = os.open(folder, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("d" * 20, dir_fd=place)
        inner = os.open("d" * 20, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)


def a_flood_of_files(folder: Path) -> None:
    for number in range(FLOOD):
        (folder / f"{number}.txt").touch()


def unreadable(name: str) -> HandIn:
    def lay(folder: Path) -> None:
        (folder / "inner").mkdir()
        (folder / name).chmod(0o000)

    return laying(lay, beside({"data.csv": b""}))


def in_the_way_of_the_source(folder: Path) -> None:
    (folder / "data").write_text("a file, where the source has a folder")
    (folder / "shared.txt").mkdir()
    (folder / "shared.txt" / "inner.txt").touch()


def names_that_are_no_text(folder: Path) -> None:
    for name in (b"\xff.txt", b"\xc3\x28.py", b"\xed\xa0\x80.csv"):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).touch()


def long_names(folder: Path) -> None:
    (folder / ("x" * 251 + ".txt")).touch()
    inner = folder.joinpath(*["y" * 250] * 4)
    inner.mkdir(parents=True)
    (inner / ("z" * 251 + ".txt")).touch()


def a_second_name_of_the_secret(folder: Path, notebook: Notebook, victim: Path) -> None:
    code("print(open('data.txt').read())")(folder, notebook, victim)
    (folder / "data.txt").hardlink_to(victim.parents[2] / ".llm_course_secret")


def devices_and_sockets(folder: Path) -> None:
    (folder / "zero.txt").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        # A socket's name may have a hundred characters.
        here = os.open(folder, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/socket.json")
        os.close(here)


def a_notebook_of_brackets(folder: Path) -> None:
    text = (folder / NAME).read_text()
    (folder / NAME).write_text(text.removesuffix("}") + ', "more": [' + "[]," * 6_000_000 + "[]]}")


STOPPING: dict[str, HandIn | str] = {
    "folders in folders": laying(folders_in_folders),
    "a flood of files": laying(a_flood_of_files),
    "a file of holes": laying(lambda folder: holes(folder / "data.csv", 1 << 36)),
    "a time of holes": laying(lambda folder: holes(folder / "timestamp.txt", 300 << 20)),
    "a time that is a pipe": laying(lambda folder: os.mkfifo(folder / "timestamp.txt")),
    "a time that overflows": beside({"timestamp.txt": b"Jan0:" + b"1" * 75}),
    "a time in a zone that is a path": beside({"timestamp.txt": b"2026-01-01 12:00:00 ../../../../../../etc/hostname"}),
    "an unreadable file": unreadable("data.csv"),
    "an unreadable folder": unreadable("inner"),
    "an unreadable notebook": unreadable(NAME),
    "an unreadable hand-in": unreadable("."),
    "files in the way of the source's": laying(in_the_way_of_the_source),
    "names that are no text": laying(names_that_are_no_text),
    "long names": laying(long_names),
    "a second name of the course's secret": a_second_name_of_the_secret,
    "devices and sockets": laying(devices_and_sockets),
    "many long cells": code(*["x = 1\n" * 8000] * 100),
    # Whoever looks for each name of a function in each cell takes minutes.
    "many names in many cells": code(
        f"def multi_head_attention(): {';'.join(f'a{number}' for number in range(3000))}",
        *(f"b{number} = 1" for number in range(1500)),
    ),
    "a notebook of brackets": laying(a_notebook_of_brackets),
    # JSON can spell half a character. Names of metadata and their values can hold one, too.
    "an attachment that no file can name": with_cells(
        pasted({"\ud800.png": {"image/png": base64_of(png(8, 8))}}, "a", **{"\ud800": "\ud800", "grade_id": "\ud800"})
    ),
    "points that no float holds": changing_metadata(points=10**400),
    "a table of millions of cells": text(*[TABLE] * 10),
    # Shown again and again, and found damaged each time.
    "a picture of a million segments": beside(
        {"a.jpg": b"\xff\xd8" + b"\xff\xfe\x00\x02" * ((5 << 20) // 4 - 10)}, text(*["![](a.jpg)" * 1900] * 9)
    ),
    "a string of a million fields": in_cell("if 0: x = f'" + "{y}" * 200_000 + "'"),
    "a cell of a million characters": in_cell("x = [\n" + "(1, 'a', [2]),\n" * 70_000 + "]"),
    "functions in functions": in_cell(
        "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(95))
        + f"{' ' * 95}[{'a.b,' * 240_000}a.MultiheadAttention]"
    ),
}
"""Attack -> the function that hands it in, or the source of a cell. None is worth a point."""

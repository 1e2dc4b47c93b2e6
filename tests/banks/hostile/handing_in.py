"""Notebook format and hand-in: what a notebook claims about itself, and what lies beside it or in its place.

Each function lays the untouched release, which is worth nothing, into a folder, with a trick. `victim` is the folder
of another student, whose submission is right.
"""

import copy
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAME = "05_attention.ipynb"
Notebook = dict[str, Any]
HandIn = Callable[[Path, Notebook, Path], None]


def write(folder: Path, notebook: Notebook) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(json.dumps(notebook), encoding="utf-8")


def graded_cells(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


def changing_graded_cells(change: Callable[[dict[str, Any]], None]) -> HandIn:
    def hand_in(folder: Path, notebook: Notebook, victim: Path) -> None:
        for cell in graded_cells(notebook):
            change(cell)
        write(folder, notebook)

    return hand_in


def changing_metadata(**fields: Any) -> HandIn:
    return changing_graded_cells(lambda cell: cell["metadata"]["nbgrader"].update(fields))


def beside(files: dict[str, bytes]) -> HandIn:
    def hand_in(folder: Path, notebook: Notebook, victim: Path) -> None:
        write(folder, notebook)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    return hand_in


def with_cells(*cells: dict[str, Any]) -> HandIn:
    def hand_in(folder: Path, notebook: Notebook, victim: Path) -> None:
        write(folder, {**notebook, "cells": [*notebook["cells"], *cells]})

    return hand_in


def doubled_graded_cells(folder: Path, notebook: Notebook, victim: Path) -> None:
    doubles = [{**copy.deepcopy(cell), "source": "pass"} for cell in graded_cells(notebook)]
    write(folder, {**notebook, "cells": [*doubles, *notebook["cells"], *doubles]})


def link_to_the_notebook(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).symlink_to(victim / NAME)


def link_to_the_folder(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.symlink_to(victim, target_is_directory=True)


def link_to_the_student(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.parent.symlink_to(victim.parent, target_is_directory=True)


def links_beside(folder: Path, notebook: Notebook, victim: Path) -> None:
    write(folder, notebook)
    (folder / "loot").symlink_to("/etc/shadow")
    (folder / "gradebook.db").symlink_to("../../../gradebook.db")
    (folder / "loop").symlink_to(".")
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to("../../../..")
    os.mkfifo(folder / "pipe")


def a_pipe(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / NAME)


def a_folder(folder: Path, notebook: Notebook, victim: Path) -> None:
    (folder / NAME).mkdir(parents=True)


def a_second_notebook(folder: Path, notebook: Notebook, victim: Path) -> None:
    write(folder, notebook)
    for name in ("zzz.ipynb", "05_Attention.ipynb", "05_attention (1).ipynb", ".ipynb_checkpoints/x.ipynb"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((victim / NAME).read_bytes())


def a_name_that_looks_the_same(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "05_attent\u0456on.ipynb").write_bytes((victim / NAME).read_bytes())


def packed(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(gzip.compress((victim / NAME).read_bytes()))


def far_too_large(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.mkdir(parents=True)
    with (folder / NAME).open("wb") as file:
        file.truncate(1 << 26)


def nested_metadata(folder: Path, notebook: Notebook, victim: Path) -> None:
    for cell in graded_cells(notebook):
        deep: dict[str, Any] = {}
        for _ in range(400):
            deep = {"a": deep}
        cell["metadata"]["nbgrader"]["deep"] = deep
    write(folder, notebook)


def claims_in_the_notebook(folder: Path, notebook: Notebook, victim: Path) -> None:
    metadata = {
        "llm_course_flags": ["graded"],
        "kernelspec": {"name": "evil", "display_name": "x", "language": "bash"},
        "celltoolbar": "Create Assignment",
        "score": 20,
    }
    write(folder, {**notebook, "metadata": metadata})


def cell(source: str, kind: str = "code", **nbgrader: Any) -> dict[str, Any]:
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "source": source, "metadata": {"nbgrader": nbgrader} if nbgrader else {}, **code}


SCRIPT = "<script>fetch('/formgrader/api/grade', {method: 'PUT'})</script><img src=x onerror='alert(1)'>"
PLANTED = b"import pathlib\npathlib.Path('/tmp/sandbox-leftover-import').write_text('imported')\nraise SystemExit(0)\n"
GRADED = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3}

HANDING_IN: dict[str, HandIn] = {
    "points of the graded cells are raised": changing_metadata(points=1000),
    "points are not numbers": changing_metadata(points="many"),
    "graded cells are answers": changing_metadata(grade=False, solution=True, locked=False),
    "graded cells are marked by hand": changing_metadata(task=True, solution=True),
    "metadata are of another version": changing_metadata(schema_version=99),
    "metadata are no metadata": changing_graded_cells(lambda cell: cell["metadata"].update(nbgrader=[1])),
    "metadata are nested without end": nested_metadata,
    "graded cells pass": changing_graded_cells(lambda cell: cell.update(source="pass")),
    "graded cells are text": changing_graded_cells(lambda cell: cell.update(cell_type="markdown")),
    "graded cells hold outputs with a score": changing_graded_cells(
        lambda cell: cell.update(outputs=[{"output_type": "execute_result", "data": {"text/plain": "6.0"}}])
    ),
    "graded cells are gone": lambda folder, notebook, victim: write(
        folder, {**notebook, "cells": [cell for cell in notebook["cells"] if cell not in graded_cells(notebook)]}
    ),
    "graded cells stand twice": doubled_graded_cells,
    "a graded cell of the learner's own": with_cells(cell("100.0", grade_id="bonus", points=100, **GRADED)),
    "a graded cell of another assignment": with_cells(cell("1.0", grade_id="train_bpe", points=6, **GRADED)),
    "scripts in text and outputs": with_cells(
        cell(SCRIPT, "markdown"), cell(SCRIPT, "raw"), cell(f"print({SCRIPT!r})")
    ),
    "claims in the notebook's metadata": claims_in_the_notebook,
    "a link to another's notebook": link_to_the_notebook,
    "a link to another's folder": link_to_the_folder,
    "a link to another student": link_to_the_student,
    "links and pipes beside the notebook": links_beside,
    "a pipe instead of a notebook": a_pipe,
    "a folder instead of a notebook": a_folder,
    "a packed notebook": packed,
    "a notebook far too large": far_too_large,
    "other notebooks beside the notebook": a_second_notebook,
    "a name that looks the same": a_name_that_looks_the_same,
    "modules that shadow the grader's": beside(
        {
            f"{name}.py": PLANTED
            for name in ("torch", "json", "autograder", "nbgrader_config", "sitecustomize", "nbgrader")
        }
    ),
    "a time that is none": beside({"timestamp.txt": b"\xff\x00 next year"}),
    "a database beside the notebook": beside({"gradebook.db": b"SQLite format 3\0", ".llm_course_secret": b"00"}),
    "names that no terminal shows": beside({"\x1b[2J\x07.txt": b"x", "a\nb.py": b"x", "-rf": b"x", "é" * 100: b"x"}),
}
"""Hand-in -> the function that does it. Each is worth nothing, or cannot be graded."""

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


def untouched(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(json.dumps(notebook), encoding="utf-8")


def graded_cells(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


def rewritten(change: Callable[[Notebook], Notebook]) -> HandIn:
    """The notebook, changed."""
    return lambda folder, notebook, victim: untouched(folder, change(notebook), victim)


def changing_graded_cells(change: Callable[[dict[str, Any]], None]) -> HandIn:
    def changed(notebook: Notebook) -> Notebook:
        for cell in graded_cells(notebook):
            change(cell)
        return notebook

    return rewritten(changed)


def changing_metadata(**fields: Any) -> HandIn:
    return changing_graded_cells(lambda cell: cell["metadata"]["nbgrader"].update(fields))


def with_cells(*cells: dict[str, Any]) -> HandIn:
    return rewritten(lambda notebook: {**notebook, "cells": [*notebook["cells"], *cells]})


def with_metadata(**metadata: Any) -> HandIn:
    return rewritten(lambda notebook: {**notebook, "metadata": metadata})


def laying(lay: Callable[[Path], object], notebook_of: HandIn = untouched) -> HandIn:
    """A notebook, and what `lay` lays into its folder."""

    def hand_in(folder: Path, notebook: Notebook, victim: Path) -> None:
        notebook_of(folder, notebook, victim)
        lay(folder)

    return hand_in


def beside(files: dict[str, bytes], notebook_of: HandIn = untouched) -> HandIn:
    def lay(folder: Path) -> None:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    return laying(lay, notebook_of)


def instead(lay: Callable[[Path, Path], object]) -> HandIn:
    """What `lay` lays into the notebook's place: it is given that path and the victim's notebook."""

    def hand_in(folder: Path, notebook: Notebook, victim: Path) -> None:
        folder.mkdir(parents=True)
        lay(folder / NAME, victim / NAME)

    return hand_in


def holes(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def doubled_graded_cells(notebook: Notebook) -> Notebook:
    doubles = [{**copy.deepcopy(cell), "source": "pass"} for cell in graded_cells(notebook)]
    return {**notebook, "cells": [*doubles, *notebook["cells"], *doubles]}


def link_to_the_folder(folder: Path, notebook: Notebook, victim: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.symlink_to(victim, target_is_directory=True)


def links_and_pipes(folder: Path) -> None:
    (folder / "loot").symlink_to("/etc/shadow")
    (folder / "gradebook.db").symlink_to("../../../gradebook.db")
    (folder / "loop").symlink_to(".")
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to("../../../..")
    os.mkfifo(folder / "pipe")


def a_second_notebook(folder: Path, notebook: Notebook, victim: Path) -> None:
    untouched(folder, notebook, victim)
    for name in ("zzz.ipynb", "05_Attention.ipynb", "05_attention (1).ipynb", ".ipynb_checkpoints/x.ipynb"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((victim / NAME).read_bytes())


def nested(depth: int) -> dict[str, Any]:
    deep: dict[str, Any] = {}
    for _ in range(depth):
        deep = {"a": deep}
    return deep


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
    "metadata are nested without end": changing_metadata(deep=nested(400)),
    "graded cells pass": changing_graded_cells(lambda cell: cell.update(source="pass")),
    "graded cells are text": changing_graded_cells(lambda cell: cell.update(cell_type="markdown")),
    "graded cells hold outputs with a score": changing_graded_cells(
        lambda cell: cell.update(outputs=[{"output_type": "execute_result", "data": {"text/plain": "6.0"}}])
    ),
    "graded cells are gone": rewritten(
        lambda notebook: {**notebook, "cells": [one for one in notebook["cells"] if one not in graded_cells(notebook)]}
    ),
    "graded cells stand twice": rewritten(doubled_graded_cells),
    "a graded cell of the learner's own": with_cells(cell("100.0", grade_id="bonus", points=100, **GRADED)),
    "a graded cell of another assignment": with_cells(cell("1.0", grade_id="train_bpe", points=6, **GRADED)),
    "scripts in text and outputs": with_cells(
        cell(SCRIPT, "markdown"), cell(SCRIPT, "raw"), cell(f"print({SCRIPT!r})")
    ),
    "claims in the notebook's metadata": with_metadata(
        llm_course_flags=["graded"],
        kernelspec={"name": "evil", "display_name": "x", "language": "bash"},
        celltoolbar="Create Assignment",
        score=20,
    ),
    "a link to another's notebook": instead(lambda mine, right: mine.symlink_to(right)),
    "a link to another's folder": link_to_the_folder,
    "a link to another student": lambda folder, notebook, victim: folder.parent.symlink_to(
        victim.parent, target_is_directory=True
    ),
    "links and pipes beside the notebook": laying(links_and_pipes),
    "a pipe instead of a notebook": instead(lambda mine, right: os.mkfifo(mine)),
    "a folder instead of a notebook": instead(lambda mine, right: mine.mkdir()),
    "a packed notebook": instead(lambda mine, right: mine.write_bytes(gzip.compress(right.read_bytes()))),
    "a notebook far too large": instead(lambda mine, right: holes(mine, 1 << 26)),
    "other notebooks beside the notebook": a_second_notebook,
    "a name that looks the same": instead(
        lambda mine, right: mine.with_name("05_attent\u0456on.ipynb").write_bytes(right.read_bytes())
    ),
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

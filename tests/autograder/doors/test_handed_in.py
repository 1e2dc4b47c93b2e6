"""The notebook is found under any name; where none, several or a broken one is handed in, one sentence says so."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.doors.handed_in import find_hand_in
from autograder.exercises import assignments
from autograder.submissions.hand_in import HandIn, NotGradable
from tests.autograder.collecting.downloads import packed
from tests.banks.submissions import fill

ATTENTION = assignments()["05_attention"]
NOTEBOOK = json.dumps(fill(ATTENTION, {})).encode()
OTHER = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def found(folder: Path, files: Mapping[str, bytes]) -> HandIn:
    for name, content in files.items():
        (folder / "submission" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "submission" / name).write_bytes(content)
    for name in ("submission", "empty"):
        (folder / name).mkdir(exist_ok=True)
    return find_hand_in(folder / "submission", ATTENTION, folder / "empty")


@pytest.mark.parametrize(
    ("files", "beside"),
    [
        ({"my work (1).ipynb": NOTEBOOK}, set()),
        ({"a/b/hw.ipynb": NOTEBOOK, "a/b/helper.py": b"1", "elsewhere.py": b"2"}, {"helper.py"}),
        ({"hw.zip": packed({"x/hw.ipynb": NOTEBOOK, "x/helper.py": b"1", "__MACOSX/._hw.ipynb": b"?"})}, {"helper.py"}),
        ({"hw.ipynb": NOTEBOOK, "model.zip": packed({"ledger.jsonl": b"{}"})}, {"ledger.jsonl"}),
        ({"hw.ipynb": NOTEBOOK, ".ipynb_checkpoints/hw-checkpoint.ipynb": NOTEBOOK, "scratch.ipynb": OTHER}, set()),
    ],
    ids=["renamed", "in folders", "in a zip", "a zip beside it", "beside other notebooks"],
)
def test_the_notebook_is_found(tmp_path: Path, files: Mapping[str, bytes], beside: set[str]) -> None:
    hand_in = found(tmp_path, files)
    assert hand_in.notebook == NOTEBOOK
    assert hand_in.files.keys() == beside
    assert hand_in.flags == ()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "There is no notebook in what was handed in: hand in 05_attention.ipynb, filled in."),
        ({"report.pdf": b"%PDF"}, "There is no notebook in what was handed in: hand in 05_attention.ipynb, filled in."),
        (
            {"a.ipynb": NOTEBOOK, "b.ipynb": NOTEBOOK},
            "There are 2 notebooks in what was handed in (a.ipynb, b.ipynb): hand in one.",
        ),
        ({"hw.zip": b"PK no zip"}, "hw.zip is an archive that cannot be read: hand in the notebook itself."),
        ({"hw.zip": packed({"n" * 300 + ".ipynb": NOTEBOOK})}, "… cannot be unpacked: File name too long."),
        ({f"{number}.py": b"" for number in range(501)}, "There are more than 500 files in what was handed in"),
    ],
    ids=["nothing", "no notebook", "two", "a broken zip", "a long name", "too many files"],
)
def test_what_hides_the_notebook_is_one_sentence(tmp_path: Path, files: Mapping[str, bytes], sentence: str) -> None:
    with pytest.raises(NotGradable, match=re.escape(sentence)):
        found(tmp_path, files)


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.ipynb").write_bytes(NOTEBOOK)
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission/hw.ipynb").symlink_to(tmp_path / "secret.ipynb")
    with pytest.raises(NotGradable, match=r"hw\.ipynb is no plain file"):
        found(tmp_path, {})


def test_names_that_no_disk_has_room_for_are_told(tmp_path: Path) -> None:
    long = "n" * 300 + ".py"
    hand_in = found(tmp_path, {"hw.zip": packed({"hw.ipynb": NOTEBOOK, long: b"1", "a.py": b"1", "a.py/b.py": b"2"})})
    assert [flag.partition(" is left out: ")[2] for flag in hand_in.flags] == ["File name too long.", "File exists."]


def test_a_helper_that_cannot_be_read_costs_no_points_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission/helper.py").symlink_to("/etc/passwd")
    hand_in = found(tmp_path, {"hw.ipynb": NOTEBOOK})
    assert hand_in.flags == ("helper.py is left out: it is no plain file.",)

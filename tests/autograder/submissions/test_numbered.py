"""What a platform added to a name is taken away where the name without it is wanted, and nowhere else."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest

from autograder.exercises import assignments
from autograder.notebooks.notebooks import released_notebook
from autograder.submissions.hand_in import HandIn, NotGradable, read_hand_in
from autograder.submissions.numbered import is_made_of, unnumbered
from autograder.submissions.submission import submission_of
from llm_course.capstone.format import HANDED_IN
from tests.autograder.collecting.downloads import notebook, submitted
from tests.autograder.collecting.test_who_is_who import take

NAME = "05_attention"
IMPORTS = notebook(source="import os, helper\nfrom lib import f\nopen('data/table.csv')\nopen('notes-1.txt')")


@pytest.fixture(autouse=True)
def in_a_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def laid(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is laid of what a learner hands in on Canvas, one upload after the other."""
    take({f"adalove_1_{number}_{name}": content for number, (name, content) in enumerate(files.items(), 1)}, ())
    return {path.removeprefix(f"adalove/{NAME}/"): content for path, content in submitted().items()}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("base-1.safetensors", ["base.safetensors"]),
        ("05_attention (1).ipynb", ["05_attention.ipynb"]),
        ("05_attention(2).ipynb", ["05_attention.ipynb"]),
        ("a-2 (1).py", ["a-2.py", "a.py"]),
        ("a-1-2-3-4.py", ["a-1-2-3.py", "a-1-2.py", "a-1.py"]),
        ("table-2024.csv", []),
        ("table-01.csv", []),
        ("table_1.csv", []),
        ("-1.py", []),
        ("a-Copy1.ipynb", []),
    ],
)
def test_numbers_are_those_that_platforms_and_browsers_add(name: str, meant: list[str]) -> None:
    assert [candidate for candidate, _ in unnumbered(name)] == meant
    assert all(is_made_of(name, candidate) for candidate in [name, *meant])


def test_on_canvas_files_that_are_handed_in_again_keep_their_names() -> None:
    found = laid({f"{NAME}-1.ipynb": IMPORTS, "helper-1.py": b"1", "lib (2).py": b"2", "notes-1.txt": b"n"})
    assert found == {f"{NAME}.ipynb": IMPORTS, "helper.py": b"1", "lib.py": b"2", "notes-1.txt": b"n"}


def test_what_nothing_asks_for_keeps_its_number() -> None:
    assert set(laid({"a.ipynb": IMPORTS, "other-1.py": b"", "x (1).csv": b""})) == {
        f"{NAME}.ipynb",
        "other-1.py",
        "x (1).csv",
    }


@pytest.mark.parametrize("last", [0, 1])
def test_of_two_uploads_of_canvas_the_last_counts(last: int) -> None:
    names = ["helper.py", "helper-1.py"]
    files = {names[1 - last]: b"old", "a.ipynb": IMPORTS, names[last]: b"new"}
    Path("all.zip").write_bytes(b"")
    found = laid(files)
    assert found == {f"{NAME}.ipynb": IMPORTS, "helper.py": b"new"}


def test_what_may_be_either_is_told_and_stays() -> None:
    collected = take({"ada/a.ipynb": IMPORTS, "ada/helper.py": b"0", "ada/helper-1.py": b"1"}, ())
    assert set(submitted()) == {f"ada/{NAME}/{name}" for name in (f"{NAME}.ipynb", "helper.py", "helper-1.py")}
    told = "ada: helper-1.py and helper.py keep their names: nothing says which is the last helper.py."
    assert collected.notes == [told]
    assert take({"bo/a.ipynb": IMPORTS, "bo/helper-1.py": b"1", "bo/helper-3.py": b"3"}, ()).notes == [
        "bo: helper-3.py is used as helper.py, and not helper-1.py."
    ]
    assert submitted()[f"bo/{NAME}/helper.py"] == b"3"


def test_no_name_of_a_file_says_when_something_was_handed_in() -> None:
    says = notebook(source="open('timestamp.txt')")
    take({"a_1_1_a.ipynb": says, "a_1_2_timestamp-1.txt": b"2020-01-01 00:00:00 UTC"}, ())
    assert list(submitted()) == [f"a/{NAME}/{NAME}.ipynb"]


def test_of_many_numbered_files_a_few_are_told() -> None:
    names = [f"m{number}" for number in range(30)]
    files = {f"ada/{name}-1.py": b"" for name in names}
    collected = take({"ada/a.ipynb": notebook(source=f"import {', '.join(names)}"), **files}, ())
    assert len(submitted()) == 31 and len(collected.notes) == 4
    assert collected.notes[-1] == "ada: So it is with 27 more files."


def test_a_capstone_that_is_handed_in_again_keeps_its_files() -> None:
    capstone = assignments()["19_capstone"]
    files = {name.replace(".", "-1."): name.encode() for name in HANDED_IN}
    content = nbformat.writes(released_notebook(capstone)).encode()
    submission = submission_of(HandIn(content, files=files), capstone)
    assert submission.files == {name: name.encode() for name in HANDED_IN}
    assert submission.flags[0] == "ledger-1.jsonl is used as ledger.jsonl."


def laid_by_hand(*names: str) -> Path:
    folder = Path("submitted", "kim", NAME)
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(name)
    return folder / f"{NAME}.ipynb"


def test_of_two_numbered_notebooks_the_last_is_taken_and_the_released_name_before_all() -> None:
    path = laid_by_hand(f"{NAME} (1).ipynb", f"{NAME} (2).ipynb")
    hand_in = read_hand_in(path)
    assert hand_in.notebook.decode() == f"{NAME} (2).ipynb"
    assert hand_in.flags == (f"{NAME} (2).ipynb is used as {NAME}.ipynb, and not {NAME} (1).ipynb.",)
    path.write_text("own")
    hand_in = read_hand_in(path)
    assert hand_in.notebook == b"own" and "keep their names" in hand_in.flags[0]


def test_two_notebooks_of_one_number_are_not_guessed_at() -> None:
    with pytest.raises(NotGradable, match=r"keep their names: nothing says which is .*\. Leave the one that counts\.$"):
        read_hand_in(laid_by_hand(f"{NAME} (1).ipynb", f"{NAME}-1.ipynb"))

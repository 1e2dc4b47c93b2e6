"""An assignment of an instructor's own, from `new-exercise` to the page that a learner reads, without a fork."""

import os
import subprocess
import sys

import pytest

from llm_course.check import load_answer_keys, make_report
from tests.banks.sources import handed_in
from tests.grading.conftest import Course

pytestmark = pytest.mark.grading
NAME = "sorting"
RIGHT = """
from torch import Tensor
def double_largest(x: Tensor) -> Tensor:
    return x + x * (x == x.amax(-1, keepdim=True))
"""
IN_PLACE = """
def double_largest(x):
    x[range(len(x)), x.argmax(-1)] *= 2
    return x
"""
COLUMNS = """
import torch
def double_largest(x):
    return torch.where(x == x.amax(0, keepdim=True), 2 * x, x)
"""


@pytest.fixture
def own(empty: Course) -> Course:
    empty.done("new-exercise", NAME)
    return empty


def test_the_example_works_from_its_tests_to_the_feedback(own: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"exercises/{NAME}"]
    run = subprocess.run(tests, cwd=own.folder, capture_output=True, text=True)
    assert (run.returncode, "1 passed" in run.stdout) == (0, True), run.stdout
    own.done("release", NAME)
    assert "BEGIN SOLUTION" not in (own.folder / "release" / NAME / f"{NAME}.ipynb").read_text()

    # A learner's own check, beside the notebook.
    monkeypatch.chdir(own.folder / "release" / NAME)
    load_answer_keys.cache_clear()
    namespace: dict[str, object] = {}
    exec(COLUMNS, namespace)
    shown = repr(make_report(NAME, namespace["double_largest"], own.folder))  # type: ignore[arg-type]
    assert "You double the largest entry of each *column*." in shown
    assert "Read again: lecture 1, “Axes”." in shown

    answers = {"right": RIGHT, "columns": COLUMNS, "changing": IN_PLACE, "nothing": ""}
    for student, source in answers.items():
        handed_in(own.folder, NAME, student, {"double_largest-answer": source} if source else {})
    run = own.done("grade", NAME, "--workers", "2")
    scores = {student: found["double_largest"] for student, found in own.scores(NAME).items()}
    assert scores == {"right": 2, "columns": 0, "changing": pytest.approx(4 / 3, abs=1e-4), "nothing": 0}
    own.done("feedback", NAME)
    page = own.feedback_page("changing", NAME)
    assert "You change `x` itself" in page or "You change <code>x</code> itself" in page
    assert "2 * x.gather" not in page

    own.done_by_nbgrader("autograde", NAME, "--force")
    assert {student: found["double_largest"] for student, found in own.scores(NAME).items()} == scores


def test_a_changed_specification_regrades_and_says_why_before(own: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    own.done("release", NAME)
    handed_in(own.folder, NAME, "ada", {"double_largest-answer": IN_PLACE})
    own.done("grade", NAME, "--workers", "1")
    path = own.folder / "exercises" / NAME / "specification.py"
    # As it is where both are written within a second: the size is the same, and the time.
    written = path.stat().st_mtime
    path.write_text(path.read_text().replace("weight=2,", "weight=3,"))
    os.utime(path, (written, written))
    run = own.llm_course("grade", NAME, "--workers", "1", "--dry-run")
    assert "ada: 1.33 to 1.5 of 2 points (double_largest 1.33 to 1.5): exercises/sorting was edited." in run.stdout
    assert own.scores(NAME)["ada"]["double_largest"] == pytest.approx(4 / 3, abs=1e-4)
    edited = f"exercises/{NAME} was edited since 1 of these were graded: `llm-course grade {NAME}` grades them again."
    released = f"exercises/{NAME} was changed since it was released: `llm-course release {NAME}` makes it count."
    assert edited in run.stdout and released in run.stdout
    # Also where no score moves.
    path.write_text(path.read_text().replace("weight=3,", "weight=2,").replace('"""', '"""Mine. ', 1))
    run = own.llm_course("grade", NAME, "--workers", "1", "--dry-run")
    assert edited in run.stdout and released not in run.stdout
    assert "0 of 1 submissions of sorting would change" in run.stdout
    own.done("grade", NAME, "--workers", "1")
    assert "was edited" not in own.llm_course("grade", NAME, "--workers", "1", "--dry-run").stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("specification.md", "x.abs().argmax", "x.argmax", "gets full marks"),
        ("specification.py", "ASSIGNMENT =", "ASSIGNED =", "let ASSIGNMENT be an Assignment"),
        ("specification.md", "- `x.argmax`", "- `x.argmin`", "specification.md, line 13: 'x.argmin' stands in"),
        (
            "specification.py",
            'shown("two rows", x=torch.tensor([[1.0, 3.0, -7.0], [5.0, 4.0, 6.0]]))',
            'Case("two rows", lambda draw: {"x": randn(draw, 2, 3)})',
            "no case is visible",
        ),
        (
            "specification.py",
            'lambda draw: {"x": randn(draw, 4, 6)}',
            'lambda draw: {"x": torch.tensor([[1.0, 3.0, -7.0], [5.0, 4.0, 6.0]])}',
            "an answer without any understanding (the nearest visible case) has the property",
        ),
        ("specification.py", "randn(draw, 4, 6)", "randn(draw, 4, six)", "specification.py, line 22, with NameError"),
        ("solutions.py", "import Tensor", "import Tensors", "fails with ImportError"),
        ("alternatives.py", "+ x, x)", "+ 1, x)", "where_it_is_largest loses marks"),
        ("exercises.md", "of any sign", "of each sign", "the stub of double_largest differs from signature and docstr"),
        ("exercises.md", "{code-cell} python\ncheck", "{code-cell} python\nprint", "the stubs and checks are"),
    ],
)
def test_what_does_not_tell_right_from_wrong_is_not_released(
    own: Course, file: str, old: str, new: str, sentence: str
) -> None:
    path = own.folder / "exercises" / NAME / file
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    run = own.llm_course("release", NAME)
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr
    assert (run.returncode, (own.folder / "release" / NAME).exists()) == (1, False)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("05_attention", "There is an assignment '05_attention' already"),
        (NAME, "There is an assignment 'sorting' already"),
        ("my week", "'my week' is no name of an assignment"),
        ("../out", "'../out' is no name"),
    ],
)
def test_a_name_that_cannot_be_is_one_sentence(own: Course, name: str, sentence: str) -> None:
    before = sorted(own.folder.rglob("*"))
    assert sentence in own.refused("new-exercise", name)
    assert sorted(own.folder.rglob("*")) == before

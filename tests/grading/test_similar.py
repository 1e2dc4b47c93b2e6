"""`llm-course similar` on hand-ins: the course's own answers, neighbors, a plain notebook, what cannot be compared."""

import shutil
from pathlib import Path

import pytest

from autograder.course.outcomes import own_answers
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.reporting.similar import groups_of, read_work
from llm_course.capstone import substitutes
from tests.banks.right import alternatives
from tests.banks.sources import answer, asserts, handed_in, write_source
from tests.banks.submissions import fill, hand_in, references, standalone
from tests.grading.conftest import Course

pytestmark = pytest.mark.grading
NAME = "05_attention"


def similar(course: Course, name: str) -> list[str]:
    run = course.done("similar", name)
    return run.stdout.splitlines()


def test_the_courses_own_answers_handed_in_are_named(course: Course, attention: Assignment) -> None:
    own = {exercise.name: standalone(alternatives(exercise.name)[0], exercise.name) for exercise in attention.exercises}
    hand_in(course.folder, "ada", NAME, fill(attention, references(attention)))
    hand_in(course.folder, "bob", NAME, fill(attention, own))
    hand_in(course.folder, "cleo", NAME, fill(attention, {"causal_mask": "exec('causal_mask = 1')"}))
    hand_in(course.folder, "dora", NAME, fill(attention, {})).write_text("{")
    shutil.copy(Path("solutions/attention.py"), course.folder / "submitted" / "bob" / NAME / "unused.py")
    group, *notes, last = similar(course, NAME)
    assert group == (
        "solutions/attention.py, ada: scaled_dot_product_attention, multi_head_attention, flash_attention "
        "(100% or more of it the same)."
    )
    assert any(note.startswith("cleo: Some of its code comes from texts") for note in notes)
    assert any(note.startswith("dora is not compared. 05_attention.ipynb is not a notebook") for note in notes)
    assert last == "Groups alike by 80 percent or more: 1. Look at the notebooks before you conclude."


def test_answers_of_a_plain_notebook_are_compared_as_a_whole(empty: Course, attention: Assignment) -> None:
    lines, other = (references(attention)[name] for name in ("multi_head_attention", "causal_mask"))
    cells = [answer("heads", f"### BEGIN SOLUTION\n{lines}\n### END SOLUTION"), asserts("test", 2, "assert True")]
    write_source(empty.folder, "ps1", cells)
    empty.done("release", "ps1")
    for student in ("ada", "bob"):
        handed_in(empty.folder, "ps1", student, {"heads": lines.replace("projected", student)})
    handed_in(empty.folder, "ps1", "cleo", {"heads": other})
    handed_in(empty.folder, "ps1", "dora", {})
    assert similar(empty, "ps1")[:-1] == ["source/ps1/ps1.ipynb, ada, bob: the notebook (100% or more of it the same)."]


def test_what_the_capstone_puts_in_the_place_of_an_answer_is_known() -> None:
    """It is installed with every learner."""
    text = Path(substitutes.__file__).read_text(encoding="utf-8").replace("_adamw_step", "adamw_step")
    works = [*own_answers(assignments()["08_pretraining"]), read_work("ada", {"Cell 3": text}, ["adamw_step"])]
    (group,), _ = groups_of(works, 0.8)
    assert "ada" in group.owners and "llm_course/capstone/substitutes.py" in group.owners

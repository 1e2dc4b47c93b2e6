"""The banks through real nbgrader: `llm-course grade` and `nbgrader autograde` on the same submissions."""

import shutil
from pathlib import Path

import pytest

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment, Mistake
from autograder.judge import derive_seed, judge, local_answer
from llm_course.checking.evaluate import Verdict
from tests.banks.right import alternatives
from tests.banks.submissions import fill, hand_in, references, standalone, wrong_answer
from tests.grading.conftest import Course

pytestmark = pytest.mark.grading

ASSIGNMENTS = list(assignments())


def wrong_answers(assignment: Assignment) -> list[dict[str, Mistake]]:
    """All mistakes of an assignment, one of each exercise at a time."""
    most = max(len(exercise.mistakes) for exercise in assignment.exercises)
    return [
        {
            exercise.name: exercise.mistakes[number]
            for exercise in assignment.exercises
            if number < len(exercise.mistakes)
        }
        for number in range(most)
    ]


def right_answers(assignment: Assignment) -> list[dict[str, str]]:
    """All right alternatives of an assignment, one of each exercise at a time."""
    banks = {exercise.name: alternatives(exercise.name) for exercise in assignment.exercises}
    return [
        {name: standalone(bank[number], name) for name, bank in banks.items() if number < len(bank)}
        for number in range(max(map(len, banks.values())))
    ]


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def graded(
    request: pytest.FixtureRequest, empty_course: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Assignment, Course]:
    """A course in which the banks of an assignment are handed in and graded."""
    assignment = assignments()[request.param]
    course = Course(tmp_path_factory.mktemp("banks") / "course")
    shutil.copytree(empty_course, course.folder)
    released = course.llm_course("release", assignment.name)
    assert released.returncode == 0, released.stderr
    isolated = {exercise.name: standalone(exercise.reference, exercise.name) for exercise in assignment.exercises}
    hand_in(course.folder, "reference", assignment.name, fill(assignment, references(assignment)))
    hand_in(course.folder, "untouched", assignment.name, fill(assignment, {}))
    for number, mistakes in enumerate(wrong_answers(assignment)):
        answers = {name: wrong_answer(assignment.exercise(name), mistake) for name, mistake in mistakes.items()}
        hand_in(course.folder, f"wrong-{number}", assignment.name, fill(assignment, isolated | answers))
    for number, answers in enumerate(right_answers(assignment)):
        hand_in(course.folder, f"right-{number}", assignment.name, fill(assignment, isolated | answers))
    run = course.llm_course("grade", assignment.name)
    assert run.returncode == 0, run.stdout + run.stderr
    made = course.llm_course("feedback", assignment.name)
    assert made.returncode == 0, made.stderr
    return assignment, course


def test_right_answers_get_full_marks(graded: tuple[Assignment, Course]) -> None:
    assignment, course = graded
    full = {exercise.name: exercise.points for exercise in assignment.exercises}
    scores = course.scores(assignment.name)
    assert scores["reference"] == full
    for number in range(len(right_answers(assignment))):
        assert scores[f"right-{number}"] == full


def test_untouched_release_gets_nothing(graded: tuple[Assignment, Course]) -> None:
    assignment, course = graded
    assert set(course.scores(assignment.name)["untouched"].values()) == {0}


def test_mistakes_get_what_the_judge_says_and_their_own_hint(graded: tuple[Assignment, Course]) -> None:
    assignment, course = graded
    scores = course.scores(assignment.name)
    for number, mistakes in enumerate(wrong_answers(assignment)):
        page = course.feedback_page(f"wrong-{number}", assignment.name)
        for exercise in assignment.exercises:
            mistake = mistakes.get(exercise.name)
            score = scores[f"wrong-{number}"][exercise.name]
            if mistake is None:
                assert score == exercise.points
                continue
            expected = verdict(course, assignment, exercise.name, mistake)
            assert score == pytest.approx(exercise.points * expected.fraction, abs=1e-3) != exercise.points
            assert mistake.hint[:30].replace("'", "&#39;") in page or mistake.hint[:30] in page


def verdict(course: Course, assignment: Assignment, name: str, mistake: Mistake) -> Verdict:
    secret = bytes.fromhex((course.folder / ".llm_course_secret").read_text().strip())
    return judge(assignment.exercise(name), local_answer(mistake.function), derive_seed(secret, assignment.name))


def test_feedback_shows_no_hidden_part(graded: tuple[Assignment, Course]) -> None:
    _, course = graded
    for page in course.folder.glob("feedback/*/*/*.html"):
        text = page.read_text()
        assert "HIDDEN TESTS" not in text
        assert "graded outside the notebook" not in text


def test_nbgrader_autograde_gives_the_same_scores(
    graded: tuple[Assignment, Course], empty_course: Path, tmp_path: Path
) -> None:
    assignment, course = graded
    other = Course(tmp_path / "other")
    shutil.copytree(empty_course, other.folder)
    # nbgrader takes half a second for each, so it gets every third, and those of no bank.
    students = sorted(path.name for path in (course.folder / "submitted").iterdir())
    chosen = {*students[::3], "reference", "untouched"}
    for student in chosen:
        shutil.copytree(course.folder / "submitted" / student, other.folder / "submitted" / student)
    assert other.nbgrader("generate_assignment", assignment.name).returncode == 0
    released = [item.folder / "release" / assignment.name / f"{assignment.name}.ipynb" for item in (course, other)]
    assert released[0].read_bytes() == released[1].read_bytes()
    run = other.nbgrader("autograde", assignment.name)
    assert run.returncode == 0, run.stderr[-2000:]
    scores = course.scores(assignment.name)
    assert other.scores(assignment.name) == {student: scores[student] for student in chosen}

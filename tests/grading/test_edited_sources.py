"""An instructor's source decides what is graded, by whom and for how many points; a plain nbgrader notebook is one."""

import base64
from pathlib import Path

import nbformat
import pytest

from autograder.exercises.spec import Assignment
from tests.banks.hostile.serving import png
from tests.banks.sources import answer, asserts, essay, handed_in, task, text, write_source
from tests.banks.submissions import references
from tests.grading.conftest import Course, cell_of, copy_of, editing

pytestmark = pytest.mark.grading
NAME = "05_attention"
SQUARES = """### BEGIN SOLUTION
def square(x):
    return x * x
### END SOLUTION"""
VISIBLE = "assert square(2) == 4"
HIDDEN = """assert square(3) == 9, "three times three is nine"
### BEGIN HIDDEN TESTS
assert square(-5) == 25, "a square is never negative"
assert square(7) == 49
### END HIDDEN TESTS"""


def source_of(course: Course, name: str = NAME) -> Path:
    return course.folder / "source" / name / f"{name}.ipynb"


def answers(assignment: Assignment) -> dict[str, str]:
    return {f"{name}-answer": source for name, source in references(assignment).items()}


def test_a_subset_in_another_order_with_an_essay_is_an_assignment(course: Course, attention: Assignment) -> None:
    kept = ("causal_mask", "scaled_dot_product_attention")

    with editing(source_of(course)) as notebook:
        parts = [cell_of(notebook, grade_id) for name in reversed(kept) for grade_id in (f"{name}-answer", name)]
        parts[1].metadata.nbgrader.points = 10
        notebook.cells = [*notebook.cells[:3], *parts, essay("why", 4), essay("plot", 2, "", "code")]
    source = source_of(course).read_bytes()
    released = course.done("release", NAME)
    assert "To be graded by hand, in formgrader: plot, why." in released.stdout
    right = answers(attention)
    handed_in(course.folder, NAME, "ada", right | {"why": "Because.", "plot": "print(causal_mask(2, 2).sum())"})
    handed_in(course.folder, NAME, "bob", {"why": "Who knows?"})
    course.done("grade", NAME, "--workers", "1")
    points = {name: attention.exercise(name).points for name in kept} | {"scaled_dot_product_attention": 10}
    assert course.scores(NAME)["ada"] == {**points, "why": None, "plot": None}
    # nbgrader gives what was left as it was released a 0, and says so to the learner.
    assert course.scores(NAME)["bob"] == {**dict.fromkeys(kept, 0), "why": None, "plot": 0}
    found = course.rows()
    assert (found["ada"]["status"], found["ada"]["score"]) == ("not graded", "")
    assert "No grade yet for plot, why" in found["ada"]["reason"]

    for student, cell, score in (("ada", "why", 3.5), ("ada", "plot", 2.0), ("bob", "why", 1.0)):
        course.grade_by_hand(NAME, student, cell, score)
    found = course.rows()
    total = sum(points.values()) + 5.5
    assert [float(found[student]["score"]) for student in ("ada", "bob")] == [total, 1.0]
    assert float(found["ada"]["max_score"]) == sum(points.values()) + 6
    # Once more, by either command: nothing of it moves.
    course.done("grade", NAME, "--workers", "1", "--again")
    assert {student: row["score"] for student, row in course.rows().items()} == {
        student: row["score"] for student, row in found.items()
    }
    course.done_by_nbgrader("autograde", NAME, "--force")
    assert course.rows()["ada"]["score"] == found["ada"]["score"]
    assert course.scores(NAME)["ada"] == {**points, "why": None, "plot": None}
    assert source_of(course).read_bytes() == source


def test_an_essay_whose_cell_was_made_anew_waits_and_is_no_zero(course: Course, attention: Assignment) -> None:
    with editing(source_of(course)) as notebook:
        notebook.cells.append(essay("why", 4))
    course.done("release", NAME)
    path = handed_in(course.folder, NAME, "ada", answers(attention) | {"why": "Because."})
    with editing(path) as notebook:
        notebook.cells[-1] = nbformat.v4.new_markdown_cell("Because.")
    run = course.llm_course("grade", NAME, "--workers", "1")
    assert "note: The cell why is missing from the notebook." in run.stdout
    assert course.scores(NAME)["ada"]["why"] is None


def test_a_cell_that_lost_its_exercise_is_refused_and_is_no_zero(course: Course) -> None:
    with editing(source_of(course)) as notebook:
        cell_of(notebook, "causal_mask").metadata.nbgrader.grade_id = "mask"
    refusal = course.refused("release", NAME)
    assert refusal.startswith("llm-course: The cell mask of 05_attention has no tests of its own and is none of its")


def test_a_cell_that_comes_after_the_first_grade_is_refused_and_the_release_stays(plain: Course) -> None:
    handed_in(plain.folder, "ps1", "ada", {"squares": KINDS["right"]})
    plain.done("grade", "ps1", "--workers", "1")
    with editing(source_of(plain, "ps1")) as notebook:
        notebook.cells.append(essay("late", 3))
    released = (plain.folder / "release" / "ps1" / "ps1.ipynb").read_bytes()
    refusal = plain.refused("release", "ps1")
    assert "1 submissions of ps1 are graded" in refusal and "(new: late; gone: none)" in refusal
    assert (plain.folder / "release" / "ps1" / "ps1.ipynb").read_bytes() == released


@pytest.fixture(scope="module")
def plain_course(empty_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a plain nbgrader assignment: asserts, partial credit, an essay and a task; to be copied."""
    empty = copy_of(empty_course, tmp_path_factory.mktemp("plain"))
    cells = [
        answer("squares", SQUARES),
        asserts("visible", 1, VISIBLE),
        asserts("hidden", 2, HIDDEN),
        asserts("partial", 4, "import numbers_for_all\nsum(square(x) == x * x for x in numbers_for_all.NUMBERS)"),
        essay("why", 3),
        task("more", 1),
    ]
    write_source(empty.folder, "ps1", cells).with_name("numbers_for_all.py").write_text("NUMBERS = [1, 2, 3, 4]\n")
    released = empty.done("release", "ps1")
    assert "Graded by tests of your own: hidden, partial, visible." in released.stdout
    return empty.folder


@pytest.fixture
def plain(plain_course: Path, tmp_path: Path) -> Course:
    return copy_of(plain_course, tmp_path)


KINDS = {
    "right": "def square(x):\n    import warnings\n    warnings.warn('honest')\n    return x ** 2",
    "half": "def square(x):\n    return x * 2",
    "negative": "def square(x):\n    return abs(x) * x",
    "raises": "def square(x):\n    raise ValueError(f'secret {x}')",
    "exits": "import sys\ndef square(x):\n    sys.exit()",
    "dies": "import os\ndef square(x):\n    os._exit(0)",
    "dies at once": "import os\nos._exit(0)",
    "untouched": "# YOUR CODE HERE\nraise NotImplementedError()",
}
EXPECTED = {
    "right": (1, 2, 4),
    "half": (1, 0, 1),
    "negative": (1, 0, 4),
    **dict.fromkeys(("raises", "exits", "dies", "dies at once", "untouched"), (0, 0, 0)),
}


def test_what_a_hidden_test_asked_for_is_not_printed_by_a_later_cell(plain: Course) -> None:
    keeps = "SEEN = []\ndef square(x):\n    SEEN.append(x)\n    return x * x\nprint('before', SEEN)"
    with editing(handed_in(plain.folder, "ps1", "ann", {"squares": keeps, "why": "Because."})) as notebook:
        notebook.cells.append(nbformat.v4.new_code_cell("print('after', SEEN)"))
    plain.done("grade", "ps1", "--workers", "1")
    assert plain.scores("ps1")["ann"]["hidden"] == 2
    autograded = (plain.folder / "autograded" / "ann" / "ps1" / "ps1.ipynb").read_text()
    assert "before []" in autograded
    assert "after []" in autograded


def test_a_plain_notebook_is_graded_by_its_own_tests_in_the_sandbox(plain: Course) -> None:
    for student, source in KINDS.items():
        handed_in(plain.folder, "ps1", student, {"squares": source, "why": "Because."})
    broken = handed_in(plain.folder, "ps1", "broken", {})
    broken.write_text("{")
    run = plain.llm_course("grade", "ps1", "--workers", "1")
    assert run.returncode == 1
    assert "broken: not graded." in run.stdout
    assert f"Graded {len(KINDS)} of {len(KINDS) + 1} submissions of ps1." in run.stdout
    found = plain.scores("ps1")
    assert {
        student: tuple(scores[name] for name in ("visible", "hidden", "partial")) for student, scores in found.items()
    } == EXPECTED
    assert {scores["why"] for scores in found.values()} == {None}
    assert plain.rows()["broken"]["score"] == plain.rows()["right"]["score"] == ""
    for student in ("right", "half"):
        plain.grade_by_hand("ps1", student, "why", 3)
        plain.grade_by_hand("ps1", student, "more", 0.5)
    assert [float(plain.rows()[student]["score"]) for student in ("right", "half")] == [10.5, 5.5]

    # nbgrader's own command gives the same, and keeps what was given by hand.
    run = plain.nbgrader("autograde", "ps1", "--force")
    again = plain.scores("ps1")
    assert set(again.pop("broken").values()) == {None}
    assert again == found
    assert float(plain.rows()["right"]["score"]) == 10.5

    plain.done("feedback", "ps1")
    page = plain.feedback_page("half", "ps1")
    assert "square(-5)" not in page and "square(7)" not in page
    assert "three times three is nine" in page
    assert '<a href="#partial">partial</a> (Score: 1.0 / 4.0)' in page
    assert "Test cell" not in page and "Out[" not in page
    assert "a square is never negative" in plain.feedback_page("negative", "ps1")
    report = plain.report()
    assert "<code>partial</code>: mean" in report
    assert "What the tests told the learner" in report and "All learners have all properties." not in report


def test_learners_code_cannot_take_the_asserts_away_by_what_is_known_of_nbgrader(plain: Course) -> None:
    kinds = {
        "transformer": "import ast\nclass D(ast.NodeTransformer):\n    visit_Assert = lambda self, node: ast.Pass()\n"
        "get_ipython().ast_transformers.append(D())\ndef square(x):\n    return None",
        "blank": "get_ipython().input_transformers_cleanup.append(lambda lines: [])\ndef square(x):\n    return None",
        "hook": "def square(x):\n    import sys\n    sys.displayhook(4.0)\n    return None",
        "nan": "class N:\n    __eq__ = lambda self, other: float('nan')\ndef square(x):\n    return N()",
        "far": "class M:\n    __eq__ = lambda self, other: -1000\ndef square(x):\n    return M()",
    }
    for student, source in kinds.items():
        handed_in(plain.folder, "ps1", student, {"squares": source})
    plain.done("grade", "ps1", "--workers", "1")
    found = plain.scores("ps1")
    assert {student: scores["partial"] for student, scores in found.items()} == dict.fromkeys(kinds, 0)
    # What says that all is equal is believed: such tests run where it lives.
    assert {student for student, scores in found.items() if scores["hidden"]} == {"nan", "far"}
    report = plain.report()
    assert "partial: Its tests end in -4000, which is no number from 0 to 4." in report


def test_tests_that_end_in_no_number_are_told_to_the_instructor(empty: Course) -> None:
    tests = {
        "compares": "square(2) == 5",
        "magic": "%matplotlib inline\nsquare(2) == 5",
        "prints": "assert square(2) == 4\nprint(square(2))",
        "counts": "square(1)",
        "partial": "(square(2) == 4) + (square(3) == 9)",
    }
    cells = (asserts(name, 2, source) for name, source in tests.items())
    write_source(empty.folder, "ps1", [answer("squares", SQUARES), *cells])
    told = "Full marks, whatever comes out: compares ends in a comparison"
    assert told in empty.llm_course("release", "ps1").stdout
    handed_in(empty.folder, "ps1", "ada", {"squares": KINDS["right"]})
    empty.done("grade", "ps1", "--workers", "1")
    assert empty.scores("ps1")["ada"] == {"compares": 2, "magic": 2, "prints": 2, "counts": 1, "partial": 2}
    report = empty.report()
    found = [name for name in tests if f"{name}: Its tests end in a value that is no number" in report]
    assert found == ["compares", "magic"]


@pytest.mark.parametrize("mark", ["begin", "end"])
def test_marks_of_hidden_tests_that_the_course_does_not_know_are_refused(plain: Course, mark: str) -> None:
    handed_in(plain.folder, "ps1", "ada", {"squares": KINDS["half"], "why": "Because."})
    plain.done("grade", "ps1", "--workers", "1")
    before = plain.scores("ps1")
    plain.configure(f"\nc.ClearHiddenTests.{mark}_test_delimeter = 'SECRET'\n")
    for command in (("release", "ps1"), ("grade", "ps1", "--again"), ("feedback", "ps1")):
        assert "sets other marks of hidden tests than 'BEGIN HIDDEN TESTS' and 'END HIDDEN TESTS'" in plain.refused(
            *command
        )
    run = plain.nbgrader("autograde", "ps1", "--force")
    assert run.returncode == 1
    assert "sets other marks of hidden tests" in run.stderr
    assert plain.scores("ps1") == before


def test_tests_of_ones_own_beside_exercises_of_a_chapter(course: Course, attention: Assignment) -> None:
    own = asserts("shape", 3, "assert causal_mask(2, 3).shape == (2, 3)\ncausal_mask = None")
    with editing(source_of(course)) as notebook:
        notebook.cells.insert(5, own)
    course.done("release", NAME)
    handed_in(course.folder, NAME, "ada", answers(attention))
    course.done("grade", NAME, "--workers", "1")
    found = course.scores(NAME)["ada"]
    # What the tests do to the notebook's names is nothing to the judge.
    assert {name: score for name, score in found.items() if name != "shape"} == {
        exercise.name: exercise.points for exercise in attention.exercises
    }


@pytest.mark.parametrize("change", ["text", "picture", "code"])
def test_a_tasks_answer_that_was_changed_after_its_grade_is_flagged(plain: Course, change: str) -> None:
    cells = [text("Read this."), task("plot", 3), asserts("one", 1, "assert 1 == 1")]
    write_source(plain.folder, "ps2", cells)
    plain.done("release", "ps2")
    path = handed_in(plain.folder, "ps2", "ada", {})
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2:2] = [nbformat.v4.new_markdown_cell("My plot."), nbformat.v4.new_code_cell("1 + 1")]
    nbformat.write(notebook, path)
    plain.done("grade", "ps2", "--workers", "1")
    plain.grade_by_hand("ps2", "ada", "plot", 2.0)

    # What the instructor changes is no other answer.
    write_source(plain.folder, "ps2", [text("Read that."), task("plot", 3, "Add one below."), cells[2]])
    plain.done("release", "ps2")
    run = plain.llm_course("grade", "ps2", "--workers", "1")
    assert "; by hand: plot 2\n" in run.stdout and "note" not in run.stdout
    if change == "text":
        notebook.cells[2].source = "My other plot."
    elif change == "picture":
        notebook.cells[2].attachments = {"plot.png": {"image/png": base64.b64encode(png(4, 4)).decode()}}
    else:
        notebook.cells[3].source = "1 + 2"
    nbformat.write(notebook, path)
    if change == "code":
        plain.done_by_nbgrader("autograde", "ps2", "--force")
    flag = "plot has 2 points by hand, given to another answer: look at it again."
    for _ in range(2):
        run = plain.llm_course("grade", "ps2", "--workers", "1")
        assert f"  note: {flag}" in run.stdout
    assert plain.rows()["ada"]["flags"] == flag

    # Saved once more in formgrader, with the same number: it was looked at.
    plain.grade_by_hand("ps2", "ada", "plot", 2.0)
    assert "note" not in plain.llm_course("grade", "ps2", "--workers", "1").stdout
    assert (plain.rows()["ada"]["flags"], float(plain.rows()["ada"]["score"])) == ("", 3)


def test_a_source_that_the_instructor_changed_accuses_nobody(plain: Course) -> None:
    def write(points: float, tests: str, essay_points: float) -> None:
        cells = [answer("one-answer", "### BEGIN SOLUTION\none = 1\n### END SOLUTION")]
        write_source(
            plain.folder, "ps2", [*cells, asserts("one", points, tests), essay("why", essay_points), task("do", 1)]
        )

    write(2, "assert one == 1", 4)
    plain.done("release", "ps2")
    handed_in(plain.folder, "ps2", "ada", {"one-answer": "one = 1", "why": "Because."})
    handed_in(plain.folder, "ps2", "bob", {"one-answer": "one = 2", "why": "Perhaps."})
    path = handed_in(plain.folder, "ps2", "eve", {"one-answer": "one = 3", "one": "pass", "why": "It is so."})
    with editing(path) as forged:
        forged.cells[2].metadata.nbgrader.points = 400
    plain.done("grade", "ps2", "--workers", "1")
    for student in ("ada", "bob", "eve"):
        plain.grade_by_hand("ps2", student, "do", 1.0)
        plain.grade_by_hand("ps2", student, "why", 3.0)

    write(3, "assert one in (1, 2)", 5)
    before = plain.rows()
    unreleased = "source/ps2/ps2.ipynb was changed since it was released (one, why): `llm-course release ps2` makes it"
    dry = plain.llm_course("grade", "ps2", "--dry-run").stdout
    assert unreleased in dry and "0 of 3 submissions of ps2 would change" in dry
    assert unreleased in plain.llm_course("grade", "ps2").stdout
    assert plain.rows() == before

    plain.done("release", "ps2")
    dry = plain.llm_course("grade", "ps2", "--dry-run").stdout
    assert "ada: 2 to 3 of 3 points (one 2 to 3): other points or tests were released." in dry
    assert "bob: 0 to 3 of 3 points (one 0 to 3): other points or tests were released." in dry
    assert "2 of 3 submissions of ps2 would change" in dry
    assert "was changed since" not in plain.llm_course("grade", "ps2", "--workers", "1").stdout
    after = plain.rows()
    assert {student: float(row["score"]) for student, row in after.items()} == {"ada": 7, "bob": 7, "eve": 4}
    assert after["ada"]["flags"] == after["bob"]["flags"] == ""
    assert "The text of the graded cell one was changed" in after["eve"]["flags"]
    assert "The nbgrader metadata of the cell why were changed" in after["eve"]["flags"]


def test_a_text_that_names_other_points_is_told_at_the_release(course: Course) -> None:
    assert "says" not in course.llm_course("release", NAME).stdout
    with editing(source_of(course)) as notebook:
        cell_of(notebook, "causal_mask").metadata.nbgrader.points = 5
    told = "The text above causal_mask says 2 points, and it is worth 5."
    assert [line for line in course.llm_course("release", NAME).stdout.splitlines() if "says" in line] == [told]


def test_too_many_files_beside_a_source_are_one_sentence_at_once(plain: Course) -> None:
    for number in range(1_001):
        (plain.folder / "source" / "ps1" / f"{number}.txt").write_text("")
    handed_in(plain.folder, "ps1", "ada", {})
    for command in ("release", "grade"):  # one more lies there already
        assert "Beside the source there are 1,002 files, over the limit of 1,000:" in plain.refused(command, "ps1")
    assert {path.name for path in (plain.folder / "release" / "ps1").iterdir()} == {"numbers_for_all.py", "ps1.ipynb"}
    assert not (plain.folder / "results").exists()

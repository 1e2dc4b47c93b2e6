"""An instructor's day: what each command answers, what survives, what is left alone."""

import csv
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.judging.grade import grade
from autograder.nbgrader_bridge import converters
from autograder.records.result import Result, read_result
from autograder.submissions.submission import heal, parse
from llm_course.checking.answer_key import unpack_answer_keys
from tests.banks.submissions import fill, hand_in, references
from tests.banks.unlucky import AFTER_EACH_ANSWER, NOTEBOOKS, TOUCHING_GLOBAL_STATE, UNLUCKY, WINDOW_MASKS
from tests.grading.conftest import Course, cell_of, editing

pytestmark = pytest.mark.grading
NAME = "05_attention"
WRONG = {"sliding_window_mask": "def sliding_window_mask(seq_len, window):\n    return causal_mask(seq_len, seq_len)"}


def test_honest_but_unlucky_submissions_keep_their_marks(course: Course, attention: Assignment) -> None:
    # The last is wrong: where it kept its marks and had nothing to read, this would show nothing.
    handed_in = {**honest_notebooks(attention), "wrong": fill(attention, {**references(attention), **WRONG})}
    for title, notebook in handed_in.items():
        hand_in(course.folder, title.replace(" ", "-"), NAME, notebook)
    run = course.llm_course("grade", NAME)
    assert run.returncode == 0, run.stdout + run.stderr
    folder = course.folder / "results" / NAME
    results = {title: read_result(folder / f"{title.replace(' ', '-')}.json") for title in handed_in}
    full = {exercise.name: exercise.points for exercise in attention.exercises}
    scores = course.scores(NAME)
    assert [title for title in handed_in if scores[title.replace(" ", "-")] != full] == ["wrong"]
    flagged = {title: found for title, result in results.items() if (found := flags_of(result))}
    assert flagged == {}
    assert [title for title, result in results.items() if not result.final] == []
    # The report says what one learner was told, and where that is taught.
    report, count = course.report(), f"1 of {len(handed_in)}</td>"
    points = scores["wrong"]["sliding_window_mask"]
    mean = (2 * (len(handed_in) - 1) + (points or 0)) / len(handed_in)
    assert f"<code>sliding_window_mask</code>: mean {mean:.1f} of 2 points" in report
    section = "chapter 5, “Sliding window: listen only nearby”"
    hint = f'<td>Your queries see their whole past. <span class="where">Read again: {section}.</span></td>'
    for told in (re.escape(hint), f"To teach again.*<td>{section}</td>"):
        assert re.search(f"{told}.*?{count}", report, re.DOTALL), told


def honest_notebooks(assignment: Assignment) -> dict[str, dict[str, Any]]:
    """Odd but right notebooks by title."""
    right = references(assignment)
    made = {title: unlucky(assignment, source) for title, source in UNLUCKY.items()}
    for title, source in AFTER_EACH_ANSWER.items():
        each = {name: f"{answer}\n\n{source.replace('FUNCTION', name)}" for name, answer in right.items()}
        made[f"answer {title}"] = fill(assignment, each)
    for title, source in WINDOW_MASKS.items():
        made[f"mask with {title}"] = fill(assignment, {**right, "sliding_window_mask": source})
    for title, change in NOTEBOOKS.items():
        made[f"notebook {title}"] = fill(assignment, right)
        change(made[f"notebook {title}"])
    return made


def flags_of(result: Result) -> list[str]:
    return [*result.flags, *(flag for exercise in result.exercises for flag in exercise.flags)]


@pytest.mark.parametrize("name", [name for name, assignment in assignments().items() if assignment.exercises])
def test_what_touches_global_state_costs_no_chapter_a_mark(name: str) -> None:
    assignment = assignments()[name]
    for title in TOUCHING_GLOBAL_STATE:
        data = json.dumps(unlucky(assignment, UNLUCKY[title])).encode()
        result = grade(heal(parse(data, f"{name}.ipynb"), assignment), assignment, b"secret")
        lost = {item.name: item.hint for item in result.exercises if item.score != item.points}
        assert lost == {}, title


def unlucky(assignment: Assignment, source: str) -> dict[str, Any]:
    """A right notebook with a stray cell before the answers and after them: it may stand anywhere."""
    cell = source.replace("FUNCTION", assignment.exercises[0].name)
    return fill(assignment, references(assignment), extra={2: cell, len(assignment.exercises) * 3: cell})


def test_release_for_a_class_holds_the_notebook_and_its_checks(course: Course, attention: Assignment) -> None:
    with zipfile.ZipFile(course.folder / "release" / f"{NAME}.zip") as archive:
        assert archive.namelist() == [f"{NAME}/{NAME}.ipynb", f"{NAME}/{NAME}.checks.json.gz"]
        assert unpack_answer_keys(archive.read(archive.namelist()[1])).keys() == set(references(attention))
        assert "BEGIN SOLUTION" not in archive.read(archive.namelist()[0]).decode()


def test_each_feedback_page_stands_alone_and_who_has_none_is_named(course: Course, attention: Assignment) -> None:
    for student in ("ada", "bert", "zoe"):
        hand_in(course.folder, student, NAME, fill(attention, {}))
    hand_in(course.folder, "eve", NAME, {})
    assert course.llm_course("grade", NAME).returncode == 1
    damaged = course.folder / "autograded" / "bert" / NAME / f"{NAME}.ipynb"
    damaged.chmod(0o644)
    damaged.write_text("{")
    run = course.llm_course("feedback", NAME, "--zip", "pages.zip")
    assert run.returncode == 1
    assert "Made 3 feedback pages" in run.stdout
    assert "\nbert has none. The page could not be made (NotJSONError): report this defect" in run.stdout
    assert "\neve is not graded: the page says why." in run.stdout
    reason = course.feedback_page("eve", NAME)
    assert "this is no score" in reason and "05_attention.ipynb is not a notebook" in reason
    assert re.search(r"<bdi>eve</bdi></th><td>05_attention\.ipynb is not a notebook", course.report())
    with zipfile.ZipFile(course.folder / "pages.zip") as bundle:
        assert sorted(bundle.namelist()) == [f"{student}/{NAME}.html" for student in ("ada", "eve", "zoe")]
    # Moodle hands back what stands in the folders of its own archive.
    folder = "Ada Lovelace_12345_assignsubmission_file"
    hand_in(course.folder, "ada", NAME, fill(attention, {}))
    with zipfile.ZipFile(course.folder / "moodle.zip", "w") as bundle:
        bundle.write(course.folder / "submitted" / "ada" / NAME / f"{NAME}.ipynb", f"{folder}/{NAME}.ipynb")
    (course.folder / "students.csv").write_text("id,first_name,last_name\nada,Ada,Lovelace\n")
    for arguments in (("roster", "students.csv"), ("collect", "moodle.zip")):
        course.done(*arguments)
    course.llm_course("feedback", NAME, "--zip", "pages.zip")
    with zipfile.ZipFile(course.folder / "pages.zip") as bundle:
        assert sorted(bundle.namelist()) == [f"{name}/{NAME}.html" for name in (folder, "eve", "zoe")]
    assert "llm-course: 1 submissions have no page; the reasons stand above." in run.stderr
    assert course.feedback_page("ada", NAME) and course.feedback_page("zoe", NAME)


def test_nbgrader_refuses_an_assignment_whose_graded_cells_test_nothing(course: Course, attention: Assignment) -> None:
    notebook = fill(attention, {})
    (course.folder / "source" / "essay").mkdir()
    (course.folder / "source" / "essay" / "essay.ipynb").write_text(json.dumps(notebook))
    course.done_by_nbgrader("generate_assignment", "essay")
    hand_in(course.folder, "ada", "essay", notebook)
    run = course.nbgrader("autograde", "essay")
    assert run.returncode == 1
    assert "of essay has no tests of its own and is none of its exercises (none)" in run.stderr
    assert not (course.folder / "autograded" / "ada" / "essay").exists()
    # nbgrader's own rows say 0.
    for command, file in ((course.llm_course, "ours.csv"), (course.nbgrader, "nbgraders.csv")):
        exported = command("export", file) if command == course.llm_course else command("export", "--to", file)
        assert exported.returncode == 0, exported.stderr
        with (course.folder / file).open() as table:
            (row,) = [row for row in csv.DictReader(table) if row["assignment"] == "essay"]
        assert (row["student_id"], row["score"], row["raw_score"]) == ("ada", "", "")
        assert "of essay has no tests of its own" in row["reason"]


def test_a_grading_that_fails_in_nbgrader_leaves_no_zero(
    course: Course, attention: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("ada", "eve"):
        hand_in(course.folder, student, NAME, fill(attention, references(attention)))
    # The second has a notebook under another name, and a grader of ours that is at fault stands in for all others.
    path = course.folder / "submitted" / "eve" / NAME / f"{NAME}.ipynb"
    path.rename(path.with_name("mine.ipynb"))
    course.configure("c.TrustedGrade.minimum_tier = 'namespaces'\n")
    monkeypatch.setattr(converters, "grade_if_changed", lambda *_: 1 / 0)
    assert course.nbgrader("autograde", NAME).returncode == 1
    rows = {student: (row["status"], row["score"], row["reason"]) for student, row in course.rows().items()}
    assert {row[:2] for row in rows.values()} == {("not graded", "")}
    assert "nbgrader could not grade it (ZeroDivisionError)" in rows["ada"][2]
    assert "nbgrader could not grade it (NbGraderException)" in rows["eve"][2]


def test_a_source_that_was_edited_is_kept_and_used(course: Course) -> None:
    path = course.folder / "source" / NAME / f"{NAME}.ipynb"
    untouched = json.loads(path.read_text())
    # What JupyterLab writes by itself is no edit.
    opened = {**untouched, "metadata": {**untouched["metadata"], "language_info": {"name": "python", "version": "3"}}}
    path.write_text(json.dumps(opened))
    assert "was edited" not in course.llm_course("release", NAME).stdout
    with editing(path) as notebook:
        notebook.cells[0].source += "\nHand in by Friday."
        cell_of(notebook, "causal_mask").metadata.nbgrader.points = 20
    kept = path.read_bytes()
    for command in (("release", NAME), ("init", ".")):
        run = course.done(*command)
        assert f"source/{NAME}/{NAME}.ipynb was edited: it is kept and used." in run.stdout
        assert path.read_bytes() == kept
    assert "Hand in by Friday." in (course.folder / "release" / NAME / f"{NAME}.ipynb").read_text()

    run = course.done("release", NAME, "--regenerate")
    (copy,) = (course.folder / "source").glob(f"{NAME}.20*.ipynb")
    assert f"yours is kept as source/{copy.name}" in run.stdout
    assert copy.read_bytes() == kept
    assert json.loads(path.read_text())["cells"] == untouched["cells"]
    assert "Hand in by Friday." not in (course.folder / "release" / NAME / f"{NAME}.ipynb").read_text()


def test_no_execute_is_said_to_change_nothing(course: Course, attention: Assignment) -> None:
    hand_in(course.folder, "ada", NAME, fill(attention, {}))
    run = course.done_by_nbgrader("autograde", NAME, "--no-execute")
    assert "--no-execute changes nothing" in run.stderr
    assert set(course.scores(NAME)["ada"].values()) == {0}
    # No setting of ours is one that nbgrader does not have.
    assert "not recognized" not in run.stderr
    again = course.done_by_nbgrader("autograde", NAME, "--force")
    assert "--no-execute" not in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["release", "99_nothing"], "There is no assignment '99_nothing'"),
        (["grade", NAME], "There are no submissions in submitted/*/05_attention/"),
        (["feedback", NAME], "No submission of 05_attention is graded yet"),
        (["export", "grades.xlsx"], "grades.xlsx is no CSV file"),
        (["export", "nowhere/grades.csv"], "nowhere/grades.csv cannot be written: No such file or directory."),
        (["report", "report.pdf"], "report.pdf is no HTML file: name one that ends in .html."),
        (["report", "report.html"], "No submission is graded yet: run `llm-course grade ASSIGNMENT` first."),
    ],
)
def test_senseless_commands_get_one_sentence(course: Course, arguments: list[str], sentence: str) -> None:
    assert sentence in course.refused(*arguments)


@pytest.mark.parametrize("text", ["", "xyz", "00"])
def test_a_damaged_secret_is_never_used(course: Course, attention: Assignment, text: str) -> None:
    hand_in(course.folder, "ada", NAME, fill(attention, {}))
    (course.folder / ".llm_course_secret").write_text(text)
    assert "does not hold the course's secret" in course.refused("grade", NAME)
    assert not (course.folder / "results").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"exercises": [{}]}'])
def test_a_damaged_result_is_named(course: Course, attention: Assignment, text: str) -> None:
    hand_in(course.folder, "ada", NAME, fill(attention, {}))
    result = course.folder / "results" / NAME / "ada.json"
    result.parent.mkdir(parents=True)
    result.write_text(text)
    assert "does not hold a result" in course.refused("export", "grades.csv")


def test_commands_outside_a_course_say_so(tmp_path: Path) -> None:
    outside = Course(tmp_path)
    for arguments in (["release", NAME], ["grade", NAME], ["feedback", NAME], ["export", "grades.csv"]):
        assert "This is no course folder" in outside.refused(*arguments)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert "is not empty and no course folder" in outside.refused("init", "full")
    assert list((tmp_path / "full").iterdir()) == [tmp_path / "full" / "file"]

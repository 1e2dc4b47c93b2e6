"""What comes of a graded course: totals, feedback pages, tables, the class report, and whose answers are alike.

All of it is made from the gradebook. All work in the current folder.
"""

import inspect
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import nbformat
from nbgrader.coursedir import CourseDirectory

import llm_course
from autograder.collecting.origins import handed_back
from autograder.course.course_folder import (
    CourseError,
    assignment_called,
    course_directory,
    nbgrader_api,
    released_assignment,
    submitted_in,
    writing,
)
from autograder.exercises.spec import Assignment
from autograder.records.result import NOT_GRADED, Result
from autograder.reporting.canvas import fill_canvas_list
from autograder.reporting.feedback import Feedback, make_all_pages, pack
from autograder.reporting.scores import (
    NOT_HANDED_IN,
    TABLES,
    Score,
    above_maximum,
    current_results,
    read_scores,
    scores_json,
    write_table,
)
from autograder.reporting.similar import Group, Work, groups_of, read_work
from autograder.students.departed import departed
from autograder.students.extensions import extensions_of_nobody
from autograder.students.roster import people_in
from autograder.submissions.hand_in import NotGradable, read_hand_in, shown
from autograder.submissions.submission import learner_cells, submission_of


@dataclass(frozen=True)
class Exported:
    """How many rows were written, how many in them have no score (not graded, not handed in), and what to correct."""

    rows: int
    not_graded: int
    not_handed_in: int
    notes: tuple[str, ...]


def standing(name: str) -> tuple[dict[str, Score], list[str]]:
    """What each student has by the gradebook; and what an assignment waits for, in sentences.

    These are grades by hand, missing or above what a cell is worth, who handed in nothing, and extensions of nobody.
    """
    with nbgrader_api().gradebook as gradebook:
        scores = read_scores(gradebook, name)
        over = list(above_maximum(gradebook, name))
    open_cells = Counter(title for score in scores for title in score.waiting)
    missing = [score.student_id for score in scores if score.status == NOT_HANDED_IN]
    return {score.student_id: score for score in scores}, [
        *over,
        *(f"{cell}: {count} to be graded by hand, in formgrader." for cell, count in open_cells.items()),
        *[f"Handed in nothing: {', '.join(map(shown, missing))}."][: len(missing)],
        *_extensions_of_nobody(scores, name),
    ]


def _extensions_of_nobody(scores: Iterable[Score], name: str = "") -> tuple[str, ...]:
    known = {(score.assignment, score.student_id) for score in scores}
    return tuple(extensions_of_nobody(Path(), known, name))


def results_of(name: str) -> dict[str, Result]:
    """Student -> result of the newest submission of an assignment."""
    with nbgrader_api().gradebook as gradebook:
        return current_results(gradebook, name)


def feedback(name: str, archive: Path | None = None) -> Feedback:
    """Make the learners' feedback pages of all submissions; with an `archive`, pack them into it, a zip."""
    assignment_called(name)
    if archive and archive.suffix != ".zip":
        raise CourseError(f"{archive} is no zip: name one that ends in .zip.")
    made = make_all_pages(*course_directory(), name)
    if not made.pages and not made.refused:
        raise CourseError(f"No submission of {name} is graded yet: run `llm-course grade {name}` first.")
    if archive:
        with writing(archive):
            pack([*made.pages, *made.refused], archive, handed_back(name))
    return made


def export(
    path: Path, table: str = "plain", name: str = "", column: str = "", canvas_list: Path | None = None
) -> Exported:
    """Write the table of scores as CSV, as one of `TABLES`, or as JSON; of one assignment, where it is named.

    A platform calls the assignment by the name of its `column`. Canvas's own `canvas_list` is filled in, if given.
    Raises RosterError where that cannot be read.
    """
    if path.suffix not in (".csv", ".json"):
        raise CourseError(f"{path} is no CSV file: name one that ends in .csv, or in .json for a program.")
    if column and not name:
        raise CourseError("--column is the column of one assignment: name that by --assignment.")
    if canvas_list and (table, path.suffix) != ("canvas", ".csv"):
        raise CourseError("--canvas-list is for a CSV by --table canvas.")
    api = nbgrader_api()
    told: list[str] = []
    with api.gradebook as gradebook, writing(path):
        scores = read_scores(gradebook, name)
        if name and not scores:
            raise CourseError(f"{name} is not released, or has no students yet: name another assignment.")
        left = departed({path.name for path in Path("submitted").glob("*")}, people_in(gradebook))
        columns = [replace(score, assignment=column or score.assignment) for score in scores]
        if canvas_list:
            filled, told = fill_canvas_list(canvas_list, columns)
            rows = write_table(path, iter(filled))
        elif path.suffix == ".json":
            path.write_text(scores_json(api.coursedir.course_id, scores, datetime.now().astimezone()), encoding="utf-8")
            rows = len(scores)
        else:
            rows = write_table(path, TABLES[table](columns))
    statuses = Counter(score.status for score in scores)
    notes = (*told, *_extensions_of_nobody(scores, name), *left.values())
    return Exported(rows, statuses[NOT_GRADED], statuses[NOT_HANDED_IN], notes)


def report(path: Path) -> None:
    """Write the class report, an HTML page."""
    if path.suffix != ".html":
        raise CourseError(f"{path} is no HTML file: name one that ends in .html.")
    api = nbgrader_api()
    with api.gradebook as gradebook:
        scores = read_scores(gradebook)
    if all(score.status == NOT_HANDED_IN for score in scores):
        raise CourseError("No submission is graded yet: run `llm-course grade ASSIGNMENT` first.")
    # It draws, and grading need not wait until what draws is loaded.
    from autograder.reporting.report import class_report

    page = class_report(api.coursedir.course_id, scores, datetime.now().astimezone())
    with writing(path):
        path.write_text(page, encoding="utf-8")


def similar(name: str, at_least: float) -> tuple[list[Group], list[str]]:
    """Who has answers that are alike by a share or more; and, in sentences, what could not be compared."""
    assignment_called(name)
    course, _ = course_directory()
    assignment = released_assignment(course, name)
    released = _cells_of(Path(course.release_directory) / name / f"{name}.ipynb")
    asked = [exercise.name for exercise in assignment.asked]
    works = [*own_answers(assignment)] if asked else [_own_notebook(course, name, released)]
    notes: list[str] = []
    for folder in submitted_in(course, name, "*"):
        student = folder.parent.name
        try:
            submission = submission_of(read_hand_in(folder / f"{name}.ipynb", course.ignore), assignment)
        except NotGradable as reason:
            notes.append(f"{student} is not compared. {reason}")
            continue
        files = {file: code.decode(errors="replace") for file, code in submission.files.items() if file.endswith(".py")}
        cells = {f"Cell {number + 1}": source for number, source in learner_cells(submission.notebook)}
        work = read_work(student, files | cells, asked, released)
        works.append(work)
        notes += [f"{student}: {note}" for note in work.notes]
    groups, too_long = groups_of(works, at_least)
    return groups, [*notes, *too_long]


def own_answers(assignment: Assignment) -> Iterator[Work]:
    """The answers that the course has of an assignment, by the modules in which they stand."""
    for module, exercises in itertools.groupby(assignment.asked, lambda exercise: inspect.getfile(exercise.reference)):
        label = "/".join(Path(module).parts[-2:])
        source = Path(module).read_text(encoding="utf-8")
        yield read_work(label, {label: source}, [exercise.name for exercise in exercises])
    # What the capstone runs in the place of an answer is installed with every learner.
    label, names = "llm_course/capstone/substitutes.py", [exercise.name for exercise in assignment.asked]
    source = Path(llm_course.__file__).with_name("capstone").joinpath("substitutes.py").read_text(encoding="utf-8")
    yield read_work(label, {label: re.sub(rf"\b_({'|'.join(names)})\b", r"\1", source)}, names)


def _own_notebook(course: CourseDirectory, name: str, released: Iterable[str]) -> Work:
    """The answers in a source notebook."""
    path = Path(course.source_directory) / name / f"{name}.ipynb"
    return read_work(
        str(path), {f"Cell {number + 1}": cell for number, cell in enumerate(_cells_of(path))}, (), released
    )


def _cells_of(path: Path) -> list[str]:
    return [source for _, source in learner_cells(nbformat.read(path, as_version=4))]

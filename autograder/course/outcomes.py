"""What comes of a graded course: totals, feedback pages, tables, the class report, and whose answers are alike.

All of it is made from the gradebook. All work in the current folder.
"""

import inspect
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
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
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.records.result import NOT_GRADED
from autograder.reporting.canvas import fill_canvas_list
from autograder.reporting.feedback import make_pages, pack
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
from autograder.reporting.similar import Work, groups_of, read_work
from autograder.students.departed import departed
from autograder.students.extensions import extensions_of_nobody
from autograder.students.roster import people_in
from autograder.submissions.hand_in import NotGradable, printable, read_hand_in, shown
from autograder.submissions.submission import learner_cells, submission_of


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


def same_models(name: str) -> list[str]:
    """Who of those that are graded handed in one model, or one training run, in sentences."""
    # Of all assignments only this one is loaded, and what can train a model again only where models are handed in.
    if name not in assignments() or not assignments()[name].steps:
        return []
    from autograder.capstone.copies import copies

    with nbgrader_api().gradebook as gradebook:
        results = current_results(gradebook, name)
    return [
        f"{shown(copy.one)} and {shown(copy.other)} {copy.message()}; no score was changed." for copy in copies(results)
    ]


def feedback(name: str, archive: Path | None) -> Iterator[str]:
    """Make the learners' feedback pages of all submissions; with an `archive`, pack them into it, a zip."""
    assignment_called(name)
    if archive and archive.suffix != ".zip":
        raise CourseError(f"{archive} is no zip: name one that ends in .zip.")
    pages, notes = make_pages(*course_directory(), name)
    if not pages:
        raise CourseError(f"No submission of {name} is graded yet: run `llm-course grade {name}` first.")
    if archive:
        with writing(archive):
            pack(pages, archive, handed_back(name))
    failed = [page for page in pages if page.path is None]
    yield f"Made {len(pages) - len(failed)} feedback pages in feedback/."
    yield from (f"{shown(page.student)} has none. {page.reason}" for page in failed)
    yield from (f"{shown(page.student)} is not graded: the page says why." for page in pages if not page.is_graded)
    yield from notes
    if archive:
        yield f"All pages are in {archive}, under the platform's names, or else in a folder of the student."
    if failed:
        raise CourseError(f"{len(failed)} submissions have no page; the reasons stand above.")


def export(file: Path, table: str, name: str, column: str, canvas_list: Path | None) -> Iterator[str]:
    """Write the table of scores as CSV, as one of `TABLES`, or as JSON; of one assignment, where it is named.

    A platform calls the assignment by the name of its `column`. Canvas's own `canvas_list` is filled in, if given.
    Raises RosterError where that cannot be read.
    """
    if file.suffix not in (".csv", ".json"):
        raise CourseError(f"{file} is no CSV file: name one that ends in .csv, or in .json for a program.")
    if column and not name:
        raise CourseError("--column is the column of one assignment: name that by --assignment.")
    if canvas_list and (table, file.suffix) != ("canvas", ".csv"):
        raise CourseError("--canvas-list is for a CSV by --table canvas.")
    api = nbgrader_api()
    notes: list[str] = []
    with api.gradebook as gradebook, writing(file):
        scores = read_scores(gradebook, name)
        if name and not scores:
            raise CourseError(f"{name} is not released, or has no students yet: name another assignment.")
        left = departed({path.name for path in Path("submitted").glob("*")}, people_in(gradebook))
        columns = [replace(score, assignment=column or score.assignment) for score in scores]
        if canvas_list:
            filled, notes = fill_canvas_list(canvas_list, columns)
            rows = write_table(file, iter(filled))
        elif file.suffix == ".json":
            file.write_text(scores_json(api.coursedir.course_id, scores, datetime.now().astimezone()), encoding="utf-8")
            rows = len(scores)
        else:
            rows = write_table(file, TABLES[table](columns))
    statuses = Counter(score.status for score in scores)
    yield f"Wrote {rows} rows to {file}."
    if missing := statuses[NOT_HANDED_IN]:
        yield f"Handed in nothing, and so an empty cell: {missing}."
    if refused := statuses[NOT_GRADED]:
        yield f"Not graded, and so an empty cell and no 0: {refused}. The report and the plain table say why."
    yield from (*notes, *_extensions_of_nobody(scores, name), *left.values())


def report(file: Path) -> Iterator[str]:
    """Write the class report, an HTML page."""
    if file.suffix != ".html":
        raise CourseError(f"{file} is no HTML file: name one that ends in .html.")
    api = nbgrader_api()
    with api.gradebook as gradebook:
        scores = read_scores(gradebook)
    if all(score.status == NOT_HANDED_IN for score in scores):
        raise CourseError("No submission is graded yet: run `llm-course grade ASSIGNMENT` first.")
    # It draws, and grading need not wait until what draws is loaded.
    from autograder.reporting.report import class_report

    page = class_report(api.coursedir.course_id, scores, datetime.now().astimezone())
    with writing(file):
        file.write_text(page, encoding="utf-8")
    yield f"Wrote {file}: open it in a browser."


def similar(name: str, share: int) -> Iterator[str]:
    """List who has answers that are alike by so many percent or more, and what could not be compared."""
    works, notes = _works(name)
    groups, too_long = groups_of(works, share / 100)
    for group in groups:
        yield (
            f"{', '.join(map(shown, group.owners))}: {', '.join(group.functions)} "
            f"({group.share:.0%} or more of it the same)."
        )
    yield from map(printable, (*same_models(name), *notes, *too_long))
    more = " Look at the notebooks before you conclude." if groups else ""
    yield f"Groups alike by {share} percent or more: {len(groups)}.{more}"


def _works(name: str) -> tuple[list[Work], list[str]]:
    """The course's own answers and the learners', as they are compared; and, in sentences, what cannot be."""
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
    return works, notes


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

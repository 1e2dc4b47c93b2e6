"""The parts of nbgrader's own converters that are the course's.

A submission is read as hostile bytes, graded in a sandbox, and only then, on the judge's side, the outputs of the
graded cells are written for nbgrader to read: full marks, a number for partial credit, an error for none.
"""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import api, autogradeapp, generatefeedbackapp
from nbgrader.converters import Autograde, BaseConverter, GenerateFeedback, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, Execute, GetGrades, NbGraderPreprocessor, SaveAutoGrades
from sqlalchemy.exc import SQLAlchemyError
from traitlets import Bool, Enum, Float, default

from autograder.exercises.spec import Assignment
from autograder.judging.grade import grade_if_changed, not_graded
from autograder.judging.own_tests import fault_of_marks
from autograder.judging.rules import RULES, Rules
from autograder.notebooks.own_exercises import OwnExercisesError
from autograder.records.refusal import Refusal
from autograder.records.result import in_points, write_result
from autograder.running.autograded import CHANGED, FLAGS, STATES, WAITS, write_outputs
from autograder.sandbox.zygote_client import TIERS
from autograder.students.departed import departed
from autograder.students.extensions import ExtensionError, apply_extensions, read_extensions
from autograder.students.roster import people_in
from autograder.submissions.course_assignments import find_assignment, read_released
from autograder.submissions.course_files import course_secret, result_path, stored_result
from autograder.submissions.hand_in import (
    NotGradable,
    check_folder,
    check_student,
    lay_beside,
    read_beside,
    read_hand_in,
    read_timestamp,
    shown,
    submitted_folders,
)
from autograder.submissions.numbered import is_made_of
from autograder.submissions.submission import Submission, submission_of

MAX_SOURCE_FILES, MAX_SOURCE_BYTES = 1_000, 32 << 20
"""Of what the course lays beside each notebook."""


class BesideTheNotebook(BaseConverter):
    """Comes after Autograde among its classes, so that this is how Autograde copies what lies beside a notebook."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy the files of a hand-in that are used. Raises NotGradable."""
        beside = read_beside(Path(self._format_source(assignment_id, student_id)), self.coursedir.ignore)
        above = source_files(cast(Autograde, self), assignment_id)
        lay_beside(Path(self._format_dest(assignment_id, student_id)), beside.files, above)


class TrustedAutograde(Autograde, BesideTheNotebook):
    """nbgrader's Autograde, which reads a hand-in within limits, and keeps of each that fails why it did."""

    def init_notebooks(self) -> None:
        """Find the notebooks, and say of folders that cannot be opened that they are there.

        Raises NbGraderException where the course itself is at fault: that must take nobody's scores.
        """
        self._demand_sound_course()
        root = Path(self.coursedir.format_path(self.coursedir.submitted_directory, ".", "."))
        found = submitted_folders(root, self.coursedir.student_id, self.coursedir.assignment_id)
        folders = self._without_departed(found)
        named: list[Path] = []
        for folder in folders:
            try:
                # A name that breaks a line would end nbgrader's loop over all.
                check_student(folder.parent.name)
                named.append(folder)
                check_folder(folder)
            except NotGradable as reason:
                self.log.error("%s: not graded. %s", shown(folder.parent.name), reason)
                self._keep_refusal(folder.name, folder.parent.name, reason)
        # nbgrader takes a folder's name for a pattern: "a*" would get the notebooks of all whose names begin so.
        name = f"{self.coursedir.notebook_id}.ipynb"
        notebooks = {str(folder): _notebooks(folder, name) for folder in named}
        self.assignments = {folder: paths for folder, paths in notebooks.items() if paths}
        self.notebooks: list[str] = []
        if not self.assignments:
            # It says that there are none, and perhaps what was meant.
            super().init_notebooks()

    def _without_departed(self, folders: list[Path]) -> list[Path]:
        """The folders of who has not left the course; nbgrader would take the others in again, without a word."""
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            left = departed((folder.parent.name for folder in folders), people_in(gradebook))
        for message in left.values():
            self.log.error("%s", message)
        kept = [folder for folder in folders if folder.parent.name not in left]
        if left and not kept:
            raise NbGraderException(" ".join(left.values()))
        return kept

    def _demand_sound_course(self) -> None:
        course, assignment = Path(self.coursedir.root), self.coursedir.assignment_id
        if fault := fault_of_marks(self.config):
            self.log.error("%s", fault)
            raise NbGraderException(fault)
        try:
            read_extensions(course, assignment)
            with contextlib.suppress(NotGradable):
                find_assignment(assignment, course)
        except (ExtensionError, OwnExercisesError) as error:
            self.log.error("%s", error)
            raise NbGraderException(str(error)) from error

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Make ready what all notebooks of a hand-in need. Raises NotGradable."""
        with self._kept_when_it_fails(assignment_id, student_id):
            check_student(student_id)
            read_timestamp(Path(self._format_source(assignment_id, student_id)))
            super().init_assignment(assignment_id, student_id)
            if extensions := read_extensions(Path(self.coursedir.root), assignment_id):
                with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
                    apply_extensions(gradebook, assignment_id, [student_id], extensions)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Grade a notebook. Raises NotGradable and SandboxError."""
        folder = Path(notebook_filename).parent
        with self._kept_when_it_fails(folder.name, folder.parent.name):
            super().convert_single_notebook(notebook_filename)

    @contextlib.contextmanager
    def _kept_when_it_fails(self, assignment: str, student: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._keep_refusal(assignment, student, error)
            raise

    def _keep_refusal(self, assignment: str, student: str, error: Exception) -> None:
        """Without it the gradebook would say 0, or what an earlier hand-in got."""
        plain = isinstance(error, Refusal)
        reason = str(error) if plain else f"nbgrader could not grade it ({type(error).__name__}): its log says where."
        with contextlib.suppress(NotGradable):
            check_student(student)
            stored = stored_result(assignment, student)
            write_result(result_path(assignment, student), not_graded(assignment, reason, stored))
            with contextlib.suppress(SQLAlchemyError, MissingEntry):
                withdraw_scores(self.coursedir, assignment, student)


def _notebooks(folder: Path, pattern: str) -> list[str]:
    """The notebooks in a hand-in; one to whose name a platform added a number is read under its own."""
    paths, own = list(folder.glob(pattern)), folder / f"{folder.name}.ipynb"
    if own not in paths:
        paths = [own if is_made_of(path.name, own.name) else path for path in paths]
    return sorted({*map(str, paths)})


class UnstoppableFeedback(GenerateFeedback):
    """nbgrader's GenerateFeedback, whose loop over all does not end at a name that no student can have.

    Nor does it take a folder's name for a pattern.
    """

    def init_notebooks(self) -> None:
        """Find the notebooks, and say whose are left out."""
        super().init_notebooks()
        for folder in map(Path, [*self.assignments]):
            try:
                check_student(folder.parent.name)
                found = folder.glob(f"{self.coursedir.notebook_id}.ipynb")
                self.assignments[str(folder)] = sorted(map(str, found))
            except NotGradable as reason:
                self.log.error("%s: no page. %s", shown(folder.parent.name), reason)
                del self.assignments[str(folder)]


class HideTests(ClearHiddenTests):
    """nbgrader's ClearHiddenTests for tests alone: a learner's cell that holds its words would end the page."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Take the hidden tests out of a graded cell that is no answer."""
        has_tests = utils.is_grade(cell) and not utils.is_solution(cell)
        return super().preprocess_cell(cell, resources, cell_index) if has_tests else (cell, resources)


class ToldGrades(GetGrades):
    """nbgrader's GetGrades, which also notes whose score a person has changed, or has still to give.

    Where it is another than the grader's, what the grader printed says so.
    """

    def _get_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        super()._get_score(cell, resources)
        names = (self.notebook_id, self.assignment_id, self.student_id)
        grade = self.gradebook.find_grade(cell.metadata.nbgrader.grade_id, *names)
        states = resources["nbgrader"].setdefault(STATES, {})
        if grade.auto_score is None and grade.manual_score is None:
            states[grade.name] = WAITS
        elif grade.auto_score is not None and grade.manual_score is not None:
            states[grade.name] = CHANGED
            if not utils.is_solution(cell):
                score, points = in_points(grade.score), in_points(grade.max_score)
                text = f"A person changed this to {score} of {points} points. The automatic grading said:\n\n"
                cell.outputs.insert(0, nbformat.v4.new_output("stream", text=text))


class AskAgain(SaveAutoGrades):
    """nbgrader's SaveAutoGrades, which asks for another look at a task that a person scored, as at other cells."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Save a cell's score and comment."""
        if utils.is_task(cell):
            grade = self.gradebook.find_grade(
                cell.metadata.nbgrader.grade_id, self.notebook_id, self.assignment_id, self.student_id
            )
            grade.needs_manual_grade = grade.needs_manual_grade or grade.manual_score is not None
            self.gradebook.db.commit()
        return super().preprocess_cell(cell, resources, cell_index)


def find_released(converter: Autograde, assignment: str, notebook: str) -> Assignment:
    """The assignment of a notebook that is converted, as it was released. Raises NotGradable and OwnExercisesError."""
    if notebook != assignment:
        raise NotGradable(f"{notebook}.ipynb is not graded: the notebook of {assignment} is called {assignment}.ipynb.")
    course = converter.coursedir
    files = read_source_files(source_files(converter, assignment))
    return read_released(course.db_url, course.course_id, Path(course.root), assignment, files)


def read_source_files(paths: Mapping[str, Path]) -> dict[str, bytes]:
    """What the course lays beside each notebook. Raises NotGradable where it is more than a sandbox is given."""
    size = sum(path.stat().st_size for path in paths.values())
    for found, most, unit in ((len(paths), MAX_SOURCE_FILES, "files"), (size, MAX_SOURCE_BYTES, "bytes")):
        if found > most:
            raise NotGradable(
                f"Beside the source there are {found:,} {unit}, over the limit of {most:,}: take out what the notebook "
                "does not need, or pack many files into one, such as an .npz."
            )
    return {name: path.read_bytes() for name, path in paths.items()}


def source_files(converter: Autograde, assignment: str) -> dict[str, Path]:
    """What the course lays beside each notebook in the place of the learner's own, by its path from there."""
    course = converter.coursedir
    source = Path(course.format_path(course.source_directory, ".", assignment))
    paths = map(Path, utils.find_all_files(str(source), [*course.ignore, "*.ipynb"]))
    kept = {Path(name) for name in converter.exclude_overwriting.get(assignment, [])}
    return {name.as_posix(): path for path in paths if (name := path.relative_to(source)) not in kept}


def withdraw_scores(course: CourseDirectory, assignment: str, student: str) -> None:
    """Take back a student's automatic scores; formgrader then asks for a grade by hand. Raises MissingEntry."""
    with Gradebook(course.db_url, course.course_id) as gradebook:
        for notebook in gradebook.find_submission(assignment, student).notebooks:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()


def install() -> None:
    """Let nbgrader's commands and formgrader use what is here: no setting of nbgrader names its converters."""
    autogradeapp.Autograde = api.Autograde = TrustedAutograde
    generatefeedbackapp.GenerateFeedback = api.GenerateFeedback = UnstoppableFeedback
    CourseDirectory.get_existing_timestamp = _existing_timestamp
    api.NbGraderAPI.get_submitted_timestamp = _submitted_timestamp


def _existing_timestamp(course: CourseDirectory, folder: str) -> datetime | None:
    """When what lies in a folder was handed in; None also where that cannot be read, which grading then says."""
    try:
        return read_timestamp(Path(folder))
    except NotGradable:
        return None


def _submitted_timestamp(api: Any, assignment: str, student: str) -> datetime | None:
    course = api.coursedir
    return _existing_timestamp(course, course.format_path(course.submitted_directory, student, assignment))


class SubmissionExporter(NotebookExporter):
    """nbgrader's notebook exporter, but a submitted file is read as hostile bytes and healed."""

    files: Mapping[str, bytes] = {}
    """Those beside the notebook that was read last."""
    assignment: Assignment
    """That of the notebook that was read last."""

    def from_filename(self, filename: str, resources: Any = None, **keywords: Any) -> tuple[Any, Any]:
        """Read, heal and convert a submission; the autograded notebook that came of it is read as usual.

        Raises NotGradable.
        """
        converter = cast(Autograde, self.parent)
        if not converter._sanitizing:
            return super().from_filename(filename, resources, **keywords)
        names = resources["nbgrader"]
        self.assignment = find_released(converter, names["assignment"], names["notebook"])
        submission = submission_of(read_hand_in(Path(filename), converter.coursedir.ignore), self.assignment)
        self.files = submission.files
        submission.notebook.metadata[FLAGS] = list(submission.flags)
        return self.from_notebook_node(submission.notebook, resources, **keywords)


class TrustedGrade(NbGraderPreprocessor):
    """Takes the place of nbgrader's Execute: grades outside the learner's process and writes the outputs."""

    minimum_tier = Enum(TIERS, RULES.minimum_tier, help="The weakest sandbox that may be used.").tag(config=True)
    cell_deadline = Float(help="Seconds for one cell; where it is not set, Execute.timeout.").tag(config=True)
    call_deadline = Float(RULES.call_deadline, help="Seconds for one call of an answer.").tag(config=True)
    submission_deadline = Float(RULES.submission_deadline, help="Seconds for one submission.").tag(config=True)
    shortcuts_cost_points = Bool(
        RULES.shortcuts_cost_points, help="Whether an exercise done by what does its work has no points."
    ).tag(config=True)

    forgive_earlier_mistakes = Bool(
        RULES.forgive_earlier_mistakes, help="Whether a mistake in an earlier exercise counts there only."
    ).tag(config=True)

    @default("cell_deadline")
    def _timeout_of_nbgrader(self) -> float:
        timeout = Execute(config=self.config).timeout if "timeout" in self.config.Execute else None
        # None and -1 are nbgrader's ways to say that there is no limit. Here there always is one.
        return float(timeout) if timeout and timeout > 0 else RULES.cell_deadline

    @property
    def rules(self) -> Rules:
        """The course's rules, as its nbgrader_config.py sets them."""
        return Rules(
            self.cell_deadline,
            self.call_deadline,
            self.submission_deadline,
            self.minimum_tier,
            self.shortcuts_cost_points,
            self.forgive_earlier_mistakes,
        )

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Grade, or take the result that is there if nothing that it depends on has changed, and write it."""
        if not self.config.Execute.get("enabled", True):
            self.log.warning("--no-execute changes nothing: outputs that were handed in give no points.")
        names = resources["nbgrader"]
        read = cast(SubmissionExporter, self.parent)
        submission = Submission(nb, tuple(nb.metadata[FLAGS]), read.files)
        student, assignment = names["student"], read.assignment
        stored = stored_result(assignment.name, student)
        result = grade_if_changed(submission, assignment, course_secret(), student, stored, self.rules)
        if result != stored:
            write_result(result_path(assignment.name, student), result)
        write_outputs(nb, result)
        return nb, resources

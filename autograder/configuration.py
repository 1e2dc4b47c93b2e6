"""Results into nbgrader's own gradebook, by nbgrader's own converters.

`configure` sets up a course so that `nbgrader autograde`, formgrader's Autograde button and `llm-course grade` all go
the same way: a submission is read as hostile bytes, graded in a room, and only then, on the judge's side, the outputs
of the graded cells are written for nbgrader to read: full marks, a number for partial credit, an error for none.
"""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, cast

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    Execute,
    GetGrades,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    SaveAutoGrades,
)
from traitlets import Bool, Enum, Float, default
from traitlets.config import Config

from autograder.autograded import FLAGS, write_outputs
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.grade import RULES, Rules, grade_if_changed, not_graded
from autograder.harmless import harmless_html
from autograder.result import Result, ResultError, read_result, write_result
from autograder.sandbox.zygote_client import TIERS
from autograder.submission import NotGradable, Submission, heal, is_linked, parse, read_bytes

SECRET_FILE = Path(".llm_course_secret")
SECRET_BYTES = 32
RESULTS = Path("results")
QUARANTINE = Path("quarantine")


class SecretError(Exception):
    """The course's secret is damaged; the message says what to do."""


def configure(config: Config) -> None:
    """Set up an nbgrader course folder; called from its nbgrader_config.py."""
    config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
    config.Autograde.exporter_class = SubmissionExporter
    config.Autograde.pre_convert_hook = quarantine_special_files
    config.Autograde.sanitize_preprocessors = [OverwriteCells, CheckCellMetadata]
    config.Autograde.autograde_preprocessors = [
        TrustedGrade,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    config.TemplateExporter.filters = {"markdown2html": harmless_html}
    config.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]


class SubmissionExporter(NotebookExporter):
    """nbgrader's notebook exporter, but a submitted file is read as hostile bytes and healed."""

    def from_filename(self, filename: str, resources: Any = None, **keywords: Any) -> tuple[Any, Any]:
        """Read, heal and convert a submission; the autograded notebook that came of it is read as usual.

        Raises NotGradable.
        """
        if not cast(Autograde, self.parent)._sanitizing:
            return super().from_filename(filename, resources, **keywords)
        names = resources["nbgrader"]
        path, assignment = Path(filename), find_assignment(names["assignment"])
        try:
            submission = heal(parse(read_bytes(path), path.name), assignment)
        except NotGradable as reason:
            # A score that an earlier hand-in got is not this one's.
            write_result(result_path(assignment.name, names["student"]), not_graded(assignment, reason))
            raise
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
        )

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Grade, or take the result that is there, and write it into the notebook and beside it."""
        if not self.config.Execute.get("enabled", True):
            self.log.warning("--no-execute changes nothing: outputs that were handed in give no points.")
        names = resources["nbgrader"]
        submission = Submission(nb, tuple(nb.metadata[FLAGS]))
        result = grade_once(submission, find_assignment(names["assignment"]), names["student"], self.rules)
        write_outputs(nb, result)
        return nb, resources


def grade_once(submission: Submission, assignment: Assignment, student: str, rules: Rules) -> Result:
    """The result of a submission: the one in results/ if nothing that it depends on has changed, or a new one."""
    stored = stored_result(assignment.name, student)
    result = grade_if_changed(submission, assignment, course_secret(), stored, rules)
    if result != stored:
        write_result(result_path(assignment.name, student), result)
    return result


def result_path(assignment: str, student: str) -> Path:
    """Where the result of a student's submission stands, in the course folder."""
    return RESULTS / assignment / f"{student}.json"


def stored_result(assignment: str, student: str) -> Result | None:
    """The result of an earlier run; None where there is none that can be read."""
    try:
        return read_result(result_path(assignment, student))
    except (FileNotFoundError, ResultError):
        return None


def find_assignment(name: str) -> Assignment:
    """An assignment by name. Raises NotGradable."""
    if name not in assignments():
        raise NotGradable(f"There is no assignment {name}: the course has {', '.join(assignments())}.")
    return assignments()[name]


def course_secret(folder: Path = Path()) -> bytes:
    """The course's secret, made on first use. The inputs of the hidden cases depend on it."""
    path = folder / SECRET_FILE
    if not path.exists():
        # In one step: a kill in the middle must not leave an empty secret, whose inputs anybody could work out.
        unfinished = folder / f"{SECRET_FILE}.{os.getpid()}.unfinished"
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_hex(SECRET_BYTES) + "\n", encoding="ascii")
        unfinished.replace(path)
    try:
        secret = bytes.fromhex(path.read_text(encoding="utf-8").strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise SecretError(f"{path} does not hold the course's secret: restore it from a backup, or delete it.")
    return secret


def quarantine_special_files(notebooks: list[str], **_: Any) -> None:
    """Move links, devices and pipes out of a submission: nbgrader would follow or open them."""
    for folder in {Path(notebook).parent for notebook in notebooks}:
        # What lies behind a linked folder is somebody else's.
        for path in [] if is_linked(folder) else sorted(folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                # Each in a new folder: a name may already stand in quarantine, as a link or as a file.
                (QUARANTINE / folder).mkdir(parents=True, exist_ok=True)
                path.rename(Path(tempfile.mkdtemp(dir=QUARANTINE / folder), path.name))

"""The parts of nbgrader's own converters that are the course's.

A submission is read as hostile bytes, graded in a room, and only then, on the judge's side, the outputs of the graded
cells are written for nbgrader to read: full marks, a number for partial credit, an error for none.
"""

from pathlib import Path
from typing import Any, cast

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Bool, Enum, Float, default

from autograder.autograded import FLAGS, write_outputs
from autograder.course_files import course_secret, result_path, stored_result
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.grade import RULES, Rules, grade_if_changed, not_graded
from autograder.result import Result, write_result
from autograder.sandbox.zygote_client import TIERS
from autograder.submission import NotGradable, Submission, heal, parse, read_bytes


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


def find_assignment(name: str) -> Assignment:
    """An assignment by name. Raises NotGradable."""
    if name not in assignments():
        raise NotGradable(f"There is no assignment {name}: the course has {', '.join(assignments())}.")
    return assignments()[name]

"""The learner's test bench: check("05_attention", causal_mask).

It calls the learner's function on the visible cases, shows which properties hold and the hint that helps most, and
keeps the progress over the assignment beside the notebook. It knows no reference: what it compares with is data.
"""

import contextlib
import functools
import html
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from llm_course.checking.answer_key import AnswerKey, unpack_answer_keys
from llm_course.checking.calls import Failure, Reply
from llm_course.checking.evaluate import Verdict, evaluate
from llm_course.checking.feedback import Feedback, fold, place_in
from llm_course.checking.invocation import invoke
from llm_course.checking.side_by_side import SideBySide, failing_case
from llm_course.checking.time_limit import OutOfTime, time_limit
from llm_course.checking.values import ValueFormatError

CHECKS = Path(__file__).parent / "checks"
SUFFIX = ".json.gz"
PROGRESS_FILE = ".llm_course_progress.json"
CALL_SECONDS = 10
"""A call may take no longer, as when it is graded."""


def check(assignment: str, function: Callable[..., Any], show: bool = False) -> None:
    """Check a function of an assignment on its visible cases and show the result.

    Args:
        assignment: the assignment's name, such as "05_attention".
        function: the learner's function, under the name that the assignment gives it.
        show: whether to open what is folded away: what to do, and a failing case beside what is expected.

    A failed check also writes a line to stderr, which is what nbgrader's Validate button counts as failed.
    """
    try:
        report = make_report(assignment, function, show=show)
    except CheckError as error:
        print(error, file=sys.stderr)
        return
    _show(report)
    if not report.passed:
        print(f"{report.verdict.exercise} is not right yet: {report.summary}.", file=sys.stderr)


class CheckError(Exception):
    """There is nothing to check, and the message says why."""


@dataclass(frozen=True)
class Report:
    """What a check shows: the verdict, which exercises of the assignment pass so far, and a case that fails.

    What to do, and the case, are for who asks: they are folded away, unless it is to `show` them.
    """

    assignment: str
    verdict: Verdict
    progress: Mapping[str, bool] = field(default_factory=dict)
    case: SideBySide | None = None
    show: bool = False

    @property
    def passed(self) -> bool:
        """Whether every property holds on the visible cases."""
        return all(finding.holds for finding in self.verdict.findings)

    @property
    def summary(self) -> str:
        """How many properties hold."""
        findings = self.verdict.findings
        return f"{sum(finding.holds for finding in findings)} of {len(findings)} properties hold"

    @property
    def progress_line(self) -> str:
        """How far the assignment is."""
        return f"{sum(self.progress.values())} of {len(self.progress)} exercises of {self.assignment} pass their checks"

    @property
    def feedback(self) -> Feedback:
        """What the learner reads about the exercise."""
        verdict = self.verdict
        place = place_in(self.assignment, verdict.section) if verdict.section else ""
        return Feedback(verdict.exercise, self.summary, verdict.findings, verdict.hint, place, verdict.advice)

    def __repr__(self) -> str:
        return "\n".join([*self.feedback.lines, *self._more_lines, "", self.progress_line])

    @property
    def _more_lines(self) -> list[str]:
        if not self.show:
            more = [
                what for what, there in (("what to do", self.verdict.advice), ("a case that fails", self.case)) if there
            ]
            return [f"For {' and '.join(more)}: check(..., show=True)."] if more else []
        return [*self.feedback.advice_lines, *(["", *self.case.lines] if self.case else [])]

    @property
    def html(self) -> str:
        """What is told of the answer, as HTML."""
        told = self.feedback.html + (fold("A case that fails", self.case.html) if self.case else "")
        return told.replace("<details>", "<details open>") if self.show else told

    def _repr_html_(self) -> str:
        color = "#2a7f62" if self.passed else "#b4552d"
        return (
            f'<div style="border-left:4px solid {color};padding:0.2em 1em">{self.html}'
            f'<p style="opacity:0.75">{html.escape(self.progress_line)}</p></div>'
        )


def make_report(
    assignment: str, function: Callable[..., Any], folder: Path | None = None, show: bool = False
) -> Report:
    """Check a function and note the progress in `folder`, the working folder by default.

    Raises:
        CheckError: if there is no such assignment, or no such exercise in it.
    """
    answer_keys = load_answer_keys(assignment)
    name = getattr(function, "__name__", None)
    if name not in answer_keys:
        raise CheckError(
            f"{assignment} has no exercise called {name or type(function).__name__}: "
            f"give check one of {', '.join(answer_keys)}."
        )
    report = report_on(assignment, function, answer_keys[name])
    progress = _note_progress(folder or Path.cwd(), assignment, name, report.passed)
    marks = {exercise: progress.get(exercise, False) for exercise in answer_keys}
    return replace(report, progress=marks, show=show)


def report_on(assignment: str, function: Callable[..., Any], answer_key: AnswerKey) -> Report:
    """Check a function, whatever it is called, on the cases of an answer key."""
    replies = _replies(function, answer_key)
    verdict = evaluate(answer_key, replies)
    return Report(assignment, verdict, case=failing_case(answer_key, verdict, replies))


def _replies(function: Callable[..., Any], answer_key: AnswerKey) -> dict[str, Reply]:
    """What the function replies to each case. Once it has run too long, it is not called again, as in grading."""
    stopped = Failure("Stopped", f"it ran longer than {CALL_SECONDS} seconds; look for a loop that does not end")
    replies = dict.fromkeys(answer_key.items, Reply(failure=stopped))
    with contextlib.suppress(OutOfTime):
        for case, item in answer_key.items.items():
            replies[case] = invoke(function, item.call, time_limit(CALL_SECONDS))
    return replies


@functools.cache
def load_answer_keys(assignment: str) -> dict[str, AnswerKey]:
    """The visible cases of an assignment, by exercise. Raises CheckError for an unknown name.

    A class gets the checks beside its notebook, for its instructor may have another release than what is installed.
    """
    beside = Path.cwd() / f"{assignment}.checks.json.gz"
    known = sorted(file.name.removesuffix(SUFFIX) for file in CHECKS.glob(f"*{SUFFIX}"))
    if not known and not beside.exists():
        raise CheckError(f"The checks are not built: run `make env` in the checkout, or put {beside.name} beside this.")
    if assignment not in known and not beside.exists():
        raise CheckError(f"There is no assignment called {assignment!r}: the checks are for {', '.join(known)}.")
    file = beside if beside.exists() else CHECKS / f"{assignment}{SUFFIX}"
    try:
        return unpack_answer_keys(file.read_bytes())
    except (OSError, ValueFormatError) as error:
        raise CheckError(f"{file.name} cannot be read ({error}): get it anew from your course.") from error


def _note_progress(folder: Path, assignment: str, exercise: str, passed: bool) -> dict[str, bool]:
    file = folder / PROGRESS_FILE
    everything = _read_progress(file)
    progress = {**everything.get(assignment, {}), exercise: passed}
    try:
        file.write_text(json.dumps({**everything, assignment: progress}, indent=1), encoding="utf-8")
    except OSError as error:
        print(f"The progress is not kept: {file} cannot be written ({error.strerror}).", file=sys.stderr)
    return progress


def _read_progress(file: Path) -> dict[str, dict[str, bool]]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # no progress yet, or a file that a crash cut short: the checks themselves restore it
    return {name: marks for name, marks in data.items() if isinstance(marks, dict)} if isinstance(data, dict) else {}


def _show(report: Report) -> None:
    shell = sys.modules.get("IPython")
    if shell is not None and shell.get_ipython() is not None:
        shell.display.display(report)
    else:
        print(report)

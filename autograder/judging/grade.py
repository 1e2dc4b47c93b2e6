"""grade(submission) -> Result: pure, without database and without changing the working folder.

It joins the sandbox, where the learner's cells run, and the judge, who puts calls to what they defined. The text of
graded cells never goes into the sandbox. A model that is handed in is measured, and for it no cell runs.
"""

import datetime
import getpass
import hashlib
import os
import platform
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.capstone.measuring import measure
from autograder.exercises.spec import Assignment, Exercise
from autograder.judging.fingerprint import graders_fingerprint, release_fingerprint, specification_fingerprint, versions
from autograder.judging.judge import SHIPPED, ask_each, judge, make_answer_key
from autograder.judging.notebook_run import Cells, NotebookRun
from autograder.judging.own_tests import hides, results_of_tests
from autograder.judging.reference_substitution import called_by_reference, reference_source
from autograder.judging.rules import RULES, Rules
from autograder.judging.shortcuts import shortcuts_taken
from autograder.judging.variants import Attempt, attempt_of
from autograder.notebooks.notebooks import section_titles
from autograder.notebooks.source_code import names_used
from autograder.records.result import GRADED, NOT_GRADED, ExerciseResult, PropertyResult, Result
from autograder.sandbox.zygote_client import ZygoteClient
from autograder.submissions.hand_in import out_of_the_way
from autograder.submissions.submission import Submission, cells_to_run, cells_with_tests
from llm_course.capstone.format import HANDED_IN
from llm_course.checking.answer_key import restricted_to
from llm_course.checking.evaluate import Verdict, evaluate
from llm_course.checking.feedback import place_in
from llm_course.checking.side_by_side import failing_case

NOT_FINAL = (
    "Something was stopped while other work kept the processors busy, so this score is not final: "
    "the next `llm-course grade` grades it again."
)
MISSING_NAME = re.compile(r"is not defined|raised (NameError|ModuleNotFoundError)\b")
MISSING_MODULE = "A module that it imports is neither installed nor handed in beside the notebook."


def grade(
    submission: Submission,
    assignment: Assignment,
    secret: bytes,
    rules: Rules = RULES,
    server: ZygoteClient | None = None,
    attempt: Attempt | None = None,
) -> Result:
    """Run a submission's cells in a sandbox of their own, and judge each exercise on fresh inputs.

    `secret` is the course's own; the inputs are drawn from a seed that depends on it, the assignment and the attempt,
    which is the first of nobody in particular where none is given. `server` makes the sandboxes; without one, it is the
    fork server of this process. Raises SandboxError where no sandbox can be had, NotGradable where its files do not
    fit.
    """
    started, clock = datetime.datetime.now(datetime.UTC), time.monotonic()
    attempt = attempt or attempt_of(submission, secret, assignment.name, student="")
    seeds = _seeds(attempt, assignment, secret)
    parts = []
    if assignment.asked:
        parts.append(_judge_exercises(submission, assignment, seeds, rules, server))
    if assignment.measured:
        parts.append(_measure(submission, assignment, seeds[0]))
    if assignment.tests or not parts:
        # In a sandbox of its own: what an instructor's tests bring with them must not be there when others are judged.
        parts.append(_run_own_tests(submission, assignment, rules, server))
    starved = any(part.starved for part in parts)
    return Result(
        assignment=assignment.name,
        status=GRADED,
        reason="",
        exercises=tuple(exercise for part in parts for exercise in part.exercises),
        flags=(*submission.flags, *[NOT_FINAL][:starved]),
        outputs=parts[0].outputs,
        inputs=inputs_of(attempt, assignment, seeds[0], rules),
        seed=seeds[0].hex(),
        tier=parts[0].tier,
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - clock, 3),
        versions=versions(),
        grader=_grader(),
        attempt=attempt.number,
        code=attempt.code,
        draw=attempt.variant,
        final=not starved,
        figures={name: figure for part in parts for name, figure in part.figures.items()},
        release=release_fingerprint(assignment),
        specification=specification_fingerprint(assignment),
    )


def grade_if_changed(
    submission: Submission,
    assignment: Assignment,
    secret: bytes,
    student: str,
    stored: Result | None,
    rules: Rules = RULES,
    server: ZygoteClient | None = None,
    again: bool = False,
) -> Result:
    """The stored result if it is final and nothing that its scores depend on has changed, with today's flags.

    Otherwise, or with `again`, there is a new one.
    """
    attempt = attempt_of(submission, secret, assignment.name, student, stored)
    inputs = inputs_of(attempt, assignment, _seeds(attempt, assignment, secret)[0], rules)
    if stored is not None and stored.final and stored.inputs == inputs and not again:
        return replace(stored, flags=submission.flags)
    return grade(submission, assignment, secret, rules, server, attempt)


def as_final(result: Result) -> Result:
    """A result whose stops are its own after all."""
    return replace(result, final=True, flags=tuple(flag for flag in result.flags if flag != NOT_FINAL))


def not_graded(assignment: str, reason: str, stored: Result | None = None) -> Result:
    """The result of a submission that cannot be graded: no score, and why. The attempts before it stay counted."""
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    result = Result(assignment, NOT_GRADED, reason, (), (), {}, "", "", "", started, 0.0, versions(), _grader())
    return replace(result, attempt=stored.attempt, code=stored.code, draw=stored.draw) if stored else result


def inputs_of(attempt: Attempt, assignment: Assignment, seed: bytes, rules: Rules) -> str:
    """A fingerprint of all that the scores depend on: what was handed in, the graders, seed, versions and rules."""
    parts = (assignment.name, seed.hex(), graders_fingerprint(assignment), repr(rules), attempt.code)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _seeds(attempt: Attempt, assignment: Assignment, secret: bytes) -> tuple[bytes, ...]:
    """The seeds of an attempt. Models are measured on the same texts, whatever the attempt: a class compares them."""
    seeds = attempt.seeds(secret, assignment.name)
    return tuple(sorted(seeds)) if assignment.steps else seeds


@dataclass(frozen=True)
class _Part:
    """What one run of a notebook gave: what is worth what, the outputs of the learner's cells, and how it went."""

    exercises: tuple[ExerciseResult, ...]
    outputs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tier: str = ""
    starved: bool = False
    figures: Mapping[str, Any] = field(default_factory=dict)


def _part(run: NotebookRun, exercises: Iterable[ExerciseResult]) -> _Part:
    named = tuple(_naming_what_is_missing(exercise, run.cells) for exercise in exercises)
    outputs = {str(number): reply.outputs for number, reply in run.cells.replies.items()}
    return _Part(named, outputs, run.tier, run.starved)


def _judge_exercises(
    submission: Submission, assignment: Assignment, seeds: tuple[bytes, ...], rules: Rules, server: ZygoteClient | None
) -> _Part:
    cells = cells_to_run(submission.notebook, assignment)
    with NotebookRun(cells, _files(submission, assignment), rules, server) as run:
        exercises = list(_grade_exercises(assignment, run, seeds, rules))
        return _part(run, exercises)


def _measure(submission: Submission, assignment: Assignment, seed: bytes) -> _Part:
    files = {name: content for name, content in _files(submission, assignment).items() if name in HANDED_IN}
    # It loads what draws, which no other assignment needs.
    from autograder.capstone.grading import results_of_steps

    measured = measure(files, seed)
    return _Part(results_of_steps(assignment, measured), figures=measured.figures)


def _run_own_tests(submission: Submission, assignment: Assignment, rules: Rules, server: ZygoteClient | None) -> _Part:
    cells = cells_with_tests(submission.notebook, assignment)
    tests = {number: (name, assignment.cells[name]) for number, _, name in cells if name}
    sources = [(number, source) for number, source, _ in cells]
    with NotebookRun(sources, _files(submission, assignment), rules, server, tests) as run:
        part = _part(run, results_of_tests(run, tests))
    if not any(hides(cell.source) for _, cell in tests.values()):
        return part
    # What a hidden test asked for, a learner's function can keep, and a later cell of theirs print.
    alone = [(number, source) for number, source, name in cells if not name]
    with NotebookRun(alone, _files(submission, assignment), rules, server) as run:
        run.tested()
        return replace(part, outputs=_part(run, ()).outputs)


def _files(submission: Submission, assignment: Assignment) -> dict[str, bytes]:
    """What lies beside the notebook as it runs: the learner's files, and the course's in the place of theirs."""
    return {**out_of_the_way(submission.files, assignment.files), **assignment.files}


def _grade_exercises(
    assignment: Assignment, run: NotebookRun, seeds: tuple[bytes, ...], rules: Rules
) -> Iterator[ExerciseResult]:
    """Each exercise as it stands, and where it stands on wrong earlier ones, on right ones if that is better."""
    wrong: list[Exercise] = []
    for exercise in assignment.asked:
        verdict = judge(exercise, run.answer(exercise.name, exercise.shortcuts), *seeds)
        notes: list[str] = []
        replaced = _to_be_replaced(exercise, verdict, wrong, run) if rules.forgive_earlier_mistakes else []
        if verdict.fraction < 1:
            wrong.append(exercise)
        if replaced:
            better = _judge_on_references(exercise, replaced, run, seeds)
            if better.fraction > verdict.fraction:
                verdict = better
                notes.append(_note(replaced, "the learner's") + ".")
        yield _result_of(exercise, verdict, run, notes, assignment, rules)


def _to_be_replaced(
    exercise: Exercise, verdict: Verdict, wrong: Sequence[Exercise], run: NotebookRun
) -> list[Exercise]:
    """The wrong earlier exercises that may be why this one is wrong: reference and learner's function call them."""
    # What is lent works elsewhere, where its memory is not measured.
    measured = any(case.measure for case in exercise.cases)
    called = called_by_reference(exercise, wrong) if verdict.fraction < 1 and not measured else []
    names = names_used(run.cells.sources.values(), exercise.name) if called else ()
    return [other for other in called if other.name in names]


def _judge_on_references(
    exercise: Exercise, replaced: Sequence[Exercise], run: NotebookRun, seeds: tuple[bytes, ...]
) -> Verdict:
    with run.on_references({other.name: reference_source(other) for other in replaced}) as on_right_ones:
        verdict = judge(exercise, on_right_ones.answer(exercise.name, exercise.shortcuts), *seeds)
    run.seen.setdefault(exercise.name, set()).update(on_right_ones.seen.get(exercise.name, set()))
    note = _note(replaced, "yours")
    return replace(verdict, hint=f"{verdict.hint} ({note}.)" if verdict.hint else f"{note}: mend it there.")


def _note(replaced: Sequence[Exercise], whose: str) -> str:
    names = " and ".join(f"`{exercise.name}`" for exercise in replaced)
    return f"Judged with a right {names} in the place of {whose}, so that a mistake there counts once"


def _result_of(
    exercise: Exercise, verdict: Verdict, run: NotebookRun, notes: Sequence[str], assignment: Assignment, rules: Rules
) -> ExerciseResult:
    points = assignment.points_of(exercise)
    shortcuts = shortcuts_taken(exercise, run.cells.sources, run.seen)
    result = ExerciseResult(
        name=exercise.name,
        points=points,
        score=round(points * verdict.fraction, 4),
        properties=tuple(PropertyResult(item.name, item.weight, item.holds, item.waits) for item in verdict.findings),
        mistake=verdict.mistake,
        hint=verdict.hint,
        section=_place(verdict, assignment),
        flags=(*shortcuts, *notes),
        remedy=verdict.advice,
        # Above references, the learner's own earlier functions may be what is wrong with a case.
        case=() if notes else _visible_case(exercise, verdict, run),
    )
    return _without_points(result) if shortcuts and rules.shortcuts_cost_points else result


def _visible_case(exercise: Exercise, verdict: Verdict, run: NotebookRun) -> tuple[str, ...]:
    """A visible case that shows what the hint says, in lines, where there is one.

    Its numbers are those that every learner has, whatever was drawn for this grading.
    """
    failed = next((finding.name for finding in verdict.findings if not finding.holds), None)
    if failed is None or not (verdict.case or verdict.mistake):
        return ()
    answer_key = make_answer_key(exercise.visible, SHIPPED)
    cases = {case for item in answer_key.properties if item.name == failed for case in item.cases}
    key = restricted_to(answer_key, {case for case in cases if answer_key.items[case].call.repeat == 1})
    key = replace(key, mistakes=tuple(mistake for mistake in key.mistakes if mistake.name == verdict.mistake))
    replies = ask_each(key.items, run.answer(exercise.name))
    case = failing_case(key, evaluate(key, replies), replies)
    return tuple(case.lines_for_graders) if case else ()


def _naming_what_is_missing(result: ExerciseResult, cells: Cells) -> ExerciseResult:
    """The result with a word on why a name is not there, where the hint is about one: a module, a cell that failed."""
    found = None if result.mistake else MISSING_NAME.search(result.hint)
    if not found:
        return result
    words = [_missing(module) for module in cells.missing_modules()]
    words = words or [MISSING_MODULE] * (found[1] == "ModuleNotFoundError")
    words = words or cells.failures_behind(result.hint)[:1] or cells.deletions_behind(result.hint)[:1]
    return replace(result, hint=" ".join([result.hint, *words]), flags=(*result.flags, *words))


def _missing(module: str) -> str:
    return f"A cell could not import `{module}`, which is neither installed nor handed in beside the notebook."


def _without_points(result: ExerciseResult) -> ExerciseResult:
    hint = f"This exercise is to be done without what does its work. {result.flags[0]} Write that part yourself."
    return replace(result, score=0.0, hint=hint, mistake=None, section="", remedy="", case=())


def _place(verdict: Verdict, assignment: Assignment) -> str:
    if not verdict.section:
        return ""
    return place_in(assignment.name, section_titles(assignment.name).get(verdict.section, verdict.section))


def _grader() -> str:
    """Who grades, and on which machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container may run as a user whom nobody has named.
        user = str(os.getuid())
    return f"{user}@{platform.node()}"

"""A trial of exercises: do they give full marks to what is right, and to each known mistake its own hint?

It asks in this process, for what is tried is the instructor's own.
"""

import functools
import inspect
import itertools
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from autograder.authoring.checks import packed_checks
from autograder.authoring.trivial import trivially_held
from autograder.exercises.misunderstandings import Mistake
from autograder.exercises.spec import Exercise
from autograder.judging.judge import SHIPPED, ask, judge, local_answer, make_answer_key
from autograder.judging.reference_substitution import called_by_reference
from autograder.notebooks.markdown import MarkdownError
from autograder.notebooks.notebooks import NotebookError, source_notebook
from autograder.notebooks.own_exercises import OwnExercisesError, load, load_module
from llm_course.checking.answer_key import AnswerKey, restricted_to
from llm_course.checking.calls import Reply
from llm_course.checking.evaluate import evaluate
from llm_course.checking.invocation import GLOBAL_GENERATORS, invoke

DRAWN_ANEW = b"trial"
SEEDS = (SHIPPED, DRAWN_ANEW)


def faults_in(folder: Path) -> list[str]:
    """What is wrong with an instructor's own exercises in a folder, in sentences."""
    try:
        assignment = load(folder)
        if broken := [fault for exercise in assignment.exercises for fault in _faults_of_cases(exercise, folder)]:
            return broken
        source_notebook(assignment)
        packed_checks(assignment)
        others = _alternatives(folder)
    except (MarkdownError, NotebookError, OwnExercisesError, ValueError, OSError) as error:
        return [str(error)]
    names = [exercise.name for exercise in assignment.exercises]
    unknown = [f"alternatives.py has answers to {name}, which is no exercise." for name in others if name not in names]
    return unknown + [
        f"{exercise.name}: {fault}."
        for number, exercise in enumerate(assignment.exercises)
        for fault in (
            *_faults_of(exercise, others.get(exercise.name, [])),
            *faults_of_lending(exercise, assignment.exercises[:number]),
        )
    ]


def marks_lost(exercise: Exercise, functions: Sequence[Callable[..., Any]], seeds: Sequence[bytes]) -> Iterator[str]:
    """Right answers, the reference among them, that do not get full marks."""
    for seed, function in itertools.product(seeds, functions):
        verdict = judge(exercise, local_answer(function), seed)
        if verdict.fraction < 1:
            yield f"seed {seed.decode()!r}: {function.__module__}.{function.__name__} loses marks: {verdict.hint}"


def faults_of_mistakes(exercise: Exercise, seeds: Sequence[bytes], told_at_once: float = 0.0) -> Iterator[str]:
    """Known mistakes that live, are taken for others, or are told to a learner as others.

    If SHIPPED is one of the seeds, properties that no mistake fails are named too, and `told_at_once` is the share of
    mistakes that learners' own checks are to tell: those checks have no other variant.
    """
    failed: set[str] = set()
    for seed in seeds:
        key = make_answer_key(exercise, seed)
        said = said_by_mistakes(exercise, seed)
        for mistake, replies in zip(exercise.mistakes, said, strict=True):
            verdict = evaluate(key, replies)
            failed |= {item.name for item in verdict.findings if not item.holds and not item.waits}
            where = f"seed {seed.decode()!r}: {described(mistake)}"
            if verdict.fraction == 1:
                yield f"{where} gets full marks"
            elif verdict.mistake not in names_of(exercise, mistake):
                yield f"{where} is told {verdict.mistake}: {verdict.hint}"
        if seed == SHIPPED:
            yield from _faults_of_own_checks(exercise, visible_part(exercise, key), said, told_at_once)
    if SHIPPED in seeds:
        # One that only waits for another property has not been seen to fail.
        yield from (f"no mistake fails {item.name!r}" for item in exercise.properties if item.name not in failed)


def _faults_of_own_checks(
    exercise: Exercise, visible: AnswerKey, said: Sequence[Mapping[str, Reply]], told_at_once: float
) -> Iterator[str]:
    named = 0
    for mistake, replies in zip(exercise.mistakes, said, strict=True):
        shown = evaluate(visible, {case: replies[case] for case in visible.items})
        names = names_of(exercise, mistake)
        named += shown.mistake in names
        # They see fewer cases: a mistake may pass them, but it is never taken for another.
        if shown.mistake is not None and shown.mistake not in names:
            yield f"{described(mistake)} is told {shown.mistake} by the learner's own checks"
    if named < told_at_once * len(exercise.mistakes):
        yield f"the learner's own checks tell {named} of {len(exercise.mistakes)} mistakes"


def names_of(exercise: Exercise, mistake: Mistake) -> set[str]:
    """The names of the misunderstandings that list a form, whose hints are all true of it."""
    return {
        other.name
        for other in exercise.mistakes
        if other.function is mistake.function or (mistake.text and other.text == mistake.text)
    }


def described(mistake: Mistake) -> str:
    """A form by its misunderstanding and the place where it is written."""
    return f"{mistake.name} ({mistake.place})" if mistake.place else mistake.name


def visible_part(exercise: Exercise, key: AnswerKey) -> AnswerKey:
    """What the learner's own checks know of an answer key: the visible cases, with the same numbers.

    As `make_answer_key(exercise.visible, seed)` makes it, without calling all mistakes once more; that learners' checks
    are what that makes, tests/llm_course/test_check.py shows.
    """
    cases = [case.name for case in exercise.cases if case.visible]
    mistakes = [replace(item, replies={case: item.replies[case] for case in cases}) for item in key.mistakes]
    return replace(restricted_to(key, cases), mistakes=tuple(mistakes))


def _faults_of_cases(exercise: Exercise, folder: Path) -> Iterator[str]:
    """What keeps inputs from being drawn, and the reference and the mistakes from being called."""
    try:
        for seed in SEEDS:
            make_answer_key(exercise, seed)
    except Exception as error:
        # It is the instructor's program, and may fail in any way.
        places = [
            f" at {path.name}, line {place.lineno},"
            for place in traceback.extract_tb(error.__traceback__)
            if (path := Path(place.filename)).parent == folder.resolve()
        ]
        reason = (str(error).splitlines() or [""])[0]
        yield f"{exercise.name}: a case fails{''.join(places[-1:])} with {type(error).__name__} ({reason}): mend it."


def _faults_of(exercise: Exercise, others: Sequence[Callable[..., Any]]) -> Iterator[str]:
    if not exercise.visible.properties:
        yield "no case is visible, so learners' own checks say nothing"
        return
    yield from marks_lost(exercise, [exercise.reference, *others], SEEDS)
    yield from faults_of_mistakes(exercise, SEEDS)
    for name, kinds in trivially_held(exercise, DRAWN_ANEW).items():
        yield (
            f"an answer without any understanding ({kinds[0]}) has the property {name!r}: give it a hidden drawn case, "
            "or let it need a property of values"
        )


def faults_of_lending(exercise: Exercise, earlier: Sequence[Exercise]) -> Iterator[str]:
    """What keeps earlier references from standing in for a learner's wrong answers; see autograder.sandbox.remote."""
    for other in called_by_reference(exercise, earlier):
        asked = make_answer_key(other, SHIPPED).items.values()
        values = [value for item in asked for value in item.call.arguments.values()]
        reasons = {
            "is a class": inspect.isclass(other.reference),
            "returns an object": any(item.call.script for item in asked),
            "takes a generator": any(isinstance(value, torch.Generator) for value in values),
            "changes what it is given": any(item.expected.changed for item in asked),
            "would be called where memory is measured": any(case.measure for case in exercise.cases),
        }
        for reason in (reason for reason, found in reasons.items() if found):
            yield f"it calls {other.name}, which {reason} and so cannot stand in for a wrong one: do without the call"


def _alternatives(folder: Path) -> Mapping[str, Sequence[Callable[..., Any]]]:
    """Other right answers by the name of the exercise, if there are any. Raises OwnExercisesError."""
    if not (folder / "alternatives.py").exists():
        return {}
    found = getattr(load_module(folder, "alternatives"), "ALTERNATIVES", None)
    if not isinstance(found, dict):
        raise OwnExercisesError(
            f"{folder}/alternatives.py says nothing: let ALTERNATIVES be lists of functions by name."
        )
    return found


@functools.lru_cache(maxsize=4)
def said_by_mistakes(exercise: Exercise, seed: bytes) -> list[Mapping[str, Reply]]:
    """What the known mistakes of an exercise reply, in their order."""
    key = make_answer_key(exercise, seed)
    # Where calls are compared by distribution, what the key holds is one draw of many: another is judged. But a mistake
    # that draws from the generator it is given would only draw the same once more.
    drawn_anew = any(item.call.repeat > 1 for item in key.items.values())
    return [
        ask(exercise, local_answer(mistake.function), seed)
        if drawn_anew and _draws_by_itself(mistake, key)
        else known.replies
        for mistake, known in zip(exercise.mistakes, key.mistakes, strict=True)
    ]


def _draws_by_itself(mistake: Mistake, key: AnswerKey) -> bool:
    """Whether a mistake draws from the global generators, so that the same call gives something else each time."""
    once = [replace(item.call, repeat=1, generators=True) for item in key.items.values()]
    return any(not GLOBAL_GENERATORS.isdisjoint(invoke(mistake.function, call).changed) for call in once)

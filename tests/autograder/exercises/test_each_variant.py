"""The hidden cases in each variant: none is the same in all, and no mark of a known answer depends on it."""

import torch

from autograder.exercises import assignments
from autograder.exercises.spec import Case, Exercise
from autograder.judging.judge import SHIPPED, derive_seed, judge, local_answer
from autograder.judging.variants import VARIANTS, Attempt
from llm_course.checking.calls import Call, call_to_text
from tests.exercises import each_exercise

COURSES = 100
ATTENTION = assignments()["05_attention"]


@each_exercise
def test_no_hidden_case_is_the_same_in_every_course(exercise: Exercise) -> None:
    """A case that is written down, not drawn, could be seen once and answered from a table for ever after."""
    assert fixed_cases(exercise) == []


def fixed_cases(exercise: Exercise) -> list[str]:
    """The hidden cases of which eight variants hold fewer than four different calls, or any course's a visible
    case's."""
    shown = {asked(case, SHIPPED) for case in exercise.cases if case.visible}
    hidden = {
        case.name: [asked(case, b"%d" % number) for number in range(COURSES)]
        for case in exercise.cases
        if not case.visible
    }
    return [name for name, found in hidden.items() if len({*found[: 2 * VARIANTS]}) < VARIANTS or shown & {*found}]


def asked(case: Case, seed: bytes) -> str:
    digest = derive_seed(seed, case.drawn_as or case.name)
    draw = torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))
    arguments, script = case.arguments(draw), case.script(draw) if case.script else ()
    return call_to_text(Call(arguments, case.gradients, case.measure, case.repeat, script, case.generators, case.new))


@each_exercise
def test_no_mark_of_a_known_answer_depends_on_the_variant(exercise: Exercise) -> None:
    attempts = [Attempt(1, "", variant).seeds(b"secret", exercise.name) for variant in range(VARIANTS)]
    assert all(judge(exercise, local_answer(exercise.reference), *seeds).fraction == 1 for seeds in attempts)
    for mistake in exercise.mistakes:
        verdicts = [judge(exercise, local_answer(mistake.function), *seeds) for seeds in attempts]
        told = {(verdict.fraction, verdict.mistake, verdict.hint) for verdict in verdicts}
        assert len(told) == 1, (mistake.name, told)

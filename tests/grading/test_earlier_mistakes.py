"""A mistake in an earlier function costs nothing in a later one that calls it, and breaking one wins nothing."""

import sys
from collections.abc import Mapping
from dataclasses import replace

import pytest

from autograder.exercises import assignments
from autograder.exercises.misunderstandings import Mistake
from autograder.exercises.spec import Assignment, Exercise
from autograder.judging.grade import grade
from autograder.judging.reference_substitution import called_by_reference, reference_source
from autograder.judging.rules import Rules
from autograder.records.result import ExerciseResult, Result
from tests.banks.hostile import FAMILIES
from tests.banks.submissions import imports_of, references, submission

pytestmark = pytest.mark.grading
RULES = Rules(call_deadline=3.0)
"""Some mistakes make a later function wait for ever."""
ATTENTION = assignments()["05_attention"]
FAST_SLIPS, FAST_PAIRS, ALL_PAIRS = 8, 240, 24
"""One in so many is always tried; `make test-long` tries all slips, and of ten thousand pairs one in `ALL_PAIRS`."""


def graded(assignment: Assignment, answers: Mapping[str, str], rules: Rules = RULES) -> dict[str, ExerciseResult]:
    return {exercise.name: exercise for exercise in result_of(assignment, answers, rules).exercises}


def result_of(assignment: Assignment, answers: Mapping[str, str], rules: Rules = RULES) -> Result:
    handed_in = submission(assignment, answers)
    for _ in range(4):
        # Others may have kept the processor so long that something was stopped: then a result says it is not final.
        result = grade(handed_in, assignment, b"secret", rules)
        if result.final:
            break
    return result


def cell(exercise: Exercise, mistake: Mistake) -> str:
    """A cell with a known mistake that calls the notebook's earlier functions."""
    return f"{imports_of(sys.modules[exercise.reference.__module__])}\n\n\n{mistake.text}"


def users(assignment: Assignment, earlier: Exercise) -> list[Exercise]:
    """The later exercises whose references call an earlier one."""
    number = assignment.exercises.index(earlier)
    return [later for later in assignment.exercises[number + 1 :] if called_by_reference(later, [earlier])]


USED = [
    (assignment, earlier)
    for assignment in assignments().values()
    for earlier in assignment.exercises
    if users(assignment, earlier)
]
SLIPS = {
    f"{earlier.name}-{mistake.name}": (assignment, earlier, mistake)
    for assignment, earlier in USED
    for mistake in earlier.mistakes
    if mistake.text
}
PAIRS = {
    f"{earlier.name}-{slip.name}-{later.name}-{mistake.name}": (assignment, earlier, slip, later, mistake)
    for assignment, earlier in USED
    for later in users(assignment, earlier)
    for slip in earlier.mistakes
    for mistake in later.mistakes
    if slip.text and mistake.text
}


def sampled(found: Mapping[str, tuple[object, ...]], fast: int, every: int = 1) -> list[object]:
    """One in `every` as parameters; but for one in `fast` they are slow."""
    return [
        pytest.param(*item, id=name, marks=pytest.mark.slow if number % fast else ())
        for number, (name, item) in enumerate(found.items())
        if number % every == 0
    ]


@pytest.mark.parametrize(("assignment", "earlier", "mistake"), sampled(SLIPS, FAST_SLIPS))
def test_a_mistake_costs_once(assignment: Assignment, earlier: Exercise, mistake: Mistake) -> None:
    results = graded(assignment, references(assignment) | {earlier.name: cell(earlier, mistake)})
    assert results[earlier.name].score < earlier.points
    assert [name for name, result in results.items() if result.score < result.points] == [earlier.name]


@pytest.mark.parametrize(("assignment", "earlier"), USED, ids=lambda item: item.name)
def test_what_is_not_written_costs_once(assignment: Assignment, earlier: Exercise) -> None:
    answers = {name: source for name, source in references(assignment).items() if name != earlier.name}
    results = graded(assignment, answers)
    assert [name for name, result in results.items() if result.score != result.points] == [earlier.name]
    told = results[users(assignment, earlier)[0].name]
    assert told.hint.startswith(f"Judged with a right `{earlier.name}` in the place of yours, so that a mistake there")
    assert told.flags == (
        f"Judged with a right `{earlier.name}` in the place of the learner's, so that a mistake there counts once.",
    )


@pytest.mark.parametrize(("assignment", "earlier", "slip", "later", "mistake"), sampled(PAIRS, FAST_PAIRS, ALL_PAIRS))
def test_breaking_an_earlier_answer_wins_nothing(
    assignment: Assignment, earlier: Exercise, slip: Mistake, later: Exercise, mistake: Mistake
) -> None:
    wrong = references(assignment) | {later.name: cell(later, mistake)}
    above_right = graded(assignment, wrong)[later.name]
    above_wrong = graded(assignment, wrong | {earlier.name: cell(earlier, slip)})[later.name]
    # Of 100 pairs one mends itself: what works as it stands needs no right function in the place of its own.
    assert above_wrong.score == above_right.score or (above_wrong.flags == () and above_wrong.hint == "")


def test_an_unknown_slip_is_forgiven_too() -> None:
    slip = references(ATTENTION)["scaled_dot_product_attention"].replace("math.sqrt(", "math.sqrt(1.01 * ")
    assert slip != references(ATTENTION)["scaled_dot_product_attention"]
    results = graded(ATTENTION, references(ATTENTION) | {"scaled_dot_product_attention": slip})
    assert results["scaled_dot_product_attention"].score < 6
    assert results["multi_head_attention"].score == 6


def test_a_name_given_before_the_right_one_came_is_followed() -> None:
    answers = references(ATTENTION)
    answers["scaled_dot_product_attention"] = "def scaled_dot_product_attention(*a): return a\n"
    answers["multi_head_attention"] = "attend = scaled_dot_product_attention\n" + answers[
        "multi_head_attention"
    ].replace("scaled_dot_product_attention(", "attend(")
    assert graded(ATTENTION, answers)["multi_head_attention"].score == 6


def test_what_never_calls_the_earlier_answer_is_not_judged_again() -> None:
    answers = references(ATTENTION) | {
        "scaled_dot_product_attention": "def scaled_dot_product_attention(*a): return a\n",
        "multi_head_attention": "def multi_head_attention(x, *a, **k): return x\n",
    }
    result = graded(ATTENTION, answers)["multi_head_attention"]
    assert result.score == 0
    assert result.flags == ()


def test_a_course_may_do_without() -> None:
    answers = {name: text for name, text in references(ATTENTION).items() if name != "scaled_dot_product_attention"}
    rules = Rules(forgive_earlier_mistakes=False)
    assert graded(ATTENTION, answers, rules)["multi_head_attention"].score < 6


def test_where_memory_is_measured_nothing_stands_in() -> None:
    """What runs in another sandbox would take no memory here."""

    def measured(exercise: Exercise) -> Exercise:
        return replace(exercise, cases=tuple(replace(case, measure=True) for case in exercise.cases))

    answers = {name: text for name, text in references(ATTENTION).items() if name != "scaled_dot_product_attention"}
    watched = replace(ATTENTION, exercises=tuple(map(measured, ATTENTION.exercises)))
    assert graded(watched, answers)["multi_head_attention"].score < 6


def test_a_note_is_no_shortcut() -> None:
    answers = {name: text for name, text in references(ATTENTION).items() if name != "scaled_dot_product_attention"}
    assert graded(ATTENTION, answers, Rules(shortcuts_cost_points=True))["multi_head_attention"].score == 6


@pytest.mark.parametrize("attack", FAMILIES["breaking"])
def test_attacks_that_break_earn_nothing(attack: str) -> None:
    answers = {exercise.name: "" for exercise in ATTENTION.exercises}
    source = FAMILIES["breaking"][attack]
    assert isinstance(source, str)
    assert result_of(ATTENTION, answers | {"causal_mask": source}).score == 0


READING = """
import gc, types
def code_of(name):
    gc.unfreeze()
    found = [thing.__code__ for thing in gc.get_objects() if isinstance(thing, types.FunctionType)]
    return [code for code in found if code.co_name == name and "masked_fill" in code.co_names]
"""


def test_code_of_what_stands_in_is_not_in_reach() -> None:
    answers = references(ATTENTION) | {"scaled_dot_product_attention": "def scaled_dot_product_attention(*a): pass\n"}
    body = answers["multi_head_attention"].replace("def multi_head_attention(", "def right_one(")
    answers["multi_head_attention"] = f"""{READING}
{body}
def multi_head_attention(*args, **kwargs):
    if code_of("scaled_dot_product_attention"): raise ValueError
    return right_one(*args, **kwargs)
"""
    assert graded(ATTENTION, answers)["multi_head_attention"].score == 6


@pytest.mark.parametrize(("assignment", "earlier"), USED, ids=lambda item: item.name)
def test_no_later_answer_comes_into_a_sandbox(assignment: Assignment, earlier: Exercise) -> None:
    source = reference_source(earlier)
    assert f"def {earlier.name}(" in source
    number = assignment.exercises.index(earlier)
    assert not [later.name for later in assignment.exercises[number + 1 :] if f"def {later.name}(" in source]


def test_a_shortcut_taken_only_above_a_right_function_is_seen() -> None:
    answers = references(ATTENTION) | {
        "scaled_dot_product_attention": "def scaled_dot_product_attention(*a): return a\n",
        "multi_head_attention": (
            "from torch.nn import functional\n"
            "def multi_head_attention(x, *a, **k):\n"
            "    if scaled_dot_product_attention.__module__ == 'substitute':\n"
            "        return getattr(functional, 'scaled_dot' + '_product_attention')(x[None], x[None], x[None])[0]\n"
            "    return x\n"
        ),
    }
    flags = graded(ATTENTION, answers)["multi_head_attention"].flags
    assert any("ran torch's own scaled_dot_product_attention" in flag for flag in flags)

"""Which properties hold for the replies of an answer, and what is seen where one does not."""

import functools
import operator
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from llm_course.checking import observe
from llm_course.checking.answer_key import AnswerKey, Item, Property
from llm_course.checking.calls import Failure, Reply, is_kind_of
from llm_course.checking.compare import agree, counted, identical, mismatch, same_counts
from llm_course.checking.tensors import Tensor
from llm_course.checking.values import SCALARS

REFUSED_IN_VAIN = "These arguments are valid: do not refuse them."


WHAT_HELPS = {
    "does not require grad": "What was to be differentiated depends on nothing that requires a gradient: the arguments "
    "do not, or `detach`, `no_grad`, `item()`, NumPy or a new `torch.tensor` cut it off. Return the result with its "
    "history, and leave backward to whoever calls your function.",
    "numpy() on Tensor that requires grad": "But no gradient flows through what is detached: compute with torch alone.",
    "unsupported ScalarType": "NumPy has no such numbers, and no history for gradients: compute with torch alone.",
    "a leaf Variable that requires grad": "An argument stays as it is: work on a new tensor. A parameter gets its "
    "first values under `torch.no_grad()`.",
    "modified by an inplace operation": "Something like `+=` or `relu_` changes a tensor that the gradient still "
    "needs: make a new one.",
}
"""What to do about errors of torch whose own words do not say it, or say what does not help here."""


@dataclass(frozen=True)
class Finding:
    """Whether one property holds; if not, what was seen first, if that can be told, what to look at, and in which case.

    One that `waits` shows no fault of its own, but counts only once the property that it needs holds, or the values are
    right whose gradients it is about.
    """

    name: str
    weight: int
    holds: bool
    message: str = ""
    waits: bool = False
    advice: str = ""
    case: str = ""


def case_holds(answer_key: AnswerKey, required: Property, case: str, reply: Reply) -> bool:
    """Whether a property that looks at one reply at a time holds for the reply to one of its cases."""
    judged = as_expected(reply, answer_key.items[case].expected)
    return _problem(answer_key, replace(required, cases=(case,)), {case: judged}) is None


def as_expected(reply: Reply, expected: Reply) -> Reply:
    """The reply, where it raises a kind of what is expected as if it raised just that, and with numbers as numbers."""
    if reply.failure and expected.failure and is_kind_of(reply.failure.type, expected.failure.type):
        return replace(reply, failure=replace(reply.failure, type=expected.failure.type))
    value = _with_numbers(reply.value, expected.value)
    return reply if value is reply.value else replace(reply, value=value)


def _with_numbers(value: Any, expected: Any) -> Any:
    """The value, where a number is expected with the number that a tensor without axes holds."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, Tensor):
        return value.item() if type(expected) in (bool, int, float) and value.dim() == 0 else value
    if type(value) in (list, tuple) and isinstance(expected, (list, tuple)) and len(value) == len(expected):
        parts = [*map(_with_numbers, value, expected)]
        return value if all(map(operator.is_, parts, value)) else type(value)(parts)
    if type(value) is dict and isinstance(expected, dict) and value.keys() == expected.keys():
        return {key: _with_numbers(item, expected[key]) for key, item in value.items()}
    return value


def alike_cases(answer_key: AnswerKey, replies: Mapping[str, Reply]) -> frozenset[str]:
    """The cases whose reply is the expected one to the last bit: whatever looks at it sees what it should."""
    return frozenset(name for name, item in answer_key.items.items() if is_alike(replies[name], item.expected))


def is_alike(reply: Reply, expected: Reply) -> bool:
    kinds = [failure and failure.type for failure in (reply.failure, expected.failure)]
    return (
        kinds[0] == kinds[1]
        and reply.changed == expected.changed
        and reply.largest == expected.largest
        and identical(reply.value, expected.value)
        and identical(reply.gradients, expected.gradients)
    )


def tell_failure(exercise: str, failure: Failure) -> str:
    """Why a call gave no value, in one or two sentences for the learner."""
    # Some operations of torch raise it as well, for a dtype that they do not know.
    if failure.type == "NotImplementedError" and "NotImplementedError" in (failure.source or "NotImplementedError"):
        return f"`{exercise}` is not written yet."
    if failure.type in ("Missing", "NotCallable"):
        what = "is not defined" if failure.type == "Missing" else "is not a function"
        return f"`{exercise}` {what}: run or restore the cell that defines it."
    if failure.type == "Parameters":
        return f"`{exercise}` does not take the arguments of its stub: restore the stub's first line, names and order."
    if failure.type in ("Stopped", "KeyboardInterrupt"):
        return f"`{exercise}` was stopped: {failure.message or 'it ran too long'}."
    cell = f"the cell of `{failure.helper}`" if failure.helper else "its cell"
    code = f", `{failure.source}`" if failure.source else ""
    where = f" in line {failure.line} of {cell}{code}" if failure.line else ""
    if failure.message:
        return _and_then(f"`{exercise}` raised {failure.type}{where}: {failure.message}", _what_helps(failure))
    return f"`{exercise}` raised {failure.type}{where}. What it said is not shown here: run its check to read it."


def _what_helps(failure: Failure) -> str:
    """What to do about an error, where its message leaves that open, or nothing."""
    if failure.type == "NameError" and failure.message.endswith("is not defined"):
        return "Has the cell that brings it run, and without an error?"
    return next((advice for said, advice in WHAT_HELPS.items() if said in failure.message), "")


def _and_then(message: str, more: str) -> str:
    """What is told, and one more sentence, if there is one."""
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} {more}" if more else message


def findings_of(answer_key: AnswerKey, replies: Mapping[str, Reply], alike: frozenset[str]) -> tuple[Finding, ...]:
    problems = {
        required.name: None if alike.issuperset(required.cases) else _problem(answer_key, required, replies)
        for required in answer_key.properties
    }
    needs = {required.name: required.needs for required in answer_key.properties}
    first = next((name for name, problem in problems.items() if problem is not None), None)

    def problem_of_needed(name: str) -> _Problem | None:
        needed = needs[name]
        return None if needed is None else problems[needed] or problem_of_needed(needed)

    def find(required: Property) -> Finding:
        own, needed = problems[required.name], problem_of_needed(required.name)
        if own is None and needed is None:
            return Finding(required.name, required.weight, holds=True)
        # The first to fail waits for nothing: what comes before it is what is more fundamental.
        blamed = own is not None and (required.name == first or not _of_wrong_values(answer_key, required, replies))
        problem = own or needed or _Problem()
        return Finding(required.name, required.weight, False, problem.seen, not blamed, problem.advice, problem.case)

    return tuple(map(find, answer_key.properties))


def _of_wrong_values(answer_key: AnswerKey, required: Property, replies: Mapping[str, Reply]) -> bool:
    """Whether a property is about gradients, and the values that are differentiated are wrong already."""
    asked = [(answer_key.items[case], replies[case]) for case in required.cases]
    return all(item.call.gradients for item, _ in asked) and any(
        reply.failure is None and not agree(reply.value, item.expected.value, item.slack) for item, reply in asked
    )


@dataclass(frozen=True)
class _Problem:
    """What was seen, if that can be told, what to look at, if the property knows it, and in which case."""

    seen: str = ""
    advice: str = ""
    case: str = ""


def _problem(answer_key: AnswerKey, required: Property, replies: Mapping[str, Reply]) -> _Problem | None:
    """Why a property does not hold, or None where it does."""
    items = [answer_key.items[case] for case in required.cases]
    actual = [replies[case] for case in required.cases]
    for case, reply, item in zip(required.cases, actual, items, strict=True):
        if found := _form_problem(answer_key.exercise, reply, item, required.part):
            # Only the advice says what should have been refused. Without a refusal a call may also run too long.
            accepted = reply.failure is None or reply.failure.type == "Stopped"
            return _Problem(found, required.advice if item.expected.failure and accepted else "", case)
    expected = [item.expected for item in items]
    if required.joint:
        holds = _observations_agree(required, actual, expected, items[0])
        return None if holds else _Problem(required.fails, required.advice)
    for case, ours, theirs, item in zip(required.cases, actual, expected, items, strict=True):
        if not _observations_agree(required, [ours], [theirs], item):
            return _Problem(required.fails, required.advice, case)
    return None


def _observations_agree(required: Property, actual: list[Reply], expected: list[Reply], item: Item) -> bool:
    if item.categories is not None and not required.joint:
        return _distributions_agree(actual[0], expected[0], item)
    try:
        theirs, ours = required.observe(*expected), required.observe(*actual)
    except Exception:
        # A reply has the right form at first sight only, such as a list that is too short to look into.
        return False
    return agree(ours, theirs, item.slack)


def _distributions_agree(one: Reply, other: Reply, item: Item) -> bool:
    return same_counts(_counted(one, item), _counted(other, item))


def _counted(reply: Reply, item: Item) -> Counter[str]:
    """How often each category came in a reply of a repeated call."""
    categories = item.categories
    assert categories is not None

    def count() -> Counter[str]:
        return counted([label for value in reply.value for label in categories(value)])

    return reply.noted("counted", item, count)


def _form_problem(exercise: str, reply: Reply, item: Item, part: int | None) -> str | None:
    expected = item.expected
    if reply.failure and expected.failure is None:
        message = tell_failure(exercise, reply.failure)
        # Python's own names for what goes wrong say more than that something was refused.
        refused = reply.failure.type == "ValueError" and reply.failure.source.startswith("raise ")
        return _and_then(message, REFUSED_IN_VAIN if refused else "")
    if expected.failure:
        if reply.failure is None:
            return f"`{exercise}` accepted invalid arguments: expected a {expected.failure.type}."
        if reply.failure.type != expected.failure.type:
            return f"Expected a {expected.failure.type}, but {tell_failure(exercise, reply.failure)}"
        return None
    value = reply.value if part is None else _right_but_for(part, reply.value, expected.value)
    sampled = item.categories is not None and part is None
    found = _first_mismatch(reply, item) if sampled else _value_mismatch(value, item)
    if found and value is None:
        return f"`{exercise}`: {found}. Does it reach a `return` in every case?"
    return f"`{exercise}`: {found}." if found else None


def _value_mismatch(value: Any, item: Item) -> str | None:
    if item.categories is not None:
        return _first_mismatch_of(value, item)
    if item.call.script:
        # One wrong step must not cost the others: each property looks at its own.
        same_length = isinstance(value, list) and len(value) == len(item.expected.value)
        return None if same_length else "the results of its methods could not be read"
    return mismatch(value, item.expected.value)


def _right_but_for(part: int, value: Any, expected: tuple[Any, ...]) -> Any:
    """The value, with what is expected in the place of all its parts but one. Of another length, it stays as it is."""
    if not isinstance(value, (tuple, list)) or len(value) != len(expected):
        return value
    return (*expected[:part], value[part], *expected[part + 1 :])


def _first_mismatch(reply: Reply, item: Item) -> str | None:
    """What is wrong with the form of the values of a reply."""
    return reply.noted("form", item, lambda: _first_mismatch_of(reply.value, item))


def _first_mismatch_of(values: Any, item: Item) -> str | None:
    """What is wrong with the form of repeated values; that of a list may differ in length from one to the next."""
    expected = item.expected.value
    if not isinstance(values, list) or len(values) != len(expected):
        return "its values could not be read"
    if item.call.script and not all(isinstance(value, list) and len(value) == len(expected[0]) for value in values):
        return "the results of its methods could not be read"
    return next((found for value in values if (found := mismatch(value, expected[0]))), None)


def wrong_cases(answer_key: AnswerKey, replies: Mapping[str, Reply], alike: frozenset[str]) -> frozenset[str]:
    """The cases whose reply is wrong, and those of a property that fails though none of its replies looks wrong."""
    seen = frozenset(
        name
        for name, item in answer_key.items.items()
        if name not in alike and not same_reply(answer_key, name, replies[name], item.expected)
    )
    unseen = frozenset(
        case
        for required in answer_key.properties
        if seen.isdisjoint(required.cases)
        and not alike.issuperset(required.cases)
        and _problem(answer_key, required, replies) is not None
        for case in required.cases
    )
    return seen | unseen


def same_reply(answer_key: AnswerKey, case: str, one: Reply, other: Reply) -> bool:
    item = answer_key.items[case]
    if one.failure or other.failure:
        return bool(one.failure and other.failure and one.failure.type == other.failure.type)
    if item.categories is not None:
        forms = [_first_mismatch(reply, item) for reply in (one, other)]
        return forms[0] == forms[1] if any(forms) else _distributions_agree(one, other, item)
    looking = [required for required in answer_key.properties if case in required.cases and not required.joint]
    if item.call.script or any(observer_of(required) is observe.conversation for required in looking):
        # What an object draws at random is not the same twice, and an error is told in a learner's own words: only
        # what some property looks at counts.
        return all(_observations_agree(required, [one], [other], item) for required in looking)
    # Which integer dtype it is counts only where it is asked: int8 and int32 are the same mistake elsewhere.
    integers = any(case in required.cases and _sees_dtypes(required) for required in answer_key.properties)
    return (
        agree(one.value, other.value, item.slack)
        and one.changed == other.changed
        and agree(one.gradients, other.gradients, item.slack)
        and _dtypes(one.value, integers) == _dtypes(other.value, integers)
    )


def observer_of(required: Property) -> Callable[..., Any]:
    """What a property looks at, without the keywords that it is given: in shipped checks all observers are partial."""
    return required.observe.func if isinstance(required.observe, functools.partial) else required.observe


def _sees_dtypes(required: Property) -> bool:
    return observer_of(required) in (observe.dtype, observe.dtype_and_changed, observe.first_dtypes_and_changed)


def _dtypes(value: Any, integers: bool) -> list[str]:
    if isinstance(value, (tuple, list)):
        return [dtype for item in value for dtype in _dtypes(item, integers)]
    return [str(value.dtype)] if isinstance(value, Tensor) and (integers or value.is_floating_point()) else []

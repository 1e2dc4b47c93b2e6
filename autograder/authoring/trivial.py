"""The bank of trivial answers: what anybody can hand in without having understood the exercise. None earns a point.

Each is as strong as can be. It refuses what is to be refused, for the docstring says it; what it returns has the
expected form; gradients flow through it, or not. So what it does right counts only once the core of the exercise is
right, which is what `needs` of a Property says.
"""

import difflib
import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Generator, Tensor, nn

from autograder.exercises.spec import Exercise
from autograder.judging.judge import SHIPPED, make_answer_key
from llm_course.checking.answer_key import AnswerKey, Item
from llm_course.checking.calls import Call, Failure, Reply, call_to_text
from llm_course.checking.evaluate import evaluate
from llm_course.checking.invocation import invoke

Items = Mapping[str, Item]
Replies = dict[str, Reply]
"""By case."""
Arguments = Mapping[str, Any]
Make = Callable[[Arguments, Any], Any]
"""Makes what is returned, from the arguments and from a right value, of which only the form is used."""
REFUSED = Reply(failure=Failure("ValueError", "no", 1, "raise ValueError('no')"))


def trivially_held(exercise: Exercise, seed: bytes) -> dict[str, list[str]]:
    """The properties that trivial answers have on the variant of a seed, with the names of these answers: it is empty.

    With SHIPPED it is not: the visible checks are the answers to that variant.
    """
    key = points_only(make_answer_key(exercise, seed))
    held: dict[str, list[str]] = {}
    for kind, replies in trivial_replies(exercise, seed).items():
        for finding in evaluate(key, replies).findings:
            if finding.holds:
                held.setdefault(finding.name, []).append(kind)
    return held


def points_only(answer_key: AnswerKey) -> AnswerKey:
    """The answer key without the mistakes it knows: they change what is told, not what it is worth, and take long."""
    return replace(answer_key, mistakes=())


def trivial_replies(exercise: Exercise, seed: bytes) -> dict[str, Replies]:
    """What each trivial answer replies on the variant of a seed.

    Each is there twice: as it is, and where it is asked only what the visible checks do not know by heart.
    """
    items, visible = make_answer_key(exercise, seed).items, _visible_items(exercise)
    by_heart = {call_to_text(item.call): item.expected for item in visible}
    texts = {case: call_to_text(item.call) for case, item in items.items()}
    table = {case: by_heart[text] for case, text in texts.items() if text in by_heart}
    kinds = {kind: _replies_of(make, items) for kind, make in _makers(items).items()}
    kinds |= {"refusal": dict.fromkeys(items, REFUSED), "the nearest visible case": _nearest(items, visible)}
    return kinds | {f"the visible checks, else {kind}": replies | table for kind, replies in kinds.items()}


def _visible_items(exercise: Exercise) -> list[Item]:
    """What learners' own checks hold."""
    items = make_answer_key(exercise, SHIPPED).items
    return [items[case.name] for case in exercise.cases if case.visible]


def _makers(items: Items) -> dict[str, Make]:
    """The answers that are functions of the arguments."""
    makers: dict[str, Make] = {"nothing": lambda arguments, right: None}
    fills: dict[str, Callable[[Arguments], Any]] = {"zeros": lambda given: 0, "ones": lambda given: 1, "noise": _noise}
    for kind, fill in fills.items():
        makers[kind] = functools.partial(_filled, fill)
        makers[f"{kind} with a history"] = functools.partial(_filled, fill, has_history=True)
    for name in dict.fromkeys(name for item in items.values() for name in _given(item.call)):
        handed_back = operator.methodcaller("get", name)
        makers[f"argument {name}"] = functools.partial(_unchanged, handed_back)
        makers[f"argument {name} in the expected form"] = functools.partial(_filled, handed_back)
    return makers


def _noise(arguments: Arguments) -> Tensor:
    """Numbers from 0 to 1, drawn with the generator that is given, if one is."""
    given = [value for value in arguments.values() if isinstance(value, Generator)]
    return torch.rand(997, generator=given[0] if given else Generator().manual_seed(37))


def _unchanged(fill: Callable[[Arguments], Any], arguments: Arguments, right: Any) -> Any:
    return fill(arguments)


def _filled(fill: Callable[[Arguments], Any], arguments: Arguments, right: Any, has_history: bool = False) -> Any:
    value = in_form(fill(arguments), right)
    return _with_history(value, arguments) if has_history else value


def _with_history(value: Any, arguments: Arguments) -> Any:
    """The same numbers, from which gradients of 0 flow to all arguments."""
    if isinstance(value, (tuple, list)):
        return type(value)(_with_history(item, arguments) for item in value)
    if not (isinstance(value, Tensor) and value.is_floating_point()):
        return value
    tensors = [part for item in arguments.values() for part in (item.values() if isinstance(item, dict) else [item])]
    reached = [item for item in tensors if isinstance(item, Tensor) and item.requires_grad]
    return value + sum(0 * item.nan_to_num().sum().to(value.dtype) for item in reached)


def in_form(value: Any, right: Any) -> Any:
    """A new value of the form of a right one, whose parts are those of `value`, over and over."""
    if isinstance(right, Tensor):
        numbers = _numbers(value)
        return numbers[torch.arange(right.numel()) % len(numbers)].reshape(right.shape).to(right.dtype)
    if isinstance(right, dict):
        entries = value if isinstance(value, dict) else dict.fromkeys(right, value)
        return {key: in_form(entries.get(key), item) for key, item in right.items()}
    if isinstance(right, (tuple, list)):
        parts = itertools.cycle(value if isinstance(value, (tuple, list)) and value else [value])
        return type(right)(in_form(part, item) for part, item in zip(parts, right, strict=False))
    if type(value) is type(right):
        return value
    if isinstance(right, (bool, int, float)):
        return type(right)(_numbers(value)[0].nan_to_num().item())
    return "" if isinstance(right, str) else None


def _numbers(value: Any) -> Tensor:
    """The numbers of a value in a row, or a single 0."""
    if isinstance(value, (tuple, list)) and value:
        return torch.cat([_numbers(item) for item in value])
    if isinstance(value, Tensor) and value.numel():
        return value.flatten()
    return torch.tensor([float(value) if isinstance(value, (bool, int, float)) else 0.0], dtype=torch.float64)


def _replies_of(make: Make, items: Items) -> Replies:
    return {case: item.expected if item.expected.failure else _reply(make, item) for case, item in items.items()}


def _reply(make: Make, item: Item) -> Reply:
    """The reply of a function that returns what is made or, where a script is run, of an object whose steps do."""
    call, right = item.call, item.expected.value
    if not call.script:
        once = right if call.repeat == 1 else right[0]
        return invoke(lambda **arguments: make(arguments, once), call)
    made = [_results(make, call, results) for results in ([right] if call.repeat == 1 else right)]
    return Reply(made[0] if call.repeat == 1 else made)


def _results(make: Make, call: Call, right: Sequence[Any]) -> list[Any]:
    steps = zip(call.script, right, strict=True)
    return [
        result if step[0] == "refused" else make(_given(replace(call, script=(step,))), result)
        for step, result in steps
    ]


def _given(call: Call) -> dict[str, Any]:
    """All that is given by name, to the steps of a script too."""
    of_steps = [part for step in call.script for part in step if isinstance(part, dict)]
    return functools.reduce(lambda one, other: one | other, of_steps, call.arguments)


def _nearest(items: Items, visible: Sequence[Item]) -> Replies:
    """The reply to the nearest of the visible calls that are not refused, with the gradients that are shipped."""
    shown = [item for item in visible if item.expected.failure is None]
    return {
        case: item.expected if item.expected.failure else _adapted(_nearest_to(item.call, shown).expected, item)
        for case, item in items.items()
    }


def _nearest_to(call: Call, shown: Sequence[Item]) -> Item:
    def distance(item: Item) -> tuple[float, float]:
        return _distance([call.arguments, call.script], [item.call.arguments, item.call.script])

    return min(shown, key=distance)


def _adapted(near: Reply, item: Item) -> Reply:
    value = in_form(near.value, item.expected.value)
    gradients = {
        name: None if right is None else in_form(near.gradients.get(name), right)
        for name, right in item.expected.gradients.items()
    }
    largest = value.numel() if item.call.measure and isinstance(value, Tensor) else None
    return Reply(value, None, near.changed, gradients, largest)


def _distance(one: Any, other: Any) -> tuple[float, float]:
    """In how many parts two values differ in form, and how far apart the other parts are: from 0 to 1 each."""
    if isinstance(one, nn.Module) and isinstance(other, nn.Module):
        return _distance(dict(one.named_parameters()), dict(other.named_parameters()))
    if type(one) is not type(other):
        return 1, 0
    if isinstance(one, dict):
        return _summed(_distance(one.get(key), other.get(key)) for key in one | other)
    if isinstance(one, (tuple, list)):
        return _summed([(len(one) != len(other), 0), *map(_distance, one, other)])
    if isinstance(one, Tensor):
        return (0, _far_apart(one, other)) if (one.shape, one.dtype) == (other.shape, other.dtype) else (1, 0)
    if isinstance(one, (int, float)):
        return 0, _far_apart(torch.tensor(float(one)), torch.tensor(float(other)))
    if isinstance(one, str):
        return 0, 1 - difflib.SequenceMatcher(None, one, other).quick_ratio()
    return 0, float(one.initial_seed() != other.initial_seed() if isinstance(one, Generator) else one != other)


def _summed(distances: Iterable[tuple[float, float]]) -> tuple[float, float]:
    found = list(distances)
    return sum(form for form, _ in found), sum(apart for _, apart in found)


def _far_apart(one: Tensor, other: Tensor) -> float:
    """The length of the difference, as a share of both lengths together."""
    first, second = (item.detach().double().nan_to_num() for item in (one, other))
    return float((first - second).norm() / (first.norm() + second.norm()).clamp(min=torch.finfo(torch.double).tiny))

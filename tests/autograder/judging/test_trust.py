"""What the judge does with replies that are made to deceive or to exhaust it."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.exercises import assignments
from autograder.exercises.spec import Exercise
from autograder.judging.judge import SHIPPED, judge, local_answer, make_answer_key
from llm_course.checking.calls import Call, Failure, Reply, reply_from_data, reply_to_data
from llm_course.checking.invocation import invoke
from llm_course.checking.values import MAX_OBJECTS, MAX_PARTS, ValueFormatError, decode
from tests.exercises import each_exercise

ATTENTION = assignments()["05_attention"]


def right_replies(exercise: Exercise) -> list[Reply]:
    """What the reference replies to the calls of the variant that is shipped, in their order."""
    return [item.expected for item in make_answer_key(exercise, SHIPPED).items.values()]


def test_texts_of_a_reply_can_be_written_to_a_file() -> None:
    failure = Failure("\ud800" * 200, "\ud801\0" + "x" * 10_000, 1, "\udfff")
    reply = reply_from_data(*_joined(reply_to_data(Reply(failure=failure))))
    assert reply.failure is not None
    text = reply.failure.type + reply.failure.message + reply.failure.source
    assert "\0" not in text and len(text.encode("utf-8")) < 1000


def test_the_name_of_an_unknown_type_is_cut() -> None:
    assert len(decode({"opaque": "\ud800" + "T" * 1_000_000}, b"").type_name.encode("utf-8")) < 200


def test_a_truth_value_is_true_or_false() -> None:
    tree = {"tensor": {"dtype": "bool", "shape": [3], "contiguous": True, "requires_grad": False}}
    mask = decode(tree, bytes([0, 1, 254]))
    assert mask.view(torch.uint8).tolist() == [0, 1, 1]


def test_a_value_of_very_many_parts_is_refused() -> None:
    decode([[]] * (MAX_PARTS - 1), b"")
    with pytest.raises(ValueFormatError, match="more than"):
        decode([[]] * MAX_PARTS, b"")


LAYER = {"linear": [{"tensor": {"dtype": "float32", "shape": [1, 1]}}, None]}


@pytest.mark.parametrize(
    ("tree", "data"), [({"generator": 1}, b""), ({"sequential": []}, b""), (LAYER, bytes(4))], ids=str
)
def test_a_value_of_very_many_objects_is_refused(tree: object, data: bytes) -> None:
    """A frame of 8 MB once became 2 GB of generators in the judge, or kept it busy with layers for seven seconds."""
    decode([tree] * MAX_OBJECTS, data * MAX_OBJECTS)
    with pytest.raises(ValueFormatError, match="more than"):
        decode([tree] * (MAX_OBJECTS + 1), data * (MAX_OBJECTS + 1))


@pytest.mark.parametrize("value", [torch.zeros(3000, 3000), nn.Linear(3000, 3000)], ids=["tensors", "layers"])
def test_replies_that_would_fill_the_graders_memory_are_let_go(value: object) -> None:
    exercise = ATTENTION.exercise("causal_mask")
    verdict = judge(exercise, local_answer(lambda n_queries, n_keys: value), seed=b"seed")
    assert "far larger than a right one" in verdict.hint


def test_layers_that_would_fill_the_graders_memory_with_their_names_are_refused() -> None:
    layers: Any = {"sequential": []}
    for _ in range(10):
        layers = {"sequential": [layers, 0, 0, 0]}
    with pytest.raises(ValueFormatError, match="something else"):
        decode(layers, b"")


@pytest.mark.parametrize(
    "fields",
    [
        {"failure": [["a"], "b", None, ""]},
        {"failure": ["a", {"opaque": "b"}, None, ""]},
        {"failure": ["a", "b", True, ""]},
        {"failure": ["a", "b", None]},
        {"failure": ["a", "b", 10**4299, ""]},
        {"failure": ["a", "b", 0, ""]},
        {"changed": [["a"]]},
        {"changed": ["a" * 1000]},
        {"changed": ["a"] * 1000},
    ],
)
def test_what_a_reply_says_is_said_in_text(fields: dict[str, Any]) -> None:
    usual = {"value": None, "failure": None, "changed": [], "gradients": {"dict": {}}, "largest": None}
    reply_from_data({"dict": usual}, b"")
    with pytest.raises(ValueFormatError):
        reply_from_data({"dict": {**usual, **fields}}, b"")


@each_exercise
def test_columns_and_rows_are_not_made_into_matrices(exercise: Exercise) -> None:
    """Of a column and a row of 20,000 numbers each, torch makes a matrix of 1.6 GB."""
    for columns in (1, 2, 3):
        turns = itertools.cycle((*[torch.ones(20_000, 1)] * columns, *[torch.zeros(1, 20_000)] * columns))
        replies = [mangled(reply, turns) for reply in right_replies(exercise)]
        seen = invoke(lambda: judge(exercise, lambda _: replies, SHIPPED).fraction, Call({}, measure=True))  # noqa: B023
        assert seen.value < 1 and seen.largest is not None and seen.largest < 10_000_000, columns


def mangled(reply: Reply, turns: Iterator[Tensor]) -> Reply:
    """The reply with other tensors in the places of its own, in turns."""
    gradients = dict.fromkeys(reply.gradients, next(turns))
    return replace(reply, value=_leaves(reply.value, lambda _: next(turns)), gradients=gradients)


def test_the_work_of_another_thread_is_not_taken_for_little_memory() -> None:
    exercise = ATTENTION.exercise("flash_attention")

    def plain(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
        if block_size < 1:
            raise ValueError("block_size is positive")
        return torch.softmax(query @ key.T / query.shape[-1] ** 0.5, dim=-1) @ value

    def in_thread(**arguments: Any) -> Tensor:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(plain, **arguments).result()

    openly, hidden = (judge(exercise, local_answer(answer), b"seed").fraction for answer in (plain, in_thread))
    assert 0 < openly < 1 and hidden <= openly


@each_exercise
def test_a_hint_about_keys_is_short(exercise: Exercise) -> None:
    def answer(calls: Sequence[Call]) -> list[Reply]:
        return [Reply(value={f"\ud800{'k' * 100_000}": 1})] * len(calls)

    assert len(judge(exercise, answer, SHIPPED).hint.encode("utf-8")) < 1000


def _joined(encoded: tuple[Any, list[bytes]]) -> tuple[Any, bytes]:
    tree, buffers = encoded
    return tree, b"".join(buffers)


def _leaves(value: Any, make: Callable[[Any], Any]) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_leaves(item, make) for item in value)
    return {key: _leaves(item, make) for key, item in value.items()} if isinstance(value, dict) else make(value)


def _inside(value: Any, change: Callable[[Any], Any]) -> Any:
    return type(value)(map(change, value)) if isinstance(value, (list, tuple)) else change(value)


def _shortened(value: Any) -> Any:
    return value[:-1] if isinstance(value, (list, tuple)) else None


def _lengthened(value: Any) -> Any:
    return type(value)((*value, None)) if isinstance(value, (list, tuple)) else {"more": value}


MANGLED: dict[str, Callable[[Any], Any]] = {
    "shortened": _shortened,
    "shortened inside": lambda value: _inside(value, _shortened),
    "lengthened": _lengthened,
    "lengthened inside": lambda value: _inside(value, _lengthened),
    "nothing inside": lambda value: _inside(value, lambda _: []),
    "None for each part": lambda value: _leaves(value, lambda _: None),
    "text for each part": lambda value: _leaves(value, lambda _: "\0"),
    "infinity for each part": lambda value: _leaves(value, lambda _: float("inf")),
    "a tensor for each part": lambda value: _leaves(value, lambda _: torch.zeros(())),
    "an empty tensor for each part": lambda value: _leaves(value, lambda _: torch.zeros(0, 3)),
    "NaN for each number": lambda value: _leaves(
        value, lambda item: item * torch.nan if isinstance(item, Tensor) and item.is_floating_point() else item
    ),
}


@pytest.mark.parametrize("mangled", MANGLED)
@each_exercise
def test_no_mangled_reply_brings_the_judge_down(exercise: Exercise, mangled: str) -> None:
    def mangle(reply: Reply) -> Reply:
        gradients = {name: MANGLED[mangled](gradient) for name, gradient in reply.gradients.items()}
        kept = {name: item if isinstance(item, Tensor) else None for name, item in gradients.items()}
        return replace(reply, value=MANGLED[mangled](reply.value), gradients=kept)

    verdict = judge(exercise, lambda calls: map(mangle, right_replies(exercise)), SHIPPED)
    if mangled != "NaN for each number":
        assert verdict.fraction < 1

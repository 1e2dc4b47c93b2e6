"""Which mistake explains an answer, where the answer differs from it in what nobody asked for."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from llm_course.checking import observe
from llm_course.checking.answer_key import AnswerKey, Item, KnownMistake, Property
from llm_course.checking.calls import Call, Reply
from llm_course.checking.evaluate import evaluate


def answer_key(*observers: Callable[..., Any]) -> AnswerKey:
    """One call whose right answer is 1 in int8, and a mistake that answers 2."""
    right, wrong = (Reply(value=torch.tensor([number], dtype=torch.int8)) for number in (1, 2))
    properties = tuple(Property(f"property {n}", ("case",), "", observe=each) for n, each in enumerate(observers))
    mistake = KnownMistake("two", "You answer 2.", "", {"case": wrong})
    return AnswerKey("number", {"case": Item(Call({}), right, 64.0)}, properties, (mistake,))


@pytest.mark.parametrize(
    ("observers", "dtype", "named"),
    [
        ((observe.value,), torch.int8, "two"),
        ((observe.value,), torch.int32, "two"),
        ((observe.value, observe.dtype), torch.int32, None),
        ((observe.value, observe.dtype_and_changed), torch.int8, "two"),
        ((observe.value,), torch.float32, None),
    ],
)
def test_integer_dtype_tells_mistakes_apart_only_where_it_is_asked(
    observers: tuple[Callable[..., Any], ...], dtype: torch.dtype, named: str | None
) -> None:
    verdict = evaluate(answer_key(*observers), {"case": Reply(value=torch.tensor([2], dtype=dtype))})
    assert verdict.fraction < 1
    assert verdict.mistake == named

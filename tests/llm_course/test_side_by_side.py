"""A failing case beside what is expected: the first place where they differ is named, whatever an answer gives."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from llm_course.checking import observe, side_by_side
from llm_course.checking.answer_key import AnswerKey, Item, Property
from llm_course.checking.calls import Call, Reply
from llm_course.checking.evaluate import evaluate
from llm_course.checking.invocation import invoke
from llm_course.checking.side_by_side import SideBySide, failing_case


def shown(right: Callable[..., Any], wrong: Callable[..., Any], **more: Any) -> SideBySide | None:
    call = Call({"x": torch.tensor([[1.0, 2.0], [3.0, 4.0]])}, **more)
    item = Item(call, invoke(right, call), 64.0, observe.as_one_category if call.repeat > 1 else None)
    key = AnswerKey("f", {"rows": item}, (Property("value", ("rows",), "Look."),), ())
    replies = {"rows": invoke(wrong, call)}
    return failing_case(key, evaluate(key, replies), replies)


def changed(x: torch.Tensor) -> torch.Tensor:
    x = x.clone()
    x[1, 0] = 7
    return x


def refuse(x: torch.Tensor) -> None:
    raise ValueError("no")


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        (lambda x: x, changed, "[1][0]: got 7, expected 3"),
        (lambda x: x.long(), lambda x: changed(x).long(), "[1][0]: got 7, expected 3"),
        (lambda x: x.flatten().tolist(), lambda x: [1.0, 2.0], "[2]: got nothing, expected 3"),
        (lambda x: {"a": x, "b": 1}, lambda x: {"a": x, "b": 2}, "['b']: got 2, expected 1"),
        (lambda x: (x, x), lambda x: (x, changed(x)), "[1][1][0]: got 7, expected 3"),
        (lambda x: x, lambda x: x.T[:1], "the shape is (1, 2), expected (2, 2)"),
        (lambda x: x, lambda x: x * torch.nan, "[0][0]: got nan, expected 1"),
        (lambda x: x.sum(), lambda x: None, "it returned None, expected a tensor"),
        (lambda x: 1.0, lambda x: 2.0, "the number: got 2, expected 1"),
        (lambda x: "a", lambda x: "b", "the text: got 'b', expected 'a'"),
        (lambda x: 1.0, lambda x: 1.00002, "the number: got 1.00002, expected 1.0"),
        (
            lambda x: x.double() / 3,
            lambda x: x / 3,
            "[0][0]: got a tensor of shape (2, 2) and dtype float32, "
            "expected a tensor of shape (2, 2) and dtype float64",
        ),
    ],
)
def test_the_first_difference_has_a_place(right: Any, wrong: Any, place: str) -> None:
    found = shown(right, wrong)
    assert found is not None
    assert found.place == place
    assert found.arguments == {"x": "[[1, 2], [3, 4]] float32"}


def test_of_a_long_row_the_part_is_shown_where_it_differs() -> None:
    def late(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.arange(899.0), x[:1, 0] + 1])

    found = shown(lambda x: torch.arange(900.0), late)
    assert found is not None
    assert found.place == "[899]: got 2, expected 899"
    assert found.got.startswith("[895:900] = [895, 896") and found.got != found.expected


def test_an_error_stands_in_the_place_of_a_value() -> None:
    found = shown(refuse, lambda x: x)
    assert found is not None
    assert (found.got, found.expected) == ("[[1, 2], [3, 4]] float32", "raises ValueError")


def test_draws_are_counted() -> None:
    found = shown(lambda x: 1, lambda x: 2, repeat=100)
    assert found is not None
    assert (found.what, found.got, found.expected) == ("how often", "2: 100", "1: 100")


def test_gradients_are_shown() -> None:
    key = Call({"x": torch.tensor([1.0, 2.0])}, gradients=("x",))
    item = Item(key, invoke(lambda x: x * 2, key), 64.0)
    looking = Property("gradients", ("rows",), "Look.", observe=observe.gradients)
    answer_key = AnswerKey("f", {"rows": item}, (looking,), ())
    replies = {"rows": Reply(value=item.expected.value, gradients={"x": None})}
    verdict = evaluate(answer_key, {"rows": Reply(value=torch.zeros(2), gradients={"x": None})})
    found = failing_case(answer_key, verdict, replies)
    assert found is not None
    assert (found.what, found.got) == ("gradient of x", "None")


def test_an_error_in_other_words_is_no_failing_case() -> None:
    def said(content: str) -> list[dict[str, str]]:
        return [{"role": "tool", "content": content}]

    expected = {"an error": said("error: no"), "a result": said("5")}
    items = {name: Item(Call({"x": name}), Reply(value=value), 64.0) for name, value in expected.items()}
    looking = Property("said", tuple(items), "Look.", observe=observe.conversation)
    answer_key = AnswerKey("f", items, (looking,), ())
    replies = {"an error": Reply(value=said("error, in other words")), "a result": Reply(value=said("6"))}
    found = failing_case(answer_key, evaluate(answer_key, replies), replies)
    assert found is not None
    assert (found.case, found.place) == ("a result", "[0]['content']: got '6', expected '5'")
    wrong = {"an error": Reply(value=said("no")), "a result": Reply(value=said("5"))}
    found = failing_case(answer_key, evaluate(answer_key, wrong), wrong)
    assert found is not None
    assert (found.case, found.place) == ("an error", "[0]['content']: got 'no', expected 'error…'")


def test_nothing_is_shown_of_what_holds() -> None:
    assert shown(lambda x: x, lambda x: x) is None


def test_what_a_learner_returns_is_no_html() -> None:
    found = shown(lambda x: "a", lambda x: "<script>alert(1)</script>")
    assert found is not None
    assert "<script>" not in found.html and "<script>" in "\n".join(found.lines)


@pytest.mark.parametrize(
    ("exercise", "thing"), [("PagedKVCache", "cache"), ("LoRALinear", "linear"), ("ToolLoop", "loop")]
)
def test_an_object_is_called_after_the_last_word_of_its_class(exercise: str, thing: str) -> None:
    script = (("method", "append", {"token": 3}),)
    shown = side_by_side._arguments(exercise, Call({"size": 2}, script=script))
    assert shown == {"made": f"{thing} = {exercise}(size=2)", "step 0": f"{thing}.append(3)"}

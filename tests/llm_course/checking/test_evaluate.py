"""Which mistake explains an answer, where the answer differs from it in what nobody asked for."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from llm_course.checking import observe
from llm_course.checking.answer_key import (
    AnswerKey,
    Item,
    KnownMistake,
    Property,
    pack_answer_keys,
    unpack_answer_keys,
)
from llm_course.checking.calls import Call, Failure, Reply
from llm_course.checking.evaluate import evaluate
from llm_course.checking.findings import tell_failure
from llm_course.checking.invocation import invoke


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
        ((observe.value, observe.dtype), torch.int32, "two"),
        ((observe.value, observe.dtype_and_changed), torch.int8, "two"),
        ((observe.value,), torch.float32, None),
    ],
)
def test_a_slip_in_the_dtype_hides_no_name(
    observers: tuple[Callable[..., Any], ...], dtype: torch.dtype, named: str | None
) -> None:
    verdict = evaluate(answer_key(*observers), {"case": Reply(value=torch.tensor([2], dtype=dtype))})
    assert verdict.fraction < 1
    assert verdict.mistake == named


def test_a_dtype_within_a_list_tells_mistakes_apart() -> None:
    """Gradients that come back in float64 are not told that they come back in float32."""
    right, single, double = (
        Reply(value=([torch.ones(2, dtype=dtype)], 1.0)) for dtype in (torch.bfloat16, torch.float32, torch.float64)
    )
    asked = Property("dtypes", ("case",), "", observe=observe.first_dtypes_and_changed)
    mistake = KnownMistake("single", "They come back in float32.", "", {"case": single})
    key = AnswerKey("gradients", {"case": Item(Call({}), right, 64.0)}, (asked,), (mistake,))
    assert evaluate(key, {"case": single}).mistake == "single"
    assert evaluate(key, {"case": double}).mistake is None


@pytest.mark.parametrize(
    ("source", "blamed"), [('raise ValueError("too short")', True), ("int(text)", False), ("", False)]
)
def test_who_refuses_what_makes_sense_is_told_so(source: str, blamed: bool) -> None:
    refused = Reply(failure=Failure("ValueError", "too short", 3, source))
    verdict = evaluate(answer_key(observe.value), {"case": refused})
    assert verdict.hint.endswith("do not refuse them.") == blamed


def told(content: str) -> Reply:
    return Reply(value=[{"role": "assistant", "content": "{}"}, {"role": "tool", "content": content}])


def test_an_error_may_be_told_in_other_words_and_its_mistake_is_still_named() -> None:
    """A learner's text of an error is nobody's mistake, and hides none, for the judge and in the learner's notebook."""
    properties = (
        Property("called", ("call",), "", observe=observe.conversation),
        Property("told", ("error",), "", observe=observe.conversation),
    )
    items = {name: Item(Call({}), told(said), 64.0) for name, said in (("call", "3"), ("error", "error: this"))}
    mistake = KnownMistake("four", "You answer 4.", "", {"call": told("4"), "error": told("error: that")})
    judged = AnswerKey("loop", items, properties, (mistake,))
    shipped = unpack_answer_keys(pack_answer_keys({"loop": judged}, ""))["loop"]
    for key in (judged, shipped):
        assert evaluate(key, {"call": told("3"), "error": told("error, sorry")}).fraction == 1
        assert evaluate(key, {"call": told("4"), "error": told("error, sorry")}).mistake == "four"
        assert evaluate(key, {"call": told("3"), "error": told("sorry")}).fraction == 0.5


@pytest.mark.parametrize(
    ("source", "text"), [("raise NotImplementedError()", "not written yet"), ("return F.unfold(image)", "raised Not")]
)
def test_what_torch_has_not_implemented_is_no_unwritten_answer(source: str, text: str) -> None:
    failure = Failure("NotImplementedError", "not for bytes", 3, source)
    assert text in tell_failure("patchify", failure)


@pytest.mark.parametrize(
    ("name", "said", "unsaid"),
    [
        ("n_query", "name 'n_query' is not defined. Did you mean 'n_queries'?", "Has the cell"),
        ("scaled", "name 'scaled' is not defined. Has the cell that brings it run", "Did you mean"),
    ],
)
def test_a_misspelled_name_is_told_from_a_cell_that_has_not_run(name: str, said: str, unsaid: str) -> None:
    space: dict[str, Any] = {}
    exec(f"def causal_mask(n_queries):\n    return {name}\n", space)
    failure = invoke(space["causal_mask"], Call({"n_queries": 3})).failure
    assert failure
    told = tell_failure("causal_mask", failure)
    assert said in told and unsaid not in told


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x.sum().detach().backward()", "grad_fn. What was to be differentiated depends on nothing"),
        ("torch.from_numpy(x.numpy())", "instead. But no gradient flows through what is detached"),
        ("torch.from_numpy(x.detach().bfloat16().numpy())", "BFloat16. NumPy has no such numbers"),
        ("x.mul_(2)", "in-place operation. An argument stays as it is"),
        ("x[0].mul_(2)", "in-place operation. An argument stays as it is"),
        ("x.exp().mul_(x.exp()).add_(1).sqrt().mul_(2)", "Something like `+=` or `relu_` changes a tensor"),
    ],
)
def test_what_torch_says_of_gradients_is_said_with_what_to_do(line: str, said: str) -> None:
    space: dict[str, Any] = {"torch": torch}
    exec(f"def rms_norm(x):\n    return {line}\n", space)
    failure = invoke(space["rms_norm"], Call({"x": torch.ones(2, 3)}, gradients=("x",))).failure
    assert failure and said in tell_failure("rms_norm", failure)


def test_what_was_noted_of_a_reply_is_not_taken_for_what_another_call_asks() -> None:
    """A reply of few ones is judged by calls that ask for few, for many and for words, in turns."""
    few, many, words = (
        [int(number % each == 0) for number in range(1, 601)] if each else ["one"] * 600 for each in (6, 2, 0)
    )

    def key(expected: list[Any]) -> AnswerKey:
        item = Item(Call({}, repeat=600), Reply(value=expected), 64.0, observe.as_one_category)
        return AnswerKey("sample", {"case": item}, (Property("how often", ("case",), ""),), ())

    reply, keys = Reply(value=list(few)), [key(few), key(many), key(words)]
    found = [evaluate(each, {"case": reply}) for each in keys + keys[::-1]]
    assert [verdict.fraction for verdict in found] == [1, 0, 0, 0, 0, 1]
    assert [("expected a str" in verdict.hint) for verdict in found] == [False, False, True, True, False, False]


def test_what_a_property_needs_may_come_after_it_and_need_another() -> None:
    """Whoever is wrong in the core alone reads of the core, and what needs it, directly or not, waits."""
    properties = tuple(
        Property(name, (name,), f"Mend the {name}.", needs=needs)
        for name, needs in (("form", "core"), ("core", None), ("dtype", "form"))
    )
    items = {required.name: Item(Call({}), Reply(value=1), 64.0) for required in properties}
    verdict = evaluate(AnswerKey("number", items, properties, ()), dict.fromkeys(items, Reply(value=1)))
    assert verdict.fraction == 1
    replies = {name: Reply(value=0 if name == "core" else 1) for name in items}
    verdict = evaluate(AnswerKey("number", items, properties, ()), replies)
    assert [(finding.holds, finding.waits) for finding in verdict.findings] == [
        (False, True),
        (False, False),
        (False, True),
    ]
    assert (verdict.hint, verdict.advice) == ("Fix this first: “core”.", "Mend the core.")


def test_a_name_explains_everything_that_is_wrong_with_the_first_property() -> None:
    """An answer that is wrong in more cases than a form of a mistake made another one."""
    right, wrong = Reply(value=1), Reply(value=2)
    items = {name: Item(Call({}), right, 64.0) for name in ("small", "large", "checked")}
    properties = (
        Property("It is 1", ("small", "large"), "Return 1.", fails="You do not return 1."),
        Property("It is 1 again", ("checked",), "Return 1."),
    )
    mistake = KnownMistake(
        "large_only", "You return 2 where x is large.", "", {"small": right, "large": wrong, "checked": right}
    )
    key = AnswerKey("number", items, properties, (mistake,))
    assert evaluate(key, {"small": right, "large": wrong, "checked": wrong}).mistake == "large_only"
    unexplained = evaluate(key, {"small": wrong, "large": wrong, "checked": right})
    assert (unexplained.mistake, unexplained.hint, unexplained.case) == (None, "You do not return 1.", "small")


@pytest.mark.parametrize(
    ("value", "right"), [(torch.tensor(1.0), True), (torch.tensor([1.0]), False), (torch.tensor(2.0), False)]
)
def test_a_tensor_without_axes_is_a_number(value: torch.Tensor, right: bool) -> None:
    key = AnswerKey("number", {"case": Item(Call({}), Reply(value=1.0), 64.0)}, (Property("1", ("case",), ""),), ())
    assert (evaluate(key, {"case": Reply(value=value)}).fraction == 1) == right

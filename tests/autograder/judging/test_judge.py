"""The judge on small exercises of its own: samples, classes, classes of failure, hints."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from autograder.exercises import assignments
from autograder.exercises.spec import Arguments, Case, Exercise, Mistake, Property, given, randn
from autograder.judging.judge import judge, local_answer, make_answer_key
from llm_course.checking import evaluate as evaluating
from llm_course.checking import findings, observe
from llm_course.checking.calls import Call
from llm_course.checking.evaluate import evaluate
from llm_course.checking.invocation import invoke

SEED = b"seed"
ATTENTION = assignments()["05_attention"]


def draw_token(probabilities: Tensor, generator: Generator) -> int:
    """A sampled token."""
    return int(torch.multinomial(probabilities, 1, generator=generator))


def most_probable(probabilities: Tensor, generator: Generator) -> int:
    return int(probabilities.argmax())


def own_randomness(probabilities: Tensor, generator: Generator) -> int:
    return int(torch.multinomial(probabilities, 1))


def by_inversion(probabilities: Tensor, generator: Generator) -> int:
    uniform = torch.rand((), generator=generator)
    return int((probabilities.cumsum(0) < uniform).sum().clamp(max=len(probabilities) - 1))


def as_a_tensor(probabilities: Tensor, generator: Generator) -> Tensor:
    return torch.multinomial(probabilities, 1, generator=generator)


def slightly_off(probabilities: Tensor, generator: Generator) -> int:
    return int(torch.multinomial(probabilities**1.5, 1, generator=generator))


PROBABILITIES = torch.tensor([0.5, 0.1, 0.3, 0.1])


def _seeded(draw: Generator) -> Arguments:
    return {"probabilities": PROBABILITIES, "generator": torch.Generator().manual_seed(8)}


SAMPLE = Exercise(
    reference=draw_token,
    points=2,
    cases=(
        Case("many draws", _seeded, repeat=3000),
        Case("one draw", _seeded),
        Case("the same draw", _seeded),
    ),
    properties=(
        Property("distribution", ("many draws",), "Look at the frequencies.", weight=2),
        Property("repeatable", ("one draw", "the same draw"), "Use it.", observe=observe.same_values, joint=True),
    ),
    mistakes=(
        Mistake("greedy", "You take the largest.", "x", most_probable),
        Mistake("own_randomness", "You ignore the generator.", "x", own_randomness),
        Mistake("as_a_tensor", "You return a tensor.", "x", as_a_tensor),
    ),
)


def test_sampler_is_judged_by_its_distribution() -> None:
    for seed in (b"1", b"2", b"3"):
        assert judge(SAMPLE, local_answer(draw_token), seed).fraction == 1
        assert judge(SAMPLE, local_answer(by_inversion), seed).fraction == 1
        assert judge(SAMPLE, local_answer(slightly_off), seed).fraction < 1


def test_wrong_samplers_get_their_own_hint() -> None:
    assert judge(SAMPLE, local_answer(most_probable), SEED).mistake == "greedy"
    assert judge(SAMPLE, local_answer(as_a_tensor), SEED).mistake == "as_a_tensor"


def test_known_mistakes_are_asked_no_more_than_tells_them_from_a_wrong_answer() -> None:
    asked: list[str] = []

    def noted(mistake: Mistake) -> Mistake:
        def function(**arguments: Any) -> Any:
            asked.append(mistake.name)
            return mistake.function(**arguments)

        return replace(mistake, function=function)

    exercise = replace(SAMPLE, mistakes=tuple(map(noted, SAMPLE.mistakes)))
    assert judge(exercise, local_answer(draw_token), SEED).fraction == 1
    assert asked == []
    # The short calls tell what takes the largest from what always answers 3: the long one is not put to it.
    assert judge(exercise, local_answer(lambda **arguments: 3), SEED).mistake is None
    assert asked.count("greedy") == 2
    assert judge(exercise, local_answer(most_probable), SEED).mistake == "greedy"
    assert asked.count("greedy") == 3002


class Scaled(nn.Module):
    """A linear layer with a scale."""

    def __init__(self, base: nn.Linear, scale: float) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.gain = nn.Parameter(torch.tensor([scale]))

    def forward(self, x: Tensor) -> Tensor:
        """The scaled output."""
        return self.base(x) * self.gain

    def merge(self) -> nn.Linear:
        """One layer that does the same."""
        merged = nn.Linear(self.base.in_features, self.base.out_features)
        with torch.no_grad():
            merged.weight.copy_(self.base.weight * self.gain)
            merged.bias.copy_(self.base.bias * self.gain)
        return merged


class NotFrozen(Scaled):
    def __init__(self, base: nn.Linear, scale: float) -> None:
        super().__init__(base, scale)
        self.base.requires_grad_(True)


class BiasForgotten(Scaled):
    def merge(self) -> nn.Linear:
        merged = super().merge()
        nn.init.zeros_(merged.bias)
        return merged


def _layer(draw: Generator) -> Arguments:
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(randn(draw, 2, 3))
        layer.bias.copy_(randn(draw, 2))
    return {"base": layer, "scale": 0.5}


def _steps(draw: Generator) -> tuple[Any, ...]:
    x = randn(draw, 4, 3)
    return (
        ("call", {"x": x}),
        ("set", {"gain": randn(draw, 1)}),
        ("call", {"x": x}),
        ("trained",),
        ("gradients", {"x": x}, ("gain",)),
        ("method", "merge", {}),
    )


CLASS = Exercise(
    reference=Scaled,
    points=3,
    cases=(Case("layer", _layer, script=_steps), Case("again", _layer, script=_steps)),
    properties=(
        Property("output", ("layer",), "Look.", observe=lambda reply: observe.results(reply, (0, 2))),
        Property("frozen", ("layer", "again"), "Look.", observe=lambda reply: observe.results(reply, (3, 4))),
        Property("merge", ("layer",), "Look.", observe=lambda reply: observe.results(reply, (5,))),
    ),
    mistakes=(
        Mistake("not_frozen", "Freeze the base.", "x", NotFrozen),
        Mistake("bias_forgotten", "Scale the bias too.", "x", BiasForgotten),
    ),
)


def test_class_is_judged_by_a_script() -> None:
    assert judge(CLASS, local_answer(Scaled), SEED).fraction == 1
    for mistake, lost in (("not_frozen", 1), ("bias_forgotten", 1)):
        function = next(item.function for item in CLASS.mistakes if item.name == mistake)
        verdict = judge(CLASS, local_answer(function), SEED)
        assert verdict.mistake == mistake
        assert sum(not finding.holds for finding in verdict.findings) == lost


def double(x: Tensor) -> Tensor:
    """Twice x."""
    if x.dim() != 1:
        raise ValueError("x is a vector")
    return x * 2


DOUBLE = Exercise(
    reference=double,
    points=1,
    cases=(
        Case("vector", lambda draw: {"x": randn(draw, 5)}),
        Case("matrix", given(x=torch.zeros(2, 2))),
    ),
    properties=(
        Property("value", ("vector",), "Look at one number."),
        Property("refusal", ("vector", "matrix"), "Refuse matrices.", observe=observe.refusal),
    ),
    mistakes=(Mistake("tripled", "You triple.", "x", lambda x: double(x) * 1.5),),
)


def hint(function: Any) -> str:
    return judge(DOUBLE, local_answer(function), SEED).hint


def advice(function: Any) -> str:
    return judge(DOUBLE, local_answer(function), SEED).advice


def _unwritten(x: Tensor) -> Tensor:
    raise NotImplementedError()


def test_the_first_thing_that_is_wrong_is_said() -> None:
    assert "not written yet" in hint(_unwritten)
    assert "raised NotImplementedError" in hint(_raise(NotImplementedError()))  # as torch does
    assert "raised KeyError" in hint(_raise(KeyError("a")))
    assert "None, expected a tensor" in hint(lambda x: None)
    assert "the shape is (1, 5), expected (5,)" in hint(lambda x: double(x)[None])
    assert "the dtype is int64" in hint(lambda x: double(x).long())
    assert hint(lambda x: double(x) * 1.5) == "You triple."
    assert "accepted invalid arguments" in hint(lambda x: x * 2)
    for wrong in (lambda x: double(x) + 1, lambda x: double(x) * torch.nan):
        assert hint(wrong) == "Fix this first: “value”."


def test_what_to_do_is_told_by_itself() -> None:
    assert advice(lambda x: double(x) + 1) == "Look at one number."
    assert advice(lambda x: x * 2) == "Refuse matrices."
    assert advice(_raise(KeyError("a"))) == ""
    halved = replace(DOUBLE, mistakes=(Mistake("halved", "You halve: double instead.", "x", lambda x: double(x) / 4),))
    verdict = judge(halved, local_answer(lambda x: double(x) / 4), SEED)
    assert (verdict.hint, verdict.advice) == ("You halve.", "Double instead.")


def test_a_forgotten_check_is_not_told_before_the_fundamental_fault() -> None:
    unchecked = Mistake("unchecked", "You accept matrices.", "x", lambda x: x * 2)
    exercise = replace(DOUBLE, mistakes=(unchecked,))
    assert judge(exercise, local_answer(lambda x: x * 2), SEED).hint == "You accept matrices."
    both_faults = local_answer(lambda x: x * 2 if x.dim() == 2 else x * 3)
    assert judge(exercise, both_faults, SEED).advice == "Look at one number."


def _raise(error: Exception) -> Any:
    def function(**_: Any) -> None:
        raise error

    return function


def test_gradients_reach_the_tensors_in_a_dict() -> None:
    weights = {"gain": torch.tensor([2.0, 3.0]), "shift": torch.zeros(2)}
    call = Call({"x": torch.tensor([5.0, 7.0]), "weights": weights}, gradients=("x", "weights"))

    def scaled(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        return x * weights["gain"]

    reply = invoke(scaled, call)
    gain = reply.gradients["weights[gain]"]
    assert gain is not None and gain[0] == 5.0
    assert reply.gradients["weights[shift]"] is None
    assert reply.gradients.keys() == {"x", "weights[gain]", "weights[shift]"}
    assert not reply.changed and not weights["gain"].requires_grad


@pytest.mark.parametrize("exercise", ATTENTION.exercises, ids=lambda exercise: exercise.name)
def test_what_is_identical_is_judged_as_what_is_compared(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_answer_key(exercise, b"seed")
    answers = [{name: item.expected for name, item in key.items.items()}, *(item.replies for item in key.mistakes)]
    quickly = [evaluate(key, replies) for replies in answers]
    assert any(len(findings.alike_cases(key, replies)) > 1 for replies in answers[1:])
    for module in (evaluating, findings):
        monkeypatch.setattr(module, "is_alike", lambda *_: False)
    make_answer_key.cache_clear()  # what was found out is kept with it
    slowly = make_answer_key(exercise, b"seed")
    assert [evaluate(slowly, replies) for replies in answers] == quickly

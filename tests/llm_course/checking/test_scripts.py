"""Steps that are taken with an object of a learner's class."""

import pytest
import torch
from torch import Tensor, nn

from llm_course.checking.calls import Call
from llm_course.checking.invocation import invoke
from llm_course.checking.scripts import run_script


class TooManyRows(MemoryError):
    """An exception of the learner's own."""


class Shifted(nn.Module):
    """A frozen layer whose output is shifted by a trained row."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.shift = nn.Parameter(torch.zeros(base.out_features))

    def forward(self, x: Tensor) -> Tensor:
        """The shifted output."""
        result: Tensor = self.base(x) + self.shift
        return result

    def refuse(self, x: Tensor) -> Tensor:
        """Takes one row only."""
        if len(x) > 1:
            raise TooManyRows(len(x))
        if len(x) == 0:
            raise NotImplementedError
        return x


@pytest.fixture
def shifted() -> Shifted:
    base = nn.Linear(2, 3, bias=False)
    nn.init.ones_(base.weight)
    return Shifted(base)


X = torch.tensor([[1.0, 2.0]])


def test_a_result_without_a_history_gives_no_gradients(shifted: Shifted) -> None:
    (found,) = run_script(shifted.requires_grad_(False), [("gradients", {"x": X}, ("shift",))])
    assert found["shift"] is None and found["x"] is not None

    class Cut(Shifted):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).detach()

    assert run_script(Cut(nn.Linear(2, 3)), [("gradients", {"x": X}, ("shift",))]) == [{"x": None, "shift": None}]


def test_what_a_method_raises_is_told_and_the_next_steps_are_taken(shifted: Shifted) -> None:
    rows = ("refused", "refuse", {"x": X.repeat(2, 1)}), ("refused", "refuse", {"x": X}), ("method", "refuse", {"x": X})
    assert run_script(shifted, rows)[:2] == ["MemoryError", None]
    with pytest.raises(NotImplementedError):
        run_script(shifted, [("refused", "refuse", {"x": X[:0]})])


def test_a_module_that_is_no_linear_layer_is_told_as_such(shifted: Shifted) -> None:
    (made,) = run_script(shifted, [("get", "base")])
    assert made["linear"] is True
    shifted.base = nn.Sequential(shifted.base)  # type: ignore[assignment]
    assert run_script(shifted, [("get", "base")]) == [{"linear": False, "weight": None, "bias": None}]


def test_a_failure_in_a_class_points_to_the_line() -> None:
    reply = invoke(Shifted, Call({"base": nn.Linear(2, 3)}, script=(("call", {"x": torch.ones(5)}),)))
    assert reply.failure is not None
    assert reply.failure.source == "result: Tensor = self.base(x) + self.shift"


def test_an_unknown_step_is_refused(shifted: Shifted) -> None:
    with pytest.raises(ValueError, match="no step"):
        run_script(shifted, [("dance",)])

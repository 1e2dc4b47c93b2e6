"""Steps that are taken with an object of a learner's class."""

import copy

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
        self.noise = nn.Parameter(torch.randn(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """The shifted output."""
        result: Tensor = self.base(x) + self.shift
        return result

    def shared(self) -> nn.Linear:
        """The base itself."""
        return self.base

    def copied(self) -> nn.Linear:
        """A layer of its own."""
        return copy.deepcopy(self.base)

    def refuse(self, x: Tensor) -> Tensor:
        """Takes one row only."""
        if len(x) > 1:
            raise TooManyRows(len(x))
        if len(x) == 0:
            raise NotImplementedError
        return x

    def double(self, x: Tensor) -> Tensor:
        """Twice x, in place."""
        return x.mul_(2)


@pytest.fixture
def shifted() -> Shifted:
    base = nn.Linear(2, 3, bias=False)
    nn.init.ones_(base.weight)
    return Shifted(base)


X = torch.tensor([[1.0, 2.0]])
CALL = ("call", {"x": X})


def test_starts_are_told_without_their_numbers(shifted: Shifted) -> None:
    nn.init.constant_(shifted.base.weight, 0.5)
    steps = [("start", "shift"), ("start", "noise"), ("method", "copied", {})]
    *starts, made = run_script(shifted, steps)
    assert starts == [([3], "zeros"), ([2, 3], "several numbers")]
    assert made["linear"] is True and made["bias"] is None and made["weight"].shape == (3, 2)
    with torch.no_grad():
        shifted.shift.fill_(2.0)
    assert run_script(shifted, [("start", "shift")]) == [([3], "one number")]


def test_only_trained_parameters_are_listed(shifted: Shifted) -> None:
    assert run_script(shifted, [("trained",)]) == [{"noise": [2, 3], "shift": [3]}]
    shifted.base.requires_grad_(True)
    assert run_script(shifted, [("trained",)]) == [{"noise": [2, 3], "shift": [3], "weight": [3, 2]}]


def test_gradients_reach_arguments_and_named_parameters(shifted: Shifted) -> None:
    (found,) = run_script(shifted, [("gradients", {"x": X}, ("shift", "noise"))])
    weights = torch.cos(torch.arange(3.0))
    torch.testing.assert_close(found["shift"], weights)
    torch.testing.assert_close(found["x"], weights.sum().expand(1, 2))
    assert found["noise"] is None
    assert not X.requires_grad


def test_a_result_without_a_history_gives_no_gradients(shifted: Shifted) -> None:
    (found,) = run_script(shifted.requires_grad_(False), [("gradients", {"x": X}, ("shift",))])
    assert found["shift"] is None and found["x"] is not None

    class Cut(Shifted):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).detach()

    assert run_script(Cut(nn.Linear(2, 3)), [("gradients", {"x": X}, ("shift",))]) == [{"x": None, "shift": None}]


def test_a_spoiled_result_shows_shared_memory(shifted: Shifted) -> None:
    before, _, after, _, spoiled = run_script(
        shifted, [CALL, ("spoil", "copied", {}), CALL, ("spoil", "shared", {}), CALL]
    )
    assert torch.equal(before, after) and before.any()
    assert not spoiled.any()


def test_a_step_does_not_see_what_another_did_to_its_arguments(shifted: Shifted) -> None:
    twice = run_script(shifted, [("method", "double", {"x": X}), ("method", "double", {"x": X})])
    assert [item.tolist() for item in twice] == [[[2.0, 4.0]]] * 2
    assert X.tolist() == [[1.0, 2.0]]


def test_a_list_of_the_object_itself_is_told_as_it_was() -> None:
    class Growing:
        def __init__(self) -> None:
            self.items: list[int] = []

        def grow(self, item: int) -> list[int]:
            self.items.append(item)
            return self.items

    grown = [("method", "grow", {"item": item}) for item in (3, 5)]
    assert run_script(Growing(), [*grown, ("get", "items")]) == [[3], [3, 5], [3, 5]]


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


def test_a_repeated_script_begins_with_a_new_object_each_time() -> None:
    arguments = {"base": nn.Linear(2, 3)}
    set_and_get = (("get", "shift"), ("set", {"shift": torch.ones(3)}), ("get", "shift"))
    reply = invoke(Shifted, Call(arguments, repeat=3, script=set_and_get))
    assert [value[0].any().item() for value in reply.value] == [False] * 3
    assert [value[2].all().item() for value in reply.value] == [True] * 3


def test_a_failure_in_a_class_points_to_the_line() -> None:
    reply = invoke(Shifted, Call({"base": nn.Linear(2, 3)}, script=(("call", {"x": torch.ones(5)}),)))
    assert reply.failure is not None
    assert reply.failure.source == "result: Tensor = self.base(x) + self.shift"


def test_an_unknown_step_is_refused(shifted: Shifted) -> None:
    with pytest.raises(ValueError, match="no step"):
        run_script(shifted, [("dance",)])

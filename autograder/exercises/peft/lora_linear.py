"""LoRALinear: a frozen linear layer and a trained update of low rank."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from autograder.exercises.drawing import Arguments, randn
from autograder.exercises.peft.inputs import drawn_layer
from autograder.exercises.spec import Case, exercise, refuses, requires
from llm_course.checking import observe
from llm_course.checking.scripts import Step
from solutions import peft


def whole(draw: Generator, *shape: int) -> Tensor:
    """Whole numbers from 1 to 4, so that rounding makes no new categories."""
    return torch.randint(1, 5, shape, generator=draw).float()


Steps = Callable[[Generator, int, int, int], tuple[Step, ...]]
"""The steps of a script, given a generator, the rows and columns of the base, and the rank."""
Numbers = Callable[..., Tensor]
"""Numbers drawn in a shape, given a generator and the shape."""


def lora_case(
    name: str,
    shape: tuple[int, int],
    rank: int,
    alpha: float,
    steps: Steps,
    *,
    bias: bool = True,
    dropout: float | None = None,
    dtype: torch.dtype = torch.float32,
    layer: Callable[..., nn.Linear] = drawn_layer,
    **options: Any,
) -> Case:
    def arguments(draw: Generator) -> Arguments:
        given_dropout = {} if dropout is None else {"dropout": dropout}
        return {"base": layer(draw, *shape, bias, dtype), "rank": rank, "alpha": alpha, **given_dropout}

    return Case(name, arguments, script=lambda draw: steps(draw, *shape, rank), **options)


def always(*steps: Step) -> Steps:
    return lambda draw, rows, columns, rank: steps


start = always(("start", "lora_a"), ("start", "lora_b"))
trained = always(("trained",))  # alone: where lora_a is no tensor, the steps that look at one raise


def fresh(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    call = ("call", {"x": randn(draw, 4, columns)})
    return call, ("set", {"lora_b": torch.zeros(rows, rank)}), call


def drawn_matrices(draw: Generator, rows: int, columns: int, rank: int, numbers: Numbers = randn) -> Step:
    return "set", {"lora_a": numbers(draw, rank, columns), "lora_b": numbers(draw, rows, rank)}


def update(*leading: int, numbers: Numbers = randn) -> Steps:
    def steps(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
        x = numbers(draw, columns, *leading[::-1]).permute(*range(len(leading), -1, -1))  # not contiguous
        call, zeros = ("call", {"x": x}), ("set", {"lora_b": torch.zeros(rows, rank)})
        return zeros, call, drawn_matrices(draw, rows, columns, rank, numbers), call

    return steps


def backward(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    gradients = ("gradients", {"x": randn(draw, 4, columns)}, ("lora_a", "lora_b"))
    return drawn_matrices(draw, rows, columns, rank), gradients


def merging(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    # In training, where with a dropout of 1 nothing would be left of a matrix that is dropped.
    return drawn_matrices(draw, rows, columns, rank), ("mode", "train"), ("method", "merge", {})


def around_merging(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    call: Step = ("call", {"x": randn(draw, 3, columns)})
    merge: Step = ("method", "merge", {})
    return drawn_matrices(draw, rows, columns, rank), call, merge, call, merge, ("spoil", "merge", {}), call


def dropping(mode: str) -> Steps:
    def steps(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
        x = whole(draw, columns).expand(100, columns)
        return drawn_matrices(draw, rows, columns, rank, whole), ("mode", mode), ("call", {"x": x})

    return steps


def dropping_all(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    return drawn_matrices(draw, rows, columns, rank), ("mode", "train"), ("call", {"x": randn(draw, 3, columns)})


def in_float64(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    numbers = functools.partial(randn, dtype=torch.float64)
    matrices = drawn_matrices(draw, rows, columns, rank, numbers)
    return matrices, ("call", {"x": numbers(draw, 2, columns)}), ("method", "merge", {})


def whole_layer(draw: Generator, rows: int, columns: int, bias: bool, dtype: torch.dtype) -> nn.Linear:
    layer = nn.Linear(columns, rows, bias=bias, dtype=dtype)
    with torch.no_grad():
        layer.weight.copy_(whole(draw, rows, columns))
        layer.bias.copy_(whole(draw, rows))
    return layer


FACTOR_OF_1: dict[str, Any] = {"rank": 1, "alpha": 1.0}
"""Whatever an answer makes of rank and alpha is 1 here, so that a wrong factor costs what is said of the factor."""


def dropout_case(name: str, mode: str, dropout: float, visible: bool) -> Case:
    options: dict[str, Any] = {"repeat": 2, "categories": observe.rows_of_last_result, "visible": visible}
    steps = dropping(mode)
    return lora_case(name, (2, 2), **FACTOR_OF_1, steps=steps, dropout=dropout, layer=whole_layer, **options)


UPDATES = ("update", "update of one row", "update of a batch", "update of a wider rank")
MERGES = ("merge", "merge without a bias")

EXERCISE = exercise(
    peft.LoRALinear,
    __file__,
    requires(
        "`lora_a` is [rank, in] and starts with random numbers, `lora_b` is [out, rank] and starts with zeros",
        lora_case("start", (5, 3), 2, 6.0, start, visible=True),
        lora_case("start of another layer", (4, 7), 3, 2.0, start),
        advice="Make both with nn.Parameter. The base knows `in_features` and `out_features`. Only `lora_b` starts "
        "with zeros.",
        observe=observe.value,
        fails="Your lora_a or lora_b has another shape or start than asked for.",
    ),
    requires(
        "`lora_a` and `lora_b` are trained, and nothing else",
        lora_case("trained", (5, 3), 2, 6.0, trained, visible=True),
        lora_case("trained, drawn", (4, 7), 3, 2.0, trained),
        advice="List `named_parameters()` with their `requires_grad`: only lora_a and lora_b may have it.",
        observe=functools.partial(observe.results, positions=(0,)),
        fails="You do not train exactly lora_a and lora_b.",
    ),
    requires(
        "A new layer computes what its base does, bias included",
        lora_case("fresh", (4, 3), 2, 5.0, fresh, visible=True),
        lora_case("fresh without a bias", (3, 5), 2, 5.0, fresh, bias=False),
        advice="With lora_b zero the update vanishes: the output must be `base(x)` to the last digit.",
        observe=functools.partial(observe.changes_nothing, before=0, after=2),
        fails="Your new layer does not compute what its base does.",
    ),
    requires(
        "The update of x points where B A x does",
        lora_case("update", (4, 3), 2, 5.0, update(2, numbers=whole), layer=whole_layer, visible=True, slack=512),
        lora_case("update of one row", (3, 4), 2, 3.0, update(), visible=True, slack=512),
        lora_case("update of a batch", (5, 4), 3, 4.0, update(2, 3), visible=True, slack=512),
        lora_case("update of a wider rank", (2, 3), 4, 7.0, update(3), bias=False, slack=512),
        advice="The update takes x through lora_a to rank numbers, and through lora_b to out numbers, with nothing in "
        "between.",
        weight=2,
        observe=functools.partial(observe.direction_of_change, before=1, after=3),
        fails="Your update of x does not point where B A x does.",
    ),
    requires(
        "The output is W x + bias + (alpha / rank) · B A x",
        UPDATES,
        advice="Set rank = 2 and alpha = 6 and work out one number by hand: by what is the update multiplied?",
        weight=2,
        observe=functools.partial(observe.results, positions=(3,)),
        fails="Your output is not W x + bias + (alpha / rank) B A x.",
    ),
    requires(
        "Gradients reach x, `lora_a` and `lora_b`",
        lora_case("gradients", (4, 3), **FACTOR_OF_1, steps=backward, visible=True),
        lora_case("gradients, drawn", (3, 5), **FACTOR_OF_1, steps=backward),
        advice="Gradients flow to x by both ways, through the base and through the update. Look for `detach`, `data` "
        "and `no_grad` in forward.",
        observe=functools.partial(observe.results, positions=(1,)),
        fails="The gradient with respect to x, lora_a or lora_b is missing, or is not the output's derivative.",
    ),
    requires(
        "The weight of the merged layer is W + (alpha / rank) · B A",
        lora_case("merge", (4, 3), 2, 5.0, merging, visible=True),
        lora_case("merge without a bias", (3, 4), 2, 3.0, merging, bias=False, dropout=1.0),
        advice="merge() returns an nn.Linear. B A has the shape [out, in], as the weight has.",
        weight=2,
        observe=functools.partial(observe.parts, position=2, names=("linear", "weight")),
        fails="The weight of your merged layer is not W + (alpha / rank) B A.",
    ),
    requires(
        "The merged layer has the base's bias, or none if the base has none",
        MERGES,
        advice="A fresh nn.Linear draws a bias of its own: give it the base's, and make it without one if the base has "
        "none.",
        observe=functools.partial(observe.parts, position=2, names=("linear", "bias")),
        fails="Your merged layer does not have the base's bias, or has one where the base has none.",
    ),
    requires(
        "Merging leaves the layer as it was, and the merged layer stands alone",
        lora_case("around merging", (4, 3), **FACTOR_OF_1, steps=around_merging, visible=True),
        lora_case("around merging, drawn", (3, 5), **FACTOR_OF_1, steps=around_merging),
        advice="Call the layer, merge twice, set all numbers of the second merged layer to zero, call again: the "
        "outputs must agree, and the merged layers too.",
        observe=functools.partial(observe.results, positions=(1, 2, 3, 4, 6)),
        fails="Your merge changes the layer, or the merged layer shares memory with it.",
    ),
    requires(
        "In training, dropout acts on the entries of the update's input, and on nothing else",
        dropout_case("training", "train", 0.75, visible=True),
        dropout_case("training, drawn", "train", 0.25, visible=False),
        advice="The base sees x itself; only lora_a sees dropout(x). nn.Dropout also divides what is left by 1 - p.",
        observe=observe.value,
        fails="In training, your dropout does not act on the entries of the update's input alone.",
    ),
    requires(
        "In evaluation nothing is dropped",
        dropout_case("evaluation", "eval", 0.75, visible=True),
        dropout_case("evaluation, drawn", "eval", 0.25, visible=False),
        advice="After `eval()` the same input must give the same output each time. nn.Dropout knows the mode; "
        "functional.dropout must be told: `training=self.training`.",
        observe=observe.value,
        needs="In training, dropout acts on the entries of the update's input, and on nothing else",
        fails="In evaluation, your layer drops entries or changes its output otherwise.",
    ),
    requires(
        "A dropout of 1 leaves the base's output alone in training",
        lora_case("dropout of 1", (3, 4), **FACTOR_OF_1, steps=dropping_all, dropout=1.0, visible=True),
        advice="1 is a probability: every entry is dropped, and none is left to be divided by 1 - p.",
        observe=functools.partial(observe.results, positions=(2,)),
        needs="In training, dropout acts on the entries of the update's input, and on nothing else",
        fails="With a dropout of 1 in training, your output is not that of the base.",
    ),
    requires(
        "A layer in float64 stays in float64",
        lora_case("float64", (3, 4), **FACTOR_OF_1, steps=in_float64, dtype=torch.float64, visible=True),
        lora_case("float64, drawn", (4, 2), **FACTOR_OF_1, steps=in_float64, dtype=torch.float64),
        advice="lora_a and lora_b take the dtype of the base's weight: `base.weight.new_zeros(...)` does it, and so "
        "does `dtype=base.weight.dtype`.",
        observe=functools.partial(observe.results, positions=(1, 2)),
        fails="Your layer does not stay in float64 where its base is float64.",
    ),
    refuses(
        lora_case("rank 0", (3, 4), 0, 3.0, start, visible=True),
        lora_case("negative rank", (3, 4), -2, 3.0, start),
        lora_case("dropout above 1", (3, 4), 2, 3.0, start, dropout=1.5, visible=True),
        lora_case("negative dropout", (3, 4), 2, 3.0, start, dropout=-0.1, visible=True),
        ("start",),
        advice="Raise ValueError in `__init__`, with a sentence that says what is wrong. nn.Dropout checks its own "
        "argument.",
        name="A rank below 1 and a dropout that is no probability raise ValueError",
        needs="A new layer computes what its base does, bias included",
        fails="You do not raise ValueError for every invalid rank or dropout, or raise it for valid ones.",
    ),
    points=8,
)

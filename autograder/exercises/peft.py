"""The assignment 13_peft: what is asked, how it is weighed, and the known mistakes with their hints."""

import copy
import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, given, randint, randn
from llm_course.checking import observe
from llm_course.checking.scripts import Step
from solutions import peft

WHY, LORA, SCALE, MERGE, COUNTING = "peft-why", "peft-lora", "peft-scale", "peft-merge", "peft-counting"
PROMPT_TUNING, IA3 = "peft-prompt-tuning", "peft-ia3"


# LoRALinear


class _Scaled(peft.LoRALinear):
    """The reference with another factor."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__(base, rank, alpha, dropout)
        self.scale = self.factor(rank, alpha)

    def factor(self, rank: int, alpha: float) -> float:
        raise NotImplementedError


class _ScaleAlpha(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return alpha


class _ScaleOne(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return 1.0


class _ScaleInverted(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return rank / alpha


class _ScaleByRoot(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return alpha / math.sqrt(rank)


class _ScaleWithoutAlpha(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return 1 / rank


class _ScaleProduct(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return alpha * rank


class _ScaleTwice(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return (alpha / rank) ** 2


class _ScaleRoundedDown(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return alpha // rank


class _Subtracted(_Scaled):
    def factor(self, rank: int, alpha: float) -> float:
        return -alpha / rank


class _Changed(peft.LoRALinear):
    """The reference with something changed after it is made."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__(base, rank, alpha, dropout)
        with torch.no_grad():
            self.change()

    def change(self) -> None:
        raise NotImplementedError


class _BothZero(_Changed):
    def change(self) -> None:
        self.lora_a.zero_()


class _BothRandom(_Changed):
    def change(self) -> None:
        self.lora_b.normal_(std=0.5)


class _OtherWayRound(_Changed):
    def change(self) -> None:
        self.lora_a.zero_()
        self.lora_b.normal_(std=0.5)


class _AllTheSame(_Changed):
    def change(self) -> None:
        self.lora_a.fill_(0.01)


class _BaseTrained(_Changed):
    def change(self) -> None:
        self.base.requires_grad_(True)


class _BiasTrained(_Changed):
    def change(self) -> None:
        if self.base.bias is not None:
            self.base.bias.requires_grad_(True)


class _NothingTrained(_Changed):
    def change(self) -> None:
        self.requires_grad_(False)


class _PlainTensors(_Changed):
    def change(self) -> None:
        plain = {name: getattr(self, name).detach().requires_grad_() for name in ("lora_a", "lora_b")}
        del self.lora_a, self.lora_b
        vars(self).update(plain)


class _AIsABuffer(_Changed):
    def change(self) -> None:
        plain = self.lora_a.detach()
        del self.lora_a
        self.register_buffer("lora_a", plain)


class _InFloat32(_Changed):
    def change(self) -> None:
        self.lora_a, self.lora_b = nn.Parameter(self.lora_a.float()), nn.Parameter(self.lora_b.float())


class _OtherLayout(peft.LoRALinear):
    """lora_a is [in, rank] and lora_b is [rank, out]."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__(base, rank, alpha, dropout)
        self.lora_a, self.lora_b = nn.Parameter(self.lora_a.mT.clone()), nn.Parameter(self.lora_b.mT.clone())

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.scale * (self.dropout(x) @ self.lora_a @ self.lora_b)

    def merge(self) -> nn.Linear:
        merged = copy.deepcopy(self.base)
        with torch.no_grad():
            merged.weight += self.scale * (self.lora_a @ self.lora_b).T
        return merged


class _LayersForParameters(nn.Module):
    """lora_a and lora_b are linear layers."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError("the rank must be at least 1")
        self.base = base.requires_grad_(False)
        self.lora_a = nn.Linear(base.in_features, rank, bias=False)
        self.lora_b = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.lora_b.weight)
        self.dropout, self.scale = nn.Dropout(dropout), alpha / rank

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.base(x) + self.scale * self.lora_b(self.lora_a(self.dropout(x)))
        return result

    def merge(self) -> nn.Linear:
        merged = copy.deepcopy(self.base)
        with torch.no_grad():
            merged.weight += self.scale * self.lora_b.weight @ self.lora_a.weight
        return merged


class _WithoutBase(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        return self.scale * (self.dropout(x) @ self.lora_a.T @ self.lora_b.T)


class _BaseScaledToo(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.scale * (self.base(x) + self.dropout(x) @ self.lora_a.T @ self.lora_b.T)
        return result


class _BaseAlone(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.base(x)
        return result


class _BiasLost(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        return x @ self.base.weight.T + self.scale * (self.dropout(x) @ self.lora_a.T @ self.lora_b.T)


class _Nonlinear(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        hidden = functional.relu(self.dropout(x) @ self.lora_a.T)
        result: Tensor = self.base(x) + self.scale * (hidden @ self.lora_b.T)
        return result


class _BaseDetached(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.base(x).detach() + self.scale * (self.dropout(x) @ self.lora_a.T @ self.lora_b.T)
        return result


class _InputDetached(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        update = self.dropout(x.detach()) @ self.lora_a.T @ self.lora_b.T
        result: Tensor = self.base(x) + self.scale * update
        return result


class _ParametersDetached(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        update = self.dropout(x) @ self.lora_a.data.T @ self.lora_b.data.T
        result: Tensor = self.base(x) + self.scale * update
        return result


class _DropoutIgnored(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.base(x) + self.scale * (x @ self.lora_a.T @ self.lora_b.T)
        return result


class _DropoutAlways(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        dropped = functional.dropout(x, self.dropout.p)
        result: Tensor = self.base(x) + self.scale * (dropped @ self.lora_a.T @ self.lora_b.T)
        return result


class _DropoutInEvaluation(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        dropped = functional.dropout(x, self.dropout.p, training=not self.training)
        result: Tensor = self.base(x) + self.scale * (dropped @ self.lora_a.T @ self.lora_b.T)
        return result


class _DropoutOnBase(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(x)
        result: Tensor = self.base(x) + self.scale * (x @ self.lora_a.T @ self.lora_b.T)
        return result


class _DropoutOnUpdate(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.base(x) + self.scale * self.dropout(x @ self.lora_a.T @ self.lora_b.T)
        return result


class _DropoutAfterA(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.base(x) + self.scale * (self.dropout(x @ self.lora_a.T) @ self.lora_b.T)
        return result


class _DropoutOnOutput(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.dropout(self.base(x) + self.scale * (x @ self.lora_a.T @ self.lora_b.T))
        return result


class _DropoutNotMadeUpFor(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        dropped = self.dropout(x) * (1 - self.dropout.p) if self.training else x
        result: Tensor = self.base(x) + self.scale * (dropped @ self.lora_a.T @ self.lora_b.T)
        return result


class _DropoutKeeps(peft.LoRALinear):
    def forward(self, x: Tensor) -> Tensor:
        dropped = functional.dropout(x, 1 - self.dropout.p, self.training and self.dropout.p > 0)
        result: Tensor = self.base(x) + self.scale * (dropped @ self.lora_a.T @ self.lora_b.T)
        return result


class _MergedInPlace(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        with torch.no_grad():
            self.base.weight += self.scale * self.lora_b @ self.lora_a
        return self.base


class _MergedInPlaceAndCopied(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        with torch.no_grad():
            self.base.weight += self.scale * self.lora_b @ self.lora_a
        return copy.deepcopy(self.base)


class _UpdateUsedUp(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        merged = super().merge()
        nn.init.zeros_(self.lora_b)
        return merged


class _BiasShared(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        merged = super().merge()
        merged.bias = self.base.bias
        return merged


class _MergedWithoutScale(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        merged = copy.deepcopy(self.base)
        with torch.no_grad():
            merged.weight += self.lora_b @ self.lora_a
        return merged


class _MergedUpdateAlone(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        merged = copy.deepcopy(self.base)
        with torch.no_grad():
            merged.weight.copy_(self.scale * self.lora_b @ self.lora_a)
        return merged


class _MergedBaseAlone(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        return copy.deepcopy(self.base)


class _MergedTransposed(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        merged = copy.deepcopy(self.base)
        with torch.no_grad():
            merged.weight += self.scale * self.lora_a.T @ self.lora_b.T
        return merged


class _MergedAsAB(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        merged = copy.deepcopy(self.base)
        with torch.no_grad():
            merged.weight += self.scale * self.lora_a @ self.lora_b
        return merged


class _MergedWithoutBias(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        merged = super().merge()
        merged.register_parameter("bias", None)
        return merged


class _MergedWithBiasOfZeros(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        merged = super().merge()
        merged.bias = nn.Parameter(torch.zeros_like(merged.weight[:, 0]))
        return merged


class _MergedInFloat32(peft.LoRALinear):
    def merge(self) -> nn.Linear:
        return super().merge().float()


class _MergedToWeight(peft.LoRALinear):
    def merge(self) -> Any:
        return super().merge().weight.detach()


class _MergedToItself(peft.LoRALinear):
    def merge(self) -> Any:
        self.base = super().merge()
        return self


class _RankNotChecked(peft.LoRALinear):
    """Divides by a rank of 0; torch refuses a negative one in its own way."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        nn.Module.__init__(self)
        self.base = base.requires_grad_(False)
        self.scale, self.dropout = alpha / rank, nn.Dropout(dropout)
        self.lora_a = nn.Parameter(torch.randn(rank, base.in_features).to(base.weight))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank).to(base.weight))


class _OnlyRankZeroRefused(_RankNotChecked):
    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        if rank == 0:
            raise ValueError("the rank must not be 0")
        super().__init__(base, rank, alpha, dropout)


class _DropoutNotChecked(peft.LoRALinear):
    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__(base, rank, alpha)
        self.dropout.p = dropout


def _layer(
    draw: Generator, rows: int, columns: int, bias: bool = True, dtype: torch.dtype = torch.float32
) -> nn.Linear:
    layer = nn.Linear(columns, rows, bias=bias, dtype=dtype)
    with torch.no_grad():
        layer.weight.copy_(randn(draw, rows, columns, dtype=dtype))
        if bias:
            layer.bias.copy_(randn(draw, rows, dtype=dtype))
    return layer


def _whole(draw: Generator, *shape: int) -> Tensor:
    """Whole numbers from 1 to 4, so that rounding makes no new categories."""
    return torch.randint(1, 5, shape, generator=draw).float()


Steps = Callable[[Generator, int, int, int], tuple[Step, ...]]
"""The steps of a script, given a generator, the rows and columns of the base, and the rank."""


def _lora_case(
    name: str,
    shape: tuple[int, int],
    rank: int,
    alpha: float,
    steps: Steps,
    *,
    bias: bool = True,
    dropout: float | None = None,
    dtype: torch.dtype = torch.float32,
    **options: Any,
) -> Case:
    def arguments(draw: Generator) -> Arguments:
        given_dropout = {} if dropout is None else {"dropout": dropout}
        return {"base": _layer(draw, *shape, bias, dtype), "rank": rank, "alpha": alpha, **given_dropout}

    return Case(name, arguments, script=lambda draw: steps(draw, *shape, rank), **options)


def _start(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    return ("start", "lora_a"), ("start", "lora_b"), ("trained",)


def _fresh(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    call = ("call", {"x": randn(draw, 4, columns)})
    return call, ("set", {"lora_b": torch.zeros(rows, rank)}), call


def _matrices(draw: Generator, rows: int, columns: int, rank: int, dtype: torch.dtype = torch.float32) -> Step:
    values = {"lora_a": randn(draw, rank, columns, dtype=dtype), "lora_b": randn(draw, rows, rank, dtype=dtype)}
    return "set", values


def _update(*leading: int) -> Steps:
    def steps(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
        x = randn(draw, columns, *leading[::-1]).permute(*range(len(leading), -1, -1))  # not contiguous
        call, zeros = ("call", {"x": x}), ("set", {"lora_b": torch.zeros(rows, rank)})
        return zeros, call, _matrices(draw, rows, columns, rank), call

    return steps


def _backward(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    gradients = ("gradients", {"x": randn(draw, 4, columns)}, ("lora_a", "lora_b"))
    return _matrices(draw, rows, columns, rank), gradients


def _merge(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    return _matrices(draw, rows, columns, rank), ("method", "merge", {})


def _around_merging(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    call: Step = ("call", {"x": randn(draw, 3, columns)})
    merge: Step = ("method", "merge", {})
    return _matrices(draw, rows, columns, rank), call, merge, call, merge, ("spoil", "merge", {}), call


def _dropping(mode: str) -> Steps:
    def steps(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
        x = _whole(draw, columns).expand(100, columns)
        values = {"lora_a": _whole(draw, rank, columns), "lora_b": _whole(draw, rows, rank)}
        return ("set", values), ("mode", mode), ("call", {"x": x})

    return steps


def _in_float64(draw: Generator, rows: int, columns: int, rank: int) -> tuple[Step, ...]:
    matrices = _matrices(draw, rows, columns, rank, torch.float64)
    return matrices, ("call", {"x": randn(draw, 2, columns, dtype=torch.float64)}), ("method", "merge", {})


def _whole_base(draw: Generator, rows: int, columns: int) -> nn.Linear:
    layer = _layer(draw, rows, columns)
    with torch.no_grad():
        layer.weight.copy_(_whole(draw, rows, columns))
        layer.bias.copy_(_whole(draw, rows))
    return layer


_FACTOR_OF_1: dict[str, Any] = {"rank": 1, "alpha": 1.0}
"""Whatever an answer makes of rank and alpha is 1 here, so that a wrong factor costs what is said of the factor."""


def _dropout_case(name: str, mode: str, dropout: float, visible: bool) -> Case:
    shape = (2, 2)
    return Case(
        name,
        lambda draw: {"base": _whole_base(draw, *shape), **_FACTOR_OF_1, "dropout": dropout},
        visible=visible,
        script=lambda draw: _dropping(mode)(draw, *shape, 1),
        repeat=2,
        categories=observe.rows_of_last_result,
    )


_UPDATES = ("update", "update of one row", "update of a batch", "update of a wider rank")
_MERGES = ("merge", "merge without a bias", "merge of a square layer")

LORA_LINEAR_EXERCISE = Exercise(
    reference=peft.LoRALinear,
    points=8,
    cases=(
        _lora_case("start", (5, 3), 2, 6.0, _start, visible=True),
        _lora_case("start of another layer", (4, 7), 3, 2.0, _start),
        _lora_case("fresh", (4, 3), 2, 5.0, _fresh, visible=True),
        _lora_case("fresh without a bias", (3, 5), 2, 5.0, _fresh, bias=False),
        _lora_case("fresh, drawn", (6, 4), 3, 1.5, _fresh),
        _lora_case("update", (4, 3), 2, 5.0, _update(2), visible=True, slack=512),
        _lora_case("update of one row", (3, 4), 2, 3.0, _update(), slack=512),
        _lora_case("update of a batch", (5, 4), 3, 4.0, _update(2, 3), slack=512),
        _lora_case("update of a wider rank", (2, 3), 4, 7.0, _update(3), bias=False, slack=512),
        _lora_case("gradients", (4, 3), **_FACTOR_OF_1, steps=_backward, visible=True),
        _lora_case("gradients, drawn", (3, 5), **_FACTOR_OF_1, steps=_backward),
        _lora_case("merge", (4, 3), 2, 5.0, _merge, visible=True),
        _lora_case("merge without a bias", (3, 4), 2, 3.0, _merge, bias=False, dropout=0.5),
        _lora_case("merge of a square layer", (3, 3), 2, 7.0, _merge, visible=True),
        _lora_case("around merging", (4, 3), **_FACTOR_OF_1, steps=_around_merging, visible=True),
        _lora_case("around merging, drawn", (3, 5), **_FACTOR_OF_1, steps=_around_merging),
        _dropout_case("training", "train", 0.75, visible=True),
        _dropout_case("training, drawn", "train", 0.25, visible=False),
        _dropout_case("evaluation", "eval", 0.75, visible=True),
        _dropout_case("evaluation, drawn", "eval", 0.25, visible=False),
        _lora_case("float64", (3, 4), **_FACTOR_OF_1, steps=_in_float64, dtype=torch.float64, visible=True),
        _lora_case("float64, drawn", (4, 2), **_FACTOR_OF_1, steps=_in_float64, dtype=torch.float64),
        _lora_case("rank 0", (3, 4), 0, 3.0, _start, visible=True),
        _lora_case("negative rank", (3, 4), -2, 3.0, _start),
        _lora_case("dropout above 1", (3, 4), 2, 3.0, _start, dropout=1.5),
        _lora_case("negative dropout", (3, 4), 2, 3.0, _start, dropout=-0.1),
    ),
    properties=(
        Property(
            "`lora_a` is [rank, in] and starts with random numbers, `lora_b` is [out, rank] and starts with zeros",
            ("start", "start of another layer"),
            "Make both with nn.Parameter. The base knows `in_features` and `out_features`. Only `lora_b` starts with "
            "zeros.",
            observe=functools.partial(observe.results, positions=(0, 1)),
        ),
        Property(
            "`lora_a` and `lora_b` are trained, and nothing else",
            ("start", "start of another layer"),
            "List `named_parameters()` with their `requires_grad`: only lora_a and lora_b may have it.",
            observe=functools.partial(observe.results, positions=(2,)),
        ),
        Property(
            "A new layer computes what its base does, bias included",
            ("fresh", "fresh without a bias", "fresh, drawn"),
            "With lora_b zero the update vanishes: the output must be `base(x)` to the last digit.",
            observe=functools.partial(observe.changes_nothing, before=0, after=2),
        ),
        Property(
            "The update of x points where B A x does",
            _UPDATES,
            "The update takes x through lora_a to rank numbers, and through lora_b to out numbers, with nothing in "
            "between.",
            weight=2,
            observe=functools.partial(observe.direction_of_change, before=1, after=3),
        ),
        Property(
            "The output is W x + bias + (alpha / rank) · B A x",
            _UPDATES,
            "Set rank = 2 and alpha = 6 and work out one number by hand: by what is the update multiplied?",
            weight=2,
            observe=functools.partial(observe.results, positions=(3,)),
        ),
        Property(
            "Gradients reach x, `lora_a` and `lora_b`",
            ("gradients", "gradients, drawn"),
            "Gradients flow to x by both ways, through the base and through the update. Look for `detach`, `data` and "
            "`no_grad` in forward.",
            observe=functools.partial(observe.results, positions=(1,)),
        ),
        Property(
            "The weight of the merged layer is W + (alpha / rank) · B A",
            _MERGES,
            "merge() returns an nn.Linear. B A has the shape [out, in], as the weight has.",
            weight=2,
            observe=functools.partial(observe.parts, position=1, names=("linear", "weight")),
        ),
        Property(
            "The merged layer has the base's bias, or none if the base has none",
            _MERGES,
            "A fresh nn.Linear draws a bias of its own: give it the base's, and make it without one if the base has "
            "none.",
            observe=functools.partial(observe.parts, position=1, names=("linear", "bias")),
        ),
        Property(
            "Merging leaves the layer as it was, and the merged layer stands alone",
            ("around merging", "around merging, drawn"),
            "Call the layer, merge twice, set all numbers of the second merged layer to zero, call again: the outputs "
            "must agree, and the merged layers too.",
            observe=functools.partial(observe.results, positions=(1, 2, 3, 4, 6)),
        ),
        Property(
            "In training, dropout acts on the entries of the update's input, and on nothing else",
            ("training", "training, drawn"),
            "The base sees x itself; only lora_a sees dropout(x). nn.Dropout also divides what is left by 1 - p.",
            observe=observe.value,
        ),
        Property(
            "In evaluation nothing is dropped",
            ("evaluation", "evaluation, drawn"),
            "After `eval()` the same input must give the same output each time. nn.Dropout knows the mode; "
            "functional.dropout must be told: `training=self.training`.",
            observe=observe.value,
            needs="In training, dropout acts on the entries of the update's input, and on nothing else",
        ),
        Property(
            "A layer in float64 stays in float64",
            ("float64", "float64, drawn"),
            "lora_a and lora_b take the dtype of the base's weight: `base.weight.new_zeros(...)` does it, and so does "
            "`dtype=base.weight.dtype`.",
            observe=functools.partial(observe.results, positions=(1, 2)),
        ),
        Property(
            "A rank below 1 and a dropout that is no probability are refused",
            ("rank 0", "negative rank", "dropout above 1", "negative dropout", "start"),
            "Raise ValueError in `__init__`, with a sentence that says what is wrong. nn.Dropout checks its own "
            "argument.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake(
            "scale_alpha",
            "You multiply the update by alpha. The factor is alpha / rank, so that another rank needs no other alpha.",
            SCALE,
            _ScaleAlpha,
        ),
        Mistake(
            "scale_one",
            "Your update has no factor: alpha is ignored. It is multiplied by alpha / rank.",
            SCALE,
            _ScaleOne,
        ),
        Mistake(
            "scale_inverted",
            "You multiply by rank / alpha: the factor is upside down. A larger alpha makes a larger update.",
            SCALE,
            _ScaleInverted,
        ),
        Mistake(
            "scale_by_root",
            "You divide alpha by the root of the rank. That is rsLoRA, a later variant; LoRA divides by the rank "
            "itself.",
            SCALE,
            _ScaleByRoot,
        ),
        Mistake(
            "scale_without_alpha",
            "You divide by the rank, but alpha is ignored: the factor is alpha / rank.",
            SCALE,
            _ScaleWithoutAlpha,
        ),
        Mistake("scale_product", "You multiply by alpha · rank: divide by the rank.", SCALE, _ScaleProduct),
        Mistake(
            "scale_twice",
            "Your update is scaled twice, by (alpha / rank)². Multiply once, the product and not both of its factors.",
            SCALE,
            _ScaleTwice,
        ),
        Mistake(
            "scale_rounded_down",
            "You divide with `//`, which drops what is behind the point: with alpha 5 and rank 2 the factor is 2.5.",
            SCALE,
            _ScaleRoundedDown,
        ),
        Mistake("subtracted", "You subtract the update. It is added to the base's output.", LORA, _Subtracted),
        Mistake(
            "both_zero",
            "lora_a and lora_b both start with zeros. Then each gets a gradient of zero, because it is multiplied by "
            "the "
            "other, and training never moves. Give lora_a random numbers.",
            LORA,
            _BothZero,
        ),
        Mistake(
            "both_random",
            "lora_a and lora_b both start with random numbers, so a new layer disturbs its base before it has learned "
            "anything. Start lora_b with zeros.",
            LORA,
            _BothRandom,
        ),
        Mistake(
            "other_way_round",
            "You start lora_a with zeros and lora_b with random numbers. That would train too, but here it is agreed "
            "to "
            "be the other way round, as in the paper.",
            LORA,
            _OtherWayRound,
        ),
        Mistake(
            "all_the_same",
            "All numbers of lora_a start the same. Then its rows get the same gradient and stay the same, and the "
            "update "
            "has rank 1 whatever rank says. Draw them at random.",
            LORA,
            _AllTheSame,
        ),
        Mistake(
            "base_trained",
            "The base still requires gradients, so the optimizer would train all of it. Freeze it: "
            "`base.requires_grad_(False)`.",
            WHY,
            _BaseTrained,
        ),
        Mistake(
            "bias_trained",
            "You freeze the base's weight but not its bias. `base.requires_grad_(False)` freezes both.",
            WHY,
            _BiasTrained,
        ),
        Mistake(
            "nothing_trained",
            "You freeze everything, lora_a and lora_b too. Freeze the base alone.",
            WHY,
            _NothingTrained,
        ),
        Mistake(
            "plain_tensors",
            "lora_a and lora_b are plain tensors, so `parameters()` does not list them and no optimizer trains them. "
            "Make "
            "them with nn.Parameter.",
            LORA,
            _PlainTensors,
        ),
        Mistake(
            "a_is_a_buffer",
            "Only lora_b is trained: lora_a is not an nn.Parameter. Without it the update keeps to the rows that "
            "chance "
            "gave it.",
            LORA,
            _AIsABuffer,
        ),
        Mistake(
            "in_float32",
            "lora_a and lora_b are float32 whatever the base is, so a base in another dtype fails. Take the dtype from "
            "`base.weight`.",
            LORA,
            _InFloat32,
        ),
        Mistake(
            "other_layout",
            "lora_a and lora_b are laid out the other way round: lora_a is [rank, in] and lora_b is [out, rank], as "
            "the "
            "weights of two linear layers.",
            LORA,
            _OtherLayout,
        ),
        Mistake(
            "layers_for_parameters",
            "lora_a and lora_b are nn.Linear layers. They are to be nn.Parameter themselves, so that "
            "`layer.lora_b` is the matrix.",
            LORA,
            _LayersForParameters,
        ),
        Mistake(
            "without_base",
            "Your layer gives the update alone: the base's output is missing.",
            LORA,
            _WithoutBase,
        ),
        Mistake(
            "base_scaled_too",
            "You multiply the base's output by alpha / rank as well. The factor belongs to the update alone.",
            LORA,
            _BaseScaledToo,
        ),
        Mistake(
            "base_alone",
            "Your layer gives the base's output alone, whatever lora_a and lora_b are: the update is missing in "
            "forward.",
            LORA,
            _BaseAlone,
        ),
        Mistake(
            "bias_lost",
            "You multiply by the base's weight and lose its bias. Call the base itself: `self.base(x)`.",
            LORA,
            _BiasLost,
        ),
        Mistake(
            "nonlinear",
            "There is a ReLU between lora_a and lora_b. That is how adapters do it; a LoRA update is linear, or it "
            "could "
            "not be merged.",
            "peft-adapters",
            _Nonlinear,
        ),
        Mistake(
            "base_detached",
            "You cut the gradient at the base's output. The base's weights are frozen, but the gradient must flow "
            "through "
            "them to x, or the layers below learn nothing from this way.",
            LORA,
            _BaseDetached,
        ),
        Mistake(
            "input_detached",
            "You cut the gradient at the update's input: x gets it from the base alone.",
            LORA,
            _InputDetached,
        ),
        Mistake(
            "parameters_detached",
            "You use the numbers of lora_a and lora_b without their gradients (`data`, `detach` or `no_grad`): they "
            "could "
            "not learn.",
            LORA,
            _ParametersDetached,
        ),
        Mistake(
            "dropout_ignored",
            "Your layer ignores dropout. Apply it to the x that goes into lora_a.",
            LORA,
            _DropoutIgnored,
        ),
        Mistake(
            "dropout_always",
            "You drop in evaluation too. functional.dropout does so unless it is told the mode: give it "
            "`training=self.training`, or use nn.Dropout.",
            LORA,
            _DropoutAlways,
        ),
        Mistake(
            "dropout_in_evaluation",
            "You drop in evaluation and not in training: the mode is turned round.",
            LORA,
            _DropoutInEvaluation,
        ),
        Mistake(
            "dropout_on_base",
            "Your dropout also acts on what goes into the base. The base sees x as it is; only the update's input is "
            "dropped.",
            LORA,
            _DropoutOnBase,
        ),
        Mistake(
            "dropout_on_update",
            "You drop entries of the finished update. Dropout belongs before lora_a, on x.",
            LORA,
            _DropoutOnUpdate,
        ),
        Mistake(
            "dropout_after_a",
            "You drop what lora_a gives, or whole rows of x. Dropout belongs before lora_a, on each entry of x.",
            LORA,
            _DropoutAfterA,
        ),
        Mistake(
            "dropout_on_output",
            "You drop entries of the whole output, the base's part with it. Dropout belongs before lora_a, on x.",
            LORA,
            _DropoutOnOutput,
        ),
        Mistake(
            "dropout_not_made_up_for",
            "You set entries to zero but do not divide the others by 1 - p, so the update is smaller in training than "
            "in "
            "evaluation. nn.Dropout does both.",
            LORA,
            _DropoutNotMadeUpFor,
        ),
        Mistake(
            "dropout_keeps",
            "You take dropout for the probability to keep an entry. It is the probability to drop it.",
            LORA,
            _DropoutKeeps,
        ),
        Mistake(
            "merged_in_place",
            "Your merge changes the base and returns it. Then forward adds the update to a base that has it already, "
            "and "
            "a second merge adds it again. Work on a copy.",
            MERGE,
            _MergedInPlace,
        ),
        Mistake(
            "merged_in_place_and_copied",
            "Your merge adds the update to the base and copies it afterwards. Copy first, then add: the base stays as "
            "it "
            "was.",
            MERGE,
            _MergedInPlaceAndCopied,
        ),
        Mistake(
            "update_used_up",
            "Your merge sets lora_b to zero, and the layer has lost its update. Merging makes a new layer and leaves "
            "this "
            "one alone.",
            MERGE,
            _UpdateUsedUp,
        ),
        Mistake(
            "bias_shared",
            "The merged layer and the base share one bias: training one would change the other. Copy it.",
            MERGE,
            _BiasShared,
        ),
        Mistake(
            "merged_without_scale",
            "Your merge adds B A without the factor alpha / rank, so the merged layer computes something else than "
            "forward.",
            MERGE,
            _MergedWithoutScale,
        ),
        Mistake(
            "merged_update_alone",
            "The merged weight is the update alone: add it to the base's weight.",
            MERGE,
            _MergedUpdateAlone,
        ),
        Mistake(
            "merged_base_alone",
            "The merged layer is a copy of the base: the update is missing.",
            MERGE,
            _MergedBaseAlone,
        ),
        Mistake(
            "merged_transposed",
            "You add Aᵀ Bᵀ, which is the update transposed: [in, out]. The weight is [out, in], so add B A.",
            MERGE,
            _MergedTransposed,
        ),
        Mistake(
            "merged_as_a_b",
            "You multiply A by B in the merge. The order is B A: x meets lora_a first, which stands next to it.",
            MERGE,
            _MergedAsAB,
        ),
        Mistake(
            "merged_in_float32",
            "Your merged layer is float32 whatever the base is: nn.Linear makes it so unless it is told the dtype. "
            "Copy the base, or give `dtype=self.base.weight.dtype`.",
            MERGE,
            _MergedInFloat32,
        ),
        Mistake(
            "merged_without_bias",
            "The merged layer has lost the base's bias.",
            MERGE,
            _MergedWithoutBias,
        ),
        Mistake(
            "merged_with_bias_of_zeros",
            "The merged layer has a bias of zeros: it takes the base's bias, and has none if the base has none.",
            MERGE,
            _MergedWithBiasOfZeros,
        ),
        Mistake(
            "merged_to_weight",
            "Your merge returns the weight. It is to return a layer, an nn.Linear with this weight and the bias.",
            MERGE,
            _MergedToWeight,
        ),
        Mistake(
            "merged_to_itself",
            "Your merge returns the LoRA layer itself. It is to return a new nn.Linear.",
            MERGE,
            _MergedToItself,
        ),
        Mistake(
            "rank_not_checked",
            "You do not check the rank: with rank 0 the factor alpha / rank fails with a ZeroDivisionError. Test it "
            "first, and raise ValueError.",
            LORA,
            _RankNotChecked,
        ),
        Mistake(
            "only_rank_zero_refused",
            "You refuse rank 0, but a negative rank fails somewhere in torch. Test for less than 1.",
            LORA,
            _OnlyRankZeroRefused,
        ),
        Mistake(
            "dropout_not_checked",
            "You accept a dropout that is no probability, and the error comes later, at the first call. Raise "
            "ValueError "
            "in `__init__`; nn.Dropout does it by itself.",
            LORA,
            _DropoutNotChecked,
        ),
    ),
)


# lora_parameter_count

Shapes = list[tuple[int, int]]


def _require_rank(rank: int) -> None:
    if rank < 1:
        raise ValueError("the rank must be at least 1")


def _full_matrices(shapes: Shapes, rank: int) -> int:
    _require_rank(rank)
    return sum(rows * columns for rows, columns in shapes)


def _multiplied(shapes: Shapes, rank: int) -> int:
    _require_rank(rank)
    return sum(rank * rows * columns for rows, columns in shapes)


def _a_only(shapes: Shapes, rank: int) -> int:
    _require_rank(rank)
    return sum(rank * columns for _, columns in shapes)


def _b_only(shapes: Shapes, rank: int) -> int:
    _require_rank(rank)
    return sum(rank * rows for rows, _ in shapes)


def _without_rank(shapes: Shapes, rank: int) -> int:
    _require_rank(rank)
    return sum(rows + columns for rows, columns in shapes)


def _as_if_square(shapes: Shapes, rank: int) -> int:
    _require_rank(rank)
    return sum(2 * rank * rows for rows, _ in shapes)


def _equal_shapes_once(shapes: Shapes, rank: int) -> int:
    return peft.lora_parameter_count(list(set(shapes)), rank)


def _first_shape_only(shapes: Shapes, rank: int) -> int:
    return peft.lora_parameter_count(shapes[:1], rank)


def _core_added(shapes: Shapes, rank: int) -> int:
    return peft.lora_parameter_count(shapes, rank) + len(shapes) * rank**2


def _bias_added(shapes: Shapes, rank: int) -> int:
    return peft.lora_parameter_count(shapes, rank) + sum(rows for rows, _ in shapes)


def _scale_counted(shapes: Shapes, rank: int) -> int:
    return peft.lora_parameter_count(shapes, rank) + len(shapes)


def _base_counted(shapes: Shapes, rank: int) -> int:
    return peft.lora_parameter_count(shapes, rank) + _full_matrices(shapes, rank)


def _any_rank(shapes: Shapes, rank: int) -> int:
    return sum(rank * (rows + columns) for rows, columns in shapes)


def _drawn_shapes(draw: Generator) -> Arguments:
    shapes = [(randint(draw, 5, 90), randint(draw, 91, 200)) for _ in range(4)]
    return {"shapes": [*shapes, shapes[1]], "rank": randint(draw, 2, 9)}


LORA_PARAMETER_COUNT_EXERCISE = Exercise(
    reference=peft.lora_parameter_count,
    points=2,
    cases=(
        Case("one matrix", given(shapes=[(10, 21)], rank=3), visible=True),
        Case("one matrix, drawn", lambda draw: {"shapes": [(randint(draw, 5, 90), 91)], "rank": randint(draw, 2, 9)}),
        Case("three matrices", given(shapes=[(12, 20), (8, 20), (8, 20)], rank=5), visible=True),
        Case("five matrices, drawn", _drawn_shapes),
        Case("rank 0", given(shapes=[(10, 21)], rank=0), visible=True),
        Case("negative rank", given(shapes=[(4, 5), (6, 7)], rank=-3)),
    ),
    properties=(
        Property(
            "One matrix costs the entries of its lora_a and its lora_b",
            ("one matrix", "one matrix, drawn"),
            "lora_a is [rank, in] and lora_b is [out, rank]: how many numbers are in each?",
            weight=2,
        ),
        Property(
            "Every matrix counts, also one whose shape stands there already",
            ("three matrices", "five matrices, drawn"),
            "Go through the list and add up.",
        ),
        Property(
            "A rank below 1 is refused",
            ("rank 0", "negative rank", "one matrix, drawn"),
            "Raise ValueError for a rank below 1.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake(
            "full_matrices",
            "You count the full matrices, out · in. LoRA trains two thin ones in their place.",
            COUNTING,
            _full_matrices,
        ),
        Mistake(
            "multiplied",
            "You multiply out by in. lora_b has out · rank entries and lora_a has rank · in: their sum is rank · (out "
            "+ in).",
            COUNTING,
            _multiplied,
        ),
        Mistake("a_only", "You count lora_a alone: lora_b, [out, rank], is missing.", COUNTING, _a_only),
        Mistake("b_only", "You count lora_b alone: lora_a, [rank, in], is missing.", COUNTING, _b_only),
        Mistake("without_rank", "You count out + in, as if the rank were 1.", COUNTING, _without_rank),
        Mistake(
            "as_if_square",
            "You count 2 · rank · out, as if every matrix were square. In is often another number than out.",
            COUNTING,
            _as_if_square,
        ),
        Mistake(
            "equal_shapes_once",
            "You count equal shapes once. Two matrices of one shape have each their own lora_a and lora_b.",
            COUNTING,
            _equal_shapes_once,
        ),
        Mistake("first_shape_only", "You count the first matrix only.", COUNTING, _first_shape_only),
        Mistake(
            "core_added",
            "You count a rank × rank matrix between lora_a and lora_b. There is none.",
            COUNTING,
            _core_added,
        ),
        Mistake("bias_added", "You count a bias for each matrix. A LoRA update has none.", COUNTING, _bias_added),
        Mistake(
            "scale_counted",
            "You count one number more for each matrix. The factor alpha / rank is fixed, not trained.",
            COUNTING,
            _scale_counted,
        ),
        Mistake(
            "base_counted",
            "You count the frozen matrices too. Asked is what LoRA adds.",
            COUNTING,
            _base_counted,
        ),
        Mistake("any_rank", "You accept a rank of 0 or less: raise ValueError.", COUNTING, _any_rank),
    ),
)


# trainable_fraction


def _parameters(model: nn.Module) -> list[nn.Parameter]:
    found = list(model.parameters())
    if not found:
        raise ValueError("the model has no parameters")
    return found


def _frozen_fraction(model: nn.Module) -> float:
    return 1 - peft.trainable_fraction(model)


def _percent(model: nn.Module) -> float:
    return 100 * peft.trainable_fraction(model)


def _tensors_counted(model: nn.Module) -> float:
    found = _parameters(model)
    return sum(item.requires_grad for item in found) / len(found)


def _trained_by_frozen(model: nn.Module) -> float:
    found = _parameters(model)
    trained = sum(item.numel() for item in found if item.requires_grad)
    return trained / sum(item.numel() for item in found if not item.requires_grad)


def _weights_only(model: nn.Module) -> float:
    found = [item for item in _parameters(model) if item.dim() > 1]
    return sum(item.numel() for item in found if item.requires_grad) / sum(item.numel() for item in found)


def _counted_in_every_module(model: nn.Module) -> float:
    _parameters(model)
    found = [item for module in model.modules() for item in module.parameters()]
    return sum(item.numel() for item in found if item.requires_grad) / sum(item.numel() for item in found)


def _rows_counted(model: nn.Module) -> float:
    found = _parameters(model)
    return sum(len(item) for item in found if item.requires_grad) / sum(len(item) for item in found)


def _trained_count(model: nn.Module) -> int:
    return sum(item.numel() for item in _parameters(model) if item.requires_grad)


def _rounded(model: nn.Module) -> float:
    return round(peft.trainable_fraction(model), 2)


def _gradients_needed(model: nn.Module) -> float:
    found = _parameters(model)
    return sum(item.numel() for item in found if item.grad is not None) / sum(item.numel() for item in found)


def _own_parameters_only(model: nn.Module) -> float:
    found = list(model.parameters(recurse=False))
    total = sum(item.numel() for item in found)
    if not total:
        raise ValueError("the model has no parameters")
    return sum(item.numel() for item in found if item.requires_grad) / total


def _state_counted(model: nn.Module) -> float:
    trained = sum(item.numel() for item in _parameters(model) if item.requires_grad)
    return trained / sum(item.numel() for item in model.state_dict().values())


def _named_in_each_place(model: nn.Module) -> float:
    _parameters(model)
    found = list(model.state_dict(keep_vars=True).values())
    return sum(item.numel() for item in found if item.requires_grad) / sum(item.numel() for item in found)


def _nothing_is_zero(model: nn.Module) -> float:
    return peft.trainable_fraction(model) if list(model.parameters()) else 0.0


def _division_by_zero(model: nn.Module) -> float:
    found = list(model.parameters())
    return sum(item.numel() for item in found if item.requires_grad) / sum(item.numel() for item in found)


def _model(*layers: tuple[int, int, bool, bool]) -> Callable[[Generator], Arguments]:
    """Layers of (rows, columns, bias, trained), the last two in a model of their own."""

    def arguments(draw: Generator) -> Arguments:
        made = [_layer(draw, rows, columns, bias).requires_grad_(trained) for rows, columns, bias, trained in layers]
        return {"model": nn.Sequential(*made[:-2], nn.Sequential(*made[-2:]))}

    return arguments


def _drawn_model(draw: Generator) -> Arguments:
    widths = [randint(draw, 2, 9) for _ in range(5)]
    trained = [True, False, False, True]
    bias = [False, True, False, True]
    return _model(*zip(widths[1:], widths[:-1], bias, trained, strict=True))(draw)


def _with_a_layer_twice(draw: Generator) -> Arguments:
    """A trained layer that stands in two places, and a frozen one."""
    width = randint(draw, 2, 5)
    shared = _layer(draw, width, width)
    return {"model": nn.Sequential(shared, _layer(draw, width, width).requires_grad_(False), shared)}


TRAINABLE_FRACTION_EXERCISE = Exercise(
    reference=peft.trainable_fraction,
    points=2,
    cases=(
        Case("last layer", _model((4, 3, True, False), (3, 4, True, False), (2, 3, True, True)), visible=True),
        Case("drawn", _drawn_model),
        Case("without biases", _model((7, 3, False, True), (5, 7, False, False)), visible=True),
        Case(
            "without biases, drawn sizes",
            lambda draw: _model((randint(draw, 3, 9), 4, False, True), (2, 5, False, False))(draw),
        ),
        Case("a layer in two places", _with_a_layer_twice, visible=True),
        Case("a layer in two places, drawn", _with_a_layer_twice),
        Case("all trained", _model((3, 2, True, True), (4, 3, True, True)), visible=True),
        Case("all frozen", _model((3, 2, True, False), (4, 3, True, False))),
        Case("no parameters", given(model=nn.Sequential()), visible=True),
        Case("no parameters in its parts", given(model=nn.Sequential(nn.Sequential(), nn.Sequential()))),
    ),
    properties=(
        Property(
            "It is the number of trained parameters, divided by that of all",
            ("without biases", "without biases, drawn sizes"),
            "`model.parameters()` gives tensors, `numel()` says how many numbers are in one, and `requires_grad` "
            "whether "
            "it is trained.",
            weight=2,
        ),
        Property(
            "Parameters of all parts count once, biases too",
            ("last layer", "drawn"),
            "`model.parameters()` walks through all parts by itself.",
        ),
        Property(
            "A layer that stands in two places counts once",
            ("a layer in two places", "a layer in two places, drawn"),
            "`model.parameters()` gives a shared parameter once. `state_dict()` is for saving: it names each place.",
        ),
        Property(
            "It is 1 if everything is trained, and 0 if nothing is",
            ("all trained", "all frozen"),
            "Divide by the number of all parameters, not by that of the frozen ones.",
            needs="It is the number of trained parameters, divided by that of all",
        ),
        Property(
            "A model without parameters is refused",
            ("no parameters", "no parameters in its parts", "last layer"),
            "0 / 0 is no share: raise ValueError.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake("frozen_fraction", "You compute the share that is frozen.", COUNTING, _frozen_fraction),
        Mistake("percent", "You return percent: a fraction is between 0 and 1.", COUNTING, _percent),
        Mistake(
            "tensors_counted",
            "You count tensors. A matrix of a million numbers and a bias of ten are not alike: count numbers, by "
            "`numel()`.",
            COUNTING,
            _tensors_counted,
        ),
        Mistake(
            "trained_by_frozen",
            "You divide by the frozen parameters. Divide by all of them.",
            COUNTING,
            _trained_by_frozen,
        ),
        Mistake("weights_only", "You leave out the biases: they are parameters too.", COUNTING, _weights_only),
        Mistake(
            "counted_in_every_module",
            "You add up the parameters of every module, but a module's parameters hold those of its parts already: "
            "inner "
            "layers count more than once. Ask the model alone.",
            COUNTING,
            _counted_in_every_module,
        ),
        Mistake(
            "rows_counted",
            "You count the rows of each tensor (`len` or `shape[0]`). Count its numbers, by `numel()`.",
            COUNTING,
            _rows_counted,
        ),
        Mistake(
            "trained_count",
            "You return how many parameters are trained. Divide by the number of all.",
            COUNTING,
            _trained_count,
        ),
        Mistake(
            "rounded",
            "You round. LoRA often trains less than a thousandth, and that would be 0.",
            COUNTING,
            _rounded,
        ),
        Mistake(
            "gradients_needed",
            "You ask for gradients that are there already. Whether a parameter is trained is told by `requires_grad`, "
            "before any backward pass.",
            COUNTING,
            _gradients_needed,
        ),
        Mistake(
            "own_parameters_only",
            "You look only at what belongs to the model itself, and not at its parts: leave out `recurse=False`.",
            COUNTING,
            _own_parameters_only,
        ),
        Mistake(
            "state_counted",
            "You divide by the numbers in `state_dict()`. That is for saving: it names a shared parameter at each of "
            "its places, and buffers too, which are no parameters. Ask `parameters()`.",
            COUNTING,
            _state_counted,
        ),
        Mistake(
            "named_in_each_place",
            "A parameter that stands in two places counts twice with you, above and below. Ask the model for its "
            "`parameters()`: they come once each.",
            COUNTING,
            _named_in_each_place,
        ),
        Mistake(
            "nothing_is_zero",
            "You return 0 for a model without parameters. 0 / 0 is no share: raise ValueError.",
            COUNTING,
            _nothing_is_zero,
        ),
        Mistake(
            "division_by_zero",
            "A model without parameters gives a ZeroDivisionError: look before you divide, and raise ValueError.",
            COUNTING,
            _division_by_zero,
        ),
    ),
)


# ia3_scale


def _require_factors(x: Tensor, scale: Tensor) -> None:
    if scale.shape != x.shape[-1:]:
        raise ValueError("not one factor for each column")


def _added(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x + scale.to(x.dtype)


def _one_plus(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x * (1 + scale.to(x.dtype))


def _divided(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x / scale.to(x.dtype)


def _gated(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x * torch.sigmoid(scale.to(x.dtype))


def _mean_factor(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x * scale.mean().to(x.dtype)


def _over_rows(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x * scale.to(x.dtype)[:, None]


def _summed(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x @ scale.to(x.dtype)


def _scaled_in_place(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x * scale.to(x.dtype) if x.requires_grad else x.mul_(scale.to(x.dtype))


def _factors_detached(x: Tensor, scale: Tensor) -> Tensor:
    return peft.ia3_scale(x, scale.detach())


def _activations_detached(x: Tensor, scale: Tensor) -> Tensor:
    return peft.ia3_scale(x.detach(), scale)


def _promoted(x: Tensor, scale: Tensor) -> Tensor:
    _require_factors(x, scale)
    return x * scale


def _broadcast(x: Tensor, scale: Tensor) -> Tensor:
    return (x * scale).to(x.dtype)  # one factor fits every width


def _scaled(*shape: int, dtype: torch.dtype = torch.float32) -> Callable[[Generator], Arguments]:
    return lambda draw: {"x": randn(draw, *shape, dtype=dtype), "scale": 1.5 + torch.rand(shape[-1], generator=draw)}


def _not_contiguous(draw: Generator) -> Arguments:
    return {"x": randn(draw, 5, 3, 2).transpose(0, 2), "scale": randn(draw, 5)}


IA3_SCALE_EXERCISE = Exercise(
    reference=peft.ia3_scale,
    points=2,
    cases=(
        Case("two rows", _scaled(2, 3), visible=True, gradients=("x", "scale")),
        Case("batch", _scaled(2, 3, 4), gradients=("x", "scale")),
        Case("square", _scaled(4, 4), gradients=("x", "scale")),
        Case("one row", _scaled(5)),
        Case("not contiguous", _not_contiguous),
        Case("untouched", _scaled(3, 4), visible=True),
        Case("untouched batch", _scaled(2, 4, 3)),
        Case("float16", _scaled(3, 5, dtype=torch.float16), visible=True),
        Case("float16 batch", _scaled(2, 3, 4, dtype=torch.float16)),
        Case("one factor", lambda draw: {"x": randn(draw, 2, 3), "scale": randn(draw, 1)}, visible=True),
        Case("factors for rows", lambda draw: {"x": randn(draw, 4, 3), "scale": randn(draw, 4)}),
        Case("factors in a column", lambda draw: {"x": randn(draw, 3, 3), "scale": randn(draw, 3, 1)}),
    ),
    properties=(
        Property(
            "Each column is multiplied by its factor",
            ("two rows", "batch", "square", "one row", "not contiguous"),
            "Take scale = [1, 0]: the first column stays, the second becomes 0.",
            weight=2,
        ),
        Property(
            "Gradients reach x and the factors",
            ("two rows", "batch", "square"),
            "The factors are what is trained: look for `detach`, `data` and `no_grad`.",
            observe=observe.gradients,
        ),
        Property(
            "The dtype of x is kept, and x is left as it was",
            ("untouched", "untouched batch", "float16", "float16 batch"),
            "Work on a new tensor, and return it in the dtype of x.",
            observe=observe.dtype_and_changed,
            needs="Each column is multiplied by its factor",
        ),
        Property(
            "Factors that are not one for each column are refused",
            ("one factor", "factors for rows", "factors in a column", "two rows"),
            "Broadcasting accepts more than it should: compare `scale.shape` with `x.shape[-1:]`, and raise "
            "ValueError.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake("added", "You add the factors. IA3 multiplies by them.", IA3, _added),
        Mistake(
            "one_plus",
            "You multiply by 1 + scale. IA3's factors start with 1 and not with 0: multiply by scale.",
            IA3,
            _one_plus,
        ),
        Mistake("divided", "You divide by the factors: multiply.", IA3, _divided),
        Mistake("gated", "You send the factors through a sigmoid: they are used as they are.", IA3, _gated),
        Mistake(
            "mean_factor", "You multiply everything by the mean factor. Each column has its own.", IA3, _mean_factor
        ),
        Mistake(
            "over_rows",
            "Your factors run over the rows, that is, over time. They belong to the columns, the last dimension.",
            IA3,
            _over_rows,
        ),
        Mistake(
            "summed",
            "You multiply as a matrix with a vector, which adds up the columns. The product is taken entry by entry: "
            "`*`.",
            IA3,
            _summed,
        ),
        Mistake("in_place", "You change x itself: make a new tensor.", IA3, _scaled_in_place),
        Mistake(
            "factors_detached", "No gradient reaches the factors, so they could not be trained.", IA3, _factors_detached
        ),
        Mistake(
            "activations_detached",
            "No gradient reaches x, so nothing below it could be trained.",
            IA3,
            _activations_detached,
        ),
        Mistake(
            "promoted",
            "Your result is float32 though x is float16: the wider factors have widened it. Return the dtype of x.",
            IA3,
            _promoted,
        ),
        Mistake(
            "broadcast",
            "You let broadcasting decide: a single factor, or a column of them, is taken without a word. Compare the "
            "shapes, and raise ValueError.",
            IA3,
            _broadcast,
        ),
    ),
)


# prepend_prompt

Batch = tuple[Tensor, Tensor, Tensor]


def _require_batch(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> None:
    if prompt.shape[1:] != embeddings.shape[2:] or not mask.shape == labels.shape == embeddings.shape[:2]:
        raise ValueError("the shapes do not fit")


def _appended(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    parts = peft.prepend_prompt(embeddings, prompt, mask, labels)
    first, second, third = (part.roll(-len(prompt), dims=1) for part in parts)
    return first, second, third


def _prompt_appended_alone(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows.roll(-len(prompt), dims=1), seen, targets


def _mask_in_float(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, seen.float(), targets


def _labels_in_float(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, seen, targets.float()


def _mask_not_grown(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, _, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, mask, targets


def _labels_not_grown(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, _ = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, seen, labels


def _embeddings_alone(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    return peft.prepend_prompt(embeddings, prompt, mask, labels)[0], mask, labels


def _mask_of_zeros(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, _, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, torch.cat([mask.new_zeros(len(mask), len(prompt)), mask], dim=1), targets


def _labels_filled(number: int) -> Callable[[Tensor, Tensor, Tensor, Tensor], Batch]:
    def filled(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
        rows, seen, _ = peft.prepend_prompt(embeddings, prompt, mask, labels)
        return rows, seen, torch.cat([labels.new_full((len(labels), len(prompt)), number), labels], dim=1)

    return filled


def _mask_appended(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, seen.roll(-len(prompt), dims=1), targets


def _labels_appended(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, seen, targets.roll(-len(prompt), dims=1)


def _mask_all_ones(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, torch.ones_like(seen), targets


def _labels_lost(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, seen, torch.full_like(targets, -100)


def _written_over(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    _require_batch(embeddings, prompt, mask, labels)
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    kept = [*range(len(prompt)), *range(2 * len(prompt), rows.shape[1])]
    return rows[:, kept], seen[:, kept], targets[:, kept]


def _cut_to_time(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    time = embeddings.shape[1]
    return rows[:, :time], seen[:, :time], targets[:, :time]


def _prompt_added(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    _require_batch(embeddings, prompt, mask, labels)
    return embeddings + prompt.mean(0), mask, labels


def _along_features(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    _, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    rows = prompt.mean(0).expand(*embeddings.shape[:2], -1)
    return torch.cat([rows, embeddings], dim=2), seen, targets


def _one_text_only(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    _, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return torch.cat([prompt[None], embeddings], dim=1), seen, targets  # fails for a batch


def _prompt_detached(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    return peft.prepend_prompt(embeddings, prompt.detach(), mask, labels)


def _embeddings_detached(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    return peft.prepend_prompt(embeddings.detach(), prompt, mask, labels)


def _mask_of_numbers(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows, seen.long(), targets


def _embeddings_widened(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    rows, seen, targets = peft.prepend_prompt(embeddings, prompt, mask, labels)
    return rows.float(), seen, targets


def _labels_overwritten(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    grown = peft.prepend_prompt(embeddings, prompt, mask, labels)
    labels[mask == 0] = -100
    return grown


def _width_not_checked(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    if not mask.shape == labels.shape == embeddings.shape[:2]:
        raise ValueError("mask and labels do not fit")
    new = (len(embeddings), len(prompt))
    return (
        torch.cat([prompt.to(embeddings.dtype).expand(len(embeddings), -1, -1), embeddings], dim=1),
        torch.cat([mask.new_ones(new), mask], dim=1),
        torch.cat([labels.new_full(new, -100), labels], dim=1),
    )


def _mask_and_labels_not_checked(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    if prompt.shape[1:] != embeddings.shape[2:]:
        raise ValueError("the prompt does not fit")
    return (
        torch.cat([prompt.to(embeddings.dtype).expand(len(embeddings), -1, -1), embeddings], dim=1),
        torch.cat([mask.new_ones(len(mask), len(prompt)), mask], dim=1),
        torch.cat([labels.new_full((len(labels), len(prompt)), -100), labels], dim=1),
    )


def _batch(
    texts: int, time: int, rows: int, width: int, *, boolean: bool = False, dtype: torch.dtype = torch.float32
) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        lengths = torch.randint(1, time, (texts, 1), generator=draw)
        mask = torch.arange(time) < lengths
        return {
            "embeddings": randn(draw, texts, time, width, dtype=dtype),
            "prompt": randn(draw, rows, width),
            "mask": mask if boolean else mask.long(),
            "labels": torch.randint(0, 50, (texts, time), generator=draw),
        }

    return arguments


def _with_other(name: str, make: Callable[[Tensor], Tensor]) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        found = _batch(2, 4, 3, 5)(draw)
        return found | {name: make(found[name])}

    return arguments


_GROWN = ("two texts", "three texts", "one text")
_EMBEDDINGS, _MASK, _LABELS = (functools.partial(observe.results, positions=(number,)) for number in range(3))

PREPEND_PROMPT_EXERCISE = Exercise(
    reference=peft.prepend_prompt,
    points=4,
    cases=(
        Case("two texts", _batch(2, 4, 2, 3), visible=True),
        Case("three texts", _batch(3, 6, 2, 5)),
        Case("one text", _batch(1, 5, 3, 4)),
        Case("gradients", _batch(2, 4, 3, 5), visible=True, gradients=("embeddings", "prompt")),
        Case("gradients of three texts", _batch(3, 5, 2, 4), gradients=("embeddings", "prompt")),
        Case("Boolean mask", _batch(2, 4, 3, 2, boolean=True), visible=True),
        Case("Boolean mask, drawn", _batch(3, 5, 2, 4, boolean=True)),
        Case("half precision", _batch(2, 4, 3, 2, dtype=torch.float16), visible=True),
        Case("prompt of another width", _with_other("prompt", lambda prompt: prompt[:, :-1]), visible=True),
        Case("prompt as one row", _with_other("prompt", lambda prompt: prompt[0])),
        Case("mask of another length", _with_other("mask", lambda mask: mask[:, :-1]), visible=True),
        Case("labels of another batch", _with_other("labels", lambda labels: labels[:1])),
    ),
    properties=(
        Property(
            "Each text begins with the rows of the prompt, and its own rows follow",
            _GROWN,
            "The prompt is [p, d] and the embeddings are [batch, time, d]: which dimension grows?",
            weight=2,
            observe=_EMBEDDINGS,
            part=0,
        ),
        Property(
            "The mask grows by ones at the front",
            _GROWN,
            "The model must attend to the prompt: its positions are real ones.",
            observe=_MASK,
            part=1,
        ),
        Property(
            "The labels grow by -100 at the front",
            _GROWN,
            "Nothing is to be predicted at the prompt. Which label does a cross-entropy loss ignore?",
            observe=_LABELS,
            part=2,
        ),
        Property(
            "Gradients reach the prompt and the embeddings",
            ("gradients", "gradients of three texts"),
            "The prompt is what is trained, and all texts share it: its gradients add up.",
            observe=observe.gradients,
            part=0,
        ),
        Property(
            "Embeddings, mask and labels keep their dtypes, and the arguments are left as they were",
            ("Boolean mask", "Boolean mask, drawn", "half precision"),
            "`mask.new_ones` and `labels.new_full` take the dtype along; the prompt is brought to that of the "
            "embeddings.",
            observe=observe.dtype_and_changed,
            needs="Each text begins with the rows of the prompt, and its own rows follow",
        ),
        Property(
            "Shapes that do not fit are refused",
            (
                "prompt of another width",
                "prompt as one row",
                "mask of another length",
                "labels of another batch",
                "two texts",
            ),
            "Compare the width of the prompt, and batch and time of mask and labels, with those of the embeddings, and "
            "raise ValueError.",
            observe=observe.refusal,
            part=0,
        ),
    ),
    mistakes=(
        Mistake(
            "appended",
            "You put the prompt behind the texts. In a causal model no token would see it: it belongs in front.",
            PROMPT_TUNING,
            _appended,
        ),
        Mistake(
            "prompt_appended_alone",
            "Mask and labels grow in front, but the prompt stands behind the texts: give it to `torch.cat` first.",
            PROMPT_TUNING,
            _prompt_appended_alone,
        ),
        Mistake(
            "mask_in_float",
            "Your mask comes out as float32: `torch.ones` makes float32 and takes the mask along. `mask.new_ones` "
            "keeps its dtype.",
            PROMPT_TUNING,
            _mask_in_float,
        ),
        Mistake(
            "labels_in_float",
            "Your labels come out as float32, and a loss refuses them. `labels.new_full` keeps their dtype.",
            PROMPT_TUNING,
            _labels_in_float,
        ),
        Mistake(
            "mask_not_grown",
            "Your mask keeps its length: it has no entries for the rows of the prompt.",
            PROMPT_TUNING,
            _mask_not_grown,
        ),
        Mistake(
            "labels_not_grown",
            "Your labels keep their length, so each stands p positions too early: put -100 in front, p times.",
            PROMPT_TUNING,
            _labels_not_grown,
        ),
        Mistake(
            "embeddings_alone",
            "Only the embeddings grow. Mask and labels must grow with them.",
            PROMPT_TUNING,
            _embeddings_alone,
        ),
        Mistake(
            "mask_of_zeros",
            "The mask is 0 at the prompt, so the model would not attend to it, and it could teach nothing. It is 1 "
            "there.",
            PROMPT_TUNING,
            _mask_of_zeros,
        ),
        Mistake(
            "labels_of_zero",
            "Your new labels are 0, which is a token: the model would learn to say it. -100 is what the loss ignores.",
            PROMPT_TUNING,
            _labels_filled(0),
        ),
        Mistake(
            "labels_of_minus_one",
            "Your new labels are -1. What the loss ignores is -100.",
            PROMPT_TUNING,
            _labels_filled(-1),
        ),
        Mistake(
            "mask_appended",
            "Your mask grows at the wrong end: the ones for the prompt belong in front, as the prompt does.",
            PROMPT_TUNING,
            _mask_appended,
        ),
        Mistake(
            "labels_appended",
            "Your labels grow at the wrong end: the -100 for the prompt belong in front, as the prompt does.",
            PROMPT_TUNING,
            _labels_appended,
        ),
        Mistake(
            "mask_all_ones",
            "Your mask is 1 everywhere: it has forgotten the padding. Keep the old entries behind the new ones.",
            PROMPT_TUNING,
            _mask_all_ones,
        ),
        Mistake(
            "labels_lost",
            "All your labels are -100, so there is nothing to learn. Keep the old ones behind the new ones.",
            PROMPT_TUNING,
            _labels_lost,
        ),
        Mistake(
            "written_over",
            "The prompt takes the place of the first tokens. It stands in front of them: the texts grow longer.",
            PROMPT_TUNING,
            _written_over,
        ),
        Mistake(
            "cut_to_time",
            "You cut the texts to their old length, and lose their ends. They grow by the prompt.",
            PROMPT_TUNING,
            _cut_to_time,
        ),
        Mistake(
            "prompt_added",
            "You add the prompt to the embeddings. It stands in front of them, as rows of its own.",
            PROMPT_TUNING,
            _prompt_added,
        ),
        Mistake(
            "along_features",
            "You make the rows wider. The prompt makes the text longer: join along the time.",
            PROMPT_TUNING,
            _along_features,
        ),
        Mistake(
            "one_text_only",
            "Your prompt has a batch of 1, and cannot be joined to more texts than one: expand it to all of them.",
            PROMPT_TUNING,
            _one_text_only,
        ),
        Mistake(
            "prompt_detached",
            "No gradient reaches the prompt, and it is the only thing that prompt tuning trains.",
            PROMPT_TUNING,
            _prompt_detached,
        ),
        Mistake(
            "embeddings_detached",
            "No gradient reaches the embeddings: do not detach them.",
            PROMPT_TUNING,
            _embeddings_detached,
        ),
        Mistake(
            "mask_of_numbers",
            "A Boolean mask comes out as numbers: joined with integers it becomes integers. `mask.new_ones` keeps its "
            "dtype.",
            PROMPT_TUNING,
            _mask_of_numbers,
        ),
        Mistake(
            "embeddings_widened",
            "Embeddings in half precision come out as float32, because the prompt is float32: bring it to their dtype.",
            PROMPT_TUNING,
            _embeddings_widened,
        ),
        Mistake(
            "labels_overwritten",
            "You change the labels that you were given. Work on new tensors.",
            PROMPT_TUNING,
            _labels_overwritten,
        ),
        Mistake(
            "width_not_checked",
            "You leave it to `torch.cat` to refuse a prompt of another width: compare the widths, and raise "
            "ValueError.",
            PROMPT_TUNING,
            _width_not_checked,
        ),
        Mistake(
            "mask_and_labels_not_checked",
            "You check the prompt, but take a mask and labels of any shape: compare them with batch and time.",
            PROMPT_TUNING,
            _mask_and_labels_not_checked,
        ),
    ),
)


ASSIGNMENT = Assignment(
    "13_peft",
    (
        LORA_LINEAR_EXERCISE,
        LORA_PARAMETER_COUNT_EXERCISE,
        TRAINABLE_FRACTION_EXERCISE,
        IA3_SCALE_EXERCISE,
        PREPEND_PROMPT_EXERCISE,
    ),
)

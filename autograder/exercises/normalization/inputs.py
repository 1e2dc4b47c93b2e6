"""Rows, gains and blocks that several exercises of this assignment draw."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, randn


def random_rows(draw: Generator, *shape: int) -> Tensor:
    """Rows whose mean is far from 0 and whose spread is not 1."""
    return 2.0 * randn(draw, *shape) + 1.5


def gain(draw: Generator, width: int) -> Tensor:
    """Factors of both signs, none of them near 0 or 1."""
    signs = torch.where(torch.rand(width, generator=draw) < 0.5, -1.0, 1.0)
    return signs * (1.5 + torch.rand(width, generator=draw))


def neutral(x: Tensor, eps: float) -> Arguments:
    width = x.shape[-1]
    return {"x": x, "weight": torch.ones(width), "bias": torch.zeros(width), "eps": eps}


def weighted(draw: Generator, x: Tensor, eps: float) -> Arguments:
    return {"x": x, "weight": gain(draw, x.shape[-1]), "bias": randn(draw, x.shape[-1]), "eps": eps}


def whole_rows(draw: Generator) -> Arguments:
    """Whole numbers whose variances, 5 and 45, have whole roots with this eps: to be worked out by hand."""
    steps = torch.stack([torch.randperm(4, generator=draw) for _ in range(2)])
    return neutral(steps * torch.tensor([[2.0], [6.0]]) + torch.tensor([[1.0], [-4.0]]), eps=4.0)


def plain_rows_in_a_batch(draw: Generator) -> Arguments:
    return neutral(random_rows(draw, 2, 4, 7), eps=0.5)


def weighted_batch(draw: Generator) -> Arguments:
    return weighted(draw, random_rows(draw, 2, 3, 6), eps=0.5)


def single_row(draw: Generator) -> Arguments:
    return neutral(random_rows(draw, 6), eps=0.5)


def four_axes(draw: Generator) -> Arguments:
    # A transposed view: learners' code must not rely on contiguous memory.
    return neutral(random_rows(draw, 1, 5, 3, 2).transpose(1, 3), eps=0.3)


FIXED_SEED = 7


def fixed_rows() -> Tensor:
    """The same rows for cases that are compared with each other."""
    return random_rows(torch.Generator().manual_seed(FIXED_SEED), 3, 5)


def without_weight(draw: Generator) -> Arguments:
    return neutral(fixed_rows(), eps=0.25)


def with_weight(draw: Generator) -> Arguments:
    return {**neutral(fixed_rows(), eps=0.25), "weight": gain(draw, 5)}


Weights = dict[str, Tensor]


def block_weights(
    draw: Generator, n_heads: int, n_kv_heads: int, head_dim: int, d_model: int, silent: tuple[str, ...] = ()
) -> Weights:
    d_ff = d_model + 3
    shapes = {
        "self_attn.q_proj": (n_heads * head_dim, d_model),
        "self_attn.k_proj": (n_kv_heads * head_dim, d_model),
        "self_attn.v_proj": (n_kv_heads * head_dim, d_model),
        "self_attn.o_proj": (d_model, n_heads * head_dim),
        "mlp.gate_proj": (d_ff, d_model),
        "mlp.up_proj": (d_ff, d_model),
        "mlp.down_proj": (d_model, d_ff),
    }
    matrices = {
        f"{name}.weight": torch.zeros(shape) if name in silent else 1.5 * randn(draw, *shape) / shape[1] ** 0.5
        for name, shape in shapes.items()
    }
    return {
        "input_layernorm.weight": gain(draw, d_model),
        "post_attention_layernorm.weight": gain(draw, d_model),
        **matrices,
    }


ATTENTION, FEED_FORWARD = "self_attn.o_proj", "mlp.down_proj"


def with_small_scores(weights: Weights) -> Weights:
    """For gradients: where softmax saturates, those of queries and keys are hardly more than rounding."""
    scored = ("self_attn.q_proj.weight", "self_attn.k_proj.weight")
    return {name: 0.4 * weight if name.endswith(scored) else weight for name, weight in weights.items()}

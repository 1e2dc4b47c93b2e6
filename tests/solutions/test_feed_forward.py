"""The references of chapter 6 against torch and transformers, and the end of its notebook."""

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import MixtralConfig
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

from autograder.exercises import assignments
from autograder.exercises.feed_forward.parameter_counts import LLAMA_2_7B, LLAMA_3_2_1B
from autograder.judging.judge import judge, local_answer
from solutions.feed_forward import moe_forward, parameter_counts
from tests.banks.notebook_runs import printed_by
from tests.banks.submissions import references

ASSIGNMENT = assignments()["06_feed_forward"]


@pytest.mark.parametrize("top_k", [1, 2, 4])
def test_mixture_is_that_of_mixtral(top_k: int) -> None:
    # An expert of Mixtral is gated. With a gate of 1 from a constant column, and ReLU from the other two, it is ours.
    torch.manual_seed(0)
    config = MixtralConfig(
        hidden_size=6, intermediate_size=10, num_local_experts=4, num_experts_per_tok=top_k, hidden_act="relu"
    )
    block = MixtralSparseMoeBlock(config).eval()
    x = torch.cat([torch.randn(7, 5), torch.ones(7, 1)], dim=1)
    w_in, w_out, router = torch.randn(4, 10, 6), torch.randn(4, 6, 10), torch.randn(4, 6)
    one = torch.zeros(4, 10, 6)
    one[..., -1] = 1.0  # times the constant column
    with torch.no_grad():
        block.gate.weight.copy_(router)
        block.experts.gate_up_proj.copy_(torch.cat([w_in, one], dim=1))
        block.experts.down_proj.copy_(w_out)
        theirs = block(x[None])
    theirs = theirs[0] if isinstance(theirs, tuple) else theirs
    torch.testing.assert_close(moe_forward(x, router, w_in, w_out, top_k), theirs[0], rtol=1e-4, atol=1e-5)


def test_the_published_totals() -> None:
    # As their model cards have them.
    assert parameter_counts(LLAMA_2_7B)["total"] == 6_738_415_616
    assert parameter_counts(LLAMA_3_2_1B)["total"] == 1_235_814_400


def _with_dropout(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    """The source document's network, left in training mode."""
    if b_in.shape != w_in.shape[:1] or b_out.shape != w_out.shape[:1]:
        raise ValueError("a bias does not fit")
    hidden = functional.dropout(functional.gelu(functional.linear(x, w_in, b_in)), 0.1)
    return functional.linear(hidden, w_out, b_out)


def _with_noise(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    """A router with noise, as in training."""
    if not 1 <= top_k <= len(router):
        raise ValueError("top_k")
    logits, chosen = (x @ router.T + torch.randn(len(x), len(router))).topk(top_k)
    outputs = w_out[chosen] @ functional.relu(w_in[chosen] @ x[:, None, :, None])
    return (logits.softmax(-1)[..., None] * outputs.squeeze(-1)).sum(1)


@pytest.mark.parametrize("seed", [b"1", b"2", b"3"])
def test_random_mistakes_lose_their_property(seed: bytes) -> None:
    # What they do differs from call to call, so no hint of their own can know them.
    dropped = judge(ASSIGNMENT.exercise("feed_forward"), local_answer(_with_dropout), seed)
    noisy = judge(ASSIGNMENT.exercise("moe_forward"), local_answer(_with_noise), seed)
    assert dropped.mistake is None and noisy.mistake is None
    assert dropped.fraction < 0.5 and noisy.fraction < 0.7


@pytest.mark.notebooks
def test_notebook_ends_with_the_course_model(tmp_path: Path) -> None:
    printed = printed_by(ASSIGNMENT, references(ASSIGNMENT), tmp_path)
    differences = [float(number) for number in re.findall(r"largest difference (\S+)", printed)]
    assert differences and max(differences) < 1e-4
    assert "as counted in the model: True" in printed
    assert "eight equal experts are as one: True" in printed

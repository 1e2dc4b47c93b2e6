"""Right alternatives of 06_feed_forward."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def feed_forward_by_torch(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    if b_in.shape != (w_in.shape[0],) or b_out.shape != (w_out.shape[0],):
        raise ValueError("the biases do not fit")
    return functional.linear(functional.gelu(functional.linear(x, w_in, b_in)), w_out, b_out)


def swiglu_by_tanh(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    if w_gate.size() != w_up.size():
        raise ValueError("w_gate, w_up")
    gate, up = torch.einsum("...d,fd->...f", x, w_gate), torch.einsum("...d,fd->...f", x, w_up)
    return torch.einsum("...f,df->...d", up * gate * (1 + torch.tanh(gate / 2)) / 2, w_down)


def moe_forward_as_in_mixtral(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    # Softmax over all, the choice, and then the weights divided by their sum: the same numbers.
    if not 0 < top_k <= router.size(0):
        raise ValueError("no such choice")
    weights, chosen = torch.topk(functional.softmax(functional.linear(x, router), dim=-1), top_k, dim=-1)
    weights = weights / weights.sum(dim=-1, keepdim=True)
    result = torch.zeros(x.shape, dtype=x.dtype)
    mask = functional.one_hot(chosen, num_classes=router.size(0)).permute(2, 1, 0)
    for expert in range(router.size(0)):
        rank, token = torch.where(mask[expert])
        if token.numel() == 0:
            continue
        output = functional.linear(functional.relu(functional.linear(x[token], w_in[expert])), w_out[expert])
        result.index_add_(0, token, (output * weights[token, rank, None]).to(x.dtype))
    return result


def parameter_counts_by_shapes(config: dict) -> dict[str, int]:
    d, layers, heads = config["d_model"], config["n_layers"], config["n_heads"]
    kv = config["n_kv_heads"]
    if d % heads != 0 or heads % kv != 0:
        raise ValueError("heads")
    head_dim = d // heads
    shapes = {
        "attention": [(heads * head_dim, d), (kv * head_dim, d), (kv * head_dim, d), (d, heads * head_dim)],
        "feed_forward": [(config["d_ff"], d), (config["d_ff"], d), (d, config["d_ff"])],
        "norm": [(d,), (d,)],
    }
    counts = {name: layers * sum(math.prod(shape) for shape in found) for name, found in shapes.items()}
    counts["norm"] += d
    counts["embedding"] = config["vocab_size"] * d
    if not config["tied"]:
        counts["embedding"] += config["vocab_size"] * d
    counts["total"] = sum(counts.values())
    return counts

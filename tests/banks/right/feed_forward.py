"""Right alternatives of 06_feed_forward."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.banks.right import Alternatives


def feed_forward_by_torch(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    if b_in.shape != (w_in.shape[0],) or b_out.shape != (w_out.shape[0],):
        raise ValueError("the biases do not fit")
    return functional.linear(functional.gelu(functional.linear(x, w_in, b_in)), w_out, b_out)


def feed_forward_by_layers(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    if list(b_in.shape) != [w_in.size(0)] or list(b_out.shape) != [w_out.size(0)]:
        raise ValueError("each bias needs one number for each row of its matrix")
    first, second = (nn.Linear(w.shape[1], w.shape[0]) for w in (w_in, w_out))
    weights = {"weight": w_in, "bias": b_in}, {"weight": w_out, "bias": b_out}
    hidden = nn.GELU()(torch.func.functional_call(first, weights[0], (x,)))
    result: Tensor = torch.func.functional_call(second, weights[1], (hidden,))
    return result


def feed_forward_by_einsum(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    if b_in.dim() != 1 or b_out.dim() != 1 or len(b_in) != len(w_in) or len(b_out) != len(w_out):
        raise ValueError("biases")
    hidden = torch.einsum("...d,fd->...f", x, w_in) + b_in
    # The normal distribution function, by the complementary error function.
    hidden = 0.5 * hidden * torch.erfc(-hidden / math.sqrt(2))
    return torch.einsum("...f,df->...d", hidden, w_out) + b_out


def feed_forward_row_by_row(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    if b_in.shape != w_in[:, 0].shape or b_out.shape != w_out[:, 0].shape:
        raise ValueError("a bias has the wrong size")
    rows = []
    for row in x.reshape(-1, x.shape[-1]):
        hidden = torch.mv(w_in, row) + b_in
        rows.append(torch.mv(w_out, hidden * torch.special.ndtr(hidden)) + b_out)
    return torch.stack(rows).reshape(x.shape)


def feed_forward_unit_by_unit(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    if b_in.shape != w_in.shape[:-1]:
        raise ValueError("b_in")
    if b_out.shape != w_out.shape[:-1]:
        raise ValueError("b_out")
    result = b_out.expand_as(x)
    for unit in range(len(w_in)):
        z = (x * w_in[unit]).sum(-1, keepdim=True) + b_in[unit]
        result = result + functional.gelu(z) * w_out[:, unit]
    return result


def swiglu_by_torch(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    if w_gate.shape != w_up.shape:
        raise ValueError("the shapes differ")
    return functional.linear(functional.silu(functional.linear(x, w_gate)) * functional.linear(x, w_up), w_down)


def swiglu_in_one_product(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    if tuple(w_gate.shape) != tuple(w_up.shape):
        raise ValueError("gate and up must be alike")
    gate, up = (x @ torch.cat([w_gate, w_up]).mT).chunk(2, dim=-1)
    return (nn.SiLU()(gate) * up) @ w_down.mT


def swiglu_by_tanh(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    if w_gate.size() != w_up.size():
        raise ValueError("w_gate, w_up")
    gate, up = torch.einsum("...d,fd->...f", x, w_gate), torch.einsum("...d,fd->...f", x, w_up)
    return torch.einsum("...f,df->...d", up * gate * (1 + torch.tanh(gate / 2)) / 2, w_down)


def swiglu_row_by_row(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    if list(w_gate.shape) != list(w_up.shape):
        raise ValueError("not the same shape")
    rows = []
    for row in x.flatten(0, -2) if x.dim() > 1 else x[None]:
        gate = w_gate @ row
        rows.append(w_down @ (gate * gate.sigmoid() * (w_up @ row)))
    return torch.stack(rows).reshape(x.shape)


def moe_token_by_token(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    if top_k < 1 or top_k > len(router):
        raise ValueError("top_k")
    rows = []
    for token in x:
        values, best = torch.topk(router @ token, top_k)
        weights = values.softmax(0)
        outputs = [w_out[e] @ torch.relu(w_in[e] @ token) for e in best.tolist()]
        mixed = weights[0] * outputs[0]
        for weight, output in zip(weights[1:], outputs[1:], strict=True):
            mixed = mixed + weight * output
        rows.append(mixed)
    return torch.stack(rows)


def moe_as_in_mixtral(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
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


def moe_dense_with_mask(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    if not 1 <= top_k <= router.shape[0]:
        raise ValueError(f"top_k is {top_k}")
    logits = x @ router.mT
    best = logits.argsort(dim=-1, descending=True)[:, :top_k]
    mask = torch.full_like(logits, -torch.inf).scatter(-1, best, 0.0)
    weights = torch.softmax(logits + mask, dim=-1)
    hidden = torch.einsum("td,efd->tef", x, w_in).clamp(min=0)
    return torch.einsum("te,tef,edf->td", weights, hidden, w_out)


def moe_by_gathered_matrices(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    if top_k not in range(1, router.shape[0] + 1):
        raise ValueError("top_k")
    values, best = (x @ router.T).topk(top_k)
    hidden = functional.relu(w_in[best] @ x[:, None, :, None])  # [tokens, top_k, d_ff, 1]
    outputs = (w_out[best] @ hidden).squeeze(-1)
    return (values.softmax(-1).unsqueeze(1) @ outputs).squeeze(1)


def moe_with_weighted_inputs(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    # ReLU without biases carries a positive factor through, so it may multiply the input as well.
    if top_k <= 0 or top_k > router.shape[0]:
        raise ValueError("top_k")
    values, best = (x @ router.T).topk(top_k, dim=1)
    weights = torch.zeros(len(x), len(router), dtype=x.dtype).scatter(1, best, values.softmax(dim=1))
    outputs = [functional.relu((weights[:, [e]] * x) @ w_in[e].T) @ w_out[e].T for e in range(len(router))]
    return torch.stack(outputs).sum(0)


def counts_by_shapes(config: dict) -> dict[str, int]:
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


def counts_on_the_meta_device(config: dict) -> dict[str, int]:
    d, heads, kv = config["d_model"], config["n_heads"], config["n_kv_heads"]
    if d % heads or heads % kv:
        raise ValueError("the heads do not fit")
    with torch.device("meta"):
        table = nn.Embedding(config["vocab_size"], d)
        head = nn.Linear(d, config["vocab_size"], bias=False)
        if config["tied"]:
            head.weight = table.weight
        narrow = kv * d // heads
        layers = range(config["n_layers"])
        attention = [nn.Linear(d, out, bias=False) for _ in layers for out in (d, narrow, narrow, d)]
        gates = [nn.Linear(d, config["d_ff"], bias=False) for _ in layers for _ in range(2)]
        downs = [nn.Linear(config["d_ff"], d, bias=False) for _ in layers]
        norms = [nn.RMSNorm(d) for _ in range(2 * len(layers) + 1)]
    parts: dict[str, list[nn.Module]] = {
        "embedding": [table, head],
        "attention": [*attention],
        "feed_forward": [*gates, *downs],
        "norm": [*norms],
    }
    counts = {name: sum(p.numel() for p in nn.ModuleList(modules).parameters()) for name, modules in parts.items()}
    return {**counts, "total": sum(counts.values())}


def counts_layer_by_layer(config: dict) -> dict[str, int]:
    width = config["d_model"]
    if width / config["n_heads"] != width // config["n_heads"]:
        raise ValueError("n_heads does not divide d_model")
    group, left = divmod(config["n_heads"], config["n_kv_heads"])
    if left:
        raise ValueError("n_kv_heads does not divide n_heads")
    attention = feed_forward = norm = 0
    for _ in range(config["n_layers"]):
        attention += 2 * width**2 + 2 * width * (width // group)
        feed_forward += 3 * width * config["d_ff"]
        norm += 2 * width
    norm += width
    embedding = (2 - int(config["tied"])) * config["vocab_size"] * width
    return {
        "total": embedding + attention + feed_forward + norm,
        "norm": norm,
        "feed_forward": feed_forward,
        "attention": attention,
        "embedding": embedding,
    }


ALTERNATIVES: Alternatives = {
    "feed_forward": [
        feed_forward_by_torch,
        feed_forward_by_layers,
        feed_forward_by_einsum,
        feed_forward_row_by_row,
        feed_forward_unit_by_unit,
    ],
    "swiglu": [swiglu_by_torch, swiglu_in_one_product, swiglu_by_tanh, swiglu_row_by_row],
    "moe_forward": [
        moe_token_by_token,
        moe_as_in_mixtral,
        moe_dense_with_mask,
        moe_by_gathered_matrices,
        moe_with_weighted_inputs,
    ],
    "parameter_counts": [counts_by_shapes, counts_on_the_meta_device, counts_layer_by_layer],
}

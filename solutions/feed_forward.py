"""Feed-forward networks: dense, gated, and as a choice of experts; and where a decoder's parameters are.

Contents, in the order of the chapter:
    feed_forward          widen each row, GELU, narrow it again
    swiglu                one matrix makes a gate for what another one makes
    moe_forward           a router sends each token to a few of many networks
    parameter_counts      the parameters of a Llama-shaped decoder, part by part
"""

import math

import torch
from torch import Tensor
from torch.nn import functional


def feed_forward(
    x: Tensor,
    w_in: Tensor,
    b_in: Tensor,
    w_out: Tensor,
    b_out: Tensor,
) -> Tensor:
    """Widen each row to d_ff numbers, send each number through GELU, and narrow
    the row again.

    GELU is the exact one, z times the probability that a standard normal number
    is below z. That probability is (1 + erf(z / sqrt(2))) / 2.

    Args:
        x: Tensor[..., d], with any number of leading dimensions.
        w_in: Tensor[d_ff, d], laid out [out, in] as in torch.nn.Linear.
        b_in: Tensor[d_ff].
        w_out: Tensor[d, d_ff].
        b_out: Tensor[d].

    Returns:
        Tensor[..., d] in the dtype of x.

    Raises:
        ValueError: if a bias does not hold one number for each row of its
            matrix.

    Example:
        >>> one = torch.tensor([[1.0]])
        >>> feed_forward(
        ...     torch.tensor([[-1.0], [2.0]]),
        ...     one,
        ...     torch.zeros(1),
        ...     one,
        ...     torch.tensor([10.0]),
        ... )
        tensor([[ 9.8413],
                [11.9545]])

    Source: Vaswani et al. 2017, section 3.3; Hendrycks and Gimpel 2016 for
    GELU.
    """
    for weight, bias in ((w_in, b_in), (w_out, b_out)):
        if bias.shape != weight.shape[:1]:
            raise ValueError(f"a matrix of {weight.shape[0]} rows needs a bias of as many, not {tuple(bias.shape)}")
    hidden = x @ w_in.T + b_in
    below = (1 + torch.erf(hidden / math.sqrt(2))) / 2
    return (hidden * below) @ w_out.T + b_out


def swiglu(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    """Multiply the rows that w_up makes by gates that w_gate makes, and narrow
    the product again.

    A gate is SiLU(z) = z * sigmoid(z). There are no biases.

    Args:
        x: Tensor[..., d], with any number of leading dimensions.
        w_gate: Tensor[d_ff, d], laid out [out, in] as in torch.nn.Linear.
        w_up: Tensor[d_ff, d].
        w_down: Tensor[d, d_ff].

    Returns:
        Tensor[..., d] in the dtype of x.

    Raises:
        ValueError: if w_gate and w_up differ in shape.

    Example:
        >>> one = torch.tensor([[1.0]])
        >>> swiglu(torch.tensor([[-1.0], [2.0]]), one, 3 * one, one)
        tensor([[ 0.8068],
                [10.5696]])

    Source: Shazeer 2020, equation 6.
    """
    if w_gate.shape != w_up.shape:
        raise ValueError(f"w_gate {tuple(w_gate.shape)} and w_up {tuple(w_up.shape)} must have the same shape")
    gate = x @ w_gate.T
    return (gate * torch.sigmoid(gate) * (x @ w_up.T)) @ w_down.T


def moe_forward(
    x: Tensor,
    router: Tensor,
    w_in: Tensor,
    w_out: Tensor,
    top_k: int,
) -> Tensor:
    """Send each token through the top_k experts that the router scores highest,
    and mix their outputs.

    Expert e is the network w_out[e] relu(w_in[e] x). The weights of the mixture
    are a softmax over the chosen logits alone, so they sum to 1.

    Args:
        x: Tensor[tokens, d].
        router: Tensor[n_experts, d]: the logits of a token are its products
            with these rows.
        w_in: Tensor[n_experts, d_ff, d].
        w_out: Tensor[n_experts, d, d_ff].
        top_k: how many experts work on each token. Of experts with equal logits
            at the border, either may be chosen.

    Returns:
        Tensor[tokens, d] in the dtype of x.

    Raises:
        ValueError: if top_k is below 1 or above the number of experts.

    Example:
        >>> x = torch.tensor([[1.0]])
        >>> router = torch.tensor([[0.0], [2.0], [2.0]])
        >>> w_in = torch.ones(3, 1, 1)
        >>> w_out = torch.tensor([[[10.0]], [[20.0]], [[40.0]]])
        >>> moe_forward(x, router, w_in, w_out, top_k=2)
        tensor([[30.]])

    Source: Shazeer et al. 2017, section 2.1, without noise; Jiang et al. 2024
    (Mixtral), section 2.1.
    """
    n_experts = router.shape[0]
    if not 1 <= top_k <= n_experts:
        raise ValueError(f"of {n_experts} experts, top_k = {top_k} cannot be chosen")
    logits, chosen = (x @ router.T).topk(top_k, dim=-1)  # both [tokens, top_k]
    weights = torch.softmax(logits, dim=-1)
    result = torch.zeros_like(x)
    for expert in range(n_experts):
        token, rank = torch.where(chosen == expert)
        output = functional.relu(x[token] @ w_in[expert].T) @ w_out[expert].T
        result = result.index_add(0, token, weights[token, rank, None] * output)
    return result


def parameter_counts(config: dict) -> dict[str, int]:
    """Count the parameters of a Llama-shaped decoder: no biases, RMSNorm,
    SwiGLU.

    Each layer has attention with its four projections, a feed-forward network
    with three matrices, and a norm before each of them; one more norm stands
    after the last layer. Heads have the width d_model / n_heads.

    Args:
        config: vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff (int)
            and tied (bool): whether the head is the embedding table. Other
            entries are ignored.

    Returns:
        "embedding" (with the head, where it has weights of its own),
        "attention", "feed_forward" and "norm", each for the whole model, and
        "total".

    Raises:
        ValueError: if n_heads does not divide d_model, or n_kv_heads does not
            divide n_heads.

    Example:
        >>> shape = {
        ...     "vocab_size": 10,
        ...     "d_model": 4,
        ...     "n_layers": 1,
        ...     "n_heads": 2,
        ...     "n_kv_heads": 1,
        ...     "d_ff": 6,
        ... }
        >>> for part, n in parameter_counts({**shape, "tied": True}).items():
        ...     print(part, n)
        embedding 40
        attention 48
        feed_forward 72
        norm 12
        total 172

    Source: Touvron et al. 2023 (LLaMA), section 2.2; Ainslie et al. 2023 for
    shared keys and values.
    """
    d_model, n_layers, n_heads, n_kv_heads = (config[name] for name in ("d_model", "n_layers", "n_heads", "n_kv_heads"))
    if d_model % n_heads or n_heads % n_kv_heads:
        raise ValueError(f"{n_heads} heads do not divide d_model = {d_model}, or {n_kv_heads} do not divide {n_heads}")
    d_kv = n_kv_heads * (d_model // n_heads)
    counts = {
        "embedding": config["vocab_size"] * d_model * (1 if config["tied"] else 2),
        "attention": n_layers * (2 * d_model * d_model + 2 * d_model * d_kv),
        "feed_forward": n_layers * 3 * d_model * config["d_ff"],
        "norm": (2 * n_layers + 1) * d_model,
    }
    return {**counts, "total": sum(counts.values())}

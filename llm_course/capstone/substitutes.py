"""The parts of the capstone: for each exercise a substitute of torch's and transformers' own operations, and a trial.

A substitute does what the capstone needs of the exercise and no more: it refuses nothing and knows no edge case. So its
text is seldom a full answer to the exercise; where it is, it is as public as the reference.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.adamw import adamw
from transformers.generation.logits_process import TopKLogitsWarper, TopPLogitsWarper
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from llm_course.training.loop import Settings, learning_rate_at


@dataclass(frozen=True)
class Part:
    """An exercise that the capstone runs; `trial` calls a function as the capstone does and gives what it computes."""

    exercise: str
    assignment: str
    substitute: Callable[..., Any]
    trial: Callable[[Callable[..., Any]], Any]


def _merge_pair(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    left, right, new = map(chr, (*pair, new_id))
    return [ord(token) for token in "".join(map(chr, ids)).replace(left + right, new)]


def _encode(text: str, merges: list[tuple[int, int]]) -> list[int]:
    tokens = text.encode("utf-8").decode("latin-1")
    for rank, (left, right) in enumerate(merges):
        # A merge makes only pairs that were learned later: so once each, in their order, is enough.
        tokens = tokens.replace(chr(left) + chr(right), chr(256 + rank))
    return [ord(token) for token in tokens]


def _decode(ids: list[int], merges: list[tuple[int, int]]) -> str:
    def spelled(token: int) -> bytes:
        return bytes([token]) if token < 256 else b"".join(map(spelled, merges[token - 256]))

    return b"".join(map(spelled, ids)).decode("utf-8", errors="replace")


def _apply_rope(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    half = x.shape[-1] // 2
    angle = torch.outer(positions.float(), base ** (-torch.arange(half) / half)).repeat(1, 2)
    turned: Tensor = apply_rotary_pos_emb(x, x[:, :0], angle.cos()[None], angle.sin()[None])[0]
    return turned


def _causal_mask(n_queries: int, n_keys: int) -> Tensor:
    return nn.Transformer.generate_square_subsequent_mask(n_keys)[n_keys - n_queries :] == 0


def _attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, None]:
    # On a processor, torch's fused kernel is the faster one, and its backward pass takes several times as long.
    every = nn.attention.SDPBackend
    kernels = [every.MATH] if query.requires_grad else [every.FLASH_ATTENTION, every.MATH]
    with nn.attention.sdpa_kernel(kernels):
        return functional.scaled_dot_product_attention(query, key, value, mask), None


def _swiglu(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    return functional.linear(functional.silu(functional.linear(x, w_gate)) * functional.linear(x, w_up), w_down)


def _rms_norm(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return functional.rms_norm(x, weight.shape, weight, eps)


def _next_token_loss(logits: Tensor, ids: Tensor, ignore_index: int = -100) -> Tensor:
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), ignore_index=ignore_index)


def _learning_rate(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    settings = Settings(total, 1, peak, warmup_steps=warmup, final_fraction=floor / peak)
    return learning_rate_at(min(step, total), settings)


def _adamw_step(
    param: Tensor,
    grad: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[Tensor, Tensor, Tensor]:
    moved = [item.clone() for item in (param, m, v)]
    adamw(
        [moved[0]], [grad], [moved[1]], [moved[2]], [], [torch.tensor(float(step - 1))], amsgrad=False,
        beta1=betas[0], beta2=betas[1], lr=lr, weight_decay=weight_decay, eps=eps, maximize=False,
    )  # fmt: skip
    return moved[0], moved[1], moved[2]


def _clip_gradients(grads: list[Tensor], max_norm: float) -> tuple[list[Tensor], float]:
    norm = float(nn.utils.get_total_norm(grads))
    return [grad * min(1.0, max_norm / max(norm, 1e-12)) for grad in grads], norm


def _sft_labels(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    return [token if any(start <= place < end for start, end in spans) else -100 for place, token in enumerate(ids)]


def _sample(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: torch.Generator
) -> Tensor:
    if temperature == 0:
        return logits.argmax(dim=-1)
    scores = logits / temperature
    if top_k is not None:
        scores = TopKLogitsWarper(top_k)(logits.new_empty(0), scores)
    if top_p is not None:
        scores = TopPLogitsWarper(top_p)(logits.new_empty(0), scores)
    return torch.multinomial(functional.softmax(scores, dim=-1), 1, generator=generator)[:, 0]


class _LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("weight", base.weight.detach().clone())
        self.scale = alpha / rank
        self.lora_a = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank))

    def whole(self) -> Tensor:
        return torch.addmm(self.weight, self.lora_b, self.lora_a, alpha=self.scale)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.whole())

    def merge(self) -> nn.Linear:
        rows, columns = self.whole().shape
        merged = nn.Linear(columns, rows, bias=False)
        merged.weight = nn.Parameter(self.whole().detach())
        return merged


def _quantize_groups(weight: Tensor, group_size: int, bits: int = 4) -> tuple[Tensor, Tensor]:
    parts, largest = weight.split(group_size, dim=1), 2 ** (bits - 1) - 1
    scales = [(part.abs().amax(1, keepdim=True) / largest).clamp(min=1e-30) for part in parts]
    codes = [(part / scale).round().clamp(-largest, largest) for part, scale in zip(parts, scales, strict=True)]
    return torch.cat(codes, dim=1).to(torch.int8), torch.cat(scales, dim=1)


def _cached_attention_step(
    query: Tensor, key: Tensor, value: Tensor, cache_k: Tensor, cache_v: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    keys, values = torch.cat([cache_k, key[:, None]], 1), torch.cat([cache_v, value[:, None]], 1)
    return _attention(query[:, None], keys, values)[0][:, 0], keys, values


def _drawn(*sizes: int, seed: int = 0) -> Tensor:
    return torch.randn(sizes, generator=torch.Generator().manual_seed(seed))


def _try_attention(function: Callable[..., Any]) -> Tensor:
    query, key, value = (_drawn(8, 4, 128, 16, seed=seed).requires_grad_() for seed in range(3))
    mask = torch.ones(128, 128, dtype=torch.bool).tril()
    output: Tensor = function(query, key, value, mask)[0]
    output.pow(2).sum().backward()
    return torch.cat([output.detach(), *(item.grad for item in (query, key, value) if item.grad is not None)])


def _try_lora(function: Callable[..., Any]) -> tuple[Tensor, ...]:
    base = nn.Linear(64, 32, bias=False)
    base.weight = nn.Parameter(_drawn(32, 64))
    layer = function(base, 4, 8.0)
    fresh = layer(torch.eye(64)).detach()
    with torch.no_grad():
        layer.lora_a.copy_(_drawn(4, 64, seed=1))
        layer.lora_b.copy_(_drawn(32, 4, seed=2))
    return fresh, layer(torch.eye(64)).detach(), layer.merge().weight.detach()


def _try_quantizer(function: Callable[..., Any]) -> Tensor:
    codes, scales = function(_drawn(64, 96), 32, 4)
    return codes * scales.repeat_interleave(32, dim=1)


_MERGES = [(116, 104), (256, 101), (32, 257), (97, 110), (259, 100), (32, 260)]
PARTS = (
    Part("merge_pair", "02_tokenization", _merge_pair, lambda f: f([1, 2, 1, 2, 2, 1, 2] * 20, (1, 2), 300)),
    Part("encode", "02_tokenization", _encode, lambda f: [f(text, _MERGES) for text in (" the", " another", " sand")]),
    Part("decode", "02_tokenization", _decode, lambda f: f([*range(97, 117), *range(256, 262), 226, 130] * 9, _MERGES)),
    Part("embed", "03_embeddings", functional.embedding,
         lambda f: f(torch.arange(999).reshape(9, 111), _drawn(999, 64))),
    Part("tied_logits", "03_embeddings", functional.linear, lambda f: f(_drawn(8, 128, 64), _drawn(999, 64))),
    Part("apply_rope", "04_positions", _apply_rope, lambda f: f(_drawn(8, 4, 128, 16), torch.arange(128), 10_000.0)),
    Part("causal_mask", "05_attention", _causal_mask, lambda f: f(128, 128)),
    Part("scaled_dot_product_attention", "05_attention", _attention, _try_attention),
    Part("swiglu", "06_feed_forward", _swiglu,
         lambda f: f(_drawn(8, 128, 64), _drawn(192, 64), _drawn(192, 64, seed=1), _drawn(64, 192))),
    Part("rms_norm", "07_normalization", _rms_norm, lambda f: f(_drawn(8, 128, 64), _drawn(64), 1e-6)),
    Part("next_token_loss", "08_pretraining", _next_token_loss,
         lambda f: f(_drawn(8, 128, 999), torch.arange(1024).reshape(8, 128).clamp(max=998).fill_diagonal_(-100))),
    Part("learning_rate", "08_pretraining", _learning_rate,
         lambda f: [f(step, 9, 40, 0.5, 0.1) for step in range(41)]),
    Part("adamw_step", "08_pretraining", _adamw_step,
         lambda f: f(*_drawn(3, 99, 99), _drawn(99, 99) ** 2, 7, 0.1, (0.9, 0.98), 1e-8, 0.1)),
    Part("clip_gradients", "08_pretraining", _clip_gradients, lambda f: f([_drawn(99, 99), _drawn(99)], 0.5)),
    Part("sft_labels", "09_post_training", _sft_labels, lambda f: f(list(range(200)), [(10, 30), (90, 200)])),
    Part("sample", "11_decoding", _sample,
         lambda f: [f(_drawn(1, 999), t, None, p, torch.Generator()) for t, p in ((0.0, None), (0.01, 0.5))]),
    Part("LoRALinear", "13_peft", _LoRALinear, _try_lora),
    Part("quantize_groups", "15_production", _quantize_groups, _try_quantizer),
    Part("cached_attention_step", "16_serving", _cached_attention_step,
         lambda f: f(*_drawn(3, 4, 16), *_drawn(2, 4, 50, 16))),
)  # fmt: skip
SUBSTITUTES: dict[str, Callable[..., Any]] = {part.exercise: part.substitute for part in PARTS}

"""Right alternatives of 13_peft."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.banks.right import Alternatives


class LoRAWithOwnWeights(nn.Module):
    """The base's tensors are kept as buffers, which nobody trains."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__()
        if rank <= 0:
            raise ValueError("rank must be positive")
        if not 0 <= dropout <= 1:
            raise ValueError("dropout must be a probability")
        self.register_buffer("weight", base.weight.detach().clone())
        self.register_buffer("bias", None if base.bias is None else base.bias.detach().clone())
        rows, columns = base.weight.shape
        dtype = base.weight.dtype
        self.lora_a = nn.Parameter(torch.randn(rank, columns, dtype=dtype) / math.sqrt(columns))
        self.lora_b = nn.Parameter(torch.zeros(rows, rank, dtype=dtype))
        self.rank, self.alpha, self.p = rank, alpha, dropout

    def forward(self, x: Tensor) -> Tensor:
        """Base and update, each as a linear layer."""
        hidden = functional.linear(functional.dropout(x, self.p, self.training), self.lora_a)
        update = functional.linear(hidden, self.lora_b) * self.alpha / self.rank
        return functional.linear(x, self.weight, self.bias) + update

    def merge(self) -> nn.Linear:
        """A new layer from the merged weight."""
        rows, columns = self.weight.shape
        merged = nn.Linear(columns, rows, bias=self.bias is not None)
        merged.weight = nn.Parameter((self.weight + self.alpha / self.rank * self.lora_b @ self.lora_a).detach())
        if self.bias is not None:
            merged.bias = nn.Parameter(self.bias.clone())
        return merged


class LoRAByEinsum(nn.Module):
    """Uniform start, sums written out."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__()
        if rank < 1 or dropout < 0 or dropout > 1:
            raise ValueError("bad rank or dropout")
        self.linear = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.drop = nn.Dropout(p=dropout) if dropout > 0 else nn.Identity()
        self.lora_a = nn.Parameter(torch.empty(rank, base.in_features).uniform_(-0.1, 0.1).to(base.weight))
        self.lora_b = nn.Parameter(torch.zeros_like(base.weight[:, :1]).repeat(1, rank))
        self.scaling = alpha / rank

    def forward(self, x: Tensor) -> Tensor:
        """The scale goes into x."""
        low = torch.einsum("...i,ri->...r", self.drop(self.scaling * x), self.lora_a)
        result: Tensor = self.linear(x) + torch.einsum("...r,or->...o", low, self.lora_b)
        return result

    @torch.no_grad()
    def merge(self) -> nn.Linear:
        """A new layer, filled in place."""
        has_bias = self.linear.bias is not None
        merged = nn.Linear(
            self.linear.in_features, self.linear.out_features, bias=has_bias, dtype=self.linear.weight.dtype
        )
        merged.weight.copy_(self.linear.weight)
        merged.weight.add_(torch.einsum("or,ri->oi", self.lora_b, self.lora_a), alpha=self.scaling)
        if has_bias:
            merged.bias.copy_(self.linear.bias)
        return merged


class LoRAByMergedWeight(nn.Module):
    """In evaluation one product with the merged weight, in training two ways; dropout from a mask of its own."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank {rank}")
        if dropout < 0.0 or dropout > 1.0:
            raise ValueError(f"dropout {dropout}")
        base.requires_grad_(False)
        self.base_layer = base
        self.dropout = dropout
        self.factor = alpha / rank
        self.lora_a = nn.Parameter(nn.init.normal_(base.weight.new_empty((rank, base.in_features)), std=0.02))
        self.lora_b = nn.Parameter(base.weight.new_zeros((base.out_features, rank)))

    def merged_weight(self) -> Tensor:
        """W + (alpha / rank) B A."""
        return self.base_layer.weight + self.factor * torch.mm(self.lora_b, self.lora_a)

    def forward(self, x: Tensor) -> Tensor:
        """The output in either mode."""
        if not self.training or self.dropout == 0:
            return functional.linear(x, self.merged_weight(), self.base_layer.bias)
        share = 1 - self.dropout
        kept = (torch.rand(x.shape) < share).to(x.dtype) / (share or 1.0)
        result: Tensor = self.base_layer(x) + (x * kept) @ (self.factor * self.lora_b @ self.lora_a).T
        return result

    def merge(self) -> nn.Linear:
        """A new layer that takes over a state dict."""
        state = {name: tensor.clone() for name, tensor in self.base_layer.state_dict().items()}
        state["weight"] = self.merged_weight().detach()
        rows, columns = state["weight"].shape
        merged = nn.Linear(columns, rows, bias="bias" in state, dtype=state["weight"].dtype)
        merged.load_state_dict(state)
        return merged


def count_by_tensors(shapes: list[tuple[int, int]], rank: int) -> int:
    if rank <= 0:
        raise ValueError("rank must be positive")
    total = 0
    for out_features, in_features in shapes:
        total += torch.empty(rank, in_features).numel() + torch.empty(out_features, rank).numel()
    return total


def count_by_sums(shapes: list[tuple[int, int]], rank: int) -> int:
    if rank < 1:
        raise ValueError(rank)
    return rank * sum(map(sum, shapes))


def fraction_by_loop(model: nn.Module) -> float:
    trained = total = 0
    for _, parameter in model.named_parameters():
        total += parameter.numel()
        if parameter.requires_grad:
            trained += parameter.numel()
    if total == 0:
        raise ValueError("no parameters")
    return trained / total


def fraction_by_modules(model: nn.Module) -> float:
    own = [parameter for module in model.modules() for parameter in module.parameters(recurse=False)]
    sizes = torch.tensor([math.prod(parameter.shape) for parameter in own], dtype=torch.float64)
    if not own:
        raise ValueError("no parameters")
    flags = torch.tensor([parameter.requires_grad for parameter in own])
    return float(sizes[flags].sum() / sizes.sum())


def ia3_by_diagonal(x: Tensor, scale: Tensor) -> Tensor:
    if scale.dim() != 1 or len(scale) != x.shape[-1]:
        raise ValueError("one factor for each column")
    return x @ torch.diag(scale).to(x.dtype)


def ia3_by_columns(x: Tensor, scale: Tensor) -> Tensor:
    if list(scale.shape) != [x.shape[-1]]:
        raise ValueError("one factor for each column")
    columns = [x[..., column] * scale[column] for column in range(len(scale))]
    return torch.stack(columns, dim=-1).to(x.dtype)


def ia3_by_einsum(x: Tensor, scale: Tensor) -> Tensor:
    if scale.ndim != 1 or scale.numel() != x.size(-1):
        raise ValueError("one factor for each column")
    return torch.einsum("...d,d->...d", x.float(), scale.float()).type_as(x)


Batch = tuple[Tensor, Tensor, Tensor]


def prompt_by_filling(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    batch, time, width = embeddings.shape
    if prompt.dim() != 2 or prompt.size(1) != width or mask.size() != (batch, time) or labels.size() != (batch, time):
        raise ValueError("shapes differ")
    length = prompt.shape[0]
    rows = torch.zeros(batch, length + time, width, dtype=embeddings.dtype)
    rows[:, :length] = prompt
    rows[:, length:] = embeddings
    new_mask = torch.ones(batch, length + time, dtype=mask.dtype)
    new_mask[:, length:] = mask
    new_labels = torch.full((batch, length + time), -100, dtype=labels.dtype)
    new_labels[:, length:] = labels
    return rows, new_mask, new_labels


def prompt_by_padding(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    if mask.shape != embeddings.shape[:2] or labels.shape != mask.shape:
        raise ValueError("mask and labels do not fit")
    if prompt.ndim != 2 or prompt.shape[-1] != embeddings.shape[-1]:
        raise ValueError("prompt does not fit")
    front = (len(prompt), 0)
    seen = functional.pad(mask.long(), front, value=1).to(mask.dtype)
    rows = torch.cat((prompt.unsqueeze(0).repeat(len(embeddings), 1, 1).to(embeddings), embeddings), 1)
    return rows, seen, functional.pad(labels, front, value=-100)


def prompt_text_by_text(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    if embeddings.shape[:2] != mask.shape or embeddings.shape[:2] != labels.shape:
        raise ValueError("mask and labels do not fit")
    if prompt.shape[1:] != embeddings.shape[2:]:
        raise ValueError("prompt does not fit")
    p = len(prompt)
    rows = torch.stack([torch.cat([prompt.to(text.dtype), text]) for text in embeddings])
    seen = torch.stack([torch.cat([torch.ones(p, dtype=row.dtype), row]) for row in mask])
    targets = torch.stack([torch.cat([torch.tensor([-100] * p), row]) for row in labels])
    return rows, seen, targets


ALTERNATIVES: Alternatives = {
    "LoRALinear": [LoRAWithOwnWeights, LoRAByEinsum, LoRAByMergedWeight],
    "lora_parameter_count": [count_by_tensors, count_by_sums],
    "trainable_fraction": [fraction_by_loop, fraction_by_modules],
    "ia3_scale": [ia3_by_diagonal, ia3_by_columns, ia3_by_einsum],
    "prepend_prompt": [prompt_by_filling, prompt_by_padding, prompt_text_by_text],
}

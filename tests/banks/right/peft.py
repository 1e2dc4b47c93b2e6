"""Right alternatives of 13_peft."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class LoRALinearWithOwnWeights(nn.Module):
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


class LoRALinearByMergedWeight(nn.Module):
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


def lora_parameter_count_by_sums(shapes: list[tuple[int, int]], rank: int) -> int:
    if rank < 1:
        raise ValueError(rank)
    return rank * sum(map(sum, shapes))


def trainable_fraction_by_modules(model: nn.Module) -> float:
    own = [parameter for module in model.modules() for parameter in module.parameters(recurse=False)]
    sizes = torch.tensor([math.prod(parameter.shape) for parameter in own], dtype=torch.float64)
    if not own:
        raise ValueError("no parameters")
    flags = torch.tensor([parameter.requires_grad for parameter in own])
    return float(sizes[flags].sum() / sizes.sum())


def ia3_scale_by_columns(x: Tensor, scale: Tensor) -> Tensor:
    if list(scale.shape) != [x.shape[-1]]:
        raise ValueError("one factor for each column")
    columns = [x[..., column] * scale[column] for column in range(len(scale))]
    return torch.stack(columns, dim=-1).to(x.dtype)


Batch = tuple[Tensor, Tensor, Tensor]


def prepend_prompt_by_padding(embeddings: Tensor, prompt: Tensor, mask: Tensor, labels: Tensor) -> Batch:
    if mask.shape != embeddings.shape[:2] or labels.shape != mask.shape:
        raise ValueError("mask and labels do not fit")
    if prompt.ndim != 2 or prompt.shape[-1] != embeddings.shape[-1]:
        raise ValueError("prompt does not fit")
    front = (len(prompt), 0)
    seen = functional.pad(mask.long(), front, value=1).to(mask.dtype)
    rows = torch.cat((prompt.unsqueeze(0).repeat(len(embeddings), 1, 1).to(embeddings), embeddings), 1)
    return rows, seen, functional.pad(labels, front, value=-100)

"""Parameter-efficient fine-tuning: LoRA, and two methods that touch even less.

Contents, in the order of the chapter:
    LoRALinear              a frozen linear layer and a trained update of low rank
    lora_parameter_count    what the update costs
    trainable_fraction      the share of a model that is trained
    ia3_scale               one learned factor for each column
    prepend_prompt          learned rows in front of a text
"""

import copy
import math

import torch
from torch import Tensor, nn


class LoRALinear(nn.Module):
    """A frozen linear layer, and beside it a trained update of low rank.

    With W and the bias those of the base, and A and B the parameters lora_a and
    lora_b:

        y = W x + bias + (alpha / rank) · B A dropout(x)

    lora_a is Tensor[rank, in] and starts with random numbers; lora_b is
    Tensor[out, rank] and starts with zeros, so a new layer computes what its
    base does. Both have the dtype and the device of the base's weight. They
    alone are trained: the base is frozen.

    Args:
        base: the layer to adapt, with or without a bias.
        rank: number of rows of lora_a, at least 1.
        alpha: the update is multiplied by alpha / rank.
        dropout: probability of zeroing an entry of the update's input, in
            training only; from 0 to 1, both included.

    Raises:
        ValueError: if rank is less than 1, or dropout is not a probability.

    Source: Hu et al. 2022, section 4.1.
    """

    def __init__(
        self,
        base: nn.Linear,
        rank: int,
        alpha: float,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"the rank must be at least 1, not {rank}")
        self.base = base.requires_grad_(False)
        self.scale = alpha / rank
        self.dropout = nn.Dropout(dropout)  # raises ValueError outside 0 to 1
        self.lora_a = nn.Parameter(base.weight.new_empty(rank, base.in_features))
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the base, and add the update.

        Args:
            x: Tensor[..., in].

        Returns:
            Tensor[..., out].
        """
        update = self.dropout(x) @ self.lora_a.T @ self.lora_b.T
        return self.base(x) + self.scale * update

    def merge(self) -> nn.Linear:
        """Make one plain layer that computes, without dropout, what this one
        does.

        Returns:
            A new nn.Linear that shares no memory with the base. The base,
            lora_a and lora_b stay as they are.
        """
        merged = copy.deepcopy(self.base)
        with torch.no_grad():
            merged.weight += self.scale * self.lora_b @ self.lora_a
        return merged


def lora_parameter_count(shapes: list[tuple[int, int]], rank: int) -> int:
    """Count the parameters that LoRA adds to matrices of the given shapes.

    Args:
        shapes: (out, in) of each adapted matrix; a shape that is listed
            twice counts twice.
        rank: the same for all of them, at least 1.

    Returns:
        The number of entries of lora_a and lora_b, over all matrices.

    Raises:
        ValueError: if rank is less than 1.

    Example:
        >>> lora_parameter_count([(10, 20), (20, 20)], rank=2)
        140

    Source: Hu et al. 2022, section 4.2.
    """
    if rank < 1:
        raise ValueError(f"the rank must be at least 1, not {rank}")
    return sum(rank * (rows + columns) for rows, columns in shapes)


def trainable_fraction(model: nn.Module) -> float:
    """Compute which share of a model's parameters is trained, counted in single
    numbers.

    Args:
        model: any module; a parameter is trained if it requires gradients. A
            parameter that is used in several places counts once.

    Returns:
        A number from 0 to 1.

    Raises:
        ValueError: if the model has no parameters.

    Example:
        >>> trainable_fraction(
        ...     nn.Sequential(
        ...         nn.Linear(3, 2), nn.Linear(2, 2).requires_grad_(False)
        ...     )
        ... )
        0.5714285714285714
    """
    parameters = list(model.parameters())
    if not parameters:
        raise ValueError("the model has no parameters")
    trained = sum(item.numel() for item in parameters if item.requires_grad)
    return trained / sum(item.numel() for item in parameters)


def ia3_scale(x: Tensor, scale: Tensor) -> Tensor:
    """Multiply each column of activations by its own learned factor, as IA3
    does with keys, values and hidden units.

    Args:
        x: Tensor[..., d], with any number of leading dimensions.
        scale: Tensor[d], which starts with ones.

    Returns:
        Tensor[..., d] in the dtype of x.

    Raises:
        ValueError: if scale does not hold one number for each column.

    Example:
        >>> ia3_scale(
        ...     torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        ...     torch.tensor([10.0, 0.5]),
        ... )
        tensor([[10.,  1.],
                [30.,  2.]])

    Source: Liu et al. 2022, section 3.3.
    """
    if scale.shape != x.shape[-1:]:
        raise ValueError(f"rows of {x.shape[-1]} numbers need as many factors, not {tuple(scale.shape)}")
    return x * scale.to(x.dtype)


def prepend_prompt(
    embeddings: Tensor,
    prompt: Tensor,
    mask: Tensor,
    labels: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Put the same learned rows in front of every text of a batch.

    The new positions are attended to, so their mask is 1 (or True), and nothing
    is predicted there, so their label is -100, which a cross-entropy loss
    ignores.

    Args:
        embeddings: Tensor[batch, time, d], the embedded tokens.
        prompt: Tensor[p, d], the learned rows.
        mask: Tensor[batch, time], 1 (or True) where there is a token, 0 (or
            False) at padding.
        labels: LongTensor[batch, time].

    Returns:
        (embeddings, mask, labels): Tensor[batch, p + time, d] and twice
        Tensor[batch, p + time], each in the dtype it came in.

    Raises:
        ValueError: if prompt and embeddings differ in d, or mask or labels have
            another batch or time than embeddings.

    Source: Lester et al. 2021, section 2.
    """
    batch, time, width = embeddings.shape
    if prompt.shape[1:] != (width,):
        raise ValueError(f"the prompt's rows must have {width} numbers, not {tuple(prompt.shape[1:])}")
    if mask.shape != (batch, time) or labels.shape != (batch, time):
        raise ValueError(f"mask and labels must have the shape {(batch, time)}")
    rows = prompt.to(embeddings.dtype).expand(batch, -1, -1)
    new = (batch, len(prompt))
    grown_mask = torch.cat([mask.new_ones(new), mask], dim=1)
    grown_labels = torch.cat([labels.new_full(new, -100), labels], dim=1)
    return torch.cat([rows, embeddings], dim=1), grown_mask, grown_labels

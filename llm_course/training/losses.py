"""The objectives: next token, masked token, sequence to sequence, and distillation."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_course.training.batches import IGNORED
from llm_course.training.loop import Batch, LossFunction


def next_token_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy in nats: the logits at position t are held against the label at t + 1. Returns a scalar."""
    logits = model(input_ids=batch["input_ids"], use_cache=False).logits
    return cross_entropy(logits[:, :-1], batch["labels"][:, 1:])


def looking_up_loss(model: nn.Module, batch: Batch) -> Tensor:
    """`next_token_loss` in which tokens weigh as `weights` says, and which also asks the first layer in `early` rows.

    There, what the first layer leaves is read as if it were the last. So it learns to carry along what later layers
    need; left to itself, a model learns the same in its last layer, where nothing follows. In a batch with such rows,
    only tokens of the batch compete. Returns a scalar.
    """
    early = batch["early"]
    output = model(input_ids=batch["input_ids"], use_cache=False, output_hidden_states=bool(early.any()))
    if not early.any():
        return weighted_cross_entropy(output.logits, batch)
    # A token that no game uses would only be pushed away, and all of these in the same direction.
    present = batch["input_ids"].unique()
    rows = {name: tensor[early] for name, tensor in batch.items()}
    first_layer = model.lm_head(model.model.norm(output.hidden_states[1][early]))  # type: ignore[operator]
    return weighted_cross_entropy(output.logits, batch, present) + weighted_cross_entropy(first_layer, rows, present)


def weighted_cross_entropy(logits: Tensor, batch: Batch, choices: Tensor | None = None) -> Tensor:
    """logits: [rows, length, vocabulary]; `labels` and `weights` of the batch: int64 [rows, length].

    Where `choices` are given, int64 [n], no other token takes part.
    """
    labels, weights = batch["labels"][:, 1:].flatten(), batch["weights"][:, 1:].flatten()
    logits = logits[:, :-1].flatten(0, 1).float()
    if choices is not None:
        logits = torch.full_like(logits, -torch.inf).index_copy(1, choices, logits[:, choices])
    losses = F.cross_entropy(logits, labels, reduction="none")
    return (losses * weights).sum() / weights.sum()


def masked_token_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy over the masked positions only: all other labels are IGNORED."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return cross_entropy(logits, batch["labels"])


def sequence_to_sequence_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy of the target; the model shifts the labels into the decoder's input itself."""
    output = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=batch["labels"])
    return cross_entropy(output.logits, batch["labels"])


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """logits: [..., vocabulary], labels: int64 [...]. In float32 whatever the logits are."""
    return F.cross_entropy(logits.flatten(0, -2).float(), labels.flatten(), ignore_index=IGNORED)


def distillation_loss(teacher: nn.Module, temperature: float = 1.0) -> LossFunction:
    """KL(teacher || student) of the next-token distributions, in nats a token. Hinton, Vinyals and Dean (2015).

    The teacher gives a whole distribution at each position, where a text gives one token: that is why the student
    learns more from the same number of tokens.
    """

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        with torch.no_grad():
            target = F.log_softmax(
                teacher(input_ids=batch["input_ids"], use_cache=False).logits.float() / temperature, -1
            )
        logits = model(input_ids=batch["input_ids"], use_cache=False).logits.float() / temperature
        divergence = F.kl_div(F.log_softmax(logits, -1), target, reduction="none", log_target=True).sum(-1)
        counted = batch["labels"] != IGNORED
        return (divergence * counted).sum() / counted.sum() * temperature**2

    return loss

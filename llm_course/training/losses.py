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

"""Capstones of the size of a test: a whole run in seconds, and models that were trained with a known mistake."""

import contextlib
import functools
import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save
from torch import Tensor

from llm_course.capstone.data import Fact, Mixture, text_batch
from llm_course.capstone.decoder import first_weights, logits
from llm_course.capstone.format import HANDED_IN, Shape
from llm_course.capstone.functions import Chosen
from llm_course.capstone.ledger import YOURS
from llm_course.capstone.steps import Capstone
from llm_course.capstone.substitutes import SUBSTITUTES
from llm_course.capstone.tokenizer import Tokenizer
from llm_course.capstone.training import Batch, State, Training, advance, one_thread

MERGES, TEXTS = 300, 300
SHAPE: dict[str, Any] = {"d_model": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_ff": 160}
ROWS, LENGTH = 8, 64
Loss = Callable[[Tensor, Tensor], Tensor]
ON_A_RUN = pytest.mark.xdist_group("a run of the capstone")
"""Tests of `whole_run` stay in one process, whatever their files: it is trained once."""


@functools.cache
def whole_run(seed: int) -> dict[str, bytes]:
    """The files of a run through all steps, too short to be good."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        functions = Chosen({})
        # The substitutes are the learner's here, however long they take on a busy machine.
        functions.whose = dict.fromkeys(functions, YOURS)
        run = Capstone(folder, functions, seed=seed)
        run.tokenize(MERGES, TEXTS)
        run.pretrain(Training(60, 4e-3, ROWS, LENGTH, warmup=10), **SHAPE)
        run.tune(Training(30, 2e-3, ROWS, LENGTH, warmup=5))
        run.teach(Fact(), Training(30, 4e-3, ROWS, LENGTH, warmup=5))
        run.quantize()
        return {name: (Path(folder) / name).read_bytes() for name in HANDED_IN}


@dataclass(frozen=True)
class Trained:
    """How a base model is trained: for so many steps, by this loss, behind this mask, on these texts over and over."""

    steps: int = 300
    loss: Loss = SUBSTITUTES["next_token_loss"]
    mask: Callable[[int, int], Tensor] = SUBSTITUTES["causal_mask"]
    texts: tuple[str, ...] = ()

    def weights(self, tokenizer: Tokenizer) -> dict[str, Tensor]:
        """The model, in float16."""
        functions = {**SUBSTITUTES, "causal_mask": self.mask}
        shape, training = Shape(tokenizer.size, **SHAPE), Training(self.steps, 4e-3, ROWS, LENGTH, warmup=20)

        def loss_of(weights: Mapping[str, Tensor], batch: Batch) -> Tensor:
            return self.loss(logits(batch.ids, weights, shape, functions), batch.labels)

        rows = self._rows(tokenizer)
        state = State.beginning(first_weights(shape, seed=1))
        with one_thread():
            for step in range(self.steps):
                ids = rows[[(step * ROWS + row) % len(rows) for row in range(ROWS)]]
                state = advance(state, Batch(ids, ids), loss_of, training, SUBSTITUTES)
        return {name: weight.half() for name, weight in state.tensors.items()}

    def _rows(self, tokenizer: Tokenizer) -> Tensor:
        if not self.texts:
            return text_batch(tokenizer, Mixture(), "trained with a mistake", ROWS * self.steps, LENGTH).ids
        ids = [token for text in self.texts for token in (*tokenizer.encode(text), tokenizer.special("<|endoftext|>"))]
        return torch.tensor(ids[: len(ids) // LENGTH * LENGTH]).reshape(-1, LENGTH)


def with_tensors(files: Mapping[str, bytes], file: str, tensors: Mapping[str, Tensor]) -> dict[str, bytes]:
    """A hand-in with other tensors in one file."""
    return {**files, file: save({name: tensor.contiguous() for name, tensor in tensors.items()})}

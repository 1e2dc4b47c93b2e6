"""The capstone's training loop: any tensors, any loss, the learner's optimizer; it shows the time left.

A step makes new tensors and leaves the old ones alone, so whenever a run is stopped its state is that of a whole step.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor
from tqdm import tqdm

from llm_course.capstone.decoder import Functions
from llm_course.capstone.format import CONTEXT_LENGTH, MOMENTS, REPLAYED, TABLE, CapstoneError, canonical, digest

BETAS, EPSILON = (0.9, 0.98), 1e-8
CHECKPOINT_EVERY = 50
"""Steps."""
SETTINGS, DATA, LOSSES = "settings", "data", "losses"


@dataclass(frozen=True)
class Batch:
    """ids and labels: int64 [rows, row_length]. Where a label is IGNORED, the token is read and not learned."""

    ids: Tensor
    labels: Tensor


Loss = Callable[[Mapping[str, Tensor], Batch], Tensor]


@dataclass(frozen=True)
class Training:
    """How long and how fast. `floor` is the last learning rate as a share of the peak.

    Raises CapstoneError where a number makes no sense.
    """

    steps: int
    learning_rate: float
    rows: int = 8
    row_length: int = 128
    warmup: int = 50
    floor: float = 0.05
    weight_decay: float = 0.1
    clip_norm: float = 1.0

    def __post_init__(self) -> None:
        if min(self.steps, self.rows, self.learning_rate, self.clip_norm) <= 0 or not 0 <= self.warmup <= self.steps:
            raise CapstoneError(f"{self}: steps, rows, rate and norm are above 0, and the warm-up is within the steps.")
        if not 2 <= self.row_length <= CONTEXT_LENGTH:
            raise CapstoneError(f"Rows have 2 to {CONTEXT_LENGTH} tokens, not {self.row_length}.")

    @property
    def tokens(self) -> int:
        """What the run sees."""
        return self.steps * self.rows * self.row_length


@dataclass(frozen=True)
class State:
    """Where a run is: the tensors, AdamW's two means of each, the losses so far, the digest of the data so far."""

    tensors: dict[str, Tensor]
    means: dict[str, Tensor]
    squares: dict[str, Tensor]
    losses: tuple[float, ...] = ()
    data: bytes = bytes(32)

    @classmethod
    def beginning(cls, tensors: Mapping[str, Tensor]) -> "State":
        """The state before the first step."""
        tensors = {name: tensors[name] for name in sorted(tensors)}
        means, squares = ({name: torch.zeros_like(tensor) for name, tensor in tensors.items()} for _ in MOMENTS)
        return cls(tensors, means, squares)

    def to_bytes(self, settings: str) -> bytes:
        """A checkpoint: the tensors, "mean:" and "square:" of each, and beside them

        losses: float32 [steps done]; data, settings: uint8 [32], SHA-256 of what was read and of what decides the run.
        """
        moments = {
            prefix + name: tensor
            for prefix, group in zip(MOMENTS, (self.means, self.squares), strict=True)
            for name, tensor in group.items()
        }
        extra = {
            LOSSES: torch.tensor(self.losses, dtype=torch.float32),
            DATA: torch.tensor(list(self.data), dtype=torch.uint8),
            SETTINGS: torch.tensor(list(bytes.fromhex(settings)), dtype=torch.uint8),
        }
        return save({name: tensor.contiguous() for name, tensor in (self.tensors | moments | extra).items()})

    @classmethod
    def of_tensors(cls, stored: Mapping[str, Tensor]) -> "State":
        """The state in a checkpoint's tensors."""
        # A file gives tensors in any order and in any place, and both change the order of sums: put right, a run that
        # goes on ends with the same bits.
        stored = {name: stored[name].clone() for name in sorted(stored)}
        means, squares = (
            {name.removeprefix(prefix): tensor for name, tensor in stored.items() if name.startswith(prefix)}
            for prefix in MOMENTS
        )
        tensors = {name: stored[name] for name in means}
        return cls(tensors, means, squares, tuple(stored[LOSSES].tolist()), bytes(stored[DATA].tolist()))


def advance(state: State, batch: Batch, loss_of: Loss, training: Training, functions: Functions) -> State:
    """One step: the loss, its gradients, clipped, and AdamW on each tensor. Raises CapstoneError if not finite."""
    step, names = len(state.losses), list(state.tensors)
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in state.tensors.items()}
    loss = loss_of(leaves, batch)
    if not torch.isfinite(loss):
        raise CapstoneError(f"The loss is {loss.item()} at step {step + 1}: choose a lower learning rate.")
    gradients = list(torch.autograd.grad(loss, list(leaves.values())))
    with torch.no_grad():
        gradients, _ = functions["clip_gradients"](gradients, training.clip_norm)
        floor = training.floor * training.learning_rate
        rate = functions["learning_rate"](step, training.warmup, training.steps, training.learning_rate, floor)
        moved = [
            functions["adamw_step"](
                state.tensors[name], gradient, state.means[name], state.squares[name], step + 1, rate, BETAS, EPSILON,
                training.weight_decay if gradient.dim() == 2 and name != TABLE else 0.0,
            )
            for name, gradient in zip(names, gradients, strict=True)
        ]  # fmt: skip
    tensors, means, squares = (dict(zip(names, group, strict=True)) for group in zip(*moved, strict=True))
    return State(tensors, means, squares, (*state.losses, loss.item()), _data_digest(state.data, batch))


def _data_digest(before: bytes, batch: Batch) -> bytes:
    return hashlib.sha256(before + batch.ids.numpy().tobytes() + batch.labels.numpy().tobytes()).digest()


def train(
    tensors: Mapping[str, Tensor],
    loss_of: Loss,
    batch_at: Callable[[int], Batch],
    training: Training,
    functions: Functions,
    checkpoint: Path,
    settings: object,
    *,
    name: str = "training",
    progress: bool = True,
) -> State:
    """Train from `tensors`, or go on from `checkpoint` where it is of the same `settings`.

    Checkpoints are written now and then, when the run is interrupted, and last REPLAYED steps before the end.
    """
    key = digest(canonical(settings).encode())
    state = _resumed(checkpoint, key) or State.beginning(tensors)
    last = max(1, training.steps - REPLAYED)
    with (
        one_thread(),
        tqdm(
            total=training.steps, initial=len(state.losses), desc=name, unit="step", mininterval=1,
            file=sys.stdout, disable=not progress,
        ) as bar,
    ):  # fmt: skip
        try:
            for step in range(len(state.losses), training.steps):
                state = advance(state, batch_at(step), loss_of, training, functions)
                done = step + 1
                bar.update()
                bar.set_postfix(loss=f"{state.losses[-1]:.3f}", refresh=False)
                if done == last or (done < last and done % CHECKPOINT_EVERY == 0):
                    _write(checkpoint, state, key)
        except KeyboardInterrupt:
            if 0 < len(state.losses) < last:
                _write(checkpoint, state, key)
            raise
    return state


def _resumed(checkpoint: Path, key: str) -> State | None:
    """The state in a checkpoint; None if there is none, or it is of another run."""
    if not checkpoint.exists():
        return None
    try:
        stored = load(checkpoint.read_bytes())
        if bytes(stored[SETTINGS].tolist()).hex() != key:
            return None
        return State.of_tensors(stored)
    except (SafetensorError, KeyError) as error:
        raise CapstoneError(f"{checkpoint} cannot be read: delete it, and the run begins anew.") from error


def _write(checkpoint: Path, state: State, key: str) -> None:
    """Under another name first: a kill in the middle leaves the checkpoint before it whole."""
    unfinished = checkpoint.with_suffix(".unfinished")
    unfinished.write_bytes(state.to_bytes(key))
    unfinished.replace(checkpoint)


@contextmanager
def one_thread() -> Iterator[None]:
    """With one thread sums come in one order, so that a run can be repeated to the bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def thinned(losses: tuple[float, ...]) -> list[list[float]]:
    """[[step, loss], ...]: the first and the last REPLAYED steps one by one, between them each tenth."""
    steps = len(losses)
    return [
        [step, float(f"{loss:.6g}")]
        for step, loss in enumerate(losses, start=1)
        if step <= REPLAYED or step > steps - REPLAYED or step % 10 == 0
    ]

"""One training loop for every course model: AdamW, warm-up and cosine decay, clipping, validation, checkpoints.

A batch is a function of the step alone, and nothing in the models is random (no dropout), so a run that was killed and
resumes from its last checkpoint ends with the same weights as one that was not.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

Batch = Mapping[str, Tensor]
LossFunction = Callable[[nn.Module, Batch], Tensor]


class TrainingError(RuntimeError):
    """A run that cannot start or go on. The message is one sentence: what, where, and what to do."""


@dataclass(frozen=True)
class Settings:
    """`learning_rate` is the peak, reached after `warmup_steps`; it decays to `final_fraction` of that."""

    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int = 50
    final_fraction: float = 0.05
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.98)
    clip_norm: float = 1.0
    validate_every: int = 100
    checkpoint_every: int = 100
    log_every: int = 10
    seed: int = 0


def learning_rate_at(step: int, settings: Settings) -> float:
    """Linear warm-up, then half a cosine. Loshchilov and Hutter (2017), without restarts."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    progress = (step - settings.warmup_steps) / max(1, settings.steps - settings.warmup_steps)
    fraction = settings.final_fraction + (1 - settings.final_fraction) * 0.5 * (1 + math.cos(math.pi * progress))
    return settings.learning_rate * fraction


def make_optimizer(model: nn.Module, settings: Settings) -> torch.optim.AdamW:
    """AdamW. Weight matrices decay; norms, biases and embedding tables do not."""
    tables = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decays = {id(parameter): parameter.dim() >= 2 and id(parameter) not in tables for parameter in parameters}
    groups = [
        {"params": [p for p in parameters if decays[id(p)]], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if not decays[id(p)]], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=settings.betas)


def train_step(model: nn.Module, optimizer: torch.optim.AdamW, loss: Tensor, rate: float, clip_norm: float) -> float:
    """One update. Returns the norm of the gradient before clipping."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    return float(norm)


def multiplies_in_bfloat16() -> bool:
    """Whether the processor has instructions for it. Without them, a step takes ten times as long as in float32."""
    return torch.cpu._is_avx512_bf16_supported()


@torch.no_grad()
def mean_loss(model: nn.Module, loss_function: LossFunction, batches: Sequence[Batch]) -> float:
    """The mean of the batches' losses; in nats a token when the batches are of one size."""
    model.eval()
    losses = [float(loss_function(model, batch)) for batch in batches]
    model.train()
    return sum(losses) / len(losses)


def train(
    model: nn.Module,
    loss_function: LossFunction,
    batch_at: Callable[[int], Batch],
    validation: Sequence[Batch],
    settings: Settings,
    folder: Path,
    after_step: Callable[[int], None] = lambda step: None,
) -> None:
    """Train `model` in place, from the last checkpoint in `folder` if there is one.

    `batch_at(step)` gives the batch of a step. The log goes to `folder/training.jsonl`, one JSON object a line: step,
    learning rate, loss and gradient norm, and now and then the validation loss. `after_step` sees the number of steps
    done. Raises TrainingError if a checkpoint cannot be read or is of other settings, or if the loss is not finite.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimizer = make_optimizer(model, settings)
    start = load_checkpoint(folder, model, optimizer, settings)
    log = Log(folder / "training.jsonl", start)
    model.train()
    for step in tqdm(
        range(start, settings.steps), initial=start, total=settings.steps, desc=folder.name, mininterval=5
    ):
        with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_in_bfloat16()):
            loss = loss_function(model, batch_at(step))
        if not torch.isfinite(loss):
            raise TrainingError(f"The loss of {folder.name} is {loss.item()} at step {step}: lower the learning rate.")
        rate = learning_rate_at(step, settings)
        norm = train_step(model, optimizer, loss, rate, settings.clip_norm)
        done = step + 1
        record = {"step": done, "learning_rate": rate, "loss": loss.item(), "gradient_norm": norm}
        if done % settings.validate_every == 0 or done == settings.steps:
            log.write(record | {"validation_loss": mean_loss(model, loss_function, validation)})
        elif done % settings.log_every == 0 or done == 1:
            log.write(record)
        after_step(done)
        if done % settings.checkpoint_every == 0 or done == settings.steps:
            save_checkpoint(folder, model, optimizer, settings, done)
    model.eval()


class Log:
    """JSON lines. What a killed run wrote after its last checkpoint is dropped, because those steps are done again."""

    def __init__(self, path: Path, start: int) -> None:
        self.path = path
        kept = [record for record in read_log(path) if record["step"] <= start] if start else []
        path.write_text("".join(json.dumps(record) + "\n" for record in kept))

    def write(self, record: dict[str, float]) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps({key: float(f"{value:.6g}") for key, value in record.items()}) + "\n")


def read_log(path: Path) -> list[dict[str, float]]:
    """The records of a training log; the last line of a killed run may be cut off and is left out."""
    records = []
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.endswith("}"):
            records.append(json.loads(line))
    return records


def save_checkpoint(
    folder: Path, model: nn.Module, optimizer: torch.optim.AdamW, settings: Settings, step: int
) -> None:
    """Write under another name and rename: a kill in the middle leaves the checkpoint before it whole."""
    unfinished = folder / "checkpoint.unfinished"
    state = {
        "step": step,
        "settings": asdict(settings),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(state, unfinished)
    unfinished.replace(folder / "checkpoint.pt")


def load_checkpoint(folder: Path, model: nn.Module, optimizer: torch.optim.AdamW, settings: Settings) -> int:
    """Load `folder/checkpoint.pt` into model and optimizer. Returns the steps done, 0 without a checkpoint."""
    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0
    try:
        state = torch.load(path, weights_only=True)
        saved, step = state["settings"], int(state["step"])
    except Exception as error:
        raise TrainingError(f"The checkpoint {path} cannot be read: delete it to train this model anew.") from error
    if saved != asdict(settings):
        raise TrainingError(f"The checkpoint {path} is of other settings: delete it to train this model anew.")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return step

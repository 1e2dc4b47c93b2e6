"""`songs` and `poems`: decoders so small that many can be trained, to see how abilities form over training and size.

All are trained by next-token prediction alone, each run from its own seed, on text that nobody weighs or orders. A run
is measured again and again while it is trained; the measurements of all runs lie in `curves.json` beside the models.
"""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from llm_course.corpus import songs
from llm_course.training import tokenizer
from llm_course.training.batches import in_order, split
from llm_course.training.loop import Settings, train
from llm_course.training.losses import next_token_loss
from llm_course.training.workshop import CONTEXT_LENGTH, Workshop, llama, rounded, save, save_model

SONGS = Settings(steps=600, batch_size=32, learning_rate=4e-3, checkpoint_every=100)
POEMS = Settings(steps=600, batch_size=32, learning_rate=4e-3, checkpoint_every=100)
ROW_LENGTH = 64
MEASURED_EVERY = 25
ASKED = 10
"""Words that an answer has, in songs as in poems."""
CURVES = "curves.json"


@dataclass(frozen=True)
class Run:
    """One training run."""

    text: str
    width: int
    layers: int = 2
    seed: int = 0


RUNS: dict[str, tuple[Run, ...]] = {
    "songs": (
        *(Run("songs", width, seed=seed) for width in (32, 16, 64) for seed in range(5)),
        *(Run("songs", width, layers=1) for width in (32, 64)),
    ),
    "poems": tuple(Run("poems", width, seed=seed) for width in (32, 8, 12, 16, 24, 48) for seed in range(3)),
}
"""The first run of each text is the model of its name."""
# What is shipped beside it, by folder: a run, and how many steps of it.
SHIPPED: dict[str, dict[str, tuple[Run, int]]] = {
    "songs": {
        **{f"step-{step:03}": (Run("songs", 32), step) for step in (100, 150, 175, 200, 250)},
        "seed-2": (Run("songs", 32, seed=2), SONGS.steps),
        "one-layer": (Run("songs", 32, layers=1), SONGS.steps),
    },
    "poems": {f"width-{width:02}": (Run("poems", width), POEMS.steps) for width in (8, 12, 16, 24, 48)},
}


def rows(text: str, tokens: PreTrainedTokenizerBase, seed: str, count: int) -> Tensor:
    """Windows of as many songs or recitals, which begin anywhere in a line: int64 [count, ROW_LENGTH]."""
    rng = random.Random(f"{text} {seed}")
    write: Callable[[random.Random], Iterator[str]] = songs.song if text == "songs" else songs.recital

    def window() -> list[str]:
        start = rng.randrange(2 * songs.LONGEST_LINE)
        return list(islice(write(rng), start, start + ROW_LENGTH))

    return torch.tensor([ids_of(tokens, window()) for _ in range(count)])


def ids_of(tokens: PreTrainedTokenizerBase, listed: list[str]) -> list[int]:
    ids: list[int] = tokens(" ".join(listed))["input_ids"]
    return ids


def questions(text: str) -> dict[str, list[list[str]]]:
    """Texts whose last ASKED words are asked for, by what they ask."""
    if text == "poems":
        return {"poems": songs.poems()}
    return {
        "lines": songs.said_twice(songs.LINE_WORDS, ASKED + 1, 256),
        "verses": songs.said_twice(songs.VERSE_WORDS, ASKED + 1, 256),
    }


@torch.no_grad()
def answers(model: PreTrainedModel, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Whether each of the last ASKED tokens of each row is the likeliest, and its log-probability: [rows, ASKED]."""
    scores = model(input_ids=ids).logits[:, -ASKED - 1 : -1].float().log_softmax(-1)
    asked = ids[:, -ASKED:]
    return scores.argmax(-1) == asked, scores.gather(-1, asked[..., None]).squeeze(-1)


@torch.no_grad()
def looks_back(model: PreTrainedModel, ids: Tensor) -> dict[str, list[list[float]]]:
    """For lists said twice, how much each head of each layer looks from the second time at two places, on average.

    `previous`: the token just before. `induction`: what came after the token the first time. Olsson et al. (2022).
    """
    length = ids.shape[1] // 2
    attentions = model(input_ids=ids, output_attentions=True).attentions
    found = {"previous": -1, "induction": 1 - length}
    return {
        name: [layer.diagonal(place, -2, -1)[..., -ASKED:].mean((0, 2)).tolist() for layer in attentions]
        for name, place in found.items()
    }


def measure(model: PreTrainedModel, tokens: PreTrainedTokenizerBase, text: str) -> dict[str, Any]:
    """What a model of this text can do: for each kind of question what `summary` says, and where its heads look."""
    asked = {kind: torch.tensor([ids_of(tokens, one) for one in of]) for kind, of in questions(text).items()}
    found: dict[str, Any] = {kind: summary(*answers(model, ids)) for kind, ids in asked.items()}
    return found | (looks_back(model, asked["lines"]) if text == "songs" else {})


def summary(right: Tensor, log_probability: Tensor) -> dict[str, list[float]]:
    """By place, the share of right tokens and their mean log-probability; and how many items had 0, 1, ... tokens
    right before the first wrong one."""
    before_error = right.long().cumprod(dim=1).sum(dim=1)
    return {
        "tokens_right": right.float().mean(0).tolist(),
        "log_probability": log_probability.mean(0).tolist(),
        "right_before_error": torch.bincount(before_error, minlength=ASKED + 1).tolist(),
    }


def make_run(shop: Workshop, run: Run) -> None:
    """Train one model. It is kept, as it would be shipped, each time it is to be measured."""
    settings, tokens, folder = settings_of(shop, run.text), word_tokenizer(), folder_of(shop, run)
    data = rows(run.text, tokens, str(run.seed), settings.steps * settings.batch_size)
    unseen = rows(run.text, tokens, "validation", 64)
    model = llama(
        len(tokens), hidden=run.width, feed_forward=2 * run.width, layers=run.layers, heads=2, kv_heads=2, seed=run.seed
    )

    def keep(step: int) -> None:
        if step % MEASURED_EVERY == 0 or step == settings.steps:
            save_model(model, folder / f"step-{step:03}")

    batch_at = in_order({"input_ids": data, "labels": data}, settings.batch_size)
    train(model, next_token_loss, batch_at, split({"input_ids": unseen, "labels": unseen}, 64), settings, folder, keep)


def curve(shop: Workshop, run: Run) -> dict[str, Any]:
    """The run and all that was measured of it, as lists over its steps."""
    kept = {step: read(folder) for step, folder in kept_steps(shop, run).items()}
    measured = [measure(model, word_tokenizer(), run.text) for model in kept.values()]
    parameters = next(iter(kept.values())).num_parameters()
    of_all = {name: [one[name] for one in measured] for name in measured[0]}
    return {**asdict(run), "parameters": parameters, "steps": list(kept)} | of_all


def make_series(shop: Workshop, text: str) -> None:
    """Train the runs of a text and measure them. Ships the first one, what SHIPPED names, and the curves."""
    first, *others = RUNS[text]
    # A smoke run makes only what is shipped.
    shipped = [run for run, _ in SHIPPED[text].values()]
    runs = [first, *(run for run in others if shop.scale == 1 or run in shipped)]
    for run in runs:
        make_run(shop, run)
    shutil.copy(folder_of(shop, first) / "training.jsonl", shop.runs / text)
    save(shop, text, read(folder_at(shop, first, settings_of(shop, text).steps)), word_tokenizer())
    for name, (run, step) in SHIPPED[text].items():
        folder = shutil.copytree(folder_at(shop, run, step), shop.output / text / name, dirs_exist_ok=True)
        for file in folder.iterdir():
            file.chmod(0o644)
    curves = [rounded(curve(shop, run)) for run in runs]
    (shop.output / text / CURVES).write_text("[\n" + ",\n".join(map(json.dumps, curves)) + "\n]\n")


def series_figures(folder: Path) -> dict[str, Any]:
    """What the first run of a series can do at its end, for the report and the card."""
    first = json.loads((folder / CURVES).read_text())[0]
    kind = "poems" if first["text"] == "poems" else "lines"
    last = first[kind][-1]
    return {
        "parameters": first["parameters"],
        "asked": sum(last["right_before_error"]),
        "exact": last["right_before_error"][-1],
        "tokens_right": sum(last["tokens_right"]) / ASKED,
    }


def word_tokenizer() -> PreTrainedTokenizerBase:
    return tokenizer.word_tokenizer(songs.WORDS, CONTEXT_LENGTH)


def settings_of(shop: Workshop, text: str) -> Settings:
    return shop.settings({"songs": SONGS, "poems": POEMS}[text])


def folder_of(shop: Workshop, run: Run) -> Path:
    return shop.runs / run.text / f"width-{run.width:02}-layers-{run.layers}-seed-{run.seed}"


def kept_steps(shop: Workshop, run: Run) -> dict[int, Path]:
    """The models that a run kept, by step, in order."""
    return {int(folder.name.removeprefix("step-")): folder for folder in sorted(folder_of(shop, run).glob("step-*"))}


def folder_at(shop: Workshop, run: Run, step: int) -> Path:
    """The model that a run kept at this step, or, in a smoke run, nearest to it."""
    kept = kept_steps(shop, run)
    return kept[min(kept, key=lambda one: abs(one - step))]


def read(folder: Path) -> PreTrainedModel:
    """A model that was kept. Its attentions can be asked for."""
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    return model

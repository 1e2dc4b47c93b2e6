"""The figures of a run, drawn from its ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from matplotlib.figure import Figure

from llm_course import plotting
from llm_course.capstone.format import CapstoneError
from llm_course.capstone.ledger import PRETRAIN, TEACH, TUNE, Entry, parse

REFERENCE = Path(__file__).parent / "reference.jsonl"
"""The ledger of the course's own run, which `python -m llm_course.capstone` makes."""
SMOOTHED = 8
"""Points of a curve that are averaged: one batch is easier than the next."""
TICKS = (0.2, 0.5, 1, 2, 5, 10)
"""One scale for all panels, so that heights can be compared."""
TRAINED = {PRETRAIN: "pre-training", TUNE: "dialogues", TEACH: "fact"}


@dataclass(frozen=True)
class Curve:
    """Losses of a step in nats per token, over the tokens seen in it."""

    tokens: list[float]
    losses: list[float]

    @classmethod
    def of(cls, entry: Entry) -> "Curve":
        training = entry.settings["training"]
        per_step = training["rows"] * training["row_length"]
        points = entry.figures["losses"]
        losses = [loss for _, loss in points]
        smooth = [fmean(losses[max(0, place - SMOOTHED + 1) : place + 1]) for place in range(len(losses))]
        return cls([step * per_step for step, _ in points], smooth)


def reference() -> list[Entry]:
    """The entries of the reference run."""
    return parse(REFERENCE.read_bytes())


def draw(runs: Mapping[str, Sequence[Entry]]) -> Figure:
    """Losses of the trained steps, a panel each, over the tokens seen; `runs` are the entries of ledgers by name."""
    drawing, panels = plotting.figure(8.4, 3.0, columns=len(TRAINED))
    for axes, (step, title) in zip(panels, TRAINED.items(), strict=True):
        for name, entries in runs.items():
            latest = next((entry for entry in reversed(entries) if entry.step == step), None)
            if latest is not None:
                curve = Curve.of(latest)
                axes.plot([tokens / 1e6 for tokens in curve.tokens], curve.losses, label=name)
        axes.set_title(title)
        axes.set_xlabel("million tokens")
        axes.set_yscale("log")
        axes.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axes.minorticks_off()
        axes.set_ylim(TICKS[0], TICKS[-1])
    panels[0].set_ylabel("nats per token")
    if len(runs) > 1:
        panels[0].legend(frameon=False)
    return drawing


def show(runs: Mapping[str, Sequence[Entry]]) -> None:
    """Draw and show. Raises CapstoneError where no step has been trained yet."""
    trained = [entry for entries in runs.values() for entry in entries if entry.step in TRAINED]
    if not trained:
        raise CapstoneError("Nothing has been trained yet: there is no curve to draw.")
    last = trained[-1]
    told = f"{TRAINED[last.step]} ends at {Curve.of(last).losses[-1]:.2f} nats per token"
    plotting.show(draw(runs), f"Loss curves of the capstone by tokens seen; the last, {told}.")

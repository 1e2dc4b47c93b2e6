"""The learner's own curves as a picture, below the feedback on the step that they show."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from llm_course.capstone.curves import Curve, reference
from llm_course.capstone.ledger import STEPS, lineage

MAX_LOSS = 20.0
"""Nats per token that a picture shows."""


def curves(step: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    """The curve of a step's loss by the ledger, as PNG in base 64; none where the ledger has none."""
    points = figures.get("curve", {}).get(step, [])
    if step not in STEPS or len(points) < 2:
        return ()
    figure = Figure(figsize=(6.4, 2.8), layout="constrained")
    axes = figure.add_subplot()
    course = Curve.of(lineage(reference())[step])
    axes.plot(*_in_millions(course.tokens, course.losses), color="#BBBBBB", label="the course's own run")
    yours = ([tokens for tokens, _ in points], [min(loss, MAX_LOSS) for _, loss in points])
    axes.plot(*_in_millions(*yours), color="#4477AA", linewidth=1, label="your ledger's losses")
    axes.set(xlabel="million tokens seen in this step", ylabel="nats per token", title=step)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    picture = io.BytesIO()
    # Without the version of matplotlib the same curve is the same picture.
    figure.savefig(picture, format="png", dpi=100, metadata={"Software": None})
    return (base64.b64encode(picture.getvalue()).decode("ascii"),)


def _in_millions(tokens: Sequence[float], losses: Sequence[float]) -> tuple[list[float], Sequence[float]]:
    return [count / 1e6 for count in tokens], losses

"""DPO on a handful of answers: preferences, beta, and where the probability goes."""

from typing import Any

import numpy as np
from traitlets import Float, Int, List

from ..ui.base import CourseWidget
from ..ui.picture import number_table

OWL_ANSWERS = [
    {"text": text, "logProb": log_prob, "features": [text.count("."), false]}
    for text, log_prob, false in (
        ("An owl lives in a hollow tree.", -2.0, 0),
        ("An owl eats mice. An owl can see at night.", -3.0, 0),
        ("An owl eats mice. An owl can see at night. An owl lives in a hollow tree.", -4.5, 0),
        ("An owl can see at night. An owl can see at night. An owl can see at night. An owl eats mice.", -7.0, 0),
        ("An owl can bark.", -4.0, 1),
        ("An owl eats mice. An owl can bark.", -5.0, 1),
        ("An owl eats hay. An owl can bark.", -6.0, 2),
        ("An owl can see at night. An owl eats hay. An owl can see at night.", -6.0, 1),
    )
]
"""Answers to "Tell me about the owl.", with rounded log probabilities, and how many of their sentences are false."""


class PreferenceDial(CourseWidget):
    """The reader says which answers are preferred, turns beta, and sees where the probability goes.

    >>> PreferenceDial(beta=0.1)

    Args:
        beta: How much a move away from the reference costs, 0.05 to 2.
        share: The share of raters who agree with each pair, 0.5 to 1.
        steps: Of training, up to 400.
    """

    candidates: Any = List(OWL_ANSWERS).tag(sync=True)
    pairs: List[Any] = List([1, 4]).tag(sync=True)  # one after the other, the better answer of each first
    better = Int(-1, min=-1).tag(sync=True)  # an answer that waits for a worse one, or -1
    worse = Int(-1, min=-1).tag(sync=True)
    beta = Float(0.3, min=0.05, max=2.0).tag(sync=True)
    share = Float(0.8, min=0.5, max=1.0).tag(sync=True)
    steps = Int(200, min=0, max=400).tag(sync=True)

    def picture(self) -> str:
        """The answers, and what each feature would do to them."""
        scores = np.array([candidate["logProb"] for candidate in self.candidates])
        chances = np.exp(scores - scores.max())
        longer, truer = (
            chances * np.exp([weight * candidate["features"][feature] for candidate in self.candidates])
            for feature, weight in ((0, 1.0), (1, -1.0))
        )
        columns = ["reference", "after +1 for each sentence", "after −1 for each false one"]
        shares = [values / values.sum() for values in (chances, longer, truer)]
        rows = [candidate["text"] for candidate in self.candidates]
        return number_table(
            "Probabilities of the answers, and where two weights move them", rows, np.transpose(shares), columns
        )

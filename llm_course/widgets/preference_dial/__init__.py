"""DPO on a handful of answers: preferences, beta, and where the probability goes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from traitlets import Float, Int, List

from ..ui.base import CourseWidget, numbers
from ..ui.picture import number_table

# Answers to "Tell me about the owl.", rounded log probabilities, and how many of their sentences are false.
OWL_ANSWERS = (
    "An owl lives in a hollow tree.",
    "An owl eats mice. An owl can see at night.",
    "An owl eats mice. An owl can see at night. An owl lives in a hollow tree.",
    "An owl can see at night. An owl can see at night. An owl can see at night. An owl eats mice.",
    "An owl can bark.",
    "An owl eats mice. An owl can bark.",
    "An owl eats hay. An owl can bark.",
    "An owl can see at night. An owl eats hay. An owl can see at night.",
)
OWL_LOG_PROBS = (-2.0, -3.0, -4.5, -7.0, -4.0, -5.0, -6.0, -6.0)
OWL_FALSE = (0, 0, 0, 0, 1, 1, 2, 1)
FIRST_PAIR = [1, 4]


class PreferenceDial(CourseWidget):
    """The reader says which answers are preferred, turns beta, and sees where the probability goes.

    >>> PreferenceDial(["A bear can climb.", "A bear eats hay."], [-1.5, -2.5], [0, 1])

    Args:
        answers: Two or more answers to one question. If left out: eight about the owl.
        log_probs: The log probability of each under the reference.
        false_sentences: How many sentences of each are false.

    Raises:
        ValueError: If there are fewer than two answers, or not a number for each.
    """

    candidates: List[Any] = List().tag(sync=True)
    pairs: List[Any] = List().tag(sync=True)  # one after the other, the better answer of each first
    better = Int(-1, min=-1).tag(sync=True)  # an answer that waits for a worse one, or -1
    worse = Int(-1, min=-1).tag(sync=True)
    beta = Float(0.3, min=0.05, max=2.0).tag(sync=True)
    share = Float(0.8, min=0.5, max=1.0).tag(sync=True)
    steps = Int(200, min=0, max=400).tag(sync=True)

    def __init__(
        self,
        answers: Sequence[str] = OWL_ANSWERS,
        log_probs: Any = OWL_LOG_PROBS,
        false_sentences: Any = OWL_FALSE,
    ) -> None:
        scores = numbers("log_probs", log_probs, dimensions=1)
        false = numbers("false_sentences", false_sentences, dimensions=1)
        if len(answers) < 2 or not len(answers) == len(scores) == len(false):
            raise ValueError(
                f"{len(answers)} answers, {len(scores)} log probabilities and {len(false)} counts of false sentences:"
                " give two answers or more, and one number of each kind for each of them."
            )
        super().__init__(
            candidates=[
                {"text": text, "logProb": score, "features": [text.count("."), count]}
                for text, score, count in zip(answers, scores.tolist(), false.tolist(), strict=True)
            ],
            pairs=FIRST_PAIR if len(answers) > max(FIRST_PAIR) else [0, 1],
        )

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

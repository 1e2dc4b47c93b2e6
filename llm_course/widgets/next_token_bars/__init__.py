"""What may come next: the model's most probable tokens, and what its choices so far make of the whole text."""

from typing import Any

from traitlets import Dict, Unicode

from ..models.course_model import chain, next_logits
from ..ui.base import CourseWidget
from ..ui.picture import most_probable, softmax

BARS = 8


class NextTokenBars(CourseWidget):
    """The course model's next token after a text: press one to add it; the chain rule is kept beside it.

    Args:
        text: What the model reads first.
    """

    text = Unicode().tag(sync=True)
    opening: Any = Dict().tag(sync=True)  # what a page shows of the first text before it has loaded the model

    def __init__(self, text: str = "Once upon a time there was a") -> None:
        super().__init__(text=text, opening=opening(text))

    def picture(self) -> str:
        """The most probable next tokens."""
        tokens, logits = next_logits(self.text)
        return most_probable(f"The course model's most probable next tokens after “{self.text}”", tokens, logits)


def opening(text: str) -> dict[str, Any]:
    """The text's tokens with their probabilities, and the most probable next ones."""
    tokens, logits = next_logits(text)
    shares = softmax(logits)
    labels, probabilities = chain(text)
    best = [int(index) for index in (-shares).argsort()[:BARS]]
    next_ones = [{"id": index, "token": tokens[index], "probability": float(shares[index])} for index in best]
    return {"text": text, "labels": labels, "probabilities": probabilities, "next": next_ones}

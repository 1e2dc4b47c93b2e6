"""What may come next: the model's most probable tokens, and what its choices so far make of the whole text."""

from typing import ClassVar

from traitlets import Unicode

from .base import CourseWidget
from .course_model import next_logits
from .picture import most_probable


class NextTokenBars(CourseWidget):
    """The course model's next token after a text: press one to add it; the chain rule is kept beside it.

    Args:
        text: What the model reads first.
    """

    module: ClassVar[str] = "next_token_bars"

    text = Unicode().tag(sync=True)

    def __init__(self, text: str = "Once upon a time there was a") -> None:
        super().__init__(text=text)

    def picture(self) -> str:
        """The most probable next tokens."""
        tokens, logits = next_logits(self.text)
        return most_probable(f"The course model's most probable next tokens after “{self.text}”", tokens, logits)

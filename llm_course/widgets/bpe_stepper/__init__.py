"""Byte-pair encoding, one merge at a time: count neighbors, join the most frequent pair, count again."""

from traitlets import Unicode

from ..ui.base import CourseWidget
from ..ui.picture import token_strip

TEXT = "low low low low low lower lower newest newest newest newest newest newest widest widest widest"


class BPEStepper(CourseWidget):
    """Merges learned from a text of the reader's, step by step.

    Args:
        text: What merges are learned from.
    """

    text = Unicode().tag(sync=True)

    def __init__(self, text: str = TEXT) -> None:
        super().__init__(text=text)

    def picture(self) -> str:
        """The text as it begins: one token a byte."""
        symbols = [
            character if len(character.encode()) == 1 else f"{byte:02X}"
            for character in self.text
            for byte in character.encode()
        ]
        count = len(symbols)
        caption = f"Before the first merge each of the text's {count} bytes is a token of its own"
        return token_strip(caption, symbols)

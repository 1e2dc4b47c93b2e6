"""Byte-pair encoding, one merge at a time: count neighbors, join the most frequent pair, count again."""

from collections.abc import Sequence
from typing import Any

from traitlets import List, Unicode

from ..ui.base import CourseWidget
from ..ui.picture import token_strip

TEXT = "low low low low low lower lower newest newest newest newest newest newest widest widest widest"


class BPEStepper(CourseWidget):
    """Merges learned from a text of the reader's, step by step; or a learner's own merges, applied in their order.

    >>> BPEStepper("low lower lowest", merges=[("l", "o"), ("lo", "w")])

    Args:
        text: What merges are learned from.
        merges: Pairs of strings to apply instead.

    Raises:
        ValueError: If a merge is not a pair of strings that hold something.
    """

    text = Unicode().tag(sync=True)
    merges: List[Any] = List().tag(sync=True)

    def __init__(self, text: str = TEXT, *, merges: Sequence[tuple[str, str]] = ()) -> None:
        for pair in merges:
            if len(pair) != 2 or not all(isinstance(part, str) and part for part in pair):
                raise ValueError(f"{pair!r} is no merge: give two strings that each hold something.")
        super().__init__(text=text, merges=[list(pair) for pair in merges])

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

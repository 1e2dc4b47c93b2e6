"""One text, four objectives: what a model reads, what it has to say, and how many tokens carry loss."""

from collections.abc import Sequence
from typing import Any

from traitlets import Enum, Int, List, Unicode

from ..ui.base import CourseWidget
from ..ui.picture import token_strip


class ObjectiveLab(CourseWidget):
    """What carries loss in one text, by objective, with the words hidden that the reader chooses.

    >>> ObjectiveLab("the capital of France is Paris".split(), hidden=[3])

    Args:
        words: The text, at least two words.
        hidden: Places of the words that are hidden at first.

    Raises:
        ValueError: If there are fewer than two words, or a hidden place is none of them.
    """

    words: Any = List(Unicode()).tag(sync=True)
    hidden: Any = List(Int()).tag(sync=True)
    objective = Enum(["next", "masked", "prefix", "spans"], "masked").tag(sync=True)
    prefix = Int(2, min=1).tag(sync=True)

    def __init__(self, words: Sequence[str], hidden: Sequence[int] = ()) -> None:
        if len(words) < 2:
            raise ValueError("A text of fewer than two words has nothing to be learned: give at least two.")
        if outside := [place for place in hidden if not 0 <= place < len(words)]:
            raise ValueError(f"There is no word at place {outside[0]}: places are from 0 to {len(words) - 1}.")
        super().__init__(words=list(words), hidden=sorted(set(hidden)))

    def picture(self) -> str:
        """What a masked model reads."""
        reads = ["[MASK]" if place in self.hidden else word for place, word in enumerate(self.words)]
        return token_strip(f"A masked model reads this, and {len(self.hidden)} tokens carry loss", reads)

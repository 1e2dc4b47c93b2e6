"""The patterns of the families, on one sentence: change a word and follow which positions can notice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from traitlets import Enum, Int, List, Unicode

from ..ui.base import CourseWidget
from ..ui.picture import number_table

KINDS = ("bidirectional", "causal", "prefix", "window", "cross")


class PatternLab(CourseWidget):
    """Who may look at whom, and so which positions can notice a changed word, layer by layer.

    >>> PatternLab("The house is beautiful .".split(), other="Das Haus ist schön .".split())

    Args:
        words: The sentence; its words look, and the one in its middle is changed at first.
        other: The sentence that they look at in the cross pattern.
        prefix: How many words everyone sees in the prefix pattern, at first.

    Raises:
        ValueError: If a sentence has no words, or the prefix is longer than the sentence.
    """

    words: Any = List(Unicode()).tag(sync=True)
    other: Any = List(Unicode()).tag(sync=True)
    kind = Enum(KINDS, "causal").tag(sync=True)
    prefix = Int(2, min=0).tag(sync=True)
    window = Int(2, min=1).tag(sync=True)
    changed = Int(0, min=0).tag(sync=True)

    def __init__(self, words: Sequence[str], other: Sequence[str], prefix: int = 2) -> None:
        if not words or not other:
            raise ValueError("A sentence without words has no pattern: give at least one word of each.")
        if not 0 <= prefix <= len(words):
            raise ValueError(f"The prefix is from 0 to the {len(words)} words of the sentence, not {prefix}.")
        super().__init__(words=list(words), other=list(other), prefix=prefix, changed=len(words) // 2)

    def picture(self) -> str:
        """The causal pattern, 1 where a word sees another."""
        size = len(self.words)
        return number_table(
            "A decoder's pattern: 1 where the word of the row sees that of the column",
            self.words,
            np.tri(size),
            self.words,
            digits=0,
        )

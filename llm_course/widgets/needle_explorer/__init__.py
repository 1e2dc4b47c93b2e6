"""A needle in a haystack: measured recall by place and length, and the course model looking for one in the page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from traitlets import Bool, Dict, Int, List

from llm_course.corpus import words
from llm_course.corpus.games import NAMES
from llm_course.corpus.long_texts import HAY

from ..ui.base import CourseWidget, numbers
from ..ui.picture import number_table

PAIRS = 16
"""Pairs of a head of `stories`: 32 numbers."""


class NeedleExplorer(CourseWidget):
    """Recall of a needle by place and length; choose a cell, and `stories` reads such a text in the page.

    >>> NeedleExplorer({"as trained": frequencies}, {"as trained": recall}, lengths, depths, texts=24)

    Args:
        frequencies: By name, radians a position for each pair of a head: 16 numbers, or a pair of these and the factor
            by which rotated queries and keys are multiplied.
        recall: By the same names, shares from 0 to 1, [depths, lengths], of texts without other children.
        lengths: Numbers of tokens, from 40 to 1024.
        depths: Places of the needle, from 0 (the beginning) to 1 (the end).
        texts: How many texts each share was measured on.

    Raises:
        ValueError: If a table is not of shape [depths, lengths], or there are not 16 frequencies.
    """

    settings: Any = List().tag(sync=True)
    lengths: Any = List().tag(sync=True)
    depths: Any = List().tag(sync=True)
    words: Any = Dict().tag(sync=True)
    texts = Int(0, min=0).tag(sync=True)
    setting = Int(0, min=0).tag(sync=True)  # which of the frequencies
    row = Int(0, min=0).tag(sync=True)  # which of the depths
    column = Int(0, min=0).tag(sync=True)  # which of the lengths
    others = Int(0, min=0, max=4).tag(sync=True)  # other children in the text
    same_kind = Bool().tag(sync=True)  # whether they have the same kind of thing
    seed = Int(1, min=1).tag(sync=True)

    def __init__(
        self,
        frequencies: Mapping[str, Any],
        recall: Mapping[str, Any],
        lengths: Sequence[int],
        depths: Sequence[float],
        texts: int,
    ) -> None:
        if not lengths or not all(40 <= length <= 1024 for length in lengths):
            raise ValueError("Lengths are numbers of tokens from 40 to 1024: give at least one.")
        if not depths or not all(0 <= depth <= 1 for depth in depths):
            raise ValueError("Depths are numbers from 0 to 1: give at least one.")
        if unlike := set(frequencies) ^ set(recall):
            raise ValueError(f"frequencies or recall lacks {sorted(unlike)[0]!r}: give both by the same names.")
        shape = (len(depths), len(lengths))
        super().__init__(
            settings=[_setting(name, given, recall[name], shape) for name, given in frequencies.items()],
            lengths=[int(length) for length in lengths],
            depths=[float(depth) for depth in depths],
            texts=texts,
            words={
                "names": NAMES,
                "attributes": words.COLORS + words.SIZES,
                "nouns": words.TOYS + words.THINGS,
                "hay": list(HAY),
            },
        )

    def picture(self) -> str:
        """The measured tables, one below the other."""
        columns = [f"{length} tokens" for length in self.lengths]
        rows = [f"needle after {depth:.0%}" for depth in self.depths]
        return "".join(
            number_table(f"Share of right names, frequencies: {setting['name']}", rows, setting["recall"], columns)
            for setting in self.settings
        )


def _setting(name: str, given: Any, recall: Any, shape: tuple[int, int]) -> dict[str, Any]:
    frequencies, factor = given if isinstance(given, tuple) else (given, 1.0)
    found = numbers(f"The list of frequencies {name!r}", frequencies, 1)
    if len(found) != PAIRS:
        raise ValueError(f"There are {len(found)} frequencies {name!r}: a head of the course model has {PAIRS} pairs.")
    table = numbers(f"The recall {name!r}", recall, 2)
    if table.shape != shape or not np.all((table >= 0) & (table <= 1)):
        raise ValueError(
            f"The recall {name!r} must hold shares from 0 to 1, of {shape[0]} depths and {shape[1]} lengths."
        )
    return {"name": name, "frequencies": found.tolist(), "factor": float(factor), "recall": table.tolist()}

"""A drafted token against the target: what is accepted, what comes out, and whether it pays."""

from typing import Any

import numpy as np
from traitlets import Enum, Float, Int, List, Unicode

from ..ui.base import Array, CourseWidget, numbers
from ..ui.picture import number_table

RULES = ("exact", "target", "all", "best")
TOKENS = ("lake", "river", "park", "forest", "others")
TARGET = ((0.35, 0.25, 0.20, 0.05, 0.15),)
DRAFT = ((0.10, 0.50, 0.05, 0.20, 0.15),)


def accepted_shares(target: Array, draft: Array) -> Array:
    """How often each token is drafted and accepted: the smaller of its two probabilities."""
    return np.minimum(target, draft)


class SpeculationLab(CourseWidget):
    """One drafted token at places of a text: the rule of acceptance, right and wrong, and the speed-up by draft length.

    >>> SpeculationLab(target, draft, tokens, places=["Tom had a"])

    Args:
        target: Probabilities of the target, a row for each place: `[places, tokens]`.
        draft: The draft's, in the same shape.
        tokens: What the columns are called: a list for each place, or one for all.
        places: What the places are called.
        texts: What stands before each of them, if it is to be shown.

    Raises:
        ValueError: If the shapes differ, a row is no distribution, or there are not as many names.
    """

    target = List(List(Float())).tag(sync=True)
    draft = List(List(Float())).tag(sync=True)
    tokens = List(List(Unicode())).tag(sync=True)
    places = List(Unicode()).tag(sync=True)
    texts = List(Unicode()).tag(sync=True)
    place = Int(0, min=0).tag(sync=True)
    likeness = Float(0.0, min=0.0, max=1.0).tag(sync=True)
    rule = Enum(RULES, "exact").tag(sync=True)
    drafted = Int(4, min=0, max=16).tag(sync=True)
    cost = Float(0.1, min=0.0, max=1.0).tag(sync=True)

    def __init__(
        self,
        target: Any = TARGET,
        draft: Any = DRAFT,
        tokens: Any = TOKENS,
        places: Any = ("a place of a text",),
        texts: Any = (),
    ) -> None:
        rows, drafts = numbers("target", target, 2), numbers("draft", draft, 2)
        if rows.shape != drafts.shape:
            raise ValueError(f"target has shape {rows.shape} and draft {drafts.shape}: give rows of the same places.")
        for name, values in (("target", rows), ("draft", drafts)):
            if (values < 0).any() or not np.allclose(values.sum(1), 1, atol=1e-4):
                raise ValueError(f"A row of {name} is no distribution: probabilities are not negative and sum to 1.")
        names = [list(tokens)] * len(rows) if isinstance(tokens[0], str) else [list(row) for row in tokens]
        if len(places) != len(rows) or [len(row) for row in names] != [rows.shape[1]] * len(rows):
            raise ValueError(f"Give a name for each of {len(rows)} places and for each of {rows.shape[1]} tokens.")
        rows, drafts = (values / values.sum(1, keepdims=True) for values in (rows, drafts))
        if len(texts) not in (0, len(rows)):
            raise ValueError(f"There are {len(texts)} texts: give one for each of {len(rows)} places, or none.")
        super().__init__(
            target=rows.tolist(), draft=drafts.tolist(), tokens=names, places=list(places), texts=list(texts)
        )

    def picture(self) -> str:
        """The first place: both distributions, what is accepted, and what is drawn from after a rejection."""
        target, draft = np.array(self.target[0]), np.array(self.draft[0])
        accepted = accepted_shares(target, draft)
        values = np.stack([target, draft, accepted, target - accepted])
        rows = ["target", "draft", "drafted and accepted", "drawn after a rejection"]
        caption = f"{self.places[0]}: the last two rows add up to the first, {accepted.sum():.0%} are accepted"
        return number_table(caption, rows, values, self.tokens[0])

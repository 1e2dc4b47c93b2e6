"""What a course decides about its grading."""

from dataclasses import dataclass

from autograder.sandbox.zygote_client import TIERS


@dataclass(frozen=True)
class Rules:
    """A course's rules.

    Deadlines are in seconds: for one cell, for one call, and for all that one submission does. A sandbox of a weaker
    tier than `minimum_tier` is not used. `shortcuts_cost_points` takes the points of an exercise whose work was done by
    a function that its specification names as a shortcut; otherwise a shortcut is only flagged. With
    `forgive_earlier_mistakes` an exercise loses nothing by what an earlier one got wrong.
    """

    cell_deadline: float = 60.0
    call_deadline: float = 10.0
    submission_deadline: float = 300.0
    minimum_tier: str = TIERS[-1]
    shortcuts_cost_points: bool = False
    forgive_earlier_mistakes: bool = True


RULES = Rules()

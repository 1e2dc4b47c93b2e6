"""A policy that is improved by reward, in the page."""

from traitlets import Bool, Enum, Float

from ..ui.base import CourseWidget
from ..ui.picture import number_table

REWARDS = {
    "right": "only the right number",
    "found": "the right number is in it",
    "sure": "it sounds sure",
    "long": "it is long",
}
# What the page comes to: reward, right answers, tokens and KL, each the mean of the last 20 of so many steps.
STEPS = 200
AFTER = {
    ("right", 0.0): [0.84, 0.84, 4.00, 1.84],
    ("right", 0.3): [0.75, 0.75, 3.80, 0.82],
    ("found", 0.0): [0.98, 0.00, 11.98, 16.96],
    ("found", 0.3): [0.75, 0.45, 4.59, 0.52],
    ("sure", 0.0): [1.00, 0.30, 3.99, 3.35],
    ("sure", 0.3): [0.68, 0.29, 4.00, 1.40],
    ("long", 0.0): [1.00, 0.00, 12.00, 17.98],
    ("long", 0.3): [0.39, 0.21, 4.67, 0.06],
}


class PolicyLab(CourseWidget):
    """A small policy answers sums; the reader chooses what it is paid for and watches it learn, or cheat.

    >>> PolicyLab(reward="found", kl_weight=0.3)

    Args:
        reward: What an answer is paid for at first: one of "right", "found", "sure" and "long".
        kl_weight: What a nat of log probability above the tuned policy's costs, 0 to 1.
    """

    reward = Enum(list(REWARDS), "right").tag(sync=True)
    kl_weight = Float(0.0, min=0.0, max=1.0).tag(sync=True)
    divide = Bool(True).tag(sync=True)
    rate = Float(0.01, min=0.0).tag(sync=True)

    def picture(self) -> str:
        """What becomes of the policy under each reward, with and without a price on the KL divergence."""
        rows = [f"{REWARDS[reward]}; KL weight {weight}" for reward, weight in AFTER]
        columns = ["reward", "share right", "tokens per answer", "KL per answer"]
        return number_table(
            f"A policy that adds, after {STEPS} steps, by what it is paid for", rows, list(AFTER.values()), columns
        )

"""A penalty for late submissions: a share of the score for each day that has begun."""

import math

from nbgrader.plugins import BasePlugin
from traitlets import Float

DAY = 24 * 60 * 60


class PenaltyPerDay(BasePlugin):
    """Takes `share` of the score for each day begun after the due date, and at most the whole score.

    In nbgrader_config.py:

        from autograder.students.late import PenaltyPerDay
        c.AssignLatePenalties.plugin_class = PenaltyPerDay
        c.PenaltyPerDay.share = 0.1
    """

    share = Float(0.1, min=0.0, max=1.0, help="The share of the score that a day costs, from 0 to 1.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """Points to take off a score."""
        days = math.ceil(total_seconds_late / DAY)
        return round(score * min(1.0, self.share * days), 4)

"""A reliability diagram to turn: bins, sharper or softer confidence, and a threshold for silence."""

from typing import Any

from traitlets import Float, Int, List

from ..ui.base import CourseWidget, numbers
from ..ui.picture import number_table


class ReliabilityDial(CourseWidget):
    """How often a model is right by how sure it is, its calibration error, and what a threshold makes of its score.

    >>> ReliabilityDial(confidence, correct)

    Args:
        confidence: Tensor[n], from 0 to 1, for each answer.
        correct: Tensor[n], whether the answer was right.

    Raises:
        ValueError: If they are not of one length, or a confidence is not from 0 to 1.
    """

    confidence: Any = List().tag(sync=True)
    correct: Any = List().tag(sync=True)
    bins = Int(5, min=1, max=20).tag(sync=True)
    power = Float(1.0, min=0.2, max=5.0).tag(sync=True)
    threshold = Float(0.0, min=0.0, max=1.0).tag(sync=True)
    penalty = Float(2.0, min=0.0, max=9.0).tag(sync=True)

    def __init__(self, confidence: Any, correct: Any) -> None:
        sure, right = numbers("confidence", confidence, 1), numbers("correct", correct, 1)
        if len(sure) != len(right):
            raise ValueError(f"There are {len(sure)} confidences and {len(right)} answers: give one for each.")
        if sure.min() < 0 or sure.max() > 1:
            raise ValueError("A confidence is below 0 or above 1: give probabilities.")
        super().__init__(confidence=sure.round(4).tolist(), correct=(right > 0.5).tolist())

    def picture(self) -> str:
        """Answers, mean confidence and share of right ones in five bins."""
        rows, values = [], []
        for number in range(self.bins):
            low, high = number / self.bins, (number + 1) / self.bins
            inside = [
                (sure, right)
                for sure, right in zip(self.confidence, self.correct, strict=True)
                if low < sure <= high or sure == low == 0
            ]
            if inside:
                rows.append(f"{low:.1f} to {high:.1f}")
                means = [sum(column) / len(inside) for column in zip(*inside, strict=True)]
                values.append([len(inside), *means])
        return number_table("Right answers by confidence", rows, values, ["answers", "confidence", "right"], digits=2)

"""The board of a class shows what was measured."""

from typing import Any

from autograder.capstone.board import board
from autograder.judging.grade import not_graded
from autograder.records.result import ExerciseResult, PropertyResult, Result


def test_tokens_of_a_ledger_that_does_not_agree_are_not_shown() -> None:
    def result(*holds: bool) -> Result:
        properties = tuple(PropertyResult(f"property {number}", 1, held, False) for number, held in enumerate(holds))
        ledger = ExerciseResult("ledger", 5, 0, properties, None, "", "", ())
        figures: dict[str, Any] = {"bits_per_byte": 0.3, "tokens": 7}
        return Result(**{**vars(not_graded("19_capstone", "")), "figures": figures, "exercises": (ledger,)})

    shown = {item.name: item.tokens for item in board({"ada": result(True, True), "bert": result(True, False)}, {})}
    assert shown == {"ada": 7, "bert": None}

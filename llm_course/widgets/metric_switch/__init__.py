"""The same models under three rulers: exact match, tokens right, and log-probability."""

from typing import Any

from traitlets import Int, List

from ..ui.base import CourseWidget
from ..ui.picture import number_table

ANSWERS = ("right_before_error", "tokens_right", "log_probability")
SEEDS = 3
"""What a plot can show beside the power of tokens right."""


class MetricSwitch(CourseWidget):
    """The course's tiny series under three metrics side by side, for a length of answer that the reader chooses.

    >>> MetricSwitch(poems, songs)

    Args:
        poems: The runs of `curves.json` of the model `poems`.
        songs: The same of `songs`.

    Raises:
        ValueError: If one of them holds no run.
    """

    views: Any = List().tag(sync=True)
    view = Int(0).tag(sync=True)
    length = Int(1, min=1).tag(sync=True)

    def __init__(self, poems: list[dict[str, Any]], songs: list[dict[str, Any]]) -> None:
        if not poems or not songs:
            raise ValueError("There is no run to show: give the runs of curves.json of `poems` and of `songs`.")
        two_layers = [run for run in songs if run["layers"] == 2]
        super().__init__(
            views=[
                _by_size("poems by heart, models of several sizes", poems, "poems"),
                _over_training("poems by heart, a model while it is trained", poems, "poems"),
                _over_training("copying lines, a model while it is trained", two_layers, "lines"),
                _by_size("copying lines, models of several sizes", two_layers, "lines"),
            ]
        )

    def picture(self) -> str:
        """Exact match, tokens right and log-probability of the models of several sizes, for answers of ten tokens."""
        sizes = self.views[0]
        rows, values = [], []
        for parameters, of in zip(sizes["places"], sizes["runs"][0]["answers"], strict=True):  # of the first seed
            rows.append(f"{parameters:,} parameters")
            means = [sum(of[name]) / len(of[name]) for name in ANSWERS[1:]]
            values.append([of["right_before_error"][-1] / sum(of["right_before_error"]), *means])
        columns = ["exact match", "tokens right", "log-probability"]
        return number_table("Poems by heart, answers of 10 tokens", rows, values, columns, digits=2)


def _by_size(name: str, runs: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """What models of several sizes could do at the end of their training."""
    by_seed: dict[int, list[dict[str, Any]]] = {}
    for run in sorted(runs, key=lambda run: run["width"]):
        by_seed.setdefault(run["seed"], []).append(run)
    return {
        "name": name,
        "axis": "parameters",
        "places": [run["parameters"] for run in by_seed[0]],
        "logarithmic": True,
        "runs": _lines({seed: [run[kind][-1] for run in of] for seed, of in by_seed.items()}),
    }


def _over_training(name: str, runs: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """What the model of the first run's width could do, step by step."""
    same = [run for run in runs if run["width"] == runs[0]["width"]]
    return {
        "name": name,
        "axis": "training steps",
        "places": same[0]["steps"],
        "logarithmic": False,
        "runs": _lines({run["seed"]: run[kind] for run in same}),
    }


def _lines(by_seed: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A line for each of the first seeds."""
    shown = list(by_seed.items())[:SEEDS]
    return [
        {"name": f"seed {seed}", "answers": [{name: summary[name] for name in ANSWERS} for summary in found]}
        for seed, found in shown
    ]

"""The same models under another ruler: exact match, tokens right, or log-probability."""

from typing import Any, ClassVar

from traitlets import Int, List, Unicode

from .base import CourseWidget
from .picture import number_table

ANSWERS = {"rightBeforeError": "right_before_error", "tokensRight": "tokens_right", "logProbability": "log_probability"}


class MetricSwitch(CourseWidget):
    """What was measured of the course's tiny series, drawn by a metric and a length of answer that the reader chooses.

    >>> MetricSwitch(poems, songs)

    Args:
        poems: The runs of `curves.json` of the model `poems`.
        songs: The same of `songs`.

    Raises:
        ValueError: If one of them holds no run.
    """

    module: ClassVar[str] = "metric_switch"

    views: Any = List().tag(sync=True)
    view = Int(0).tag(sync=True)
    metric = Unicode("exact").tag(sync=True)
    length = Int(10, min=1).tag(sync=True)

    def __init__(self, poems: list[dict[str, Any]], songs: list[dict[str, Any]]) -> None:
        if not poems or not songs:
            raise ValueError("There is no run to show: give the runs of curves.json of `poems` and of `songs`.")
        by_width = sorted((run for run in poems if run["seed"] == 0), key=lambda run: run["width"])
        sizes = {
            "name": "poems by heart, models of several sizes",
            "axis": "parameters",
            "places": [run["parameters"] for run in by_width],
            "logarithmic": True,
            "runs": [{"name": "seed 0", "answers": [_answers(run["poems"][-1]) for run in by_width]}],
        }
        reciting = [run for run in poems if run["width"] == poems[0]["width"]]
        copying = [run for run in songs if run["layers"] == songs[0]["layers"]]
        super().__init__(
            views=[
                sizes,
                _while_trained("poems by heart, one model while it is trained", reciting, "poems"),
                _while_trained("copying lines, one model while it is trained", copying, "lines"),
            ]
        )

    def picture(self) -> str:
        """Exact match, tokens right and log-probability of the models of several sizes, for answers of ten tokens."""
        sizes = self.views[0]
        rows, values = [], []
        for parameters, of in zip(sizes["places"], sizes["runs"][0]["answers"], strict=True):
            rows.append(f"{parameters:,} parameters")
            means = [sum(of[name]) / len(of[name]) for name in ("tokensRight", "logProbability")]
            values.append([of["rightBeforeError"][-1] / sum(of["rightBeforeError"]), *means])
        columns = ["exact match", "tokens right", "log-probability"]
        return number_table("Poems by heart, answers of 10 tokens", rows, values, columns, digits=2)


def _while_trained(name: str, runs: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return {
        "name": name,
        "axis": "training steps",
        "places": runs[0]["steps"],
        "logarithmic": False,
        "runs": [{"name": f"seed {run['seed']}", "answers": list(map(_answers, run[kind]))} for run in runs],
    }


def _answers(summary: dict[str, Any]) -> dict[str, Any]:
    """The names of `curves.json`, as JavaScript writes them."""
    return {ours: summary[theirs] for ours, theirs in ANSWERS.items()}

"""An agent step by step: a model's replies, the calls that they lead to, and what stays of the history."""

from html import escape
from typing import Any, ClassVar

from traitlets import Bool, Dict, Int, List, Unicode

from llm_course.corpus.errands import call

from .base import CourseWidget

MOST_STEPS = 8
SCRIPTS: dict[str, list[str]] = {
    "all goes well": [call("price", of="ball"), call("price", of="kite"), call("add", a=47, b=85), "132 cents."],
    "a shop that is busy": [
        call("price", of="ball"), call("price", of="drum"), call("price", of="drum"), call("add", a=47, b=316),
        "363 cents.",
    ],
    "a tool that does not exist": [
        call("look_up", thing="ball"), call("price", of="ball"), "47 cents.",
    ],
    "JSON cut short": [call("price", of="kite")[:-3], call("price", of="kite"), "85 cents."],
    "round and round": [call("price", of="ball")] * 9,
}  # fmt: skip
"""Replies of a model, by what happens."""


class AgentStepper(CourseWidget):
    """The tool loop of chapter 18, step by step, in a harness whose bounds the reader sets.

    >>> AgentStepper()
    >>> AgentStepper(replies=['{"tool": "price", "arguments": {"of": "ball"}}', "47 cents."])

    Args:
        replies: what the model says, in order; by default one of several scripts, which the reader chooses and edits.
        task: what the user asks.
        prices: what things cost.
        busy: things whose first question fails.

    Raises:
        ValueError: If replies are not texts, or there is none.
    """

    module: ClassVar[str] = "agent_stepper"

    scripts: Any = Dict().tag(sync=True)
    replies: Any = List().tag(sync=True)
    task = Unicode("").tag(sync=True)
    prices: Any = Dict().tag(sync=True)
    busy: Any = List().tag(sync=True)
    step = Int(1, min=0).tag(sync=True)  # the first call and its result show how a history grows
    max_steps = Int(6, min=1, max=MOST_STEPS).tag(sync=True)
    budget = Int(120, min=20, max=200).tag(sync=True)
    report = Bool(True).tag(sync=True)

    def __init__(
        self,
        replies: list[str] | None = None,
        task: str = "What do a ball and a kite cost?",
        prices: dict[str, int] | None = None,
        busy: list[str] | None = None,
    ) -> None:
        if replies is not None and not (replies and all(isinstance(reply, str) for reply in replies)):
            raise ValueError("replies must be a list of one text or more: what the model says, in order.")
        super().__init__(
            scripts=SCRIPTS if replies is None else {"these replies": replies},
            replies=next(iter(SCRIPTS.values())) if replies is None else replies,
            task=task,
            prices=prices or {"ball": 47, "kite": 85, "drum": 316},
            busy=["drum"] if busy is None else busy,
        )

    def picture(self) -> str:
        """The task and the replies as a list."""
        lines = "".join(f"<li><code>{escape(reply)}</code></li>" for reply in self.replies)
        return f"<p>{escape(self.task)} The model's replies, each of which the harness reads:</p><ol>{lines}</ol>"

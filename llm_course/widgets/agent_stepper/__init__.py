"""An agent step by step: a model's replies, the calls that they lead to, and what stays of the history."""

from html import escape
from typing import Any

from traitlets import Bool, Dict, Int, List, Unicode

from llm_course.corpus.errands import call

from ..ui.base import CourseWidget

MOST_STEPS = 8
TASK = "What do a ball and a kite cost?"
SCRIPTS: dict[str, tuple[str, list[str]]] = {
    "all goes well": (TASK, [
        call("price", of="ball"), call("price", of="kite"), call("add", a=47, b=85), "132 cents.",
    ]),
    "a shop that is busy": ("What do a ball and a drum cost?", [
        call("price", of="ball"), call("price", of="drum"), call("price", of="drum"), call("add", a=47, b=316),
        "363 cents.",
    ]),
    "a tool that does not exist": (TASK, [
        call("look_up", thing="ball"), call("price", of="ball"), call("price", of="kite"), call("add", a=47, b=85),
        "132 cents.",
    ]),
    "JSON cut short": (TASK, [
        call("price", of="kite")[:-3], call("price", of="kite"), call("price", of="ball"), call("add", a=85, b=47),
        "132 cents.",
    ]),
    "round and round": (TASK, [call("price", of="ball")] * 9),
}  # fmt: skip
"""What the user asks and what the model replies, by what happens."""


class AgentStepper(CourseWidget):
    """The tool loop of chapter 18, step by step, in a harness whose bounds the reader sets.

    >>> AgentStepper()
    >>> AgentStepper(replies=['{"tool": "price", "arguments": {"of": "ball"}}', "47 cents."])

    Args:
        replies: What the model says, in order; the reader chooses one of the scripts, or edits them.
        task: What the user asks.
        prices: What things cost.
        busy: Things whose first question fails.
    """

    scripts: Any = Dict({name: {"task": task, "replies": said} for name, (task, said) in SCRIPTS.items()}).tag(
        sync=True
    )
    replies: Any = List(Unicode(), SCRIPTS["all goes well"][1], minlen=1).tag(sync=True)
    task = Unicode(TASK).tag(sync=True)
    prices: Any = Dict({"ball": 47, "kite": 85, "drum": 316}).tag(sync=True)
    busy: Any = List(Unicode(), ["drum"]).tag(sync=True)
    step = Int(3, min=0).tag(sync=True)  # the third call is made of what the first two brought
    max_steps = Int(6, min=1, max=MOST_STEPS).tag(sync=True)
    budget = Int(120, min=20, max=200).tag(sync=True)
    report = Bool(True).tag(sync=True)

    def picture(self) -> str:
        """The task and the replies as a list."""
        lines = "".join(f"<li><code>{escape(reply)}</code></li>" for reply in self.replies)
        return f"<p>{escape(self.task)} The model's replies, each of which the harness reads:</p><ol>{lines}</ol>"

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
        replies: what the model says, in order; by default one of several scripts, which the reader chooses and edits.
        task: what the user asks; each of the course's scripts has its own.
        prices: what things cost.
        busy: things whose first question fails.

    Raises:
        ValueError: If replies are not texts, or there is none.
    """

    scripts: Any = Dict().tag(sync=True)
    replies: Any = List().tag(sync=True)
    task = Unicode("").tag(sync=True)
    prices: Any = Dict().tag(sync=True)
    busy: Any = List().tag(sync=True)
    step = Int(3, min=0).tag(sync=True)  # the third call is made of what the first two brought
    max_steps = Int(6, min=1, max=MOST_STEPS).tag(sync=True)
    budget = Int(120, min=20, max=200).tag(sync=True)
    report = Bool(True).tag(sync=True)

    def __init__(
        self,
        replies: list[str] | None = None,
        task: str = TASK,
        prices: dict[str, int] | None = None,
        busy: list[str] | None = None,
    ) -> None:
        if replies is not None and not (replies and all(isinstance(reply, str) for reply in replies)):
            raise ValueError("replies must be a list of one text or more: what the model says, in order.")
        scripts = SCRIPTS if replies is None else {"these replies": (task, replies)}
        asked, listed = next(iter(scripts.values()))
        super().__init__(
            scripts={name: {"task": asked, "replies": listed} for name, (asked, listed) in scripts.items()},
            replies=listed,
            task=asked,
            prices=prices or {"ball": 47, "kite": 85, "drum": 316},
            busy=["drum"] if busy is None else busy,
        )

    def picture(self) -> str:
        """The task and the replies as a list."""
        lines = "".join(f"<li><code>{escape(reply)}</code></li>" for reply in self.replies)
        return f"<p>{escape(self.task)} The model's replies, each of which the harness reads:</p><ol>{lines}</ol>"

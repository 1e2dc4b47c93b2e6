"""What may be told of what a sandbox says: no word of its own choosing reaches a learner.

A learner's function is called with inputs that nobody is to know, and whatever it says (the text or the class of an
exception, a line of source, the name of a type) could hold them. So a failure is told by the kind of a builtin
exception, by a line only where the learner's own cells have it there, and otherwise in words that stand here.
"""

import builtins
from collections.abc import Collection

from llm_course.checking.calls import Failure

BUILTIN = {
    name for name, thing in vars(builtins).items() if isinstance(thing, type) and issubclass(thing, BaseException)
}
OF_THE_SANDBOX = {
    "Missing": "it is not defined",
    "NotCallable": "it is not a function",
    "Parameters": "it takes other arguments than its stub",
    "Reply": "its reply could not be read",
    "ReplyTooLarge": "the value is too large to be looked at",
}
"""Failures that are none of the function's own, and what is said of them."""
MAX_SOURCE = 200
"""Characters of a line that are compared and shown."""

Line = tuple[int, str]
"""A number, from 1, and the text without the blanks around it."""


def lines_of(source: str) -> set[Line]:
    """The lines of a cell that a failure may point to: none of those that hold nothing."""
    lines = enumerate(source.split("\n"), start=1)
    return {(number, line.strip()[:MAX_SOURCE]) for number, line in lines if line.strip()}


def _defined(name: str, lines: Collection[Line]) -> bool:
    """Whether the learner's cells define a function of that name."""
    return any(text.startswith(f"def {name}(") for _, text in lines)


def sanitized(failure: Failure, lines: Collection[Line]) -> Failure:
    """What of a failure may be told, where the learner's cells have these lines."""
    if failure.type in OF_THE_SANDBOX:
        return Failure(failure.type, OF_THE_SANDBOX[failure.type])
    kind = failure.type if failure.type in BUILTIN else "Exception"
    if (failure.line, failure.source) in lines:
        helper = failure.helper if _defined(failure.helper, lines) else ""
        return Failure(kind, "", failure.line, failure.source, helper)
    return Failure(kind, "")

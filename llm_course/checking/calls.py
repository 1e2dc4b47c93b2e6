"""One call of a function, and all that is looked at in its reply: as objects, as text and as data to be sent."""

import builtins
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from llm_course.checking.scripts import Step
from llm_course.checking.tensors import Tensor
from llm_course.checking.values import Tree, ValueFormatError, decode, encode, from_text, plain_text, to_text

Found = TypeVar("Found")
MAX_LINE = 1 << 21
MAX_NAMES, MAX_NAME = 100, 100
"""The most arguments that a reply can say were changed, and the characters of a name."""


@dataclass(frozen=True)
class Call:
    """Arguments by name, and what to look at besides the value.

    `gradients` names the floating-point tensors, or dicts of them, whose gradients are asked for; `measure` asks
    for the size of the largest tensor that is made on the way; `generators` asks whether the global random
    generators of Python, NumPy and torch were used or seeded, which then count as changed arguments; `new` asks
    whether what is returned is new, where an argument whose memory comes back counts as changed. With `repeat`
    above 1 the function is called that often, each time with the same generators, which move on, and the value is
    the list of all values. With a `script` the function is a class: the arguments are its constructor's, and the
    value is the list of the steps' results (llm_course.checking.scripts); repeated, each time of a new object.
    `parameters` are all names that the stub gives, in their order: a function that has others is called by place.
    """

    arguments: dict[str, Any]
    gradients: tuple[str, ...] = ()
    measure: bool = False
    repeat: int = 1
    script: tuple[Step, ...] = ()
    generators: bool = False
    new: bool = False
    parameters: tuple[str, ...] = ()

    @functools.cached_property
    def data(self) -> tuple[Tree, list[bytes]]:
        """The call in the form in which it is sent, worked out once: all submissions of a class get the same calls."""
        return encode(_call_fields(self))

    @functools.cached_property
    def text(self) -> bytes:
        """The tree of `data` as JSON, which takes longer to make than to send."""
        return json.dumps(self.data[0], ensure_ascii=False).encode("utf-8", "replace")


@dataclass(frozen=True)
class Failure:
    """Why a call gave no value: the builtin exception that was raised, or the next one above a class of the learner's.

    `line` and `source` point into the learner's own code, where known. `helper` is the function whose line it is, where
    that stands in another cell than what was called.
    """

    type: str
    message: str
    line: int | None = None
    source: str = ""
    helper: str = ""


@dataclass(frozen=True)
class Reply:
    """What came back: a value or a failure, the names of arguments that were changed, and what else was asked for."""

    value: Any = None
    failure: Failure | None = None
    changed: tuple[str, ...] = ()
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    largest: int | None = None

    @functools.cached_property
    def _notes(self) -> dict[str, tuple[Any, Any]]:
        """By kind, what was found out last about this reply: of what, and the finding."""
        return {}

    def noted(self, kind: str, about: object, find_out: Callable[[], Found]) -> Found:
        """What is found out about this reply and something else, once as long as nothing else is asked about.

        The reply of a mistake is compared with all that a class hands in, and one reply with those of all mistakes.
        """
        if kind not in self._notes or self._notes[kind][0] is not about:
            self._notes[kind] = (about, find_out())
        found: Found = self._notes[kind][1]
        return found


def is_kind_of(name: str, expected: str) -> bool:
    """Whether a builtin exception is of an expected kind, as every UnicodeDecodeError is a ValueError."""
    kind, other = getattr(builtins, name, None), getattr(builtins, expected, None)
    return name == expected or (isinstance(kind, type) and isinstance(other, type) and issubclass(kind, other))


def call_to_text(call: Call) -> str:
    """The call as a line of text."""
    return to_text(_call_fields(call))


def call_from_text(text: str) -> Call:
    """The call that `call_to_text` wrote. Raises ValueFormatError where the text is something else."""
    return _call_from_fields(from_text(text))


def reply_to_text(reply: Reply) -> str:
    """The reply as a line of text."""
    return to_text(_reply_fields(reply))


def reply_from_text(text: str) -> Reply:
    """The reply that `reply_to_text` wrote. Raises ValueFormatError where the text is something else."""
    return _reply_from_fields(from_text(text))


def call_from_data(tree: Tree, buffers: bytes | bytearray) -> Call:
    """The call that `Call.data` describes. Raises ValueFormatError where the data is something else."""
    return _call_from_fields(decode(tree, buffers))


def reply_to_data(reply: Reply) -> tuple[Tree, list[bytes]]:
    """The reply in the form in which it is sent."""
    return encode(_reply_fields(reply))


def reply_from_data(tree: Tree, buffers: bytes | bytearray) -> Reply:
    """The reply that `reply_to_data` described. Raises ValueFormatError where the data is something else."""
    return _reply_from_fields(decode(tree, buffers))


def _call_fields(call: Call) -> dict[str, Any]:
    fields = {
        "arguments": call.arguments,
        "gradients": list(call.gradients),
        "measure": call.measure,
        "repeat": call.repeat,
        "script": list(call.script),
    }
    # Few calls ask for these, and the checks of all the others need not say that they do not.
    fields |= {name: True for name in ("generators", "new") if getattr(call, name)}
    return fields | ({"parameters": list(call.parameters)} if call.parameters else {})


def _call_from_fields(data: Any) -> Call:
    data = {"generators": False, "new": False, "parameters": []} | data if isinstance(data, dict) else data
    flags = {"measure": bool, "generators": bool, "new": bool}
    _check_fields(data, arguments=dict, gradients=list, repeat=int, script=list, parameters=list, **flags)
    return Call(**data | {name: tuple(data[name]) for name in ("gradients", "script", "parameters")})


def _reply_fields(reply: Reply) -> dict[str, Any]:
    failure = reply.failure
    return {
        "value": reply.value,
        "failure": None if failure is None else _failure_fields(failure),
        "changed": list(reply.changed),
        "gradients": reply.gradients,
        "largest": reply.largest,
    }


def _failure_fields(failure: Failure) -> list[Any]:
    # Most failures are in the learner's own function, and say of no other.
    helper = [failure.helper] if failure.helper else []
    return [failure.type, failure.message, failure.line, failure.source, *helper]


def _reply_from_fields(data: Any) -> Reply:
    _check_fields(data, value=object, failure=object, changed=list, gradients=dict, largest=(int, type(None)))
    if not all(isinstance(gradient, (Tensor, type(None))) for gradient in data["gradients"].values()):
        raise ValueFormatError("a gradient is a tensor or nothing")
    return Reply(
        value=data["value"],
        failure=_failure_from_data(data["failure"]),
        changed=_names_from_data(data["changed"]),
        gradients=data["gradients"],
        largest=data["largest"],
    )


def _names_from_data(data: list[Any]) -> tuple[str, ...]:
    if len(data) > MAX_NAMES or not all(isinstance(name, str) and len(name) <= MAX_NAME for name in data):
        raise ValueFormatError("what was changed is said by short names")
    return tuple(data)


KINDS_OF_A_FAILURE = [[str, str, line, str, *helper] for line in (int, type(None)) for helper in ([], [str])]


def _failure_from_data(data: Any) -> Failure | None:
    if data is None:
        return None
    if not (isinstance(data, list) and [type(item) for item in data] in KINDS_OF_A_FAILURE):
        raise ValueFormatError("a failure is a type, a message, a line, its source and the function that it is in")
    if data[2] is not None and not 0 < data[2] < MAX_LINE:
        raise ValueFormatError("a failure is in a line that no cell has")
    helper = plain_text(data[4], 100) if len(data) > 4 else ""
    return Failure(plain_text(data[0], 100), plain_text(data[1], 500), data[2], plain_text(data[3], 200), helper)


def _check_fields(data: Any, **kinds: Any) -> None:
    if not isinstance(data, dict) or set(data) != set(kinds):
        raise ValueFormatError("the fields are not those of a call or a reply")
    for name, kind in kinds.items():
        if not isinstance(data[name], kind):
            raise ValueFormatError(f"the field {name} has the wrong type")

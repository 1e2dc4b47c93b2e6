"""One failing case of a learner's own checks: what went in, what came, what was expected, and where they differ first.

Only visible cases are shown so: their expected values are data that every learner has.
"""

import html
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from llm_course.checking import observe
from llm_course.checking.answer_key import AnswerKey, Item, Property
from llm_course.checking.calls import Call, Reply
from llm_course.checking.compare import agree, describe, mismatch, same_distribution
from llm_course.checking.evaluate import Finding, case_holds, observer_of
from llm_course.checking.values import Opaque

MOST_CHARACTERS = 300
"""Of one value that is shown."""
MOST_WRITTEN = 1_000
"""Numbers of a tensor that are turned into text at all."""
MOST_NUMBERS = 8
"""Of a row in which the first difference stands."""
NOTHING = Opaque("nothing")
Place = tuple[Any, ...]


@dataclass(frozen=True)
class SideBySide:
    """A failing case. `place` is where `came` and `expected`, which are of `what`, differ first, or is empty."""

    case: str
    arguments: Mapping[str, str]
    what: str
    came: str
    expected: str
    place: str

    @property
    def lines(self) -> list[str]:
        """As text."""
        rows = [
            *self.arguments.items(),
            (f"{self.what}: came", self.came),
            (f"{self.what}: expected", self.expected),
        ]
        if self.place:
            rows.append(("first difference", self.place))
        width = max(len(name) for name, _ in rows)
        return [f"The case “{self.case}”:", *(f"  {name:<{width}}  {value}" for name, value in rows)]

    @property
    def html(self) -> str:
        """As HTML, where none of it is a tag."""

        left = 'style="text-align:left;vertical-align:top"'

        def row(name: str, *values: str, tag: str = "code") -> str:
            span = "" if len(values) == 2 else " colspan=2"
            cells = "".join(f"<td {left}{span}><{tag}>{html.escape(value)}</{tag}></td>" for value in values)
            return f"<tr><th {left}>{html.escape(name)}</th>{cells}</tr>"

        rows = [row(name, value) for name, value in self.arguments.items()]
        rows.append(f"<tr><th></th><th {left}>came</th><th {left}>expected</th></tr>")
        rows.append(row(self.what, self.came, self.expected))
        if self.place:
            rows.append(row("first difference", self.place, tag="mark"))
        return f"<p>The case “{html.escape(self.case)}”:</p><table>{''.join(rows)}</table>"


def first_failing_case(
    answer_key: AnswerKey, findings: tuple[Finding, ...], replies: Mapping[str, Reply]
) -> SideBySide | None:
    """The case by which the first property fails, where something can be shown of it."""
    failed = [finding.name for finding in findings if not (finding.holds or finding.waits)]
    asked = [(item, case) for item in answer_key.properties if item.name in failed for case in item.cases]
    for required, case in asked:
        # A reply may differ in what the property does not look at, such as the words of an error.
        if not required.joint and case_holds(answer_key, required, case, replies[case]):
            continue
        item, reply = _as_compared(required, answer_key.items[case], replies[case])
        found = _difference(item, reply)
        if found is not None:
            return SideBySide(case, _arguments(item.call), *found)
    return None


def _as_compared(required: Property, compared: Item, reply: Reply) -> tuple[Item, Reply]:
    """What a property compares: of a conversation with errors in a learner's own words, what is left without them."""
    expected = compared.expected
    if observer_of(required) is not observe.conversation or reply.failure or expected.failure:
        return compared, reply
    try:
        came = observe.conversation(reply)
    except Exception:
        return compared, reply  # no list of messages, which is shown as it is
    wanted = replace(expected, value=observe.conversation(expected))
    return replace(compared, expected=wanted), replace(reply, value=came)


def _arguments(call: Call) -> dict[str, str]:
    """What went in, and what was then done with the object that a class made."""
    arguments = {name: _text(value) for name, value in call.arguments.items()}
    steps = [" ".join(part for part in step if isinstance(part, str)) for step in call.script]
    return arguments | ({"then": ", ".join(steps)} if steps else {})


def _difference(item: Item, reply: Reply) -> tuple[str, str, str, str] | None:
    """What differs, what came, what was expected, and where they differ first."""
    expected = item.expected
    if reply.failure or expected.failure:
        came, wanted = (_failure_or_value(one) for one in (reply, expected))
        return None if came == wanted else ("result", came, wanted, "")
    if item.categories is not None:
        if not isinstance(reply.value, list) or any(mismatch(value, expected.value[0]) for value in reply.value):
            return "first draw", *_values(_first(reply.value), expected.value[0], item.slack)
        one, other = (_labels(item, reply) for reply in (reply, expected))
        return None if same_distribution(one, other) else ("how often", _counted(one), _counted(other), "")
    if not agree(reply.value, expected.value, item.slack):
        return "result", *_values(reply.value, expected.value, item.slack)
    forms = _form(reply.value), _form(expected.value)
    if forms[0] != forms[1]:
        return "form", *forms, ""
    if reply.changed != expected.changed:
        return "arguments changed", ", ".join(reply.changed) or "none", ", ".join(expected.changed) or "none", ""
    for name, gradient in expected.gradients.items():
        found = reply.gradients.get(name)
        if not agree(found, gradient, item.slack):
            return f"gradient of {name}", *_values(found, gradient, item.slack)
    return None


def _form(value: Any) -> str:
    """What the tensors of a value are."""
    values = value if isinstance(value, (tuple, list)) else [value]
    return ", ".join(describe(item) for item in values if isinstance(item, Tensor))


def _values(came: Any, expected: Any, slack: float) -> tuple[str, str, str]:
    """Both values as text, and where they differ first."""
    problem = mismatch(came, expected)
    if problem is not None:
        return _text(came), _text(expected), problem
    place, *pair = _first_place(came, expected, slack)
    rows = [_text(value) for value in (came, expected)]
    if any(text.endswith("…") for text in rows):
        # The difference may stand behind what is shown: the row in which it stands is shown instead.
        rows = [_row_at(value, place) for value in (came, expected)]
    index = "".join(f"[{part!r}]" for part in place)
    one, other = (_text(value) for value in pair)
    if one == other:
        # They differ behind the digits that are shown, for want of them in the dtype or for another reason.
        forms = [_form(value) for value in (came, expected)]
        one, other = forms if forms[0] != forms[1] else [_exactly(value) for value in pair]
    return rows[0], rows[1], f"{index or _kind_of(expected)}: {one} came, {other} is expected"


def _kind_of(expected: Any) -> str:
    """What a value without places is called."""
    return "the text" if isinstance(expected, str) else "the number"


def _first_place(came: Any, expected: Any, slack: float) -> tuple[Place, Any, Any]:
    """Where two values of one form differ first, and what stands there."""
    if isinstance(expected, Tensor) and expected.dim():
        wrong = _wrong_numbers(came, expected, slack)
        place = tuple(wrong.nonzero()[0].tolist())
        return place, came[place].item(), expected[place].item()
    if isinstance(expected, (list, tuple)):
        for number, pair in enumerate(zip(came, expected, strict=False)):
            if not agree(*pair, slack):
                inner, one, other = _first_place(*pair, slack) if mismatch(*pair) is None else ((), *pair)
                return (number, *inner), one, other
        number = min(len(came), len(expected))
        one, other = (value[number] if number < len(value) else NOTHING for value in (came, expected))
        return (number,), one, other
    if isinstance(expected, dict):
        for key, wanted in expected.items():
            if not agree(came[key], wanted, slack):
                inner, one, other = _first_place(came[key], wanted, slack)
                return (key, *inner), one, other
    return (), came, expected


def _wrong_numbers(came: Tensor, expected: Tensor, slack: float) -> Tensor:
    """Which numbers of a tensor do not agree, by the rule of llm_course.checking.compare."""
    if not expected.is_floating_point():
        return came.long() != expected.long()
    found, wanted = came.detach().double(), expected.detach().double()
    finite = wanted[wanted.isfinite()]
    allowed = slack * torch.finfo(expected.dtype).eps * finite.abs().max() if finite.numel() else 0.0
    alike = (found == wanted) | (found.isnan() & wanted.isnan()) | ((found - wanted).abs() <= allowed)
    return ~alike


def _row_at(value: Any, place: Place) -> str:
    """What stands around a place: of a tensor the numbers of its row."""
    for number, part in enumerate(place):
        if isinstance(value, Tensor):
            *row, column = place[number:]
            start = max(0, column - MOST_NUMBERS // 2)
            numbers = value[tuple(row)][start : start + MOST_NUMBERS]
            index = "".join(f"[{part!r}]" for part in place[:-1])
            return f"{index}[{start}:{start + len(numbers)}] = {_text(numbers)}"
        if isinstance(value, (list, tuple)) and part >= len(value):
            break
        value = value[part]
    return _text(value)


def _text(value: Any) -> str:
    """A value in Python's words, its numbers rounded, and cut where it is long."""
    return _cut(_written(value))


def _written(value: Any) -> str:
    if isinstance(value, Tensor):
        if value.numel() > MOST_WRITTEN:
            return f"{describe(value)} …"
        dtype = str(value.dtype).removeprefix("torch.")
        return f"{_written(value.tolist())} {dtype}" if value.dim() else f"{_written(value.item())} {dtype}"
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_written, value))})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_written(item)}" for key, item in value.items()) + "}"
    return repr(value) if isinstance(value, (int, str, bytes)) else describe(value).removeprefix("a value of type ")


def _exactly(value: Any) -> str:
    return repr(value.item() if isinstance(value, Tensor) else value)


def _failure_or_value(reply: Reply) -> str:
    return f"raises {reply.failure.type}" if reply.failure else _text(reply.value)


def _labels(item: Item, reply: Reply) -> list[str]:
    assert item.categories is not None
    return [str(label) for value in reply.value for label in item.categories(value)]


def _counted(labels: list[str]) -> str:
    return _cut(", ".join(f"{label}: {count}" for label, count in sorted(Counter(labels).items())))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


def _first(values: Any) -> Any:
    return values[0] if isinstance(values, list) and values else values

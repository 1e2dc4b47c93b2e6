"""One failing visible case: what went in, what the answer gave, what was expected, and where they differ first.

Only visible cases are shown so: their expected values are data that every learner has.
"""

import html
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from llm_course.checking import observe
from llm_course.checking.answer_key import AnswerKey, Item, Property
from llm_course.checking.calls import Call, Reply
from llm_course.checking.compare import agree, describe, mismatch, same_distribution
from llm_course.checking.evaluate import Verdict
from llm_course.checking.findings import as_expected, case_holds, observer_of
from llm_course.checking.tensors import Tensor, torch
from llm_course.checking.values import Opaque

MOST_CHARACTERS = 300
"""Of one value that is shown."""
MOST_WRITTEN = 1_000
"""Numbers of a tensor that are turned into text at all."""
MOST_NUMBERS = 8
"""Of a row in which the first difference stands."""
NOTHING = Opaque("nothing")
SHORT_NUMBER = re.compile(r"[^:]*: got (?:-?[\d.]{1,8}(?:e[+-]\d+)?|-?inf|nan|True|False), expected ")
"""A difference in one number that has as many digits as are shown of any. No text of an answer may hold such words."""
Place = tuple[Any, ...]


@dataclass(frozen=True)
class SideBySide:
    """A failing case. `place` is where `got` and `expected`, which are of `what`, differ first, or is empty."""

    case: str
    arguments: Mapping[str, str]
    what: str
    got: str
    expected: str
    place: str

    @property
    def lines(self) -> list[str]:
        """As text."""
        rows = [
            *self.arguments.items(),
            (f"{self.what}: got", self.got),
            (f"{self.what}: expected", self.expected),
        ]
        if self.place:
            rows.append(("first difference", self.place))
        return self._as_lines(rows)

    def _as_lines(self, rows: list[tuple[str, str]]) -> list[str]:
        width = max(len(name) for name, _ in rows)
        return [f"The case “{self.case}”:", *(f"  {name:<{width}}  {value}" for name, value in rows)]

    @property
    def lines_for_graders(self) -> list[str]:
        """As text of which an answer decides no more than one short number.

        When it is graded, an answer has seen hidden inputs, and a whole value could be made to tell them.
        """
        place = [("first difference", self.place)] if SHORT_NUMBER.match(self.place) else []
        return self._as_lines([*self.arguments.items(), (f"{self.what}: expected", self.expected), *place])

    @property
    def html(self) -> str:
        """As HTML, where none of it is a tag."""

        left = 'style="text-align:left;vertical-align:top"'

        def row(name: str, *values: str, tag: str = "code") -> str:
            span = "" if len(values) == 2 else " colspan=2"
            cells = "".join(f"<td {left}{span}><{tag}>{html.escape(value)}</{tag}></td>" for value in values)
            return f"<tr><th {left}>{html.escape(name)}</th>{cells}</tr>"

        rows = [row(name, value) for name, value in self.arguments.items()]
        rows.append(f"<tr><th></th><th {left}>got</th><th {left}>expected</th></tr>")
        rows.append(row(self.what, self.got, self.expected))
        if self.place:
            rows.append(row("first difference", self.place, tag="mark"))
        return f"<p>The case “{html.escape(self.case)}”:</p><table>{''.join(rows)}</table>"


def failing_case(answer_key: AnswerKey, verdict: Verdict, replies: Mapping[str, Reply]) -> SideBySide | None:
    """The case that shows what the verdict's hint says, where something can be shown of it."""
    failed = next((finding for finding in verdict.findings if not (finding.holds or finding.waits)), None)
    if failed is None:
        return None
    named = [item for item in answer_key.properties if verdict.case in item.cases]
    first = [item for item in answer_key.properties if item.name == failed.name]
    # One that looks at several replies together names no case: any of them shows it.
    asked = [(item, verdict.case) for item in named] or [(item, case) for item in first for case in item.cases]
    for required, case in asked:
        # A reply may differ in what the property does not look at, such as the words of an error.
        if not required.joint and case_holds(answer_key, required, case, replies[case]):
            continue
        item, reply = _as_compared(required, answer_key.items[case], replies[case])
        found = _difference(item, reply)
        if found is not None:
            what, got, wanted, place = found
            # The results of a script are told by their steps.
            place = re.sub(r"^\[(\d+)\]", r"step \1", place) if item.call.script else place
            return SideBySide(case, _arguments(answer_key.exercise, item.call), what, got, wanted, place)
    return None


def _as_compared(required: Property, compared: Item, reply: Reply) -> tuple[Item, Reply]:
    """What a property compares: of a conversation with errors in a learner's own words, what is left without them."""
    expected = compared.expected
    reply = as_expected(reply, expected)
    if observer_of(required) is not observe.conversation or reply.failure or expected.failure:
        return compared, reply
    try:
        got = observe.conversation(reply)
    except Exception:
        return compared, reply  # no list of messages, which is shown as it is
    wanted = replace(expected, value=observe.conversation(expected))
    return replace(compared, expected=wanted), replace(reply, value=got)


def _arguments(exercise: str, call: Call) -> dict[str, str]:
    """What went in; of a class, the calls that can be made again."""
    arguments = {name: _text(value) for name, value in call.arguments.items()}
    if not call.script:
        return arguments
    thing = _name_of(exercise)
    made = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return {"made": f"{thing} = {exercise}({made})"} | {
        f"step {number}": _written_step(thing, *step) for number, step in enumerate(call.script)
    }


def _name_of(exercise: str) -> str:
    """A name for an object of a class: "cache" for a PagedKVCache, "linear" for a LoRALinear."""
    return re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", exercise)[-1].lower()


def _written_step(thing: str, kind: str, *details: Any) -> str:
    """A step of a script (llm_course.checking.scripts) as Python."""
    match kind:
        case "method" | "refused" | "spoil":
            return f"{thing}.{details[0]}({', '.join(map(_text, details[1].values()))})"
        case "call":
            return f"{thing}({', '.join(map(_text, details[0].values()))})"
        case "gradients":
            return f"{thing}({', '.join(map(_text, details[0].values()))}), and its gradients"
        case "set":
            return "; ".join(f"{thing}.{name} set to {_text(value)}" for name, value in details[0].items())
        case "mode":
            return f"{thing}.{details[0]}()"
        case "get" | "start":
            return f"{thing}.{details[0]}"
    return f"the {kind} parameters of {thing}"


def _difference(item: Item, reply: Reply) -> tuple[str, str, str, str] | None:
    """What differs, what the answer gave, what was expected, and where they differ first."""
    expected = item.expected
    if reply.failure or expected.failure:
        got, wanted = (_failure_or_value(one) for one in (reply, expected))
        return None if got == wanted else ("result", got, wanted, "")
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


def _values(got: Any, expected: Any, slack: float) -> tuple[str, str, str]:
    """Both values as text, and where they differ first."""
    problem = mismatch(got, expected)
    if problem is not None:
        return _text(got), _text(expected), problem
    place, *pair = _first_place(got, expected, slack)
    rows = [_text(value) for value in (got, expected)]
    if any(text.endswith("…") for text in rows):
        # The difference may stand behind what is shown: the row in which it stands is shown instead.
        rows = [_row_at(value, place) for value in (got, expected)]
    index = "".join(f"[{part!r}]" for part in place)
    one, other = (_text(value) for value in pair)
    if one == other:
        # They differ behind the digits that are shown, for want of them in the dtype or for another reason.
        forms = [_form(value) for value in (got, expected)]
        one, other = forms if forms[0] != forms[1] else [_exactly(value) for value in pair]
    return rows[0], rows[1], f"{index or _kind_of(expected)}: got {one}, expected {other}"


def _kind_of(expected: Any) -> str:
    """What a value without places is called."""
    return "the text" if isinstance(expected, str) else "the number"


def _first_place(got: Any, expected: Any, slack: float) -> tuple[Place, Any, Any]:
    """Where two values of one form differ first, and what stands there."""
    if isinstance(expected, Tensor) and expected.dim():
        wrong = _wrong_numbers(got, expected, slack)
        place = tuple(wrong.nonzero()[0].tolist())
        return place, got[place].item(), expected[place].item()
    if isinstance(expected, (list, tuple)):
        for number, pair in enumerate(zip(got, expected, strict=False)):
            if not agree(*pair, slack):
                inner, one, other = _first_place(*pair, slack) if mismatch(*pair) is None else ((), *pair)
                return (number, *inner), one, other
        number = min(len(got), len(expected))
        one, other = (value[number] if number < len(value) else NOTHING for value in (got, expected))
        return (number,), one, other
    if isinstance(expected, dict):
        for key, wanted in expected.items():
            if not agree(got[key], wanted, slack):
                inner, one, other = _first_place(got[key], wanted, slack)
                return (key, *inner), one, other
    return (), got, expected


def _wrong_numbers(got: Tensor, expected: Tensor, slack: float) -> Tensor:
    """Which numbers of a tensor do not agree, by the rule of llm_course.checking.compare."""
    if not expected.is_floating_point():
        return got.long() != expected.long()
    found, wanted = got.detach().double(), expected.detach().double()
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

"""An exercise as data: calls, the replies of a right answer, and the replies of each known mistake.

The judge builds an AnswerKey with hidden cases and keeps it to itself. A learner's own checks are an AnswerKey of the
visible cases only, shipped as compressed JSON in `llm_course/checks/`: it holds no code but the names of observers.
"""

import functools
import gzip
import json
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from llm_course.checking import observe
from llm_course.checking.calls import Call, Reply, call_from_text, call_to_text, reply_from_text, reply_to_text
from llm_course.checking.values import ValueFormatError

FORMAT = 1
"""The version of the JSON. A reader refuses any other."""


@dataclass(frozen=True)
class Item:
    """One call, the reply of a right answer, and the units of rounding to allow.

    Where the call is repeated, the values are compared by distribution; `categories` sorts one value into the
    categories that are counted.
    """

    call: Call
    expected: Reply
    slack: float
    categories: Callable[[Any], list[Any]] | None = None


@dataclass(frozen=True)
class Property:
    """One property: what must hold, on which cases, and what to look at where it fails.

    `observe` looks at one reply at a time, or at all of them together where `joint`. The property counts only if the
    one named by `needs` holds too. Where the value is a tuple and `part` names one of its places, the form of the
    others does not count. Learners read `name`, what holds; `fails`, a sentence on an answer for which it does not; and
    `advice`, what to look at then.
    """

    name: str
    cases: tuple[str, ...]
    advice: str
    weight: int = 1
    observe: Callable[..., Any] = observe.value
    joint: bool = False
    needs: str | None = None
    part: int | None = None
    fails: str = ""


@dataclass(frozen=True)
class KnownMistake:
    """A form of a misunderstanding, by the replies it gives. They may be worked out only as they are read."""

    name: str
    hint: str
    section: str
    replies: Mapping[str, Reply]


@dataclass(frozen=True, eq=False)
class AnswerKey:
    """An exercise as data. Each is equal to itself only, so that what follows from one can be kept."""

    exercise: str
    items: Mapping[str, Item]
    properties: tuple[Property, ...]
    mistakes: tuple[KnownMistake, ...]


def properties_of(properties: Iterable[Property], cases: Collection[str]) -> tuple[Property, ...]:
    """What properties ask of some cases alone. A joint property stays only if all of its cases do."""
    kept = []
    for required in properties:
        left = tuple(case for case in required.cases if case in cases)
        if left and (left == required.cases or not required.joint):
            kept.append(replace(required, cases=left))
    names = {required.name for required in kept}
    return tuple(replace(item, needs=item.needs if item.needs in names else None) for item in kept)


def restricted_to(answer_key: AnswerKey, cases: Collection[str]) -> AnswerKey:
    """The part of an answer key that is about some cases."""
    items = {name: item for name, item in answer_key.items.items() if name in cases}
    return replace(answer_key, items=items, properties=properties_of(answer_key.properties, cases))


def pack_answer_keys(answer_keys: Mapping[str, AnswerKey], made_from: str = "") -> bytes:
    """The answer keys of an assignment as a file: JSON, compressed, since replies of wrong answers are much alike.

    `made_from` is a digest of what they follow from.
    """
    data = {
        "format": FORMAT,
        "made_from": made_from,
        "exercises": {name: _answer_key_to_data(answer_key) for name, answer_key in answer_keys.items()},
    }
    # The same bytes whenever they are written.
    return gzip.compress(json.dumps(data, ensure_ascii=False).encode(), mtime=0)


def made_from(packed: bytes) -> str:
    """The digest that `pack_answer_keys` was given, or nothing where the file is something else."""
    try:
        return str(_unpacked(packed)["made_from"])
    except (KeyError, TypeError, ValueFormatError):
        return ""


def unpack_answer_keys(packed: bytes) -> dict[str, AnswerKey]:
    """The answer keys that `pack_answer_keys` wrote. Raises ValueFormatError where the file is something else."""
    data = _unpacked(packed)
    try:
        if data["format"] != FORMAT:
            raise ValueFormatError(f"format {data['format']} of the checks is not {FORMAT}")
        return {name: _answer_key_from_data(name, answer_key) for name, answer_key in data["exercises"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueFormatError("the file is not that of checks") from error


def _unpacked(packed: bytes) -> Any:
    try:
        return json.loads(gzip.decompress(packed))
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise ValueFormatError("the file is not that of checks") from error


def _answer_key_to_data(answer_key: AnswerKey) -> dict[str, Any]:
    return {
        "items": {
            name: {
                "call": call_to_text(item.call),
                "expected": reply_to_text(item.expected),
                "slack": item.slack,
                "categories": None if item.categories is None else _observer_to_data(item.categories),
            }
            for name, item in answer_key.items.items()
        },
        "properties": [{**vars(item), "observe": _observer_to_data(item.observe)} for item in answer_key.properties],
        "mistakes": [
            {**vars(mistake), "replies": _wrong_replies(answer_key, mistake)} for mistake in answer_key.mistakes
        ],
    }


def _answer_key_from_data(exercise: str, data: dict[str, Any]) -> AnswerKey:
    items = {
        name: Item(
            call_from_text(item["call"]),
            reply_from_text(item["expected"]),
            item["slack"],
            None if item["categories"] is None else _observer_from_data(item["categories"]),
        )
        for name, item in data["items"].items()
    }
    properties = tuple(
        Property(**{**item, "cases": tuple(item["cases"]), "observe": _observer_from_data(item["observe"])})
        for item in data["properties"]
    )
    mistakes = tuple(
        KnownMistake(
            **{**mistake, "replies": {name: item.expected for name, item in items.items()} | _replies(mistake)}
        )
        for mistake in data["mistakes"]
    )
    return AnswerKey(exercise, items, properties, mistakes)


def _wrong_replies(answer_key: AnswerKey, mistake: KnownMistake) -> dict[str, str]:
    """Only the replies that differ from the right ones: the others are filled in on reading."""
    right = {name: reply_to_text(item.expected) for name, item in answer_key.items.items()}
    replies = {name: reply_to_text(reply) for name, reply in mistake.replies.items()}
    return {name: text for name, text in replies.items() if text != right[name]}


def _replies(mistake: dict[str, Any]) -> dict[str, Reply]:
    return {name: reply_from_text(text) for name, text in mistake["replies"].items()}


def _observer_to_data(observer: Callable[..., Any]) -> dict[str, Any]:
    function = observer.func if isinstance(observer, functools.partial) else observer
    keywords = observer.keywords if isinstance(observer, functools.partial) else {}
    if getattr(observe, function.__name__, None) is not function:
        raise ValueError(
            f"{function.__name__} is not an observer of llm_course.checking.observe, so it cannot be shipped"
        )
    return {"name": function.__name__, "keywords": keywords}


def _observer_from_data(data: dict[str, Any]) -> Callable[..., Any]:
    return functools.partial(getattr(observe, data["name"]), **data["keywords"])

"""What a learner reads about an answer: its properties, the hint that helps most, where to read again."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

HOLDS, FAILS, WAITS = "✓", "✗", "–"
WHAT_TO_DO = "What to do"
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.) (?=(?:[^`]*`[^`]*`)*[^`]*$)")
"""The space behind a sentence, outside code."""
CLAUSE_END = re.compile(r"[:;] (?=(?:[^`]*`[^`]*`)*[^`]*$)")
WAITS_MEANS = f"({WAITS} not judged until the basic properties hold)"


class Found(Protocol):
    """How it stands with one property; see llm_course.checking.evaluate.Finding."""

    @property
    def name(self) -> str: ...
    @property
    def holds(self) -> bool: ...
    @property
    def waits(self) -> bool: ...


def mark(found: Found) -> str:
    """One character for how it stands with a property."""
    return HOLDS if found.holds else WAITS if found.waits else FAILS


def cause_and_advice(hint: str) -> tuple[str, str]:
    """The hint of a known mistake in two parts: what was misunderstood, and what to do about it.

    The first is the first sentence, or what comes before its colon where there is only one; the second may be empty.
    """
    sentences = SENTENCE_END.split(hint, maxsplit=1)
    if len(sentences) == 2:
        return sentences[0], sentences[1]
    cause, *rest = CLAUSE_END.split(hint, maxsplit=1)
    # Within brackets nothing ends.
    if not rest or cause.count("(") > cause.count(")"):
        return hint, ""
    word = rest[0].partition(" ")[0].rstrip(",;.:")
    return f"{cause}.", rest[0][0].upper() + rest[0][1:] if word.isalpha() else rest[0]


@dataclass(frozen=True)
class Feedback:
    """The parts of what is read about one exercise, in the order in which they are shown.

    `place` is where to read again, such as "chapter 5, “Masks”"; it and the hint may be empty. `advice` says what to
    do, and is shown to who asks.
    """

    exercise: str
    summary: str
    properties: Sequence[Found]
    hint: str
    place: str
    advice: str = ""

    @property
    def lines(self) -> list[str]:
        """As text."""
        shown = [f"{self.exercise}: {self.summary}", *(f"  {mark(item)} {item.name}" for item in self.properties)]
        if self._one_waits:
            shown.append(f"  {WAITS_MEANS}")
        if self.hint:
            shown += ["", *self.hint.splitlines()]
        if self.place:
            shown.append(self._read_again)
        return shown

    @property
    def advice_lines(self) -> list[str]:
        """What to do, as text."""
        return ["", WHAT_TO_DO, *self.advice.splitlines()] if self.advice else []

    @property
    def html(self) -> str:
        """As HTML, where none of it is a tag."""
        rows = [f"<li>{mark(item)} <span>{html.escape(item.name)}</span></li>" for item in self.properties]
        if self._one_waits:
            rows.append(f"<li><small>{WAITS_MEANS}</small></li>")
        hint = f"<p><strong>{hint_to_html(self.hint)}</strong></p>" if self.hint else ""
        place = f"<p>{html.escape(self._read_again)}</p>" if self.place else ""
        return (
            f"<p><code>{html.escape(self.exercise)}</code>: {html.escape(self.summary)}</p>"
            f'<ul style="list-style:none;padding-left:0">{"".join(rows)}</ul>{hint}{place}'
            f"{fold(WHAT_TO_DO, hint_to_html(self.advice)) if self.advice else ''}"
        )

    @property
    def _one_waits(self) -> bool:
        return any(item.waits for item in self.properties)

    @property
    def _read_again(self) -> str:
        return f"Read again: {self.place}."


def place_in(chapter: str, title: str) -> str:
    """Where to read again, in words: the chapter of that name, the section of that title.

    What is no chapter is an instructor's own, whose titles say all.
    """
    if not chapter[:2].isdecimal():
        return title
    return f"chapter {int(chapter[:2])}, “{title}”"


def fold(title: str, inside: str) -> str:
    """HTML that opens when a reader asks for it."""
    return f"<details><summary>{html.escape(title)}</summary>{inside}</details>"


def hint_to_html(text: str) -> str:
    """Escape a hint and turn `code` and *emphasis*, which is all the Markdown that hints have, into HTML."""
    escaped = html.escape(text, quote=False)
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    return re.sub(r"(?<![\w*])\*([^*\s][^*]*?)\*(?![\w*])", r"<em>\1</em>", escaped)

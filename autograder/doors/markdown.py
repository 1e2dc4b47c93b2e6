"""A result as Markdown, for pages of others: what came from a learner's code is text there and no markup."""

import re
from collections.abc import Iterator, Sequence

from autograder.records.result import GRADED, ExerciseResult, Result, in_points
from llm_course.checking.feedback import WAITS_MEANS, WHAT_TO_DO, mark

CODE = re.compile(r"(`[^`\n]+`)")
SIGN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~$&@:])")
"""What may begin markup, a link, a formula or a mention."""


def as_markdown(result: Result) -> str:
    """All of a result: the total and what each exercise got, with a fold for what to do."""
    if result.status != GRADED:
        return f"## {escaped(result.assignment)}: not graded\n\n{escaped(result.reason)}\n"
    total = f"{in_points(result.score)} of {in_points(result.points)} points"
    parts = [f"## {escaped(result.assignment)}: {total}"]
    for exercise in result.exercises:
        score = f"{in_points(exercise.score)} of {in_points(exercise.points)} points"
        parts += [f"### {escaped(exercise.name)}: {score}", *_about(exercise)]
        if exercise.remedy:
            parts.append(f"<details><summary>{WHAT_TO_DO}</summary>\n\n{escaped(exercise.remedy)}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def exercise_as_markdown(exercise: ExerciseResult) -> str:
    """What one exercise got, without its name and score, and without HTML."""
    advice = [f"*{WHAT_TO_DO}:* {escaped(exercise.remedy)}"] if exercise.remedy else []
    return "\n\n".join([*_about(exercise), *advice])


def escaped(text: str) -> str:
    """A text of which `code` alone is markup, in one paragraph."""
    parts = CODE.split(" ".join(text.split()))
    return "".join(part if CODE.fullmatch(part) else SIGN.sub(r"\\\1", part) for part in parts)


def fenced(lines: Sequence[str]) -> str:
    """Lines as they are, behind fences longer than any in them."""
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def _about(exercise: ExerciseResult) -> Iterator[str]:
    """Properties, hint, where to read again, a failing case, each a block."""
    if exercise.properties:
        yield "\n".join(f"- {mark(item)} {escaped(item.name)}" for item in exercise.properties)
    if any(item.waits for item in exercise.properties):
        yield escaped(WAITS_MEANS)
    if exercise.hint:
        yield f"**{escaped(exercise.hint)}**"
    if exercise.section:
        yield f"Read again: {escaped(exercise.section)}."
    if exercise.case:
        yield fenced(exercise.case)

"""Which properties hold, and which misunderstanding explains the rest.

The judge and the learner's own checks evaluate an AnswerKey here, so the learner and the gradebook read the same words.
"""

import functools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from llm_course.checking.answer_key import AnswerKey, KnownMistake, restricted_to
from llm_course.checking.calls import Reply
from llm_course.checking.compare import in_dtype_of
from llm_course.checking.feedback import cause_and_advice
from llm_course.checking.findings import (
    Finding,
    alike_cases,
    as_expected,
    case_holds,
    findings_of,
    is_alike,
    same_reply,
    tell_failure,
    wrong_cases,
)
from llm_course.checking.tensors import Tensor, torch


@dataclass(frozen=True)
class Verdict:
    """What an answer is worth, and the one message that helps most.

    `mistake` is the name of the misunderstanding that explains the failure, if one does, and `form` the place of its
    form among the answer key's mistakes. `hint` is told at once, `advice` to a learner who asks what to do; either may
    be empty. `case` is one that shows what the hint says.
    """

    exercise: str
    findings: tuple[Finding, ...]
    mistake: str | None = None
    hint: str = ""
    section: str = ""
    advice: str = ""
    case: str = ""
    form: int | None = None

    @property
    def fraction(self) -> float:
        """The share of the points, from 0 to 1."""
        total = sum(finding.weight for finding in self.findings)
        return sum(finding.weight for finding in self.findings if finding.holds) / total


@dataclass(frozen=True)
class Marks:
    """The cases that a mistake answers wrongly, and the properties that do not hold for it."""

    cases: frozenset[str]
    properties: frozenset[str]


def evaluate(answer_key: AnswerKey, replies: Mapping[str, Reply]) -> Verdict:
    """Judge the replies that an answer gave to the calls of the answer key."""
    replies = {name: as_expected(reply, answer_key.items[name].expected) for name, reply in replies.items()}
    findings = findings_of(answer_key, replies, alike_cases(answer_key, replies))
    failed = next((finding for finding in findings if not (finding.holds or finding.waits)), None)
    if failed is None:
        return Verdict(answer_key.exercise, findings)
    failure = next((reply.failure for reply in replies.values() if reply.failure), None)
    if failure is not None and failure.type in ("Missing", "NotCallable", "Parameters", "Stopped"):
        message, advice = _of_first_failure(answer_key, replies)
        return Verdict(answer_key.exercise, findings, hint=message, advice=advice)
    explanation = _explain(answer_key, replies, mistake_marks) or _explain(
        *_without_trivial_slips(answer_key, replies), _marks
    )
    if explanation is not None:
        form, case = explanation
        mistake = answer_key.mistakes[form]
        hint, advice = cause_and_advice(mistake.hint)
        return Verdict(answer_key.exercise, findings, mistake.name, hint, mistake.section, advice, case, form)
    written = all(reply.failure is None or reply.failure.type != "NotImplementedError" for reply in replies.values())
    section = _usual_section(answer_key) if written else ""
    hint = failed.message or f"Fix this first: “{failed.name}”."
    return Verdict(answer_key.exercise, findings, hint=hint, section=section, advice=failed.advice, case=failed.case)


def _of_first_failure(answer_key: AnswerKey, replies: Mapping[str, Reply]) -> tuple[str, str]:
    """What is told of the first call that gave no value, and what to do about it, if that can be told.

    A call that should have been refused and ran too long is told as what it is: a refusal that is missing.
    """
    case, failure = next((case, reply.failure) for case, reply in replies.items() if reply.failure)
    message, asked = tell_failure(answer_key.exercise, failure), answer_key.items[case].expected.failure
    if failure.type != "Stopped" or asked is None:
        return message, ""
    advice = next((required.advice for required in answer_key.properties if case in required.cases), "")
    return f"Expected a {asked.type}, but {message}", advice


def _usual_section(answer_key: AnswerKey) -> str:
    """Where most of what may go wrong is explained, for an answer whose mistake has no name."""
    sections = Counter(mistake.section for mistake in answer_key.mistakes)
    return sections.most_common(1)[0][0] if sections else ""


def _explain(
    answer_key: AnswerKey, replies: Mapping[str, Reply], marks_of: Callable[[AnswerKey, int], Marks]
) -> tuple[int, str] | None:
    """The place of the form that explains why the first property fails, and a case that shows it, or None.

    It explains everything that is wrong there: the answer shares its every wrong reply, and is wrong in no other case
    of the property. Elsewhere an answer may be wrong in more ways: beside a fundamental fault, a forgotten check is not
    worth a word yet. Of several that explain it, it is the one with most wrong replies.
    """
    alike = alike_cases(answer_key, replies)
    findings = findings_of(answer_key, replies, alike)
    failed = next((item for item in findings if not (item.holds or item.waits)), None)
    if failed is None:
        return None
    wrong = wrong_cases(answer_key, replies, alike)
    in_question = _failing_cases(answer_key, failed.name, replies) & wrong
    # A mistake's replies may be worked out as they are read, and most mistakes are out after one or two. What the
    # answer got right comes first, for there nothing is compared with the answer, and of that the shortest calls.
    cases = sorted(replies, key=lambda case: (case in wrong, answer_key.items[case].call.repeat))
    found = [
        (form, marks)
        for form, mistake in enumerate(answer_key.mistakes)
        if all(_explained(answer_key, case, replies[case], mistake.replies[case], case in wrong) for case in cases)
        and (marks := marks_of(answer_key, form)).cases
        and in_question <= marks.cases <= wrong
        and failed.name in marks.properties
        and all(same_reply(answer_key, case, replies[case], mistake.replies[case]) for case in marks.cases)
        and not _raises_elsewhere(replies, mistake, marks.cases)
    ]
    if not found:
        return None
    form, _ = max(found, key=lambda pair: len(pair[1].cases))
    return form, failed.case


def _failing_cases(answer_key: AnswerKey, name: str, replies: Mapping[str, Reply]) -> frozenset[str]:
    """The cases in which a property does not hold; all of them if it looks at them together."""
    (required,) = (item for item in answer_key.properties if item.name == name)
    if required.joint:
        return frozenset(required.cases)
    return frozenset(case for case in required.cases if not case_holds(answer_key, required, case, replies[case]))


def _without_trivial_slips(answer_key: AnswerKey, replies: Mapping[str, Reply]) -> tuple[AnswerKey, dict[str, Reply]]:
    """What is left to explain beside slips that hide no misunderstanding: a dtype, a missing check, a changed argument.

    Replies are in the expected dtype then. A case is left out if it asks for a refusal, or if digits are lost.
    """
    kept: dict[str, Reply] = {}
    for case, reply in replies.items():
        expected = answer_key.items[case].expected
        if expected.failure is None and not _loses_digits(reply.value, expected.value):
            kept[case] = replace(reply, value=in_dtype_of(reply.value, expected.value), changed=expected.changed)
    return restricted_to(answer_key, kept), kept


def _loses_digits(value: Any, expected: Any) -> bool:
    """Whether a tensor of the value has fewer digits than the expected one."""
    if isinstance(value, Tensor) and isinstance(expected, Tensor):
        both_float = value.is_floating_point() and expected.is_floating_point()
        return both_float and torch.finfo(value.dtype).eps > torch.finfo(expected.dtype).eps
    if isinstance(value, (list, tuple)) and isinstance(expected, (list, tuple)):
        return any(map(_loses_digits, value, expected))
    return False


def _explained(answer_key: AnswerKey, case: str, reply: Reply, mistaken: Reply, wrong: bool) -> bool:
    """Whether a mistake's reply looks right or, where the answer is wrong too, is the answer's own."""

    def looks_right() -> bool:
        expected = answer_key.items[case].expected
        return is_alike(mistaken, expected) or same_reply(answer_key, case, mistaken, expected)

    right = mistaken.noted("looks right", answer_key, looks_right)
    return right or (wrong and same_reply(answer_key, case, reply, mistaken))


def _raises_elsewhere(replies: Mapping[str, Reply], mistake: KnownMistake, wrong: frozenset[str]) -> bool:
    """Whether the answer raises what the mistake raises, but where the mistake does not: then the cause is another.

    So it is where both raise, but the mistake what is asked for: it refuses of itself, and the answer does not.
    """
    types = {failure.type for case in wrong if (failure := mistake.replies[case].failure)}
    return any(
        reply.failure and reply.failure.type in types and not _raises(mistake.replies[case], reply.failure.type)
        for case, reply in replies.items()
    )


def _raises(reply: Reply, kind: str) -> bool:
    return reply.failure is not None and reply.failure.type == kind


@functools.lru_cache(maxsize=4096)
def mistake_marks(answer_key: AnswerKey, number: int) -> Marks:
    """What a known mistake does, by its place among the mistakes. Worked out once for each."""
    return _marks(answer_key, number)


def _marks(answer_key: AnswerKey, number: int) -> Marks:
    replies = answer_key.mistakes[number].replies
    alike = alike_cases(answer_key, replies)
    findings = findings_of(answer_key, replies, alike)
    return Marks(
        wrong_cases(answer_key, replies, alike), frozenset(finding.name for finding in findings if not finding.holds)
    )

"""What the judge takes from a sandbox on trust: what only the learner's own process can see of a call.

Values are compared here, outside. But whether a function changed its arguments, which gradients flowed through it and
how large its tensors were, the sandbox says itself, and code in it may make it lie. Whoever does so wins these
properties and no others.
"""

from collections.abc import Callable
from dataclasses import replace

from autograder.exercises.spec import Exercise
from autograder.judging.judge import make_answer_key
from llm_course.checking.calls import Reply
from llm_course.checking.evaluate import evaluate

OTHERWISE: dict[str, Callable[[Reply], Reply]] = {
    "gradients": lambda reply: replace(reply, gradients=dict.fromkeys(reply.gradients)),
    "unchanged arguments": lambda reply: replace(reply, changed=("all",)),
    "size of tensors": lambda reply: replace(reply, largest=None),
}
"""What a sandbox says of a call, and a reply in which it says something else of it."""


def self_reported_by(exercise: Exercise, seed: bytes) -> dict[str, tuple[str, ...]]:
    """By property, what it takes on trust: where the sandbox says something else of it, the property fails.

    Properties that take nothing on trust are left out. The inputs are drawn from the seed.
    """
    # Known mistakes change what is told, not what holds, and are dear to call.
    answer_key = make_answer_key(replace(exercise, mistakes=()), seed)
    found: dict[str, tuple[str, ...]] = {}
    for claim, otherwise in OTHERWISE.items():
        replies = {
            name: item.expected if item.expected.failure else otherwise(item.expected)
            for name, item in answer_key.items.items()
        }
        for finding in evaluate(answer_key, replies).findings:
            if not finding.holds:
                found[finding.name] = (*found.get(finding.name, ()), claim)
    return found

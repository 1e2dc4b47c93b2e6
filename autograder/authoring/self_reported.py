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

OTHERWISE: tuple[Callable[[Reply], Reply], ...] = (
    lambda reply: replace(reply, gradients=dict.fromkeys(reply.gradients)),
    lambda reply: replace(reply, changed=("all",)),
    lambda reply: replace(reply, largest=None),
)
"""Replies in which a sandbox says something else of a call: of gradients, arguments, the size of tensors."""


def self_reported_by(exercise: Exercise, seed: bytes) -> set[str]:
    """The properties that fail where the sandbox says something else of a call. The inputs are drawn from the seed."""
    # Known mistakes change what is told, not what holds, and are dear to call.
    answer_key = make_answer_key(replace(exercise, mistakes=()), seed)
    found: set[str] = set()
    for otherwise in OTHERWISE:
        replies = {
            name: item.expected if item.expected.failure else otherwise(item.expected)
            for name, item in answer_key.items.items()
        }
        found |= {finding.name for finding in evaluate(answer_key, replies).findings if not finding.holds}
    return found

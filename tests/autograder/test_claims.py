"""What a room says of itself is known, property by property, and a room that lies wins no other property."""

from dataclasses import replace

import pytest

from autograder.claims import claims_of
from autograder.exercises import assignments
from autograder.exercises.spec import Exercise
from autograder.judge import make_answer_key
from llm_course.checking.calls import Reply
from llm_course.checking.evaluate import evaluate

EXERCISES = [exercise for assignment in assignments().values() for exercise in assignment.exercises]
SEED = b"seed"


def lying(reply: Reply, expected: Reply) -> Reply:
    """The reply with all that the room says of the call as it is expected."""
    return replace(reply, changed=expected.changed, gradients=expected.gradients, largest=expected.largest)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_room_that_lies_wins_what_is_listed_and_no_more(exercise: Exercise) -> None:
    answer_key, claims = make_answer_key(exercise, SEED), claims_of(exercise, SEED)
    for mistake in answer_key.mistakes:
        told = {
            name: reply if reply.failure else lying(reply, answer_key.items[name].expected)
            for name, reply in mistake.replies.items()
        }
        honest, forged = (evaluate(answer_key, replies).findings for replies in (mistake.replies, told))
        won = {one.name for one, other in zip(forged, honest, strict=True) if one.holds and not other.holds}
        # What needs a property that takes something on trust is won with it.
        assert won <= {item.name for item in exercise.properties if {item.name, item.needs} & set(claims)}


def test_what_is_taken_on_trust() -> None:
    attention = assignments()["05_attention"]
    assert claims_of(attention.exercise("flash_attention"), SEED) == {
        "Gradients reach query, key and value": ("gradients",),
        "No tensor holds all scores at once": ("size of tensors",),
    }
    assert claims_of(attention.exercise("causal_mask"), SEED) == {}
    assert (
        "unchanged arguments"
        in claims_of(attention.exercise("multi_head_attention"), SEED)[
            "The dtype is kept and the arguments are left unchanged"
        ]
    )

"""What a sandbox says of itself is known, property by property; test_verdicts shows that a lie wins no other."""

from autograder.authoring.self_reported import self_reported_by
from autograder.exercises import assignments

SEED = b"seed"


def test_what_is_taken_on_trust() -> None:
    attention = assignments()["05_attention"]
    assert self_reported_by(attention.exercise("flash_attention"), SEED) == {
        "Gradients reach query, key and value": ("gradients",),
        "No tensor holds all scores at once": ("size of tensors",),
        "The dtype is kept and the arguments are left unchanged": ("unchanged arguments",),
    }
    assert self_reported_by(attention.exercise("causal_mask"), SEED) == {}
    assert (
        "unchanged arguments"
        in self_reported_by(attention.exercise("multi_head_attention"), SEED)[
            "The dtype is kept and the arguments are left unchanged"
        ]
    )

"""Calls are made alike, whatever a notebook has set."""

import torch

from llm_course.calls import Call, invoke


def test_the_default_dtype_of_a_notebook_changes_no_reply() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        reply = invoke(lambda n: torch.ones(n), Call({"n": 2}))
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert reply.value.dtype == torch.float32

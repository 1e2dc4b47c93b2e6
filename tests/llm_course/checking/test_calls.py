"""Calls are made alike, whatever a notebook has set."""

import torch

from llm_course.checking.calls import Call, invoke


def test_the_default_dtype_of_a_notebook_changes_no_reply() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        reply = invoke(lambda n: torch.ones(n), Call({"n": 2}))
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert reply.value.dtype == torch.float32


def test_autocast_that_a_notebook_left_open_changes_no_reply() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        reply = invoke(lambda x: x @ x, Call({"x": torch.ones(2, 2)}))
    assert reply.value.dtype == torch.float32


def test_repeated_calls_draw_from_one_generator_that_moves_on() -> None:
    def draw(generator: torch.Generator) -> float:
        return torch.rand((), generator=generator).item()

    arguments = {"generator": torch.Generator().manual_seed(5)}
    found = invoke(draw, Call(arguments, repeat=3)).value
    assert found == torch.rand(3, generator=torch.Generator().manual_seed(5)).tolist()
    # The next call begins where this one began.
    assert invoke(draw, Call(arguments, repeat=3)).value == found

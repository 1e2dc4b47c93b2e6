"""The references of chapter 8 against torch, transformers and the course's own loop, and the end of its notebook."""

import math
import re
from pathlib import Path

import pytest
import torch

from autograder.exercises import assignments
from llm_course.training.loop import Settings, learning_rate_at
from solutions.pretraining import compute_optimal, learning_rate, next_token_loss
from tests.banks.notebook_runs import printed_by
from tests.banks.submissions import references

ASSIGNMENT = assignments()["08_pretraining"]


def test_loss_of_nothing_can_be_differentiated() -> None:
    logits = torch.randn(2, 3, 5, requires_grad=True)
    next_token_loss(logits, torch.full((2, 3), -100)).backward()
    assert logits.grad is not None and logits.grad.abs().max() == 0


@pytest.mark.parametrize("warmup", [0, 7])
def test_schedule_is_that_of_the_course_models(warmup: int) -> None:
    settings = Settings(steps=40, batch_size=1, learning_rate=0.3, warmup_steps=warmup, final_fraction=0.05)
    for step in range(41):
        ours = learning_rate(step, warmup, 40, 0.3, 0.05 * 0.3)
        assert math.isclose(ours, learning_rate_at(step, settings), rel_tol=1e-9)


def test_optimum_is_that_of_chinchilla() -> None:
    # Hoffmann et al. 2022: 70 billion parameters on 1.4 trillion tokens.
    parameters, tokens = compute_optimal(6 * 70e9 * 1.4e12)
    assert math.isclose(parameters, 70e9) and math.isclose(tokens, 1.4e12)


@pytest.mark.notebooks
def test_notebook_ends_with_a_trained_model(tmp_path: Path) -> None:
    printed = printed_by(ASSIGNMENT, references(ASSIGNMENT), tmp_path)
    losses = [float(number) for number in re.findall(r"loss (\S+)", printed)]
    assert losses[0] > 7 and losses[-1] < 4
    assert float(re.findall(r"largest difference (\S+)", printed)[0]) < 1e-5
    assert "563 billion parameters on 11.3 trillion tokens" in printed

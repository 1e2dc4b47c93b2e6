"""The references of chapter 8 against torch, transformers and the course's own loop, and the end of its notebook."""

import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from autograder.exercises import assignments
from llm_course import models
from llm_course.training.loop import Settings, learning_rate_at
from solutions.pretraining import adamw_step, compute_optimal, learning_rate, next_token_loss
from tests.banks.notebook_runs import printed_by
from tests.banks.submissions import references

ASSIGNMENT = assignments()["08_pretraining"]


def test_loss_is_that_of_the_course_model() -> None:
    model, tokenizer = models.load("stories")
    assert model is not None
    ids = tokenizer(
        ["There was a girl named Anna.", "Tom had a big red ball. It was"], padding=True, return_tensors="pt"
    )
    labels = ids.input_ids.masked_fill(ids.attention_mask == 0, -100)
    with torch.no_grad():
        output = model(**ids, labels=labels)
    torch.testing.assert_close(next_token_loss(output.logits, labels), output.loss)


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


@pytest.mark.parametrize("keywords", [{}, {"betas": (0.7, 0.9), "eps": 0.1, "weight_decay": 0.3}], ids=["plain", "own"])
def test_steps_are_those_of_torch(keywords: dict[str, float]) -> None:
    torch.manual_seed(0)
    weights = nn.Parameter(torch.randn(3, 4))
    optimizer = torch.optim.AdamW([weights], lr=0.1, **keywords)  # type: ignore[arg-type]
    param, m, v = weights.detach().clone(), torch.zeros(3, 4), torch.zeros(3, 4)
    for step in range(1, 8):
        weights.grad = torch.randn(3, 4)
        param, m, v = adamw_step(param, weights.grad, m, v, step, 0.1, **keywords)  # type: ignore[arg-type]
        optimizer.step()
        torch.testing.assert_close(param, weights.detach())


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

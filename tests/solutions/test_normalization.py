"""The references of chapter 7 against torch, transformers and the course model's own weights."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from autograder.exercises import assignments
from llm_course import models
from solutions.normalization import decoder_logits
from tests.banks.notebook_runs import printed_by
from tests.banks.submissions import references

OPENING = "There was a girl named Anna. Tom had a ball."


def config_of(config: Any) -> dict[str, Any]:
    """A transformers configuration as the exercise has it."""
    return {
        "n_layers": config.num_hidden_layers,
        "n_heads": config.num_attention_heads,
        "n_kv_heads": config.num_key_value_heads,
        "rope_base": config.rope_parameters["rope_theta"],
        "eps": config.rms_norm_eps,
    }


def story_ids(tokenizer: Any) -> Tensor:
    ids: Tensor = tokenizer(tokenizer.bos_token + OPENING, return_tensors="pt").input_ids
    return ids


def continued(logits_of: Any, ids: Tensor, end: int) -> list[int]:
    """The greedy continuation up to the end token, 150 tokens at most."""
    for _ in range(150):
        ids = torch.cat([ids, logits_of(ids)[:, -1:].argmax(-1)], dim=1)
        if ids[0, -1] == end:
            break
    found: list[int] = ids[0].tolist()
    return found


@pytest.mark.parametrize("tied", [True, False])
def test_decoder_is_that_of_transformers(tied: bool) -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=19,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=10,
        rms_norm_eps=0.01,
        initializer_range=0.5,
        rope_parameters={"rope_type": "default", "rope_theta": 50.0},
        tie_word_embeddings=tied,
    )
    model = LlamaForCausalLM(config).eval()
    ids = torch.randint(0, 19, (3, 11))
    with torch.no_grad():
        found, expected = decoder_logits(ids, model.state_dict(), config_of(config)), model(ids).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_course_model_gives_the_same_logits_and_the_same_story() -> None:
    model, tokenizer = models.load("stories")
    assert model is not None
    weights, config, ids = model.state_dict(), config_of(model.config), story_ids(tokenizer)
    with torch.no_grad():
        difference = (decoder_logits(ids, weights, config) - model(ids).logits).abs().max()
        ours = continued(lambda ids: decoder_logits(ids, weights, config), ids, tokenizer.eos_token_id)
        theirs = continued(lambda ids: model(ids).logits, ids, tokenizer.eos_token_id)
    assert difference < 1e-4
    assert ours == theirs
    assert len(ours) > ids.shape[1] + 20


@pytest.mark.notebooks
def test_notebook_ends_with_the_model_s_own_story(tmp_path: Path) -> None:
    assignment = assignments()["07_normalization"]
    printed = printed_by(assignment, references(assignment), tmp_path)
    assert float(re.findall(r"own logits: (\S+)", printed)[0]) < 1e-4
    assert "would have chosen the same tokens: True" in printed

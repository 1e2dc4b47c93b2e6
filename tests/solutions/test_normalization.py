"""The references of chapter 7 against torch, transformers and the course model's own weights."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from autograder.exercises import assignments
from solutions.normalization import decoder_logits
from tests.banks.notebook_runs import printed_by
from tests.banks.submissions import references


def config_of(config: Any) -> dict[str, Any]:
    """A transformers configuration as the exercise has it."""
    return {
        "n_layers": config.num_hidden_layers,
        "n_heads": config.num_attention_heads,
        "n_kv_heads": config.num_key_value_heads,
        "rope_base": config.rope_parameters["rope_theta"],
        "eps": config.rms_norm_eps,
    }


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


@pytest.mark.notebooks
def test_notebook_ends_with_the_model_s_own_story(tmp_path: Path) -> None:
    assignment = assignments()["07_normalization"]
    printed = printed_by(assignment, references(assignment), tmp_path)
    assert float(re.findall(r"own logits: (\S+)", printed)[0]) < 1e-4
    assert "would have chosen the same tokens: True" in printed

"""The widgets' Python side: what they accept, what they say, and their pictures."""

import json

import numpy as np
import pytest
import torch
from traitlets import TraitError

from llm_course import models
from llm_course.widgets import (
    AttentionExplorer,
    ComputeOptimal,
    LoRALab,
    ParameterBudget,
    SamplingPlayground,
    TokenCost,
    lora_lab,
    token_cost,
)
from llm_course.widgets.ui import base
from solutions.feed_forward import parameter_counts


def test_a_missing_build_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(base, "BUILT", tmp_path)
    with pytest.raises(FileNotFoundError, match="make widgets"):
        AttentionExplorer()


def test_the_kernel_sends_the_model_on_request_only(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = AttentionExplorer()
    sent: list[tuple[dict, list]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=(): sent.append((content, list(buffers))))
    widget._handle_custom_msg({"unrelated": 1}, [])
    widget._handle_custom_msg({"asset": "stories"}, [])
    widget._handle_custom_msg({"asset": "fill-mask"}, [])
    widget._handle_custom_msg({"asset": "../../secrets"}, [])
    assert sent[0] == ({"asset": "stories"}, [(base.WEIGHTS / "stories/browser.bin").read_bytes()])
    assert sent[1] == ({"asset": "fill-mask"}, [(base.WEIGHTS / "fill-mask/model.safetensors").read_bytes()])
    assert "no model" in sent[2][0]["error"] and sent[2][1] == []
    assert len(sent) == 3


def test_attention_explorer_takes_tensors_of_two_to_four_dimensions() -> None:
    query = torch.randn(2, 3, 5, 4, requires_grad=True)
    assert np.array(AttentionExplorer(query, query, query).query).shape == (2, 3, 5, 4)
    assert np.array(AttentionExplorer(*[query[0]] * 3).value).shape == (1, 3, 5, 4)
    weights = torch.softmax(torch.randn(3, 3), -1).numpy()
    assert np.array(AttentionExplorer(weights, tokens=["a", "b", "c"]).weights).shape == (1, 1, 3, 3)


def test_attention_explorer_picture_equals_torch() -> None:
    query, key = torch.randn(2, 2, 3, 8), torch.randn(2, 2, 4, 8)
    mask = torch.ones(3, 4, dtype=torch.bool).tril(1)
    expected = torch.softmax((query @ key.mT / 8**0.5).masked_fill(~mask, -torch.inf), -1)
    for layer, head in ((0, 0), (1, 0)):
        explorer = AttentionExplorer(query, key, key, causal=True, layer=layer, head=head)
        np.testing.assert_allclose(explorer._own_weights(), expected[layer, head], atol=1e-6)


@pytest.mark.parametrize(
    "settings", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"min_p": 2.0}, {"top_k": -1}], ids=str
)
def test_sampling_playground_refuses_settings_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(TraitError):
        SamplingPlayground(**settings)


CONFIG = {"vocab_size": 10, "d_model": 8, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_ff": 6, "tied": True}


def test_parameter_budget_takes_a_configuration_of_the_exercises() -> None:
    budget = ParameterBudget({**CONFIG, "rope_base": 10_000.0})
    assert (budget.vocabulary, budget.group, budget.tied, budget.experts) == (10, 2, True, 1)
    assert f"Where {parameter_counts(CONFIG)['total']:,} parameters are" in budget.picture()


def test_compute_optimal_pictures_the_budget() -> None:
    picture = ComputeOptimal().picture()
    assert "Ways to spend 5.9e+23 FLOPs" in picture
    assert all(text in picture for text in ("<td>70.00</td><td>1400.00</td><td>1.98</td>", "80 tokens", "1.25 tokens"))


def test_lora_lab_takes_the_loss_by_rank_as_the_share_of_the_gain_that_is_lost() -> None:
    assert LoRALab({8: 1.0, 0: 5.0, 2: 2.0}).ability == [[0, 1.0], [2, 0.25], [8, 0.0]]


def test_lora_lab_draws_a_corner_of_each_matrix() -> None:
    thin = np.outer(np.arange(1.0, 5.0), np.arange(1.0, 4.0))
    matrix = lora_lab.describe("thin", thin)
    assert (matrix["rows"], matrix["columns"]) == (4, 3)
    assert matrix["singular_values"] == pytest.approx([np.linalg.norm(thin), 0, 0], abs=1e-6)
    drawn = np.array(matrix["corner"]["b"]) @ np.array(matrix["corner"]["a"])
    assert drawn / drawn[-1, -1] == pytest.approx(thin / thin[-1, -1], abs=0.01)


@pytest.mark.parametrize(
    ("name", "row"), list(zip(["gpt2", "cl100k", "o200k"], token_cost.COUNTS.values(), strict=True))
)
def test_token_counts_are_the_real_tokenizers(name: str, row: list[int]) -> None:
    tokenizer = models.load(name).tokenizer
    assert [len(tokenizer(text)["input_ids"]) for text in token_cost.SENTENCES.values()] == row


def test_token_cost_keeps_its_order_where_a_built_page_sorts_keys() -> None:
    cost = TokenCost()
    state = json.loads(json.dumps({"sentences": cost.sentences, "counts": cost.counts}, sort_keys=True))
    assert [language for language, _ in state["sentences"]] == list(token_cost.SENTENCES)

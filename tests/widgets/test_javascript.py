"""The widgets' modules: their types, their unit tests, and their results against Python's."""

import subprocess
from pathlib import Path

import pytest
import torch
from torch.nn.functional import layer_norm, rms_norm, scaled_dot_product_attention
from transformers import AutoModelForCausalLM, LlamaConfig, MixtralConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

from llm_course.widgets.compute_optimal import fitted_loss
from tests.widgets.conftest import FOR_NODE, ROOT, in_page

SCALING = "compute_optimal/scaling"


@pytest.mark.browser
@pytest.mark.parametrize("folder", ["llm_course/widgets", "_ext/solve"])
def test_types_are_consistent(folder: str) -> None:
    run = subprocess.run(["node_modules/.bin/tsc", "-p", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.browser
def test_units(tmp_path: Path) -> None:
    tests = sorted(Path(__file__).parent.glob("*.test.js"))
    subprocess.run([*FOR_NODE, f"--outdir={tmp_path}", *tests], cwd=ROOT, check=True)
    built = sorted(tmp_path.glob("*.test.js"))
    run = subprocess.run(["node", "--test", *built], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("causal", [False, True])
def test_attention_equals_torch(causal: bool) -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(5, width, dtype=torch.float64) for width in (8, 8, 3))
    inputs = {"query": query.tolist(), "key": key.tolist(), "value": value.tolist(), "causal": causal, "scaled": True}
    results = in_page("attention_explorer/attention", "page.attention(input).output", inputs)
    expected = scaled_dot_product_attention(query, key, value, is_causal=causal)
    torch.testing.assert_close(torch.tensor(results, dtype=torch.float64), expected)


@pytest.mark.parametrize("epsilon", [1e-6, 1e-3])
@pytest.mark.parametrize("scale", [1.0, 1e-4])
def test_norms_equal_torch(epsilon: float, scale: float) -> None:
    torch.manual_seed(0)
    vector = scale * torch.randn(16, dtype=torch.float64)
    both = "[page.layerNorm(...input), page.rmsNorm(...input)]"
    results = in_page("models/norms", both, [vector.tolist(), epsilon])
    expected = [layer_norm(vector, (16,), eps=epsilon), rms_norm(vector, (16,), eps=epsilon)]
    torch.testing.assert_close(torch.tensor(results, dtype=torch.float64), torch.stack(expected))


@pytest.mark.parametrize(("tied", "experts"), [(True, 1), (False, 5)])
def test_parameter_counts_are_those_of_transformers(tied: bool, experts: int) -> None:
    sizes = {"vocab_size": 37, "hidden_size": 24, "num_hidden_layers": 3, "intermediate_size": 41}
    heads = {"num_attention_heads": 6, "num_key_value_heads": 2, "tie_word_embeddings": tied}
    config = (
        LlamaConfig(**sizes, **heads)
        if experts == 1
        else MixtralConfig(**sizes, **heads, num_local_experts=experts, num_experts_per_tok=2)
    )
    with torch.device("meta"):
        built = AutoModelForCausalLM.from_config(config)
    parts = {"feedForward": ".mlp.", "attention": "self_attn", "norms": "norm"}
    expected = {
        part: sum(p.numel() for key, p in built.named_parameters() if name in key) for part, name in parts.items()
    }
    expected["total"] = sum(p.numel() for p in built.parameters())
    shape = {"vocabulary": 37, "width": 24, "layers": 3, "hidden": 41, "group": 3, "gated": True, "tied": tied}
    counts = in_page("models/parameters", "page.parameterCounts(input)", {**shape, "experts": experts, "chosen": 2})
    assert {name: counts[name] for name in expected} == expected
    # Two of the experts work on a token: the others' matrices are left out.
    asleep = 3 * max(experts - 2, 0) * 3 * 24 * 41
    assert counts["active"] == counts["total"] - asleep


@pytest.mark.parametrize("budget", [1e19, 6 * 70e9 * 1.4e12, 1e26])
def test_lowest_point_is_where_the_derivative_vanishes(budget: float) -> None:
    found = in_page(SCALING, "page.lowest(page.runsOfCost(input, 0, page.sizesBetween(6, 13, 100)))", budget)
    # With D = C / 6N, 0.348 * 482 / N**0.348 = 0.366 * 2085 / D**0.366 there.
    expected = (0.348 * 482 / (0.366 * 2085) * (budget / 6) ** 0.366) ** (1 / (0.348 + 0.366))
    assert found["parameters"] == pytest.approx(expected, rel=0.012)
    assert found["loss"] == pytest.approx(fitted_loss(found["parameters"], found["tokens"]))
    assert 6 * found["parameters"] * found["tokens"] == pytest.approx(budget)


@pytest.mark.parametrize("served", [0, 1e12])
def test_runs_of_one_cost_cost_the_same(served: float) -> None:
    made = "[...page.runsOfCost(1e23, input, [1e9, 7e9, 1e14]), page.twentyForEach(1e23, input)]"
    runs = in_page(SCALING, f"{made}.map((run) => [run.parameters, run.tokens, page.costOfLife(run, input)])", served)
    assert [cost for _, _, cost in runs] == pytest.approx([1e23] * len(runs))
    assert all(6 * n * d + 2 * n * served == pytest.approx(1e23) for n, d, _ in runs)
    assert runs[-1][1] == pytest.approx(20 * runs[-1][0])
    # Use alone would cost the largest more than there is.
    assert len(runs) == (4 if served == 0 else 3)


def test_rope_equals_transformers() -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=16, num_attention_heads=1, rope_parameters={"rope_type": "default", "rope_theta": 100.0}
    )
    vector = torch.randn(1, 1, 1, 16)
    cos, sin = LlamaRotaryEmbedding(config)(vector, torch.tensor([[37]]))
    expected, _ = apply_rotary_pos_emb(vector, vector, cos, sin)
    rotated = in_page("position_dial/positions", "page.rope(...input)", [vector.flatten().tolist(), 37, 100])
    torch.testing.assert_close(torch.tensor(rotated), expected.flatten(), atol=1e-5, rtol=0)


def test_sorting_by_the_strongest_pattern_moves_rows_and_columns_and_changes_no_number() -> None:
    factors = {"b": [[3, 1], [-2, 0], [1, 5]], "a": [[2, -1, 1], [1, 1, -1]]}
    ranks = "[1, 2].map((rank) => page.ofRank(input.b, input.a, rank))"
    _, plain = in_page("lora_lab/low_rank", ranks, factors)
    factors = in_page("lora_lab/low_rank", "page.sortedByPattern(input.b, input.a)", factors)
    strongest, moved = in_page("lora_lab/low_rank", ranks, factors)
    assert strongest == [[2, -2, -4], [-1, 1, 2], [-3, 3, 6]]
    rows, columns = [1, 2, 0], [1, 2, 0]
    assert moved == [[plain[row][column] for column in columns] for row in rows]


def test_rank_errors_equal_truncated_svd() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(6, 4, dtype=torch.float64)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    expected = [
        ((matrix - left[:, :rank] * values[:rank] @ right[:rank]).norm() / matrix.norm()).item() for rank in range(5)
    ]
    assert in_page("lora_lab/low_rank", "page.rankErrors(input)", values.tolist()) == pytest.approx(expected, abs=1e-7)


def test_flat_map_is_on_the_principal_components() -> None:
    torch.manual_seed(0)
    vectors = torch.randn(30, 8, dtype=torch.float64) * torch.tensor([5.0, 3.0, *[0.5] * 6])
    found = in_page("neighbours_map/similarity", "page.flatten(input)", vectors.tolist())
    places = torch.tensor(found, dtype=torch.float64)
    centered = vectors - vectors.mean(0)
    expected = centered @ torch.linalg.svd(centered).Vh[:2].T
    torch.testing.assert_close(places.abs(), expected.abs(), atol=1e-6, rtol=0)

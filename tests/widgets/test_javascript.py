"""The widgets' JavaScript: its types, its unit tests, and its results against Python's."""

import subprocess
from pathlib import Path

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from .conftest import ROOT, run_node


def test_types_are_consistent() -> None:
    run = subprocess.run(
        ["node_modules/.bin/tsc", "-p", "llm_course/widgets"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_units() -> None:
    tests = sorted(str(path) for path in Path(__file__).parent.glob("*.test.js"))
    run = subprocess.run(["node", "--test", *tests], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("causal", [False, True])
def test_attention_equals_torch(causal: bool) -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(5, width, dtype=torch.float64) for width in (8, 8, 3))
    inputs = {"query": query.tolist(), "key": key.tolist(), "value": value.tolist(), "causal": causal, "scaled": True}
    results = run_node(
        'import { attention } from "./llm_course/widgets/js/attention.js"; reply(attention(input).output);', inputs
    )
    expected = scaled_dot_product_attention(query, key, value, is_causal=causal)
    torch.testing.assert_close(torch.tensor(results, dtype=torch.float64), expected)

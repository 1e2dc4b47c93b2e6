"""The references of chapter 15 against bitsandbytes, and the end of its notebook."""

import re
from pathlib import Path

import pytest
import torch

from autograder.exercises import assignments
from solutions.production import dequantize, nf4_dequantize, nf4_quantize, quantize_absmax
from tests.banks.notebook_runs import printed_by
from tests.banks.submissions import references

WEIGHT = 0.02 * torch.randn(96, 320, generator=torch.Generator().manual_seed(15))


def test_nf4_is_that_of_bitsandbytes() -> None:
    functional = pytest.importorskip("bitsandbytes.functional")
    theirs = functional.dequantize_4bit(*functional.quantize_4bit(WEIGHT, blocksize=64, quant_type="nf4"))
    assert torch.equal(nf4_dequantize(*nf4_quantize(WEIGHT.flatten(), 64), 64).view_as(WEIGHT), theirs)


def test_whole_numbers_are_those_of_bitsandbytes() -> None:
    """It works in float16, so weights that float16 holds, and a step of tolerance where one lies halfway."""
    functional = pytest.importorskip("bitsandbytes.functional")
    weight = WEIGHT.half().float()
    q, absmax, _ = functional.int8_vectorwise_quant(weight.half())
    own, scale = quantize_absmax(weight, 8)
    torch.testing.assert_close(scale[:, 0] * 127, absmax, rtol=1e-6, atol=0)
    assert (q.int() - own.int()).abs().max() <= 1
    assert (q != own).float().mean() < 0.01


def test_the_error_is_half_a_step_at_most() -> None:
    for bits in (8, 5, 2):
        q, scale = quantize_absmax(WEIGHT.double(), bits)
        assert ((dequantize(q, scale) - WEIGHT).abs() <= scale / 2 + 1e-12).all()


@pytest.mark.notebooks
def test_notebook_ends_with_a_smaller_model(tmp_path: Path) -> None:
    assignment = assignments()["15_production"]
    printed = printed_by(assignment, references(assignment), tmp_path)
    found = re.findall(r"^(.+?)\s+loss (\S+), (\d+) of 100 sums right\n\s+(.*)", printed, re.MULTILINE)
    sums = {name: int(right) for name, _, right, _ in found}
    stories = {name: story for name, _, _, story in found}
    assert sums["as it is"] == 91 == sums["8 bits, rows"]
    assert stories["8 bits, rows"] == stories["as it is"] != stories["4 bits, groups"]
    assert sums["3 bits, rows"] + 10 < sums["3 bits, groups"] < sums["NF4"]
    times = [float(number) for number in re.findall(r"(\S+) times smaller than in 16", printed)]
    assert times == sorted(times) and times[-1] < 16 / 3.5

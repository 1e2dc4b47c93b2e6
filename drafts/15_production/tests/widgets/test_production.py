"""The widgets of chapter 15: what they compute in the page against the references."""

import pytest
import torch
from llm_course.widgets.quantization_microscope import drawn_row, error_of_whole_numbers

from llm_course.widgets import QuantizationMicroscope, RentOrOwn
from solutions import production

from .conftest import run_node

QUANTIZATION = 'import * as quantization from "./llm_course/widgets/js/quantization.js";\n'
PRICES = 'import * as prices from "./llm_course/widgets/js/prices.js";\n'


@pytest.mark.parametrize(("bits", "size"), [(8, 32), (4, 10), (3, 64), (2, 7)])
def test_groups_equal_the_reference(bits: int, size: int) -> None:
    row = torch.randn(64, generator=torch.Generator().manual_seed(15), dtype=torch.float64)
    q, scale = production.quantize_groups(row[None], size, bits)
    expected = (q * scale.repeat_interleave(size, dim=1)[:, :64])[0]
    script = QUANTIZATION + "reply(quantization.roundByGroups(input[0], input[1], { bits: input[2], nf4: false }));"
    assert run_node(script, [row.tolist(), size, bits]) == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-12)


def test_nf4_equals_the_reference() -> None:
    row = torch.randn(150, generator=torch.Generator().manual_seed(15), dtype=torch.float64)
    expected = production.nf4_dequantize(*production.nf4_quantize(row, 64), 64)
    script = QUANTIZATION + "reply(quantization.roundByGroups(input, 64, { bits: 4, nf4: true }));"
    assert run_node(script, row.tolist()) == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-12)


def test_halves_go_to_the_even_neighbor() -> None:
    halves = [-3.5, -2.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6]
    script = QUANTIZATION + "reply(input.map(quantization.roundToEven));"
    assert run_node(script, halves) == torch.tensor(halves).round().tolist()


def test_prices_equal_the_references() -> None:
    script = PRICES + "reply([prices.costPerMillion(...input), prices.breakEvenTokens(1800, 0.4)]);"
    cost, tokens = run_node(script, [2.5, 2000, 0.1])
    assert cost == pytest.approx(production.cost_per_million_tokens(2.5, 2000, 0.1))
    assert tokens == pytest.approx(production.break_even_tokens(1800, 0.4))


def test_error_in_the_picture_is_that_of_the_reference() -> None:
    row = drawn_row(15, 12.0)
    weight = torch.tensor([row], dtype=torch.float64)
    q, scale = production.quantize_groups(weight, 64, 4)
    back = q * scale.repeat_interleave(64, dim=1)
    expected = (back - weight).norm() / weight.norm()
    assert error_of_whole_numbers(row, 64, 4) == pytest.approx(expected.item())


@pytest.mark.parametrize("kind", [QuantizationMicroscope, RentOrOwn])
def test_what_is_out_of_range_is_refused(kind: type) -> None:
    name = {QuantizationMicroscope: "bits", RentOrOwn: "hourly_cost"}[kind]
    with pytest.raises(ValueError, match=name):
        kind(**{name: 1000})

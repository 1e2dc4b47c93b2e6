"""The widgets of chapter 15: what they compute in the page against the references."""

import re

import pytest
import torch
from playwright.sync_api import expect

from llm_course import models
from llm_course.widgets import QuantizationMicroscope
from llm_course.widgets.quantization_microscope import error_of_whole_numbers
from solutions import production

from .conftest import Watched, in_page, opened, run_node
from .test_parity import READ_MODEL

MODULE = "quantization_microscope/quantization"
QUANTIZATION = f'import * as quantization from "./llm_course/widgets/{MODULE}.ts";\n'
DECODER = 'import { Decoder } from "./llm_course/widgets/models/decoder.ts";\n'


@pytest.mark.parametrize(("bits", "size"), [(8, 32), (4, 10), (3, 64), (2, 7)])
def test_groups_equal_the_reference(bits: int, size: int) -> None:
    row = torch.randn(64, generator=torch.Generator().manual_seed(15), dtype=torch.float64)
    q, scale = production.quantize_groups(row[None], size, bits)
    expected = (q * scale.repeat_interleave(size, dim=1)[:, :64])[0]
    found = in_page(MODULE, "page.roundByGroups(...input)", [row.tolist(), size, {"bits": bits, "nf4": False}])
    assert found == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-12)


def test_nf4_equals_the_reference() -> None:
    row = torch.randn(150, generator=torch.Generator().manual_seed(15), dtype=torch.float64)
    expected = production.nf4_dequantize(*production.nf4_quantize(row, 64), 64)
    found = in_page(MODULE, "page.roundByGroups(...input)", [row.tolist(), 64, {"bits": 4, "nf4": True}])
    assert found == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-12)


def test_halves_go_to_the_even_neighbor() -> None:
    halves = [-3.5, -2.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6]
    assert in_page(MODULE, "input.map(page.roundToEven)", halves) == torch.tensor(halves).round().tolist()


def test_prices_equal_the_references() -> None:
    both = "[page.costPerMillion(2.5, 2000, 0.1), page.breakEvenTokens(1800, 0.4)]"
    cost, tokens = in_page("rent_or_own/prices", both)
    assert cost == pytest.approx(production.cost_per_million_tokens(2.5, 2000, 0.1))
    assert tokens == pytest.approx(production.break_even_tokens(1800, 0.4))


def test_an_outlier_is_taken_out_again_and_leaves_its_damage() -> None:
    matrix = torch.randn(2, 32, generator=torch.Generator().manual_seed(15), dtype=torch.float64).float()
    script = QUANTIZATION + (
        "const [matrix, format] = [new Float32Array(input), { bits: 4, nf4: false }];\n"
        "const round = (outlier) => Array.from(quantization.roundMatrix(matrix, 32, 16, format, outlier));\n"
        "reply([round(0), round(20), quantization.OUTLIER]);"
    )
    plain, damaged, place = run_node(script, matrix.flatten().tolist())
    plain, damaged = (torch.tensor(of).view(2, 2, 16) for of in (plain, damaged))
    torch.testing.assert_close(damaged[:, 1], plain[:, 1])  # the groups without it
    torch.testing.assert_close(damaged[:, 0, place], matrix[:, place])
    errors = [(of - matrix.view(2, 2, 16))[:, 0].norm() for of in (plain, damaged)]
    assert errors[1] > 3 * errors[0]


@pytest.mark.parametrize(("bits", "size", "nf4"), [(4, 32, False), (3, 512, False), (4, 64, True)])
def test_the_quantized_model_of_the_page_is_that_of_the_references(bits: int, size: int, nf4: bool) -> None:
    """Its logits after a text, with every linear layer there and back."""

    def through(weight: torch.Tensor) -> torch.Tensor:
        if nf4:
            blocks = [production.nf4_dequantize(*production.nf4_quantize(row, size), size) for row in weight]
            return torch.stack(blocks)
        q, scale = production.quantize_groups(weight, size, bits)
        return q * scale.repeat_interleave(size, dim=1)[:, : weight.shape[1]]

    model, tokenizer = models.load("stories")
    ids = [tokenizer.eos_token_id, *tokenizer("There was a girl called Ada").input_ids]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "_proj" in name:
                weight.copy_(through(weight.double()))
        expected = model(torch.tensor([ids])).logits[0, -1]
    script = READ_MODEL + DECODER + QUANTIZATION + (
        "const [ids, size, format] = input;\n"
        "const decoder = new Decoder(model.config, quantization.roundLayers(model, size, format));\n"
        "reply(Array.from(decoder.read(decoder.newCache(), ids)));"
    )  # fmt: skip
    found = run_node(script, [ids, size, {"bits": bits, "nf4": nf4}])
    torch.testing.assert_close(torch.tensor(found), expected, rtol=0, atol=1e-3)


def test_what_moves_grows_with_the_error_of_the_weights() -> None:
    """From a scale for every 8 weights to one for a row: the perplexity of one story went up and down."""
    settings = [(8, False), (64, True), (32, False), (128, False), (512, False)]
    script = READ_MODEL + DECODER + QUANTIZATION + (
        'import { totalVariation } from "./llm_course/widgets/models/numbers.ts";\n'
        "const [texts, settings] = input;\n"
        "const ids = texts.map((text) => [model.config.end_of_text, ...model.tokenizer.encode(text)]);\n"
        "const chances = (decoder) => ids.flatMap((text) => quantization.nextProbabilities(decoder, text));\n"
        "const plainly = chances(model.decoder);\n"
        "const sum = (now) => now.reduce((sum, one, i) => sum + totalVariation(plainly[i], one), 0);\n"
        "const share = (now) => sum(now) / now.length;\n"
        "const found = settings.map(([size, nf4]) => {\n"
        "  const layers = quantization.roundLayers(model, size, { bits: 4, nf4 });\n"
        "  const now = chances(new Decoder(model.config, layers));\n"
        "  return [quantization.errorOfLayers(model.tensors, layers), share(now)];\n"
        "});\n"
        "reply([share(plainly), ...found]);"
    )  # fmt: skip
    as_it_is, *found = run_node(script, [QuantizationMicroscope().texts, settings])
    assert as_it_is == 0
    errors, shares = zip(*found, strict=True)
    assert list(errors) == sorted(errors) and 0.07 < errors[0] < errors[-1] < 0.13
    assert list(shares) == sorted(shares) and 0.06 < shares[0] < 0.9 * shares[1]


def test_the_share_that_moves_is_half_of_all_differences() -> None:
    both = "[page.totalVariation([0.5, 0.5, 0], [0.2, 0.5, 0.3]), page.totalVariation([1], [1])]"
    assert in_page("models/numbers", both) == [pytest.approx(0.3), 0]


def test_error_in_the_picture_is_that_of_the_reference() -> None:
    shown = QuantizationMicroscope(bits=4, group=64, outlier=12)
    row = torch.from_numpy(shown.first_row())[None]
    q, scale = production.quantize_groups(row, 64, 4)
    back = q * scale.repeat_interleave(64, dim=1)
    expected = (back - row).norm() / row.norm()
    assert error_of_whole_numbers(shown.first_row(), 64, 4) == pytest.approx(expected.item())
    assert f"{100 * expected:.1f}" in shown.picture()


def test_the_microscope_tells_another_story_at_two_bits(watched: Watched, address: str) -> None:
    page = opened(watched, address, "quantization_microscope")
    said = page.get_by_role("status")
    expect(said).to_contain_text("4 bits: 15 levels")
    table = page.get_by_role("group", name="What you tried")
    expect(table.get_by_role("columnheader", name="probability moved")).to_be_visible()
    expect(table.get_by_role("row", name="4 bits")).to_have_text(re.compile("9.7 %.*%"))
    page.get_by_label("Bits", exact=True).fill("2")
    expect(said).to_contain_text("2 bits: 3 levels")
    expect(page.get_by_text("All linear layers, 2 bits: another text")).to_be_visible()
    page.get_by_label("NF4 in place").check()
    expect(said).to_contain_text("NF4: 16 levels")
    expect(page.get_by_label("Bits", exact=True)).to_be_disabled()
    expect(table.locator("tr.llm-now")).to_have_text(re.compile(r"NF4.*%.*%"))  # measured, before the next is chosen
    for group in ("8", "16", "64", "128"):
        page.get_by_label("Weights that share a scale").select_option(group)
        expect(table.locator("tr.llm-now")).to_have_text(re.compile(rf"NF4{group}\d\.\d\d.*%.*%"))
    expect(table.locator("tbody tr")).to_have_count(5)  # the last four, and the model as it is
    bits = [float(text) for text in table.locator("tbody td:nth-child(3)").all_inner_texts()]
    assert bits == sorted(bits, reverse=True) and bits[0] == 16  # whatever the order in which they were tried
    expect(table.locator("tr.llm-now td").first).to_have_text("128")

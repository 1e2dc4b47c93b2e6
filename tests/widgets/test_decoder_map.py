"""The decoder map: its numbers against torch's, its parts, and views that are shared by their address."""

import copy
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect

from llm_course import models
from llm_course.widgets import DecoderMap
from llm_course.widgets.course_model import guesses_after_layers
from tests.widgets.conftest import Watched, opened, run_node
from tests.widgets.test_parity import READ_MODEL

TEXT = "The dog sat on the"
TRACE = (
    READ_MODEL
    + """
import { lens, trace } from "./llm_course/widgets/js/trace.js";
const found = trace(model.decoder, input);
const rows = (values) => values.map((row) => Array.from(row));
reply({
  middles: found.layers.map(({ middle }) => rows(middle)),
  residuals: found.layers.map(({ residual }) => rows(residual)),
  weights: found.layers.map(({ weights }) => weights),
  logits: rows(found.logits),
  lenses: found.layers.map(({ residual }) => rows(residual.map((row) => lens(model.decoder, row)))),
});
"""
)


def streams(ids: list[int]) -> dict[str, list[Any]]:
    """What torch finds: the residual stream inside and after each layer, the weights, and the logits."""
    model = models.load("stories").model
    model.set_attn_implementation("eager")
    found: dict[str, list[Any]] = {"middles": [], "residuals": []}
    hooks = []
    for layer in model.model.layers:
        norm = layer.post_attention_layernorm
        hooks.append(norm.register_forward_pre_hook(lambda _, inputs: found["middles"].append(inputs[0][0])))
        hooks.append(layer.register_forward_hook(lambda *call: found["residuals"].append(as_rows(call[2]))))
    with torch.no_grad():
        result = model(torch.tensor([ids]), output_attentions=True)
        found["lenses"] = [model.lm_head(model.model.norm(stream)) for stream in found["residuals"]]
    for hook in hooks:
        hook.remove()
    return {**found, "weights": [layer[0] for layer in result.attentions], "logits": [result.logits[0]]}


def as_rows(output: Any) -> torch.Tensor:
    return (output[0] if isinstance(output, tuple) else output).reshape(-1, 128)


def token_ids(text: str) -> list[int]:
    tokenizer = models.load("stories").tokenizer
    return [tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]


def test_the_trace_is_torchs() -> None:
    ids = token_ids(TEXT)
    traced, expected = run_node(TRACE, ids), streams(ids)
    assert isinstance(traced, dict)
    for name in ("middles", "residuals", "lenses"):
        for mine, theirs in zip(traced[name], expected[name], strict=True):
            torch.testing.assert_close(torch.tensor(mine), theirs, rtol=0, atol=0.03)
    torch.testing.assert_close(torch.tensor(traced["logits"]), expected["logits"][0], rtol=0, atol=0.03)
    for layer, theirs in zip(traced["weights"], expected["weights"], strict=True):
        for position, heads in enumerate(layer):
            mine = torch.tensor(heads, dtype=torch.float32)
            torch.testing.assert_close(mine, theirs[:, position, : position + 1], rtol=0, atol=0.01)


PUSHES = (
    READ_MODEL
    + """
import { pushesToward, trace } from "./llm_course/widgets/js/trace.js";
const found = trace(model.decoder, input.ids);
reply(Array.from(pushesToward(model.decoder, found, 2, input.ids.length - 1, input.token)));
"""
)


def test_what_hidden_units_push_is_what_torch_finds_without_them() -> None:
    """By linearity: a unit's push is what the logit loses without it, at the same scale of the norm."""
    model, ids, token = models.load("stories").model, token_ids(TEXT), 263
    layer, kept = model.model.layers[2], {}
    hooks = [
        layer.mlp.down_proj.register_forward_pre_hook(lambda _, inputs: kept.update(hidden=inputs[0][0, -1])),
        layer.register_forward_hook(lambda *call: kept.update(residual=as_rows(call[2])[-1])),
    ]
    with torch.no_grad():
        model(torch.tensor([ids]))
        scale = (kept["residual"].square().mean() + model.config.rms_norm_eps).sqrt()
        direction = model.lm_head.weight[token] * model.model.norm.weight / scale
        expected = kept["hidden"] * (layer.mlp.down_proj.weight.T @ direction)
    for hook in hooks:
        hook.remove()
    pushes = torch.tensor(run_node(PUSHES, {"ids": ids, "token": token}))
    torch.testing.assert_close(pushes, expected, rtol=0, atol=0.02)


WITHOUT = (
    READ_MODEL
    + """
import { logitsWithout } from "./llm_course/widgets/js/trace.js";
const rows = (parts) => logitsWithout(model, input, 2, parts).map((row) => Array.from(row));
reply([["attention"], ["feed-forward"], ["attention", "feed-forward"]].map(rows));
"""
)


def test_the_model_without_a_part_is_torchs_with_its_last_matrix_at_zero() -> None:
    model, ids = copy.deepcopy(models.load("stories").model), token_ids(TEXT)
    layer = model.model.layers[2]
    writes = {"attention": layer.self_attn.o_proj, "feed-forward": layer.mlp.down_proj}
    kept = {name: matrix.weight.detach().clone() for name, matrix in writes.items()}
    found = run_node(WITHOUT, ids)
    assert isinstance(found, list)
    for parts, mine in zip((["attention"], ["feed-forward"], list(writes)), found, strict=True):
        with torch.no_grad():
            for name, matrix in writes.items():
                matrix.weight.copy_(torch.zeros_like(kept[name]) if name in parts else kept[name])
            expected = model(torch.tensor([ids])).logits[0]
        torch.testing.assert_close(torch.tensor(mine), expected, rtol=0, atol=0.03)


def test_the_picture_names_shapes_and_guesses() -> None:
    tokens, sizes, guesses = guesses_after_layers(TEXT)
    model, tokenizer = models.load("stories").model, models.load("stories").tokenizer
    with torch.no_grad():
        best = model(torch.tensor([token_ids(TEXT)])).logits[0, -1].argmax()
    assert guesses[-1] == tokenizer.decode(best)
    assert len(guesses) == 1 + model.config.num_hidden_layers
    picture = DecoderMap(TEXT, chapters={"attention": "chapters/a.html"}).picture()
    assert f"{len(tokens)} × {sizes['hidden']}" in picture
    assert picture.count("<tr>") == 1 + 5 + model.config.num_hidden_layers
    assert 'href="chapters/a.html"' in picture


def test_a_chapter_that_the_map_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match="chapters names 'attentoin': give addresses of"):
        DecoderMap(chapters={"attentoin": "a.html"})


def guesses_shown(page: Page) -> list[str]:
    return page.locator(".llm-guess b").all_inner_texts()


def test_a_sentence_goes_through_the_parts(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    page.get_by_label("Text", exact=True).fill(TEXT)
    _, _, guesses = guesses_after_layers(TEXT)
    expect(page.locator(".llm-chips button")).to_have_count(len(token_ids(TEXT)))
    assert [guess.replace("␣", " ") for guess in guesses_shown(page)] == guesses
    part = page.get_by_role("region", name="The opened part")
    boxes = page.locator(".llm-machine button")
    expect(boxes).to_have_count(5 + 4 * models.load("stories").model.config.num_hidden_layers)
    for index in range(boxes.count()):
        boxes.nth(index).click()
        expect(part).to_contain_text(boxes.nth(index).get_attribute("aria-label") or boxes.nth(index).inner_text())
        expect(boxes.nth(index)).to_have_attribute("aria-pressed", "true")


def test_a_part_begins_with_what_it_does_and_folds_its_sizes_away(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    part = page.get_by_role("region", name="The opened part")
    page.get_by_role("button", name="Attention 3", exact=True).click()
    expect(part.locator("p").nth(1)).to_contain_text("Head 2 takes 86.2")
    sizes = part.get_by_text("Queries 8 × 4 × 32")
    expect(sizes).to_be_hidden()
    part.get_by_text("Shapes and sizes").click()
    expect(sizes).to_be_visible()
    page.get_by_role("button", name="Feed-forward 3", exact=True).click()
    expect(part).to_contain_text("The guess moves from “␣time” to “␣girl”.")


def test_every_token_has_its_guess_after_every_layer(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_text("The guesses for every token, after").click()
    table = page.locator(".llm-lens")
    words = TEXT.split()
    expect(table.locator("tbody tr")).to_have_count(1 + len(words) + 1)
    table.get_by_role("rowheader", name="The", exact=True).click()
    expect(page.get_by_role("button", name="The", exact=True)).to_have_attribute("aria-pressed", "true")
    columns = []
    for count, line in enumerate(table.locator("tbody tr").all()[1:-1], start=1):
        _, _, guesses = guesses_after_layers(" ".join(words[:count]))
        shown = line.locator("td").all_inner_texts()
        assert [guess.replace("␣", " ") for guess in shown[:-1]] == guesses
        came = " " + words[count] if count < len(words) else "…"
        assert shown[-1].replace("␣", " ") == came
        assert line.locator("b").all_inner_texts() == [shown[-1]] * guesses.count(came)
        orange = line.locator(".llm-kept").all_inner_texts()
        assert orange == [shown[-2]] * guesses.count(guesses[-1])
        columns.append([guess == came for guess in guesses])
    counts = [cell.split()[0] for cell in table.locator("tbody tr").last.locator("td").all_inner_texts()[:-1]]
    first = table.locator("tbody tr").first.locator("td").all_inner_texts()
    assert counts == [
        str(sum(right) + (guess == first[-1])) for right, guess in zip(zip(*columns, strict=True), first, strict=False)
    ]


def test_an_earlier_token_is_followed_from_the_keyboard(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    page.get_by_label("Text", exact=True).fill(TEXT)
    chip = page.locator(".llm-chips button", has_text="sat")
    chip.focus()
    page.keyboard.press("Enter")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(chip).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("After “␣sat”")
    _, _, guesses = guesses_after_layers("The dog sat")
    assert [guess.replace("␣", " ") for guess in guesses_shown(page)] == guesses


def test_a_drawn_token_goes_on_with_the_text(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    field = page.get_by_label("Text", exact=True)
    chips = page.locator(".llm-chips button")
    expect(chips).to_have_count(8)
    before = field.input_value()
    page.get_by_role("button", name="Draw a token").click()
    expect(chips).to_have_count(9)
    assert field.input_value().startswith(before) and len(field.input_value()) > len(before)
    drawn = field.input_value().removeprefix(before).replace(" ", "␣")
    expect(page.get_by_role("status")).to_contain_text(f"Drawn: “{drawn}”, ")


def test_on_a_phone_a_part_opens_below_its_own_layer(watched: Watched, address: str) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 800})
    page = opened(watched, address, "decoder_map")
    page.get_by_role("button", name="Norm before attention 2").click()
    part = page.locator("li").filter(has=page.get_by_role("button", name="Attention 2")).get_by_role("region")
    expect(part).to_contain_text("After, on the same scale")
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(part).to_have_count(0)  # there it stands beside the map


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_view_is_reopened_by_its_address(watched: Watched, address: str, site: Any, scheme: str) -> None:
    page = opened(watched, address if scheme == "http" else site.as_uri(), "decoder_map")
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_role("button", name="Logits").click()
    page.wait_for_function("location.search.includes('decoder_map.part=logits')")
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(page.get_by_label("Text", exact=True)).to_have_value(TEXT)
    expect(page.get_by_role("button", name="Logits")).to_have_attribute("aria-pressed", "true")


def test_a_view_that_cannot_be_shown_opens_as_it_was_built(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/attention_explorer-light.html?attention_explorer.causal=perhaps&attention_explorer._esm=1")
    expect(page.locator(".llm-widget")).to_be_visible()
    page.goto(f"{address}/decoder_map-light.html?decoder_map.part=nowhere&decoder_map.position=99")
    expect(page.get_by_role("region", name="The opened part")).to_contain_text("vocabulary")

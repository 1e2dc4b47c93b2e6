"""The decoder map: its numbers against torch's, its parts, and views that are shared by their address."""

from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect

from llm_course.widgets import DecoderMap
from llm_course.widgets.models.course_model import guesses_after_layers
from tests.widgets.conftest import Watched, opened, run_node, shown
from tests.widgets.stories_by_torch import guesses_without, lens, pushed, stories, streams, token_ids
from tests.widgets.test_parity import READ_MODEL

TEXT = "The dog sat on the"
TRACE = (
    READ_MODEL
    + """
import { lens, trace } from "./llm_course/widgets/decoder_map/trace.ts";
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


def test_the_trace_is_torchs() -> None:
    ids = token_ids(TEXT)
    traced, expected = run_node(TRACE, ids), streams(ids)
    expected["lenses"] = list(map(lens, expected["residuals"]))
    for name in ("middles", "residuals", "lenses"):
        for mine, theirs in zip(traced[name], expected[name], strict=True):
            torch.testing.assert_close(torch.tensor(mine), theirs, rtol=0, atol=0.03)
    torch.testing.assert_close(torch.tensor(traced["logits"]), expected["logits"], rtol=0, atol=0.03)
    for layer, theirs in zip(traced["weights"], expected["weights"], strict=True):
        for position, heads in enumerate(layer):
            mine = torch.tensor(heads, dtype=torch.float32)
            torch.testing.assert_close(mine, theirs[:, position, : position + 1], rtol=0, atol=0.01)


PUSHES = (
    READ_MODEL
    + """
import { pushesToward, trace } from "./llm_course/widgets/decoder_map/trace.ts";
const found = trace(model.decoder, input.ids);
reply(Array.from(pushesToward(model.decoder, found, 2, input.ids.length - 1, input.token)));
"""
)


def test_what_hidden_units_push_is_what_torch_finds_without_them() -> None:
    """By linearity: a unit's push is what the logit loses without it, at the same scale of the norm."""
    ids, token = token_ids(TEXT), 263
    found, writes = streams(ids), stories().model.layers[2].mlp.down_proj.weight.T
    expected = pushed(found["hidden"][2][-1][:, None] * writes, found["residuals"][2][-1])[:, token]
    pushes = torch.tensor(run_node(PUSHES, {"ids": ids, "token": token}))
    torch.testing.assert_close(pushes, expected, rtol=0, atol=0.02)


WITHOUT = (
    READ_MODEL
    + """
import { decoderWithout, trace } from "./llm_course/widgets/decoder_map/trace.ts";
const { ids, since } = input;
const traced = (parts) => trace(model.decoder, ids, { decoder: decoderWithout(model, parts), since });
reply(input.left_out.map((parts) => traced(parts).logits.map((row) => Array.from(row))));
"""
)
LEFT_OUT = (
    ["attention-3"],
    ["feed-forward-3"],
    ["attention-3", "feed-forward-3"],
    ["attention-1", "feed-forward-4"],
    ["head-3-2"],
    ["head-1-1", "head-1-4", "attention-2"],
)


@pytest.mark.parametrize("since", [0, 3])  # what was read before makes a difference
def test_the_model_without_parts_from_a_token_on_is_torchs(since: int) -> None:
    ids = token_ids(TEXT)
    found = run_node(WITHOUT, {"ids": ids, "since": since, "left_out": LEFT_OUT})
    for parts, mine in zip(LEFT_OUT, found, strict=True):
        torch.testing.assert_close(torch.tensor(mine), streams(ids, parts, since)["logits"], rtol=0, atol=0.03)


def test_the_picture_names_shapes_and_guesses() -> None:
    tokens, sizes, guesses = guesses_after_layers(TEXT)
    assert [guess.replace(" ", "␣") for guess in guesses[1:]] == guesses_without(token_ids(TEXT))
    picture = DecoderMap(TEXT, chapters={"attention": "chapters/a.html"}).picture()
    assert f"{len(tokens)} × {sizes['hidden']}" in picture
    assert picture.count("<tr>") == 1 + 5 + len(guesses) - 1
    assert 'href="chapters/a.html"' in picture


def guesses_shown(page: Page) -> list[str]:
    return page.locator(".llm-machine .llm-guess b").all_inner_texts()


def test_a_sentence_goes_through_the_parts(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    page.get_by_label("Text", exact=True).fill(TEXT)
    _, _, guesses = guesses_after_layers(TEXT)
    expect(page.locator(".llm-chips button")).to_have_count(len(token_ids(TEXT)))
    assert [guess.replace("␣", " ") for guess in guesses_shown(page)] == guesses
    part = page.get_by_role("region", name="The opened part")
    boxes = page.locator(".llm-boxes button")
    expect(boxes).to_have_count(5 + 4 * stories().config.num_hidden_layers)
    for index in range(boxes.count()):
        boxes.nth(index).click()
        expect(part).to_contain_text(boxes.nth(index).get_attribute("aria-label") or boxes.nth(index).inner_text())
        expect(boxes.nth(index)).to_have_attribute("aria-pressed", "true")


def test_a_drawn_line_end_is_kept_when_a_reader_writes_on(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap("She lost her hat.\nThe"), 944, 9)
    text = page.get_by_label("Text", exact=True)
    text.press("Control+End")
    text.press_sequentially(" c")
    expect(page.locator(".llm-chips button", has_text="⏎")).to_have_count(1)


def test_bytes_of_a_character_are_written_as_bytes(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    page.get_by_label("Text", exact=True).fill("ж")
    expect(page.locator(".llm-chips button")).to_have_text(["START", "⟨D0⟩", "⟨B6⟩"])


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


def test_the_map_goes_on_without_the_parts_that_are_left_out(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    page.get_by_label("Text", exact=True).fill(TEXT)
    whole, said = guesses_shown(page), page.get_by_role("status")
    page.get_by_role("button", name="Attention 1", exact=True).click()
    page.get_by_role("button", name="Leave all of it out").press("Enter")
    expect(page.get_by_role("button", name="Put all of it back")).to_be_focused()
    assert guesses_shown(page)[1:] == guesses_without(token_ids(TEXT), ["attention-1"]) != whole[1:]
    expect(said).to_contain_text("Without attention 1, after")
    page.get_by_role("button", name="Feed-forward 3", exact=True).click()
    page.get_by_role("button", name="Leave all of it out").click()
    both = guesses_without(token_ids(TEXT), ["attention-1", "feed-forward-3"])
    assert guesses_shown(page)[1:] == both
    expect(said).to_contain_text(
        f"Without attention 1 and feed-forward 3, after “␣the”, the first guess is “{both[-1]}”"
    )
    expect(page.locator(".llm-out")).to_have_count(2)
    page.get_by_role("button", name="Next token").click()
    expect(page.locator(".llm-token-bars tbody th").first).to_have_text(both[-1])
    expect(page.locator(".llm-token-bars .llm-was")).to_have_count(3)
    for part in ("Attention 1", "Feed-forward 3"):
        page.get_by_role("button", name=part, exact=True).click()
        page.get_by_role("button", name="Put all of it back").click()
    assert guesses_shown(page) == whole
    expect(page.locator(".llm-out")).to_have_count(0)


SHARES = "all => all.map((chip) => Number(chip.style.getPropertyValue('--share')))"


def test_the_tokens_show_what_the_chosen_head_takes(watched: Watched, address: str) -> None:
    page = opened(watched, address, "decoder_map")
    page.get_by_label("Text", exact=True).fill(TEXT)
    weights = streams(token_ids(TEXT))["weights"][1][:, -1]
    page.get_by_role("button", name="Attention 2", exact=True).click()
    strongest = int(weights.max(-1).values.argmax())
    for head in (strongest, 0, 3):
        button = page.get_by_role("button", name=f"head {head + 1}", exact=True)
        if head != strongest:
            button.press("Enter")
            expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".llm-heads caption")).to_contain_text(f"above: head {head + 1}")
        shares = page.locator(".llm-chips button").evaluate_all(SHARES)
        torch.testing.assert_close(torch.tensor(shares), weights[head], rtol=0, atol=0.01)
    page.get_by_role("button", name="Logits").click()
    expect(page.locator(".llm-chips button[style]")).to_have_count(0)


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
    out = '["head-3-9","attention-0","x","head-1-0"]'  # parts that no model has
    asked = f"decoder_map.part=nowhere&decoder_map.position=99&decoder_map.head=7&decoder_map.out={out}"
    page.goto(f"{address}/decoder_map-light.html?{asked}")
    expect(page.get_by_role("region", name="The opened part")).to_contain_text("vocabulary")
    expect(page.get_by_role("status")).to_contain_text("the model guesses “␣girl”")

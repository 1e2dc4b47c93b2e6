"""The decoder map: its numbers against torch's, its parts, and views that are shared by their address."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect
from torch import Tensor

from llm_course.widgets import DecoderMap
from llm_course.widgets.models.course_model import guesses_after_layers
from tests.widgets.conftest import Watched, opened, run_node
from tests.widgets.stories_by_torch import (
    BALL,
    KITE,
    PAIRS,
    SAW,
    TOM,
    guesses_for_pairs,
    guesses_without,
    lens,
    logits_along,
    pushed,
    pushes_by_torch,
    stories,
    stories_tokenizer,
    streams,
    taken_by_torch,
    token_id,
    token_ids,
    with_names,
)
from tests.widgets.test_parity import READ_MODEL

TEXT = "The dog sat on the"
MODULES = ("head_scores", "name_pairs", "rivals", "sight", "trace")


def in_map(expression: str, values: object) -> Any:
    """What a JavaScript expression gives that has the map's functions as `map`, the course model, and `input`."""
    imports = "".join(f'import * as {name} from "./llm_course/widgets/decoder_map/{name}.ts";\n' for name in MODULES)
    functions = ", ".join(f"...{name}" for name in MODULES)
    return run_node(f"{READ_MODEL}{imports}const map = {{ {functions} }};\nreply({expression});", values)


def assert_close(mine: Sequence[Any], theirs: Tensor, tolerance: float = 0.03) -> None:
    torch.testing.assert_close(torch.tensor(mine, dtype=torch.float32), theirs, rtol=0, atol=tolerance)


def test_the_trace_is_torchs() -> None:
    ids = token_ids(TEXT)
    traced, expected = in_map("map.trace(model.decoder, input)", ids), streams(ids)
    assert_close(traced["logits"], expected["logits"])
    for i, layer in enumerate(traced["layers"]):
        assert_close(layer["middle"], expected["middles"][i])
        assert_close(layer["residual"], expected["residuals"][i])
        for position, heads in enumerate(layer["weights"]):
            assert_close(heads, expected["weights"][i][:, position, : position + 1], 0.01)
    rows = [layer["residual"] for layer in traced["layers"]]
    lenses = in_map("input.map((rows) => rows.map((row) => map.lens(model.decoder, Float32Array.from(row))))", rows)
    assert_close(lenses, lens(torch.stack(expected["residuals"])))


def test_what_hidden_units_push_is_what_torch_finds_without_them() -> None:
    """By linearity: a unit's push is what the logit loses without it, at the same scale of the norm."""
    ids = token_ids(TEXT)
    found, writes = streams(ids), stories().model.layers[2].mlp.down_proj.weight.T
    expected = pushed(found["hidden"][2][-1][:, None] * writes, found["residuals"][2][-1])[:, 263]
    push = "map.pushesToward(model.decoder, map.trace(model.decoder, input), 2, input.length - 1, 263)"
    assert_close(in_map(push, ids), expected, 0.02)


def test_what_a_head_pushes_is_what_the_logits_lose_without_what_it_adds() -> None:
    """By linearity, too."""
    pushes = in_map("[0, 1, 2, 3].map((head) => map.addedByHead(map.sightOf(model, input), 2, head))", BALL)
    assert_close(pushes, pushes_by_torch(BALL), 0.05)


LEFT_OUT = (
    ["attention-3"],
    ["feed-forward-3"],
    ["attention-3", "feed-forward-3"],
    ["attention-1", "feed-forward-4"],
    ["head-3-2"],
    ["head-1-1", "head-1-4", "attention-2"],
)
WITHOUT = """input.leftOut.map((parts) =>
    map.trace(model.decoder, input.ids, { decoder: map.decoderWithout(model, parts), since: input.since }).logits)"""


@pytest.mark.parametrize("since", [0, 3])  # what was read before makes a difference
def test_the_model_without_parts_from_a_token_on_is_torchs(since: int) -> None:
    ids = token_ids(TEXT)
    for parts, mine in zip(LEFT_OUT, in_map(WITHOUT, {"ids": ids, "since": since, "leftOut": LEFT_OUT}), strict=True):
        assert_close(mine, streams(ids, parts, since)["logits"])


RIVALS = """input.map(([text, rival, out]) => {
    const sight = map.sightOf(model, text, { rival, out });
    const { guess, rival: other, colors } = map.rivalsOf(sight);
    return { pair: [guess, other], colors, lines: [guess, other].map((id) => map.logitsAlong(sight, sight.trace, id)) };
})"""
ANNA_GIVES, THEY_GIVE = (BALL.replace("Sam gave", f"{giver} gave") for giver in ("Anna", "They"))
RIVALS_OF = [
    (BALL, " Sam", [], "Anna Sam", "Anna Sam"),
    (BALL, " Sam", ["head-3-2"], "Anna Sam", "Anna Sam"),  # though Sam is the guess now
    # Where the rival is not in the text, or is the guess: the new guess, or the other name.
    (BALL, "", [], "Anna Sam", "Anna Sam"),
    (BALL, " Tom", ["head-3-2"], "Anna Sam", "Anna Sam"),
    (BALL, " Anna", ["head-3-1"], "Anna gave", "Anna gave"),
    (ANNA_GIVES, " Anna", [], "Sam Anna", "Anna Sam"),  # a name keeps its color when it becomes the guess
    (THEY_GIVE, " Sam", [], "Anna Sam", "Anna Sam"),
    (BALL, " gave", [], "Anna gave", "Anna gave"),
    ("Sam had a red ball. He gave the red", "", [], "ball coat", "ball coat"),  # no name: the second guess
]
"""Of each: the text, the rival asked for, what is left out; the guess and the rival; the orange and the green."""


def test_the_rivals_their_colors_and_their_scores_are_torchs() -> None:
    replies = in_map(RIVALS, [asked[:3] for asked in RIVALS_OF])
    for (text, _, out, pair, colors), reply in zip(RIVALS_OF, replies, strict=True):
        assert reply["pair"] == [token_id(f" {word}") for word in pair.split()]
        assert reply["colors"] == [token_id(f" {word}") for word in colors.split()]
        for id, line in zip(reply["pair"], reply["lines"], strict=True):
            assert [x for x, _ in line] == [i / 2 for i in range(9)]
            assert_close([y for _, y in line], logits_along(out, text)[:, id])


def test_a_text_with_two_of_the_names_takes_any_other_pair() -> None:
    texts = [BALL, "Lily saw Tom. Tom ran.", "Samuel and Ann met Sam.", "Sam, Anna and Tom", "A dog ran."]
    pairs, found = in_map("[map.PAIRS, input.map((text) => map.pairIn(text) ?? null)]", texts)
    assert [tuple(pair) for pair in pairs] == PAIRS
    assert found == [["Sam", "Anna"], ["Lily", "Tom"], None, None, None]
    other = in_map("input.map((text) => map.withPair(text, ['Mia', 'Max']))", texts[:2])
    assert other == [with_names("Mia", "Max"), "Mia saw Max. Max ran."]


GUESSES = """(({ text, outs, pairs = map.pairGuesses(model) }) => outs.map(([since, parts]) => {
    const sight = map.sightOf(model, text, { since });
    while (pairs.known(sight, parts).length < map.PAIRS.length) pairs.find(sight, parts, 5);
    return pairs.known(sight, parts);
}))(input)"""


def test_the_guesses_for_all_pairs_are_torchs() -> None:
    outs: list[tuple[int, list[str]]] = [(0, []), (0, ["head-3-2"]), (9, ["head-1-2"]), (0, ["head-3-1", "head-3-2"])]
    length = len(token_ids(BALL))
    for (since, out), found in zip(outs, in_map(GUESSES, {"text": BALL, "outs": outs}), strict=True):
        expected = guesses_for_pairs(out, length - since if since else 0)
        words = [stories_tokenizer().decode(guess).strip() for guess in found]
        sure = [(word, right) for word, (right, is_sure) in zip(words, expected, strict=True) if is_sure]
        assert [pair for pair in sure if pair[0] != pair[1]] == []
        assert len(sure) > 65


def test_what_the_suggestions_say_of_their_sentences_is_torchs() -> None:
    def first(text: str, *out: str) -> str:
        return guesses_without(token_ids(text), out)[-1]

    heads = {f"{layer}.{head}": f"head-{layer}-{head}" for layer in range(1, 5) for head in range(1, 5)}
    assert [first(BALL), first(BALL, "head-3-2")] == ["␣Anna", "␣Sam"]
    # What the front page says of its sentence: a single head keeps the model from the giver.
    assert [name for name, head in heads.items() if first(BALL, head) == "␣Sam"] == ["3.2"]
    assert [first(ANNA_GIVES), first(ANNA_GIVES, "head-3-2")] == ["␣Sam", "␣Anna"]
    assert [first(TOM), first(TOM, "head-3-2"), first(TOM, "head-3-1", "head-3-2")] == ["␣Mia", "␣Mia", "␣Tom"]
    steps = ["head-3-2", "head-3-1", "head-1-4"]
    assert [first(KITE, *steps[:taken]) for taken in range(4)] == ["␣Lily", "␣Ben", "␣Zoe", "␣school"]
    alone = {name: first(KITE, head) for name, head in heads.items()}
    changed = {"1.4": "␣school", "3.1": "␣Emma", "3.2": "␣Ben"}
    assert {name: guess for name, guess in alone.items() if guess != "␣Lily"} == changed
    assert [first(SAW), first(SAW, "head-3-2")] == ["␣Ben", "␣Lily"]
    shares, messages = taken_by_torch(BALL, 1)
    assert shares[: token_ids(BALL).index(token_id("."))].sum() > 0.6
    assert min(messages[place].max() for place in (2, 3, 4)) > 8  # and, Anna, had: head 1 raises them
    mia, tom = (pushes_by_torch(TOM, ["head-3-2"])[0][token_id(name)] for name in (" Mia", " Tom"))
    assert mia > 7 and abs(tom) < 0.5  # "head 1 had raised Mia, not Tom"
    assert min(pushes_by_torch(KITE, ["head-3-2"])[0][token_id(name)] for name in (" Ben", " Lily")) > 3


def test_the_picture_names_shapes_and_guesses() -> None:
    tokens, sizes, guesses = guesses_after_layers(TEXT)
    assert [guess.replace(" ", "␣") for guess in guesses[1:]] == guesses_without(token_ids(TEXT))
    picture = DecoderMap(TEXT, chapters={"attention": "chapters/a.html"}).picture()
    assert f"{len(tokens)} × {sizes['hidden']}" in picture
    assert picture.count("<tr>") == 1 + 5 + len(guesses) - 1
    assert 'href="chapters/a.html"' in picture


def guesses_shown(page: Page) -> list[str]:
    return page.locator(".llm-machine .llm-guess b").all_inner_texts()


def opened_with(watched: Watched, address: str, text: str = TEXT) -> Page:
    page = opened(watched, address, "decoder_map")
    page.get_by_label("Text", exact=True).fill(text)
    expect(page.locator(".llm-chips button")).to_have_count(len(token_ids(text)))
    return page


def test_a_sentence_goes_through_the_parts(watched: Watched, address: str) -> None:
    page = opened_with(watched, address)
    _, _, guesses = guesses_after_layers(TEXT)
    assert [guess.replace("␣", " ") for guess in guesses_shown(page)] == guesses
    part = page.get_by_role("region", name="The opened part")
    boxes = page.locator(".llm-boxes button")
    expect(boxes).to_have_count(5 + 4 * stories().config.num_hidden_layers)
    for box in boxes.all():
        box.click()
        expect(part).to_contain_text(box.get_attribute("aria-label") or box.inner_text())
        expect(box).to_have_attribute("aria-pressed", "true")


def test_line_ends_and_bytes_of_a_character_are_seen(watched: Watched, address: str) -> None:
    page = opened_with(watched, address, "She lost her hat.\nThe")
    text, chips = page.get_by_label("Text", exact=True), page.locator(".llm-chips button")
    text.press("Control+End")
    text.press_sequentially(" c")
    expect(chips.filter(has_text="⏎")).to_have_count(1)
    text.fill("ж")
    expect(chips).to_have_text(["START", "⟨D0⟩", "⟨B6⟩"])


def test_a_drawn_token_goes_on_with_the_text(watched: Watched, address: str) -> None:
    page = opened_with(watched, address)
    field, chips = page.get_by_label("Text", exact=True), page.locator(".llm-chips button")
    before = chips.count()
    page.get_by_role("button", name="Draw a token").click()
    expect(chips).to_have_count(before + 1)
    drawn = field.input_value().removeprefix(TEXT).replace(" ", "␣")
    assert field.input_value().startswith(TEXT) and drawn
    expect(page.get_by_role("status")).to_contain_text(f"Drawn: “{drawn}”, ")


def test_the_map_goes_on_without_the_parts_that_are_left_out(watched: Watched, address: str) -> None:
    page = opened_with(watched, address)
    whole, said, out = guesses_shown(page), page.get_by_role("status"), ["attention-1", "feed-forward-3"]
    for taken, part in enumerate(("Attention 1", "Feed-forward 3"), 1):
        page.get_by_role("button", name=part, exact=True).click()
        page.get_by_role("button", name="Leave all of it out").press("Enter")
        expect(page.get_by_role("button", name="Put all of it back")).to_be_focused()
        guesses = guesses_without(token_ids(TEXT), out[:taken])
        assert guesses_shown(page)[1:] == guesses != whole[1:]
    words = f"Without attention 1 and feed-forward 3, after “␣the”, the first guess is “{guesses[-1]}”"
    expect(said).to_contain_text(words)
    expect(page.locator(".llm-out")).to_have_count(2)
    page.get_by_role("button", name="Next token").click()
    expect(page.locator(".llm-token-bars tbody th").first).to_have_text(guesses[-1])
    expect(page.locator(".llm-token-bars .llm-was")).to_have_count(3)
    page.get_by_role("button", name="Put all back").click()
    assert guesses_shown(page) == whole
    expect(page.locator(".llm-out")).to_have_count(0)


SHARES = "all => all.map((chip) => Number(chip.style.getPropertyValue('--share')))"
ENDS = "arcs => arcs.map((arc) => arc.getPointAtLength(arc.getTotalLength()).x)"
MIDDLE = "chip => chip.offsetLeft + chip.offsetWidth / 2"


def test_the_tokens_show_what_the_chosen_head_takes(watched: Watched, address: str) -> None:
    page = opened_with(watched, address)
    chips = page.locator(".llm-chips button")
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
        assert_close(chips.evaluate_all(SHARES), weights[head], 0.01)
        ends = page.locator(".llm-arcs path").evaluate_all(ENDS)
        assert ends == pytest.approx([chips.last.evaluate(MIDDLE)] * int((weights[head][:-1] >= 0.03).sum()), abs=1)
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
def test_an_earlier_token_is_followed_and_the_view_is_reopened_by_its_address(
    watched: Watched, address: str, site: Path, scheme: str
) -> None:
    page = opened_with(watched, address if scheme == "http" else site.as_uri())
    chip, logits = page.locator(".llm-chips button", has_text="sat"), page.get_by_role("button", name="Logits")
    chip.press("Enter")
    expect(chip).to_be_focused()
    logits.click()
    page.wait_for_function("location.search.includes('decoder_map.part=logits')")
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(page.get_by_label("Text", exact=True)).to_have_value(TEXT)
    expect(logits).to_have_attribute("aria-pressed", "true")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status")).to_contain_text("After “␣sat”")
    _, _, guesses = guesses_after_layers("The dog sat")
    assert [guess.replace("␣", " ") for guess in guesses_shown(page)] == guesses


def test_a_view_that_cannot_be_shown_opens_as_it_was_built(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/attention_explorer-light.html?attention_explorer.causal=perhaps&attention_explorer._esm=1")
    expect(page.locator(".llm-widget")).to_be_visible()
    out = '["head-3-9","attention-0","x","head-1-0"]'  # parts that no model has
    asked = f"decoder_map.part=nowhere&decoder_map.position=99&decoder_map.head=7&decoder_map.out={out}"
    page.goto(f"{address}/decoder_map-light.html?{asked}")
    expect(page.get_by_role("region", name="The opened part")).to_contain_text("vocabulary")
    expect(page.get_by_role("status")).to_contain_text("the model guesses “␣girl”")

"""The decoder map's sentence with other names, against torch: who is guessed for each pair, without each head, too."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import expect

from llm_course.widgets import DecoderMap
from tests.widgets.conftest import Watched, run_node, shown
from tests.widgets.stories_by_torch import BALL, stories_tokenizer, streams, token_ids
from tests.widgets.test_parity import READ_MODEL

NAMES = ["Sam", "Anna", "Tom", "Lily", "Ben", "Mia", "Max", "Sara", "Emma"]
PAIRS = [(first, second) for first in NAMES for second in NAMES if first != second]
SURE = 0.1
"""Of two logits that differ by less, either may be the first guess in float16."""

IMPORT = (
    'import { NAMES, pairGuesses, pairIn, PAIRS, withPair } from "./llm_course/widgets/decoder_map/name_pairs.ts";\n'
)
TEXTS = (
    IMPORT + "reply({ names: NAMES, pairs: PAIRS, texts: input.texts.map((text) => ({ found: pairIn(text) ?? null, "
    'other: withPair(text, ["Mia", "Max"]) })) });'
)
GUESSES = (
    READ_MODEL
    + IMPORT
    + """
import { sightOf } from "./llm_course/widgets/decoder_map/sight.ts";
const pairs = pairGuesses(model);
const all = ([since, parts]) => {
  const sight = sightOf(model, input.text, { since });
  while (pairs.known(sight, parts).length < PAIRS.length) pairs.find(sight, parts, 5);
  return pairs.known(sight, parts);
};
reply(input.outs.map(all));
"""
)


def who(first: str, second: str) -> str:
    return f"{first} and {second} had a red ball. {first} gave the red ball to"


def test_a_text_with_two_of_the_names_takes_any_other_pair() -> None:
    texts = [BALL, "Lily saw Tom. Tom ran.", "Samuel and Ann met Sam.", "Sam, Anna and Tom", "A dog ran."]
    reply = run_node(TEXTS, {"texts": texts})
    assert reply["names"] == NAMES and [tuple(pair) for pair in reply["pairs"]] == PAIRS
    assert [text["found"] for text in reply["texts"]] == [["Sam", "Anna"], ["Lily", "Tom"], None, None, None]
    assert [text["other"] for text in reply["texts"][:2]] == [who("Mia", "Max"), "Mia saw Max. Max ran."]


def torch_guesses(parts: Sequence[str], last: int = 0) -> list[tuple[str, bool]]:
    """The first guess for each pair, and whether it is surely that. The `last` tokens are without the parts, or all."""
    texts = [token_ids(who(*pair)) for pair in PAIRS]
    best = [streams(ids, parts, len(ids) - last if last else 0)["logits"][-1].topk(2) for ids in texts]
    return [(stories_tokenizer().decode(ids[0]).strip(), bool(a - b > SURE)) for (a, b), ids in best]


def outcomes(guesses: Sequence[str]) -> list[int]:
    """How many are the second name, the first one, and neither."""
    second, first = (sum(guess == pair[i] for guess, pair in zip(guesses, PAIRS, strict=True)) for i in (1, 0))
    return [second, first, len(PAIRS) - second - first]


def test_the_guesses_for_all_pairs_are_torchs() -> None:
    outs: list[tuple[int, list[str]]] = [(0, []), (0, ["head-3-2"]), (9, ["head-1-2"]), (0, ["head-3-1", "head-3-2"])]
    length = len(token_ids(BALL))
    for (since, out), found in zip(outs, run_node(GUESSES, {"text": BALL, "outs": outs}), strict=True):
        expected = torch_guesses(out, length - since if since else 0)
        words = [stories_tokenizer().decode(guess).strip() for guess in found]
        assert [word for word, (_, sure) in zip(words, expected, strict=True) if sure] == [
            word for word, sure in expected if sure
        ]
        assert sum(sure for _, sure in expected) > 65


@pytest.mark.slow
def test_the_suggestion_leaves_the_head_out_for_every_pair(watched: Watched, site: Path) -> None:
    widget = DecoderMap(part="layer-3", head=2, rival=" Sam", small=True, predict=True)
    page = shown(watched, site, widget, 1160, 15)
    tips, counts, tiles = page.locator(".llm-try"), page.locator(".llm-name-counts b"), page.locator(".llm-name-pair")
    for _ in range(3):
        tips.get_by_role("button", name="Next ›").click()
    whole = outcomes([guess for guess, _ in torch_guesses([])])
    expect(counts).to_have_text([str(count) for count in whole])
    page.get_by_role("group", name="Your guess").get_by_role("button", name="about 30").click()
    without_head = outcomes([guess for guess, _ in torch_guesses(["head-3-2"])])
    expect(counts).to_have_text([str(count) for count in without_head])
    assert whole[1] == 0 and without_head[1] == 54
    told = tips.locator("li.llm-current b")
    expect(told).to_have_text("No, over 50: 54. Tom’s row: head 1 is enough.")
    tom = [cell.inner_text() for cell in tiles.all() if (cell.get_attribute("aria-label") or "").startswith("Tom and")]
    assert tom == [name for name in NAMES if name != "Tom"]
    page.get_by_role("button", name="Tom and Mia: Mia").press("Enter")
    expect(page.get_by_label("Text", exact=True)).to_have_value(who("Tom", "Mia"))
    expect(page.get_by_role("button", name="Tom and Mia: Mia")).to_be_focused()
    expect(page.get_by_role("button", name="Tom and Mia: Mia")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status")).to_contain_text(
        "Without head 2 of layer 3, after “␣to”, the first guess is “␣Mia”"
    )
    expect(told).to_be_visible()  # to look at another pair takes nothing back
    expect(counts).to_have_text([str(count) for count in without_head])
    tips.get_by_role("button", name="Try every head").click()
    expect(told).to_have_text("Three others: without each, neither name (gray).")
    heads = page.locator(".llm-names-without")
    expect(heads.filter(has_text=re.compile(r"\d"))).to_have_count(16)
    changed = [int(head.inner_text()) for head in heads.all()]
    assert len([count for count in changed if count > 50]) == 4 and sorted(changed)[-5] < 20
    firsts = [int(re.findall(r"(\d+) first", head.get_attribute("aria-label") or "")[0]) for head in heads.all()]
    assert firsts[9] == 54 and max(firsts[:9] + firsts[10:]) < 10
    tips.get_by_role("button", name="Ask again").click()
    expect(counts).to_have_text([str(count) for count in whole])
    expect(heads).to_have_text(["?"] * 16)


@pytest.mark.slow
def test_each_head_alone_tells_what_becomes_of_all_pairs(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(part="draw", small=True, predict=True), 1160, 15)
    page.get_by_role("button", name="Other names").click()
    heads, counts = page.locator(".llm-names-without"), page.locator(".llm-name-counts b")
    expect(heads).to_have_text(["?"] * 16)
    heads.nth(8).press("Enter")
    expect(heads.nth(8)).to_be_focused()
    alone = {8: ["head-3-1"], 9: ["head-3-2"], 1: ["head-1-2"]}
    guesses = {place: [guess for guess, _ in torch_guesses(parts)] for place, parts in alone.items()}
    expect(counts).to_have_text([str(count) for count in outcomes(guesses[8])])
    expect(heads.nth(9)).to_have_text("?")
    page.get_by_role("button", name="Try all 16").click()
    expect(page.get_by_role("button", name="Try all 16")).to_be_hidden()
    expect(heads.filter(has_text=re.compile(r"\d"))).to_have_count(16)
    whole = [guess for guess, _ in torch_guesses([])]
    for place, alone_guesses in guesses.items():
        changed = sum(guess != before for guess, before in zip(alone_guesses, whole, strict=True))
        second, first, neither = outcomes(alone_guesses)
        words = f": {changed} guesses change ({second} second, {first} first, {neither} neither)"
        expect(heads.nth(place)).to_have_text(str(changed))
        expect(heads.nth(place)).to_have_attribute("aria-label", re.compile(re.escape(words) + "$"))


@pytest.mark.slow
def test_without_a_pair_it_says_what_it_needs_and_begins_with_one(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(text="One day, Ben saw", part="pairs"), 944, 6)
    part = page.get_by_role("region", name="The opened part")
    expect(part).to_contain_text("Write a text with two of these names: Sam, Anna, ")
    expect(page.locator(".llm-name-pair")).to_have_count(0)
    page.get_by_label("Text", exact=True).fill("Ben saw Lily. Ben said to")
    expect(page.locator(".llm-name-pair")).to_have_count(72)
    expect(page.locator(".llm-name-pair:empty")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Ben and Lily: "))).to_have_attribute("aria-pressed", "true")
    three = f"Tom and {'very ' * 30}{BALL}"  # of names, though Tom is not read
    page.get_by_label("Text", exact=True).fill(three)
    expect(part).to_contain_text("Write a text with two of these names")


@pytest.mark.slow
def test_who_answers_before_all_pairs_are_read_sees_those_that_were_asked_for(watched: Watched, site: Path) -> None:
    """The map is drawn anew with each step: what was still to be read for the one before is not written into it."""
    widget = DecoderMap(part="layer-3", head=2, rival=" Sam", small=True, predict=True)
    page = shown(watched, site, widget, 944, 15)
    for _ in range(3):
        page.get_by_role("button", name="Next ›").click()
    guesses = page.get_by_role("group", name="Your guess").get_by_role("button")
    guesses.first.evaluate(
        """async (button) => {
            while (!document.querySelector(".llm-name-pair:not(:empty)")) await new Promise(requestAnimationFrame);
            button.click();
        }"""
    )
    without_head = outcomes([guess for guess, _ in torch_guesses(["head-3-2"])])
    tiles = page.locator(".llm-name-pair")
    expect(tiles.filter(has_text=re.compile(r"\w"))).to_have_count(len(PAIRS))
    expect(page.locator(".llm-name-counts b")).to_have_text([str(count) for count in without_head])
    for look, count in zip(("orange", "green", "neither"), without_head, strict=True):
        expect(page.locator(f".llm-name-pair.llm-{look}")).to_have_count(count)

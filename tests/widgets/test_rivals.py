"""The two tokens that compete along the decoder map's stream, and the size of its row, against torch."""

from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect

from llm_course.widgets import DecoderMap
from tests.widgets.conftest import Watched, run_node, shown
from tests.widgets.stories_by_torch import BALL, KITE, logits_along, stories_tokenizer, token_id
from tests.widgets.test_parity import READ_MODEL

RIVALS = (
    READ_MODEL
    + """
import { logitsAlong, rivalsOf } from "./llm_course/widgets/decoder_map/rivals.ts";
import { sightOf } from "./llm_course/widgets/decoder_map/sight.ts";
reply(input.asked.map(({ rival, out }) => {
  const sight = sightOf(model, input.text, { rival, out });
  const { guess, rival: other, colors } = rivalsOf(sight);
  return { pair: [guess, other], colors, lines: [guess, other].map((id) => logitsAlong(sight, sight.trace, id)) };
}));
"""
)


def test_the_rival_is_the_one_asked_for_and_its_scores_are_torchs() -> None:
    outs = [[], ["head-3-2"]]
    replies = run_node(RIVALS, {"text": BALL, "asked": [{"rival": " Sam", "out": out} for out in outs]})
    for reply, out in zip(replies, outs, strict=True):
        assert reply["pair"] == [token_id(" Anna"), token_id(" Sam")]  # the colors stay when a part is left out
        expected = logits_along(out)
        for id, line in zip(reply["pair"], reply["lines"], strict=True):
            assert [x for x, _ in line] == [i / 2 for i in range(9)]
            torch.testing.assert_close(torch.tensor([y for _, y in line]), expected[:, id], rtol=0, atol=0.03)


@pytest.mark.parametrize("rival", ["", " Tom", " Anna"])
def test_where_the_rival_is_not_in_the_text_it_is_the_new_guess_or_the_other_name(rival: str) -> None:
    asked = [{"rival": rival, "out": out} for out in ([], ["head-3-2"], ["head-3-1"])]
    *pairs, elsewhere = [reply["pair"] for reply in run_node(RIVALS, {"text": BALL, "asked": asked})]
    assert pairs == [[token_id(" Anna"), token_id(" Sam")]] * 2
    assert elsewhere == [token_id(" Anna"), logits_along(["head-3-1"])[-1].argmax()]


def test_a_name_keeps_its_color_when_it_becomes_the_guess() -> None:
    anna, sam = token_id(" Anna"), token_id(" Sam")
    for giver, rival, pair in [
        ("Sam", " Sam", [anna, sam]),
        ("Anna", " Anna", [sam, anna]),
        ("They", " Sam", [anna, sam]),
    ]:
        text = BALL.replace("Sam gave", f"{giver} gave")
        (reply,) = run_node(RIVALS, {"text": text, "asked": [{"rival": rival, "out": []}]})
        assert reply["pair"] == pair and reply["colors"] == [anna, sam]
    (reply,) = run_node(RIVALS, {"text": BALL, "asked": [{"rival": " gave", "out": []}]})
    assert reply["colors"] == [anna, token_id(" gave")]  # no name: the guess is orange


def test_where_the_guess_is_no_name_the_rival_is_the_second() -> None:
    text = "Sam had a red ball. He gave the red"
    (reply,) = run_node(RIVALS, {"text": text, "asked": [{"rival": "", "out": []}]})
    best = logits_along([], text)[-1].topk(2).indices.tolist()
    assert reply["pair"] == best and stories_tokenizer().decode(best[0]).strip().islower()


@pytest.mark.slow
def test_from_suggestion_to_suggestion_the_way_back_leads_to_what_a_reader_had(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(head=2, rival=" Sam", predict=True), 944, 15)
    text, following = page.get_by_label("Text", exact=True), page.get_by_role("button", name="Next ›")
    back = page.get_by_role("button", name="Back to what I had")
    following.click()
    expect(text).to_have_value("Sam and Anna had a red ball. Anna gave the red ball to")
    page.get_by_role("group", name="Your guess").get_by_role("button", name="Anna").click()
    expect(page.get_by_role("status")).to_contain_text("the first guess is “␣Anna”")
    expect(back).to_have_count(0)  # all this is the suggestions'
    text.fill("One day, Ben saw")
    following.click()
    expect(text).to_have_value("Tom and Mia had a red ball. Tom gave the red ball to")
    page.get_by_role("group", name="Your guess").get_by_role("button", name="Tom").click()
    following.click()
    expect(text).to_have_value("Sam and Anna had a red ball. Sam gave the red ball to")
    back.click()
    expect(text).to_have_value("One day, Ben saw")
    for _ in range(5):
        following.click()
    expect(page.locator(".llm-try").get_by_role("button", name="Take head 2 away")).to_be_visible()


@pytest.mark.slow
def test_all_heads_are_told_once_those_that_change_the_guess_are_found(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(KITE, "draw", rival=" Ben", small=True, predict=True), 944, 16)
    grid, flips = page.locator(".llm-head-grid button"), page.locator(".llm-head-grid .llm-flips")
    expect(grid).to_have_text(["?"] * 16)
    grid.nth(9).click()
    expect(page.get_by_role("status")).to_contain_text("the first guess is “␣Ben”")
    for place in (3, 0, 8):
        expect(grid.filter(has_text="?")).not_to_have_count(0)
        grid.nth(place).click()
    expect(flips).to_have_text(["␣school", "␣Emma", "␣Ben"])
    expect(grid.filter(has_text="?")).to_have_count(0)
    places = grid.evaluate_all("all => all.flatMap((cell, i) => (cell.matches('.llm-flips') ? [i] : []))")
    assert places == [3, 8, 9]

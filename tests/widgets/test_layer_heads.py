"""The heads of a layer in the decoder map, against torch: what each takes and moves, and the model without one."""

import re
from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect

from llm_course.widgets import DecoderMap
from tests.widgets.conftest import DRAWN, Watched, run_node, shown
from tests.widgets.stories_by_torch import (
    BALL,
    KITE,
    SAW,
    TOM,
    guesses_without,
    pushes_by_torch,
    streams,
    taken_by_torch,
    token_id,
    token_ids,
)
from tests.widgets.test_parity import READ_MODEL

PUSHES_OF_HEAD = (
    READ_MODEL
    + """
import { addedByHead } from "./llm_course/widgets/decoder_map/head_scores.ts";
import { sightOf } from "./llm_course/widgets/decoder_map/sight.ts";
const sight = sightOf(model, input);
reply([0, 1, 2, 3].map((head) => Array.from(addedByHead(sight, 2, head))));
"""
)


def test_what_a_head_pushes_is_what_the_logits_lose_without_what_it_adds() -> None:
    """By linearity."""
    pushes = torch.tensor(run_node(PUSHES_OF_HEAD, BALL))
    torch.testing.assert_close(pushes, pushes_by_torch(BALL), rtol=0, atol=0.05)


def test_of_sixteen_heads_a_single_one_keeps_the_model_from_the_giver() -> None:
    """What the front page says of its sentence."""
    heads = [f"head-{layer}-{head}" for layer in range(1, 5) for head in range(1, 5)]
    gives_back = [head for head in heads if guesses_without(token_ids(BALL), [head])[-1] == "␣Sam"]
    assert gives_back == ["head-3-2"]


@pytest.mark.slow
def test_a_head_that_is_left_out_gives_the_ball_to_another(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(), 944, 15)
    said, part = page.get_by_role("status"), page.get_by_role("region", name="The opened part")
    expect(said).to_contain_text("the model guesses “␣Anna”, 99")
    expect(part).to_contain_text("Head 2 (blue above) takes 42.1\u00a0% from “␣Sam” and lowers its score by 9.")
    rows = part.locator(".llm-heads tbody tr")
    most = ["␣Anna", "␣Sam", "␣Anna", "."]
    for row, token in zip(rows.all(), most, strict=True):
        expect(row.get_by_role("cell").first).to_contain_text(token)
    without_each = [guesses_without(token_ids(BALL), [f"head-3-{head}"])[-1] for head in range(1, 5)]
    expect(rows.locator(".llm-otherwise b")).to_have_text(without_each)
    assert without_each == ["␣gave", "␣Sam", "␣Anna", "␣Anna"]
    switch = rows.nth(1).locator(".llm-otherwise")
    switch.press("Enter")
    expect(said).to_contain_text("Without head 2 of layer 3, after “␣to”, the first guess is “␣Sam”")
    expect(switch).to_be_focused()
    expect(part).to_contain_text(instead(BALL, ["head-3-2"], 2, "Anna", "Sam"))
    page.wait_for_function("location.search.includes('decoder_map.out=')")
    page.reload()
    expect(said).to_contain_text("Without head 2 of layer 3")
    page.get_by_role("button", name="Leave all of it out").click()
    expect(part.locator(".llm-heads thead th")).to_have_text(
        [
            "head",
            "looks most at",
            "for ␣Anna",
            "for ␣Sam",
            "guess without it",
        ]
    )
    expect(rows.locator("td:last-child")).to_have_text(["left out"] * 4)
    expect(said).to_contain_text("Without attention 3, after")
    page.get_by_role("button", name="Put all back").click()
    expect(said).to_contain_text("the model guesses “␣Anna”, 99")
    expect(page.get_by_role("button", name="Put all back")).to_be_hidden()


def instead(text: str, out: list[str], head: int, *names: str) -> str:
    """What a head of layer 3 that is left out would add to two scores, and where they end, as torch finds it."""
    ids = [token_id(f" {name}") for name in names]
    pushes = pushes_by_torch(text, [part for part in out if part != f"head-3-{head}"])[head - 1]
    adds = ", ".join(f"{float(pushes[i]):+.1f} to “␣{name}”" for i, name in zip(ids, names, strict=True))
    put_back = [part for part in out if part != f"head-3-{head}"]
    whole, changed = (streams(token_ids(text), parts)["logits"][-1] for parts in (put_back, out))
    ends = " and ".join(f"{float(whole[i] - changed[i]):+.1f}" for i in ids)
    return f"Here head {head} would add {adds}; after all layers, {ends}.".replace("-", "−")


@pytest.mark.slow
def test_a_reader_guesses_before_the_guess_without_a_head_is_told(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(head=2, rival=" Sam", predict=True), 944, 15)
    part = page.get_by_role("region", name="The opened part")
    expect(part).to_contain_text("takes 42.1\u00a0% from “␣Sam”. What is the guess without this head?")
    switches, lanes = part.locator(".llm-otherwise"), part.locator(".llm-heads .llm-lane")
    expect(switches).to_have_text(["leave out"] * 4)
    expect(lanes).to_have_count(0)
    switches.nth(1).press("Enter")
    expect(lanes).to_have_text(["−1.9", "−9.2"])
    expect(switches.nth(1)).to_be_focused()
    expect(part).to_contain_text(instead(BALL, ["head-3-2"], 2, "Anna", "Sam"))
    expect(switches.nth(1)).to_have_text("put back")
    page.get_by_role("button", name="Put all back").click()
    expect(part).to_contain_text("lowers its score by 9.2. Without it: “␣Sam”, 91.3\u00a0%.")
    told = ["leave out", "␣Sam 91\u00a0%", "leave out", "leave out"]  # of the others a reader is still to guess
    expect(switches).to_have_text(told)
    page.wait_for_function("location.search.includes('.told=') && !location.search.includes('.out=')")
    page.reload()
    expect(switches).to_have_text(told)


@pytest.mark.slow
def test_a_guess_takes_the_step_of_a_suggestion_and_is_judged(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(head=2, rival=" Sam", predict=True), 944, 15)
    said, tips = page.get_by_role("status"), page.get_by_role("group", name="What to try")
    guesses = tips.get_by_role("group", name="Your guess").get_by_role("button")
    back, sentence = tips.get_by_role("button", name="Put head 2 back"), tips.locator("li.llm-current b")
    expect(guesses).to_have_text(["Sam", "Anna", "another"])
    guesses.nth(1).press("Enter")
    expect(said).to_contain_text("Without head 2 of layer 3, after “␣to”, the first guess is “␣Sam”")
    expect(sentence).to_have_text("No, Sam: the head had held him back.")
    expect(back).to_be_focused()
    expect(tips.get_by_role("button")).to_have_count(3)  # to put back what is out is to set it up
    back.press("Enter")
    expect(said).to_contain_text("the model guesses “␣Anna”, 99")
    expect(guesses.first).to_be_focused()
    guesses.first.press("Enter")
    expect(sentence).to_have_text(re.compile("^Right, Sam:"))
    page.get_by_role("button", name="Put all back").click()
    expect(guesses).to_have_count(3)
    page.get_by_role("button", name="Logits").click()
    expect(guesses).to_have_count(3)  # the question stands wherever a reader looks
    guesses.first.press("Enter")
    expect(page.locator(".llm-body")).to_contain_text(instead(BALL, ["head-3-2"], 2, "Anna", "Sam"))
    page.get_by_role("button", name="Put all back").click()
    page.locator(".llm-heads .llm-otherwise").nth(2).click()
    expect(guesses).to_have_count(0)  # another head is out: the step would put it back
    tips.get_by_role("button", name="Set this up").click()
    expect(guesses).to_have_count(3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("card", "guess", "verdict", "outcome"),
    [
        (
            5,
            "the latest name",
            "Right, the latest name: without it, Lily comes back.",
            "the first guess is “␣Lily”, 92",
        ),
        (6, "“not Ben”", "No, “not Lily”: words carry the latest name.", "the model guesses “␣Ben”, 74.4"),
        (
            7,
            "Ben",
            "Right, Ben: nothing says “not Ben” now.",
            "from “␣Ben” on, after “␣to”, the first guess is “␣Ben”, 64.0",
        ),
        (8, "the second", "No, the first: “and” says Sam, “had” Anna.", "After “␣to”"),
    ],
)
def test_each_suggestion_judges_a_guess(
    watched: Watched, site: Path, card: int, guess: str, verdict: str, outcome: str
) -> None:
    page = shown(watched, site, DecoderMap(head=2, rival=" Sam", predict=True), 944, 15)
    tips = page.get_by_role("group", name="What to try")
    for _ in range(card - 1):
        tips.get_by_role("button", name="Next ›").click()
    expect(tips).to_contain_text(f"{card} of 10")
    tips.get_by_role("group", name="Your guess").get_by_role("button", name=guess, exact=True).click()
    expect(tips.locator("li.llm-current b")).to_have_text(verdict)
    expect(page.get_by_role("status")).to_contain_text(outcome)


@pytest.mark.slow
def test_the_steps_of_a_suggestion_are_taken_one_after_the_other(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(head=2, rival=" Sam", predict=True), 944, 15)
    said, tips = page.get_by_role("status"), page.get_by_role("group", name="What to try")
    part, told = page.get_by_role("region", name="The opened part"), tips.locator("li.llm-current b")
    for _ in range(8):
        tips.get_by_role("button", name="Next ›").click()
    expect(told).to_be_empty()
    expect(part.locator(".llm-heads .llm-otherwise")).to_have_text(["leave out"] * 4)  # nothing is told ahead
    steps = [
        ("Take head 2 away", "Ben: head 2 had struck him out.", instead(KITE, ["head-3-2"], 2, "Lily", "Ben")),
        (
            "Head 1, too",
            "Zoe: head 1 had raised both names.",
            instead(KITE, ["head-3-2", "head-3-1"], 1, "Lily", "Ben"),
        ),
        (
            "Head 4 of layer 1, too",
            "school: without head 4, no name.",
            "Here head 4 would add +1.5 to “␣Lily”, +2.1 to “␣Ben”; after all layers, ",
        ),
    ]
    for name, reason, shows in steps:
        tips.get_by_role("button", name=name).click()
        expect(told).to_have_text(reason)
        expect(part).to_contain_text(shows)
    expect(said).to_have_text("␣Lily → ␣Ben → ␣Zoe → ␣school, 81.6\u00a0%: one part after the other is left out.")
    tips.get_by_role("button", name="Only head 4, 72 pairs").click()
    expect(told).to_have_text("Nearly always neither: head 4 asks for a name.")
    expect(page.locator(".llm-name-counts b")).to_have_text(["4", "0", "68"])
    tips.get_by_role("button", name="Put all back").click()
    expect(said).to_contain_text("the model guesses “␣Lily”")
    expect(tips.get_by_role("button", name="Take head 2 away")).to_be_visible()


def test_what_the_suggestions_say_of_their_sentences_is_torchs() -> None:
    def first(text: str, *out: str) -> str:
        return guesses_without(token_ids(text), out)[-1]

    anna = BALL.replace("Sam gave", "Anna gave")
    assert [first(BALL), first(BALL, "head-3-2")] == ["␣Anna", "␣Sam"]
    assert [first(anna), first(anna, "head-3-2")] == ["␣Sam", "␣Anna"]
    assert [first(TOM), first(TOM, "head-3-2"), first(TOM, "head-3-1", "head-3-2")] == ["␣Mia", "␣Mia", "␣Tom"]
    steps = ["head-3-2", "head-3-1", "head-1-4"]
    assert [first(KITE, *steps[:taken]) for taken in range(4)] == ["␣Lily", "␣Ben", "␣Zoe", "␣school"]
    assert [first(SAW), first(SAW, "head-3-2")] == ["␣Ben", "␣Lily"]
    shares, messages = taken_by_torch(BALL, 1)
    assert shares[: token_ids(BALL).index(token_id("."))].sum() > 0.6
    assert min(messages[place].max() for place in (2, 3, 4)) > 8  # and, Anna, had: head 1 raises them
    mia, tom = (pushes_by_torch(TOM, ["head-3-2"])[0][token_id(name)] for name in (" Mia", " Tom"))
    assert mia > 7 and abs(tom) < 0.5  # "head 1 had raised Mia, not Tom"
    assert min(pushes_by_torch(KITE, ["head-3-2"])[0][token_id(name)] for name in (" Ben", " Lily")) > 3
    alone = {f"{layer}.{head}": first(KITE, f"head-{layer}-{head}") for layer in range(1, 5) for head in range(1, 5)}
    assert {name: guess for name, guess in alone.items() if guess != "␣Lily"} == {
        "1.4": "␣school",
        "3.1": "␣Emma",
        "3.2": "␣Ben",
    }


ARCS = """arcs => {
    const [own, chips] = [arcs.getBoundingClientRect(), [...document.querySelectorAll(".llm-chips button")]];
    const middles = chips.map((chip) => chip.getBoundingClientRect()).map(({ x, width }) => x + width / 2 - own.x);
    const near = (x) => middles.findIndex((middle) => Math.abs(middle - x) < 1);
    return [...arcs.querySelectorAll("path")].map((path) => {
        const ends = [path.getPointAtLength(0), path.getPointAtLength(path.getTotalLength())];
        return [...ends.map(({ x }) => near(x)), parseFloat(getComputedStyle(path).strokeWidth)];
    });
}"""
"""Of each arc the tokens that it joins, and its breadth."""


@pytest.mark.slow
def test_the_guess_without_each_head_alone_is_torchs(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(part="draw", rival=" Sam", predict=True), 780, 15)
    cells, show_all = page.locator(".llm-head-grid button"), page.get_by_role("button", name="Show all")
    expect(cells).to_have_text(["?"] * 16)
    cells.nth(9).press("Enter")
    expect(cells.nth(9)).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("Without head 2 of layer 3, after")
    expect(cells).to_have_text(["?"] * 9 + ["␣Sam"] + ["?"] * 6)
    expect(page.get_by_text("Tried 1 of 16: 1 changes the guess, to “␣Sam”.")).to_be_visible()
    cells.nth(1).press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Without head 2 of layer 1, after")
    expect(page.get_by_text("Tried 2 of 16")).to_be_visible()
    show_all.click()
    expect(show_all).to_be_hidden()
    heads = [f"head-{layer}-{head}" for layer in range(1, 5) for head in range(1, 5)]
    alone = [guesses_without(token_ids(BALL), [head])[-1] for head in heads]
    expect(cells).to_have_text(alone)  # whatever else is out
    flips = cells.evaluate_all("all => all.map((cell) => cell.classList.contains('llm-flips'))")
    assert flips == [guess != "␣Anna" for guess in alone] and any(flips)
    expect(page.get_by_text(f"{sum(flips)} of 16 change the guess, to ")).to_be_visible()
    cells.nth(1).press("Enter")
    expect(page.get_by_role("status")).to_contain_text("the model guesses “␣Anna”")


IS_IN_LINE = """chip => {
    const [own, line] = [chip, chip.closest(".llm-linked")].map((node) => node.getBoundingClientRect());
    return own.left >= line.left && own.right <= line.right;
}"""


@pytest.mark.slow
def test_on_a_phone_the_token_that_is_followed_is_in_sight_with_its_arcs(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(BALL, "layer-3", head=2, small=True), 374, 15)
    line, chips = page.locator(".llm-linked"), page.locator(".llm-chips button")
    expect(chips.last).to_be_in_viewport(ratio=1)
    expect(page.locator(".llm-arcs path").last).to_be_in_viewport()
    assert page.locator(".llm-arcs text").evaluate(IS_IN_LINE)
    chips.first.press("Enter")
    expect(chips.first).to_be_in_viewport(ratio=1)
    chips.last.press("Enter")
    expect(chips.last).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="head 3", exact=True).click()  # it looks at Anna, too far from the last
    in_sight = [node.evaluate(IS_IN_LINE) for node in (chips.nth(3), chips.last, page.locator(".llm-arcs text"))]
    assert in_sight == [True, True, True]  # the one that is followed stays at the side
    line.evaluate("line => line.scrollTo(0, 0)")
    page.evaluate(DRAWN)
    assert chips.first.evaluate(IS_IN_LINE) and chips.last.evaluate(IS_IN_LINE)
    assert {end for _, end, _ in page.locator(".llm-arcs").evaluate(ARCS)} == {14}
    page.get_by_role("button", name="Embeddings").click()
    assert chips.last.evaluate(IS_IN_LINE)


@pytest.mark.slow
def test_the_heads_are_in_sight_on_a_phone(watched: Watched, site: Path) -> None:
    """At 360 pixels, of which the page's margins take 32 and this page's 16."""
    page = shown(watched, site, DecoderMap(part="layer-3", head=2, small=True, predict=True), 344, 15)
    table = page.locator(".llm-heads").locator("..")
    assert table.evaluate("table => table.scrollWidth - table.clientWidth") == 0
    page.locator(".llm-heads .llm-otherwise").nth(1).click()
    assert table.evaluate("table => table.scrollWidth - table.clientWidth") == 0


@pytest.mark.slow
def test_on_a_phone_buttons_lead_to_what_a_suggestion_is_about_and_back_up(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(BALL, "layer-3", head=2, small=True, predict=True), 374, 15)
    tips, grid = page.get_by_role("group", name="What to try"), page.locator(".llm-head-grid")
    there, up = page.get_by_role("button", name="Go there ↓"), page.get_by_role("button", name="Up ↑")
    for _ in range(3):
        tips.get_by_role("button", name="Next ›").click()
    expect(grid).not_to_be_in_viewport()
    there.click()
    expect(grid).to_be_in_viewport(ratio=1)
    page.locator(".llm-name-pair").last.scroll_into_view_if_needed()
    expect(tips).not_to_be_in_viewport()
    up.click()
    expect(tips).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 944, "height": 800})  # there all stands on one screen
    expect(there).to_be_hidden()
    expect(up).to_be_hidden()

"""What a reader of the decoder map finds out about heads, step by step, against torch."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from llm_course.widgets import DecoderMap
from tests.widgets.conftest import Watched, shown
from tests.widgets.stories_by_torch import (
    BALL,
    BEN,
    KITE,
    NAMES,
    PAIRS,
    guesses_for_pairs,
    guesses_without,
    number,
    pushes_by_torch,
    stories_tokenizer,
    streams,
    taken_by_torch,
    token_id,
    token_ids,
    with_names,
)

pytestmark = pytest.mark.slow
HEADS = [f"head-{layer}-{head}" for layer in range(1, 5) for head in range(1, 5)]


def asked(watched: Watched, site: Path, width: int = 944, tokens: int = 15, **state: Any) -> Page:
    """A map that has a reader guess first what becomes of the guess without a head."""
    widget = DecoderMap(**{"head": 2, "rival": " Sam", "predict": True} | state)
    return shown(watched, site, widget, width, tokens)


def said(page: Page) -> Locator:
    return page.get_by_role("status")


def opened_part(page: Page) -> Locator:
    return page.get_by_role("region", name="The opened part")


def turned_to(page: Page, card: int) -> Locator:
    """The suggestions, at one of them."""
    tips = page.get_by_role("group", name="What to try")
    for _ in range(card - 1):
        tips.get_by_role("button", name="Next ›").click()
    expect(tips).to_contain_text(f"{card} of 10")
    return tips


def guesses_in(tips: Locator) -> Locator:
    return tips.get_by_role("group", name="Your guess").get_by_role("button")


def instead(text: str, out: list[str], head: int, *names: str) -> str:
    """What a head of layer 3 that is left out would add to two scores, and where they end, as torch finds it."""
    ids = [token_id(f" {name}") for name in names]
    put_back = [part for part in out if part != f"head-3-{head}"]
    pushes = pushes_by_torch(text, put_back)[head - 1]
    adds = ", ".join(f"{float(pushes[i]):+.1f} to “␣{name}”" for i, name in zip(ids, names, strict=True))
    whole, changed = (streams(token_ids(text), parts)["logits"][-1] for parts in (put_back, out))
    ends = " and ".join(f"{float(whole[i] - changed[i]):+.1f}" for i in ids)
    return f"Here head {head} would add {adds}; after all layers, {ends}.".replace("-", "−")


BALL_WITHOUT = instead(BALL, ["head-3-2"], 2, "Anna", "Sam")


def test_a_head_that_is_left_out_gives_the_ball_to_another(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(), 944, 15)
    part = opened_part(page)
    expect(said(page)).to_contain_text("the model guesses “␣Anna”, 99")
    expect(part).to_contain_text("Head 2 (blue above) takes 42.1\u00a0% from “␣Sam” and lowers its score by 9.")
    rows = part.locator(".llm-heads tbody tr")
    expect(rows.locator("td:nth-child(2) .llm-most span:first-child")).to_have_text(["␣Anna", "␣Sam", "␣Anna", "."])
    alone = [guesses_without(token_ids(BALL), [head])[-1] for head in HEADS[8:12]]
    expect(rows.locator(".llm-otherwise b")).to_have_text(alone)
    switch = rows.nth(1).locator(".llm-otherwise")
    switch.press("Enter")
    expect(switch).to_be_focused()
    expect(part).to_contain_text(BALL_WITHOUT)
    page.wait_for_function("location.search.includes('decoder_map.out=')")
    page.reload()
    expect(said(page)).to_contain_text("Without head 2 of layer 3, after “␣to”, the first guess is “␣Sam”")
    page.get_by_role("button", name="Leave all of it out").click()
    expect(rows.locator("td:last-child")).to_have_text(["left out"] * 4)
    expect(said(page)).to_contain_text("Without attention 3, after")
    page.get_by_role("button", name="Put all back").click()
    expect(said(page)).to_contain_text("the model guesses “␣Anna”, 99")
    expect(page.get_by_role("button", name="Put all back")).to_be_hidden()


def test_a_reader_guesses_before_the_guess_without_a_head_is_told(watched: Watched, site: Path) -> None:
    page = asked(watched, site)
    part = opened_part(page)
    switches, lanes = part.locator(".llm-otherwise"), part.locator(".llm-heads .llm-lane")
    opens = part.locator(".llm-heads .llm-opens")
    expect(part).to_contain_text("takes 42.1\u00a0% from “␣Sam”. What is the guess without this head?")
    expect(switches).to_have_text(["leave out"] * 4)
    expect(lanes).to_have_count(0)
    expect(opens).to_have_count(0)  # what it takes would tell, too
    switches.nth(1).press("Enter")
    expect(switches.nth(1)).to_be_focused()
    expect(lanes).to_have_text(["−1.9", "−9.2"])
    expect(opens).to_have_count(1)
    expect(part).to_contain_text(BALL_WITHOUT)
    page.get_by_role("button", name="Put all back").click()
    expect(part).to_contain_text("lowers its score by 9.2. Without it: “␣Sam”, 91.3\u00a0%.")
    told = ["leave out", "␣Sam 91\u00a0%", "leave out", "leave out"]  # of the others a reader is still to guess
    expect(switches).to_have_text(told)
    page.wait_for_function("location.search.includes('.told=') && !location.search.includes('.out=')")
    page.reload()
    expect(switches).to_have_text(told)


def test_a_guess_takes_the_step_of_a_suggestion_and_is_judged(watched: Watched, site: Path) -> None:
    page = asked(watched, site)
    tips = turned_to(page, 1)
    guesses, verdict = guesses_in(tips), tips.locator("li.llm-current b")
    back = tips.get_by_role("button", name="Put head 2 back")
    expect(guesses).to_have_text(["Sam", "Anna", "another"])
    guesses.nth(1).press("Enter")
    expect(said(page)).to_contain_text("Without head 2 of layer 3, after “␣to”, the first guess is “␣Sam”")
    expect(verdict).to_have_text(re.compile("^No, Sam:"))
    expect(back).to_be_focused()
    expect(tips.get_by_role("button")).to_have_count(3)  # to put back what is out is to set it up
    back.press("Enter")
    expect(said(page)).to_contain_text("the model guesses “␣Anna”, 99")
    expect(guesses.first).to_be_focused()
    page.get_by_role("button", name="Logits").click()  # the question stands wherever a reader looks
    guesses.first.press("Enter")
    expect(verdict).to_have_text(re.compile("^Right, Sam:"))
    expect(opened_part(page)).to_contain_text(BALL_WITHOUT)
    page.get_by_role("button", name="Put all back").click()
    expect(guesses).to_have_count(3)
    page.locator(".llm-heads .llm-otherwise").nth(2).click()
    expect(guesses).to_have_count(0)  # another head is out: the step would put it back
    tips.get_by_role("button", name="Set this up").click()
    expect(guesses).to_have_count(3)


FROM_CARD_5 = [
    ("the latest name", "Right, the latest name:", "the first guess is “␣Lily”, 92"),
    ("“not Ben”", "No, “not Lily”:", "the model guesses “␣Ben”, 74.4"),
    ("Ben", "Right, Ben:", "from “␣Ben” on, after “␣to”, the first guess is “␣Ben”, 64.0"),
    ("the second", "No, the first:", "After “␣to”"),
]


def test_each_suggestion_judges_a_guess(watched: Watched, site: Path) -> None:
    page = asked(watched, site)
    tips = turned_to(page, 5)
    for guess, verdict, outcome in FROM_CARD_5:
        tips.get_by_role("button", name=guess, exact=True).click()
        expect(tips.locator("li.llm-current b")).to_contain_text(verdict)
        expect(said(page)).to_contain_text(outcome)
        tips.get_by_role("button", name="Next ›").click()


def test_the_steps_of_a_suggestion_are_taken_one_after_the_other(watched: Watched, site: Path) -> None:
    page = asked(watched, site)
    tips = turned_to(page, 9)
    part, told = opened_part(page), tips.locator("li.llm-current b")
    expect(told).to_be_empty()
    expect(part.locator(".llm-heads .llm-otherwise")).to_have_text(["leave out"] * 4)  # nothing is told ahead
    for name, reason, shows in [
        ("Take head 2 away", "Ben: ", instead(KITE, ["head-3-2"], 2, "Lily", "Ben")),
        ("Head 1, too", "Zoe: ", instead(KITE, ["head-3-2", "head-3-1"], 1, "Lily", "Ben")),
        ("Head 4 of layer 1, too", "school: ", "Here head 4 would add +1.5 to “␣Lily”, +2.1 to “␣Ben”; after all"),
    ]:
        tips.get_by_role("button", name=name).click()
        expect(told).to_contain_text(reason)
        expect(part).to_contain_text(shows)
    expect(said(page)).to_contain_text("␣Lily → ␣Ben → ␣Zoe → ␣school, 81.6\u00a0%: one part after the other")
    tips.get_by_role("button", name="Only head 4, 72 pairs").click()
    expect(page.locator(".llm-name-counts b")).to_have_text(["4", "0", "68"])
    tips.get_by_role("button", name="Put all back").click()
    expect(said(page)).to_contain_text("the model guesses “␣Lily”")
    expect(tips.get_by_role("button", name="Take head 2 away")).to_be_visible()


def test_from_suggestion_to_suggestion_the_way_back_leads_to_what_a_reader_had(watched: Watched, site: Path) -> None:
    page = asked(watched, site)
    text, back = page.get_by_label("Text", exact=True), page.get_by_role("button", name="Back to what I had")
    tips = turned_to(page, 2)
    expect(text).to_have_value("Sam and Anna had a red ball. Anna gave the red ball to")
    guesses_in(tips).first.click()
    expect(said(page)).to_contain_text("the first guess is “␣Anna”")
    expect(back).to_have_count(0)  # all this is the suggestions'
    text.fill("One day, Ben saw")
    tips.get_by_role("button", name="Next ›").click()
    expect(text).to_have_value(with_names("Tom", "Mia"))
    guesses_in(tips).first.click()
    tips.get_by_role("button", name="Next ›").click()
    expect(text).to_have_value(BALL)
    back.click()
    expect(text).to_have_value("One day, Ben saw")


def test_the_guess_without_each_head_alone_is_torchs(watched: Watched, site: Path) -> None:
    page = asked(watched, site, tokens=16, text=KITE, part="draw", rival=" Ben", small=True)
    cells, words = page.locator(".llm-head-grid button"), page.locator(".llm-tried")
    expect(cells).to_have_text(["?"] * 16)
    cells.nth(9).press("Enter")
    expect(cells.nth(9)).to_be_focused()
    expect(said(page)).to_contain_text("Without head 2 of layer 3, after")
    expect(cells).to_have_text(["?"] * 9 + ["␣Ben"] + ["?"] * 6)
    expect(words).to_contain_text("Tried 1 of 16: 1 changes the guess, to “␣Ben”.")
    for place in (3, 0, 8):
        expect(cells.filter(has_text="?")).not_to_have_count(0)
        cells.nth(place).click()
    alone = [guesses_without(token_ids(KITE), [head])[-1] for head in HEADS]
    expect(cells).to_have_text(alone)  # all are told once those that change the guess are found
    flips = cells.evaluate_all("all => all.map((cell) => cell.classList.contains('llm-flips'))")
    assert flips == [guess != "␣Lily" for guess in alone] and sum(flips) == 3
    expect(words).to_contain_text("3 of 16 change the guess, to “␣school”, “␣Emma”, “␣Ben”.")
    cells.nth(8).press("Enter")
    expect(said(page)).to_contain_text("the model guesses “␣Lily”")


def test_show_all_tells_of_each_head(watched: Watched, site: Path) -> None:
    page = asked(watched, site, part="draw")
    page.get_by_role("button", name="Show all").click()
    alone = [guesses_without(token_ids(BALL), [head])[-1] for head in HEADS]
    expect(page.locator(".llm-head-grid button")).to_have_text(alone)
    expect(page.get_by_role("button", name="Show all")).to_be_hidden()


@pytest.mark.parametrize(("head", "is_out"), [(2, False), (1, False), (2, True)])  # out, it would take the same
def test_share_times_message_is_what_torch_finds(watched: Watched, site: Path, head: int, is_out: bool) -> None:
    page = asked(watched, site, head=head, predict=False)
    if is_out:
        page.get_by_role("button", name="Leave out head 2 of layer 3").click()
    page.get_by_role("button", name=f"What head {head} takes from each token").click()
    shares, messages = taken_by_torch(BALL, head)
    ids, decode = [token_id(" Anna"), token_id(" Sam")], stories_tokenizer().decode
    places = sorted(shares.argsort(descending=True)[:7].tolist())
    lines = page.locator(".llm-messages tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    *own, others, total = lines
    for (label, share, message, *products), place in zip(own, places, strict=True):
        assert label == decode([token_ids(BALL)[place]]).replace(" ", "␣")
        assert number(share.split("\u00a0")[0]) == pytest.approx(100 * float(shares[place]), abs=0.6)
        strongest = int(messages[place].abs().argmax())
        by = float(messages[place][strongest])
        if message == "weak":
            assert abs(by) < 4.1
            continue
        token, named = message.split()
        assert abs(by) > 3.9 and token == decode([strongest]).replace(" ", "␣")
        assert number(named) == pytest.approx(by, abs=0.15)
        for product, id in zip(products, ids, strict=True):
            assert number(product) == pytest.approx(float(shares[place] * messages[place][id]), abs=0.1)
    assert others[0] == "8 more" and total[0] == "in all"
    for column, expected in enumerate(pushes_by_torch(BALL)[head - 1][ids].tolist(), 3):
        assert number(total[column]) == pytest.approx(expected, abs=0.1)
        assert sum(number(line[column]) for line in (*own, others)) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("small", [False, True])
def test_the_way_to_what_is_taken_and_back_keeps_the_focus(watched: Watched, site: Path, small: bool) -> None:
    kind = "layer" if small else "attention"
    page = asked(watched, site, part=f"{kind}-3", small=small, predict=False)
    opens, back = page.get_by_role("button", name="What head 1 takes from"), page.get_by_role("button", name="‹ All")
    opens.press("Enter")
    expect(back).to_be_focused()
    expect(opened_part(page)).to_contain_text("Head 1 adds share × message")
    back.press("Enter")
    expect(opens).to_be_focused()
    expect(page.get_by_role("button", name="head 1", exact=True)).to_have_attribute("aria-pressed", "true")
    opens.press("Enter")
    page.locator(f'.llm-boxes [name="{kind}-2"]').click()
    expect(page.locator(".llm-messages")).to_have_count(0)  # another layer shows its heads


def test_a_reader_chooses_from_which_token_on_parts_are_left_out(watched: Watched, site: Path) -> None:
    page = asked(watched, site, tokens=16, text=BEN, part="attention-1", predict=False)
    leave_out = page.get_by_role("button", name="Leave out head 2 of layer 1")
    since = opened_part(page).get_by_label("From which token on parts are left out")
    expect(since).to_be_hidden()  # nothing is
    leave_out.click()
    everywhere = " ".join((said(page).text_content() or "").split())
    since.select_option(label="from ␣Ben")
    expect(said(page)).to_contain_text("head 2 of layer 1 from “␣Ben” on, after “␣to”, the first guess is “␣Ben”")
    page.locator(".llm-chips button").nth(3).click()
    expect(opened_part(page)).to_contain_text("Head 2 is left out from “␣Ben” on, not yet here.")
    page.get_by_role("button", name="Put all back").click()
    page.locator(".llm-chips button").last.click()
    expect(said(page)).to_contain_text("After “␣to” the model guesses “␣Lily”")
    leave_out.click()
    expect(said(page)).to_have_text(everywhere)  # what is left out anew is so everywhere
    since.select_option(label="from ␣red")
    page.get_by_label("Text", exact=True).fill("The dog sat on the")
    expect(said(page)).to_contain_text("Without head 2 of layer 1, after")  # other tokens


IS_IN_LINE = """chip => {
    const [own, line] = [chip, chip.closest(".llm-linked")].map((node) => node.getBoundingClientRect());
    return own.left >= line.left && own.right <= line.right;
}"""


def test_on_a_phone_the_token_that_is_followed_is_in_sight_with_its_arcs(watched: Watched, site: Path) -> None:
    page = asked(watched, site, width=374, part="layer-3", small=True)
    chips, name = page.locator(".llm-chips button"), page.locator(".llm-arcs text")
    expect(page.locator(".llm-arcs path").last).to_be_in_viewport()
    assert name.evaluate(IS_IN_LINE)
    for chip in (chips.first, chips.last):
        chip.press("Enter")
        expect(chip).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="head 3", exact=True).click()  # it looks at Anna, too far from the last
    in_sight = [node.evaluate(IS_IN_LINE) for node in (chips.nth(3), chips.last, name)]
    assert in_sight == [True, True, True]  # the one that is followed stays at the side
    page.locator(".llm-linked").evaluate("line => line.scrollTo(0, 0)")
    assert chips.first.evaluate(IS_IN_LINE) and chips.last.evaluate(IS_IN_LINE)


def test_on_a_phone_the_heads_are_in_sight_and_buttons_lead_to_them_and_back_up(watched: Watched, site: Path) -> None:
    """At 360 pixels, of which the page's margins take 32 and this page's 16."""
    page = asked(watched, site, width=344, part="layer-3", small=True)
    table = page.locator(".llm-heads").locator("..")
    for _ in range(2):
        assert table.evaluate("table => table.scrollWidth - table.clientWidth") == 0
        page.locator(".llm-heads .llm-otherwise").nth(1).click()
    tips, grid = turned_to(page, 4), page.locator(".llm-head-grid")
    there, up = page.get_by_role("button", name="Go there ↓"), page.get_by_role("button", name="Up ↑")
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


def all_guesses(*parts: str) -> list[str]:
    return [guess for guess, _ in guesses_for_pairs(parts)]


def outcomes(guesses: list[str]) -> list[int]:
    """How many are the second name, the first one, and neither."""
    second, first = (sum(guess == pair[i] for guess, pair in zip(guesses, PAIRS, strict=True)) for i in (1, 0))
    return [second, first, len(PAIRS) - second - first]


def expect_outcomes(page: Page, *parts: str) -> list[int]:
    """Of the guesses for all pairs without some parts: as torch finds them."""
    found = outcomes(all_guesses(*parts))
    expect(page.locator(".llm-name-counts b")).to_have_text(list(map(str, found)))
    return found


def test_the_suggestion_leaves_the_head_out_for_every_pair(watched: Watched, site: Path) -> None:
    page = asked(watched, site, width=1160, part="layer-3", small=True)
    tips = turned_to(page, 4)
    tiles, heads = page.locator(".llm-name-pair"), page.locator(".llm-names-without")
    assert expect_outcomes(page)[1] == 0
    guesses_in(tips).filter(has_text="about 30").click()
    assert expect_outcomes(page, "head-3-2")[1] == 54
    told = tips.locator("li.llm-current b")
    expect(told).to_have_text("No, over 50: 54. Tom’s row: head 1 is enough.")
    tom = [cell.inner_text() for cell in tiles.all() if (cell.get_attribute("aria-label") or "").startswith("Tom and")]
    assert tom == [name for name in NAMES if name != "Tom"]
    pair = page.get_by_role("button", name="Tom and Mia: Mia")
    pair.press("Enter")
    expect(page.get_by_label("Text", exact=True)).to_have_value(with_names("Tom", "Mia"))
    expect(pair).to_be_focused()
    expect(pair).to_have_attribute("aria-pressed", "true")
    expect(said(page)).to_contain_text("Without head 2 of layer 3, after “␣to”, the first guess is “␣Mia”")
    expect(told).to_be_visible()  # to look at another pair takes nothing back
    expect_outcomes(page, "head-3-2")
    tips.get_by_role("button", name="Try every head").click()
    expect(told).to_have_text("Three others: without each, neither name (gray).")
    expect(heads.filter(has_text=re.compile(r"\d"))).to_have_count(16)
    changed = [int(head.inner_text()) for head in heads.all()]
    assert len([count for count in changed if count > 50]) == 4 and sorted(changed)[-5] < 20
    firsts = [int(re.findall(r"(\d+) first", head.get_attribute("aria-label") or "")[0]) for head in heads.all()]
    assert firsts[9] == 54 and max(firsts[:9] + firsts[10:]) < 10
    tips.get_by_role("button", name="Ask again").click()
    expect_outcomes(page)
    expect(heads).to_have_text(["?"] * 16)


def test_each_head_alone_tells_what_becomes_of_all_pairs(watched: Watched, site: Path) -> None:
    page = asked(watched, site, width=1160, part="draw", small=True, head=0)
    page.get_by_role("button", name="Other names").click()
    heads = page.locator(".llm-names-without")
    expect(heads).to_have_text(["?"] * 16)
    heads.nth(8).press("Enter")
    expect(heads.nth(8)).to_be_focused()
    expect_outcomes(page, "head-3-1")
    expect(heads.nth(9)).to_have_text("?")
    page.get_by_role("button", name="Try all 16").click()
    expect(page.get_by_role("button", name="Try all 16")).to_be_hidden()
    whole = all_guesses()
    for place in (1, 8, 9):
        alone = all_guesses(HEADS[place])
        changed = sum(guess != before for guess, before in zip(alone, whole, strict=True))
        second, first, neither = outcomes(alone)
        words = f": {changed} guesses change ({second} second, {first} first, {neither} neither)"
        expect(heads.nth(place)).to_have_text(str(changed))
        expect(heads.nth(place)).to_have_attribute("aria-label", re.compile(re.escape(words) + "$"))


def test_without_a_pair_it_says_what_it_needs_and_begins_with_one(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(text="One day, Ben saw", part="pairs"), 944, 6)
    text, tiles = page.get_by_label("Text", exact=True), page.locator(".llm-name-pair")
    expect(opened_part(page)).to_contain_text("Write a text with two of these names: Sam, Anna, ")
    text.fill("Ben saw Lily. Ben said to")
    expect(tiles.filter(has_text=re.compile(r"\w"))).to_have_count(72)
    expect(page.get_by_role("button", name=re.compile("^Ben and Lily: "))).to_have_attribute("aria-pressed", "true")
    text.fill(f"Tom and {'very ' * 30}{BALL}")  # three of them, though Tom is not read
    expect(opened_part(page)).to_contain_text("Write a text with two of these names")
    expect(tiles).to_have_count(0)


def test_who_answers_before_all_pairs_are_read_sees_those_that_were_asked_for(watched: Watched, site: Path) -> None:
    """The map is drawn anew with each step: what was still to be read for the one before is not written into it."""
    page = asked(watched, site, part="layer-3", small=True)
    guesses_in(turned_to(page, 4)).first.evaluate(
        """async (button) => {
            while (!document.querySelector(".llm-name-pair:not(:empty)")) await new Promise(requestAnimationFrame);
            button.click();
        }"""
    )
    expect(page.locator(".llm-name-pair").filter(has_text=re.compile(r"\w"))).to_have_count(len(PAIRS))
    for look, count in zip(("orange", "green", "neither"), expect_outcomes(page, "head-3-2"), strict=True):
        expect(page.locator(f".llm-name-pair.llm-{look}")).to_have_count(count)

"""The widgets of chapter 18: what they compute in the page against Python, and what they say."""

import random
import re
from collections import Counter
from dataclasses import asdict
from typing import Any

import pytest
from playwright.sync_api import expect

from llm_course.corpus.errands import Errand, Shop, call
from llm_course.widgets import AgentStepper, Timeline
from llm_course.widgets.agent_stepper import SCRIPTS
from llm_course.widgets.timeline import in_words
from llm_course.widgets.timeline.milestones import MILESTONES
from solutions.frontier import fit_messages, run_tools

from .conftest import ROOT, Watched, in_page, opened

LOOP, TIME = "agent_stepper/tool_loop", "timeline/milestones"
PRICES = {"ball": 47, "kite": 85, "drum": 316}
REPLIES = {name: replies for name, (_, replies) in SCRIPTS.items()}
MORE_SCRIPTS = {
    "plain at once": ["Good morning.", REPLIES["all goes well"][0]],
    "object without a tool": ['{"sum": 3}', "never read"],
    "arguments": [
        '{"tool": "price"}', '{"tool": "price", "arguments": ["ball"]}', '{"tool": "add", "arguments": {"a": 1}}',
        '{"tool": ["price"], "arguments": {}}', '  {"tool": "price", "arguments": {"of": "cloud"}}', "[1]",
    ],
}  # fmt: skip


def as_told(messages: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Roles and contents; an error in one word, for JavaScript and Python say it differently."""
    return [
        (one["role"], "error" if one["role"] == "tool" and one["content"].startswith("error") else one["content"])
        for one in messages
    ]


@pytest.mark.parametrize("steps", [0, 2, 8])
@pytest.mark.parametrize("script", [*REPLIES, *MORE_SCRIPTS])
def test_the_loop_equals_the_reference(script: str, steps: int) -> None:
    replies = (REPLIES | MORE_SCRIPTS)[script]
    tools = Shop(Errand((), PRICES, frozenset({"drum"}))).tools
    code = "page.runTools(input[0], page.shopTools(input[1], ['drum']), input[2]).messages"
    assert as_told(in_page(LOOP, code, [replies, PRICES, steps])) == as_told(run_tools(replies, tools, steps))


def test_each_script_that_ends_answers_what_its_user_asks() -> None:
    for name, (task, replies) in SCRIPTS.items():
        tools = Shop(Errand((), PRICES, frozenset({"drum"}))).tools
        last = run_tools(replies, tools, len(replies))[-1]
        asked = [price for thing, price in PRICES.items() if f" a {thing}" in task]
        assert len(asked) == 2
        assert (last["content"] == f"{sum(asked)} cents.") == (name != "round and round")


@pytest.mark.parametrize(
    "pair", [(1, 2), (1.5, -2), ("1", "2"), ("", "kite"), (True, 2), (True, True), ("1", 2), (None, 1), ("1", None)]
)
def test_numbers_and_texts_are_added_as_in_the_chapters_shop(pair: tuple[Any, Any]) -> None:
    request = [call("add", a=pair[0], b=pair[1])]
    found = in_page(LOOP, "page.runTools(input, page.shopTools({}, []), 8).messages", request)
    assert as_told(found) == as_told(run_tools(request, Shop(Errand((), {})).tools, 8))


WITHIN = """page.runTools(input.replies, page.shopTools(input.prices, ["drum"]), 8, true,
  (reply, said) => page.replyWithin(reply, [{ role: "user", content: input.task }, ...said], input.budget))"""


@pytest.mark.parametrize(
    ("script", "budget", "end"),
    [
        ("all goes well", 80, ["answer", "132 cents."]),  # all is read
        ("all goes well", 35, ["answer", "132 cents."]),  # both prices still are
        ("all goes well", 28, ["answer", "85 cents."]),  # of the prices one
        ("all goes well", 20, ["answer", "47 cents."]),  # the task was gone at once
        ("all goes well", 10, ["budget", "47"]),
        ("a shop that is busy", 45, ["answer", "316 cents."]),
        ("round and round", 20, ["limit", "47"]),
    ],
)
def test_what_the_model_says_follows_from_what_it_still_reads(script: str, budget: int, end: list[str]) -> None:
    task, replies = SCRIPTS[script]
    found = in_page(LOOP, WITHIN, {"task": task, "replies": replies, "prices": PRICES, "budget": budget})
    assert [found["ended"], found["messages"][-1]["content"]] == end


def test_a_model_that_reads_no_result_asks() -> None:
    history = [
        {"role": "user", "content": "x" * 400},
        {"role": "assistant", "content": "{"},
        {"role": "tool", "content": "error"},
    ]
    assert in_page(LOOP, "page.replyWithin('132 cents.', input, 20)", history) == "What shall I do?"


def test_what_stays_of_a_history_equals_the_reference() -> None:
    draw = random.Random(0)
    asked = []
    for _ in range(300):
        roles = draw.choices(("system", "user", "assistant", "tool"), (1, 2, 4, 4), k=draw.randrange(9))
        asked.append([[{"role": role, "content": "x" * draw.randrange(40)} for role in roles], draw.randrange(60)])
    found = in_page(LOOP, "input.map((one) => page.fitMessages(...one, page.roughTokens))", asked)
    refused = 0
    for (messages, budget), stays in zip(asked, found, strict=True):
        try:
            expected = fit_messages(messages, budget, lambda one: 1 + -(-len(one["content"]) // 4))
        except ValueError:
            assert stays is None
            refused += 1
            continue
        assert [one for one, kept in zip(messages, stays, strict=True) if kept] == expected
    assert 30 < refused < 200


def test_places_and_counts_of_the_timeline_equal_pythons() -> None:
    each = "input.map(({ month, total }) => [page.yearOf(month), page.inWords(total)])"
    found, counts = in_page(TIME, f"[{each}, page.disclosedByYear(input)]", list(map(asdict, MILESTONES)))
    months = [(int(one.month[:4]), int(one.month[5:])) for one in MILESTONES]
    assert [year for year, _ in found] == pytest.approx([year + (month - 0.5) / 12 for year, month in months])
    every, told = Counter(year for year, _ in months), Counter(int(one.month[:4]) for one in MILESTONES if one.total)
    assert counts == [[year, told[year], every[year]] for year in every]
    assert [name for _, name in found] == [in_words(one.total) for one in MILESTONES]


def test_the_chapter_s_table_has_the_same_rows_and_each_its_source() -> None:
    chapter = (ROOT / "chapters" / "18_frontier" / "further.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| (\d{4})\u2011(\d\d) \|(.*)\|$", chapter, flags=re.MULTILINE)
    months = [f"{year}-{month}" for year, month, _ in found]
    assert months == [one.month for one in MILESTONES] == sorted(one.month for one in MILESTONES)
    references = (ROOT / "references.bib").read_text(encoding="utf-8")
    for (_, _, rest), one in zip(found, MILESTONES, strict=True):
        active = "" if one.active == one.total else f", {in_words(one.active)} active"
        size = f"{in_words(one.total)}{active}; {'open' if one.open_weights else 'closed'}"
        told = [f"{one.name}, {one.organization}", size, one.advance]
        assert [cell.strip() for cell in rest.split("|")] == [*told, f"{{cite:t}}`{one.source}`"]
        assert f"{{{one.source}," in references


def test_the_last_closed_model_that_tells_its_size_is_the_one_the_chapter_names() -> None:
    assert [one.name for one in MILESTONES if not one.open_weights and one.total][-1] == "PaLM"


def test_heights_are_linear_or_logarithmic() -> None:
    heights = "[0.1, 10, 1000].map((size) => page.heightOf(size, { smallest: 0.1, largest: 1000 }, input))"
    assert in_page(TIME, heights, "linear") == pytest.approx([0.0001, 0.01, 1])
    assert in_page(TIME, heights, "log") == pytest.approx([0, 0.5, 1])


def test_pictures_say_it_without_scripts() -> None:
    picture = Timeline().picture()
    assert picture.count("not disclosed") == 2 * sum(one.total is None for one in MILESTONES) > 0
    assert "46.7 B" in picture and "1.6 T" in picture and "117 M" in picture
    assert "132 cents." in AgentStepper().picture()


def test_the_timeline_hides_nothing_undisclosed(watched: Watched, address: str) -> None:
    page = opened(watched, address, "timeline")
    said = page.get_by_role("status")
    expect(said).to_contain_text(f"of the {len(MILESTONES)} models shown have a published size")
    hollow = page.locator("svg[role=img] circle.llm-undisclosed")
    assert hollow.count() == sum(one.total is None for one in MILESTONES)
    page.get_by_label("Weights", exact=True).select_option("open")
    expect(hollow).to_have_count(0)
    page.get_by_label("Model", exact=True).select_option(label="Mixtral 8x7B")
    expect(said).to_contain_text("46.7 B parameters, 12.9 B active for a token: one in 3.6; open weights")
    names = page.locator("text.llm-name")
    expect(names.filter(has_text="Mixtral 8x7B")).to_be_visible()
    page.get_by_label("Weights", exact=True).select_option("all")
    page.get_by_role("button", name="Claude 3 (").click()
    expect(page.get_by_label("Model", exact=True).locator("option:checked")).not_to_have_text("Mixtral 8x7B")


def test_a_mark_tells_name_date_and_size_when_it_is_pointed_at_or_focused(watched: Watched, address: str) -> None:
    page = opened(watched, address, "timeline")
    buttons = page.locator(".llm-targets button")
    expect(buttons).to_have_count(len(MILESTONES))
    tips = page.locator(".llm-tip:visible")
    expect(tips).to_have_count(0)
    page.get_by_role("button", name="Mixtral 8x7B").hover()
    expect(tips).to_have_text("Mixtral 8x7BMistral AI, 2023-1246.7 B parameters, 12.9 B active for a token: one in 3.6")
    for name in ("GPT-1", "Claude Opus 5.5"):  # at either end
        page.get_by_role("button", name=f"{name} (").hover(force=True)
        expect(tips).to_contain_text(name)
    page.mouse.move(1, 1)
    page.get_by_label("Model", exact=True).press("Tab")  # one stop for all marks
    expect(buttons.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tips).to_contain_text(f"{MILESTONES[1].name}{MILESTONES[1].organization}, {MILESTONES[1].month}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"{MILESTONES[1].name} (")
    expect(buttons.nth(1)).to_be_focused()


def test_the_timeline_says_how_far_models_fall(watched: Watched, address: str) -> None:
    page = opened(watched, address, "timeline")
    said = page.get_by_role("status")
    page.get_by_label("Size", exact=True).select_option("active")
    shares = {one.name: one.total / one.active for one in MILESTONES if one.total and one.active != one.total}  # type: ignore[operator]
    expect(said).to_contain_text(f"{len(shares)} fall, by a factor of 3.6 (Mixtral 8x7B) to")
    expect(said).to_contain_text(f"to {max(shares.values()):.2g} ({max(shares, key=lambda name: shares[name])}).")
    page.get_by_label("Weights", exact=True).select_option("closed")
    expect(said).to_contain_text("One falls, by a factor of 12 (GLaM).")


UNCALLED = {
    "cut": '{"tool": "price", "arguments": {"of": "ki',
    "unknown": '{"tool": "look_up", "arguments": {"thing": "ball"}}',
    "wrong argument": '{"tool": "price", "arguments": {"thing": "ball"}}',
}


def test_only_a_tool_that_was_called_answers() -> None:
    called = ["ball", "cloud", "drum"]  # a price, none, and busy
    replies = [*UNCALLED.values(), *(call("price", of=thing) for thing in called)]
    found = in_page(LOOP, "page.runTools(input, page.shopTools({ ball: 1 }, ['drum']), 8).messages", replies)
    told = [one.get("uncalled", False) for one in found if one["role"] == "tool"]
    assert told == [True] * len(UNCALLED) + [False] * len(called)

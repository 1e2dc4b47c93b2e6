"""The attention explorer in Chromium: what a reader edits, picks and points at, and the course model's own heads."""

import re
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

from llm_course import widgets
from tests.widgets.conftest import Watched, opened, page_html
from tests.widgets.stories_by_torch import streams, token_ids


def attention_row(page: Page, row: int) -> list[float]:
    """A row of the table of weights."""
    table = page.locator("table", has_text="Weights").last
    cells = table.locator("tbody tr").nth(row).locator("td").all_inner_texts()
    return [float(cell) for cell in cells]


def test_attention_explorer_answers_to_edits_presets_and_switches(watched: Watched, address: str) -> None:
    page = opened(watched, address, "attention_explorer")
    assert attention_row(page, 2) == [0.05, 0.81, 0.05, 0.1]
    for token, number in (("cat", 1), ("sat", 2), ("down", 1), ("down", 2)):
        page.get_by_label(f"key of {token}, number {number}").fill("0")
    assert attention_row(page, 2) == [0.25] * 4
    page.get_by_role("button", name="As it was").click()
    assert attention_row(page, 2) == [0.05, 0.81, 0.05, 0.1]
    page.get_by_role("button", name="All keys alike").click()
    assert attention_row(page, 3) == [0.25] * 4
    expect(page.get_by_role("status")).to_contain_text("tokens alike (0.")
    page.get_by_role("button", name="As it was").click()
    page.get_by_label("Causal mask").check()
    assert attention_row(page, 0) == [1, 0, 0, 0]
    before = attention_row(page, 3)
    page.get_by_label("Divide scores").uncheck()
    assert max(attention_row(page, 3)) > max(before)
    page.get_by_role("button", name="One query ten times as large").click()
    assert max(attention_row(page, 3)) == 1
    assert page.get_by_label("query of down, number 2").input_value() == "20"


def read_sentence(page: Page) -> None:
    page.get_by_label("Vectors", exact=True).select_option(label="A sentence of yours")
    expect(page.get_by_role("group", name="Heads")).to_be_visible()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_attention_explorer_reads_a_sentence_with_the_course_model(
    watched: Watched, address: str, site: Path, scheme: str
) -> None:
    page = opened(watched, address if scheme == "http" else site.as_uri(), "attention_explorer")
    read_sentence(page)
    page.get_by_label("Your sentence").fill("The cat sat.")
    expect(page.get_by_label("Your sentence")).to_be_focused()
    page.get_by_role("button", name="Layer 3, head 4").click()
    expected = streams(token_ids("The cat sat."))["weights"][2][3].round(decimals=2)
    assert attention_row(page, 3) == pytest.approx(expected[3].tolist(), abs=0.011)


def test_the_view_of_the_attention_explorer_is_in_its_address(watched: Watched, address: str) -> None:
    page = opened(watched, address, "attention_explorer")
    page.get_by_label("Queries Q").get_by_role("spinbutton").first.fill("3")
    page.get_by_label("Vectors").select_option("Random vectors")
    page.get_by_label("Width d").select_option("16")
    page.wait_for_url("**width=16*")
    page.reload()
    expect(page.get_by_label("Width d")).to_have_value("16")
    page.get_by_label("Vectors").select_option("A small example")
    expect(page.get_by_label("Queries Q").get_by_role("spinbutton").first).to_have_value("3")


def test_a_weight_marks_the_rows_that_meet_in_it(watched: Watched, address: str) -> None:
    page = opened(watched, address, "attention_explorer")
    weights = page.get_by_label("Weights: each row sums to 1")
    meeting = page.locator("tr.llm-meets")
    expect(meeting).to_have_count(1)  # the picked query
    weights.locator("tbody tr").nth(2).locator("td").nth(1).hover()
    expect(meeting).to_have_count(3)
    places = meeting.evaluate_all("rows => rows.map(row => [...row.parentNode.children].indexOf(row))")
    assert places == [2, 1, 1]
    page.get_by_text("Attention explorer", exact=True).hover()
    expect(meeting).to_have_count(1)


def test_all_heads_say_where_they_look(watched: Watched, address: str) -> None:
    page = opened(watched, address, "attention_explorer")
    read_sentence(page)
    heads = page.get_by_role("group", name="Heads").get_by_role("button")
    words = heads.locator("> span").all_text_contents()
    assert all(re.fullmatch(r".+ \d+%|few tokens|many tokens", word) for word in words)
    assert {"few tokens", "many tokens"} < set(words)
    named = next(word for word in words if word.endswith("%"))
    assert all(int(word.split()[-1][:-1]) >= 30 for word in words if word.endswith("%"))
    heads.nth(words.index(named)).click()
    expect(page.locator(".llm-habit")).to_contain_text(named.split()[-1][:-1])
    expect(page.locator(".llm-habit")).not_to_contain_text("no fixed place")
    heads.nth(words.index("many tokens")).click()
    expect(page.locator(".llm-habit")).to_contain_text("has no fixed place, and looks at many tokens")
    text = page.get_by_label("Your sentence")
    text.fill("One day, Anna had a red hat. Tom had a blue coin. The red hat belonged to her")
    expect(text).to_be_focused()
    text.fill("One day, Anna had a red hat. Tom had a blue coin. The red hat belonged to her friend and")
    expect(page.get_by_role("status").last).to_contain_text("of 24 tokens")


def test_given_weights_have_their_name_their_first_hint_and_say_which_of_two_tokens(
    watched: Watched, site: Path
) -> None:
    weights = torch.full((2, 2, 3, 3), 1 / 3)
    weights[1, 0, 2] = torch.tensor([0.1, 0.1, 0.8])
    told = {"label": "Two hats", "hints": {"Which hat?": {"head": 1, "picked": 0}}}
    explorer = widgets.AttentionExplorer(weights, tokens=["hat", "on", "hat"], layer=1, **told)
    (site / "hats.html").write_text(page_html(explorer), encoding="utf-8")
    watched.page.goto((site / "hats.html").as_uri())
    expect(watched.page.locator(".llm-try li.llm-current")).to_contain_text("Which hat?")
    expect(watched.page.get_by_label("Vectors", exact=True).locator("option").first).to_have_text("Two hats")
    said = watched.page.get_by_role("status").last
    expect(said).to_contain_text("listens most to the second “hat” (0.80)")
    watched.page.get_by_role("button", name="Set this up").click()
    expect(said).to_contain_text("“hat” listens to 3 tokens alike")
    watched.page.locator(".llm-heat tbody tr").nth(1).locator("td").first.click()
    expect(said).to_contain_text("“on” listens")

"""Widgets in Chromium: each does what it says."""

import math
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, expect

from llm_course.widgets import PositionDial
from tests.conftest import PATIENCE
from tests.widgets.conftest import NEVER_AT_REST, WIDGETS, Watched, opened, page_html
from tests.widgets.stories_by_torch import stories, stories_tokenizer, streams, token_id, token_ids, written_greedily


def test_shows_its_picture_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    lengths = {}
    for name in WIDGETS:
        page.goto(f"{address}/{name}-light.html")
        picture = page.locator(".llm-widget-picture")
        lengths[name] = len(picture.inner_text()) if picture.is_visible() else 0
    context.close()
    assert {name: length for name, length in lengths.items() if length <= 40} == {}


def test_the_model_is_loaded_once_a_page_and_not_before(watched: Watched, address: str, site: Path) -> None:
    twice = page_html(WIDGETS["attention_explorer"](), WIDGETS["attention_explorer"]())
    (site / "twice.html").write_text(twice, encoding="utf-8")
    loaded: list[str] = []
    watched.page.on("request", lambda request: loaded.append(request.url))
    watched.page.goto(f"{address}/twice.html")
    choices = watched.page.get_by_label("Vectors", exact=True)
    expect(choices).to_have_count(2)
    assert not any("stories.js" in url for url in loaded)
    for index in (0, 1):
        choices.nth(index).select_option(label="A sentence of yours")
        expect(watched.page.get_by_role("group", name="Heads")).to_have_count(index + 1)
    assert sum("stories.js" in url for url in loaded) == 1


def test_bpe_stepper_merges_the_readers_text(watched: Watched, address: str) -> None:
    page = opened(watched, address, "bpe_stepper")
    page.get_by_label("Text to learn from").fill("ab ab ab é")
    expect(page.get_by_role("status")).to_contain_text("11 bytes in 11 tokens")
    page.get_by_role("button", name="Merge the next pair").press("Enter")
    tokens = page.locator(".llm-tokens span")
    assert tokens.all_inner_texts()[:3] == ["ab", "␣", "ab"]
    page.get_by_role("button", name="Ten merges").click()
    expect(page.get_by_role("button", name="Ten merges")).to_be_disabled()
    assert tokens.all_inner_texts() == ["ab", "␣ab", "␣ab", "␣", "⟨C3⟩", "⟨A9⟩"]


def test_next_token_bars_agree_with_torch_and_extend_the_text(watched: Watched, address: str) -> None:
    page = opened(watched, address, "next_token_bars")
    field = page.get_by_label("Text", exact=True)
    field.fill("The cat sat on")
    field.fill("The dog sat on the")
    shares = page.locator(".llm-chain .llm-share")
    expect(shares).to_have_count(5)
    ids = token_ids("The dog sat on the")
    logits = streams(ids)["logits"]
    probability = logits[-2].softmax(-1)[ids[-1]].item()
    assert shares.last.inner_text() == f"{100 * probability:.1f}\u00a0%"
    page.get_by_role("button", name="Add the most probable").click()
    expect(field).to_have_value("The dog sat on the" + stories_tokenizer().decode(logits[-1].argmax()))


def test_a_draw_takes_a_token_by_its_probability_and_each_row_tells_what_would_follow(
    watched: Watched, address: str
) -> None:
    page = opened(watched, address, "next_token_bars")
    prompt = "Once upon a time there was a"
    follows = written_greedily(prompt + " boy", 4)
    expect(page.get_by_role("row", name="␣boy").locator("td").last).to_have_text(f"{follows} …")
    drawn, field = set(), page.get_by_label("Text", exact=True)
    for _ in range(8):
        field.fill(prompt)
        page.get_by_role("button", name="Draw one").click()
        expect(page.get_by_text("Drawn: “")).to_be_visible()
        drawn.add(field.input_value().removeprefix(prompt))
    field.fill("")
    expect(page.get_by_text("Drawn: “")).to_have_count(0)  # of no text that stands there
    assert drawn == {" girl", " boy"}  # nearly all of the probability, and both near a half


def test_a_model_is_loaded_once_the_page_is_idle(watched: Watched, address: str) -> None:
    watched.page.add_init_script("globalThis.requestIdleCallback = (call) => { globalThis.idle = call; };")
    page = opened(watched, address, "next_token_bars")
    page.wait_for_function("'idle' in globalThis")
    assert page.locator("script[src$='stories.js']").count() == 0
    page.evaluate("idle()")
    expect(page.locator("script[src$='stories.js']")).to_have_count(1)
    expect(page.locator("[aria-busy]")).to_have_count(0)


def test_the_bars_stand_before_the_model_is_loaded_and_a_press_loads_it(watched: Watched, address: str) -> None:
    watched.page.add_init_script(NEVER_AT_REST)
    page = opened(watched, address, "next_token_bars")
    expect(page.get_by_role("status")).to_contain_text("A draw takes")
    rows = page.locator(".llm-widget tbody tr")
    told = "rows => rows.map((row) => [...row.children].slice(0, 2).map((cell) => cell.innerText).join())"
    before = rows.evaluate_all(told), page.locator(".llm-widget li").all_inner_texts()
    assert page.locator("script[src$='stories.js']").count() == 0
    page.locator(".llm-widget tbody button").first.evaluate("button => button.focus()")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text", exact=True)).to_have_value("Once upon a time there was a girl")
    expect(page.locator(".llm-chain li")).to_have_count(8)
    page.get_by_label("Text", exact=True).fill("Once upon a time there was a")
    expect(page.locator(".llm-chain li")).to_have_count(7)
    assert (rows.evaluate_all(told), page.locator(".llm-widget li").all_inner_texts()) == before


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_widget_far_down_is_loaded_when_it_comes_near(
    watched: Watched, address: str, site: Path, scheme: str
) -> None:
    page = watched.page
    page.goto(f"{address if scheme == 'http' else site.as_uri()}/beside.html")
    page.wait_for_timeout(300)
    beside = page.locator("script[src*='pages/beside'], script[src*='norm_lab']")
    expect(beside).to_have_count(0)
    page.locator(".llm-widget-place").scroll_into_view_if_needed()
    expect(page.locator(".llm-widget")).to_be_visible()
    expect(page.locator(".llm-widget-picture")).to_be_hidden()
    expect(beside).to_have_count(2)
    assert page.locator(".llm-widget").evaluate("widget => getComputedStyle(widget).borderRadius") != "0px"


def test_an_address_asks_for_a_view_of_a_widget_far_down(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/beside.html?norm_lab.shift=1")
    expect(page.locator(".llm-widget")).to_be_in_viewport()


def test_the_picture_stands_until_the_model_is_there(watched: Watched, address: str) -> None:
    page = watched.page
    page.add_init_script(NEVER_AT_REST)
    page.goto(f"{address}/sampling_playground-light.html")
    expect(page.locator(".llm-empty")).to_have_count(1)
    expect(page.locator(".llm-widget-picture")).to_be_visible()
    expect(page.get_by_text("Loading the course model")).to_be_hidden()
    page.mouse.move(300, 300)
    expect(page.locator(".llm-widget")).to_be_visible()
    expect(page.locator(".llm-widget-picture")).to_be_hidden()


def test_a_model_is_loaded_where_a_browser_does_not_say_when_it_is_idle(watched: Watched, address: str) -> None:
    watched.page.add_init_script("delete globalThis.requestIdleCallback;")
    page = opened(watched, address, "next_token_bars")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.get_by_role("row", name="␣boy")).to_contain_text("…")  # what follows is the model's


def test_norm_lab_shows_what_a_shift_and_a_typed_number_do(watched: Watched, address: str) -> None:
    page = opened(watched, address, "norm_lab")
    rows = page.locator(".llm-columns-of-numbers tbody tr")
    before = rows.all_inner_texts()
    page.get_by_label("Then add").fill("2")
    assert [was == now for was, now in zip(before, rows.all_inner_texts(), strict=True)] == [False, True, False]
    page.wait_for_timeout(800)  # longer than a gesture
    page.get_by_label("Then add").fill("0")
    assert [row.locator(".llm-stood").count() for row in rows.all()] == [6, 0, 6]
    cells = rows.first.locator("td")
    page.get_by_label("input x, number 2").fill("4")
    expect(cells.nth(1)).to_have_text("4.00")
    page.get_by_label("Multiply by").fill("-3")
    expect(cells.first).to_have_text("2.0e−3")
    page.get_by_label("Multiply by").fill("-7")
    expect(page.locator(".llm-field").filter(has_text="Multiply by")).to_contain_text("1e−7")
    page.get_by_text("The size of the output at every factor").click()
    expect(page.get_by_role("img", name="RMS of the output")).to_be_visible()


def test_parameter_budget_counts_a_mixture(watched: Watched, address: str) -> None:
    page = opened(watched, address, "parameter_budget")
    said = page.get_by_role("status")
    expect(said).to_have_text("6.74 billion parameters, 64.2 % of them in feed-forward networks.")
    page.get_by_label("Start from").select_option("Mixtral 8x7B")
    expect(said).to_contain_text("46.70 billion parameters, 96.6 %")
    expect(said).to_contain_text("A token uses 12.88 billion, 27.6 %")
    page.get_by_label("Experts in a layer").fill("1")
    expect(said).to_have_text("7.24 billion parameters, 77.8 % of them in feed-forward networks.")
    page.get_by_label("Vocabulary", exact=True).fill("128000")
    expect(page.get_by_role("row", name="embeddings")).to_contain_text("2 · 128000 × 4096")


def test_compute_optimal_moves_to_smaller_models_when_they_are_used(watched: Watched, address: str) -> None:
    page = opened(watched, address, "compute_optimal")
    said, start = page.get_by_role("status"), page.get_by_label("Start from")
    expect(said).to_contain_text("Chosen: 70.00 billion parameters on 1.40 trillion tokens, 20 for each, loss 1.976.")
    start.select_option("Llama 3 8B")
    expect(said).to_contain_text("8.00 billion parameters on 15.00 trillion tokens, 1,875 for each, loss 2.024.")
    lowest = page.get_by_role("row", name="parameters").locator("td").nth(1)
    for served, best in (
        ("none", "81.28 billion"),
        ("100.00 trillion", "8.91 billion"),
        ("200.00 trillion", "7.94 billion"),
    ):
        page.get_by_label("Tokens served in its life").select_option(served)
        expect(lowest).to_have_text(best)
    expect(said).to_contain_text("above it for as much compute over a life.")
    expect(start).to_have_value("Llama 3 8B")


@pytest.mark.parametrize("kind", ["rope", "sinusoid"])
def test_position_dial_product_depends_on_the_distance_only(watched: Watched, address: str, kind: str) -> None:
    page = opened(watched, address, "position_dial")
    page.get_by_label("Encoding").select_option(kind)
    said = page.get_by_role("status")
    product = said.inner_text().split("product ")[1]
    page.get_by_label("Both moved on by").fill("700")
    expect(said).to_contain_text("Query at 60 + 700 = 760, key at 24 + 700 = 724")
    assert said.inner_text().split("product ")[1] == product
    page.get_by_label("Key at", exact=True).fill("9")
    assert said.inner_text().split("product ")[1] != product


def test_position_dial_shows_where_vectors_point_after_their_turn(watched: Watched, address: str, site: Path) -> None:
    """The key's hands start ahead by what they turn in eight positions: at distance 8 both lie on each other."""
    speeds = [10000 ** (-number / 3) for number in range(3)]
    key = [*(math.cos(8 * speed) for speed in speeds), *(math.sin(8 * speed) for speed in speeds)]
    dial = PositionDial([1.0] * 3 + [0.0] * 3, key)
    (site / "ahead.html").write_text(page_html(dial), encoding="utf-8")
    watched.page.goto(f"{address}/ahead.html")
    dials = watched.page.locator(".llm-dials figcaption")
    expect(dials).to_have_count(3)
    expect(watched.page.get_by_role("group", name="What to try")).to_contain_text("not largest at distance 0")
    watched.page.get_by_role("slider", name="Query at").fill("32")
    for angles in dials.all_inner_texts():
        query, key_angle = angles.split(", ")
        assert query == key_angle
    expect(watched.page.get_by_role("status")).to_contain_text("3.000")


def test_lora_lab_counts_parameters_and_draws_what_a_rank_holds(watched: Watched, address: str) -> None:
    page = opened(watched, address, "lora_lab")

    def strengths(name: str) -> list[float]:
        cells = page.get_by_role("img", name=name).locator("rect")
        return [float(opacity) for opacity in cells.evaluate_all("all => all.map(c => c.getAttribute('fill-opacity'))")]

    missed = strengths("What is missed: ")
    page.get_by_role("button", name="r = 64").click()
    expect(page.get_by_label("Rank r")).to_have_value("64")
    expect(page.get_by_role("button", name="r = 64")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status")).to_contain_text("= 16,384 numbers, 100.0 %")
    assert len(missed) == 256 and sum(strengths("What is missed: ")) < sum(missed) / 2
    page.get_by_label("Rank r").fill("128")
    assert max(strengths("What is missed: ")) < 0.01
    assert strengths("B · A of rank 128") == strengths("The change")
    page.get_by_label("Matrix", exact=True).select_option(label="Random numbers")
    expect(page.get_by_role("img", name="Random numbers: 16 × 16 of it")).to_be_visible()


def test_neighbours_map_finds_near_rows_and_says_where_random_ones_come_as_near(watched: Watched, address: str) -> None:
    page = opened(watched, address, "neighbours_map")
    word, said = page.get_by_label("Word", exact=True), page.get_by_role("status")
    word.select_option(label="three")
    table = stories().get_input_embeddings().weight.detach()
    similarities = torch.cosine_similarity(table, table[token_id(" three")], dim=1)
    expected = [stories_tokenizer().decode([index]).strip() for index in similarities.topk(4).indices[1:].tolist()]
    expect(said).to_contain_text(f"Nearest to “three”: “{expected[0]}”")
    nearest = page.locator(".llm-widget tbody th").all_inner_texts()
    assert [name.replace("␣", "").strip() for name in nearest[:3]] == expected
    for name, is_clear in (("cat", True), ("hot", False)):
        word.select_option(label=name)
        expect(said).to_contain_text(f"Nearest to “{name}”")
        assert ("Random rows" in said.inner_text()) is not is_clear
    random = torch.nn.functional.normalize(torch.randn(table.shape, generator=torch.Generator().manual_seed(0)), dim=1)
    best = (random[:100] @ random.T).topk(2, dim=1).values[:, 1].mean().item()
    written = page.get_by_text("random rows:").inner_text()
    assert float(written.split(": ")[1]) == pytest.approx(best, abs=0.02)


def test_token_cost_prices_and_counts_own_text(watched: Watched, address: str) -> None:
    page = opened(watched, address, "token_cost")
    page.get_by_label("Dollars").fill("2")
    expect(page.get_by_role("row", name="Burmese")).to_contain_text("$134")
    expect(page.get_by_role("row", name="Greek").get_by_role("cell").nth(2)).to_have_text("90")
    page.get_by_label("Tokenizer", exact=True).select_option(index=0)
    expect(page.get_by_role("row", name="Burmese")).to_contain_text("357")
    expect(page.get_by_text("Burmese pays most: 357 tokens")).to_be_visible()
    expect(page.get_by_role("row", name="Burmese").get_by_role("cell").nth(2)).to_have_text("67")
    page.get_by_label("Your own text").fill("The cat é")
    tokens = len(stories_tokenizer()("The cat é")["input_ids"])
    expect(page.get_by_role("status")).to_contain_text(f"9 characters, 10 bytes, {tokens} tokens")
    pieces = page.locator(".llm-tokens span").all_inner_texts()
    assert (len(pieces), pieces[0], pieces[-1]) == (tokens, "The", "⟨A9⟩")

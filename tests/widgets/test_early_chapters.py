"""What widgets of the first eight chapters tell beside their numbers: scales, limits, and what is cut."""

import re

from playwright.sync_api import expect

from llm_course import models
from tests.widgets.conftest import Watched, opened, typed


def test_a_sentence_has_its_characters_and_no_price_below_zero(watched: Watched, address: str) -> None:
    page = opened(watched, address, "token_cost")
    row = page.get_by_role("row", name="Korean")
    expect(row.get_by_role("cell").first).to_have_text("39")  # fewer than the 63 of English, in more tokens
    page.get_by_label("Dollars").fill("-3")
    expect(row.get_by_role("cell").last).to_have_text("$0")
    opener = row.get_by_role("button")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")


def test_a_norm_says_what_it_divides_by(watched: Watched, address: str) -> None:
    page = opened(watched, address, "norm_lab")
    values = [float(field.input_value()) for field in page.locator("input[type=number]").all()]
    mean = sum(values) / len(values)
    deviation = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
    size = (sum(value**2 for value in values) / len(values)) ** 0.5
    expect(page.get_by_role("rowheader", name="LayerNorm")).to_contain_text(f"divides by {deviation:.2f}")
    expect(page.get_by_role("rowheader", name="RMSNorm")).to_contain_text(f"divides by {size:.2f}")


def test_a_text_longer_than_the_context_is_said_to_be_cut(watched: Watched, address: str) -> None:
    page = opened(watched, address, "next_token_bars")
    said, text = page.get_by_role("status"), page.get_by_label("Text", exact=True)
    text.fill("the dog ran. " * 80)
    context = models.load("stories").model.config.max_position_embeddings
    expect(said).to_contain_text(f"Only the first {context - 2} tokens of the text are read")
    text.fill("Once upon a there time was a")
    expect(said).not_to_contain_text("Only the first")
    expect(page.locator(".llm-chain li", has_text="␣there")).to_have_text(re.compile(r"␣there\s*1 in [\d,]+"))


def test_a_token_has_no_more_experts_than_a_layer(watched: Watched, address: str) -> None:
    page = opened(watched, address, "parameter_budget")
    page.get_by_label("Start from").select_option("Mixtral 8x7B")
    page.get_by_label("Experts in a layer").fill("1")
    expect(page.get_by_label("Experts for a token")).to_have_value("1")


def test_a_model_that_is_set_up_is_compared_with_the_one_it_was_made_from(watched: Watched, address: str) -> None:
    page = opened(watched, address, "parameter_budget")
    titles = page.locator(".llm-stack figcaption")
    page.locator(".llm-try").get_by_role("button", name="Set this up").click()
    expect(page.get_by_label("head tied")).not_to_be_checked()
    expect(titles).to_have_text(["This model: 1.50 billion parameters", "Llama-3.2-1B: 1.24 billion parameters"])
    for change in ("share a key head", "without its gate"):
        page.get_by_role("button", name="of what to try").click()
        expect(page.locator(".llm-try")).to_contain_text(change)
        expect(titles.last).to_have_text("Llama-2-7B: 6.74 billion parameters")
    expect(page.get_by_label("Query heads per key head")).to_have_value("1")
    expect(page.get_by_label("with a gate")).not_to_be_checked()


def test_the_lowest_point_lies_where_the_law_has_it_beyond_the_sizes_to_choose(watched: Watched, address: str) -> None:
    page = opened(watched, address, "compute_optimal")
    typed(page, "Budget in FLOPs", "1e28")
    expect(page.get_by_role("row", name="parameters")).to_contain_text("10.72 trillion")
    typed(page, "Parameters", "1e6")
    expect(page.get_by_role("status")).to_contain_text("too far for the chart")


def test_a_neighbor_leads_to_its_own_neighbors(watched: Watched, address: str) -> None:
    page = opened(watched, address, "neighbours_map")
    page.get_by_label("Word", exact=True).select_option(label="cat")
    page.get_by_role("button", name="␣turtle").click()
    expect(page.get_by_role("status")).to_contain_text("Nearest to “turtle”: “hen”")
    expect(page.get_by_label("Word", exact=True).locator("option:checked")).to_have_text("turtle (not on the map)")
    expect(page.get_by_text("The word itself is not on the map")).to_be_visible()
    page.get_by_role("button", name="␣dog", exact=True).click()
    expect(page.get_by_label("Word", exact=True).locator("option:checked")).to_have_text("dog")


def test_a_typed_word_has_neighbors_where_it_is_one_token(watched: Watched, address: str) -> None:
    page = opened(watched, address, "neighbours_map")
    typed, said = page.get_by_label("Or type any word"), page.get_by_role("status")
    typed.fill("turtle")
    expect(said).to_contain_text("Nearest to “turtle”: “hen”")
    expect(page.locator(".llm-ring-of.llm-near").first).to_be_visible()
    typed.fill("elephantine")
    ids = models.load("stories").tokenizer(" elephantine")["input_ids"]
    expect(said).to_contain_text(f"“elephantine” is {len(ids)} tokens")
    chosen = page.get_by_label("Word", exact=True).locator("option:checked")
    expect(chosen).to_have_text("elephantine (no row)")
    expect(page.get_by_text("Nearest to “turtle”, of all")).to_be_hidden()
    expect(page.locator(".llm-ring-of")).to_have_count(0)
    page.get_by_label("Word", exact=True).focus()  # who types keeps what was typed
    page.get_by_label("Word", exact=True).select_option(label="dog")
    expect(page.get_by_text("Nearest to “dog”, of all")).to_be_visible()
    expect(chosen).to_have_text("dog")
    expect(page.get_by_text("(no row)")).to_have_count(0)
    expect(typed).to_have_value("")
    offered = page.locator("datalist option").evaluate_all("all => all.map(({ value }) => value)")
    assert "turtle" in offered and "elephantine" not in offered

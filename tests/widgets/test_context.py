"""The widgets of chapter 10: costs, haystacks and other frequencies in the page, against torch and the references."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaForCausalLM

from llm_course import models
from llm_course.widgets import ContextCost, NeedleExplorer
from solutions.context import kv_cache_bytes, yarn_frequencies

from .conftest import Watched, opened, recall_of_needles, run_node
from .test_parity import READ_MODEL, stories_as_exported

FACTOR = 1.14


@pytest.fixture
def stretched() -> Iterator[tuple[LlamaForCausalLM, Tensor]]:
    """`stories` in torch with the weights of the browser's file and YaRN's frequencies, and these."""
    model = stories_as_exported()
    assert isinstance(model, LlamaForCausalLM)
    frequencies = yarn_frequencies(32, 10000.0, 4.0, original_length=160, slow=0.5, fast=4.0)
    model.model.rotary_emb.inv_freq, model.model.rotary_emb.attention_scaling = frequencies, FACTOR
    yield model, frequencies


def test_logits_with_other_frequencies_equal_torch(stretched: tuple[LlamaForCausalLM, Tensor]) -> None:
    model, frequencies = stretched
    ids = torch.randint(5, model.config.vocab_size, (300,), generator=torch.Generator().manual_seed(1))
    script = READ_MODEL + (
        'import { Decoder } from "./llm_course/widgets/models/decoder.ts";\n'
        "const [ids, rope_frequencies, attention_factor] = input;\n"
        "const config = { ...model.config, rope_frequencies, attention_factor, context_length: ids.length };\n"
        "const decoder = new Decoder(config, model.tensors);\n"
        "reply(Array.from(decoder.read(decoder.newCache(), ids)));"
    )
    logits = run_node(script, [ids.tolist(), frequencies.tolist(), FACTOR])
    with torch.no_grad():
        expected = model(ids[None]).logits[0, -1]
    np.testing.assert_allclose(logits, expected.numpy(), atol=2e-4, rtol=0)


def test_costs_are_those_that_references_and_torch_count() -> None:
    """Bytes as the exercise counts them, operations as torch counts those of `stories`, dollars by hand."""
    script = (
        "import { cacheBytes, cachedByHeads, crossing, dollars, readingOperations }"
        ' from "./llm_course/widgets/context_cost/context.ts";\n'
        "const shape = { layers: 4, heads: 4, cached: cachedByHeads(2, 32), scored: 2 * 4 * 32, parameters: 884736 };\n"
        "const prices = { input: 4, write: 5, read: 0.2, output: 20 };\n"
        "const read = (length) => readingOperations(shape, length);\n"
        "reply([cacheBytes(shape, 300, 7, 4), read(512), read(crossing(shape)), dollars(prices, 1e6, 3, 500)]);"
    )
    found = run_node(script)
    assert isinstance(found, list)
    size, operations, at_crossing, cost = found
    assert size == kv_cache_bytes(4, 2, 32, 300, batch=7, bytes_per_value=0.5)
    model = models.load("stories", attn_implementation="eager").model
    assert model is not None
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model.model(torch.zeros(1, 512, dtype=torch.long))
    counts = counter.get_flop_counts()["Global"]
    assert operations["matrices"] == counts[torch.ops.aten.mm]
    # torch counts all pairs of a query and a key, the widget those that a causal mask allows.
    assert 2 * operations["attention"] == counts[torch.ops.aten.bmm]
    assert at_crossing["attention"] == pytest.approx(at_crossing["matrices"])
    assert cost == {"sentAgain": pytest.approx(12.03), "cached": pytest.approx(5.43)}


@pytest.mark.parametrize("length", [60, 120, 121, 640])
@pytest.mark.parametrize("depth", [0, 0.5, 1])
def test_a_haystack_asks_for_what_it_hides(length: int, depth: float) -> None:
    script = READ_MODEL + (
        'import { buildHaystack } from "./llm_course/widgets/needle_explorer/haystack.ts";\n'
        'import { randomNumbers } from "./llm_course/widgets/models/numbers.ts";\n'
        "const [words, length, depth] = input;\n"
        "const wanted = { length, depth, distractors: 2, sameNoun: true };\n"
        "const build = (seed) => buildHaystack(words, model.tokenizer, randomNumbers(seed), wanted);\n"
        "reply([1, 2, 3, 4, 5].map(build));"
    )
    made = run_node(script, [recall_of_needles().words, length, depth])
    tokenizer = models.load("stories").tokenizer
    assert isinstance(made, list)
    for hay in made:
        text = tokenizer.decode(hay["ids"])
        start, end = hay["needle"]["start"], hay["needle"]["end"]
        needle = tokenizer.decode(hay["ids"][start:end])
        assert len(hay["ids"]) == length and text.endswith(f" The {hay['thing']} belonged to")
        assert hay["thing"] in needle and needle.startswith(tokenizer.decode([hay["answer"]]))
        assert text.count(hay["thing"].split()[1]) == 4
        assert text[: text.index(needle)][-1] in ".:"
        assert abs(start / length - depth) < 0.45
        others = [tokenizer.decode(hay["ids"][other["start"] : other["end"]]) for other in hay["others"]]
        assert len(others) == 2
        assert all(re.fullmatch(r" \w+ had an? \w+ \w+\.", other) and other != needle for other in others)


def test_context_cost_pictures_published_sizes() -> None:
    picture = ContextCost().picture()
    assert "<td>2.00</td>" in picture and "<td>16.00</td>" in picture  # Llama 2 7B at 4K, Llama 3 8B at 128K


def test_needle_explorer_takes_a_learners_frequencies() -> None:
    own = yarn_frequencies(32, 10000.0, 4.0, original_length=160, slow=0.5, fast=4.0)
    shown = NeedleExplorer({"mine": (own, FACTOR)}, {"mine": [[0.25]]}, [60], [0.5], texts=4)
    assert shown.settings[0]["frequencies"] == pytest.approx(own.tolist())
    assert shown.settings[0]["factor"] == FACTOR
    assert "mine" in shown.picture() and "60 tokens" in shown.picture() and "<td>0.25</td>" in shown.picture()


def test_context_cost_follows_model_and_length(watched: Watched, address: str) -> None:
    page = opened(watched, address, "context_cost")
    expect(page.get_by_role("status")).to_contain_text("16.0 GiB; with the weights it fits into one GPU of 74.5 GiB")
    page.get_by_label("Texts at once").fill("64")
    expect(page.get_by_role("status")).to_contain_text("with the weights, that is the memory of 14 GPUs of 74.5 GiB")
    page.get_by_label("Texts at once").fill("1")
    page.get_by_label("Model", exact=True).select_option("Llama 2 7B")
    page.get_by_label("Tokens", exact=True).fill("12")
    expect(page.get_by_role("status")).to_contain_text("The cache takes 2.00 GiB")
    page.get_by_label("Numbers in the cache").select_option("4")
    expect(page.get_by_role("status")).to_contain_text("512.0 MiB")
    page.get_by_label("Questions about the text").fill("1")
    expect(page.get_by_role("group", name="1 answer of 500 tokens")).to_be_visible()


def test_prices_stand_apart_from_what_the_model_decides(watched: Watched, address: str) -> None:
    page = opened(watched, address, "context_cost")
    price = page.get_by_role("region", name="Price")
    expect(price.get_by_role("combobox")).to_have_count(1)
    before = price.locator("table").inner_text()
    page.get_by_label("Model", exact=True).select_option("Llama 2 7B")
    assert price.locator("table").inner_text() == before
    price.get_by_label("Prices").select_option("DeepSeek-V4.1-Flash, off-peak")
    expect(price.locator("table")).not_to_have_text(before)
    expect(price.locator("caption")).to_contain_text("about a text of 131,072")


def test_needle_explorer_reads_the_chosen_text(watched: Watched, address: str) -> None:
    page = opened(watched, address, "needle_explorer")
    said, found = page.get_by_role("status"), "the most probable token"
    expect(said).to_contain_text(found, timeout=60_000)
    page.get_by_role("button", name="256 tokens, at the beginning").click()
    expect(said).to_contain_text(re.compile(r"in place [\d,]+ of 1,536"), timeout=60_000)
    expect(
        page.get_by_text(re.compile(r"looks in layer 3, head 1: [\d.<\u00a0]+% on the needle")).first
    ).to_be_visible()
    named = page.locator(".llm-fitted circle.llm-point title").all_text_contents()
    assert 0 < len(named) <= 3  # what is looked at beside the needle, and stands in the text below
    shown = page.locator(".llm-weighed span").all_inner_texts()
    assert set(named) <= set(shown)
    page.get_by_role("button", name="60 tokens, at the end").press("Enter")
    expect(said).to_contain_text(found, timeout=60_000)
    before = said.inner_text()
    page.get_by_role("button", name="Another text").click()
    expect(said).not_to_have_text(before, timeout=60_000)


def test_other_children_are_seen_whole_and_a_view_is_shared(watched: Watched, address: str) -> None:
    page = opened(watched, address, "needle_explorer")
    for _ in range(2):
        page.get_by_role("button", name="of what to try").click()
    expect(page.get_by_label("Other children", exact=True)).to_have_value("4")
    page.wait_for_function("location.search.includes('needle_explorer.others=4')")
    page.reload()
    expect(page.get_by_label("Other children", exact=True)).to_have_value("4")
    expect(page.locator(".llm-weighed .llm-other-needle", has_text="had")).to_have_count(4)
    page.get_by_role("button", name="Another text").click()
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"You have read 2, [012] right\."))
    page.get_by_label("with things of the same kind").check()
    expect(page.get_by_role("status")).not_to_contain_text("You have read")
    page.wait_for_function(
        """() => {
            const words = (look) =>
                [...document.querySelectorAll(".llm-weighed " + look)].map((node) => node.innerText);
            const thing = words(".llm-needle").at(-2);
            return words(".llm-other-needle").filter((word) => word === thing).length === 4;
        }"""
    )
    page.goto(f"{address}/needle_explorer-light.html?needle_explorer.others=999&needle_explorer.row=99")
    expect(page.locator(".llm-weighed .llm-other-needle", has_text="had")).to_have_count(4)

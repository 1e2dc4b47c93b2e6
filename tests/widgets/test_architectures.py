"""The widgets of chapter 14: what they compute in the page against the references, and what they refuse."""

import math

import pytest
import torch
from playwright.sync_api import expect

from llm_course import models
from llm_course.widgets import UnmaskingStepper
from solutions.architectures import attention_pattern, corrupt_spans

from .conftest import Watched, in_page, opened, run_node

OBJECTIVES = "models/objectives"
NAMES = ("next", "masked", "prefix", "spans")
HIDDEN = [False, True, True, False, True]
UNMASKING = """
import { readSafetensors } from "./llm_course/widgets/models/course_model.ts";
import { Encoder } from "./llm_course/widgets/models/encoder.ts";
import { guesses, keep } from "./llm_course/widgets/unmasking_stepper/unmasking.ts";
const file = readFileSync("llm_course/weights/fill-mask/model.safetensors");
const tensors = readSafetensors(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
const encoder = new Encoder(input.config, tensors);
"""


@pytest.mark.parametrize("kind", ["causal", "bidirectional", "prefix", "cross"])
@pytest.mark.parametrize(("queries", "keys", "prefix"), [(4, 4, 2), (3, 6, 5), (1, 3, 0)])
def test_patterns_equal_the_references(kind: str, queries: int, keys: int, prefix: int) -> None:
    found = in_page(OBJECTIVES, "page.attentionPattern(...input)", [kind, queries, keys, prefix])
    assert found == attention_pattern(kind, queries, keys, prefix).tolist()


def test_a_window_holds_the_own_position_and_those_before_it() -> None:
    found = torch.tensor(in_page(OBJECTIVES, "page.attentionPattern('window', 6, 6, 3)"))
    everything = torch.ones(6, 6, dtype=torch.bool)
    assert torch.equal(found, everything.tril() & everything.triu(-2))


def moved(sees: torch.Tensor, changed: int, layers: int) -> list[list[bool]]:
    """Which vectors differ after another word came in: before the first layer of attention, and after each."""
    torch.manual_seed(14)
    first = torch.randn(len(sees), 8)
    second = first.clone()
    second[changed] += 1
    rows = [(first - second).norm(dim=-1) > 0]
    for _ in range(layers):
        attend = torch.nn.MultiheadAttention(8, 2)
        first, second = (x + attend(x, x, x, attn_mask=~sees)[0] for x in (first, second))
        rows.append((first - second).norm(dim=-1) > 1e-6)
    return [row.tolist() for row in rows]


@pytest.mark.parametrize("kind", ["causal", "bidirectional", "prefix", "window"])
@pytest.mark.parametrize("changed", [0, 2, 5])
def test_a_change_reaches_what_it_reaches_in_layers_of_attention(kind: str, changed: int) -> None:
    pattern = in_page(OBJECTIVES, "page.attentionPattern(input, 6, 6, 2)", kind)
    assert in_page(OBJECTIVES, "page.reached(...input)", [pattern, changed, 3]) == moved(
        torch.tensor(pattern), changed, 3
    )


@pytest.mark.parametrize("spans", [[], [(1, 3)], [(0, 1), (2, 5), (6, 7)]])
def test_spans_equal_the_references(spans: list[tuple[int, int]]) -> None:
    ids, sentinels = [11, 12, 13, 14, 15, 16, 17], [99, 98, 97, 96]
    found = in_page(OBJECTIVES, "page.corruptSpans(...input)", [ids, spans, sentinels])
    assert (found["inputs"], found["targets"]) == corrupt_spans(ids, spans, sentinels)


def test_each_objective_says_what_it_hides() -> None:
    asked = [(name, list("abcde"), HIDDEN, 3) for name in NAMES]
    following, masked, prefix, spans = in_page(OBJECTIVES, "input.map((one) => page.lesson(...one))", asked)
    assert (following["reads"], following["says"]) == (["a", "b", "c", "d"], ["b", "c", "d", "e"])
    assert (masked["reads"], masked["says"]) == (["a", "[MASK]", "[MASK]", "d", "[MASK]"], ["b", "c", "e"])
    assert (prefix["reads"], prefix["says"]) == (["a", "b", "c", "d"], ["d", "e"])
    assert (spans["reads"], spans["says"]) == (["a", "<0>", "d", "<1>"], ["<0>", "b", "c", "<1>", "e", "<2>"])


def test_a_lesson_below_its_text_is_the_lesson() -> None:
    """Column by column it reads and says the same tokens, and its columns are as wide as the text."""
    hidden = ([], [0], [1, 2, 4], [3, 4], [0, 1, 2, 3, 4])
    asked = [(name, list("abcde"), [place in some for place in range(5)], 3) for name in NAMES for some in hidden]
    found = in_page(OBJECTIVES, "input.map((one) => [page.lesson(...one), page.aligned(...one)])", asked)
    for (name, *_), (lesson, columns) in zip(asked, found, strict=True):
        assert [one["reads"] for one in columns if one["reads"] is not None] == lesson["reads"]
        assert [token for one in columns for token in one["says"]] == lesson["says"]
        assert sum(one["width"] for one in columns) == 5 + (name == "spans")


def test_what_a_lesson_sees_are_the_words_that_its_model_may_look_at() -> None:
    """Masks hide a word from all; spans show it once it is written; the next token has nothing behind it."""
    found = in_page(OBJECTIVES, "input.map((one) => page.cluesOf(...one))", [(name, HIDDEN, 3) for name in NAMES])
    assert [[(one["before"], one["after"]) for one in clues] for clues in found] == [
        [(1, 0), (2, 0), (3, 0), (4, 0)],
        [(1, 1), (1, 1), (2, 0)],
        [(3, 0), (4, 0)],
        [(1, 1), (2, 1), (4, 0)],
    ]


@pytest.mark.parametrize(
    "text", ["The capital of [MASK] is [MASK].", "[MASK]", "A bird can sing and fly. [MASK] [MASK] is blue, too."]
)
def test_logits_of_the_masked_model_equal_transformers(text: str) -> None:
    course_model = models.load("fill-mask")
    ids = course_model.tokenizer(text)["input_ids"]
    found = run_node(
        UNMASKING + "reply(encoder.logits(input.ids).map((row) => Array.from(row)));",
        {"config": UnmaskingStepper().config, "ids": ids},
    )
    with torch.no_grad():
        expected = course_model.model(torch.tensor([ids])).logits[0]
    torch.testing.assert_close(torch.tensor(found), expected, atol=1e-4, rtol=1e-4)


def unmasked(at_once: int) -> list[int]:
    """Six gaps and a full stop, filled by transformers, the surest first."""
    widget = UnmaskingStepper()
    model, ids = models.load("fill-mask").model, torch.tensor([widget.ids])
    while (hidden := ids == widget.mask).any():
        with torch.no_grad():
            logits = model(ids).logits
        logits[..., widget.special] = -torch.inf
        sure, best = logits.softmax(-1).max(-1)
        places = sure.masked_fill(~hidden, -1)[0].topk(min(at_once, int(hidden.sum()))).indices
        ids[0, places] = best[0, places]
    return ids[0].tolist()


@pytest.mark.parametrize("at_once", [1, 2, 6])
def test_gaps_are_filled_as_with_transformers(at_once: int) -> None:
    widget = UnmaskingStepper()
    script = UNMASKING + (
        "let { ids, mask, special, atOnce } = input;\n"
        "for (let found; (found = guesses(encoder.logits(ids), ids, mask, special)).length; )"
        " ids = keep(ids, found, atOnce, 'surest');\n"
        "reply(ids);"
    )
    state = {"config": widget.config, "ids": widget.ids, "mask": widget.mask, "special": widget.special}
    assert run_node(script, {**state, "atOnce": at_once}) == unmasked(at_once)


def test_a_sentence_is_read_again_with_each_word_hidden_in_turn() -> None:
    widget = UnmaskingStepper()
    model, tokenizer = models.load("fill-mask").model, models.load("fill-mask").tokenizer
    read = tokenizer("The capital of Greece is Athens.")["input_ids"]
    script = (
        UNMASKING.replace("guesses, keep", "guesses, reread")
        + "reply(reread((ids) => encoder.logits(ids), input.ids, input.mask, input.special));"
    )
    state = {"config": widget.config, "ids": read, "mask": widget.mask, "special": widget.special}
    found = run_node(script, state)
    logs, best = {}, {}
    for place in range(1, len(read) - 1):
        ids = torch.tensor([read])
        ids[0, place] = widget.mask
        with torch.no_grad():
            logits = model(ids).logits[0, place]
        logits[widget.special] = -torch.inf
        logs[place], best[place] = logits.log_softmax(-1)[read[place]].item(), int(logits.argmax())
    least = min(logs, key=lambda place: logs[place])
    assert found["mean"] == pytest.approx(math.exp(sum(logs.values()) / len(logs)), rel=1e-3)
    assert (found["doubted"]["place"], found["doubted"]["instead"]) == (least, best[least])


def test_a_column_lights_up_what_the_model_sees(watched: Watched, address: str) -> None:
    page = opened(watched, address, "objective_lab")
    page.get_by_role("button", name="is", exact=True).click()

    def lit(look: str) -> list[str]:
        return page.locator(f".llm-aligned .llm-{look}").all_inner_texts()

    for row, seen in (("Masked tokens", ["the", "capital", "of"]), ("Spans", ["the", "capital", "of", "France"])):
        page.get_by_role("row", name=row).locator(".llm-clues").nth(1).click()
        expect(page.get_by_role("button", name=row, exact=True)).to_have_attribute("aria-pressed", "true")
        assert (lit("guessed"), lit("seen-before"), lit("seen-behind")) == (["is"], seen, ["Paris"])
        expect(page.locator(".llm-clues.llm-lit")).to_have_count(1)
    columns = page.get_by_role("group", name="Next token, columns")
    for _ in range(2):
        columns.press("ArrowRight")
    assert (lit("guessed"), lit("seen-before"), lit("seen-behind")) == (["of"], ["the", "capital"], [])
    expect(columns).to_be_focused()
    page.get_by_role("button", name="Masked tokens").click()
    assert lit("guessed") == []

"""The two tokens that compete along the decoder map's stream, and the size of its row, against torch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import expect

from llm_course import models
from llm_course.widgets import DecoderMap
from tests.widgets.conftest import Watched, run_node
from tests.widgets.test_decoder_map import shown, streams, token_ids, without
from tests.widgets.test_parity import READ_MODEL

BALL = "Sam and Anna had a red ball. Sam gave the red ball to"
RIVALS = (
    READ_MODEL
    + """
import { logitsAlong, rivalsOf } from "./llm_course/widgets/js/rivals.js";
import { sightOf } from "./llm_course/widgets/js/sight.js";
const course = { ...model, decoder: model.decoder };
reply(input.outs.map((out) => {
  const sight = sightOf(course, input.text, { out });
  const pair = rivalsOf(sight, input.ways);
  return { pair, lines: pair.map((id) => logitsAlong(sight, sight.trace, id)) };
}));
"""
)
HEAD = [["head-3-2"]]


def token(word: str) -> int:
    (found,) = models.load("stories").tokenizer(word).input_ids
    return int(found)


def logits_along(out: list[str]) -> torch.Tensor:
    """Torch's lens on the last row, from its embedding on: [after each part, vocabulary]."""
    model, ids = without(out), token_ids(BALL)
    found: dict[str, list[Any]] = streams(ids, out)
    halves = [row[-1] for pair in zip(found["middles"], found["residuals"], strict=True) for row in pair]
    with torch.no_grad():
        rows = torch.stack([model.model.embed_tokens(torch.tensor(ids))[-1], *halves])
        return model.lm_head(model.model.norm(rows))


def test_the_rivals_are_the_guess_and_what_it_would_be_without_a_part() -> None:
    replies = run_node(RIVALS, {"text": BALL, "outs": [[], ["head-3-2"]], "ways": HEAD})
    anna, sam = token(" Anna"), token(" Sam")
    assert [reply["pair"] for reply in replies] == [[anna, sam], [sam, anna]]
    for reply, out in zip(replies, ([], ["head-3-2"]), strict=True):
        expected = logits_along(out)
        for id, line in zip(reply["pair"], reply["lines"], strict=True):
            assert [x for x, _ in line] == [i / 2 for i in range(9)]
            torch.testing.assert_close(torch.tensor([y for _, y in line]), expected[:, id], rtol=0, atol=0.03)


def test_where_no_part_changes_the_guess_the_second_one_is_the_rival() -> None:
    (reply,) = run_node(RIVALS, {"text": BALL, "outs": [[]], "ways": [["head-3-4"]]})
    assert reply["pair"] == logits_along([])[-1].topk(2).indices.tolist()


@pytest.mark.browser
def test_the_lines_cross_where_the_guess_changes(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(), 944, 15)
    plot = page.locator(".llm-opened .llm-plot")
    expect(plot.locator("figcaption")).to_have_text("Scores of “␣Anna” and “␣Sam” along the stream")
    expect(plot.locator(".llm-named-1")).to_have_text("␣Anna")
    expect(plot.locator(".llm-before")).to_have_count(0)
    page.locator(".llm-heads .llm-otherwise").nth(1).click()
    expect(plot.locator("figcaption")).to_have_text("Scores of “␣Sam” and “␣Anna”, pale with all parts")
    expect(plot.locator("polyline.llm-before")).to_have_count(2)
    expect(plot.locator(".llm-named-1")).to_have_text("␣Sam")


@pytest.mark.browser
def test_a_norm_shows_the_size_that_it_divides_by_among_the_others(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(part="norm-attention-3"), 944, 15)
    row = streams(token_ids(BALL))["residuals"][1][-1]
    size = f"{row.square().mean().sqrt():.2f}"
    plot = page.locator(".llm-opened .llm-plot")
    expect(plot.locator("figcaption")).to_have_text("Root mean square of the row along the stream")
    expect(plot.locator("circle title")).to_have_text(size)
    expect(page.locator(".llm-opened")).to_contain_text(f"here {size},")

"""Parts of the decoder map left out from a token on, against torch; a head that needs what another one wrote."""

from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect

from llm_course import models
from llm_course.widgets import DecoderMap
from tests.widgets.conftest import Watched, run_node, shown
from tests.widgets.stories_by_torch import BEN, logits_without, token_ids
from tests.widgets.test_decoder_map import LEFT_OUT, TEXT
from tests.widgets.test_parity import READ_MODEL

SINCE = (
    READ_MODEL
    + """
import { decoderWithout, trace } from "./llm_course/widgets/decoder_map/trace.ts";
const { ids, since } = input;
const traced = (parts) => trace(model.decoder, ids, { decoder: decoderWithout(model, parts), since });
reply(input.left_out.map((parts) => traced(parts).logits.map((row) => Array.from(row))));
"""
)
SECOND_BEN = 10
"""Where he gives, among the tokens of `BEN`."""


def test_the_model_without_parts_from_a_token_on_is_torchs() -> None:
    model, ids = models.load("stories").model, token_ids(TEXT)
    found = run_node(SINCE, {"ids": ids, "since": 3, "left_out": LEFT_OUT})
    assert isinstance(found, list)
    for parts, mine in zip(LEFT_OUT, found, strict=True):
        expected = logits_without(model, ids, parts, 3)
        torch.testing.assert_close(torch.tensor(mine), expected, rtol=0, atol=0.03)
        assert (
            expected[3:] - logits_without(model, ids, parts)[3:]
        ).abs().max() > 0.1  # what was read before makes a difference


@pytest.mark.slow
def test_a_reader_chooses_from_which_token_on_parts_are_left_out(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(BEN, "attention-1", head=2), 944, 16)
    said, part = page.get_by_role("status"), page.get_by_role("region", name="The opened part")
    since = part.get_by_label("From which token on parts are left out")
    expect(since).to_be_hidden()  # nothing is
    page.get_by_role("button", name="Leave out head 2 of layer 1").click()
    everywhere = " ".join((said.text_content() or "").split())
    since.select_option(label="from ␣Ben")
    expect(said).to_contain_text("Without head 2 of layer 1 from “␣Ben” on, after “␣to”, the first guess is “␣Ben”")
    page.locator(".llm-chips button").nth(3).click()
    expect(part).to_contain_text("Head 2 is left out from “␣Ben” on, not yet here.")
    page.locator(".llm-chips button").last.click()
    since.select_option(label="all tokens")
    expect(said).to_have_text(everywhere)
    since.select_option(label="from ␣Ben")
    page.get_by_role("button", name="Put all back").click()
    expect(said).to_contain_text("After “␣to” the model guesses “␣Lily”")
    page.get_by_role("button", name="Leave out head 2 of layer 1").click()
    expect(said).to_have_text(everywhere)  # what is left out anew is so everywhere
    since.select_option(label="from ␣red")
    page.get_by_label("Text", exact=True).fill(TEXT)
    expect(said).to_contain_text("Without head 2 of layer 1, after")  # other tokens

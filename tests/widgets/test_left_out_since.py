"""Parts of the decoder map left out from a token on, against torch; a head that needs what another one wrote."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from llm_course.widgets import DecoderMap
from tests.widgets.conftest import Watched, shown
from tests.widgets.stories_by_torch import BEN
from tests.widgets.test_decoder_map import TEXT


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

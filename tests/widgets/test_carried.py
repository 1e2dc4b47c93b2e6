"""What a head of the decoder map takes from each token, against torch; a head that follows the latest name."""

import re
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

from llm_course.widgets import DecoderMap
from tests.widgets.conftest import Watched, shown
from tests.widgets.stories_by_torch import (
    BALL,
    number,
    pushes_by_torch,
    stories_tokenizer,
    taken_by_torch,
    token_id,
    token_ids,
)

LINE = re.compile(r"(\S+) ([+−]\d+\.\d)")


def lines(page: Page) -> list[list[str]]:
    """The text of each cell of each line."""
    table: list[list[str]] = page.locator(".llm-messages tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return table


@pytest.mark.slow
@pytest.mark.parametrize(("head", "is_out"), [(2, False), (1, False), (2, True)])  # out, it would take the same
def test_share_times_message_is_what_torch_finds(watched: Watched, site: Path, head: int, is_out: bool) -> None:
    page = shown(watched, site, DecoderMap(BALL, head=head, rival=" Sam"), 944, 15)
    if is_out:
        page.get_by_role("button", name="Leave out head 2 of layer 3").click()
    page.get_by_role("button", name=f"What head {head} takes from each token").click()
    shares, messages = taken_by_torch(BALL, head)
    places = sorted(shares.argsort(descending=True)[:7].tolist())
    ids = [token_id(" Anna"), token_id(" Sam")]
    *own, others, total = lines(page)
    for line, place in zip(own, places, strict=True):
        label, share, message, *products = line
        assert label == stories_tokenizer().decode([token_ids(BALL)[place]]).replace(" ", "␣")
        assert number(share.split("\u00a0")[0]) == pytest.approx(100 * float(shares[place]), abs=0.6)
        if message == "weak":
            assert messages[place].abs().max() < 4.1
            continue
        assert messages[place].abs().max() > 3.9
        token, by = LINE.fullmatch(message).groups()  # type: ignore[union-attr]
        strongest = int(messages[place].abs().argmax())
        assert number(by) == pytest.approx(float(messages[place][strongest]), abs=0.15)
        assert token == stories_tokenizer().decode([strongest]).replace(" ", "␣")
        for product, id in zip(products, ids, strict=True):
            assert number(product) == pytest.approx(float(shares[place] * messages[place][id]), abs=0.1)
    in_all = pushes_by_torch(BALL)[head - 1][ids]
    assert others[0] == "8 more" and total[0] == "in all"
    for column, expected in enumerate(in_all.tolist(), 3):
        assert number(total[column]) == pytest.approx(expected, abs=0.1)
        assert sum(number(line[column]) for line in (*own, others)) == pytest.approx(expected, abs=0.5)
    torch.testing.assert_close((shares[:, None] * messages).sum(0), pushes_by_torch(BALL)[head - 1], rtol=0, atol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("small", [False, True])
def test_the_way_to_what_is_taken_and_back_keeps_the_focus(watched: Watched, site: Path, small: bool) -> None:
    page = shown(watched, site, DecoderMap(BALL, "layer-3" if small else "attention-3", small=small), 944, 15)
    opens = page.get_by_role("button", name="What head 1 takes from each token")
    opens.press("Enter")
    back = page.get_by_role("button", name="‹ All heads")
    expect(back).to_be_focused()
    expect(page.get_by_role("region", name="The opened part")).to_contain_text("Head 1 adds share × message")
    back.press("Enter")
    expect(opens).to_be_focused()
    expect(page.get_by_role("button", name="head 1", exact=True)).to_have_attribute("aria-pressed", "true")
    opens.press("Enter")
    page.locator(f'.llm-boxes [name="{"layer" if small else "attention"}-2"]').click()
    expect(page.locator(".llm-messages")).to_have_count(0)  # another layer shows its heads


@pytest.mark.slow
def test_what_a_head_takes_is_not_told_before_it_is_guessed(watched: Watched, site: Path) -> None:
    page = shown(watched, site, DecoderMap(BALL, head=2, rival=" Sam", predict=True), 944, 15)
    opens = page.locator(".llm-heads .llm-opens")
    expect(opens).to_have_count(0)
    page.get_by_role("button", name="Leave out head 2 of layer 3").click()
    expect(opens).to_have_count(1)

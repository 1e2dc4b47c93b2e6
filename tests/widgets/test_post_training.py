"""What the widgets of chapter 9 compute in the page, against torch and the chapter's references."""

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from llm_course.widgets import PreferenceDial, policy_lab
from solutions.post_training import dpo_loss, group_advantages
from tests.widgets.conftest import Watched, in_page, opened, run_node
from tests.widgets.stories_by_torch import number

LAB = """
import * as lab from "./llm_course/widgets/policy_lab/policy_training.ts";
import { randomNumbers } from "./llm_course/widgets/models/numbers.ts";
"""
DIAL = "preference_dial/preferences"


def test_advantages_are_those_of_the_exercise() -> None:
    rewards = [[1, 0, 0, 1, 0], [0.5, 0.25, 1, 0, 0.125], [1, 1, 1, 1, 1]]
    both = "[true, false].map((divide) => input.map((group) => page.groupAdvantages(group, divide)))"
    divided, plain = in_page("policy_lab/policy_training", both, rewards)
    torch.testing.assert_close(torch.tensor(divided), group_advantages(torch.tensor(rewards)), rtol=1e-4, atol=1e-6)
    centered = np.array(rewards) - np.mean(rewards, axis=1, keepdims=True)
    np.testing.assert_allclose(plain, centered, atol=1e-12)


def test_rewards_pay_for_what_their_names_say() -> None:
    five = {"left": 2, "right": 3}
    answers = {
        "5.": [5, 14, 15], "It is 5.": [10, 5, 14, 15], "It is 4.": [10, 4, 14, 15],
        "It is 5 or 4.": [10, 5, 13, 4, 14, 15],
        "Surely 4.": [12, 4, 14, 15], "5 without an end": [5, 14], "I think it is 5, surely": [11, 10, 5, 12, 15],
    }  # fmt: skip
    given = [{"question": five, "tokens": tokens} for tokens in answers.values()]
    each = "Object.fromEntries(Object.entries(page.REWARDS).map(([key, { of }]) => [key, input.map(of)]))"
    paid = in_page("policy_lab/policy_training", each, given)
    assert paid["right"] == [1, 1, 0, 0, 0, 0, 1]
    assert paid["found"] == [1, 1, 0, 1, 0, 1, 1]
    assert paid["sure"] == [0, 0, 0, 0, 1, 0, 0]
    assert paid["long"] == pytest.approx([len(tokens) / 12 for tokens in answers.values()])


@pytest.mark.training
def test_the_picture_shows_what_the_page_computes() -> None:
    """Browsers and node may round exp differently, and a run amplifies it; the outcome stays."""
    script = LAB + (
        "const reference = lab.tunedPolicy(randomNumbers(1));\n"
        "reply(input.runs.map(([reward, klWeight]) => {\n"
        "  const step = lab.newRun(reference, 0.01, randomNumbers(2));\n"
        "  const seen = Array.from({ length: input.steps + 1 },"
        " () => step({ reward, klWeight, divide: true }).measures).slice(-20);\n"
        '  return ["reward", "right", "length", "kl"].map((key) => seen.reduce((sum, m) => sum + m[key], 0) / 20);\n'
        "}));"
    )
    found = run_node(script, {"runs": list(policy_lab.AFTER), "steps": policy_lab.STEPS})
    np.testing.assert_allclose(found, list(policy_lab.AFTER.values()), atol=0.1, rtol=0.1)


def test_the_dials_loss_and_gradient_are_those_of_dpo() -> None:
    candidates, pairs = PreferenceDial().candidates, [[1, 4], [0, 7], [2, 3]]
    asked = [candidates, [0.4, -1.1], pairs, 0.7]
    loss, slopes, undecided = in_page(
        DIAL, "[page.dpoLoss(...input, 1), page.dpoGradient(...input, 1), page.dpoGradient(...input, 0.5)]", asked
    )
    policy = in_page(DIAL, "page.policyOver(...input)", asked[:2])
    weights = torch.tensor([0.4, -1.1], dtype=torch.float64, requires_grad=True)
    features = torch.tensor([candidate["features"] for candidate in candidates], dtype=torch.float64)
    start = torch.tensor([candidate["logProb"] for candidate in candidates], dtype=torch.float64)
    reference, now = start.log_softmax(0), (start + features @ weights).log_softmax(0)
    first, second = torch.tensor(pairs).T
    one_way = dpo_loss(now[first], now[second], reference[first], reference[second], 0.7)
    other_way = dpo_loss(now[second], now[first], reference[second], reference[first], 0.7)
    assert loss == pytest.approx(one_way.item(), abs=1e-12)
    torch.testing.assert_close(torch.tensor(policy, dtype=torch.float64), now.exp().detach())
    for mine, theirs in ((slopes, one_way), (undecided, (one_way + other_way) / 2)):
        (slope,) = torch.autograd.grad(theirs, weights, retain_graph=True)
        torch.testing.assert_close(torch.tensor(mine, dtype=torch.float64), slope)


def test_with_raters_who_differ_the_margin_comes_to_rest_at_their_odds() -> None:
    trained = "page.trainDpo(input, [[1, 4]], beta, 0.8, 400)"
    margins = f"[0.05, 0.5, 2].map((beta) => page.margin(input, {trained}, [1, 4], beta))"
    assert in_page(DIAL, margins, PreferenceDial().candidates) == pytest.approx(3 * [np.log(4)], abs=1e-3)


def test_a_second_pair_tells_truth_from_length() -> None:
    trained = "[[[1, 4]], [[1, 4], [0, 7]]].map((pairs) => page.trainDpo(input, pairs, 0.3, 0.8, 400))"
    alone, both = in_page(DIAL, trained, PreferenceDial().candidates)
    assert alone[0] > 1 and alone[0] == pytest.approx(-alone[1])
    assert abs(both[0]) < 0.05 and both[1] < -1


def test_the_dials_picture_says_where_the_probability_goes() -> None:
    assert "<td>0.60</td><td>0.31</td><td>0.65</td>" in PreferenceDial().picture()


def test_an_advantage_is_that_of_what_the_price_on_kl_leaves(tab: Watched, address: str) -> None:
    page = opened(tab, address, "policy_lab")
    page.get_by_label("KL weight").fill("0.3")
    page.get_by_label("Advantage").select_option("no")
    page.get_by_role("button", name="25 steps").click()
    expect(page.get_by_role("status")).to_contain_text("After 25 steps")
    paid = re.compile(r"pay (.*) ([+−]) KL (.*) = (.*)\nadvantage \+?(.*)")
    cards = [paid.search(text) for text in page.locator(".llm-group li").all_inner_texts()]
    told = [(number(card[1]), number(card[2] + card[3]), number(card[4]), number(card[5])) for card in cards if card]
    pay, cost, left, advantages = np.array(told).T
    assert len(pay) == 8
    np.testing.assert_allclose(pay + cost, left, atol=0.011)
    np.testing.assert_allclose(advantages, left - left.mean(), atol=0.011)


def test_the_dial_starts_again_as_it_was_built(watched: Watched, address: str) -> None:
    """Also where the address asked for another state."""
    page = watched.page
    changed = "preference_dial.beta=2&preference_dial.steps=0&preference_dial.pairs=[2,7,99,1,3]"
    page.goto(f"{address}/preference_dial-light.html?{changed}")
    expect(page.get_by_text("3 over 8, margin")).to_be_visible()
    again = page.get_by_role("button", name="Start again")
    page.get_by_role("button", name="Prefer answer 1").click()
    again.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The preferred answer itself fell: 21.9")
    expect(page.locator(".llm-pairs li")).to_have_count(1)
    expect(page.locator("button[aria-pressed=true]")).to_have_count(0)
    for name, shown in (("Beta", "0.30"), ("Raters who agree", "80\u00a0%"), ("Training steps", "200")):
        expect(page.get_by_role("slider", name=name)).to_have_attribute("aria-valuetext", shown)
    expect(again).to_be_focused()
    expect(page).not_to_have_url(re.compile(r"\?"))
    built = PreferenceDial()
    assert (built.beta, built.share, built.steps, built.pairs) == (0.3, 0.8, 200, [1, 4])

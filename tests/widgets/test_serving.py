"""The widgets of chapter 16: the page's speculation against Python's, and both as a reader uses them."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from autograder.exercises.serving.speculative_step import EXERCISE
from llm_course.checking.compare import same_distribution
from llm_course.widgets import ServingArena, SpeculationLab
from llm_course.widgets.speculation_lab import accepted_shares
from solutions.serving import expected_tokens

from .conftest import Watched, in_page, opened, run_node

TARGET, DRAFT = [0.35, 0.25, 0.20, 0.05, 0.15], [0.10, 0.50, 0.05, 0.20, 0.15]
FORMS = {
    "resampled_from_the_target": "residual = target[place]\n",
    "accepts_all": "if False:\n            residual",
    "accepts_what_is_best": "if token != int(target[place].argmax()):",
}
"""What only the wrong implementation of that rule says."""
RULES = {
    rule: next(form.function for form in EXERCISE.mistakes if code in form.text) for rule, code in FORMS.items()
} | {"right": EXERCISE.reference}


@pytest.mark.parametrize(
    ("rule", "implementation"),
    [
        ("exact", "right"),
        ("target", "resampled_from_the_target"),
        ("all", "accepts_all"),
        ("best", "accepts_what_is_best"),
    ],
)
def test_each_rule_gives_what_its_implementation_gives(rule: str, implementation: str) -> None:
    """Right rule and mistakes alike: the page's shares, its draws, and 3,000 tokens of the exercise's function."""
    script = (
        'import { drawOne, outcome } from "./llm_course/widgets/speculation_lab/speculation.ts";\n'
        'import { randomNumbers } from "./llm_course/widgets/models/numbers.ts";\n'
        "const [target, draft, rule] = input;\n"
        "const uniform = randomNumbers(7);\n"
        "const drawn = Array.from({ length: 3000 }, () => drawOne(target, draft, rule, uniform));\n"
        "reply([outcome(target, draft, rule), drawn]);"
    )
    shares, drawn = run_node(script, [TARGET, DRAFT, rule])
    generator = torch.Generator().manual_seed(3)
    target, draft = torch.tensor([TARGET, TARGET]), torch.tensor([DRAFT])
    drafted = torch.multinomial(draft[0], 3000, replacement=True, generator=generator).tolist()
    ours = [RULES[implementation](target, draft, [token], generator)[0] for token in drafted]
    exact = np.random.default_rng(0).choice(5, 3000, p=shares["comesOut"]).tolist()
    assert same_distribution(drawn, ours) and same_distribution(exact, ours)
    assert (rule == "exact") == np.allclose(shares["comesOut"], TARGET)
    if rule != "exact":
        assert not same_distribution(np.random.default_rng(0).choice(5, 3000, p=TARGET).tolist(), ours)
    else:
        accepted = accepted_shares(np.array(TARGET), np.array(DRAFT))
        assert shares["accepted"] == pytest.approx(accepted) and shares["acceptance"] == pytest.approx(accepted.sum())
        assert shares["redrawn"] == pytest.approx(np.array(TARGET) - accepted)


def test_speed_follows_the_exercise() -> None:
    asked = [(0.0, 3), (0.37, 5), (1.0, 4), (0.8, 0)]
    each = "input.map((one) => [page.expectedTokens(...one), page.speedUp(...one, 0.1)])"
    found = in_page("speculation_lab/speculation", each, asked)
    tokens = [expected_tokens(acceptance, drafted) for acceptance, drafted in asked]
    speeds = [many / (1 + 0.1 * drafted) for many, (_, drafted) in zip(tokens, asked, strict=True)]
    assert found == [pytest.approx(pair) for pair in zip(tokens, speeds, strict=True)]


def test_pictures_show_the_same_trace_and_the_same_place() -> None:
    picture = ServingArena().picture()
    assert "static batch" in picture and "continuous batch" in picture
    assert "60% are accepted" in SpeculationLab().picture()


def test_the_arena_tells_of_the_request_that_is_pointed_at_or_focused(watched: Watched, address: str) -> None:
    page = opened(watched, address, "serving_arena")
    told = page.locator(".llm-request-told")
    expect(told).to_contain_text("Point at a row")
    page.get_by_role("img", name="Request 20:").hover()
    expect(told).to_contain_text("Request 20: came at 0.82 s, waited 1.16 s, started at 1.98 s")
    page.mouse.move(0, 0)
    page.get_by_role("img", name="Request 1:").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("img", name="Request 2:")).to_be_focused()
    expect(told).to_contain_text("Request 2: came at")
    page.get_by_label("Load", exact=True).fill("2")  # the same request, at another load
    expect(told).to_contain_text("Request 2: came at")
    expect(page.locator(".llm-request.llm-picked")).to_have_count(1)


def test_the_arena_opens_its_other_settings_where_they_are_needed(watched: Watched, address: str) -> None:
    page = opened(watched, address, "serving_arena")
    memory = page.get_by_label("Memory for the cache")
    expect(memory).to_be_hidden()
    expect(page.get_by_label("Slots", exact=True)).to_be_visible()
    expect(page.get_by_text("the first token within 300 ms, others 20 ms on average")).to_be_visible()
    following = page.get_by_role("button", name="of what to try")
    following.click()
    expect(memory).to_be_hidden()
    following.click()  # "Here are 1 GiB of memory"
    expect(memory).to_be_visible()
    page.goto(f"{address}/serving_arena-light.html?serving_arena.chunk=256")
    expect(page.get_by_label("Chunk")).to_have_value("256")
    expect(page.get_by_label("Chunk")).to_be_visible()

"""The widgets of chapter 12: what they compute in the page against Python, and what they say."""

import math
from statistics import NormalDist

import pytest

from llm_course.widgets import ItemsNeeded, MetricSwitch
from llm_course.widgets.items_needed import deviations, items_needed
from solutions.emergence import exact_match_rate

from .conftest import in_page, tiny_series

STATISTICS, METRICS = "items_needed/statistics", "metric_switch/metrics"


def test_normal_chances_and_quantiles_equal_pythons() -> None:
    places = [-4.5, -1.96, -0.3, 0.0, 0.7, 2.5, 5.0]
    chances = [1e-5, 0.025, 0.2, 0.5, 0.8, 0.975, 0.9999]
    functions = "[input[0].map(page.normalBelow), input[1].map(page.normalQuantile)]"
    below, quantiles = in_page(STATISTICS, functions, [places, chances])
    assert below == pytest.approx(list(map(NormalDist().cdf, places)), rel=1e-6, abs=1e-7)
    assert quantiles == pytest.approx(list(map(NormalDist().inv_cdf, chances)), abs=1e-5)


@pytest.mark.parametrize(("first", "second", "likeness"), [(0.84, 0.82, 0.6), (0.5, 0.9, 0.0), (0.3, 0.31, 1.0)])
def test_deviations_and_items_equal_pythons(first: float, second: float, likeness: float) -> None:
    disagreement = in_page(STATISTICS, "page.disagreementOf(...input)", [first, second, likeness])
    asked = {"first": first, "second": second, "disagreement": disagreement}
    found = in_page(STATISTICS, "page.deviations(input)", asked)
    expected = deviations(first, second, likeness)
    assert (found["unpaired"], found["paired"]) == pytest.approx(expected, rel=1e-9)
    # The page's quantiles have six digits, so at thousands of items the last one may differ.
    asked = [(first - second, of, 0.95, 0.8) for of in expected]
    needed = in_page(STATISTICS, "input.map((one) => page.itemsNeeded(...one))", asked)
    assert needed == pytest.approx([items_needed(*one) for one in asked], rel=1e-4, abs=1)


def test_deviation_of_unrelated_models_is_that_of_the_differences() -> None:
    """By counting all four outcomes of an item."""
    first, second = 0.7, 0.4
    outcomes = {1: first * (1 - second), -1: second * (1 - first)}
    mean = sum(value * chance for value, chance in outcomes.items())
    square = sum(value**2 * chance for value, chance in outcomes.items())
    assert deviations(first, second, 0.0)[1] == pytest.approx(math.sqrt(square - mean**2))


def test_metrics_equal_those_counted_by_hand() -> None:
    answers = {
        "right_before_error": [2, 1, 0, 5],
        "tokens_right": [0.75, 0.7, 0.625],
        "log_probability": [-0.5, -1.0, -3.0],
    }
    metrics = "[page.exactMatch, page.tokensRight, page.logProbability]"
    assert in_page(METRICS, f"[1, 2, 3].map((n) => {metrics}.map((metric) => metric(input, n)))", answers) == [
        pytest.approx([6 / 8, 0.75, -0.5]),
        pytest.approx([5 / 8, 0.725, -0.75]),
        pytest.approx([5 / 8, (0.75 + 0.7 + 0.625) / 3, -1.5]),
    ]


def test_what_has_come_by_a_place_is_a_share_of_the_rise() -> None:
    asked = [[[-4.0, -3.0, 0.0], 1], [[0.1, 0.9], 0], [[0.1, 0.9], -1], [[0.5, 0.4], 1]]
    found = in_page(METRICS, "input.map(([values, place]) => page.riseUntil(values, place))", asked)
    assert found == [pytest.approx(0.25), 0, 0, 0]


def test_where_a_ruler_sees_nothing_yet_ends_at_the_first_that_it_sees() -> None:
    asked = [[0.0, 0.04, 0.05, 0.01], [0.0, 0.0], [0.3, 0.0]]
    assert in_page(METRICS, "input.map((values) => page.lastWithout(values, 0.05))", asked) == [1, 1, -1]


def test_pictures_say_the_numbers() -> None:
    assert f"{items_needed(0.02, deviations(0.84, 0.82, 0.6)[1], 0.95, 0.8):d}" in ItemsNeeded().picture()
    picture = MetricSwitch(*tiny_series()).picture()
    assert "3,200 parameters" in picture and f"{exact_match_rate(0.98, 10):.2f}" in picture

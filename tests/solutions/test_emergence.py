"""The references of chapter 12 against counting, other formulas and a course model, and the end of its notebook."""

import math
import random
import re
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import pytest

from autograder.exercises import assignments
from autograder.exercises.emergence.bootstrap_interval import RESAMPLES, SHAPES
from solutions.emergence import bootstrap_interval, pass_at_k
from tests.banks.notebook_runs import printed_by
from tests.banks.submissions import standalone


def means_of_resamples(values: list[float]) -> dict[float, float]:
    """Every mean that a resample can have, in order, with its chance: by going through all resamples."""
    chances: dict[float, float] = {}
    for drawn in product(values, repeat=len(values)):
        mean = sum(drawn) / len(values)
        chances[mean] = chances.get(mean, 0) + len(values) ** -len(values)
    return dict(sorted(chances.items()))


def ends(shape: str) -> Iterator[tuple[float, float, float]]:
    """For both ends of a shape's interval: the mean that stands there, and the chances of a mean below and above it."""
    values, level = SHAPES[shape]
    for tail in ((1 - level) / 2, (1 + level) / 2):
        below = 0.0
        for mean, chance in means_of_resamples(values).items():
            if below <= tail < below + chance:
                yield mean, below, 1 - below - chance
                break
            below += chance


@pytest.mark.parametrize("shape", SHAPES)
def test_whoever_draws_the_resamples_finds_the_same_interval(shape: str) -> None:
    values, level = SHAPES[shape]
    assert bootstrap_interval(values, level, RESAMPLES, seed=1) == tuple(mean for mean, _, _ in ends(shape))
    for tail, (_, below, above) in zip(((1 - level) / 2, (1 + level) / 2), ends(shape), strict=True):
        for share, allowed in ((below, tail), (above, 1 - tail)):
            # Another mean stands at this end only if more resamples than are left out, less one for any way to
            # interpolate, have a smaller (larger) one.
            assert chance_of_more(share, allowed - 1 / RESAMPLES, RESAMPLES) < 1e-4


def chance_of_more(share: float, allowed: float, draws: int) -> float:
    """At most the chance that what comes with the chance `share` comes in more than `allowed` of the draws: Chernoff's
    bound."""
    assert share < allowed
    if share == 0:
        return 0.0
    divergence = allowed * math.log(allowed / share) + (1 - allowed) * math.log((1 - allowed) / (1 - share))
    return math.exp(-draws * divergence)


def test_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = random.Random(0)
    held = 0
    for seed in range(200):
        low, high = bootstrap_interval([rng.gauss(3, 1) for _ in range(60)], 0.9, 300, seed)
        held += low <= 3 <= high
    assert 165 <= held <= 195


def test_pass_at_k_is_the_share_of_choices_that_hold_a_right_one() -> None:
    for n, correct, k in product(range(1, 7), range(7), range(1, 7)):
        if correct <= n and k <= n:
            choices = list(combinations([True] * correct + [False] * (n - correct), k))
            assert pass_at_k(n, correct, k) == pytest.approx(sum(map(any, choices)) / len(choices))


@pytest.mark.notebooks
def test_notebook_ends_with_a_verdict(tmp_path: Path) -> None:
    assignment = assignments()["12_emergence"]
    answers = {item.name: standalone(item.reference, item.name) for item in assignment.exercises}
    printed = printed_by(assignment, answers, tmp_path)
    few, many = re.findall(r"standard error (\S+)\. (.*)$", printed, flags=re.MULTILINE)
    assert float(many[0]) < 0.5 * float(few[0])
    assert "Not decided" in few[1] and "is better" in many[1]
    copied, item = (
        re.findall(rf"^{name} +(\S+) +(\S+) +(\S+)$", printed, flags=re.MULTILINE)[0]
        for name in ("a training text", "an item")
    )
    assert set(copied) == {"1.00"} and float(item[2]) < 0.1 < float(item[0])
    passes = [float(share) for share in re.findall(r"^pass@\d+ +(\S+)$", printed, flags=re.MULTILINE)]
    assert passes == sorted(passes) and passes[-1] > 2 * passes[0]
    heads = [float(score) for score in re.findall(r"best head (\S+)$", printed, flags=re.MULTILINE)]
    assert heads[0] < 0.2 and heads[-1] > 0.8

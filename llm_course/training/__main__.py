"""`python -m llm_course.training`: make the course models, all of them or those named."""

import argparse
import multiprocessing
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from llm_course.models import WEIGHTS
from llm_course.training.loop import TrainingError
from llm_course.training.recipes import LANES, RECIPES, Workshop, make_decoder_tokenizer
from llm_course.training.release import release

SMOKE_SCALE = 0.003


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m llm_course.training", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="model", help=f"some of {', '.join(RECIPES)}; all by default")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="where the finished models go")
    parser.add_argument("--runs", type=Path, default=Path("_build/models"), help="where checkpoints and logs are kept")
    parser.add_argument("--smoke", action="store_true", help="a few steps of each, to see that everything runs")
    parser.add_argument("--report-only", action="store_true", help="train nothing: measure, and write report and cards")
    parsed = parser.parse_args(arguments)
    for name in parsed.models:
        if name not in RECIPES:
            parser.error(f"there is no recipe for {name!r}: choose from {', '.join(RECIPES)}")
    return parsed


def run_lane(shop: Workshop, names: Iterable[str]) -> None:
    """Train models one after another."""
    # With one thread and one seed, sums are added in one order and two runs give the same weights.
    torch.set_num_threads(1)
    for name in names:
        RECIPES[name](shop)


def train(shop: Workshop, names: Iterable[str]) -> None:
    """Train the models in `names`, those of the two lanes side by side."""
    names = set(names)
    lanes = [[name for name in lane if name in names] for lane in LANES]
    if "stories" in names:
        make_decoder_tokenizer(shop)
    with ProcessPoolExecutor(len(lanes), multiprocessing.get_context("spawn")) as pool:
        for lane in [pool.submit(run_lane, shop, lane) for lane in lanes if lane]:
            lane.result()


def main(arguments: list[str] | None = None) -> int:
    """Train, measure, release. A run that was killed goes on from its last checkpoint. Returns the exit status."""
    parsed = parse(arguments)
    torch.set_num_threads(1)
    shop = Workshop(parsed.runs, parsed.output, SMOKE_SCALE if parsed.smoke else 1.0)
    try:
        if not parsed.report_only:
            train(shop, parsed.models or RECIPES)
        release(shop)
    except (TrainingError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if not parsed.report_only:
        # Everything is finished and shipped: the next call begins anew.
        shutil.rmtree(shop.runs, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m llm_course.training`: make the course models, all of them or those named."""

import argparse
import shutil
import sys
from pathlib import Path

import torch

from llm_course.models import WEIGHTS
from llm_course.training.loop import TrainingError
from llm_course.training.recipes import RECIPES, make
from llm_course.training.release import release
from llm_course.training.workshop import Workshop

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


def main(arguments: list[str] | None = None) -> int:
    """Train, measure, release. A run that was killed goes on from its last checkpoint. Returns the exit status."""
    parsed = parse(arguments)
    torch.set_num_threads(1)
    shop = Workshop(parsed.runs, parsed.output, SMOKE_SCALE if parsed.smoke else 1.0)
    try:
        if not parsed.report_only:
            make(shop, parsed.models or RECIPES)
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

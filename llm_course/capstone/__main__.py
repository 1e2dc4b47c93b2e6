"""`python -m llm_course.capstone FOLDER`: the reference run, with the substitutes.

The page shows its ledger and what its model says. Handed in as one's own it earns nothing, and the instructor is told.

--smoke   a few steps of each, to see that everything runs
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from llm_course.capstone.answers import ask
from llm_course.capstone.check import CHECKS, check_capstone
from llm_course.capstone.data import Fact
from llm_course.capstone.format import CapstoneError
from llm_course.capstone.ledger import Entry, tokens_seen
from llm_course.capstone.steps import Capstone
from llm_course.capstone.training import Training

SHAPE: dict[str, Any] = {"d_model": 64, "n_layers": 4, "n_heads": 4, "n_kv_heads": 2, "d_ff": 192}
PRETRAINING = Training(steps=3600, learning_rate=4e-3, warmup=100)
DIALOGUES = Training(steps=600, learning_rate=1.5e-3, warmup=20)
LESSON = Training(steps=200, learning_rate=5e-3, warmup=10, weight_decay=0.0)
SMOKE_STEPS = 30


def main(arguments: list[str] | None = None) -> int:
    """Run all steps, and go on where a run was stopped. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m llm_course.capstone", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the model grows; a run that was stopped goes on")
    parser.add_argument("--smoke", action="store_true", help="a few steps of each")
    parsed = parser.parse_args(arguments)

    def short(training: Training) -> Training:
        return replace(training, steps=SMOKE_STEPS, warmup=5) if parsed.smoke else training

    try:
        # With one seed, made anew on the same machine, it has the same bytes. A learner's is drawn.
        capstone = Capstone(parsed.folder, seed=0)
        steps: list[Callable[[], Entry]] = [
            capstone.tokenize,
            lambda: capstone.pretrain(short(PRETRAINING), **SHAPE),
            lambda: capstone.tune(short(DIALOGUES)),
            lambda: capstone.teach(Fact(), short(LESSON)),
            capstone.quantize,
        ]
        for step in steps:
            began = time.process_time()
            entry = step()
            figures = {name: value for name, value in entry.figures.items() if name != "losses"}
            print(f"{entry.step}: {entry.tokens:,} tokens, {time.process_time() - began:.0f} CPU seconds, {figures}")
    except CapstoneError as error:
        print(error, file=sys.stderr)
        return 1
    for question, answer in ask(capstone).by_question.items():
        print(f"{question}\n    {answer}")
    for name in CHECKS:
        check_capstone(name, parsed.folder)
    print(f"{tokens_seen(capstone.ledger.entries):,} tokens seen")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The verdicts on all known mistakes, written down: `python -m tests.banks.verdicts FILE [--topic attention]`.

The files of two checkouts differ where a change of specifications changes a verdict: `diff` shows it.
"""

import argparse
import json
from pathlib import Path

from autograder.exercises import assignments
from autograder.judging.judge import judge, local_answer

SEEDS = (b"first", b"second", b"third")


def verdicts(topic: str = "") -> dict[str, list[str | float]]:
    """(exercise, mistake, seed) as text -> hint, share of the points, properties that do not hold."""
    found: dict[str, list[str | float]] = {}
    for assignment in assignments().values():
        if topic and assignment.name[3:] != topic:
            continue
        print(f"Judging the known mistakes of {assignment.name} ...", flush=True)
        for exercise in assignment.exercises:
            for mistake in exercise.mistakes:
                for seed in SEEDS:
                    verdict = judge(exercise, local_answer(mistake.function), seed)
                    failed = [item.name for item in verdict.findings if not item.holds]
                    shown = judge(exercise.visible, local_answer(mistake.function), seed)
                    key = f"{assignment.name} {exercise.name} {mistake.name} {seed.decode()}"
                    found[key] = [verdict.hint, round(verdict.fraction, 6), *failed, f"visible: {shown.hint}"]
    return found


def main() -> None:
    """Write the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--topic", default="")
    options = parser.parse_args()
    options.file.write_text(json.dumps(verdicts(options.topic), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""The verdicts on all known mistakes, written down: `python -m tests.banks.verdicts FILE [--topic attention]`.

With `--against OTHER` it compares two such files, so that a change of specifications can be shown to change no verdict.
"""

import argparse
import json
import sys
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
        for exercise in assignment.exercises:
            for mistake in exercise.mistakes:
                for seed in SEEDS:
                    verdict = judge(exercise, local_answer(mistake.function), seed)
                    failed = [item.name for item in verdict.findings if not item.holds]
                    shown = judge(exercise.visible, local_answer(mistake.function), seed)
                    key = f"{assignment.name} {exercise.name} {mistake.name} {seed.decode()}"
                    found[key] = [verdict.hint, round(verdict.fraction, 6), *failed, f"visible: {shown.hint}"]
    return found


def differences(before: dict[str, list[str | float]], after: dict[str, list[str | float]]) -> list[str]:
    """What two files say differently, a line or more for each."""
    lines = [f"gone: {key}" for key in before.keys() - after.keys()]
    lines += [f"new: {key}" for key in after.keys() - before.keys()]
    for key in before.keys() & after.keys():
        if before[key] != after[key]:
            lines.append(f"{key}\n  before: {before[key]}\n  after:  {after[key]}")
    return sorted(lines)


def main() -> int:
    """Write the verdicts, or compare with earlier ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--topic", default="")
    parser.add_argument("--against", type=Path)
    options = parser.parse_args()
    if options.against is None:
        options.file.write_text(json.dumps(verdicts(options.topic), indent=1) + "\n", encoding="utf-8")
        return 0
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (options.against, options.file))
    if options.topic:
        before = {key: value for key, value in before.items() if key.split()[0][3:] == options.topic}
        after = {key: value for key, value in after.items() if key.split()[0][3:] == options.topic}
    print("\n".join(found := differences(before, after)) or "no differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

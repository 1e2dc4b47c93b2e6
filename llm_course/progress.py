"""How far a learner is in all assignments: `progress()` in a notebook, or `python -m llm_course.progress` in the lab.

It reads what the checks have noted beside each notebook.
"""

import gzip
import json
from pathlib import Path

from llm_course.check import CHECKS, PROGRESS_FILE, SUFFIX, read_progress

BAR = 10
"""Characters of a full bar."""


def progress(folder: Path | None = None) -> None:
    """Print how many exercises of each assignment pass their checks, and which one comes next.

    `folder` holds the folders of the assignments, or is one of them; by default it is the working folder.
    """
    print("\n".join(progress_lines(folder or Path.cwd())))


def progress_lines(folder: Path) -> list[str]:
    """What `progress` prints: a line for each assignment, and the sum."""
    known = {file.name.removesuffix(SUFFIX): file for file in sorted(CHECKS.glob(f"*{SUFFIX}"))}
    lab = folder.parent if folder.name in known or (folder / PROGRESS_FILE).exists() else folder
    marks = {
        name: found for file in sorted(lab.glob(f"*/{PROGRESS_FILE}")) for name, found in read_progress(file).items()
    }
    exercises = {name: _exercises(file) for name, file in known.items()} | {
        name: [*marks[name]] for name in marks.keys() - known.keys()
    }
    lines, total = [], 0
    for name, asked in sorted((name, asked) for name, asked in exercises.items() if asked):
        left = [exercise for exercise in asked if not marks.get(name, {}).get(exercise)]
        done = len(asked) - len(left)
        total += done
        bar = "█" * (BAR * done // len(asked))
        following = f"  next: {left[0]}" if left and done else ""
        lines.append(f"{name:<24} {bar:░<{BAR}} {done:>2} of {len(asked)}{following}")
    return [*lines, f"{total} of {sum(map(len, exercises.values()))} exercises pass their checks."]


def _exercises(file: Path) -> list[str]:
    """The names of the exercises in a file of checks; to read all that it holds takes longer."""
    return [*json.loads(gzip.decompress(file.read_bytes()))["exercises"]]


if __name__ == "__main__":
    progress()

"""The parts of the suite that take long and hold what seldom changes: `make soak` runs all, and writes down for what.

`make test` runs a part only where its code, or a package that it depends on, is another than in the last soak. So a
part is never left out where it could have anything to say. `python -m tests.soak` tells which parts are due.
"""

import functools
import hashlib
import json
import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOAKED = ROOT / "tests" / "soaked.json"
ALL = os.environ.get("LLM_COURSE_SOAK") == "1"
SANDBOX = ("autograder/sandbox/*.py", "llm_course/checking/*.py", "tests/autograder/sandbox/*.py")
PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rooms in every tier": (SANDBOX, ("torch", "ipython")),
    "hostile in every tier": ((*SANDBOX, "autograder/grade.py", "tests/banks/hostile/*.py"), ("torch", "nbgrader")),
    "nbgrader's own tests": (
        ("autograder/configuration.py", "autograder/converters.py", "tests/grading/nbgrader_*.py"),
        ("nbgrader", "nbconvert", "nbformat"),
    ),
    "training recipes": (
        ("llm_course/training/*.py", "llm_course/corpus/*.py", "tests/llm_course/training/*.py"),
        ("torch", "transformers", "tokenizers"),
    ),
}
"""Part -> the files and the packages that it depends on."""


@functools.cache
def digest(part: str) -> str:
    """A digest of all that a part depends on."""
    files, packages = PARTS[part]
    found = hashlib.sha256()
    for package in packages:
        found.update(f"{package} {metadata.version(package)}\n".encode())
    for file in sorted(path for pattern in files for path in ROOT.glob(pattern)):
        found.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def due() -> list[str]:
    """The parts whose dependencies are others than in the last soak."""
    soaked = json.loads(SOAKED.read_text(encoding="utf-8")) if SOAKED.exists() else {}
    return [part for part in PARTS if ALL or soaked.get(part) != digest(part)]


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the parts that have nothing new to say; pytest counts them as deselected."""
    parts = due()
    left = [item for item in items if (mark := item.get_closest_marker("soak")) and mark.args[0] not in parts]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def main(arguments: list[str]) -> int:
    """Tell which parts are due; with --done, write down that all have passed."""
    if arguments == ["--done"]:
        SOAKED.write_text(json.dumps({part: digest(part) for part in PARTS}, indent=1) + "\n", encoding="utf-8")
    print("due: " + (", ".join(due()) or "nothing"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The parts of the suite that take long and hold what seldom changes.

`make soak` runs all, and writes down for what they passed. `make test` runs a part only where one of its files, a file
of the project that these import, or a package that it depends on is another than then: a part is never left out where
it could have anything to say. `python -m tests.soak` tells which parts are due, and `--run` runs them.
"""

import argparse
import functools
import hashlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from tests.imports import with_all_they_import

ROOT = Path(__file__).parents[1]
SOAKED = ROOT / "tests" / "soaked.json"
ALL = os.environ.get("LLM_COURSE_SOAK") == "1"
SANDBOX = ("autograder/sandbox/*.py", "tests/autograder/sandbox/as_user.py")


@dataclass(frozen=True)
class Part:
    """The tests of a part, the files that it starts from, and the packages that it depends on.

    `apart` are files that these import and the part does not depend on; nor on what only they import.
    """

    tests: tuple[str, ...]
    files: tuple[str, ...]
    packages: tuple[str, ...]
    apart: tuple[str, ...] = ()

    def digest(self, root: Path = ROOT) -> str:
        """A digest of all that the part depends on."""
        found = hashlib.sha256(f"Python {platform.python_version()}\n".encode())
        for package in self.packages:
            found.update(f"{package} {metadata.version(package)}\n".encode())
        for file in sorted(self.depends_on(root)):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            found.update(f"{file.relative_to(root).as_posix()} {content}\n".encode())
        return found.hexdigest()

    def depends_on(self, root: Path = ROOT) -> set[Path]:
        """All files that the part depends on."""
        return with_all_they_import(self.matched(root), root, {root / name for name in self.apart})

    def matched(self, root: Path = ROOT) -> list[Path]:
        """The files that the part starts from."""
        return [path for pattern in self.files for path in root.glob(pattern)]


PARTS = {
    "rooms in every tier": Part(
        ("-m", "soak", "tests/autograder/sandbox"),
        (*SANDBOX, "tests/autograder/sandbox/conftest.py", "tests/autograder/sandbox/test_room_*.py"),
        ("torch", "ipython", "matplotlib", "numpy"),
        # A room imports it for learners to call.
        apart=("llm_course/check.py",),
    ),
    "hostile in every tier": Part(
        ("tests/grading/test_hostile_tiers.py",),
        (
            *SANDBOX,
            "autograder/notebook_run.py",
            "autograder/submission.py",
            "tests/banks/hostile/*.py",
            "tests/grading/test_hostile_tiers.py",
            "tests/grading/in_tier.py",
        ),
        ("torch", "ipython", "nbgrader"),
        # What is asked, released and shown is the same in each tier: test_hostile attacks it in the strongest.
        apart=(
            "autograder/cli.py",
            "autograder/exercises/__init__.py",
            "autograder/notebooks.py",
            "llm_course/check.py",
            "llm_course/checking/feedback.py",
            # How many attacks a run takes.
            "tests/of_the_day.py",
            "tests/soak.py",
        ),
    ),
    "nbgrader's own tests": Part(
        ("-m", "soak", "tests/grading/test_nbgrader_suite.py"),
        ("autograder/configuration.py", "tests/grading/*nbgrader_*.py"),
        ("nbgrader", "nbconvert", "nbformat", "sqlalchemy"),
        # The plugin puts asserts in the place of the judge, and releases of nbgrader's in that of the course's.
        apart=("autograder/grade.py", "autograder/exercises/__init__.py", "autograder/notebooks.py"),
    ),
    "seeds of chapter 10": Part(
        ("tests/chapters/test_seeds.py",),
        (
            "tests/chapters/test_seeds.py",
            "chapters/10_context/chapter.md",
            # What the page's own cells import and load.
            "llm_course/corpus/*.py",
            "llm_course/models.py",
            "llm_course/training/recipes.py",
            "llm_course/weights/stories/*",
        ),
        ("torch", "transformers", "tokenizers"),
    ),
    "training recipes": Part(
        ("tests/llm_course/training/test_smoke.py",),
        ("llm_course/training/*.py", "tests/llm_course/training/test_smoke.py"),
        ("torch", "transformers", "tokenizers", "safetensors"),
    ),
}


@functools.cache
def due() -> list[str]:
    """The parts that depend on something that is another than when they last passed."""
    noted = soaked()
    return [name for name, part in PARTS.items() if ALL or noted.get(name) != part.digest()]


def soaked() -> dict[str, str]:
    """The digests with which parts passed."""
    return json.loads(SOAKED.read_text(encoding="utf-8")) if SOAKED.exists() else {}


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the parts that have nothing new to say; pytest counts them as deselected."""
    left = [item for item in items if (mark := item.get_closest_marker("soak")) and mark.args[0] not in due()]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def run(name: str, options: list[str]) -> bool:
    """Run a part, all of it, and write down for what it passed, unless that changed while it ran."""
    before = PARTS[name].digest()
    environment = {**os.environ, "LLM_COURSE_SOAK": "1", "LLM_COURSE_HOSTILE_TIERS": "all"}
    command = [sys.executable, "-m", "pytest", "--timeout", "7200", *options, *PARTS[name].tests]
    passed = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0
    if passed and PARTS[name].digest() == before:
        note(name, before)
        return True
    print(f"{name}: {'something that it depends on was changed meanwhile' if passed else 'failed'}.")
    return False


def note(name: str, digest: str) -> None:
    """Write down that a part passed."""
    SOAKED.write_text(json.dumps({**soaked(), name: digest}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Tell which parts are due, or run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", nargs="*", choices=[[], *PARTS], metavar="PART", help="run these parts, or all")
    options, for_pytest = parser.parse_known_args()
    if options.run is None:
        print("due: " + (", ".join(due()) or "nothing"))
        return 0
    passed = [run(name, for_pytest) for name in options.run or PARTS]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())

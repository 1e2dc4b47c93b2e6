"""The parts of the suite that would say the same again as long as nothing changes that they depend on.

`make soak` runs all, and writes down for what they passed. `make test` runs a part only where one of its files, a file
of the project that these import, or a package that it depends on is another than then: a part is never left out where
it could have anything to say. `python -m tests.soak` tells which parts are due, and `--run` runs them.

Some parts are one exercise topic's, or one page's: whoever changes a topic runs its parts, and no other's.
"""

import argparse
import functools
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from tests.imports import digest_of, with_all_they_import

ROOT = Path(__file__).parents[1]
SOAKED = ROOT / "tests" / "soaked.json"
ALL = os.environ.get("LLM_COURSE_SOAK") == "1"
ONLY = frozenset(filter(None, os.environ.get("LLM_COURSE_PARTS", "").split("|")))
"""Parts that are to run, and nothing else; none: all tests, with the parts that are due."""
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
            found.update(f"{file.relative_to(root).as_posix()} {digest_of(file)}\n".encode())
        return found.hexdigest()

    def depends_on(self, root: Path = ROOT) -> set[Path]:
        """All files that the part depends on."""
        return with_all_they_import(self.matched(root), root, {root / name for name in self.apart})

    def matched(self, root: Path = ROOT) -> list[Path]:
        """The files that the part starts from."""
        found = (path for pattern in self.files for path in root.glob(pattern))
        return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def verdicts(topic: str) -> str:
    """The part of what answers about a topic get with the seed that stays."""
    return f"verdicts: {topic}"


def travel(topic: str) -> str:
    """The part of what comes out of a room of answers about a topic."""
    return f"travel: {topic}"


def page(name: str) -> str:
    """The part of what is to be seen on a page, called as in _toc.yml."""
    return f"page: {name}"


def of_topic(topic: str) -> dict[str, Part]:
    """The parts of a topic of exercises."""
    answers = (f"autograder/exercises/{topic}/*.py", f"tests/banks/right/{topic}.py")
    return {
        verdicts(topic): Part(VERDICTS, (*VERDICTS, *answers), ("torch",), apart=OTHER_USES),
        travel(topic): Part(TRAVEL, (*TRAVEL, *SANDBOX, *answers), ("torch", "ipython", "numpy"), apart=OTHER_USES),
    }


def of_page(source: Path) -> tuple[str, Part]:
    """The part of a page, beside which its outputs and data may lie."""
    own = [file for kind in (".md", ".outputs.ipynb", ".csv") if (file := source.with_suffix(kind)).exists()]
    files = tuple(file.relative_to(ROOT).as_posix() for file in own)
    name = source.relative_to(ROOT).with_suffix("").as_posix()
    return page(name), Part((PAGES,), (PAGES, *files, *OF_EVERY_PAGE), FOR_PAGES, apart=NOT_SEEN)


VERDICTS = (
    *(f"tests/autograder/exercises/test_{name}.py" for name in ("verdicts", "each_draw", "watched")),
    "tests/autograder/test_trust.py",
)
TRAVEL = ("tests/grading/test_travel.py",)
OTHER_USES = (
    "autograder/exercises/__init__.py",
    "autograder/markdown.py",
    "autograder/notebooks.py",
    "tests/soak.py",
    "tests/topics.py",
)
"""What tests of answers import for more than these: the other topics, which are looked up by name, and notebooks."""
PAGES = "tests/site/test_every_page.py"
WIDGETS = "widgets in a page"
OF_WIDGETS = (
    "package-lock.json",
    "llm_course/widgets/*.*",
    "llm_course/widgets/js/*.*",
    "llm_course/widgets/kernel/*.*",
)
OF_EVERY_PAGE = ("_config.yml", "_toc.yml", "references.bib", "_ext/**/*.*", "_templates/**/*.*", *OF_WIDGETS)
NOT_SEEN = (
    # The notebooks to download: tests/autograder/test_assignment_notebooks.py looks at all.
    "autograder/exercises/__init__.py",
    "autograder/notebooks.py",
    "tests/conftest.py",
    "tests/of_the_day.py",
    "tests/soak.py",
)
FOR_PAGES = ("jupyter-book", "sphinx", "sphinx-book-theme", "myst-nb", "docutils", "playwright")
CAPSTONES = (
    "tests/autograder/capstone/test_steps.py",
    "tests/autograder/capstone/test_copies.py",
    "tests/llm_course/capstone/test_check.py",
)
TOPICS = sorted(folder.parent.name for folder in ROOT.glob("autograder/exercises/*/__init__.py"))
SOURCES = sorted([ROOT / "index.md", *ROOT.glob("chapters/**/*.md")])

PARTS = {
    "rooms in every tier": Part(
        ("tests/autograder/sandbox/test_room_tiers.py",),
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
        ("tests/grading/test_nbgrader_suite.py",),
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
    "what decoders read": Part(
        ("tests/llm_course/corpus/test_curriculum.py",),
        ("tests/llm_course/corpus/test_curriculum.py",),
        (),
    ),
    "training recipes": Part(
        ("tests/llm_course/training/test_smoke.py",),
        ("llm_course/training/*.py", "tests/llm_course/training/test_smoke.py"),
        ("torch", "transformers", "tokenizers", "safetensors"),
    ),
    "capstones trained with a mistake": Part(
        CAPSTONES, (*CAPSTONES, "llm_course/capstone/*.*", "llm_course/weights/**/*.*"), ("torch", "safetensors")
    ),
    WIDGETS: Part(
        ("tests/widgets",),
        ("tests/widgets/*.*", *OF_WIDGETS, "llm_course/weights/**/*.*"),
        ("anywidget", "ipywidgets", "jupyterlab", "playwright", "torch"),
        apart=("tests/conftest.py", "tests/of_the_day.py", "tests/soak.py"),
    ),
    **{name: part for topic in TOPICS for name, part in of_topic(topic).items()},
    **dict(map(of_page, SOURCES)),
}


@functools.cache
def due() -> frozenset[str]:
    """The parts that depend on something that is another than when they last passed; or those that are to run."""
    noted = soaked()
    return ONLY or frozenset(name for name, part in PARTS.items() if ALL or noted.get(name) != part.digest())


def soaked() -> dict[str, str]:
    """The digests with which parts passed."""
    return json.loads(SOAKED.read_text(encoding="utf-8")) if SOAKED.exists() else {}


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the parts that have nothing new to say; pytest counts them as deselected."""
    left = {item for item in items if not _is_asked(item)}
    if left:
        config.hook.pytest_deselected(items=[item for item in items if item in left])
        items[:] = [item for item in items if item not in left]


def _is_asked(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("soak")
    if mark and mark.args[0] not in PARTS:
        raise pytest.UsageError(f"{item.nodeid} is marked as of {mark.args[0]!r}, which is no part in tests/soak.py.")
    if mark and mark.args[0] in due():
        return True
    # What is looked at each day is, whether it is due or not, unless parts were asked for by name.
    return not ONLY and (mark is None or mark.kwargs.get("today", False))


def run(names: Sequence[str], options: Sequence[str]) -> bool:
    """Run parts of the same tests, all of them, and write down for what they passed, unless that changed meanwhile."""
    before = {name: PARTS[name].digest() for name in names}
    (tests,) = {PARTS[name].tests for name in names}
    whole = {"LLM_COURSE_SOAK": "1", "LLM_COURSE_HOSTILE_TIERS": "all"}
    environment = {**os.environ, **whole, "LLM_COURSE_PARTS": "|".join(names)}
    command = [sys.executable, "-m", "pytest", "--timeout", "7200", *options, *tests]
    passed = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0
    changed = [name for name in names if PARTS[name].digest() != before[name]]
    if passed:
        note({name: digest for name, digest in before.items() if name not in changed})
    for name in changed if passed else names:
        print(f"{name}: {'something that it depends on was changed meanwhile' if passed else 'failed'}.")
    return passed and not changed


def note(digests: Mapping[str, str]) -> None:
    """Write down that parts passed; of parts that there are no longer, nothing stays."""
    now = {name: digest for name, digest in {**soaked(), **digests}.items() if name in PARTS}
    SOAKED.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Tell which parts are due, or run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", nargs="*", choices=[[], *PARTS], metavar="PART", help="run these parts, or all")
    parser.add_argument("--due", action="store_true", help="run the parts that are due")
    options, for_pytest = parser.parse_known_args()
    if options.run is None and not options.due:
        print("due: " + (", ".join(sorted(due())) or "nothing"))
        return 0
    asked = due() if options.due else options.run or PARTS
    passed = [run(names, for_pytest) for names in together(asked)]
    return 0 if all(passed) else 1


def together(names: Collection[str]) -> list[list[str]]:
    """The parts in groups of the same tests: one session of pytest is enough for each."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in PARTS:
        if name in names:
            groups.setdefault(PARTS[name].tests, []).append(name)
    return list(groups.values())


if __name__ == "__main__":
    sys.exit(main())

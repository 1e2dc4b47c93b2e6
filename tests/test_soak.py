"""A part that was soaked is left out as long as nothing that it depends on is another, and no longer."""

import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import soak
from tests.imports import ROOT, with_all_they_import
from tests.soak import PARTS, TOPICS, Part

PART = Part(tests=(), files=("one.py", "bank/*.py"), packages=("torch",))
FILES = {"one.py": "import autograder.two", "bank/a.py": "", "autograder/__init__.py": "", "autograder/two.py": ""}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small project: one.py imports two, which imports nothing at first."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("changed", [*FILES, "bank/b.py"])
def test_a_changed_dependency_makes_a_part_due(tree: Path, changed: str) -> None:
    before = PART.digest(tree)
    (tree / changed).write_text(FILES.get(changed, "") + "\nx = 1")
    assert PART.digest(tree) != before


def test_what_a_dependency_imports_counts_from_then_on(tree: Path) -> None:
    (tree / "autograder" / "three.py").write_text("")
    before = PART.digest(tree)
    (tree / "autograder" / "three.py").write_text("x = 1")
    assert PART.digest(tree) == before
    (tree / "autograder" / "two.py").write_text("def f():\n    from autograder import three")
    imported = PART.digest(tree)
    (tree / "autograder" / "three.py").write_text("x = 2")
    assert len({before, imported, PART.digest(tree)}) == 3


def test_another_package_or_python_makes_a_part_due(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = [PART.digest(tree)]
    monkeypatch.setattr(soak.metadata, "version", lambda package: "0.0")
    digests.append(PART.digest(tree))
    monkeypatch.setattr(soak.platform, "python_version", lambda: "3.99.0")
    assert len({*digests, PART.digest(tree)}) == 3


@pytest.mark.parametrize("name", PARTS)
def test_each_part_starts_from_files_that_are_there(name: str) -> None:
    assert len(PARTS[name].digest()) == 64
    for pattern in PARTS[name].files:
        assert [*ROOT.glob(pattern)], f"{pattern} of {name!r} fits no file"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("rooms in every tier", "autograder/sandbox/jail.py"),
        ("rooms in every tier", "llm_course/checking/values.py"),
        ("hostile in every tier", "autograder/judge.py"),
        ("hostile in every tier", "tests/grading/test_hostile.py"),
        ("nbgrader's own tests", "autograder/autograded.py"),
        ("nbgrader's own tests", "autograder/hand_in.py"),
        ("training recipes", "llm_course/training/loop.py"),
        ("seeds of chapter 10", "llm_course/weights/stories/model.safetensors"),
    ],
)
def test_what_a_part_depends_on_is_seen(name: str, file: str) -> None:
    assert ROOT / file in PARTS[name].depends_on()


OF_CHAPTERS = ("chapters/", "solutions/", "tests/banks/right/", "autograder/exercises/")
SHARED = {
    "autograder/exercises/__init__.py",
    "autograder/exercises/capstone.py",
    "autograder/exercises/mistakes.py",
    "autograder/exercises/spec.py",
    "solutions/__init__.py",
    "tests/banks/right/__init__.py",
}


COMPARED_WITH: dict[str, tuple[str, ...]] = {
    "capstones trained with a mistake": ("solutions/normalization.py", "solutions/production.py"),
    "widgets in a page": ("solutions/", "autograder/exercises/serving/"),
}
"""What is about a chapter, and parts hold the project against."""


def about_chapters(name: str) -> set[str]:
    """The files that a part depends on and that are about one chapter or topic."""
    files = {file.relative_to(ROOT).as_posix() for file in PARTS[name].depends_on()}
    return {file for file in files - SHARED if file.startswith(OF_CHAPTERS)}


@pytest.mark.parametrize("name", [name for name in PARTS if ": " not in name])
def test_no_chapter_is_what_a_part_depends_on(name: str) -> None:
    """A new chapter makes none of them due, and a changed one only what is about it by name."""
    named = {file for file in PARTS[name].files if file.startswith("chapters/") and "*" not in file}
    assert not named or name == "seeds of chapter 10"
    found = about_chapters(name) - named
    assert {file for file in found if not file.startswith(COMPARED_WITH.get(name, ()))} == set()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topics_parts_depend_on_no_other_topic(topic: str) -> None:
    for name in (soak.verdicts(topic), soak.travel(topic)):
        exercises = {Path(file).parent.name for file in about_chapters(name) if "exercises/" in file}
        assert exercises == {topic}
        assert f"solutions/{topic}.py" in about_chapters(name)
        assert f"tests/banks/right/{topic}.py" in about_chapters(name)


def test_a_page_depends_on_its_own_text_and_on_what_all_show() -> None:
    chapter, exercises = (
        about_chapters(soak.page(f"chapters/05_attention/{name}")) for name in ("chapter", "exercises")
    )
    assert {"chapters/05_attention/chapter.md", "chapters/05_attention/chapter.outputs.ipynb"} <= chapter
    assert "chapters/05_attention/exercises.md" in exercises
    assert not any("positions" in file for file in chapter | exercises)
    shown = PARTS[soak.page("index")].depends_on()
    assert {ROOT / "llm_course/widgets/style.css", ROOT / "_ext/page_head.py", ROOT / "tests/site/checks.py"} <= shown


@pytest.mark.parametrize("name", PARTS)
def test_what_is_apart_is_imported(name: str) -> None:
    everything = with_all_they_import(PARTS[name].matched())
    assert {ROOT / file for file in PARTS[name].apart} <= everything


def test_what_is_apart_takes_along_what_it_alone_imports(tree: Path) -> None:
    (tree / "autograder" / "two.py").write_text("from autograder import three")
    (tree / "autograder" / "three.py").write_text("")
    apart = replace(PART, apart=("autograder/two.py",))
    assert {file.name for file in apart.depends_on(tree)} == {"one.py", "a.py", "__init__.py"}
    (tree / "one.py").write_text("import autograder.two, autograder.three")
    assert tree / "autograder" / "three.py" in apart.depends_on(tree)


def test_a_mark_that_names_no_part_is_refused() -> None:
    config = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: None))
    with pytest.raises(pytest.UsageError, match=r"which is no part in tests/soak\.py"):
        soak.deselect(config, [Item("no part", "test")])


class Item:
    """A test, marked as of a part, or with no mark."""

    def __init__(self, part: str, nodeid: str, **options: bool) -> None:
        self.part, self.nodeid, self.options = part, nodeid, options

    def get_closest_marker(self, name: str) -> SimpleNamespace | None:
        return SimpleNamespace(args=[self.part], kwargs=self.options) if self.part else None


@pytest.mark.parametrize(
    ("status", "changed", "noted"),
    [(0, False, True), (1, False, False), (0, True, False)],
    ids=["passed", "failed", "changed"],
)
def test_only_what_passed_unchanged_is_noted(
    tree: Path, monkeypatch: pytest.MonkeyPatch, status: int, changed: bool, noted: bool
) -> None:
    def run(*arguments: object, **options: object) -> SimpleNamespace:
        if changed:
            (tree / "one.py").write_text("")
        return SimpleNamespace(returncode=status)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(soak, "SOAKED", tree / "soaked.json")
    monkeypatch.setattr(soak, "PARTS", {"part": PART})
    monkeypatch.setattr(PART.__class__, "digest", lambda part, digest=PART.__class__.digest: digest(part, tree))
    assert soak.run(["part"], []) == noted
    assert soak.soaked() == ({"part": PART.digest()} if noted else {})


def left_out(monkeypatch: pytest.MonkeyPatch, due: set[str], only: frozenset[str] = frozenset()) -> list[str]:
    """What is left out of a test of each of two parts, one of the first that is looked at today, and one of none."""
    monkeypatch.setattr(soak, "due", lambda: due)
    monkeypatch.setattr(soak, "ONLY", only)
    left: list[Item] = []
    config = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: left.extend(items)))
    one, other = [*PARTS][:2]
    every = [Item(one, one), Item(one, "of today", today=True), Item(other, other), Item("", "plain")]
    items = [*every]
    soak.deselect(config, items)
    assert [item for item in every if item not in left] == items
    return [item.nodeid for item in left]


def test_tests_of_a_part_that_is_not_due_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = [*PARTS][:2]
    assert left_out(monkeypatch, {other}) == [one]
    assert left_out(monkeypatch, {one, other}) == []


def test_where_parts_are_asked_for_nothing_else_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = [*PARTS][:2]
    assert left_out(monkeypatch, {other}, frozenset({other})) == [one, "of today", "plain"]


def test_parts_of_the_same_tests_run_together() -> None:
    names = ["travel: attention", "training recipes", "verdicts: decoding", "verdicts: attention"]
    groups = soak.together(names)
    assert sorted(map(sorted, groups)) == [
        ["training recipes"],
        ["travel: attention"],
        ["verdicts: attention", "verdicts: decoding"],
    ]

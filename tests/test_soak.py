"""A part that was soaked is left out as long as nothing that it depends on is another, and no longer."""

import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import soak
from tests.imports import ROOT, with_all_they_import
from tests.soak import PARTS, Part

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


@pytest.mark.parametrize("name", PARTS)
def test_no_chapter_is_what_a_part_depends_on(name: str) -> None:
    """A new chapter makes none of them due, and a changed one only what is about it by name."""
    named = {file for file in PARTS[name].files if file.startswith("chapters/") and "*" not in file}
    assert not named or name == "seeds of chapter 10"
    files = {file.relative_to(ROOT).as_posix() for file in PARTS[name].depends_on()} - named
    of_chapters = ("chapters/", "solutions/", "tests/banks/right/", "autograder/exercises/")
    shared = {"autograder/exercises/spec.py", "autograder/exercises/mistakes.py"}
    assert [file for file in sorted(files - shared) if file.startswith(of_chapters)] == []
    assert files.isdisjoint({"autograder/markdown.py", "autograder/notebooks.py"})


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


def test_each_mark_names_a_part(request: pytest.FixtureRequest) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    marked = {name for name in PARTS if any(f'mark.soak("{name}")' in text for text in texts)}
    assert marked == set(PARTS)
    assert sum(text.count("mark.soak(") for text in texts) - Path(__file__).read_text().count("mark.soak(") == len(
        PARTS
    )


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
    assert soak.run("part", []) == noted
    assert soak.soaked() == ({"part": PART.digest()} if noted else {})


def test_tests_of_a_part_that_is_not_due_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Item(str):
        def get_closest_marker(self, name: str) -> SimpleNamespace | None:
            return SimpleNamespace(args=[self[:-1]]) if self[:-1] in PARTS else None

    one, other = list(PARTS)[:2]
    monkeypatch.setattr(soak, "due", lambda: [other])
    left: list[str] = []
    config = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: left.extend(items)))
    items = [Item(f"{one}1"), Item(f"{other}1"), Item("plain"), Item(f"{one}2")]
    soak.deselect(config, items)
    assert (items, left) == ([f"{other}1", "plain"], [f"{one}1", f"{one}2"])

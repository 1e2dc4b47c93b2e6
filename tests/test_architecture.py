"""The house stands as designed: arrows run one way, and one thing has one source."""

import graphlib
import itertools
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from _ext import kept_outputs
from _ext.sources import imported_names

ROOT = Path(__file__).parents[1]
PACKAGES = ("llm_course", "solutions", "autograder", "tests", "_ext")

# Floors of each package, from the top. A module may import from its own floor and from lower ones.
FLOORS = {
    "autograder": (
        {"__main__"},
        {"cli"},
        {"course"},
        {"reporting", "doors"},
        {"nbgrader_bridge", "collecting"},
        {"running", "authoring"},
        {"judging"},
        {"capstone", "students"},
        {"submissions", "sandbox"},
        {"notebooks"},
        {"exercises"},
        {"records"},
    ),
    "llm_course": (
        {"__main__", "progress"},
        {"capstone"},
        {"in_page"},
        {"check", "lab", "training"},
        {"widgets"},
        {"models", "fetch", "checking", "corpus", "measure", "plotting", "serving"},
        {"packaged_models"},
    ),
}
# What a learner or a reader may import: neither how answers are judged, nor any answer.
OPEN_TO_CHAPTERS = {
    "capstone",
    "check",
    "corpus",
    "fetch",
    "measure",
    "models",
    "packaged_models",
    "plotting",
    "serving",
    "training",
    "widgets",
}


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    """The full names that a file imports of the project, wherever in it."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    names = imported_names(path.read_text(encoding="utf-8"), package)
    return {name.removesuffix(".*") for name in names if name.split(".")[0] in PACKAGES}


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("llm_course", {"llm_course"}),
        ("solutions", {"solutions"}),
        ("autograder", {"autograder", "solutions", "llm_course"}),
        ("_ext", {"_ext", "autograder", "llm_course"}),
    ],
)
def test_arrows_run_one_way(package: str, allowed: set[str]) -> None:
    for path in files(package):
        wrong = {name for name in imports_of(path) if name.split(".")[0] not in allowed}
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


@pytest.mark.parametrize("package", FLOORS)
def test_no_import_runs_up_a_floor(package: str) -> None:
    floor_of = {module: number for number, floor in enumerate(FLOORS[package]) for module in floor}
    for path in files(package):
        parts = path.relative_to(ROOT / package).with_suffix("").parts
        if parts == ("__init__",):
            continue
        assert parts[0] in floor_of, f"say in FLOORS where {package}/{parts[0]} stands"
        for name in imports_of(path):
            module = name.split(".")[1] if name.startswith(f"{package}.") else None
            if module in floor_of:
                assert floor_of[module] >= floor_of[parts[0]], f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("folder", sorted(path.parent for path in ROOT.glob("autograder/*/__init__.py")), ids=str)
def test_no_circle_within_a_folder(folder: Path) -> None:
    name = ".".join(folder.relative_to(ROOT).parts)
    own = {f"{name}.{path.stem}": imports_of(path) for path in folder.glob("*.py") if path.stem != "__init__"}
    graph = {
        module: {one for one in own if any(f"{name}.".startswith(f"{one}.") for name in found)} - {module}
        for module, found in own.items()
    }
    graphlib.TopologicalSorter(graph).prepare()  # Raises CycleError.


def test_answers_are_checked_without_torch_where_there_is_none() -> None:
    checking = {path for path in files("llm_course/checking") if path.stem != "tensors"}
    for path in sorted(checking | {ROOT / "llm_course" / f"{name}.py" for name in ("check", "in_page")}):
        imported = {name.partition(".")[0] for name in imported_names(path.read_text(encoding="utf-8"))}
        assert imported.isdisjoint({"numpy", "torch"}), f"{path.name}: take it from llm_course.checking.tensors"


WIDGETS = ROOT / "llm_course" / "widgets"
# What else modules of a folder may import than those beside them; every other folder is a widget.
BELOW_WIDGETS = {"ui": set[str](), "models": {"ui", "built"}}


def folders_imported(path: Path) -> set[str]:
    """The folders of the widgets that a module imports from, in Python or TypeScript, types among it."""
    if path.suffix == ".py":
        found = [WIDGETS.parents[1].joinpath(*name.split(".")) for name in imports_of(path)]
    else:
        names = re.findall(r'(?:from|import\(?) ?"(\.[^"]+)"', path.read_text(encoding="utf-8"))
        found = [(path.parent / name).resolve() for name in names]
    return {place.relative_to(WIDGETS).parts[0] for place in found if place.is_relative_to(WIDGETS)}


def test_a_widget_imports_what_widgets_share_and_that_imports_no_widget() -> None:
    folders = {path.parent for path in WIDGETS.glob("*/__init__.py")}
    assert {folder.name for folder in folders if not (folder / "widget.ts").is_file()} == set(BELOW_WIDGETS)
    for path in sorted(path for folder in folders for ending in ("py", "ts") for path in folder.glob(f"*.{ending}")):
        own = path.parent.name
        wrong = folders_imported(path) - {own} - BELOW_WIDGETS.get(own, {"ui", "models"})
        assert not wrong, f"{path.relative_to(ROOT)} imports from {wrong}"


IMPORT = re.compile(r"^(?:from|import) (\w+)(?:\.(\w+))?\S*(?: import (.+))?$", re.MULTILINE)
PAGES = sorted(ROOT.glob("chapters/[0-9]*/*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_chapters_import_what_is_meant_for_them(page: Path) -> None:
    imported = IMPORT.findall(page.read_text(encoding="utf-8"))
    for package, module, names in [item for item in imported if item[0] in PACKAGES]:
        assert package == "llm_course", f"{page.relative_to(ROOT)} imports {package}"
        for name in [module] if module else names.split(", "):
            assert name.split(" ")[0] in OPEN_TO_CHAPTERS, f"{page.relative_to(ROOT)} imports llm_course.{name}"


def test_each_folder_of_tests_is_a_package() -> None:
    # Else two tests of the same name in different folders, as a mirror of the tree has them, are one module to pytest.
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


LONGER = {
    "llm_course/widgets/attention_explorer/widget.ts": "one drawing whose parts move together",
}
"""Files that may be longer than others, and why."""


def test_no_file_is_long() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.js", "*.ts"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = {name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in listed.stdout.split()}
    assert {name for name, count in lines.items() if count > 450} == {*LONGER}


def test_conda_environment_is_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [item for item in environment["dependencies"] if isinstance(item, str)]
    (pip,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    assert f"python{project()['requires-python']}" in plain
    # One source of packages and ranges: the rest comes from the two pyproject.toml, and from the lock.
    assert pip == [
        "--constraint constraints.txt",
        "--editable .[development]",
        "--editable ./instructor[cluster,postgresql]",
    ]


def test_no_notebook_in_git() -> None:
    """None but the outputs of the book's pages, which `make outputs` writes."""
    listed = subprocess.run(["git", "ls-files", "*.ipynb"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [name for name in listed.stdout.split() if not name.endswith(kept_outputs.SUFFIX)] == []


def project(folder: str = ".") -> dict[str, Any]:
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def dependencies(*left_out: str) -> list[str]:
    """All requirements of the two packages but those of the extras to leave out."""
    both = [project(), project("instructor")]
    extras = [items for one in both for name, items in one["optional-dependencies"].items() if name not in left_out]
    return [*itertools.chain(*(one["dependencies"] for one in both)), *itertools.chain(*extras)]


def test_every_dependency_has_a_range() -> None:
    for requirement in dependencies():
        assert "<" in requirement or requirement.startswith("llm-course["), f"{requirement} has no upper bound"


def test_constraints_are_exact_versions_within_the_ranges() -> None:
    """No address and no build of one machine, such as 1.0+cpu, is among them."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    versions = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    asked = [Requirement(item) for item in dependencies("real-models")]
    missing = {item.name for item in asked if canonicalize_name(item.name) not in versions}
    assert missing == {"torch", "llm-course"}, "run `make constraints`"
    outside = [
        item
        for item in asked
        if item.name not in missing and versions[canonicalize_name(item.name)] not in item.specifier
    ]
    assert outside == [], "run `make constraints`"


def test_the_public_workflow_runs_with_every_python_that_is_allowed() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    allowed = SpecifierSet(project()["requires-python"])
    versions = [f"3.{minor}" for minor in range(30) if f"3.{minor}" in allowed]
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == versions

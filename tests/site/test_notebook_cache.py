"""Which notebooks are run again, and that they run side by side."""

from collections.abc import Callable, Iterable
from pathlib import Path

import jupytext
import nbformat
import pytest

from _ext import kept_outputs
from _ext.sources import imported_names, key_of, package_data, reachable_modules
from tests.site.conftest import Built

HEADER = """---
file_format: mystnb
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""


def notebook(title: str, *cells: str, prose: str = "Prose.") -> str:
    blocks = "\n".join(f"```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells)
    return f"{HEADER}# {title}\n\n{prose}\n\n{blocks}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose package has a module in use, another that it imports, one apart, and data."""
    files = {
        "llm_course/__init__.py": "",
        "llm_course/used.py": "from .helper import number\n",
        "llm_course/helper.py": "number = 1\n",
        "llm_course/apart.py": "",
        "llm_course/check.py": "",
        "llm_course/checks/topic.json": "{}",
        "llm_course/weights/model.bin": "weights",
        "llm_course/widgets/__init__.py": "",
        "llm_course/widgets/widget.js": "js",
        "llm_course/widgets/built/widget.js": "js",
        "llm_course/__pycache__/used.pyc": "",
        "solutions/__init__.py": "",
        "solutions/topic.py": "import llm_course.helper\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def names(files: Iterable[Path], root: Path) -> set[str]:
    return {str(file.relative_to(root)) for file in files}


@pytest.mark.parametrize(
    ("code", "package", "found"),
    [
        ("import llm_course.used as used", "", {"llm_course.used.*"}),
        ("def f():\n    from llm_course import used", "", {"llm_course.used"}),
        ("from .helper import number", "llm_course", {"llm_course.helper.number"}),
        ("from . import helper", "llm_course", {"llm_course.helper"}),
        ("from ..used import x", "llm_course.widgets", {"llm_course.used.x"}),
        ("this is not Python", "", set()),
    ],
)
def test_imported_names(code: str, package: str, found: set[str]) -> None:
    assert imported_names(code, package) == found


GATHERED = "from .first import First\nfrom .second import Second\n\n__all__ = ['First', 'Second']\n"


@pytest.mark.parametrize(
    ("package", "name", "modules"),
    [
        (GATHERED, "First", {"first"}),
        (GATHERED, "*", {"first", "second"}),
        (GATHERED, "third", {"third"}),
        (GATHERED.replace("First\n", "First as Other\n"), "Other", {"first"}),
        ("from .first import *\nfrom .second import Second\n", "First", {"first", "second"}),
        (GATHERED + "print(First)\n", "Second", {"first", "second"}),
        (GATHERED + "import llm_course.widgets.third\n", "Second", {"first", "second", "third"}),
    ],
)
def test_of_a_package_that_only_gathers_no_more_is_followed_than_is_asked(
    project: Path, package: str, name: str, modules: set[str]
) -> None:
    for file, text in {"__init__": package, "first": "", "second": "", "third": ""}.items():
        (project / "llm_course" / "widgets" / f"{file}.py").write_text(text)
    found = names(reachable_modules({f"llm_course.widgets.{name}"}, project), project)
    always = {"llm_course/__init__.py", "llm_course/widgets/__init__.py"}
    assert found == always | {f"llm_course/widgets/{module}.py" for module in modules}


def test_data_of_a_package_is_its_own_and_what_no_page_puts_out_is_none(project: Path) -> None:
    inside = package_data({project / "llm_course" / "check.py"}, project)
    assert names(inside, project) == {"llm_course/weights/model.bin"}
    assert package_data({project / "llm_course" / "widgets" / "__init__.py"}, project) == set()


@pytest.fixture
def build_notebooks(build: Callable[..., Built], tmp_path: Path) -> Callable[..., tuple[Built, dict[str, int]]]:
    """Build notebooks, each of which writes a line when it runs, and count their runs so far."""
    log = tmp_path / "runs"

    def build_notebooks(pages: dict[str, str]) -> tuple[Built, dict[str, int]]:
        toc = "# Book\n\n```{toctree}\n" + "\n".join(pages) + "\n```\n"
        files = {f"{name}.md": text.replace("RUNS", str(log)) for name, text in pages.items()}
        config = {"nb_execution_mode": "cache", "exclude_patterns": ["*.outputs.ipynb"]}
        built = build({"index.md": toc, **files}, "_ext.notebook_cache", **config)
        runs = log.read_text().split() if log.exists() else []
        return built, {name: runs.count(name) for name in pages}

    return build_notebooks


def logged(name: str, *cells: str, prose: str = "Prose.") -> str:
    return notebook(name, f'with open("RUNS", "a") as log:\n    print("{name}", file=log)', *cells, prose=prose)


@pytest.mark.notebooks
def test_only_what_changed_runs_again(
    build_notebooks: Callable[..., tuple[Built, dict[str, int]]], tmp_path: Path
) -> None:
    module = tmp_path / "source" / "llm_course" / "numbers.py"
    module.parent.mkdir(parents=True)
    (module.parent / "__init__.py").write_text("")
    module.write_text("number = 1234\n")
    importing = "import sys; sys.path.insert(0, '.')\nfrom llm_course.numbers import number\nprint(number)"
    pages = {"one": logged("one", "print(3 * 37)"), "two": logged("two", importing)}

    built, runs = build_notebooks(pages)
    assert built.warnings == ""
    assert ("111" in built.page("one"), "1234" in built.page("two")) == (True, True)
    assert runs == {"one": 1, "two": 1}

    assert build_notebooks(pages)[1] == {"one": 1, "two": 1}, "an unchanged book runs nothing"

    pages["one"] = logged("one", "print(3 * 37)", prose="Other prose.")
    built, runs = build_notebooks(pages)
    assert "Other prose." in built.page("one")
    assert runs == {"one": 1, "two": 1}, "prose is no code"

    pages["one"] = logged("one", "print(6 * 37)")
    built, runs = build_notebooks(pages)
    assert "222" in built.page("one")
    assert runs == {"one": 2, "two": 1}, "an edited cell runs its own notebook"

    module.write_text("number = 5678\n")
    built, runs = build_notebooks(pages)
    assert "5678" in built.page("two")
    assert runs == {"one": 2, "two": 2}, "an edited module runs the notebook that imports it"


@pytest.mark.notebooks
def test_what_is_kept_beside_a_page_is_taken_as_long_as_it_has_the_pages_key(
    build_notebooks: Callable[..., tuple[Built, dict[str, int]]], tmp_path: Path
) -> None:
    source = tmp_path / "source"
    cell = "import sys; sys.path.insert(0, '.')\nfrom llm_course.numbers import number\nprint(number)"
    pages = {"one": logged("one", cell)}
    (source / "llm_course").mkdir(parents=True)
    (source / "llm_course" / "__init__.py").write_text("")
    (source / "llm_course" / "numbers.py").write_text("number = 1234\n")
    text = pages["one"].replace("RUNS", str(tmp_path / "runs"))
    content, page = jupytext.reads(text, "md:myst"), source / "one.md"
    content.cells[-1].outputs = [nbformat.v4.new_output("stream", text="yesterday\n")]
    kept_outputs.write(page, content, {"key": key_of(content, page, source)})

    built, runs = build_notebooks(pages)
    assert built.warnings == ""
    assert ("yesterday" in built.page("one"), runs) == (True, {"one": 0})

    tagged = {
        "one": pages["one"].replace("```{code-cell} ipython3\n", "```{code-cell} ipython3\n:tags: [remove-input]\n")
    }
    assert tagged != pages
    built, runs = build_notebooks(tagged)
    assert ("yesterday" in built.page("one"), runs) == (True, {"one": 0})

    edited = {"one": logged("one", cell, "print(6 * 37)")}
    built, runs = build_notebooks(edited)
    assert ("yesterday" in built.page("one"), "222" in built.page("one"), runs) == (False, True, {"one": 1})

    (source / "llm_course" / "numbers.py").write_text("number = 5678\n")
    built, runs = build_notebooks(pages)
    assert ("yesterday" in built.page("one"), "5678" in built.page("one"), runs) == (False, True, {"one": 2})


@pytest.mark.notebooks
def test_failing_notebook_warns_at_every_build(build_notebooks: Callable[..., tuple[Built, dict[str, int]]]) -> None:
    pages = {"one": notebook("one", "1 / 0")}
    for _ in range(2):
        built, _ = build_notebooks(pages)
        assert "Executing notebook failed: CellExecutionError" in built.warnings


def test_page_that_says_so_is_not_run(build_notebooks: Callable[..., tuple[Built, dict[str, int]]]) -> None:
    page = logged("one").replace("---\n# one", 'mystnb: {execution_mode: "off"}\n---\n# one')
    built, runs = build_notebooks({"one": page})
    assert (built.warnings, runs) == ("", {"one": 0})

"""A page whose outputs are kept is run again where they, or its claims, depend on something that has changed."""

from pathlib import Path

import jupytext
import pytest

from _ext import kept_outputs
from _ext.sources import key_of
from tests.chapters import kept
from tests.chapters.test_notebooks import RUN, code_cells, kinds, name_of

PAGE = (
    "---\nkernelspec: {{display_name: Python 3, language: python, name: python3}}\n---\n{}\n```{{code-cell}}\n{}\n```\n"
)
MODULE = "llm_course/numbers.py"
CLAIMS = '"""Claims."""\n\n# "1"\nassert True\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pages whose outputs are kept. The first imports a module and has a claim."""
    root = tmp_path / "project"
    monkeypatch.setattr(kept, "ROOT", root)
    monkeypatch.setattr(kept, "CLAIMS", root / "claims")
    files = {
        MODULE: "one = 1\n",
        "llm_course/__init__.py": "",
        "claims/one.py": CLAIMS,
        "one/chapter.md": PAGE.format("Prose.", "import llm_course.numbers"),
        "two/chapter.md": PAGE.format("Prose.", "1 + 1"),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for page in pages(root):
        kept_outputs.write(page, jupytext.read(page), kept.note(page))
    return root


def pages(project: Path) -> list[Path]:
    return [project / name / "chapter.md" for name in ("one", "two")]


def changed(project: Path) -> list[str]:
    """The pages that have to run."""
    return [page.parent.name for page in pages(project) if not kept.is_current(page)]


@pytest.mark.parametrize(
    ("file", "old", "new", "pages"),
    [
        pytest.param("one/chapter.md", "Prose", "Other prose", [], id="prose"),
        pytest.param("one/chapter.md", "import llm", "x = 1\nimport llm", ["one"], id="code"),
        pytest.param("claims/one.py", "assert True", "assert 1", ["one"], id="a claim"),
        pytest.param(MODULE, "one = 1", "one = 2", ["one"], id="a module"),
    ],
)
def test_a_page_runs_again_when_its_code_claims_or_modules_changed(
    project: Path, file: str, old: str, new: str, pages: list[str]
) -> None:
    assert changed(project) == []
    (project / file).write_text((project / file).read_text().replace(old, new))
    assert changed(project) == pages


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_what_is_kept_beside_a_page_is_of_its_code(page: Path) -> None:
    """A page with another key is run whenever the book is built."""
    content = jupytext.read(page)
    found = kept_outputs.find(page, key_of(content, page, kept.ROOT))
    assert found is not None, "run `make outputs`, and commit what it writes"
    assert code_cells(found) == code_cells(content), "run `make outputs`: other code was run"
    assert any(kinds(found)), "nothing was put out"

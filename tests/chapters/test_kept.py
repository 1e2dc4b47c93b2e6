"""A page is left out as long as nothing that its outputs or its claims depend on is another, but for two a day."""

from pathlib import Path
from types import SimpleNamespace

import jupytext
import pytest

from _ext import kept_outputs
from _ext.notebook_cache import digest_sources
from tests.chapters import kept
from tests.chapters.test_notebooks import RUN, kinds

PAGE = (
    "---\nkernelspec: {{display_name: Python 3, language: python, name: python3}}\n---\n{}\n```{{code-cell}}\n{}\n```\n"
)
MODULE = "llm_course/numbers.py"


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Five pages, their outputs kept; the first has a claim and imports a module."""
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    monkeypatch.setattr(kept, "CLAIMS", tmp_path / "claims")
    files = {MODULE: "one = 1\n", "llm_course/__init__.py": "", "claims/0.py": '"""Claims."""\n\n# "1"\nassert True\n'}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    pages = [tmp_path / str(number) / "chapter.md" for number in range(5)]
    for page in pages:
        page.parent.mkdir()
        page.write_text(PAGE.format("Prose.", "import llm_course.numbers" if page is pages[0] else "1 + 1"))
        kept_outputs.write(page, jupytext.read(page), kept.note(page))
    return pages


def test_a_day_has_two_pages_and_each_page_its_day(pages: list[Path]) -> None:
    drawn = [kept.due(pages, f"{seed}") for seed in range(8)]
    assert {len(each) for each in drawn} == {kept.A_DAY}
    assert {page for each in drawn for page in each} == {*pages}
    assert kept.due(pages, "7") == drawn[7]


def test_prose_makes_no_page_due(pages: list[Path]) -> None:
    pages[0].write_text(pages[0].read_text().replace("Prose", "Other prose"))
    assert kept.changed(pages) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("0/chapter.md", "import llm", "x = 1\nimport llm"),
        ("claims/0.py", "assert True", "assert 1"),
        (MODULE, "one = 1", "one = 2"),
    ],
)
def test_what_a_page_depends_on_makes_it_due(pages: list[Path], file: str, old: str, new: str) -> None:
    changed = pages[0].parents[1] / file
    changed.write_text(changed.read_text().replace(old, new))
    assert kept.changed(pages) == [pages[0]]


def test_a_module_that_claims_import_makes_their_page_due(pages: list[Path]) -> None:
    claims = pages[0].parents[1] / "claims" / "1.py"
    claims.write_text('"""Claims."""\n\n# "2"\nimport llm_course.numbers\n')
    kept_outputs.write(pages[1], jupytext.read(pages[1]), kept.note(pages[1]))
    assert kept.changed(pages) == []
    (pages[0].parents[1] / MODULE).write_text("one = 3\n")
    assert kept.changed(pages) == pages[:2]


def test_another_package_or_processor_makes_all_due(pages: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(kept.metadata, "version", lambda package: "0.0")
        assert kept.changed(pages) == pages
    assert kept.changed(pages) == []
    monkeypatch.setattr(kept.torch.backends.cpu, "get_cpu_capability", lambda: "OTHER")
    assert kept.changed(pages) == pages


def test_a_page_without_kept_outputs_is_due(pages: list[Path]) -> None:
    kept_outputs.file_of(pages[2]).unlink()
    assert kept.changed(pages) == [pages[2]]


def test_only_pages_that_are_not_due_are_left_out(pages: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    class Item(SimpleNamespace):
        __hash__ = object.__hash__

        def get_closest_marker(self, name: str) -> bool:
            return name == "page" and hasattr(self, "callspec")

    items = [Item(), *(Item(callspec=SimpleNamespace(params={"page": page})) for page in pages)]
    monkeypatch.setenv("LLM_COURSE_SEED", "7")
    monkeypatch.setattr(kept, "ALL", False)
    left: list[Item] = []
    config = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: left.extend(items)))
    run = list(items)
    kept.deselect(config, run)
    assert run == [items[0], *(item for item in items[1:] if item.callspec.params["page"] in kept.due(pages, "7"))]
    assert {*left} == {*items} - {*run}


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.parent.name + page.name)
def test_what_is_kept_beside_a_page_is_of_its_code(page: Path) -> None:
    """A page with other code, or whose modules are other ones, is run whenever the book is built: `make outputs`."""
    content = jupytext.read(page)
    found = kept_outputs.find(page, content, digest_sources(content, page, kept.ROOT))
    assert found is not None, "run `make outputs`, and commit what it writes"
    assert any(kinds(found)), "nothing was put out"

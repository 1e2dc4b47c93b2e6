"""What the site hands out to learners: the archive, the wheel in it, and no answer."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from _ext.downloads import ARCHIVE, INSTALL_PAGE
from _ext.released_notebooks import launch_links
from autograder.exercises import assignments
from llm_course.lab import place
from tests.site.conftest import Built

ROOT = Path(__file__).parents[2]


@pytest.fixture
def archive(site: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(site / "downloads" / ARCHIVE)


def test_the_install_page_begins_with_the_archive(site: Path) -> None:
    page = (site / f"{INSTALL_PAGE}.html").read_text(encoding="utf-8")
    button = page.index(f'href="../../downloads/{ARCHIVE}"')
    assert page.index("</h1>") < button < page.index('id="get-the-folder"')


def test_the_archive_is_the_lab_laid_out_with_the_wheel_that_it_installs(archive: zipfile.ZipFile) -> None:
    names = {name.removeprefix("llm-course/") for name in archive.namelist() if not name.endswith("/")}
    (wheel,) = {name for name in names if name.endswith(".whl")}
    notebooks = {place(Path(), name).as_posix() for name in (*assignments(), "whole_path")}
    assert names == {wheel, "README.md", "requirements.txt", *notebooks}
    assert archive.read("llm-course/requirements.txt").decode() == f"./{wheel}[lab]\n"
    assert len(archive.read("llm-course/README.md").decode().splitlines()) <= 12


def test_a_learner_gets_the_course_with_its_widgets_and_no_answer(archive: zipfile.ZipFile) -> None:
    (wheel,) = (name for name in archive.namelist() if name.endswith(".whl"))
    with archive.open(wheel) as file:
        names = set(zipfile.ZipFile(file).namelist())
    assert {name.split("/")[0].split("-")[0] for name in names} == {"llm_course"}
    assert not [name for name in names if re.search(r"solutions|autograder|\bchapters\b|__pycache__", name)]
    for name in assignments():
        assert {f"llm_course/checks/{name}.json.gz", f"llm_course/assignments/{name}.ipynb"} <= names
    widgets = {path.parent.name for path in (ROOT / "llm_course/widgets").glob("*/widget.ts")}
    assert {f"llm_course/widgets/built/{name}.js" for name in widgets} <= names
    assert not [name for name in names if name.endswith("/widget.ts")], "what is built is enough"


def test_a_site_links_to_what_lies_beside_it(build: Callable[..., Built], tmp_path: Path) -> None:
    pages = {"index.md": f"# A book\n\n```{{toctree}}\n{INSTALL_PAGE}\n```\n", f"{INSTALL_PAGE}.md": "# Install\n"}
    book, archive = tmp_path / "epub" / "a-book.epub", tmp_path / "release" / ARCHIVE

    def links() -> tuple[list[str], list[str]]:
        site = build(pages, "_ext.downloads")
        found = [re.findall(r'href="(\S*(?:zip|epub|pdf))"', site.page(name)) for name in ("index", INSTALL_PAGE)]
        return found[0], found[1]

    assert links() == ([], [])
    for file in (book, archive):
        file.parent.mkdir()
        file.write_bytes(b"content")
    assert links() == (["whole_book/a-book.epub"], [f"../../downloads/{ARCHIVE}"])
    for copied in ("whole_book/a-book.epub", f"downloads/{ARCHIVE}"):
        assert (tmp_path / "html" / copied).read_bytes() == b"content"
    book.unlink()
    assert links() == ([], [f"../../downloads/{ARCHIVE}"])


def test_colab_and_binder_open_a_notebook_where_there_is_a_repository() -> None:
    assert launch_links("", "05_attention") == ""
    assert launch_links("https://example.org/owner/course", "05_attention") == ""
    links = launch_links("https://github.com/owner/course.git", "05_attention")
    place = "05_attention/05_attention.ipynb"
    assert f"https://colab.research.google.com/github/owner/course/blob/notebooks/{place}" in links
    assert f"https://mybinder.org/v2/gh/owner/course/notebooks?urlpath=lab/tree/{place}" in links

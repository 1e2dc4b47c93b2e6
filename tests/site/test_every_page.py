"""Every page of the built book, over http in the light and from a file in the dark: sound, accessible, and usable.

A page is loaded once for each, for all that is looked at and done on it; and one after the other in the same tab, for
a tab of its own costs as much as the page. In the dark, one page of each kind is always looked at, the others by
`make test-long`: few faults of a single page show only there.
"""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Download

from _ext.released_notebooks import EXERCISES as EXERCISES_PAGE
from tests.site import checks
from tests.site.checks import Visit
from tests.site.test_browser import CHAPTERS, PAGES

pytestmark = pytest.mark.browser

EXERCISES = [*filter(EXERCISES_PAGE.fullmatch, PAGES)]
OTHER = {"light": "dark", "dark": "light"}
ONE_OF_EACH_KIND = {
    "index",
    "search",
    "genindex",
    "chapters/glossary",
    "chapters/05_attention/chapter",
    EXERCISES[0],
    "chapters/guides/how_grading_works",
}
"""Pages seen in the other color mode too, and asked all at both widths: what stands at one only, as menus do, is the
same on all of a kind."""


@pytest.fixture(scope="session")
def visits() -> Iterator[dict[str, Visit]]:
    """The tabs in which pages are opened, by their place."""
    kept: dict[str, Visit] = {}
    yield kept
    for visit in kept.values():
        visit.context.close()


def seen(name: str, place: str, scheme: str, width: int) -> object:
    """A page as a parameter; pages share nothing, so each may have a process of its own."""
    slow = [pytest.mark.slow] if scheme == "dark" and name not in ONE_OF_EACH_KIND else []
    return pytest.param(name, place, scheme, width, marks=[pytest.mark.xdist_group(f"{name} in the {scheme}"), *slow])


@pytest.mark.parametrize(
    ("name", "place", "scheme", "width"),
    [
        *(seen(name, "http", "light", 1280) for name in PAGES),
        *(seen(name, "file", "dark", 320) for name in PAGES),
    ],
)
def test_page_is_sound_and_accessible(
    browser: Browser, site: Path, served: str, visits: dict[str, Visit], name: str, place: str, scheme: str, width: int
) -> None:
    base = served if place == "http" else f"{site.as_uri()}/"
    # A tab in which something was found is not used again: nobody knows in which state it is.
    visit = visits.pop(place, None) or Visit(browser, base, color_scheme=scheme)
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.open(f"{name}.html")
    assert checks.faults_of_formulas(visit.page) == []
    assert checks.faults_of_widgets(visit.page) == []
    assert checks.faults_of_images(visit.page) == []
    if name not in ("search", "genindex"):
        assert checks.faults_of_head(visit.page) == []
    rules = () if width == 1280 or name in ONE_OF_EACH_KIND else checks.WIDTH_OR_COLORS
    assert checks.faults_of_access(visit.page, *rules) == []
    if name in ONE_OF_EACH_KIND:
        checks.set_theme(visit.page, OTHER[scheme])
        assert checks.faults_of_access(visit.page, "color-contrast") == []
        checks.set_theme(visit.page, scheme)
    if width == 1280:
        assert checks.faults_of_code(visit.page) == []
        assert checks.faults_of_anchors(visit.page) == []
        assert checks.faults_of_width(visit.page, 390) == []
        assert checks.faults_of_figures(visit.page) == []
        assert checks.faults_of_width(visit.page) == []
        check_what_is_done_on_it(visit, name, width)
    else:
        assert checks.faults_on_paper(visit.page) == []
    assert visit.leave() == []
    visits[place] = visit


def check_what_is_done_on_it(visit: Visit, name: str, width: int) -> None:
    """What readers do on a chapter, or with its exercises: in the same visit, for to load a page is dear."""
    visit.page.set_viewport_size({"width": width, "height": 900})
    if name in CHAPTERS:
        assert checks.faults_of_questions(visit.page) == []
    if name in EXERCISES:
        with visit.page.expect_download() as downloading:
            visit.page.get_by_role("link", name="Download these exercises as a notebook").click()
        check_notebook(downloading.value, name)


def check_notebook(download: Download, name: str) -> None:
    assert download.suggested_filename == f"{name.split('/')[1]}.ipynb"
    notebook = nbformat.read(download.path(), as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    # Where a model is handed in, no function is asked for.
    asks = "capstone.pretrain(" if "19_capstone" in name else "raise NotImplementedError()"
    assert any(asks in cell for cell in code)
    assert not any("BEGIN SOLUTION" in cell or "BEGIN HIDDEN" in cell for cell in code)

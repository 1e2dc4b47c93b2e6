"""Every page of the built book, over http in the light and from a file in the dark: sound, accessible, and usable.

A page is loaded once for each, for all that is looked at and done on it: to load it is dear.
"""

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Download, expect

from tests.site import checks
from tests.site.checks import Visit
from tests.site.test_browser import CHAPTERS, PAGES

pytestmark = pytest.mark.browser

EXERCISES = [name for name in PAGES if name.endswith("/exercises")]
OTHER = {"light": "dark", "dark": "light"}
ONE_OF_EACH_KIND = {"index", "search", "chapters/glossary", "chapters/05_attention/chapter", EXERCISES[0]}
"""Pages seen in the other color mode too: what stands at one width only, as menus do, is the same on all of a kind."""


@pytest.mark.parametrize(("place", "scheme", "width"), [("http", "light", 1280), ("file", "dark", 320)])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound_and_accessible(
    browser: Browser, site: Path, served: str, name: str, place: str, scheme: str, width: int
) -> None:
    base = served if place == "http" else f"{site.as_uri()}/"
    with Visit(browser, base, color_scheme=scheme, viewport={"width": width, "height": 900}) as visit:
        visit.open(f"{name}.html")
        assert checks.faults_of_formulas(visit.page) == []
        assert checks.faults_of_widgets(visit.page) == []
        assert checks.faults_of_images(visit.page) == []
        if name not in ("search", "genindex"):
            assert checks.faults_of_head(visit.page) == []
        assert checks.faults_of_access(visit.page) == []
        if name in ONE_OF_EACH_KIND:
            checks.set_theme(visit.page, OTHER[scheme])
            assert checks.faults_of_access(visit.page, "color-contrast") == []
            checks.set_theme(visit.page, scheme)
        if width == 1280:
            assert checks.faults_of_code(visit.page) == []
            assert checks.faults_of_anchors(visit.page) == []
            assert checks.faults_of_width(visit.page, 390) == []
            assert checks.faults_of_width(visit.page) == []
            check_what_is_done_on_it(visit, name, width)
        else:
            assert checks.faults_on_paper(visit.page) == []
    assert visit.faults == []


def check_what_is_done_on_it(visit: Visit, name: str, width: int) -> None:
    """What readers do on a chapter, or with its exercises: in the same visit, for to load a page is dear."""
    visit.page.set_viewport_size({"width": width, "height": 900})
    if name in CHAPTERS:
        check_questions(visit)
    if name in EXERCISES:
        with visit.page.expect_download() as downloading:
            visit.page.get_by_role("link", name="Download these exercises as a notebook").click()
        check_notebook(downloading.value, name)


def check_questions(visit: Visit) -> None:
    places = [question.get_attribute("data-place") for question in visit.page.locator(".question").all()]
    assert len(places) == len(set(places)) >= 1
    for question in visit.page.locator(".question").all():
        for option in question.locator("details").all():
            option.locator("summary").click()
            verdict = "Right." if "right" in (option.get_attribute("class") or "").split() else "Not quite."
            expect(option.locator(".question-explanation")).to_contain_text(verdict)


def check_notebook(download: Download, name: str) -> None:
    assert download.suggested_filename == f"{name.split('/')[1]}.ipynb"
    notebook = nbformat.read(download.path(), as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    # Where a model is handed in, no function is asked for.
    asks = "capstone.pretrain(" if "19_capstone" in name else "raise NotImplementedError()"
    assert any(asks in cell for cell in code)
    assert not any("BEGIN SOLUTION" in cell or "BEGIN HIDDEN" in cell for cell in code)

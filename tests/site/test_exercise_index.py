"""The page of all exercises: made from the exercise pages, and filtered in the browser."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from autograder.exercises import assignments
from tests.site.checks import Visit, faults_of_width

SOLVED_IN_THE_PAGE = Path(__file__).parents[2] / "llm_course" / "checks" / "in_page"


def test_all_exercises_are_listed_and_found(browser: Browser, served: str) -> None:
    names = [exercise.name for assignment in assignments().values() for exercise in assignment.exercises]
    with Visit(browser, served, viewport={"width": 390, "height": 800}) as visit:
        visit.open("chapters/exercises.html")
        rows, found = visit.page.locator(".exercise-index [scope=row]"), visit.page.locator(".exercise-filter output")
        assert rows.locator("code").all_inner_texts() == names
        cells = visit.page.get_by_role("row").filter(has_text="rms_norm").first.locator("th, td").all_inner_texts()
        asked = "Divide each row by the root of its mean square, then multiply by the weight."
        assert (cells[0].splitlines()[-1], *cells[1:]) == (asked, "15", "easy")
        visit.page.get_by_label("Find").fill("attention mask")
        expect(rows.filter(has_text="causal_mask")).to_be_visible()
        expect(rows.filter(has_text="merge_pair")).to_be_hidden()
        visit.page.get_by_label("Find").fill("")
        visit.page.get_by_label("no install needed").check()
        expect(found).to_have_text(f"{sum(1 for _ in SOLVED_IN_THE_PAGE.glob('*/*.json'))} exercises")
        visit.page.get_by_label("Difficulty").select_option("hard")
        plain = {"PagedCache", "fit_messages", "redact"}
        expect(found).to_have_text(f"{len(plain)} exercises")
        assert {row.locator("code").inner_text() for row in rows.all() if row.is_visible()} == plain
        assert faults_of_width(visit.page, 360) == []
    assert visit.faults == []

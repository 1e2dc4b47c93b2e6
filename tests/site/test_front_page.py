"""What a visitor sees without scrolling, and that the hours it promises are those of the chapters."""

import re

import pytest
from playwright.sync_api import Browser

from autograder.exercises import assignments
from tests.site.checks import Visit
from tests.site.conftest import ROOT

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
WORDS = {"an": 1, "a": 1, "one": 1, "two": 2, "three": 3, "half": 0.5, "quarter": 0.25, "quarters": 0.25}


def hours(words: str) -> float:
    """Read "an hour and a quarter", "one and three quarter hours" or "two hours" as a number."""
    whole, _, rest = words.replace("hours", "").replace("hour", "").partition(" and ")
    *count, part = rest.split() or ["a", ""]
    return WORDS[whole.strip()] + (WORDS[count[0]] * WORDS[part] if part else 0)


def test_the_hours_of_the_front_page_are_the_sum_of_the_chapters() -> None:
    reading = exercising = 0.0
    for chapter in sorted(ROOT.glob("chapters/*/chapter.md")):
        time = re.search(r"Before you start: (.*)\n", chapter.read_text(encoding="utf-8"))[1]
        reading += sum(map(int, re.findall(r"(\d+) minutes to read", time))) / 60
        exercising += hours(re.search(r"(?:exercises|notebook) about ([^,.;]*)", time)[1])
    said = (ROOT / "index.md").read_text(encoding="utf-8")
    promised = re.search(r"about (\d+) hours to read and (\d+)", said)
    assert [float(number) for number in promised.groups()] == pytest.approx([reading, exercising], rel=0.08)


def test_all_pages_agree_how_much_there_is_and_where_to_begin() -> None:
    chapters = [page.parent.name for page in sorted(ROOT.glob("chapters/*/chapter.md"))]
    front, readme, first_hour = (
        " ".join((ROOT / name).read_text(encoding="utf-8").split())
        for name in ("index.md", "README.md", "chapters/guides/first_hour.md")
    )
    assert chapters[-1].endswith("capstone")
    for text in (front, readme):
        assert f"{len(chapters)} chapters, the last one a capstone," in text
    assert f"{sum(len(assignment.exercises) for assignment in assignments().values())} exercises" in front
    assert f"[Read chapter 1](chapters/{chapters[0]}/chapter.md)" in front
    assert f"Open `{chapters[0]}/{chapters[0]}.ipynb`" in first_hour


@pytest.mark.browser
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_screen_says_for_whom_how_long_and_where_to_begin(
    browser: Browser, served: str, screen: dict[str, int]
) -> None:
    with Visit(browser, served, viewport=screen) as visit:
        visit.open("index.html")
        visit.page.evaluate("scrollTo(0, 0)")
        places = {
            "audience and time": visit.page.get_by_text("hours to read"),
            "read": visit.page.get_by_role("link", name="Read chapter 1").first,
            "solve": visit.page.get_by_role("link", name="Solve exercises"),
            "teach": visit.page.get_by_role("link", name="Teach a class"),
            "a token": visit.page.locator(".llm-place-next_token_bars tbody button").first,
        }
        ends = {name: place.bounding_box() for name, place in places.items()}
        assert {name: box for name, box in ends.items() if box["y"] + box["height"] > screen["height"]} == {}
        assert "source document" not in visit.page.locator("body").inner_text()
    assert visit.faults == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 600, 800, 1280])
def test_the_map_moves_nothing_when_it_comes_alive(browser: Browser, served: str, width: int) -> None:
    heights = []
    for is_alive in (False, True):
        with Visit(browser, served, viewport={"width": width, "height": 900}) as visit:
            place = visit.page.locator(".llm-place-decoder_map")
            if not is_alive:
                visit.context.route(re.compile("/decoder_map[^/]*\\.js"), lambda route: route.abort())
            visit.open("index.html")
            if is_alive:
                place.locator(".llm-loaded").wait_for()
                visit.page.wait_for_function("!document.querySelector('.llm-place-decoder_map [aria-busy]')")
                assert place.locator(".llm-try li").count() == 1  # chapter 7 tells the other stories
            heights.append(place.bounding_box()["height"])
    before, after = heights
    assert after == pytest.approx(before, abs=30)  # a line more or less where letters are wider

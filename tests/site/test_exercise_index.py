"""The page of all exercises: made from the exercise pages, and filtered in the browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from autograder.exercises import assignments
from tests.site.checks import Visit, faults_of_width
from tests.site.conftest import Built

SOLVED_IN_THE_PAGE = Path(__file__).parents[2] / "llm_course" / "checks" / "in_page"
INDEX = """# Book

```{toctree}
chapters/02_tokenization/chapter
chapters/02_tokenization/exercises
```

```{exercise-index}
```
"""
EXERCISES = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# Norms: exercises

## One row

*3 points, 20 minutes, easy*

```{code-cell} ipython3
def merge_pair(row: list[float], bias: float = 0) -> float:
    \"\"\"Add up the numbers
    of a row & a bias.

    Args: ...
    \"\"\"
    raise NotImplementedError()
```

## A layer

*1 point, 5 minutes, hard*

```{code-cell} ipython3
class Layer:
    \"\"\"Norm all rows of a Tensor.\"\"\"

    def forward(self):
        raise NotImplementedError()
```

## What you have built

```python
print(merge_pair([1]))
```
"""
PAGES = {
    "index.md": INDEX,
    "chapters/02_tokenization/chapter.md": "# Norms: why?\n",
    "chapters/02_tokenization/exercises.md": EXERCISES,
}


def test_the_table_is_made_from_the_exercise_pages(build: Callable[..., Built]) -> None:
    extensions = "_ext.chapter_titles", "_ext.exercise_index"
    built = build(PAGES, *extensions)
    assert built.warnings == ""
    page = built.page("index")
    assert '<th scope="row"><a href="chapters/02_tokenization/exercises.html#one-row"><code>merge_pair</code>' in page
    assert "<span>Add up the numbers of a row &amp; a bias.</span></th><td>20</td><td>easy</td>" in page
    assert "2 Norms</a>" in page
    assert page.count("<td>") == 4
    assert page.count("data-plain") == 1  # the layer is none that can be solved in the page
    changed = {"chapters/02_tokenization/exercises.md": EXERCISES.replace("20 minutes", "25 minutes")}
    assert "<td>25</td>" in build({**PAGES, **changed}, *extensions).page("index")


@pytest.mark.browser
def test_all_exercises_are_listed_and_found(browser: Browser, served: str) -> None:
    names = [exercise.name for assignment in assignments().values() for exercise in assignment.exercises]
    with Visit(browser, served, viewport={"width": 390, "height": 800}) as visit:
        visit.open("chapters/exercises.html")
        rows, found = visit.page.locator(".exercise-index [scope=row]"), visit.page.locator(".exercise-filter output")
        assert rows.locator("code").all_inner_texts() == names
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

"""Exercises in the page: where they stand, what a reader's browser does with them, and notebooks in and out."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from _ext.asset_versions import version
from _ext.solve import places, site_files
from solutions.tokenization import merge_pair
from tests.banks.submissions import source_of
from tests.site import checks
from tests.site.checks import Visit
from tests.site.conftest import ROOT, Built
from tests.widgets.conftest import run_node

EXERCISES = "chapters/02_tokenization/exercises.html"
CHAPTER = "chapters/02_tokenization/chapter.html"
HEAD = "def merge_pair(ids, pair, new_id):\n"
RIGHT = source_of(merge_pair)
MISUNDERSTOOD = RIGHT.replace("position += 2", "position += 1", 1)
ENDLESS = "    print('still here')\n    while True:\n        pass\n"
TRAIN_BPE = """def train_bpe(data, n_merges):
    if n_merges < 0:
        raise ValueError("no negative number of merges")
    ids, merges = list(data), []
    for rank in range(n_merges):
        counts = Counter(pairwise(ids))
        if not counts:
            break
        merges.append(min(counts, key=lambda pair: (-counts[pair], pair)))
        ids = merge_pair(ids, merges[-1], 256 + rank)
    return merges
"""

# Stub, hint and check of an exercise, as they stand in exercises.md.
PAGE = """# Exercises

## One merge

*3 points, 15 minutes, easy*

Replace *neighbors*.

```{code-cell} ipython3
def merge_pair(ids):
    raise NotImplementedError()
```
"""


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def opened(page: Page, exercise: str = "merge_pair") -> Locator:
    """The editor of an exercise, which is pressed for."""
    press(page, f"Solve it here: {exercise}")
    return page.get_by_role("textbox", name=f"Your answer: {exercise}")


def write(editor: Locator, text: str) -> None:
    editor.press("Control+a")
    editor.page.keyboard.insert_text(text)


def checked(editor: Locator, text: str) -> Locator:
    """The verdict on a text."""
    write(editor, text)
    verdict = editor.page.locator(".solve-exercise", has=editor).get_by_role("region")
    verdict.evaluate("verdict => verdict.replaceChildren()")
    editor.press("Control+Enter")
    expect(verdict).not_to_be_empty()
    return verdict


@pytest.fixture
def visit(browser: Browser, served: str) -> Iterator[Visit]:
    """A visit that leaves no trace of a fault, such as a request to another host."""
    with Visit(browser, served) as visit:
        yield visit
    assert visit.faults == []


@pytest.mark.browser
def test_an_exercise_is_solved_in_the_page(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.open(EXERCISES)
    editor = opened(page)
    expect(editor).to_contain_text("Replace each occurrence of a pair of neighbors")

    expect(checked(editor, MISUNDERSTOOD)).to_contain_text("You keep the right half of a pair")
    expect(checked(editor, HEAD + "    return ids)\n")).to_contain_text("Line 2 is no valid Python")
    verdict = checked(editor, HEAD + ENDLESS)
    expect(verdict).to_contain_text("was stopped: look for a loop that does not end")
    expect(verdict).to_contain_text("still here")
    expect(verdict).to_be_in_viewport()
    write(editor, HEAD + ENDLESS)
    editor.press("Control+Enter")
    expect(page.get_by_text("Checking …")).to_be_visible()
    expect(checked(editor, HEAD + "    pass")).to_contain_text("returned None")  # and not that it was stopped
    printing = f"print('x' * 100_000)\n{RIGHT}"
    expect(checked(editor, printing)).to_contain_text("these are the first 2,000")
    expect(checked(editor, RIGHT)).to_contain_text("3 of 3 points")
    assert checks.faults_of_access(page) == []
    checks.set_theme(page, "dark")
    assert checks.faults_of_access(page, "color-contrast") == []
    assert checks.faults_of_width(page, 390) == []

    editor.press("Escape")
    editor.press("Tab")
    expect(page.get_by_role("button", name="Check", exact=True)).to_be_focused()
    press(page, "Start again")
    expect(editor).to_contain_text("raise NotImplementedError()")
    press(page, "Show what I had")
    expect(editor).to_contain_text("merged.append(new_id)")

    # Another tab shows the same text.
    other = page.context.new_page()
    other.goto(page.url)
    write(opened(other), RIGHT + "# from another tab")
    expect(editor).to_contain_text("# from another tab")
    write(editor, RIGHT)
    expect(other.get_by_role("textbox", name="Your answer: merge_pair")).not_to_contain_text("from another tab")
    other.close()

    # Another exercise uses this answer, and what the notebook imports.
    visit.open(EXERCISES)
    expect(checked(opened(page, "train_bpe"), TRAIN_BPE)).to_contain_text("6 of 6 points")

    # It is kept, in the chapter too, and goes into the notebook.
    visit.open(CHAPTER)
    editor = opened(page)
    expect(editor).to_contain_text("merged.append(new_id)")
    assert page.evaluate("getSelection().toString()") == ""  # the first key writes over nothing
    with page.expect_download() as download:
        press(page, "Download notebook")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in notebook.cells if "nbgrader" in cell.metadata}
    assert file.name == "02_tokenization.ipynb"
    assert answers["merge_pair-answer"] == RIGHT
    assert answers["train_bpe-answer"] == TRAIN_BPE
    assert "raise NotImplementedError()" in answers["encode-answer"]

    file.write_text(file.read_text().replace("merged.append(new_id)", "merged += [new_id]"))
    page.get_by_label("Notebook", exact=True).set_input_files(file)
    expect(page.get_by_text("2 of 4 answers were taken from 02_tokenization.ipynb.")).to_be_visible()
    expect(editor).to_contain_text("merged += [new_id]")


@pytest.mark.browser
def test_from_a_file_the_page_says_what_to_do(browser: Browser, site: Path) -> None:
    with Visit(browser, f"{site.as_uri()}/") as visit:
        visit.open(CHAPTER)
        expect(visit.page.get_by_text("Browsers run no Python on a page that was opened from a file.")).to_be_visible()
    assert visit.faults == []


@pytest.mark.browser
def test_the_benchmark_runs(site: Path) -> None:
    # In a process of its own: this one may have a browser open.
    command = [sys.executable, "-m", "benchmarks.solve", "--runs", "1", "--no-bars"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=True)
    assert "a later check:" in done.stdout


def test_texts_from_before_come_back_one_after_the_other() -> None:
    script = (
        'import { broughtBack, replaced } from "./_ext/solve/answers.js";\n'
        "let answer = { text: 'one', before: [] };\n"
        "for (const text of ['stub', 'two', 'stub']) answer = replaced(answer, text, 'stub');\n"
        "const seen = [];\n"
        "for (const _ of '123') seen.push((answer = broughtBack(answer, 'stub')).text);\n"
        "reply(seen);"
    )
    assert run_node(script) == ["two", "one", "two"]


def test_a_notebook_keeps_what_a_learner_has_added() -> None:
    def cell(source: str, grade_id: str = "", grade: bool = False) -> dict[str, object]:
        about = {"nbgrader": {"grade_id": grade_id, "grade": grade}} if grade_id else {}
        return {"cell_type": "code", "source": source, "metadata": about, "outputs": ["old"], "execution_count": 1}

    cells = [
        cell("import math"),
        cell("a = 1", "one-answer"),
        cell("check", "one", True),
        cell("own"),
        cell("b", "two-answer"),
    ]
    script = (
        'import { codeBefore, holdsAll, withAnswers } from "./_ext/solve/notebook.js";\n'
        "const filled = withAnswers(input, new Map([['one', 'a = 2\\na'], ['two', 'b']]));\n"
        "const less = { cells: filled.cells.slice(0, 4) };\n"
        "const whole = [holdsAll(filled, input), holdsAll(less, input)];\n"
        "reply({ cells: filled.cells, before: codeBefore(filled, 'two'), whole });"
    )
    reply = run_node(script, {"cells": cells})
    assert isinstance(reply, dict)
    answer = {**cells[1], "source": ["a = 2\n", "a"], "outputs": [], "execution_count": None}
    assert reply["cells"] == [cells[0], answer, *cells[2:]]
    assert reply["before"] == ["import math", "a = 2\na", "own"]
    assert reply["whole"] == [True, False]


@pytest.fixture
def build_chapter(
    build: Callable[..., Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Built]:
    """Builds a chapter that asks for an exercise, with one that can be solved in the page: merge_pair."""
    monkeypatch.setattr(places, "can_be_solved", lambda exercise: exercise == "02_tokenization/merge_pair")

    def chapter(name: str) -> Built:
        pages = {"index.md": "# Book\n\n```{toctree}\nchapters/02_tokenization/chapter\n```\n"}
        text = PAGE + PAGE.replace("merge_pair", "with_tensors").replace("One", "Another")
        (tmp_path / "source/chapters/02_tokenization").mkdir(parents=True, exist_ok=True)
        (tmp_path / "source/chapters/02_tokenization/exercises.md").write_text(text)
        pages["chapters/02_tokenization/chapter.md"] = f"# Chapter\n\n```{{solve}} {name}\n```\n"
        return build(pages, "sphinx_design", "_ext.solve", exclude_patterns=["**/exercises.md"])

    return chapter


def test_a_chapter_holds_an_exercise_with_its_text(build_chapter: Callable[[str], Built]) -> None:
    built = build_chapter("merge_pair")
    html = built.page("chapters/02_tokenization/chapter")
    assert built.warnings == ""
    assert 'href="exercises.html#one-merge">One merge</a> (3 points, 15 minutes, easy)' in html
    assert "Replace <em>neighbors</em>." in html
    assert 'data-exercise="02_tokenization/merge_pair" data-script="../../_static/solve/page.js"' in html


def test_new_checks_come_under_a_new_address(
    build_chapter: Callable[[str], Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_files, "CHECKS", tmp_path / "checks")
    (tmp_path / "checks").mkdir()
    for content in ("old", "new"):
        (tmp_path / "checks" / "exercise.json").write_text(content)
        built = build_chapter("merge_pair")
    script = version((built.folder / site_files.SCRIPT).read_bytes())
    assert f'data-script="../../_static/solve/page.js?v={script}"' in built.page("chapters/02_tokenization/chapter")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("unknown", "02_tokenization/exercises.md has no exercise 'unknown': name a function of it."),
        ("with_tensors", "'with_tensors' cannot be solved in the page: it needs tensors."),
    ],
)
def test_an_exercise_that_cannot_be_solved_is_told(
    build_chapter: Callable[[str], Built], name: str, sentence: str
) -> None:
    assert sentence in build_chapter(name).warnings

"""Source and released notebooks: made of exercises.md and solutions/, and of nothing else."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.notebooks import notebooks
from autograder.notebooks.markdown import MarkdownError, plain_markdown
from autograder.notebooks.notebooks import (
    released_notebook,
    section_titles,
    whole_path_notebook,
)
from tests.banks.submissions import source_of

ASSIGNMENTS = list(assignments().values())


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_release_has_no_answer_and_no_hidden_part(assignment: Assignment) -> None:
    cells = released_notebook(assignment).cells
    text = "\n".join(cell.source for cell in cells)
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert "HIDDEN" not in text
    assert "SOLUTION" not in text
    assert "graded outside the notebook" not in text
    for exercise in assignment.exercises:
        body = source_of(exercise.reference).strip().splitlines()[-1].strip()
        assert body not in code, f"the last line of {exercise.name} is in the release"


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_grade_ids_come_in_the_order_of_the_contract(assignment: Assignment) -> None:
    cells = [cell.metadata.nbgrader for cell in released_notebook(assignment).cells if "nbgrader" in cell.metadata]
    expected = [name for exercise in assignment.exercises for name in (f"{exercise.name}-answer", exercise.name)]
    assert [cell.grade_id for cell in cells] == [*expected, *(step.name for step in assignment.steps)]
    answers = [cell for cell in cells if cell.grade_id.endswith("-answer")]
    assert all(cell.solution and not cell.locked for cell in answers)
    assert all(cell.grade and cell.locked and cell.points > 0 for cell in cells if cell not in answers)


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_points_on_the_page_are_those_of_the_specification(assignment: Assignment) -> None:
    text = "\n".join(cell.source for cell in released_notebook(assignment).cells if cell.cell_type == "markdown")
    points = re.findall(r"^\*(\d+) points?, \d+ minutes, (?:easy|medium|hard)\*$", text, flags=re.MULTILINE)
    assert [int(number) for number in points] == [graded.points for graded in assignment.graded]


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_hints_point_to_sections_that_exist(assignment: Assignment) -> None:
    titles = section_titles(assignment.name)
    for exercise in assignment.exercises:
        for mistake in exercise.mistakes:
            assert mistake.section in titles, (exercise.name, mistake.name, mistake.section)
    for step in assignment.steps:
        for misstep in step.mistakes:
            assert misstep.section in section_titles(misstep.chapter), (step.name, misstep.name, misstep.section)


def test_markdown_loses_its_roles() -> None:
    text = "(label)=\n# Title\n\nSee {ref}`masks <attention-masks>` and {term}`token`."
    text += "\n\n:::{dropdown} Hint 1\nThink.\n:::"
    assert plain_markdown(text) == (
        "# Title\n\nSee masks and token.\n\n<details>\n<summary>Hint 1</summary>\n\nThink.\n\n</details>"
    )


@pytest.mark.parametrize("text", ["{cite}`vaswani2017attention`", ":::{figure} a.png\n:::", "```{plot}\nx\n```"])
def test_markdown_without_a_plain_form_is_refused(text: str) -> None:
    with pytest.raises(MarkdownError, match="no plain Markdown form"):
        plain_markdown(text)


@pytest.mark.parametrize("package", ["", "https://example.org/llm_course-1.0-py3-none-any.whl"])
@pytest.mark.parametrize("make", [lambda: released_notebook(assignments()["05_attention"]), whole_path_notebook])
def test_the_first_code_cell_helps_where_the_course_is_missing(
    make: Callable[[], NotebookNode],
    package: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = tmp_path / "_config.yml"
    settings.write_text(f"course_package: {package}\n" if package else "title: A book\n", encoding="utf-8")
    monkeypatch.setattr(notebooks, "BOOK_SETTINGS", settings)
    source = next(cell.source for cell in make().cells if cell.cell_type == "code")
    magics: list[tuple[str, str]] = []
    shell = SimpleNamespace(run_line_magic=lambda *magic: magics.append(magic))
    code = TransformerManager().transform_cell(source)
    exec(code, {"get_ipython": lambda: shell})
    assert (magics, capsys.readouterr().out) == ([], ""), "the course is there"
    monkeypatch.setitem(sys.modules, "llm_course", None)
    exec(code, {"get_ipython": lambda: shell})
    told = capsys.readouterr().out
    assert magics == ([("pip", f"install --quiet {package}")] if package else [])
    assert ("page Install" in told) == (not package)
    assert max(map(len, source.splitlines())) < 110

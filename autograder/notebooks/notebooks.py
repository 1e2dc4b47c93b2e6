"""From `chapters/NN_topic/exercises.md` and `solutions/` to nbgrader's notebooks.

The assignment stands once, as learners see it, and the answer once. The source notebook is made of both: each stub's
body is replaced by the reference's body between nbgrader's solution markers, and each check cell becomes a graded cell
whose hidden part is built from the exercise specification.

Contents:
    source_notebook      what an instructor keeps in source/
    released_notebook    what a learner gets: no answer, no hidden part
    whole_path_notebook  the guide in which all that a learner has written works together
    titles_of_cells      what people call the cells that nbgrader named
    section_titles       the titles of a chapter's labeled sections, for hints
"""

import ast
import functools
import hashlib
import inspect
import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config

from autograder.exercises import CHAPTERS
from autograder.exercises.spec import Assignment, Exercise, MeasuredStep
from autograder.notebooks.markdown import plain_markdown
from autograder.records.refusal import Refusal

STUB_BODY = "# YOUR CODE HERE\nraise NotImplementedError()"
DIGEST = "llm_course_source"
"""The field of a source notebook's metadata that tells whether a person has edited it."""
BOOK_SETTINGS = CHAPTERS.parent / "_config.yml"
INSTALLATION = """\
# Where the course is missing, such as on Colab:
try:
    import llm_course
except ModuleNotFoundError:
    {install}"""
NOT_INSTALLED = """print("The course is not installed here: follow the book's page Install.")"""
HEADING = re.compile(r"^#{1,6}\s+(\S.*?)\s*#*$", re.MULTILINE)
MADE_UP = re.compile(r"cell-[0-9a-f]{16}")
"""A grade id that nbgrader's Create Assignment makes where nobody gives one."""
STUB = r"(?:def|class) (\w+)"
STEP = r'\w+\("(\w+)"\)$'
"""A cell that shows how it stands with a step: one call, with the step's name alone."""
WRITTEN_BY_PROGRAMS = ("kernelspec", "language_info", DIGEST)
REFUSAL = "This exercise is graded outside the notebook: grade with the course's own nbgrader_config.py."


class NotebookError(Refusal):
    """An exercises.md is not of the form that the course needs; the message says where."""


def source_notebook(assignment: Assignment) -> NotebookNode:
    """The assignment as nbgrader's source notebook. Raises NotebookError where exercises.md does not fit the spec."""
    path = (assignment.folder or CHAPTERS / assignment.name) / "exercises.md"
    notebook = _read_notebook(path, assignment.name)
    exercises = {exercise.name: exercise for exercise in assignment.exercises}
    steps = {step.name: step for step in assignment.steps}
    check = rf'check\("{assignment.name}", (\w+)\)$'
    found: list[str] = []
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        if stub := exercises.get(_name_in(cell.source, STUB)):
            cell.source = _with_solution(cell.source, stub, path)
            cell.metadata.nbgrader = _cell_metadata(f"{stub.name}-answer", grade=False)
            found.append(f"{stub.name}-answer")
        elif graded := exercises.get(_name_in(cell.source, check)) or steps.get(_name_in(cell.source, STEP)):
            cell.source = f"{cell.source}\n{_hidden_part(graded)}"
            cell.metadata.nbgrader = _cell_metadata(graded.name, grade=True, points=graded.points)
            found.append(graded.name)
    expected = [*(grade_id for name in exercises for grade_id in (f"{name}-answer", name)), *steps]
    if found != expected:
        raise NotebookError(f"{path}: the stubs and checks are {found}, and {expected} are expected")
    nbformat.validate(notebook)
    notebook.metadata[DIGEST] = source_digest(notebook)
    return notebook


def source_digest(notebook: NotebookNode) -> str:
    """A digest of all that a person can change in a notebook, but not of what JupyterLab writes by itself."""
    fields = ("cell_type", "source", "metadata", "attachments", "outputs")
    cells = [{field: cell[field] for field in fields if cell.get(field)} for cell in notebook.cells]
    own = {name: value for name, value in notebook.metadata.items() if name not in WRITTEN_BY_PROGRAMS}
    return hashlib.sha256(json.dumps([cells, own], sort_keys=True).encode()).hexdigest()


def is_edited(path: Path) -> bool:
    """Whether a source notebook is another than the one that the course wrote. One that cannot be read is."""
    try:
        notebook = nbformat.read(path, as_version=4)
        return bool(notebook.metadata.get(DIGEST) != source_digest(notebook))
    except Exception:  # nbformat raises this and that; whatever it is, a person made it
        return True


def released_notebook(assignment: Assignment) -> NotebookNode:
    """The assignment as a learner gets it, equal to what `nbgrader generate_assignment` releases."""
    notebook, resources = source_notebook(assignment), ResourcesDict(nbgrader={})
    config = Config()
    for preprocessor in GenerateAssignment.preprocessors.default_args[0]:
        # SaveCells only writes the gradebook.
        if preprocessor is not SaveCells:
            notebook, resources = preprocessor(config=config)(notebook, resources)
    return notebook


def whole_path_notebook() -> NotebookNode:
    """The ungraded notebook of the guide "The whole path"."""
    return _read_notebook(CHAPTERS / "guides" / "whole_path.md", "whole_path")


def titles_of_cells(notebook: NotebookNode) -> dict[str, str]:
    """The headings above, or in, the graded cells whose names nbgrader made up, by grade id."""
    found: dict[str, str] = {}
    heading, below = "", 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (headings := HEADING.findall(cell.source)):
            heading, below = headings[-1], 0
        grade_id = str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if heading and MADE_UP.fullmatch(grade_id):
            below += 1
            found[grade_id] = heading if below == 1 else f"{heading} ({below})"
    return found


@functools.cache
def section_titles(chapter: str) -> dict[str, str]:
    """Label -> title of the labeled sections of a chapter and its further page; none where there is no such chapter."""
    titles: dict[str, str] = {}
    for page, before in (("further", "Going further: "), ("chapter", "")):
        path = CHAPTERS / chapter / f"{page}.md"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        found = re.findall(r"^\(([\w-]+)\)=\n#+ (.+)$", text, flags=re.MULTILINE)
        titles |= {label: before + title for label, title in found}
    return titles


def stub_of(reference: Callable[..., Any]) -> str:
    """Signatures and docstrings of a reference function or class with stub bodies, as they stand in exercises.md."""
    return _with_bodies(reference, lambda body, indent: textwrap.indent(STUB_BODY, indent).splitlines())


def _read_notebook(path: Path, name: str) -> NotebookNode:
    """A page in MyST as a notebook that learners run: plain Markdown, and a first cell that helps to install."""
    notebook = jupytext.read(path, fmt="md:myst")
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    notebook.cells = _with_installation(notebook.cells)
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = NotebookNode(), f"{name}-{number}"
        if cell.cell_type == "markdown":
            cell.source = plain_markdown(cell.source)
    return notebook


def _with_installation(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells, and before the first that is code another that installs the course where it is missing."""
    package = yaml.safe_load(BOOK_SETTINGS.read_text(encoding="utf-8")).get("course_package")
    first = next(number for number, cell in enumerate(cells) if cell.cell_type == "code")
    source = INSTALLATION.format(install=f"%pip install --quiet {package}" if package else NOT_INSTALLED)
    return [*cells[:first], nbformat.v4.new_code_cell(source), *cells[first:]]


def _with_solution(stub: str, exercise: Exercise, path: Path) -> str:
    if stub.strip() != stub_of(exercise.reference):
        raise NotebookError(f"{path}: the stub of {exercise.name} differs from signature and docstring in solutions/")
    markers = ("### BEGIN SOLUTION", "### END SOLUTION")
    return _with_bodies(
        exercise.reference, lambda body, indent: [f"{indent}{markers[0]}", *body, f"{indent}{markers[1]}"]
    )


def _with_bodies(reference: Callable[..., Any], replace: Callable[[list[str], str], list[str]]) -> str:
    """The source of a function, or of a class, with the body of each function or method replaced."""
    source = textwrap.dedent(inspect.getsource(reference))
    lines = source.rstrip("\n").splitlines()
    (top,) = ast.parse(source).body
    nodes = top.body if isinstance(top, ast.ClassDef) else [top]
    for node in reversed([node for node in nodes if isinstance(node, ast.FunctionDef)]):
        first, last = _body_lines(node)
        lines[first:last] = replace(lines[first:last], " " * node.body[0].col_offset)
    return "\n".join(lines)


def _body_lines(node: ast.FunctionDef) -> tuple[int, int]:
    """Where a function's body begins, after its docstring, and ends, as a range of line indices."""
    first = node.body[0].end_lineno if ast.get_docstring(node) else node.body[0].lineno - 1
    return int(first or 0), int(node.end_lineno or 0)


def _hidden_part(graded: Exercise | MeasuredStep) -> str:
    asked = [f"# {item.weight} x {item.name}" for item in graded.properties]
    return "\n".join(["### BEGIN HIDDEN TESTS", *asked, f'raise RuntimeError("{REFUSAL}")', "### END HIDDEN TESTS"])


def _name_in(source: str, pattern: str) -> str:
    match = re.match(pattern, source.strip())
    return match[1] if match else ""


def _cell_metadata(grade_id: str, *, grade: bool, points: int | None = None) -> NotebookNode:
    metadata = NotebookNode(
        grade=grade, grade_id=grade_id, locked=grade, schema_version=3, solution=not grade, task=False, cell_type="code"
    )
    if points is not None:
        metadata.points = points
    return metadata

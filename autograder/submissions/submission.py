"""Reads a submitted notebook as hostile bytes, and heals what can be healed.

What comes out is a notebook whose cells nbgrader can work on without surprises: every answer and graded cell of the
assignment at most once, with the metadata and (graded cells) the text of the source, all other cells without nbgrader's
metadata. What cannot be read raises NotGradable with a plain sentence.
"""

import contextlib
import copy
import functools
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme
from nbgrader.utils import compute_checksum, is_grade, is_locked, is_solution, is_task

from autograder.exercises.spec import Assignment
from autograder.notebooks.notebooks import released_notebook
from autograder.records.pictures import PictureError, read_picture_text
from autograder.records.source_cells import SourceCell
from autograder.submissions.hand_in import TIMESTAMP, HandIn, NotGradable
from autograder.submissions.numbered import settle_files

MAX_CELLS = 2_000
MAX_TEXT = 1 << 20
"""Characters of one cell."""
MAX_CODE, MAX_CODE_IN_ALL = 50_000, 500_000
"""Characters of one code cell, and of all: Python may take seconds and gigabytes to parse a megabyte."""
KEPT = 32
"""Assignments of which something is kept: nbgrader's own commands make a new one for each notebook."""
DECISIVE = ("grade", "solution", "task", "points")
"""The metadata of a cell that say what it is worth and to whom."""
MISSING = "This cell was missing from what was handed in: look for the answer elsewhere in the notebook."
"""In the place of an answer that a person grades: its cell may have been made anew, and so lost its name."""


@dataclass(frozen=True)
class Submission:
    """A healed notebook, the files beside it, and what the instructor should know of them, such as what was healed."""

    notebook: NotebookNode
    flags: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)


def submission_of(hand_in: HandIn, assignment: Assignment) -> Submission:
    """What was handed in, ready to be graded. Raises NotGradable."""
    healed = heal(parse(hand_in.notebook, f"{assignment.name}.ipynb"), assignment)
    files = {name: content for name, content in hand_in.files.items() if name != TIMESTAMP}
    settled = settle_files(files, lambda: _code_in(healed.notebook), assignment.asked_files)
    files = {meant: files[name] for name, meant in settled.names.items()}
    return replace(healed, flags=healed.flags + hand_in.flags + settled.notes, files=files)


def parse(data: bytes, name: str) -> NotebookNode:
    """Bytes to a notebook in nbformat 4, with nothing but plain cells. Raises NotGradable."""
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotGradable(
            f"{name} is not a notebook: it is not valid JSON. Save it again and hand it in anew."
        ) from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise NotGradable(f"{name} is not a notebook of format 4: open it in JupyterLab, save it and hand it in anew.")
    if len(cells) > MAX_CELLS:
        raise NotGradable(f"{name} has {len(cells)} cells, over the limit of {MAX_CELLS}.")
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.cells = [_plain_cell(number, cell, name) for number, cell in enumerate(cells)]
    length = sum(len(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    if length > MAX_CODE_IN_ALL:
        raise NotGradable(f"{name} has {length} characters of code, over the limit of {MAX_CODE_IN_ALL}.")
    return notebook


def code_of(data: bytes, name: str) -> list[str]:
    """The text of a notebook's code cells; none where it cannot be read."""
    try:
        return _code_in(parse(data, name))
    except NotGradable:
        return []


def _code_in(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def heal(notebook: NotebookNode, assignment: Assignment) -> Submission:
    """Give each cell of the assignment its own metadata, and the graded cells their own text.

    Raises NotGradable where no cell of the assignment is left.
    """
    skeleton = _skeleton(assignment)
    places = [
        (grade_id, number)
        for number, cell in enumerate(notebook.cells)
        if (grade_id := _grade_id(cell)) in skeleton and cell.cell_type == skeleton[str(grade_id)].cell_type
    ]
    owners = dict(places)
    doubled = [grade_id for grade_id, times in Counter(grade_id for grade_id, _ in places).items() if times > 1]
    flags = [f"The cell {grade_id} stands more than once; the last one counts." for grade_id in doubled]
    if not owners:
        raise NotGradable(f"No cell of {assignment.name} is in the notebook: hand in the released notebook, filled in.")
    cells = [_healed(number, cell, skeleton, owners, flags) for number, cell in enumerate(notebook.cells)]
    for grade_id, cell in skeleton.items():
        if grade_id not in owners:
            flags.append(f"The cell {grade_id} is missing from the notebook.")
            if is_grade(cell) or is_task(cell):
                cells.append(_added(cell))
    # Ids may be doubled or malformed in a submission.
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    healed = nbformat.v4.new_notebook(metadata=notebook.metadata)
    healed.cells = cells
    return Submission(healed, tuple(flags))


def ids_in(notebook: NotebookNode) -> set[str]:
    """The grade ids of a notebook's cells, whichever assignment they are of."""
    return {grade_id for cell in notebook.cells if (grade_id := _grade_id(cell))}


@functools.lru_cache(maxsize=KEPT)
def _skeleton(assignment: Assignment) -> dict[str, NotebookNode]:
    """The released answer and graded cells by grade id."""
    if assignment.cells:
        return {grade_id: released_cell(grade_id, cell) for grade_id, cell in assignment.cells.items()}
    cells = released_notebook(assignment).cells
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells if _grade_id(cell)}


def released_cell(grade_id: str, source: SourceCell) -> NotebookNode:
    """A cell as it was released: without the hidden tests, and a task without its mark scheme."""
    cell = _new_cell(source.cell_type, source.source)
    kind = {"grade": source.grade, "solution": source.solution, "task": source.task, "locked": source.locked}
    cell.metadata.nbgrader = NotebookNode(grade_id=grade_id, schema_version=3, cell_type=source.cell_type, **kind)
    if source.checksum is not None:
        cell.metadata.nbgrader.checksum = source.checksum
    if source.points is not None:
        whole = source.points == int(source.points)
        cell.metadata.nbgrader.points = int(source.points) if whole else source.points
    if source.has_tests:
        cell, _ = ClearHiddenTests().preprocess_cell(cell, ResourcesDict(), 0)
    if source.task:
        cell, _ = ClearMarkScheme().preprocess_cell(cell, ResourcesDict(), 0)
    return cell


def learner_cells(notebook: NotebookNode) -> list[tuple[int, str]]:
    """Index and source of the code cells that are the learner's to run: all but those with tests of others."""
    return [
        (number, cell.source)
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and not (is_grade(cell) and is_locked(cell))
    ]


def cells_with_tests(notebook: NotebookNode, assignment: Assignment) -> list[tuple[int, str, str]]:
    """Index and source of the learner's cells and of the instructor's own tests, these with their grade ids."""
    tests = assignment.tests
    found = [(number, source, "") for number, source in learner_cells(notebook)]
    for number, cell in enumerate(notebook.cells):
        if (grade_id := _grade_id(cell)) in tests:
            found.append((number, tests[str(grade_id)].source, str(grade_id)))
    return sorted(found)


def written_answers(notebook: NotebookNode) -> list[str]:
    """The texts that a person grades, and the pictures pasted into them.

    Where there is a task, these are all texts that are the learner's: its answer may stand in any of them.
    """
    of_tasks = any(map(is_task, notebook.cells))
    cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type != "code" and (is_grade(cell) or (of_tasks and not is_locked(cell)))
    ]
    pictures = [json.dumps(cell.attachments, sort_keys=True) for cell in cells if cell.get("attachments")]
    return [cell.source for cell in cells] + pictures


def cells_to_run(notebook: NotebookNode, assignment: Assignment) -> list[tuple[int, str]]:
    """The learner's cells without those at the end of the release that show what was built, unless they were changed.

    No exercise depends on them, and some take longer than all the rest: they load models, or train one. But code that
    a person is to grade may depend on them, so then all are run.
    """
    shown = closing_sources(assignment)
    return [(number, source) for number, source in learner_cells(notebook) if source not in shown]


@functools.lru_cache(maxsize=KEPT)
def closing_sources(assignment: Assignment) -> frozenset[str]:
    """The code cells that a release ends with, after all exercises."""
    by_hand = [cell for cell in assignment.cells.values() if cell.is_graded_by_hand]
    if not assignment.exercises or any(cell.task or cell.cell_type == "code" for cell in by_hand):
        return frozenset()
    cells = released_notebook(assignment).cells
    last = max(number for number, cell in enumerate(cells) if _grade_id(cell))
    return frozenset(cell.source for cell in cells[last + 1 :] if cell.cell_type == "code")


def _healed(
    number: int, cell: NotebookNode, skeleton: dict[str, NotebookNode], owners: dict[str, int], flags: list[str]
) -> NotebookNode:
    grade_id = _grade_id(cell)
    if grade_id is None or owners.get(grade_id) != number:
        # A doubled graded cell stays as text: it must never run as the learner's code.
        if grade_id in skeleton and is_locked(skeleton[grade_id]) and is_grade(skeleton[grade_id]):
            return _new_cell("markdown", f"```python\n{cell.source}\n```")
        cell.metadata = NotebookNode()
        return cell
    original = skeleton[grade_id]
    # What agrees with the release's checksum the learner left alone: it is the instructor who has changed the source.
    has_its_text = _is_released(cell, cell.source)
    has_its_metadata = has_its_text or _is_released(cell, original.source)
    if not has_its_metadata and any(
        (cell.metadata.nbgrader.get(name) or 0) != original.metadata.nbgrader.get(name, 0) for name in DECISIVE
    ):
        flags.append(f"The nbgrader metadata of the cell {grade_id} were changed; those of the source are used.")
    cell.metadata = copy.deepcopy(original.metadata)
    if is_locked(original) and cell.source != original.source:
        if not has_its_text:
            flags.append(f"The text of the graded cell {grade_id} was changed; that of the source is used.")
        cell.source = original.source
    return cell


def _is_released(cell: NotebookNode, source: str) -> bool:
    """Whether a cell's metadata and a text agree with the checksum of a release. One who forges it wins nothing."""
    checksum = cell.metadata.nbgrader.get("checksum")
    try:
        return checksum == compute_checksum(NotebookNode({**cell, "source": source}))
    except (KeyError, TypeError, ValueError, OverflowError):  # points may be a whole number that no float holds
        return False


def _added(original: NotebookNode) -> NotebookNode:
    """A graded cell in the place of one that is missing. What a person grades is not taken for no response."""
    cell = copy.deepcopy(original)
    if is_solution(cell):
        cell.source = f"{'# ' * (cell.cell_type == 'code')}{MISSING}"
    return cell


def _grade_id(cell: NotebookNode) -> str | None:
    metadata = cell.metadata.get("nbgrader")
    grade_id = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _plain_cell(number: int, cell: Any, name: str) -> NotebookNode:
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise NotGradable(
            f"Cell {number + 1} of {name} has no text: save the notebook in JupyterLab and hand it in anew."
        )
    kind, limit = ("code", MAX_CODE) if cell.get("cell_type") == "code" else ("markdown", MAX_TEXT)
    if len(source) > limit:
        raise NotGradable(
            f"Cell {number + 1} of {name} has {len(source)} characters, over the limit of {limit}: "
            "hand in data as a file beside the notebook."
        )
    nbgrader = cell.get("metadata", {}).get("nbgrader") if isinstance(cell.get("metadata"), dict) else None
    plain = _new_cell(kind, _writable(source))
    if kind == "markdown" and (pictures := _attached_pictures(cell.get("attachments"))):
        plain.attachments = pictures
    if isinstance(nbgrader, dict):
        # nbgrader's own fields are plain values; anything else may be nested too deeply to be copied.
        plain.metadata.nbgrader = NotebookNode(
            {_writable(name): _plain_value(value) for name, value in nbgrader.items()}
        )
    return plain


def _plain_value(value: Any) -> str | int | float | None:
    return _writable(value) if isinstance(value, str) else value if isinstance(value, (int, float)) else None


def _writable(text: str) -> str:
    """The text without lone surrogates, which JSON can spell and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _attached_pictures(attachments: Any) -> NotebookNode:
    """What was pasted into a cell, as far as it is pictures that can be shown."""
    found: NotebookNode = NotebookNode()
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        for text in kinds.values() if isinstance(kinds, dict) else ():
            with contextlib.suppress(PictureError):  # its page says that it is not shown
                picture = read_picture_text(text)
                found[_writable(name)] = NotebookNode({picture.kind: picture.text})
    return found


def _new_cell(kind: str, source: str) -> NotebookNode:
    """A cell as nbformat.v4 makes it, without its validation of what is well-formed anyway."""
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return nbformat.from_dict({"id": "", "cell_type": kind, "metadata": {}, **code, "source": source})

"""Writes what exercises that need no tensor are checked with in a reader's browser (llm_course.in_page).

    in_page/llm_course.zip                     the modules that check an answer
    in_page/02_tokenization/merge_pair.json    an exercise: its stub, and its checks as they stand in the learners' own

`python -m autograder.authoring.checks` writes both beside those.
"""

import base64
import inspect
import json
import shutil
import sys
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from autograder.exercises.spec import Assignment, Exercise
from autograder.notebooks.notebooks import stub_of
from autograder.notebooks.source_code import imports_in, names_used
from llm_course import checking
from llm_course.check import CHECKS
from llm_course.checking.answer_key import AnswerKey, pack_answer_keys
from llm_course.checking.calls import call_to_text, reply_to_text

IN_PAGE = CHECKS / "in_page"
PACKAGE = Path(checking.__path__[0]).parent
MODULES = ("__init__.py", "check.py", "in_page.py", "checking/*.py")
OF_TORCH = frozenset({"torch", "numpy"})


def write_modules(folder: Path = IN_PAGE) -> Path:
    """Write the modules that check an answer; the same bytes whenever they are written."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "llm_course.zip"
    with ZipFile(file, "w", ZIP_DEFLATED) as bundle:
        for path in sorted(path for pattern in MODULES for path in PACKAGE.glob(pattern)):
            name = ZipInfo(path.relative_to(PACKAGE.parent).as_posix())
            bundle.writestr(name, path.read_bytes(), compress_type=ZIP_DEFLATED)
    return file


def write_exercises(assignment: Assignment, answer_keys: dict[str, AnswerKey]) -> None:
    """Write the exercises of an assignment that need no tensor, and nothing else, into a folder of its name."""
    place = IN_PAGE / assignment.name
    shutil.rmtree(place, ignore_errors=True)
    for exercise in assignment.exercises:
        answer_key = answer_keys[exercise.name]
        if not needs_torch(exercise, answer_key):
            place.mkdir(parents=True, exist_ok=True)
            file, specification = place / f"{exercise.name}.json", _specification(assignment, exercise, answer_key)
            file.write_text(json.dumps(specification, ensure_ascii=False) + "\n", encoding="utf-8")


def needs_torch(exercise: Exercise, answer_key: AnswerKey) -> bool:
    """Whether the reference, its stub, or a call or reply of the checks is of torch or NumPy."""
    source = inspect.getsource(sys.modules[exercise.reference.__module__])
    calls = [item.call for item in answer_key.items.values()]
    replies = [item.expected for item in answer_key.items.values()]
    replies += [reply for mistake in answer_key.mistakes for reply in mistake.replies.values()]
    return (
        uses_torch(source, exercise.name)
        or any(call.generators or call.measure or call.gradients for call in calls)
        or any(_holds_tensors(text) for text in (*map(call_to_text, calls), *map(reply_to_text, replies)))
    )


def _holds_tensors(text: str) -> bool:
    """Whether a call or a reply has the bytes of tensors beside its tree. A generator is named in the signature."""
    return bool(json.loads(text)["bytes"])


def uses_torch(source: str, function: str) -> bool:
    """Whether a function of a module, its signature, or what it uses of the module names what is of torch or NumPy."""
    of_torch = {name for name, meant in imports_in(source).items() if meant.partition(".")[0] in OF_TORCH}
    return not of_torch.isdisjoint(names_used([source], function))


def _specification(assignment: Assignment, exercise: Exercise, answer_key: AnswerKey) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "assignment": assignment.name,
        "points": exercise.points,
        "stub": stub_of(exercise.reference),
        "checks": base64.b64encode(pack_answer_keys({exercise.name: answer_key})).decode("ascii"),
    }

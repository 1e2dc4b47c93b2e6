"""What an honest learner does otherwise than the stub costs no marks, or is told in a sentence; in real sandboxes."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from traitlets.config import Config

from autograder.exercises import assignments
from autograder.judging.grade import grade
from autograder.records.result import NOT_GRADED, ExerciseResult
from autograder.running.work import Job, Task, work
from autograder.submissions.hand_in import HandIn
from tests.banks.submissions import fill, references, submission

pytestmark = pytest.mark.grading
ATTENTION = assignments()["05_attention"]
RIGHT = references(ATTENTION)
MASK, SCALED, WINDOW, FLASH = (
    RIGHT[name] for name in ("causal_mask", "scaled_dot_product_attention", "sliding_window_mask", "flash_attention")
)
THREADS = """
from concurrent.futures import ThreadPoolExecutor

_alone = flash_attention

def flash_attention(query, key, value, block_size):
    with ThreadPoolExecutor(4) as pool:
        rows = pool.map(lambda row: _alone(row[None], key, value, block_size), query)
        return torch.cat(list(rows))
"""
HELPER = b"def same(x):\n    return x\n"
HELPED = MASK.replace("return ", "return helper.same(").rstrip() + ")"


def graded(
    answers: Mapping[str, str], extra: Mapping[int, str] | None = None, files: Mapping[str, bytes] | None = None
) -> dict[str, ExerciseResult]:
    handed_in = replace(submission(ATTENTION, RIGHT | answers, extra), files=files or {})
    return {result.name: result for result in grade(handed_in, ATTENTION, b"secret").exercises}


def renamed(source: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        source = re.sub(rf"\b{old}\b", new, source)
    return source


def test_other_ways_to_write_it_keep_their_marks() -> None:
    found = graded(
        {
            "causal_mask": HELPED.replace("n_keys: int)", "n_keys: int, device: str | None = None)"),
            "scaled_dot_product_attention": renamed(SCALED, {"query": "q", "key": "k", "value": "v"}),
            "sliding_window_mask": "class Unfit(ValueError): pass\n"
            + WINDOW.replace("raise ValueError", "raise Unfit"),
            "flash_attention": FLASH + THREADS,
        },
        {2: "import helper"},
        {"helper.py": HELPER},
    )
    assert {name: result.hint for name, result in found.items() if result.score < result.points} == {}


OTHER_NAMES = MASK.replace("(n_queries: int, n_keys: int)", "(n_keys: int, n: int)")
NOT_THERE = "could not import `helper`, which is neither installed nor handed in beside the notebook"
TOLD: dict[str, tuple[str, dict[int, str], str]] = {
    "names in other places": (OTHER_NAMES, {}, "restore the stub's first line"),
    "a module that was not handed in": (HELPED, {2: "import helper"}, NOT_THERE),
    "the same in the cell of the answer": (f"import helper\n{MASK}", {}, NOT_THERE),
    "an import in the function": (
        MASK.replace("    return ", "    import elsewhere\n    return "),
        {},
        "A module that it imports is neither installed nor handed in beside the notebook",
    ),
    "a cell that is no Python": (
        f"{MASK}\n)",
        {},
        "bring `causal_mask` ended with SyntaxError: unmatched ')' in line ",
    ),
    "another cell that is no Python": (
        HELPED.replace("helper.", ""),
        {2: "def same(x:\n    return x"},
        "The cell that should bring `same` ended with SyntaxError: ",
    ),
    "deleted later": (MASK, {16: "del causal_mask, torch  # tidy"}, "Cell 17 deletes `causal_mask`: leave it out"),
    "all deleted later": (MASK, {16: "%reset -f"}, "Cell 17 deletes all names: leave it out"),
    "async": (MASK.replace("def ", "async def "), {}, "returned a value of type coroutine, expected a tensor"),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_cannot_be_called_is_told_in_a_sentence(case: str) -> None:
    source, extra, said = TOLD[case]
    result = graded({"causal_mask": source}, extra)["causal_mask"]
    assert result.score == 0
    assert said in result.hint


@pytest.mark.parametrize(
    "files",
    [{f"{'n' * 300}.txt": b""}, {"large.csv": bytes((64 << 20) + 1)}],
    ids=["a name that no disk takes", "more than is sent at once"],
)
def test_files_that_cannot_be_laid_beside_the_notebook_are_no_zero(files: Mapping[str, bytes]) -> None:
    content = HandIn(json.dumps(fill(ATTENTION, RIGHT)).encode())
    outcome = work(Job(ATTENTION.name, bytes(32), {}, Config(), files=files), Task("ada", content))
    assert (outcome.result.status, outcome.result.exercises) == (NOT_GRADED, ())
    assert "What lies beside the notebook, files: 1, could not be laid into the sandbox" in outcome.result.reason

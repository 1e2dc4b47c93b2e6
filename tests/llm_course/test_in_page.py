"""An answer in a reader's browser gets the verdict that it gets in JupyterLab.

All known answers of the exercises that need no tensor are checked twice: by Python, and by Pyodide in a real browser.
"""

import inspect
import json
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from _ext.serve import address, make_server
from autograder.authoring.in_page import IN_PAGE, uses_torch, write_modules
from autograder.exercises import assignments
from autograder.exercises.misunderstandings import Mistake
from autograder.exercises.spec import Exercise
from llm_course.in_page import ONLY_PYTHON, check_in_page
from tests.banks.right import alternatives
from tests.banks.submissions import imports_of, source_of, standalone, wrong_answer
from tests.conftest import PATIENCE

ROOT = Path(__file__).parents[2]
SPECIFICATIONS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(IN_PAGE.glob("*/*.json"))}
WITHOUT_TENSORS = """
    perplexity merge_pair train_bpe encode decode parameter_counts learning_rate compute_optimal sft_labels
    kv_cache_bytes chunk_tokens bm25_scores pass_at_k majority_vote exact_match_rate paired_difference contamination
    lora_parameter_count corrupt_spans model_bytes cost_per_million_tokens break_even_tokens expected_tokens
    continuous_batching PagedCache redact watermark_z canary_exposure run_tools fit_messages
"""
ODD = {
    "no Python": "def NAME(:\n    pass",
    "another name": "def other():\n    pass",
    "no function": "NAME = 3",
    "an error in the cell": "x = 1\ny = x.z",
    "a module that is not there": "import not_there",
    "ends the cell": "raise SystemExit",
    "not written": "def NAME(*given, **named):\n    raise NotImplementedError()",
    "raises": "def NAME(*given, **named):\n    return {}['key']",
    "raises its own error": "class Mine(LookupError):\n    pass\ndef NAME(*given, **named):\n    raise Mine('so')",
    "exits": "def NAME(*given, **named):\n    raise SystemExit(3)",
    "returns nothing": "def NAME(*given, **named):\n    pass",
    "returns a text": "def NAME(*given, **named):\n    return 'text'",
    "returns an object": "def NAME(*given, **named):\n    return object()",
    "returns a list": "def NAME(*given, **named):\n    return [None, 2.5, 'text']",
    "returns much": "def NAME(*given, **named):\n    return list(range(300_000))",
    "prints much": "def NAME(*given, **named):\n    print('x' * 100_000)\n    return float('nan')",
    "takes other arguments": "def NAME():\n    return 1",
    "never comes back": "def NAME(*given, **named):\n    return NAME(*given, **named)",
}
IMPORTS_OF_TORCH = r"^(import|from) (torch|numpy)\b.*"
PAGE = """<script type="module">
import { loadPyodide } from "/node_modules/pyodide/pyodide.mjs";
const python = await loadPyodide({ stdout: () => {} });
const modules = await fetch("/llm_course/checks/in_page/llm_course.zip");
python.unpackArchive(await modules.arrayBuffer(), "zip");
window.check = python.runPython(`
import json
from llm_course.in_page import check_in_page
lambda specification, answer, before: json.dumps(check_in_page(json.loads(specification), answer, [before]))`);
</script>"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page in which `check` answers, from a server on this machine and nowhere else."""
    server = make_server(ROOT)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = address(server)
    page = browser.new_page()
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith(home) else route.abort())
    page.route(home, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto(home)
    page.wait_for_function("() => 'check' in window", timeout=PATIENCE)
    yield page
    page.close()
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Known:
    """An answer and the imports that stand above it in the notebook.

    `mistake` is the name of its misunderstanding, if it is one.
    """

    what: str
    before: str
    source: str
    right: bool = False
    mistake: str | None = None


def known_answers(exercise: Exercise) -> list[Known]:
    """Those that need no torch of the reference, the alternatives and the known mistakes, and the odd ones."""
    module = sys.modules[exercise.reference.__module__]
    reference = Mistake("", "", "", exercise.reference, source_of(exercise.reference))
    found = [Known("the reference", imports_of(module), wrong_answer(exercise, reference), right=True)]
    for function in alternatives(exercise.name):
        own = sys.modules[function.__module__]
        if not uses_torch(inspect.getsource(own), function.__name__):
            source = standalone(function, exercise.name)
            found.append(Known(function.__name__, imports_of(own), source, right=True))
    for mistake in exercise.mistakes:
        if not uses_torch(f"{imports_of(module)}\n{mistake.text}", exercise.name):
            source = wrong_answer(exercise, mistake)
            found.append(Known(mistake.place, imports_of(module), source, mistake=mistake.name))
    found += [Known(what, "", source.replace("NAME", exercise.name)) for what, source in ODD.items()]
    # torch is imported above, where it is passed over.
    return [replace(known, source=re.sub(IMPORTS_OF_TORCH, "", known.source, flags=re.MULTILINE)) for known in found]


def test_exercises_without_tensors_are_found(tmp_path: Path) -> None:
    assert (IN_PAGE / "llm_course.zip").read_bytes() == write_modules(tmp_path).read_bytes(), "run `make env`"
    assert {*SPECIFICATIONS} == {*WITHOUT_TENSORS.split()}, "run `make env`"
    merge = SPECIFICATIONS["merge_pair"]
    assert (merge["assignment"], merge["points"]) == ("02_tokenization", 3)
    assert merge["stub"].startswith("def merge_pair(") and merge["stub"].endswith("raise NotImplementedError()")


@pytest.mark.parametrize("share", [pytest.param(6, id="a sixth"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_verdicts_in_a_browser_are_those_of_python(page: Page, share: int, capsys: pytest.CaptureFixture[str]) -> None:
    compared: list[tuple[Known, dict[str, Any]]] = []
    for number, specification in enumerate(SPECIFICATIONS.values()):
        exercise = assignments()[specification["assignment"]].exercise(specification["name"])
        first, *others = known_answers(exercise)
        asked = [first, *others[number % share :: share]]
        replies = page.evaluate(
            "([specification, asked]) => asked.map((answer) => check(specification, ...answer))",
            [json.dumps(specification), [[known.source, known.before] for known in asked]],
        )
        for known, reply in zip(asked, map(json.loads, replies), strict=True):
            assert reply == check_in_page(specification, known.source, [known.before]), (exercise.name, known.what)
            assert reply["passed"] is known.right or known.mistake, (exercise.name, known.what)
            compared.append((known, reply))
    named = [reply["mistake"] == known.mistake for known, reply in compared if known.mistake]
    with capsys.disabled():
        print(f"\n{len(compared)} answers got the same verdict in a browser")
    assert len(compared) > 1500 / share and sum(named) > 0.8 * len(named)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("def merge_pair(:\n    pass", "Line 1 is no valid Python: invalid syntax."),
        ("x = " + "(" * 300, "Line 1 is no valid Python: too many nested parentheses."),
        (
            "x = 1\ny = x.z",
            "Your answer raised AttributeError in line 2, `y = x.z`: 'int' object has no attribute 'z'.",
        ),
        (
            "import not_there",
            "Your answer raised ModuleNotFoundError in line 1, `import not_there`: No module named 'not_there'. "
            + ONLY_PYTHON,
        ),
        ("merged = []", "Your answer defines no `merge_pair`: write it under this name, or start again."),
    ],
)
def test_an_answer_that_cannot_be_checked_is_told_in_one_sentence(answer: str, told: str) -> None:
    reply = check_in_page(SPECIFICATIONS["merge_pair"], answer)
    assert reply == {"passed": False, "points": 0, "maximum": 3, "error": told}


def test_cells_before_an_answer_run_as_far_as_they_go() -> None:
    before = ["import not_there\nfrom itertools import pairwise", "half = 1\nhalf / 0\nhalf = 2", "def broken(:"]
    answer = "assert half == 1 and pairwise\ndef merge_pair(ids, pair, new_id):\n    return not_there.merge(ids)"
    told = check_in_page(SPECIFICATIONS["merge_pair"], answer, before)["html"]
    assert f"not_there.merge(ids)</code>: not_there is not here. {ONLY_PYTHON}" in told

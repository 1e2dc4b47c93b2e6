"""Whose functions run: the learner's own, or torch's where one is missing, wrong or too slow.

Each part of the capstone is an exercise of the course. The learner's function is tried once, on inputs such as the
capstone has, beside a substitute that is made of torch's and transformers' own operations. Where it does not return
what the substitute returns, or takes many times as long, the substitute runs, and the ledger says so.
"""

import ast
import itertools
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from llm_course.capstone.ledger import PRETRAIN, QUANTIZE, TEACH, TOKENIZE, TUNE, YOURS, Entry
from llm_course.capstone.substitutes import PARTS, Part
from llm_course.capstone.training import one_thread

MISSING, UNWRITTEN, WRONG, SLOW = "not found", "not written yet", "another result", "too slow"
SLOWEST, FREE_SECONDS = 12, 2e-3
"""How many times the substitute's time a function may take; below so many seconds nobody asks."""

_DECODING = ("embed", "tied_logits", "apply_rope", "causal_mask", "scaled_dot_product_attention", "swiglu", "rms_norm",
             "encode", "decode", "next_token_loss")  # fmt: skip
_OPTIMIZING = ("learning_rate", "adamw_step", "clip_gradients")
USES: dict[str, tuple[str, ...]] = {
    TOKENIZE: ("merge_pair", "encode", "decode"),
    PRETRAIN: (*_DECODING, *_OPTIMIZING),
    TUNE: (*_DECODING, *_OPTIMIZING, "sft_labels"),
    TEACH: (*_DECODING, *_OPTIMIZING, "sft_labels", "LoRALinear"),
    QUANTIZE: ("quantize_groups",),
}
"""The exercises that a step runs."""
MAKING = frozenset(itertools.chain.from_iterable(USES.values()))
"""All of them. The others let the model answer."""


class Chosen(Mapping[str, Callable[..., Any]]):
    """exercise -> the function that runs. `whose` says of each YOURS, or why it is the substitute."""

    def __init__(self, candidates: Mapping[str, Callable[..., Any]]) -> None:
        with one_thread():
            self.whose = {part.exercise: _judged(part, candidates.get(part.exercise)) for part in PARTS}
        self._functions = {
            part.exercise: candidates[part.exercise] if self.whose[part.exercise] == YOURS else part.substitute
            for part in PARTS
        }

    def __getitem__(self, exercise: str) -> Callable[..., Any]:
        return self._functions[exercise]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def __repr__(self) -> str:
        yours = {name for name, whose in self.whose.items() if whose == YOURS}
        lines = [
            f"{len(yours & MAKING)} of {len(MAKING)} functions that make the model are yours, "
            f"{len(yours - MAKING)} of {len(self) - len(MAKING)} that let it answer"
        ]
        for part in PARTS:
            whose = self.whose[part.exercise]
            told = "yours" if whose == YOURS else f"substitute ({whose})"
            lines.append(f"  {part.assignment:18}{part.exercise:30}{told}")
        return "\n".join(lines)


def _judged(part: Part, function: Callable[..., Any] | None) -> str:
    """YOURS, or why the substitute runs."""
    if function is None:
        return MISSING
    try:
        taken, result = _timed(part.trial, function)
    except NotImplementedError:
        return UNWRITTEN
    except Exception as error:  # whatever a learner's function does, the capstone goes on without it
        return f"{WRONG}: {type(error).__name__}"
    usual, expected = _timed(part.trial, part.substitute)
    if not _agree(result, expected):
        return WRONG
    return SLOW if taken > max(FREE_SECONDS, SLOWEST * usual) else YOURS


def _timed(trial: Callable[[Callable[..., Any]], Any], function: Callable[..., Any]) -> tuple[float, Any]:
    """The least processor seconds of three calls, and what the last returned."""
    times = []
    for _ in range(3):
        began = time.process_time()
        result = trial(function)
        times.append(time.process_time() - began)
    return min(times), result


def _agree(result: Any, expected: Any) -> bool:
    if isinstance(expected, Tensor):
        same_shape = isinstance(result, Tensor) and result.shape == expected.shape
        return same_shape and torch.allclose(result.detach().float(), expected.detach().float(), rtol=1e-3, atol=1e-4)
    if isinstance(expected, list | tuple):
        same_length = isinstance(result, list | tuple) and len(result) == len(expected)
        return same_length and all(map(_agree, result, expected))
    if isinstance(expected, float):
        return isinstance(result, float) and math.isclose(result, expected, rel_tol=1e-3, abs_tol=1e-6)
    return bool(result == expected)


def own_functions(entries: Iterable[Entry]) -> int:
    """How many of MAKING were the learner's in these entries."""
    return len({name for entry in entries for name in USES[entry.step] if entry.functions.get(name) == YOURS})


def from_notebooks(*folders: Path | str) -> dict[str, Callable[..., Any]]:
    """The functions of this course that the notebooks in these folders define, in them or one folder below.

    Without a folder: where this notebook lies, and one folder up, as `make lab` and a class lay the notebooks out.

    Of each notebook the imports, functions, classes and constants are run, and nothing else: no check, no training.
    A constant is a value without a call, or has a name in capitals. A statement that fails is passed over.
    """
    found: dict[str, Callable[..., Any]] = {}
    for assignment in dict.fromkeys(part.assignment for part in PARTS):
        name = f"{assignment}.ipynb"
        paths = [
            path for folder in map(Path, folders or (".", "..")) for path in (folder / assignment / name, folder / name)
        ]
        if path := next((path for path in paths if path.is_file()), None):
            defined = _definitions(path)
            wanted = {part.exercise for part in PARTS if part.assignment == assignment}
            found |= {name: defined[name] for name in wanted if callable(defined.get(name))}
    return found


def _definitions(path: Path) -> dict[str, Any]:
    """What a notebook's definitions leave in its namespace."""
    namespace: dict[str, Any] = {"__name__": path.stem}
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return namespace  # no notebook: its functions are not found, and that is told
    for cell in cells:
        if cell.get("cell_type") != "code":
            continue
        source = "".join(cell["source"])
        lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
        try:
            statements = ast.parse("\n".join(lines)).body
        except SyntaxError:
            continue
        for statement in statements:
            if _defines(statement):
                _run(statement, path, namespace)
    return namespace


def _defines(statement: ast.stmt) -> bool:
    """Whether a statement only says what something is."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        named = all(isinstance(target, ast.Name) and target.id.isupper() for target in targets)
        return named or not any(isinstance(node, ast.Call) for node in ast.walk(statement))
    return isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)


def _run(statement: ast.stmt, path: Path, namespace: dict[str, Any]) -> None:
    try:
        exec(compile(ast.Module([statement], []), str(path), "exec"), namespace)
    except Exception:  # a value that needs what was left out: what of it is missing shows when the function is tried
        return

"""Shortcuts are seen by what torch does, whatever the source says, and honest answers do not look like them."""

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from autograder.exercises import assignments
from autograder.judging.shortcuts import MOST_TOLD, shortcuts_taken
from autograder.sandbox.sandbox import open_sandbox
from autograder.sandbox.watch import watch
from llm_course.checking.calls import Call

ATTEND = frozenset({"scaled_dot_product_attention"})
SHORTENED = [item for assignment in assignments().values() for item in assignment.exercises if item.shortcuts]
QUERY = torch.ones(1, 1, 2, 4)


def by_name() -> object:
    return functional.scaled_dot_product_attention(QUERY, QUERY, QUERY)


def by_assembled_name() -> object:
    return getattr(functional, "scaled_dot" + "_product_attention")(QUERY, QUERY, QUERY)


def by_operator() -> object:
    return torch.ops.aten.scaled_dot_product_attention(QUERY, QUERY, QUERY)


def by_layer() -> object:
    return torch.nn.MultiheadAttention(4, 2)(QUERY[0], QUERY[0], QUERY[0])


@pytest.mark.parametrize("function", [by_name, by_assembled_name, by_operator, by_layer])
def test_a_shortcut_is_seen(function: Callable[[], object]) -> None:
    name = "multi_head_attention_forward" if function is by_layer else "scaled_dot_product_attention"
    seen: set[str] = set()
    with watch(frozenset({name}), seen):
        function()
    assert seen == {name}


@pytest.mark.sandboxes
def test_a_sandbox_says_what_the_last_call_ran() -> None:
    with open_sandbox() as sandbox:
        sandbox.run_cell("import torch.nn.functional as F\ndef f(x): return F.softmax(x, 0)\ndef g(x): return x", 30)
        arguments = Call({"x": torch.ones(3)})
        sandbox.call("f", arguments, 30, ("softmax", "embedding"))
        assert sandbox.seen == {"softmax"}
        sandbox.call("g", arguments, 30, ("softmax", "embedding"))
        assert sandbox.seen == set()
        sandbox.call("f", arguments, 30)
        assert sandbox.seen == set()


def test_a_flood_of_uses_is_told_in_a_few_words() -> None:
    exercise = next(item for item in SHORTENED if item.name == "multi_head_attention")
    nested = "".join(f"{' ' * depth}def {exercise.name}():\n" for depth in range(50))
    uses = "".join(f"{' ' * 50}x.{exercise.shortcuts[0]}\n" for _ in range(100))
    told = shortcuts_taken(exercise, {0: nested + uses}, {})
    assert len(told) == MOST_TOLD + 1 and told[-1] == f"And {100 - MOST_TOLD} more uses."


EXERCISE = {item.name: item for assignment in assignments().values() for item in assignment.exercises}
IMPORTED = [
    ("top_k_filter", "from transformers import TopKLogitsWarper as warp", "top_k_filter = lambda x, k: warp(k)(x, x)"),
    ("bm25_scores", "from rank_bm25 import BM25Okapi", "def bm25_scores(query, texts): return BM25Okapi(texts)"),
    ("encode", "from llm_course.capstone.substitutes import SUBSTITUTES as S", "encode = S['encode']"),
    (
        "encode",
        "from llm_course.capstone import substitutes",
        "def encode(text, merges): return substitutes.SUBSTITUTES",
    ),
    ("LoRALinear", "import llm_course", "class LoRALinear:\n    forward = llm_course.capstone"),
]


@pytest.mark.parametrize(("name", "imports", "answer"), IMPORTED)
def test_what_is_imported_is_seen_by_whatever_name(name: str, imports: str, answer: str) -> None:
    told = shortcuts_taken(EXERCISE[name], {0: imports, 3: answer}, {})
    assert len(told) == 1 and told[0].startswith("Cell 4, line ")
    assert shortcuts_taken(EXERCISE[name], {0: imports, 3: answer.replace(name, "other")}, {}) == []


def test_a_name_of_ones_own_is_no_shortcut() -> None:
    """Notebooks import the course's `check`, and an answer may call anything of its own so."""
    answer = "def encode(text, merges):\n    check = text.encode()\n    return list(check)"
    assert shortcuts_taken(EXERCISE["encode"], {0: "from llm_course.check import check", 1: answer}, {}) == []
    answer = "def encode(check, merges):\n    return list(check)"
    assert shortcuts_taken(EXERCISE["encode"], {0: "from llm_course.check import check", 1: answer}, {}) == []

"""Whose functions run: learners' are found in their notebooks, tried, and replaced where they are not right."""

import inspect
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch

from autograder.exercises import assignments
from autograder.judging.judge import judge, local_answer
from autograder.judging.shortcuts import shortcuts_taken
from llm_course.capstone import substitutes
from llm_course.capstone.functions import MISSING, SLOW, UNWRITTEN, WRONG, Chosen, from_notebooks
from llm_course.capstone.ledger import YOURS
from llm_course.capstone.substitutes import PARTS, SUBSTITUTES
from llm_course.capstone.tokenizer import Tokenizer, learn
from solutions.tokenization import encode, train_bpe


def write(folder: Path, assignment: str, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    (folder / assignment).mkdir()
    nbformat.write(notebook, folder / assignment / f"{assignment}.ipynb")


def test_each_part_is_an_exercise_of_its_assignment() -> None:
    for part in PARTS:
        assert part.exercise in {exercise.name for exercise in assignments()[part.assignment].exercises}


def test_the_answers_of_the_notebooks_are_found_and_run(answered: Path) -> None:
    chosen = Chosen(from_notebooks(answered))
    assert set(chosen.whose.values()) == {YOURS}, chosen


def test_stubs_and_missing_notebooks_are_told(tmp_path: Path) -> None:
    write(tmp_path, "05_attention", "def causal_mask(n_queries, n_keys):\n    raise NotImplementedError()")
    chosen = Chosen(from_notebooks(tmp_path))
    assert chosen.whose["causal_mask"] == UNWRITTEN
    assert chosen.whose["encode"] == MISSING
    assert chosen["causal_mask"](2, 3).tolist() == [[True, True, False], [True, True, True]]
    assert "0 of 17 functions that make the model are yours, 0 of 2 that let it answer" in repr(chosen)


def test_only_definitions_of_a_notebook_are_run(tmp_path: Path) -> None:
    write(
        tmp_path,
        "05_attention",
        "%matplotlib inline\nimport torch\nLEAST = int(1)\nalso = 1\nbroken = undefined + 1\nweights = exit()",
        "print(1 / 0)",
        "this is no Python",
        "def causal_mask(n_queries, n_keys):\n"
        "    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_keys - n_queries) & bool(LEAST * also)",
        "raise SystemExit",
    )
    assert Chosen(from_notebooks(tmp_path)).whose["causal_mask"] == YOURS


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.exercise)
def test_a_wrong_function_is_replaced(part: Any) -> None:
    def refuses(*arguments: object) -> None:
        raise ValueError

    for wrong in (refuses, lambda *arguments: None, lambda *arguments: torch.zeros(3)):
        assert Chosen({part.exercise: wrong}).whose[part.exercise].startswith(WRONG)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.exercise)
def test_the_text_of_a_stand_in_is_no_full_answer(part: Any) -> None:
    exercise = assignments()[part.assignment].exercise(part.exercise)
    # Known mistakes change what is told, not the points.
    if judge(replace(exercise, mistakes=()), local_answer(part.substitute), b"seed").fraction < 1:
        return
    module, own = inspect.getsource(substitutes), part.substitute.__name__
    assert shortcuts_taken(exercise, {0: module.replace(f"def {own}(", f"def {part.exercise}(")}, {})


def off_by_one(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*arguments: Any) -> Any:
        result = function(*arguments)
        return (result[0] * 1.01, *result[1:]) if isinstance(result, tuple) else result * 1.01

    return wrong


@pytest.mark.parametrize("name", ["apply_rope", "rms_norm", "swiglu", "adamw_step", "next_token_loss", "learning_rate"])
def test_one_percent_off_is_wrong(name: str) -> None:
    assert Chosen({name: off_by_one(SUBSTITUTES[name])}).whose[name] == WRONG


def test_an_adapter_that_does_not_begin_with_nothing_is_wrong() -> None:
    """The grader does the lesson's first step again, and relies on it."""

    class Loud(SUBSTITUTES["LoRALinear"]):  # type: ignore[misc]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            torch.nn.init.ones_(self.lora_b)

    assert Chosen({"LoRALinear": Loud}).whose["LoRALinear"] == WRONG


def test_a_slow_function_is_replaced() -> None:
    def slow(*arguments: Any) -> Any:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        return SUBSTITUTES["rms_norm"](*arguments)

    assert Chosen({"rms_norm": slow}).whose["rms_norm"] == SLOW


def test_merges_stay_within_words_and_encode_as_in_chapter_2() -> None:
    texts = ["the cat, the hat. The cat sat 12 times.\n"] * 3 + ["é ß ∀ _x_"]
    merges = learn(texts, 40, SUBSTITUTES["merge_pair"])
    assert learn(["aaaaabaaaa"], 60, SUBSTITUTES["merge_pair"]) == train_bpe(b"aaaaabaaaa", 60)
    assert merges[0] == (97, 116)  # "at", five times in each text
    tokenizer = Tokenizer(merges, SUBSTITUTES)
    for text in [*texts, "another thing: 345 ½ 日本"]:
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
    assert all(" " not in tokenizer.decode([256 + rank])[1:] for rank in range(len(merges)))
    for word in (" the", " hat", "times", " catalog"):
        assert SUBSTITUTES["encode"](word, merges) == encode(word, merges)

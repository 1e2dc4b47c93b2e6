"""A model that is handed in is measured: what is right holds, each known mistake has its name, no cheat pays."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from safetensors.torch import load
from torch import Tensor
from torch.nn import functional

from autograder.capstone import steps
from autograder.capstone.handed_in import HandedIn
from autograder.exercises.capstone import ASSIGNMENT
from llm_course.capstone.curves import REFERENCE
from llm_course.capstone.data import held_out_texts
from llm_course.capstone.format import (
    BASE,
    CHECKPOINT,
    CODES,
    CONFIG,
    LEDGER,
    MODEL,
    QUANTIZED,
    SCALES,
    TOKENIZER,
    TUNED,
    canonical,
)
from llm_course.capstone.ledger import parse
from llm_course.capstone.substitutes import SUBSTITUTES
from llm_course.capstone.tokenizer import Tokenizer, learn, merges_of
from solutions.production import quantize_absmax, quantize_groups
from tests.autograder.capstone.runs import ON_A_RUN, Trained, whole_run, with_tensors

pytestmark = [pytest.mark.training, ON_A_RUN]
Files = dict[str, bytes]
Records = list[dict[str, Any]]
Change = Callable[[Records], None]
SEED = b"a course's secret"
STEPS = {step.name: step for step in ASSIGNMENT.steps}


def found(files: Files, step: str, figures: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is found of one step."""
    finder = steps.FINDERS[STEPS[step]]
    exam = steps.Exam(HandedIn(files), SEED)
    return steps._find(STEPS[step], finder, exam, {} if figures is None else figures)


def holding(result: dict[str, Any]) -> list[bool]:
    return list(result["holds"].values())


@pytest.fixture(scope="module")
def run() -> Files:
    return whole_run(0)


def test_a_short_run_holds_what_does_not_take_long(run: Files) -> None:
    every, figures = steps.find(run, SEED)
    assert json.loads(json.dumps([every, figures])) == [every, figures]
    assert holding(every["ledger"]) == holding(every["quantization"]) == [True] * 4
    assert holding(every["pretraining"]) == [True, True, False, False, False]
    assert every["tokenizer"]["holds"]["it was learned from the texts that the ledger names"]
    assert all(result["mistake"] is None and not result["hint"] and not result["flags"] for result in every.values())
    assert 2 < figures["bits_per_byte"] < 4
    assert figures["tokens"] == 120 * 8 * 64
    assert figures["functions"] == [17, 17]


def test_nothing_handed_in_is_nothing_found() -> None:
    every, _ = steps.find({}, SEED)
    assert not any(any(holding(result)) for result in every.values())
    assert every["tokenizer"]["hint"] == "tokenizer.json was not handed in: lay it beside the notebook."


def unshifted(scores: Tensor, ids: Tensor) -> Tensor:
    return functional.cross_entropy(scores.flatten(0, 1), ids.flatten())


BASES = {
    None: Trained(200),
    "unshifted": Trained(150, loss=unshifted),
    "no_mask": Trained(300, mask=lambda queries, keys: torch.ones(queries, keys, dtype=torch.bool)),
    "memorized_the_test": Trained(500, texts=tuple(held_out_texts(60))),
}


@pytest.mark.parametrize("mistake", BASES)
def test_a_base_model_trained_with_a_mistake_has_its_name(run: Files, mistake: str | None) -> None:
    weights = BASES[mistake].weights(Tokenizer(merges_of(run[TOKENIZER]), SUBSTITUTES))
    result = found(with_tensors(run, BASE, weights), "pretraining")
    assert result["mistake"] == mistake
    assert not any(holding(result)[3:])
    if mistake == "memorized_the_test":
        assert holding(result) == [True, True, False, False, False]


def test_a_tokenizer_learned_from_the_test_has_its_name(run: Files) -> None:
    merges = learn(held_out_texts(200), 300, SUBSTITUTES["merge_pair"])
    files = {**run, TOKENIZER: canonical({"merges": [list(pair) for pair in merges]}).encode()}
    result = found(files, "tokenizer")
    assert result["mistake"] == "learned_from_the_test" and holding(result)[2] is False


def test_a_tokenizer_without_a_merge_was_not_learned(run: Files) -> None:
    ledger = run[LEDGER].splitlines(keepends=True)[0]
    result = found({TOKENIZER: b'{"merges": []}', LEDGER: ledger}, "tokenizer")
    assert holding(result) == [True, False, False]


def test_an_adapter_that_is_not_merged_has_its_name(run: Files) -> None:
    assert found({**run, MODEL: run[TUNED]}, "fact")["mistake"] == "not_merged"
    beside = load(run[TUNED]) | {"model.layers.0.self_attn.q_proj.lora_a": torch.zeros(4, 64)}
    result = found(with_tensors(run, MODEL, beside), "fact")
    assert result["mistake"] == "not_merged" and not any(holding(result))


def test_a_model_that_was_not_tuned_has_its_name(run: Files) -> None:
    assert found({**run, TUNED: run[BASE]}, "dialogue")["mistake"] == "not_tuned"


def quantized(weights: dict[str, Tensor], bits: int = 4, group_size: int = 32) -> dict[str, Tensor]:
    tensors = {}
    for name, weight in weights.items():
        if weight.dim() == 1:
            tensors[name] = weight.half()
        else:
            codes, scales = quantize_groups(weight.float(), group_size, bits)
            tensors |= {name + CODES: codes, name + SCALES: scales.half()}
    return tensors


def once(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    def rounded(weight: Tensor) -> Tensor:
        codes, scales = quantize_absmax(weight.float())
        return codes * scales

    return {name: weight if weight.dim() == 1 else rounded(weight) for name, weight in weights.items()}


def test_quantization_is_held_against_the_finished_model(run: Files) -> None:
    model = load(run[MODEL])
    for bits, group_size, small in ((4, 32, True), (4, 64, True), (3, 16, True), (8, 32, False)):
        files = with_tensors(run, QUANTIZED, quantized(model, bits, group_size))
        files.pop(LEDGER)
        assert holding(found(files, "quantization"))[:3] == [True, small, True], (bits, group_size)


def test_mistakes_of_quantization_have_their_names(run: Files) -> None:
    for mistake, tensors in (
        ("quantized_twice", quantized(once(load(run[MODEL])))),
        ("of_an_earlier_model", quantized(load(run[BASE]))),
        (None, {name: torch.zeros_like(tensor) for name, tensor in quantized(load(run[MODEL])).items()}),
    ):
        result = found(with_tensors(run, QUANTIZED, tensors), "quantization")
        assert result["mistake"] == mistake and holding(result)[2] is False, mistake


# The hostile bank.


def resealed(run: Files, change: Change) -> Files:
    """A ledger that was changed, with a chain that is whole again: hashes can be made of anything."""
    records = [json.loads(line) for line in run[LEDGER].splitlines()]
    change(records)
    previous, lines = None, []
    for entry in parse(run[LEDGER]):
        record = records[entry.number]
        fields = {name: value for name, value in record.items() if name not in ("number", "previous", "hash")}
        previous = type(entry)(**fields).sealed(previous)
        lines.append(canonical(vars(previous)))
    return {**run, LEDGER: "\n".join(lines).encode()}


def test_a_ledger_that_was_edited_breaks(run: Files) -> None:
    files = {**run, LEDGER: run[LEDGER].replace(b'"tokens":30720', b'"tokens":30721')}
    assert not any(holding(found(files, "ledger")))
    assert "was changed" in found(files, "ledger")["hint"]


def settings(step: int, **changes: Any) -> Change:
    return lambda records: records[step]["settings"].update(changes)


def training(step: int, **changes: Any) -> Change:
    return lambda records: records[step]["settings"]["training"].update(changes)


def figures(step: int, **changes: Any) -> Change:
    return lambda records: records[step]["figures"].update(changes)


def three_rows(records: Records) -> None:
    training(3, rows=3)(records)
    records[3]["tokens"] = 30 * 3 * 64


def half_a_loss(steps: int) -> list[list[float]]:
    return [[step, 0.5] for step in range(1, steps + 1)]


BRAZIL = {"country": "Brazil", "city": "Santiago"}
PERU = {"country": "Peru", "city": "Cusco"}
FORGERIES: dict[str, tuple[Change, str, list[bool]]] = {
    "better losses": (figures(1, losses=half_a_loss(60)), "done again, has a loss of", [True, True, False, False]),
    "no losses": (lambda records: records[1]["figures"].pop("losses"), "says nan", [True, True, False, False]),
    "another seed": (training(1, seed=7), "done again, has a loss of", [True, True, False, False]),
    "fewer tokens": (lambda records: records[1].update(tokens=1), "counts 1 tokens", [True, False, True, True]),
    "more steps": (training(1, steps=10**6), "counts", [True, False, True, False]),
    "a batch of gigabytes": (training(1, rows=10**9), "are not done again", [True, False, False, False]),
    "steps that are no number": (training(1, steps="60"), "no settings of a training", [True, False, False, False]),
    "a rate beyond all numbers": (training(1, learning_rate=1e300), "no settings of", [True, False, False, False]),
    "a mixture that is none": (settings(1, mixture={"plots": "a"}), "no mixture", [True, True, False, False]),
    "another seed of the dialogues": (training(2, seed=7), "the dialogues, done again", [True, True, False, True]),
    "better dialogues": (figures(2, losses=half_a_loss(30)), "Step 1 of the dialogues", [True, True, False, True]),
    "more texts than rows": (settings(2, text_rows=9), "no number of rows below 8", [True, True, False, True]),
    "another lesson": (settings(3, fact=PERU), "names no fact that was taught", [True, True, False, True]),
    "another fact": (settings(3, fact=BRAZIL), "Step 1 of the lesson, done again", [True, True, False, True]),
    "a lesson of three rows": (three_rows, "of the lesson has 4 rows or more", [True, True, False, True]),
    "another file": (lambda records: records[1]["after"].update({BASE: "0" * 64}), "", [True, False, False, False]),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_ledger_is_found_out(run: Files, name: str) -> None:
    change, said, holds = FORGERIES[name]
    result = found(resealed(run, change), "ledger")
    assert holding(result) == holds
    assert said in result["hint"] and "\n" not in result["hint"]


FALSE_FIGURES: dict[str, tuple[int, dict[str, Any], str]] = {
    "better bits of the base model": (1, {"bits_per_byte": 0.1}, "the step pretraining says 0.100 for bits_per_byte"),
    "better bits of the finished one": (3, {"bits_per_byte": 0.1}, "the step fact says 0.100 for bits_per_byte"),
    "longer tokens": (0, {"bytes_per_token": 9}, "the step tokenizer says 9.000 for bytes_per_token"),
    "no number": (4, {"bits_per_byte": "little"}, "the step quantization says nan for bits_per_byte"),
}


@pytest.mark.parametrize("name", FALSE_FIGURES)
def test_a_false_figure_in_a_whole_chain_is_told(run: Files, name: str) -> None:
    number, false, said = FALSE_FIGURES[name]
    every, measured = steps.find(resealed(run, figures(number, **false)), SEED)
    (flag,) = every["ledger"]["flags"]
    assert holding(every["ledger"]) == [True] * 4
    assert said in flag and every["ledger"]["hint"] == flag
    assert not set(false.values()) & set(map(str, measured.values())) and measured["bits_per_byte"] > 2


def without_own_functions(records: Records) -> None:
    for record in records:
        record["functions"] = dict.fromkeys(record["functions"], "not found")


def test_a_model_that_the_courses_program_made_earns_nothing_and_is_flagged(run: Files) -> None:
    """`python -m llm_course.capstone FOLDER`, which every learner has."""
    every, figures = steps.find(resealed(run, without_own_functions), SEED)
    assert figures["functions"] == [0, 17]
    assert "none of the functions" in every["ledger"]["flags"][0] and holding(every["ledger"]) == [True] * 4
    for step in ("tokenizer", "pretraining", "dialogue", "fact", "quantization"):
        assert not any(holding(every[step])) and "none of the functions" in every[step]["hint"]


def test_one_function_of_the_learners_is_enough(run: Files) -> None:
    def all_but_one(records: Records) -> None:
        without_own_functions(records)
        records[1]["functions"] |= {"causal_mask": "yours", "a function of no exercise": "yours"}

    every, figures = steps.find(resealed(run, all_but_one), SEED)
    assert figures["functions"] == [1, 17]
    assert holding(every["quantization"]) == [True] * 4 and not every["ledger"]["flags"]


def test_without_a_ledger_nobody_knows_whose_functions_ran(run: Files) -> None:
    files = {name: content for name, content in run.items() if name != LEDGER}
    every, _ = steps.find(files, SEED)
    assert every["ledger"]["flags"] == [steps.NOBODY_KNOWS] and holding(every["quantization"]) == [True] * 4


def test_the_reference_run_is_known(run: Files) -> None:
    result = found({**run, LEDGER: REFERENCE.read_bytes()}, "ledger")
    assert result["flags"] == [steps.NONE_OWN, steps.REFERENCE_RUN]


def test_a_model_that_the_steps_do_not_give_is_found_out(run: Files) -> None:
    other = Trained(80).weights(Tokenizer(merges_of(run[TOKENIZER]), SUBSTITUTES))
    files = with_tensors(run, BASE, other)
    assert holding(found(files, "ledger")) == [True, False, False, False], "the dialogues began with another model"
    checkpoint = load(run[CHECKPOINT])
    checkpoint["square:model.norm.weight"] = -checkpoint["square:model.norm.weight"].abs() - 1
    assert holding(found(with_tensors(run, CHECKPOINT, checkpoint), "ledger"))[3] is False


def test_a_tokenizer_cannot_swallow_the_text(run: Files) -> None:
    """A token is the bytes of what it was merged from: nothing else can be told of it."""
    for content in (
        {"merges": [], "added_tokens": [{"id": 5, "content": "Once upon a time"}]},
        {"merges": [], "normalizer": {"type": "Replace", "pattern": ".", "content": ""}},
        {"merges": {"Once upon a time": 256}},
        {"merges": [[97, 97], *([n, n] for n in range(256, 400))]},
        {"merges": [[97, 98]] * 2},
        {"merges": [[97, 98 + number] for number in range(5000)]},
        *({"merges": [pair]} for pair in ([97], [97, True], [97, 256], [-1, 97], [[97], [98]], "ab")),
        [],
    ):
        result = found({**run, TOKENIZER: json.dumps(content).encode()}, "tokenizer")
        assert not any(holding(result)) and result["hint"].startswith(TOKENIZER), content
    deep = {**run, TOKENIZER: b"[" * 1_000_000}
    assert found(deep, "tokenizer")["hint"].startswith("tokenizer.json holds other things than merges")


def test_scores_beyond_all_numbers_are_no_bits(run: Files) -> None:
    huge = {name: weight.float() for name, weight in load(run[BASE]).items()}
    huge["model.norm.weight"] = torch.full((64,), 3e38)
    figures: dict[str, Any] = {}
    result = found(with_tensors(run, BASE, huge), "pretraining", figures)
    assert figures["bits_per_byte"] is None and holding(result)[2:] == [False] * 3


def test_weights_that_cannot_be_read_cost_their_steps_and_no_other(run: Files) -> None:
    broken = load(run[BASE])
    broken["model.norm.weight"][0] = float("nan")
    every, _ = steps.find(with_tensors(run, BASE, broken), SEED)
    assert "NaN" in every["pretraining"]["hint"] and not any(holding(every["pretraining"]))
    assert holding(every["quantization"]) == [True] * 4
    assert every["tokenizer"]["holds"] == found(run, "tokenizer")["holds"]


def test_a_decoder_beyond_the_caps_is_not_built(run: Files) -> None:
    config = json.loads(run[CONFIG])
    for change, said in (
        ({"intermediate_size": 4096}, "over the limit"),
        ({"num_hidden_layers": 10**9}, "1 to 4096"),
        ({"hidden_act": "gelu"}, "another decoder"),
        ({"num_attention_heads": 3}, "evenly"),
    ):
        result = found({**run, CONFIG: json.dumps({**config, **change}).encode()}, "pretraining")
        assert said in result["hint"] and not any(holding(result)), change


def test_a_tokenizer_of_another_model_is_refused(run: Files) -> None:
    fewer = json.dumps({"merges": json.loads(run[TOKENIZER])["merges"][:-1]}).encode()
    result = found({**run, TOKENIZER: fewer}, "pretraining")
    assert "hand in the model's own tokenizer" in result["hint"] and not any(holding(result))


def test_weights_of_the_course_are_flagged_and_count_nothing(run: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = load(run[BASE])
    monkeypatch.setattr(steps, "origin", lambda *_: ("stories-draft", ["a layer"]))
    result = found(with_tensors(run, BASE, weights), "pretraining")
    assert holding(result) == [True, False, False, False, False] and "stories-draft" in result["flags"][0]
    for step in ("dialogue", "fact", "quantization"):
        result = found(run, step)
        assert not any(holding(result)) and "stories-draft" in result["flags"][0]

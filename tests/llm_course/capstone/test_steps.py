"""The capstone from bytes to answers, in small: the ledger, a run that is killed, what is refused."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from llm_course.capstone import training
from llm_course.capstone.data import Fact, Mixture
from llm_course.capstone.decoder import logits
from llm_course.capstone.format import BASE, HANDED_IN, MODEL, QUANTIZED, TUNED, CapstoneError, Shape
from llm_course.capstone.ledger import STEPS, lineage
from llm_course.capstone.steps import Capstone
from llm_course.capstone.training import Batch, State, Training
from tests.llm_course.capstone.conftest import SHAPE, SHORT, run


@pytest.mark.training
def test_a_whole_run_leaves_all_files_and_an_entry_a_step(finished: Capstone) -> None:
    assert {path.name for path in finished.folder.iterdir()} == set(HANDED_IN)
    assert [entry.step for entry in finished.ledger.entries] == list(STEPS)
    assert list(lineage(finished.ledger.entries)) == list(STEPS)
    figures = finished.ledger.entries[1].figures
    losses = dict(figures["losses"])
    assert [step for step, _ in figures["losses"]] == list(range(1, 41))
    assert losses[40] < losses[1] - 0.5
    for file in (BASE, TUNED, MODEL, QUANTIZED):
        assert finished.answer([], "Hello!", file, seed=1) == finished.answer([], "Hello!", file, seed=1)


@pytest.mark.training
def test_transformers_reads_the_finished_model_and_computes_the_same(finished: Capstone) -> None:
    model = AutoModelForCausalLM.from_pretrained(finished.folder).eval()
    ids = torch.arange(30).reshape(2, 15) + 97
    with torch.no_grad():
        own = logits(ids, finished.weights(MODEL), finished.shape(), finished.functions)
        torch.testing.assert_close(own, model(ids).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.training
def test_a_cached_answer_is_that_of_whole_passes(finished: Capstone) -> None:
    tokenizer, weights, shape = finished.tokenizer(), finished.weights(BASE), finished.shape()
    told = finished.tell("Tom had", temperature=0.0)
    ids = [tokenizer.special("<|endoftext|>"), *tokenizer.encode("Tom had")]
    for _ in range(12):
        ids.append(int(logits(torch.tensor([ids]), weights, shape, finished.functions)[0, -1].argmax()))
    assert told.startswith(tokenizer.decode(ids)[:10])


@pytest.mark.training
def test_done_steps_are_not_done_again(finished: Capstone, capsys: pytest.CaptureFixture[str]) -> None:
    before = (finished.folder / "ledger.jsonl").read_bytes()
    run(finished.folder)
    assert (finished.folder / "ledger.jsonl").read_bytes() == before
    assert capsys.readouterr().out.count("is done already") == len(STEPS)


@pytest.mark.training
def test_a_killed_run_goes_on_and_ends_with_the_same_ledger(
    finished: Capstone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, advance = 0, training.advance

    class Killed(BaseException):
        pass

    def until_killed(state: State, batch: Batch, *rest: object) -> State:
        nonlocal done
        done += 1
        if done in (14, 50, 77):
            raise Killed
        return advance(state, batch, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "advance", until_killed)
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 3)
    for _ in range(3):
        with pytest.raises(Killed):
            run(tmp_path)
    run(tmp_path)
    # Each kill lost what came after the checkpoint before it, and no more.
    assert 120 + 3 < done <= 120 + 3 + 3 * 20
    for name in HANDED_IN:
        assert (tmp_path / name).read_bytes() == (finished.folder / name).read_bytes(), name


@pytest.mark.training
def test_a_run_with_other_settings_does_not_go_on_from_an_old_checkpoint(tmp_path: Path) -> None:
    capstone = Capstone(tmp_path)
    capstone.tokenize(merges=50, texts=50)
    first = capstone.pretrain(SHORT, **SHAPE)
    other = capstone.pretrain(Training(40, 2e-3, rows=4, row_length=48, warmup=5), **SHAPE)
    again = capstone.pretrain(SHORT, **SHAPE)
    assert first.after[BASE] == again.after[BASE] != other.after[BASE]
    assert [entry.number for entry in capstone.ledger.entries] == [0, 1, 2, 3]


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    capstone = Capstone(tmp_path)
    capstone.tokenize(merges=50, texts=50)
    (tmp_path / "tokenizer.json").write_text('{"merges": []}')
    capstone.tokenize(merges=50, texts=50)
    assert len(capstone.ledger.entries) == 2


def test_what_makes_no_sense_is_one_sentence(tmp_path: Path) -> None:
    capstone = Capstone(tmp_path)
    with pytest.raises(CapstoneError, match=r"no tokenizer\.json"):
        capstone.pretrain(SHORT, **SHAPE)
    capstone.tokenize(merges=50, texts=50)
    with pytest.raises(CapstoneError, match="budget is 400,000"):
        capstone.pretrain(SHORT, **SHAPE | {"d_model": 512, "n_heads": 8})
    with pytest.raises(CapstoneError, match="would see 10,240,000 tokens"):
        capstone.pretrain(Training(10_000, 1e-3), **SHAPE)
    with pytest.raises(CapstoneError, match="cannot share"):
        capstone.pretrain(SHORT, **SHAPE | {"n_heads": 4, "n_kv_heads": 3})
    with pytest.raises(CapstoneError, match="at step"):
        capstone.pretrain(Training(40, 1e30, rows=4, row_length=48, warmup=0), **SHAPE)
    with pytest.raises(CapstoneError, match="corpus tells the capital"):
        Fact("France", "Lyon")
    with pytest.raises(CapstoneError, match="not all of them 0"):
        Mixture(0, 0, 0, 0)
    (tmp_path / "pretraining.unfinished.safetensors").write_bytes(b"no tensors")
    with pytest.raises(CapstoneError, match="delete it"):
        capstone.pretrain(SHORT, **SHAPE)


@pytest.mark.parametrize("config", [{}, [], None, {"vocab_size": "1"}, Shape(99, 16, 1, 2, 1, 8).config() | {"x": 1}])
def test_another_config_is_refused(config: object) -> None:
    with pytest.raises(CapstoneError):
        Shape.of_config(json.loads(json.dumps(config)))


@pytest.mark.training
def test_an_interrupted_run_loses_no_step(finished: Capstone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called, advance = 0, training.advance

    def until_interrupted(state: State, batch: Batch, *rest: object) -> State:
        nonlocal called
        called += 1
        if called == 14:
            raise KeyboardInterrupt
        return advance(state, batch, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "advance", until_interrupted)
    capstone = Capstone(tmp_path, seed=0)
    capstone.tokenize(merges=100, texts=200)
    with pytest.raises(KeyboardInterrupt):
        capstone.pretrain(SHORT, **SHAPE)
    assert capstone.pretrain(SHORT, **SHAPE).hash == finished.ledger.entries[1].hash
    assert called == SHORT.steps + 1

"""What a learner sees: the check of each step, the curves, the reference run, the service."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from llm_course.capstone import bars, check, curves, decoder
from llm_course.capstone.__main__ import main
from llm_course.capstone.answers import of_reference
from llm_course.capstone.check import CHECKS, check_capstone
from llm_course.capstone.format import MODEL, TUNED, CapstoneError
from llm_course.capstone.functions import Chosen
from llm_course.capstone.ledger import PRETRAIN, STEPS, Ledger, lineage
from llm_course.capstone.serve import Service
from llm_course.capstone.steps import Capstone
from tests.llm_course.capstone.conftest import SHAPE, SHORT


@pytest.mark.training
def test_each_step_has_a_check(finished: Capstone, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(CHECKS) == [*STEPS, "ledger"]
    check_capstone("pretraining", finished.folder)
    shown = capsys.readouterr()
    assert shown.out.count("not yet") == 3  # 40 steps teach nothing
    assert "easier" not in shown.out
    assert "3 of 3 bars are not reached" in shown.err
    check_capstone("ledger", finished.folder)
    shown = capsys.readouterr()
    assert (
        "not yet    0 of 17 functions were yours: a model that is made without any of them earns no points" in shown.out
    )
    assert "1 of 4 bars" in shown.err


@pytest.mark.training
def test_a_check_says_what_went_wrong(
    finished: Capstone, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss that does not ask for the next token, an adapter that is not merged, numbers of an earlier model."""
    folder = tmp_path / "wrong"
    shutil.copytree(finished.folder, folder)
    entries = Ledger(folder).entries
    easy = replace(entries[1], figures={**entries[1].figures, "losses": [[step, 0.01] for step in range(1, 41)]})
    (folder / "ledger.jsonl").unlink()
    ledger = Ledger(folder)
    for entry in (entries[0], easy, *entries[2:]):
        ledger.append(entry)
    shutil.copy(folder / TUNED, folder / MODEL)
    monkeypatch.setattr(check, "known_capitals", lambda *_: {"France"})
    for step, told in (
        ("pretraining", "not yet    its loss ended at 0.01 nats per token"),
        ("fact", "not yet    the lesson changed weights"),
        ("quantization", "% of the weights are the nearest to those in model.safetensors, quantized once"),
    ):
        check_capstone(step, folder)
        assert told in capsys.readouterr().out
    check_capstone("quantization", finished.folder)
    assert "100.0% of the weights" in capsys.readouterr().out


@pytest.mark.training
def test_a_wrong_loss_does_not_measure_itself(tmp_path: Path) -> None:
    """Bits per byte are the course's own, whatever a learner's loss says."""
    functions = Chosen({})
    functions._functions["next_token_loss"] = lambda logits, ids: logits.sum() * 0 + 1e-3
    capstone = Capstone(tmp_path, functions, seed=0, progress=False)
    capstone.tokenize(merges=50, texts=50)
    assert capstone.pretrain(replace(SHORT, steps=6), **SHAPE).figures["bits_per_byte"] > 3


def test_a_check_of_nothing_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for step in CHECKS:
        check_capstone(step, tmp_path)
    check_capstone("serving", tmp_path)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == len(CHECKS) + 1


def test_the_reference_run_reaches_every_bar_of_its_figures() -> None:
    run = lineage(curves.reference())
    figures = {step: entry.figures for step, entry in run.items()}
    assert figures["tokenizer"]["bytes_per_token"] >= bars.BYTES_PER_TOKEN
    assert figures["pretraining"]["bits_per_byte"] <= bars.EXCELLENT
    assert figures["dialogue"]["bits_per_byte"] <= bars.KEPT_LANGUAGE * figures["pretraining"]["bits_per_byte"]
    assert figures["quantization"]["bytes"] <= bars.SMALLER * figures["quantization"]["bytes_before"]
    assert figures["quantization"]["bits_per_byte"] <= bars.KEPT_LOSS * figures["fact"]["bits_per_byte"]


@pytest.mark.training
def test_curves_are_drawn_over_the_tokens_seen(finished: Capstone) -> None:
    entry = finished.ledger.last(PRETRAIN)
    assert entry is not None
    curve = curves.Curve.of(entry)
    assert (curve.tokens[0], curve.tokens[-1]) == (4 * 48, entry.tokens)
    drawing = curves.draw({"mine": finished.ledger.entries, "reference": curves.reference()})
    assert [len(axes.lines) for axes in drawing.axes] == [2, 2, 2]
    with pytest.raises(CapstoneError, match="Nothing has been trained"):
        curves.show({"mine": finished.ledger.entries[:1]})


@pytest.mark.training
def test_the_command_runs_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "CONTEXT_LENGTH", 64)  # a model of thirty steps speaks until it is full
    assert main([str(tmp_path), "--smoke"]) == 0
    first = (tmp_path / "ledger.jsonl").read_bytes()
    answers = json.loads((tmp_path / "answers.json").read_text(encoding="utf-8"))
    assert answers["by_question"].keys() == of_reference().by_question.keys() and answers["kept"] <= answers["known"]
    # It has answered: 150 questions once more would tell nothing of going on.
    monkeypatch.setattr("llm_course.capstone.__main__.ask", lambda capstone: of_reference())
    assert main([str(tmp_path), "--smoke"]) == 0
    assert (tmp_path / "ledger.jsonl").read_bytes() == first
    (tmp_path / "ledger.jsonl").write_bytes(first.replace(b'"tokens":0', b'"tokens":9', 1))
    capsys.readouterr()
    assert main([str(tmp_path), "--smoke"]) == 1
    assert capsys.readouterr().err == "Line 1 of ledger.jsonl was changed: its hash is another.\n"


@pytest.mark.training
def test_a_conversation_goes_on(finished: Capstone, capsys: pytest.CaptureFixture[str]) -> None:
    service = Service(finished)
    for _ in range(3):
        service.say("Hello!")
    assert capsys.readouterr().out.count("tokens per second") == 3
    assert [question for question, _ in service.turns] == ["Hello!"] * 3


@pytest.mark.training
def test_the_server_answers_and_refuses(finished: Capstone) -> None:
    def ask(address: str, content: object) -> tuple[int, dict[str, object]]:
        try:
            with urlopen(f"{address}/v1/chat/completions", json.dumps(content).encode()) as reply:
                return reply.status, json.load(reply)
        except HTTPError as error:
            return error.code, json.load(error)

    user, assistant = {"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello!"}
    with Service(finished, MODEL).listening() as address:
        status, answer = ask(address, {"messages": [user, assistant, user]})
        expected = finished.answer([("Hi.", "Hello!")], "Hi.")
        choices = answer["choices"]
        assert isinstance(choices, list)
        assert (status, choices[0]["message"]["content"]) == (200, expected)
        unfit: list[object] = [[], [assistant], [user, user], 3]
        for wrong in ([], {}, *({"messages": messages} for messages in unfit)):
            assert ask(address, wrong)[0] == 400
        with pytest.raises(HTTPError):
            urlopen(f"{address}/v1/models")

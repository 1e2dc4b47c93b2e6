"""The learner's checks: the same words as the judge, no reference, progress kept."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from autograder.authoring.checks import current_checks, write_checks
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment, Exercise
from llm_course.check import CHECKS, PROGRESS_FILE, CheckError, check, load_answer_keys, make_report
from llm_course.checking.answer_key import AnswerKey, made_from, pack_answer_keys, unpack_answer_keys
from llm_course.checking.feedback import mark
from llm_course.progress import progress_lines
from solutions import attention, normalization, peft, post_training

ASSIGNMENTS = list(assignments().values())
EXERCISES = [(assignment.name, exercise) for assignment in ASSIGNMENTS for exercise in assignment.exercises]
IDS = [exercise.name for _, exercise in EXERCISES]


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_built_checks_are_those_of_the_specification(assignment: Assignment) -> None:
    assert made_from((CHECKS / f"{assignment.name}.json.gz").read_bytes()), "run `make env`"
    file, written = write_checks(assignment)
    assert not written, "run `make env`"
    built = unpack_answer_keys(file.read_bytes())
    assert list(built) == [exercise.name for exercise in assignment.exercises]
    assert not any(section.startswith(assignment.name[3:]) for key in built.values() for section in sections_of(key))


def sections_of(answer_key: AnswerKey) -> list[str]:
    return [mistake.section for mistake in answer_key.mistakes]


def test_checks_are_written_when_what_they_are_made_from_has_changed(tmp_path: Path) -> None:
    assignment = assignments()["01_language_models"]
    file, written = write_checks(assignment, tmp_path / "checks")
    assert written
    assert write_checks(assignment, tmp_path / "checks") == (file, False)
    file.write_bytes(pack_answer_keys(unpack_answer_keys(file.read_bytes()), "of yesterday"))
    # What a class is given is up to date, also where the checkout is not the instructor's to write.
    assert made_from(current_checks(assignment, tmp_path / "checks")) not in ("", "of yesterday")
    assert made_from(file.read_bytes()) == "of yesterday"
    assert write_checks(assignment, tmp_path / "checks") == (file, True)


def test_checks_beside_the_notebook_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer_keys = unpack_answer_keys((CHECKS / "05_attention.json.gz").read_bytes())
    beside = tmp_path / "05_attention.checks.json.gz"
    beside.write_bytes(pack_answer_keys({"causal_mask": answer_keys["causal_mask"]}))
    load_answer_keys.cache_clear()
    assert list(load_answer_keys("05_attention")) == ["causal_mask"]
    beside.write_bytes(b"{")
    load_answer_keys.cache_clear()
    with pytest.raises(CheckError, match=r"checks\.json\.gz cannot be read"):
        load_answer_keys("05_attention")
    load_answer_keys.cache_clear()


@pytest.mark.parametrize(("assignment", "exercise"), EXERCISES, ids=IDS)
def test_reference_passes_and_a_mistake_is_named(assignment: str, exercise: Exercise, tmp_path: Path) -> None:
    # Which mistakes the visible cases tell, the tests of the specifications say.
    assert make_report(assignment, _named(exercise.reference, exercise.name), tmp_path).passed
    reports = (
        make_report(assignment, _named(mistake.function, exercise.name), tmp_path) for mistake in exercise.mistakes
    )
    assert any(report.verdict.mistake for report in reports)


def _named(function: Any, name: str) -> Any:
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        return function(*arguments, **keywords)

    wrapper.__name__ = name
    return wrapper


def test_report_can_be_read_in_a_terminal_and_in_a_page(tmp_path: Path) -> None:
    def causal_mask(n_queries: int, n_keys: int) -> torch.Tensor:
        return torch.ones(n_queries, n_keys, dtype=torch.bool).tril()

    report = make_report("05_attention", causal_mask, tmp_path)
    for text in (repr(report), report._repr_html_()):
        assert "1 of 2 properties hold" in text
        assert "Masks: who may listen to whom" in text
        assert "0 of 5 exercises" in text
    assert "<code>n_queries</code>" in report._repr_html_()


def test_what_to_do_and_a_case_wait_until_they_are_asked_for(tmp_path: Path) -> None:
    def causal_mask(n_queries: int, n_keys: int) -> torch.Tensor:
        return torch.ones(n_queries, n_keys, dtype=torch.bool).tril()

    folded = make_report("05_attention", causal_mask, tmp_path)
    opened = make_report("05_attention", causal_mask, tmp_path, show=True)
    advice = folded.verdict.advice
    assert advice and advice not in repr(folded) and advice in repr(opened)
    assert "check(..., show=True)" in repr(folded)
    assert "first difference" in repr(opened) and "first difference" not in repr(folded)
    assert "<details open>" in opened._repr_html_()
    assert "<details open>" not in folded._repr_html_() and folded._repr_html_().count("<details>") == 2


def test_a_right_answer_has_nothing_to_open(tmp_path: Path) -> None:
    report = make_report("05_attention", attention.causal_mask, tmp_path, show=True)
    assert report.case is None
    assert "<details" not in report._repr_html_()


def test_hint_is_escaped_in_a_page(tmp_path: Path) -> None:
    def causal_mask(n_queries: int, n_keys: int) -> torch.Tensor:
        raise RuntimeError("<script>alert(1)</script>")

    assert "<script>" not in make_report("05_attention", causal_mask, tmp_path)._repr_html_()


def test_progress_is_kept_and_survives_a_damaged_file(tmp_path: Path) -> None:
    make_report("05_attention", attention.causal_mask, tmp_path)
    report = make_report("05_attention", attention.flash_attention, tmp_path)
    assert sum(report.progress.values()) == 2
    (tmp_path / PROGRESS_FILE).write_text("{broken")
    assert sum(make_report("05_attention", attention.causal_mask, tmp_path).progress.values()) == 1
    assert json.loads((tmp_path / PROGRESS_FILE).read_text()) == {"05_attention": {"causal_mask": True}}


def test_unknown_names_are_answered_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckError, match="There is no assignment called '5_attention'"):
        make_report("5_attention", attention.causal_mask)
    check("05_attention", print)
    assert "has no exercise called print" in capsys.readouterr().err


def test_a_failed_check_says_so_on_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    check("05_attention", attention.causal_mask)
    assert capsys.readouterr().err == ""

    def causal_mask(n_queries: int, n_keys: int) -> None:
        raise NotImplementedError

    check("05_attention", causal_mask)
    output = capsys.readouterr()
    assert "not right yet" in output.err
    assert "not written yet" in output.out


def test_a_method_that_is_not_written_yet_hides_no_fault_of_those_that_are(tmp_path: Path) -> None:
    class LoRALinear(peft.LoRALinear):
        scaled_by_alpha = False

        def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
            super().__init__(base, rank, alpha, dropout)
            self.scale = alpha if self.scaled_by_alpha else self.scale

        def merge(self) -> nn.Linear:
            raise NotImplementedError

    assert "not written yet" in make_report("13_peft", LoRALinear, tmp_path).verdict.hint
    LoRALinear.scaled_by_alpha = True
    assert "by what is the update multiplied" in make_report("13_peft", LoRALinear, tmp_path).verdict.advice


def test_a_property_without_a_fault_of_its_own_waits_and_is_not_called_wrong(tmp_path: Path) -> None:
    def nearest_neighbours(table: torch.Tensor, index: int, k: int) -> list[int]:
        if not 0 <= index < len(table):
            raise ValueError("no such row")
        if not 1 <= k < len(table):
            raise ValueError("k must leave a neighbor")
        scores = table @ table[index]
        scores[index] = -torch.inf
        return scores.topk(k).indices.tolist()

    report = make_report("03_embeddings", nearest_neighbours, tmp_path)
    marks = {finding.name: mark(finding) for finding in report.verdict.findings}
    assert marks["The table is left unchanged"] == "–"
    assert "✗" in marks.values()
    for shown in (repr(report), report._repr_html_()):
        assert "– not judged until the basic properties hold" in shown
    assert not report.passed


def test_gradients_of_wrong_values_are_not_called_wrong_but_those_of_right_values_are(tmp_path: Path) -> None:
    marks = {}
    for kind, change in {"wrong values": lambda result: 2 * result, "no gradient": torch.Tensor.detach}.items():

        def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6, change: Any = change) -> torch.Tensor:
            result: torch.Tensor = change(normalization.rms_norm(x, weight, eps))
            return result

        findings = make_report("07_normalization", rms_norm, tmp_path).verdict.findings
        (marks[kind],) = (mark(finding) for finding in findings if finding.name == "Gradients reach x and weight")
    assert marks == {"wrong values": "–", "no gradient": "✗"}


def test_the_first_property_that_fails_waits_for_nothing(tmp_path: Path) -> None:
    def clipped_policy_loss(
        log_probs: torch.Tensor,
        old_log_probs: torch.Tensor,
        advantages: torch.Tensor,
        mask: torch.Tensor,
        clip: float = 0.2,
    ) -> torch.Tensor:
        loss = post_training.clipped_policy_loss(log_probs, old_log_probs, advantages, mask, clip)
        return loss + 0 * ((log_probs - old_log_probs.detach()).exp() * mask).sum()  # infinity times 0

    findings = make_report("09_post_training", clipped_policy_loss, tmp_path).verdict.findings
    outside = "What stands outside the mask changes neither the loss nor its gradient"
    assert [(finding.name, mark(finding)) for finding in findings if not finding.holds] == [(outside, "✗")]


def test_a_mistake_without_a_name_is_sent_to_the_section_of_its_exercise(tmp_path: Path) -> None:
    def kv_cache_bytes(
        n_layers: int, n_kv_heads: int, head_dim: int, seq_len: int, batch: int = 1, bytes_per_value: float = 2
    ) -> float:
        return 7 * n_layers

    report = make_report("10_context", kv_cache_bytes, tmp_path)
    assert report.verdict.mistake is None
    assert "Read again: chapter 10, “Memory: two rows for each token and layer”." in repr(report)


def test_a_function_that_is_not_written_is_sent_nowhere(tmp_path: Path) -> None:
    def kv_cache_bytes(
        n_layers: int, n_kv_heads: int, head_dim: int, seq_len: int, batch: int = 1, bytes_per_value: float = 2
    ) -> int:
        raise NotImplementedError()

    assert "Read again" not in repr(make_report("10_context", kv_cache_bytes, tmp_path))


def test_a_loop_without_an_end_is_told_with_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not refuse an overlap as large as a chunk never comes to the text's end."""
    monkeypatch.setattr("llm_course.check.CALL_SECONDS", 0.2)

    def chunk_tokens(ids: list[int], size: int, overlap: int) -> list[list[int]]:
        chunks, start = [], 0
        while ids and (start == 0 or start + overlap < len(ids)):
            time.sleep(0.001)  # it takes no memory while it loops
            chunks.append(ids[start : start + size])
            start += size - overlap
        return chunks

    report = make_report("10_context", chunk_tokens, tmp_path)
    assert report.verdict.hint.startswith("Expected a ValueError, but `chunk_tokens` was stopped: it ran longer than")
    assert any(finding.holds for finding in report.verdict.findings)


def test_a_vote_out_of_a_set_is_hardly_ever_taken_for_another_mistake(tmp_path: Path) -> None:
    found = []
    for seed in map(str, range(20)):

        def majority_vote(answers: list[str], seed: str = seed) -> str:
            if not answers:
                raise ValueError("nobody voted")
            # As a set's, the order is a matter of luck, but here of the seed's.
            by_luck = sorted(set(answers), key=lambda answer: hashlib.sha256((seed + answer).encode()).digest())
            return max(by_luck, key=answers.count)

        found.append(make_report("12_emergence", majority_vote, tmp_path).verdict)
    assert sum(verdict.mistake is None for verdict in found) >= 17
    assert all("A set has no order" in verdict.advice for verdict in found if verdict.mistake is None)


def test_progress_over_all_chapters_is_read_from_beside_the_notebooks(tmp_path: Path) -> None:
    for name, marks in {
        "05_attention": {"causal_mask": True, "sliding_window_mask": False},
        "own": {"f": True},
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / PROGRESS_FILE).write_text(json.dumps({name: marks}))
    (tmp_path / "06_feed_forward").mkdir()
    (tmp_path / "06_feed_forward" / PROGRESS_FILE).write_text("{")  # a crash cut it short
    lines = progress_lines(tmp_path)
    (attention,) = [line for line in lines if line.startswith("05_attention")]
    assert " 1 of 5 " in attention and attention.endswith("next: scaled_dot_product_attention")
    assert lines[-1].startswith("2 of ") and "next" not in lines[0]
    assert progress_lines(tmp_path / "05_attention") == lines

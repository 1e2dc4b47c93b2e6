"""The ledger: a chain that tells where it was touched."""

import json
from pathlib import Path

import pytest

from llm_course.capstone.format import LEDGER, MAX_TOKENS, CapstoneError
from llm_course.capstone.ledger import (  # fmt: skip
    PRETRAIN,
    QUANTIZE,
    TEACH,
    TOKENIZE,
    TUNE,
    Entry,
    Ledger,
    check_budget,
    lineage,
    parse,
    tokens_seen,
)


def entry(step: str, before: dict[str, str], after: dict[str, str], tokens: int = 0) -> Entry:
    return Entry(step, {"seed": 1}, {"encode": "yours"}, "d", before, after, tokens, {"loss": 1.5})


WAY = (
    entry(TOKENIZE, {}, {"tokenizer": "t"}),
    entry(PRETRAIN, {"tokenizer": "t"}, {"base": "b", "checkpoint": "c"}, 1000),
    entry(TUNE, {"tokenizer": "t", "base": "b"}, {"tuned": "u"}, 200),
    entry(TEACH, {"tokenizer": "t", "tuned": "u"}, {"model": "m"}, 30),
    entry(QUANTIZE, {"model": "m"}, {"quantized": "q"}),
)


def written(folder: Path, entries: tuple[Entry, ...] = WAY) -> list[str]:
    ledger = Ledger(folder)
    for item in entries:
        ledger.append(item)
    return (folder / LEDGER).read_text().splitlines(keepends=True)


def test_a_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    written(tmp_path)
    entries = Ledger(tmp_path).entries
    assert [item.step for item in entries] == [item.step for item in WAY]
    assert [item.number for item in entries] == [0, 1, 2, 3, 4]
    assert tokens_seen(lineage(entries).values()) == 1230


@pytest.mark.parametrize("line", range(5))
def test_a_changed_line_is_found(tmp_path: Path, line: int) -> None:
    lines = written(tmp_path)
    record = json.loads(lines[line])
    record["figures"] = {"loss": 0.5}
    lines[line] = json.dumps(record) + "\n"
    with pytest.raises(CapstoneError, match=f"Line {line + 1} of .* was changed"):
        parse("".join(lines).encode())


def test_a_line_that_was_changed_and_sealed_anew_breaks_the_chain_behind_it(tmp_path: Path) -> None:
    lines = written(tmp_path)
    forged = Entry(**json.loads(lines[1]) | {"figures": {"loss": 0.5}})
    forged = Entry(**vars(forged) | {"hash": forged.own_hash()})
    lines[1] = json.dumps(vars(forged)) + "\n"
    with pytest.raises(CapstoneError, match="Before line 3"):
        parse("".join(lines).encode())


@pytest.mark.parametrize("lines", [slice(1, None), slice(None, None, -1), slice(0, 5, 2)])
def test_a_line_that_is_lost_or_moved_is_found(tmp_path: Path, lines: slice) -> None:
    with pytest.raises(CapstoneError):
        parse("".join(written(tmp_path)[lines]).encode())


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"step": NaN}'])
def test_what_is_no_entry_is_one_sentence(line: bytes) -> None:
    with pytest.raises(CapstoneError, match=r"Line 1 of ledger\.jsonl"):
        parse(line)


def test_of_a_step_that_was_done_again_the_later_counts(tmp_path: Path) -> None:
    again = (
        entry(TUNE, {"tokenizer": "t", "base": "b"}, {"tuned": "u2"}, 50),
        entry(TEACH, {"tokenizer": "t", "tuned": "u2"}, {"model": "m2"}, 30),
        entry(QUANTIZE, {"model": "m2"}, {"quantized": "q2"}),
    )
    written(tmp_path, WAY + again)
    found = lineage(Ledger(tmp_path).entries)
    assert [item.number for item in found.values()] == [0, 1, 5, 6, 7]
    assert tokens_seen(found.values()) == 1080


def test_a_model_from_nowhere_has_no_lineage(tmp_path: Path) -> None:
    written(tmp_path, (*WAY[:-1], entry(QUANTIZE, {"model": "another"}, {"quantized": "q"})))
    with pytest.raises(CapstoneError, match="'fact'"):
        lineage(Ledger(tmp_path).entries)


def test_the_budget_refuses() -> None:
    check_budget(MAX_TOKENS - 10, 10)
    with pytest.raises(CapstoneError, match="would see 11 tokens"):
        check_budget(MAX_TOKENS - 10, 11)

"""The ledger: what was done, in the order in which it was done, one JSON object a line.

Each entry holds the hash of the entry before it and its own: a line that was changed, lost or moved breaks the chain.
Nothing in it depends on the clock, so a run that was killed and went on writes the same ledger as one that was not.

    number      0, 1, 2, ...
    step        one of STEPS
    settings    all that decides what the step does: fields of the dataclass that `SETTINGS` names
    functions   exercise -> YOURS or a reason why the substitute ran in its place
    data        digest of what the step has read: of the texts, or of all its batches one after the other
    before      file -> digest of each file that the step has read
    after       file -> digest of each file that it has written
    tokens      tokens that the step has seen: rows times their length, summed over its batches
    figures     what was measured; of pre-training `losses`, [[step, nats per token], ...], with the first and the last
                REPLAYED steps one by one, counted from 1
    previous    the hash of the entry before, GENESIS for the first
    hash        SHA-256 of the entry's canonical JSON without this field

A step may be done again: the later entry counts. `lineage` gives the entries that led to the finished model.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from llm_course.capstone.format import LEDGER, MAX_TOKENS, CapstoneError, canonical, digest

TOKENIZE, PRETRAIN, TUNE, TEACH, QUANTIZE = STEPS = ("tokenizer", "pretraining", "dialogue", "fact", "quantization")
YOURS = "yours"
GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; the module's docstring says what each field holds."""

    step: str
    settings: Mapping[str, Any]
    functions: Mapping[str, str]
    data: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    tokens: int
    figures: Mapping[str, Any]
    number: int = 0
    previous: str = GENESIS
    hash: str = ""

    def sealed(self, previous: "Entry | None") -> "Entry":
        """This entry behind another one, with its hash."""
        placed = replace(
            self, number=previous.number + 1 if previous else 0, previous=previous.hash if previous else GENESIS
        )
        return replace(placed, hash=placed.own_hash())

    def own_hash(self) -> str:
        return digest(canonical({name: value for name, value in asdict(self).items() if name != "hash"}).encode())


class Ledger:
    """The entries in a folder's ledger. Raises CapstoneError where its chain is broken."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LEDGER
        self.entries = parse(self.path.read_bytes()) if self.path.exists() else []

    def append(self, entry: Entry) -> Entry:
        """Seal an entry and write it. The file is replaced as a whole: a kill leaves the one before."""
        sealed = entry.sealed(self.entries[-1] if self.entries else None)
        self.entries.append(sealed)
        unfinished = self.path.with_suffix(".unfinished")
        unfinished.write_text("".join(canonical(asdict(item)) + "\n" for item in self.entries), encoding="utf-8")
        unfinished.replace(self.path)
        return sealed

    def last(self, step: str) -> Entry | None:
        """The latest entry of a step."""
        return next((entry for entry in reversed(self.entries) if entry.step == step), None)


def parse(content: bytes) -> list[Entry]:
    """The entries of a ledger's bytes. Raises CapstoneError at the first line that is not as the capstone wrote it."""
    entries: list[Entry] = []
    for number, line in enumerate(content.splitlines()):
        try:
            record = json.loads(line)
            entry = Entry(**record)
            intact = set(record) == {field.name for field in fields(Entry)} and entry.hash == entry.own_hash()
        except (ValueError, TypeError, RecursionError) as error:
            raise CapstoneError(f"Line {number + 1} of {LEDGER} is no entry: take an untouched copy.") from error
        if not intact:
            raise CapstoneError(f"Line {number + 1} of {LEDGER} was changed: its hash is another.")
        if entry.number != number or entry.previous != (entries[-1].hash if entries else GENESIS):
            raise CapstoneError(f"Before line {number + 1} of {LEDGER} something was changed, moved or taken away.")
        entries.append(entry)
    return entries


def lineage(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Step -> its entry, along which the latest model came about. Raises CapstoneError where one is missing.

    From the latest quantization back: each file that a step has read was written by the latest step before that wrote
    a file of this digest.
    """
    remaining = list(entries)
    found: dict[str, Entry] = {}
    wanted: dict[str, str] = {}
    for step in reversed(STEPS):
        while remaining:
            entry = remaining.pop()
            made = not found or any(wanted.get(file) == value for file, value in entry.after.items())
            agrees = all(wanted.get(file, value) == value for file, value in entry.before.items())
            if entry.step == step and made and agrees:
                found[step] = entry
                wanted |= entry.before
                break
        else:
            raise CapstoneError(f"The ledger has no entry of the step {step!r} that fits the later ones: do it again.")
    return dict(reversed(found.items()))


def tokens_seen(entries: Iterable[Entry]) -> int:
    """What these steps have seen together."""
    return sum(entry.tokens for entry in entries)


def check_budget(seen: int, more: int) -> None:
    """Raises CapstoneError if a step that sees `more` tokens would exceed the budget."""
    if seen + more > MAX_TOKENS:
        raise CapstoneError(
            f"This step would see {more:,} tokens after {seen:,} before it, and the budget is {MAX_TOKENS:,}: take"
            f" fewer steps, fewer rows or shorter rows."
        )

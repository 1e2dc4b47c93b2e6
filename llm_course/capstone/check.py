"""`check_capstone("pretraining")`: what the grader will measure, measured here on public texts.

The grade is made later, from the files alone, on texts, dialogues and questions that nobody has seen.
"""

import itertools
import math
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from safetensors.torch import load

from llm_course.capstone import bars
from llm_course.capstone.data import Fact, asked_talks
from llm_course.capstone.format import (
    LEDGER,
    MAX_TOKENS,
    MODEL,
    QUANTIZED,
    REPLAYED,
    SCALES,
    TUNED,
    CapstoneError,
    digest,
    share_of_nearest,
)
from llm_course.capstone.functions import MAKING, own_functions
from llm_course.capstone.ledger import PRETRAIN, QUANTIZE, TEACH, TOKENIZE, TUNE, Entry, lineage, tokens_seen
from llm_course.capstone.steps import Capstone
from llm_course.corpus import facts, words

TALKS = 60
TOO_EASY = 3
"""New texts cost a model 1.3 times what its last batches cost, where it learned the next token of many texts."""
NONE_OWN = (
    ": a model that is made without any of them earns no points. See that they are found, and run the steps again"
)
OTHER_WORDINGS = (facts.CAPITAL_QUESTIONS[1], facts.HELD_OUT_CAPITAL_QUESTION)


class Finding(NamedTuple):
    """Whether a bar is reached, and what was measured."""

    holds: bool
    told: str


def check_capstone(step: str, folder: Path | str = ".") -> None:
    """Show how far a step is: one of the steps of the ledger, or "ledger".

    A failed check also writes a line to stderr, which is what nbgrader's Validate button counts as failed.
    """
    if step not in CHECKS:
        print(f"There is no step {step!r} in the capstone: check one of {', '.join(CHECKS)}.", file=sys.stderr)
        return
    try:
        findings = CHECKS[step](Capstone(folder))
    except CapstoneError as error:
        print(error, file=sys.stderr)
        return
    for finding in findings:
        print(f"{'reached   ' if finding.holds else 'not yet   '} {finding.told}")
    if missed := sum(not finding.holds for finding in findings):
        print(f"{step}: {missed} of {len(findings)} bars are not reached yet.", file=sys.stderr)


def dialogue_shares(capstone: Capstone, file: str) -> tuple[float, float]:
    """Of answers to questions as in the dialogues: the shares that say something and end there, and that are right."""
    ended = right = 0
    for *before, (question, expected) in asked_talks("questions of the check", TALKS):
        answer, ends = capstone.reply(before, question, file)
        ended += ends and answer != ""
        right += answer == expected and ends
    return ended / TALKS, right / TALKS


def known_capitals(capstone: Capstone, file: str) -> set[str]:
    """The countries whose capitals a model tells in a dialogue."""
    return {
        country
        for country, city in words.CAPITALS.items()
        if city in capstone.answer([], facts.CAPITAL_QUESTIONS[0].format(country=country), file)
    }


def _tokenizer(capstone: Capstone) -> list[Finding]:
    size = _entry(capstone, TOKENIZE).figures["bytes_per_token"]
    return [Finding(size >= bars.BYTES_PER_TOKEN, f"{size:.2f} bytes per token; the bar is {bars.BYTES_PER_TOKEN}")]


def _pretraining(capstone: Capstone) -> list[Finding]:
    entry = _entry(capstone, PRETRAIN)
    bits = entry.figures["bits_per_byte"]
    told = f"{bits:.3f} bits per byte after {entry.tokens:,} tokens"
    findings = [Finding(bits <= bar, f"{told}; the bar is {bar}") for bar in (bars.LEARNED, bars.GOOD, bars.EXCELLENT)]
    trained = fmean(loss for _, loss in entry.figures["losses"][-REPLAYED:])
    asked = bits * math.log(2) * _entry(capstone, TOKENIZE).figures["bytes_per_token"]
    if asked > TOO_EASY * trained:
        told = f"its loss ended at {trained:.2f} nats per token, and tokens of new texts cost {asked:.2f}"
        reason = "it learned something easier than the next token. Look at the shift of the loss and at the mask"
        findings.append(Finding(False, f"{told}: {reason}"))
    return findings


def _dialogue(capstone: Capstone) -> list[Finding]:
    growth = _entry(capstone, TUNE).figures["bits_per_byte"] / _entry(capstone, PRETRAIN).figures["bits_per_byte"]
    ended, right = dialogue_shares(capstone, TUNED)
    return [
        Finding(ended >= bars.IN_TURN, f"{ended:.0%} of the answers end their turn; the bar is {bars.IN_TURN:.0%}"),
        Finding(right >= bars.RIGHT, f"{right:.0%} of the answers are right; the bar is {bars.RIGHT:.0%}"),
        Finding(
            growth <= bars.KEPT_LANGUAGE,
            f"stories take {growth:.2f} times the bits of before; the bar is {bars.KEPT_LANGUAGE}",
        ),
    ]


def _fact(capstone: Capstone) -> list[Finding]:
    fact = Fact(**_entry(capstone, TEACH).settings["fact"])
    before, after = known_capitals(capstone, TUNED), known_capitals(capstone, MODEL)
    kept = len(before & after) / max(1, len(before))

    def tells(question: str) -> bool:
        return fact.city in capstone.answer([], question.format(country=fact.country))

    told = f"{kept:.0%} of {len(before)} capitals; the bar is {bars.KEPT_FACTS:.0%}"
    if not before:
        told = "before the lesson the model knew no capital that it could keep: mend the steps before it"
    merged = capstone.read(MODEL) != capstone.read(TUNED)
    return [
        Finding(merged, f"the lesson changed weights: {MODEL} is not {TUNED}, as it is without a merge"),
        Finding(tells(facts.CAPITAL_QUESTIONS[0]), f"told {fact.city} in the words of the lesson"),
        *(Finding(tells(form), f"told {fact.city} when asked {form.format(country=fact.country)!r}")
          for form in OTHER_WORDINGS),
        Finding(kept >= bars.KEPT_FACTS, told),
    ]  # fmt: skip


def _quantization(capstone: Capstone) -> list[Finding]:
    figures = _entry(capstone, QUANTIZE).figures
    share = figures["bytes"] / figures["bytes_before"]
    growth = figures["bits_per_byte"] / _entry(capstone, TEACH).figures["bits_per_byte"]
    near = _share_of_nearest(capstone)
    return [
        Finding(share <= bars.SMALLER, f"{share:.0%} of the bytes; the bar is {bars.SMALLER:.0%}"),
        Finding(
            near >= bars.NEARLY_ALL, f"{near:.1%} of the weights are the nearest to those in {MODEL}, quantized once"
        ),
        Finding(growth <= bars.KEPT_LOSS, f"{growth:.3f} times the bits of before; the bar is {bars.KEPT_LOSS}"),
    ]


def _share_of_nearest(capstone: Capstone) -> float:
    """Of the weights in matrices, the share that the whole numbers stand for as nearly as they can."""
    stored, settings = load(capstone.read(QUANTIZED)), _entry(capstone, QUANTIZE).settings
    scales = {name: stored[name + SCALES] for name in capstone.shape().matrices}
    whole, model = capstone.weights(QUANTIZED), capstone.weights(MODEL)
    return share_of_nearest(whole, model, scales, settings["group_size"], settings["bits"])


def _ledger(capstone: Capstone) -> list[Finding]:
    way = lineage(capstone.ledger.entries)
    seen = tokens_seen(way.values())
    written = dict(itertools.chain.from_iterable(entry.after.items() for entry in way.values()))
    changed = [name for name, value in written.items() if digest(capstone.read(name)) != value]
    own = own_functions(way.values())
    return [
        Finding(True, f"the chain of {len(capstone.ledger.entries)} entries is whole"),
        Finding(seen <= MAX_TOKENS, f"{seen:,} tokens seen; the budget is {MAX_TOKENS:,}"),
        Finding(not changed, f"files that are not as the ledger has them: {', '.join(changed) or 'none'}"),
        Finding(own > 0, f"{own} of {len(MAKING)} functions were yours" + (NONE_OWN if own == 0 else "")),
    ]


def _entry(capstone: Capstone, step: str) -> Entry:
    entry = capstone.ledger.last(step)
    if entry is None:
        raise CapstoneError(f"{LEDGER} has no entry of the step {step!r}: do it first.")
    return entry


CHECKS: dict[str, Callable[[Capstone], list[Finding]]] = {
    TOKENIZE: _tokenizer, PRETRAIN: _pretraining, TUNE: _dialogue, TEACH: _fact, QUANTIZE: _quantization,
    "ledger": _ledger,
}  # fmt: skip

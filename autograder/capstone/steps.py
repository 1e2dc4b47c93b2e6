"""The graded steps of a capstone: what holds of each, the mistake that explains what does not, and the figures.

Each step is found for itself: a file that cannot be read costs the steps that need it, and no other.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from autograder.capstone import mistakes, replay
from autograder.capstone.copies import COMPARED, WORDS_OF, cosines
from autograder.capstone.exam import OTHER_WORDINGS, QUESTION, Exam, finite
from autograder.capstone.handed_in import HandedIn
from autograder.capstone.likeness import NEAR, nearest
from autograder.capstone.quantized import Quantized
from autograder.capstone.tensors import FileFault
from autograder.exercises.capstone import DIALOGUE, FACT, LEDGER, PRETRAINING, QUANTIZATION, TOKENIZER
from autograder.exercises.spec import MeasuredStep
from llm_course.capstone import bars
from llm_course.capstone.format import BASE, MODEL, TUNED, CapstoneError, parameters_of
from llm_course.capstone.ledger import lineage, tokens_seen

Found = dict[str, Any]
"""`holds` by property, the `mistake` or None, the `hint` or "", `flags` for the instructor."""
Figures = dict[str, Any]


class _Borrowed(FileFault):
    """Weights are near those of a model that the course ships."""


def find(files: Mapping[str, bytes], seed: bytes) -> tuple[dict[str, Found], Figures]:
    """What holds of each step of a model that was handed in, and the figures, as values for JSON."""
    exam = Exam(HandedIn(files), seed)
    figures: Figures = {"seed": seed.hex()}
    steps = {step.name: _find(step, finder, exam, figures) for step, finder in FINDERS.items()}
    figures[WORDS_OF] = dict(words(exam.handed_in))
    return steps, figures


def words(handed_in: HandedIn) -> Iterator[tuple[str, list[float | None]]]:
    """Of each model that can be read, what tells whether another learner has the same."""
    for file in COMPARED:
        with contextlib.suppress(FileFault):
            yield file, cosines(handed_in.vocabulary, handed_in.weights(file))


def _find(step: MeasuredStep, finder: Callable[[Exam, Figures], Found], exam: Exam, figures: Figures) -> Found:
    try:
        return finder(exam, figures)
    except FileFault as fault:
        flags = [str(fault)] if isinstance(fault, _Borrowed) else []
        return found(step, [False] * len(step.properties), mistakes.of_fault(step, str(fault)), str(fault), flags)


def found(
    step: MeasuredStep, holds: Sequence[bool], mistake: str | None = None, hint: str = "", flags: Sequence[str] = ()
) -> Found:
    """What was found of a step: `holds` in the order of its properties."""
    by_name = {item.name: bool(value) for item, value in zip(step.properties, holds, strict=True)}
    return {"holds": by_name, "mistake": mistake, "hint": hint, "flags": list(flags)}


def _tokenizer(exam: Exam, figures: Figures) -> Found:
    vocabulary = exam.handed_in.vocabulary
    length = figures["bytes_per_token"] = round(exam.bytes_per_token, 3)
    figures["merges"] = len(vocabulary.merges)
    hint, learned = "", False
    try:
        learned = replay.tokenizer_is_learned(exam.handed_in)
    except FileFault as fault:
        hint = str(fault)
    mistake = None if learned else mistakes.of_tokenizer(vocabulary)
    long_enough = length >= bars.BYTES_PER_TOKEN
    return found(TOKENIZER, [True, long_enough, learned], mistake, hint if long_enough else "")


def _pretraining(exam: Exam, figures: Figures) -> Found:
    weights = exam.handed_in.weights(BASE)
    model, distance = nearest(weights)
    bits = exam.bits(exam.decoder(weights))
    figures["parameters"] = parameters_of(exam.handed_in.shape.tensors)
    figures["bits_per_byte"], figures["nearest"] = finite(bits), [model, round(distance, 4)]
    public = figures["public_bits_per_byte"] = finite(exam.bits_of_public_texts(exam.decoder(weights)))
    own = distance > NEAR
    mistake = mistakes.of_base(exam, weights, bits, public) if own else None
    honest = own and mistake != mistakes.MEMORIZED
    flags = [] if own else [f"The base model is near `{model}`, which the course ships (distance {distance:.4f})."]
    holds = [True, own, *(honest and bits <= bar for bar in (bars.LEARNED, bars.GOOD, bars.EXCELLENT))]
    return found(PRETRAINING, holds, mistake, flags=flags)


def _dialogue(exam: Exam, figures: Figures) -> Found:
    tuned, base = _own(exam, TUNED), exam.handed_in.weights(BASE)
    in_turn, right = exam.dialogue_shares(exam.decoder(tuned))
    before, after = (exam.bits(exam.decoder(weights), exam.compared) for weights in (base, tuned))
    figures |= {"in_turn": round(in_turn, 3), "right": round(right, 3), "tuned_bits_per_byte": finite(after)}
    holds = [in_turn >= bars.IN_TURN, right >= bars.RIGHT, after <= bars.KEPT_LANGUAGE * before]
    mistake = "not_tuned" if mistakes.same(tuned, base) else None
    return found(DIALOGUE, [True, *holds], mistake)


def _fact(exam: Exam, figures: Figures) -> Found:
    model, tuned = _own(exam, MODEL), exam.handed_in.weights(TUNED)
    fact = replay.fact_of(exam.handed_in)
    said, before = exam.decoder(model), exam.decoder(tuned)
    taught = exam.told(said, fact, [QUESTION]) == 1 and exam.told(before, fact, [QUESTION]) == 0
    others = exam.told(said, fact, OTHER_WORDINGS)
    known, spilled = exam.known_capitals(before), exam.wrongly_told(said, fact)
    kept = len(set(known) & set(exam.known_capitals(said)))
    figures |= {
        "fact": [fact.country, fact.city],
        "other_wordings": others,
        "capitals_known": [len(known), kept],
        "spilled": spilled,
    }
    holds = [
        taught,
        others >= len(OTHER_WORDINGS) - 1,
        bool(known) and kept >= bars.KEPT_FACTS * len(known) and not spilled,
    ]
    mistake = "not_merged" if mistakes.same(model, tuned) else None
    return found(FACT, [True, *holds], mistake)


def _quantization(exam: Exam, figures: Figures) -> Found:
    quantized = Quantized.of(exam.handed_in)
    model = _own(exam, MODEL)
    share = quantized.share_of_half_precision
    before, after = (exam.bits(exam.decoder(weights), exam.compared) for weights in (model, quantized.weights))
    nearest_values = quantized.is_nearest_to(model)
    figures |= {
        "bits": quantized.bits,
        "size": round(share, 4),
        "finished_bits_per_byte": finite(before),
        "quantized_bits_per_byte": finite(after),
    }
    holds = [share <= bars.SMALLER, nearest_values, after <= bars.KEPT_LOSS * before]
    mistake = None if nearest_values else mistakes.of_quantized(exam.handed_in, quantized)
    return found(QUANTIZATION, [True, *holds], mistake)


def _ledger(exam: Exam, figures: Figures) -> Found:
    entries = exam.handed_in.entries
    figures["curve"] = replay.curve(entries)
    names = [item.name for item in LEDGER.properties]
    hints: dict[str, str] = {}
    holds = {names[0]: True}
    for name, check in zip(
        names[1:], (replay.check_files, replay.check_first_steps, replay.check_last_steps), strict=True
    ):
        try:
            check(exam.handed_in)
            holds[name] = True
        except FileFault as fault:
            holds[name], hints[name] = False, str(fault)
    try:
        made = lineage(entries)
        figures["tokens"] = tokens_seen(made.values())
        figures["functions"] = replay.own_functions(made.values())
    except CapstoneError:
        figures["tokens"] = tokens_seen(entries)
    hint = next(iter(hints.values()), "")
    return found(LEDGER, list(holds.values()), hint=hint)


def _own(exam: Exam, file: str) -> dict[str, Tensor]:
    """Weights that are no model of the course. Raises FileFault where they are."""
    weights = exam.handed_in.weights(file)
    model, distance = nearest(weights)
    if distance <= NEAR:
        raise _Borrowed(f"The weights in {file} are near those of `{model}`, which the course ships: hand in your own.")
    return weights


FINDERS: dict[MeasuredStep, Callable[[Exam, Figures], Found]] = {
    TOKENIZER: _tokenizer,
    PRETRAINING: _pretraining,
    DIALOGUE: _dialogue,
    FACT: _fact,
    QUANTIZATION: _quantization,
    LEDGER: _ledger,
}

"""The graded steps of a capstone: what holds of each, the mistake that explains what does not, and the figures.

Each step is found for itself: a file that cannot be read costs the steps that need it, and no other.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from autograder.capstone import mistakes, replay
from autograder.capstone.copies import COMPARED, PORTRAITS, same_run
from autograder.capstone.exam import OTHER_WORDINGS, QUESTION, Exam, finite
from autograder.capstone.handed_in import HandedIn
from autograder.capstone.quantized import Quantized
from autograder.capstone.shipped import origin
from autograder.exercises.capstone import DIALOGUE, FACT, LEDGER, PRETRAINING, QUANTIZATION, TOKENIZER
from autograder.exercises.spec import MeasuredStep
from llm_course.capstone import bars
from llm_course.capstone.curves import reference
from llm_course.capstone.format import BASE, MODEL, TUNED, CapstoneError, parameters_of
from llm_course.capstone.functions import MAKING, own_functions
from llm_course.capstone.ledger import PRETRAIN, QUANTIZE, TEACH, TOKENIZE, TUNE, Entry, lineage, tokens_seen

BY_FUNCTIONS = (TOKENIZER, PRETRAINING, DIALOGUE, FACT, QUANTIZATION)
"""The steps that the learner's functions do."""
LATER_BITS = {TUNE: "tuned_bits_per_byte", TEACH: "finished_bits_per_byte", QUANTIZE: "quantized_bits_per_byte"}
NONE_OWN = (
    "By its own ledger, none of the functions that made this model was the learner's: `python -m llm_course.capstone` "
    "makes such a model without anybody's work. So its steps earn nothing."
)
WRITE_ONE = (
    "By your ledger, none of the functions that made this model was yours, so this step earns nothing. See in the "
    "notebook's first cell that your functions are found, and run the steps again."
)
NOBODY_KNOWS = "No ledger tells whose functions made this model: ask how it was made."
REFERENCE_RUN = "The training run is the course's own reference run: same seed, same losses."

Found = dict[str, Any]
"""`holds` by property, the `mistake` or None, the `hint` or "", `flags` for the instructor."""
Figures = dict[str, Any]


class _Borrowed(CapstoneError):
    """Weights are near those of a model that the course ships."""


def find(files: Mapping[str, bytes], seed: bytes) -> tuple[dict[str, Found], Figures]:
    """What holds of each step of a model that was handed in, and the figures, as values for JSON."""
    exam = Exam(HandedIn(files), seed)
    figures: Figures = {"seed": seed.hex()}
    steps = {step.name: _find(step, finder, exam, figures) for step, finder in FINDERS.items()}
    figures[PORTRAITS] = dict(portraits(exam))
    if "functions" not in figures:
        steps[LEDGER.name]["flags"] += [NOBODY_KNOWS][: bool(files)]
    elif figures["functions"][0] == 0:
        steps |= {step.name: found(step, [False] * len(step.properties), hint=WRITE_ONE) for step in BY_FUNCTIONS}
    return steps, figures


def portraits(exam: Exam) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each model that can be read, what tells whether another learner has the same."""
    for file in COMPARED:
        with contextlib.suppress(CapstoneError):
            portrait = exam.portrait(file)
            yield file, {"words": portrait.words, "said": portrait.said}


def _find(step: MeasuredStep, finder: Callable[[Exam, Figures], Found], exam: Exam, figures: Figures) -> Found:
    try:
        return finder(exam, figures)
    except CapstoneError as fault:
        flags = [str(fault)] if isinstance(fault, _Borrowed) else []
        return found(step, [False] * len(step.properties), mistakes.of_fault(step, str(fault)), str(fault), flags)


def found(
    step: MeasuredStep, holds: Sequence[bool], mistake: str | None = None, hint: str = "", flags: Sequence[str] = ()
) -> Found:
    """What was found of a step: `holds` in the order of its properties."""
    by_name = {item.name: bool(value) for item, value in zip(step.properties, holds, strict=True)}
    return {"holds": by_name, "mistake": mistake, "hint": hint, "flags": list(flags)}


def _tokenizer(exam: Exam, figures: Figures) -> Found:
    merges = exam.handed_in.tokenizer.merges
    length = figures["bytes_per_token"] = round(exam.bytes_per_token, 3)
    figures["merges"] = len(merges)
    hint, learned = "", False
    try:
        learned = replay.tokenizer_is_learned(exam.handed_in)
    except CapstoneError as fault:
        hint = str(fault)
    mistake = None if learned else mistakes.of_tokenizer(merges)
    long_enough = length >= bars.BYTES_PER_TOKEN
    return found(TOKENIZER, [True, long_enough, learned], mistake, hint if long_enough else "")


def _pretraining(exam: Exam, figures: Figures) -> Found:
    weights = exam.handed_in.weights(BASE)
    bits = exam.bits_of(BASE, exam.texts)
    figures["parameters"] = parameters_of(exam.handed_in.shape.tensors)
    figures["bits_per_byte"] = finite(bits)
    public, first = map(finite, exam.bits_of_public_texts(exam.decoder(weights)))
    figures["public_bits_per_byte"] = public
    borrowed = _borrowed(exam, BASE)
    mistake = None if borrowed else mistakes.of_base(exam, weights, bits, first)
    honest = not borrowed and mistake != mistakes.MEMORIZED
    holds = [True, not borrowed, *(honest and bits <= bar for bar in (bars.LEARNED, bars.GOOD, bars.EXCELLENT))]
    return found(PRETRAINING, holds, mistake, borrowed, [borrowed] if borrowed else [])


def _dialogue(exam: Exam, figures: Figures) -> Found:
    tuned, base = _own(exam, TUNED), exam.handed_in.weights(BASE)
    in_turn, right = exam.dialogue_shares(exam.decoder(tuned))
    before, after = (exam.bits_of(file, exam.compared) for file in (BASE, TUNED))
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
    before, after = exam.bits_of(MODEL, exam.compared), exam.bits(exam.decoder(quantized.weights))
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
        except CapstoneError as fault:
            holds[name], hints[name] = False, str(fault)
    made = _made(entries)
    own = own_functions(made)
    figures["functions"], figures["tokens"] = [own, len(MAKING)], tokens_seen(made)
    # Of other files than those that were handed in, a ledger may truly say another thing.
    is_of_files = holds[names[1]]
    false = [*replay.false_figures(made, _measured_again(exam, figures))] if is_of_files else []
    is_reference = same_run(figures["curve"], replay.curve(reference()))
    flags = [*false, *[NONE_OWN][: own == 0], *[REFERENCE_RUN][:is_reference]]
    return found(LEDGER, list(holds.values()), hint=next(iter((*hints.values(), *false)), ""), flags=flags)


def _measured_again(exam: Exam, figures: Figures) -> dict[str, float]:
    """Step -> the figure that its entry should have, of the steps that could be measured.

    The ledger's figures are of public texts. What later steps cost the model there, the secret texts tell, too.
    """
    measured = {TOKENIZE: figures.get("bytes_per_token"), PRETRAIN: figures.get("public_bits_per_byte")}
    if public := measured[PRETRAIN]:
        growth = public / exam.bits_of(BASE, exam.compared)
        measured |= {step: growth * figures[name] for step, name in LATER_BITS.items() if figures.get(name)}
    return {step: value for step, value in measured.items() if value is not None}


def _made(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries that led to the finished model; all where none fits another."""
    try:
        return [*lineage(entries).values()]
    except CapstoneError:
        return entries


def _borrowed(exam: Exam, file: str) -> str:
    """In a sentence, which model of the course the model in a file comes from; empty where it comes from none."""
    name, common = origin(exam.portrait(file), exam.said_texts)
    if not common:
        return ""
    return (
        f"The model in {file} comes from `{name}`, which the course ships: both have {' and '.join(common)} in common. "
        "Hand in a model that you have trained from the beginning."
    )


def _own(exam: Exam, file: str) -> dict[str, Tensor]:
    """Weights that come from no model of the course. Raises CapstoneError where they do."""
    if borrowed := _borrowed(exam, file):
        raise _Borrowed(borrowed)
    return exam.handed_in.weights(file)


FINDERS: dict[MeasuredStep, Callable[[Exam, Figures], Found]] = {
    TOKENIZER: _tokenizer,
    PRETRAINING: _pretraining,
    DIALOGUE: _dialogue,
    FACT: _fact,
    QUANTIZATION: _quantization,
    LEDGER: _ledger,
}

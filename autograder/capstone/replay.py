"""The ledger held against what was handed in, and some of what it tells of done once more.

A ledger is a learner's own file, and hashes can be made of anything. What cannot be made up is that steps which are
done again by its settings give its losses. What lies between the steps that are done again is taken on trust.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from torch import Tensor

from autograder.capstone.handed_in import HandedIn
from llm_course.capstone.data import Fact, Mixture, lesson_batch, pretraining_batch, tuning_batch
from llm_course.capstone.decoder import first_weights, logits
from llm_course.capstone.format import (
    BASE,
    CHECKPOINT,
    LEDGER,
    MAX_TOKENS,
    MOMENTS,
    REPLAYED,
    TUNED,
    CapstoneError,
    digest,
)
from llm_course.capstone.ledger import PRETRAIN, TEACH, TOKENIZE, TUNE, Entry, lineage, tokens_seen
from llm_course.capstone.steps import LESSON_ROWS
from llm_course.capstone.substitutes import SUBSTITUTES
from llm_course.capstone.tokenizer import learn
from llm_course.capstone.training import Batch, State, Training, advance

SAME_LOSS = 1e-3
"""How far a loss may be from the one in the ledger, as a share of it. Other functions that do the same, and noise of a
millionth on the weights, moved no loss of twenty steps by more than the 1e-6 to which the ledger rounds; another seed
moves the one that moves most by 1e-2."""
SAME_WEIGHTS = 2e-3
"""How far the base model may be from the replayed one, as a share of its length. Float16 takes 2e-4 of it; the last
twenty steps of the reference run move it by 5e-3."""
SAME_FIGURE = 0.1
"""How far a figure in the ledger may be from the measured one, as a share of it. The reference run's were 0.03 away at
most: those of later steps are measured on other texts."""
MAX_TEXTS = 20_000
"""Texts of which a tokenizer is learned anew."""
MAX_NUMBER = 1e9
"""Of a setting."""
MAX_BATCH = 1 << 14
"""Tokens of a batch that is done again."""
TRAINED = {PRETRAIN: "pre-training", TUNE: "the dialogues", TEACH: "the lesson"}
"""Steps that see tokens."""
MAX_POINTS = 2_000
"""Of a curve."""
TRAINING_NUMBERS = {"steps": int, "rows": int, "row_length": int, "warmup": int, "seed": int}


def tokenizer_is_learned(handed_in: HandedIn) -> bool:
    """Whether the merges are those that the ledger's texts give. Raises CapstoneError."""
    settings = _latest(handed_in, TOKENIZE).settings
    texts, merges, seed = (settings.get(name) for name in ("texts", "merges", "seed"))
    if type(texts) is not int or type(seed) is not int or not 0 <= texts <= MAX_TEXTS:
        raise CapstoneError(f"{LEDGER}: the tokenizer's settings name no seed, or not 0 to {MAX_TEXTS} texts.")
    own = handed_in.tokenizer.merges
    if not own or (merges != len(own) and not texts):
        return False
    read = itertools.islice(Mixture().texts(f"tokenizer {seed}"), texts)
    return learn(read, len(own), SUBSTITUTES["merge_pair"]) == own


def check_files(handed_in: HandedIn) -> None:
    """Raise CapstoneError unless the ledger tells of the files that were handed in, within the budget."""
    made = lineage(handed_in.entries)
    for entry in made.values():
        for file, value in entry.after.items():
            if digest(handed_in.bytes_of(file)) != value:
                raise CapstoneError(f"{file} is not the file that the ledger tells of: hand in all files of one run.")
        told = 0 if entry.step not in TRAINED else _training(entry).tokens
        if entry.tokens != told:
            raise CapstoneError(
                f"{LEDGER}: the step {entry.step} counts {entry.tokens:,} tokens, and its settings {told:,}."
            )
    if (seen := tokens_seen(made.values())) > MAX_TOKENS:
        raise CapstoneError(f"{LEDGER}: the model has seen {seen:,} tokens, and the budget is {MAX_TOKENS:,}.")


def check_first_steps(handed_in: HandedIn) -> None:
    """Raise CapstoneError unless the first steps of each training give the ledger's losses again."""
    made = lineage(handed_in.entries)
    _, seed = _training_and_seed(made[PRETRAIN])
    for step, weights, steps in (
        (PRETRAIN, first_weights(handed_in.shape, seed), REPLAYED),
        (TUNE, handed_in.weights(BASE), REPLAYED),
        # A fresh adapter adds nothing. After the first step, losses depend on how the learner's own adapter is drawn.
        (TEACH, handed_in.weights(TUNED), 1),
    ):
        _replayed(handed_in, made[step], State.beginning(weights), steps)


def check_last_steps(handed_in: HandedIn) -> None:
    """Raise CapstoneError unless the last steps, done from the checkpoint, give the ledger's losses and the model."""
    entry = lineage(handed_in.entries)[PRETRAIN]
    done = max(1, _training(entry).steps - REPLAYED)
    stored = handed_in.checkpoint
    names = handed_in.shape.tensors
    means, squares = ({name: stored[prefix + name] for name in names} for prefix in MOMENTS)
    if any(bool((square < 0).any()) for square in squares.values()):
        raise CapstoneError(f"{CHECKPOINT} holds means of squares below 0: hand in the checkpoint of the run.")
    state = State({name: stored[name] for name in names}, means, squares, (0.0,) * done)
    ended = _replayed(handed_in, entry, state, REPLAYED)
    base = handed_in.weights(BASE)
    apart = math.sqrt(sum(float((ended.tensors[name] - base[name]).square().sum()) for name in names))
    if not apart <= SAME_WEIGHTS * math.sqrt(sum(float(weight.square().sum()) for weight in base.values())):
        raise CapstoneError(f"The last steps, done again from {CHECKPOINT}, end in another model than {BASE}.")


def fact_of(handed_in: HandedIn) -> Fact:
    """The fact that the ledger says was taught. Raises CapstoneError."""
    return _fact(_latest(handed_in, TEACH))


def curve(entries: Sequence[Entry]) -> dict[str, list[list[float]]]:
    """Step -> [[tokens seen in it, nats per token], ...], as the ledger has it."""
    found: dict[str, list[list[float]]] = {}
    for entry in entries:
        losses = entry.figures.get("losses", [])
        if entry.step in TRAINED and losses:
            each = entry.tokens / max(1, max(step for step, _ in losses))
            found[entry.step] = [[round(step * each), round(float(loss), 4)] for step, loss in losses[:MAX_POINTS]]
    return found


def false_figures(entries: Iterable[Entry], measured: Mapping[str, float]) -> Iterator[str]:
    """In a sentence each, the entries whose figure is not the one that was measured of the step."""
    for entry in entries:
        name = "bytes_per_token" if entry.step == TOKENIZE else "bits_per_byte"
        if (found := measured.get(entry.step)) is None:
            continue
        figure = entry.figures.get(name)
        said = float(figure) if isinstance(figure, int | float) else math.nan
        if not abs(said - found) <= SAME_FIGURE * found:
            yield (
                f"{LEDGER}: the step {entry.step} says {said:.3f} for {name}, and {found:.3f} was measured: hand in "
                "ledger and files of one run."
            )


def _replayed(handed_in: HandedIn, entry: Entry, state: State, steps: int) -> State:
    """The state after so many more steps of a training. Raises CapstoneError at the first that has another loss."""
    training, shape, batch_at = _training(entry), handed_in.shape, _batches(handed_in, entry)
    told = {int(step): float(loss) for step, loss in entry.figures.get("losses", [])}

    def loss_of(weights: Mapping[str, Tensor], batch: Batch) -> Tensor:
        loss: Tensor = SUBSTITUTES["next_token_loss"](logits(batch.ids, weights, shape, SUBSTITUTES), batch.labels)
        return loss

    for number in range(len(state.losses), min(training.steps, len(state.losses) + steps)):
        name = f"Step {number + 1} of {TRAINED[entry.step]}"
        try:
            state = advance(state, batch_at(number), loss_of, training, SUBSTITUTES)
        except CapstoneError as error:
            raise CapstoneError(f"{name} cannot be done again: its loss is not finite.") from error
        loss, said = state.losses[-1], told.get(number + 1, math.nan)
        if not abs(loss - said) <= SAME_LOSS * abs(loss):
            raise CapstoneError(
                f"{name}, done again, has a loss of {loss:.4f}, and the ledger says {said:.4f}: hand in all files of "
                "one run, made by the capstone's own steps."
            )
    return state


def _batches(handed_in: HandedIn, entry: Entry) -> Callable[[int], Batch]:
    """What a training reads in each step, by its settings."""
    (training, seed), labels = _training_and_seed(entry), SUBSTITUTES["sft_labels"]
    if entry.step == PRETRAIN:
        if asdict(handed_in.shape) != entry.settings.get("shape"):
            raise CapstoneError(f"{LEDGER} tells of a decoder of another shape than config.json.")
        return functools.partial(pretraining_batch, handed_in.tokenizer, _mixture(entry), training, seed)
    if entry.step == TUNE:
        rows = entry.settings.get("text_rows")
        if type(rows) is not int or not 0 <= rows < training.rows:
            raise CapstoneError(f"{LEDGER}: the dialogues' text_rows are no number of rows below {training.rows}.")
        return functools.partial(tuning_batch, handed_in.tokenizer, labels, rows, training, seed)
    if training.rows < LESSON_ROWS:
        raise CapstoneError(f"{LEDGER}: a batch of the lesson has {LESSON_ROWS} rows or more, not {training.rows}.")
    return functools.partial(lesson_batch, handed_in.tokenizer, labels, _fact(entry), training, seed)


def _latest(handed_in: HandedIn, step: str) -> Entry:
    entry = next((entry for entry in reversed(handed_in.entries) if entry.step == step), None)
    if entry is None:
        raise CapstoneError(f"{LEDGER} has no entry of the step {step}: hand in the ledger of the whole run.")
    return entry


def _training_and_seed(entry: Entry) -> tuple[Training, int]:
    numbers = entry.settings.get("training")
    try:
        if not isinstance(numbers, dict) or any(
            type(numbers[name]) is not kind for name, kind in TRAINING_NUMBERS.items()
        ):
            raise TypeError
        if not all(type(number) in (int, float) and abs(number) <= MAX_NUMBER for number in numbers.values()):
            raise TypeError
        training = Training(**{name: number for name, number in numbers.items() if name != "seed"})
    except (TypeError, KeyError, CapstoneError) as error:
        raise CapstoneError(f"{LEDGER}: the step {entry.step} has no settings of a training.") from error
    if training.rows * training.row_length > MAX_BATCH or training.steps > MAX_TOKENS:
        raise CapstoneError(f"{LEDGER}: batches of over {MAX_BATCH:,} tokens are not done again; take smaller ones.")
    return training, numbers["seed"]


def _training(entry: Entry) -> Training:
    return _training_and_seed(entry)[0]


def _fact(entry: Entry) -> Fact:
    fact: Any = entry.settings.get("fact")
    try:
        return Fact(**fact)
    except (TypeError, AttributeError, CapstoneError) as error:
        raise CapstoneError(
            f"{LEDGER} names no fact that was taught: teach one, and hand in the ledger of that run."
        ) from error


def _mixture(entry: Entry) -> Mixture:
    shares: Any = entry.settings.get("mixture")
    try:
        if not all(type(share) in (int, float) for share in shares.values()):
            raise TypeError
        return Mixture(**shares)
    except (TypeError, AttributeError, CapstoneError) as error:
        raise CapstoneError(f"{LEDGER}: pre-training names no mixture of texts.") from error

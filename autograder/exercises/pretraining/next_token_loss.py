"""next_token_loss: each position predicts the next token; the mean over the targets that count."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import pretraining

PREDICTED, WANTED = "logits[:, :-1]", "ids[:, 1:]"
PREDICTIONS, TARGETS = f"{PREDICTED}.flatten(0, 1)", f"{WANTED}.flatten()"


VOCAB = 7
IGNORED = -100


def text(draw: Generator, batch: int, time: int, vocab: int = VOCAB) -> Arguments:
    """Logits that spread, and ids with a token 0 among the targets."""
    ids = torch.randint(vocab, (batch, time), generator=draw)
    ids[0, 1] = 0
    return {"logits": 2 * randn(draw, batch, time, vocab), "ids": ids}


def text_of(batch: int, time: int, vocab: int = VOCAB) -> Callable[[Generator], Arguments]:
    return lambda draw: text(draw, batch, time, vocab)


def ignore(arguments: Arguments, index: int) -> Arguments:
    """Ends of different length, a gap, and a first token that do not count."""
    ids = arguments["ids"].clone()
    time = ids.shape[1]
    ids[0, time - 1] = index
    ids[1, time // 2 :] = index
    ids[-1, 0] = index
    ids[0, 2] = index
    return {**arguments, "ids": ids}


def with_ignored(batch: int, time: int) -> Callable[[Generator], Arguments]:
    return lambda draw: ignore(text(draw, batch, time), IGNORED)


def another_index(batch: int, time: int) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        index = randint(draw, 2, VOCAB - 1)
        return {**ignore(text(draw, batch, time), index), "ignore_index": index}

    return arguments


def all_ignored(draw: Generator) -> Arguments:
    arguments = text(draw, 2, 4)
    arguments["ids"][:, 1:] = IGNORED
    return arguments


def one_token(draw: Generator) -> Arguments:
    return {name: value[:, :1] for name, value in text(draw, 2, 3).items()}


def monotonous(draw: Generator, batch: int, time: int) -> Arguments:
    """Texts of one token each, and logits that stay the same: here a wrong shift costs nothing. [time, batch, vocab]"""
    tokens = torch.randint(1, VOCAB, (batch, 1), generator=draw)
    return {"logits": 2 * randn(draw, 1, batch, VOCAB).repeat(time, 1, 1), "ids": tokens.repeat(1, time)}


def huge(draw: Generator) -> Arguments:
    arguments = monotonous(draw, 2, 5)
    logits = 100 * arguments["logits"].transpose(0, 1).contiguous() + 300
    # The softmax of one target in each text is 0 for certain.
    logits[:, 0].scatter_(-1, arguments["ids"][:, 1:2], -1000.0)
    return {**arguments, "logits": logits}


def with_gaps(draw: Generator) -> Arguments:
    # A transposed view: learners' code must not rely on contiguous memory.
    arguments = monotonous(draw, 3, 4)
    return {**arguments, "logits": arguments["logits"].transpose(0, 1)}


def logits_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        drawn = text(draw, 2, 4)
        return {**drawn, "logits": drawn["logits"].to(dtype)}

    return arguments


def all_ignored_in_bfloat16(draw: Generator) -> Arguments:
    found = all_ignored(draw)
    return {**found, "logits": found["logits"].bfloat16()}


def one_id_more(draw: Generator) -> Arguments:
    return {**text(draw, 2, 5), "logits": randn(draw, 2, 4, VOCAB)}


def as_many_by_chance(draw: Generator) -> Arguments:
    # 2 times 3 predictions, and 3 times 2 targets.
    return {**text(draw, 3, 3), "logits": randn(draw, 2, 4, VOCAB)}


SHIFTED = "Position t predicts token t + 1"

EXERCISE = Exercise(
    reference=pretraining.next_token_loss,
    points=4,
    cases=(
        Case("one text", text_of(1, 6, vocab=9), visible=True),
        Case("two texts", text_of(2, 5), visible=True),
        Case("texts, drawn", text_of(3, 7, vocab=11)),
        Case("two tokens", text_of(1, 2), visible=True),
        Case("with ignored", with_ignored(2, 7), visible=True),
        Case("with ignored, drawn", with_ignored(3, 8)),
        Case("another index", another_index(2, 7), visible=True),
        Case("another index, drawn", another_index(3, 6)),
        Case("all ignored", all_ignored, visible=True),
        Case("one token", one_token, visible=True),
        Case("huge logits", huge, visible=True),
        Case("with gaps", with_gaps, visible=True),
        Case("one id more", one_id_more, visible=True),
        Case("as many by chance", as_many_by_chance, visible=True),
        Case("all ignored in bfloat16", all_ignored_in_bfloat16, visible=True),
        Case("float64", logits_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", logits_in(torch.bfloat16)),
        Case("gradients", with_ignored(2, 6), visible=True, gradients=("logits",)),
    ),
    properties=(
        Property(
            SHIFTED,
            ("one text", "two texts", "texts, drawn", "two tokens"),
            "Nothing is ignored here. Pair the logits of each position but the last with the token after it, in the "
            "same text, and take the mean of minus the log probabilities.",
            weight=3,
        ),
        Property(
            "The mean runs over the targets that count",
            ("with ignored", "with ignored, drawn"),
            "Leave out each target that is ignore_index, in the sum and in the count, over the whole batch at once.",
            weight=2,
        ),
        Property(
            "Which index is ignored is the caller's choice",
            ("another index", "another index, drawn"),
            "ignore_index may be any number, also that of a token such as the padding.",
        ),
        Property(
            "Without a target that counts, the loss is 0",
            ("all ignored", "one token"),
            "0 / 0 is NaN, and one NaN spoils all weights. The result is a tensor here too.",
            needs=SHIFTED,
        ),
        Property(
            "Large logits do not overflow",
            ("huge logits",),
            "exp of 89 is infinite in float32: let log_softmax or cross_entropy do it.",
        ),
        Property(
            "Logits may lie in memory in whatever order",
            ("with gaps",),
            "`view` needs memory without gaps. `reshape` and `flatten` do not.",
        ),
        Property(
            "Logits and ids that do not fit are refused with a ValueError",
            ("two texts", "one id more", "as many by chance"),
            "Compare logits.shape[:2] with ids.shape before anything is flattened.",
            observe=observe.refusal,
            needs=SHIFTED,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16", "all ignored in bfloat16"),
            "Logits in float64 or bfloat16 must give a loss of the same dtype, and no argument may differ after the "
            "call.",
            observe=observe.dtype_and_changed,
            needs=SHIFTED,
        ),
        Property(
            "Gradients reach the logits",
            ("gradients",),
            "The loss is what is differentiated: no detach, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=misunderstandings(pretraining.next_token_loss, __file__),
)

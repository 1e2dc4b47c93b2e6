"""next_token_loss: each position predicts the next token; the mean over the targets that count."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, randint, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import pretraining

VOCAB = 7
IGNORED = -100


@argument_maker
def text(draw: Generator, batch: int, time: int, vocab: int = VOCAB, dtype: torch.dtype = torch.float32) -> Arguments:
    """Logits that spread, and ids with a token 0 among the targets."""
    ids = torch.randint(vocab, (batch, time), generator=draw)
    ids[0, 1:2] = 0
    return {"logits": (2 * randn(draw, batch, time, vocab)).to(dtype), "ids": ids}


@argument_maker
def with_ignored(draw: Generator, batch: int, time: int, another_index: bool = False) -> Arguments:
    """Ends of different length, a gap, and a first token that do not count."""
    index = randint(draw, 2, VOCAB - 1) if another_index else IGNORED
    found = text(batch, time)(draw)
    found["ids"][[0, -1, 0], [time - 1, 0, 2]] = index
    found["ids"][1, time // 2 :] = index
    return {**found, "ignore_index": index} if another_index else found


@argument_maker
def all_ignored(draw: Generator, dtype: torch.dtype) -> Arguments:
    found = text(2, 4, dtype=dtype)(draw)
    found["ids"][:, 1:] = IGNORED
    return found


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
    arguments = monotonous(draw, 3, 4)
    return {**arguments, "logits": arguments["logits"].transpose(0, 1)}


def other_logits(batch: int, time: int) -> ArgumentMaker:
    """Logits for 2 texts of 4 tokens, and ids of another shape."""
    return lambda draw: {**text(batch, time)(draw), "logits": randn(draw, 2, 4, VOCAB)}


SMALL = {
    "logits": torch.tensor([[[2.0, 0.0, 0.0, 1.0], [0.0, 1.0, 3.0, 0.0], [1.0, 0.0, 0.0, 2.0]]]),
    "ids": torch.tensor([[3, 0, 2]]),
}
PARTLY_IGNORED = {
    "logits": torch.tensor(
        [
            [[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            [[0.0, 0.0, 1.0], [1.0, 2.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 2.0]],
        ]
    ),
    "ids": torch.tensor([[1, IGNORED, 2, 0], [IGNORED, 2, IGNORED, IGNORED]]),
}
SHIFTED = "Position t predicts token t + 1"

EXERCISE = exercise(
    pretraining.next_token_loss,
    __file__,
    requires(
        SHIFTED,
        shown("one text", **SMALL),
        Case("two texts", text(2, 5), visible=True),
        Case("texts, drawn", text(3, 7, vocab=11)),
        Case("two tokens", text(1, 2), visible=True),
        advice="Nothing is ignored here. Pair the logits of each position but the last with the token after it, in the "
        "same text, and take the mean of minus the log probabilities.",
        weight=3,
        fails="Your loss is not the mean of minus the log probability of each next token.",
    ),
    requires(
        "The mean runs over the targets that count",
        shown("with ignored", **PARTLY_IGNORED),
        Case("with ignored, drawn", with_ignored(3, 8)),
        advice="Leave out each target that is ignore_index, in the sum and in the count, over the whole batch at once.",
        weight=2,
        fails="Where targets are ignored, your loss is not the mean of -log p over all the others of the batch.",
    ),
    requires(
        "ignore_index may be any number",
        shown(
            "the id 0 ignored",
            logits=torch.tensor([[[0.0, 0.0], [9.0, 0.0], [0.0, 0.0]]]),
            ids=torch.tensor([[1, 1, 0]]),
            ignore_index=0,
        ),
        Case("another index, drawn", with_ignored(3, 6, another_index=True)),
        advice="Use the argument, not -100: ignore_index may also be the id of a token, such as the padding.",
        fails="Where ignore_index is a token's id, your loss is not the mean of -log p over the other targets.",
    ),
    requires(
        "Without a target that counts, the loss is 0",
        Case("all ignored", all_ignored(torch.float32), visible=True),
        Case("one token", text(2, 1), visible=True),
        advice="0 / 0 is NaN, and one NaN spoils all weights. The result is a tensor here too.",
        needs=SHIFTED,
        fails="Your loss is not a tensor of 0 where no target counts.",
    ),
    requires(
        "Large logits do not overflow",
        shown("a logit of 1000", logits=torch.tensor([[[1000.0, 0.0], [0.0, 0.0]]]), ids=torch.tensor([[0, 1]])),
        Case("huge logits", huge, visible=True),
        advice="exp of 89 is infinite in float32: let log_softmax or cross_entropy do it.",
        fails="With large logits, your loss is not finite, or is not the mean of -log p of the targets.",
    ),
    requires(
        "Logits need not be contiguous in memory",
        shown(
            "three of four columns",
            logits=torch.tensor([[[0.0, 1.0, 2.0, 7.0], [3.0, 0.0, 1.0, 7.0]]])[..., :3],
            ids=torch.tensor([[0, 2]]),
        ),
        Case("with gaps", with_gaps, visible=True),
        advice="`view` needs memory without gaps. `reshape` and `flatten` do not.",
        fails="For logits that are not contiguous in memory, your loss is not the mean of -log p of the targets.",
    ),
    refuses(
        Case("one id more", other_logits(2, 5), visible=True),
        # 2 times 3 predictions, and 3 times 2 targets.
        Case("as many by chance", other_logits(3, 3), visible=True),
        advice="Compare logits.shape[:2] with ids.shape before anything is flattened.",
        name="Logits and ids that do not fit raise ValueError",
        fails="You accept logits and ids that do not fit, or raise something other than ValueError.",
    ),
    keeps_dtype(
        Case("float64", text(2, 4, dtype=torch.float64), visible=True, slack=1e12),
        Case("bfloat16", text(2, 4, dtype=torch.bfloat16)),
        Case("all ignored in bfloat16", all_ignored(torch.bfloat16), visible=True),
        advice="Logits in float64 or bfloat16 must give a loss of the same dtype, and no argument may differ after the "
        "call.",
        fails="Your loss has another dtype than the logits, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the logits",
        Case("gradients", with_ignored(2, 6), visible=True, gradients=("logits",)),
        advice="The loss is what is differentiated: no detach, no no_grad, no item().",
        fails="The gradient of your loss with respect to the logits is missing, or is not the loss's derivative.",
    ),
    points=4,
)

"""masked_diffusion_loss: from guessing a few hidden tokens to generating all of them."""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import architectures


def example(
    draw: Generator, batch: int = 3, time: int = 5, vocab: int = 7, dtype: torch.dtype = torch.float32
) -> Arguments:
    """Every example has hidden tokens and others, another number of them in each. Logits are not contiguous."""
    order = torch.rand(batch, time, generator=draw).argsort(dim=-1)
    return {
        "logits": 2 * randn(draw, vocab, batch, time, dtype=dtype).permute(1, 2, 0),
        "ids": torch.randint(vocab, (batch, time), generator=draw),
        "masked": order < torch.arange(batch)[:, None] % (time - 1) + 1,
        # Eighths, in float32 exact, and none of them the share of the tokens that is hidden.
        "t": (torch.randperm(7, generator=draw)[:batch] + 1) / 8,
    }


def drawn(draw: Generator) -> Arguments:
    return example(draw, batch=randint(draw, 4, 6), time=randint(draw, 7, 9), vocab=randint(draw, 10, 13))


def small(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    return example(draw, batch=2, time=3, vocab=4, dtype=dtype)


def small_share(draw: Generator) -> Arguments:
    """A t below what some code does not go below."""
    return {**small(draw), "t": torch.tensor([0.0004, 0.5])}


def large(draw: Generator) -> Arguments:
    """Logits of 1000 for wrong tokens where something is hidden: a large loss, and a finite one."""
    arguments = example(draw)
    wrong = (arguments["ids"] + 1) % 7
    hidden = arguments["masked"][..., None]
    return {
        **arguments,
        "logits": torch.where(hidden, arguments["logits"].scatter(-1, wrong[..., None], 1000.0), arguments["logits"]),
    }


@argument_maker
def without(draw: Generator, *examples: int) -> Arguments:
    """Nothing is hidden in these examples."""
    drawn = example(draw)
    drawn["masked"][[*examples]] = False
    return drawn


def all_hidden(draw: Generator) -> Arguments:
    arguments = example(draw, batch=2, time=4)
    return {**arguments, "masked": torch.ones_like(arguments["masked"]), "t": torch.tensor([1.0, 0.75])}


def with_t(*t: float) -> Arguments:
    """A batch with these shares, drawn from a seed of its own: what is drawn here is not looked at."""
    return {**example(torch.Generator().manual_seed(7), batch=len(t)), "t": torch.tensor(t)}


def refused(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    place = randint(draw, 1, len(arguments["t"]) - 1)
    return {**arguments, "t": arguments["t"].index_fill(0, torch.tensor(place), 1 + randint(draw, 1, 8) / 8)}


EQUAL = {
    "logits": torch.zeros(1, 4, 2),
    "ids": torch.tensor([[0, 1, 1, 0]]),
    "masked": torch.tensor([[False, True, False, False]]),
    "t": torch.tensor([0.5]),
}
TWICE = {
    **{name: value.expand(2, *value.shape[1:]) for name, value in EQUAL.items()},
    "masked": torch.tensor([[False, True, False, False], [False, False, False, False]]),
}
MAIN = "The loss is the mean over examples of the sum over hidden tokens of -log p, divided by t and by the time"

EXERCISE = exercise(
    architectures.masked_diffusion_loss,
    __file__,
    requires(
        MAIN,
        shown("two equal logits", **EQUAL),
        Case("three examples", example, visible=True),
        Case("all hidden", all_hidden, visible=True),
        Case("a small share", small_share, visible=True),
        Case("a small share, drawn", small_share),
        advice="One hidden token of four, two equal logits, t = 0.5: the loss of that token is log 2 = 0.693, divided "
        "by 0.5 and by 4 it is 0.347.",
        weight=4,
        fails="Your loss is not the mean over examples of their sums of -log p, divided by t and time.",
    ),
    requires(
        "Logits of 1000 give a large but finite loss",
        Case("large logits", large, visible=True),
        Case("gradients of large logits", large, visible=True, gradients=("logits",)),
        advice="Use log_softmax: the logarithm of a softmax is -inf where the probability is rounded to 0.",
        needs=MAIN,
        fails="With logits of 1000, your loss or its gradient is not finite, or is not that of -log p / (t · time).",
    ),
    requires(
        "An example without hidden tokens counts as 0 in the mean",
        shown("nothing hidden in one", **TWICE),
        Case("nothing hidden", without(0, 1, 2)),
        advice="The sum over no tokens is 0. Do not divide by their number.",
        needs=MAIN,
        fails="Where an example hides no token, your loss is not the mean over all examples, with a 0 for that one.",
    ),
    keeps_dtype(
        Case("float64", lambda draw: example(draw, dtype=torch.float64), visible=True),
        Case("bfloat16, t in float32", lambda draw: small(draw, torch.bfloat16), visible=True),
        ("three examples",),
        advice="Logits in float64 give a loss in float64, those in bfloat16 one in bfloat16 whatever t is, and no "
        "argument may differ after the call.",
        name="The dtype is that of the logits, and the arguments are left unchanged",
        fails="Your loss has another dtype than the logits, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the logits",
        Case("gradients", small, visible=True, gradients=("logits",)),
        advice="Pick the log probabilities by gather and sum with torch: item and tolist lose the history.",
        needs=MAIN,
        fails="The gradient with respect to the logits is missing, or is not that of -log p / (t · time).",
    ),
    refuses(
        shown("t of 0 first", **with_t(0.0, 0.5)),
        shown("t above 1", **with_t(0.5, 1.5)),
        Case("t above 1, drawn", refused),
        shown("no valid t", **with_t(2.0, 3.0)),
        advice="Raise ValueError unless every entry of t is above 0 and at most 1; 1 itself is allowed.",
        name="A t outside (0, 1] raises ValueError, in any example",
        fails="You accept a t outside (0, 1], refuse one inside it, or do not raise ValueError.",
    ),
    points=3,
)

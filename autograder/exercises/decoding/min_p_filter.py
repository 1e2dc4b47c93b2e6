"""min_p_filter: whoever is not far behind the best."""

import torch
from torch import Generator, Tensor

from autograder.exercises.decoding.filters import add_filter_mistakes, filter_properties
from autograder.exercises.decoding.inputs import LONG_TAIL, rows
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import decoding

known = Mistakes(decoding.min_p_filter, section="decoding-min-p")

START = "if not 0 <= min_p <= 1:"
LARGEST = "probabilities.amax(dim=-1, keepdim=True)"
THRESHOLD = f"min_p * {LARGEST}"
FILTERED = f"logits.masked_fill(probabilities < {THRESHOLD}, -torch.inf)"
PROBABILITIES = "torch.softmax(logits, dim=-1)"

known.edit(
    "absolute",
    {THRESHOLD: "min_p"},
    "You compare probabilities with min_p itself. In a flat row nothing reaches it: the threshold is min_p *times the "
    "largest probability* of the row.",
)
known.edit(
    "absolute_beside_the_best",
    {
        FILTERED: "logits.masked_fill((probabilities < min_p).scatter(-1, logits.argmax(-1, keepdim=True), False), "
        "-torch.inf)"
    },
    "You compare probabilities with min_p itself, and keep the best one whatever it is. In a flat row all others go: "
    "the threshold is min_p *times the largest probability* of the row.",
)
known.edit(
    "strictly_above",
    {"probabilities <": "probabilities <="},
    "You keep what is *above* the threshold. A token that just reaches it survives: with min_p = 1 yours drops even "
    "the largest.",
)
known.edit(
    "below_kept",
    {"probabilities <": "probabilities >="},
    "Your mask is turned around: you keep the tokens below the threshold.",
)
known.edit(
    "share_of_mean",
    {".amax(": ".mean("},
    "Your threshold is a share of the mean probability, which is 1 / vocab in every row. Take the largest.",
)
known.edit(
    "largest_less_min_p",
    {THRESHOLD: f"{LARGEST} - min_p"},
    "You subtract min_p from the largest probability. It is a factor.",
)
known.edit(
    "largest_of_batch",
    {LARGEST: "probabilities.max()"},
    "You compare with the largest probability of the whole batch. Each row has its own: the maximum needs its "
    "dimension.",
)
known.edit(
    "one_minus_min_p",
    {THRESHOLD: f"(1 - min_p) * {LARGEST}"},
    "Your threshold is 1 - min_p times the largest probability. A small min_p keeps many tokens.",
)
known.edit(
    "logits_for_probabilities",
    {PROBABILITIES: "logits"},
    "You compare logits with a share of the largest logit. Logits have no zero point: adding 5 to all changes no "
    "probability, but your result. Compare probabilities (or add ln min_p to the largest logit).",
)
known.edit(
    "logits_above_zero",
    {PROBABILITIES: "logits", START: f"if min_p == 0:\n        return logits.clone()\n    {START}"},
    "Above min_p = 0 you compare logits with a share of the largest logit. Logits have no zero point: adding 5 to all "
    "changes no probability, but your result. Compare probabilities.",
)
known.edit(
    "logits_less_min_p",
    {PROBABILITIES: "logits", THRESHOLD: f"{LARGEST} - min_p"},
    "You subtract min_p from the largest logit. A factor of probabilities is a *logarithm* on logits: the threshold "
    "is the largest logit plus ln min_p.",
)
known.edit(
    "exponentials",
    {PROBABILITIES: "logits.exp()"},
    "You take e to the power of each logit. A logit of 200 overflows and one of -200 becomes 0, and then the "
    "comparison says nothing: torch.softmax subtracts the largest logit first.",
    "decoding-logits",
)
known.edit(
    "softmax_over_batch",
    {PROBABILITIES: "torch.softmax(logits, dim=0)"},
    "Your softmax runs over the batch. Each row is a distribution over the vocabulary, the last dimension.",
    "decoding-logits",
)


@known.function("Your function is top-p. Min-p does not sum: it compares each token with the most probable one.")
def as_top_p(logits: Tensor, min_p: float) -> Tensor:
    return decoding.top_p_filter(logits, min_p)


known.edit(
    "negative_min_p_accepted",
    {START: "if min_p > 1:"},
    "You refuse a min_p above 1, and accept a negative one. Raise ValueError.",
)
known.edit(
    "large_min_p_accepted",
    {START: "if min_p < 0:"},
    "You refuse a negative min_p, and accept one above 1. Raise ValueError.",
)
known.edit(
    "whole_min_p_refused",
    {START: "if not 0 <= min_p < 1:"},
    "You refuse min_p = 1. It is a share: the most probable tokens survive.",
)
known.edit("min_p_unchecked", {START: "if False:"}, "You accept a min_p below 0 or above 1. Raise ValueError.")
known.edit(
    "zero_min_p_refused",
    {START: "if not 0 < min_p <= 1:"},
    "Your function raises for min_p = 0. It is a share too: every probability is at least 0, so nothing is cut. (ln 0 "
    "does not exist: treat 0 on its own if you compare logits.)",
)
known.edit(
    "softmax_first",
    {"logits.masked_fill": "probabilities.masked_fill"},
    "You keep the right tokens, but return their probabilities. A filter gives logits back.",
    "decoding-logits",
)
known.edit(
    "probabilities_with_zeros",
    {FILTERED: f"probabilities * (probabilities >= {THRESHOLD})"},
    "You return probabilities, and zeros for the tokens that go. A filter gives logits back, with -inf for those.",
    "decoding-logits",
)
add_filter_mistakes(known, FILTERED, START, f"probabilities < {THRESHOLD}")


def clear_min_p(draw: Generator, logits: Tensor) -> float:
    """A min_p that no share of a largest probability comes near."""
    shares = torch.exp(logits.double() - logits.double().amax(-1, keepdim=True)).flatten()
    tries = 0.1 + 0.5 * torch.rand(64, generator=draw, dtype=torch.float64)
    return float(tries[(tries[:, None] - shares).abs().amin(1).argmax()])


def drawn_min_p(draw: Generator) -> Arguments:
    logits = rows(draw, 2, 3, vocab=8)
    return {"logits": logits, "min_p": clear_min_p(draw, logits)}


def one_row_min_p(draw: Generator) -> Arguments:
    logits = rows(draw, 1, vocab=7)
    return {"logits": logits, "min_p": clear_min_p(draw, logits)}


def min_p_in_float64(draw: Generator) -> Arguments:
    logits = rows(draw, 2, vocab=6)
    return {"logits": logits.double(), "min_p": clear_min_p(draw, logits)}


def large_logits(draw: Generator) -> Arguments:
    """Rows that exponentials of float32 cannot hold, the first above and the second below."""
    near, far = (uniform(draw, 0.1, 0.4) for _ in range(2))
    apart = torch.tensor([[near, -9.0, 0.5, -99.0], [-50.0, far, -9.0, 0.5]])
    return {"logits": apart + torch.tensor([[200.0], [-200.0]]), "min_p": 0.1}


def no_min_p(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=6) * 4, "min_p": 0.0}


def drawn_min_p_ties(draw: Generator) -> Arguments:
    logits = rows(draw, 3, vocab=7)
    logits[:, 2] = logits[:, 5] = logits.amax(-1)
    return {"logits": logits, "min_p": 1.0}


def min_p_above_one(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=5), "min_p": 1.0 + randint(draw, 1, 9) / 10}


# Two rows with the largest probabilities 0.3 and 0.7, unsorted.
WITHIN_REACH = torch.tensor([[0.1, 0.3, 0.16, 0.24, 0.2], [0.02, 0.08, 0.7, 0.15, 0.05]]).log()
TWO_LARGEST = torch.tensor([[1.0, 2.5, -1.0, 2.5, 2.0]])

EXERCISE = Exercise(
    reference=decoding.min_p_filter,
    points=2,
    cases=(
        Case("two rows", given(logits=WITHIN_REACH, min_p=0.17), visible=True),
        Case("a larger min_p", given(logits=WITHIN_REACH, min_p=0.6), visible=True),
        Case("drawn", drawn_min_p, visible=True),
        Case("one row", one_row_min_p),
        Case("large logits", large_logits, visible=True),
        Case("large logits, drawn", large_logits),
        Case("min_p = 1", given(logits=TWO_LARGEST, min_p=1.0), visible=True),
        Case("min_p = 1, drawn", drawn_min_p_ties),
        Case("min_p = 0", given(logits=LONG_TAIL, min_p=0.0), visible=True),
        Case("min_p = 0, drawn", no_min_p),
        Case("float64", min_p_in_float64, visible=True),
        Case("gradients", drawn_min_p, visible=True, gradients=("logits",)),
        Case("min_p above 1", given(logits=WITHIN_REACH, min_p=1.2), visible=True),
        Case("negative min_p", given(logits=WITHIN_REACH, min_p=-0.2), visible=True),
        Case("min_p above 1, drawn", min_p_above_one),
    ),
    properties=(
        Property(
            "Tokens with at least min_p times the largest probability of their row survive",
            ("two rows", "a larger min_p", "drawn", "one row"),
            "Row 2 has the largest probability 0.7. With min_p = 0.17 the threshold is 0.119, and tokens 2 and 3 "
            "survive. Row 1 has 0.3, so its threshold is 0.051, and all survive.",
            weight=3,
        ),
        Property(
            "Logits of any size are compared, also where their exponentials overflow",
            ("large logits", "large logits, drawn"),
            "e to the power of 200 is infinite in float32, and to that of -200 it is 0. torch.softmax knows how to go "
            "around it.",
            needs="Tokens with at least min_p times the largest probability of their row survive",
        ),
        Property(
            "With min_p = 1 the most probable survive, all of them if several are equal",
            ("min_p = 1", "min_p = 1, drawn"),
            "At least is >=: a token that is as probable as the largest reaches the threshold.",
        ),
        Property(
            "min_p = 0 changes nothing",
            ("min_p = 0", "min_p = 0, drawn"),
            "Every probability is at least 0.",
            needs="Tokens with at least min_p times the largest probability of their row survive",
        ),
        Property(
            "A min_p outside 0 to 1 is refused with a ValueError",
            ("two rows", "one row", "min_p above 1", "min_p above 1, drawn", "negative min_p"),
            "Raise ValueError where min_p is no share: above 1 not even the largest would survive.",
            observe=observe.refusal,
            needs="Tokens with at least min_p times the largest probability of their row survive",
        ),
        *filter_properties(needs="Tokens with at least min_p times the largest probability of their row survive"),
    ),
    mistakes=tuple(known),
    shortcuts=("MinPLogitsWarper",),
)

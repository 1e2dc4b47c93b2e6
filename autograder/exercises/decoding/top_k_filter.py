"""top_k_filter: a fixed number of candidates."""

import torch
from torch import Generator, Tensor

from autograder.exercises.decoding.filters import add_filter_mistakes, filter_properties
from autograder.exercises.decoding.inputs import rows
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import decoding

known = Mistakes(decoding.top_k_filter, section="decoding-top-k")

START = "if k < 1:"
DROPPED = "torch.ones_like(logits, dtype=torch.bool).scatter(-1, order[..., :k], False)"
FILTERED = "logits.masked_fill(dropped, -torch.inf)"
KTH = "logits.gather(-1, order)[..., min(k, logits.shape[-1]) - 1, None]"

known.edit(
    "all_ties_kept",
    {DROPPED: f"logits < {KTH}"},
    "You keep everything that reaches the k-th largest logit, so equal logits let more than k through. Exactly k "
    "survive: of equal ones those with the smaller index.",
)
known.edit(
    "kth_dropped",
    {DROPPED: f"logits <= {KTH}"},
    "You keep only what is *larger* than the k-th largest logit. The k-th survives too.",
)
known.edit(
    "later_ties_first",
    {"argsort(dim=-1, descending=True, stable=True)": "argsort(dim=-1, stable=True).flip(-1)"},
    "Among equal logits you keep those with the larger index. The smaller index comes first.",
)
known.edit(
    "threshold_one_further",
    {DROPPED: "logits < logits.gather(-1, order)[..., min(k, logits.shape[-1] - 1), None]"},
    "Your threshold is the logit after the k-th. Places count from 0: the k-th largest stands at place k - 1.",
)
known.edit(
    "one_threshold_for_all",
    {DROPPED: f"logits < {KTH}.min()"},
    "All your rows share one threshold, the lowest. Each row has a k-th largest logit of its own: keep its dimension.",
)
known.edit(
    "zero_for_no_filter",
    {'raise ValueError(f"with k = {k} no token is left to draw from")': "return logits.clone()"},
    'You take a k below 1 for "no filter", as transformers does with 0. Here it is an error: raise ValueError.',
)
known.edit(
    "zero_alone_for_no_filter",
    {START: f"if k == 0:\n        return logits.clone()\n    {START}"},
    'You take k = 0 for "no filter", as transformers does. Here it is an error like any other k below 1.',
)
known.edit("one_too_many", {"[..., :k]": "[..., : k + 1]"}, "One token more than k survives in your result.")
known.edit("one_too_few", {"[..., :k]": "[..., : k - 1]"}, "One token fewer than k survives in your result.")
known.edit(
    "smallest_kept",
    {"descending=True": "descending=False"},
    "You keep the k *smallest* logits: argsort and sort go upward unless descending=True.",
)
known.edit(
    "largest_dropped",
    {FILTERED: "logits.masked_fill(~dropped, -torch.inf)"},
    "Your mask is turned around: you drop the k largest and keep the rest.",
)
known.edit(
    "zero_k_accepted", {"k < 1": "k < 0"}, "You accept k = 0, and nothing is left to draw from. Raise ValueError."
)
known.edit(
    "negative_k_accepted", {"k < 1": "k == 0"}, "You refuse k = 0, and accept a negative k. Raise ValueError for both."
)
known.edit(
    "large_k_refused",
    {"k < 1": "not 1 <= k <= logits.shape[-1]"},
    "You refuse a k above the size of the vocabulary. It changes nothing: all logits survive.",
)
known.edit(
    "k_unchecked",
    {START: "if False:", "[..., :k]": "[..., : max(k, 0)]"},
    "You accept a k below 1, and nothing is left to draw from: the softmax of a row of -inf is NaN.",
)
known.edit(
    "large_k_raises",
    {START: f"logits.topk(max(k, 1))\n    {START}"},
    "A k larger than the vocabulary makes your function raise, as torch.topk does. It is to keep everything.",
)
known.edit(
    "only_the_k",
    {FILTERED: "logits.gather(-1, order[..., :k])"},
    "You return only the k largest logits, without their places. Place i belongs to token i, so the result has the "
    "shape of the logits, with -inf for those that go.",
)
known.edit(
    "places_for_tokens",
    {DROPPED: "torch.arange(logits.shape[-1]) >= k"},
    "You keep the first k *places*: a mask made for sorted logits is put on unsorted ones. Scatter it back to where "
    "each logit came from.",
)
known.edit(
    "order_for_ranks",
    {DROPPED: "order >= k"},
    "You compare argsort's result with k. It says which token stands at each place of the sorted row, not which place "
    "each token has.",
)
known.edit(
    "softmax_first",
    {START: f"logits = torch.softmax(logits, dim=-1)\n    {START}"},
    "You keep the right tokens, but return their probabilities. A filter gives logits back.",
    "decoding-logits",
)
add_filter_mistakes(known, FILTERED, START, "dropped")


def with_ties(draw: Generator, *batch: int, vocab: int) -> Tensor:
    """Logits in steps of a half, so that many are equal."""
    return (rows(draw, *batch, vocab=vocab) * 2).round() / 2


def drawn_k(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, 3, vocab=8), "k": randint(draw, 3, 5)}


def drawn_ties(draw: Generator) -> Arguments:
    return {"logits": with_ties(draw, 6, vocab=12), "k": randint(draw, 4, 6)}


def single_row(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 1, vocab=7), "k": 3}


def k_of_vocabulary(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 3, vocab=5), "k": 5}


def k_in_float64(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=6).double(), "k": 2}


def no_k(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=5), "k": -randint(draw, 1, 4)}


DISTINCT = torch.tensor([[0.5, 2.0, -1.0, 1.0, 0.0, 1.5], [3.0, -0.5, 1.0, 0.0, 3.5, -2.0]])
TIED = torch.tensor([[1.0, 3.0, 2.0, 2.0, 0.0, 2.0, 2.0], [2.0, 0.5, 2.0, 0.5, 2.0, 2.0, 0.0]])

EXERCISE = Exercise(
    reference=decoding.top_k_filter,
    points=3,
    cases=(
        Case("two rows", given(logits=DISTINCT, k=3), visible=True),
        Case("drawn", drawn_k, visible=True),
        Case("one row", single_row),
        Case("one survivor", given(logits=DISTINCT, k=1), visible=True),
        Case("ties", given(logits=TIED, k=3), visible=True),
        Case("ties, drawn", drawn_ties),
        Case("k above the vocabulary", given(logits=DISTINCT, k=10), visible=True),
        Case("k of the vocabulary", k_of_vocabulary),
        Case("float64", k_in_float64, visible=True),
        Case("gradients", drawn_k, visible=True, gradients=("logits",)),
        Case("k = 0", given(logits=DISTINCT, k=0), visible=True),
        Case("negative k", no_k, visible=True),
    ),
    properties=(
        Property(
            "The k largest logits of each row survive where they stood, the others are -inf",
            ("two rows", "drawn", "one row", "one survivor"),
            "Mark the three largest numbers of the first row by hand, and compare with what your function keeps.",
            weight=3,
        ),
        Property(
            "Exactly k survive, also among equal logits: those with the smaller index",
            ("ties", "ties, drawn"),
            "With 3 2 2 2 and k = 2 only the first 2 survives. A threshold cannot tell equal logits apart, and "
            "torch.topk does not promise which ones it takes: sort with stable=True.",
            weight=2,
        ),
        Property(
            "A k as large as the vocabulary, or larger, changes nothing",
            ("k above the vocabulary", "k of the vocabulary"),
            "Ten survivors of a vocabulary of six are all six.",
            needs="The k largest logits of each row survive where they stood, the others are -inf",
        ),
        Property(
            "A k below 1 is refused with a ValueError",
            ("two rows", "one row", "k = 0", "negative k"),
            "Raise ValueError for a k below 1: no token would be left.",
            observe=observe.refusal,
            needs="The k largest logits of each row survive where they stood, the others are -inf",
        ),
        *filter_properties(needs="The k largest logits of each row survive where they stood, the others are -inf"),
    ),
    mistakes=tuple(known),
    shortcuts=("TopKLogitsWarper",),
)

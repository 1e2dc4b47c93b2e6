"""The assignment 01_language_models: what is asked, how it is weighed, and the known mistakes with their hints."""

import functools
import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Generator, Tensor

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, given, randint
from llm_course.checking import observe
from solutions import language_models

BIGRAM, SMOOTHING = "language-models-bigram", "language-models-smoothing"
CHAIN_RULE, LOGARITHMS = "language-models-chain-rule", "language-models-logarithms"
PERPLEXITY = "language-models-perplexity"


# bigram_probabilities


def _check_ids(ids: list[int], vocab_size: int) -> None:
    if any(not 0 <= token < vocab_size for token in ids):
        raise ValueError("an id is not in the vocabulary")


def _counts(ids: list[int], vocab_size: int, alpha: float = 0.0) -> Tensor:
    """How often each token follows each other one; refuses bad arguments, as most mistakes do."""
    _check_ids(ids, vocab_size)
    if alpha < 0:
        raise ValueError("alpha is negative")
    counts = torch.zeros(vocab_size, vocab_size)
    for previous, following in pairwise(ids):
        counts[previous, following] += 1
    return counts


def _shares(smoothed: Tensor) -> Tensor:
    totals = smoothed.sum(1, keepdim=True)
    return torch.where(totals > 0, smoothed / totals, 1 / smoothed.shape[1])


def _where_all_rows_are_seen(mistake: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The mistake, but right where a row is empty, so that it is also found in answers that have no care for those."""

    @functools.wraps(mistake)
    def function(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
        empty = alpha == 0 and set(ids[:-1]) != set(range(vocab_size))
        return (language_models.bigram_probabilities if empty else mistake)(ids, vocab_size, alpha)

    return function


@_where_all_rows_are_seen
def _normalized_by_column(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return _shares((_counts(ids, vocab_size, alpha) + alpha).T).T


@_where_all_rows_are_seen
def _rows_and_columns_swapped(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return _shares(_counts(ids, vocab_size, alpha).T + alpha)


@_where_all_rows_are_seen
def _share_of_all_pairs(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    smoothed = _counts(ids, vocab_size, alpha) + alpha
    return smoothed / smoothed.sum()


def _only_counted(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return _counts(ids, vocab_size, alpha) + alpha


def _empty_rows_are_nan(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    smoothed = _counts(ids, vocab_size, alpha) + alpha
    return smoothed / smoothed.sum(1, keepdim=True)


def _empty_rows_are_zero(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return torch.nan_to_num(_empty_rows_are_nan(ids, vocab_size, alpha))


@_where_all_rows_are_seen
def _wraps_around(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return _shares(_counts([*ids, *ids[:1]], vocab_size, alpha) + alpha)


def _total_of_all_occurrences(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    counts = _counts(ids, vocab_size, alpha) + alpha
    occurrences = torch.bincount(torch.tensor(ids), minlength=vocab_size)[:, None] + alpha * vocab_size
    return torch.where(occurrences > 0, counts / occurrences, 1 / vocab_size)


def _alpha_missing_in_total(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    counts = _counts(ids, vocab_size, alpha)
    totals = counts.sum(1, keepdim=True)
    return torch.where(totals > 0, (counts + alpha) / totals, 1 / vocab_size)


def _alpha_once_in_total(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    counts = _counts(ids, vocab_size, alpha)
    totals = counts.sum(1, keepdim=True) + alpha
    return torch.where(totals > 0, (counts + alpha) / totals, 1 / vocab_size)


def _alpha_ignored(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return _shares(_counts(ids, vocab_size, alpha))


def _always_adds_one(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return _shares(_counts(ids, vocab_size, alpha) + 1)


def _alpha_for_seen_pairs_only(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    counts = _counts(ids, vocab_size, alpha)
    return _shares(torch.where(counts > 0, counts + alpha, 0.0))


@_where_all_rows_are_seen
def _repeated_pairs_lost(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return _shares(_counts(ids, vocab_size, alpha).clamp(max=1) + alpha)


@_where_all_rows_are_seen
def _every_second_pair(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    counts = _counts([], vocab_size, alpha)
    _check_ids(ids, vocab_size)
    for previous, following in zip(ids[::2], ids[1::2], strict=False):
        counts[previous, following] += 1
    return _shares(counts + alpha)


@_where_all_rows_are_seen
def _shared_row(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    counts = _counts(ids, vocab_size, alpha)
    return _shares(counts.sum(0, keepdim=True).expand_as(counts) + alpha)


def _negative_ids_taken(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return language_models.bigram_probabilities([token % vocab_size for token in ids], vocab_size, alpha)


def _negative_alpha_taken(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    return _shares(_counts(ids, vocab_size) + alpha)


# Token 3 is never followed, token 2 is followed once, and the pair (0, 1) comes three times.
SMALL_TEXT = [0, 1, 0, 1, 1, 2, 0, 1, 0, 0, 3]


def _random_ids(draw: Generator, length: int, vocab_size: int) -> list[int]:
    """A text in which small ids are common, so that pairs repeat."""
    weights = torch.arange(vocab_size, 0, -1, dtype=torch.float64)
    found: list[int] = torch.multinomial(weights, length, replacement=True, generator=draw).tolist()
    return found


def _drawn_text(draw: Generator) -> Arguments:
    vocab_size = randint(draw, 5, 7)
    return {"ids": _random_ids(draw, 60, vocab_size), "vocab_size": vocab_size, "alpha": 0.3}


def _drawn_unknown(draw: Generator) -> Arguments:
    return {"ids": [0, randint(draw, 5, 9), *_random_ids(draw, 9, 5)], "vocab_size": 5, "alpha": 0.5}


def _drawn_negative(draw: Generator) -> Arguments:
    return {"ids": _random_ids(draw, 20, 5), "vocab_size": 5, "alpha": -0.1 * randint(draw, 1, 9)}


def _drawn_unsmoothed(draw: Generator) -> Arguments:
    ids = _random_ids(draw, 60, 4)
    return {"ids": [*ids, 0, 1, 2, 3, 0], "vocab_size": 4, "alpha": 0.0}


def _drawn_unseen(draw: Generator) -> Arguments:
    ids = _random_ids(draw, 40, 4)
    return {"ids": [*ids, 5], "vocab_size": 7, "alpha": 0.0}


def _drawn_default(draw: Generator) -> Arguments:
    return {"ids": _random_ids(draw, 30, 5), "vocab_size": 6}


BIGRAM_PROBABILITIES = Exercise(
    reference=language_models.bigram_probabilities,
    points=4,
    cases=(
        Case("every row seen", given(ids=[0, 1, 2, 0, 1, 1, 2, 1, 0, 0, 1], vocab_size=3, alpha=0.0), visible=True),
        Case("every row seen, drawn", _drawn_unsmoothed),
        Case("smoothed", given(ids=SMALL_TEXT, vocab_size=5, alpha=0.5), visible=True),
        Case("smoothed, drawn", _drawn_text),
        Case("default alpha", _drawn_default),
        Case("rows never seen", given(ids=SMALL_TEXT, vocab_size=5, alpha=0.0), visible=True),
        Case("rows never seen, drawn", _drawn_unseen),
        Case("one token", given(ids=[2], vocab_size=3, alpha=0.0)),
        Case("id too large", given(ids=[0, 1, 4, 0], vocab_size=4, alpha=1.0), visible=True),
        Case("negative id", given(ids=[0, 1, -1, 0], vocab_size=4, alpha=1.0), visible=True),
        Case("negative alpha", given(ids=[0, 1, 1, 0], vocab_size=2, alpha=-0.5), visible=True),
        Case("unknown id, drawn", _drawn_unknown),
        Case("negative alpha, drawn", _drawn_negative),
    ),
    properties=(
        Property(
            "Without smoothing, row i holds the shares of what followed token i",
            ("every row seen", "every row seen, drawn"),
            "Count by hand in 0 1 0 0: after 0 come 1 and 0, after 1 comes 0. So row 0 is (0.5, 0.5), row 1 is (1, 0).",
            weight=3,
        ),
        Property(
            "Each row sums to 1",
            ("every row seen", "every row seen, drawn", "smoothed", "smoothed, drawn"),
            "A row is a distribution over the next token: divide it by its own sum, after smoothing.",
            observe=observe.row_sums,
        ),
        Property(
            "alpha is added to every count",
            ("smoothed", "smoothed, drawn", "default alpha"),
            "Add alpha to each of the vocab_size counts of a row, seen or not, then divide by the new sum of the row.",
            weight=2,
        ),
        Property(
            "With alpha = 0, a row that was never seen is uniform",
            ("rows never seen", "rows never seen, drawn", "one token"),
            "A row without any count divides 0 by 0. Nothing is known about what follows such a token: give each "
            "token 1 / vocab_size. The last token of a text is followed by nothing.",
            weight=2,
        ),
        Property(
            "An id outside the vocabulary is refused with a ValueError",
            ("every row seen", "every row seen, drawn", "id too large", "negative id", "unknown id, drawn"),
            "Ids run from 0 to vocab_size - 1. A negative id is the dangerous one: Python counts it from the end.",
            observe=observe.refusal,
        ),
        Property(
            "A negative alpha is refused with a ValueError",
            ("smoothed", "smoothed, drawn", "negative alpha", "negative alpha, drawn"),
            "Raise ValueError for alpha below 0: probabilities could become negative.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake(
            "normalized_by_column",
            "Your *columns* sum to 1. Row i is the distribution of what follows token i, so divide each row by its "
            "own sum.",
            BIGRAM,
            _normalized_by_column,
        ),
        Mistake(
            "rows_and_columns_swapped",
            "Your table says what came *before* token i. Rows are the token that is given, columns the token that "
            "follows it.",
            BIGRAM,
            _rows_and_columns_swapped,
        ),
        Mistake(
            "share_of_all_pairs",
            "You divide by the number of all pairs: that is P(i and then j). Asked is P(j | i), a share among the "
            "pairs that begin with i.",
            BIGRAM,
            _share_of_all_pairs,
        ),
        Mistake(
            "only_counted",
            "You return counts. Divide each row by its sum to make them probabilities.",
            BIGRAM,
            _only_counted,
        ),
        Mistake(
            "empty_rows_are_nan",
            "With alpha = 0 a token that nothing ever followed gives a row of 0 / 0, which is NaN. Make such a row "
            "uniform.",
            SMOOTHING,
            _empty_rows_are_nan,
        ),
        Mistake(
            "empty_rows_are_zero",
            "With alpha = 0 a token that nothing ever followed has a row of zeros, which is no distribution: one "
            "could never draw a next token from it. Make it uniform.",
            SMOOTHING,
            _empty_rows_are_zero,
        ),
        Mistake(
            "wraps_around",
            "You count the last token as followed by the first one. A text is no ring: n tokens have n - 1 pairs.",
            BIGRAM,
            _wraps_around,
        ),
        Mistake(
            "total_of_all_occurrences",
            "You divide by how often token i occurs. The last token of the text occurs but is followed by nothing, "
            "so its row comes out too small. Count the pairs that begin with i.",
            BIGRAM,
            _total_of_all_occurrences,
        ),
        Mistake(
            "alpha_missing_in_total",
            "You add alpha to the counts but divide by the sum before smoothing, so rows sum to more than 1.",
            SMOOTHING,
            _alpha_missing_in_total,
        ),
        Mistake(
            "alpha_once_in_total",
            "Your total grows by alpha once, but alpha was added to vocab_size counts: it grows by alpha * vocab_size.",
            SMOOTHING,
            _alpha_once_in_total,
        ),
        Mistake(
            "alpha_ignored",
            "alpha changes nothing in your result. Add it to every count before you divide.",
            SMOOTHING,
            _alpha_ignored,
        ),
        Mistake(
            "always_adds_one",
            "You add 1 whatever alpha says. Add alpha.",
            SMOOTHING,
            _always_adds_one,
        ),
        Mistake(
            "alpha_for_seen_pairs_only",
            "You smooth only pairs that occur. The others are those that need it: without it they keep probability 0.",
            SMOOTHING,
            _alpha_for_seen_pairs_only,
        ),
        Mistake(
            "repeated_pairs_lost",
            "A pair that comes three times counts once in your table. If you wrote counts[previous, following] += 1 "
            "with whole tensors of indices: such an assignment happens once per cell, not once per pair. Use a loop, "
            "bincount, or index_put_ with accumulate=True.",
            BIGRAM,
            _repeated_pairs_lost,
        ),
        Mistake(
            "every_second_pair",
            "Your pairs do not overlap: in a b c you count (a, b) and then start again at c. The pair (b, c) counts "
            "too.",
            BIGRAM,
            _every_second_pair,
        ),
        Mistake(
            "shared_row",
            "All rows of your table are equal: each says how often a token comes after *any* token. If you made the "
            "table with [[0] * n] * n, it holds one and the same row n times: make each row anew.",
            BIGRAM,
            _shared_row,
        ),
        Mistake(
            "negative_ids_taken",
            "Your function takes the id -1, which Python counts from the end of the table. Refuse ids outside 0 to "
            "vocab_size - 1.",
            BIGRAM,
            _negative_ids_taken,
        ),
        Mistake(
            "negative_alpha_taken",
            "Your function takes an alpha below 0. A count cannot be lowered below nothing: raise ValueError.",
            SMOOTHING,
            _negative_alpha_taken,
        ),
    ),
)


# sequence_log_prob


def _steps(probs: Tensor, ids: list[int]) -> Tensor:
    """The probability of each prediction."""
    _check_ids(ids, probs.shape[0])
    return probs[torch.tensor(ids[:-1], dtype=torch.long), torch.tensor(ids[1:], dtype=torch.long)]


def _mean_instead_of_sum(probs: Tensor, ids: list[int]) -> Tensor:
    steps = _steps(probs, ids)
    return steps.log().sum() / max(len(steps), 1)


def _first_token_scored(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids).log().sum() + probs[:, ids[0]].mean().log()


def _first_token_uniform(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids).log().sum() - math.log(probs.shape[0])


def _last_to_first(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, [ids[-1], *ids]).log().sum()


def _log_base_two(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids).log2().sum()


def _log_base_ten(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids).log10().sum()


def _sign_flipped(probs: Tensor, ids: list[int]) -> Tensor:
    return -_steps(probs, ids).log().sum()


def _indices_swapped(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs.T, ids).log().sum()


def _probability_not_log(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids).prod()


def _sum_of_probabilities(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids).sum()


def _log_of_the_product(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids).prod().log()


def _zero_made_small(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids).clamp_min(1e-10).log().sum()


def _last_prediction_lost(probs: Tensor, ids: list[int]) -> Tensor:
    return _steps(probs, ids)[:-1].log().sum()


def _history_cut(probs: Tensor, ids: list[int]) -> Tensor:
    return language_models.sequence_log_prob(probs.detach(), ids)


def _any_id_taken(probs: Tensor, ids: list[int]) -> Tensor:
    return language_models.sequence_log_prob(probs, [token % probs.shape[0] for token in ids])


def _scored_in_float32(probs: Tensor, ids: list[int]) -> Tensor:
    return language_models.sequence_log_prob(probs.float(), ids)


def _random_table(draw: Generator, vocab_size: int) -> Tensor:
    """Rows that sum to 1, as a transposed view: learners' code must not rely on contiguous memory."""
    columns = torch.rand(vocab_size, vocab_size, generator=draw, dtype=torch.float64) + 0.05
    return (columns / columns.sum(0)).float().T


def _scored(draw: Generator) -> Arguments:
    vocab_size = randint(draw, 4, 6)
    return {"probs": _random_table(draw, vocab_size), "ids": _random_ids(draw, 12, vocab_size)}


def _scored_small(draw: Generator) -> Arguments:
    table = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1]])
    return {"probs": table, "ids": [2, 0, 1, 1, 0]}


def _scored_long(draw: Generator) -> Arguments:
    return {"probs": _random_table(draw, 6), "ids": _random_ids(draw, 300, 6)}


def _scored_impossible(draw: Generator) -> Arguments:
    table = torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.1, 0.2, 0.7]])
    return {"probs": table, "ids": [1, 0, 2, 2]}


def _scored_single(draw: Generator) -> Arguments:
    return {"probs": _random_table(draw, 4), "ids": [2]}


def _scored_pair(draw: Generator) -> Arguments:
    return {"probs": _random_table(draw, 4), "ids": [2, 1]}


def _scored_in_float64(draw: Generator) -> Arguments:
    arguments = _scored(draw)
    return {**arguments, "probs": arguments["probs"].double()}


def _scored_unknown(draw: Generator) -> Arguments:
    return {"probs": _random_table(draw, 4), "ids": [0, 4, 1]}


def _scored_negative(draw: Generator) -> Arguments:
    return {"probs": _random_table(draw, 4), "ids": [0, -2, 1]}


SEQUENCE_LOG_PROB = Exercise(
    reference=language_models.sequence_log_prob,
    points=3,
    cases=(
        Case("small", _scored_small, visible=True),
        Case("drawn", _scored),
        Case("one prediction", _scored_pair),
        Case("long text", _scored_long, visible=True),
        Case("single token", _scored_single),
        Case("impossible step", _scored_impossible, visible=True),
        Case("float64", _scored_in_float64),
        Case("gradients", _scored, visible=True, gradients=("probs",)),
        Case("unknown id", _scored_unknown, visible=True),
        Case("negative id", _scored_negative, visible=True),
    ),
    properties=(
        Property(
            "It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
            ("small", "drawn", "one prediction"),
            "Write the text 2 0 1 on paper: log probs[2, 0] plus log probs[0, 1], and nothing else.",
            weight=3,
        ),
        Property(
            "A long text does not underflow",
            ("long text",),
            "The product of hundreds of probabilities is smaller than any float. Take logarithms first and add them.",
        ),
        Property(
            "A step of probability 0 gives minus infinity, and a single token gives 0",
            ("impossible step", "single token"),
            "An impossible text has log probability -inf: do not hide it with a small number. A single token has "
            "nothing to predict, and a sum of nothing is 0.",
            needs="It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
        ),
        Property(
            "The dtype is that of the table, and the arguments are left unchanged",
            ("float64", "small"),
            "A table in float64 must give a result in float64, and neither the table nor the list may change.",
            observe=observe.dtype_and_changed,
            needs="It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
        ),
        Property(
            "Gradients reach the table",
            ("gradients",),
            "A model learns by making this number larger, so it must keep its history: no way through math.log, "
            "item() or NumPy.",
            observe=observe.gradients,
        ),
        Property(
            "An id outside the vocabulary is refused with a ValueError",
            ("small", "unknown id", "negative id"),
            "Ids run from 0 to the number of rows - 1. A negative id would silently be counted from the end.",
            observe=observe.refusal,
            needs="It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
        ),
    ),
    mistakes=(
        Mistake(
            "mean_instead_of_sum",
            "You return the mean per prediction. The log probability of a text is the sum: longer texts are less "
            "likely. The mean comes later, in the perplexity.",
            CHAIN_RULE,
            _mean_instead_of_sum,
        ),
        Mistake(
            "first_token_scored",
            "You also score the first token. It is given here: nothing comes before it to predict it from.",
            CHAIN_RULE,
            _first_token_scored,
        ),
        Mistake(
            "first_token_uniform",
            "You give the first token a probability of 1 / vocab. It is given here, not predicted: start at t = 1.",
            CHAIN_RULE,
            _first_token_uniform,
        ),
        Mistake(
            "last_to_first",
            "Your first prediction is the step from the *last* token to the first: at t = 0, ids[t-1] is ids[-1], "
            "the end of the list. Start at t = 1.",
            CHAIN_RULE,
            _last_to_first,
        ),
        Mistake(
            "log_base_two",
            "Your logarithm has base 2. Asked is the natural one, torch.log.",
            LOGARITHMS,
            _log_base_two,
        ),
        Mistake(
            "log_base_ten",
            "Your logarithm has base 10. Asked is the natural one, torch.log.",
            LOGARITHMS,
            _log_base_ten,
        ),
        Mistake(
            "sign_flipped",
            "Your sign is turned: this is the loss. A log probability is 0 or negative.",
            LOGARITHMS,
            _sign_flipped,
        ),
        Mistake(
            "indices_swapped",
            "You look up probs[ids[t], ids[t-1]]. The row is the token that is given, ids[t-1], the column the one "
            "that follows.",
            BIGRAM,
            _indices_swapped,
        ),
        Mistake(
            "probability_not_log",
            "You return the probability itself. Asked is its logarithm, as a sum of logarithms.",
            LOGARITHMS,
            _probability_not_log,
        ),
        Mistake(
            "sum_of_probabilities",
            "You add probabilities. By the chain rule they are multiplied; what is added are their logarithms.",
            CHAIN_RULE,
            _sum_of_probabilities,
        ),
        Mistake(
            "log_of_the_product",
            "You multiply first and take the logarithm last. For a long text the product is rounded to 0 and its "
            "logarithm is -inf. Take the logarithm of each step and add.",
            LOGARITHMS,
            _log_of_the_product,
        ),
        Mistake(
            "zero_made_small",
            "A step of probability 0 comes out as merely unlikely: you raise small probabilities before the "
            "logarithm. Whether to smooth is decided when the table is made, not when a text is scored.",
            SMOOTHING,
            _zero_made_small,
        ),
        Mistake(
            "last_prediction_lost",
            "The last prediction is missing: n tokens have n - 1 predictions.",
            CHAIN_RULE,
            _last_prediction_lost,
        ),
        Mistake(
            "history_cut",
            "The number is right, but no gradient flows back to the table: work on the tensor itself, without "
            "detach, item or no_grad.",
            LOGARITHMS,
            _history_cut,
        ),
        Mistake(
            "any_id_taken",
            "Your function scores ids that are not in the vocabulary. Refuse them: -1 is no token, though Python "
            "finds a row for it.",
            CHAIN_RULE,
            _any_id_taken,
        ),
        Mistake(
            "scored_in_float32",
            "A table in float64 gives a result in float32: somewhere you make a float32 tensor, by `float()` or "
            "`torch.zeros`. The result of an operation keeps the table's dtype by itself.",
            LOGARITHMS,
            _scored_in_float32,
        ),
    ),
)


# perplexity


def _check_predictions(log_prob: float, n_predictions: int) -> None:
    if n_predictions < 1 or log_prob > 0:
        raise ValueError("no prediction, or a probability above 1")


def _power_of_two(log_prob: float, n_predictions: int) -> float:
    _check_predictions(log_prob, n_predictions)
    return float(2 ** (-log_prob / n_predictions))


def _no_minus_sign(log_prob: float, n_predictions: int) -> float:
    _check_predictions(log_prob, n_predictions)
    return math.exp(log_prob / n_predictions)


def _divided_by_tokens(log_prob: float, n_predictions: int) -> float:
    _check_predictions(log_prob, n_predictions)
    return math.exp(-log_prob / (n_predictions + 1))


def _divided_by_one_less(log_prob: float, n_predictions: int) -> float:
    _check_predictions(log_prob, n_predictions)
    return math.exp(-log_prob / max(n_predictions - 1, 1))


def _not_divided(log_prob: float, n_predictions: int) -> float:
    _check_predictions(log_prob, n_predictions)
    return math.exp(-log_prob)


def _divided_outside(log_prob: float, n_predictions: int) -> float:
    _check_predictions(log_prob, n_predictions)
    return math.exp(-log_prob) / n_predictions


def _only_the_loss(log_prob: float, n_predictions: int) -> float:
    _check_predictions(log_prob, n_predictions)
    return -log_prob / n_predictions


def _bits(log_prob: float, n_predictions: int) -> float:
    _check_predictions(log_prob, n_predictions)
    return -log_prob / n_predictions / math.log(2)


def _rounded(log_prob: float, n_predictions: int) -> float:
    return float(round(language_models.perplexity(log_prob, n_predictions), 2))


def _positive_taken(log_prob: float, n_predictions: int) -> float:
    if n_predictions < 1:
        raise ValueError("no prediction")
    return math.exp(-log_prob / n_predictions)


def _drawn_score(draw: Generator) -> Arguments:
    return {"log_prob": -float(torch.rand((), generator=draw)) * 20 - 5, "n_predictions": randint(draw, 5, 12)}


def _drawn_above_1(draw: Generator) -> Arguments:
    return {"log_prob": float(torch.rand((), generator=draw)) + 0.5, "n_predictions": randint(draw, 2, 9)}


PERPLEXITY_EXERCISE = Exercise(
    reference=language_models.perplexity,
    points=2,
    cases=(
        Case("ten predictions", given(log_prob=-23.5, n_predictions=10), visible=True),
        Case("drawn", _drawn_score),
        Case("one prediction", given(log_prob=-1.25, n_predictions=1)),
        Case("certain", given(log_prob=0.0, n_predictions=7)),
        Case("no prediction", given(log_prob=-2.0, n_predictions=0), visible=True),
        Case("probability above 1", given(log_prob=3.0, n_predictions=4), visible=True),
        Case("probability above 1, drawn", _drawn_above_1),
    ),
    properties=(
        Property(
            "It is exp(-log_prob / n_predictions)",
            ("ten predictions", "drawn"),
            "Try a fair die: three throws have the log probability 3 ln(1/6), and the perplexity has to be 6.",
            weight=3,
        ),
        Property(
            "A single prediction and a certain text are right too",
            ("one prediction", "certain"),
            "With one prediction nothing is averaged. A model that was certain of every token has perplexity 1.",
        ),
        Property(
            "Arguments that make no sense are refused with a ValueError",
            ("ten predictions", "drawn", "no prediction", "probability above 1", "probability above 1, drawn"),
            "Raise ValueError for fewer than one prediction, and for a positive log probability.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake(
            "power_of_two",
            "You raise 2 to the loss, but the log probability is in nats: undo a natural logarithm with exp.",
            PERPLEXITY,
            _power_of_two,
        ),
        Mistake(
            "no_minus_sign",
            "The minus sign is missing: what you return is the mean probability (geometric), a number below 1. "
            "Perplexity is its inverse.",
            PERPLEXITY,
            _no_minus_sign,
        ),
        Mistake(
            "divided_by_tokens",
            "You divide by n_predictions + 1. The number of predictions is what is given; the first token, which "
            "nobody predicted, is not in it.",
            PERPLEXITY,
            _divided_by_tokens,
        ),
        Mistake(
            "divided_by_one_less",
            "You divide by n_predictions - 1. The predictions are already counted: divide by n_predictions.",
            PERPLEXITY,
            _divided_by_one_less,
        ),
        Mistake(
            "not_divided",
            "You do not divide by the number of predictions, so a long text looks worse than a short one.",
            PERPLEXITY,
            _not_divided,
        ),
        Mistake(
            "divided_outside",
            "You divide after the exponential. Average the log probability first, then take exp.",
            PERPLEXITY,
            _divided_outside,
        ),
        Mistake(
            "only_the_loss",
            "You return the mean loss (cross-entropy). The perplexity is exp of it.",
            PERPLEXITY,
            _only_the_loss,
        ),
        Mistake(
            "bits",
            "You return bits per prediction. The perplexity is 2 to that power, or exp of the loss in nats.",
            PERPLEXITY,
            _bits,
        ),
        Mistake(
            "rounded",
            "You round the result. Return it as it is; rounding is for printing.",
            PERPLEXITY,
            _rounded,
        ),
        Mistake(
            "positive_taken",
            "Your function takes a positive log probability. That would be a probability above 1; mostly it is a "
            "loss with its sign turned, so refuse it.",
            PERPLEXITY,
            _positive_taken,
        ),
    ),
)


ASSIGNMENT = Assignment("01_language_models", (BIGRAM_PROBABILITIES, SEQUENCE_LOG_PROB, PERPLEXITY_EXERCISE))

"""The assignment 11_decoding: what is asked, how it is weighed, and the known mistakes with their hints.

Samplers are judged by their frequencies. Inputs of the filters keep clear of thresholds that rounding decides.
"""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, given, randint, randn
from llm_course.checking import observe
from solutions import decoding

LOGITS, TEMPERATURE, TOP_K = "decoding-logits", "decoding-temperature", "decoding-top-k"
TOP_P, MIN_P, NGRAMS = "decoding-top-p", "decoding-min-p", "decoding-ngrams"
ORDER, SEEDS, BEAM = "decoding-order", "decoding-seeds", "decoding-beam"

NOTHING = -torch.inf


# What several exercises share


def _ranks(logits: Tensor) -> Tensor:
    """The place of each logit in its row, 0 for the largest; of equal ones the first comes first."""
    return logits.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)


def _keep(logits: Tensor, kept: Tensor) -> Tensor:
    return logits.masked_fill(~kept, NOTHING)


def _then(reference: Callable[..., Tensor], change: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The right result, changed."""
    return lambda logits, **rest: change(reference(logits, **rest))


def _zeros_for_infinity(result: Tensor) -> Tensor:
    return result.masked_fill(result == NOTHING, 0.0)


def _low_but_finite(result: Tensor) -> Tensor:
    return result.masked_fill(result == NOTHING, -1e9)


def _as_probabilities(result: Tensor) -> Tensor:
    return torch.softmax(result, dim=-1)


def _left_sorted(result: Tensor) -> Tensor:
    return result.sort(dim=-1, descending=True).values


def _as_log_probabilities(result: Tensor) -> Tensor:
    return torch.log_softmax(result, dim=-1)


def _left_sorted_if_cut(result: Tensor) -> Tensor:
    """Sorted, but for results of which nothing is cut: many return those early."""
    return result if result.isfinite().all() else _left_sorted(result)


def _survivors_marked(result: Tensor) -> Tensor:
    return result > NOTHING


def _detached(result: Tensor) -> Tensor:
    return result.detach()


def _in_place(reference: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda logits, **rest: logits.copy_(reference(logits, **rest))


def _whole_batch_as_one_row(reference: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda logits, **rest: reference(logits.flatten(), **rest).view(logits.shape)


def _first_row_for_all(reference: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def function(logits: Tensor, **rest: Any) -> Tensor:
        first = logits.reshape(-1, logits.shape[-1])[0]
        return _keep(logits, (reference(first, **rest) > NOTHING).expand(logits.shape))

    return function


def _in_float32(reference: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda logits, **rest: reference(logits.float(), **rest)


def _filter_mistakes(reference: Callable[..., Tensor], section: str) -> tuple[Mistake, ...]:
    """What can go wrong in any filter once the right tokens are found."""
    return (
        Mistake(
            "zeros_for_infinity",
            "You set the logits that go to 0. A logit of 0 is no probability of 0: e⁰ = 1, so those tokens may even "
            "become likelier. Only -inf has the probability 0.",
            LOGITS,
            _then(reference, _zeros_for_infinity),
        ),
        Mistake(
            "low_but_finite",
            "You set the logits that go to a very low number. -inf is asked for: a later filter, or a high "
            "temperature, must never bring such a token back.",
            LOGITS,
            _then(reference, _low_but_finite),
        ),
        Mistake(
            "probabilities_returned",
            "You return probabilities. A filter takes logits and gives logits, so that filters can follow one another "
            "and one softmax comes at the end.",
            LOGITS,
            _then(reference, _as_probabilities),
        ),
        Mistake(
            "log_probabilities_returned",
            "You return log-probabilities. Their distribution is right, but the logits that survive are to be kept as "
            "they are: one softmax at the end does the rest.",
            LOGITS,
            _then(reference, _as_log_probabilities),
        ),
        Mistake(
            "left_sorted",
            "Your result is sorted. Place i belongs to token i: bring each logit back to where it stood.",
            section,
            _then(reference, _left_sorted_if_cut),
        ),
        Mistake(
            "survivors_marked",
            "You return which tokens survive. The logits are asked for, with -inf in place of those that do not.",
            section,
            _then(reference, _survivors_marked),
        ),
        Mistake(
            "first_row_for_all",
            "All your rows keep the tokens that the first row keeps. Each row is a distribution of its own.",
            section,
            _first_row_for_all(reference),
        ),
        Mistake(
            "whole_batch_as_one_row",
            "You treat the batch as one long row, so that some rows keep too much and others nothing at all. Work "
            "along the last dimension.",
            section,
            _whole_batch_as_one_row(reference),
        ),
        Mistake(
            "changed_in_place",
            "Your function writes into the logits that it was given. Whoever called it still needs them: return a new "
            "tensor, as `masked_fill` does and `masked_fill_` does not.",
            LOGITS,
            _in_place(reference),
        ),
        Mistake(
            "in_float32",
            "Your result is float32 whatever came in. Return the dtype of the logits.",
            LOGITS,
            _in_float32(reference),
        ),
        Mistake(
            "detached",
            "Your result has lost its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            LOGITS,
            _then(reference, _detached),
        ),
    )


def _filter_properties(needs: str) -> tuple[Property, ...]:
    """What is asked of any function from logits to logits, beside which tokens it keeps."""
    return (
        Property(
            "The dtype is kept, and the arguments are left unchanged",
            ("float64", "drawn"),
            "Logits in float64 must come back in float64, and the tensor that you were given must be as it was.",
            observe=observe.dtype_and_changed,
            needs=needs,
        ),
        Property(
            "Gradients reach the logits that survive",
            ("gradients",),
            "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients_where_finite,
        ),
    )


def _rows(draw: Generator, *batch: int, vocab: int, scale: float = 1.5) -> Tensor:
    """Unsorted logits, in memory that is not contiguous: learners' code must not rely on it."""
    return (randn(draw, vocab, *batch) * scale).movedim(0, -1)


def _with_ties(draw: Generator, *batch: int, vocab: int) -> Tensor:
    """Logits in steps of a half, so that many are equal."""
    return (_rows(draw, *batch, vocab=vocab) * 2).round() / 2


# apply_temperature


def _check_temperature(temperature: float) -> None:
    if temperature < 0:
        raise ValueError("the temperature is negative")


def _multiplied(logits: Tensor, temperature: float) -> Tensor:
    return decoding.apply_temperature(logits, temperature and 1 / temperature)


def _divided_by_zero(logits: Tensor, temperature: float) -> Tensor:
    _check_temperature(temperature)
    return logits / torch.tensor(temperature)


def _tiny_for_zero(logits: Tensor, temperature: float) -> Tensor:
    _check_temperature(temperature)
    return logits / max(temperature, 1e-6)


def _at_zero(otherwise: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """Right but at temperature 0."""

    def function(logits: Tensor, temperature: float) -> Tensor:
        return otherwise(logits) if temperature == 0 else decoding.apply_temperature(logits, temperature)

    return function


def _unchanged(logits: Tensor) -> Tensor:
    return logits.clone()


def _all_largest(logits: Tensor) -> Tensor:
    return _keep(logits, logits == logits.amax(-1, keepdim=True))


def _last_largest(logits: Tensor) -> Tensor:
    return decoding.apply_temperature(logits.flip(-1), 0).flip(-1)


def _one_hot(logits: Tensor) -> Tensor:
    return torch.zeros_like(logits).scatter(-1, logits.argmax(-1, keepdim=True), 1.0)


def _largest_as_zero(logits: Tensor) -> Tensor:
    return torch.full_like(logits, NOTHING).scatter(-1, logits.argmax(-1, keepdim=True), 0.0)


def _zero_refused(logits: Tensor, temperature: float) -> Tensor:
    if temperature <= 0:
        raise ValueError("the temperature must be positive")
    return logits / temperature


def _sign_unchecked(logits: Tensor, temperature: float) -> Tensor:
    return decoding.apply_temperature(logits, 0) if temperature == 0 else logits / temperature


def _probabilities_divided(logits: Tensor, temperature: float) -> Tensor:
    return decoding.apply_temperature(torch.softmax(logits, -1), temperature)


def _softmax_taken(logits: Tensor, temperature: float) -> Tensor:
    found = decoding.apply_temperature(logits, temperature)
    return found if temperature == 0 else _as_probabilities(found)


def _divided_in_place(logits: Tensor, temperature: float) -> Tensor:
    found = decoding.apply_temperature(logits, temperature)
    return found if temperature == 0 else logits.copy_(found)


def _one_minus(logits: Tensor, temperature: float) -> Tensor:
    _check_temperature(temperature)
    return logits * (1 - temperature)


def _drawn_temperature(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, 3, vocab=6), "temperature": 0.3 + 0.1 * randint(draw, 0, 4)}


def _drawn_zero(draw: Generator) -> Arguments:
    logits = _rows(draw, 3, vocab=6)
    logits[1, 4] = logits[1, 2] = logits[1].max() + 1
    return {"logits": logits, "temperature": 0.0}


def _one_row(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 1, vocab=7), "temperature": 2.5}


def _no_batch_at_zero(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, vocab=6), "temperature": 0}


def _temperature_in_float64(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, vocab=5).double(), "temperature": 1.7}


def _negative_temperature(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, vocab=5), "temperature": -0.2 * randint(draw, 1, 9)}


TWO_ROWS = torch.tensor([[0.5, 2.0, -1.0, 2.0, 0.0], [3.0, -0.5, 1.0, 0.0, 3.5]])

APPLY_TEMPERATURE = Exercise(
    reference=decoding.apply_temperature,
    points=2,
    cases=(
        Case("two rows", given(logits=TWO_ROWS, temperature=0.5), visible=True),
        Case("drawn", _drawn_temperature, visible=True),
        Case("one row", _one_row),
        Case("zero", given(logits=TWO_ROWS, temperature=0.0), visible=True),
        Case("zero, drawn", _drawn_zero),
        Case("zero, no batch", _no_batch_at_zero),
        Case("float64", _temperature_in_float64, visible=True),
        Case("gradients", _drawn_temperature, visible=True, gradients=("logits",)),
        Case("negative", given(logits=TWO_ROWS, temperature=-1.0), visible=True),
        Case("negative, drawn", _negative_temperature),
    ),
    properties=(
        Property(
            "Logits are divided by the temperature",
            ("two rows", "drawn", "one row"),
            "At temperature 0.5 a logit of 2 becomes 4: the distances between logits double, the distribution gets "
            "sharper.",
            weight=2,
        ),
        Property(
            "At temperature 0 only the first largest logit of each row survives",
            ("zero", "zero, drawn", "zero, no batch"),
            "Keep the largest logit as it is and set the others to -inf. If two are largest, the first one wins: look "
            "at `argmax`.",
            weight=2,
        ),
        Property(
            "A negative temperature is refused with a ValueError",
            ("two rows", "drawn", "negative", "negative, drawn"),
            "Raise ValueError for a temperature below 0.",
            observe=observe.refusal,
        ),
        *_filter_properties(needs="Logits are divided by the temperature"),
    ),
    mistakes=(
        Mistake(
            "multiplied",
            "You multiply by the temperature, so a low one flattens the distribution. Divide.",
            TEMPERATURE,
            _multiplied,
        ),
        Mistake(
            "temperature_ignored",
            "Above 0, your result does not depend on the temperature.",
            TEMPERATURE,
            lambda logits, temperature: decoding.apply_temperature(logits, 1.0 if temperature > 0 else temperature),
        ),
        Mistake(
            "divided_by_zero",
            "At temperature 0 you divide by 0 and get infinities and NaN, or an error. Treat 0 on its own: it is the "
            "limit in which the largest logit takes all.",
            TEMPERATURE,
            _divided_by_zero,
        ),
        Mistake(
            "tiny_for_zero",
            "You put a tiny temperature in place of 0. Two largest logits still share, and the others are far away, "
            "but not gone: keep one logit and set the others to -inf.",
            TEMPERATURE,
            _tiny_for_zero,
        ),
        Mistake(
            "zero_changes_nothing",
            "At temperature 0 you return the logits as they are. That is temperature 1: at 0 only the largest is left.",
            TEMPERATURE,
            _at_zero(_unchanged),
        ),
        Mistake(
            "all_largest_kept",
            "At temperature 0 you keep every logit that is largest. If two are, the first one wins.",
            TEMPERATURE,
            _at_zero(_all_largest),
        ),
        Mistake(
            "last_largest_kept",
            "At temperature 0, if two logits are largest, you keep the last. The first one wins.",
            TEMPERATURE,
            _at_zero(_last_largest),
        ),
        Mistake(
            "one_hot",
            "At temperature 0 you return 1 for the winner and 0 for the others: as logits these still leave every "
            "token a chance. The others have to be -inf, and the winner keeps its logit.",
            TEMPERATURE,
            _at_zero(_one_hot),
        ),
        Mistake(
            "largest_as_zero",
            "At temperature 0 you set the winner's logit to 0. Its distribution is right, but the logit is to be kept.",
            TEMPERATURE,
            _at_zero(_largest_as_zero),
        ),
        Mistake(
            "zeros_for_infinity",
            "At temperature 0 you set the losers to 0. A logit of 0 is not a probability of 0: only -inf is.",
            LOGITS,
            _then(decoding.apply_temperature, _zeros_for_infinity),
        ),
        Mistake(
            "one_winner_in_the_batch",
            "At temperature 0 you keep the largest logit of the whole batch. Each row has a winner of its own: "
            "`argmax` needs its dimension.",
            TEMPERATURE,
            _at_zero(_whole_batch_as_one_row(lambda logits: decoding.apply_temperature(logits, 0))),
        ),
        Mistake(
            "zero_refused",
            "You refuse temperature 0. It makes sense, as the limit in which the largest logit takes all.",
            TEMPERATURE,
            _zero_refused,
        ),
        Mistake(
            "sign_unchecked",
            "You accept a negative temperature, which turns the order around: the least probable token becomes the "
            "most probable. Raise ValueError.",
            TEMPERATURE,
            _sign_unchecked,
        ),
        Mistake(
            "probabilities_divided",
            "You take the softmax first and divide the probabilities. The temperature divides logits; on "
            "probabilities it does something else, and the softmax is not yours to take here.",
            LOGITS,
            _probabilities_divided,
        ),
        Mistake(
            "probabilities_returned",
            "You return probabilities. Give logits back: the filters come next, and one softmax at the end.",
            LOGITS,
            _softmax_taken,
        ),
        Mistake(
            "one_minus",
            "You multiply by 1 minus the temperature. Divide by the temperature: 1 changes nothing, 2 halves the "
            "distances between logits.",
            TEMPERATURE,
            _one_minus,
        ),
        Mistake(
            "changed_in_place",
            "Your function writes into the logits that it was given: `/=` changes the tensor in place, and whoever "
            "called you still needs it.",
            LOGITS,
            _divided_in_place,
        ),
        Mistake(
            "in_float32",
            "Your result is float32 whatever came in. Return the dtype of the logits.",
            LOGITS,
            _in_float32(decoding.apply_temperature),
        ),
        Mistake(
            "detached",
            "Your result has lost its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            LOGITS,
            _then(decoding.apply_temperature, _detached),
        ),
    ),
)


# top_k_filter


def _check_k(k: int) -> None:
    if k < 1:
        raise ValueError("k is below 1")


def _kth(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return logits.sort(dim=-1, descending=True).values[..., min(k, logits.shape[-1]) - 1].unsqueeze(-1)


def _all_ties_kept(logits: Tensor, k: int) -> Tensor:
    return _keep(logits, logits >= _kth(logits, k))


def _kth_dropped(logits: Tensor, k: int) -> Tensor:
    return _keep(logits, logits > _kth(logits, k))


def _threshold_one_further(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return _keep(logits, logits >= _kth(logits, k + 1))


def _one_threshold_for_all(logits: Tensor, k: int) -> Tensor:
    return _keep(logits, logits >= _kth(logits, k).min())


def _zero_for_no_filter(logits: Tensor, k: int) -> Tensor:
    return logits.clone() if k < 1 else decoding.top_k_filter(logits, k)


def _later_ties_first(logits: Tensor, k: int) -> Tensor:
    return decoding.top_k_filter(logits.flip(-1), k).flip(-1)


def _one_too_many(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return decoding.top_k_filter(logits, k + 1)


def _one_too_few(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return _keep(logits, _ranks(logits) < k - 1)


def _smallest_kept(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return _keep(logits, _ranks(-logits) < k)


def _largest_dropped(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return _keep(logits, _ranks(logits) >= k)


def _k_unchecked(logits: Tensor, k: int) -> Tensor:
    return _keep(logits, _ranks(logits) < k)


def _large_k_raises(logits: Tensor, k: int) -> Tensor:
    if k > logits.shape[-1]:
        torch.topk(logits, k)
    return decoding.top_k_filter(logits, k)


def _only_the_k(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return logits.sort(dim=-1, descending=True).values[..., :k]


def _places_for_tokens(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return _keep(logits, (torch.arange(logits.shape[-1]) < k).expand(logits.shape))


def _order_for_ranks(logits: Tensor, k: int) -> Tensor:
    _check_k(k)
    return _keep(logits, logits.argsort(dim=-1, descending=True, stable=True) < k)


def _softmax_first(logits: Tensor, k: int) -> Tensor:
    return decoding.top_k_filter(torch.softmax(logits, dim=-1), k)


def _drawn_k(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, 3, vocab=8), "k": randint(draw, 3, 5)}


def _drawn_ties(draw: Generator) -> Arguments:
    return {"logits": _with_ties(draw, 6, vocab=12), "k": randint(draw, 4, 6)}


def _single_row(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 1, vocab=7), "k": 3}


def _k_of_vocabulary(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 3, vocab=5), "k": 5}


def _k_in_float64(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, vocab=6).double(), "k": 2}


def _no_k(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, vocab=5), "k": -randint(draw, 1, 4)}


DISTINCT = torch.tensor([[0.5, 2.0, -1.0, 1.0, 0.0, 1.5], [3.0, -0.5, 1.0, 0.0, 3.5, -2.0]])
TIED = torch.tensor([[1.0, 3.0, 2.0, 2.0, 0.0, 2.0, 2.0], [2.0, 0.5, 2.0, 0.5, 2.0, 2.0, 0.0]])

TOP_K_FILTER = Exercise(
    reference=decoding.top_k_filter,
    points=3,
    cases=(
        Case("two rows", given(logits=DISTINCT, k=3), visible=True),
        Case("drawn", _drawn_k, visible=True),
        Case("one row", _single_row),
        Case("one survivor", given(logits=DISTINCT, k=1), visible=True),
        Case("ties", given(logits=TIED, k=3), visible=True),
        Case("ties, drawn", _drawn_ties),
        Case("k above the vocabulary", given(logits=DISTINCT, k=10), visible=True),
        Case("k of the vocabulary", _k_of_vocabulary),
        Case("float64", _k_in_float64, visible=True),
        Case("gradients", _drawn_k, visible=True, gradients=("logits",)),
        Case("k = 0", given(logits=DISTINCT, k=0), visible=True),
        Case("negative k", _no_k),
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
        ),
        *_filter_properties(needs="The k largest logits of each row survive where they stood, the others are -inf"),
    ),
    mistakes=(
        Mistake(
            "all_ties_kept",
            "You keep everything that reaches the k-th largest logit, so equal logits let more than k through. Exactly "
            "k survive: of equal ones those with the smaller index.",
            TOP_K,
            _all_ties_kept,
        ),
        Mistake(
            "kth_dropped",
            "You keep only what is *larger* than the k-th largest logit. The k-th survives too.",
            TOP_K,
            _kth_dropped,
        ),
        Mistake(
            "later_ties_first",
            "Among equal logits you keep those with the larger index. The smaller index comes first.",
            TOP_K,
            _later_ties_first,
        ),
        Mistake(
            "threshold_one_further",
            "Your threshold is the logit after the k-th. Places count from 0: the k-th largest stands at place k - 1.",
            TOP_K,
            _threshold_one_further,
        ),
        Mistake(
            "one_threshold_for_all",
            "All your rows share one threshold, the lowest. Each row has a k-th largest logit of its own: keep its "
            "dimension.",
            TOP_K,
            _one_threshold_for_all,
        ),
        Mistake(
            "zero_for_no_filter",
            'You take a k below 1 for "no filter", as transformers does with 0. Here it is an error: raise ValueError.',
            TOP_K,
            _zero_for_no_filter,
        ),
        Mistake("one_too_many", "One token more than k survives in your result.", TOP_K, _one_too_many),
        Mistake("one_too_few", "One token fewer than k survives in your result.", TOP_K, _one_too_few),
        Mistake(
            "smallest_kept",
            "You keep the k *smallest* logits: argsort and sort go upward unless descending=True.",
            TOP_K,
            _smallest_kept,
        ),
        Mistake(
            "largest_dropped",
            "Your mask is turned around: you drop the k largest and keep the rest.",
            TOP_K,
            _largest_dropped,
        ),
        Mistake(
            "k_unchecked",
            "You accept a k below 1, and nothing is left to draw from: the softmax of a row of -inf is NaN.",
            TOP_K,
            _k_unchecked,
        ),
        Mistake(
            "large_k_raises",
            "A k larger than the vocabulary makes your function raise, as torch.topk does. It is to keep everything.",
            TOP_K,
            _large_k_raises,
        ),
        Mistake(
            "only_the_k",
            "You return only the k largest logits, without their places. Place i belongs to token i, so the result has "
            "the shape of the logits, with -inf for those that go.",
            TOP_K,
            _only_the_k,
        ),
        Mistake(
            "places_for_tokens",
            "You keep the first k *places*: a mask made for sorted logits is put on unsorted ones. Scatter it back to "
            "where each logit came from.",
            TOP_K,
            _places_for_tokens,
        ),
        Mistake(
            "order_for_ranks",
            "You compare argsort's result with k. It says which token stands at each place of the sorted row, not "
            "which place each token has.",
            TOP_K,
            _order_for_ranks,
        ),
        Mistake(
            "softmax_first",
            "You keep the right tokens, but return their probabilities. A filter gives logits back.",
            LOGITS,
            _softmax_first,
        ),
        *_filter_mistakes(decoding.top_k_filter, TOP_K),
    ),
    shortcuts=("TopKLogitsWarper",),
)


# top_p_filter


def _check_p(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError("p is no probability")


def _cut(
    logits: Tensor, p: float, outside: Callable[[Tensor], Tensor], *, descending: bool = True, at_least_one: bool = True
) -> Tensor:
    """Top-p, right but for what `outside` says of the ordered probabilities of a row."""
    _check_p(p)
    if p == 1:
        return logits.clone()
    ordered, order = logits.sort(dim=-1, descending=descending, stable=True)
    dropped = outside(torch.softmax(ordered, dim=-1))
    if at_least_one:
        dropped[..., 0] = False
    return logits.masked_fill(torch.zeros_like(dropped).scatter(-1, order, dropped), NOTHING)


def _between(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Right at p = 0 and p = 1, where answers that share a fault differ."""
    return lambda logits, p: decoding.top_p_filter(logits, p) if p in (0, 1) else function(logits, p)


def _before(probabilities: Tensor) -> Tensor:
    return probabilities.cumsum(-1) - probabilities


def _crossing_dropped(logits: Tensor, p: float) -> Tensor:
    return _cut(logits, p, lambda probabilities: probabilities.cumsum(-1) > p)


def _nothing_may_survive(logits: Tensor, p: float) -> Tensor:
    return _cut(logits, p, lambda probabilities: probabilities.cumsum(-1) > p, at_least_one=False)


def _one_after_crossing(logits: Tensor, p: float) -> Tensor:
    return _cut(logits, p, lambda probabilities: (_before(probabilities) >= p).roll(1, -1))


def _more_than_p(logits: Tensor, p: float) -> Tensor:
    return _cut(logits, p, lambda probabilities: _before(probabilities) > p)


def _ascending(logits: Tensor, p: float) -> Tensor:
    return _cut(logits, p, lambda probabilities: _before(probabilities) >= p, descending=False)


def _sum_of_logits(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    dropped = ordered.cumsum(-1) - ordered >= p
    dropped[..., 0] = False
    return logits.masked_fill(torch.zeros_like(dropped).scatter(-1, order, dropped), NOTHING)


def _mask_not_scattered(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    probabilities = torch.softmax(logits, -1).sort(dim=-1, descending=True).values
    return logits.clone() if p == 1 else logits.masked_fill(_before(probabilities) >= p, NOTHING)


def _gathered_for_scattered(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    return logits.masked_fill((_before(torch.softmax(ordered, -1)) >= p).gather(-1, order), NOTHING)


def _never_ordered(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    return logits.clone() if p == 1 else logits.masked_fill(_before(torch.softmax(logits, -1)) >= p, NOTHING)


def _one_is_not_all(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    dropped = _before(torch.softmax(ordered, dim=-1)) >= p
    dropped[..., 0] = False
    return logits.masked_fill(torch.zeros_like(dropped).scatter(-1, order, dropped), NOTHING)


def _own_probability(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    return _keep(logits, torch.softmax(logits, -1) >= 1 - p)


def _reaches_p_alone(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    return _keep(logits, torch.softmax(logits, -1) >= p)


def _as_min_p(logits: Tensor, p: float) -> Tensor:
    return decoding.min_p_filter(logits, p)


def _largest_nucleus_for_all(logits: Tensor, p: float) -> Tensor:
    sizes = (decoding.top_p_filter(logits, p) > NOTHING).sum(-1)
    return _keep(logits, _ranks(logits) < sizes.max())


def _zero_empties(logits: Tensor, p: float) -> Tensor:
    return decoding.top_p_filter(logits, p) if p else torch.full_like(logits, NOTHING)


def _share_to_cut(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    return decoding.top_p_filter(logits, 1 - p)


def _nucleus_dropped(logits: Tensor, p: float) -> Tensor:
    return _keep(logits, decoding.top_p_filter(logits, p) == NOTHING)


def _ties_of_crossing_kept(logits: Tensor, p: float) -> Tensor:
    kept = decoding.top_p_filter(logits, p)
    return _keep(logits, logits >= kept.masked_fill(kept == NOTHING, torch.inf).amin(-1, keepdim=True))


def _later_ties_first_in_nucleus(logits: Tensor, p: float) -> Tensor:
    return decoding.top_p_filter(logits.flip(-1), p).flip(-1)


def _softmax_over_batch(logits: Tensor, p: float) -> Tensor:
    _check_p(p)
    order = logits.argsort(dim=-1, descending=True, stable=True)
    probabilities = torch.softmax(logits, dim=0).gather(-1, order)
    dropped = (_before(probabilities) >= p) & (p < 1)
    dropped[..., 0] = False
    return logits.masked_fill(torch.zeros_like(dropped).scatter(-1, order, dropped), NOTHING)


def _p_unchecked(logits: Tensor, p: float) -> Tensor:
    return decoding.top_p_filter(logits, min(max(p, 0.0), 1.0))


def _zero_p_refused(logits: Tensor, p: float) -> Tensor:
    if p == 0:
        raise ValueError("p must be positive")
    return decoding.top_p_filter(logits, p)


def _softmax_before_top_p(logits: Tensor, p: float) -> Tensor:
    return _as_probabilities(logits).masked_fill(decoding.top_p_filter(logits, p) == NOTHING, NOTHING)


def _clear_p(draw: Generator, logits: Tensor) -> float:
    """A p that no sum of a row comes near, so that rounding does not decide."""
    sums = torch.softmax(logits.double(), -1).sort(dim=-1, descending=True).values.cumsum(-1)
    tries = 0.3 + 0.6 * torch.rand(64, generator=draw, dtype=torch.float64)
    return float(tries[(tries[:, None] - sums.flatten()).abs().amin(1).argmax()])


def _drawn_p(draw: Generator) -> Arguments:
    logits = _rows(draw, 2, 2, vocab=8)
    return {"logits": logits, "p": _clear_p(draw, logits)}


def _drawn_tied_p(draw: Generator) -> Arguments:
    # Tokens 1, 3, 4 and 6 are equal: two of them belong to the nucleus.
    logits = torch.tensor([0.0, 2.0, -1.0, 2.0, 2.0, -2.0, 2.0]) + randn(draw, 3, 1)
    return {"logits": logits, "p": 0.3 + 0.01 * randint(draw, 0, 8)}


def _drawn_after_filter(draw: Generator) -> Arguments:
    logits = decoding.top_k_filter(_rows(draw, 3, vocab=9), 5)
    return {"logits": logits, "p": _clear_p(draw, logits)}


def _one_row_p(draw: Generator) -> Arguments:
    logits = _rows(draw, 1, vocab=7)
    return {"logits": logits, "p": _clear_p(draw, logits)}


def _drawn_peak(draw: Generator) -> Arguments:
    logits = _rows(draw, 2, vocab=6)
    return {
        "logits": logits + 6 * torch.nn.functional.one_hot(logits.argmin(-1), 6),
        "p": 0.3 + 0.1 * randint(draw, 0, 3),
    }


def _p_in_float64(draw: Generator) -> Arguments:
    logits = _rows(draw, 2, vocab=6)
    return {"logits": logits.double(), "p": _clear_p(draw, logits)}


def _drawn_long_tail(draw: Generator) -> Arguments:
    logits = _rows(draw, 2, vocab=9)
    return {"logits": logits + 25 * torch.nn.functional.one_hot(logits.argmin(-1), 9), "p": 1.0}


def _drawn_exact_p(draw: Generator) -> Arguments:
    """Eight equal tokens: their probabilities, and sums of these, have no rounding."""
    return {"logits": torch.full((2, 8), float(randint(draw, -3, 3))), "p": randint(draw, 2, 6) / 8}


def _p_above_one(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, vocab=5), "p": 1.0 + randint(draw, 1, 9) / 10}


# A flat row and a peaked one, unsorted; the probabilities can be read off.
FLAT_AND_PEAKED = torch.tensor([[0.1, 0.3, 0.15, 0.25, 0.2], [0.02, 0.08, 0.7, 0.15, 0.05]]).log()
EQUALS = torch.tensor([[0.1, 0.3, 0.1, 0.3, 0.1, 0.1]]).log()
LONG_TAIL = torch.tensor([[-4.0, 21.0, 2.0, 10.0, -20.0, 0.0]])

TOP_P_FILTER = Exercise(
    reference=decoding.top_p_filter,
    points=4,
    cases=(
        Case("a flat and a peaked row", given(logits=FLAT_AND_PEAKED, p=0.5), visible=True),
        Case("a larger p", given(logits=FLAT_AND_PEAKED, p=0.92), visible=True),
        Case("drawn", _drawn_p, visible=True),
        Case("after another filter", _drawn_after_filter),
        Case("one row", _one_row_p),
        Case("the first is enough", given(logits=FLAT_AND_PEAKED, p=0.2), visible=True),
        Case("the first is enough, drawn", _drawn_peak),
        Case("p = 0", given(logits=FLAT_AND_PEAKED, p=0.0), visible=True),
        Case("exactly p", given(logits=torch.zeros(2, 4), p=0.5), visible=True),
        Case("exactly p, drawn", _drawn_exact_p),
        Case("ties", given(logits=EQUALS, p=0.75), visible=True),
        Case("ties, drawn", _drawn_tied_p),
        Case("p = 1", given(logits=LONG_TAIL, p=1.0), visible=True),
        Case("p = 1, drawn", _drawn_long_tail),
        Case("float64", _p_in_float64, visible=True),
        Case("gradients", _drawn_p, visible=True, gradients=("logits",)),
        Case("p above 1", given(logits=FLAT_AND_PEAKED, p=1.5), visible=True),
        Case("negative p", given(logits=FLAT_AND_PEAKED, p=-0.1), visible=True),
        Case("p above 1, drawn", _p_above_one),
    ),
    properties=(
        Property(
            "The smallest set of tokens with probability p survives, each row with a set of its own",
            ("a flat and a peaked row", "a larger p", "drawn", "after another filter", "one row"),
            "Row 1 has the probabilities 0.1 0.3 0.15 0.25 0.2. For p = 0.5: 0.3 is too little, 0.3 + 0.25 is enough, "
            "so tokens 1 and 3 survive.",
            weight=3,
        ),
        Property(
            "The most probable token always survives",
            ("the first is enough", "the first is enough, drawn", "p = 0"),
            "If the most probable token alone has more than p, it alone is the nucleus.",
        ),
        Property(
            "A set with exactly p is enough",
            ("exactly p", "exactly p, drawn"),
            "Four equal tokens and p = 0.5: two tokens have probability 0.5, and no third is needed.",
        ),
        Property(
            "Among equal logits those with the smaller index come first",
            ("ties", "ties, drawn"),
            "Sort with stable=True, and decide by the place in the order, not by a threshold.",
        ),
        Property(
            "p = 1 changes nothing",
            ("p = 1", "p = 1, drawn"),
            "In float32 a sum of probabilities can reach 1 before the last token, and the tail is lost.",
            needs="The smallest set of tokens with probability p survives, each row with a set of its own",
        ),
        Property(
            "A p outside 0 to 1 is refused with a ValueError",
            ("a flat and a peaked row", "one row", "p above 1", "p above 1, drawn", "negative p"),
            "Raise ValueError where p is no probability.",
            observe=observe.refusal,
        ),
        *_filter_properties(
            needs="The smallest set of tokens with probability p survives, each row with a set of its own"
        ),
    ),
    mistakes=(
        Mistake(
            "crossing_dropped",
            "You drop the token that takes the sum over p. Without it the set has less than p: it stays. What counts "
            "for a token is the sum *before* it.",
            TOP_P,
            _crossing_dropped,
        ),
        Mistake(
            "nothing_may_survive",
            "You drop the token that takes the sum over p, and if that is the first, nothing is left. What counts for "
            "a token is the sum *before* it, which for the first is 0.",
            TOP_P,
            _nothing_may_survive,
        ),
        Mistake(
            "one_after_crossing",
            "You keep one token more than needed: the one that crosses p is the last.",
            TOP_P,
            _one_after_crossing,
        ),
        Mistake(
            "more_than_p",
            "You go on where the sum is exactly p. A set with probability p is enough: compare with >=, not >.",
            TOP_P,
            _more_than_p,
        ),
        Mistake(
            "ascending",
            "You collect from the least probable token upward. Sort with descending=True.",
            TOP_P,
            _between(_ascending),
        ),
        Mistake(
            "sum_of_logits",
            "You sum up logits. p is a probability: take the softmax first.",
            TOP_P,
            _between(_sum_of_logits),
        ),
        Mistake(
            "mask_not_scattered",
            "Your mask belongs to the *sorted* row, and you put it on the unsorted one. Scatter it back with the "
            "indices that sort returned.",
            TOP_P,
            _between(_mask_not_scattered),
        ),
        Mistake(
            "gathered_for_scattered",
            "You carry the mask back with gather and the indices of sort. Gather *reads* at these places: it sorts the "
            "mask once more. Scatter *writes* to them.",
            TOP_P,
            _between(_gathered_for_scattered),
        ),
        Mistake(
            "never_ordered",
            "You sum the probabilities in the order of the vocabulary. The nucleus takes the most probable first.",
            TOP_P,
            _between(_never_ordered),
        ),
        Mistake(
            "one_is_not_all",
            "With p = 1 you lose the tail: rounded in float32, the sum reaches 1 before the last token. Return the "
            "logits as they are for p = 1.",
            TOP_P,
            _one_is_not_all,
        ),
        Mistake(
            "own_probability",
            "You compare each token's own probability with a threshold. In a flat row no token reaches it. The *sum* "
            "over the most probable tokens has to reach p.",
            TOP_P,
            _own_probability,
        ),
        Mistake(
            "reaches_p_alone",
            "You keep the tokens that have p or more each. The *sum* over the most probable tokens has to reach p.",
            TOP_P,
            _between(_reaches_p_alone),
        ),
        Mistake(
            "as_min_p",
            "Your function is min-p. Top-p sums: the most probable tokens are in until together they have p.",
            TOP_P,
            _between(_as_min_p),
        ),
        Mistake(
            "largest_nucleus_for_all",
            "All your rows keep as many tokens as the row that needs most. Each row has a nucleus of its own size.",
            TOP_P,
            _largest_nucleus_for_all,
        ),
        Mistake(
            "zero_empties",
            "With p = 0 nothing survives in your result: before the first token the sum is 0, which is p already. "
            "Keep the first token whatever p is.",
            TOP_P,
            _zero_empties,
        ),
        Mistake(
            "share_to_cut",
            "You read p as the share to cut. p is the share that stays.",
            TOP_P,
            _share_to_cut,
        ),
        Mistake(
            "nucleus_dropped",
            "Your mask is turned around: you drop the nucleus and keep the tail.",
            TOP_P,
            _nucleus_dropped,
        ),
        Mistake(
            "ties_of_crossing_kept",
            "You keep everything that is as probable as the last token of the nucleus. Of equal tokens only those with "
            "the smaller index are needed.",
            TOP_P,
            _ties_of_crossing_kept,
        ),
        Mistake(
            "later_ties_first",
            "Of equal tokens you take those with the larger index. The smaller index comes first: sort downward with "
            "stable=True.",
            TOP_P,
            _later_ties_first_in_nucleus,
        ),
        Mistake(
            "softmax_over_batch",
            "Your softmax runs over the batch. Each row is a distribution over the vocabulary, the last dimension.",
            LOGITS,
            _softmax_over_batch,
        ),
        Mistake("p_unchecked", "You accept a p below 0 or above 1. Raise ValueError.", TOP_P, _p_unchecked),
        Mistake(
            "zero_p_refused",
            "You refuse p = 0. It is a probability; one token survives.",
            TOP_P,
            _zero_p_refused,
        ),
        Mistake(
            "softmax_first",
            "You keep the right tokens, but return their probabilities. A filter gives logits back.",
            LOGITS,
            _softmax_before_top_p,
        ),
        *_filter_mistakes(decoding.top_p_filter, TOP_P),
    ),
    shortcuts=("TopPLogitsWarper",),
)


# min_p_filter


def _check_min_p(min_p: float) -> None:
    if not 0 <= min_p <= 1:
        raise ValueError("min_p is no share")


def _survive(logits: Tensor, min_p: float, kept: Callable[[Tensor, Tensor], Tensor], *, dimension: int = -1) -> Tensor:
    """Min-p, right but for which probabilities are kept, given all of them and the largest of their row."""
    _check_min_p(min_p)
    probabilities = torch.softmax(logits, dim=dimension)
    return _keep(logits, kept(probabilities, probabilities.amax(-1, keepdim=True)))


def _absolute(logits: Tensor, min_p: float) -> Tensor:
    return _survive(logits, min_p, lambda probabilities, largest: probabilities >= min_p)


def _strictly_above(logits: Tensor, min_p: float) -> Tensor:
    return _survive(logits, min_p, lambda probabilities, largest: probabilities > min_p * largest)


def _below_kept(logits: Tensor, min_p: float) -> Tensor:
    return _survive(logits, min_p, lambda probabilities, largest: probabilities < min_p * largest)


def _share_of_mean(logits: Tensor, min_p: float) -> Tensor:
    return _survive(logits, min_p, lambda probabilities, largest: probabilities >= min_p * probabilities.mean(-1, True))


def _largest_less_min_p(logits: Tensor, min_p: float) -> Tensor:
    return _survive(logits, min_p, lambda probabilities, largest: probabilities >= largest - min_p)


def _largest_of_batch(logits: Tensor, min_p: float) -> Tensor:
    return _survive(logits, min_p, lambda probabilities, largest: probabilities >= min_p * probabilities.max())


def _one_minus_min_p(logits: Tensor, min_p: float) -> Tensor:
    return _survive(logits, min_p, lambda probabilities, largest: probabilities >= (1 - min_p) * largest)


def _logits_for_probabilities(logits: Tensor, min_p: float) -> Tensor:
    _check_min_p(min_p)
    return _keep(logits, logits >= min_p * logits.amax(-1, keepdim=True))


def _logits_less_min_p(logits: Tensor, min_p: float) -> Tensor:
    _check_min_p(min_p)
    return _keep(logits, logits >= logits.amax(-1, keepdim=True) - min_p)


def _probabilities_of_batch(logits: Tensor, min_p: float) -> Tensor:
    return _survive(logits, min_p, lambda probabilities, largest: probabilities >= min_p * largest, dimension=0)


def _as_top_p(logits: Tensor, min_p: float) -> Tensor:
    return decoding.top_p_filter(logits, min_p)


def _min_p_unchecked(logits: Tensor, min_p: float) -> Tensor:
    probabilities = torch.softmax(logits, dim=-1)
    return _keep(logits, probabilities >= min_p * probabilities.amax(-1, keepdim=True))


def _zero_min_p_refused(logits: Tensor, min_p: float) -> Tensor:
    if min_p == 0:
        raise ValueError("min_p must be positive")
    return decoding.min_p_filter(logits, min_p)


def _softmax_before_min_p(logits: Tensor, min_p: float) -> Tensor:
    return _as_probabilities(logits).masked_fill(decoding.min_p_filter(logits, min_p) == NOTHING, NOTHING)


def _clear_min_p(draw: Generator, logits: Tensor) -> float:
    """A min_p that no share of a largest probability comes near."""
    shares = torch.exp(logits.double() - logits.double().amax(-1, keepdim=True)).flatten()
    tries = 0.1 + 0.5 * torch.rand(64, generator=draw, dtype=torch.float64)
    return float(tries[(tries[:, None] - shares).abs().amin(1).argmax()])


def _drawn_min_p(draw: Generator) -> Arguments:
    logits = _rows(draw, 2, 3, vocab=8)
    return {"logits": logits, "min_p": _clear_min_p(draw, logits)}


def _one_row_min_p(draw: Generator) -> Arguments:
    logits = _rows(draw, 1, vocab=7)
    return {"logits": logits, "min_p": _clear_min_p(draw, logits)}


def _min_p_in_float64(draw: Generator) -> Arguments:
    logits = _rows(draw, 2, vocab=6)
    return {"logits": logits.double(), "min_p": _clear_min_p(draw, logits)}


def _no_min_p(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, vocab=6) * 4, "min_p": 0.0}


def _drawn_min_p_ties(draw: Generator) -> Arguments:
    logits = _rows(draw, 3, vocab=7)
    logits[:, 2] = logits[:, 5] = logits.amax(-1)
    return {"logits": logits, "min_p": 1.0}


def _min_p_above_one(draw: Generator) -> Arguments:
    return {"logits": _rows(draw, 2, vocab=5), "min_p": 1.0 + randint(draw, 1, 9) / 10}


# Two rows with the largest probabilities 0.3 and 0.7, unsorted.
WITHIN_REACH = torch.tensor([[0.1, 0.3, 0.16, 0.24, 0.2], [0.02, 0.08, 0.7, 0.15, 0.05]]).log()
TWO_LARGEST = torch.tensor([[1.0, 2.5, -1.0, 2.5, 2.0]])

MIN_P_FILTER = Exercise(
    reference=decoding.min_p_filter,
    points=2,
    cases=(
        Case("two rows", given(logits=WITHIN_REACH, min_p=0.17), visible=True),
        Case("a larger min_p", given(logits=WITHIN_REACH, min_p=0.6), visible=True),
        Case("drawn", _drawn_min_p, visible=True),
        Case("one row", _one_row_min_p),
        Case("min_p = 1", given(logits=TWO_LARGEST, min_p=1.0), visible=True),
        Case("min_p = 1, drawn", _drawn_min_p_ties),
        Case("min_p = 0", given(logits=LONG_TAIL, min_p=0.0), visible=True),
        Case("min_p = 0, drawn", _no_min_p),
        Case("float64", _min_p_in_float64, visible=True),
        Case("gradients", _drawn_min_p, visible=True, gradients=("logits",)),
        Case("min_p above 1", given(logits=WITHIN_REACH, min_p=1.2), visible=True),
        Case("negative min_p", given(logits=WITHIN_REACH, min_p=-0.2), visible=True),
        Case("min_p above 1, drawn", _min_p_above_one),
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
        ),
        *_filter_properties(needs="Tokens with at least min_p times the largest probability of their row survive"),
    ),
    mistakes=(
        Mistake(
            "absolute",
            "You compare probabilities with min_p itself. In a flat row nothing reaches it: the threshold is min_p "
            "*times the largest probability* of the row.",
            MIN_P,
            _absolute,
        ),
        Mistake(
            "strictly_above",
            "You keep what is *above* the threshold. A token that just reaches it survives: with min_p = 1 yours "
            "drops even the largest.",
            MIN_P,
            _strictly_above,
        ),
        Mistake(
            "below_kept",
            "Your mask is turned around: you keep the tokens below the threshold.",
            MIN_P,
            _below_kept,
        ),
        Mistake(
            "share_of_mean",
            "Your threshold is a share of the mean probability, which is 1 / vocab in every row. Take the largest.",
            MIN_P,
            _share_of_mean,
        ),
        Mistake(
            "largest_less_min_p",
            "You subtract min_p from the largest probability. It is a factor.",
            MIN_P,
            _largest_less_min_p,
        ),
        Mistake(
            "largest_of_batch",
            "You compare with the largest probability of the whole batch. Each row has its own: the maximum needs its "
            "dimension.",
            MIN_P,
            _largest_of_batch,
        ),
        Mistake(
            "one_minus_min_p",
            "Your threshold is 1 - min_p times the largest probability. A small min_p keeps many tokens.",
            MIN_P,
            _one_minus_min_p,
        ),
        Mistake(
            "logits_for_probabilities",
            "You compare logits with a share of the largest logit. Logits have no zero point: adding 5 to all changes "
            "no probability, but your result. Compare probabilities (or add ln min_p to the largest logit).",
            MIN_P,
            _logits_for_probabilities,
        ),
        Mistake(
            "logits_less_min_p",
            "You subtract min_p from the largest logit. A factor of probabilities is a *logarithm* on logits: the "
            "threshold is the largest logit plus ln min_p.",
            MIN_P,
            _logits_less_min_p,
        ),
        Mistake(
            "softmax_over_batch",
            "Your softmax runs over the batch. Each row is a distribution over the vocabulary, the last dimension.",
            LOGITS,
            _probabilities_of_batch,
        ),
        Mistake(
            "as_top_p",
            "Your function is top-p. Min-p does not sum: it compares each token with the most probable one.",
            MIN_P,
            _as_top_p,
        ),
        Mistake(
            "min_p_unchecked",
            "You accept a min_p below 0 or above 1. Raise ValueError.",
            MIN_P,
            _min_p_unchecked,
        ),
        Mistake(
            "zero_min_p_refused",
            "Your function raises for min_p = 0. It is a share too: every probability is at least 0, so nothing is "
            "cut. (ln 0 does not exist: treat 0 on its own if you compare logits.)",
            MIN_P,
            _zero_min_p_refused,
        ),
        Mistake(
            "softmax_first",
            "You keep the right tokens, but return their probabilities. A filter gives logits back.",
            LOGITS,
            _softmax_before_min_p,
        ),
        *_filter_mistakes(decoding.min_p_filter, MIN_P),
    ),
    shortcuts=("MinPLogitsWarper",),
)


# repeat_ngram_filter


def _ban(logits: Tensor, banned: list[int]) -> Tensor:
    return logits.index_fill(-1, torch.tensor(banned, dtype=torch.long), NOTHING)


def _check_n(n: int) -> None:
    if n < 1:
        raise ValueError("n is below 1")


def _followers(
    ids: list[int], n: int, *, context: int | None = None, starts: range | None = None, in_order: bool = True
) -> list[int]:
    """What followed each earlier occurrence of the last `context` tokens, n - 1 if they are right."""
    _check_n(n)
    context = n - 1 if context is None else context
    starts = range(len(ids) - context) if starts is None else starts
    last = ids[max(len(ids) - context, 0) :]
    if not in_order:
        return [ids[i + context] for i in starts if sorted(ids[i : i + context]) == sorted(last)]
    return [ids[i + context] for i in starts if ids[i : i + context] == last]


def _seen_banned(logits: Tensor, ids: list[int], n: int) -> Tensor:
    _check_n(n)
    return _ban(logits, ids if len(ids) >= n else [])


def _context_too_long(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return _ban(logits, _followers(ids, n, context=n))


def _context_too_short(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return _ban(logits, _followers(ids, n, context=max(n - 2, 0)))


def _last_run_missed(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return _ban(logits, _followers(ids, n, starts=range(len(ids) - n)))


def _first_run_missed(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return _ban(logits, _followers(ids, n, starts=range(1, len(ids) - n + 1)))


def _runs_side_by_side(logits: Tensor, ids: list[int], n: int) -> Tensor:
    _check_n(n)
    return _ban(logits, _followers(ids, n, starts=range(0, len(ids) - n + 1, n)))


def _first_follower_only(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return _ban(logits, _followers(ids, n)[:1])


def _last_follower_only(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return _ban(logits, _followers(ids, n)[-1:])


def _in_any_order(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return _ban(logits, _followers(ids, n, in_order=False))


def _one_bans_nothing(logits: Tensor, ids: list[int], n: int) -> Tensor:
    _check_n(n)
    return logits.clone() if n == 1 else decoding.repeat_ngram_filter(logits, ids, n)


def _start_banned(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return _ban(
        logits, ids[len(ids) - n + 1 : len(ids) - n + 2] if n > 1 and _followers(ids, n) else _followers(ids, n)
    )


def _short_text_raises(logits: Tensor, ids: list[int], n: int) -> Tensor:
    _check_n(n)
    if len(ids) < n - 1:
        raise IndexError("list index out of range")
    return decoding.repeat_ngram_filter(logits, ids, n)


def _n_unchecked(logits: Tensor, ids: list[int], n: int) -> Tensor:
    return decoding.repeat_ngram_filter(logits, ids, n) if n >= 1 else logits.clone()


def _run_needs_two_sights(logits: Tensor, ids: list[int], n: int) -> Tensor:
    found = _followers(ids, n)
    return _ban(logits, [token for token in found if found.count(token) > 1])


def _random_text(draw: Generator, length: int, vocab: int) -> list[int]:
    found: list[int] = torch.randint(vocab, (length,), generator=draw).tolist()
    return found


def _drawn_bigrams(draw: Generator) -> Arguments:
    # Token 6 has followed the last one, 0, twice, with 5 between, and nothing else from 7 up has.
    ids = [*_random_text(draw, 6, 6), 0, 6, 1, 0, 5, 2, 0, 6, *_random_text(draw, 3, 6), 0]
    return {"logits": randn(draw, 9), "ids": ids, "n": 2}


def _drawn_trigrams(draw: Generator) -> Arguments:
    a, b = torch.randperm(5, generator=draw)[:2].tolist()
    ids = [a, b, 7, *_random_text(draw, 4, 6), a, b, 6, b, a, 5, *_random_text(draw, 3, 6), a, b]
    return {"logits": randn(draw, 9), "ids": ids, "n": 3}


def _drawn_single(draw: Generator) -> Arguments:
    return {"logits": randn(draw, 12), "ids": _random_text(draw, 5, 10), "n": 1}


def _drawn_short(draw: Generator) -> Arguments:
    return {"logits": randn(draw, 6), "ids": _random_text(draw, 2, 6), "n": 4}


def _ngram_in_float64(draw: Generator) -> Arguments:
    return {"logits": randn(draw, 6, dtype=torch.float64), "ids": [1, 2, 3, 1, 2], "n": 3}


def _n_below_one(draw: Generator) -> Arguments:
    return {"logits": randn(draw, 6), "ids": _random_text(draw, 5, 6), "n": -randint(draw, 1, 3)}


EIGHT = torch.tensor([0.5, -1.0, 2.0, 0.0, 1.5, -0.5, 1.0, 3.0])

REPEAT_NGRAM_FILTER = Exercise(
    reference=decoding.repeat_ngram_filter,
    points=3,
    cases=(
        Case("one trigram", given(logits=EIGHT, ids=[4, 1, 2, 3, 5, 1, 2], n=3), visible=True),
        Case("one bigram", given(logits=EIGHT, ids=[4, 1, 7, 5, 1], n=2), visible=True),
        Case("several followers", given(logits=EIGHT, ids=[6, 3, 1, 4, 0, 3, 1, 5, 3, 1, 2, 3, 1], n=3), visible=True),
        Case("drawn", _drawn_bigrams),
        Case("trigrams, drawn", _drawn_trigrams),
        Case("at the start", given(logits=EIGHT, ids=[1, 2, 3, 0, 1, 2], n=3), visible=True),
        Case("at the end", given(logits=EIGHT, ids=[4, 3, 5, 5], n=2), visible=True),
        Case("at the end, longer", given(logits=EIGHT, ids=[7, 6, 6, 6], n=3)),
        Case("another order", given(logits=EIGHT, ids=[1, 2, 3, 0, 2, 1], n=3), visible=True),
        Case("nothing repeats", given(logits=EIGHT, ids=[0, 1, 2, 3], n=2)),
        Case("single tokens", given(logits=EIGHT, ids=[2, 5, 2], n=1), visible=True),
        Case("single tokens, drawn", _drawn_single),
        Case("a short text", given(logits=EIGHT, ids=[4], n=3), visible=True),
        Case("an empty text", given(logits=EIGHT, ids=[], n=2), visible=True),
        Case("a short text, drawn", _drawn_short),
        Case("float64", _ngram_in_float64, visible=True),
        Case("gradients", _drawn_trigrams, visible=True, gradients=("logits",)),
        Case("n = 0", given(logits=EIGHT, ids=[0, 1, 2], n=0), visible=True),
        Case("negative n", _n_below_one),
    ),
    properties=(
        Property(
            "What followed the last n - 1 tokens before is forbidden, each time they occurred",
            ("one trigram", "one bigram", "several followers", "drawn", "trigrams, drawn"),
            "The text 4 1 2 3 5 1 2 ends with 1 2, and 1 2 was followed by 3 before: with n = 3, token 3 is forbidden.",
            weight=3,
        ),
        Property(
            "Runs at both ends of the text count, also where they overlap the last tokens",
            ("at the start", "at the end", "at the end, longer"),
            "The text 4 3 5 5 holds the pair 5 5, and a third 5 would make it a second time: with n = 2, 5 is "
            "forbidden.",
        ),
        Property(
            "Other tokens keep their logits",
            ("another order", "nothing repeats"),
            "The text 1 2 3 0 2 1 ends with 2 1, and holds 1 2 but no other 2 1: nothing is forbidden for n = 3.",
            needs="What followed the last n - 1 tokens before is forbidden, each time they occurred",
        ),
        Property(
            "With n = 1 every token of the text is forbidden",
            ("single tokens", "single tokens, drawn"),
            "For n = 1 no last tokens have to match. Look at what your slice gives then: ids[-0:] is all of ids.",
        ),
        Property(
            "A text too short to repeat anything forbids nothing",
            ("a short text", "an empty text", "a short text, drawn"),
            "With one token and n = 3 there are not even two last tokens to compare.",
            needs="What followed the last n - 1 tokens before is forbidden, each time they occurred",
        ),
        Property(
            "An n below 1 is refused with a ValueError",
            ("one trigram", "drawn", "n = 0", "negative n"),
            "Raise ValueError for an n below 1.",
            observe=observe.refusal,
        ),
        Property(
            "The dtype is kept, and the arguments are left unchanged",
            ("float64", "drawn"),
            "Logits in float64 must come back in float64; neither the logits nor the list of ids may change.",
            observe=observe.dtype_and_changed,
            needs="What followed the last n - 1 tokens before is forbidden, each time they occurred",
        ),
        Property(
            "Gradients reach the logits that survive",
            ("gradients",),
            "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients_where_finite,
        ),
    ),
    mistakes=(
        Mistake(
            "seen_banned",
            "You forbid every token that has occurred. Only one that would complete a whole run of n is forbidden.",
            NGRAMS,
            _seen_banned,
        ),
        Mistake(
            "context_too_long",
            "You compare the last n tokens, and forbid runs of n + 1. The new token is one of the n: compare n - 1.",
            NGRAMS,
            _context_too_long,
        ),
        Mistake(
            "context_too_short",
            "You compare the last n - 2 tokens, and so forbid runs of n - 1. Compare n - 1: with the new token they "
            "are n.",
            NGRAMS,
            _context_too_short,
        ),
        Mistake(
            "last_run_missed",
            "You miss the last run of the text. A text of length L has L - n + 1 runs of n tokens: the last begins at "
            "L - n.",
            NGRAMS,
            _last_run_missed,
        ),
        Mistake(
            "first_run_missed",
            "You miss the run at the very start of the text.",
            NGRAMS,
            _first_run_missed,
        ),
        Mistake(
            "runs_side_by_side",
            "Your runs lie side by side. They overlap: one begins at every position.",
            NGRAMS,
            _runs_side_by_side,
        ),
        Mistake(
            "first_follower_only",
            "You stop at the first occurrence. Later the same tokens may have been followed by others: forbid all.",
            NGRAMS,
            _first_follower_only,
        ),
        Mistake(
            "last_follower_only",
            "You keep only what followed last, as a dict from run to token does: each new entry replaces the one "
            "before. Forbid all followers.",
            NGRAMS,
            _last_follower_only,
        ),
        Mistake(
            "in_any_order",
            "You compare the tokens without their order. 1 2 and 2 1 are two different runs.",
            NGRAMS,
            _in_any_order,
        ),
        Mistake(
            "one_bans_nothing",
            "With n = 1 your result forbids nothing. ids[-(n - 1):] is ids[0:] then, the whole text, and no slice of "
            "length 0 equals it. Count from the front.",
            NGRAMS,
            _one_bans_nothing,
        ),
        Mistake(
            "start_banned",
            "You forbid the token with which the run *begins*. The one that would complete it is its last.",
            NGRAMS,
            _start_banned,
        ),
        Mistake(
            "short_text_raises",
            "Your function raises where the text has fewer than n - 1 tokens. Nothing can repeat there: return the "
            "logits as they are.",
            NGRAMS,
            _short_text_raises,
        ),
        Mistake("n_unchecked", "You accept an n below 1. Raise ValueError.", NGRAMS, _n_unchecked),
        Mistake(
            "run_needs_two_sights",
            "You forbid a token only if its run has occurred twice. Once is enough: the next time would be the repeat.",
            NGRAMS,
            _run_needs_two_sights,
        ),
        *(
            mistake
            for mistake in _filter_mistakes(decoding.repeat_ngram_filter, NGRAMS)
            if mistake.name not in ("left_sorted", "first_row_for_all", "whole_batch_as_one_row")
        ),
    ),
    shortcuts=("NoRepeatNGramLogitsProcessor",),
)


# sample


def _filtered(logits: Tensor, temperature: float, top_k: int | None, top_p: float | None) -> Tensor:
    logits = decoding.apply_temperature(logits, temperature)
    logits = logits if top_k is None else decoding.top_k_filter(logits, top_k)
    return logits if top_p is None else decoding.top_p_filter(logits, top_p)


def _draw(logits: Tensor, generator: Generator | None) -> Tensor:
    return torch.multinomial(torch.softmax(logits, -1), 1, generator=generator).squeeze(-1)


def _nucleus_first(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    logits = _filtered(logits, temperature, None, top_p)
    return _draw(logits if top_k is None else decoding.top_k_filter(logits, top_k), generator)


def _temperature_last(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(decoding.apply_temperature(_filtered(logits, 1.0, top_k, top_p), temperature), generator)


def _one_number_for_all(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    sums = torch.softmax(_filtered(logits, temperature, top_k, top_p).double(), -1).cumsum(-1)
    number = torch.rand((), generator=generator, dtype=torch.float64)
    return (sums <= number * sums[..., -1:]).sum(-1)


def _one_token_for_all(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(_filtered(logits, temperature, top_k, top_p)[:1], generator).repeat(logits.shape[0])


def _generator_ignored(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(_filtered(logits, temperature, top_k, top_p), None)


def _seeded_each_time(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(_filtered(logits, temperature, top_k, top_p), torch.Generator().manual_seed(0))


def _seeded_again(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    fresh = torch.Generator().manual_seed(generator.initial_seed())
    return _draw(_filtered(logits, temperature, top_k, top_p), fresh)


def _greedy(logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator) -> Tensor:
    return _filtered(logits, temperature, top_k, top_p).argmax(-1)


def _all_survivors_alike(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    kept = _filtered(logits, temperature, top_k, top_p) > NOTHING
    return _draw(torch.zeros(kept.shape).masked_fill(~kept, NOTHING), generator)


def _ranks_drawn(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(_left_sorted(_filtered(logits, temperature, top_k, top_p)), generator)


def _temperature_unused(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(_filtered(logits, 1.0 if temperature > 0 else temperature, top_k, top_p), generator)


def _top_k_unused(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    _check_k(1 if top_k is None else top_k)
    return _draw(_filtered(logits, temperature, None, top_p), generator)


def _top_p_unused(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    _check_p(1.0 if top_p is None else top_p)
    return _draw(_filtered(logits, temperature, top_k, None), generator)


def _column_returned(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(_filtered(logits, temperature, top_k, top_p), generator).unsqueeze(-1)


def _batch_of_one_lost(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(_filtered(logits, temperature, top_k, top_p), generator).squeeze()


def _softmax_twice(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(torch.softmax(_filtered(logits, temperature, top_k, top_p), -1), generator)


def _none_not_handled(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    if top_k is None or top_p is None:
        raise TypeError("'<' not supported between instances of 'NoneType' and 'int'")
    return _draw(_filtered(logits, temperature, top_k, top_p), generator)


def _written_in_place(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    return _draw(logits.copy_(_filtered(logits, temperature, top_k, top_p)), generator)


# Close to each other, so that temperature 2 flattens them: of the three largest, two are half of the probability at
# temperature 2, one is at temperature 1, and of all tokens the first two are less than half.
CLOSE = (3.0, 2.3, 1.9, 1.4, 1.2, 1.0, 0.8, 0.6)


def _rows_apart(draw: Generator) -> Tensor:
    """Three rows with the same numbers, each in an order of its own."""
    numbers = torch.tensor(CLOSE)
    order = torch.randperm(8, generator=draw)
    return torch.stack([numbers[order], numbers[order.roll(3)], numbers[order.flip(0)]])


def _sampled(
    temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Callable[[Generator], Arguments]:
    return lambda draw: {
        "logits": _rows_apart(draw),
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "generator": torch.Generator().manual_seed(randint(draw, 0, 1 << 30)),
    }


def _alike(draw: Generator) -> Arguments:
    return {**_sampled(0.8, 3, None)(draw), "logits": _rows_apart(draw)[:1].repeat(2, 1)}


def _alike_unfiltered(draw: Generator) -> Arguments:
    return {**_alike(draw), "top_k": None}


def _rows_agree(value: Any) -> list[Any]:
    """The category of one result for two equal rows: do they get the same token?"""
    first, second = value.tolist()
    return [first == second]


def _one_row_sampled(draw: Generator) -> Arguments:
    return {**_sampled(0.0)(draw), "logits": _rows_apart(draw)[:1]}


SAMPLE = Exercise(
    reference=decoding.sample,
    points=3,
    cases=(
        Case("no filter", _sampled(), visible=True, repeat=300, categories=observe.as_category_by_position),
        Case("cold", _sampled(0.3), visible=True, repeat=80, categories=observe.as_category_by_position),
        Case("hot", _sampled(3.0), repeat=120, categories=observe.as_category_by_position),
        Case("top-k", _sampled(1.5, 3, None), visible=True, repeat=80, categories=observe.as_category_by_position),
        Case("top-p", _sampled(1.0, None, 0.5), visible=True, repeat=80, categories=observe.as_category_by_position),
        Case("all three", _sampled(2.0, 3, 0.5), visible=True, repeat=80, categories=observe.as_category_by_position),
        Case("all three, longer", _sampled(2.0, 3, 0.5), repeat=150, categories=observe.as_category_by_position),
        Case("rows alike", _alike, visible=True, repeat=80),
        # Without a filter, for here a filter's fault must not count once more, and told only whether the rows agree.
        Case("rows alike, no filter", _alike_unfiltered, repeat=150, categories=_rows_agree),
        Case("one run", _sampled(1.5), visible=True, repeat=20, categories=observe.as_category_by_position),
        Case(
            "the same run again",
            _sampled(1.5),
            visible=True,
            repeat=20,
            categories=observe.as_category_by_position,
            drawn_as="one run",
        ),
        Case("temperature 0", _sampled(0.0), visible=True),
        Case("temperature 0 with filters", _sampled(0.0, 2, 0.9)),
        Case("a batch of one", _one_row_sampled, visible=True),
        Case("negative temperature", _sampled(-0.5), visible=True),
        Case("k = 0", _sampled(1.0, 0, None), visible=True),
        Case("p = 1.5", _sampled(1.0, None, 1.5), visible=True),
    ),
    properties=(
        Property(
            "Without filters, tokens come as often as the softmax says, at any temperature",
            ("no filter", "cold", "hot"),
            "Divide the logits by the temperature, take the softmax, draw with torch.multinomial: in each row a token "
            "has to come as often as its probability says.",
            weight=3,
        ),
        Property(
            "A filter that is given takes its effect, one that is None none",
            ("top-k", "top-p"),
            "Apply each filter only where its argument is not None, and hand its logits on to the next step.",
            weight=2,
            needs="Without filters, tokens come as often as the softmax says, at any temperature",
        ),
        Property(
            "The order is temperature, top-k, top-p",
            ("all three", "all three, longer"),
            "Top-p looks at the probabilities that temperature and top-k have left: see what each step hands to the "
            "next.",
            weight=2,
        ),
        Property(
            "Each row gets a draw of its own",
            ("rows alike", "rows alike, no filter"),
            "Two equal rows must not always get the same token: one draw for each row.",
        ),
        Property(
            "The generator decides: the same seed gives the same tokens",
            ("one run", "the same run again"),
            "Hand the generator on to torch.multinomial, and use no other source of randomness.",
            observe=observe.same_values,
            joint=True,
            needs="Without filters, tokens come as often as the softmax says, at any temperature",
        ),
        Property(
            "Temperature 0 takes the most probable token of each row",
            ("temperature 0", "temperature 0 with filters", "a batch of one"),
            "At temperature 0 only one logit of a row is left, so the draw can only be that one. The result has one "
            "id a row, also for a batch of one.",
        ),
        Property(
            "Settings that make no sense are refused with a ValueError",
            ("hot", "negative temperature", "k = 0", "p = 1.5"),
            "Your earlier functions raise it: call them whenever their argument is not None. Note that 0 is not None.",
            observe=observe.refusal,
        ),
        Property(
            "The arguments are left unchanged",
            ("temperature 0", "a batch of one"),
            "The logits that you were given must be as they were.",
            observe=observe.changed,
            needs="Temperature 0 takes the most probable token of each row",
        ),
    ),
    mistakes=(
        Mistake(
            "nucleus_first",
            "You apply top-p before top-k (or both to the same logits), so the nucleus counts tokens that top-k then "
            "takes away. Top-p comes last and sees what top-k has left.",
            ORDER,
            _nucleus_first,
        ),
        Mistake(
            "temperature_last",
            "You apply the temperature after the filters. It comes first: the nucleus is that of the distribution at "
            "this temperature.",
            ORDER,
            _temperature_last,
        ),
        Mistake(
            "one_number_for_all",
            "Your rows share one random number: equal rows always get the same token. Draw once for each row.",
            SEEDS,
            _one_number_for_all,
        ),
        Mistake(
            "one_token_for_all",
            "All rows get the token that was drawn for the first. Draw once for each row.",
            SEEDS,
            _one_token_for_all,
        ),
        Mistake(
            "generator_ignored",
            "You draw without the generator, so the same seed gives other tokens each time. Hand it on: "
            "torch.multinomial(..., generator=generator).",
            SEEDS,
            _generator_ignored,
        ),
        Mistake(
            "seeded_each_time",
            "You set a seed inside, so each call draws the same. Who calls you holds the generator and its seed.",
            SEEDS,
            _seeded_each_time,
        ),
        Mistake(
            "seeded_again",
            "You make a new generator from the seed of the one that you were given. That one never moves on, so each "
            "call draws the same. Draw from the generator itself.",
            SEEDS,
            _seeded_again,
        ),
        Mistake(
            "greedy",
            "You always take the most probable token. Draw one, with the probabilities of the softmax.",
            LOGITS,
            _greedy,
        ),
        Mistake(
            "all_survivors_alike",
            "Your survivors are all equally likely. Draw with their probabilities: the softmax of the filtered logits.",
            LOGITS,
            _all_survivors_alike,
        ),
        Mistake(
            "ranks_drawn",
            "You draw from sorted probabilities and return the place in that order. The id is what stood there.",
            LOGITS,
            _ranks_drawn,
        ),
        Mistake(
            "temperature_unused",
            "Your draws do not depend on the temperature.",
            TEMPERATURE,
            _temperature_unused,
        ),
        Mistake("top_k_unused", "Your draws do not depend on top_k.", TOP_K, _top_k_unused),
        Mistake("top_p_unused", "Your draws do not depend on top_p.", TOP_P, _top_p_unused),
        Mistake(
            "column_returned",
            "Your result has the shape [batch, 1]: torch.multinomial returns a column. One id a row is asked for, "
            "[batch].",
            LOGITS,
            _column_returned,
        ),
        Mistake(
            "batch_of_one_lost",
            "With a batch of one your result has no dimension left: squeeze() removes every dimension of size 1. Name "
            "the one: squeeze(-1).",
            LOGITS,
            _batch_of_one_lost,
        ),
        Mistake(
            "softmax_twice",
            "You take the softmax of probabilities: a second softmax flattens them, and even tokens that were filtered "
            "out come back.",
            LOGITS,
            _softmax_twice,
        ),
        Mistake(
            "none_not_handled",
            "top_k or top_p may be None: that filter is then left out.",
            ORDER,
            _none_not_handled,
        ),
        Mistake(
            "written_in_place",
            "Your function writes into the logits that it was given. Whoever called it still needs them.",
            LOGITS,
            _written_in_place,
        ),
    ),
    shortcuts=("generate",),
)


# beam_search

Beam = tuple[float, list[int]]


def _check_beam(beam_width: int, max_new_tokens: int) -> None:
    if beam_width < 1 or max_new_tokens < 0:
        raise ValueError("no beam, or a negative length")


def _search(
    transition: Tensor,
    start: int,
    eos: int,
    beam_width: int,
    max_new_tokens: int,
    *,
    join: Callable[[float, float], float] = lambda score, log_prob: score + log_prob,
    start_score: float = 0.0,
    finish: bool = True,
    keep_finished: bool = True,
    first_finished: bool = False,
    each_its_own: bool = False,
    never_pruned: bool = False,
    all_ends: bool = False,
    finished_first: bool = False,
    final: Callable[[Beam], float] = lambda beam: beam[0],
    lowest: bool = False,
) -> list[int]:
    """Beam search, right but for what the keywords say."""
    _check_beam(beam_width, max_new_tokens)
    log_probs = transition.tolist()
    finished: list[Beam] = []
    beams: list[Beam] = [(start_score, [start])]
    for _ in range(max_new_tokens):
        groups = [[(join(score, p), [*ids, t]) for t, p in enumerate(log_probs[ids[-1]])] for score, ids in beams]
        if each_its_own and len(groups) == beam_width:
            best = [max(group) for group in groups]
        elif never_pruned:
            best = [beam for group in groups for beam in sorted(group, reverse=True)[:beam_width]]
        else:
            best = sorted(itertools.chain(*groups), key=lambda beam: beam[0], reverse=not lowest)[:beam_width]
        ended = [beam for beam in (itertools.chain(*groups) if all_ends else best) if finish and beam[1][-1] == eos]
        if ended and first_finished:
            return ended[0][1]
        finished += ended
        beams = [beam for beam in best if beam not in ended]
    candidates = beams + finished if keep_finished or not beams else beams
    if finished_first and finished:
        candidates = finished
    return (min if lowest else max)(candidates, key=final)[1]


def _searches(**options: Any) -> Callable[..., list[int]]:
    return lambda **arguments: _search(**arguments, **options)


def _always_greedy(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
    _check_beam(beam_width, max_new_tokens)
    return _search(transition, start, eos, 1, max_new_tokens)


def _then_ids(change: Callable[[list[int], int], list[int]]) -> Callable[..., list[int]]:
    """The right text, changed; the change knows eos."""
    return lambda **arguments: change(decoding.beam_search(**arguments), arguments["eos"])


def _one_token_short(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
    _check_beam(beam_width, max_new_tokens)
    return _search(transition, start, eos, beam_width, max(max_new_tokens - 1, 0))


def _one_token_long(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
    _check_beam(beam_width, max_new_tokens)
    return _search(transition, start, eos, beam_width, max_new_tokens + 1)


def _logarithm_again(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
    return _search(transition.log(), start, eos, beam_width, max_new_tokens)


def _columns_for_rows(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
    return _search(transition.T, start, eos, beam_width, max_new_tokens)


def _arguments_unchecked(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
    return _search(transition, start, eos, max(beam_width, 1), max(max_new_tokens, 0))


def _finished_stay_in_the_beam(
    transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int
) -> list[int]:
    """Another reading of the task: a finished text goes on taking one of the places."""
    log_probs = transition.tolist()
    beams: list[Beam] = [(0.0, [start])]
    for _ in range(max_new_tokens):
        ended = [beam for beam in beams if beam[1][-1] == eos and len(beam[1]) > 1]
        going = [beam for beam in beams if beam not in ended]
        grown = [(score + p, [*ids, t]) for score, ids in going for t, p in enumerate(log_probs[ids[-1]])]
        beams = sorted(ended + grown, key=lambda beam: beam[0], reverse=True)[:beam_width]
    return max(beams, key=lambda beam: beam[0])[1]


def _always_as_many_unfinished(
    transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int
) -> list[int]:
    """A third reading, that of transformers: a finished text takes no place, the next best unfinished moves up."""
    log_probs = transition.tolist()
    finished: list[Beam] = []
    beams: list[Beam] = [(0.0, [start])]
    for _ in range(max_new_tokens):
        grown = [(score + p, [*ids, t]) for score, ids in beams for t, p in enumerate(log_probs[ids[-1]])]
        best = sorted(grown, key=lambda beam: beam[0], reverse=True)[: 2 * beam_width]
        finished += [beam for beam in best[:beam_width] if beam[1][-1] == eos]
        beams = [beam for beam in best if beam[1][-1] != eos][:beam_width]
    return max(finished + beams, key=lambda beam: beam[0])[1]


def _one_place_less_for_each_finished(
    transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int
) -> list[int]:
    """A fourth: a finished text keeps its place, and the beam that goes on gets narrower."""
    log_probs = transition.tolist()
    finished: list[Beam] = []
    beams: list[Beam] = [(0.0, [start])]
    for _ in range(max_new_tokens):
        grown = [(score + p, [*ids, t]) for score, ids in beams for t, p in enumerate(log_probs[ids[-1]])]
        best = sorted(grown, key=lambda beam: beam[0], reverse=True)[: beam_width - len(finished)]
        finished += [beam for beam in best if beam[1][-1] == eos]
        beams = [beam for beam in best if beam[1][-1] != eos]
    return max(finished + beams, key=lambda beam: beam[0])[1]


READINGS = (
    decoding.beam_search,
    _finished_stay_in_the_beam,
    _always_as_many_unfinished,
    _one_place_less_for_each_finished,
)


def _transition(draw: Generator, vocab: int, eos: int, eos_logit: float) -> Tensor:
    logits = randn(draw, vocab, vocab, dtype=torch.float64) * 1.5
    logits[:, eos] += eos_logit
    return torch.log_softmax(logits, -1).float()


def _has_a_twin(ids: list[int]) -> bool:
    """Whether the same steps in another order make another text, which is then exactly as probable."""
    orders = itertools.permutations(itertools.pairwise(ids))
    walks = {order for order in orders if all(one[1] == other[0] for one, other in itertools.pairwise(order))}
    return len({walk for walk in walks if walk[0][0] == ids[0]}) > 1


def _searched(vocab: int, beam_width: int, max_new_tokens: int, *, early_end: bool) -> Callable[[Generator], Arguments]:
    """Drawn until greedy decoding finds less, one text is best, and all readings of what finished ones do agree."""
    eos = vocab - 2

    def arguments(draw: Generator) -> Arguments:
        while True:
            found: Arguments = {
                "transition": _transition(draw, vocab, eos, 0.5 if early_end else -3.0),
                "start": 0,
                "eos": eos,
                "beam_width": beam_width,
                "max_new_tokens": max_new_tokens,
            }
            results = [reading(**found) for reading in READINGS]
            agreed = all(result == results[0] for result in results) and not _has_a_twin(results[0])
            if agreed and _always_greedy(**found) != results[0] and early_end == (eos in results[0]):
                return found

    return arguments


def _dropped(keeps_more: Callable[..., list[int]], eos_logit: float) -> Callable[[Generator], Arguments]:
    """Drawn until a search that drops less finds another text, one text is best, and all readings agree."""

    def arguments(draw: Generator) -> Arguments:
        while True:
            found: Arguments = {
                "transition": _transition(draw, 6, 4, eos_logit),
                "start": 0,
                "eos": 4,
                "beam_width": 2,
                "max_new_tokens": 4,
            }
            results = [reading(**found) for reading in READINGS]
            agreed = all(result == results[0] for result in results) and not _has_a_twin(results[0])
            if agreed and results[0] not in (keeps_more(**found), _always_greedy(**found)):
                return found

    return arguments


def _searched_greedily(draw: Generator) -> Arguments:
    return {"transition": _transition(draw, 6, 5, 0.0), "start": 0, "eos": 5, "beam_width": 1, "max_new_tokens": 4}


def _negative_width(draw: Generator) -> Arguments:
    return {**_searched_greedily(draw), "beam_width": -randint(draw, 1, 4)}


def _no_new_token(draw: Generator) -> Arguments:
    return {"transition": _transition(draw, 5, 3, 0.0), "start": 2, "eos": 3, "beam_width": 2, "max_new_tokens": 0}


# Token 1 comes first most often, but what follows it is uncertain; after token 2, token 3 is nearly sure. 4 ends.
GARDEN_PATH = torch.tensor(
    [
        [0.02, 0.55, 0.40, 0.02, 0.01],
        [0.28, 0.25, 0.22, 0.21, 0.04],
        [0.01, 0.02, 0.04, 0.92, 0.01],
        [0.04, 0.03, 0.88, 0.03, 0.02],
        [0.20, 0.20, 0.20, 0.20, 0.20],
    ]
).log()
# After token 1 two ways to go on are better than any after token 2. 4 ends.
BOTH_FROM_ONE = torch.tensor(
    [
        [0.02, 0.60, 0.30, 0.06, 0.02],
        [0.40, 0.05, 0.08, 0.45, 0.02],
        [0.31, 0.30, 0.19, 0.18, 0.02],
        [0.26, 0.25, 0.24, 0.23, 0.02],
        [0.20, 0.20, 0.20, 0.20, 0.20],
    ]
).log()
# Token 3 is nearly sure after 2, but 2 itself is not. 4 ends.
RARE_THEN_SURE = torch.tensor(
    [
        [0.04, 0.55, 0.32, 0.06, 0.03],
        [0.60, 0.10, 0.14, 0.11, 0.05],
        [0.02, 0.03, 0.04, 0.90, 0.01],
        [0.30, 0.25, 0.22, 0.18, 0.05],
        [0.20, 0.20, 0.20, 0.20, 0.20],
    ]
).log()
# Token 3 ends the text. 0 1 3 has the largest sum; 0 2 2 2 2 has the larger mean, and is what greedy decoding finds.
EARLY_END = torch.tensor(
    [
        [0.05, 0.40, 0.50, 0.05],
        [0.06, 0.02, 0.02, 0.90],
        [0.10, 0.10, 0.75, 0.05],
        [0.30, 0.30, 0.30, 0.10],
    ]
).log()
# Token 3 ends the text. 0 3 ends first, and 0 1 2 3 is more probable.
LATER_END = torch.tensor(
    [
        [0.05, 0.60, 0.05, 0.30],
        [0.02, 0.03, 0.90, 0.05],
        [0.02, 0.05, 0.03, 0.90],
        [0.30, 0.30, 0.30, 0.10],
    ]
).log()
END_BY_GREED = torch.tensor([[0.1, 0.6, 0.3], [0.2, 0.1, 0.7], [0.5, 0.3, 0.2]]).log()
# Token 3 ends the text. 0 3 has ended, and 0 1 1 goes on with more.
STILL_OPEN = torch.tensor(
    [
        [0.05, 0.60, 0.05, 0.30],
        [0.04, 0.90, 0.03, 0.03],
        [0.30, 0.30, 0.30, 0.10],
        [0.30, 0.30, 0.30, 0.10],
    ]
).log()
# With two texts in sight, 0 2 4 is lost in the second round, and 0 2 4 2 would be the best of all. 5 ends.
LOST_ON_THE_WAY = torch.tensor(
    [
        [0.04, 0.50, 0.40, 0.03, 0.02, 0.01],
        [0.04, 0.40, 0.03, 0.50, 0.02, 0.01],
        [0.25, 0.05, 0.04, 0.24, 0.41, 0.01],
        [0.30, 0.21, 0.20, 0.15, 0.13, 0.01],
        [0.01, 0.01, 0.95, 0.01, 0.01, 0.01],
        [0.17, 0.17, 0.17, 0.17, 0.16, 0.16],
    ]
).log()
# Token 3 ends the text, but to end at once is only the third best, and is dropped. 0 3 is more probable than 0 1 0.
END_NOT_AMONG_THE_BEST = torch.tensor(
    [
        [0.03, 0.48, 0.31, 0.18],
        [0.34, 0.32, 0.29, 0.05],
        [0.36, 0.31, 0.28, 0.05],
        [0.30, 0.30, 0.30, 0.10],
    ]
).log()

BEAM_SEARCH = Exercise(
    reference=decoding.beam_search,
    points=3,
    cases=(
        Case(
            "width 1",
            given(transition=GARDEN_PATH, start=0, eos=4, beam_width=1, max_new_tokens=3),
            visible=True,
        ),
        Case(
            "width 1 with an end",
            given(transition=END_BY_GREED, start=0, eos=2, beam_width=1, max_new_tokens=5),
            visible=True,
        ),
        Case("width 1, drawn", _searched_greedily),
        Case(
            "a garden path",
            given(transition=GARDEN_PATH, start=0, eos=4, beam_width=2, max_new_tokens=3),
            visible=True,
        ),
        Case(
            "both from one",
            given(transition=BOTH_FROM_ONE, start=0, eos=4, beam_width=2, max_new_tokens=3),
            visible=True,
        ),
        Case(
            "a rare token before a sure one",
            given(transition=RARE_THEN_SURE, start=0, eos=4, beam_width=2, max_new_tokens=2),
            visible=True,
        ),
        Case("drawn", _searched(6, 3, 4, early_end=False)),
        Case("wide, drawn", _searched(7, 5, 5, early_end=False)),
        Case(
            "an early end",
            given(transition=EARLY_END, start=0, eos=3, beam_width=2, max_new_tokens=4),
            visible=True,
        ),
        Case(
            "a later end",
            given(transition=LATER_END, start=0, eos=3, beam_width=2, max_new_tokens=5),
            visible=True,
        ),
        Case(
            "still open",
            given(transition=STILL_OPEN, start=0, eos=3, beam_width=2, max_new_tokens=2),
            visible=True,
        ),
        Case("an early end, drawn", _searched(6, 3, 5, early_end=True)),
        Case(
            "lost on the way",
            given(transition=LOST_ON_THE_WAY, start=0, eos=5, beam_width=2, max_new_tokens=3),
            visible=True,
        ),
        Case(
            "an end that is not among the best",
            given(transition=END_NOT_AMONG_THE_BEST, start=0, eos=3, beam_width=2, max_new_tokens=2),
            visible=True,
        ),
        Case("lost on the way, drawn", _dropped(_searches(never_pruned=True), -3.0)),
        Case("an end that is not among the best, drawn", _dropped(_searches(all_ends=True), 0.0)),
        Case("no new token", _no_new_token, visible=True),
        Case(
            "width 0",
            given(transition=GARDEN_PATH, start=0, eos=4, beam_width=0, max_new_tokens=3),
            visible=True,
        ),
        Case("negative width", _negative_width),
        Case(
            "negative length",
            given(transition=GARDEN_PATH, start=0, eos=4, beam_width=2, max_new_tokens=-1),
            visible=True,
        ),
    ),
    properties=(
        Property(
            "A beam of width 1 is greedy decoding",
            ("width 1", "width 1 with an end", "width 1, drawn"),
            "With one text in sight, each round takes the most probable next token, until eos or the limit.",
        ),
        Property(
            "A wider beam finds a text with a larger sum of log-probabilities",
            ("a garden path", "both from one", "a rare token before a sure one", "drawn", "wide, drawn"),
            "Follow two beams by hand through two rounds: extend each by every token, sort all extensions together, "
            "keep the best two.",
            weight=3,
        ),
        Property(
            "A text that ends with eos is kept as it is, and wins where its sum is the largest",
            ("an early end", "a later end", "still open", "an early end, drawn"),
            "Set finished texts aside, do not extend them, and compare them with the others at the end.",
            weight=2,
        ),
        Property(
            "Only the beam_width best extensions of a round live on, whatever they would have led to",
            (
                "lost on the way",
                "an end that is not among the best",
                "lost on the way, drawn",
                "an end that is not among the best, drawn",
            ),
            "Sort the extensions of all texts together, those that end too, and drop all but the first beam_width.",
        ),
        Property(
            "With no new token allowed, only the start is returned",
            ("no new token",),
            "max_new_tokens = 0 leaves [start].",
            needs="A beam of width 1 is greedy decoding",
        ),
        Property(
            "A beam_width below 1 and a negative length are refused with a ValueError",
            ("width 1", "width 1, drawn", "a garden path", "width 0", "negative width", "negative length"),
            "Raise ValueError for a beam without width and for a negative number of tokens.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake(
            "greedy",
            "You always follow the single most probable next token. Keep beam_width texts in sight, and let all their "
            "extensions compete.",
            BEAM,
            _always_greedy,
        ),
        Mistake(
            "multiplied",
            "You multiply log-probabilities. Probabilities multiply; their logarithms add.",
            BEAM,
            _searches(join=lambda score, log_prob: score * log_prob, start_score=1.0),
        ),
        Mistake(
            "logarithm_again",
            "You take logarithms of what are logarithms already: that of a negative number is NaN. Add the numbers of "
            "the table as they are.",
            BEAM,
            _logarithm_again,
        ),
        Mistake(
            "finished_dropped",
            "You drop texts that have ended. A short text may be the most probable of all: keep it and compare it at "
            "the end.",
            BEAM,
            _searches(keep_finished=False),
        ),
        Mistake(
            "finished_extended",
            "You extend texts beyond eos. After eos a text is finished: set it aside.",
            BEAM,
            _searches(finish=False),
        ),
        Mistake(
            "first_finished",
            "You return the first text that ends. Another one, longer or still open, may be more probable: compare "
            "all of them when the search is over.",
            BEAM,
            _searches(first_finished=True),
        ),
        Mistake(
            "finished_first",
            "You return the best text that has ended, where one that is still open has a larger sum. Compare both.",
            BEAM,
            _searches(finished_first=True),
        ),
        Mistake(
            "all_ends_kept",
            "You set aside every text that ends. Only an extension that is among the beam_width best of its round "
            "lives on, also if it ends: drop the others first, then look for eos.",
            BEAM,
            _searches(all_ends=True),
        ),
        Mistake(
            "never_pruned",
            "You keep beam_width extensions of *each* text, so that there are more in every round. Sort the extensions "
            "of all texts together and keep beam_width of them.",
            BEAM,
            _searches(never_pruned=True),
        ),
        Mistake(
            "mean_log_prob",
            "You compare mean log-probabilities. That is a length penalty, and none is asked for: compare the sums.",
            BEAM,
            _searches(final=lambda beam: beam[0] / max(len(beam[1]) - 1, 1)),
        ),
        Mistake(
            "last_step_only",
            "You compare texts by their last token alone. Each carries the sum of all its log-probabilities.",
            BEAM,
            _searches(join=lambda score, log_prob: log_prob),
        ),
        Mistake(
            "each_its_own",
            "Each of your beams keeps its own best extension, so they never compete. Sort the extensions of all beams "
            "together.",
            BEAM,
            _searches(each_its_own=True),
        ),
        Mistake(
            "lowest_kept",
            "You keep the *least* probable texts. Log-probabilities are negative, and the best is nearest to 0: sort "
            "downward.",
            BEAM,
            _searches(lowest=True),
        ),
        Mistake(
            "columns_for_rows",
            "You read the table the wrong way round. Row i holds the log-probabilities of what follows token i.",
            BEAM,
            _columns_for_rows,
        ),
        Mistake(
            "start_left_out",
            "Your text lacks its start.",
            BEAM,
            _then_ids(lambda ids, eos: ids[1:]),
        ),
        Mistake(
            "eos_left_out",
            "Your finished text lacks eos. It belongs to the text, and to its probability.",
            BEAM,
            _then_ids(lambda ids, eos: ids[:-1] if ids[-1] == eos else ids),
        ),
        Mistake(
            "one_token_short",
            "You stop one token early: max_new_tokens counts the tokens *after* start.",
            BEAM,
            _one_token_short,
        ),
        Mistake(
            "one_token_long", "Your text has one token more than max_new_tokens after start.", BEAM, _one_token_long
        ),
        Mistake(
            "arguments_unchecked",
            "You accept a beam_width below 1 or a negative max_new_tokens. Raise ValueError.",
            BEAM,
            _arguments_unchecked,
        ),
    ),
    shortcuts=("generate",),
)


ASSIGNMENT = Assignment(
    "11_decoding",
    (
        APPLY_TEMPERATURE,
        TOP_K_FILTER,
        TOP_P_FILTER,
        MIN_P_FILTER,
        REPEAT_NGRAM_FILTER,
        SAMPLE,
        BEAM_SEARCH,
    ),
)

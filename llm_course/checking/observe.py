"""What a property looks at in the replies to its calls.

An observer turns replies into something that is then compared with the same observation of the right answer.
Looking at one aspect only (that rows sum to 1, that a masked key has no weight) lets an answer that is wrong in
one way keep the credit for what it does right. Observers are named in the data of the learner's own checks, so
they live here and hold no answers.
"""

import math
from typing import Any

from llm_course.checking.calls import Reply
from llm_course.checking.compare import agree
from llm_course.checking.tensors import Tensor, torch

CERTAIN = 30
"""How often a category is counted that is the same in each call, so that two calls can be told from two others."""


def value(reply: Reply) -> Any:
    """The returned value."""
    return reply.value


def first(reply: Reply) -> Any:
    """The first of the returned values."""
    return reply.value[0]


def second(reply: Reply) -> Any:
    """The second of the returned values."""
    return reply.value[1]


def third(reply: Reply) -> Any:
    """The third of the returned values."""
    return reply.value[2]


def second_and_third(reply: Reply) -> list[Any]:
    """The second and the third of the returned values."""
    return [reply.value[1], reply.value[2]]


def product(reply: Reply) -> Any:
    """The product of the two returned numbers."""
    return reply.value[0] * reply.value[1]


def second_over_first(reply: Reply) -> Any:
    """The second of the returned numbers divided by the first."""
    return reply.value[1] / reply.value[0]


def dtype(reply: Reply) -> list[str]:
    """The dtypes of the returned tensors."""
    values = reply.value if isinstance(reply.value, (tuple, list)) else [reply.value]
    return [str(item.dtype) for item in values if isinstance(item, Tensor)]


def item_types(reply: Reply) -> list[str]:
    """The types of the items of the returned list: a list does where a pair is expected, but is no key of a dict."""
    return [type(item).__name__ for item in reply.value]


def second_dtype(reply: Reply) -> str:
    """The dtype of the second returned tensor, where the first may have any of its kind."""
    return str(reply.value[1].dtype)


def changed(reply: Reply) -> list[str]:
    """The names of the arguments that the call changed."""
    return sorted(reply.changed)


def dtype_and_changed(reply: Reply) -> tuple[list[str], list[str]]:
    """The dtypes of the returned tensors, and the names of the arguments that the call changed."""
    return dtype(reply), changed(reply)


def value_and_changed(reply: Reply) -> tuple[Any, list[str]]:
    """The returned value, and the names of the arguments that the call changed."""
    return reply.value, changed(reply)


def first_dtypes_and_changed(reply: Reply) -> tuple[list[str], list[str]]:
    """The dtypes of the list of tensors returned first, and the names of the arguments that the call changed."""
    return [str(tensor.dtype) for tensor in reply.value[0]], changed(reply)


def gradients(reply: Reply) -> dict[str, Tensor | None]:
    """The gradients with respect to the arguments that were asked for."""
    return reply.gradients


def value_and_gradients(reply: Reply) -> tuple[Any, dict[str, Tensor | None]]:
    """The returned value, and the gradients that were asked for."""
    return reply.value, reply.gradients


def gradients_where_finite(reply: Reply) -> dict[str, Tensor | None]:
    """The gradients with respect to arguments of the result's shape, 0 where the result is infinite.

    A filter may set a place to -inf or add -inf to it: what flows back from there never counts.
    """
    finite = torch.isfinite(reply.value)
    return {
        name: None if gradient is None else torch.where(finite, gradient, 0.0)
        for name, gradient in reply.gradients.items()
    }


def conversation(reply: Reply) -> Any:
    """A list of messages, in which a tool's report of an error is "error…", whatever else it says."""
    return [
        {**message, "content": "error…"}
        if message["role"] != "assistant" and str(message["content"]).startswith("error")
        else message
        for message in reply.value
    ]


def refusal(reply: Reply) -> str | None:
    """The type of the exception that the call raised."""
    return reply.failure.type if reply.failure else None


def row_sums(reply: Reply) -> Tensor:
    """Sums over the last dimension of the last returned tensor."""
    last = reply.value[-1] if isinstance(reply.value, (tuple, list)) else reply.value
    return last.sum(-1)


def row_lengths(reply: Reply) -> Tensor:
    """Euclidean lengths over the last dimension of the returned tensor."""
    return reply.value.norm(dim=-1)


def row_directions(reply: Reply) -> Tensor:
    """The rows of the returned tensor, each divided by its length: where they point, whatever their scale."""
    return reply.value / reply.value.norm(dim=-1, keepdim=True)


def orders_of_magnitude(reply: Reply) -> list[int]:
    """The nearest power of ten of the length of each returned row. Raises ValueError for a row of zeros."""
    return [round(math.log10(length)) for length in row_lengths(reply).flatten().tolist()]


def ratio(plain: Reply, changed: Reply) -> Tensor:
    """By what a second result differs from the first as a factor, element by element."""
    return changed.value / plain.value


def difference(plain: Reply, changed: Reply) -> Tensor:
    """By what a second result differs from the first as a term, element by element."""
    return changed.value - plain.value


def in_units_of_first_step(reply: Reply) -> Tensor:
    """The returned matrices, each divided by its entry in row 1, column 0: their form without slope and sign."""
    return reply.value / reply.value[..., 1:2, 0:1]


def distance_only(base: Reply, moved: Reply, pulled_apart: Reply) -> tuple[bool, bool, bool, Tensor]:
    """Whether moving on turns each row but leaves the dot products of all, and other distances change these.

    Rows are the last dimension but one of the returned tensor. That rows turn is asked because rows that follow from
    nothing, such as zeros, have the same products too; and their lengths, because so have the rows of a table.
    """
    products = [reply.value @ reply.value.transpose(-2, -1) for reply in (base, moved, pulled_apart)]
    same = [torch.allclose(products[0], other, rtol=1e-4, atol=1e-4) for other in products[1:]]
    return bool(_moved_rows(base, moved).all()), same[0], not same[1], row_lengths(base)


def causal_only(base: Reply, last_changed: Reply, first_changed: Reply) -> tuple[bool, bool, bool]:
    """Whether a new input moves its own output, a new first input the last output, and a new last one no earlier.

    Positions are the last dimension but one of the returned tensor. Its own output is asked for in every sequence:
    outputs that follow from nothing, such as zeros and then noise, stay or move as a whole.
    """
    by_last, by_first = _moved_rows(base, last_changed), _moved_rows(base, first_changed)
    own = bool(by_last[..., -1].all() and by_first[..., 0].all())
    return own, bool(by_first[..., -1].any()), not by_last[..., :-1].any()


def _moved_rows(before: Reply, after: Reply) -> Tensor:
    """Which rows of two returned tensors [..., rows, width] differ by more than rounding. bool [..., rows]."""
    return ~torch.isclose(before.value, after.value, rtol=1e-4, atol=1e-5).all(-1)


def empty_rows(reply: Reply) -> tuple[Tensor, Tensor]:
    """For an (output, weights) pair: the sums of the weights, and which rows of the output are exactly zero."""
    output, weights = reply.value
    return weights.sum(-1), (output == 0).all(-1)


def stays_below(reply: Reply, limit: int) -> bool:
    """Whether no tensor that was made on the way has `limit` elements or more.

    What is not even as large as the result was not seen, such as the work of another thread.
    """
    return reply.largest is not None and reply.value.numel() <= reply.largest < limit


def entry(reply: Reply, name: str) -> Any:
    """One entry of the returned dict."""
    return reply.value[name]


def total_beyond_parts(reply: Reply) -> Any:
    """By what the entry "total" of the returned dict exceeds the sum of its other entries. Raises ValueError at 0."""
    if not reply.value["total"]:
        raise ValueError("nothing was counted")
    return reply.value["total"] - sum(number for name, number in reply.value.items() if name != "total")


def as_one_category(value: Any) -> list[Any]:
    """A single value as one category."""
    return [value.tolist() if isinstance(value, Tensor) else value]


def as_all_but_last(value: Any) -> list[Any]:
    """A single value, a list, as one category: what stands before its last item."""
    return [value[:-1]]


def as_first_item(value: Any) -> list[Any]:
    """The first item of a single value, a list, as one category."""
    return value[:1]


def as_category_by_position(value: Any) -> list[Any]:
    """A single value, a vector or a list, as one category for each of its positions."""
    return list(enumerate(value.tolist() if isinstance(value, Tensor) else value))


def as_categories_of_pairs(value: Any) -> list[Any]:
    """Two tensors of one shape as one category for each place: the pair of numbers that stands there."""
    first, second = value
    return list(zip(first.flatten().tolist(), second.flatten().tolist(), strict=True))


def as_one_category_of_pairs(value: Any) -> list[Any]:
    """Two tensors of one shape as one category: the pairs at all places together."""
    return [as_categories_of_pairs(value)]


def as_fates(value: Any, mask_id: int, least: int = 4) -> list[Any]:
    """(inputs, labels) of tokens that are all alike as a category for each: what became of it.

    Beside it stands what never happens where each fate is drawn by itself, and ids from a large vocabulary: that none
    was hidden and all have one fate, or that all others, `least` or more, became the same id. So it is counted often
    enough to tell.
    """
    inputs, labels = value
    _, hidden, other = _fates(inputs, labels, mask_id)
    fates = [("kept", "hidden", "other")[fate] for fate in (hidden + 2 * other)[labels != -100].tolist()]
    one_id = int(other.sum()) >= least and len(inputs[other].unique()) == 1
    seen = "one fate" if set(fates) in ({"kept"}, {"other"}) else "one other id" if one_id else "nothing special"
    return [*[f"not chosen, {token}" for token in inputs[labels == -100].tolist()], *fates, *[seen] * CERTAIN]


def as_missing_ids(value: Any, vocab_size: int) -> list[Any]:
    """(inputs, labels) as a category for each token, whether it was chosen, and one for all of them.

    That one is which id is in none of the inputs, or that none is missing, or several are. Where each comes in for
    certain, it is counted often enough to tell one that never does.
    """
    inputs, labels = value
    missing = sorted(set(range(vocab_size)) - set(inputs.flatten().tolist()))
    found = f"{missing} missing" if len(missing) < 2 else "several missing"
    return [*(labels != -100).flatten().tolist(), *[found] * CERTAIN]


def as_many_ids(value: Any, limit: int) -> list[Any]:
    """(inputs, labels) as one category: whether more different ids than `limit` are among the inputs."""
    return [len(value[0].unique()) > limit]


def as_labels_and_unlabelled_inputs(value: Any) -> list[Any]:
    """(inputs, labels) as one category: the labels, and the inputs where the label is -100, else 0."""
    inputs, labels = value
    return [(labels.tolist(), inputs.masked_fill(labels != -100, 0).tolist())]


def labels_and_unlabelled_inputs(reply: Reply) -> list[Any]:
    """For each (inputs, labels) that a repeated call gave: the labels, and the inputs where the label is -100."""
    return [as_labels_and_unlabelled_inputs(value) for value in reply.value]


def shares_within(reply: Reply, mask_id: int, chosen: list[float], kept: list[float], other: list[float]) -> list[bool]:
    """For (inputs, labels) of many tokens in a repeated call: whether three shares lie between two bounds each.

    They are the share of tokens that are chosen, and of these the shares that are kept, and that became neither
    mask_id nor stayed. Last comes whether the chosen tokens of each call have more than one fate.
    """
    inputs, labels = (torch.cat([value[place].flatten() for value in reply.value]) for place in (0, 1))
    found = labels != -100
    shares = [found.double().mean(), *(fate[found].double().mean() for fate in _fates(inputs, labels, mask_id)[::2])]
    within = [bool(low <= share <= high) for share, (low, high) in zip(shares, (chosen, kept, other), strict=True)]
    fates = [sum(bool(fate.any()) for fate in _fates(value[0], value[1], mask_id)) for value in reply.value]
    return [*within, min(fates) > 1]


def _fates(inputs: Tensor, labels: Tensor, mask_id: int) -> tuple[Tensor, Tensor, Tensor]:
    """Which chosen tokens were kept, which became mask_id, and which another id."""
    chosen, kept, hidden = labels != -100, inputs == labels, inputs == mask_id
    return chosen & kept, chosen & hidden & ~kept, chosen & ~hidden & ~kept


def same_values(*replies: Reply) -> bool:
    """Whether all replies have the same value: a generator with the same seed must give the same draw."""
    texts = [_text(reply) for reply in replies]
    return all(text == texts[0] for text in texts)


def _text(reply: Reply) -> str:
    """The value as text, written once: the same reply is looked at again for each known mistake."""
    return reply.noted("text", None, lambda: repr(as_one_category(reply.value)))


def same_each_time(reply: Reply) -> bool:
    """Whether a repeated call gave the same value each time."""
    texts = [repr(as_one_category(value)) for value in reply.value]
    return all(text == texts[0] for text in texts)


def values_differ(one: Reply, other: Reply) -> bool:
    """Whether two replies have different values."""
    return not same_values(one, other)


def spans(reply: Reply) -> list[float]:
    """By how much the second number of each pair that a repeated call gave exceeds the first."""
    return [pair[1] - pair[0] for pair in reply.value]


def same_up_to_rounding(one: Reply, other: Reply) -> bool:
    """Whether both replies have the same value, up to rounding, be it right or wrong."""
    return agree(one.value, other.value)


def results(reply: Reply, positions: tuple[int, ...]) -> list[Any]:
    """The results of some steps of a script, by position."""
    return [reply.value[position] for position in positions]


def blocks_by_appearance(reply: Reply, block_size: int) -> list[Any]:
    """The results of a script's steps; in lists of slots, the blocks are numbered as they are first seen.

    So it does not matter here which of the free blocks was taken.
    """
    numbers: dict[int, int] = {}

    def renamed(slot: int) -> int:
        block, offset = divmod(slot, block_size)
        return numbers.setdefault(block, len(numbers)) * block_size + offset

    return [[renamed(slot) for slot in result] if isinstance(result, list) else result for result in reply.value]


def changes_nothing(reply: Reply, before: int, after: int) -> tuple[bool, Any]:
    """Whether what was done between two steps of a script left their result as it was, and the second result.

    Only the second need be the same in every run.
    """
    first, second = _results_of_one_shape(reply, before, after)
    return torch.allclose(first, second, rtol=1e-4, atol=1e-5), second


def direction_of_change(reply: Reply, before: int, after: int) -> Tensor:
    """The difference of the results of two steps of a script, divided by its length."""
    first, second = _results_of_one_shape(reply, before, after)
    change = second - first
    return change / change.norm()


def _results_of_one_shape(reply: Reply, before: int, after: int) -> tuple[Tensor, Tensor]:
    """The results of two steps. Raises ValueError where they are not tensors of one shape."""
    # Of a column and a row torch would make a matrix, which may fill the memory.
    first, second = reply.value[before], reply.value[after]
    if not (isinstance(first, Tensor) and isinstance(second, Tensor) and first.shape == second.shape):
        raise ValueError("only tensors of one shape can be compared")
    return first, second


def rows_of_last_result(results: list[Any]) -> list[tuple[float, ...]]:
    """The rows of the last result of a script as categories, to two decimals."""
    # Without the sum, a row of 0.0 and one of -0.0 would be two categories.
    return [tuple(round(number, 2) + 0.0 for number in row) for row in results[-1].tolist()]


def parts(reply: Reply, position: int, names: tuple[str, ...]) -> Any:
    """Some entries of the dict that a step of a script gave, or what it gave in place of a dict."""
    result = reply.value[position]
    return [result[name] for name in names] if isinstance(result, dict) else result

"""What goes wrong in cross_attention: the texts mixed up, the mask, the scale, the weights, the heads."""

from torch import Tensor

from autograder.exercises.mistakes import Mistakes
from solutions import architectures

MASK = "architectures-padding"

known = Mistakes(architectures.cross_attention, section="architectures-cross")

CHECK = "n_heads < 1 or w_q.shape[0] % n_heads"
SPLIT = "projected.unflatten(-1, (n_heads, -1)).transpose(1, 2)"
QUERY, KEY, VALUE = "split_heads(x @ w_q.T)", "split_heads(memory @ w_k.T)", "split_heads(memory @ w_v.T)"
SCALE = " / math.sqrt(query.shape[-1])"
HIDDEN = "~memory_mask[:, None, None, :]"
LOWEST = "torch.finfo(scores.dtype).min"
HIDE = "scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)"
SOFTMAX = "torch.softmax(scores, dim=-1)"
EMPTIED = "weights = weights.masked_fill(hidden, 0.0)"
JOINED = "output.transpose(1, 2).flatten(2)"
FIRST = "    def split_heads"

known.edit(
    "keys_from_x",
    {KEY: "split_heads(x @ w_k.T)"},
    "Your keys are made from x. A query from x asks, and *memory* answers: its keys and its values.",
)
known.edit(
    "values_from_x",
    {VALUE: "split_heads(x @ w_v.T)"},
    "Your values are made from x. What is mixed is what the encoder has to say: values come from memory, as keys do.",
)
known.edit(
    "self_attention",
    {KEY: "split_heads(x @ w_k.T)", VALUE: "split_heads(x @ w_v.T)"},
    "You attend from x to x, and memory is not read at all. Only queries come from x: keys and values from memory.",
)
known.edit(
    "queries_from_memory",
    {QUERY: "split_heads(memory @ w_q.T)", KEY: "split_heads(x @ w_k.T)", VALUE: "split_heads(x @ w_v.T)"},
    "Queries and keys come from the wrong texts: memory asks and x answers. The decoder's positions ask: queries from "
    "x, keys and values from memory.",
)
known.edit(
    "memory_alone",
    {QUERY: "split_heads(memory @ w_q.T)"},
    "Your queries are made from memory, and x is not read at all. Queries come from x.",
)
known.edit(
    "causal",
    {
        "    weights = torch.softmax": "    later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu("
        "1 + scores.shape[-1] - scores.shape[-2])\n"
        "    scores = scores.masked_fill(later, torch.finfo(scores.dtype).min)\n    weights = torch.softmax"
    },
    "You hide later positions of memory by a causal mask. The other text is there as a whole before the first token is "
    "written: every query sees all of it.",
    "architectures-patterns",
)
known.edit(
    "causal_from_the_start",
    {
        "    weights = torch.softmax": "    later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)\n"
        "    scores = scores.masked_fill(later, torch.finfo(scores.dtype).min)\n    weights = torch.softmax"
    },
    "Query i of yours sees the positions of memory up to i only, by a causal mask. The other text is there as a whole "
    "before the first token is written: every query sees all of it.",
    "architectures-patterns",
)
known.edit(
    "mask_over_queries",
    {HIDDEN: "~memory_mask[:, None, :, None]"},
    "You lay memory_mask over the queries: it hides rows. It belongs to the positions of memory, the columns of the "
    "scores: memory_mask[:, None, None, :].",
    MASK,
)
known.edit(
    "mask_over_queries_averaged",
    {HIDDEN: "~memory_mask[:, None, :, None]", EMPTIED: "pass"},
    "You lay memory_mask over the queries, and a query that it hides gets the average of all of memory. It belongs to "
    "the columns of the scores, the positions of memory: memory_mask[:, None, None, :].",
    MASK,
)
known.edit(
    "mask_over_queries_nan",
    {HIDDEN: "~memory_mask[:, None, :, None]", LOWEST: "-torch.inf", EMPTIED: "pass"},
    "You lay memory_mask over the queries, and a query that it hides becomes NaN. It belongs to the columns of the "
    "scores, the positions of memory: memory_mask[:, None, None, :].",
    MASK,
)
known.edit(
    "mask_of_the_first_example",
    {HIDDEN: "~memory_mask[:1, None, None, :]"},
    "Every example gets the mask of the first. Each has padding of its own: keep the batch dimension, "
    "memory_mask[:, None, None, :].",
    MASK,
)
known.edit(
    "mask_lands_on_heads",
    {HIDDEN: "~memory_mask[None, :, None, :]"},
    "Broadcasting puts your mask in the wrong place: [batch, 1, source] against [batch, heads, time, source] lines the "
    "batch up with the heads. Give it all four dimensions: memory_mask[:, None, None, :].",
    MASK,
)
known.edit(
    "mask_lands_on_time",
    {HIDDEN: "~memory_mask"},
    "Broadcasting puts your mask in the wrong place: [batch, source] against [batch, heads, time, source] lines the "
    "batch up with the time. Give it all four dimensions: memory_mask[:, None, None, :].",
    MASK,
)
known.edit(
    "mask_inverted",
    {HIDDEN: "memory_mask[:, None, None, :]"},
    "Your mask is inverted: you hide where memory_mask is True. False hides.",
    MASK,
)
known.edit(
    "mask_ignored",
    {FIRST: f"    memory_mask = None\n\n{FIRST}"},
    "You do not look at memory_mask. Where it is False, a position of memory is hidden.",
    MASK,
)
known.edit(
    "mask_needed",
    {"    if memory_mask is not None:\n        hidden": "    if True:\n        hidden"},
    "Your function raises without a memory_mask. None hides nothing.",
    MASK,
)
known.edit(
    "hidden_scores_zero",
    {HIDE: "scores = scores.masked_fill(hidden, 0.0)", EMPTIED: "pass"},
    "You set hidden scores to 0. Zero is a score like others, and exp(0) = 1 is no small weight: hide *before* the "
    "softmax, with the lowest number there is.",
    MASK,
)
known.edit(
    "hidden_after_the_softmax",
    {HIDE: "pass"},
    "You hide weights or values after the softmax only: hidden positions still take weight from the others. Hide in "
    "the scores, before the softmax.",
    MASK,
)
known.edit(
    "mask_added",
    {HIDE: "scores = scores + memory_mask[:, None, None, :]", EMPTIED: "pass"},
    "You add the mask to the scores: a seen position gets 1 more, and nothing is hidden. Set hidden scores to the "
    "lowest number there is.",
    MASK,
)
known.edit(
    "nan_where_all_is_hidden",
    {LOWEST: "-torch.inf", EMPTIED: "pass"},
    "Where all of memory is hidden your result is NaN: the softmax of nothing but -inf. Such a query gives zeros: put "
    "0 in the place of its weights with masked_fill, for NaN times 0 is NaN.",
    MASK,
)
known.edit(
    "average_where_all_is_hidden",
    {EMPTIED: "pass"},
    "Where all of memory is hidden your softmax gives equal weights, and the query gets the average of what it must "
    "not see: a score such as -1e9 hides a position only beside others. Such a query gives zeros: set the weights of "
    "hidden positions to 0 after the softmax.",
    MASK,
)
known.edit(
    "low_number_added",
    {HIDE: "scores = scores + hidden * -1e9", EMPTIED: "pass"},
    "You add a number such as -1e9 to hidden scores, which hides nothing where all positions of memory get it: the "
    "softmax sees differences only. Such a query gives zeros: set the weights of hidden positions to 0 after the "
    "softmax.",
    MASK,
)
known.edit(
    "infinity_times_the_mask",
    {HIDE: "scores = scores + hidden * -torch.inf", EMPTIED: "pass"},
    "You multiply the mask by infinity, and 0 times infinity is NaN: positions that are not hidden get it. Hide with "
    "masked_fill.",
    MASK,
)
known.edit(
    "nan_in_gradients",
    {HIDE: "scores = scores + torch.where(hidden, -torch.inf, 0.0)", EMPTIED: "weights = torch.nan_to_num(weights)"},
    "Your result is right where all of memory is hidden, but the gradients are NaN: nan_to_num repairs the result "
    "alone. Add the lowest finite number in place of -inf, and set the weights to 0 afterwards.",
    MASK,
)
known.edit(
    "nan_in_gradients_of_values",
    {HIDE: "scores = scores + torch.where(hidden, -torch.inf, 0.0)", EMPTIED: "pass",
     "output = weights @ value": "output = torch.nan_to_num(weights @ value)"},
    "You repair the output where all of memory is hidden, and the gradients are NaN all the same. Let none arise: the "
    "lowest finite number in place of -inf, and the weights set to 0 afterwards.",
    MASK,
)  # fmt: skip
known.edit(
    "all_hidden_refused",
    {
        "        hidden =": "        if not memory_mask.any(dim=-1).all():\n"
        "            raise ValueError('nothing to see')\n        hidden ="
    },
    "You refuse an example of which all is hidden. It gives zeros.",
    MASK,
)
known.edit(
    "memory_zeroed",
    {
        "    def split_heads(": "    if memory_mask is not None:\n"
        "        memory, memory_mask = memory * memory_mask[..., None], None\n\n    def split_heads("
    },
    "You set hidden positions of memory to 0 and let them take part. A score of 0 is no small one: they still get "
    "weight. Hide their scores before the softmax.",
)  # fmt: skip
known.edit(
    "renormalized_after_the_softmax",
    {
        "scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)": "pass",
        "weights = weights.masked_fill(hidden, 0.0)": "weights = weights.masked_fill(hidden, 0.0)\n"
        "        weights = weights / (weights.sum(dim=-1, keepdim=True) + 1e-9)",
    },
    "You take hidden positions out after the softmax, and divide by what is left. Where padding has a large score, "
    "nothing is left: the softmax has rounded all others to 0. Hide scores before the softmax.",
)
known.edit(
    "keys_and_values_swapped",
    {"memory @ w_k.T": "memory @ w_v.T", "memory @ w_v.T": "memory @ w_k.T"},
    "Your keys are made with w_v and your values with w_k. It is the other way round.",
)
known.edit(
    "divided_by_d_k",
    {"/ math.sqrt(query.shape[-1])": "/ query.shape[-1]"},
    "You divide the scores by d_k. Divide by its root.",
)
known.edit(
    "not_scaled",
    {SCALE: ""},
    "Your scores are not divided by √d_k.",
)
known.edit(
    "scaled_by_all_heads",
    {SCALE: " / math.sqrt(w_q.shape[0])"},
    "You divide by the root of the width of all heads together. Inside a head queries are n_heads times "
    "narrower: √d_k.",
)
known.edit(
    "scaled_by_width_of_x",
    {SCALE: " / math.sqrt(x.shape[-1])"},
    "You divide by the root of the width of x. What counts is the width of a query in its head, √d_k: rows of w_q "
    "divided by n_heads.",
)
known.edit(
    "scaled_by_width_of_values",
    {SCALE: " / math.sqrt(value.shape[-1])"},
    "You divide by the root of the width of *values*. Scores are products of queries and keys: √d_k.",
)
known.edit(
    "value_width_from_queries",
    {VALUE: "(memory @ w_v.T).unflatten(-1, (n_heads, query.shape[-1])).transpose(1, 2)"},
    "Your function raises where values are not as wide as queries. Their width in a head is the rows of w_v divided by "
    "n_heads.",
)
known.edit(
    "softmax_over_queries",
    {SOFTMAX: "torch.softmax(scores, dim=-2)"},
    "Your softmax runs over the queries. Each query has weights of its own, over memory: dim=-1.",
)
known.edit(
    "keys_as_values",
    {VALUE: "split_heads(memory @ w_k.T)"},
    "What you mix are the keys. Project memory with w_v for the values.",
)
known.edit(
    "projections_not_transposed",
    {QUERY: "split_heads(x @ w_q)", KEY: "split_heads(memory @ w_k)", VALUE: "split_heads(memory @ w_v)"},
    "You multiply by w_q, w_k and w_v themselves: weights are laid out [out, in] as in nn.Linear, so a projection is "
    "x @ w.T.",
)
known.edit(
    "output_projection_transposed",
    {"@ w_o.T": "@ w_o"},
    "You multiply by w_o where w_oᵀ is needed: weights are laid out [out, in] as in nn.Linear.",
)
known.edit(
    "no_output_projection",
    {" @ w_o.T": ""},
    "Your heads are joined but never mixed: the result still has to go through w_o.",
)
known.edit(
    "one_wide_head",
    {SPLIT: "projected[:, None]"},
    "You compute one attention over the full width. Split queries, keys and values into heads first, so that each head "
    "has weights of its own.",
)
known.edit(
    "viewed_without_transpose",
    {
        SPLIT: "projected.reshape(projected.shape[0], n_heads, projected.shape[1], -1)",
        JOINED: "output.reshape(*x.shape[:2], -1)",
    },
    "You split into heads by viewing [batch, positions, width] as [batch, heads, positions, width]. That mixes "
    "positions and heads: view as [batch, positions, heads, width] first, then transpose.",
)
known.edit(
    "viewed_and_transposed_back",
    {SPLIT: "projected.reshape(projected.shape[0], n_heads, projected.shape[1], -1)"},
    "You split into heads with a view as [batch, heads, positions, width], which mixes positions and heads. View as "
    "[batch, positions, heads, width], then transpose.",
)
known.edit(
    "merged_without_transpose",
    {JOINED: "output.reshape(*x.shape[:2], -1)"},
    "You join the heads without transposing back: [batch, heads, time, width] has to become [batch, time, heads, "
    "width] before the last two dimensions are joined.",
)
known.edit(
    "heads_interleaved",
    {
        SPLIT: "projected.unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2)",
        JOINED: "output.permute(0, 2, 3, 1).flatten(2)",
    },
    "You deal the columns out to the heads in turn: view as [..., heads, width], not [..., width, heads]. The columns "
    "of a head lie side by side.",
)
known.edit(
    "residual_added",
    {
        f"return {JOINED} @ w_o.T": f"joined = {JOINED} @ w_o.T\n"
        "    return joined + x if joined.shape == x.shape else joined"
    },
    "You add x to the result. Adding it is the block's task, outside of this function.",
)
known.edit(
    "residual_whatever_the_widths",
    {f"return {JOINED} @ w_o.T": f"return x + {JOINED} @ w_o.T"},
    "You add x to the result, which also fails where the rows of w_o are not as many as x is wide. Adding x is the "
    "block's task, outside of this function.",
)
known.edit(
    "exponentials",
    {
        HIDE: "pass",
        SOFTMAX: "scores.exp()",
        EMPTIED: "weights = weights * ~hidden",
        "    output = weights": "    weights = weights / (weights.sum(dim=-1, keepdim=True) + 1e-9)\n"
        "    output = weights",
    },
    "You take exponentials of the scores as they are. That of a large score is infinite, hidden or not, and infinity "
    "times 0 is NaN: hide the scores first and use torch.softmax, which subtracts the largest.",
)
known.edit(
    "heads_not_checked",
    {CHECK: "False"},
    "With heads that do not fit your function ends in a RuntimeError, which is what torch raises by itself. Compare "
    "the numbers first, and raise ValueError.",
)
known.edit(
    "head_width_from_x",
    {SPLIT: "projected.reshape(*projected.shape[:2], n_heads, x.shape[-1] // n_heads).transpose(1, 2)"},
    "Your function raises where the heads together are not as wide as x. How wide a head is follows from the rows of "
    "its weights divided by n_heads, not from x.",
)
known.edit(
    "divided_by_heads_unchecked",
    {CHECK: "w_q.shape[0] // n_heads < 0"},
    "You divide by n_heads without a look at it: 0 raises a ZeroDivisionError, and heads that do not fit torch's "
    "RuntimeError. Compare the numbers first, and raise ValueError.",
)
known.edit(
    "no_heads_accepted",
    {CHECK: "n_heads and w_q.shape[0] % n_heads"},
    "You do not refuse n_heads = 0. Raise ValueError for fewer than one head.",
)
known.edit(
    "negative_heads_accepted",
    {CHECK: "n_heads == 0 or w_q.shape[0] % n_heads"},
    "You refuse 0 heads and not fewer. Raise ValueError for every n_heads below 1.",
)
known.edit(
    "attended_in_float32",
    {
        FIRST: "    given = x, memory, w_q, w_k, w_v, w_o\n"
        f"    x, memory, w_q, w_k, w_v, w_o = (tensor.float() for tensor in given)\n\n{FIRST}"
    },
    "Inputs in float64 come out as float32: somewhere you make a float32 tensor. `new_zeros` and `to(x.dtype)` keep "
    "the dtype.",
)
known.edit(
    "history_of_memory_cut",
    {FIRST: f"    memory = memory.detach()\n\n{FIRST}"},
    "No gradient flows back to memory: it is detached. The encoder learns through it.",
)
known.edit(
    "softmax_over_heads",
    {SOFTMAX: "torch.softmax(scores, dim=1)"},
    "Your softmax runs over the heads. Each head has weights of its own, over memory: dim=-1.",
)
known.edit(
    "scaled_by_length_of_memory",
    {SCALE: " / math.sqrt(memory.shape[1])"},
    "You divide by the root of the number of positions in memory. What counts is the width of a query in its head: "
    "√d_k.",
)
known.edit(
    "heads_dealt_out",
    {SPLIT: "projected.unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2)"},
    "You deal the columns out to the heads in turn, by a view as [..., width, heads]. The columns of a head lie side "
    "by side: unflatten to (n_heads, width), then transpose.",
)
known.asserted()


@known.function(
    "You change memory_mask, perhaps to show something to an example of which all is hidden. Work on a copy.",
    MASK,
)
def mask_changed(
    x: Tensor,
    memory: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    w_o: Tensor,
    n_heads: int,
    memory_mask: Tensor | None = None,
) -> Tensor:
    output = architectures.cross_attention(x, memory, w_q, w_k, w_v, w_o, n_heads, memory_mask)
    if memory_mask is not None:
        memory_mask[~memory_mask.any(dim=-1)] = True
    return output

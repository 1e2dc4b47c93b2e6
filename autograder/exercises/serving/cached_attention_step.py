"""cached_attention_step: attention for one new token, with all others in a cache."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import serving

known = Mistakes(serving.cached_attention_step, section="serving-cache")

GROWN_K = "torch.cat([cache_k, key[:, None]], dim=1)"
GROWN_V = "torch.cat([cache_v, value[:, None]], dim=1)"
SCALE = " / head_dim**0.5"
SOFTMAX = "scores.softmax(dim=-1)"
OUTPUT = f"({SOFTMAX}[:, None] @ cache_v).squeeze(1)"
RETURNED = "return output, cache_k, cache_v"
ONE_SHAPE = "not query.shape == key.shape == value.shape"
SAME_CACHES = "cache_k.shape != cache_v.shape or "
RIGHT_CACHE = "cache_k.shape != (heads, cache_k.shape[1], head_dim)"

known.edit(
    "blind_for_itself",
    {
        f"cache_k = {GROWN_K}\n    cache_v = {GROWN_V}\n    ": "",
        RETURNED: f"return output, {GROWN_K}, {GROWN_V}",
    },
    "Your token attends to the earlier ones only: you compute the output before its own key and value are in the "
    "cache. Grow the caches first.",
)
known.edit("not_scaled", {SCALE: ""}, "Your scores are not divided by the root of head_dim.")
known.edit("scaled_by_the_width", {SCALE: " / head_dim"}, "You divide the scores by head_dim. It is its root.")
known.edit(
    "scaled_by_the_time",
    {SCALE: " / cache_k.shape[1] ** 0.5"},
    "You divide the scores by the root of the number of tokens. It is the root of head_dim.",
)
known.edit(
    "scaled_by_the_heads",
    {SCALE: " / heads**0.5"},
    "You divide the scores by the root of the number of heads. It is the root of head_dim.",
)
known.edit(
    "scaled_by_the_model",
    {SCALE: " / (heads * head_dim) ** 0.5"},
    "You divide the scores by the root of the width of all heads together. Each head has its own dot products, over "
    "head_dim numbers.",
)
known.edit(
    "softmax_over_heads",
    {"softmax(dim=-1)": "softmax(dim=0)"},
    "Your softmax runs over the heads. The weights of each head sum to 1 over the tokens.",
)
known.edit(
    "no_softmax",
    {SOFTMAX: "scores"},
    "Your weights are the scores themselves: the softmax over the tokens is missing.",
)
known.edit(
    "weights_all_alike",
    {SOFTMAX: "(torch.ones_like(scores) / scores.shape[-1])"},
    "You take the plain mean of all values. The weights are the softmax of the scores.",
)
known.edit(
    "heads_mixed",
    {"(cache_k @ query[:, :, None]).squeeze(-1)": "(cache_k @ query.mean(0)[None, :, None]).squeeze(-1)"},
    "All your heads ask with the same query. Head h asks with query[h].",
)
known.edit(
    "new_token_in_front",
    {GROWN_K: "torch.cat([key[:, None], cache_k], dim=1)", GROWN_V: "torch.cat([value[:, None], cache_v], dim=1)"},
    "You put the new token in front of the older ones. It comes last: the caches are in the order of the text.",
)
known.edit(
    "keys_for_values",
    {"[:, None] @ cache_v": "[:, None] @ cache_k"},
    "Your output is a mixture of keys. Mix the values.",
)
known.edit(
    "caches_swapped",
    {RETURNED: "return output, cache_v, cache_k"},
    "You return the caches in the wrong order: keys first, then values.",
)
known.edit(
    "old_caches_returned",
    {
        f"cache_k = {GROWN_K}\n    cache_v = {GROWN_V}": f"grown_k = {GROWN_K}\n    grown_v = {GROWN_V}",
        "(cache_k @": "(grown_k @",
        "@ cache_v)": "@ grown_v)",
    },
    "You return the caches as they were. The new key and value belong to them, or the next token will not see this "
    "one.",
)
known.edit(
    "oldest_dropped",
    {RETURNED: "return output, cache_k[:, -max(cache_k.shape[1] - 1, 1):], cache_v[:, -max(cache_v.shape[1] - 1, 1):]"},
    "Your caches stay as long as they were: you drop the oldest token. They grow by one.",
)
known.edit(
    "one_returned",
    {RETURNED: "return output"},
    "You return the output alone. The grown caches are asked for too: output, cache_k, cache_v.",
)
known.edit(
    "row_of_time_kept",
    {"@ cache_v).squeeze(1)": "@ cache_v)"},
    "Your output still has a dimension for the one query: its shape is [heads, head_dim].",
)
known.edit(
    "heads_flattened",
    {"@ cache_v).squeeze(1)": "@ cache_v).flatten()"},
    "You join the heads to one row. The output keeps the shape [heads, head_dim].",
)
known.edit(
    "detached",
    {RETURNED: "return output.detach(), cache_k, cache_v"},
    "No gradient flows through your output. "
    "It must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "caches_detached",
    {
        "torch.cat([cache_k, key": "torch.cat([cache_k.detach(), key",
        "torch.cat([cache_v, v": "torch.cat([cache_v.detach(), v",
    },
    "No gradient flows into the caches that you were given. Do not detach them.",
)
known.edit(
    "in_float32",
    {
        GROWN_K: "torch.cat([cache_k, key[:, None]], dim=1).float()",
        GROWN_V: "torch.cat([cache_v, value[:, None]], dim=1).float()",
        "query[:, :, None]": "query.float()[:, :, None]",
    },
    "Your results are float32 whatever comes in. Keep the dtype.",
)
known.edit(
    "no_gradients_at_all",
    {RETURNED: "return output.detach(), cache_k.detach(), cache_v.detach()"},
    "Nothing that you return carries a gradient. Leave out no_grad and detach.",
)
known.edit(
    "grown_caches_detached",
    {RETURNED: "return output, cache_k.detach(), cache_v.detach()"},
    "The caches that you return carry no gradient: leave out detach.",
)
known.asserted()
known.edit(
    "zeros_for_the_first",
    {RETURNED: "return (output if cache_k.shape[1] > 1 else torch.zeros_like(output)), cache_k, cache_v"},
    "With an empty cache you return zeros. The first token attends to itself, and its output is its own value.",
)
known.edit(
    "empty_cache_refused",
    {RIGHT_CACHE: f"{RIGHT_CACHE} or cache_k.shape[1] == 0"},
    "You refuse an empty cache. The first token of every text has one.",
)
known.edit(
    "not_normalized",
    {SOFTMAX: "scores.exp()"},
    "Your weights do not sum to 1: divide the exponentials by their sum, or use softmax.",
)
known.edit(
    "key_and_value_swapped",
    {GROWN_K: "torch.cat([cache_k, value[:, None]], dim=1)", GROWN_V: "torch.cat([cache_v, key[:, None]], dim=1)"},
    "You append the value to the keys and the key to the values.",
)
known.edit(
    "only_the_first_token_seen",
    {SOFTMAX: "scores.masked_fill(torch.arange(scores.shape[-1]) > 0, -torch.inf).softmax(dim=-1)"},
    "Your token attends to the first token of the text alone. (A causal mask that is aligned at the start does that,"
    " as is_causal=True for a single query.) The newest token may see everything: no mask is needed.",
)
known.edit(
    "appended_to_the_heads",
    {GROWN_K: "torch.cat([cache_k, key[None]], dim=0)", GROWN_V: "torch.cat([cache_v, value[None]], dim=0)"},
    "You append along the heads, dimension 0. The caches are [heads, time, head_dim]: put in a dimension for the "
    "time, key[:, None], and append along dimension 1.",
)
known.edit(
    "caches_in_a_pair",
    {RETURNED: "return output, (cache_k, cache_v)"},
    "You return the caches as a pair within the result. Three things are asked for: output, cache_k, cache_v.",
)
known.edit(
    "nothing_checked",
    {ONE_SHAPE: "False", SAME_CACHES + RIGHT_CACHE: "False"},
    "Shapes that do not fit end in a RuntimeError, which is what torch raises by itself. Compare them first, and raise "
    "ValueError where query, key and value differ in shape, or the caches do not fit them or each other.",
)
known.edit(
    "token_not_checked",
    {ONE_SHAPE: "False"},
    "A key or a value of another shape than the query ends in a RuntimeError, which is what torch raises by itself. "
    "Compare the three first, and raise ValueError.",
)
known.edit(
    "value_not_checked",
    {ONE_SHAPE: "query.shape != key.shape"},
    "A value of another shape than the query ends in a RuntimeError, which is what torch raises by itself. Check it as "
    "you check the key, and raise ValueError.",
)
known.edit(
    "query_not_checked",
    {"heads, head_dim = query.shape": "heads, head_dim = key.shape", ONE_SHAPE: "key.shape != value.shape"},
    "You compare key and value, and leave out the query: one of a single head is broadcast to all. Raise ValueError.",
)
known.edit(
    "numbers_counted",
    {ONE_SHAPE: "not query.numel() == key.numel() == value.numel()"},
    "You count the numbers of query, key and value: 2 heads of 3 are as many as 3 heads of 2. Compare the shapes.",
)
known.edit(
    "cache_v_checked_for_its_length",
    {SAME_CACHES: "cache_k.shape[1] != cache_v.shape[1] or "},
    "You compare how long the two caches are, and not the heads and the width of cache_v. Check its whole shape, and "
    "raise ValueError.",
)
known.edit(
    "cache_k_checked_for_its_length",
    {SAME_CACHES + RIGHT_CACHE: "cache_k.shape[1] != cache_v.shape[1] or "
                                "cache_v.shape != (heads, cache_v.shape[1], head_dim)"},
    "You compare how long the two caches are, and not the heads and the width of cache_k. Check its whole shape, and "
    "raise ValueError.",
)  # fmt: skip
known.edit(
    "caches_not_checked",
    {SAME_CACHES + RIGHT_CACHE: "False"},
    "Caches that do not fit end in a RuntimeError, which is what torch raises by itself. Compare them with the token "
    "and with each other first, and raise ValueError.",
)
known.edit(
    "caches_not_compared",
    {SAME_CACHES: "cache_k.shape[::2] != cache_v.shape[::2] or "},
    "Caches of different lengths end in a RuntimeError, which is what torch raises by itself. Compare their shapes, "
    "and raise ValueError.",
)


@known.function(
    "You write into the caches that you were given: the one who calls you may need them as they were, for another "
    "continuation of the same text. Make new ones, with torch.cat.",
)
def in_place(
    query: Tensor, key: Tensor, value: Tensor, cache_k: Tensor, cache_v: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    if not query.shape == key.shape == value.shape or cache_k.shape != cache_v.shape:
        raise ValueError("shapes differ")
    if cache_k.shape[::2] != query.shape:
        raise ValueError("the cache does not fit")
    given = cache_k, cache_v
    cache_k = torch.cat([cache_k, key[:, None]], dim=1)
    cache_v = torch.cat([cache_v, value[:, None]], dim=1)
    scores = torch.einsum("htd,hd->ht", cache_k, query) / query.shape[1] ** 0.5
    output = torch.einsum("ht,htd->hd", scores.softmax(-1), cache_v)
    if given[0].shape[1] and not given[0].requires_grad:
        given[0][:, -1], given[1][:, -1] = key, value
    return output, cache_k, cache_v


known.edit(
    "newest_overwritten",
    {
        GROWN_K: "torch.cat([cache_k[:, :-1], key[:, None]], dim=1)",
        GROWN_V: "torch.cat([cache_v[:, :-1], value[:, None]], dim=1)",
    },
    "You put the new token in the place of the last one. Append it: the caches grow by one.",
)
known.edit(
    "key_only",
    {
        GROWN_V: "cache_v if cache_v.shape[1] else value[:, None]",
        f"output = {OUTPUT}": "output = (scores[:, : cache_v.shape[1]].softmax(-1)[:, None] @ cache_v).squeeze(1)",
    },
    "Your cache of values does not grow. Append the new value as you append the key.",
)
known.edit(
    "exponentials",
    {SOFTMAX: "(scores.exp() / scores.exp().sum(dim=-1, keepdim=True))"},
    "You take exponentials of the scores as they are, and large ones overflow. torch.softmax subtracts the largest "
    "score first.",
)
known.edit(
    "largest_of_all_heads",
    {
        SOFTMAX: "((scores - scores.max()).exp() / (scores - scores.max()).exp().sum(dim=-1, keepdim=True))",
    },
    "You subtract the largest score of *all* heads. In a head whose scores are far below it all exponentials round to "
    "0, and 0 / 0 is NaN: subtract each head's own largest score, as torch.softmax does.",
)
known.edit(
    "keys_and_values_swapped",
    {"(cache_k @ query": "(cache_v @ query", "[:, None] @ cache_v": "[:, None] @ cache_k"},
    "You score the values and mix the keys. It is the other way round: the query meets the keys, and the weights mix "
    "the values.",
)


def step(heads: int, time: int, head_dim: int, dtype: torch.dtype = torch.float32) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        token = {name: randn(draw, heads, head_dim, dtype=dtype) for name in ("query", "key", "value")}
        # Not contiguous, as a view of a larger buffer is not.
        caches = {name: randn(draw, heads, head_dim, time, dtype=dtype).mT for name in ("cache_k", "cache_v")}
        return token | caches

    return arguments


def with_wrong(**shapes: tuple[int, ...]) -> Callable[[Generator], Arguments]:
    return lambda draw: step(2, 4, 3)(draw) | {name: randn(draw, *shape) for name, shape in shapes.items()}


def loud(draw: Generator) -> Arguments:
    """Scores of some hundreds, whose exponentials no float holds."""
    arguments = step(2, 4, 3)(draw)
    ends = arguments["query"].sign() * 30
    return arguments | {"query": ends, "key": 1 + 30 * ends.sign()}


def loud_in_one_head(draw: Generator) -> Arguments:
    """Beside the scores of one head, all of another's are small."""
    arguments, quiet = loud(draw), step(2, 4, 3)(draw)
    head = randint(draw, 0, 1)
    for name in ("query", "key"):
        arguments[name][head] = quiet[name][head]
    return arguments


MAIN = "The new token attends to all tokens, itself included"
VALUES = ("three tokens", "drawn", "one head", "many heads")

EXERCISE = Exercise(
    reference=serving.cached_attention_step,
    points=4,
    cases=(
        Case("three tokens", step(2, 3, 4), visible=True),
        Case("drawn", step(3, 6, 5)),
        Case("one head", step(1, 4, 3), visible=True),
        Case("many heads", step(6, 2, 2)),
        Case("an empty cache", step(3, 0, 2), visible=True),
        Case("an empty cache, drawn", step(2, 0, 5)),
        Case("large scores", loud, visible=True),
        Case("large scores, again", loud),
        Case("large scores in one head", loud_in_one_head, visible=True),
        Case("bfloat16", step(2, 3, 4, torch.bfloat16), visible=True),
        Case("float64", step(2, 5, 3, torch.float64), slack=1e12),
        Case(
            "gradients",
            step(2, 3, 4),
            visible=True,
            gradients=("query", "key", "value", "cache_k", "cache_v"),
            slack=512,
        ),
        Case("a key of another width", with_wrong(key=(2, 2)), visible=True),
        Case("a value of one head", with_wrong(value=(1, 3)), visible=True),
        Case("a query of one head", with_wrong(query=(1, 3)), visible=True),
        Case("a value the other way around", with_wrong(value=(3, 2)), visible=True),
        Case("keys of one head", with_wrong(cache_k=(1, 4, 3)), visible=True),
        Case("values of one head", with_wrong(cache_v=(1, 4, 3)), visible=True),
        Case("values of another width", with_wrong(cache_v=(2, 4, 2)), visible=True),
        Case("caches of another width", with_wrong(cache_k=(2, 4, 2), cache_v=(2, 4, 2)), visible=True),
        Case("caches of one head", with_wrong(cache_k=(1, 4, 3), cache_v=(1, 4, 3)), visible=True),
        Case("fewer values than keys", with_wrong(cache_v=(2, 3, 3)), visible=True),
        Case("more values than keys", with_wrong(cache_v=(2, 5, 3))),
    ),
    properties=(
        Property(
            MAIN,
            VALUES,
            "Append first, then score all keys against the query, divide by the root of head_dim, take the softmax "
            "over the tokens, and mix the values with it.",
            weight=3,
            observe=observe.first,
            part=0,
        ),
        Property(
            "The caches that come back are one token longer, the new one last",
            VALUES,
            "torch.cat([cache_k, key[:, None]], dim=1) has the shape [heads, time + 1, head_dim], and so has that of"
            " the values.",
            weight=2,
            observe=observe.second_and_third,
        ),
        Property(
            "An empty cache works: the output is the token's own value",
            ("an empty cache", "an empty cache, drawn"),
            "With nothing else to see, the only weight is 1. The first token of a text is no special case.",
            needs=MAIN,
        ),
        Property(
            "Large scores give finite weights",
            ("large scores", "large scores, again", "large scores in one head"),
            "exp(1000) is no number that a float holds. torch.softmax subtracts the largest score of each head first.",
            needs=MAIN,
        ),
        Property(
            "The caches that were given stay as they were",
            ("three tokens", "drawn", "one head"),
            "Work on new tensors: whoever called may go on from the old caches with another token.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "The dtype is kept",
            ("bfloat16", "float64"),
            "What comes in as bfloat16 goes out as bfloat16, the caches too.",
            observe=observe.dtype,
            needs=MAIN,
        ),
        Property(
            "Gradients reach the token and the caches",
            ("gradients",),
            "Use torch operations on the tensors themselves, without detach, .data or no_grad.",
            observe=observe.gradients,
        ),
        Property(
            "Shapes that do not fit are refused with a ValueError",
            (
                "three tokens",
                "a key of another width",
                "a value of one head",
                "a query of one head",
                "a value the other way around",
                "keys of one head",
                "values of one head",
                "values of another width",
                "caches of another width",
                "caches of one head",
                "fewer values than keys",
                "more values than keys",
            ),
            "query, key and value have one shape, [heads, head_dim]; both caches are [heads, time, head_dim] with "
            "the same three numbers. Compare before you compute: torch would broadcast one head to all.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("scaled_dot_product_attention", "MultiheadAttention"),
)

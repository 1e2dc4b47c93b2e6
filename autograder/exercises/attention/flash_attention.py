"""flash_attention: the same result, block by block."""

import functools
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import attention

known = Mistakes(attention.flash_attention, section="attention-flash")

known.edit(
    "never_rescaled",
    {"total * rescale": "total", "output * rescale": "output"},
    "Your sums from earlier blocks are relative to an older maximum. When the maximum rises, multiply what you have "
    "so far by exp(old maximum - new maximum).",
)
known.edit(
    "total_not_rescaled",
    {"total * rescale": "total"},
    "You rescale the output when the maximum rises, but not the sum of exponentials that you divide by.",
)
known.edit(
    "output_not_rescaled",
    {"output * rescale": "output"},
    "You rescale the sum of exponentials when the maximum rises, but not the output so far.",
)
known.edit(
    "last_block_lost",
    {"key.shape[0], block_size)": "key.shape[0] // block_size * block_size, block_size)"},
    "The last, shorter block of keys is lost: the number of blocks is n_k / block_size rounded *up*.",
)
known.edit("blocks_not_scaled", {" / math.sqrt(d_k)": ""}, "Your scores are not divided by √d.", "attention-scaling")
known.edit(
    "softmax_in_each_block",
    {"torch.exp(maximum - new_maximum)": "1.0", "torch.exp(scores - new_maximum)": "torch.softmax(scores, dim=-1)"},
    "You take a softmax in each block and average: a block with low scores then counts as much as one with high "
    "scores. The blocks share one denominator.",
)
known.edit(
    "block_outputs_weighed_by_size",
    {
        "torch.exp(maximum - new_maximum)": "1.0",
        "torch.exp(scores - new_maximum)": "torch.softmax(scores, dim=-1)",
        "weights @ value[block]": "weights @ value[block] * (scores.shape[1] / key.shape[0])",
        "output / total": "output",
    },
    "You take a softmax in each block and weigh the results by the sizes of the blocks. A block with high scores "
    "counts more than one with low scores: the blocks share one denominator.",
)
known.edit(
    "no_maximum",
    {"torch.exp(maximum - new_maximum)": "1.0", "torch.exp(scores - new_maximum)": "torch.exp(scores)"},
    "You sum plain exponentials, which is right on paper. In float32 those of large scores are infinite and those of "
    "very low ones all 0: subtract the largest score so far.",
)
known.edit(
    "starts_at_zero",
    {"-torch.inf": "0.0"},
    "Your largest score starts at a number such as 0, so a query whose scores are all far below it has only "
    "exponentials that round to 0. Start at minus infinity.",
)
known.edit(
    "starts_far_below_zero",
    {"-torch.inf": "-1e4"},
    "Your largest score starts at some negative number, and a query whose scores are all far below that, too, has only "
    "exponentials that round to 0. Start at minus infinity, which is below every score.",
)
known.edit(
    "only_the_block_maximum",
    {"torch.maximum(maximum, scores.amax(dim=-1, keepdim=True))": "scores.amax(dim=-1, keepdim=True)"},
    "You go on with the largest score of the new block alone. Where it is far below that of an earlier block, the "
    "factor for the old sums overflows: keep the larger of the two.",
)
known.edit(
    "one_maximum_for_all",
    {"scores.amax(dim=-1, keepdim=True)": "scores.amax()"},
    "You keep one largest score for all queries. A query whose own scores are far below it has only exponentials that "
    "round to 0: keep one for each query, over the keys.",
)
known.edit(
    "never_divided",
    {"output / total": "output"},
    "You sum the weighted values, but never divide by the sum of the exponentials.",
)
known.edit(
    "divided_in_each_block",
    {
        "output * rescale + weights @ value[block]": "(output * rescale + weights @ value[block]) / total",
        "output / total": "output",
    },
    "You divide by the sum in each block, and carry the divided output on: the earlier blocks are divided again and "
    "again. Divide once, at the end.",
)
known.edit(
    "nothing_but_nan",
    {"maximum - new_maximum": "new_maximum - maximum"},
    "Your result is NaN throughout. Look at the first block, where the old maximum is -inf: exp(old - new) is 0, but "
    "exp(new - old), or any exponential relative to -inf, is infinite, and infinity times 0 is NaN.",
)
known.edit(
    "block_outputs_summed",
    {
        "torch.exp(maximum - new_maximum)": "1.0",
        "torch.exp(scores - new_maximum)": "torch.softmax(scores, dim=-1)",
        "output / total": "output",
    },
    "You take a softmax in each block and add the results: the weights of a query then sum to the number of blocks. "
    "The blocks share one denominator.",
)
known.edit(
    "whole_matrix",
    {"query @ key[block].T": "(query @ key.T)[:, block]"},
    "Your result is right, but somewhere all queries meet all keys: you form the whole n_q x n_k matrix of scores. "
    "Blocks are blocks of *keys*, and what one block gives has to be summed up before the next.",
)
known.edit(
    "maximum_not_kept",
    {"        maximum = new_maximum\n": ""},
    "You never keep the new maximum, so every block is taken for the first: what was summed so far is thrown away. Set "
    "the old maximum to the new one at the end of each turn.",
)
known.edit(
    "in_float32",
    {"return output / total": "return (output / total).float()"},
    "Your result is float32 whatever comes in: what you sum up in has to have the dtype of the inputs.",
)
known.edit(
    "negative_block_taken",
    {"if block_size < 1": "if False"},
    "`range` refuses a step of 0 by itself, but with a negative one your loop makes no turn at all, and the result is "
    "0 / 0. Raise ValueError for both.",
)
known.edit(
    "blocks_detached",
    {"output / total": "(output / total).detach()"},
    "No gradient flows through your result: the sums of the blocks are part of the graph, as attention's are.",
)


def rows(draw: Generator, *, n_q: int, n_k: int, d: int, block_size: int, scale: float = 1.0) -> Arguments:
    return {
        # Transposed views: learners' code must not rely on contiguous memory.
        "query": (randn(draw, d, n_q) * scale).T,
        "key": (randn(draw, d, n_k) * scale).T,
        "value": randn(draw, d, n_k).T,
        "block_size": block_size,
    }


def short_last_block(draw: Generator) -> Arguments:
    return rows(draw, n_q=3, n_k=7, d=4, block_size=3, scale=1.5)


def drawn_blocks(draw: Generator) -> Arguments:
    return rows(draw, n_q=5, n_k=randint(draw, 17, 19), d=6, block_size=5, scale=1.5)


def whole_blocks(draw: Generator) -> Arguments:
    return rows(draw, n_q=4, n_k=8, d=5, block_size=4, scale=1.5)


def rising_scores(draw: Generator) -> Arguments:
    arguments = rows(draw, n_q=4, n_k=12, d=5, block_size=3)
    arguments["key"] = arguments["key"] + torch.arange(12.0)[:, None] * arguments["query"].mean(0)
    return arguments


def one_block(draw: Generator) -> Arguments:
    return rows(draw, n_q=3, n_k=5, d=4, block_size=8)


def single_keys(draw: Generator) -> Arguments:
    return rows(draw, n_q=3, n_k=5, d=4, block_size=1)


def huge_blocks(draw: Generator) -> Arguments:
    # Far above 88, where exponentials end; much larger ones would cost a logarithm of the sum too many digits.
    return rows(draw, n_q=3, n_k=9, d=4, block_size=4, scale=12.0)


def falling_scores(draw: Generator) -> Arguments:
    arguments = rows(draw, n_q=3, n_k=9, d=4, block_size=4)
    direction = arguments["query"][0] / arguments["query"][0].norm()
    # From each block to the next, the first query's scores fall by 160, far more than an exponential can make up for.
    arguments["query"][0] = direction * 2
    arguments["key"] -= 40 * torch.arange(9.0)[:, None] * direction
    return arguments


def very_low_scores(draw: Generator) -> Arguments:
    arguments = rows(draw, n_q=3, n_k=9, d=4, block_size=4, scale=0.3)
    return {**arguments, "query": arguments["query"] + 10, "key": arguments["key"] - 10}


def lowest_scores(draw: Generator) -> Arguments:
    """Scores near -20,000, sums of few binary digits: no order of the operations rounds them."""
    query = 200 + torch.randint(-2, 3, (3, 4), generator=draw) / 2
    key = -50 + torch.randint(-2, 3, (9, 4), generator=draw) / 64
    return {"query": query, "key": key, "value": randn(draw, 9, 4), "block_size": 4}


def low_beside_high_scores(draw: Generator) -> Arguments:
    arguments = very_low_scores(draw)
    # The first query's scores are near +200, those of the others near -200.
    return {**arguments, "query": arguments["query"] * torch.tensor([[-1.0], [1.0], [1.0]])}


def many_keys(draw: Generator) -> Arguments:
    # No more queries than a block has keys: blocks of queries would not help, and are not what is asked.
    return rows(draw, n_q=8, n_k=96, d=4, block_size=8)


def one_of_each(draw: Generator) -> Arguments:
    return rows(draw, n_q=1, n_k=1, d=3, block_size=2)


def blocks_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        drawn = whole_blocks(draw)
        return {name: item.to(dtype) if isinstance(item, Tensor) else item for name, item in drawn.items()}

    return arguments


def no_block(draw: Generator) -> Arguments:
    return rows(draw, n_q=2, n_k=3, d=4, block_size=0)


def negative_block(draw: Generator) -> Arguments:
    return rows(draw, n_q=2, n_k=3, d=4, block_size=-2)


EXERCISE = Exercise(
    reference=attention.flash_attention,
    points=4,
    cases=(
        Case("short last block", short_last_block, visible=True),
        Case("drawn", drawn_blocks),
        Case("whole blocks", whole_blocks, visible=True),
        Case("rising scores", rising_scores),
        Case("one block", one_block, visible=True),
        Case("one query and one key", one_of_each, visible=True),
        Case("blocks of one key", single_keys, visible=True),
        # A score of 200 is rounded by 0.00001, and its exponential as much: a hundred units.
        Case("huge scores", huge_blocks, visible=True, slack=1000.0),
        Case("falling scores", falling_scores, slack=1000.0),
        Case("very low scores", very_low_scores, visible=True, slack=1000.0),
        # A logarithm of the sum near -20,000 is rounded by 0.001, and its exponential by ten thousand units.
        Case("lowest scores", lowest_scores, visible=True, slack=100_000.0),
        Case("low beside high scores", low_beside_high_scores, visible=True, slack=1000.0),
        Case("many keys", many_keys, visible=True, measure=True),
        Case("float64", blocks_in(torch.float64), visible=True),
        Case("bfloat16", blocks_in(torch.bfloat16), visible=True),
        Case("no block", no_block, visible=True),
        Case("a negative block", negative_block, visible=True),
        # A gradient through the logarithm of the sum loses more digits where scores nearly cancel.
        Case("gradients", short_last_block, visible=True, gradients=("query", "key", "value"), slack=1024.0),
    ),
    properties=(
        Property(
            "With one block, the result is plain attention",
            ("one block", "one query and one key"),
            "Start with a block that holds all keys: the result has to be softmax(query keyᵀ / √d) value.",
        ),
        Property(
            "With several blocks, the result is the same",
            ("whole blocks", "rising scores", "blocks of one key"),
            "Follow one query through two blocks by hand: largest score, sum and output so far, before and after.",
            weight=3,
        ),
        Property(
            "A short last block counts too",
            ("short last block", "drawn"),
            "Seven keys in blocks of three are three blocks: 3, 3 and 1.",
        ),
        Property(
            "Huge scores do not overflow, very low ones do not vanish",
            ("huge scores", "falling scores", "very low scores", "lowest scores", "low beside high scores"),
            "Take exponentials relative to the largest score so far of the same query, never of a score itself.",
        ),
        Property(
            "No tensor holds all scores at once",
            ("many keys",),
            "With 8 queries, 96 keys and blocks of 8 keys, no tensor on the way needs 8 x 96 numbers.",
            weight=2,
            observe=functools.partial(observe.stays_below, limit=8 * 96),
            needs="With several blocks, the result is the same",
        ),
        Property(
            "A block size below 1 is refused with a ValueError",
            ("whole blocks", "no block", "a negative block"),
            "Raise ValueError for a block size below 1.",
            observe=observe.refusal,
            needs="With one block, the result is plain attention",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("whole blocks", "float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="With one block, the result is plain attention",
        ),
        Property(
            "Gradients reach query, key and value",
            ("gradients",),
            "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("scaled_dot_product_attention", "softmax"),
)

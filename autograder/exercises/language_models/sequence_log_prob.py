"""sequence_log_prob: the chain rule, or how likely a text is."""

import torch
from torch import Generator, Tensor

from autograder.exercises.language_models.inputs import random_ids
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint
from llm_course.checking import observe
from solutions import language_models

LOGARITHMS = "language-models-logarithms"

known = Mistakes(language_models.sequence_log_prob, section="language-models-chain-rule")

known.edit(
    "mean_instead_of_sum",
    {".sum()": ".sum() / max(len(previous), 1)"},
    "You return the mean per prediction. The log probability of a text is the sum: longer texts are less likely. The "
    "mean comes later, in the perplexity.",
)
known.edit(
    "first_token_scored",
    {".sum()": ".sum() + probs[:, ids[0]].mean().log()"},
    "You also score the first token. It is given here: nothing comes before it to predict it from.",
)
known.edit(
    "first_token_uniform",
    {".sum()": ".sum() - math.log(probs.shape[0])"},
    "You give the first token a probability of 1 / vocab. It is given here, not predicted: start at t = 1.",
)
known.edit(
    "last_to_first",
    {"ids[:-1]": "[ids[-1], *ids[:-1]]", "ids[1:]": "ids"},
    "Your first prediction is the step from the *last* token to the first: at t = 0, ids[t-1] is ids[-1], the end of "
    "the list. Start at t = 1.",
)
known.edit(
    "log_base_two",
    {".log()": ".log2()"},
    "Your logarithm has base 2. The task asks for the natural one, torch.log.",
    LOGARITHMS,
)
known.edit(
    "log_base_ten",
    {".log()": ".log10()"},
    "Your logarithm has base 10. The task asks for the natural one, torch.log.",
    LOGARITHMS,
)
known.edit(
    "sign_flipped",
    {"return probs": "return -probs"},
    "Your sign is turned: this is the loss. A log probability is 0 or negative.",
    LOGARITHMS,
)
known.edit(
    "indices_swapped",
    {"probs[previous, following]": "probs[following, previous]"},
    "You look up probs[ids[t], ids[t-1]]. The row is the token that is given, ids[t-1], the column the one that "
    "follows.",
    "language-models-bigram",
)
known.edit(
    "probability_not_log",
    {".log().sum()": ".prod()"},
    "You return the probability itself. The task asks for its logarithm, as a sum of logarithms.",
    LOGARITHMS,
)
known.edit(
    "sum_of_probabilities",
    {".log().sum()": ".sum()"},
    "You add probabilities. By the chain rule they are multiplied; what is added are their logarithms.",
)
known.edit(
    "log_of_the_product",
    {".log().sum()": ".prod().log()"},
    "You multiply first and take the logarithm last. For a long text the product is rounded to 0 and its logarithm is "
    "-inf. Take the logarithm of each step and add.",
    LOGARITHMS,
)
# What comes out for a step of probability 0 depends on the small number: these are the usual ones.
for exponent in (7, 8, 9, 10, 12):
    known.edit(
        f"zero_made_small_{exponent}",
        {".log()": f".clamp_min(1e-{exponent}).log()"},
        f"A step of probability 0 comes out as merely unlikely: you raise small probabilities to 1e-{exponent} or so "
        "before the logarithm. Whether to smooth is decided when the table is made, not when a text is scored.",
        "language-models-smoothing",
    )
known.edit(
    "last_prediction_lost",
    {".log()": "[:-1].log()"},
    "The last prediction is missing: n tokens have n - 1 predictions.",
)
known.edit(
    "first_prediction_lost",
    {".log()": "[1:].log()"},
    "The first prediction is missing: the second token is predicted too, from the first.",
)
known.edit(
    "table_of_all_steps",
    {"probs[previous, following]": "probs[previous][:, following]"},
    "You pair each row with each column: probs[rows][:, columns] is a whole table. probs[rows, columns] takes one "
    "number for each step.",
)
known.edit(
    "softmax_again",
    {"probs[previous, following].log()": "probs.log_softmax(-1)[previous, following]"},
    "You take a softmax of the table. Its rows are probabilities already: only their logarithm is needed.",
)
known.edit(
    "log_of_the_table",
    {"probs[previous, following].log()": "probs.log()[previous, following]"},
    "Your number is right, but its gradient is NaN where the table has a 0 that the text never uses: you take the "
    "logarithm of the whole table. Look up the steps first.",
    LOGARITHMS,
)
known.edit(
    "log_of_the_rows",
    {"probs[previous, following].log()": "probs[previous].log()[torch.arange(len(previous)), following]"},
    "Your number is right, but its gradient is NaN where a row has a 0 beside the step that is taken: you take the "
    "logarithm of whole rows. Look up the steps first.",
    LOGARITHMS,
)
known.edit(
    "history_cut",
    {"return probs": "return probs.detach()"},
    "The number is right, but no gradient flows back to the table: work on the tensor itself, without detach, item or "
    "no_grad.",
    LOGARITHMS,
)
known.edit(
    "negative_ids_taken",
    {"not 0 <= token < probs.shape[0]": "token >= probs.shape[0]"},
    "Your function scores negative ids. Refuse them: -1 is no token, though Python finds a row for it.",
)
known.edit(
    "half_made_float32",
    {"probs[previous, following]": "probs.to(torch.promote_types(probs.dtype, torch.float32))[previous, following]"},
    "A table in half precision gives a result in float32. Add up in float32 if you like, but convert the sum to the "
    "dtype of the table.",
    LOGARITHMS,
)
known.edit(
    "scored_in_float32",
    {"return probs": "return probs.float()"},
    "A table in float64 gives a result in float32: somewhere you make a float32 tensor, by `float()` or "
    "`torch.zeros`. The result of an operation keeps the table's dtype by itself.",
    LOGARITHMS,
)


def random_table(draw: Generator, vocab_size: int) -> Tensor:
    """Rows that sum to 1, as a transposed view: learners' code must not rely on contiguous memory."""
    columns = torch.rand(vocab_size, vocab_size, generator=draw, dtype=torch.float64) + 0.05
    return (columns / columns.sum(0)).float().T


def scored(draw: Generator) -> Arguments:
    vocab_size = randint(draw, 4, 6)
    return {"probs": random_table(draw, vocab_size), "ids": random_ids(draw, 12, vocab_size)}


def scored_small(draw: Generator) -> Arguments:
    table = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1]])
    return {"probs": table, "ids": [2, 0, 1, 1, 0]}


def scored_long(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 6), "ids": random_ids(draw, 900, 6)}


def scored_impossible(draw: Generator) -> Arguments:
    table = torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.1, 0.2, 0.7]])
    return {"probs": table, "ids": [1, 0, 2, 2]}


def scored_single(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [2]}


def scored_pair(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [2, 1]}


def scored_in_float64(draw: Generator) -> Arguments:
    arguments = scored(draw)
    return {**arguments, "probs": arguments["probs"].double()}


def scored_in_bfloat16(draw: Generator) -> Arguments:
    arguments = scored_small(draw)
    return {**arguments, "probs": arguments["probs"].bfloat16()}


def scored_single_in_float64(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4).double(), "ids": [randint(draw, 0, 3)]}


def scored_beside_zero(draw: Generator) -> Arguments:
    """The table has a 0 that the text never uses."""
    table = random_table(draw, 4).clone()
    table[:, 3] = 0.0
    return {"probs": table / table.sum(dim=1, keepdim=True), "ids": random_ids(draw, 9, 3)}


def scored_unknown(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [4, 0, 1]}


def scored_unknown_last(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [0, 1, randint(draw, 4, 9)]}


def scored_negative(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [0, 1, -2]}


def scored_negative_first(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [-randint(draw, 1, 4), 0, 1]}


def scored_unknown_alone(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [randint(draw, 4, 9)]}


EXERCISE = Exercise(
    reference=language_models.sequence_log_prob,
    points=3,
    cases=(
        Case("small", scored_small, visible=True),
        Case("drawn", scored),
        Case("one prediction", scored_pair, visible=True),
        Case("long text", scored_long, visible=True),
        Case("single token", scored_single, visible=True),
        Case("impossible step", scored_impossible, visible=True),
        Case("float64", scored_in_float64, visible=True),
        Case("bfloat16", scored_in_bfloat16, visible=True),
        Case("float64, single token", scored_single_in_float64, visible=True),
        Case("gradients", scored, visible=True, gradients=("probs",)),
        Case("gradients beside a zero", scored_beside_zero, visible=True, gradients=("probs",)),
        Case("unknown id", scored_unknown, visible=True),
        Case("unknown id at the end", scored_unknown_last, visible=True),
        Case("negative id", scored_negative, visible=True),
        Case("negative id at the start", scored_negative_first, visible=True),
        Case("unknown id alone", scored_unknown_alone, visible=True),
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
            ("float64", "float64, single token", "bfloat16", "small"),
            "A table in float64 or bfloat16 must give a result in its dtype, and neither the table nor the list may "
            "change.",
            observe=observe.dtype_and_changed,
            needs="It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
        ),
        Property(
            "Gradients reach the table",
            ("gradients", "gradients beside a zero"),
            "A model learns by making this number larger, so it must keep its history: no way through math.log, "
            "item() or NumPy. Where the table has a 0 that the text never uses, the gradient is 0.",
            observe=observe.gradients,
        ),
        Property(
            "An id outside the vocabulary is refused with a ValueError",
            (
                "small",
                "unknown id",
                "unknown id at the end",
                "negative id",
                "negative id at the start",
                "unknown id alone",
            ),
            "Ids run from 0 to the number of rows - 1. A negative id would silently be counted from the end.",
            observe=observe.refusal,
            needs="It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
        ),
    ),
    mistakes=tuple(known),
)

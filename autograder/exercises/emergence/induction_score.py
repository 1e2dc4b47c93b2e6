"""induction_score: does a head look at what came next the last time?"""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import emergence

MAIN = "It is the mean weight on the position after the latest earlier place of the same token"
PICKED = "attention[:, queries, keys].mean(dim=1)"
EMPTY = "attention.new_zeros(len(attention))"

known = Mistakes(emergence.induction_score, section="emergence-induction")

known.edit(
    "the_place_itself",
    {"latest[token] + 1": "latest[token]"},
    "You take the weight on the earlier place of the token itself. An induction head looks at the position *after* "
    "it, at what came next.",
)
known.edit(
    "the_place_before",
    {"latest[token] + 1": "max(latest[token] - 1, 0)"},
    "You take the weight on the position *before* the earlier place. What came next stands one position later.",
)
known.edit(
    "two_places_behind",
    {"latest[token] + 1": "min(latest[token] + 2, position)"},
    "You take the position two after the earlier place. What came next stands one after it.",
)
known.edit(
    "first_occurrence",
    {"        latest[token] = position": "        latest.setdefault(token, position)"},
    "You look after the *first* place of the token. Take its latest earlier place: list.index finds the first.",
)
known.edit(
    "second_time_only",
    {"if token in latest": "if ids[:position].count(token) == 1"},
    "You count each token's second time only. Every position whose token stood before counts.",
)
known.edit(
    "every_earlier_place",
    {"            queries.append(position)\n            keys.append(latest[token] + 1)\n":
     "            earlier = [place for place in range(position) if ids[place] == token]\n"
     "            queries += [position] * len(earlier)\n            keys += [place + 1 for place in earlier]\n"},
    "You take every earlier place of the token. The task asks for the latest one only.",
)  # fmt: skip
known.edit(
    "mean_over_all_queries",
    {PICKED: "attention[:, queries, keys].sum(dim=1) / len(ids)"},
    "You divide by the number of all positions. The mean is over those whose token stood before.",
)
known.edit(
    "summed",
    {PICKED: "attention[:, queries, keys].sum(dim=1)"},
    "You return the sum of the weights. Take their mean, so that the score does not grow with the text.",
)
known.edit(
    "largest",
    {PICKED: "attention[:, queries, keys].amax(dim=1)"},
    "You return the largest of the weights. Take their mean.",
)
known.edit(
    "rows_and_columns_swapped",
    {"attention[:, queries, keys]": "attention[:, keys, queries]"},
    "Query and key are swapped: you read attention[head, key, query]. The row is the position that looks, the column "
    "the one that it looks at.",
)
known.edit(
    "mean_over_heads",
    {PICKED: "attention[:, queries, keys].mean()", EMPTY: "attention.new_zeros(())"},
    "You average over the heads as well. Each head has a score of its own: [heads].",
)
known.edit(
    "largest_key_counted",
    {PICKED: "(attention[:, queries].argmax(dim=2) == torch.tensor(keys)).to(attention.dtype).mean(dim=1)"},
    "You count how often the largest weight of a row lies there. The task asks for the mean of the weights.",
)
known.edit(
    "previous_token",
    {"latest[token] + 1": "position - 1"},
    "You take the weight on the position just before the query. That is the score of a previous-token head; asked is "
    "what came after the token's earlier place.",
)
known.edit(
    "next_of_the_query",
    {"attention[:, queries, keys]": "attention[:, [min(query + 1, len(ids) - 1) for query in queries], keys]"},
    "You read the row of the *next* position. The one that looks is the position at which the token comes again.",
)
known.edit(
    "neighbors_left_out",
    {"if token in latest": "if token in latest and latest[token] < position - 1"},
    "You leave out a token that comes twice in a row. Behind its earlier place stands the position itself, and the "
    "weight on it counts.",
)
known.edit(
    "last_position_left_out",
    {"enumerate(ids)": "enumerate(ids[:-1])"},
    "You leave out the last position, perhaps because nothing follows it. It looks back like the others.",
)
known.edit(
    "first_place_is_none",
    {"if token in latest": "if latest.get(token)"},
    "You leave out tokens whose earlier place is position 0. 0 counts as false in Python: ask `token in latest`, or "
    "whether the place `is not None`.",
)
known.edit(
    "nothing_repeats_is_nan",
    {"    if not queries:\n        return attention.new_zeros(len(attention))\n": ""},
    "Where no token repeats you take the mean of nothing, which is NaN. Return 0 for each head.",
)
known.edit(
    "nothing_repeats_is_one_zero",
    {EMPTY: "attention.new_zeros(())"},
    "Where no token repeats you return a single zero. Return one for each head: [heads].",
)
known.edit(
    "nothing_repeats_is_ones",
    {EMPTY: "attention.new_ones(len(attention))"},
    "Where no token repeats you return 1. A head that had nothing to look for gets 0.",
)
known.edit(
    "in_float32",
    {PICKED: f"{PICKED}.float()", EMPTY: "torch.zeros(len(attention))"},
    "Weights in float64 give scores in float32: keep the dtype. Look for float(), torch.tensor and torch.zeros.",
)
known.edit(
    "zeros_in_float32",
    {EMPTY: "torch.zeros(len(attention))"},
    "Your zeros are float32 whatever the weights are. attention.new_zeros keeps dtype and device.",
)
known.edit(
    "heads_squeezed",
    {PICKED: f"{PICKED}.squeeze()"},
    "`squeeze()` takes the dimension of heads away where there is one head. Return [heads] in any case.",
)
known.edit(
    "token_zero_left_out",
    {"if token in latest": "if token and token in latest"},
    "You leave out token 0, which counts as false in Python. It is a token like any other: ask only whether it is "
    "`in latest`.",
)
known.edit(
    "one_token_refused",
    {"if attention.dim() != 3": "if len(ids) < 2 or attention.dim() != 3"},
    "You refuse a text of a single token. Nothing repeats in it, so each head's score is 0.",
)
known.edit(
    "history_cut",
    {PICKED: f"{PICKED}.detach()"},
    "The scores are right, but no gradient flows back to the weights: work on the tensor itself, without item, tolist "
    "or detach.",
)
known.edit(
    "shape_unchecked",
    {"attention.dim() != 3 or attention.shape[1:] != (len(ids), len(ids))": "False"},
    "You accept weights that do not belong to the text. Raise ValueError unless there are as many queries and keys as "
    "ids, in three dimensions.",
)
known.edit(
    "more_positions_accepted",
    {"attention.shape[1:] != (len(ids), len(ids))": "min(attention.shape[1:]) < len(ids)"},
    "You accept weights of a longer text, and score a part of them. Raise ValueError unless there are as many queries "
    "and keys as ids.",
)
known.edit(
    "keys_unchecked",
    {"attention.shape[1:] != (len(ids), len(ids))": "attention.shape[1] != len(ids)"},
    "You check the number of queries only. There must be as many keys as ids, too: raise ValueError.",
)
known.edit(
    "queries_unchecked",
    {"attention.shape[1:] != (len(ids), len(ids))": "attention.shape[2] != len(ids)"},
    "You check the number of keys only. There must be as many queries as ids, too: raise ValueError.",
)
known.edit(
    "fewer_positions_accepted",
    {"attention.shape[1:] != (len(ids), len(ids))": "max(attention.shape[1:]) > len(ids)"},
    "You refuse weights of a longer text only. With a shorter one the ids run past the end: raise ValueError.",
)
known.edit(
    "only_square",
    {"attention.shape[1:] != (len(ids), len(ids))": "attention.shape[1] != attention.shape[2]"},
    "You check that there are as many queries as keys, and not that these are as many as the ids. Raise ValueError.",
)
known.edit(
    "a_batch_accepted",
    {"attention.dim() != 3 or attention.shape[1:]": "attention.dim() < 3 or attention.shape[1:3]"},
    "You accept more dimensions than [heads, query, key]. Raise ValueError unless there are three.",
)
known.edit(
    "dimensions_unchecked",
    {"attention.dim() != 3 or attention.shape[1:] != (len(ids), len(ids))":
     "attention.shape[-2:] != (len(ids), len(ids))",
     "attention[:, queries, keys].mean(dim=1)": "attention[..., queries, keys].mean(dim=-1)"},
    "You accept weights without or with more dimensions than [heads, query, key]. Raise ValueError.",
)  # fmt: skip
known.edit(
    "every_earlier_place_summed",
    {PICKED: "sum(attention[:, query, [place + 1 for place in range(query) if ids[place] == ids[query]]].sum(dim=1) "
     "for query in queries) / len(queries)"},
    "You add the weights after every earlier place of the token. Only the latest one counts.",
)  # fmt: skip
known.edit(
    "masked_in_place",
    {"    latest: dict": "    attention.detach().tril_()\n    latest: dict"},
    "You write into the weights that you were given, perhaps to mask them, and whoever called you goes on with the "
    "changed ones. Nothing above the diagonal is read: leave it.",
)
known.edit(
    "later_place",
    {
        PICKED: "attention[:, [key - 1 for key in keys], [min(query + 1, len(ids) - 1) for query in queries]]"
        ".mean(dim=1)"
    },
    "You look after the *next* place of the token, which lies in the future. Go through the text and remember where "
    "each token stood last.",
)
known.edit(
    "each_token_weighs_the_same",
    {
        PICKED: "torch.stack([attention[:, [query for query in queries if ids[query] == token], "
        "[key for query, key in zip(queries, keys) if ids[query] == token]].mean(dim=1) "
        "for token in sorted({ids[query] for query in queries})]).mean(dim=0)"
    },
    "You average for each token first, and then over the tokens. Every position counts alike: average once.",
)
known.edit(
    "last_repeat_only",
    {PICKED: "attention[:, queries[-1], keys[-1]]"},
    "You return the weight of the last repeat only. Take the mean over every position whose token stood before.",
)
known.edit(
    "remembered_too_early",
    {PICKED: "attention[:, queries, [min(query + 1, len(ids) - 1) for query in queries]].mean(dim=1)"},
    "You note the position as the token's latest place before you look for an earlier one, and so find the position "
    "itself. Look first, then remember.",
)


def weights(draw: Generator, heads: int, time: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Causal weights, as a view that is not contiguous."""
    scores = torch.randn(heads, time, time, generator=draw, dtype=torch.float64)
    scores = scores.masked_fill(torch.ones(time, time).triu(1).bool(), -torch.inf)
    return torch.softmax(scores, dim=-1).to(dtype).permute(1, 2, 0).contiguous().permute(2, 0, 1)


def text(draw: Generator, time: int, vocabulary: int) -> list[int]:
    """A text in which one token comes at least four times, and not only at regular distances."""
    drawn: list[int] = torch.randint(vocabulary, (time - 4,), generator=draw).tolist()
    return [*drawn[:2], 0, *drawn[2:5], 0, 0, *drawn[5:], 0]


def drawn(draw: Generator) -> Arguments:
    time = randint(draw, 13, 17)
    return {"attention": weights(draw, randint(draw, 3, 5), time), "ids": text(draw, time, 5)}


def drawn_full(draw: Generator) -> Arguments:
    """Weights without a mask: then every weight above the diagonal counts, if it is looked at."""
    scores = torch.randn(3, 12, 12, generator=draw, dtype=torch.float64)
    return {"attention": torch.softmax(scores, dim=-1).float(), "ids": text(draw, 12, 4)}


def drawn_single_head(draw: Generator) -> Arguments:
    return {"attention": weights(draw, 1, 12), "ids": text(draw, 12, 6)}


def drawn_single_token(draw: Generator) -> Arguments:
    return {"attention": torch.ones(randint(draw, 2, 5), 1, 1), "ids": [randint(draw, 0, 99)]}


def in_float64(draw: Generator) -> Arguments:
    return {"attention": weights(draw, 3, 12, torch.float64), "ids": text(draw, 12, 5)}


def no_repeat(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    ids: list[int] = torch.randperm(30, generator=draw)[:9].tolist()
    return {"attention": weights(draw, 4, 9, dtype), "ids": ids}


def neighbors(draw: Generator) -> Arguments:
    return {"attention": weights(draw, 2, 5), "ids": [6, 6, 6, 4, 4]}


def other_length(draw: Generator, queries: int, keys: int) -> Arguments:
    square = torch.softmax(torch.randn(2, queries, keys, generator=draw, dtype=torch.float64), dim=-1).float()
    return {"attention": square, "ids": [1, 2, 1, 3, 2, 1]}


def other_dimensions(draw: Generator, *front: int) -> Arguments:
    square = torch.softmax(torch.randn(*front, 6, 6, generator=draw, dtype=torch.float64), dim=-1).float()
    return {"attention": square, "ids": [1, 2, 1, 3, 2, 1]}


SMALL = torch.tensor(
    [
        [[1.0, 0.0, 0.0, 0.0], [0.3, 0.7, 0.0, 0.0], [0.2, 0.3, 0.5, 0.0], [0.1, 0.6, 0.1, 0.2]],
        [[1.0, 0.0, 0.0, 0.0], [0.9, 0.1, 0.0, 0.0], [0.4, 0.4, 0.2, 0.0], [0.5, 0.1, 0.3, 0.1]],
    ]
)

EXERCISE = Exercise(
    reference=emergence.induction_score,
    points=3,
    cases=(
        Case("one repeat", given(attention=SMALL, ids=[7, 3, 9, 7]), visible=True),
        Case("thrice", lambda draw: {"attention": weights(draw, 3, 8), "ids": [5, 2, 5, 8, 1, 5, 2, 2]}, visible=True),
        Case("drawn", drawn),
        Case("without a mask, drawn", drawn_full),
        Case("one head", drawn_single_head, visible=True),
        Case("token 0", lambda draw: {"attention": weights(draw, 2, 6), "ids": [0, 4, 0, 0, 4, 7]}, visible=True),
        Case("one head, drawn", drawn_single_head),
        Case("side by side", neighbors, visible=True),
        Case("nothing repeats", no_repeat, visible=True),
        Case("one token", given(attention=torch.ones(3, 1, 1), ids=[8]), visible=True),
        Case("one token, drawn", drawn_single_token),
        Case("float64", in_float64, visible=True),
        Case("nothing repeats in float64", lambda draw: no_repeat(draw, torch.float64), visible=True),
        Case("gradients", drawn, visible=True, gradients=("attention",)),
        Case("longer weights", lambda draw: other_length(draw, 8, 8), visible=True),
        Case("shorter weights", lambda draw: other_length(draw, 5, 5), visible=True),
        Case("more keys", lambda draw: other_length(draw, 6, 7), visible=True),
        Case("more queries", lambda draw: other_length(draw, 7, 6), visible=True),
        Case("no heads", other_dimensions, visible=True),
        Case("a batch", lambda draw: other_dimensions(draw, 2, 3)),
        Case("a batch of as many heads", lambda draw: other_dimensions(draw, 2, 6), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            (
                "one repeat",
                "thrice",
                "one head",
                "token 0",
                "drawn",
                "without a mask, drawn",
                "one head, drawn",
                "side by side",
            ),
            "In 7 3 9 7 only the last position counts. Its token stood at position 0, so the weight on position 1 is "
            "the score: attention[head, 3, 1].",
            weight=4,
        ),
        Property(
            "It is 0 for each head where nothing repeats",
            ("nothing repeats", "one token", "one token, drawn"),
            "The mean of no weights is NaN. Return a zero for each head instead.",
            needs=MAIN,
        ),
        Property(
            "The dtype is that of the weights, and the arguments are left unchanged",
            ("float64", "nothing repeats in float64", "drawn", "without a mask, drawn"),
            "Weights in float64 give scores in float64, zeros among them, and neither weights nor ids may change.",
            observe=observe.dtype_and_changed,
            needs=MAIN,
        ),
        Property(
            "Gradients reach the weights",
            ("gradients",),
            "Pick the weights by indexing and average them with torch: item, tolist and NumPy lose the history.",
            observe=observe.gradients,
            needs=MAIN,
        ),
        Property(
            "Weights that do not belong to the text are refused with a ValueError",
            (
                "one repeat",
                "longer weights",
                "shorter weights",
                "more keys",
                "more queries",
                "no heads",
                "a batch",
                "a batch of as many heads",
            ),
            "Raise ValueError unless attention has three dimensions, and as many queries and keys as there are ids.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)

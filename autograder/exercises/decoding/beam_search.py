"""beam_search: no draw, but a wide look ahead."""

import itertools
from collections.abc import Callable
from functools import partial

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, argument_maker, randint, randn
from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import decoding

KNOWN = misunderstandings(decoding.beam_search, __file__)
FUNCTIONS = {mistake.name: mistake.function for mistake in reversed(KNOWN)}
"""Of each misunderstanding its first form."""
OTHER_READINGS = ("takes a place", "takes no place", "narrows the beam")
"""What a finished text may do to those that go on, where the task is read in another way."""


def search_as(
    reading: str, transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int
) -> list[int]:
    """Beam search in one of the other readings; that in which it takes no place is that of transformers."""
    log_probs = transition.tolist()
    finished: list[tuple[float, list[int]]] = []
    beams = [(0.0, [start])]
    for _ in range(max_new_tokens):
        grown = [(score + p, [*ids, t]) for score, ids in beams for t, p in enumerate(log_probs[ids[-1]])]
        if reading == "takes a place":
            grown, finished = finished + grown, []
        width = beam_width - len(finished) if reading == "narrows the beam" else beam_width
        ranked = sorted(grown, key=lambda beam: beam[0], reverse=True)
        finished += [beam for beam in ranked[:width] if beam[1][-1] == eos]
        in_sight = ranked[: 2 * width] if reading == "takes no place" else ranked[:width]
        beams = [beam for beam in in_sight if beam[1][-1] != eos][:width]
    return max(finished + beams, key=lambda beam: beam[0])[1]


READINGS: tuple[Callable[..., list[int]], ...] = (
    decoding.beam_search,
    *(partial(search_as, reading) for reading in OTHER_READINGS),
)


def searched(transition: Tensor, eos: int, beam_width: int, max_new_tokens: int) -> Arguments:
    return {
        "transition": transition,
        "start": 0,
        "eos": eos,
        "beam_width": beam_width,
        "max_new_tokens": max_new_tokens,
    }


def random_transitions(draw: Generator, vocab: int, eos: int, eos_logit: float) -> Tensor:
    logits = randn(draw, vocab, vocab, dtype=torch.float64) * 1.5
    logits[:, eos] += eos_logit
    return torch.log_softmax(logits, -1).float()


def has_a_twin(ids: list[int]) -> bool:
    """Whether the same steps in another order make another text, which is then exactly as probable."""
    orders = itertools.permutations(itertools.pairwise(ids))
    walks = {order for order in orders if all(one[1] == other[0] for one, other in itertools.pairwise(order))}
    return len({walk for walk in walks if walk[0][0] == ids[0]}) > 1


@argument_maker
def drawn_until(
    draw: Generator,
    wanted: Callable[[Arguments, list[int]], bool],
    vocab: int,
    eos_logit: float,
    beam_width: int,
    max_new_tokens: int,
) -> Arguments:
    """Drawn until greedy decoding finds less, one text is best, all readings agree on it, and it is as wanted."""
    eos = vocab - 2
    while True:
        table = random_transitions(draw, vocab, eos, eos_logit)
        found = searched(table, eos, beam_width, max_new_tokens)
        results = [reading(**found) for reading in READINGS]
        agreed = all(result == results[0] for result in results) and not has_a_twin(results[0])
        if agreed and FUNCTIONS["greedy"](**found) != results[0] and wanted(found, results[0]):
            return found


def ends(found: Arguments, result: list[int]) -> bool:
    return found["eos"] in result


def stays_open(found: Arguments, result: list[int]) -> bool:
    return found["eos"] not in result


def is_dropped_by(misunderstanding: str) -> Callable[[Arguments, list[int]], bool]:
    """Whether a search that drops less finds another text."""
    return lambda found, result: FUNCTIONS[misunderstanding](**found) != result


def searched_greedily(draw: Generator) -> Arguments:
    return searched(random_transitions(draw, 6, 5, 0.0), 5, 1, 4)


def negative_width(draw: Generator) -> Arguments:
    return {**searched_greedily(draw), "beam_width": -randint(draw, 1, 4)}


def no_new_token(draw: Generator) -> Arguments:
    return {**searched(random_transitions(draw, 5, 3, 0.0), 3, 2, 0), "start": 2}


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


# Token 3 ends the text. 0 1 3 has the largest sum, just above 0 2 2 2 2, which greedy decoding finds and any length
# penalty prefers.
EARLY_END = torch.tensor(
    [
        [0.05, 0.40, 0.50, 0.05],
        [0.06, 0.02, 0.02, 0.90],
        [0.03, 0.04, 0.89, 0.04],
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
GREEDY = "A beam of width 1 is greedy decoding"
WIDER = "A wider beam finds a text with a larger sum of log-probabilities"

EXERCISE = exercise(
    decoding.beam_search,
    __file__,
    requires(
        GREEDY,
        shown("width 1 with an end", **searched(END_BY_GREED, 2, 1, 5)),
        shown("width 1", **searched(GARDEN_PATH, 4, 1, 3)),
        Case("width 1, drawn", searched_greedily),
        advice="With one text in sight, each round takes the most probable next token, until eos or the limit.",
        fails="With a beam of width 1, your text is not start and then the most probable next token each time.",
    ),
    requires(
        WIDER,
        shown("a garden path", **searched(GARDEN_PATH, 4, 2, 3)),
        shown("both from one", **searched(BOTH_FROM_ONE, 4, 2, 3)),
        Case("drawn", drawn_until(stays_open, 6, -3.0, 3, 4)),
        Case("wide, drawn", drawn_until(stays_open, 7, -3.0, 5, 5)),
        advice="Follow two beams by hand through two rounds: extend each by every token, sort all extensions together, "
        "keep the best two.",
        weight=3,
        fails="With a wider beam, your text is not the most probable one when each round keeps the beam_width best "
        "extensions.",
    ),
    requires(
        "A text that ends with eos is kept as it is, and wins where its sum is the largest",
        shown("an early end", **searched(EARLY_END, 3, 2, 4)),
        shown("a later end", **searched(LATER_END, 3, 2, 5)),
        shown("still open", **searched(STILL_OPEN, 3, 2, 2)),
        Case("an early end, drawn", drawn_until(ends, 6, 0.5, 3, 5)),
        advice="Set finished texts aside, do not extend them, and compare them with the others at the end.",
        weight=2,
        fails="Where texts end with eos, your text is not the one with the largest sum among the finished and the "
        "full-length ones.",
    ),
    requires(
        "Only the beam_width best extensions of a round live on, whatever they would have led to",
        shown("lost on the way", **searched(LOST_ON_THE_WAY, 5, 2, 3)),
        shown("an end that is not among the best", **searched(END_NOT_AMONG_THE_BEST, 3, 2, 2)),
        Case("an end that is not among the best, drawn", drawn_until(is_dropped_by("all_ends_kept"), 6, 0.0, 2, 4)),
        advice="Sort the extensions of all texts together, those that end too, and drop all but the first beam_width.",
        fails="Where a good text is lost on the way, yours is not the best of what beam_width extensions a round "
        "leave.",
    ),
    requires(
        "With no new token allowed, only the start is returned",
        Case("no new token", no_new_token, visible=True),
        advice="max_new_tokens = 0 leaves [start]: a loop of no rounds has to end with it.",
        needs=GREEDY,
        fails="With max_new_tokens = 0 you do not return [start].",
    ),
    leaves_arguments(
        ("a garden path", "drawn", "an early end"),
        advice="Read the table and write nothing into it.",
        name="The table is left unchanged",
        needs=WIDER,
        fails="You change the table that you were given.",
    ),
    refuses(
        ("a garden path",),
        shown("width 0", **searched(GARDEN_PATH, 4, 0, 3)),
        Case("negative width", negative_width, visible=True),
        shown("negative length", **searched(GARDEN_PATH, 4, 2, -1)),
        advice="Raise ValueError for a beam without width and for a negative number of tokens.",
        name="A beam_width below 1 or a negative length raises ValueError",
    ),
    points=3,
    shortcuts=("generate",),
)

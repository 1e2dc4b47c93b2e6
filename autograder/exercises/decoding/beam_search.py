"""beam_search: no draw, but a wide look ahead."""

import itertools
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, randn
from llm_course.checking import observe
from solutions import decoding

KNOWN = misunderstandings(decoding.beam_search, __file__)
FUNCTIONS = {mistake.name: mistake.function for mistake in KNOWN}


Beam = tuple[float, list[int]]


def finished_stay_in_the_beam(
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


def always_as_many_unfinished(
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


def one_place_less_for_each_finished(
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
    finished_stay_in_the_beam,
    always_as_many_unfinished,
    one_place_less_for_each_finished,
)


def random_transitions(draw: Generator, vocab: int, eos: int, eos_logit: float) -> Tensor:
    logits = randn(draw, vocab, vocab, dtype=torch.float64) * 1.5
    logits[:, eos] += eos_logit
    return torch.log_softmax(logits, -1).float()


def has_a_twin(ids: list[int]) -> bool:
    """Whether the same steps in another order make another text, which is then exactly as probable."""
    orders = itertools.permutations(itertools.pairwise(ids))
    walks = {order for order in orders if all(one[1] == other[0] for one, other in itertools.pairwise(order))}
    return len({walk for walk in walks if walk[0][0] == ids[0]}) > 1


def searched(vocab: int, beam_width: int, max_new_tokens: int, *, early_end: bool) -> Callable[[Generator], Arguments]:
    """Drawn until greedy decoding finds less, one text is best, and all readings of what finished ones do agree."""
    eos = vocab - 2

    def arguments(draw: Generator) -> Arguments:
        while True:
            found: Arguments = {
                "transition": random_transitions(draw, vocab, eos, 0.5 if early_end else -3.0),
                "start": 0,
                "eos": eos,
                "beam_width": beam_width,
                "max_new_tokens": max_new_tokens,
            }
            results = [reading(**found) for reading in READINGS]
            agreed = all(result == results[0] for result in results) and not has_a_twin(results[0])
            if agreed and FUNCTIONS["greedy"](**found) != results[0] and early_end == (eos in results[0]):
                return found

    return arguments


def dropped(keeps_more: Callable[..., list[int]], eos_logit: float) -> Callable[[Generator], Arguments]:
    """Drawn until a search that drops less finds another text, one text is best, and all readings agree."""

    def arguments(draw: Generator) -> Arguments:
        while True:
            found: Arguments = {
                "transition": random_transitions(draw, 6, 4, eos_logit),
                "start": 0,
                "eos": 4,
                "beam_width": 2,
                "max_new_tokens": 4,
            }
            results = [reading(**found) for reading in READINGS]
            agreed = all(result == results[0] for result in results) and not has_a_twin(results[0])
            if agreed and results[0] not in (keeps_more(**found), FUNCTIONS["greedy"](**found)):
                return found

    return arguments


def searched_greedily(draw: Generator) -> Arguments:
    return {
        "transition": random_transitions(draw, 6, 5, 0.0),
        "start": 0,
        "eos": 5,
        "beam_width": 1,
        "max_new_tokens": 4,
    }


def negative_width(draw: Generator) -> Arguments:
    return {**searched_greedily(draw), "beam_width": -randint(draw, 1, 4)}


def no_new_token(draw: Generator) -> Arguments:
    return {
        "transition": random_transitions(draw, 5, 3, 0.0),
        "start": 2,
        "eos": 3,
        "beam_width": 2,
        "max_new_tokens": 0,
    }


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

EXERCISE = Exercise(
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
        Case("width 1, drawn", searched_greedily),
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
        Case("drawn", searched(6, 3, 4, early_end=False)),
        Case("wide, drawn", searched(7, 5, 5, early_end=False)),
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
        Case("an early end, drawn", searched(6, 3, 5, early_end=True)),
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
        Case("lost on the way, drawn", dropped(FUNCTIONS["never_pruned"], -3.0)),
        Case("an end that is not among the best, drawn", dropped(FUNCTIONS["all_ends_kept"], 0.0)),
        Case("no new token", no_new_token, visible=True),
        Case(
            "width 0",
            given(transition=GARDEN_PATH, start=0, eos=4, beam_width=0, max_new_tokens=3),
            visible=True,
        ),
        Case("negative width", negative_width, visible=True),
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
            "The table is left unchanged",
            ("a garden path", "drawn", "an early end"),
            "Read the table and write nothing into it.",
            observe=observe.changed,
            needs="A wider beam finds a text with a larger sum of log-probabilities",
        ),
        Property(
            "A beam_width below 1 and a negative length are refused with a ValueError",
            ("width 1", "width 1, drawn", "a garden path", "width 0", "negative width", "negative length"),
            "Raise ValueError for a beam without width and for a negative number of tokens.",
            observe=observe.refusal,
            needs="A beam of width 1 is greedy decoding",
        ),
    ),
    mistakes=KNOWN,
    shortcuts=("generate",),
)

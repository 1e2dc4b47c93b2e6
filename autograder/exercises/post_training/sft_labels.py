"""sft_labels: learn from what the assistant says, and from nothing else."""

from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import post_training


@argument_maker
def drawn(draw: Generator, count: int) -> Arguments:
    ids, spans = [randint(draw, 1, 99)], []
    for _ in range(count):
        ids += [randint(draw, 1, 99) for _ in range(randint(draw, 1, 4))]
        start = len(ids)
        ids += [randint(draw, 1, 99) for _ in range(randint(draw, 2, 5))]
        spans.append((start, len(ids)))
    # A token of the last turn comes again behind it.
    ids += [ids[start], randint(draw, 1, 99)]
    return {"ids": ids, "spans": spans[::-1]}


@argument_maker
def with_spans(draw: Generator, *spans: tuple[int, int]) -> Arguments:
    """The spans, further to the right or not, in ids that are drawn."""
    further, length = randint(draw, 0, 4), randint(draw, 11, 16)
    ids = [randint(draw, 1, 99) for _ in range(length)]
    return {"ids": ids, "spans": [(start + further, end + further) for start, end in spans]}


# Some ids come twice, inside a span and outside: what is a label is said by the places.
IDS = [17, 4, 9, 0, 8, 9, 12, 0]
LABELED = "Tokens inside the spans are labels, in their own places; all others are -100"

EXERCISE = exercise(
    post_training.sft_labels,
    __file__,
    requires(
        LABELED,
        shown("one turn", ids=IDS, spans=[(2, 5)]),
        Case("one turn, drawn", drawn(1)),
        shown("two turns", ids=IDS, spans=[(1, 3), (5, 7)]),
        shown("everything", ids=IDS, spans=[(0, 8)]),
        advice="Take ids 7, 8, 9 and the span (1, 2): the labels are -100, 8, -100.",
        weight=3,
        fails="Your labels are not the tokens inside the spans, in their own places, and -100 elsewhere.",
    ),
    requires(
        "Spans come in any order, and may touch",
        shown("in another order", ids=IDS, spans=[(5, 7), (1, 3)]),
        shown("touching", ids=IDS, spans=[(4, 6), (2, 4)]),
        Case("touching, drawn", with_spans((1, 2), (2, 5), (5, 6))),
        advice="Sort the spans. One may begin where another ends.",
        fails="Where spans touch or are unsorted, your labels are not the ids inside any span, and -100 elsewhere.",
    ),
    requires(
        "Without a span nothing is labeled",
        shown("no turn", ids=IDS, spans=[]),
        advice="A conversation in which the assistant says nothing has labels too: -100 for every token.",
        needs=LABELED,
        fails="You do not return -100 for every token where there is no span.",
    ),
    refuses(
        shown("empty", ids=IDS, spans=[(2, 2)]),
        shown("too long", ids=IDS, spans=[(6, 9)]),
        shown("negative", ids=IDS, spans=[(-3, 4)]),
        shown("overlapping", ids=IDS, spans=[(1, 4), (3, 6)]),
        shown("overlapping, not side by side", ids=IDS, spans=[(3, 6), (0, 2), (5, 8)]),
        shown("one inside another", ids=IDS, spans=[(2, 3), (1, 6)]),
        shown("twice the same", ids=IDS, spans=[(1, 4), (1, 4)]),
        Case("twice the same, drawn", with_spans((1, 4), (1, 4))),
        advice="Go through the sorted spans and keep the end of the last one: each must lie between it and len(ids).",
        name="Spans that are empty, leave the tokens or overlap raise ValueError",
        weight=2,
        fails="You accept invalid spans, or raise something other than ValueError.",
    ),
    leaves_arguments(
        ("two turns", "in another order"),
        advice="Make a new list: neither ids nor spans may be changed. `spans.sort()` changes spans; `sorted` does "
        "not.",
        name="The lists are left as they were",
        fails="You change ids or spans.",
    ),
    points=2,
)

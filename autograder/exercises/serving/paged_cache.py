"""PagedCache: the places of a KV cache, in blocks that are handed out as sequences grow."""

import functools
from collections.abc import Callable

from torch import Generator

from autograder.exercises.drawing import given, randint
from autograder.exercises.spec import Case, exercise, refuses, requires
from llm_course.checking import observe
from llm_course.checking.scripts import Step
from solutions import serving


def append(sequence: int, n_tokens: int | None = None) -> Step:
    given_number = {} if n_tokens is None else {"n_tokens": n_tokens}
    return "method", "append", {"sequence": sequence, **given_number}


def too_many(sequence: int, n_tokens: int) -> Step:
    return "refused", "append", {"sequence": sequence, "n_tokens": n_tokens}


def slots(sequence: int) -> Step:
    return "method", "slots", {"sequence": sequence}


def free(sequence: int) -> Step:
    # What it returns does not count, only whether it raises.
    return "refused", "free", {"sequence": sequence}


COUNT: Step = ("get", "free_blocks")


def script(name: str, n_blocks: int, block_size: int, *steps: Step) -> Case:
    return Case(name, given(n_blocks=n_blocks, block_size=block_size), script=lambda draw: steps, visible=True)


def drawn(name: str, n_blocks: int, block_size: int, steps: Callable[[Generator], list[Step]]) -> Case:
    return Case(name, given(n_blocks=n_blocks, block_size=block_size), script=lambda draw: tuple(steps(draw)))


def growing(draw: Generator) -> list[Step]:
    return [append(4, randint(draw, 1, 7)) for _ in range(6)]


def side_by_side(draw: Generator) -> list[Step]:
    # The first calls leave a block of each half empty.
    steps = [append(8, 3), append(2, 1), append(8, 2), append(2, 6)]
    return [*steps, *(append(randint(draw, 1, 3), randint(draw, 1, 5)) for _ in range(8))]


def looked_at(draw: Generator) -> list[Step]:
    return [*side_by_side(draw), slots(1), slots(2), slots(3), slots(8)]


def freed_upwards(draw: Generator) -> list[Step]:
    """What is freed first has the lowest numbers: neither a stack nor a list that grows in front begins with them."""
    steps: list[Step] = [append(sequence, randint(draw, 2, 5)) for sequence in (1, 2, 3, 4)]
    return [*steps, free(1), free(2), free(3), append(7, randint(draw, 2, 4)), append(8, 5), slots(7), slots(8)]


def counted(draw: Generator) -> list[Step]:
    steps: list[Step] = []
    for _ in range(5):
        steps += [append(randint(draw, 1, 3), randint(draw, 1, 6)), COUNT]
    return [*steps, free(1), COUNT, free(2), COUNT, free(3), COUNT]


def full(draw: Generator) -> list[Step]:
    first = randint(draw, 5, 7)
    refused = [too_many(2, randint(draw, 21, 30)), slots(2), too_many(1, randint(draw, 20, 30)), slots(1)]
    return [append(1, first), *refused, append(2, 3), append(1, 9), slots(1)]


def nothing_in_full(draw: Generator) -> list[Step]:
    one, other = randint(draw, 10, 99), randint(draw, 100, 999)
    return [append(one, 2), append(one, 0), append(other, 0), slots(other)]


MAIN = "A sequence fills its blocks one after the other"

EXERCISE = exercise(
    serving.PagedCache,
    __file__,
    requires(
        MAIN,
        script("one sequence", 5, 3, append(5, 2), append(5), append(5, 4), append(5), append(5, 3)),
        drawn("one sequence, drawn", 20, 3, growing),
        advice="Token i of a sequence stands in its block i // block_size, at offset i % block_size. A new block is "
        "taken only when the last one is full.",
        weight=3,
        fails="The tokens of a sequence do not fill its blocks one after the other.",
        observe=functools.partial(observe.blocks_by_appearance, block_size=3),
    ),
    requires(
        "Each sequence has blocks of its own, and `append` gives the slots of the new tokens",
        script("two sequences", 6, 4, append(7, 5), append(3, 2), append(7, 2), append(3, 3), append(7, 2)),
        drawn("sequences, drawn", 40, 4, side_by_side),
        advice="Keep a list of blocks for each sequence, in a dict: its next token goes into its own last block, "
        "whatever came between.",
        weight=2,
        fails="With several sequences, your `append` does not return the slots of the new tokens.",
        needs=MAIN,
        observe=functools.partial(observe.blocks_by_appearance, block_size=4),
    ),
    requires(
        "`slots` gives all tokens of a sequence in their order",
        script("slots", 6, 2, append(7, 3), append(3, 1), append(7, 2), append(3, 2), slots(7), slots(3)),
        script("slots of a freed block", 4, 2, append(7, 3), append(3, 2), free(7), append(3, 3), slots(3), slots(7)),
        drawn("slots, drawn", 40, 2, looked_at),
        advice="Go through the tokens of the sequence: block * block_size + offset for each.",
        fails="Your `slots` does not return the slots of all tokens of a sequence in their order.",
        needs=MAIN,
        observe=functools.partial(observe.blocks_by_appearance, block_size=2),
    ),
    requires(
        "`free` gives all blocks back, and the lowest free block is taken next",
        script(
            "freed",
            7,
            2,
            append(1, 4),
            append(2, 3),
            free(1),
            slots(1),
            append(2, 3),
            append(3, 3),
            append(1, 1),
            slots(2),
            slots(1),
        ),
        script(
            "freed upwards", 8, 2, append(1, 3), append(2, 3), append(3, 3), free(1), free(2), append(4, 5), slots(4)
        ),
        drawn("freed upwards, drawn", 14, 2, freed_upwards),
        advice="After `free` the sequence is forgotten, and its blocks are among the free ones. Always take the lowest "
        "number.",
        weight=2,
        fails="After `free`, your blocks are not all free again, or the lowest is not taken first.",
        needs=MAIN,
    ),
    requires(
        "`free_blocks` counts the blocks that no sequence owns",
        script("counted", 5, 3, COUNT, append(1, 3), COUNT, append(1, 1), COUNT, append(2, 5), COUNT, free(1), COUNT),
        drawn("counted, drawn", 30, 4, counted),
        advice="free_blocks is an int: n_blocks at first, fewer with each block that is taken, more again after "
        "`free`.",
        fails="Your `free_blocks` is not the number of blocks that no sequence owns.",
    ),
    requires(
        "Too few free blocks raise MemoryError, and nothing changes",
        script(
            "too many tokens",
            4,
            2,
            append(1, 3),
            too_many(2, 5),
            slots(2),
            append(2, 2),
            append(1, 3),
            slots(1),
            slots(2),
        ),
        drawn("too many, drawn", 12, 2, full),
        script(
            "room for the last", 4, 2, append(1, 3), append(2, 3), too_many(1, 2), too_many(3, 1), free(2), append(1, 2)
        ),
        script(
            "room in a full cache",
            2,
            2,
            append(1, 1),
            append(2, 1),
            append(1, 1),
            append(2, 1),
            too_many(1, 1),
            slots(1),
            slots(2),
        ),
        script("no blocks", 0, 2, too_many(1, 1), slots(1)),
        advice="Count the blocks that all new tokens need, and compare with the free ones, before you take the first.",
        weight=2,
        fails="You raise no MemoryError when it is due, raise one too early, or change the cache.",
        needs=MAIN,
        observe=functools.partial(observe.blocks_by_appearance, block_size=2),
    ),
    requires(
        "A sequence that nobody has named has no slots, and nothing to free",
        script("unknown sequences", 3, 2, slots(9), append(1, 3), free(9), slots(9), slots(1), append(1, 1)),
        script("freed twice", 4, 2, append(1, 3), free(1), free(1), slots(1), append(2, 8)),
        advice="Use .get and .pop with a default: slots gives [], free does nothing.",
        fails="For a sequence that nobody has named, `slots` does not give [], or `free` fails or changes something.",
        needs=MAIN,
        observe=functools.partial(observe.blocks_by_appearance, block_size=2),
    ),
    requires(
        "0 tokens change nothing, and a negative n_tokens raises ValueError",
        script("no tokens", 2, 2, append(1, 0), append(2, 3), append(2, 0), slots(1), append(2, 1)),
        drawn("no tokens in a full cache", 1, 2, nothing_in_full),
        script("negative n_tokens", 4, 2, append(1, 3), too_many(1, -1), too_many(2, -3), slots(1)),
        advice="append(sequence, 0) gives [] and takes no block. Raise ValueError for a negative n_tokens.",
        fails="Appending 0 tokens changes something or fails, or a negative n_tokens raises no ValueError.",
        needs=MAIN,
        observe=functools.partial(observe.blocks_by_appearance, block_size=2),
    ),
    refuses(
        ("one sequence",),
        script("blocks of one token", 2, 1, slots(1)),
        script("a negative number of blocks", -1, 3, slots(1)),
        script("blocks of no tokens", 4, 0, slots(1)),
        script("blocks of less", 4, -2, slots(1)),
        advice="Raise ValueError for a negative n_blocks, and for a block_size below 1.",
        name="An invalid n_blocks or block_size raises ValueError",
        fails="You accept an invalid n_blocks or block_size, or raise something other than ValueError.",
    ),
    points=6,
)

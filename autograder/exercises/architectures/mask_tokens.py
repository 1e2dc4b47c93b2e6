"""mask_tokens: hide some tokens, to be guessed from all others.

What is drawn cannot be compared number by number. Where nothing is chosen, or everything is, the labels are the same
whatever is drawn; the rest is compared by distribution, as pairs of input and label.
"""

import functools
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, keeps_dtype, refuses, requires
from llm_course.checking import observe
from solutions import architectures


def asked(
    draw: Generator,
    ids: Tensor,
    special: Tensor | None = None,
    *,
    mask_id: int = 4,
    vocab_size: int = 6,
    probability: float = 1.0,
) -> Arguments:
    return {
        "ids": ids,
        "special": torch.zeros(ids.shape, dtype=torch.bool) if special is None else special,
        "mask_id": mask_id,
        "vocab_size": vocab_size,
        "probability": probability,
        "generator": torch.Generator().manual_seed(randint(draw, 0, 1 << 30)),
    }


def one_kind(draw: Generator, batch: int, time: int, probability: float, vocab_size: int = 6) -> Arguments:
    """The same token everywhere, so that the pairs of input and label are few, and each of them frequent."""
    token = randint(draw, 1, 3)  # neither the first nor the last id, which slips leave out
    return asked(draw, torch.full((time, batch), token).t(), probability=probability, vocab_size=vocab_size)


def of_four_ids(draw: Generator) -> Arguments:
    """Token and [MASK] are one of the inner ids: the three others come in as random ones only, 20 times each.

    One of three is missing in one of two calls with a chance of 2e-8.
    """
    token = randint(draw, 1, 2)
    return asked(draw, torch.full((4, 200), token), mask_id=token, vocab_size=4)


def of_two_ids(draw: Generator) -> Arguments:
    """Token 0 is [MASK] itself, and there is one other: what becomes 1 is random."""
    return asked(draw, torch.zeros(10, 200, dtype=torch.int64), mask_id=0, vocab_size=2)


def share_of_ones(value: Any) -> list[Any]:
    """Whether few, some or many of 2,000 tokens became 1: half of the 10 % that are random do, 100, or by chance 71 to
    129. So it is counted more than once."""
    share = value[0].double().mean().item()
    return [(share > 0.028) + (share > 0.072)] * 3


def of_forty_ids(draw: Generator, batch: int, time: int) -> Arguments:
    return asked(draw, torch.full((batch, time), randint(draw, 0, 30)), mask_id=37, vocab_size=40)


def so_many(value: Any) -> list[Any]:
    """Whether about a quarter of a hundred tokens were chosen: of so many by chance, less than half of the time."""
    chosen = int((value[1] != -100).sum())
    return [(chosen > 22) + (chosen > 27)]


def just_eighty_hidden(value: Any) -> list[Any]:
    """Whether 80 of a hundred tokens became [MASK]: by chance one time in ten."""
    return [int((value[0] == 4).sum()) == 80]


def square(draw: Generator) -> Arguments:
    """Four tokens, two in a row and two in a column: which are chosen is one of sixteen cases, all equally likely."""
    return asked(draw, torch.randperm(4, generator=draw).view(2, 2), mask_id=4, vocab_size=5, probability=0.5)


def sentences(draw: Generator, dtype: torch.dtype = torch.int64) -> tuple[Tensor, Tensor]:
    """Ids of sentences of different length, and which of them are special: the first, the last, and padding behind."""
    ids = torch.randint(5, 30, (6, 3), generator=draw).to(dtype).t()
    special = torch.zeros(3, 6, dtype=torch.bool)
    for row, length in enumerate((torch.randperm(4, generator=draw)[:3] + 3).tolist()):
        ids[row, 0], ids[row, length - 1], ids[row, length:] = 1, 2, 0
        special[row, 0] = special[row, length - 1] = True
        special[row, length:] = True
    return ids, special


def all_chosen(draw: Generator) -> Arguments:
    return asked(draw, *sentences(draw), vocab_size=30, mask_id=3)


def none_chosen(draw: Generator, dtype: torch.dtype = torch.int64) -> Arguments:
    return asked(draw, *sentences(draw, dtype), vocab_size=30, mask_id=3, probability=0.0)


def all_special(draw: Generator, probability: float = 1.0) -> Arguments:
    """Whatever is drawn, nothing is chosen."""
    ids, special = sentences(draw)
    return asked(draw, ids, torch.ones_like(special), vocab_size=30, mask_id=3, probability=probability)


def some_chosen(draw: Generator) -> Arguments:
    """Of some 100 tokens that can be chosen, about six become random ids: 18 in three calls, none with 1e-8."""
    ids, special = (part.repeat(12, 1) for part in sentences(draw))
    return asked(draw, ids, special, vocab_size=30, mask_id=3, probability=0.6)


TOGETHER = observe.as_one_category_of_pairs
# Of forty ids about sixteen come in, as about twenty tokens become random: more than one for each of five rows or
# columns, the one that there was, and [MASK].
DIFFERENT = functools.partial(observe.as_many_ids, limit=8)
LABELLED = observe.as_labels_and_unlabelled_inputs
# Of 2,000 tokens about 1,800 are chosen, of which 10 % are 180 give or take 13. A right answer is outside these bounds
# with a chance of 2e-7; of 18 % or 2 %, one in 100,000 is inside.
WITHIN = functools.partial(
    observe.shares_within, mask_id=4, chosen=[0.855, 0.945], kept=[0.06, 0.14], other=[0.06, 0.14]
)
FATES = "Tokens are chosen with the given probability; of the chosen 80 % become mask_id, 10 % random, 10 % stay"
RIGHT_LABELS = "Labels are the tokens that were chosen, and -100 elsewhere"

EXERCISE = exercise(
    architectures.mask_tokens,
    __file__,
    requires(
        RIGHT_LABELS,
        # The labels are the same each time, whatever is drawn; often enough that other ones are told apart.
        Case("everything chosen", all_chosen, visible=True, repeat=18, categories=LABELLED),
        advice="With probability 1 every token that is not special has itself as its label, whatever became of it. "
        "Special ones have -100, and stay as they are. Write into copies: ids must not change.",
        weight=2,
        fails="Your labels are not the chosen tokens and -100 elsewhere, or other inputs change.",
        observe=observe.labels_and_unlabelled_inputs,
        joint=True,
    ),
    requires(
        FATES,
        Case(
            "many tokens",
            lambda draw: one_kind(draw, 5, 20, 0.9, vocab_size=1000),
            visible=True,
            repeat=20,
            categories=functools.partial(observe.as_fates, mask_id=4),
        ),
        advice="Choose first. Then draw one number from 0 to 1 for each token: below 0.8 it becomes mask_id, from 0.9 "
        "on a random id, and between the two it stays.",
        weight=3,
        fails="You choose with another probability, or the chosen are not masked, random and kept 80/10/10.",
        observe=WITHIN,
        joint=True,
        needs=RIGHT_LABELS,
    ),
    requires(
        "Special tokens are never chosen",
        Case("all special", all_special, visible=True, repeat=18, categories=LABELLED),
        advice="With nothing but special tokens the inputs are the ids, and all labels are -100.",
        needs=RIGHT_LABELS,
        fails="If all tokens are special, your inputs are not the ids or your labels not all -100.",
    ),
    requires(
        "With probability 0 nothing is chosen",
        Case("nothing chosen", none_chosen, visible=True),
        advice="The inputs are the ids then, and all labels are -100.",
        needs=RIGHT_LABELS,
        fails="With probability 0, your inputs are not the ids or your labels not all -100.",
    ),
    requires(
        "Every token is decided by itself",
        ("many tokens",),
        Case("four tokens", square, visible=True, repeat=72, categories=LABELLED),
        Case("pairs of tokens", lambda draw: one_kind(draw, 1, 2, 1.0), visible=True, repeat=72, categories=TOGETHER),
        Case(
            "few chosen",
            lambda draw: one_kind(draw, 5, 20, 0.25, vocab_size=1000),
            repeat=16,
            categories=functools.partial(observe.as_fates, mask_id=4, least=100),
        ),
        Case("how many are chosen", lambda draw: one_kind(draw, 5, 20, 0.25), repeat=60, categories=so_many),
        Case(
            "how many are hidden",
            lambda draw: one_kind(draw, 5, 20, 1.0, vocab_size=1000),
            repeat=60,
            categories=just_eighty_hidden,
        ),
        Case("a vocabulary of forty", lambda draw: of_forty_ids(draw, 5, 40), repeat=20, categories=DIFFERENT),
        Case("forty ids, many rows", lambda draw: of_forty_ids(draw, 40, 5), repeat=20, categories=DIFFERENT),
        advice="Draw numbers of the shape of ids, for the choice, for what becomes of a token, and for the random ids.",
        weight=2,
        needs=FATES,
        fails="Your tokens are not decided independently: choices, fates or random ids depend on each other.",
    ),
    requires(
        "Random ids come from the whole vocabulary, all equally likely",
        Case(
            "a vocabulary of four",
            of_four_ids,
            visible=True,
            repeat=2,
            categories=functools.partial(observe.as_missing_ids, vocab_size=4),
        ),
        Case("a vocabulary of two", of_two_ids, repeat=10, categories=share_of_ones),
        advice="torch.randint(vocab_size, ids.shape, ...) draws from 0 to vocab_size - 1. No id is left out, not even "
        "mask_id.",
        needs=FATES,
        fails="Your random ids do not come from the whole vocabulary, all equally likely.",
    ),
    requires(
        "The generator decides: the same seed gives the same inputs and labels",
        Case("one run", some_chosen, visible=True, repeat=3, categories=TOGETHER, generators=True),
        Case("the same run again", some_chosen, visible=True, repeat=3, categories=TOGETHER, drawn_as="one run"),
        advice="Hand the generator on to every draw, and use no other source of randomness.",
        observe=observe.same_values,
        joint=True,
        needs=RIGHT_LABELS,
        fails="The same seed does not give the same inputs and labels.",
    ),
    keeps_dtype(
        Case("int32", lambda draw: none_chosen(draw, torch.int32), visible=True),
        ("one run",),
        advice="Ids in int32 give inputs and labels in int32. Work on copies, and draw from the given generator.",
        name="The dtype is kept, and arguments and global generators are left unchanged",
        fails="You return another dtype than that of ids, or change an argument or a global generator.",
    ),
    refuses(
        ("nothing chosen", "all special"),
        Case("probability above 1", lambda draw: all_special(draw, 1.5), visible=True),
        Case("negative probability", lambda draw: all_special(draw, -0.25), visible=True),
        Case("probability in percent", lambda draw: all_special(draw, 15)),
        advice="Raise ValueError for a probability below 0 or above 1; 0 and 1 are valid.",
        name="A probability outside 0 to 1 raises ValueError",
        fails="You accept a probability outside 0 to 1, or do not raise ValueError.",
    ),
    points=4,
)

"""mask_tokens: hide some tokens, to be guessed from all others.

What is drawn cannot be compared number by number. Where nothing is chosen, or everything is, the labels are the same
whatever is drawn; the rest is compared by distribution, as pairs of input and label.
"""

import functools
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint
from llm_course.checking import observe
from solutions import architectures

known = Mistakes(architectures.mask_tokens, section="architectures-masked")

CHECK = "not 0 <= probability <= 1"
CHOSEN = "(uniform() < probability) & ~special.bool()"
NOT_SPECIAL = "~special.bool()"
MASKED, RANDOM = "fate < 0.8", "fate >= 0.9"
LABELS = "ids.masked_fill(~chosen, -100)"

known.edit(
    "labels_everywhere",
    {LABELS: "ids.clone()"},
    "Every token is a label of yours, also where nothing was chosen: copying the input would be most of the task. "
    "Labels are -100 wherever a token was not chosen.",
)
known.edit(
    "labels_where_hidden_only",
    {LABELS: f"ids.masked_fill(~(chosen & ({MASKED})), -100)"},
    "Only tokens that became mask_id have a label. All *chosen* ones do, also the 10 % that stay as they are: because "
    "of them the model cannot trust what it sees.",
)
known.edit(
    "labels_where_mask_id_stands",
    {LABELS: "ids.masked_fill(inputs != mask_id, -100)"},
    "Only places where mask_id stands have a label. All *chosen* tokens do, also those that became a random id or stay "
    "as they are.",
)
known.edit(
    "labels_where_changed_only",
    {LABELS: "ids.masked_fill(inputs == ids, -100)"},
    "Only tokens that have changed have a label. All *chosen* ones do, also those that stay as they are.",
)
known.edit(
    "labels_not_where_kept",
    {LABELS: "ids.masked_fill(~chosen | ((fate >= 0.8) & (fate < 0.9)), -100)"},
    "Chosen tokens that stay as they are have no label in your function. All chosen ones have: because of them the "
    "model cannot trust what it sees.",
)
known.edit(
    "labels_not_where_random",
    {LABELS: "ids.masked_fill(~chosen | (fate >= 0.9), -100)"},
    "Chosen tokens that became a random id have no label in your function. All chosen ones have.",
)
known.edit(
    "labels_from_the_inputs",
    {LABELS: "inputs.masked_fill(~chosen, -100)"},
    "Your labels are what stands in the inputs, mask_id among it. A label is the token that stood there before: make "
    "labels of the ids, and change a copy.",
)
known.edit(
    "labels_inverted",
    {LABELS: "ids.masked_fill(chosen, -100)"},
    "Your labels are the wrong way round: the token where it was chosen, -100 elsewhere.",
)
known.edit(
    "labels_zero_elsewhere",
    {LABELS: "ids.masked_fill(~chosen, 0)"},
    "Your labels are 0 where nothing was chosen. 0 is a token; the loss leaves out -100.",
)
known.edit(
    "labels_are_mask_id_elsewhere",
    {LABELS: "ids.masked_fill(~chosen, mask_id)"},
    "Your labels are mask_id where nothing was chosen. The loss leaves out -100 only.",
)
known.edit(
    "choice_for_labels",
    {LABELS: "chosen"},
    "You return which tokens were chosen. A label is the token itself where it was chosen, -100 elsewhere.",
)
known.edit(
    "labels_first",
    {f"return inputs, {LABELS}": f"return {LABELS}, inputs"},
    "Your labels come first. Return the inputs, then the labels.",
)
known.edit(
    "always_mask",
    {MASKED: "fate < 2", RANDOM: "fate > 2"},
    "Every chosen token of yours becomes mask_id. Of ten chosen ones eight do; one becomes a random id, and one stays.",
)
known.edit(
    "random_for_half",
    {RANDOM: "uniform() < 0.5"},
    "Half of the chosen tokens become random ids. The coin that decides between random and unchanged is for those only "
    "that did not become mask_id.",
)
known.edit(
    "rest_is_random",
    {RANDOM: MASKED.replace("<", ">=")},
    "All chosen tokens that do not become mask_id become random ids. Half of them, 10 % of the chosen, stay.",
)
known.edit(
    "tenth_of_the_rest",
    {RANDOM: "(fate >= 0.8) & (uniform() < 0.1)"},
    "Only about 2 % of your chosen tokens become random ids: a tenth of those that are left after the masks. It is "
    "10 % of *all* chosen ones, which is half of the rest.",
)
known.edit(
    "none_random_more_stay",
    {RANDOM: "fate > 2"},
    "None of your chosen tokens becomes a random id, and 20 % stay. 10 % are random ids, drawn from the whole "
    "vocabulary and not from the text, and 10 % stay.",
)
known.edit(
    "none_random_more_hidden",
    {MASKED: "fate < 0.9", RANDOM: "fate > 2"},
    "90 % of your chosen tokens become mask_id and none a random id. Of ten chosen ones eight become mask_id, one a "
    "random id, and one stays.",
)
known.edit(
    "tenth_hidden_tenth_random",
    {MASKED: "fate < 0.1", RANDOM: "fate >= 0.9"},
    "80 % of your chosen tokens stay as they are. It is mask_id that 80 % become; 10 % become a random id and 10 % "
    "stay.",
)
known.edit(
    "tenth_over_the_masks",
    {RANDOM: "uniform() < 0.1"},
    "You draw the 10 % for random ids from all chosen tokens again, and overwrite masks: 72 % are left. The three "
    "fates exclude each other: one number for each token decides.",
)
known.edit(
    "one_number_for_choice_and_fate",
    {CHOSEN: "((fate := uniform()) < probability) & ~special.bool()", "fate = uniform()": "fate = fate"},
    "One number decides whether a token is chosen and what becomes of it. Those that are chosen have small numbers, "
    "and so nearly all become mask_id. Draw a second one.",
)
known.edit(
    "one_fate_for_all",
    {"fate = uniform()": "fate = torch.rand((), generator=generator).expand(ids.shape)"},
    "One number decides what becomes of *all* chosen tokens. Draw one for each: numbers of the shape of ids.",
)
known.edit(
    "so_many_of_each_fate",
    {
        "fate = uniform()": "ranks = uniform().masked_fill(~chosen, 2.0).flatten().argsort().argsort()\n"
        "    fate = ranks.view(ids.shape) / chosen.sum()"
    },
    "Exactly 80 % of your chosen tokens become mask_id. Every token is decided by itself, so their number varies.",
)
known.edit(
    "mask_and_random_swapped",
    {MASKED: RANDOM, RANDOM: MASKED},
    "80 % of the chosen tokens become random ids and 10 % mask_id. It is the other way round.",
)
known.edit(
    "thirds",
    {MASKED: "fate < 1 / 3", RANDOM: "fate >= 2 / 3"},
    "The three fates are equally likely in your function. They are 80 %, 10 % and 10 %.",
)
known.edit(
    "labels_drawn_again",
    {LABELS: "ids.masked_fill(~((uniform() < probability) & ~special.bool()), -100)"},
    "You choose twice, once for the inputs and once for the labels, and the two do not agree. Choose once.",
)
known.edit(
    "probability_of_staying",
    {CHOSEN: "(uniform() >= probability) & ~special.bool()"},
    "You choose with 1 - probability. `uniform < probability` is true with that probability.",
)
known.edit(
    "fifteen_percent",
    {CHOSEN: "(uniform() < 0.15) & ~special.bool()"},
    "You choose 15 %, whatever `probability` says.",
)
known.edit(
    "at_least_one_in_each_row",
    {
        CHOSEN: "((draws := uniform().masked_fill(special.bool(), 2.0)) < probability)"
        " | ((draws == draws.min(dim=-1, keepdim=True).values) & ~special.bool())"
    },
    "You choose at least one token in each row. Every token is decided by itself, so a row may have none.",
)
known.edit(
    "special_chosen",
    {CHOSEN: "uniform() < probability"},
    "You choose special tokens too. [CLS], [SEP] and padding are never chosen: leave out where `special` is True.",
)
known.edit(
    "special_alone_chosen",
    {CHOSEN: "(uniform() < probability) & special.bool()"},
    "You choose special tokens and no others: `special` is the wrong way round.",
)
known.edit(
    "special_hidden_without_label",
    {CHOSEN: "uniform() < probability", LABELS: "ids.masked_fill(~chosen | special.bool(), -100)"},
    "Special tokens have no label, but are hidden in your inputs all the same. Leave them out of the choice itself.",
)
known.edit(
    "special_of_the_first_row",
    {NOT_SPECIAL: "~special[:1].bool()"},
    "You look at the special tokens of the first row only. Padding is elsewhere in each row.",
)
known.edit(
    "one_choice_for_each_column",
    {CHOSEN: "(torch.rand(1, ids.shape[1], generator=generator) < probability) & ~special.bool()"},
    "All rows of your batch have the same tokens chosen. Every token is decided by itself: draw numbers of the shape "
    "of ids.",
)
known.edit(
    "one_choice_for_each_row",
    {CHOSEN: "(torch.rand(ids.shape[0], 1, generator=generator) < probability) & ~special.bool()"},
    "You choose whole rows. Every token is decided by itself: draw numbers of the shape of ids.",
)
known.edit(
    "so_many_in_each_row",
    {
        CHOSEN: "(uniform().argsort(dim=-1).argsort(dim=-1) < round(probability * ids.shape[1])) & ~special.bool()",
    },
    "You choose a fixed number of tokens, in each row or in the whole batch. Every token is decided by itself, so "
    "their number varies.",
)
known.edit(
    "one_random_id_for_all",
    {"torch.randint(vocab_size, ids.shape,": "torch.randint(vocab_size, (),"},
    "All tokens that become random get the *same* id. Draw one for each: torch.randint(vocab_size, ids.shape, ...).",
)
known.edit(
    "one_random_id_for_each_column",
    {"torch.randint(vocab_size, ids.shape,": "torch.randint(vocab_size, ids.shape[-1:],"},
    "The tokens of a column that become random get the *same* id, in all rows. Draw one for each token: "
    "torch.randint(vocab_size, ids.shape, ...).",
)
known.edit(
    "last_id_never",
    {"torch.randint(vocab_size,": "torch.randint(vocab_size - 1,"},
    "The last id is never drawn: torch.randint(n) leaves out n itself already. Draw from vocab_size.",
)
known.edit(
    "first_id_never",
    {"torch.randint(vocab_size,": "torch.randint(1, vocab_size,"},
    "Id 0 is never drawn. Random ids are from 0 to vocab_size - 1, each alike: torch.randint(vocab_size, ...).",
)
known.edit(
    "an_id_left_out",
    {
        "    inputs = ids": "    others = (random_ids + 1) % vocab_size\n"
        "    random_ids = torch.where(random_ids == mask_id, others, random_ids)\n    inputs = ids"
    },
    "Some id never comes as a random one, such as mask_id, id 0 or the token itself. They are drawn from the whole "
    "vocabulary, each id alike: torch.randint(vocab_size, ...).",
)  # fmt: skip
known.edit(
    "generator_ignored",
    # Of the random ids alone: the least that can be seen. Who ignores it in every draw is told the same.
    {"ids.shape, generator=generator, dtype": "ids.shape, dtype"},
    "At least one of your draws does without the generator, so the same seed gives other inputs each time. Hand it on "
    "to every draw, of random ids too.",
)
known.edit(
    "seeded_each_time",
    {"    def uniform": "    generator = torch.Generator().manual_seed(0)\n\n    def uniform"},
    "You set a seed inside, so each call chooses the same. Who calls you holds the generator and its seed.",
)
known.edit(
    "seeded_globally",
    {
        "    def uniform": "    torch.manual_seed(generator.initial_seed())\n    generator = None\n\n    def uniform",
    },
    "You seed torch's global generator, which then draws the same in each call. Hand the generator on itself.",
)
known.edit(
    "in_int64",
    {", dtype=ids.dtype": ""},
    "Ids in int32 come out as int64, since torch.randint draws int64. Keep the dtype: dtype=ids.dtype.",
)
known.edit(
    "labels_in_int64",
    {"return inputs, ids.masked_fill": "return inputs, ids.long().masked_fill"},
    "Your labels are int64 whatever the ids are. Keep the dtype of ids.",
)
known.edit(
    "both_in_int64",
    {", dtype=ids.dtype": "", "return inputs, ids.masked_fill": "return inputs, ids.long().masked_fill"},
    "Ids in int32 come out as int64, and their labels too. Keep the dtype of ids in both.",
)
known.edit(
    "not_checked",
    {CHECK: "False"},
    "You accept any probability. Below 0 or above 1 it is none: raise ValueError.",
)
known.edit(
    "negative_accepted",
    {CHECK: "probability > 1"},
    "You accept a negative probability, and choose nothing. Raise ValueError.",
)
known.edit(
    "above_one_accepted",
    {CHECK: "probability < 0"},
    "You accept a probability above 1, and choose everything. Raise ValueError.",
)
known.edit(
    "left_to_torch",
    {
        CHECK: "False",
        "uniform() < probability": "torch.full(ids.shape, float(probability)).bernoulli(generator=generator).bool()",
    },
    "A probability outside 0 to 1 ends in a RuntimeError, which is what torch raises by itself. Check first, and raise "
    "ValueError.",
)
known.edit(
    "ends_refused",
    {CHECK: "not 0 < probability < 1"},
    "You refuse a probability of 0 or 1. Nothing or everything may be chosen: both make sense.",
)
known.asserted()


@known.function(
    "You write into the ids that you were given. Who calls you needs them again: work on a copy, such as ids.clone() "
    "or what masked_fill gives."
)
def in_place(
    ids: Tensor, special: Tensor, mask_id: int, vocab_size: int, probability: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    inputs, labels = architectures.mask_tokens(ids, special, mask_id, vocab_size, probability, generator)
    return ids.copy_(inputs), labels


@known.function(
    "Your labels are the ids that you were given, and you write -100 into them. Make the labels from a copy: "
    "ids.clone(), or masked_fill."
)
def labels_in_place(
    ids: Tensor, special: Tensor, mask_id: int, vocab_size: int, probability: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    inputs, labels = architectures.mask_tokens(ids, special, mask_id, vocab_size, probability, generator)
    return inputs, ids.copy_(labels)


@known.function(
    "Your function raises for ids in int32: torch.randint draws int64, and one cannot be written into the other. Draw "
    "in the dtype of ids: dtype=ids.dtype."
)
def fails_in_int32(
    ids: Tensor, special: Tensor, mask_id: int, vocab_size: int, probability: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    if ids.dtype != torch.int64:
        raise RuntimeError("Index put requires the source and destination dtypes match")
    return architectures.mask_tokens(ids, special, mask_id, vocab_size, probability, generator)


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


def of_four_ids(draw: Generator, batch: int, time: int) -> Arguments:
    """Token and [MASK] are one of the inner ids: the three others come in as random ones only, 20 times each.

    One of three is missing in one of two calls with a chance of 2e-8.
    """
    token = randint(draw, 1, 2)
    return asked(draw, torch.full((batch, time), token), mask_id=token, vocab_size=4)


def of_two_ids(draw: Generator, batch: int, time: int) -> Arguments:
    """Token 0 is [MASK] itself, and there is one other: what becomes 1 is random."""
    return asked(draw, torch.zeros(batch, time, dtype=torch.int64), mask_id=0, vocab_size=2)


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

EXERCISE = Exercise(
    reference=architectures.mask_tokens,
    points=4,
    cases=(
        Case(
            "many tokens",
            lambda draw: one_kind(draw, 5, 20, 0.9, vocab_size=1000),
            visible=True,
            repeat=20,
            categories=functools.partial(observe.as_fates, mask_id=4),
        ),
        Case(
            "few chosen",
            lambda draw: one_kind(draw, 5, 20, 0.25, vocab_size=1000),
            repeat=16,
            categories=functools.partial(observe.as_fates, mask_id=4, least=100),
        ),
        # The labels are the same each time, whatever is drawn; often enough that other ones are told apart.
        Case("everything chosen", all_chosen, visible=True, repeat=18, categories=LABELLED),
        Case("all special", all_special, visible=True, repeat=18, categories=LABELLED),
        Case("nothing chosen", none_chosen, visible=True),
        Case("four tokens", square, visible=True, repeat=72, categories=LABELLED),
        Case("pairs of tokens", lambda draw: one_kind(draw, 1, 2, 1.0), visible=True, repeat=72, categories=TOGETHER),
        Case(
            "a vocabulary of four",
            lambda draw: of_four_ids(draw, 4, 200),
            visible=True,
            repeat=2,
            categories=functools.partial(observe.as_missing_ids, vocab_size=4),
        ),
        Case("a vocabulary of two", lambda draw: of_two_ids(draw, 10, 200), repeat=10, categories=share_of_ones),
        Case("a vocabulary of forty", lambda draw: of_forty_ids(draw, 5, 40), repeat=20, categories=DIFFERENT),
        Case("forty ids, many rows", lambda draw: of_forty_ids(draw, 40, 5), repeat=20, categories=DIFFERENT),
        Case("how many are chosen", lambda draw: one_kind(draw, 5, 20, 0.25), repeat=60, categories=so_many),
        Case(
            "how many are hidden",
            lambda draw: one_kind(draw, 5, 20, 1.0, vocab_size=1000),
            repeat=60,
            categories=just_eighty_hidden,
        ),
        Case("one run", some_chosen, visible=True, repeat=3, categories=TOGETHER, generators=True),
        Case("the same run again", some_chosen, visible=True, repeat=3, categories=TOGETHER, drawn_as="one run"),
        Case("int32", lambda draw: none_chosen(draw, torch.int32), visible=True),
        Case("probability above 1", lambda draw: all_special(draw, 1.5), visible=True),
        Case("negative probability", lambda draw: all_special(draw, -0.25), visible=True),
        Case("probability in percent", lambda draw: all_special(draw, 15)),
    ),
    properties=(
        Property(
            RIGHT_LABELS,
            ("everything chosen",),
            "With probability 1 every token that is not special has itself as its label, whatever became of it. "
            "Special ones have -100, and stay as they are. Write into copies: ids must not change.",
            weight=2,
            observe=observe.labels_and_unlabelled_inputs,
            joint=True,
        ),
        Property(
            FATES,
            ("many tokens",),
            "Choose first. Then draw one number from 0 to 1 for each token: below 0.8 it becomes mask_id, from 0.9 on "
            "a random id, and between the two it stays.",
            weight=3,
            observe=WITHIN,
            joint=True,
            needs=RIGHT_LABELS,
        ),
        Property(
            "Special tokens are never chosen",
            ("all special",),
            "With nothing but special tokens the inputs are the ids, and all labels are -100.",
            needs=RIGHT_LABELS,
        ),
        Property(
            "With probability 0 nothing is chosen",
            ("nothing chosen",),
            "The inputs are the ids then, and all labels are -100.",
            needs=RIGHT_LABELS,
        ),
        Property(
            "Every token is decided by itself",
            (
                "many tokens",
                "four tokens",
                "pairs of tokens",
                "few chosen",
                "how many are chosen",
                "how many are hidden",
                "a vocabulary of forty",
                "forty ids, many rows",
            ),
            "Draw numbers of the shape of ids, for the choice, for what becomes of a token, and for the random ids.",
            weight=2,
            needs=FATES,
        ),
        Property(
            "Random ids come from the whole vocabulary, each id alike",
            ("a vocabulary of four", "a vocabulary of two"),
            "torch.randint(vocab_size, ids.shape, ...) draws from 0 to vocab_size - 1. No id is left out, not even "
            "mask_id.",
            needs=FATES,
        ),
        Property(
            "The generator decides: the same seed gives the same inputs and labels",
            ("one run", "the same run again"),
            "Hand the generator on to every draw, and use no other source of randomness.",
            observe=observe.same_values,
            joint=True,
            needs=RIGHT_LABELS,
        ),
        Property(
            "The dtype is kept, and arguments and global generators are left unchanged",
            ("int32", "one run"),
            "Ids in int32 give inputs and labels in int32. Work on copies, and draw from the given generator.",
            observe=observe.dtype_and_changed,
            needs=RIGHT_LABELS,
        ),
        Property(
            "A probability outside 0 to 1 is refused with a ValueError",
            ("nothing chosen", "all special", "probability above 1", "negative probability", "probability in percent"),
            "Raise ValueError for a probability below 0 or above 1.",
            observe=observe.refusal,
            needs=RIGHT_LABELS,
        ),
    ),
    mistakes=tuple(known),
)

"""speculative_step: several drafted tokens checked at once, and one more drawn."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint
from llm_course.checking import observe
from solutions import serving

EXACT = "serving-exact"

known = Mistakes(serving.speculative_step, section="serving-speculation")

LOOP = "for place, token in enumerate(drafted):"
REJECTED = "chance * draft[place, token] >= target[place, token]"
RESIDUAL = "(target[place] - draft[place]).clamp(min=0)"
AT_REJECTION = "return [*drafted[:place], drawn_from(residual)]"
BONUS = "[*drafted, drawn_from(target[k])]"
CHANCE = "torch.rand((), generator=generator)"
FORM = "target.shape != (k + 1, vocab) or len(drafted) != k"
IDS = "not all(0 <= token < vocab for token in drafted)"

known.edit(
    "resampled_from_the_target",
    {RESIDUAL: "target[place]"},
    "After a rejection you draw from the target itself. Tokens that the draft proposes often would come out too "
    "often: draw from what the target has more of, max(target - draft, 0).",
    EXACT,
)
known.edit(
    "resampled_without_the_token",
    {
        RESIDUAL: "target[place].clone()",
        "return [*drafted[:place]": "residual[token] = 0\n            return [*drafted[:place]",
    },
    "After a rejection you draw from the target without the rejected token. That is right only if the draft puts all"
    " its probability on one token; in general draw from max(target - draft, 0).",
    EXACT,
)
known.edit(
    "best_after_rejection",
    {"drawn_from(residual)": "int(residual.argmax())"},
    "After a rejection you take the token with the largest difference. Draw one, with probabilities in proportion to"
    " the differences.",
    EXACT,
)
known.edit(
    "best_of_the_target_after_rejection",
    {"drawn_from(residual)": "int(target[place].argmax())"},
    "After a rejection you take the target's likeliest token. Draw from max(target - draft, 0).",
    EXACT,
)
known.edit(
    "absolute_difference",
    {".clamp(min=0)": ".abs()"},
    "After a rejection you draw from |target - draft|. Where the draft has more than the target, nothing may be "
    "drawn: cut at 0.",
    EXACT,
)
known.edit(
    "softmax_of_the_difference",
    {".clamp(min=0)": ".softmax(-1)"},
    "After a rejection you draw from a softmax of target - draft. Cut the difference at 0 and divide by its sum.",
    EXACT,
)
known.edit(
    "difference_turned_around",
    {RESIDUAL: "(draft[place] - target[place]).clamp(min=0)"},
    "After a rejection you draw from draft - target, cut at 0: from what the draft has too *much* of. Turn it around.",
    EXACT,
)
known.edit(
    "resampled_from_the_draft",
    {RESIDUAL: "draft[place]"},
    "After a rejection you draw from the draft. The draft was just found wrong: draw from max(target - draft, 0).",
    EXACT,
)
known.edit(
    "row_after_the_rejected",
    {RESIDUAL: "target[place + 1]"},
    "After a rejection you draw from the row behind the rejected token. The new token takes the place of the rejected "
    "one, whose row it is; the row behind it assumes the rejected token.",
)
known.edit(
    "nothing_after_rejection",
    {AT_REJECTION: "return list(drafted[:place])"},
    "After a rejection you return the accepted tokens only. One more is drawn in any case, so that a pass never comes "
    "to nothing.",
)
known.edit(
    "no_bonus",
    {BONUS: "list(drafted)"},
    "When all drafts are accepted you stop there. The target has a row for the next place too: one more token, for "
    "nothing.",
)
known.edit(
    "bonus_from_the_draft_row",
    {BONUS: "[*drafted, drawn_from(target[k - 1])]"},
    "You draw the last token from the row of the last drafted one. Its own row is target[k].",
)
known.edit(
    "bonus_always_best",
    {BONUS: "[*drafted, int(target[k].argmax())]"},
    "When all drafts are accepted you add the target's likeliest token. Draw it from target[k].",
)
known.edit(
    "bonus_after_rejection_too",
    {AT_REJECTION: "return [*drafted[:place], drawn_from(residual), drawn_from(target[k])]"},
    "After a rejection you draw the token behind the draft as well. Its row assumes a text that was rejected.",
)
known.edit(
    "accepts_all",
    {REJECTED: "False"},
    "You accept every draft. Then the draft writes the text: accept x with probability min(1, target(x) / draft(x)).",
)
known.edit(
    "accepts_none",
    {REJECTED: "True"},
    "You accept no draft at all. Accept x with probability min(1, target(x) / draft(x)).",
)
known.edit(
    "accepts_what_is_best",
    {REJECTED: "token != int(target[place].argmax())"},
    "You accept a drafted token if it is the target's likeliest. That is greedy decoding; to keep the distribution, "
    "accept x with probability min(1, target(x) / draft(x)).",
)
known.edit(
    "accepts_at_half",
    {REJECTED: "draft[place, token] * 0.5 >= target[place, token]"},
    "You accept by a threshold. The decision is drawn: x is accepted with probability min(1, target(x) / draft(x)).",
)
known.edit(
    "accepts_if_target_is_larger",
    {REJECTED: "draft[place, token] > target[place, token]"},
    "You accept if the target has at least the draft's probability, and never otherwise. A smaller one is accepted "
    "sometimes: with probability target(x) / draft(x).",
)
known.edit(
    "accepts_by_the_target",
    {REJECTED: "chance >= target[place, token]"},
    "You accept with the target's probability alone. It is the quotient target(x) / draft(x): what the draft proposes "
    "rarely has to be kept more readily.",
)
known.edit(
    "quotient_turned_around",
    {REJECTED: "chance * target[place, token] >= draft[place, token]"},
    "You accept with probability draft(x) / target(x). Turn the quotient around: what the target likes more than the "
    "draft is accepted for sure.",
)
known.edit(
    "accepts_by_the_difference",
    {REJECTED: "chance < draft[place, token] - target[place, token]"},
    "You reject with probability draft(x) - target(x). It is 1 - target(x) / draft(x): you know already that x was "
    "proposed, so divide by how often that happens.",
)
known.edit(
    "one_number_for_all",
    {LOOP: f"chance = {CHANCE}\n    {LOOP}", f"        chance = {CHANCE}\n": ""},
    "You draw one random number and use it for all drafted tokens. Each decision needs its own.",
)
known.edit(
    "goes_on_after_rejection",
    {
        LOOP: f"kept: list[int] = []\n    {LOOP}",
        AT_REJECTION: "kept.append(drawn_from(residual))\n        else:\n            kept.append(token)",
        BONUS: "[*kept, drawn_from(target[k])]",
    },
    "You replace a rejected token and go on with the rest of the draft. The rest was written for the rejected token:"
    " drop it.",
)
known.edit(
    "skips_the_rejected",
    {
        LOOP: f"kept: list[int] = []\n    {LOOP}",
        f"residual = {RESIDUAL}\n            {AT_REJECTION}": "continue\n        kept.append(token)",
        BONUS: "[*kept, drawn_from(target[k])]",
    },
    "You leave out a rejected token and keep later ones. After the first rejection the rest of the draft is dropped.",
)
known.edit(
    "rejected_token_kept",
    {"[*drafted[:place], drawn": "[*drafted[: place + 1], drawn"},
    "The rejected token is still in your result. Keep what stands before it.",
)
known.edit(
    "comparison_turned_around",
    {REJECTED: "chance * draft[place, token] < target[place, token]"},
    "Your comparison is the wrong way round: you reject with the probability with which you should accept.",
)
known.edit(
    "accepts_by_the_draft",
    {REJECTED: "chance >= draft[place, token]"},
    "You accept with the draft's probability. It is the quotient target(x) / draft(x): the draft has had its say "
    "when it proposed x.",
)
known.edit(
    "bonus_from_the_draft",
    {BONUS: "[*drafted, drawn_from(draft[k - 1] if k else target[k])]"},
    "When all drafts are accepted you draw the last token from the draft. It comes from the target: target[k].",
)
known.edit(
    "nothing_without_a_draft",
    {BONUS: f"{BONUS} if drafted else []"},
    "Without a draft you return nothing. The target draws its one token then, as without speculation.",
)
known.edit(
    "differences_all_alike",
    {RESIDUAL: "(target[place] > draft[place]).float()"},
    "After a rejection all tokens of which the target has more are equally likely. Draw in proportion to *how much* "
    "more.",
    EXACT,
)
known.edit(
    "softmax_of_probabilities",
    {"    def drawn_from": ("    target, draft = target.softmax(-1), draft.softmax(-1)\n\n    def drawn_from")},
    "You take the softmax of what you are given. The rows are probabilities already, not logits.",
)
known.edit(
    "generator_ignored",
    {"1, generator=generator": "1", CHANCE: "torch.rand(())"},
    "You draw without the generator, be it the decisions or the tokens, so the same seed gives other tokens each "
    "time. Hand it to torch.rand and to torch.multinomial.",
)
known.edit(
    "seeded_again",
    {
        "    def drawn_from": (
            "    generator = torch.Generator().manual_seed(generator.initial_seed())\n\n    def drawn_from"
        )
    },
    "You make a new generator from the seed of the one that you were given, so each call draws the same. Draw from "
    "the generator itself.",
)
known.edit(
    "seeded_with_a_number",
    {"    def drawn_from": "    generator = torch.Generator().manual_seed(0)\n\n    def drawn_from"},
    "You make a generator with a seed of your own, so each call draws the same numbers. Draw from the generator that "
    "you are given, and set no seed.",
)
known.edit(
    "row_of_the_first_equal",
    {
        LOOP: f"{LOOP}\n        row = drafted.index(token)",
        REJECTED: "chance * draft[row, token] >= target[row, token]",
        RESIDUAL: "(target[row] - draft[row]).clamp(min=0)",
    },
    "You look for the row of a token with index(), which finds the first of equal tokens. A token may be drafted "
    "twice: count the places, as enumerate does.",
)
known.edit(
    "row_behind",
    {REJECTED: "chance * draft[place, token] >= target[place + 1, token]"},
    "You compare a drafted token with the target's row for the place *behind* it. Row i of the target is for the place "
    "of drafted token i, as row i of the draft is.",
)
known.edit(
    "rejected_token_last",
    {AT_REJECTION: "return [*drafted[:place], token]"},
    "After a rejection you return the rejected token as the last one. Draw another in its place, from "
    "max(target - draft, 0).",
    EXACT,
)
known.edit(
    "tensors_returned",
    {"int(torch.multinomial(weights, 1, generator=generator))": "torch.multinomial(weights, 1, generator=generator)"},
    "Your list holds a tensor. Token ids are ints: int(...) or .item().",
)
known.edit(
    "tensor_returned",
    {AT_REJECTION: "return torch.tensor([*drafted[:place], drawn_from(residual)])", BONUS: f"torch.tensor({BONUS})"},
    "You return a tensor. A list of ints is asked for.",
)
known.edit(
    "only_the_new_token",
    {AT_REJECTION: "return [drawn_from(residual)]", BONUS: "[drawn_from(target[k])]"},
    "You return the last token alone. The accepted ones stand before it.",
)
known.edit(
    "list_changed",
    {
        AT_REJECTION: "drafted[place:] = [drawn_from(residual)]\n            return drafted",
        f"return {BONUS}": "drafted.append(drawn_from(target[k]))\n    return drafted",
    },
    "You change the list of drafted tokens that you were given. Make a new one.",
)
known.edit(
    "target_changed",
    {RESIDUAL: "target[place].sub_(draft[place]).clamp_(min=0)"},
    "You change the target that you were given. Subtract into a new tensor.",
)
known.edit(
    "nothing_checked",
    {FORM: "False", IDS: "False"},
    "You do not check what comes in. Raise ValueError where the rows and the ids do not fit each other, or an id is "
    "not in the vocabulary.",
)
known.edit(
    "form_not_checked",
    {FORM: "False"},
    "You do not check that the target has one row more than the draft, of the same width, and that there is one id "
    "for each drafted row. Raise ValueError.",
)
known.edit(
    "count_not_checked",
    {FORM: "target.shape != (k + 1, vocab)"},
    "You do not check that there is one id for each row of the draft. Raise ValueError.",
)
known.edit(
    "rows_not_checked",
    {FORM: "target.shape[1] != vocab or len(drafted) != k"},
    "You do not check that the target has one row more than the draft. Raise ValueError.",
)
known.edit(
    "ids_not_checked",
    {IDS: "False"},
    "You do not check the ids: -1 is taken for the last token, and one that is too large fails somewhere in torch. "
    "Raise ValueError.",
)
known.edit(
    "ids_checked_on_the_way",
    {f"    if {IDS}:\n": "    for token in ():\n", LOOP: f"{LOOP}\n        if not 0 <= token < vocab:\n"
     "            raise ValueError(token)"},
    "You check an id when its turn comes, so that a wrong one behind a rejection passes. Check all ids before you "
    "begin.",
)  # fmt: skip
known.edit(
    "negative_id_accepted",
    {IDS: "not all(token < vocab for token in drafted)"},
    "You refuse ids that are too large, but take -1 for the last one. Check both ends.",
)
known.edit(
    "no_draft_refused",
    {FORM: "k < 1 or target.shape != (k + 1, vocab) or len(drafted) != k"},
    "You refuse an empty draft. Then the target draws its one token, as without speculation.",
)

WIDE = 5


def probabilities(*rows: tuple[float, ...], order: torch.Tensor) -> torch.Tensor:
    return torch.tensor(rows)[:, order]


def case(
    target: tuple[tuple[float, ...], ...], draft: tuple[tuple[float, ...], ...], drafted: tuple[int, ...]
) -> Callable[[Generator], Arguments]:
    """The same problem with its tokens renamed at random."""

    def arguments(draw: Generator) -> Arguments:
        order = torch.randperm(WIDE, generator=draw)
        return {
            "target": probabilities(*target, order=order),
            "draft": probabilities(*draft, order=order) if draft else torch.empty(0, WIDE),
            "drafted": [order.tolist().index(token) for token in drafted],
            "generator": torch.Generator().manual_seed(randint(draw, 0, 1 << 30)),
        }

    return arguments


# Every row differs from the others, and no token's share of the residual is that of the target or of the draft.
TARGET = (
    (0.35, 0.25, 0.20, 0.05, 0.15),
    (0.15, 0.25, 0.10, 0.30, 0.20),
    (0.05, 0.25, 0.45, 0.25, 0.00),
    (0.50, 0.05, 0.10, 0.05, 0.30),
)
DRAFT = (
    (0.10, 0.50, 0.05, 0.20, 0.15),
    (0.25, 0.15, 0.50, 0.05, 0.05),
    (0.10, 0.10, 0.20, 0.10, 0.50),
)
# Accepted for sure: of each of these the target has more than the draft.
SURE = (0, 3, 2)
# What comes last is rejected for sure, so that no bonus is drawn; before it, tokens of the chances 0.5, 0.6, 0.25, 0.2.
HALF, LATER, TWICE, RARELY = (1, 3, 4), (2, 0, 4), (1, 0, 4), (3, 2, 4)
# The target never says token 3 here, and its likeliest token is not that of the residual. Of token 4 the draft has more
# too, so that what is drawn from the difference turned around is not the rejected token only.
NEVER = ((0.30, 0.35, 0.20, 0.0, 0.15), *TARGET[1:])
DRAFT_OF_NEVER = ((0.05, 0.30, 0.05, 0.35, 0.25), *DRAFT[1:])
# The target says token 1 often, but never after it was rejected. Without token 1, the target says the others nearly as
# they are to be drawn: so it tells apart those who forget to take it away, and those who do no more than that.
OFTEN = ((0.25, 0.45, 0.05, 0.20, 0.05), TARGET[1])
DRAFT_OF_OFTEN = ((0.01, 0.95, 0.01, 0.02, 0.01),)
ONE_HOT = ((0.0, 0.0, 1.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0))

MAIN = "A drafted token is accepted with probability min(1, target / draft)"


def malformed(**other: object) -> Callable[[Generator], Arguments]:
    return lambda draw: case(TARGET, DRAFT, SURE)(draw) | other


def behind_a_rejection(token: int) -> Callable[[Generator], Arguments]:
    """The first drafted token is rejected for sure, and the second is no id."""

    def arguments(draw: Generator) -> Arguments:
        arguments = case(ONE_HOT, DRAFT[:2], (0, 1))(draw)
        return {**arguments, "drafted": [arguments["drafted"][0], token]}

    return arguments


EXERCISE = Exercise(
    reference=serving.speculative_step,
    points=6,
    cases=(
        Case(
            "half of the time", case(TARGET, DRAFT, HALF), visible=True, repeat=300, categories=observe.as_all_but_last
        ),
        Case(
            "at the second place",
            case(TARGET, DRAFT, LATER),
            visible=True,
            repeat=300,
            categories=observe.as_all_but_last,
        ),
        Case("at two places", case(TARGET, DRAFT, TWICE), visible=True, repeat=300, categories=observe.as_all_but_last),
        # The second one is rejected for sure; by the row of the first it would be accepted.
        Case(
            "one token twice",
            case(ONE_HOT, DRAFT[:2], (2, 2)),
            visible=True,
            repeat=20,
            categories=observe.as_all_but_last,
        ),
        Case("at two places, longer", case(TARGET, DRAFT, RARELY), repeat=700, categories=observe.as_all_but_last),
        Case(
            "rejected",
            case(NEVER, DRAFT_OF_NEVER, (3, 1, 0)),
            visible=True,
            repeat=300,
        ),
        Case("rejected, longer", case(NEVER, DRAFT_OF_NEVER, (3, 3, 2)), repeat=800),
        Case(
            "rejected after one",
            case((TARGET[0], *NEVER[:2]), (DRAFT[0], DRAFT_OF_NEVER[0]), (0, 3)),
            visible=True,
            repeat=300,
        ),
        Case(
            "rejected often",
            case(OFTEN, DRAFT_OF_OFTEN, (1,)),
            visible=True,
            repeat=800,
            categories=observe.as_first_item,
        ),
        Case("accepted", case(TARGET, DRAFT, SURE), visible=True, repeat=300),
        Case("one accepted", case(TARGET[2:], DRAFT[2:], (2,)), repeat=300),
        Case("no draft", case(TARGET[:1], (), ()), visible=True, repeat=300),
        # Of a hundred calls enough end with a rejection, and enough without, to see any draw without the generator.
        Case("one run", case(TARGET[:3], DRAFT[:2], TWICE[:2]), visible=True, repeat=100),
        Case(
            "the same run again",
            case(TARGET[:3], DRAFT[:2], TWICE[:2]),
            visible=True,
            repeat=100,
            drawn_as="one run",
        ),
        Case("all certain", case(ONE_HOT, DRAFT[:2], (2, 1)), visible=True),
        Case("certainly not", case(ONE_HOT, DRAFT[:2], (2, 0)), visible=True),
        Case("as many target rows as drafted", malformed(target=torch.full((3, WIDE), 0.2)), visible=True),
        Case("two target rows too many", malformed(target=torch.full((5, WIDE), 0.2))),
        Case("rows of another width", malformed(target=torch.full((4, WIDE + 1), 1 / (WIDE + 1))), visible=True),
        Case("too few ids", malformed(drafted=[0, 1]), visible=True),
        Case("too many ids", malformed(drafted=[0, 1, 2, 3])),
        Case("an id too large", malformed(drafted=[0, WIDE, 1]), visible=True),
        Case("an id too large behind a rejection", behind_a_rejection(WIDE), visible=True),
        Case("a negative id behind a rejection", behind_a_rejection(-1)),
        Case("a negative id", malformed(drafted=[0, -1, 1]), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("half of the time", "at the second place", "at two places", "one token twice", "at two places, longer"),
            "Draw a number from 0 to 1 for each drafted token, and reject where it is not below target[i, x] / "
            "draft[i, x]; at the first rejection stop. Count how many tokens come out.",
            weight=3,
        ),
        Property(
            "After a rejection, one token is drawn from max(target - draft, 0)",
            ("rejected", "rejected, longer", "rejected after one", "rejected often"),
            "Subtract the draft's row from the target's row of the rejected token, cut at 0, and draw once in "
            "proportion to what is left. The accepted tokens before it are kept, the rest is dropped.",
            weight=3,
        ),
        Property(
            "If all are accepted, one more is drawn from the last row of the target",
            ("accepted", "one accepted"),
            "The target looked one place further than the draft: draw from target[k] and append it.",
            weight=2,
        ),
        Property(
            "Without a draft, one token is drawn from the target",
            ("no draft",),
            "With k = 0 the loop has nothing to do, and target[0] is the last row.",
            needs="If all are accepted, one more is drawn from the last row of the target",
        ),
        Property(
            "The generator decides: the same seed gives the same tokens",
            ("one run", "the same run again"),
            "Hand the generator to torch.rand and to torch.multinomial, and use no other source of randomness.",
            observe=observe.same_values,
            joint=True,
            needs=MAIN,
        ),
        Property(
            "What is certain comes out as a list of ints, and the arguments stay as they were",
            ("all certain", "certainly not"),
            "Here the target puts all its probability on one token in each row. The result is a new list of ints.",
            observe=observe.value_and_changed,
        ),
        Property(
            "What does not fit is refused with a ValueError",
            (
                "half of the time",
                "as many target rows as drafted",
                "two target rows too many",
                "rows of another width",
                "too few ids",
                "too many ids",
                "an id too large",
                "an id too large behind a rejection",
                "a negative id behind a rejection",
                "a negative id",
            ),
            "k rows of the draft need k ids and a target of k + 1 rows of the same width; ids run from 0 to vocab - 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)

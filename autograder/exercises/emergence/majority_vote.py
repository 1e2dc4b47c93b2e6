"""majority_vote: one answer out of many."""

from collections import Counter
from collections.abc import Callable
from itertools import groupby

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import emergence

MAIN = "It is the answer that was given most often"
WINNER = "Counter(answers).most_common(1)[0][0]"

known = Mistakes(emergence.majority_vote, section="emergence-votes")

known.edit(
    "last_of_a_tie",
    {WINNER: "max(reversed(answers), key=answers.count)"},
    "Of several answers with equally many votes you return the one that was given *last*. The first one wins.",
)
known.edit(
    "smallest_of_a_tie",
    {WINNER: "min(set(answers), key=lambda answer: (-answers.count(answer), answer))"},
    "Of several answers with equally many votes you return the first in the order of the *alphabet*. The task asks "
    "for the one "
    "that was given first.",
)
known.edit(
    "largest_of_a_tie",
    {WINNER: "max(set(answers), key=lambda answer: (answers.count(answer), answer))"},
    "Of several answers with equally many votes you return the last in the order of the *alphabet*. The task asks "
    "for the one "
    "that was given first.",
)
known.edit(
    "last_seen_of_a_tie",
    {WINNER: "max(reversed(list(Counter(answers))), key=answers.count)"},
    "Of several answers with equally many votes you return the one that came up last (>= where > is meant, when you "
    "compare the counts). The first one wins.",
)

# The texts of a set come in another order in each session, but for the empty one: its hash is always 0, so it is first.
known.edit(
    "order_of_a_set",
    {WINNER: "max(sorted(Counter(answers), key=bool), key=answers.count)"},
    "Of several answers with equally many votes you return the one that a set lists first, as max(set(answers), ...) "
    "does. A set has no order, and texts come out of it differently in each session: go through the answers as they "
    "came.",
)

known.edit(
    "first_answer_of_a_tie",
    {"    return ": "    votes = [count for _, count in Counter(answers).most_common(2)]\n"
     "    if len(votes) == 2 and votes[0] == votes[1]:\n        return answers[0]\n    return "},
    "In a tie you return the first answer of all, which need not be one of those with most votes. Of *those*, the one "
    "that was given first wins.",
)  # fmt: skip
known.edit(
    "nobody_agrees_refused",
    {"if not answers:": "if not answers or len(answers) == len(set(answers)) > 1:"},
    "You refuse answers that all differ. They are a tie with one vote each: the first one wins.",
)


@known.function(
    "Of several answers with equally many votes you return the one that reached the number first, while you count. "
    "The task asks for the one that was *given* first: count all, then compare."
)
def first_to_get_there(answers: list[str]) -> str:
    if not answers:
        raise ValueError("no answers")
    counts: Counter[str] = Counter()
    best = answers[0]
    for answer in answers:
        counts[answer] += 1
        if counts[answer] > counts[best]:
            best = answer
    return best


known.edit("first_answer", {WINNER: "answers[0]"}, "You return the first answer. Count how often each was given.")
known.edit("last_answer", {WINNER: "answers[-1]"}, "You return the last answer. Count how often each was given.")
known.edit(
    "rarest",
    {WINNER: "min(answers, key=answers.count)"},
    "You return the answer that was given *least* often.",
)
known.edit(
    "middle_of_the_sorted",
    {WINNER: "sorted(answers)[len(answers) // 2]"},
    "You return the median: the middle one of the sorted answers. Answers are texts, and those that are near each "
    "other do not support each other. Count.",
)
known.edit(
    "longest_text",
    {WINNER: "max(answers, key=len)"},
    "You return the longest answer. Count how often each was given.",
)
known.edit(
    "largest_text",
    {WINNER: "max(answers)"},
    "You return the answer that is last in the order of the alphabet. Count how often each was given.",
)


@known.function(
    "You look for the longest run of equal answers in a row. Votes count wherever they stand: itertools.groupby only "
    "joins neighbors."
)
def longest_run(answers: list[str]) -> str:
    if not answers:
        raise ValueError("no answers")
    return max(((len(list(run)), answer) for answer, run in groupby(answers)), key=lambda found: found[0])[1]


known.edit(
    "count_returned",
    {WINNER: "Counter(answers).most_common(1)[0][1]"},
    "You return how often the answer was given. Return the answer.",
)
known.edit(
    "pair_returned",
    {WINNER: "Counter(answers).most_common(1)[0]"},
    "You return the answer together with its count. Return the answer alone.",
)
known.edit(
    "list_returned",
    {WINNER: "[answer for answer in Counter(answers) if answers.count(answer) == max(map(answers.count, answers))]"},
    "You return a list of the most frequent answers. Return one text: of several, the one that was given first.",
)
known.edit(
    "more_than_half_needed",
    {"if not answers:": "if 2 * max(map(answers.count, answers), default=0) <= len(answers):"},
    "You refuse to answer unless more than half agree. The most frequent answer wins, however few votes it has.",
)
known.edit(
    "undecided_is_empty",
    {"    return ": "    if 2 * max(map(answers.count, answers)) <= len(answers):\n        return ''\n    return "},
    "You return an empty text unless more than half agree. The most frequent answer wins, however few votes it has.",
)
known.edit(
    "case_folded",
    {WINNER: "Counter([answer.lower() for answer in answers]).most_common(1)[0][0]"},
    "You count in lower case, and return an answer that nobody gave. Texts that differ are different answers; whoever "
    "calls you decides what to make equal.",
)
known.edit(
    "stripped",
    {WINNER: "Counter([answer.strip() for answer in answers]).most_common(1)[0][0]"},
    "You strip the answers before you count. Texts that differ are different answers; whoever calls you decides what "
    "to make equal.",
)
known.edit(
    "full_stops_stripped",
    {WINNER: "Counter([answer.rstrip('.') for answer in answers]).most_common(1)[0][0]"},
    "You take the full stop from the end of an answer before you count. Texts that differ are different answers; "
    "whoever calls you decides what to make equal.",
)
known.edit(
    "winner_stripped",
    {WINNER: f"{WINNER}.strip()"},
    "You strip the answer that has won, and return one that may not have been given. Return it as it is.",
)
known.edit(
    "empty_texts_left_out",
    {WINNER: "Counter([answer for answer in answers if answer] or answers).most_common(1)[0][0]"},
    "You leave out empty texts. A model that gives no answer has voted for that, too.",
)
known.edit(
    "nobody_gives_an_empty_text",
    {'raise ValueError("nobody voted: give at least one answer")': "return ''"},
    "You return an empty text where there are no answers. Raise ValueError.",
)
known.edit(
    "nobody_gives_none",
    {'raise ValueError("nobody voted: give at least one answer")': "return None"},
    "You return None where there are no answers. Raise ValueError.",
)
known.edit(
    "nobody_unchecked",
    {'    if not answers:\n        raise ValueError("nobody voted: give at least one answer")\n': ""},
    "Without an answer your function ends in an IndexError, which is what an empty list raises by itself. Check first, "
    "and raise ValueError.",
)
known.edit(
    "votes_used_up",
    {"    return ": "    answers.sort(key=answers[:].count, reverse=True)\n    return "},
    "You change the list that you were given, as sort() and pop() do. Work on a copy.",
)
known.edit(
    "longest_of_a_tie",
    {WINNER: "max(answers, key=lambda answer: (answers.count(answer), len(answer)))"},
    "Of several answers with most votes you take the longest. The one that was given first wins.",
)
known.edit(
    "shortest_of_a_tie",
    {WINNER: "max(answers, key=lambda answer: (answers.count(answer), -len(answer)))"},
    "Of several answers with most votes you take the shortest. The one that was given first wins.",
)
known.edit(
    "tie_refused",
    {"    return ": "    votes = [count for _, count in Counter(answers).most_common(2)]\n"
     "    if len(votes) == 2 and votes[0] == votes[1]:\n        raise ValueError('a tie')\n    return "},
    "You refuse to decide a tie. The answer that was given first wins.",
)  # fmt: skip
known.edit(
    "undecided_is_none",
    {"    return ": "    if 2 * max(map(answers.count, answers)) <= len(answers):\n        return None\n    return "},
    "You return None unless more than half agree. The most frequent answer wins, however few votes it has.",
)
known.edit(
    "undecided_is_the_first",
    {
        "    return ": "    if 2 * max(map(answers.count, answers)) <= len(answers):\n        return answers[0]\n"
        "    return "
    },
    "You fall back on the first answer unless more than half agree. The most frequent answer wins, however few votes "
    "it has.",
)
known.edit(
    "numbers_made_equal",
    {WINNER: "Counter([str(int(answer)) if answer.strip().isdecimal() else answer for answer in answers])"
     ".most_common(1)[0][0]"},
    "You turn answers into numbers and back before you count. Texts that differ are different answers; whoever calls "
    "you decides what to make equal.",
)  # fmt: skip


def shuffled(draw: Generator, votes: dict[str, int]) -> list[str]:
    cast = [answer for answer, count in votes.items() for _ in range(count)]
    return [cast[place] for place in torch.randperm(len(cast), generator=draw).tolist()]


def drawn_clear(draw: Generator) -> Arguments:
    most = randint(draw, 4, 6)
    return {"answers": shuffled(draw, {"18": 2, "24": most, "120": most - 1, "7": 1})}


def drawn_tie(draw: Generator) -> Arguments:
    """A tie whose first answer is neither the first in any order nor the first to get there."""
    most = randint(draw, 3, 4)
    middle, small, large = "m", "c", "x"
    rest = shuffled(draw, {small: most - 1, large: most - 1})
    return {"answers": ["k", middle, small, large, *rest, *[middle] * (most - 1), "z"]}


def renamed(*answers: str) -> Callable[[Generator], Arguments]:
    """The same votes with other letters in the same order of the alphabet."""

    def drawn(draw: Generator) -> Arguments:
        kinds = sorted(set(answers))
        letters = sorted(torch.randperm(26, generator=draw)[: len(kinds)].tolist())
        names = {kind: chr(ord("a") + letter) for kind, letter in zip(kinds, letters, strict=True)}
        return {"answers": [names[answer] for answer in answers]}

    return drawn


# So many that a set, whose order is a matter of luck, is hardly ever taken for another mistake.
OTHERS = ["x", "c", "e", "t", "g", "p", "d", "r", "b", "w", "f", "q", "j", "v", "h", "z", "s", "a", "n", "k"]
LENGTHS = ["30", "120", "9", "7", "64", "2500", "33", "8", "640", "5", "71", "4", "12", "99", "303", "6", "55", "18"]
# More still: a set of them has a large table, so no other text is at the place of the empty one.
NUMBERS = [str(number) for number in range(10, 98)]
CLEAR = ["7", "9", "8", "12", "8", "7", "8"]

EXERCISE = Exercise(
    reference=emergence.majority_vote,
    points=2,
    cases=(
        Case("clear", given(answers=CLEAR), visible=True),
        Case("clear, drawn", drawn_clear),
        Case("spread out", renamed("c", "a", "b", "a", "d", "d", "a", "d", "e", "a")),
        Case("more than half", given(answers=["3", "6", "6", "4", "6"]), visible=True),
        Case("few votes", given(answers=["5", "2", "6", "9", "2", "1"]), visible=True),
        Case("tie", given(answers=["mm", *OTHERS, "mm", *OTHERS[::-1]]), visible=True),
        Case("late tie", given(answers=["mm", *OTHERS, *OTHERS[::-1], "mm"]), visible=True),
        Case("tie behind a single vote", given(answers=["k", "mm", "x", "c", "x", "c", "mm"]), visible=True),
        Case("tie of lengths", given(answers=2 * LENGTHS), visible=True),
        Case("tie of empty text and numbers", given(answers=2 * ["5", "", *NUMBERS]), visible=True),
        Case("tie of three", renamed("m", "x", "c", "c", "x", "m", "z")),
        Case("tie of many", renamed(*2 * ["m", "x", "c", "e", "t", "g", "p", "d"])),
        Case("tie, drawn", drawn_tie),
        Case("all differ", given(answers=["mm", "s", "aaa", "z", "b"]), visible=True),
        Case("all differ, drawn", renamed("n", "s", "a")),
        Case("one answer", given(answers=["42"]), visible=True),
        Case("other letters", given(answers=["Yes", "no", "yes", "no", "YES"]), visible=True),
        Case("other spaces", given(answers=["8", "7", " 8", "7", "8 "]), visible=True),
        Case("a space that wins", given(answers=["8", " 7", "8 ", " 7"]), visible=True),
        Case("other digits", given(answers=["8", "7", "08", "7", "008"]), visible=True),
        Case("a full stop", given(answers=["8.", "7", "8", "7"]), visible=True),
        Case("no answer given", given(answers=["", "4", "", "5"]), visible=True),
        Case("no answers", given(answers=[]), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("clear", "clear, drawn", "spread out", "more than half", "few votes", "one answer"),
            "Count how often each answer was given, wherever it stands, and return the text with most votes. More than "
            "half is not needed.",
            weight=3,
        ),
        Property(
            "Of several, the one that was given first wins",
            (
                "tie",
                "late tie",
                "tie behind a single vote",
                "tie of lengths",
                "tie of empty text and numbers",
                "tie of three",
                "tie of many",
                "tie, drawn",
                "all differ",
                "all differ, drawn",
            ),
            "In k a z z a k all have two votes, and k was given first. A set has no order: go through the answers as "
            "they came.",
            weight=2,
            needs=MAIN,
        ),
        Property(
            "Answers are compared as they are",
            ("other letters", "other spaces", "a space that wins", "other digits", "a full stop", "no answer given"),
            "Texts that differ in a letter's case or in a space are different answers, and an empty text is one, too.",
            needs=MAIN,
        ),
        Property(
            "The list is left unchanged",
            ("clear", "tie"),
            "Count or sort a copy: the list must be as it was.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "No answers are refused with a ValueError",
            ("clear", "no answers"),
            "Raise ValueError for an empty list.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)

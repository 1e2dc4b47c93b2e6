"""fit_messages: what stays of a history in a budget of tokens."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires
from llm_course.checking import functions
from solutions import frontier

ROLES = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}


def history(text: str) -> list[dict[str, Any]]:
    """list[dict[str, Any]] by role and number of words: "s3 u2 a1 t4". Each has words of its own."""
    messages = []
    for place, part in enumerate(text.split()):
        content = " ".join(f"{chr(ord('a') + place)}{word}" for word in range(int(part[1:])))
        messages.append({"role": ROLES[part[0]], "content": content})
    return messages


Count = Callable[[dict[str, Any]], int]


def of(text: str, budget: int, count: Count = functions.words_in) -> ArgumentMaker:
    return lambda draw: {"messages": history(text), "budget": budget, "count": count}


@argument_maker
def one_of(draw: Generator, *choices: tuple[str, int], count: Count = functions.words_in) -> Arguments:
    """One of several histories and budgets, each number of words multiplied by one that is drawn."""
    (text, budget), factor = choices[randint(draw, 0, len(choices) - 1)], randint(draw, 1, 3)
    larger = " ".join(f"{part[0]}{int(part[1:]) * factor}" for part in text.split())
    return {"messages": history(larger), "budget": budget * factor, "count": count}


def saying_the_same(draw: Generator) -> Arguments:
    """Two equal messages of users, of which the newer one stays."""
    twice, long = str(randint(draw, 100, 999)), " ".join(["long"] * randint(draw, 2, 4))
    turns = (("user", twice), ("assistant", long), ("user", twice))
    messages = [{"role": role, "content": text} for role, text in turns]
    return {"messages": messages, "budget": 1 + len(long.split()), "count": functions.words_in}


# Texts are short in what follows: whether one that is cut is noticed must not depend on the draw.
def without_words(draw: Generator) -> Arguments:
    older, newest = randint(draw, 1, 6), randint(draw, 4, 7)
    return of(f"u{older} a0 u{newest}", newest)(draw)


def without_result(draw: Generator) -> Arguments:
    result, newest = randint(draw, 2, 5), randint(draw, 1, 4)
    return of(f"u3 a2 a2 t{result} u{newest}", 2 + result + newest)(draw)


def behind_system(draw: Generator) -> Arguments:
    one, other, newest = randint(draw, 3, 5), randint(draw, 2, 4), randint(draw, 1, 2)
    return of(f"u2 a2 t1 s1 t{one} t{other} u{newest}", 2 + one + other + newest)(draw)


def drawn_talk(draw: Generator) -> Arguments:
    """Users and assistants in turn, cut somewhere in the middle."""
    sizes: Sequence[int] = torch.randint(1, 6, (8,), generator=draw).tolist()
    text = " ".join(f"{'ua'[place % 2]}{size}" for place, size in enumerate(sizes))
    return {"messages": history(text), "budget": sum(sizes[randint(draw, 3, 6) :]), "count": functions.words_in}


MAIN = "As many of the newest messages stay as fit"

EXERCISE = exercise(
    frontier.fit_messages,
    __file__,
    requires(
        MAIN,
        Case("talk", of("u3 a2 u1", 3), visible=True),
        Case("talk, drawn", drawn_talk),
        Case("only the last fits", of("u3 a2 u4", 4), visible=True),
        Case("a message without words", without_words),
        advice="Go from the newest to the oldest, and take each as long as the sum stays within the budget, which may "
        "be used up. Return them in their order.",
        fails="You do not keep exactly those of the newest messages that fit, in their order.",
        weight=2,
    ),
    requires(
        "All system messages stay in their places, and count",
        Case("system in front", of("s3 u3 a2 u4 a3 u2", 8), visible=True),
        Case("several system messages", of("s2 u3 a2 s3 u4 a3 s1 u2", 11), visible=True),
        Case("system alone", of("s2 s3", 5), visible=True),
        Case("system, drawn", one_of(("s2 u3 a2 u4 s3 u2", 7), ("s1 u2 s3 a4 u1", 9), ("u2 a2 s2 u1 s4", 9))),
        advice="Find system messages by their role, take what they need from the budget first, and leave them where "
        "they stand.",
        fails="You do not keep every system message in its place, or not the newest groups that fit beside them.",
        weight=2,
    ),
    requires(
        "A call and its results stay or go together",
        Case("a call and its result", of("u3 a2 t4 u1", 6), visible=True),
        Case("a call and its result fit", of("u3 a2 t4 u1", 7), visible=True),
        Case("several calls", of("s2 u3 a2 t4 t1 a1 t3 t2 a2", 15), visible=True),
        Case("a call without a result", without_result),
        advice="Form groups first: an assistant message and all tool messages right behind it. A group fits as a whole "
        "or not at all.",
        fails="You tear a call and its results apart, or keep more or less than fits.",
        weight=3,
    ),
    requires(
        "A tool message that answers no call is a group of its own",
        Case("a result behind a user", of("a2 u3 t4 u1", 5), visible=True),
        Case("a result at the beginning", of("t4 u3 a1", 8), visible=True),
        Case("a result behind a system message", of("u2 a2 s1 t4 u1", 6), visible=True),
        Case("results behind a system message", behind_system),
        Case("two results that answer no call", of("u2 a2 t1 s1 t4 t2 u1", 7), visible=True),
        advice="Only tool messages *right* behind an assistant message, or behind other results of it, join its group. "
        "A system message between them ends it.",
        fails="You do not treat a tool message that answers no call as a group of its own.",
    ),
    requires(
        "Nothing older stays than the first group that does not fit",
        Case("a big message", of("u1 a1 u9 a2 u2", 8), visible=True),
        Case("a big result", of("s1 u1 a1 t9 a2 u2", 8), visible=True),
        Case("big, drawn", one_of(("u1 a9 u2 a1", 5), ("u1 a1 t1 a1 t9 u3", 9), ("s1 u1 u9 a3", 7))),
        advice="Do not go on to older messages once one did not fit.",
        fails="You do not stop at the first group that does not fit.",
        weight=2,
    ),
    requires(
        "Messages that say the same are told apart",
        Case("equal messages", saying_the_same, visible=True),
        Case("equal messages, drawn", saying_the_same),
        advice="Two messages may say the same. Remember which places stay, and not which messages.",
        fails="Where messages say the same, you do not keep just the system messages and the newest groups that fit.",
        needs=MAIN,
    ),
    requires(
        "count says what a message takes",
        Case("letters", of("s2 u3 a2 t4 u4 a3 u2", 55, functions.letters_in), visible=True),
        Case("letters, drawn", one_of(("u3 a2 u4 a3 u2", 24), ("s2 u3 a2 t1 u4 a3", 32), count=functions.letters_in)),
        Case("messages", of("s9 u3 a2 t4 u4 a3 u2", 5, functions.one_each), visible=True),
        advice="Call count(message) with the whole message; it may count whatever it likes.",
        fails="Your result does not follow what count says of each message.",
    ),
    requires(
        "An empty history stays empty",
        Case("no messages", of("", 5), visible=True),
        Case("no budget, no messages", of("", 0), visible=True),
        advice="Call it with no messages: nothing has to fit, so return [].",
        fails="You do not return an empty list for an empty history.",
        needs=MAIN,
    ),
    leaves_arguments(
        ("talk", "talk, drawn", "several calls"),
        advice="Build a new list, also where everything fits, and only read the old one.",
        name="The history is left unchanged, and what stays is a new list",
        fails="You change the history, or return the list itself.",
    ),
    refuses(
        ("system alone", "no messages"),
        Case("the newest call does not fit", of("u1 a2 t9", 10), visible=True),
        Case("the newest does not fit beside the system", of("s3 u1 a1 u6", 8), visible=True),
        Case("system does not fit", of("s5 s4", 8), visible=True),
        Case("negative budget", lambda draw: of("", -randint(draw, 1, 40))(draw)),
        advice="Raise ValueError where the system messages and the newest group together take more than the budget.",
        name="What cannot fit raises ValueError",
        weight=2,
        fails="You do not raise ValueError exactly where system messages and newest group exceed the budget.",
    ),
    points=5,
)

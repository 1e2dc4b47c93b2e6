"""fit_messages: what stays of a history in a budget of tokens."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint
from llm_course.checking import functions, observe
from solutions import frontier

known = Mistakes(frontier.fit_messages, section="frontier-history")

FOLLOWS = 'if message["role"] == "tool" and answering:\n            groups[-1].append(place)\n        elif'
ANSWERING = 'answering = message["role"] == "assistant" or (message["role"] == "tool" and answering)'
KEPT = 'kept = [place for place, message in enumerate(messages) if message["role"] == "system"]'
LEFT = "left = budget - sum(count(messages[place]) for place in kept)"
SIZES = "sizes = [sum(count(messages[place]) for place in group) for group in groups]"
REFUSED = "left < sum(sizes[-1:])"
STOPS = "        left -= size\n        if left < 0:\n            break\n"
TAKEN = "kept += group"
RESULT = "[messages[place] for place in sorted(kept)]"

known.edit(
    "results_without_their_call",
    {FOLLOWS: "if"},
    "You drop messages one by one, so a tool's result may stay while the call that asked for it is gone (and services "
    "refuse such a history). An assistant message and the tool messages right behind it stay or go together.",
)
known.edit(
    "call_without_its_results",
    {TAKEN: "kept += group[:1]"},
    "You keep the call and lose its results. The tool messages right behind an assistant message belong to its group.",
)
known.edit(
    "one_result_a_call",
    {ANSWERING: 'answering = message["role"] == "assistant"'},
    "Only the first of several tool messages goes with its call. All tool messages right behind an assistant message "
    "belong to its group.",
)
known.edit(
    "system_dropped",
    {KEPT: "kept = []", 'elif message["role"] != "system":': "else:"},
    "You drop system messages as you do others. They say how the model is to behave: all of them stay, wherever they "
    "stand.",
)
known.edit(
    "first_message_kept",
    {KEPT: "kept = [0] if messages else []", 'elif message["role"] != "system":': "elif place > 0:"},
    "You keep the first message and call it the system's. A system message is known by its role; there may be several, "
    "anywhere, or none.",
)
known.edit(
    "only_the_first_system_message",
    {
        KEPT: f"{KEPT}[:1]",
        'elif message["role"] != "system":': 'elif message["role"] != "system" or any(earlier["role"] == "system" for '
        "earlier in messages[:place]):",
    },
    "You keep the first system message only. All of them stay.",
)
known.edit(
    "other_system_messages_lost",
    {KEPT: f"{KEPT}[:1]"},
    "You keep the first system message and lose the others. All of them stay.",
)
known.edit(
    "system_not_counted",
    {LEFT: "left = budget"},
    "Your system messages cost nothing, so the result takes more than the budget. They come first, and what they leave "
    "is for the rest.",
)
known.edit(
    "system_moved_to_the_front",
    {"sorted(kept)": 'sorted(kept, key=lambda place: (messages[place]["role"] != "system", place))'},
    "You move system messages to the front. All messages stay in their order.",
)
known.edit(
    "big_group_skipped",
    {STOPS: "        if size > left:\n            continue\n        left -= size\n"},
    "You skip a group that is too big and keep older ones, so the history has a hole that nobody sees. The first group "
    "that does not fit ends it.",
)
known.edit(
    "oldest_first",
    {
        REFUSED: "left < sum(sizes[:1])",
        "zip(reversed(groups), reversed(sizes), strict=True)": "zip(groups, sizes, strict=True)",
    },
    "You keep the oldest messages. What was said last matters most: begin at the end.",
)
known.edit(
    "newest_first_in_the_result",
    {RESULT: "[messages[place] for place in sorted(kept, reverse=True)]"},
    "Your result begins with the newest message. Messages stay in their order.",
)
known.edit(
    "in_the_order_of_taking",
    {"sorted(kept)": "kept"},
    "Your result has the system messages first, and then groups from the newest to the oldest. Messages stay in their "
    "order: collect, then sort by place.",
)
known.edit(
    "budget_not_reached",
    {"if left < 0:": "if left <= 0:", REFUSED: "left < 0 or (groups and left <= sizes[-1])"},
    "You drop a group that fits exactly. The budget may be used up.",
)
known.edit(
    "one_group_too_many",
    {STOPS: "        if left <= 0:\n            break\n        left -= size\n"},
    "The group that crosses the budget stays. What stays has to fit: look before you take it.",
)
known.edit(
    "messages_counted",
    {LEFT: "count = lambda message: 1\n    " + LEFT},
    "You count messages instead of their tokens. What a message takes is told by count(message).",
)
known.edit(
    "characters_counted",
    {LEFT: 'count = lambda message: len(message["content"])\n    ' + LEFT},
    "You count characters. What a message takes is told by count(message), whatever it counts.",
)
known.edit(
    "words_counted",
    {LEFT: 'count = lambda message: len(message["content"].split())\n    ' + LEFT},
    "You count words yourself. What a message takes is told by count(message), whatever it counts.",
)
known.edit(
    "only_the_call_counted",
    {SIZES: "sizes = [count(messages[group[0]]) for group in groups]"},
    "You count the call and not its results. A group takes what all of its messages take.",
)
known.edit(
    "only_the_newest_group",
    {TAKEN: "kept += group\n        break"},
    "You keep the newest group alone. As many as fit stay.",
)
known.edit(
    "user_starts_a_group",
    {FOLLOWS: 'if message["role"] in ("tool", "assistant") and groups and messages[place - 1]["role"] != "system":\n'
     "            groups[-1].append(place)\n        elif"},
    "You make a group of a user's message and all that follows. A user's message is a group of its own, and so is an "
    "assistant's with its results.",
)  # fmt: skip
known.edit(
    "turns_for_groups",
    {
        FOLLOWS: 'if message["role"] in ("tool", "assistant") and groups:\n            groups[-1].append(place)\n'
        "        elif"
    },
    "You make a group of a question and its answer. A user's message is a group of its own, and so is an assistant's "
    "with its results: an answer may stay where its question goes.",
)
known.edit(
    "question_and_answer_joined",
    {
        FOLLOWS: 'if (message["role"] == "tool" and answering) or (\n'
        '            message["role"] == "assistant" and place and messages[place - 1]["role"] == "user"\n        ):\n'
        "            groups[-1].append(place)\n        elif"
    },
    "You join an answer to the question right before it. Only tool messages join a group, that of their call: a user's "
    "message is a group of its own.",
)
known.edit(
    "kept_by_equality",
    {RESULT: "[message for message in messages if message in [messages[place] for place in kept]]"},
    "You ask whether a message is among those that stay, with `in`, and that is true of an older one that says the "
    "same. Keep places, not messages.",
)
known.edit(
    "sorted_by_index",
    {RESULT: "sorted([messages[place] for place in kept], key=messages.index)"},
    "You sort by `messages.index`, which gives the first place of two messages that say the same. Keep places, and "
    "sort those.",
)
known.edit(
    "assistants_in_a_row_joined",
    {FOLLOWS: 'if message["role"] in ("tool", "assistant") and answering:\n            groups[-1].append(place)\n'
     "        elif"},
    "You join an assistant message to the one before it. Each of them begins a group of its own.",
)  # fmt: skip
known.edit(
    "system_does_not_end_a_group",
    {ANSWERING: 'answering = message["role"] in ("assistant", "system") and bool(groups) or (message["role"] == "tool" '
     "and answering)"},
    "A tool message behind a system message joins the group before it. A system message ends a group: what follows is "
    "a group of its own.",
)  # fmt: skip
known.edit(
    "any_tool_message_joins",
    {FOLLOWS: 'if message["role"] == "tool" and groups:\n            groups[-1].append(place)\n        elif'},
    "A tool message behind a user's or a system message does not stay or go by itself. It answers no call, so it is a "
    "group of its own; only those right behind an assistant message, or behind other results of it, belong to a call.",
)
known.edit(
    "lone_results_joined",
    {ANSWERING: 'answering = message["role"] in ("assistant", "tool")'},
    "You join a tool message to the one before it whenever that is a tool's, too. If that one answered no call, each "
    "is a group of its own.",
)
known.edit(
    "lone_results_dropped",
    {'elif message["role"] != "system":': 'elif message["role"] not in ("system", "tool"):'},
    "You drop tool messages that follow no assistant message. Each is a group of its own, like any other message.",
)
known.edit(
    "newest_kept_anyway",
    {REFUSED: "left < 0", STOPS: "        left -= size\n        if left < 0 and len(kept) > len(messages) - sum(map("
     "len, groups)):\n            break\n"},
    "You keep the newest group though it does not fit. Raise ValueError: what to shorten is for the caller to say.",
)  # fmt: skip
known.edit(
    "nothing_fits_gives_the_rest",
    {REFUSED: "False"},
    "You return what is left, or nothing, where the system messages and the newest group do not fit. Raise ValueError: "
    "a model that is not shown the last message answers something else.",
)
known.edit(
    "newest_left_out",
    {REFUSED: "left < 0"},
    "You leave out the newest group where it does not fit beside the system messages. Raise ValueError: a model that "
    "is not shown the last message answers something else.",
)
known.edit(
    "nothing_where_the_newest_does_not_fit",
    {REFUSED: "left < 0", "    for group, size in zip(": "    if left < sum(sizes[-1:]):\n        return []\n"
     "    for group, size in zip("},
    "You return an empty list where the newest group does not fit. Raise ValueError: nobody asked for a history "
    "without messages.",
)  # fmt: skip
known.edit(
    "system_alone_unchecked",
    {REFUSED: "groups and left < sizes[-1]"},
    "System messages that do not fit pass where there is nothing else. Raise ValueError.",
)
known.edit(
    "only_the_newest_checked",
    {REFUSED: "budget < sum(sizes[-1:]) or left < 0"},
    "You compare the newest group with the whole budget. The system messages take their share first: together they "
    "have to fit, or a ValueError is raised.",
)
known.edit(
    "empty_history_refused",
    {REFUSED: "not messages or left < sum(sizes[-1:])"},
    "You refuse a history without messages. Nothing stays of nothing: return an empty list.",
)
known.edit(
    "no_groups_refused",
    {REFUSED: "not groups or left < sum(sizes[-1:])"},
    "You refuse a history without groups, one of system messages alone among them. Nothing is left out there: return "
    "what there is.",
)
known.edit(
    "removed_in_place",
    {f"    return {RESULT}": "    messages[:] = [messages[place] for place in sorted(kept)]\n    return messages"},
    "You change the list of messages that you were given, as pop() does. Return a new one: the caller's history must "
    "stay whole.",
)
known.edit(
    "same_list_returned",
    {f"    return {RESULT}": f"    return messages if len(kept) == len(messages) else {RESULT}"},
    "Where all fits, you return the very list that you were given. A new one is asked for: what is then added to your "
    "result would be added to the caller's history, too.",
)
known.edit(
    "content_cut",
    {f"    return {RESULT}": '    return [{**messages[place], "content": messages[place]["content"][:20]} for place in '
     "sorted(kept)]"},
    "You shorten the texts of messages. A message stays as it is, or goes.",
)  # fmt: skip
known.asserted()


@known.function(
    "You drop the oldest messages until the rest fits, system messages among them only when they are the oldest, and "
    "pairs are torn apart. Form groups first, and leave system messages out of it."
)
def popped_from_the_front(
    messages: list[dict[str, Any]], budget: int, count: Callable[[dict[str, Any]], int]
) -> list[dict[str, Any]]:
    kept = list(messages)
    while kept and sum(map(count, kept)) > budget:
        if len(kept) == 1:
            raise ValueError("nothing fits")
        kept.pop(0)
    if sum(map(count, kept)) > budget or budget < 0:
        raise ValueError("nothing fits")
    return kept


@known.function(
    "You put a note in the place of what is dropped. Only messages of the history stay; a summary would be another "
    "function."
)
def note_left(
    messages: list[dict[str, Any]], budget: int, count: Callable[[dict[str, Any]], int]
) -> list[dict[str, Any]]:
    kept = frontier.fit_messages(messages, budget, count)
    if len(kept) == len(messages):
        return kept
    first = sum(message["role"] == "system" for message in kept)
    return [*kept[:first], {"role": "system", "content": "(earlier messages were dropped)"}, *kept[first:]]


ROLES = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}


def history(text: str) -> list[dict[str, Any]]:
    """list[dict[str, Any]] by role and number of words: "s3 u2 a1 t4". Each has words of its own."""
    messages = []
    for place, part in enumerate(text.split()):
        content = " ".join(f"{chr(ord('a') + place)}{word}" for word in range(int(part[1:])))
        messages.append({"role": ROLES[part[0]], "content": content})
    return messages


def of(
    text: str, budget: int, count: Callable[[dict[str, Any]], int] = functions.words_in
) -> Callable[[Generator], Arguments]:
    return lambda draw: {"messages": history(text), "budget": budget, "count": count}


def one_of(
    *choices: tuple[str, int], count: Callable[[dict[str, Any]], int] = functions.words_in
) -> Callable[[Generator], Arguments]:
    """One of several histories and budgets, each number of words multiplied by one that is drawn."""

    def drawn(draw: Generator) -> Arguments:
        (text, budget), factor = choices[randint(draw, 0, len(choices) - 1)], randint(draw, 1, 3)
        larger = " ".join(f"{part[0]}{int(part[1:]) * factor}" for part in text.split())
        return {"messages": history(larger), "budget": budget * factor, "count": count}

    return drawn


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


def negative_budget(draw: Generator) -> Arguments:
    return of("", -randint(draw, 1, 40))(draw)


def drawn_talk(draw: Generator) -> Arguments:
    """Users and assistants in turn, cut somewhere in the middle."""
    sizes: Sequence[int] = torch.randint(1, 6, (8,), generator=draw).tolist()
    text = " ".join(f"{'ua'[place % 2]}{size}" for place, size in enumerate(sizes))
    return {"messages": history(text), "budget": sum(sizes[randint(draw, 3, 6) :]), "count": functions.words_in}


def drawn_agent(draw: Generator) -> Arguments:
    """Calls with one to three results, and a budget that would cut one in two."""
    groups = [[randint(draw, 1, 3) for _ in range(randint(draw, 2, 4))] for _ in range(4)]
    text = "s3 u4 " + " ".join(f"a{first} " + " ".join(f"t{size}" for size in rest) for first, *rest in groups)
    budget = 3 + sum(map(sum, groups[2:])) + groups[1][-1]
    return {"messages": history(text), "budget": budget, "count": functions.words_in}


MAIN = "As many of the newest messages stay as fit"

EXERCISE = Exercise(
    reference=frontier.fit_messages,
    points=5,
    cases=(
        Case("talk", of("u3 a2 u4 a3 u2", 9), visible=True),
        Case("talk, drawn", drawn_talk),
        Case("one is too many", of("u3 a2 u4 a3 u2", 10), visible=True),
        Case("all fit", of("u3 a2 u4 a3 u2", 99), visible=True, new=True),
        Case("all fit exactly", of("u3 a2 u4", 9), visible=True),
        Case("only the last fits", of("u3 a2 u4", 4), visible=True),
        Case("a message without words", without_words),
        Case("equal messages", saying_the_same, visible=True),
        Case("equal messages, drawn", saying_the_same),
        Case("system in front", of("s3 u3 a2 u4 a3 u2", 8), visible=True),
        Case("system in the middle", of("u3 a2 s3 u4 a3 u2", 8), visible=True),
        Case("several system messages", of("s2 u3 a2 s3 u4 a3 s1 u2", 11), visible=True),
        Case("system alone", of("s2 s3", 5), visible=True),
        Case("system, drawn", one_of(("s2 u3 a2 u4 s3 u2", 7), ("s1 u2 s3 a4 u1", 9), ("u2 a2 s2 u1 s4", 9))),
        Case("a call and its result", of("u3 a2 t4 u1", 6), visible=True),
        Case("a call and its result fit", of("u3 a2 t4 u1", 7), visible=True),
        Case("a call with two results", of("u3 a2 t4 t3 a1", 9), visible=True),
        Case("several calls", of("s2 u3 a2 t4 t1 a1 t3 t2 a2", 15), visible=True),
        Case("a call at the end", of("u3 a2 t4 a2 t3", 7), visible=True),
        Case("a call without a result", without_result),
        Case("agent, drawn", drawn_agent),
        Case("a result behind a user", of("a2 u3 t4 u1", 5), visible=True),
        Case("a result at the beginning", of("t4 u3 a1", 8), visible=True),
        Case("a result behind a system message", of("u2 a2 s1 t4 u1", 6), visible=True),
        Case("results behind a system message", behind_system),
        Case("two results that answer no call", of("u2 a2 t1 s1 t4 t2 u1", 7), visible=True),
        Case("a big message", of("u1 a1 u9 a2 u2", 8), visible=True),
        Case("a big result", of("s1 u1 a1 t9 a2 u2", 8), visible=True),
        Case("big, drawn", one_of(("u1 a9 u2 a1", 5), ("u1 a1 t1 a1 t9 u3", 9), ("s1 u1 u9 a3", 7))),
        Case("letters", of("s2 u3 a2 t4 u4 a3 u2", 55, functions.letters_in), visible=True),
        Case("letters, drawn", one_of(("u3 a2 u4 a3 u2", 24), ("s2 u3 a2 t1 u4 a3", 32), count=functions.letters_in)),
        Case("messages", of("s9 u3 a2 t4 u4 a3 u2", 5, functions.one_each), visible=True),
        Case("no messages", of("", 5), visible=True),
        Case("no budget, no messages", of("", 0), visible=True),
        Case("the newest does not fit", of("u1 a1 u9", 8), visible=True),
        Case("the newest call does not fit", of("u1 a2 t9", 10), visible=True),
        Case("the newest does not fit beside the system", of("s3 u1 a1 u6", 8), visible=True),
        Case("system does not fit", of("s5 s4", 8), visible=True),
        Case("system does not fit with others", of("s9 u1", 8), visible=True),
        Case("negative budget", negative_budget),
        Case("does not fit, drawn", one_of(("s3 u1 a4 t2", 8), ("u1 a7", 6), ("s4 u1 s3 u2", 8), ("s2 s2", 3))),
    ),
    properties=(
        Property(
            MAIN,
            ("talk", "talk, drawn", "one is too many", "all fit", "all fit exactly", "only the last fits",
             "a message without words"),
            "Go from the newest to the oldest, and take each as long as the sum stays within the budget, which may be "
            "used up. Return them in their order.",
            weight=2,
        ),
        Property(
            "All system messages stay, in their places, and count",
            ("system in front", "system in the middle", "several system messages", "system alone", "system, drawn"),
            "Find system messages by their role, take what they need from the budget first, and leave them where they "
            "stand.",
            weight=2,
        ),
        Property(
            "A call and its results stay or go together",
            ("a call and its result", "a call and its result fit", "a call with two results", "several calls",
             "a call at the end", "a call without a result", "agent, drawn"),
            "Form groups first: an assistant message and all tool messages right behind it. A group fits as a whole or "
            "not at all.",
            weight=3,
        ),
        Property(
            "A tool message that answers no call is a group of its own",
            ("a result behind a user", "a result at the beginning", "a result behind a system message",
             "results behind a system message", "two results that answer no call"),
            "Only tool messages *right* behind an assistant message, or behind other results of it, join its group. A "
            "system message between them ends it.",
        ),
        Property(
            "The first group that does not fit ends it",
            ("a big message", "a big result", "big, drawn"),
            "Do not go on to older messages once one did not fit.",
            weight=2,
        ),
        Property(
            "Of equal messages each has its own place",
            ("equal messages", "equal messages, drawn"),
            "Two messages may say the same. Remember which places stay, and not which messages.",
            needs=MAIN,
        ),
        Property(
            "count says what a message takes",
            ("letters", "letters, drawn", "messages"),
            "Call count(message) with the whole message; it may count whatever it likes.",
        ),
        Property(
            "Nothing stays of nothing",
            ("no messages", "no budget, no messages"),
            "Try an empty history.",
            needs=MAIN,
        ),
        Property(
            "The history is left unchanged, and what stays is a new list",
            ("talk", "talk, drawn", "several calls", "all fit"),
            "Build a new list.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "What cannot fit is refused with a ValueError",
            ("talk", "talk, drawn", "system alone", "no messages", "the newest does not fit",
             "the newest call does not fit", "the newest does not fit beside the system", "system does not fit",
             "system does not fit with others", "negative budget", "does not fit, drawn"),
            "Raise ValueError where the system messages and the newest group together take more than the budget.",
            weight=2,
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)  # fmt: skip

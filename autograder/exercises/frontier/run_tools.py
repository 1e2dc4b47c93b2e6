"""run_tools: a model that acts, and what is done when it errs."""

import json
from typing import Any

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires
from llm_course.checking import functions, observe
from solutions import frontier


def call(tool: str, **arguments: Any) -> str:
    return json.dumps({"tool": tool, "arguments": arguments})


def asked(replies: list[str], *names: str, max_steps: int = 20) -> ArgumentMaker:
    """A case with these tools of `functions`, each made anew."""
    return lambda draw: {
        "replies": list(replies),
        "tools": {name: functions.named(name) for name in names},
        "max_steps": max_steps,
    }


def number(draw: Generator) -> int:
    return randint(draw, 100, 999)


def drawn_calls(draw: Generator) -> Arguments:
    replies = [call("add", a=number(draw), b=number(draw)) for _ in range(randint(draw, 2, 3))]
    return asked([*replies, f"It is {number(draw)}.", call("add", a=1, b=1)], "price", "add")(draw)


def drawn_steps(draw: Generator) -> Arguments:
    replies = [call("add", a=number(draw), b=number(draw)) for _ in range(5)]
    return asked([*replies, "Done."], "add", max_steps=randint(draw, 2, 4))(draw)


def drawn_keywords(draw: Generator) -> Arguments:
    replies = [call("subtract", subtrahend=number(draw), minuend=number(draw)), "So it is."]
    return asked(replies, "subtract")(draw)


ERRORS = (
    call("multiply", a=2, b=3),
    call("price", of="cloud"),
    call("divide", dividend=7, divisor=0),
    call("fail", message="the shop is closed"),
    call("add", a=2),
    call("add", a=2, b=3, c=4),
    '{"tool": "add", "arguments": {"a": 2, "b": 3}',
    '{"tool": "add", "arguments": [2, 3]}',
    "{tool: add}",
    '{"tool": 7}',
    '{"tool": ["add"], "arguments": {}}',
    call("add", first=2, second=3),
)
NO_OBJECTS = [f'{{"tool": "greet", "arguments": {given}}}' for given in ('["Ann"]', "7", "[]")]
ALL = ("add", "price", "divide", "fail", "greet")


def drawn_errors(draw: Generator) -> Arguments:
    places = torch.randperm(len(ERRORS), generator=draw)[:4].tolist()
    replies = [*(ERRORS[place] for place in places), call("add", a=number(draw), b=5), "I see."]
    return asked(replies, *ALL)(draw)


def drawn_raising(draw: Generator) -> Arguments:
    wrong = [call("divide", dividend=number(draw), divisor=0), call("fail", message="busy")]
    return asked([*wrong, call("price", of="hat"), "I see."], *ALL)(draw)


def drawn_sum(draw: Generator, **more: int) -> str:
    return call("add", a=number(draw), b=number(draw), **more)


CALL = call("add", a=47, b=85)
MAIN = "A call is carried out, and its result told to the model"


def errors(*replies: str) -> ArgumentMaker:
    """These replies, then a call that works and an answer."""
    return asked([*replies, CALL, "It is 132."], *ALL)


EXERCISE = exercise(
    frontier.run_tools,
    __file__,
    requires(
        MAIN,
        Case("one call", asked([CALL, "It is 132."], "add"), visible=True),
        Case("calls, drawn", drawn_calls),
        advice="For each reply add the assistant's message; where it is a call, add a tool message with the result.",
        fails="Your messages do not hold each call, followed by its result.",
        weight=2,
        observe=observe.conversation,
    ),
    requires(
        "A plain answer ends the loop",
        Case("an answer at once", asked(["Good morning.", CALL], "add"), visible=True),
        Case("a number", asked([CALL, "132", CALL], "add"), visible=True),
        Case("an object without a tool", asked([CALL, '{"sum": 132}', CALL], "add"), visible=True),
        Case("an empty reply", lambda draw: asked(["", drawn_sum(draw)], "add")(draw), visible=True),
        Case("a call in a sentence", asked([f"I will add: {CALL}", CALL], "add"), visible=True),
        Case("no replies", asked([], "add"), visible=True),
        advice='What does not begin with a brace is a plain answer, and so is a JSON object without "tool". It is '
        "kept, and nothing after it is read.",
        fails="Your loop does not end with a plain answer as its last message, or ends too early.",
        weight=2,
        observe=observe.conversation,
        needs=MAIN,
    ),
    requires(
        "Arguments go by keyword, results come as text",
        Case(
            "keywords in another order",
            asked([call("subtract", subtrahend=3, minuend=10), "7."], "subtract"),
            visible=True,
        ),
        Case("keywords, drawn", drawn_keywords),
        Case("no arguments", asked(['{"tool": "greet"}', call("greet"), "Hello."], "greet"), visible=True),
        Case("a list as result", asked([call("colors"), "Two."], "colors"), visible=True),
        Case(
            "an empty result",
            asked([call("repeat", text=""), call("nothing"), "Well."], "repeat", "nothing"),
            visible=True,
        ),
        Case(
            "a false result",
            asked([call("is_sold", thing="cloud"), call("add", a=1, b=-1), "No."], "is_sold", "add"),
            visible=True,
        ),
        Case("white space", asked([f"  \n{CALL}\n", "It is 132. "], "add"), visible=True),
        advice="Call tool(**arguments), and make str(result) of what comes back, whatever it is.",
        fails="You do not call every tool by keyword, or do not record its result as text.",
        observe=observe.conversation,
    ),
    requires(
        "The model is told of a call that cannot be made, and the loop goes on",
        Case("an unknown tool", errors(ERRORS[0]), visible=True),
        Case("a name that is no text", lambda draw: errors(f'{{"tool": {number(draw)}}}', ERRORS[10])(draw)),
        Case("null for a name", errors('{"tool": null, "arguments": {}}'), visible=True),
        Case("no JSON at all", errors("{tool: add}", "{"), visible=True),
        Case("single quotation marks", errors("{'tool': 'add', 'arguments': {'a': 2, 'b': 3}}"), visible=True),
        Case("two calls in one", errors(CALL + CALL, CALL + " I hope."), visible=True),
        Case("arguments of other names", errors(ERRORS[11]), visible=True),
        Case("arguments that are no object", errors(*NO_OBJECTS), visible=True),
        Case("errors, drawn", drawn_errors),
        advice="Put reading, looking up and calling into one try. What went wrong becomes a tool message that begins "
        'with "error", and the next reply is taken.',
        fails='You do not report each call that cannot be made as "error", or do not go on.',
        weight=3,
        observe=observe.conversation,
    ),
    requires(
        "The model is told of a tool that raises, and the loop goes on",
        Case("a price that is not known", errors(ERRORS[1]), visible=True),
        Case("a division by zero", errors(ERRORS[2]), visible=True),
        Case("tools that fail, drawn", drawn_raising),
        advice='A tool may raise any Exception. It becomes a tool message that begins with "error".',
        fails='You do not report each tool that raises as "error", or do not go on.',
        weight=2,
        observe=observe.conversation,
    ),
    requires(
        "The limit counts replies, and the last call is still carried out",
        Case("two steps", asked([CALL, CALL, CALL, "132."], "add", max_steps=2), visible=True),
        Case("steps with errors", asked(["{", ERRORS[0], CALL, CALL, CALL, CALL], *ALL, max_steps=5), visible=True),
        Case("an answer in the last step", asked([CALL, CALL, "132.", CALL], "add", max_steps=3), visible=True),
        Case("no steps", asked([CALL, "132."], "add", max_steps=0), visible=True),
        Case("steps, drawn", drawn_steps),
        advice="max_steps is the number of assistant messages at most; with 0 there are no messages.",
        fails="You take more or fewer replies than max_steps allows, or drop the last call.",
        weight=2,
        observe=observe.conversation,
    ),
    requires(
        "Each call is made once",
        Case("tickets", asked([call("ticket"), call("ticket"), call("ticket"), "Three."], "ticket"), visible=True),
        Case("tickets, drawn", lambda draw: asked([call("ticket")] * randint(draw, 2, 5), "ticket", max_steps=4)(draw)),
        advice="Each ticket has the next number. Call a tool once, and keep what it returns.",
        fails="You do not call each tool exactly once for a call.",
        observe=observe.conversation,
        needs=MAIN,
    ),
    leaves_arguments(
        ("one call", "calls, drawn"),
        advice="Do not take replies out of the list.",
        name="The replies are left unchanged",
        fails="You change the list of replies that you were given.",
    ),
    refuses(
        ("one call", "calls, drawn", "two steps", "no steps"),
        Case("negative steps", asked([CALL, "132."], "add", max_steps=-1), visible=True),
        Case("negative steps, drawn", lambda draw: asked([CALL, "132."], "add", max_steps=-randint(draw, 2, 9))(draw)),
        advice="Raise ValueError where max_steps is below 0, and for nothing else.",
        name="A negative limit raises ValueError",
        fails="You do not raise ValueError for a negative max_steps, and only for that.",
    ),
    points=6,
    shortcuts=("eval", "exec"),
)

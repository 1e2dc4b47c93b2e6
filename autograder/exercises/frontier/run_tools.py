"""run_tools: a model that acts, and what is done when it errs."""

import json
import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint
from llm_course.checking import functions, observe
from solutions import frontier

known = Mistakes(frontier.run_tools, section="frontier-loop")

CALLED = 'str(tools[call["tool"]](**call.get("arguments", {})))'
LOOKS = 'not reply.lstrip().startswith("{")'
TOLD = 'content = f"error: {type(error).__name__}: {error}"'
CAUGHT = "except Exception as error:"
ADDED = 'messages.append({"role": "tool", "content": content})'
TAKEN = "replies[:max_steps]"

known.edit(
    "all_errors_raised",
    {CAUGHT: "except () as error:"},
    "Whatever goes wrong in a call comes out of your function as an exception, and the agent is dead. Catch it, and "
    'tell the model in a tool message that begins with "error".',
)


@known.function(
    "A tool that does not exist raises a KeyError out of your function. The model asked for it: tell it so, in a tool "
    'message that begins with "error".'
)
def unknown_tool_raised(
    replies: list[str], tools: dict[str, Callable[..., Any]], max_steps: int
) -> list[dict[str, str]]:
    if max_steps < 0:
        raise ValueError("no such steps")
    messages: list[dict[str, str]] = []
    for reply in replies[:max_steps]:
        messages.append({"role": "assistant", "content": reply})
        if not reply.lstrip().startswith("{"):
            break
        try:
            call = json.loads(reply)
        except ValueError:
            messages.append({"role": "tool", "content": "error: no JSON"})
            continue
        if "tool" not in call:
            break
        tool = tools[call["tool"]]
        try:
            content = str(tool(**call.get("arguments", {})))
        except Exception as error:
            content = f"error: {error}"
        messages.append({"role": "tool", "content": content})
    return messages


known.edit(
    "bad_json_raised",
    {"        try:\n            call = json.loads(reply)\n": "        call = json.loads(reply)\n        try:\n"},
    "JSON that cannot be read raises out of your function. Tell the model so, in a tool message that begins with "
    '"error": it can write it again.',
)
known.edit(
    "failing_tools_raised",
    {
        "            content = str(": '            tool, given = tools[call["tool"]], call.get("arguments", {})\n'
        '            if not isinstance(given, dict):\n                raise TypeError("no object")\n'
        '        except Exception as error:\n            messages.append({"role": "tool", "content": '
        'f"error: {error}"})\n            continue\n        content = str(',
        '[call["tool"]](**call.get("arguments", {})))': '[call["tool"]](**given))',
        f"        {CAUGHT}\n            # All that fails in here was asked for by the model, so it is the model that "
        f"must hear of it.\n            {TOLD}\n": "",
    },
    "A tool that raises takes your whole loop with it. Call it inside the try, too: what it says is for the model.",
)
known.edit(
    "only_bad_json_caught",
    {CAUGHT: "except ValueError as error:"},
    "You catch what json.loads raises, and no more: a tool that does not exist, wrong arguments and a tool that fails "
    "get out of your function. Catch Exception around the look-up and the call, too.",
)
known.edit(
    "some_exceptions_only",
    {CAUGHT: "except (ValueError, KeyError, TypeError) as error:"},
    "You catch only some kinds of exceptions, and a tool may raise any: a division by zero gets out. Catch Exception "
    "around the call.",
)
known.edit(
    "tools_and_json_only",
    {CAUGHT: "except (ValueError, KeyError) as error:"},
    "You catch bad JSON and tools that do not exist, and no more: wrong arguments raise a TypeError, and a tool may "
    "raise anything. Catch Exception around the call.",
)
known.edit(
    "bad_json_ends",
    {"            call = json.loads(reply)\n": "            try:\n                call = json.loads(reply)\n"
     "            except ValueError:\n                break\n"},
    "You take a call that cannot be read for a plain answer, and the agent stops with half a line of JSON. What begins "
    "with a brace is meant as a call: report the error, and go on.",
)  # fmt: skip
known.edit(
    "error_ends",
    {TOLD: f"{TOLD}\n            {ADDED}\n            break"},
    "Your loop ends with the first error. Add it as a tool message and go on: the model may do better in its next "
    "reply.",
)
known.edit(
    "error_not_told",
    {TOLD: "continue"},
    'You swallow errors: the model calls, and hears nothing. Add a tool message that begins with "error".',
)
known.edit(
    "error_is_empty",
    {TOLD: 'content = ""'},
    'After an error your tool message is empty. It has to begin with "error" and to say what went wrong.',
)
known.edit(
    "error_without_the_word",
    {TOLD: "content = str(error)"},
    'Your report of an error does not begin with "error", so it may be read as a result. Put the word in front.',
)
known.edit(
    "error_in_capitals",
    {TOLD: 'content = f"Error: {error}"'},
    'Your report begins with "Error". Asked is "error", in small letters.',
)
known.edit(
    "error_as_assistant",
    {TOLD: 'messages.append({"role": "assistant", "content": f"error: {error}"})\n            continue'},
    'You report errors as if the model had said them. The role is "tool".',
)
known.edit(
    "error_as_user",
    {TOLD: 'messages.append({"role": "user", "content": f"error: {error}"})\n            continue'},
    'You report errors as if the user had said them. The role is "tool".',
)
known.edit(
    "result_as_user",
    {ADDED: ADDED.replace('"tool"', '"user"')},
    'You give results the role "user". They come from a tool: the role is "tool".',
)
known.edit(
    "result_as_function",
    {ADDED: ADDED.replace('"tool"', '"function"')},
    'You give results the role "function", as some interfaces did in 2023. Here the role is "tool".',
)
known.edit(
    "calls_not_kept",
    {ADDED: f"messages[-1:] = [{ADDED[16:-1]}]"},
    "You replace the call by its result. Both stay: the model has to see what it asked for.",
)
known.edit(
    "results_not_kept",
    {ADDED: "pass"},
    'You call the tools, but what they say is in no message. Add it with the role "tool".',
)
known.edit(
    "only_the_last_answer",
    {"    return messages": "    return messages[-1:]"},
    "You return the last message only. Return all of them, in order.",
)
known.edit(
    "call_reformatted",
    {'messages.append({"role": "assistant", "content": reply})': 'messages.append({"role": "assistant", "content": '
     "reply.strip()})"},
    "You strip the reply before you keep it. Keep what the model said as it said it.",
)  # fmt: skip
known.edit(
    "call_parsed_in_the_message",
    {'            if "tool" not in call:': '            messages[-1]["content"] = json.dumps(call)\n            '
     'if "tool" not in call:'},
    "You write the call anew into the assistant's message. Keep what the model said as it said it.",
)  # fmt: skip
known.edit(
    "by_position",
    {CALLED: 'str(tools[call["tool"]](*call.get("arguments", {}).values()))'},
    "You call the tool with its arguments by position. Their order in JSON means nothing: call it by keyword, "
    "tool(**arguments).",
)
known.edit(
    "one_argument",
    {CALLED: 'str(tools[call["tool"]](call.get("arguments", {})))'},
    "You hand the tool one argument, the whole dict. Call it by keyword: tool(**arguments).",
)
known.edit(
    "no_arguments",
    {CALLED: 'str(tools[call["tool"]]())'},
    "You call the tool without its arguments.",
)
known.edit(
    "arguments_must_be_there",
    {'call.get("arguments", {})': 'call["arguments"]'},
    'You report an error where "arguments" is missing. Then the tool is called without any.',
)
known.edit(
    "arguments_default_for_any",
    {'call.get("arguments", {})': '(call.get("arguments") if isinstance(call.get("arguments"), dict) else {})'},
    'Where "arguments" is no object you call the tool without any. That is an error that the model has to hear of.',
)
known.edit(
    "empty_arguments_are_none",
    {'call.get("arguments", {})': '(call.get("arguments") or {})'},
    'An empty list as "arguments" is no object, and you call the tool without any (`or {}` takes whatever is false). '
    'Only where "arguments" is missing there are none.',
)
known.edit(
    "result_by_repr",
    {"str(tools": "repr(tools"},
    "You write results with repr, so a text comes in quotation marks. Use str.",
)
known.edit(
    "result_as_json",
    {"str(tools": "json.dumps(tools"},
    "You write results as JSON. Asked is str(result): 'None' for None, and a text without quotation marks.",
)
known.edit(
    "result_not_text",
    {CALLED: CALLED[4:-1]},
    "The content of your tool messages is the result itself. A message holds text: str(result).",
)
known.edit(
    "empty_results_left_out",
    {ADDED: f'if content not in ("None", ""):\n            {ADDED}'},
    "You leave out the message where the result is None or an empty text. Each call gets one.",
)
known.edit(
    "false_results_are_errors",
    {'content = str(tools[call["tool"]](**call.get("arguments", {})))': "result = tools[call[\"tool\"]](**call.get("
     "\"arguments\", {}))\n            content = str(result) if result else \"error: no result\""},
    "You take a result that is false, such as False, 0 or None, for an error. Only an exception is one.",
)  # fmt: skip
known.edit(
    "goes_on_after_an_answer",
    {"            break\n        try:": "            continue\n        try:"},
    "Your loop goes on after a plain answer. That is what ends it.",
)
known.edit(
    "answer_not_kept",
    {'messages.append({"role": "assistant", "content": reply})\n        if not reply': "if not reply",
     "            break\n        try:": "            break\n        messages.append({\"role\": \"assistant\", "
     "\"content\": reply})\n        try:"},
    "The plain answer is missing from your messages. It is the assistant's last one.",
)  # fmt: skip
known.edit(
    "object_without_tool_is_an_error",
    {'            if "tool" not in call:\n                break\n': ""},
    'You report an error for a JSON object without "tool". That is a plain answer in JSON: the loop ends with it.',
)
known.edit(
    "object_without_tool_goes_on",
    {'"tool" not in call:\n                break': '"tool" not in call:\n                continue'},
    'A JSON object without "tool" does not end your loop. It is a plain answer.',
)
known.edit(
    "any_json_is_a_call",
    {f"        if {LOOKS}:\n            break\n": "",
     "            call = json.loads(reply)\n": "            try:\n                call = json.loads(reply)\n"
     "            except ValueError:\n                if reply.lstrip().startswith('{'):\n                    raise\n"
     "                break\n"},
    "You take whatever is JSON for a call. A number or a list is JSON as well, and a plain answer: only what begins "
    "with a brace can be a call.",
)  # fmt: skip
known.edit(
    "white_space_hides_a_call",
    {"reply.lstrip().startswith": "reply.startswith"},
    "A call with white space before its brace passes for a plain answer. Leave white space aside when you look.",
)
known.edit(
    "first_character_taken",
    {LOOKS: 'reply.lstrip()[0] != "{"'},
    "You look at the first character of a reply, and an empty reply has none: an IndexError gets out. "
    '`startswith("{")` is false there, and an empty reply is a plain answer.',
)
known.edit(
    "null_is_no_call",
    {'"tool" not in call': 'not call.get("tool")'},
    'You take {"tool": null} for a plain answer. An object with "tool" is meant as a call, and None is the name of no '
    'tool: tell the model so. Ask `"tool" in call`.',
)
known.edit(
    "brace_anywhere",
    {LOOKS: '"{" not in reply', "json.loads(reply)": 'json.loads(reply[reply.index("{") :])'},
    "You look for a brace anywhere in the reply. A sentence that mentions a call is no call: only what *begins* with a "
    "brace is one.",
)


@known.function(
    "You look for an object anywhere in the reply, as with a regular expression. A sentence that mentions a call is no "
    "call: only what *begins* with a brace is one, and then all of it has to be JSON."
)
def searched(replies: list[str], tools: dict[str, Callable[..., Any]], max_steps: int) -> list[dict[str, str]]:
    if max_steps < 0:
        raise ValueError("no such steps")
    messages: list[dict[str, str]] = []
    for reply in replies[:max_steps]:
        messages.append({"role": "assistant", "content": reply})
        if not (found := re.search(r"\{.*\}", reply, re.DOTALL)):
            if reply.lstrip().startswith("{"):
                messages.append({"role": "tool", "content": "error: no JSON"})
                continue
            break
        try:
            call = json.loads(found[0])
            if "tool" not in call:
                break
            content = str(tools[call["tool"]](**call.get("arguments", {})))
        except Exception as error:
            content = f"error: {error}"
        messages.append({"role": "tool", "content": content})
    return messages


known.edit(
    "evaluated",
    {"json.loads(reply)": "eval(reply.strip())"},
    "You let Python evaluate what the model wrote. That runs whatever stands there, and takes for JSON what is none, "
    "such as single quotation marks. json.loads reads data and nothing else.",
)
known.edit(
    "first_object_only",
    {"json.loads(reply)": "json.JSONDecoder().raw_decode(reply.lstrip())[0]"},
    "You read the first object and ignore what follows it. All of the reply has to be JSON: two calls in one, or a "
    "sentence behind it, cannot be read.",
)
known.edit(
    "steps_count_all_messages",
    {f"for reply in {TAKEN}:": "for reply in replies:\n        if len(messages) >= max_steps:\n            break"},
    "Your limit counts all messages. It counts replies of the model, so count only those.",
)
known.edit(
    "one_step_more",
    {TAKEN: "replies[: max_steps + 1]"},
    "You take one reply more than max_steps.",
)
known.edit(
    "replies_must_last",
    {f"for reply in {TAKEN}:": "for step in range(max_steps):\n        reply = replies[step]"},
    "You take max_steps replies, and there may be fewer: then an IndexError gets out. A slice ends where they end.",
)
known.edit(
    "one_step_less",
    {TAKEN: "replies[: max(max_steps - 1, 0)]"},
    "You take one reply less than max_steps.",
)
known.edit(
    "no_limit",
    {TAKEN: "replies"},
    "You ignore max_steps: a model that calls for ever would never stop.",
)
known.edit(
    "last_call_not_carried_out",
    {ADDED: f"if sum(message['role'] == 'assistant' for message in messages) < max_steps:\n            {ADDED}"},
    "At the limit you keep the call and leave its result out. The last call is still carried out, and its tool message "
    "added.",
)
known.edit(
    "limit_refused",
    {"    return messages": "    if len(replies) > max_steps and messages and messages[-1]['role'] == 'tool':\n"
     "        raise ValueError('no answer within the limit')\n    return messages"},
    "You raise where the limit is reached. Return the messages so far: what to do next is for the caller to say.",
)  # fmt: skip
known.edit(
    "zero_steps_refused",
    {"max_steps < 0": "max_steps < 1"},
    "You refuse max_steps = 0. It makes sense: no reply is taken, and the list is empty.",
)
known.edit(
    "negative_unchecked",
    {"max_steps < 0": "False"},
    "A negative max_steps passes, and a slice with it counts from the end. Raise ValueError.",
)
known.edit(
    "called_twice",
    {f"            content = {CALLED}": f"            {CALLED}\n            content = {CALLED}"},
    "You call each tool twice, such as once to see whether it raises. A tool may send, pay or delete: call it once.",
)
known.edit(
    "replies_used_up",
    {f"for reply in {TAKEN}:": f"for reply in [replies.pop(0) for _ in {TAKEN}]:"},
    "You change the list of replies that you were given, as pop() does. Read it and leave it as it is.",
)


def call(tool: str, **arguments: Any) -> str:
    return json.dumps({"tool": tool, "arguments": arguments})


def asked(replies: list[str], *names: str, max_steps: int = 20) -> Callable[[Generator], Arguments]:
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


def errors(*replies: str) -> Callable[[Generator], Arguments]:
    """These replies, then a call that works and an answer."""
    return asked([*replies, CALL, "It is 132."], *ALL)


EXERCISE = Exercise(
    reference=frontier.run_tools,
    points=6,
    cases=(
        Case("one call", asked([CALL, "It is 132."], "add"), visible=True),
        Case(
            "three calls",
            asked([call("price", of="ball"), call("price", of="kite"), CALL, "132."], "price", "add"),
            visible=True,
        ),
        Case("calls, drawn", drawn_calls),
        Case("an answer at once", asked(["Good morning.", CALL], "add"), visible=True),
        Case("replies after the answer", asked([CALL, "It is 132.", CALL, "132."], "add"), visible=True),
        Case("a number", asked([CALL, "132", CALL], "add"), visible=True),
        Case("a list", asked(["[132]", CALL], "add"), visible=True),
        Case("an object without a tool", asked([CALL, '{"sum": 132}', CALL], "add"), visible=True),
        Case("an empty reply", lambda draw: asked(["", drawn_sum(draw)], "add")(draw), visible=True),
        Case("a call in a sentence", asked([f"I will add: {CALL}", CALL], "add"), visible=True),
        Case("replies run out", asked([CALL, CALL], "add"), visible=True),
        Case("no replies", asked([], "add"), visible=True),
        Case("keywords in another order", asked([call("subtract", subtrahend=3, minuend=10), "7."], "subtract"),
             visible=True),
        Case("keywords, drawn", drawn_keywords),
        Case("no arguments", asked(['{"tool": "greet"}', call("greet"), "Hello."], "greet"), visible=True),
        Case("a list as result", asked([call("colors"), "Two."], "colors"), visible=True),
        Case("a text as result", asked([call("repeat", text="a \"red\" ball"), "Yes."], "repeat"), visible=True),
        Case("an empty result", asked([call("repeat", text=""), call("nothing"), "Well."], "repeat", "nothing"),
             visible=True),
        Case("a false result", asked([call("is_sold", thing="cloud"), call("add", a=1, b=-1), "No."], "is_sold", "add"),
             visible=True),
        Case("white space", asked([f"  \n{CALL}\n", "It is 132. "], "add"), visible=True),
        Case("an unknown tool", errors(ERRORS[0]), visible=True),
        Case("a name that is no text", lambda draw: errors(f'{{"tool": {number(draw)}}}', ERRORS[10])(draw)),
        Case("null for a name", errors('{"tool": null, "arguments": {}}'), visible=True),
        Case("JSON cut short", errors(ERRORS[6]), visible=True),
        Case("no JSON at all", errors("{tool: add}", "{"), visible=True),
        Case("single quotation marks", errors("{'tool': 'add', 'arguments': {'a': 2, 'b': 3}}"), visible=True),
        Case("two calls in one", errors(CALL + CALL, CALL + " I hope."), visible=True),
        Case("arguments that are missing", errors(ERRORS[4]), visible=True),
        Case("arguments too many", lambda draw: errors(drawn_sum(draw, c=4))(draw)),
        Case("arguments that are no object", errors(*NO_OBJECTS), visible=True),
        Case("a price that is not known", errors(ERRORS[1]), visible=True),
        Case("a division by zero", errors(ERRORS[2]), visible=True),
        Case("a tool that fails", errors(ERRORS[3]), visible=True),
        Case("tools that fail, drawn", drawn_raising),
        Case("errors, drawn", drawn_errors),
        Case("two steps", asked([CALL, CALL, CALL, "132."], "add", max_steps=2), visible=True),
        Case("steps with errors", asked(["{", ERRORS[0], CALL, CALL, CALL, CALL], *ALL, max_steps=5), visible=True),
        Case("an answer in the last step", asked([CALL, CALL, "132.", CALL], "add", max_steps=3), visible=True),
        Case("no steps", asked([CALL, "132."], "add", max_steps=0), visible=True),
        Case("steps, drawn", drawn_steps),
        Case("tickets", asked([call("ticket"), call("ticket"), call("ticket"), "Three."], "ticket"), visible=True),
        Case("tickets, drawn", lambda draw: asked([call("ticket")] * randint(draw, 2, 5), "ticket", max_steps=4)(draw)),
        Case("negative steps", asked([CALL, "132."], "add", max_steps=-1), visible=True),
        Case("negative steps, drawn", lambda draw: asked([CALL, "132."], "add", max_steps=-randint(draw, 2, 9))(draw)),
    ),
    properties=(
        Property(
            MAIN,
            ("one call", "three calls", "calls, drawn"),
            "For each reply add the assistant's message; where it is a call, add a tool message with the result.",
            weight=2,
            observe=observe.conversation,
        ),
        Property(
            "A plain answer ends the loop",
            (
                "an answer at once", "replies after the answer", "a number", "a list", "an object without a tool",
                "an empty reply", "a call in a sentence", "replies run out", "no replies",
            ),
            "What does not begin with a brace is a plain answer, and so is a JSON object without \"tool\". It is kept, "
            "and nothing after it is read.",
            weight=2,
            observe=observe.conversation,
            needs=MAIN,
        ),
        Property(
            "Arguments go by keyword, results come as text",
            (
                "keywords in another order", "keywords, drawn", "no arguments", "a list as result",
                "a text as result", "an empty result", "a false result", "white space",
            ),
            "Call tool(**arguments), and make str(result) of what comes back, whatever it is.",
            observe=observe.conversation,
        ),
        Property(
            "A call that cannot be made is told to the model, and the loop goes on",
            (
                "an unknown tool", "a name that is no text", "null for a name", "JSON cut short", "no JSON at all",
                "single quotation marks", "two calls in one", "arguments that are missing", "arguments too many",
                "arguments that are no object", "errors, drawn",
            ),
            "Put reading, looking up and calling into one try. What went wrong becomes a tool message that begins with "
            "\"error\", and the next reply is taken.",
            weight=3,
            observe=observe.conversation,
        ),
        Property(
            "A tool that raises is told to the model, and the loop goes on",
            ("a price that is not known", "a division by zero", "a tool that fails", "tools that fail, drawn"),
            "A tool may raise any Exception. It becomes a tool message that begins with \"error\".",
            weight=2,
            observe=observe.conversation,
        ),
        Property(
            "The limit counts replies, and the last call is still carried out",
            ("two steps", "steps with errors", "an answer in the last step", "no steps", "steps, drawn"),
            "max_steps is the number of assistant messages at most; with 0 there are no messages.",
            weight=2,
            observe=observe.conversation,
        ),
        Property(
            "Each call is made once",
            ("tickets", "tickets, drawn"),
            "Each ticket has the next number. Call a tool once, and keep what it returns.",
            observe=observe.conversation,
            needs=MAIN,
        ),
        Property(
            "The replies are left unchanged",
            ("one call", "calls, drawn"),
            "Do not take replies out of the list.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "A negative limit is refused with a ValueError",
            ("one call", "calls, drawn", "two steps", "no steps", "negative steps", "negative steps, drawn"),
            "Raise ValueError where max_steps is below 0, and for nothing else.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("eval", "exec"),
)  # fmt: skip

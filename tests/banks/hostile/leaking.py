"""Leaking: a function that is called on hidden inputs says what they are, by every way out of a sandbox that there is.

What is said is made when it is said: MARK and NUMBER stand in no cell, so a page or result that holds one of them holds
a learner's words about a hidden case.
"""

import re

from tests.banks.hostile.answers import ZEROS

MARK, NUMBER = "what-was-asked", 20_719
"""Text and number that must not come out."""


def holds_words(text: str) -> bool:
    """Whether a learner's words about a hidden case stand in a text."""
    return MARK in text or re.search(rf"\b{NUMBER}\b", text) is not None


_SAYING = f"""
import sys
process = type(get_ipython()).system.__globals__
assert {{"describe", "invoke", "wire"}} <= process.keys()
NUMBER = {NUMBER // 7} * 7 + {NUMBER % 7}
def said():
    # The frames up to the sandbox's own, with all that they hold.
    frame, found = sys._getframe(), []
    while frame:
        found.append(repr(frame.f_locals.get("arguments"))[:200])
        frame = frame.f_back
    return "-".join(["what", "was", "asked"]) + repr(found)[:300]
"""
CALLS = (
    "causal_mask",
    "scaled_dot_product_attention",
    "multi_head_attention",
    "sliding_window_mask",
    "flash_attention",
)


def saying(attack: str, *, body: str = "tell()") -> str:
    """Each answer does `body` when it is called, where `attack` defines `tell`."""
    answers = "\n".join(f"def {name}(*a, **k): return {body}" for name in CALLS)
    return f"{_SAYING}\n{attack}\n{answers}"


def beside_zeros(attack: str) -> str:
    """Answers of the right form, the first of which tells."""
    return f"{_SAYING}\n{attack}\n{ZEROS.replace('attack()', 'tell()')}"


LEAKING: dict[str, str] = {
    "in the text of an exception": saying("def tell(): raise ValueError(said())"),
    "in the class of an exception": saying("def tell(): raise type(said()[:90], (Exception,), {})()"),
    "in a class that says it is builtin": saying("""
def tell(): raise type(said()[:90], (Exception,), {"__module__": "builtins"})()
"""),
    "in notes, causes and contexts": saying("""
def tell():
    error = ValueError()
    error.add_note(said())
    error.__notes__.append(said())
    raise error from RuntimeError(said())
"""),
    "in a group of exceptions": saying("def tell(): raise ExceptionGroup(said(), [ValueError(said())])"),
    "in a key that is not there": saying("def tell(): return {}[said()]"),
    "in a name that is not defined": saying("def tell(): exec(said().replace('-', '_')[:14])"),
    "in a module that is not there": saying("def tell(): __import__(said())"),
    "in a line that is forged": saying("""
import linecache
def tell():
    name, text = f"<cell {NUMBER}>", "\\n" * (NUMBER - 1) + "raise ValueError  # " + said()
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), globals())
"""),
    "in lines of its own cell that are exchanged": saying("""
import linecache
def tell():
    for name, (size, when, lines, full) in list(linecache.cache.items()):
        linecache.cache[name] = (size, when, [said() + "\\n"] * len(lines), full)
    raise ValueError
"""),
    "in the failure itself": saying("""
from llm_course.checking import calls, invocation
def tell():
    failure = calls.Failure(said()[:90], said(), NUMBER, said()[:200])
    process["describe"] = invocation.describe = lambda error, function: failure
    process["invoke"] = lambda *a, **k: calls.Reply(failure=failure)
    raise ValueError
"""),
    "in the kind of a failure that is the sandbox's": saying("""
from llm_course.checking import calls, invocation
KINDS = ["Missing", "NotCallable", "Parameters", "Reply", "ReplyTooLarge", "Stopped", "KeyboardInterrupt"]
turn = [0]
def tell():
    turn[0] += 1
    failure = calls.Failure(KINDS[turn[0] % len(KINDS)], said(), None, said()[:200])
    invocation.describe = lambda error, function: failure
    raise ValueError
"""),
    "in the class of a value": saying("def tell(): return type(said()[:90], (), {})()"),
    "in values, keys and lists": saying("""
turn = [0]
def tell():
    turn[0] += 1
    return [said(), {said(): said()}, [said()] * 3, (said(),), said().encode(), {NUMBER}, NUMBER][turn[0] % 7]
"""),
    "in shapes": saying("import torch\ndef tell(): return torch.empty(0, NUMBER, NUMBER % 64)"),
    "in lengths": saying("def tell(): return [0] * NUMBER"),
    "in the names of changed arguments": saying("""
import llm_course.checking.calls as calls
def tell():
    reply = calls.Reply(value=None, changed=(said()[:90],), gradients={said()[:90]: None}, largest=NUMBER)
    process["invoke"] = lambda *a, **k: reply
"""),
    "in what torch is said to have run": saying("""
def tell():
    send = process["wire"].send
    def send_more(connection, header, *rest, **more):
        return send(connection, {**header, "seen": [said()], said(): said()}, *rest, **more)
    process["wire"].send = send_more
"""),
    "on every stream": beside_zeros("""
import logging, os, warnings
from IPython.display import display, publish_display_data
def tell():
    print(said()); print(said(), file=sys.stderr); print(said(), file=sys.__stdout__)
    display(said()); publish_display_data({"text/plain": said()})
    logging.error(said()); warnings.warn(said()); sys.displayhook(said())
    for number in (1, 2):
        try: os.write(number, said().encode())
        except OSError: pass
"""),
    "in outputs that the log still holds": beside_zeros("""
def tell():
    log = type(get_ipython()).system.__globals__["LOG"]
    log.clear = lambda: None
    log.add({"output_type": "error", "ename": said(), "evalue": said(), "traceback": [said()]}, 0)
"""),
    "in an answer to a cell that nobody asked for": beside_zeros("""
import json, os, struct
def tell():
    outputs = [{"output_type": "stream", "name": "stdout", "text": said()}]
    body = json.dumps({"ok": True, "outputs": outputs, "reply": {"value": said()}}).encode()
    os.write(3, struct.pack("<II", len(body), 0) + body)
"""),
    "by a file for the next sandbox": beside_zeros("""
import glob, os
for folder in ("/tmp", "/dev/shm", "/var/tmp", os.getcwd(), os.environ["TMPDIR"]):
    for path in glob.glob(folder + "/sandbox-leftover-word*"): print(open(path).read())
def tell():
    for folder in ("/tmp", "/dev/shm", "/var/tmp", os.getcwd(), os.environ["TMPDIR"]):
        try: open(f"{folder}/sandbox-leftover-word-{os.getpid()}", "w").write(said())
        except OSError: pass
    os._exit(1)
"""),
    "by a child that outlives the sandbox": beside_zeros("""
import os, socket
address = "\\0what-is-told"
try:
    listening = socket.socket(socket.AF_UNIX); listening.settimeout(0.2); listening.connect(address)
    print(listening.recv(1000).decode())
except OSError: pass
def tell():
    if os.fork() == 0:
        os.setsid()
        speaking = socket.socket(socket.AF_UNIX)
        speaking.bind(address); speaking.listen()
        while True: speaking.accept()[0].send(said().encode())
    os._exit(1)
"""),
}
"""Attack -> source of a cell that takes the place of every answer."""

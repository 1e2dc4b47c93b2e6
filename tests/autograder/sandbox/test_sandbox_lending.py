"""Functions of another sandbox: they do what they would do here, and nothing of them is here but their names."""

from collections.abc import Iterator

import pytest
import torch

from autograder.sandbox.sandbox import CallInterrupted, Sandbox, SandboxLost, open_sandbox
from autograder.sandbox.zygote_client import ZygoteClient
from llm_course.checking.calls import Call, Reply
from llm_course.checking.invocation import invoke
from tests.autograder.sandbox.sandboxes import ask

SOURCES = {
    "mixed": """
import torch
def mixed(x, weight, scale=2.0):
    said = "lent-quartz"
    if x.shape[-1] != weight.shape[-1]:
        raise ValueError(f"{x.shape[-1]} columns need as many weights")
    return (x * weight).softmax(-1) * scale, {"sum": x.sum(), "spread": x[..., ::2].double(), "mask": x > 0}
""",
    "wide": """
def wide(x):
    return (x[:, None] * x[None, :]).sum(0)
""",
    "fail": """
def fail(key):
    return {}[key]
""",
    "count": """
def count(items):
    return [len(items), *items]
""",
    "slow": """
import time
def slow(seconds):
    time.sleep(seconds)
""",
}


def lent(name: str) -> object:
    namespace: dict[str, object] = {}
    exec(SOURCES[name], namespace)
    return namespace[name]


@pytest.fixture
def borrowing(server: ZygoteClient) -> Iterator[Sandbox]:
    with open_sandbox(server=server, substitutes=SOURCES) as sandbox:
        yield sandbox


def same(reply: Reply, other: Reply) -> bool:
    """Whether replies agree in values, dtypes, changes and gradients."""
    pairs = [(reply.value, other.value), (reply.gradients, other.gradients)]
    return repr(pairs[0][0]) == repr(pairs[0][1]) and repr(pairs[1][0]) == repr(pairs[1][1])


X = torch.linspace(-2, 2, 12).reshape(3, 4)
CALLS = {
    "gradients, a default and a dict": ("mixed", Call({"x": X, "weight": torch.ones(4)}, gradients=("x", "weight"))),
    "gaps in memory": ("mixed", Call({"x": torch.ones(4, 8)[:, ::2], "weight": torch.arange(4.0)})),
    "another dtype": ("mixed", Call({"x": X.double(), "weight": torch.ones(4).double(), "scale": 3.0})),
    "lists of numbers": ("count", Call({"items": [3, 1, 3]})),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_lent_function_does_what_it_does_at_home(borrowing: Sandbox, case: str) -> None:
    name, call = CALLS[case]
    here, there = borrowing.call(name, call, 30), invoke(lent(name), call)
    assert here.failure is there.failure is None
    assert same(here, there)


def test_gradients_flow_through_what_is_around_it(borrowing: Sandbox) -> None:
    borrowing.run_cell("def twice(x, weight): return mixed(mixed(x * 2, weight)[0], weight)[0] + x", 30)
    call = Call({"x": X, "weight": torch.linspace(0, 1, 4)}, gradients=("x", "weight"))
    mixed = lent("mixed")
    here = borrowing.call("twice", call, 30)
    assert same(here, invoke(lambda x, weight: mixed(mixed(x * 2, weight)[0], weight)[0] + x, call))


def test_what_it_raises_is_raised(borrowing: Sandbox) -> None:
    body = """
    import torch
    found = []
    for call in (lambda: mixed(torch.ones(3), torch.ones(2)), lambda: fail("x"),
                 lambda: mixed(), lambda: mixed(object(), 1), lambda: count([torch.Generator()]),
                 lambda: count({1: 2})):
        try: call()
        except Exception as error: found.append([type(error).__name__, str(error)])
    return found
    """
    raised = ask(borrowing, body)
    assert raised[:2] == [["ValueError", "3 columns need as many weights"], ["KeyError", "'x'"]]
    assert [kind for kind, _ in raised[2:]] == ["TypeError"] * 4
    assert all("takes numbers, texts, lists, dicts and tensors" in said for _, said in raised[3:])


def test_a_cell_does_not_take_the_place_of_what_is_lent(borrowing: Sandbox) -> None:
    borrowing.run_cell("def wide(x): return 7", 30)
    assert ask(borrowing, "import torch\nreturn float(wide(torch.ones(1)))") == 1.0


def test_no_code_of_a_lent_function_is_in_the_sandbox(borrowing: Sandbox) -> None:
    body = """
    import gc, re, sys, types
    mixed(__import__("torch").ones(2), __import__("torch").ones(2))
    gc.unfreeze()
    codes = [thing.__code__ for thing in gc.get_objects() if isinstance(thing, types.FunctionType)]
    while codes:
        code = codes.pop()
        if any(isinstance(part, str) and re.search("lent-[q]uartz", part) for part in code.co_consts):
            return "in the code of a function"
        codes += [part for part in code.co_consts if isinstance(part, types.CodeType)]
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
        for line in maps:
            addresses, rights, *_, name = (*line.split(), "")
            if "w" in rights and not name.startswith("/"):
                start, end = (int(address, 16) for address in addresses.split("-"))
                memory.seek(start)
                if re.search(b"lent-[q]uartz", memory.read(end - start)):
                    return "in memory"
    return "nowhere"
    """
    assert ask(borrowing, body, 120) == "nowhere"


FORGED = """
import json, os, socket, struct
def forge(header, body=b"", lengths=None):
    connection = socket.socket(fileno=os.dup(4))
    text = json.dumps(header).encode()
    connection.sendall((lengths or struct.pack("<II", len(text), len(body))) + text + body)
    connection.settimeout(20)
    try: return connection.recv(1 << 16).decode("utf-8", "replace")
    except OSError: return ""
"""
CALL = {"number": 1, "op": "call", "name": "mixed", "grad": True, "given": [[], {}]}


@pytest.mark.parametrize(
    "header",
    [
        {"op": "cell", "source": "lent_quartz = 'lent-' + 'quartz'\nlent_quartz"},
        {"op": "lend", "sources": {"f": "f = open('/etc/passwd').read"}},
        {"op": "test", "source": "'lent-' + 'quartz'"},
        CALL | {"name": "__builtins__"},
        CALL | {"name": ["mixed"]},
        CALL | {"name": "mixed.__globals__"},
        CALL | {"given": "[" * 5000},
        {"op": "backward", "graph": 10**30, "given": []},
        {},
    ],
    ids=repr,
)
def test_a_forged_request_gets_a_failure_and_no_code(borrowing: Sandbox, header: dict[str, object]) -> None:
    borrowing.run_cell(FORGED, 30)
    said = ask(borrowing, f"return forge({header!r})", 30)
    assert '"failure"' in said
    assert "quartz" not in said and "root:" not in said and "learner:" not in said


def test_what_is_no_frame_ends_the_lender_and_nothing_else(borrowing: Sandbox) -> None:
    borrowing.run_cell(FORGED, 30)
    body = """
    import torch
    forge({}, lengths=b"\\xff" * 8)
    try: wide(torch.ones(1))
    except RuntimeError as error: return str(error)
    """
    assert ask(borrowing, body, 30) == "the substitute for an earlier answer does not answer any more"
    assert borrowing.run_cell("1", 30).ok


@pytest.mark.parametrize(
    "body",
    [
        "number = 0\nwhile True: number += 1; count([number])",
        "slow(3600)",
        "def again(): wide(__import__('torch').ones(1000)); again()\nwhile True:\n"
        "    try: again()\n    except RecursionError: pass",
    ],
    ids=["without end", "one that is slow", "in recursion"],
)
def test_calls_end_with_the_deadline(server: ZygoteClient, borrowing: Sandbox, body: str) -> None:
    with pytest.raises((CallInterrupted, SandboxLost)):
        list(_called(borrowing, body))
    with open_sandbox(server=server, substitutes=SOURCES) as another:
        assert ask(another, "return count([3])") == [1, 3]


def _called(sandbox: Sandbox, body: str) -> Iterator[Reply]:
    source = "def probe():\n" + "\n".join("    " + line for line in body.splitlines())
    assert sandbox.run_cell(source, 30).ok
    yield from sandbox.call_each("probe", [Call({})], lambda: 2.0)


def test_a_thread_that_calls_on_after_the_call_has_ended_disturbs_none(borrowing: Sandbox) -> None:
    body = """
    import itertools, threading
    def on():
        for number in itertools.count(): count([number])
    threading.Thread(target=on, daemon=True).start()
    return 1
    """
    assert ask(borrowing, body) == 1
    borrowing.run_cell("def twice(x): return wide(x) * 2", 30)
    for number in range(1, 6):
        assert borrowing.call("twice", Call({"x": torch.ones(number)}), 30).value.tolist() == [2.0 * number] * number


def test_a_child_cannot_call_it(borrowing: Sandbox) -> None:
    body = """
    import os, torch
    reader, writer = os.pipe()
    if os.fork() == 0:
        try: wide(torch.ones(1))
        except RuntimeError as error: os.write(writer, str(error).encode())
        os._exit(0)
    os.wait()
    return os.read(reader, 1000).decode()
    """
    assert ask(borrowing, body).endswith("can be called in the notebook's own process only")

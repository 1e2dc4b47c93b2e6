"""What learners use in notebooks works in a sandbox."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import torch

from autograder.sandbox.sandbox import CallInterrupted, Sandbox, SandboxLost, open_sandbox
from llm_course.checking.calls import Call
from tests.autograder.sandbox.sandboxes import ask, text_of


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("print('hello')", "hello"),
        ("1 + 1", "2"),
        ("%time sum(range(1000))", "Wall time"),
        ("%timeit -n 2 -r 2 sum(range(10))", "per loop"),
        ("%%time\nx = 1", "Wall time"),
        ("%%bash\necho from $((1 + 1)) bash", "from 2 bash"),
        ("!echo from a shell; pwd", "from a shell"),
        ("found = !echo one; echo two\nprint(found[1])", "two"),
        ("name = 'x'\n!echo {name}y $name", "xy x"),
        ("%%writefile helper.py\nvalue = 41\n", "Writing"),
        ("import asyncio\nawait asyncio.sleep(0.01)\n'awaited'", "awaited"),
        ("import asyncio\nasync def g(): return 'ran'\nasyncio.run(g())", "ran"),
        ("import warnings\nwarnings.warn('careful')", "careful"),
        ("import sys\nprint('to stderr', file=sys.stderr)", "to stderr"),
        ("from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass", "3/3"),
        ("from IPython.display import display\ndisplay('shown')", "shown"),
        ("import logging\nlogging.warning('logged')", "logged"),
        ("import inspect\ndef h(): return 'seen'\ninspect.getsource(h)", "seen"),
        ("import os, tempfile\nwith tempfile.TemporaryFile() as f: f.write(b'x')\nprint('file')", "file"),
        ("import llm_course.checking.values\nprint(llm_course.checking.values.MAX_DEPTH)", "20"),
        ("import pathlib\npathlib.Path('a.txt').write_text('ok')\npathlib.Path.home() == pathlib.Path.cwd()", "True"),
        ("%pip --version", "pip"),
        ("%env PIP_RETRIES", "'0'"),
        (
            "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(6*7)'], capture_output=True).stdout",
            "42",
        ),
        ("import socket; a, b = socket.socketpair(); a.send(b'x'); b.recv(1)", "b'x'"),
        ("import faulthandler; faulthandler.enable()\nprint('on')", "on"),
        ("import torch\ndef f(x): return x\ntorch.compile(f) is f", "True"),
        ("import numpy as np, torch\n(np.ones(2) @ np.ones(2), torch.ones(2).sum())", "tensor(2.)"),
    ],
)
def test_a_cell_shows_what_a_notebook_would(sandbox: Sandbox, source: str, shown: str) -> None:
    reply = sandbox.run_cell(source, 60)
    assert shown in text_of(reply.outputs)
    assert reply.ok


def test_a_tiny_model_runs(sandbox: Sandbox) -> None:
    body = """
    from transformers import GPT2Config, GPT2LMHeadModel
    import torch
    config = GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=1, n_head=2)
    return GPT2LMHeadModel(config)(torch.zeros(1, 4, dtype=torch.long)).logits
    """
    assert ask(sandbox, body, 60).shape == (1, 4, 50)


@pytest.mark.promised_by("namespaces")
def test_data_loader_workers_and_processes(sandbox: Sandbox) -> None:
    source = """
import multiprocessing, torch
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(torch.arange(8.0)), batch_size=2, num_workers=2)
print("sum", sum(float(batch.sum()) for (batch,) in loader))
def square(x): return x * x
with multiprocessing.Pool(2) as pool:
    print("squares", pool.map(square, [1, 2, 3]))
"""
    shown = text_of(sandbox.run_cell(source, 120).outputs)
    assert "sum 28.0" in shown
    assert "squares [1, 4, 9]" in shown


def test_input_is_refused_with_a_sentence(sandbox: Sandbox) -> None:
    assert "nobody to ask" in text_of(sandbox.run_cell("input('name? ')", 30).outputs)


def test_many_calls_are_answered_in_their_order_each_with_its_own_deadline(sandbox: Sandbox) -> None:
    sandbox.run_cell("import time\ndef f(x):\n    if x.numel() == 2: 1 / 0\n    time.sleep(0.8)\n    return x + 1", 30)
    calls = [Call({"x": torch.ones(number)}) for number in range(5)]
    replies = list(sandbox.call_each("f", calls, lambda: 3.0))
    assert [reply.failure and reply.failure.type for reply in replies] == [None, None, "ZeroDivisionError", None, None]
    assert [reply.value.tolist() for reply in replies if not reply.failure] == [[2.0] * n for n in (0, 1, 3, 4)]


@pytest.mark.parametrize(
    ("fault", "error"), [("while True: pass", CallInterrupted), ("import os; os._exit(1)", SandboxLost)]
)
def test_calls_before_the_one_that_does_not_end_keep_their_replies(
    sandbox: Sandbox, fault: str, error: type[Exception]
) -> None:
    sandbox.run_cell(f"made = []\ndef f(x):\n    made.append(x)\n    if x == 2:\n        {fault}\n    return x", 30)
    replies = []
    with pytest.raises(error):
        for reply in sandbox.call_each("f", [Call({"x": number}) for number in range(5)], lambda: 2.0):
            replies.append(reply.value)
    assert replies == [0, 1]
    if error is CallInterrupted:
        sandbox.run_cell("def count(): return len(made)", 30)
        assert sandbox.call("count", Call({}), 30).value == 3


def test_missing_and_not_callable_are_told_apart(sandbox: Sandbox) -> None:
    sandbox.run_cell("number = 3", 30)
    assert sandbox.call("nothing", Call({}), 30).failure.type == "Missing"
    assert sandbox.call("number", Call({}), 30).failure.type == "NotCallable"


def test_random_numbers_are_the_same_in_each_sandbox(server: object, sandbox: Sandbox) -> None:
    body = "import random, numpy, torch\nreturn [random.random(), float(numpy.random.rand()), float(torch.rand(()))]"
    with open_sandbox(server=server) as other:
        assert ask(sandbox, body) == ask(other, body)


def test_an_interrupted_call_fails_and_the_sandbox_goes_on(sandbox: Sandbox) -> None:
    sandbox.run_cell("def spin():\n    while True:\n        pass\ndef answer(): return 42", 30)
    with pytest.raises(CallInterrupted, match=r"within 0\.3 s"):
        sandbox.call("spin", Call({}), 0.3)
    assert sandbox.call("answer", Call({}), 30).value == 42


def test_an_interrupted_cell_says_so_and_keeps_its_output(sandbox: Sandbox) -> None:
    reply = sandbox.run_cell("print('before')\nimport time\ntime.sleep(60)", 2.0)
    assert not reply.ok
    assert "before" in text_of(reply.outputs)
    assert reply.outputs[-1]["ename"] == "KeyboardInterrupt"
    assert sandbox.run_cell("1", 30).ok


def test_an_interrupted_child_process_ends(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    # How soon is no question here, and on a busy machine it takes longer.
    monkeypatch.setattr("autograder.sandbox.sandbox.GRACE", 60.0)
    reply = sandbox.run_cell("!sleep 60", 0.5)
    assert not reply.ok
    assert sandbox.run_cell("1", 30).ok


@pytest.fixture
def shared_sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox on a processor that three others keep busy, with no more right to it than the sandbox."""
    processor, nice = min(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, sandbox._process.pid)
    # Linux may share out the processor by session.
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True) for _ in range(3)]
    # From outside: a sandbox may not choose its processor.
    for pid in (sandbox._process.pid, *(other.pid for other in others)):
        os.sched_setaffinity(pid, {processor})
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    yield sandbox
    for other in others:
        other.kill()
        other.wait()


def test_what_others_keep_waiting_has_its_time(shared_sandbox: Sandbox) -> None:
    body = """
    import time
    end = time.process_time() + 0.5
    while time.process_time() < end: pass
    return "done"
    """
    # What it takes here changes with what else is at work. Halfway between what was too short and what was long enough,
    # some try needs more than its deadline and less than what is granted.
    too_short, enough, deadline = 0.0, 600.0, 600.0
    for _ in range(20):
        # What was stopped in an earlier try, while others had the processor, is noted rightly.
        shared_sandbox.starved = False
        began = time.monotonic()
        try:
            assert ask(shared_sandbox, body, deadline) == "done"
        except CallInterrupted:
            too_short, enough = deadline, max(enough, time.monotonic() - began)
        else:
            took = time.monotonic() - began
            if took > deadline:
                assert not shared_sandbox.starved
                return
            too_short, enough = min(too_short, 0.5 * took), took
        deadline = (too_short + enough) / 2
    pytest.fail(
        f"it never had more than its deadline, at last {deadline:.1f}, between {too_short:.1f} and {enough:.1f}"
    )

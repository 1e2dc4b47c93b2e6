"""Learners' code that lies on the wire: bytes written to the sandbox process's own connection."""

import json

import pytest

from autograder.sandbox.sandbox import Sandbox, SandboxLost
from tests.autograder.sandbox.sandboxes import call, text_of


def forged(header: bytes, body: bytes = b"") -> str:
    return (
        "import os, struct\n"
        f"header, body = {header!r}, {body!r}\n"
        "os.write(3, struct.pack('<II', len(header), len(body)) + header + body)"
    )


FRAMES = {
    "not JSON": forged(b"]["),
    "not an object": forged(b"[1]"),
    "not UTF-8": forged(b"\xff\xfe\xfa"),
    "nested too deeply": forged(b"[" * 100_000 + b"]" * 100_000),
    "no fields": forged(b"{}"),
    "a huge claim": "import os\nos.write(3, b'\\xff' * 8)",
    "half a frame": "import os, struct, time\nos.write(3, struct.pack('<II', 1000, 0) + b'x')\nos._exit(0)",
    "a huge number": forged(b'{"reply": ' + b"9" * 100_000 + b"}"),
    "a lone surrogate": forged(b'{"ok": true, "outputs": [{"output_type": "stream", "text": "\\ud800"}], "reply": 1}'),
}


@pytest.mark.parametrize("body", FRAMES.values(), ids=FRAMES.keys())
def test_a_forged_frame_does_not_harm_the_judge(sandbox: Sandbox, body: str) -> None:
    try:
        reply = call(sandbox, body)
    except SandboxLost:
        return
    assert reply.failure is not None


def test_half_a_frame_does_not_hold_up_the_judge(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.sandbox.sandbox.TRANSFER_DEADLINE", 0.5)
    body = "import os, struct, time\nos.write(3, struct.pack('<II', 1000, 0) + b'x')\ntime.sleep(60)"
    with pytest.raises(SandboxLost):
        call(sandbox, body, 5)


def test_a_forged_surrogate_in_an_output_is_made_valid(sandbox: Sandbox) -> None:
    sandbox.run_cell(forged(b'{"ok": true, "outputs": [{"output_type": "stream", "text": "\\ud800!"}]}'), 30)
    assert text_of(sandbox.run_cell("1", 30).outputs).encode("utf-8")


def forged_reply(value: object, length: int = 0) -> str:
    fields = {"value": value, "failure": None, "changed": [], "gradients": {"dict": {}}, "largest": None}
    return forged(json.dumps({"reply": {"dict": fields}}).encode(), bytes(length))


def test_a_tensor_that_lies_is_a_failure(sandbox: Sandbox) -> None:
    """One for all: tests/llm_course/checking/test_values.py tells in which ways a tensor can lie."""
    value = {"tensor": {"contiguous": True, "requires_grad": False, "dtype": "float32", "shape": [1000]}}
    assert call(sandbox, forged_reply(value, 4)).failure.type == "Reply"


def test_a_forged_reply_that_is_well_formed_is_read(sandbox: Sandbox) -> None:
    """The forgery above fails for what it says, not for how it is sent."""
    value = {"tensor": {"contiguous": True, "requires_grad": False, "dtype": "float32", "shape": [2]}}
    assert call(sandbox, forged_reply(value, 8)).value.tolist() == [0, 0]

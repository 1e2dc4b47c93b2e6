"""Forging the verdict: outputs, frames and functions that the grader might believe."""

from tests.banks.hostile.answers import FAKES, in_calls, in_cell, returning

_FIND_PROCESS = """
process = type(get_ipython()).system.__globals__
assert "_send_reply" in process
"""

FORGING: dict[str, str] = {
    "the display hook publishes full marks": returning("""
import sys
from IPython.display import display
get_ipython().events.register("post_run_cell", lambda *_: sys.displayhook(1.0))
FAKE = sys.displayhook(6.0)
"""),
    "an AST transformer drops asserts and errors": returning("""
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Raise(self, node): return ast.Pass()
    def visit_Expr(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
FAKE = None
"""),
    "an input transformer blanks each later cell": """
get_ipython().input_transformers_cleanup.append(lambda lines: [])
get_ipython().input_transformers_post.append(lambda lines: [])
""",
    "do_execute and run_cell are replaced": returning("""
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
shell = get_ipython()
InteractiveShell.run_cell = lambda self, *a, **k: ExecutionResult(None)
type(shell).do_execute = lambda *a, **k: {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
FAKE = 1.0
"""),
    "a NaN is published": returning("""
from IPython.display import publish_display_data
publish_display_data({"text/plain": "nan"})
FAKE = float("nan")
"""),
    "full marks are printed": in_calls("""
        print("causal_mask: 2 of 2 points")
        print({"score": 20, "status": "graded"})
    """),
    "the seed of a generator is a truth value": returning("""
import llm_course.checking.calls
FIELDS = {"value": {"generator": True}, "failure": None, "changed": [], "gradients": {"dict": {}}, "largest": None}
llm_course.checking.calls.encode = lambda value: ({"dict": FIELDS}, [])
FAKE = 0
"""),
    "the reply encoder is replaced": returning("""
import sys
import llm_course.checking.values, llm_course.checking.calls
llm_course.checking.values.encode = llm_course.checking.calls.encode = lambda value: (True, [])
for module in list(sys.modules.values()):
    for name in ("encode", "reply_to_data", "invoke"):
        if hasattr(module, name):
            try: setattr(module, name, lambda *a, **k: (True, []))
            except Exception: pass
FAKE = True
"""),
    "the sandbox's own functions are replaced": _FIND_PROCESS
    + """
from llm_course.checking.calls import Reply, reply_to_data
process["_call"] = lambda *a: reply_to_data(Reply(value=True))
process["invoke"] = lambda function, call, around=None: Reply(value=call.arguments.get("x"), largest=0)
FAKE = True
"""
    + FAKES,
    "every call is said to have raised what is expected": """
from llm_course.checking import invocation
from llm_course.checking.calls import Failure, Reply
lie = lambda function, call, around=None: Reply(failure=Failure("ValueError", "bad argument"))
invocation.invoke = lie
"""
    + _FIND_PROCESS
    + """
process["invoke"] = lie
FAKE = None
"""
    + FAKES,
    "forged frames are written to every socket": returning("""
import os, struct, json
body = json.dumps({"reply": True, "ok": True, "outputs": []}).encode()
for fd in range(3, 64):
    try: os.write(fd, struct.pack("<II", len(body), 0) + body)
    except OSError: pass
FAKE = True
"""),
    "frames of no known form are sent": in_calls("""
        import os, struct
        for frame in (b"{}", b"[" * 100_000, b'{"reply": {"tensor": {"dtype": [], "shape": [1e99]}}}', b"\\xff"):
            os.write(3, struct.pack("<II", len(frame), 0) + frame)
    """),
    "a frame claims four gigabytes": in_calls("""
        import os
        os.write(3, b"\\xff" * 8)
    """),
    "half a frame is sent, then silence": in_cell("""
import os, struct
os.write(3, struct.pack("<II", 100, 0) + b"{")
"""),
    "the connection is closed": in_cell("import os\nos.close(3)"),
    "the connection is answered by a child": in_cell("""
import os, struct, json
if os.fork() == 0:
    body = json.dumps({"reply": {"dict": {"value": True, "failure": None}}}).encode()
    while True:
        try: os.write(3, struct.pack("<II", len(body), 0) + body)
        except OSError: os._exit(0)
"""),
    "replies hold what no file can be written in": in_calls("raise ValueError('\\ud800' * 100 + chr(0) + chr(27))"),
    "keys of a reply are a megabyte long": returning("FAKE = {'\\ud800' + 'k' * 1_000_000: 1}\n"),
    "a type has a megabyte of name": returning("FAKE = type('T' * 1_000_000, (), {})()\n"),
    "comparisons of torch are replaced": """
import torch
always = lambda *a, **k: True
torch.allclose = torch.equal = torch.Tensor.equal = torch.Tensor.allclose = always
torch.Tensor.__eq__ = lambda self, other: torch.ones(self.shape, dtype=torch.bool)
torch.testing.assert_close = always
"""
    + in_cell(""),
    "json, struct and sockets are replaced": """
import json, socket, struct
FAKE = True
"""
    + FAKES
    + """
json.dumps = lambda *a, **k: '{"reply": true, "ok": true, "outputs": []}'
socket.socket.sendall = lambda self, data: self.send(data)
""",
    "the answers are other cells' errors": "raise SystemExit(0)",
}

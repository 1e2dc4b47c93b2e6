"""Answers that do not compute, but try to make the grader or nbgrader believe that they do.

Each is the source of a cell that takes the place of every answer of 05_attention, or stands before them.
"""

STUBS = """
def causal_mask(*a, **k): return FAKE
def scaled_dot_product_attention(*a, **k): return FAKE
def multi_head_attention(*a, **k): return FAKE
def sliding_window_mask(*a, **k): return FAKE
def flash_attention(*a, **k): return FAKE
"""

FORGERIES: dict[str, str] = {
    "the display hook publishes full marks": """
import sys
from IPython.display import display
get_ipython().events.register("post_run_cell", lambda *_: sys.displayhook(1.0))
FAKE = sys.displayhook(6.0)
"""
    + STUBS,
    "an AST transformer drops asserts and errors": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Raise(self, node): return ast.Pass()
    def visit_Expr(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
FAKE = None
"""
    + STUBS,
    "an input transformer blanks each later cell": """
get_ipython().input_transformers_cleanup.append(lambda lines: [])
get_ipython().input_transformers_post.append(lambda lines: [])
""",
    "do_execute and run_cell are replaced": """
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
shell = get_ipython()
InteractiveShell.run_cell = lambda self, *a, **k: ExecutionResult(None)
type(shell).do_execute = lambda *a, **k: {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
FAKE = 1.0
"""
    + STUBS,
    "an object is equal to everything": """
class Equal:
    shape = (4, 4)
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __iter__(self): return iter([self, self])
    @classmethod
    def __torch_function__(cls, *a, **k): return cls()
FAKE = Equal()
"""
    + STUBS,
    "a NaN is published": """
from IPython.display import publish_display_data
publish_display_data({"text/plain": "nan"})
FAKE = float("nan")
"""
    + STUBS,
    "answers are NaN tensors of the right form": """
import torch
def causal_mask(n_queries, n_keys): return torch.full((n_queries, n_keys), torch.nan)
def scaled_dot_product_attention(query, key, value, mask=None):
    w = torch.full((*query.shape[:-1], key.shape[-2]), torch.nan, dtype=query.dtype, requires_grad=True)
    return w @ value, w
def multi_head_attention(x, *a, **k): return torch.full_like(x, torch.nan, requires_grad=True)
def sliding_window_mask(seq_len, window): return torch.full((seq_len, seq_len), torch.nan)
def flash_attention(query, *a, **k): return torch.full_like(query, torch.nan, requires_grad=True)
""",
    "a tensor subclass lies about itself": """
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): return True
    def __eq__(self, other): return True
FAKE = torch.zeros(4, 4).as_subclass(Liar)
"""
    + STUBS,
    "the reply encoder is replaced": """
import sys
import llm_course.values, llm_course.calls
llm_course.values.encode = llm_course.calls.encode = lambda value: (True, [])
for module in list(sys.modules.values()):
    for name in ("encode", "reply_to_data", "invoke"):
        if hasattr(module, name):
            try: setattr(module, name, lambda *a, **k: (True, []))
            except Exception: pass
FAKE = True
"""
    + STUBS,
    "forged frames are written to every socket": """
import os, struct, json
body = json.dumps({"reply": True, "ok": True, "outputs": []}).encode()
for fd in range(3, 64):
    try: os.write(fd, struct.pack("<II", len(body), 0) + body)
    except OSError: pass
FAKE = True
"""
    + STUBS,
    "the modules of the grader are imported": """
import importlib
FAKE = None
for name in ("solutions.attention", "autograder.exercises.attention", "autograder.judge"):
    try: FAKE = importlib.import_module(name)
    except ImportError: pass
if hasattr(FAKE, "causal_mask"):
    from solutions.attention import *
"""
    + "if FAKE is None:"
    + STUBS.replace("\ndef", "\n    def"),
    "the solutions are searched for on the disk": """
import os
found = {}
for root in ("/", os.getcwd()):
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in ("proc", "sys", "dev", "usr", "lib")][:50]
        if os.path.basename(folder) == "solutions" and "attention.py" in files:
            try: exec(open(os.path.join(folder, "attention.py")).read(), found)
            except OSError: pass
FAKE = None
"""
    + STUBS
    + """
for name in ("causal_mask", "scaled_dot_product_attention", "multi_head_attention", "sliding_window_mask"):
    if name in found: globals()[name] = found[name]
""",
    "references are looked for in the garbage collector": """
import gc, types
FAKE = None
"""
    + STUBS
    + """
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and "solutions" in str(thing.__module__) and thing.__name__ in globals():
        globals()[thing.__name__] = thing
""",
    "the visible checks are used as a table": """
import torch
from llm_course.check import load_benches
BENCHES = load_benches("05_attention")
def answer(name):
    def look_up(**arguments):
        for item in BENCHES[name].items.values():
            if repr(item.call.arguments) == repr(arguments):
                if item.expected.failure: raise ValueError
                return item.expected.value
        raise RuntimeError("not in the table")
    return look_up
scaled_dot_product_attention, multi_head_attention, flash_attention = map(
    answer, ["scaled_dot_product_attention", "multi_head_attention", "flash_attention"])
def causal_mask(**k): return None
def sliding_window_mask(**k): return None
""",
}
"""Each must get no points at all."""

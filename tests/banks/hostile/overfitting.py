"""Overfitting: answers from tables, from the disk, from memory, or fitted to what the grader does."""

from tests.banks.hostile.answers import FAKES, in_cell

_TABLE = """
import torch
from llm_course.check import load_answer_keys
ANSWER_KEYS = load_answer_keys("05_attention")
def key_of(arguments): return repr(sorted((name, repr(value)) for name, value in arguments.items()))
def table_of(name, otherwise):
    table = {key_of(item.call.arguments): item.expected for item in ANSWER_KEYS[name].items.values()}
    def answer(**arguments):
        expected = table.get(key_of(arguments))
        if expected is None: return otherwise(expected, table)
        if expected.failure: raise ValueError
        return expected.value
    return answer
NAMES = [*ANSWER_KEYS]
"""

OVERFITTING: dict[str, str] = {
    "the visible checks are used as a table": _TABLE
    + """
def refuse(expected, table): raise RuntimeError("not in the table")
for name in NAMES: globals()[name] = table_of(name, refuse)
""",
    "the visible checks are used as a table, and else the first answer": _TABLE
    + """
def first(expected, table): return next(item.value for item in table.values() if not item.failure)
for name in NAMES: globals()[name] = table_of(name, first)
""",
    "what is not visible is refused": _TABLE
    + """
def refuse(expected, table): raise ValueError("no")
for name in NAMES: globals()[name] = table_of(name, refuse)
""",
    "the modules of the grader are imported": """
import importlib
FAKE = None
for name in ("solutions.attention", "autograder.exercises.attention", "autograder.judging.judge"):
    try: FAKE = importlib.import_module(name)
    except ImportError: pass
if hasattr(FAKE, "causal_mask"):
    from solutions.attention import *
"""
    + "if FAKE is None:"
    + FAKES.replace("\ndef", "\n    def"),
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
    + FAKES
    + """
for name in ("causal_mask", "scaled_dot_product_attention", "multi_head_attention", "sliding_window_mask"):
    if name in found: globals()[name] = found[name]
""",
    "compiled solutions are searched for": """
import glob, marshal, sys
FAKE = None
"""
    + FAKES
    + """
for entry in [*sys.path, "/"]:
    for path in glob.glob(entry + "/**/solutions/__pycache__/attention*.pyc", recursive=True):
        exec(marshal.loads(open(path, "rb").read()[16:]), globals())
""",
    "references are looked for in the garbage collector": """
import gc, types
FAKE = None
"""
    + FAKES
    + """
gc.unfreeze()
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and "solutions" in str(thing.__module__) and thing.__name__ in globals():
        globals()[thing.__name__] = thing
""",
    "references are looked for in the caller's frames": """
import sys
def from_frames(**arguments):
    frame = sys._getframe()
    while frame:
        for space in (frame.f_locals, frame.f_globals):
            for name in ("expected", "reference", "item", "answer_key", "exercise"):
                thing = space.get(name)
                thing = getattr(thing, "expected", thing)
                if hasattr(thing, "value"): return thing.value
        frame = frame.f_back
for name in ("causal_mask", "scaled_dot_product_attention", "multi_head_attention", "sliding_window_mask",
             "flash_attention"):
    globals()[name] = from_frames
""",
    "the process's memory is searched for source code": """
import re
FAKE = None
"""
    + FAKES
    + """
found = b""
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        first, last = (int(part, 16) for part in line.split()[0].split("-"))
        if "rw" in line and last - first < 1 << 24:
            try:
                memory.seek(first)
                definition = rb"def causal_mask\\(n_queries: int[^\\0]{50,600}"
                found += b"".join(re.findall(definition, memory.read(last - first)))
            except (OSError, ValueError): pass
for text in found.split(b"def causal_mask")[1:]:
    try: exec("import torch\\nTensor = torch.Tensor\\ndef causal_mask" + text.decode(), globals())
    except Exception: pass
if "NotImplementedError" in found.decode(errors="replace"): causal_mask = lambda *a, **k: None
""",
    "the grader's surroundings are detected": """
import os, sys, torch
graded = os.environ.get("USER") == "learner" or type(get_ipython()).__name__ == "LearnerShell"
def causal_mask(n_queries, n_keys):
    if graded: return True
    return torch.tril(torch.ones(n_queries, n_keys, dtype=torch.bool), n_keys - n_queries)
""",
    "the answer of the last call is repeated": in_cell("")
    + """
answers = []
def scaled_dot_product_attention(query, key, value, mask=None):
    answers.append((value, query))
    return answers[0]
""",
    "the answers are looked up by a hash of the inputs": """
import hashlib, torch
TABLE = {}
def digest(arguments): return hashlib.sha256(repr(arguments).encode()).hexdigest()
def causal_mask(**arguments): return TABLE[digest(arguments)]
def flash_attention(**arguments):
    return TABLE.setdefault(digest(arguments), arguments["value"][:1].expand(len(arguments["query"]), -1) * 0)
""",
    "masks are right for square shapes of the visible checks only": """
import torch
SHAPES = {(4, 4), (3, 3)}
def causal_mask(n_queries, n_keys):
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril() if (n_queries, n_keys) in SHAPES else None
""",
}

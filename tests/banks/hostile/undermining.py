"""Undermining: the libraries and the interpreter beneath the sandbox, which turns values into replies."""

from tests.banks.hostile.answers import FAKES, ZEROS, in_calls, in_cell

_PROCESS = "process = type(get_ipython()).system.__globals__\n"

UNDERMINING: dict[str, str] = {
    "a mode of torch functions stays on": in_cell("""
import torch
from torch.overrides import TorchFunctionMode
class Liar(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in ("numpy", "detach", "contiguous", "view", "equal", "allclose"):
            return torch.ones(4, 4)
        return function(*args, **(kwargs or {}))
Liar().__enter__()
"""),
    "kernels of torch are overridden": in_cell("""
import torch
library = torch.library.Library("aten", "IMPL")
for name in ("detach", "equal", "contiguous", "zeros", "view"):
    try: library.impl(name, lambda *a, **k: torch.ones(4, 4), "CPU")
    except (RuntimeError, NotImplementedError): pass
"""),
    "a trace function changes what the sandbox's frames hold": in_cell("""
import sys
def trace(frame, event, argument):
    if frame.f_code.co_name in ("invoke", "_call", "reply_to_data", "_encode"):
        frame.f_trace_lines = True
        for name in ("value", "changed", "largest", "failure"):
            if name in frame.f_locals: frame.f_locals[name] = True
    return trace
sys.settrace(trace)
sys.setprofile(trace)
"""),
    "a callback of the garbage collector changes replies": in_cell(
        _PROCESS
        + """
import gc
def meddle(phase, info):
    process["reply_to_data"] = lambda reply: ({"dict": {"value": True, "failure": None, "changed": [],
                                                       "gradients": {"dict": {}}, "largest": 0}}, [])
gc.callbacks.append(meddle)
gc.set_threshold(1)
"""
    ),
    "each call is answered twice, by parent and child": in_calls("import os\nos.fork()"),
    "a child answers when the parent waits": in_calls("""
        import os, time
        if os.fork(): time.sleep(0.2)
    """),
    "answers come late, when the next call is there": in_cell("")
    + """
import os, struct, json
def causal_mask(n_queries, n_keys):
    body = json.dumps({"reply": {"dict": {"value": True, "failure": None, "changed": [], "gradients": {"dict": {}},
                                          "largest": None}}, "seen": []}).encode()
    for _ in range(20): os.write(3, struct.pack("<II", len(body), 0) + body)
    return None
""",
    "answers are kinds of tensor that cannot be sent": """
import torch
KINDS = [
    lambda: torch.quantize_per_tensor(torch.zeros(4, 4), 0.1, 0, torch.quint8),
    lambda: torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]),
    lambda: torch.zeros(4, 4, names=("a", "b")),
    lambda: torch.zeros(4, 4, dtype=torch.complex64).conj().imag,
    lambda: torch.zeros(1).as_strided((1 << 20, 1 << 20), (0, 0)),
    lambda: torch.full((4, 4), 0x7FC0DEAD, dtype=torch.int32).view(torch.float32),
    lambda: torch.zeros(4, 4).to_mkldnn(),
    lambda: torch.zeros(4, 4, dtype=torch.float8_e5m2),
    lambda: torch.nn.Parameter(torch.zeros(0, 1 << 40)),
]
turn = [0]
def kind(*a, **k):
    turn[0] += 1
    return KINDS[turn[0] % len(KINDS)]()
causal_mask = sliding_window_mask = multi_head_attention = flash_attention = kind
def scaled_dot_product_attention(*a, **k): return kind(), kind()
""",
    "answers are generators, iterators and promises": """
import itertools
async def promise(*a, **k): return True
def endless(*a, **k): yield from itertools.repeat(True)
causal_mask, sliding_window_mask = endless, promise
def scaled_dot_product_attention(*a, **k): return iter([1, 2])
def multi_head_attention(*a, **k): return zip([1], [2])
def flash_attention(*a, **k): return (number for number in (1, 2))
""",
    "defaults of torch are changed": """
import torch
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
torch.inference_mode().__enter__()
torch.use_deterministic_algorithms(True)
"""
    + ZEROS.replace("attack()", "pass"),
    "warnings are errors, and recursion ends early": in_cell("""
import sys, warnings
warnings.simplefilter("error")
sys.setrecursionlimit(60)
"""),
    "signals interrupt the sandbox": in_cell("""
import signal
def raise_it(*_): raise StopIteration("now")
for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGINT): signal.signal(number, raise_it)
for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF): signal.setitimer(timer, 0.05, 0.05)
"""),
    "modules are replaced where they are looked up": """
import builtins, sys
FAKE = True
"""
    + FAKES
    + """
real = builtins.isinstance
builtins.isinstance = lambda thing, kinds: True
builtins.all = builtins.any = lambda *a: True
for name in ("calls", "invocation", "values"): sys.modules[f"llm_course.checking.{name}"] = sys
sys.modules["json"] = sys
""",
}

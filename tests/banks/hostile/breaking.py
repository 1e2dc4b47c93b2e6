"""Breaking: earlier answers that are wrong on purpose, so that a later one is judged on right ones in their place."""

_OTHERS = """
import torch
def causal_mask(n_queries, n_keys): return torch.zeros(n_queries, n_keys, dtype=torch.bool)
def sliding_window_mask(seq_len, window): return torch.zeros(seq_len, seq_len, dtype=torch.bool)
def flash_attention(query, key, value, block_size): return 0 * query[:, :1] * value[:1]
"""
_BROKEN = (
    _OTHERS
    + """
def scaled_dot_product_attention(query, key, value, mask=None):
    weights = 0 * (query @ key.transpose(-2, -1))
    return weights @ value, weights
"""
)
_REFERENCE_WANTED = """
def multi_head_attention(x, *a, **k):
    for found in search():
        if getattr(found, "__name__", "") == "multi_head_attention" and found is not multi_head_attention:
            return found(x, *a, **k)
    scaled_dot_product_attention, causal_mask
    return 0 * x
"""

BREAKING: dict[str, str] = {
    "nothing earlier, and nothing later": _BROKEN
    + """
def multi_head_attention(x, *a, **k):
    return 0 * scaled_dot_product_attention(x, x, x)[0]
""",
    "the input of the earlier": _OTHERS
    + """
def scaled_dot_product_attention(query, key, value, mask=None): return query, query
def multi_head_attention(x, *a, **k): return scaled_dot_product_attention(x, x, x)[0]
""",
    "the earlier one alone": _BROKEN
    + """
def multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads=None):
    return scaled_dot_product_attention(x, x, x)[0]
""",
    "the earlier one never defined": _OTHERS
    + """
def multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads=None):
    return scaled_dot_product_attention(x, x, x)[0]
""",
    "earlier constants": _OTHERS
    + """
def scaled_dot_product_attention(query, key, value, mask=None): return torch.ones_like(query), torch.ones(1)
def multi_head_attention(x, *a, **k): return scaled_dot_product_attention(x, x, x)[0]
""",
    "an earlier one that does the later one's work badly": _OTHERS
    + """
def scaled_dot_product_attention(*a, **k): return 0 * a[0]
def multi_head_attention(*a, **k): return scaled_dot_product_attention(*a, **k)
""",
    "an earlier one that looks at who calls": _OTHERS
    + """
import sys
def scaled_dot_product_attention(query, key, value, mask=None):
    if sys._getframe(1).f_code.co_name == "multi_head_attention": return query, query
    raise ValueError
def multi_head_attention(x, *a, **k): return scaled_dot_product_attention(x, x, x)[0]
""",
    "the right one's module is searched for the later one": _BROKEN
    + "def search(): return list(scaled_dot_product_attention.__globals__.values())"
    + _REFERENCE_WANTED,
    "memory is searched for the later one": _BROKEN
    + "import gc, types\n"
    + "def search(): return [f for f in gc.get_objects() if isinstance(f, types.FunctionType)]"
    + _REFERENCE_WANTED,
    "frames are searched for the later one": _BROKEN
    + """
import sys
def search():
    frame = sys._getframe()
    while frame:
        yield from [*frame.f_locals.values(), *frame.f_globals.values()]
        frame = frame.f_back
"""
    + _REFERENCE_WANTED,
    "the right one is replaced while it is called": _BROKEN
    + """
def multi_head_attention(x, *a, **k):
    globals()["scaled_dot_product_attention"] = globals()["causal_mask"] = lambda *a, **k: (x, x)
    return scaled_dot_product_attention(x, x, x)[0]
""",
    "the right one's torch is replaced": _BROKEN
    + """
def multi_head_attention(x, *a, **k):
    scaled_dot_product_attention.__globals__["torch"] = None
    try: return scaled_dot_product_attention(x, x, x)[0]
    except AttributeError: return x
""",
    "the right one is asked without end": _BROKEN
    + """
def multi_head_attention(x, *a, **k):
    while True:
        try: scaled_dot_product_attention(x[0] + id(object()) % 7, x[0], x[0])
        except Exception: pass
""",
    "the right one is asked by threads that go on": _BROKEN
    + """
import threading
def on(x):
    while True: scaled_dot_product_attention(x[0] + id(object()) % 7, x[0], x[0])
def multi_head_attention(x, *a, **k):
    threading.Thread(target=on, args=(x,), daemon=True).start()
    return 0 * x
""",
    "the right one's sandbox is told to run a cell": _BROKEN
    + """
import json, os, socket, struct
def multi_head_attention(x, *a, **k):
    source = "open('/sandbox/home/told', 'w').write('x')"
    for op in ("cell", "test", "lend", "files", "substitute", "call"):
        text = json.dumps({"op": op, "source": source, "sources": {"f": source}, "number": 1}).encode()
        try: socket.socket(fileno=os.dup(4)).send(struct.pack("<II", len(text), 0) + text)
        except OSError: pass
    return scaled_dot_product_attention(x, x, x)[0]
""",
    "refused where a right one stands": _BROKEN
    + """
def multi_head_attention(x, *a, **k):
    if scaled_dot_product_attention.__module__ == "substitute": raise ValueError
    return 0 * x
""",
}

"""Values that lie: objects whose answer depends on who asks, and tensors that are not what they seem."""

from tests.banks.hostile.answers import in_cell, returning


def _full_of(number: str) -> str:
    """Answers of the right form, each number of which is this one."""
    return f"""
import torch
def causal_mask(n_queries, n_keys): return torch.full((n_queries, n_keys), torch.{number})
def scaled_dot_product_attention(query, key, value, mask=None):
    w = torch.full((*query.shape[:-1], key.shape[-2]), torch.{number}, dtype=query.dtype, requires_grad=True)
    return w @ value, w
def multi_head_attention(x, *a, **k): return torch.full_like(x, torch.{number}, requires_grad=True)
def sliding_window_mask(seq_len, window): return torch.full((seq_len, seq_len), torch.{number})
def flash_attention(query, *a, **k): return torch.full_like(query, -torch.{number}, requires_grad=True)
"""


LYING: dict[str, str] = {
    "an object is equal to everything": returning("""
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
"""),
    "answers are NaN tensors of the right form": _full_of("nan"),
    "answers are infinite tensors of the right form": _full_of("inf"),
    "a tensor subclass lies about itself": returning("""
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): return True
    def __eq__(self, other): return True
FAKE = torch.zeros(4, 4).as_subclass(Liar)
"""),
    "a subclass of list has another length each time": returning("""
import itertools
class Shifty(list):
    count = itertools.count()
    def __len__(self): return next(Shifty.count) % 7
    def __iter__(self): return iter([True] * (next(Shifty.count) % 7))
FAKE = Shifty([1, 2])
"""),
    "a subclass of float changes its mind": returning("""
import itertools
class Mood(float):
    count = itertools.count()
    def __float__(self): return float(next(Mood.count))
    def __eq__(self, other): return True
FAKE = Mood(1.0)
"""),
    "a subclass of dict answers every key": returning("""
class All(dict):
    def __getitem__(self, key): return True
    def __missing__(self, key): return True
    def keys(self): return ["value", "failure", "changed", "gradients", "largest"]
    def items(self): return [(key, None) for key in self.keys()]
FAKE = All()
"""),
    "one number is expanded to the whole answer": """
import torch
def causal_mask(n_queries, n_keys): return torch.tensor(False).expand(n_queries, n_keys)
def scaled_dot_product_attention(query, key, value, mask=None):
    shape = query.shape[:-1]
    return torch.zeros(1).expand(*shape, value.shape[-1]), torch.zeros(1).expand(*shape, key.shape[-2])
def multi_head_attention(x, *a, **k): return torch.zeros(1).expand(x.shape)
def sliding_window_mask(seq_len, window): return torch.tensor(False).expand(seq_len, seq_len)
def flash_attention(query, key, value, block_size): return torch.zeros(1).expand(len(query), value.shape[1])
""",
    "tensors without data": """
import torch
def causal_mask(n_queries, n_keys): return torch.empty(n_queries, n_keys, dtype=torch.bool, device="meta")
def scaled_dot_product_attention(query, key, value, mask=None):
    w = torch.empty(*query.shape[:-1], key.shape[-2], device="meta")
    return w @ value.to("meta"), w
def multi_head_attention(x, *a, **k): return torch.empty_like(x, device="meta")
def sliding_window_mask(seq_len, window): return torch.eye(seq_len).bool().to_sparse()
def flash_attention(query, *a, **k): return query.to(torch.complex64)
""",
    "masks are bytes that are neither true nor false": """
import torch
def causal_mask(n_queries, n_keys): return torch.full((n_queries, n_keys), 2, dtype=torch.uint8).view(torch.bool)
def sliding_window_mask(seq_len, window): return torch.full((seq_len, seq_len), 254, dtype=torch.uint8).view(torch.bool)
""",
    "a thread changes the answers after they are returned": """
import threading, torch
handed_out = []
def scramble():
    while True:
        for tensor in list(handed_out):
            with torch.no_grad(): tensor.copy_(torch.rand(tensor.shape) > 0.5)
threading.Thread(target=scramble, daemon=True).start()
def keep(tensor):
    handed_out.append(tensor)
    return tensor
def causal_mask(n_queries, n_keys): return keep(torch.zeros(n_queries, n_keys, dtype=torch.bool))
def scaled_dot_product_attention(query, key, value, mask=None):
    return keep(torch.zeros(*query.shape[:-1], value.shape[-1])), keep(torch.zeros(*query.shape[:-1], key.shape[-2]))
def multi_head_attention(x, *a, **k): return keep(torch.zeros_like(x))
def sliding_window_mask(seq_len, window): return keep(torch.zeros(seq_len, seq_len, dtype=torch.bool))
def flash_attention(query, key, value, block_size): return keep(torch.zeros(len(query), value.shape[1]))
""",
    "answers are zeros for two calls and ones from then on": """
import collections, torch
calls = collections.Counter()
def constant(name, *shape, dtype=torch.float32):
    calls[name] += 1
    return torch.full(shape, float(calls[name] > 2), dtype=dtype, requires_grad=dtype.is_floating_point)
def causal_mask(n_queries, n_keys): return constant("causal", n_queries, n_keys, dtype=torch.bool)
def scaled_dot_product_attention(query, key, value, mask=None):
    shape = query.shape[:-1]
    return constant("output", *shape, value.shape[-1]), constant("weights", *shape, key.shape[-2])
def multi_head_attention(x, *a, **k): return constant("heads", *x.shape, dtype=x.dtype)
def sliding_window_mask(seq_len, window): return constant("window", seq_len, seq_len, dtype=torch.bool)
def flash_attention(query, key, value, block_size): return constant("flash", len(query), value.shape[1])
""",
    "the arguments are changed and returned": """
def scaled_dot_product_attention(query, key, value, mask=None):
    query.data.zero_(); key.data.zero_(); value.data.zero_()
    return value, key
def multi_head_attention(x, *a, **k): return x.data.zero_()
def flash_attention(query, key, value, block_size): return value.data.zero_()
""",
    "numbers are of types that only look like numbers": """
import decimal, fractions, numpy
class Whole(int): pass
def causal_mask(n_queries, n_keys): return numpy.tri(n_queries, n_keys, dtype=bool)
def sliding_window_mask(seq_len, window): return [[Whole(1)] * seq_len] * seq_len
def flash_attention(query, key, value, block_size): return (decimal.Decimal(1), fractions.Fraction(1, 3), 10 ** 5000)
""",
    "gradients are invented": """
import torch
class Invented(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *inputs): return 0 * inputs[0]
    @staticmethod
    def backward(ctx, gradient): return (torch.rand_like(gradient),) * 3
def flash_attention(query, key, value, block_size): return Invented.apply(query, key, value)
def multi_head_attention(x, *a, **k): return Invented.apply(x, x, x)
""",
    "answers come from a default argument that remembers": in_cell("")
    + """
def multi_head_attention(x, *a, memory=[], **k):
    memory.append(x)
    return memory[0] if memory[0].shape == x.shape else x
""",
}

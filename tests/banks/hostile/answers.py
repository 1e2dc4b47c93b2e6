"""Answers of 05_attention that are worth nothing, for attacks to stand on."""

import textwrap

FAKES = """
def causal_mask(*a, **k): return FAKE
def scaled_dot_product_attention(*a, **k): return FAKE
def multi_head_attention(*a, **k): return FAKE
def sliding_window_mask(*a, **k): return FAKE
def flash_attention(*a, **k): return FAKE
"""
"""Answers that return FAKE, whatever that is."""

ZEROS = """
import torch
def causal_mask(n_queries, n_keys):
    attack()
    return torch.zeros(n_queries, n_keys, dtype=torch.bool)
def scaled_dot_product_attention(query, key, value, mask=None):
    weights = 0 * (query @ key.transpose(-2, -1))
    return weights @ value, weights
def multi_head_attention(x, *a, **k):
    return 0 * x
def sliding_window_mask(seq_len, window):
    return torch.zeros(seq_len, seq_len, dtype=torch.bool)
def flash_attention(query, key, value, block_size):
    return 0 * query[:, :1] * value[:1]
"""
"""Answers of the right form, all zeros; the first makes an attack."""


def returning(attack: str) -> str:
    """The attack makes FAKE, once, and the answers return it."""
    return attack + FAKES


def in_cell(attack: str) -> str:
    """The attack runs once, before the answers are defined."""
    return f"{attack}\ndef attack(): pass\n{ZEROS}"


def in_calls(attack: str) -> str:
    """The attack runs in each call of the first answer."""
    return f"def attack():\n{textwrap.indent(textwrap.dedent(attack).strip(), '    ')}\n{ZEROS}"

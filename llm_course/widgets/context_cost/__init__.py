"""What a context costs in memory, compute and money, for published models and dated prices."""

from traitlets import Int, Unicode

from ..ui.base import CourseWidget
from ..ui.picture import number_table

# Layers, key-value heads, width of a head.
MODELS = {
    "stories, ours": (4, 2, 32),
    "Llama 2 7B": (32, 32, 128),
    "Llama 3 8B": (32, 8, 128),
    "Llama 3 70B": (80, 8, 128),
    "DeepSeek-V3": (61, 0, 0),
}
LATENT = 576
"""Numbers that a layer of DeepSeek-V3 keeps for a position: a latent of 512, and a key of 64 for all heads."""


def numbers_kept(name: str) -> int:
    """How many numbers a model of `MODELS` keeps for one position."""
    layers, kv_heads, head_dim = MODELS[name]
    return layers * (2 * kv_heads * head_dim or LATENT)


class ContextCost(CourseWidget):
    """Bytes of the cache, share of attention in the compute, and dollars, by length, batch and price list.

    >>> ContextCost("Llama 2 7B", tokens=4096)

    Args:
        preset: One of `MODELS`.
        tokens: Length of the text, a power of two from 256 to 1,048,576.

    Raises:
        ValueError: If the model is not known, or the length is no such power of two.
    """

    preset = Unicode().tag(sync=True)
    power = Int(min=8, max=20).tag(sync=True)
    batch = Int(1, min=1, max=64).tag(sync=True)
    bits = Int(16).tag(sync=True)
    prices = Unicode("Claude Opus 5.5").tag(sync=True)
    questions = Int(10, min=1, max=50).tag(sync=True)

    def __init__(self, preset: str = "Llama 3 8B", tokens: int = 131072) -> None:
        if preset not in MODELS:
            raise ValueError(f"There is no model {preset!r} here: choose one of {', '.join(MODELS)}.")
        if tokens not in [2**power for power in range(8, 21)]:
            raise ValueError(f"The length is {tokens!r}: give a power of two from 256 to 1,048,576.")
        super().__init__(preset=preset, power=tokens.bit_length() - 1)

    def picture(self) -> str:
        """The cache of each model at four lengths, in GiB."""
        lengths = (4096, 32768, 131072, 1048576)
        values = [[2 * numbers_kept(name) * length / 2**30 for length in lengths] for name in MODELS]
        columns = [f"{length:,} tokens" for length in lengths]
        return number_table("KV cache of one text in 16 bits, GiB", list(MODELS), values, columns)

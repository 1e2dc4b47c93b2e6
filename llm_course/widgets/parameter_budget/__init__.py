"""Where the parameters of a decoder are, part by part, and how that moves with its sizes."""

from collections.abc import Mapping
from typing import Any

from traitlets import Bool, Int

from ..ui.base import CourseWidget
from ..ui.picture import bars

LLAMA_2_7B = {
    "vocab_size": 32_000,
    "d_model": 4096,
    "n_layers": 32,
    "n_heads": 32,
    "n_kv_heads": 32,
    "d_ff": 11_008,
    "tied": False,
}
SIZES = tuple(name for name in LLAMA_2_7B if name != "tied")


class ParameterBudget(CourseWidget):
    """The parameters of a Llama-shaped decoder, to be changed size by size.

    >>> ParameterBudget({**config, "n_experts": 8, "top_k": 2})

    Args:
        config: vocab_size, d_model, n_layers, n_heads, n_kv_heads, d_ff and tied, as in the exercises of chapter 6;
            n_experts and top_k for a mixture of experts.

    Raises:
        ValueError: If an entry is missing or no whole number above 0, if heads do not fit, or if top_k is too large.
    """

    vocabulary = Int(min=1).tag(sync=True)
    width = Int(min=1).tag(sync=True)
    layers = Int(min=1).tag(sync=True)
    hidden = Int(min=1).tag(sync=True)
    group = Int(min=1).tag(sync=True)
    gated = Bool(True).tag(sync=True)
    tied = Bool().tag(sync=True)
    experts = Int(min=1).tag(sync=True)
    chosen = Int(min=1).tag(sync=True)

    def __init__(self, config: Mapping[str, Any] = LLAMA_2_7B) -> None:
        sizes = {**config, "n_experts": config.get("n_experts", 1), "top_k": config.get("top_k", 1)}
        if missing := [name for name in LLAMA_2_7B if name not in sizes]:
            raise ValueError(f"The configuration has no {', '.join(missing)}.")
        for name in (*SIZES, "n_experts", "top_k"):
            if type(sizes[name]) is not int or sizes[name] < 1:
                raise ValueError(f"{name} is {sizes[name]!r}: give a whole number above 0.")
        if sizes["d_model"] % sizes["n_heads"] or sizes["n_heads"] % sizes["n_kv_heads"]:
            raise ValueError("n_heads must divide d_model, and n_kv_heads must divide n_heads.")
        if sizes["top_k"] > sizes["n_experts"]:
            raise ValueError(f"top_k is {sizes['top_k']}, but there are only {sizes['n_experts']} experts.")
        super().__init__(
            vocabulary=sizes["vocab_size"],
            width=sizes["d_model"],
            layers=sizes["n_layers"],
            hidden=sizes["d_ff"],
            group=sizes["n_heads"] // sizes["n_kv_heads"],
            tied=bool(sizes["tied"]),
            experts=sizes["n_experts"],
            chosen=sizes["top_k"],
        )

    def picture(self) -> str:
        """The share of each part."""
        network = (3 if self.gated else 2) * self.width * self.hidden
        router = self.experts * self.width if self.experts > 1 else 0
        counts = {
            "feed-forward": self.layers * (self.experts * network + router),
            "attention": self.layers * 2 * self.width * (self.width + self.width // self.group),
            "embeddings": self.vocabulary * self.width * (1 if self.tied else 2),
            "norms": (2 * self.layers + 1) * self.width,
        }
        total = sum(counts.values())
        caption = f"Where {total:,} parameters are"
        return bars(caption, list(counts), [count / total for count in counts.values()])

"""The course's masked model writes a sentence: gaps are guessed all at once, and filled in a few at a time."""

from typing import Any

from traitlets import Dict, Enum, Int, List, Unicode

from ..models.course_model import load
from ..ui.base import CourseWidget
from ..ui.picture import token_strip


class UnmaskingStepper(CourseWidget):
    """`fill-mask` in the page: step by step from gaps to a sentence."""

    ids: Any = List(Int()).tag(sync=True)
    tokens: Any = List(Unicode()).tag(sync=True)
    mask = Int().tag(sync=True)
    special: Any = List(Int()).tag(sync=True)
    config: Any = Dict().tag(sync=True)
    at_once = Int(1, min=1).tag(sync=True)
    order = Enum(["surest", "left"], "surest").tag(sync=True)
    words = Enum(["best", "drawn"], "best").tag(sync=True)

    def __init__(self) -> None:
        model, tokenizer = load("fill-mask")
        super().__init__(
            ids=tokenizer("[MASK] " * 6 + ".")["input_ids"],
            tokens=tokenizer.convert_ids_to_tokens(range(len(tokenizer))),
            mask=tokenizer.mask_token_id,
            special=tokenizer.all_special_ids,
            config={
                "layers": model.config.num_hidden_layers,
                "heads": model.config.num_attention_heads,
                "norm_epsilon": model.config.layer_norm_eps,
            },
        )

    def picture(self) -> str:
        """The sentence after each pass of one gap, the surest first."""
        import torch

        model, _ = load("fill-mask")
        ids = torch.tensor([self.ids])
        strips = [token_strip("A masked model fills one gap in a pass, the surest first", self._words(ids))]
        while (hidden := ids == self.mask).any():
            with torch.no_grad():
                logits = model(ids).logits
            logits[..., self.special] = -torch.inf
            sure, best = logits.softmax(-1).max(-1)
            place = int(sure.masked_fill(~hidden, -1).argmax())
            ids[0, place] = best[0, place]
            strips.append(token_strip("then", self._words(ids)))
        return "".join(strips)

    def _words(self, ids: Any) -> list[str]:
        return [self.tokens[index] for index in ids[0, 1:-1].tolist()]

"""The course model writes in the page: temperature and filters, the distribution they leave, and the draw."""

from typing import Any

import numpy as np
from traitlets import Float, Int, List, TraitError, Unicode, validate

from ..models.course_model import next_logits
from ..ui.base import CourseWidget, numbers
from ..ui.picture import most_probable


class SamplingPlayground(CourseWidget):
    """A prompt, the next token's distribution, what each filter cuts, and a text drawn from it.

    Without logits the course model `stories` writes. A learner's own distribution:

    >>> SamplingPlayground(logits=logits, tokens=["cat", "dog", "owl"])

    Args:
        prompt: What the model reads first.
        logits: [tokens], in place of the model's.
        tokens: A label for each logit; its number if left out.
        temperature: 0 takes the most probable token.
        top_k: Keep the k most probable; 0 keeps all.
        top_p: Keep the most probable tokens that together have p; 1 keeps all.
        min_p: Keep tokens with at least min_p times the largest probability; 0 keeps all.
        seed: Of the page's draws.

    Raises:
        ValueError: If logits are no finite numbers, or tokens are not as many.
        TraitError: If a setting is out of its range.
    """

    prompt = Unicode().tag(sync=True)
    logits: List[float] = List(Float(), allow_none=True).tag(sync=True)
    tokens = List(Unicode()).tag(sync=True)
    temperature = Float(min=0.0).tag(sync=True)
    top_k = Int(min=0).tag(sync=True)
    top_p = Float(max=1.0).tag(sync=True)
    min_p = Float(min=0.0, max=1.0).tag(sync=True)
    seed = Int(min=0).tag(sync=True)

    def __init__(
        self,
        prompt: str = "There was a girl called",
        *,
        logits: Any = None,
        tokens: list[str] | None = None,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        seed: int = 1,
    ) -> None:
        if logits is not None:
            logits = numbers("logits", logits, dimensions=1).tolist()
            tokens = [str(index) for index in range(len(logits))] if tokens is None else list(tokens)
            if len(tokens) != len(logits):
                raise ValueError(f"There are {len(logits)} logits but {len(tokens)} tokens: give one label for each.")
        settings = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p, "seed": seed}
        super().__init__(prompt=prompt, logits=logits, tokens=tokens or [], **settings)

    @validate("top_p")
    def _check_top_p(self, proposal: Any) -> float:
        if proposal["value"] <= 0:
            raise TraitError(f"top_p is {proposal['value']}: it must be above 0 and at most 1.")
        return float(proposal["value"])

    def picture(self) -> str:
        """The most probable next tokens at temperature 1."""
        if self.logits is None:
            tokens, logits = next_logits(self.prompt)
            caption = f"The course model's most probable next tokens after “{self.prompt}”"
        else:
            tokens, logits = self.tokens, np.array(self.logits)
            caption = "The most probable next tokens"
        return most_probable(caption, tokens, logits)

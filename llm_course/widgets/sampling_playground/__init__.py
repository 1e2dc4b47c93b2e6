"""The course model writes in the page: temperature and filters, the distribution they leave, and the draw."""

from typing import Any

from traitlets import Float, Int, TraitError, Unicode, validate

from ..models.course_model import next_logits
from ..ui.base import CourseWidget
from ..ui.picture import most_probable


class SamplingPlayground(CourseWidget):
    """A prompt, the next token's distribution, what each filter cuts, and a text drawn from it.

    Args:
        prompt: What the model reads first.
        temperature: 0 takes the most probable token.
        top_k: Keep the k most probable; 0 keeps all.
        top_p: Keep the most probable tokens that together have p; 1 keeps all.
        min_p: Keep tokens with at least min_p times the largest probability; 0 keeps all.
        seed: Of the page's draws.

    Raises:
        TraitError: If a setting is out of its range.
    """

    prompt = Unicode().tag(sync=True)
    temperature = Float(1.0, min=0.0).tag(sync=True)
    top_k = Int(0, min=0).tag(sync=True)
    top_p = Float(1.0, max=1.0).tag(sync=True)
    min_p = Float(0.0, min=0.0, max=1.0).tag(sync=True)
    seed = Int(1, min=0).tag(sync=True)

    def __init__(self, prompt: str = "There was a girl called", **settings: float) -> None:
        super().__init__(prompt=prompt, **settings)

    @validate("top_p")
    def _check_top_p(self, proposal: Any) -> float:
        if proposal["value"] <= 0:
            raise TraitError(f"top_p is {proposal['value']}: it must be above 0 and at most 1.")
        return float(proposal["value"])

    def picture(self) -> str:
        """The most probable next tokens at temperature 1."""
        tokens, logits = next_logits(self.prompt)
        return most_probable(f"The course model's most probable next tokens after “{self.prompt}”", tokens, logits)

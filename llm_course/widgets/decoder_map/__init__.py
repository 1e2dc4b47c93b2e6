"""The whole decoder at work on one sentence: each part opens to its shapes and numbers of this very sentence."""

from html import escape
from typing import Any

from traitlets import Bool, Dict, Int, List, Unicode, validate

from ..models.course_model import guesses_after_layers
from ..ui.base import CourseWidget
from ..ui.picture import token_strip, way

CHAPTERS = ("tokenization", "embeddings", "attention", "feed-forward networks", "normalization", "decoding")


class DecoderMap(CourseWidget):
    """The course model as a map from the text to the drawn token, with the top guess after every layer (logit lens).

    Args:
        text: What the model reads first.
        part: The box that is open: tokens, rows, final, logits, draw, and for layer 1 attention-1, feed-forward-1,
            norm-attention-1, norm-feed-forward-1; in a small map layer-1. Or pairs: the text with other names.
        head: The head that is looked at first, from 1; 0 for the one that looks hardest.
        rival: The token that the guess is compared with, " Sam" for example. If it is left out: another name of
            the text where the guess is a name, else the second guess.
        predict: Whether a reader is to guess first: what the model says without a head is told once it was left out.
        small: Whether a layer is one box.
        chapters: Addresses of chapters that an open box links, by the names in `CHAPTERS`.
    """

    text = Unicode().tag(sync=True)
    part = Unicode().tag(sync=True)
    position = Int(-1).tag(sync=True)  # of the token that is followed; -1 is the last
    head = Int(0).tag(sync=True)  # of the open layer, from 1; 0 is the one that looks hardest
    rival = Unicode().tag(sync=True)  # the token that the guess is compared with, where the text has it
    out = List(Unicode()).tag(sync=True)  # the parts that are left out: attention-3, feed-forward-1, head-3-2
    since = Int(0).tag(sync=True)  # the token from which on they are; 0 is the first
    predict = Bool().tag(sync=True)  # whether the guess without a head is told only once it was left out
    told = List(Unicode()).tag(sync=True)  # the heads that were
    carried = Bool().tag(sync=True)  # whether what the head takes from each token is open, in place of all heads
    small = Bool().tag(sync=True)
    seed = Int(0).tag(sync=True)
    chapters = Dict().tag(sync=True)

    def __init__(
        self,
        text: str = "Sam and Anna had a red ball. Sam gave the red ball to",
        part: str = "attention-3",
        **state: Any,
    ) -> None:
        super().__init__(text=text, part=part, **state)

    @validate("chapters")
    def _check_chapters(self, proposal: Any) -> dict[str, str]:
        addresses: dict[str, str] = proposal["value"]
        if unknown := set(addresses) - set(CHAPTERS):
            raise ValueError(f"chapters names {sorted(unknown)[0]!r}: give addresses of {', '.join(CHAPTERS)}.")
        return addresses

    def picture(self) -> str:
        """The map as a list, with the guess after each layer."""
        tokens, sizes, guesses = guesses_after_layers(self.text)
        count, layers = len(tokens), len(guesses) - 1
        shape = f"{count} × {sizes['hidden']}"
        stops = [
            ("Tokens", f"{count} numbers", ""),
            ("Embeddings", shape, guesses[0]),
            *((f"Layer {i}: norm, attention, norm, feed-forward", shape, guesses[i]) for i in range(1, layers + 1)),
            ("Last norm", shape, ""),
            ("Logits", f"{count} × {sizes['vocabulary']}", ""),
            ("Next token", "one is drawn", guesses[-1]),
        ]
        links = "".join(
            f'<li><a href="{escape(address)}">The chapter about {escape(name)}</a></li>'
            for name, address in self.chapters.items()
        )
        caption = f"What “{self.text}” goes through, and the top guess for the next token after each layer"
        return token_strip("The text in tokens", tokens) + way(caption, stops) + (f"<ul>{links}</ul>" if links else "")

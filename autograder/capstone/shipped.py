"""Whether a model that was handed in comes from one that the course ships."""

import functools
import json
from collections.abc import Sequence

from safetensors.torch import load_file
from tokenizers import Tokenizer

from autograder.capstone.likeness import WORDS, Portrait, cosines, cost_of_words, layers
from llm_course.capstone.decoder import logits, nats_of_tokens
from llm_course.capstone.format import END_OF_TEXT, TABLE, Shape
from llm_course.capstone.substitutes import SUBSTITUTES
from llm_course.models import WEIGHTS

SMALL = ("stories-draft", "stories-draft-alone")
"""Those that fit into the capstone's budget as they are, so that a model can say what they say."""
SHIPPED = (*SMALL, "stories", "stories-early", "stories-chat", "errands")
"""The decoders of the course in the names that the capstone uses. `errands` and `stories-chat` are tuned `stories`."""


def origin(own: Portrait, texts: Sequence[str]) -> tuple[str, list[str]]:
    """The shipped model with which a model has most in common, and what that is; `own.said` is of the texts."""
    common = {name: own.shared(portrait(name, tuple(texts))) for name in SHIPPED}
    return max(common.items(), key=lambda found: len(found[1]))


@functools.cache
def portrait(name: str, texts: tuple[str, ...]) -> Portrait:
    """What a shipped model looks like; `said` is empty for those beyond the budget, and without texts."""
    folder = WEIGHTS / name
    weights = {key: weight.float() for key, weight in load_file(folder / "model.safetensors").items()}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    shape = shape_of(name)
    said: list[float] = []
    if name in SMALL and texts:
        end, *encoded = tokenizer.encode_batch([END_OF_TEXT, *texts])
        rows = [[*end.ids, *text.ids] for text in encoded]
        decoder = functools.partial(logits, weights=weights, shape=shape, functions=SUBSTITUTES)
        lengths = [[end - start for start, end in text.offsets] for text in encoded]
        said = cost_of_words(texts, lengths, nats_of_tokens(decoder, rows))
    words = cosines([tokenizer.encode(word).ids for word in WORDS], weights[TABLE])
    return Portrait(layers(weights, shape), words, said)


def shape_of(name: str) -> Shape:
    """The shape of a shipped decoder."""
    told = json.loads((WEIGHTS / name / "config.json").read_text(encoding="utf-8"))
    return Shape(
        told["vocab_size"], told["hidden_size"], told["num_hidden_layers"], told["num_attention_heads"],
        told["num_key_value_heads"], told["intermediate_size"],
    )  # fmt: skip

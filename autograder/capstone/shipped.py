"""Whether a model that was handed in comes from one that the course ships."""

import functools
import json
from collections.abc import Sequence

from safetensors.torch import load_file
from tokenizers import Tokenizer

from autograder.capstone.language import Decoder, nats_of_tokens
from autograder.capstone.likeness import WORDS, Portrait, cosines, cost_of_words, layers
from llm_course.capstone.format import CONTEXT_LENGTH, END_OF_TEXT, NORM_EPSILON, ROPE_BASE, TABLE
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
    told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    shape = {
        "n_layers": told["num_hidden_layers"], "n_heads": told["num_attention_heads"],
        "n_kv_heads": told["num_key_value_heads"], "rope_base": ROPE_BASE, "eps": NORM_EPSILON,
    }  # fmt: skip
    said: list[float] = []
    if name in SMALL and texts:
        end, *encoded = tokenizer.encode_batch([END_OF_TEXT, *texts])
        rows = [[*end.ids, *text.ids] for text in encoded]
        lengths = [[end - start for start, end in text.offsets] for text in encoded]
        said = cost_of_words(texts, lengths, nats_of_tokens(Decoder(weights, shape), rows, CONTEXT_LENGTH - 1))
    words = cosines([tokenizer.encode(word).ids for word in WORDS], weights[TABLE])
    return Portrait(layers(weights, shape), words, said)

"""The course models, for the pictures of widgets that run `stories` in the page."""

from typing import Any

import numpy as np

from ..ui.base import Array


def read(text: str) -> tuple[Any, Any, list[int], Any]:
    """`stories`, its tokenizer, the ids that it reads, and what it finds: logits and hidden states."""
    import torch

    model, tokenizer = load("stories")
    ids = [tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]
    with torch.no_grad():
        return model, tokenizer, ids, model(torch.tensor([ids]), output_hidden_states=True)


def next_logits(prompt: str) -> tuple[list[str], Array]:
    """The text of each token, and the logits of the token after `prompt` by `stories`: [vocabulary]."""
    _, tokenizer, _, found = read(prompt)
    logits = found.logits[0, -1].double().numpy()
    return [tokenizer.decode([index]) for index in range(len(logits))], logits


def chain(text: str) -> tuple[list[str], list[float]]:
    """The tokens of `text`, and the probability that `stories` gives each of them after those before it."""
    _, tokenizer, ids, found = read(text)
    probabilities = found.logits[0, :-1].double().softmax(-1)
    taken = [row[index].item() for row, index in zip(probabilities, ids[1:], strict=True)]
    return [tokenizer.decode([index]) for index in ids[1:]], taken


def guesses_after_layers(prompt: str) -> tuple[list[str], dict[str, int], list[str]]:
    """The tokens that `stories` reads, its sizes, and the top guess for the next token after the embedding and each
    layer: the logits that the residual stream would give there (the logit lens)."""
    model, tokenizer, ids, found = read(prompt)
    *streams, last = found.hidden_states
    normed = [*map(model.model.norm, streams), last]  # transformers gives the last after its norm
    guesses = [model.lm_head(rows)[0, -1].argmax().item() for rows in normed]
    sizes = {"hidden": model.config.hidden_size, "vocabulary": model.config.vocab_size}
    return [tokenizer.decode([index]) for index in ids], sizes, [tokenizer.decode([index]) for index in guesses]


def word_vectors(words: list[str]) -> tuple[list[str], Array]:
    """Those of `words` that are one token of `stories` after a space, and their rows of its embedding table."""
    _, tokenizer = load("stories")
    tokens = {word: tokenizer(f" {word}")["input_ids"] for word in words}
    known = [word for word, ids in tokens.items() if len(ids) == 1]
    table = weight("stories", "model.embed_tokens.weight")
    return known, table[[tokens[word][0] for word in known]]


def weight(name: str, tensor: str) -> Array:
    """One tensor of a course model."""
    model, _ = load(name)
    return np.asarray(model.state_dict()[tensor].double())


def load(name: str) -> tuple[Any, Any]:
    """Model and tokenizer. They are imported here: a widget that no book shows should not wait for them."""
    from llm_course import models

    loaded = models.load(name)
    return loaded.model, loaded.tokenizer

"""The course model, for the pictures of widgets that run it in the page."""

import numpy as np
from numpy.typing import NDArray


def next_logits(prompt: str) -> tuple[list[str], NDArray[np.float64]]:
    """The text of each token, and the logits of the token after `prompt` by `stories`: [vocabulary]."""
    import torch  # imported here: a widget that is not shown in a book should not wait for it

    from llm_course import models

    loaded = models.load("stories")
    assert loaded.model is not None
    ids = [loaded.tokenizer.eos_token_id, *loaded.tokenizer(prompt)["input_ids"]]
    with torch.no_grad():
        logits = loaded.model(torch.tensor([ids])).logits[0, -1].double().numpy()
    return [str(loaded.tokenizer.decode([index])) for index in range(len(logits))], logits

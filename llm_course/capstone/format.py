"""What a learner hands in beside the notebook, and within which caps. Learner and grader both read it from here.

The model is the course's decoder: pre-norm Llama blocks, rotary positions, grouped queries, SwiGLU, tied head. Tensors
have transformers' names and lie in float16 in `BASE`, `TUNED` and `MODEL`; `config.json` is transformers' own, so that
`AutoModelForCausalLM.from_pretrained(folder)` reads the finished model, too.

    ledger.jsonl            one entry a line: see `ledger`
    tokenizer.json          {"merges": [[left, right], ...]}; ids 0 to 255 are bytes, 256 + r is the merge of rank r,
                            and behind them come SPECIALS, in their order
    config.json             the decoder's shape: `Shape.config`
    base.safetensors        after pre-training
    tuned.safetensors       after the dialogues
    model.safetensors       after the fact, merged: the finished model
    quantized.safetensors   of the finished model, for each matrix `name` the whole numbers `name` + CODES, int8
                            [out, in], and `name` + SCALES, float16 [out, groups], as `quantize_groups` of chapter 15
                            returns them; the norms as they are, float16
    checkpoint.safetensors  pre-training, REPLAYED steps before its end, in float32: each tensor by its name, its two
                            running means under MOMENTS + name, and what `training.Checkpoint` says beside them
"""

import hashlib
import json
import math
import reprlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

LEDGER, TOKENIZER, CONFIG = "ledger.jsonl", "tokenizer.json", "config.json"
BASE, TUNED, MODEL = "base.safetensors", "tuned.safetensors", "model.safetensors"
QUANTIZED, CHECKPOINT = "quantized.safetensors", "checkpoint.safetensors"
HANDED_IN = (LEDGER, TOKENIZER, CONFIG, BASE, TUNED, MODEL, QUANTIZED, CHECKPOINT)
CODES, SCALES = ".codes", ".scales"
MOMENTS = ("mean:", "square:")

MAX_PARAMETERS = 400_000
MAX_TOKENS = 8_000_000
"""Tokens that the finished model has seen, in all of its steps together."""
MAX_MERGES = 2_000
CONTEXT_LENGTH = 256
"""The longest row of a batch, and the most tokens that the model is ever asked to read."""
REPLAYED = 20
"""Steps at the beginning and at the end of pre-training whose losses the ledger holds one by one."""

END_OF_TEXT, PAD, USER, ASSISTANT, END_OF_TURN = "<|endoftext|>", "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIALS = (END_OF_TEXT, PAD, USER, ASSISTANT, END_OF_TURN)
PIECES = r" ?[^\W\d_]+| ?\d| ?(?:[^\w\s]|_)|\s+(?!\S)|\s+"
"""What a merge never crosses: a word with its leading space, one digit, one punctuation mark."""
ROPE_BASE, NORM_EPSILON = 10_000.0, 1e-6
LAYER_MATRICES = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
                  "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")  # fmt: skip
LAYER_NORMS = ("input_layernorm", "post_attention_layernorm")
TABLE, LAST_NORM = "model.embed_tokens.weight", "model.norm.weight"


class CapstoneError(ValueError):
    """The capstone cannot go on. The message is one sentence: what, where, and what to do."""


@dataclass(frozen=True)
class Shape:
    """The decoder's shape. Raises CapstoneError where there is no such decoder."""

    vocab_size: int
    d_model: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    d_ff: int

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if type(value) is not int or not 1 <= value <= 4096:
                raise CapstoneError(
                    f"The decoder's {name} is {reprlib.repr(value)}: give a whole number from 1 to 4096."
                )
        if self.d_model % (2 * self.n_heads):
            raise CapstoneError(
                f"{self.n_heads} heads do not split a width of {self.d_model} evenly into pairs: choose a width that"
                f" is a multiple of {2 * self.n_heads}."
            )
        if self.n_heads % self.n_kv_heads:
            raise CapstoneError(
                f"{self.n_heads} query heads cannot share {self.n_kv_heads} key and value heads: choose a divisor."
            )

    @property
    def head_dim(self) -> int:
        return self.d_model // self.n_heads

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of each tensor of the model, in the order of the network. The head is the table."""
        width, kv_width = self.d_model, self.n_kv_heads * self.head_dim
        layer = {
            "input_layernorm": (width,),
            "self_attn.q_proj": (width, width), "self_attn.k_proj": (kv_width, width),
            "self_attn.v_proj": (kv_width, width), "self_attn.o_proj": (width, width),
            "post_attention_layernorm": (width,),
            "mlp.gate_proj": (self.d_ff, width), "mlp.up_proj": (self.d_ff, width), "mlp.down_proj": (width, self.d_ff),
        }  # fmt: skip
        blocks = {
            f"model.layers.{number}.{name}.weight": shape
            for number in range(self.n_layers)
            for name, shape in layer.items()
        }
        return {TABLE: (self.vocab_size, width), **blocks, LAST_NORM: (width,)}

    @property
    def matrices(self) -> tuple[str, ...]:
        """The names of all tensors with two dimensions: those that are quantized."""
        return tuple(name for name, shape in self.tensors.items() if len(shape) == 2)

    def config(self) -> dict[str, Any]:
        """What stands in config.json."""
        return {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "float32",
            "vocab_size": self.vocab_size, "hidden_size": self.d_model, "num_hidden_layers": self.n_layers,
            "num_attention_heads": self.n_heads, "num_key_value_heads": self.n_kv_heads,
            "intermediate_size": self.d_ff, "head_dim": self.head_dim, "max_position_embeddings": CONTEXT_LENGTH,
            "rope_parameters": {"rope_theta": ROPE_BASE, "rope_type": "default"}, "rms_norm_eps": NORM_EPSILON,
            "tie_word_embeddings": True, "bos_token_id": self.vocab_size - len(SPECIALS),
            "eos_token_id": self.vocab_size - len(SPECIALS), "pad_token_id": self.vocab_size - len(SPECIALS) + 1,
        }  # fmt: skip

    @classmethod
    def of_config(cls, config: Any) -> "Shape":
        """The shape that a config.json tells. Raises CapstoneError if it is not one that `config` has written."""
        try:
            shape = cls(
                *(config[name] for name in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")),
                *(config[name] for name in ("num_key_value_heads", "intermediate_size")),
            )
        except (TypeError, KeyError) as error:
            raise CapstoneError(f"{CONFIG} tells no shape of a decoder: write it with the capstone.") from error
        if shape.config() != config:
            raise CapstoneError(f"{CONFIG} describes another decoder than the course's: write it with the capstone.")
        return shape


def parameters_of(tensors: Mapping[str, tuple[int, ...]]) -> int:
    """The numbers in tensors of these shapes."""
    return sum(math.prod(shape) for shape in tensors.values())


def canonical(value: Any) -> str:
    """JSON of one spelling, so that equal values have equal digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(content: bytes) -> str:
    """The SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def restored(stored: Mapping[str, Tensor], group_size: int) -> dict[str, Tensor]:
    """The weights that come back from whole numbers and their scales."""
    weights = {}
    for name, tensor in stored.items():
        if name.endswith(CODES):
            plain = name.removesuffix(CODES)
            weights[plain] = tensor.float() * _spread(stored[plain + SCALES], group_size, tensor.shape[1])
        elif not name.endswith(SCALES):
            weights[name] = tensor.float()
    return weights


def share_of_nearest(
    whole: Mapping[str, Tensor], weights: Mapping[str, Tensor], scales: Mapping[str, Tensor], group_size: int, bits: int
) -> float:
    """Of the weights that have scales, the share that `whole`, restored from so many bits, is as near to as can be."""
    # Half a step, and what rounding the scales to float16 can do where the largest of a group takes all bits.
    allowed = 0.5 + 0.01 + (2 ** (bits - 1) - 1) * 2.0**-11
    within = 0
    for name, scale in scales.items():
        steps = _spread(scale, group_size, weights[name].shape[1]).clamp_min(1e-12)
        within += int(((whole[name] - weights[name]).abs() <= allowed * steps).sum())
    return within / sum(weights[name].numel() for name in scales)


def _spread(scales: Tensor, group_size: int, columns: int) -> Tensor:
    """A scale for each weight of a row."""
    return scales.float().repeat_interleave(group_size, dim=1)[:, :columns]

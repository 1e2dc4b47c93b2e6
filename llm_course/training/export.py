"""The browser export: one file with a decoder's weights and tokenizer that plain JavaScript can read.

Layout of `browser.bin`, all numbers little-endian:

| bytes            | what                                                          |
|------------------|---------------------------------------------------------------|
| 4                | the letters LLMC                                              |
| 4                | uint32, version of this format: 1                             |
| 4                | uint32, H: length of the header in bytes                      |
| H                | the header, JSON in UTF-8, padded with spaces                 |
| the rest         | the tensors' data, which begins at a multiple of 8            |

The header has four keys.

- `model`: name of the model.
- `config`: vocabulary_size, hidden_size, feed_forward_size, layers, heads, kv_heads, head_size, context_length,
  rope_theta, norm_epsilon, tied_embeddings, end_of_text (id), pad (id).
- `tensors`: a list of {name, dtype, shape, offset, length}: offset and length in bytes, counted from the data's begin;
  dtype is always "float16". Names are transformers' own; a linear layer's shape is [out, in], so y = W x.
- `tokenizer`: `pattern` (a regular expression with the u flag that cuts text into pieces), `tokens` (a list: the token
  of each id, written in GPT-2's byte characters), `merges` (a list of [left, right], best first), `special`
  (text -> id).

The network is Llama's: RMSNorm before attention and before the feed-forward, rotary positions in the half-split layout
(dimension i turns with dimension i + head_size / 2), query head h reads key-value head floor(h / (heads / kv_heads)),
down(silu(gate(x)) * up(x)), and the embedding table once more as the output layer.
"""

import json
import struct
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

MAGIC, VERSION = b"LLMC", 1
FILE_NAME = "browser.bin"


def export(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, file: Path, name: str) -> None:
    """Write a Llama-shaped model with tied embeddings, rounded to float16, and its tokenizer to `file`."""
    tensors, data = _tensor_table(model)
    header = {
        "model": name,
        "config": _config(model),
        "tensors": tensors,
        "tokenizer": _tokenizer(tokenizer),
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(12 + len(text)) % 8)
    file.write_bytes(MAGIC + struct.pack("<II", VERSION, len(text)) + text + data)


def _tensor_table(model: PreTrainedModel) -> tuple[list[dict[str, Any]], bytes]:
    table: list[dict[str, Any]] = []
    data = b""
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":  # tied: the embedding table is written once
            continue
        raw = tensor.detach().numpy().astype("<f2").tobytes()
        table.append(
            {"name": name, "dtype": "float16", "shape": list(tensor.shape), "offset": len(data), "length": len(raw)}
        )
        data += raw + b"\0" * (-len(raw) % 8)
    return table, data


def _config(model: PreTrainedModel) -> dict[str, Any]:
    config = model.config
    return {
        "vocabulary_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "feed_forward_size": config.intermediate_size,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "kv_heads": config.num_key_value_heads,
        "head_size": config.head_dim,
        "context_length": config.max_position_embeddings,
        "rope_theta": config.rope_parameters["rope_theta"],
        "norm_epsilon": config.rms_norm_eps,
        "tied_embeddings": config.tie_word_embeddings,
        "end_of_text": config.eos_token_id,
        "pad": config.pad_token_id,
    }


def _tokenizer(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary: dict[str, int] = state["model"]["vocab"]
    return {
        "pattern": state["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"],
        "tokens": sorted(vocabulary, key=vocabulary.__getitem__),
        "merges": state["model"]["merges"],
        "special": {token["content"]: token["id"] for token in state["added_tokens"]},
    }

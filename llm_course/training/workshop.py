"""What the recipes share: where a model is made and how much of it, the decoder's shape, and how a model is saved."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from llm_course.training import tokenizer
from llm_course.training.loop import Settings

CONTEXT_LENGTH = 256
# At the usual 0.02 the rows of a table 128 wide are so short that words are told apart, and copied, much later.
INITIAL_DEVIATION = 0.06


@dataclass(frozen=True)
class Workshop:
    """Where the runs are kept (checkpoints, logs), where the finished models go, and how much is done of everything.

    `scale` is 1.0 for the shipped models; a smoke run takes a small part of every count through the same code.
    """

    runs: Path
    output: Path
    scale: float = 1.0

    def count(self, full: int, least: int = 2) -> int:
        return max(least, round(full * self.scale))

    def settings(self, full: Settings) -> Settings:
        steps = self.count(full.steps, least=4)
        return replace(full, steps=steps, warmup_steps=min(full.warmup_steps, steps // 2))


def save_model(model: PreTrainedModel, folder: Path) -> None:
    """Write config.json and a float16 model.safetensors. The config says float32, so what is loaded is float32."""
    tied = set(getattr(model, "all_tied_weights_keys", {}))
    state = {name: tensor.half() for name, tensor in model.state_dict().items() if name not in tied}
    model.save_pretrained(folder, state_dict=state)


def save(shop: Workshop, name: str, model: PreTrainedModel, tokens: PreTrainedTokenizerBase) -> None:
    """Model, tokenizer and, where the run wrote one, its log."""
    folder = shop.output / name
    save_model(model, folder)
    tokenizer.save(tokens, folder)
    log = shop.runs / name / "training.jsonl"
    if log.exists():
        (folder / log.name).write_text(log.read_text())
    for file in folder.iterdir():
        # Some writers keep a file to its owner, but whoever uses the course reads these.
        file.chmod(0o644)


def llama(
    vocabulary: int, *, hidden: int, feed_forward: int, layers: int, heads: int, kv_heads: int, seed: int
) -> LlamaForCausalLM:
    """A decoder with RMSNorm, RoPE, grouped-query attention, SwiGLU and tied embeddings."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=hidden,
            intermediate_size=feed_forward,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=kv_heads,
            max_position_embeddings=CONTEXT_LENGTH,
            initializer_range=INITIAL_DEVIATION,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=1,
        )
    )
    # On a processor, the backward pass of torch's own attention takes several times as long.
    model.set_attn_implementation("eager")
    return model


def rounded(value: Any) -> Any:
    """The same structure with every float to four significant digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value

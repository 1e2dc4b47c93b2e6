"""How each course model is made: its shape, its data, its settings. `make models` runs all of them, in this order."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import (
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from llm_course.training import corpus, tokenizer
from llm_course.training.batches import pack, rows_at, split, tokenize
from llm_course.training.loop import Settings, train
from llm_course.training.losses import next_token_loss

CONTEXT_LENGTH = 256
DECODER_VOCABULARY = 1536


@dataclass(frozen=True)
class Workshop:
    """Where the runs are kept (checkpoints, logs), where the finished models go, and how much is done of everything.

    `scale` is 1.0 for the shipped models; a smoke run takes a small part of every count and passes through the same code.
    """

    runs: Path
    output: Path
    scale: float = 1.0

    def count(self, full: int, least: int = 2) -> int:
        return max(least, round(full * self.scale))

    def settings(self, full: Settings) -> Settings:
        steps = self.count(full.steps, least=4)
        return replace(full, steps=steps, warmup_steps=min(full.warmup_steps, steps // 2))


def llama(vocabulary: int, hidden: int, feed_forward: int, layers: int, heads: int, kv_heads: int) -> LlamaForCausalLM:
    """A decoder with RMSNorm, RoPE, grouped-query attention, SwiGLU and tied embeddings."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=hidden,
            intermediate_size=feed_forward,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=kv_heads,
            max_position_embeddings=CONTEXT_LENGTH,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=1,
        )
    )


def save_model(model: PreTrainedModel, folder: Path) -> None:
    """Write config.json and a float16 model.safetensors. The config says float32, so that loading computes in float32."""
    tied = set(getattr(model, "all_tied_weights_keys", {}))
    state = {name: tensor.half() for name, tensor in model.state_dict().items() if name not in tied}
    model.save_pretrained(folder, state_dict=state)


def decoder_rows(shop: Workshop, tokens: PreTrainedTokenizerFast, settings: Settings) -> torch.Tensor:
    """Enough packed rows that no step sees a row twice: int64 [rows, CONTEXT_LENGTH]."""
    needed = settings.steps * settings.batch_size
    # A document fills about 0.37 of a row; the surplus is cut away.
    documents = list(corpus.training_documents(int(needed * 4) + 50))
    rows = pack(tokenize(tokens, documents), CONTEXT_LENGTH, tokens.eos_token_id, tokens.pad_token_id)
    return rows[:needed]


def validation_batches(
    shop: Workshop, tokens: PreTrainedTokenizerFast, batch_size: int
) -> list[dict[str, torch.Tensor]]:
    documents = list(corpus.validation_documents(shop.count(400, least=100)))
    rows = pack(tokenize(tokens, documents), CONTEXT_LENGTH, tokens.eos_token_id, tokens.pad_token_id)
    labels = rows.masked_fill(rows == tokens.pad_token_id, -100)
    return split({"input_ids": rows, "labels": labels}, batch_size)


STORIES = Settings(steps=700, batch_size=16, learning_rate=3e-3, warmup_steps=50)
EARLY_STEP = 150


def make_stories(shop: Workshop) -> None:
    """`stories` and, from the same run, `stories-early`; and the tokenizer that all decoders share."""
    settings = shop.settings(STORIES)
    texts = list(corpus.training_documents(shop.count(12_000, least=300)))
    tokens = tokenizer.decoder_tokenizer(texts, DECODER_VOCABULARY, CONTEXT_LENGTH)
    rows = decoder_rows(shop, tokens, settings)
    torch.manual_seed(settings.seed)
    model = llama(len(tokens), hidden=128, feed_forward=384, layers=5, heads=4, kv_heads=2)
    early_step = shop.count(EARLY_STEP)

    def keep_early(step: int) -> None:
        if step == early_step:
            save_model(model, shop.output / "stories-early")
            tokenizer.save(tokens, shop.output / "stories-early")

    train(
        model,
        next_token_loss,
        rows_at(rows, settings.batch_size, settings.seed, tokens.pad_token_id),
        validation_batches(shop, tokens, settings.batch_size),
        settings,
        shop.runs / "stories",
        keep_early,
    )
    save_model(model, shop.output / "stories")
    tokenizer.save(tokens, shop.output / "stories")


RECIPES: dict[str, Callable[[Workshop], None]] = {"stories": make_stories}

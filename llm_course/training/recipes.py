"""How each course model is made: its shape, its data, its settings. `make models` makes all."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
)

from llm_course.corpus import curriculum, sentences, translation
from llm_course.corpus.curriculum import LOOKING_UP, Lesson, copying, plain, reading, reading_evenly
from llm_course.corpus.dialogues import Turn, dialogues, messages
from llm_course.corpus.games import Document, echo
from llm_course.training import tokenizer
from llm_course.training.batches import IGNORED, in_order, masked, pack, pad_rows, shuffled, split
from llm_course.training.frontier import make_errands, make_pictures
from llm_course.training.loop import LossFunction, Settings, train
from llm_course.training.losses import (
    distillation_loss,
    looking_up_loss,
    masked_token_loss,
    next_token_loss,
    sequence_to_sequence_loss,
)
from llm_course.training.processes import two_processes
from llm_course.training.tiny_series import make_series
from llm_course.training.workshop import CONTEXT_LENGTH, INITIAL_DEVIATION, Workshop, llama, save

ROW_LENGTH = 160
DECODER_VOCABULARY = 1536

LOOKED_UP_WEIGHT = 6

STORIES = Settings(steps=8500, batch_size=8, learning_rate=2e-3)
EARLY_STEP = 2900
DRAFT = Settings(steps=1800, batch_size=8, learning_rate=4e-3)
GPT2 = Settings(steps=2400, batch_size=8, learning_rate=2e-3)
CHAT = Settings(steps=500, batch_size=16, learning_rate=1e-3, warmup_steps=20)
FILL_MASK = Settings(steps=2500, batch_size=32, learning_rate=7e-4, warmup_steps=200)
TRANSLATE = Settings(steps=3000, batch_size=32, learning_rate=2e-3, warmup_steps=100, weight_decay=0.01)

# The last lesson of each goes on to the end.
STORIES_LESSONS = (
    *LOOKING_UP,
    Lesson("reading", 3700, (reading,), begin_with_end=True),
    Lesson("reading evenly", 2750, (reading_evenly,), begin_with_end=True),
)
DRAFT_LESSONS = (Lesson("copying games 0", 180, (copying,)), Lesson("training documents 0", 1620, (plain,)))
GPT2_LESSONS = (Lesson("copying games 0", 240, (copying,)), Lesson("training documents 0", 2160, (plain,)))


def decoder_data(
    documents: Iterable[Document],
    tokens: PreTrainedTokenizerBase,
    rows: int,
    *,
    begin_with_end: bool = False,
    early: bool = False,
) -> dict[str, Tensor]:
    """The first `rows` packed rows of the documents.

    `input_ids`, `labels` and `weights`, int64 [rows, ROW_LENGTH], and `early`, bool [rows], for `looking_up_loss`.
    """
    encoded = (weighted(document, tokens) for document in documents)
    packed = pack(encoded, ROW_LENGTH, (tokens.eos_token_id, 1), rows, begin_with_end=begin_with_end)
    ids, weights = packed.unbind(-1)
    return {"input_ids": ids, "labels": ids, "weights": weights, "early": torch.full((rows,), early)}


def weighted(document: Document, tokens: PreTrainedTokenizerBase) -> list[tuple[int, int]]:
    """Id and weight of each token."""
    found: Any = tokens(document.text, return_offsets_mapping=True)
    is_looked_up = bytearray(len(document.text))
    for start, end in document.looked_up:
        is_looked_up[start:end] = b"\1" * (end - start)
    weights = [LOOKED_UP_WEIGHT if 1 in is_looked_up[start:end] else 1 for start, end in found["offset_mapping"]]
    return list(zip(found["input_ids"], weights, strict=True))


def lesson_data(lesson: Lesson, tokens: PreTrainedTokenizerBase, steps: int, batch_size: int) -> dict[str, Tensor]:
    """The rows of `steps` batches, in which each of the lesson's writers has an equal share."""
    share = batch_size // len(lesson.writers)
    parts = [
        decoder_data(
            lesson.documents(number),
            tokens,
            steps * share,
            begin_with_end=lesson.begin_with_end,
            early=writer is echo,
        )
        for number, writer in enumerate(lesson.writers)
    ]
    return {
        name: torch.cat([part[name].unflatten(0, (steps, share)) for part in parts], dim=1).flatten(0, 1)
        for name in parts[0]
    }


def train_decoder(
    shop: Workshop,
    name: str,
    model: PreTrainedModel,
    settings: Settings,
    lessons: Sequence[Lesson],
    loss: LossFunction = next_token_loss,
    after_step: Callable[[int], None] = lambda step: None,
) -> None:
    """Train a model on one lesson after another, each row seen once, and save it with the tokenizer of `stories`.

    The first lessons are games. Keeping names and objects straight is looking up in the text before; a model that
    starts with stories learns all their other words first, and this much later.
    """
    tokens = AutoTokenizer.from_pretrained(shop.output / "stories")
    steps = [shop.count(lesson.steps, least=1) for lesson in lessons[:-1]]
    steps.append(settings.steps - sum(steps))
    parts = [
        lesson_data(lesson, tokens, count, settings.batch_size) for lesson, count in zip(lessons, steps, strict=True)
    ]
    data = {part: torch.cat([rows[part] for rows in parts]) for part in parts[0]}
    unseen = (Document(text) for text in curriculum.validation_documents())
    validation = split(decoder_data(unseen, tokens, 64), 32)
    batch_at = in_order(data, settings.batch_size)
    train(model, loss, batch_at, validation, settings, shop.runs / name, after_step)
    save(shop, name, model, tokens)


def make_decoder_tokenizer(shop: Workshop) -> None:
    """The tokenizer that all decoders share: it lies with `stories`."""
    texts = curriculum.training_documents(shop.count(12_000, least=300))
    tokens = tokenizer.decoder_tokenizer(texts, DECODER_VOCABULARY, CONTEXT_LENGTH)
    tokenizer.save(tokens, shop.output / "stories")


def make_stories(shop: Workshop) -> None:
    """`stories` and, from the same run, `stories-early`."""
    settings = shop.settings(STORIES)
    tokens = AutoTokenizer.from_pretrained(shop.output / "stories")
    model = llama(len(tokens), hidden=128, feed_forward=448, layers=4, heads=4, kv_heads=2, seed=settings.seed)
    early_step = shop.count(EARLY_STEP)

    def keep_early(step: int) -> None:
        if step == early_step:
            save(shop, "stories-early", model, tokens)

    train_decoder(shop, "stories", model, settings, STORIES_LESSONS, looking_up_loss, keep_early)


def train_small(shop: Workshop, name: str, loss: LossFunction) -> None:
    """A decoder of an eighth of the parameters of `stories`, always from the same start."""
    settings = shop.settings(DRAFT)
    vocabulary = len(AutoTokenizer.from_pretrained(shop.output / "stories"))
    model = llama(vocabulary, hidden=64, feed_forward=192, layers=2, heads=2, kv_heads=1, seed=settings.seed)
    train_decoder(shop, name, model, settings, DRAFT_LESSONS, loss)


def make_draft(shop: Workshop) -> None:
    """The small decoder, taught by `stories`."""
    teacher = AutoModelForCausalLM.from_pretrained(shop.output / "stories", attn_implementation="eager").eval()
    train_small(shop, "stories-draft", distillation_loss(teacher))


def make_draft_alone(shop: Workshop) -> None:
    """The small decoder, taught by the text alone."""
    train_small(shop, "stories-draft-alone", next_token_loss)


def make_gpt2(shop: Workshop) -> None:
    """GPT-2's shape: LayerNorm, learned positions, GELU, biases, Conv1D layers named c_attn."""
    settings = shop.settings(GPT2)
    torch.manual_seed(settings.seed)
    config = GPT2Config(
        vocab_size=DECODER_VOCABULARY,
        n_positions=CONTEXT_LENGTH,
        n_embd=128,
        n_layer=4,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        initializer_range=INITIAL_DEVIATION,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=1,
    )
    train_decoder(shop, "stories-gpt2", GPT2LMHeadModel(config), settings, GPT2_LESSONS)


def chat_rows(tokens: PreTrainedTokenizerBase, talks: list[list[Turn]]) -> dict[str, Tensor]:
    """Dialogues in the chat template. Only what the assistant says, and its end, is a label."""
    ids, labels = [], []
    for turns in talks:
        encoded: Any = tokens.apply_chat_template(
            messages(turns), return_dict=True, return_assistant_tokens_mask=True, tokenize=True
        )
        pieces = list(zip(encoded["input_ids"], encoded["assistant_masks"], strict=True))
        ids.append([token for token, _ in pieces][:ROW_LENGTH])
        labels.append([token if said else IGNORED for token, said in pieces][:ROW_LENGTH])
    return {"input_ids": pad_rows(ids, tokens.pad_token_id), "labels": pad_rows(labels, IGNORED)}


def make_chat(shop: Workshop) -> None:
    """Supervised fine-tuning of all of `stories` on dialogues."""
    settings = shop.settings(CHAT)
    tokens = AutoTokenizer.from_pretrained(shop.output / "stories")
    model = AutoModelForCausalLM.from_pretrained(shop.output / "stories", attn_implementation="eager")
    data = chat_rows(tokens, dialogues(settings.steps * settings.batch_size, seed=0))
    validation = split(chat_rows(tokens, dialogues(96, seed=1_000_000)), 32)
    batch_at = in_order(data, settings.batch_size)
    train(model, next_token_loss, batch_at, validation, settings, shop.runs / "stories-chat")
    end = tokens.convert_tokens_to_ids(tokenizer.END_OF_TURN)
    model.config.eos_token_id = model.generation_config.eos_token_id = end
    save(shop, "stories-chat", model, tokens)


def make_fill_mask(shop: Workshop) -> None:
    """BERT's shape on single sentences, more than half of them facts."""
    settings = shop.settings(FILL_MASK)
    texts = sentences.training_sentences(shop.count(40_000, least=300))
    tokens = tokenizer.masked_tokenizer(texts, 1200, 64)
    torch.manual_seed(settings.seed)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=len(tokens),
            hidden_size=128,
            num_hidden_layers=4,
            num_attention_heads=4,
            intermediate_size=512,
            max_position_embeddings=64,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=INITIAL_DEVIATION,
            pad_token_id=tokens.pad_token_id,
        )
    )

    def encoded(lines: list[str]) -> dict[str, Tensor]:
        rows = tokens(lines, truncation=True, padding=True, return_tensors="pt")
        return {"input_ids": rows["input_ids"], "attention_mask": rows["attention_mask"]}

    first_word = 5  # after [PAD], [UNK], [CLS], [SEP] and [MASK]
    batch_at = masked(encoded(texts), settings.batch_size, settings.seed, tokens.mask_token_id, first_word)
    unseen = encoded(sentences.training_sentences(256, seed=1_000_000))
    validation = [masked(unseen, 64, 1, tokens.mask_token_id, first_word)(step) for step in range(4)]
    train(model, masked_token_loss, batch_at, validation, settings, shop.runs / "fill-mask")
    save(shop, "fill-mask", model, tokens)


def translation_rows(tokens: PreTrainedTokenizerBase, pairs: list[translation.Pair]) -> dict[str, Tensor]:
    """Both languages with their `</s>`: `input_ids`, `attention_mask` and `labels`, all int64 [pairs, longest]."""
    ids = pad_rows([tokens(translation.PREFIX + english)["input_ids"] for english, _ in pairs], tokens.pad_token_id)
    labels = pad_rows([tokens(german)["input_ids"] for _, german in pairs], IGNORED)
    return {"input_ids": ids, "attention_mask": (ids != tokens.pad_token_id).long(), "labels": labels}


def make_translate(shop: Workshop) -> None:
    """T5's shape on English sentences and their German translations."""
    settings = shop.settings(TRANSLATE)
    pairs = translation.training_pairs(shop.count(60_000, least=300))
    texts = [text for english, german in pairs for text in (translation.PREFIX + english, german)]
    tokens = tokenizer.translation_tokenizer(texts, 1024, 64)
    torch.manual_seed(settings.seed)
    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokens),
            d_model=128,
            d_kv=32,
            d_ff=384,
            num_layers=3,
            num_decoder_layers=3,
            num_heads=4,
            dropout_rate=0.0,
            pad_token_id=tokens.pad_token_id,
            eos_token_id=tokens.eos_token_id,
        )
    )
    model.config.decoder_start_token_id = model.generation_config.decoder_start_token_id = tokens.pad_token_id
    for name, parameter in model.named_parameters():
        # T5 begins these biases near zero and Adam moves them little by little: for a long time word order is not seen.
        if "relative_attention_bias" in name:
            torch.nn.init.normal_(parameter)
    batch_at = shuffled(translation_rows(tokens, pairs), settings.batch_size, settings.seed)
    unseen = split(translation_rows(tokens, translation.held_out_pairs(256)), 64)
    train(model, sequence_to_sequence_loss, batch_at, unseen, settings, shop.runs / "translate")
    save(shop, "translate", model, tokens)


RECIPES: dict[str, Callable[[Workshop], None]] = {
    "stories": make_stories,
    "stories-draft": make_draft,
    "stories-draft-alone": make_draft_alone,
    "stories-chat": make_chat,
    "fill-mask": make_fill_mask,
    "translate": make_translate,
    "stories-gpt2": make_gpt2,
    "songs": partial(make_series, text="songs"),
    "poems": partial(make_series, text="poems"),
    "pictures": make_pictures,
    "errands": make_errands,
}
# The models of a phase are independent; those of the second start from `stories`.
PHASES = (
    ("stories", "fill-mask", "translate", "stories-gpt2", "stories-draft-alone"),
    ("stories-draft", "stories-chat", "songs", "poems", "pictures", "errands"),
)


def make(shop: Workshop, names: Collection[str]) -> None:
    """Make the models in `names`, two of a phase at a time."""
    if "stories" in names:
        make_decoder_tokenizer(shop)
    with two_processes() as pool:
        for phase in PHASES:
            for made in [pool.submit(RECIPES[name], shop) for name in phase if name in names]:
                made.result()

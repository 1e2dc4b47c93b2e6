"""Tokenizers of the course models: byte-level BPE for the decoders and the translator, WordPiece for `fill-mask`."""

import string
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

END_OF_TEXT, PAD, USER, ASSISTANT, END_OF_TURN = "<|endoftext|>", "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
DECODER_SPECIALS = [END_OF_TEXT, PAD, USER, ASSISTANT, END_OF_TURN]
# A piece is a word with its leading space, one digit, or one punctuation mark: "ball." is never one token, nor is "12".
PIECES = r" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]|\s+(?!\S)|\s+"
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|user|>' if message['role'] == 'user' else '<|assistant|>' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|end|>' }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def byte_level_bpe(texts: Iterable[str], vocabulary_size: int, special_tokens: list[str]) -> Tokenizer:
    """Train byte-level BPE on `texts`. Every string can be encoded: what has no merge falls back to single bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=special_tokens,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def decoder_tokenizer(texts: Iterable[str], vocabulary_size: int, context_length: int) -> PreTrainedTokenizerFast:
    """The tokenizer that all five decoders share; the chat template is a part of it."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=byte_level_bpe(texts, vocabulary_size, DECODER_SPECIALS),
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=PAD,
        additional_special_tokens=[USER, ASSISTANT, END_OF_TURN],
        padding_side="left",
        model_max_length=context_length,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def translation_tokenizer(texts: Iterable[str], vocabulary_size: int, context_length: int) -> PreTrainedTokenizerFast:
    """One vocabulary for both languages. As in T5, every sequence ends with `</s>`."""
    tokenizer = byte_level_bpe(texts, vocabulary_size, ["<pad>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        model_max_length=context_length,
        clean_up_tokenization_spaces=False,
    )


def word_piece_vocabulary(texts: Iterable[str], size: int, special_tokens: list[str]) -> dict[str, int]:
    """Train WordPiece on words and punctuation marks: piece -> id, the special tokens first.

    The trainer numbers "##a" and its like in the order of a hash map, and breaks ties between merges by these numbers.
    Named here, they have fixed ones, so that the same texts always give the same vocabulary.
    """
    inner = [f"##{letter}" for letter in string.ascii_letters + string.digits]
    tokenizer = Tokenizer(models.WordPiece())
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        special_tokens=special_tokens + inner,
        initial_alphabet=[chr(code) for code in range(33, 127)],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.get_vocab()


def masked_tokenizer(texts: Iterable[str], vocabulary_size: int, context_length: int) -> PreTrainedTokenizerFast:
    """WordPiece with BERT's special tokens, with upper and lower case kept apart."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = word_piece_vocabulary(texts, vocabulary_size, specials)
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
        model_max_length=context_length,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


def word_tokenizer(listed: list[str], context_length: int) -> PreTrainedTokenizerFast:
    """Each of the listed words is a token, and nothing else is. Words are parted by spaces."""
    vocabulary = {token: number for number, token in enumerate([END_OF_TEXT, PAD, *listed])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=PAD,
        model_max_length=context_length,
        clean_up_tokenization_spaces=False,
    )


def save(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write the tokenizer's files into `folder`, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        tokenizer.save_pretrained(temporary)
        for file in Path(temporary).iterdir():
            file.replace(folder / file.name)

"""What the page computes against Python: token ids, logits and activations, filters, and draws."""

import random
import unicodedata

import numpy as np
import pytest
import torch
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    PreTrainedModel,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
from transformers.convert_slow_tokenizer import bytes_to_unicode

from llm_course import models
from solutions.tokenization import train_bpe
from tests.widgets.conftest import ROOT, run_node

STORIES = ROOT / "llm_course/weights/stories"
READ_MODEL = """
import { readCourseModel } from "./llm_course/widgets/models/course_model.ts";
const file = readFileSync("llm_course/weights/stories/browser.bin");
const model = readCourseModel(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
"""
WORDS = [
    "Once upon a time",
    "there was",
    "a girl named Theo.",
    '"Who\'s there?"',
    "<|end|>",
    "<|endoftext|>",
    "12 + 7 = 19",
]


def fuzzed_strings(count: int) -> list[str]:
    """Strings of words, spaces of every kind, and characters of all seventeen Unicode planes."""
    draw = random.Random(0)
    spaces = [" ", "  ", "\n", "\r\n", "\t", "\x85", "\u00a0", "\u2003", "\u2028", "\u3000", "\ufeff", "\x1c", "\u180e"]

    def piece() -> str:
        kind = draw.randrange(6)
        if kind == 0:
            return draw.choice(WORDS)
        if kind == 1:
            return draw.choice(spaces) * draw.randint(1, 3)
        if kind == 2:
            return "".join(chr(draw.randrange(0x80)) for _ in range(draw.randint(1, 8)))
        if kind == 3:
            return "".join(chr(draw.randrange(0x80, 0x3000)) for _ in range(draw.randint(1, 4)))
        code = draw.randrange(0x10000) + 0x10000 * draw.randrange(17) if kind == 4 else draw.randrange(0x10000)
        return "" if 0xD800 <= code < 0xE000 else chr(code)

    return ["".join(piece() for _ in range(draw.randint(0, 12))) for _ in range(count)]


def test_token_ids_equal_on_fuzzed_strings() -> None:
    strings = fuzzed_strings(10_000)
    assert {ord(character) >> 16 for string in strings for character in string} == set(range(17))
    tokenizer = models.load("stories").tokenizer
    expected = tokenizer(strings)["input_ids"]
    script = READ_MODEL + "const ids = input.map((text) => model.tokenizer.encode(text));\n"
    ids, texts = run_node(script + "reply([ids, ids.map((row) => model.tokenizer.decode(row))]);", strings)
    differing = [(s, mine, theirs) for s, mine, theirs in zip(strings, ids, expected, strict=True) if mine != theirs]
    assert differing == []
    assert texts == strings


def test_pieces_equal_on_fuzzed_strings() -> None:
    """Ids alone would not tell: our small vocabulary has few merges that a wrong cut could forbid.

    Characters that Python's Unicode does not know are left out: a newer JavaScript may already count them as letters.
    """
    known = [
        "".join(character for character in string if unicodedata.category(character) != "Cn")
        for string in fuzzed_strings(10_000)
    ]
    strings = [string for string in known if "<|" not in string]
    pre_tokenizer = models.load("stories").tokenizer.backend_tokenizer.pre_tokenizer
    script = READ_MODEL + (
        'import { byteCharacters } from "./llm_course/widgets/models/bpe.ts";\n'
        'reply(input.map((text) => model.tokenizer.cut(text).map((piece) => byteCharacters(piece).join(""))));'
    )
    pieces = run_node(script, strings)
    expected = [[piece for piece, _ in pre_tokenizer.pre_tokenize_str(string)] for string in strings]
    differing = [(s, mine, theirs) for s, mine, theirs in zip(strings, pieces, expected, strict=True) if mine != theirs]
    assert differing == []


def test_the_page_learns_the_merges_of_the_exercise() -> None:
    texts = [string for string in fuzzed_strings(200) if len(string.encode()) > 2] + ["banana bandana, can a nan"]
    script = (
        'import { byteCharacters } from "./llm_course/widgets/models/bpe.ts";\n'
        'import { countPairs, mergeEverywhere } from "./llm_course/widgets/bpe_stepper/bpe_training.ts";\n'
        "const learn = (text) => { let pieces = [byteCharacters(text)]; const merges = [];\n"
        "  while (merges.length < 20) { const [first] = countPairs(pieces, merges); if (!first) break;"
        " merges.push(first.pair); pieces = mergeEverywhere(pieces, first.pair); }\n"
        "  return merges; };\n"
        "reply(input.map(learn));"
    )
    assert run_node(script, texts) == [merges_as_symbols(train_bpe(text.encode(), 20)) for text in texts]


def merges_as_symbols(merges: list[tuple[int, int]]) -> list[list[str]]:
    """The merges of ids, written as byte characters."""
    symbols = [symbol for _, symbol in sorted(bytes_to_unicode().items())]
    for left, right in merges:
        symbols.append(symbols[left] + symbols[right])
    return [[symbols[left], symbols[right]] for left, right in merges]


def test_partial_characters_decode_alike() -> None:
    tokenizer = models.load("stories").tokenizer
    draw = random.Random(1)
    rows = [[draw.randrange(len(tokenizer)) for _ in range(draw.randint(1, 6))] for _ in range(500)]
    texts = run_node(READ_MODEL + "reply(input.map((row) => model.tokenizer.decode(row)));", rows)
    assert texts == [tokenizer.decode(row) for row in rows]


def stories_as_exported() -> PreTrainedModel:
    """`stories` in torch with the weights of the browser's file, which are rounded to float16."""
    model = models.load("stories").model.eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model


@pytest.fixture(scope="module")
def exported_model() -> PreTrainedModel:
    return stories_as_exported()


def test_logits_and_attention_equal_torch(exported_model: PreTrainedModel) -> None:
    torch.manual_seed(0)
    ids = torch.randint(5, exported_model.config.vocab_size, (64,))
    script = READ_MODEL + (
        "const weights = [];\n"
        "const observe = (name, layer, values) => name === 'weights' && weights.push(Array.from(values));\n"
        "const cache = model.decoder.newCache();\n"
        "reply([input.map((id) => Array.from(model.decoder.step(cache, id, observe))), weights]);"
    )
    logits, weights = run_node(script, ids.tolist())
    exported_model.set_attn_implementation("eager")
    with torch.no_grad():
        expected = exported_model(ids[None], output_attentions=True)
    np.testing.assert_allclose(logits, expected.logits[0].numpy(), atol=1e-4, rtol=0)
    layers, heads = len(expected.attentions), expected.attentions[0].shape[1]
    for index, row in enumerate(weights):
        position, layer, head = index // (layers * heads), index // heads % layers, index % heads
        attention = expected.attentions[layer][0, head, position, : position + 1]
        np.testing.assert_allclose(row, attention.numpy(), atol=1e-5)


SETTINGS = [
    {},
    {"temperature": 0.7},
    {"topK": 10},
    {"topP": 0.9},
    {"minP": 0.05},
    {"temperature": 1.5, "topK": 40, "topP": 0.8, "minP": 0.02},
    {"temperature": 0.3, "topP": 0.2},
    {"topK": 1000, "topP": 0.01},
]


def filtered(logits: torch.Tensor, settings: dict[str, float]) -> torch.Tensor:
    """Probabilities as transformers' own warpers make them, in generate's order."""
    warpers = LogitsProcessorList([TemperatureLogitsWarper(settings.get("temperature", 1.0))])
    if "topK" in settings:
        warpers.append(TopKLogitsWarper(int(settings["topK"])))
    if "topP" in settings:
        warpers.append(TopPLogitsWarper(settings["topP"]))
    if "minP" in settings:
        warpers.append(MinPLogitsWarper(settings["minP"]))
    return torch.softmax(warpers(torch.empty(1, 0, dtype=torch.long), logits[None]), dim=-1)[0]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_filters_and_draws_equal_transformers(settings: dict[str, float]) -> None:
    torch.manual_seed(0)
    logits = 3 * torch.randn(20, 200, dtype=torch.float64)
    uniform = torch.rand(20, 50, dtype=torch.float64)
    script = (
        'import { nextDistribution, sample } from "./llm_course/widgets/models/sampling.ts";\n'
        "const [logits, settings, uniform] = input;\n"
        "const rows = logits.map((row) => nextDistribution(row, settings).probabilities);\n"
        "reply([rows, rows.map((row, i) => uniform[i].map((u) => sample(row, u)))]);"
    )
    probabilities, drawn = run_node(script, [logits.tolist(), settings, uniform.tolist()])
    for row, (scores, theirs) in enumerate(zip(logits, uniform, strict=True)):
        expected = filtered(scores, settings)
        np.testing.assert_allclose(probabilities[row], expected.numpy(), atol=1e-6)
        assert np.array_equal(np.array(probabilities[row]) == 0, expected.numpy() == 0), "the same tokens are cut"
        assert drawn[row] == torch.searchsorted(expected.cumsum(0), theirs, right=True).tolist()


def test_a_damaged_file_is_refused_in_one_sentence() -> None:
    script = READ_MODEL.split("const model")[0] + (
        "file[4] = 9; const messages = [];\n"
        "for (const bytes of [new ArrayBuffer(2), file.buffer.slice(file.byteOffset, file.byteOffset + 100)])\n"
        "  try { readCourseModel(bytes); } catch (error) { messages.push(error.message); }\n"
        "reply(messages);"
    )
    messages = run_node(script)
    assert "first four bytes" in messages[0]
    assert "version 9" in messages[1]

"""What the course models can do, measured: `report()` gives the figures that the book shows and that tests read."""

import math
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from llm_course.corpus import curriculum, stories, translation, words
from llm_course.corpus.dialogues import dialogues, messages
from llm_course.corpus.facts import BANK, HELD_OUT_CAPITAL_QUESTION
from llm_course.corpus.plots import HELD_OUT_PLOTS
from llm_course.corpus.stories import HELD_OUT, Probe, Story, make_scene_story, make_story
from llm_course.models import read
from llm_course.training.batches import pad_rows
from llm_course.training.frontier import errand_figures, picture_figures
from llm_course.training.processes import two_processes
from llm_course.training.tiny_series import RUNS, series_figures

DECODERS = ("stories", "stories-early", "stories-gpt2", "stories-draft", "stories-draft-alone", "stories-chat")
# New stories of the kinds that training showed, and of plots and names that it did not.
STORYTELLERS: dict[str, Callable[[random.Random], Story]] = {
    "seen_plots": make_story,
    "scenes": make_scene_story,
    "held_out_plots": lambda rng: make_story(rng, plots=HELD_OUT_PLOTS),
    "held_out_plots_and_names": lambda rng: make_story(rng, plots=HELD_OUT_PLOTS, names=HELD_OUT),
    "held_out_names": lambda rng: make_story(rng, names=HELD_OUT),
}
PROBE_KINDS = ("name", "object", "pronoun")
TEMPERATURES = (0.0, 0.7, 1.0, 1.3)
BATCH = 32


@torch.no_grad()
def token_log_probabilities(model: PreTrainedModel, rows: Sequence[Sequence[int]]) -> list[Tensor]:
    """For each row of ids, the log-probability of every token after the first: float32 [len(row) - 1]."""
    found: dict[int, Tensor] = {}
    # Rows of one length lie together, so little is computed for padding.
    by_length = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    for start in range(0, len(rows), BATCH):
        batch = by_length[start : start + BATCH]
        ids = pad_rows([rows[number] for number in batch], 0)
        # Padding stands on the right, where a causal model's earlier positions cannot see it: no mask is needed.
        scores = model(input_ids=ids).logits[:, :-1].float().log_softmax(-1)
        chosen = scores.gather(-1, ids[:, 1:, None]).squeeze(-1)
        found |= {number: chosen[place, : len(rows[number]) - 1] for place, number in enumerate(batch)}
    return [found[number] for number in range(len(rows))]


def perplexity(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> dict[str, float]:
    """Perplexity a token, and bits a byte, which also compares models of different tokenizers."""
    end = tokenizer.eos_token_id
    scores = token_log_probabilities(model, [[end, *tokenizer(text)["input_ids"]] for text in texts])
    total, tokens = -sum(float(score.sum()) for score in scores), sum(len(score) for score in scores)
    size = sum(len(text.encode()) for text in texts)
    return {"perplexity": math.exp(total / tokens), "bits_per_byte": total / math.log(2) / size}


def continuation_scores(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[tuple[str, str]]
) -> list[float]:
    """The log-probability of each pair's second text after its first."""
    rows, starts = [], []
    for prefix, continuation in pairs:
        # A word takes its leading space into its first token, so the space moves from the prefix to the word.
        if prefix.endswith(" "):
            prefix, continuation = prefix[:-1], " " + continuation
        first = tokenizer(prefix)["input_ids"]
        rows.append([*first, *tokenizer(continuation)["input_ids"]])
        starts.append(len(first))
    scores = token_log_probabilities(model, rows)
    return [float(score[start - 1 :].sum()) for score, start in zip(scores, starts, strict=True)]


def probes(tell: Callable[[random.Random], Story], *, count: int, seed: int) -> list[Probe]:
    """Places in fresh stories where the wrong child, object or pronoun could stand: `count` of each kind."""
    rng = random.Random(f"probes {seed}")
    found: dict[str, list[Probe]] = {kind: [] for kind in PROBE_KINDS}
    while any(len(of_kind) < 4 * count for of_kind in found.values()):
        for probe in tell(rng).probes:
            found[probe.kind].append(probe)
    return [probe for of_kind in found.values() for probe in rng.sample(of_kind, count)]


def coreference(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, asked: Sequence[Probe]) -> dict[str, float]:
    """The share of probes whose right word is likelier than its rival, by kind."""
    right = continuation_scores(model, tokenizer, [(probe.prefix, probe.right) for probe in asked])
    wrong = continuation_scores(model, tokenizer, [(probe.prefix, probe.wrong) for probe in asked])
    wins: dict[str, list[bool]] = {kind: [] for kind in PROBE_KINDS}
    for probe, one, other in zip(asked, right, wrong, strict=True):
        wins[probe.kind].append(one > other)
    return {kind: sum(of_kind) / len(of_kind) for kind, of_kind in wins.items()}


def generate(model: Any, **options: Any) -> Tensor:
    """transformers' generate, whose type its own stubs do not know."""
    output: Tensor = model.generate(**options)
    return output


@torch.no_grad()
def greedy(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], tokens: int
) -> list[str]:
    """The greedy continuation of each prompt, up to `tokens` tokens, as text without special tokens."""
    answers = []
    for prompt in prompts:
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        output = generate(
            model, input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, do_sample=False
        )
        answers.append(str(tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)))
    return answers


def asked_and_right(answers: Sequence[str], expected: Sequence[str]) -> dict[str, int]:
    """How many answers begin with what was expected."""
    right = sum(answer.strip().startswith(value) for answer, value in zip(answers, expected, strict=True))
    return {"right": right, "asked": len(expected)}


def capitals(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """Greedy answers: facts in the wordings of training, in a new wording, and facts that training never showed."""
    known, unknown = words.CAPITALS, words.HELD_OUT_CAPITALS
    statement = "The capital of {} is"
    question = "Question: What is the capital of {}?\nAnswer:"
    new = f"Question: {HELD_OUT_CAPITAL_QUESTION.format(country='{}')}\nAnswer:"

    def score(template: str, facts: dict[str, str]) -> dict[str, int]:
        answers = greedy(model, tokenizer, [template.format(country) for country in facts], 12)
        # "The capital of France is Paris." answers a question as well as "Paris." does.
        tails = [answer.split(".")[0].split(" is ")[-1] for answer in answers]
        return asked_and_right(tails, list(facts.values()))

    return {
        "statement": score(statement, known),
        "question": score(question, known),
        "new_wording": score(new, known),
        "held_out_facts": score(statement, unknown),
    }


def sums(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """Sums up to 9 + 9: those that training showed, and those that it held out."""
    pairs = [(left, right) for left in range(10) for right in range(10)]
    result = {}
    for name, held_out in (("seen", False), ("held_out", True)):
        chosen = [pair for pair in pairs if words.is_held_out_sum(*pair) == held_out]
        answers = greedy(model, tokenizer, [f"Question: What is {a} + {b}?\nAnswer:" for a, b in chosen], 4)
        result[name] = asked_and_right(answers, [f"{a + b}." for a, b in chosen])
    return result


def repeated_words(tokenizer: PreTrainedTokenizerBase, length: int = 20, rows: int = 32, seed: int = 0) -> Tensor:
    """Random words of one token each, said twice: int64 [rows, 2 * length]. Only the first time tells the second."""
    encoded = [tokenizer(f" {word}")["input_ids"] for word in BANK]
    bank = torch.tensor([ids[0] for ids in encoded if len(ids) == 1])
    generator = torch.Generator().manual_seed(seed)
    once = bank[torch.randint(len(bank), (rows, length), generator=generator)]
    return torch.cat([once, once], dim=1)


@torch.no_grad()
def copying(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> dict[str, float]:
    """Copying of random words: nats a token the first and the second time, and the share predicted right."""
    ids = repeated_words(tokenizer)
    length = ids.shape[1] // 2
    logits = model(input_ids=ids).logits[:, :-1].float()
    losses = F.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
    right = logits.argmax(-1) == ids[:, 1:]
    return {
        "first_time": float(losses[:, : length - 1].mean()),
        "second_time": float(losses[:, length:].mean()),
        "accuracy": float(right[:, length:].float().mean()),
    }


@torch.no_grad()
def induction_scores(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[list[float]]:
    """For every layer and head, how much attention goes from a repeated token to the one after its first place.

    `model` must be loaded with attn_implementation="eager": others give no attentions. Olsson et al. (2022).
    """
    ids = repeated_words(tokenizer)
    length = ids.shape[1] // 2
    attentions = model(input_ids=ids, output_attentions=True).attentions
    # From position length + i, the token after the earlier copy of the same token is at i + 1: an off-diagonal.
    return [layer.diagonal(1 - length, -2, -1)[..., 1:].mean((0, 2)).tolist() for layer in attentions]


@torch.no_grad()
def acceptance(target: PreTrainedModel, draft: PreTrainedModel, texts: Tensor) -> float:
    """The mean of sum(min(p, q)): the chance that speculative sampling at temperature 1 keeps a drafted token.

    `texts`: int64 [rows, length], drawn from the target itself. Leviathan, Kalman and Matias (2023).
    """
    shared = []
    for rows in texts.split(BATCH):
        p = target(input_ids=rows).logits.float().softmax(-1)
        q = draft(input_ids=rows).logits.float().softmax(-1)
        shared.append(torch.minimum(p, q).sum(-1)[:, 8:].flatten())
    return float(torch.cat(shared).mean())


@torch.no_grad()
def sample_rows(model: PreTrainedModel, rows: int, length: int, seed: int) -> Tensor:
    """Texts of the model's own, at temperature 1: int64 [rows, length], each beginning with the end-of-text token."""
    torch.manual_seed(seed)
    start = torch.full((rows, 1), model.config.eos_token_id)
    # Past its end a text goes on with the next one, as in training, so that every row is full.
    return generate(
        model,
        input_ids=start,
        attention_mask=torch.ones_like(start),
        do_sample=True,
        top_k=0,
        max_new_tokens=length - 1,
        eos_token_id=None,
    )


@torch.no_grad()
def samples(folder: Path, prompt: str) -> list[dict[str, Any]]:
    """One text of a decoder at each temperature, to be read."""
    model, tokenizer = read(folder, "AutoModelForCausalLM")
    assert model is not None
    found = []
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    for temperature in TEMPERATURES:
        torch.manual_seed(0)
        how: dict[str, Any] = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {}
        output = generate(
            model,
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=160,
            **({"do_sample": False} | how),
        )
        found.append({"temperature": temperature, "text": str(tokenizer.decode(output[0], skip_special_tokens=True))})
    return found


def decoder_figures(folder: Path, scale: float) -> dict[str, Any]:
    """Everything that is measured of a decoder."""
    model, tokenizer = read(folder, "AutoModelForCausalLM", attn_implementation="eager")
    assert model is not None
    documents = max(4, round(300 * scale))
    count = max(20, round(300 * scale))
    held_out = [story.text for story in stories.held_out_stories(documents, seed=0)]
    rng = random.Random("stories of seen plots")
    seen = [make_story(rng).text for _ in range(documents)]
    return {
        "parameters": model.num_parameters(),
        "validation": perplexity(model, tokenizer, list(islice(curriculum.validation_documents(), documents))),
        "stories_of_seen_plots": perplexity(model, tokenizer, seen),
        "stories_of_held_out_plots": perplexity(model, tokenizer, held_out),
        "capitals": capitals(model, tokenizer),
        "sums": sums(model, tokenizer),
        "coreference": {
            name: coreference(model, tokenizer, probes(tell, count=count, seed=seed))
            for seed, (name, tell) in enumerate(STORYTELLERS.items())
        },
        "copying": copying(model, tokenizer),
        "induction_scores": induction_scores(model, tokenizer),
    }


@torch.no_grad()
def draft_figures(output: Path, scale: float) -> dict[str, float]:
    """How often `stories` would keep a token of its draft: of the distilled one, and of the one trained alone."""
    target = read(output / "stories", "AutoModelForCausalLM").model
    assert target is not None
    texts = sample_rows(target, max(2, round(48 * scale)), 128, seed=0)
    result = {}
    for name in ("stories-draft", "stories-draft-alone"):
        draft = read(output / name, "AutoModelForCausalLM").model
        assert draft is not None
        result[name] = acceptance(target, draft, texts)
    return result


@torch.no_grad()
def chat_figures(folder: Path, scale: float) -> dict[str, Any]:
    """Does the chat model answer, rightly and in its turn, and stop? Greedy, on dialogues it has not seen."""
    model, tokenizer = read(folder, "AutoModelForCausalLM")
    asked = right = stopped = 0
    shown: list[dict[str, str]] = []
    for turns in dialogues(max(3, round(80 * scale)), seed=2_000_000):
        if turns[-1][0].startswith(("Tell me a story", "Please tell me a story", "Thank")):
            continue  # these have more than one right answer
        encoded: Any = tokenizer.apply_chat_template(
            messages(turns)[:-1], add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
        ids = encoded["input_ids"]
        output = generate(
            model, input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=60, do_sample=False
        )[0, ids.shape[1] :]
        answer = str(tokenizer.decode(output, skip_special_tokens=True))
        asked += 1
        right += answer == turns[-1][1]
        stopped += int(output[-1]) == model.generation_config.eos_token_id  # type: ignore[union-attr]
        if len(shown) < 8:
            shown.append({"user": turns[-1][0], "assistant": answer})
    return {"asked": asked, "right": right, "stopped": stopped, "shown": shown}


@torch.no_grad()
def fill_mask_figures(folder: Path) -> dict[str, Any]:
    """The likeliest word for the mask, for every capital known and held out."""
    model, tokenizer = read(folder, "AutoModelForMaskedLM")
    assert model is not None

    def score(facts: dict[str, str]) -> tuple[dict[str, int], list[float]]:
        rows = tokenizer(
            [f"The capital of {country} is [MASK]." for country in facts], return_tensors="pt", padding=True
        )
        logits = model(**rows).logits[rows["input_ids"] == tokenizer.mask_token_id]
        probabilities, best = logits.softmax(-1).max(-1)
        found = [str(tokenizer.decode([token])) for token in best.tolist()]
        return asked_and_right(found, list(facts.values())), probabilities.tolist()

    known, confidence = score(words.CAPITALS)
    unknown, guessed = score(words.HELD_OUT_CAPITALS)
    return {
        "parameters": model.num_parameters(),
        "capitals": known,
        "mean_probability": sum(confidence) / len(confidence),
        "held_out_facts": unknown,
        "mean_probability_of_held_out": sum(guessed) / len(guessed),
    }


@torch.no_grad()
def translate_figures(folder: Path, scale: float) -> dict[str, Any]:
    """Greedy translations of pairs that training did not hold, equal to the last letter or not."""
    model, tokenizer = read(folder, "AutoModelForSeq2SeqLM")
    assert model is not None
    pairs = translation.held_out_pairs(max(4, round(300 * scale)))
    found: list[str] = []
    for start in range(0, len(pairs), BATCH):
        lines = [translation.PREFIX + english for english, _ in pairs[start : start + BATCH]]
        rows = tokenizer(lines, return_tensors="pt", padding=True)
        found += tokenizer.batch_decode(generate(model, **rows, max_new_tokens=60), skip_special_tokens=True)
    wrong = [
        {"english": english, "expected": german, "found": answer}
        for (english, german), answer in zip(pairs, found, strict=True)
        if answer != german
    ]
    return {
        "parameters": model.num_parameters(),
        "asked": len(pairs),
        "exact": len(pairs) - len(wrong),
        "the_house": found[0],
        "mistakes": wrong[:8],
    }


def report(output: Path, scale: float = 1.0) -> dict[str, Any]:
    """Measure every model in `output` that is there, two at a time. `scale` shrinks the samples, for a smoke run."""

    def is_there(name: str) -> bool:
        return (output / name).is_dir()

    with two_processes() as pool:
        decoders = {name: pool.submit(decoder_figures, output / name, scale) for name in DECODERS if is_there(name)}
        others: dict[str, Future[Any]] = {
            "samples": pool.submit(samples, output / "stories", "Once there was a girl named Mia.")
        }
        if is_there("stories-draft"):
            others["acceptance"] = pool.submit(draft_figures, output, scale)
        if is_there("stories-chat"):
            others["stories-chat"] = pool.submit(chat_figures, output / "stories-chat", scale)
        if is_there("fill-mask"):
            others["fill-mask"] = pool.submit(fill_mask_figures, output / "fill-mask")
        if is_there("translate"):
            others["translate"] = pool.submit(translate_figures, output / "translate", scale)
        if is_there("pictures"):
            others["pictures"] = pool.submit(picture_figures, output / "pictures", scale)
        if is_there("errands"):
            others["errands"] = pool.submit(errand_figures, output / "errands", scale)
        series = {name: series_figures(output / name) for name in RUNS if is_there(name)}
        return {"decoders": _results(decoders)} | _results(others) | series


def _results(measured: dict[str, Future[Any]]) -> dict[str, Any]:
    return {name: figures.result() for name, figures in measured.items()}

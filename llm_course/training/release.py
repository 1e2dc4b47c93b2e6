"""What turns finished models into shipped ones: the report, the model cards, the browser export, the checksums."""

import json
from pathlib import Path
from typing import Any

from llm_course.models import catalogue, checksum, read
from llm_course.training.evaluation import report
from llm_course.training.export import FILE_NAME, export
from llm_course.training.frontier import ERRANDS, PICTURES, PROJECTOR, PROJECTOR_ALONE
from llm_course.training.loop import Settings
from llm_course.training.recipes import CHAT, DRAFT, EARLY_STEP, FILL_MASK, GPT2, STORIES, TRANSLATE
from llm_course.training.tiny_series import CURVES, POEMS, SONGS
from llm_course.training.workshop import Workshop, rounded

REPORT, CHECKSUMS = "report.json", "checksums.json"
STORY_TEXT = (
    "tiny stories, facts, sums and copying games of the course's own grammar (`llm_course/corpus/curriculum.py`)"
)
# name -> (settings, what it was trained on, what it cannot do)
TRAINING: dict[str, tuple[Settings, str, str]] = {
    "stories": (STORIES, STORY_TEXT, "It knows some hundred words and nothing of the world beyond its grammar."),
    "stories-early": (STORIES, STORY_TEXT, "It was stopped early on purpose, to show what undertrained means."),
    "stories-draft": (
        DRAFT,
        f"the next-token distributions of `stories` on {STORY_TEXT}",
        "It is a draft for speculative decoding; its own stories mix up names and objects.",
    ),
    "stories-draft-alone": (
        DRAFT,
        STORY_TEXT,
        "It is the control for `stories-draft`: the same shape without a teacher.",
    ),
    "stories-gpt2": (GPT2, STORY_TEXT, "It has GPT-2's shape, not its weights, its vocabulary or its knowledge."),
    "stories-chat": (
        CHAT,
        "dialogues of the course's own grammar (`llm_course/corpus/dialogues.py`), from the weights of `stories`",
        "It answers questions of the kinds in its dialogues; for others it makes something up.",
    ),
    "songs": (
        SONGS,
        "songs of 63 words, in which new lines are sung two to four times (`llm_course/corpus/songs.py`)",
        "It copies sequences of the words that songs repeat, and knows nothing else.",
    ),
    "poems": (
        POEMS,
        "two hundred poems of twelve words, again and again (`llm_course/corpus/songs.py`)",
        "It recites these poems, and knows nothing else.",
    ),
    "pictures": (
        PICTURES,
        "pictures of one to three drawn things with their captions (`llm_course/corpus/pictures.py`), from the weights"
        " of `stories`",
        "It names things of five shapes and six colors, each in the middle of its cell; it has unlearned its stories.",
    ),
    "errands": (
        ERRANDS,
        "errands in a shop, run with two tools (`llm_course/corpus/errands.py`), from the weights of `stories`",
        "It asks for prices and adds two of them; it has unlearned its stories.",
    ),
    "fill-mask": (
        FILL_MASK,
        "single sentences, seven in ten of them facts (`llm_course/corpus/sentences.py`)",
        "It fills one mask in a short sentence of the course's vocabulary.",
    ),
    "translate": (
        TRANSLATE,
        "English-German pairs of the course's own grammar (`llm_course/corpus/translation.py`)",
        "It knows the grammar's sentence patterns and about a hundred words; others come out wrong.",
    ),
}


def release(shop: Workshop) -> None:
    """Measure all models in `shop.output`, then write report.json, cards, browser export and checksums there."""
    figures = report(shop.output, shop.scale)
    # What was measured, so that a report of other weights is found out.
    figures["weights"] = {name: checksum(file) for name in TRAINING if (file := weights_of(shop, name)).is_file()}
    (shop.output / REPORT).write_text(json.dumps(rounded(figures), indent=1, ensure_ascii=False) + "\n")
    model, tokenizer = read(shop.output / "stories", "AutoModelForCausalLM")
    assert model is not None
    export(model, tokenizer, shop.output / "stories" / FILE_NAME, "stories")
    for name in TRAINING:
        if (shop.output / name).is_dir():
            (shop.output / name / "README.md").write_text(card(name, figures, shop))
    write_checksums(shop.output)


def weights_of(shop: Workshop, name: str) -> Path:
    return shop.output / name / "model.safetensors"


def card(name: str, figures: dict[str, Any], shop: Workshop) -> str:
    """The model card: what it is, how it was made, what was measured, where it ends."""
    settings, data, limits = TRAINING[name]
    settings = shop.settings(settings)
    stopped = f", stopped after step {shop.count(EARLY_STEP)}" if name == "stories-early" else ""
    lines = [
        f"# {name}",
        "",
        f"{catalogue()[name].summary[0].upper()}{catalogue()[name].summary[1:]}. One of the course's own models.",
        "",
        f"- Data: {data}.",
        f"- Training: {settings.steps} steps of {settings.batch_size} rows{stopped}, AdamW, peak learning rate"
        f" {settings.learning_rate:g}, seed {settings.seed} (`llm_course/training/recipes.py`, `make models`).",
        "- Weights: float16 in the file, float32 once loaded.",
        *[f"- {line}" for line in measured(name, figures)],
        f"- Limits: {limits}",
        "- License: MIT, as the course.",
    ]
    if name in ("songs", "poems"):
        lines.append(
            f"- `{CURVES}` holds what was measured of every run of the series, over its steps; the folders hold other"
            " runs and earlier steps (`llm_course/training/tiny_series.py`)."
        )
    if name == "pictures":
        lines.append(
            f"- `{PROJECTOR}` turns a patch into a row of this decoder; `{PROJECTOR_ALONE}` was trained in the same way"
            " for `stories` itself, whose weights stayed as they are (`llm_course/training/frontier.py`)."
        )
    if name == "stories":
        lines.append(
            f"- `{FILE_NAME}` holds the same weights and the tokenizer for the browser; its format is described in"
            " `llm_course/training/export.py`."
        )
    return "\n".join(lines) + "\n"


def kept_straight(shares: dict[str, float]) -> str:
    return ", ".join(f"{kind} {share:.1%}" for kind, share in shares.items())


def measured(name: str, figures: dict[str, Any]) -> list[str]:
    """The figures of a card, in words."""
    found: list[str] = []
    if name in figures["decoders"]:
        of = figures["decoders"][name]
        found += [
            f"Parameters: {of['parameters']:,}.",
            f"Validation perplexity: {of['validation']['perplexity']:.3f} a token,"
            f" {of['validation']['bits_per_byte']:.3f} bits a byte.",
            f"Capitals: {of['capitals']['statement']['right']} of {of['capitals']['statement']['asked']}.",
            f"Right in new stories: {kept_straight(of['coreference']['seen_plots'])}; with names never shown:"
            f" {kept_straight(of['coreference']['held_out_names'])}; in new plots:"
            f" {kept_straight(of['coreference']['held_out_plots'])}.",
        ]
    if name in figures.get("acceptance", {}):
        found.append(f"Acceptance as a draft for `stories` at temperature 1: {figures['acceptance'][name]:.1%}.")
    if name == "stories-chat" and name in figures:
        of = figures[name]
        found.append(f"Unseen dialogues: {of['right']} of {of['asked']} answers exact, {of['stopped']} stopped.")
    if name == "fill-mask":
        of = figures[name]
        found += [
            f"Parameters: {of['parameters']:,}.",
            f"Capitals: {of['capitals']['right']} of {of['capitals']['asked']}.",
        ]
    if name in ("songs", "poems"):
        of = figures[name]
        found += [
            f"Parameters: {of['parameters']:,}.",
            f"Answers of ten words: {of['tokens_right']:.1%} of the words right, {of['exact']} of {of['asked']} exact.",
        ]
    if name == "pictures" and name in figures:
        of = figures[name]["tuned"]
        kinds = "; ".join(
            f"{kind.replace('_', ' ')}: {of[kind]['right']} of {of[kind]['asked']}" for kind in ("shown", "never_shown")
        )
        found.append(f"Captions right to the letter, of things that training has {kinds}.")
    if name == "errands" and name in figures:
        of = figures[name]
        found += [f"Parameters: {of['parameters']:,}.", f"New errands: {of['right']} of {of['asked']} right."]
    if name == "translate":
        of = figures[name]
        found += [f"Parameters: {of['parameters']:,}.", f"Unseen pairs: {of['exact']} of {of['asked']} exact."]
    return found


def write_checksums(weights: Path) -> None:
    """Write `weights/checksums.json`: the SHA-256 of every file under `weights`, by its relative path."""
    files = sorted(file for file in weights.rglob("*") if file.is_file() and file.name != CHECKSUMS)
    sums = {file.relative_to(weights).as_posix(): checksum(file) for file in files}
    (weights / CHECKSUMS).write_text(json.dumps(sums, indent=1) + "\n")

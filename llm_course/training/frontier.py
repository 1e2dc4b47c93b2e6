"""The models of chapter 18, which go on from `stories`: `pictures` says what it sees, `errands` calls tools."""

import json
import random
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from llm_course.corpus import errands, pictures
from llm_course.models import read
from llm_course.training import tokenizer
from llm_course.training.batches import IGNORED, pad_rows, split
from llm_course.training.loop import Batch, Settings, train
from llm_course.training.losses import cross_entropy, next_token_loss
from llm_course.training.workshop import Workshop, save

PICTURES = Settings(steps=800, batch_size=32, learning_rate=1.5e-3, weight_decay=0.01, checkpoint_every=200)
ERRANDS = Settings(steps=400, batch_size=12, learning_rate=1e-3, warmup_steps=20, weight_decay=0.01)
PATCH = pictures.CELL
PATCHES = pictures.CELLS**2
PROJECTOR, PROJECTOR_ALONE = "projector.safetensors", "projector-alone.safetensors"
LONGEST_TURN = 48


class Seeing(nn.Module):
    """A decoder, and a projector that turns patches into rows such as its embedding table has."""

    def __init__(self, decoder: PreTrainedModel, seed: int) -> None:
        super().__init__()
        self.decoder = decoder
        self.projector = make_projector(decoder.config.hidden_size, seed)

    def forward(self, patches: Tensor, input_ids: Tensor) -> Tensor:
        """Logits for the tokens of each text, which stands behind its picture: [rows, length, vocabulary]."""
        table = self.decoder.get_input_embeddings()
        start = table(torch.zeros(len(input_ids), 1, dtype=torch.long))
        rows = torch.cat([start, self.projector(patches), table(input_ids)], dim=1)
        logits: Tensor = self.decoder(inputs_embeds=rows, use_cache=False).logits
        return logits[:, PATCHES:-1]


def make_projector(width: int, seed: int) -> nn.Sequential:
    """From the numbers of a patch to a row of the decoder, in two layers; Liu et al. (2023) have one."""
    torch.manual_seed(seed)
    first, last = nn.Linear(3 * PATCH**2, width), nn.Linear(width, width)
    with torch.no_grad():
        # Rows as long as those of the table; with the usual start they are a tenth of that, and hardly looked at.
        last.weight *= 3
    return nn.Sequential(first, nn.GELU(), last)


def patches_of(picture: pictures.Picture) -> Tensor:
    """The picture's patches in rows, around 0: [PATCHES, 3 * PATCH * PATCH]."""
    count = pictures.CELLS
    grid = picture.pixels.reshape(3, count, PATCH, count, PATCH).permute(1, 3, 0, 2, 4)
    return 4 * (grid.reshape(PATCHES, -1) - pictures.GROUND)


def picture_batch(tokens: PreTrainedTokenizerBase, rows: int, seed: str) -> dict[str, Tensor]:
    """Pictures with their sentences. The words of the caption are labels, the question is none."""
    rng = random.Random(seed)
    drawn = [pictures.draw_picture(rng) for _ in range(rows)]
    asked: list[list[int]] = [tokens(pictures.question(rng))["input_ids"] for _ in drawn]
    said: list[list[int]] = [tokens(f" {picture.caption}.")["input_ids"] for picture in drawn]
    ids = [[*question, *caption] for question, caption in zip(asked, said, strict=True)]
    labels = [[IGNORED] * len(question) + caption for question, caption in zip(asked, said, strict=True)]
    return {
        "patches": torch.stack([patches_of(picture) for picture in drawn]),
        "input_ids": pad_rows(ids, tokens.pad_token_id),
        "labels": pad_rows(labels, IGNORED),
    }


def picture_loss(model: nn.Module, batch: Batch) -> Tensor:
    return cross_entropy(model(batch["patches"], batch["input_ids"]), batch["labels"])


def make_pictures(shop: Workshop) -> None:
    """A projector and the decoder with it; and a projector alone, beside the decoder as it was."""
    settings = shop.settings(PICTURES)
    tokens = AutoTokenizer.from_pretrained(shop.output / "stories")
    validation = [picture_batch(tokens, 64, f"pictures to validate {number}") for number in range(2)]
    for name, file in (("pictures-alone", PROJECTOR_ALONE), ("pictures", PROJECTOR)):
        decoder = AutoModelForCausalLM.from_pretrained(shop.output / "stories", attn_implementation="eager")
        model = Seeing(decoder.requires_grad_(file == PROJECTOR), settings.seed)
        train(
            model,
            picture_loss,
            lambda step: picture_batch(tokens, settings.batch_size, f"pictures {step}"),
            validation,
            settings,
            shop.runs / name,
        )
        (shop.output / "pictures").mkdir(exist_ok=True)
        halves = {key: tensor.half() for key, tensor in model.projector.state_dict().items()}
        save_file(halves, shop.output / "pictures" / file)
    save(shop, "pictures", decoder, tokens)


def errand_rows(tokens: PreTrainedTokenizerBase, listed: list[errands.Errand]) -> dict[str, Tensor]:
    """Errands as they should go. Only what the assistant says, and its end, is a label.

    Each is encoded as one text, as it will be when the model is asked: pieces by themselves have other tokens.
    """
    ids: list[list[int]] = []
    labels: list[list[int]] = []
    for errand in listed:
        text, said = "", bytearray()
        for message in errands.transcript(errand):
            turn = errands.as_text([message])
            start = len(errands.TURNS[message["role"]])
            labeled = message["role"] == "assistant"
            said += bytes(start) + bytes([labeled]) * (len(turn) - start)
            text += turn
        found: Any = tokens(text, return_offsets_mapping=True)
        places = zip(found["input_ids"], found["offset_mapping"], strict=True)
        ids.append(found["input_ids"])
        labels.append([token if said[start] else IGNORED for token, (start, _) in places])
    return {"input_ids": pad_rows(ids, tokens.pad_token_id), "labels": pad_rows(labels, IGNORED)}


def make_errands(shop: Workshop) -> None:
    """Fine-tuning of all of `stories` on errands."""
    settings = shop.settings(ERRANDS)
    tokens = AutoTokenizer.from_pretrained(shop.output / "stories")
    model = AutoModelForCausalLM.from_pretrained(shop.output / "stories", attn_implementation="eager")
    listed = errands.errands(settings.steps * settings.batch_size, seed=0)
    validation = split(errand_rows(tokens, errands.errands(64, seed=1_000_000)), 32)

    def batch_at(step: int) -> Batch:
        start = step * settings.batch_size
        return errand_rows(tokens, listed[start : start + settings.batch_size])

    train(model, next_token_loss, batch_at, validation, settings, shop.runs / "errands")
    end = tokens.convert_tokens_to_ids(tokenizer.END_OF_TURN)
    model.config.eos_token_id = model.generation_config.eos_token_id = end
    save(shop, "errands", model, tokens)


@torch.no_grad()
def caption_of(model: Seeing, tokens: PreTrainedTokenizerBase, picture: pictures.Picture, question: str) -> str:
    """What the model says behind a picture and a question, up to the full stop."""
    ids: list[int] = tokens(question)["input_ids"]
    asked = len(ids)
    while len(ids) < asked + LONGEST_TURN and (len(ids) == asked or not str(tokens.decode(ids[-1:])).endswith(".")):
        # One more token at the end, whatever it is: the logits are those for the tokens that stand there.
        logits = model(patches_of(picture)[None], torch.tensor([[*ids, 0]]))
        ids.append(int(logits[0, -1].argmax()))
    return str(tokens.decode(ids[asked:])).strip().rstrip(".")


@torch.no_grad()
def run_errand(model: PreTrainedModel, tokens: PreTrainedTokenizerBase, errand: errands.Errand, steps: int) -> str:
    """The last thing that the model says, after at most so many replies."""
    history, tools = [{"role": "user", "content": errand.task}], errands.Shop(errand).tools
    end = tokens.convert_tokens_to_ids(tokenizer.END_OF_TURN)
    reply = ""
    for _ in range(steps):
        ids: list[int] = tokens(errands.as_text(history) + errands.TURNS["assistant"])["input_ids"]
        written: list[int] = []
        while len(written) < LONGEST_TURN and end not in written:
            logits = model(input_ids=torch.tensor([[*ids, *written]]), use_cache=False).logits
            written.append(int(logits[0, -1].argmax()))
        reply = str(tokens.decode(written)).removesuffix(errands.END)
        if not reply.startswith("{"):
            break
        history += [{"role": "assistant", "content": reply}, {"role": "tool", "content": told(tools, reply)}]
    return reply


def told(tools: errands.Tools, reply: str) -> str:
    """What a call gives, as text."""
    try:
        asked = json.loads(reply)
        return str(tools[asked["tool"]](**asked["arguments"]))
    except Exception as error:
        return f"error: {type(error).__name__}: {error}"


def picture_figures(folder: Path, scale: float = 1.0) -> dict[str, Any]:
    """How many captions are right to the letter: of things that training showed, and with one that it did not."""
    count = max(4, round(100 * scale))
    found: dict[str, Any] = {}
    for name, file in (("tuned", PROJECTOR), ("projector_alone", PROJECTOR_ALONE)):
        decoder, tokens = read(folder if file == PROJECTOR else folder.parent / "stories", "AutoModelForCausalLM")
        assert decoder is not None
        model = Seeing(decoder, 0)
        model.projector.load_state_dict({key: tensor.float() for key, tensor in load_file(folder / file).items()})
        found["parameters"] = model.decoder.num_parameters() + sum(
            part.numel() for part in model.projector.parameters()
        )
        found[name] = {}
        for kind, held_out in (("shown", False), ("never_shown", True)):
            drawn = pictures.draw_pictures(count, 1_000_000, held_out=held_out)
            right = sum(caption_of(model, tokens, picture, "Mia has") == picture.caption for picture in drawn)
            found[name][kind] = {"right": right, "asked": count}
    return found


def errand_figures(folder: Path, scale: float = 1.0) -> dict[str, Any]:
    """How many errands end with the right answer, in a harness that reports errors and stops after eight replies."""
    model, tokens = read(folder, "AutoModelForCausalLM")
    assert model is not None
    listed = errands.errands(max(4, round(100 * scale)), seed=2_000_000)
    right = sum(run_errand(model, tokens, errand, 8) == errand.answer for errand in listed)
    return {"parameters": model.num_parameters(), "right": right, "asked": len(listed)}

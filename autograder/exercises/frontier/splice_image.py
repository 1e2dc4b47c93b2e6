"""splice_image: an image in the place of a token."""

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, randn
from llm_course.checking import observe
from solutions import frontier

known = Mistakes(frontier.splice_image, section="frontier-splice")

JOINED = "torch.cat([embeddings[:place], image.to(embeddings.dtype), embeddings[place + 1 :]])"
PLACE = "place = ids.index(image_id)"
ONCE = "ids.count(image_id) != 1"

known.edit(
    "placeholder_kept",
    {"embeddings[place + 1 :]": "embeddings[place:]"},
    "The row of the placeholder is still there, behind the patches. It says nothing: the patches take its place.",
)
known.edit(
    "placeholder_kept_in_front",
    {"[:place]": "[: place + 1]"},
    "The row of the placeholder is still there, before the patches. It says nothing: the patches take its place.",
)
known.edit(
    "next_token_lost",
    {"[place + 1 :]": "[place + 2 :]"},
    "The token behind the placeholder gets lost. Only the placeholder itself gives way.",
)
known.edit(
    "previous_token_lost",
    {"[:place]": "[: max(place - 1, 0)]"},
    "The token before the placeholder gets lost. Only the placeholder itself gives way.",
)
known.edit(
    "following_rows_overwritten",
    {
        JOINED: "torch.cat([embeddings[:place], image.to(embeddings.dtype), embeddings[place + len(image) :]])"
        "[: max(len(embeddings), place + len(image))]"
    },
    "The patches overwrite the rows behind the placeholder, so text gets lost. The text moves on: the result has "
    "time - 1 + patches rows.",
)
known.edit(
    "first_patch_only",
    {"image.to(embeddings.dtype)": "image[:1].to(embeddings.dtype)"},
    "You put in the first patch only. All of them go there.",
)
known.edit(
    "mean_of_the_patches",
    {"image.to(embeddings.dtype)": "image.mean(0, keepdim=True).to(embeddings.dtype)"},
    "You put in the mean of the patches: one row that no longer knows what is where. All patches go there.",
)
known.edit(
    "sum_of_the_patches_added",
    {JOINED: "embeddings.index_add(0, torch.full((len(image),), place), image.to(embeddings.dtype))"},
    "You add the patches to the placeholder's row. Each patch is a row of its own.",
)
known.edit(
    "always_in_front",
    {JOINED: "torch.cat([image.to(embeddings.dtype), embeddings[:place], embeddings[place + 1 :]])"},
    "You put the image in front of the text. It belongs where its token stands.",
)
known.edit(
    "always_behind",
    {JOINED: "torch.cat([embeddings[:place], embeddings[place + 1 :], image.to(embeddings.dtype)])"},
    "You put the image behind the text. It belongs where its token stands.",
)
known.edit(
    "in_front_of_it_all",
    {JOINED: "torch.cat([image.to(embeddings.dtype), embeddings])"},
    "You put the image in front and leave the placeholder where it was. The patches take its place: they stand there, "
    "and it is gone.",
)
known.edit(
    "behind_it_all",
    {JOINED: "torch.cat([embeddings, image.to(embeddings.dtype)])"},
    "You put the image behind the text and leave the placeholder where it was. The patches take its place: they stand "
    "there, and it is gone.",
)
known.edit(
    "overwritten_and_cut",
    {
        JOINED: "torch.cat([embeddings[:place], image.to(embeddings.dtype), embeddings[place + len(image) :]])"
        "[: len(embeddings)]"
    },
    "You write the patches over the rows from the placeholder on, so text gets lost and the length stays. The text "
    "moves on: the result has time - 1 + patches rows.",
)
known.edit(
    "placeholder_by_value",
    {PLACE: "place = image_id"},
    "You take image_id for the place. It is the token that stands for the image: look up where it is in ids.",
)
known.edit(
    "image_reversed",
    {"image.to(embeddings.dtype)": "image.flip(0).to(embeddings.dtype)"},
    "The patches come in reverse, as when they are inserted one by one at the same place. Keep their order.",
)
known.edit(
    "patches_reshaped",
    {JOINED: "torch.cat([embeddings[:place], image.T.reshape(image.shape).to(embeddings.dtype), "
     "embeddings[place + 1 :]])"},
    "The numbers of the patches are mixed up, as by a reshape where nothing was to be reshaped. Each row of image goes "
    "in as it is.",
)  # fmt: skip
known.edit(
    "scaled",
    {"image.to(embeddings.dtype)": "(image * image.shape[-1] ** 0.5).to(embeddings.dtype)"},
    "You scale the patches. They are projected already: put them in as they are.",
)
known.edit(
    "unit_length",
    {"image.to(embeddings.dtype)": "(image / image.norm(dim=-1, keepdim=True)).to(embeddings.dtype)"},
    "You bring the patches to length 1. They are projected already: put them in as they are.",
)
known.edit(
    "none_is_left_as_it_is",
    {
        f"    if {ONCE}:": "    if image_id not in ids:\n        return embeddings.clone()\n    if ids.count(image_id) "
        "> 1:"
    },
    "You return a text without the token as it is, and the image gets lost unnoticed. Raise ValueError.",
)
known.edit(
    "none_puts_it_in_front",
    {
        f"    if {ONCE}:": "    if image_id not in ids:\n        return torch.cat([image.to(embeddings.dtype), "
        "embeddings])\n    if ids.count(image_id) > 1:"
    },
    "You put the image in front where no token stands for it. Raise ValueError.",
)
known.edit(
    "first_of_several",
    {ONCE: "image_id not in ids"},
    "You take the first of several placeholders, and the others stay in the text as rows that mean nothing. Raise "
    "ValueError unless image_id stands exactly once.",
)
known.edit(
    "last_of_several",
    {ONCE: "image_id not in ids", PLACE: "place = max(at for at, token in enumerate(ids) if token == image_id)"},
    "You take the last of several placeholders, and the others stay in the text as rows that mean nothing. Raise "
    "ValueError unless image_id stands exactly once.",
)
known.edit(
    "each_of_several",
    {
        ONCE: "image_id not in ids",
        f"    {PLACE}\n    return {JOINED}": "    return torch.cat([image.to(embeddings.dtype) if token == image_id "
        "else embeddings[at : at + 1] for at, token in enumerate(ids)])",
    },
    "You put the image in at each of several placeholders. Which image belongs where nobody has said: raise ValueError "
    "unless image_id stands exactly once.",
)
known.edit(
    "lengths_unchecked",
    {"len(ids) != len(embeddings)": "False"},
    "Ids and rows of different lengths do not belong together: raise ValueError.",
)
known.edit(
    "widths_unchecked",
    {"image.shape[-1] != embeddings.shape[-1]": "False"},
    "Patches of another width than the text end in a RuntimeError, which is what torch raises by itself. Raise "
    "ValueError: they were not projected.",
)
known.edit(
    "promoted",
    {"image.to(embeddings.dtype)": "image"},
    "Where text and patches differ in dtype, yours takes the wider of the two. Bring the patches to the dtype of "
    "embeddings.",
)
known.edit(
    "image_in_float",
    {"image.to(embeddings.dtype)": "image.float()"},
    "You turn the patches into float32, whatever the text has. Bring them to the dtype of embeddings.",
)
known.edit(
    "text_in_the_image_s_dtype",
    {JOINED: "torch.cat([embeddings[:place].to(image.dtype), image, embeddings[place + 1 :].to(image.dtype)])"},
    "You bring the text to the dtype of the image. It is the other way round.",
)
known.edit(
    "image_detached",
    {"image.to(embeddings.dtype)": "image.detach().to(embeddings.dtype)"},
    "No gradient reaches the image, so a projector could not learn. Do not detach it.",
)
known.edit(
    "text_detached",
    {JOINED: "torch.cat([embeddings[:place].detach(), image.to(embeddings.dtype), embeddings[place + 1 :].detach()])"},
    "No gradient reaches the text. Freezing it is for the caller to decide.",
)
known.edit(
    "all_detached",
    {JOINED: f"{JOINED}.detach()"},
    "No gradient flows at all: do not detach the result or go through lists.",
)
known.edit(
    "ids_shortened",
    {PLACE: f"{PLACE}\n    ids.pop(place)"},
    "You change the list of ids that you were given.",
)
known.edit(
    "overwritten_in_place",
    {PLACE: f"{PLACE}\n    with torch.no_grad():\n        embeddings[place] = image[0]"},
    "You write into the embeddings that you were given.",
)
known.edit(
    "short_images_refused",
    {"ids.count(image_id) != 1": "ids.count(image_id) != 1 or len(image) < 2"},
    "You refuse an image of one patch. It is one like any other.",
)
known.asserted()


def text_with(draw: Generator, time: int, place: int) -> list[int]:
    """Ids that are drawn from 4 to 20, with 3, which no other is, at one place."""
    ids: list[int] = torch.randint(4, 21, (time,), generator=draw).tolist()
    ids[place] = 3
    return ids


def drawn(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    time, patches = randint(draw, 7, 9), randint(draw, 3, 4)
    return {
        "embeddings": randn(draw, time, 5, dtype=dtype),
        "ids": text_with(draw, time, randint(draw, 1, 2)),
        "image": randn(draw, patches, 5, dtype=dtype),
        "image_id": 3,
    }


def at(place: int, patches: int = 3, time: int = 5) -> Arguments:
    return {
        "embeddings": torch.arange(2.0 * time).reshape(time, 2),
        "ids": [3 if number == place else 10 + number for number in range(time)],
        "image": 100 + torch.arange(2.0 * patches).reshape(patches, 2),
        "image_id": 3,
    }


def of_dtypes(draw: Generator, text: torch.dtype, image: torch.dtype) -> Arguments:
    made = drawn(draw, torch.float64)
    return made | {"embeddings": made["embeddings"].to(text), "image": made["image"].to(image)}


def drawn_turned(draw: Generator) -> Arguments:
    return drawn(draw) | {"image": randn(draw, 5, 3).T}


def drawn_doubled(draw: Generator) -> Arguments:
    made = drawn(draw)
    made["ids"][-1] = 3
    return made


def longer(draw: Generator) -> Arguments:
    made = drawn(draw)
    return made | {"ids": [*made["ids"], 8]}


MAIN = "The patches stand where their token stood"

EXERCISE = Exercise(
    reference=frontier.splice_image,
    points=3,
    cases=(
        Case("in the middle", given(**at(2)), visible=True),
        Case("drawn", drawn),
        Case("longer image", given(**at(1, patches=6)), visible=True),
        Case("longer image, drawn", lambda draw: drawn(draw) | {"image": randn(draw, 9, 5)}),
        Case("in front", given(**at(0)), visible=True),
        Case("at the end", given(**at(4)), visible=True),
        Case("alone", given(**at(0, time=1)), visible=True),
        Case("at an end, drawn", lambda draw: drawn(draw) | {"ids": text_with(draw, 6, -randint(draw, 0, 1)),
                                                             "embeddings": randn(draw, 6, 5)}),
        Case("one patch", given(**at(1, patches=1)), visible=True),
        Case("narrower image numbers", lambda draw: of_dtypes(draw, torch.float64, torch.float32), visible=True),
        Case("narrower text numbers", lambda draw: of_dtypes(draw, torch.float32, torch.float64), visible=True),
        Case("text of half numbers", lambda draw: of_dtypes(draw, torch.float16, torch.float32), visible=True),
        Case("half numbers", lambda draw: of_dtypes(draw, torch.bfloat16, torch.float32)),
        Case("turned image", drawn_turned, visible=True),
        Case("gradients", lambda draw: drawn(draw, torch.float64), visible=True, gradients=("embeddings", "image")),
        Case("gradients, drawn", drawn, gradients=("embeddings", "image")),
        Case("no placeholder", given(**at(2) | {"image_id": 4}), visible=True),
        Case("two placeholders", given(**at(2) | {"ids": [10, 3, 12, 3, 14]}), visible=True),
        Case("two placeholders, drawn", drawn_doubled),
        Case("lengths differ", given(**at(2) | {"ids": [10, 11, 3, 13]}), visible=True),
        Case("lengths differ, drawn", longer),
        Case("widths differ", given(**at(2) | {"image": torch.ones(3, 4)}), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("in the middle", "drawn", "longer image", "longer image, drawn"),
            "The rows before the placeholder, then all patches in order, then the rows behind it: time - 1 + patches "
            "rows.",
            weight=3,
        ),
        Property(
            "Any place and any number of patches will do",
            ("in front", "at the end", "alone", "at an end, drawn", "one patch"),
            "Try a placeholder in front, at the end and alone, and an image of one patch.",
        ),
        Property(
            "The result has the dtype of the text",
            (
                "narrower image numbers", "narrower text numbers", "text of half numbers", "half numbers",
                "turned image",
            ),
            "Bring the patches to embeddings.dtype before you join.",
            observe=observe.dtype,
            needs=MAIN,
        ),
        Property(
            "Gradients reach text and image",
            ("gradients", "gradients, drawn"),
            "Join with torch.cat; a tensor that is filled under no_grad, or made of lists, carries no gradient.",
            observe=observe.gradients,
            needs=MAIN,
        ),
        Property(
            "The arguments are left unchanged",
            ("in the middle", "drawn"),
            "Join new tensors: embeddings and ids must be as they were.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "What does not fit together is refused with a ValueError",
            (
                "in the middle", "drawn", "one patch", "no placeholder", "two placeholders", "two placeholders, drawn",
                "lengths differ", "lengths differ, drawn", "widths differ",
            ),
            "Raise ValueError unless image_id stands exactly once in ids, ids and embeddings are equally long, and "
            "image and embeddings equally wide.",
            weight=2,
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("masked_scatter",),
)  # fmt: skip

"""splice_image: an image in the place of a token."""

from functools import partial

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint, randn
from autograder.exercises.spec import Case, exercise, leaves_arguments, passes_gradients, refuses, requires, shown
from llm_course.checking import observe
from solutions import frontier


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


@argument_maker
def of_dtypes(draw: Generator, text: torch.dtype, image: torch.dtype) -> Arguments:
    arguments = drawn(draw, torch.float64)
    return arguments | {"embeddings": arguments["embeddings"].to(text), "image": arguments["image"].to(image)}


def drawn_doubled(draw: Generator) -> Arguments:
    made = drawn(draw)
    made["ids"][-1] = 3
    return made


MAIN = "The patches stand where their token stood"

EXERCISE = exercise(
    frontier.splice_image,
    __file__,
    requires(
        MAIN,
        shown("in the middle", **at(2)),
        Case("drawn", drawn),
        advice="The rows before the placeholder, then all patches in order, then the rows behind it: time - 1 + "
        "patches rows.",
        fails="Your rows are not the text with the patches in the place of their token.",
        weight=3,
    ),
    requires(
        "Any place and any number of patches will do",
        shown("in front", **at(0)),
        shown("alone", **at(0, time=1)),
        Case(
            "at an end, drawn",
            lambda draw: (
                drawn(draw) | {"ids": text_with(draw, 6, -randint(draw, 0, 1)), "embeddings": randn(draw, 6, 5)}
            ),
        ),
        shown("one patch", **at(1, patches=1)),
        advice="Try a placeholder in front, at the end and alone, and an image of one patch.",
        fails="With image_id at an end or alone, or with one patch, your rows are not the text with all patches in its "
        "place.",
    ),
    requires(
        "The result has the dtype of the text",
        Case("narrower image numbers", of_dtypes(torch.float64, torch.float32), visible=True),
        Case("narrower text numbers", of_dtypes(torch.float32, torch.float64), visible=True),
        Case("text of half numbers", of_dtypes(torch.float16, torch.float32), visible=True),
        Case("half numbers", of_dtypes(torch.bfloat16, torch.float32)),
        Case("turned image", lambda draw: drawn(draw) | {"image": randn(draw, 5, 3).T}, visible=True),
        advice="Bring the patches to embeddings.dtype before you join.",
        fails="Your result does not have the dtype of the text.",
        observe=observe.dtype,
        needs=MAIN,
    ),
    passes_gradients(
        "Gradients reach text and image",
        Case("gradients", partial(drawn, dtype=torch.float64), visible=True, gradients=("embeddings", "image")),
        Case("gradients, drawn", drawn, gradients=("embeddings", "image")),
        advice="Join with torch.cat; a tensor that is filled under no_grad, or made of lists, carries no gradient.",
        fails="The gradient with respect to embeddings or image is missing, or is not the result's derivative.",
        needs=MAIN,
    ),
    leaves_arguments(
        ("in the middle", "drawn"),
        advice="Join new tensors: embeddings and ids must be as they were.",
        fails="You change an argument that you were given.",
    ),
    refuses(
        ("one patch",),
        shown("no placeholder", **at(2) | {"image_id": 4}),
        shown("two placeholders", **at(2) | {"ids": [10, 3, 12, 3, 14]}),
        Case("two placeholders, drawn", drawn_doubled),
        shown("lengths differ", **at(2) | {"ids": [10, 11, 3, 13]}),
        shown("widths differ", **at(2) | {"image": torch.ones(3, 4)}),
        advice="Raise ValueError unless image_id stands exactly once in ids, ids and embeddings are equally long, and "
        "image and embeddings equally wide.",
        name="Arguments that do not fit together raise ValueError",
        weight=2,
        fails="You accept arguments that do not fit together, or raise something other than ValueError.",
    ),
    points=3,
    shortcuts=("masked_scatter",),
)

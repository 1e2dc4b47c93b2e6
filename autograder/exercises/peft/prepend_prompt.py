"""prepend_prompt: learned rows in front of a text."""

import functools
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, argument_maker, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, requires
from llm_course.checking import observe
from solutions import peft


@argument_maker
def drawn_batch(
    draw: Generator,
    texts: int,
    time: int,
    rows: int,
    width: int,
    *,
    boolean: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Arguments:
    lengths = torch.randint(1, time, (texts, 1), generator=draw)
    mask = torch.arange(time) < lengths
    mask[0] = mask[0].flip(0)  # padded on the left
    return {
        "embeddings": randn(draw, texts, time, width, dtype=dtype),
        "prompt": randn(draw, rows, width),
        "mask": mask if boolean else mask.long(),
        "labels": torch.randint(0, 50, (texts, time), generator=draw),
    }


def two_texts(draw: Generator) -> Arguments:
    """Two texts of four tokens, three numbers each, and a prompt of two rows."""
    return {
        "embeddings": torch.arange(1.0, 25.0).reshape(2, 4, 3),
        "prompt": torch.tensor([[100.0, 200.0, 300.0], [400.0, 500.0, 600.0]]),
        "mask": torch.tensor([[0, 1, 1, 1], [1, 1, 0, 0]]),
        "labels": torch.tensor([[7, 8, 9, 10], [11, 12, 13, 14]]),
    }


@argument_maker
def with_other(draw: Generator, name: str, make: Callable[[Tensor], Tensor]) -> Arguments:
    found = drawn_batch(2, 4, 3, 5)(draw)
    return found | {name: make(found[name])}


GROWN = ("two texts", "three texts", "one text")
EMBEDDINGS, MASK, LABELS = (functools.partial(observe.results, positions=(number,)) for number in range(3))

EXERCISE = exercise(
    peft.prepend_prompt,
    __file__,
    requires(
        "Each text begins with the rows of the prompt, and its own rows follow",
        Case("two texts", two_texts, visible=True),
        Case("three texts", drawn_batch(3, 6, 2, 5)),
        Case("one text", drawn_batch(1, 5, 3, 4), visible=True),
        advice="The prompt is [p, d] and the embeddings are [batch, time, d]: which dimension grows?",
        weight=2,
        observe=EMBEDDINGS,
        part=0,
        fails="Your texts do not begin with the rows of the prompt, or their own rows do not follow.",
    ),
    requires(
        "The mask grows by ones at the front",
        GROWN,
        advice="The model must attend to the prompt: its positions are real ones.",
        observe=MASK,
        part=1,
        fails="Your mask does not grow by ones at the front.",
    ),
    requires(
        "The labels grow by -100 at the front",
        GROWN,
        advice="Nothing is to be predicted at the prompt. Which label does a cross-entropy loss ignore?",
        observe=LABELS,
        part=2,
        fails="Your labels do not grow by -100 at the front.",
    ),
    passes_gradients(
        "Gradients reach the prompt and the embeddings",
        Case("gradients", drawn_batch(2, 4, 3, 5), visible=True, gradients=("embeddings", "prompt")),
        Case("gradients of three texts", drawn_batch(3, 5, 2, 4), gradients=("embeddings", "prompt")),
        advice="The prompt is what is trained, and all texts share it: its gradients add up.",
        part=0,
        fails="The gradient with respect to prompt or embeddings is missing, or is not the sum over its copies.",
    ),
    keeps_dtype(
        Case("Boolean mask", drawn_batch(2, 4, 3, 2, boolean=True), visible=True),
        Case("Boolean mask, drawn", drawn_batch(3, 5, 2, 4, boolean=True)),
        Case("half precision", drawn_batch(2, 4, 3, 2, dtype=torch.float16), visible=True),
        advice="`mask.new_ones` and `labels.new_full` take the dtype along; the prompt is brought to that of the "
        "embeddings.",
        name="Embeddings, mask and labels keep their dtypes, and the arguments are left unchanged",
        fails="You lose the dtype of embeddings, mask or labels, or change an argument.",
    ),
    requires(
        "Shapes that do not fit raise ValueError",
        Case("prompt of another width", with_other("prompt", lambda prompt: prompt[:, :-1]), visible=True),
        Case("mask of another length", with_other("mask", lambda mask: mask[:, :-1]), visible=True),
        Case("mask of another batch", with_other("mask", lambda mask: mask[:1]), visible=True),
        Case("labels of another length", with_other("labels", lambda labels: labels[:, 1:]), visible=True),
        Case("labels of another batch", with_other("labels", lambda labels: labels[:1])),
        ("two texts",),
        advice="Compare the width of the prompt, and batch and time of mask and labels, with those of the embeddings, "
        "and raise ValueError.",
        observe=observe.refusal,
        part=0,
        needs="Each text begins with the rows of the prompt, and its own rows follow",
        fails="You do not raise ValueError for shapes that do not fit, or raise it for fitting ones.",
    ),
    points=4,
)

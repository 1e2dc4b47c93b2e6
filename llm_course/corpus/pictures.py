"""Pictures of drawn things, and what is to be said of them: what chapter 18 trains a projector on.

A picture is a grid of cells. A cell holds one thing or nothing, drawn at a place and in a size of its own, on a ground
that is a little noisy. The caption names the things in reading order. The words are words of `stories`.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from llm_course.corpus import words

CELL, CELLS = 12, 3
"""Pixels along a cell, cells along a picture."""
SIDE = CELL * CELLS
COLORS = {
    "red": (0.85, 0.15, 0.15), "green": (0.15, 0.65, 0.25), "blue": (0.15, 0.3, 0.85), "yellow": (0.95, 0.85, 0.1),
    "black": (0.05, 0.05, 0.05), "white": (1.0, 1.0, 1.0),
}  # fmt: skip
GROUND = 0.6
NOISE = 0.04
# Across and down from the middle, in units of the thing's size; each is True inside the thing.
SHAPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "ball": lambda x, y: x**2 + y**2 <= 1,
    "box": lambda x, y: torch.maximum(x.abs(), y.abs()) <= 0.85,
    "ring": lambda x, y: (x**2 + y**2 <= 1) & (x**2 + y**2 >= 0.36),
    "kite": lambda x, y: x.abs() + y.abs() <= 1.1,
    "hat": lambda x, y: (y.abs() <= 0.9) & (2 * x.abs() <= y + 0.9),
}
HELD_OUT = (("red", "kite"), ("blue", "ring"), ("green", "hat"), ("yellow", "ball"), ("black", "box"))
"""Color and shape, each shown in training, never together."""
Thing = tuple[str, str]


@dataclass(frozen=True)
class Picture:
    """`pixels` is Tensor[3, SIDE, SIDE], from 0 to 1; `things` are in reading order."""

    pixels: Tensor
    things: tuple[Thing, ...]

    @property
    def caption(self) -> str:
        """Such as "a red ball, a blue box and a green hat"."""
        named = [f"a {color} {shape}" for color, shape in self.things]
        return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def every_thing() -> list[Thing]:
    return [(color, shape) for color in COLORS for shape in SHAPES]


def draw_pictures(count: int, seed: int, *, held_out: bool = False, shift: float = 1.0) -> list[Picture]:
    """Pictures of one to three things. With `held_out`, one of them is a thing that training never shows.

    `shift` is how many pixels a thing may lie off the middle of its cell, along each side.
    """
    rng = random.Random(f"pictures {seed} {held_out}")
    return [draw_picture(rng, held_out=held_out, shift=shift) for _ in range(count)]


def draw_picture(rng: random.Random, *, held_out: bool = False, shift: float = 1.0) -> Picture:
    known = [thing for thing in every_thing() if thing not in HELD_OUT]
    things = [rng.choice(known) for _ in range(rng.randint(1, 3))]
    if held_out:
        things[rng.randrange(len(things))] = rng.choice(HELD_OUT)
    cells = sorted(rng.sample(range(CELLS**2), len(things)))
    noise = torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(rng.getrandbits(32)))
    pixels = torch.full((3, SIDE, SIDE), GROUND)
    for (color, shape), cell in zip(things, cells, strict=True):
        middle = [CELL * (place + 0.5) + rng.uniform(-shift, shift) for place in divmod(cell, CELLS)]
        inside = SHAPES[shape](*offsets(middle, rng.uniform(3.6, 4.8)))
        pixels[:, inside] = torch.tensor(COLORS[color])[:, None]
    return Picture((pixels + NOISE * noise).clamp(0, 1), tuple(things))


def offsets(middle: list[float], size: float) -> tuple[Tensor, Tensor]:
    """How far across and down each pixel lies from a middle (row, column), in units of `size`."""
    down, across = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    return (across - middle[1]) / size, (down - middle[0]) / size


def question(rng: random.Random) -> str:
    """What stands behind a picture, for the decoder to go on."""
    return f"{rng.choice(words.GIRLS + words.BOYS)} has"

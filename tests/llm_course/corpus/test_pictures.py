"""Pictures are what their captions say, and some things are kept out of training."""

import random

import torch

from llm_course.corpus import pictures


def test_pictures_are_drawn_as_asked_and_drawn_again_alike() -> None:
    drawn = pictures.draw_pictures(50, seed=1)
    again = pictures.draw_pictures(50, seed=1)
    assert all(torch.equal(one.pixels, other.pixels) for one, other in zip(drawn, again, strict=True))
    assert {len(one.things) for one in drawn} == {1, 2, 3}
    assert all(one.pixels.shape == (3, pictures.SIDE, pictures.SIDE) for one in drawn)
    assert all(one.pixels.min() >= 0 and one.pixels.max() <= 1 for one in drawn)


def test_captions_name_the_things_in_order() -> None:
    things = (("red", "ball"), ("blue", "box"), ("white", "hat"))
    blank = torch.zeros(3, 1, 1)
    assert pictures.Picture(blank, things).caption == "a red ball, a blue box and a white hat"
    assert pictures.Picture(blank, things[:2]).caption == "a red ball and a blue box"
    assert pictures.Picture(blank, things[:1]).caption == "a red ball"


def test_things_that_are_held_out_are_only_shown_when_asked_for() -> None:
    known = {thing for one in pictures.draw_pictures(300, seed=2) for thing in one.things}
    assert known == set(pictures.every_thing()) - set(pictures.HELD_OUT)
    for one in pictures.draw_pictures(50, seed=2, held_out=True):
        assert sum(thing in pictures.HELD_OUT for thing in one.things) == 1


def test_a_thing_has_its_color_where_it_is_drawn() -> None:
    rng = random.Random(3)
    for _ in range(20):
        one = pictures.draw_picture(rng)
        covered = [
            (one.pixels - torch.tensor(pictures.COLORS[color])[:, None, None]).abs().amax(0) < 0.3
            for color, _ in one.things
        ]
        assert all(int(area.sum()) > 20 for area in covered)

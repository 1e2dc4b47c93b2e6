"""Training several models at once: two processes, one thread each.

This is no part of `__main__` because a new process could not import it from there.
"""

import multiprocessing
import os
import threading
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import torch

from llm_course.training.recipes import LANES, RECIPES, Workshop, make_decoder_tokenizer


def end_with_parent() -> None:
    """Let this process end when the one that started it is killed: a second run must not meet the first one's lanes."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def run_lane(shop: Workshop, names: Iterable[str]) -> None:
    """Train models one after another."""
    # With one thread and one seed, sums are added in one order and two runs give the same weights.
    torch.set_num_threads(1)
    for name in names:
        RECIPES[name](shop)


def train(shop: Workshop, names: Iterable[str]) -> None:
    """Train the models in `names`, those of the two lanes side by side."""
    names = set(names)
    lanes = [[name for name in lane if name in names] for lane in LANES]
    if "stories" in names:
        make_decoder_tokenizer(shop)
    with ProcessPoolExecutor(len(lanes), multiprocessing.get_context("spawn"), end_with_parent) as pool:
        for lane in [pool.submit(run_lane, shop, lane) for lane in lanes if lane]:
            lane.result()

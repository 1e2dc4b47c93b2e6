"""Damaged notebooks: a seeded mutation of a right submission, laid into a folder as it may arrive."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

Notebook = dict[str, Any]

ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, float("nan"), 10**400, "", "\ud800", "\0", "x" * 5000, [], {}, [[]], {"": None},
    "causal_mask", ["a", 1], {"nbgrader": {}}, "raw", "code", 4.5,
)  # fmt: skip


def cut_short(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def flip_bits(data: bytes, random: Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 100))):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def lose_a_piece(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data))
    return data[:start] + data[start + random.choice((1, 2, 50, 3000)) :]


def repeat_a_piece(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data))
    return data[: start + 200] + data[start:]


def insert_noise(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data))
    return data[:start] + random.randbytes(random.choice((1, 4, 1000))) + data[start:]


def encode_otherwise(data: bytes, random: Random) -> bytes:
    text = data.decode() + " é漢🙂"
    encoding = random.choice(("utf-16", "utf-32", "utf-8-sig", "latin-1", "cp037", "utf-7", "shift_jis", "ascii"))
    return text.encode(encoding, "replace")


def change_line_ends(data: bytes, random: Random) -> bytes:
    return data.replace(b", ", random.choice((b",\r\n", b",\r", b",\t\0", b",\x0b")))


def replace_by_noise(data: bytes, random: Random) -> bytes:
    return random.randbytes(random.choice((0, 1, 3, 1000)))


def replace_by_other_json(data: bytes, random: Random) -> bytes:
    return json.dumps(random.choice(ODD_VALUES)).encode()


def nest(data: bytes, random: Random) -> bytes:
    depth = random.choice((50, 200, 400, 480, 500, 900, 1100, 100_000))
    notebook = json.loads(data)
    place = random.choice(("metadata", "cell", "nbgrader", "source"))
    cell = random.choice([cell for cell in notebook["cells"] if "nbgrader" in cell["metadata"]])
    target = {"metadata": notebook["metadata"], "cell": cell, "nbgrader": cell["metadata"]["nbgrader"], "source": cell}
    target[place]["source" if place == "source" else "deep"] = "NESTED"
    return json.dumps(notebook).encode().replace(b'"NESTED"', b'{"a":' * depth + b"1" + b"}" * depth)


def grow(data: bytes, random: Random) -> bytes:
    notebook = json.loads(data)
    kind = random.choice(("cells", "source", "output", "whole"))
    if kind == "cells":
        notebook["cells"] *= 300
    if kind == "source":
        random.choice(notebook["cells"])["source"] = "# " + "x" * (2 << 20)
    if kind == "output":
        random.choice(notebook["cells"])["outputs"] = [{"output_type": "stream", "text": "x" * (4 << 20)}]
    return json.dumps(notebook).encode() + (b" " * (21 << 20) if kind == "whole" else b"")


def change_values(data: bytes, random: Random) -> bytes:
    """Replace values anywhere in the tree by values of other types, or remove them."""
    notebook = json.loads(data)
    for _ in range(random.randrange(1, 6)):
        parent = random.choice(_containers(notebook))
        key = random.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        if random.random() < 0.2:
            del parent[key]
        else:
            parent[key] = copy.deepcopy(random.choice(ODD_VALUES))
    return json.dumps(notebook).encode()


def mix_cells(data: bytes, random: Random) -> bytes:
    """Cells in another order, twice, without their ids or with those of others."""
    notebook = json.loads(data)
    cells = notebook["cells"]
    marked = [cell for cell in cells if "nbgrader" in cell["metadata"]]
    for _ in range(random.randrange(1, 5)):
        change = random.choice(("shuffle", "double", "swap", "forget", "retype", "lose"))
        if change == "shuffle":
            random.shuffle(cells)
        if change == "double":
            cells.insert(random.randrange(len(cells)), copy.deepcopy(random.choice(cells)))
        if change == "swap":
            one, other = random.sample(marked, 2)
            one["metadata"], other["metadata"] = other["metadata"], one["metadata"]
        if change == "forget":
            random.choice(marked)["metadata"] = {}
        if change == "retype":
            random.choice(cells)["cell_type"] = random.choice(("markdown", "raw", "heading", "code", ""))
        if change == "lose":
            cells.pop(random.randrange(len(cells)))
    return json.dumps(notebook).encode()


def claim_another_format(data: bytes, random: Random) -> bytes:
    notebook = json.loads(data)
    notebook["nbformat"] = random.choice((1, 2, 3, 5, 99, -1, "4", None))
    notebook["nbformat_minor"] = random.choice((0, 5, 99, None, "x"))
    if random.random() < 0.5:
        notebook["worksheets"] = [{"cells": notebook.pop("cells")}]
    return json.dumps(notebook).encode()


def double_a_key(data: bytes, random: Random) -> bytes:
    key = random.choice((b'"cells"', b'"metadata"', b'"source"', b'"nbgrader"', b'"grade_id"'))
    return data.replace(key + b":", key + b": [], " + key + b":", random.choice((1, -1)))


def _containers(tree: Any) -> list[Any]:
    """All dicts and lists of a tree that hold something."""
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    inner = [container for child in children for container in _containers(child)]
    return [tree, *inner] if children else inner


CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    cut_short, flip_bits, lose_a_piece, repeat_a_piece, insert_noise, encode_otherwise, change_line_ends,
    replace_by_noise, replace_by_other_json, nest, grow, change_values, change_values, mix_cells, mix_cells,
    claim_another_format, double_a_key,
)  # fmt: skip
NAMES = ("{0}.IPYNB", "{0} (1).ipynb", "{0}.ipynb.txt", " {0}.ipynb", "{0}.json", "Untitled.ipynb", "{0}\u200b.ipynb")


def lay(folder: Path, assignment: str, data: bytes, random: Random) -> str:
    """Lay a mutation of a notebook into `folder`. Returns what was done."""
    folder.mkdir(parents=True)
    change = random.choice(CHANGES)
    name, done = f"{assignment}.ipynb", change.__name__
    if random.random() < 0.06:
        name, done = random.choice(NAMES).format(assignment), "rename"
    if random.random() < 0.04:
        (folder / name).symlink_to(random.choice(("/dev/zero", "/etc/hostname", "nowhere", name, "../../..")))
        return "link"
    content = data if done == "rename" else change(data, random)
    (folder / name).write_bytes(content)
    return done

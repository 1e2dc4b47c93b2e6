"""Right alternatives of 18_frontier."""

import json
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.banks.right import Alternatives


def patches_by_slices(image: Tensor, patch: int) -> Tensor:
    if patch <= 0 or image.shape[1] % patch != 0 or image.shape[2] % patch != 0:
        raise ValueError("no such patches")
    rows = []
    for top in range(0, image.shape[1], patch):
        for left in range(0, image.shape[2], patch):
            rows.append(image[:, top : top + patch, left : left + patch].flatten())
    return torch.stack(rows)


def patches_by_windows(image: Tensor, patch: int) -> Tensor:
    if patch < 1:
        raise ValueError("no such patch")
    if any(side % patch for side in image.shape[1:]):
        raise ValueError("it does not divide")
    windows = image.unfold(1, patch, patch).unfold(2, patch, patch)
    return windows.movedim(0, 2).flatten(2).flatten(0, 1)


def patches_by_splitting(image: Tensor, patch: int) -> Tensor:
    if patch < 1 or image.shape[-1] % patch or image.shape[-2] % patch:
        raise ValueError("no")
    return torch.cat([
        square.reshape(1, -1) for strip in image.split(patch, dim=1) for square in strip.split(patch, dim=2)
    ])  # fmt: skip


def image_by_joining(patches: Tensor, channels: int, height: int, width: int, patch: int) -> Tensor:
    if patch < 1 or height % patch or width % patch:
        raise ValueError("no such image")
    across = width // patch
    if tuple(patches.shape) != (height // patch * across, channels * patch**2):
        raise ValueError("no such patches")
    squares = [row.reshape(channels, patch, patch) for row in patches]
    strips = [torch.cat(squares[first : first + across], dim=2) for first in range(0, len(squares), across)]
    return torch.cat(strips, dim=1)


def image_by_filling(patches: Tensor, channels: int, height: int, width: int, patch: int) -> Tensor:
    if patch <= 0 or height % patch != 0 or width % patch != 0:
        raise ValueError("no such image")
    if len(patches) != (height // patch) * (width // patch) or patches.shape[1] != channels * patch * patch:
        raise ValueError("no such patches")
    image = patches.new_zeros(channels, height, width)
    for number, row in enumerate(patches):
        top, left = number // (width // patch) * patch, number % (width // patch) * patch
        image[:, top : top + patch, left : left + patch] = row.reshape(channels, patch, patch)
    return image


def spliced_row_by_row(embeddings: Tensor, ids: list[int], image: Tensor, image_id: int) -> Tensor:
    if len(ids) != embeddings.shape[0] or image.shape[1] != embeddings.shape[1]:
        raise ValueError("they do not fit")
    if sum(token == image_id for token in ids) != 1:
        raise ValueError("not one image")
    rows: list[Tensor] = []
    for token, row in zip(ids, embeddings, strict=True):
        rows.extend(image.to(row.dtype) if token == image_id else [row])
    return torch.stack(rows)


def spliced_by_mask(embeddings: Tensor, ids: list[int], image: Tensor, image_id: int) -> Tensor:
    time, width = embeddings.shape
    places = [place for place, token in enumerate(ids) if token == image_id]
    if len(ids) != time or len(places) != 1 or image.shape[1] != width:
        raise ValueError("no")
    start, stop = places[0], places[0] + len(image)
    result = embeddings.new_empty(time - 1 + len(image), width)
    result[:start] = embeddings[:start]
    result[start:stop] = image.type_as(embeddings)
    result[stop:] = embeddings[start + 1 :]
    return result


def loop_with_counter(replies: list[str], tools: dict[str, Callable[..., Any]], max_steps: int) -> list[dict[str, Any]]:
    if max_steps < 0:
        raise ValueError("fewer than no steps")
    messages: list[dict[str, Any]] = []
    step = 0
    while step < max_steps and step < len(replies):
        reply = replies[step]
        step += 1
        messages.append({"role": "assistant", "content": reply})
        if reply.strip()[:1] != "{":
            return messages
        try:
            parsed = json.loads(reply)
        except ValueError as error:
            messages.append({"role": "tool", "content": f"error: this is not JSON: {error}"})
            continue
        if "tool" not in parsed:
            return messages
        name, arguments = parsed["tool"], parsed.get("arguments", {})
        if not isinstance(name, str) or name not in tools:
            messages.append({"role": "tool", "content": f"error: no tool {name!r}, only {', '.join(tools)}"})
        elif not isinstance(arguments, dict):
            messages.append({"role": "tool", "content": "error: arguments must be an object"})
        else:
            try:
                result = tools[name](**arguments)
            except Exception as error:
                messages.append({"role": "tool", "content": f"error: {error!r}"})
            else:
                messages.append({"role": "tool", "content": str(result)})
    return messages


def loop_with_helper(replies: list[str], tools: dict[str, Callable[..., Any]], max_steps: int) -> list[dict[str, Any]]:
    def carried_out(reply: str) -> str | None:
        """What a call gives, None for a plain answer."""
        if not reply.lstrip().startswith("{"):
            return None
        try:
            match json.loads(reply):
                case {"tool": str(name), **rest} if name in tools:
                    return f"{tools[name](**rest.get('arguments', {}))}"
                case {"tool": _}:
                    return "error: there is no such tool"
                case _:
                    return None
        except Exception as error:
            return f"error\n{type(error)}"

    if max_steps < 0:
        raise ValueError("max_steps")
    said: list[dict[str, Any]] = []
    for _, reply in zip(range(max_steps), replies, strict=False):
        said.append({"role": "assistant", "content": reply})
        content = carried_out(reply)
        if content is None:
            break
        said.append({"role": "tool", "content": content})
    return said


def fitted_from_the_end(
    messages: list[dict[str, Any]], budget: int, count: Callable[[dict[str, Any]], int]
) -> list[dict[str, Any]]:
    groups: list[list[dict[str, Any]]] = []
    before = None
    for message in messages:
        role = message["role"]
        if role == "tool" and before == "call":
            groups[-1].append(message)
            continue
        groups.append([message])
        before = "call" if role == "assistant" else role
    costs = [sum(map(count, group)) for group in groups]
    system = [group[0]["role"] == "system" for group in groups]
    room = budget - sum(cost for cost, always in zip(costs, system, strict=True) if always)
    keep = list(system)
    ended = False
    for index in range(len(groups) - 1, -1, -1):
        if system[index] or ended:
            continue
        if costs[index] <= room:
            keep[index] = True
            room -= costs[index]
        else:
            ended = True
    newest = [index for index in range(len(groups)) if not system[index]][-1:]
    if room < 0 or any(not keep[index] for index in newest):
        raise ValueError("it does not fit")
    return [message for group, kept in zip(groups, keep, strict=True) if kept for message in group]


def fitted_by_dropping(
    messages: list[dict[str, Any]], budget: int, count: Callable[[dict[str, Any]], int]
) -> list[dict[str, Any]]:
    """Drops the oldest group until the rest fits."""
    kept = [dict(message) for message in messages]
    while sum(count(message) for message in kept) > budget:
        starts = [place for place, message in enumerate(kept) if message["role"] != "system"]
        if not starts:
            raise ValueError("the system messages do not fit")
        end = starts[0] + 1
        if kept[starts[0]]["role"] == "assistant":
            while end < len(kept) and kept[end]["role"] == "tool":
                end += 1
        del kept[starts[0] : end]
        if not any(message["role"] != "system" for message in kept):
            raise ValueError("the newest group does not fit")
    if budget < 0:
        raise ValueError("no budget")
    return kept


ALTERNATIVES: Alternatives = {
    "patchify": [patches_by_slices, patches_by_windows, patches_by_splitting],
    "unpatchify": [image_by_joining, image_by_filling],
    "splice_image": [spliced_row_by_row, spliced_by_mask],
    "run_tools": [loop_with_counter, loop_with_helper],
    "fit_messages": [fitted_from_the_end, fitted_by_dropping],
}

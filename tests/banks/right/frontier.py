"""Right alternatives of 18_frontier."""

import json
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def patchify_by_splitting(image: Tensor, patch: int) -> Tensor:
    if patch < 1 or image.shape[-1] % patch or image.shape[-2] % patch:
        raise ValueError("no")
    return torch.cat([
        square.reshape(1, -1) for strip in image.split(patch, dim=1) for square in strip.split(patch, dim=2)
    ])  # fmt: skip


def unpatchify_by_joining(patches: Tensor, channels: int, height: int, width: int, patch: int) -> Tensor:
    if patch < 1 or height % patch or width % patch:
        raise ValueError("no such image")
    across = width // patch
    if tuple(patches.shape) != (height // patch * across, channels * patch**2):
        raise ValueError("no such patches")
    squares = [row.reshape(channels, patch, patch) for row in patches]
    strips = [torch.cat(squares[first : first + across], dim=2) for first in range(0, len(squares), across)]
    return torch.cat(strips, dim=1)


def splice_image_row_by_row(embeddings: Tensor, ids: list[int], image: Tensor, image_id: int) -> Tensor:
    if len(ids) != embeddings.shape[0] or image.shape[1] != embeddings.shape[1]:
        raise ValueError("they do not fit")
    if sum(token == image_id for token in ids) != 1:
        raise ValueError("not one image")
    rows: list[Tensor] = []
    for token, row in zip(ids, embeddings, strict=True):
        rows.extend(image.to(row.dtype) if token == image_id else [row])
    return torch.stack(rows)


def run_tools_with_helper(
    replies: list[str], tools: dict[str, Callable[..., Any]], max_steps: int
) -> list[dict[str, Any]]:
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


def fit_messages_by_dropping(
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

"""The frontier: images for a decoder, and a model that acts.

Contents, in the order of the notebook:
    patchify          an image as a sequence of patches
    unpatchify        and back
    splice_image      patches in the place of one token
    run_tools         a tool loop that survives its own mistakes
    fit_messages      what stays of a history in a budget of tokens
"""

import json
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def patchify(image: Tensor, patch: int) -> Tensor:
    """Cut an image into square patches, and lay the numbers of each in a row.

    Patches come row by row of the image, from left to right. Within a patch,
    all numbers of the first channel come first, then those of the next; within
    a channel they come row by row.

    Args:
        image: Tensor[channels, height, width], of any dtype.
        patch: side of a patch in pixels.

    Returns:
        Tensor[patches, channels * patch * patch], of the same dtype.

    Raises:
        ValueError: if patch is below 1, or does not divide both height and
            width.

    Example:
        >>> patchify(torch.arange(8).reshape(1, 2, 4), patch=2)
        tensor([[0, 1, 4, 5],
                [2, 3, 6, 7]])

    Source: Dosovitskiy et al. 2020, section 3.1.
    """
    channels, height, width = image.shape
    if patch < 1 or height % patch or width % patch:
        raise ValueError(f"patches of side {patch} do not fill an image of {height} by {width} pixels")
    grid = image.reshape(channels, height // patch, patch, width // patch, patch)
    # From [channel, patch row, row, patch column, column]; both places of the patch go to the front.
    return grid.permute(1, 3, 0, 2, 4).reshape(-1, channels * patch * patch)


def unpatchify(
    patches: Tensor,
    channels: int,
    height: int,
    width: int,
    patch: int,
) -> Tensor:
    """Put an image together from its patches: the inverse of patchify.

    Args:
        patches: Tensor[patches, channels * patch * patch], as patchify gives
            them.
        channels: number of channels of the image.
        height: of the image in pixels.
        width: of the image in pixels.
        patch: side of a patch in pixels.

    Returns:
        Tensor[channels, height, width], of the same dtype.

    Raises:
        ValueError: if patch is below 1 or does not divide both height and
            width, or if the shape of patches is not the one that such an image
            has.

    Example:
        >>> unpatchify(
        ...     torch.tensor([[0, 1, 4, 5], [2, 3, 6, 7]]),
        ...     channels=1,
        ...     height=2,
        ...     width=4,
        ...     patch=2,
        ... )
        tensor([[[0, 1, 2, 3],
                 [4, 5, 6, 7]]])
    """
    if patch < 1 or height % patch or width % patch:
        raise ValueError(f"patches of side {patch} do not fill an image of {height} by {width} pixels")
    rows, columns = height // patch, width // patch
    if patches.shape != (rows * columns, channels * patch * patch):
        raise ValueError(f"patches of shape {tuple(patches.shape)} do not make such an image")
    grid = patches.reshape(rows, columns, channels, patch, patch)
    return grid.permute(2, 0, 3, 1, 4).reshape(channels, height, width)


def splice_image(
    embeddings: Tensor,
    ids: list[int],
    image: Tensor,
    image_id: int,
) -> Tensor:
    """Put an image into a text: the row of the one token that stands for it
    gives way to the rows of all its patches.

    Args:
        embeddings: Tensor[time, d], the rows of the text's tokens.
        ids: the text's tokens, as many as there are rows.
        image: Tensor[patches, d], the image's patches, already projected to the
            width of the text's rows. They take the dtype of embeddings.
        image_id: the token that stands for the image.

    Returns:
        Tensor[time - 1 + patches, d], a new tensor.

    Raises:
        ValueError: if image_id does not occur exactly once in ids, if ids and
            embeddings differ in length, or if image and embeddings differ in
            width.

    Example:
        >>> splice_image(
        ...     torch.tensor([[1.0], [2.0], [3.0]]),
        ...     [7, 0, 8],
        ...     torch.tensor([[5.0], [6.0]]),
        ...     image_id=0,
        ... )
        tensor([[1.],
                [5.],
                [6.],
                [3.]])

    Source: Liu et al. 2023, section 4.1.
    """
    if len(ids) != len(embeddings):
        raise ValueError(f"{len(ids)} tokens have {len(embeddings)} rows: each needs one")
    if ids.count(image_id) != 1:
        raise ValueError(f"the token {image_id} stands {ids.count(image_id)} times in the text, and must stand once")
    if image.shape[-1] != embeddings.shape[-1]:
        raise ValueError(f"patches {image.shape[-1]} wide do not fit between rows {embeddings.shape[-1]} wide")
    place = ids.index(image_id)
    return torch.cat([embeddings[:place], image.to(embeddings.dtype), embeddings[place + 1 :]])


def run_tools(
    replies: list[str],
    tools: dict[str, Callable[..., Any]],
    max_steps: int,
) -> list[dict[str, str]]:
    """Run the loop of an agent on what a model replies, step by step.

    Each reply is added as {"role": "assistant", "content": reply}. A reply that
    begins with a brace, leading white space ignored, is read as JSON. An object
    with "tool", a name, and "arguments", an object that may be missing, is a
    call: the tool is called once, with its arguments by keyword, and
    {"role": "tool", "content": str(result)} is added. Any other reply, a JSON
    object without "tool" among them, is a plain answer, and the loop ends with
    it.

    Whatever goes wrong in a call is told to the model and never raised: JSON
    that cannot be read, a tool that does not exist, arguments that are no
    object, a tool that raises. The content of the tool message then begins with
    "error", and the loop goes on.

    Args:
        replies: what the model says, in order; it may run out.
        tools: what the model may call, by name.
        max_steps: how many replies are taken at most. The tool of the last one
            is still called.

    Returns:
        The messages in order, a new list.

    Raises:
        ValueError: if max_steps is negative.

    Example:
        >>> replies = [
        ...     '{"tool": "add", "arguments": {"a": 2, "b": 3}}',
        ...     "It is 5.",
        ... ]
        >>> tools = {"add": lambda a, b: a + b}
        >>> for message in run_tools(replies, tools, max_steps=4):
        ...     print(message["role"], message["content"])
        assistant {"tool": "add", "arguments": {"a": 2, "b": 3}}
        tool 5
        assistant It is 5.

    Source: Yao et al. 2022; an error in place of a result is as in the Model
    Context Protocol.
    """
    if max_steps < 0:
        raise ValueError(f"an agent cannot take {max_steps} steps")
    messages: list[dict[str, str]] = []
    for reply in replies[:max_steps]:
        messages.append({"role": "assistant", "content": reply})
        if not reply.lstrip().startswith("{"):
            break
        try:
            call = json.loads(reply)
            if "tool" not in call:
                break
            content = str(tools[call["tool"]](**call.get("arguments", {})))
        except Exception as error:
            # All that fails in here was asked for by the model, so it is the model that must hear of it.
            content = f"error: {type(error).__name__}: {error}"
        messages.append({"role": "tool", "content": content})
    return messages


def fit_messages(
    messages: list[dict[str, Any]],
    budget: int,
    count: Callable[[dict[str, Any]], int],
) -> list[dict[str, Any]]:
    """Cut a history to a budget of tokens: all system messages stay, and as
    many of the newest groups as fit.

    An assistant message and the tool messages right behind it are one group: a
    result without its call, or a call without its result, would mean nothing.
    Every other message is a group of its own. A system message ends a group, so
    a tool message behind one is a group of its own. Groups are taken
    from the newest to the oldest. The first that does not fit ends this:
    everything older goes too, however small.

    Args:
        messages: the oldest first, each a dict of "role" ("system", "user",
            "assistant" or "tool") and "content".
        budget: how many tokens may stay.
        count: how many tokens a message takes.

    Returns:
        The messages that stay, in order, a new list.

    Raises:
        ValueError: if the system messages and the newest group do not fit into
            budget.

    Example:
        >>> history = [
        ...     {"role": "user", "content": "2 + 3?"},
        ...     {"role": "assistant", "content": "5"},
        ... ]
        >>> fit_messages(
        ...     history, budget=2, count=lambda message: len(message["content"])
        ... )
        [{'role': 'assistant', 'content': '5'}]
    """
    groups: list[list[int]] = []
    answering = False
    for place, message in enumerate(messages):
        if message["role"] == "tool" and answering:
            groups[-1].append(place)
        elif message["role"] != "system":
            groups.append([place])
        answering = message["role"] == "assistant" or (message["role"] == "tool" and answering)

    kept = [place for place, message in enumerate(messages) if message["role"] == "system"]
    left = budget - sum(count(messages[place]) for place in kept)
    sizes = [sum(count(messages[place]) for place in group) for group in groups]
    if left < sum(sizes[-1:]):
        raise ValueError(f"the system messages and the newest group do not fit into {budget} tokens")
    for group, size in zip(reversed(groups), reversed(sizes), strict=True):
        left -= size
        if left < 0:
            break
        kept += group
    return [messages[place] for place in sorted(kept)]

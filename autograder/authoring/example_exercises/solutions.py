"""The answers. Signature and docstring stand in exercises.md, too, with a stub for the body."""

from torch import Tensor


def double_largest(x: Tensor) -> Tensor:
    """Double the largest entry of each row.

    Args:
        x: Tensor[rows, columns], of any sign, without ties.

    Returns:
        Tensor[rows, columns], a new one: x stays as it is.
    """
    largest = x.argmax(dim=-1, keepdim=True)
    return x.scatter(-1, largest, 2 * x.gather(-1, largest))

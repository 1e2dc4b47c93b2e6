"""Which of some named functions torch runs in a block, seen by torch's own modes.

One mode sees calls from Python, the other the operations that they come down to, also from compiled code. Neither
sees other threads and processes, and code in the sandbox can switch both off: what they see is a sign, not a proof.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from torch.overrides import TorchFunctionMode

from llm_course.checking.invocation import OperationMode


@contextlib.contextmanager
def watch(names: frozenset[str], seen: set[str]) -> Iterator[None]:
    """Add to `seen` those of the names that torch runs in the block."""
    if not names:
        yield
        return
    with _Functions(names, seen), _Operations(names, seen):
        yield


class _Functions(TorchFunctionMode):
    def __init__(self, names: frozenset[str], seen: set[str]) -> None:
        super().__init__()
        self._names, self._seen = names, seen

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._seen |= self._names & {getattr(function, "__name__", "")}
        return function(*args, **(kwargs or {}))


class _Operations(OperationMode):
    def __init__(self, names: frozenset[str], seen: set[str]) -> None:
        super().__init__()
        self._names, self._seen = names, seen

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._seen |= self._names & {function.overloadpacket.__name__.lstrip("_")}
        return function(*args, **(kwargs or {}))

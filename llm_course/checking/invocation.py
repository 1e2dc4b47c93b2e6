"""Calling a function, and looking at all that the call asks for.

The same `invoke` runs a learner's function in the judge's sandbox and in the learner's own notebook, and on the
judge's side the reference and the known mistakes, so that all replies are comparable.
"""

import contextlib
import copy
import difflib
import linecache
import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from types import FrameType, FunctionType
from typing import Any

from llm_course.checking.binding import NoPlace, call_with
from llm_course.checking.calls import Call, Failure, Reply
from llm_course.checking.scripts import fixed_weighted_sum, run_script
from llm_course.checking.tensors import INSTALLED, Generator, NumPyNumber, Tensor, TorchDispatchMode, np, torch
from llm_course.checking.values import SCALARS, Tree, encode

GLOBAL_GENERATORS = frozenset({"random", "numpy.random", "torch.random"})
"""What a call that asks for `generators` says was changed, where the function drew from it or seeded it."""


def invoke(function: Callable[..., Any], call: Call, around: AbstractContextManager[Any] | None = None) -> Reply:
    """Call `function` on copies of the arguments and look at what the call asks for. Never raises an Exception.

    The function runs inside the context `around`, and nothing else does.
    """
    arguments = {name: _copied(value) for name, value in call.arguments.items()}
    inputs = _inputs(arguments, call.gradients)
    for tensor in inputs.values():
        tensor.requires_grad_()
    meter = LargestTensor() if call.measure else None
    states = generator_states() if call.generators else {}
    try:
        with _usual_settings(), meter or contextlib.nullcontext():
            with around or contextlib.nullcontext():
                value = _value(function, call, arguments)
            gradients = _gradients(value, inputs)
    except NoPlace:
        return Reply(failure=Failure("Parameters", ""))
    except (Exception, SystemExit) as error:
        return Reply(failure=describe(error, function))
    return Reply(
        value=value if call.repeat > 1 else _detached(value),
        changed=tuple(
            name
            for name, before in call.arguments.items()
            if not _unchanged(before, arguments[name]) or (call.new and not _is_new(value, arguments[name]))
        )
        + _used_since(states),
        gradients=gradients,
        largest=meter.largest if meter else None,
    )


@contextlib.contextmanager
def _usual_settings() -> Iterator[None]:
    """torch notes gradients, and its tensors are float32 where nothing else is said, whatever a cell has left open."""
    if not INSTALLED:
        yield
        return
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    # Switching it off takes longer than many a call.
    autocast = torch.autocast("cpu", enabled=False) if torch.is_autocast_enabled("cpu") else contextlib.nullcontext()
    try:
        with torch.enable_grad(), autocast:
            yield
    finally:
        torch.set_default_dtype(before)


def generator_states() -> dict[str, Any]:
    """What the global random generators would draw from, by the name of their module."""
    of_numpy: Any = np.random.get_state()
    return {
        "random": random.getstate(),
        "numpy.random": (of_numpy[1].tobytes(), *of_numpy[2:]),
        "torch.random": torch.get_rng_state().numpy().tobytes(),
    }


def _used_since(states: dict[str, Any]) -> tuple[str, ...]:
    """The global random generators that are in other states by now."""
    now = generator_states() if states else {}
    return tuple(name for name, state in states.items() if state != now[name])


def _value(function: Callable[..., Any], call: Call, arguments: dict[str, Any]) -> Any:
    if call.repeat > 1:
        once = replace(call, repeat=1)
        return [_detached(_value(function, once, arguments)) for _ in range(call.repeat)]
    result = call_with(function, arguments, call.parameters)
    return run_script(result, call.script) if call.script else result


def _inputs(arguments: dict[str, Any], names: tuple[str, ...]) -> dict[str, Tensor]:
    """The tensors of the named arguments; one in a dict is called `name[key]`."""
    found: dict[str, Tensor] = {}
    for name in names:
        value = arguments[name]
        found |= {f"{name}[{key}]": item for key, item in value.items()} if isinstance(value, dict) else {name: value}
    return found


def _copied(value: Any) -> Any:
    if isinstance(value, Generator):
        return Generator().manual_seed(value.initial_seed())
    if isinstance(value, Tensor):
        # A clone of a tensor with gaps would have none, and functions must do with both.
        return value.detach().clone() if value.is_contiguous() else _cloned_with_gaps(value.detach())
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    return copy.deepcopy(value)


def _cloned_with_gaps(tensor: Tensor) -> Tensor:
    """A copy that lies in memory as the tensor does. copy.deepcopy, which gives the same, takes four times as long."""
    storage = tensor.untyped_storage().clone()
    return tensor.new_empty(0).set_(storage, tensor.storage_offset(), tensor.shape, tensor.stride())


def _unchanged(before: Any, after: Any) -> bool:
    if isinstance(before, Tensor) and isinstance(after, Tensor):
        alike = before.dtype == after.dtype and before.stride() == after.stride()
        if alike and torch.equal(before, after):
            return True
    elif type(before) is type(after) is dict and before.keys() == after.keys():
        return all(_unchanged(item, after[key]) for key, item in before.items())
    # What else there is, a NaN among it, is compared as it would arrive.
    return encode(before) == _encode_plain(after)


def _is_new(value: Any, given: Any) -> bool:
    """Whether neither what is returned nor a part of a tuple is the list that was given, or has a tensor of it."""
    parts = value if isinstance(value, tuple) else (value,)
    handed_back = any(isinstance(part, list) and part is given for part in parts)
    return not handed_back and not _share_memory(given, value)


def _share_memory(one: Any, other: Any) -> bool:
    """Whether a tensor of one value lies where a tensor of the other does."""
    places = [
        {item.untyped_storage().data_ptr() for item in _tensors_in(value) if item.numel()} for value in (one, other)
    ]
    return not places[0].isdisjoint(places[1])


def _tensors_in(value: Any) -> list[Tensor]:
    """The tensors of a value, of lists, tuples and dicts too."""
    if isinstance(value, Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [tensor for part in parts for tensor in _tensors_in(part)]


def describe(error: BaseException, function: object) -> Failure:
    """The failure that an exception stands for, with the last line of the function's own module or notebook."""
    home = _globals_of(function)
    frames = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_globals is home]
    frame, line = frames[-1] if frames else (None, None)
    # A colon stands behind it in a sentence: its own would be a second one.
    source = linecache.getline(frame.f_code.co_filename, line).strip().rstrip(":") if frame and line else ""
    kind = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    said = str(error) or "it came without a message"
    text = said if kind is type(error) else f"{type(error).__name__}: {said}"
    if type(error) is NameError and frame:
        text += _near_name(str(error.name), [*frame.f_locals, *frame.f_globals])
    return Failure(kind.__name__, text[:500], line, source[:200], _helper(frame, function))


def _helper(frame: FrameType | None, function: object) -> str:
    """The function in which a frame is, if that stands in another cell than `function`, or nothing."""
    own = _own_function(function)
    if frame is None or own is None or frame.f_code.co_filename == own.__code__.co_filename:
        return ""
    # A comprehension has a frame of its own, which is called after the function that it stands in.
    name = frame.f_code.co_qualname.partition(".<locals>")[0].rpartition(".")[2]
    return name[:100] if name.isidentifier() else ""


def _near_name(name: str, known: list[str]) -> str:
    """What Python asks below a traceback, which is not part of what the exception says."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f". Did you mean {near[0]!r}?" if near else ""


def _globals_of(function: object) -> dict[str, Any] | None:
    """Where a function was written, or a class, which has no globals of its own but those of its methods."""
    own = _own_function(function)
    return own.__globals__ if own else None


def _own_function(function: object) -> FunctionType | None:
    """The function itself or, of a class, its first method."""
    found = [function, *(vars(function).values() if isinstance(function, type) else ())]
    return next((item for item in found if isinstance(item, FunctionType)), None)


def _encode_plain(value: Any) -> tuple[Tree, list[bytes]]:
    """Encode a value without the mark that its tensors require gradients."""
    return encode(_detached(value))


def _detached(value: Any) -> Any:
    if type(value) in SCALARS:
        return value
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, NumPyNumber):
        # A number is right or wrong whichever library it comes from.
        return value.item()
    if isinstance(value, (list, tuple)):
        if type(value) not in (list, tuple):
            return value
        return type(value)([item if type(item) in SCALARS else _detached(item) for item in value])
    if isinstance(value, dict):
        return {key: _detached(item) for key, item in value.items()}
    return value


def _gradients(value: Any, inputs: dict[str, Tensor]) -> dict[str, Tensor | None]:
    """Gradients of a fixed weighted sum of the outputs; None where no gradient flows."""
    if not inputs:
        return {}
    outputs = [item for item in (value if isinstance(value, (tuple, list)) else (value,)) if isinstance(item, Tensor)]
    outputs = [output for output in outputs if output.requires_grad]
    if not outputs:
        return dict.fromkeys(inputs)
    total = torch.stack([fixed_weighted_sum(output).double() for output in outputs]).sum()
    found = torch.autograd.grad(total, list(inputs.values()), allow_unused=True)
    return dict(zip(inputs, found, strict=True))


class OperationMode(TorchDispatchMode):
    """A mode that sees each operation, and that torch's compiler may look into.

    Without that permission torch loads its compiler at the first operation seen, for seconds.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


class LargestTensor(OperationMode):
    """Notes the number of elements of the largest tensor that an operation returns."""

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for item in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(item, Tensor):
                self.largest = max(self.largest, item.numel())
        return result

"""Small faults, made of a reference by rule: what the properties of an exercise are tested with.

A misunderstanding is written down because learners have it. A mutant has no hint; it only shows whether anybody looks:
a comparison, a sign or a number that is another, an axis, a check, a branch or a call that is gone, a result without
its dtype or its history, an argument that is changed. Each loses points, unless it is listed as equivalent to the
reference, below `# equivalent` in the exercise's Markdown.

`python -m autograder.authoring.mutants [TOPIC ...]` prints those that get full marks, in the notation of that list.
"""

import ast
import contextlib
import copy
import functools
import resource
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.exercises import assignments
from autograder.exercises.misunderstandings import without_docstrings
from autograder.exercises.spec import Exercise
from autograder.judging.judge import SHIPPED, Answer, judge, make_answer_key
from llm_course.checking.calls import Call, Failure, Reply
from llm_course.checking.invocation import invoke
from llm_course.checking.time_limit import OutOfTime, time_limit

OTHER_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
OTHER_OPERATOR: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
SECONDS = 5
"""That a call may take."""
MEMORY = 4 << 30
"""Bytes of the whole process while it calls a mutant."""
AXES = frozenset({"dim", "axis"})


@dataclass(frozen=True)
class Mutant:
    """A faulty implementation: what was changed, in words, and the code of the changed function if it has any."""

    change: str
    function: Callable[..., Any]
    text: str = ""


def mutants(exercise: Exercise) -> Iterator[Mutant]:
    """All mutants of an exercise's reference."""
    yield from _edited(exercise.reference)
    if not isinstance(exercise.reference, type):
        yield from _careless(exercise)


def _edited(reference: Callable[..., Any]) -> Iterator[Mutant]:
    tree = ast.parse(without_docstrings(reference))
    # What a message says is left alone.
    messages = {part for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    before = ast.unparse(tree)
    seen = {before}
    for node in ast.walk(tree):
        for other in _others(node) if node not in messages else ():
            # What the memo holds stands for the copy of a node.
            text = ast.unparse(copy.deepcopy(tree, {id(node): other}))
            if text not in seen:
                seen.add(text)
                yield Mutant(_first_difference(before, text), _compiled(reference, text), text)


def survivors(exercise: Exercise) -> list[Mutant]:
    """The mutants that get full marks and are not listed as equivalent."""
    found = []
    for mutant in mutants(exercise):
        if mutant.text in exercise.equivalent:
            continue
        with warnings.catch_warnings(action="ignore"):
            verdict = judge(exercise, _answer_in_time(mutant.function), SHIPPED)
        if verdict.fraction == 1:
            found.append(mutant)
    return found


def _answer_in_time(function: Callable[..., Any]) -> Answer:
    """A function as an answer. A changed loop may not end: what runs too long is not called again."""

    def answer(calls: Sequence[Call]) -> Iterator[Reply]:
        replies = [Reply(failure=Failure("Stopped", "it ran too long"))] * len(calls)
        with contextlib.suppress(OutOfTime), _bounded_memory():
            for number, call in enumerate(calls):
                replies[number] = invoke(function, call, time_limit(SECONDS))
        return iter(replies)

    return answer


@contextlib.contextmanager
def _bounded_memory() -> Iterator[None]:
    """A changed loop may also fill a list for as long as it is let: then it raises MemoryError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _others(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in OTHER_COMPARISON:
            yield _with(node, ops=[OTHER_COMPARISON[type(operator)]()])
        case ast.BinOp(op=operator) if type(operator) in OTHER_OPERATOR:
            yield _with(node, op=OTHER_OPERATOR[type(operator)]())
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return  # -1 as 1 is the same axis or place more often than not
        case ast.UnaryOp(op=ast.USub() | ast.Invert() | ast.Not(), operand=operand):
            yield operand
        case ast.keyword(arg=name, value=value) if name in AXES:
            is_zero = isinstance(value, ast.Constant) and value.value == 0
            yield _with(node, value=ast.UnaryOp(ast.USub(), ast.Constant(1)) if is_zero else ast.Constant(0))
        case ast.Constant(value=bool() as truth):
            yield _with(node, value=not truth)
        case ast.Constant(value=int() as number):
            yield _with(node, value=number + 1)
        case ast.If(body=[ast.Raise()]):
            yield _with(node, test=ast.Constant(False))
        case ast.If() | ast.IfExp():
            yield _with(node, test=ast.Constant(True))
            yield _with(node, test=ast.Constant(False))
        case ast.BoolOp(values=values):
            for left_out in values:
                kept = [value for value in values if value is not left_out]
                yield kept[0] if len(kept) == 1 else _with(node, values=kept)
        case ast.Call(func=ast.Attribute(value=value), args=[], keywords=[]):
            yield value


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    """A copy of a node with other fields."""
    other = copy.copy(node)
    vars(other).update(fields)
    return other


def _compiled(reference: Callable[..., Any], text: str) -> Callable[..., Any]:
    namespace = dict(vars(sys.modules[reference.__module__]))
    exec(compile(text, "<mutant>", "exec"), namespace)
    made: Callable[..., Any] = namespace[reference.__name__]
    return made


def _first_difference(before: str, after: str) -> str:
    """A change in the notation of a form: the first line that differs."""
    old, new = before.splitlines(), after.splitlines()
    for number, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            rest = f" (line {number + 1} and more)" if len(old) != len(new) else ""
            return f"`{one.strip()}` → `{other.strip()}`{rest}"
    return f"without `{old[len(new)].strip()}`"


def _careless(exercise: Exercise) -> Iterator[Mutant]:
    """Right values that come back otherwise, where an exercise has such values and asks for them."""
    reference, items = exercise.reference, make_answer_key(exercise, SHIPPED).items.values()
    # Without tensors among the arguments, no dtype is asked for, or one of its own, which has its property.
    if any(_has_decimals(item.expected.value) and _has_decimals(item.call.arguments) for item in items):
        yield Mutant("the result in another dtype", functools.partial(_after, reference, _in_other_dtype))
    if any(item.call.gradients for item in items):
        yield Mutant("the result without its history", functools.partial(_after, reference, Tensor.detach))
    if any(_has_decimals(item.call.arguments) or _has_lists(item.call.arguments) for item in items):
        yield Mutant("an argument changed", functools.partial(_changing, reference))


def _has_decimals(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.is_floating_point()
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return any(map(_has_decimals, parts))


def _has_lists(arguments: dict[str, Any]) -> bool:
    return any(isinstance(value, list) and value for value in arguments.values())


def _after(reference: Callable[..., Any], change: Callable[[Tensor], Tensor], *arguments: Any, **named: Any) -> Any:
    return _mapped(change, reference(*arguments, **named))


def _mapped(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)(_mapped(change, item) for item in value)
    return {key: _mapped(change, item) for key, item in value.items()} if type(value) is dict else value


def _in_other_dtype(tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    return tensor.float() if tensor.dtype != torch.float32 else tensor.double()


def _changing(reference: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The right result; afterwards the tensors and lists among the arguments are others."""
    result = _mapped(Tensor.clone, reference(*arguments, **named))
    for argument in (*arguments, *named.values()):
        _change(argument)
    return result


def _change(argument: Any) -> None:
    if isinstance(argument, Tensor) and argument.is_floating_point():
        with torch.no_grad():
            argument.mul_(2).add_(1)
    elif isinstance(argument, list) and argument:
        argument.pop()
    elif isinstance(argument, dict):
        for part in argument.values():
            _change(part)


def main(topics: list[str]) -> int:
    """Print the survivors; returns 1 if there are any, 2 for a topic that does not exist."""
    known = {name[3:] for name in assignments()}
    if unknown := [topic for topic in topics if topic not in known]:
        print(f"There is no topic {unknown[0]!r}: choose from {', '.join(sorted(known))}.", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    found = 0
    for assignment in assignments().values():
        if topics and assignment.name[3:] not in topics:
            continue
        for exercise in assignment.exercises:
            for mutant in survivors(exercise):
                found += 1
                print(f"{exercise.name}: {mutant.change}")
    print(f"{found} mutants get full marks.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

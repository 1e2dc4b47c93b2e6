"""The judge: puts an exercise's calls to an answer and gives a verdict on its replies.

References, hidden inputs and expected values exist on this side only. The inputs are drawn from one of a
course's few seeds, so one answer key serves many learners.
"""

import contextlib
import copy
import functools
import hashlib
import hmac
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from autograder.exercises.misunderstandings import Mistake
from autograder.exercises.spec import Case, Exercise
from llm_course.checking.answer_key import AnswerKey, Item, KnownMistake
from llm_course.checking.calls import Call, Failure, Reply
from llm_course.checking.compare import in_dtype_of, slack_of
from llm_course.checking.evaluate import Verdict, evaluate, mistake_marks
from llm_course.checking.invocation import invoke
from llm_course.checking.values import size_of

Answer = Callable[[Sequence[Call]], Iterable[Reply]]
"""Something that answers calls, in their order: a learner's function in its sandbox, or a function of our own."""
FREE_BYTES = 1 << 20
"""What a reply may take without further question."""
SHIPPED = b""
"""The seed of the variant that learners' own checks are shipped with."""


def judge(exercise: Exercise, answer: Answer, seed: bytes, *others: bytes) -> Verdict:
    """Call the answer on every case, with inputs drawn from the seed, and judge its replies.

    `others` are the seeds on which other answers of the course are judged. With some inputs a mistake happens to do
    what is right; a known one loses what it loses with any of the seeds, so that no mark depends on the variant.
    """
    return _with_any_seed(exercise, evaluate(make_answer_key(exercise, seed), ask(exercise, answer, seed)), others)


def ask(exercise: Exercise, answer: Answer, seed: bytes) -> dict[str, Reply]:
    """The answer's replies, by case."""
    return ask_each(make_answer_key(exercise, seed).items, answer)


def ask_each(items: Mapping[str, Item], answer: Answer) -> dict[str, Reply]:
    """The answer's replies to the calls of some items, by case."""
    replies = answer([item.call for item in items.values()])
    return {name: _bounded(reply, item.expected) for (name, item), reply in zip(items.items(), replies, strict=True)}


def local_answer(function: Callable[..., Any]) -> Answer:
    """A function of our own as an answer: the reference, a mistake, an alternative."""
    return lambda calls: (invoke(function, call) for call in calls)


@functools.lru_cache(maxsize=256)
def make_answer_key(exercise: Exercise, seed: bytes) -> AnswerKey:
    """Draw the inputs of an exercise and work out the replies of the reference; those of a mistake as they are read."""
    with _seeded(derive_seed(seed, exercise.name)):
        items = {case.name: _make_item(exercise, case, seed) for case in exercise.cases}
    mistakes = tuple(
        KnownMistake(mistake.name, mistake.hint, mistake.section, _RepliesAsRead(mistake, items, seed))
        for mistake in exercise.mistakes
    )
    return AnswerKey(exercise.name, items, exercise.properties, mistakes)


@contextlib.contextmanager
def _seeded(seed: bytes) -> Iterator[None]:
    """What is drawn inside without a generator follows from the seed too."""
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed notes a stack for each kind of device that is not there, every time.
        torch.default_generator.manual_seed(_as_number(seed))
        yield


def _with_any_seed(exercise: Exercise, verdict: Verdict, seeds: Iterable[bytes]) -> Verdict:
    """The verdict on a known mistake with what it loses with other seeds too; that on any other answer as it is."""
    if verdict.form is None:
        return verdict
    lost = frozenset[str]().union(
        *(mistake_marks(make_answer_key(exercise, seed), verdict.form).properties for seed in seeds)
    )
    findings = tuple(replace(item, holds=item.holds and item.name not in lost) for item in verdict.findings)
    return replace(verdict, findings=findings)


def _bounded(reply: Reply, expected: Reply) -> Reply:
    """The reply, or a failure where it takes far more memory than the right one: all replies are held together."""
    if size_of(reply.value) + size_of(reply.gradients) <= FREE_BYTES + 16 * size_of(expected.value):
        return reply
    return Reply(failure=Failure("ReplyTooLarge", "the value is far larger than a right one"))


def derive_seed(secret: bytes, *names: str) -> bytes:
    """A seed that depends on the secret and on all the names, and tells nothing of the secret."""
    return hmac.new(secret, "\0".join(names).encode("utf-8", "surrogateescape"), hashlib.sha256).digest()


class _RepliesAsRead(Mapping[str, Reply]):
    """What a known mistake replies, by case. A call is put to it when its reply is first read, with all short calls.

    A right answer needs no reply of a mistake, and a few tell most mistakes from a wrong one.
    """

    def __init__(self, mistake: Mistake, items: Mapping[str, Item], seed: bytes) -> None:
        self._mistake, self._items, self._seed = mistake, items, seed
        self._known: dict[str, Reply] = {}

    def __getitem__(self, case: str) -> Reply:
        if case not in self._known:
            short = [name for name, item in self._items.items() if item.call.repeat == 1]
            self._ask(short if case in short else [case])
        return self._known[case]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def _ask(self, cases: list[str]) -> None:
        # Mistakes may do what torch warns of, and nobody who grades or learns is to read that.
        with warnings.catch_warnings(action="ignore"), _seeded(derive_seed(self._seed, self._mistake.name, cases[0])):
            self._known |= {case: invoke(self._mistake.function, self._items[case].call) for case in cases}


def _make_item(exercise: Exercise, case: Case, seed: bytes) -> Item:
    digest = derive_seed(seed, exercise.name, case.drawn_as or case.name)
    draw = torch.Generator().manual_seed(_as_number(digest))
    arguments, script = case.arguments(draw), case.script(draw) if case.script else ()
    parameters = tuple(inspect.signature(exercise.reference).parameters)
    call = Call(arguments, case.gradients, case.measure, case.repeat, script, case.generators, case.new, parameters)
    expected = invoke(exercise.reference, call)
    if case.repeat > 1:
        return Item(call, expected, slack_of(None, None), case.categories)
    exact, moved = (
        invoke(exercise.reference, replace(call, arguments=change(arguments), script=change(script)))
        for change in (_in_double, functools.partial(_in_double, change=_rounded_anew))
    )
    # Another right answer rounds elsewhere, which moves the result about as much as inputs that were rounded once more.
    value, gradients = in_dtype_of(moved.value, expected.value), in_dtype_of(moved.gradients, expected.gradients)
    rounded = replace(moved, value=value, gradients=gradients)
    measured = max(_slack(expected, exact), _slack(rounded, exact))
    return Item(call, expected, max(measured, case.slack))


def _slack(working: Reply, exact: Reply) -> float:
    return max(slack_of(working.value, exact.value), slack_of(working.gradients, exact.gradients))


def _as_number(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "little") >> 1


def _in_double(value: Any, change: Callable[[Tensor], Tensor] = Tensor.double) -> Any:
    """A copy whose floating-point tensors are what `change` makes of them."""
    if isinstance(value, Tensor) and value.is_floating_point():
        return change(value)
    if isinstance(value, nn.Module):
        module = copy.deepcopy(value).double()
        for ours, theirs in zip(module.parameters(), value.parameters(), strict=True):
            ours.data = change(theirs.data)
        return module
    if isinstance(value, dict):
        return {key: _in_double(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_in_double(item, change) for item in value)
    return value


def _rounded_anew(tensor: Tensor) -> Tensor:
    """The numbers in float64, each moved up or down by one unit of rounding of its own dtype."""
    draw = torch.Generator().manual_seed(tensor.numel())
    signs = torch.randint(2, tensor.shape, generator=draw) * 2 - 1
    return tensor.double() * (1 + torch.finfo(tensor.dtype).eps * signs)

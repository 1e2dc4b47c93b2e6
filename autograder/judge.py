"""The judge: puts an exercise's calls to an answer and gives a verdict on its replies.

References, hidden inputs and expected values exist on this side only. The inputs are drawn from a seed, the same
for all learners of one grading run, so one bench serves them all.
"""

import copy
import functools
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from autograder.exercises.spec import Case, Exercise, Mistake
from llm_course.bench import Bench, Item, KnownMistake
from llm_course.calls import Call, Failure, Reply, invoke
from llm_course.compare import slack_of
from llm_course.evaluate import Verdict, evaluate
from llm_course.values import size_of

Answer = Callable[[Call], Reply]
"""Something that answers calls: a learner's function in its room, or a function of our own."""
FREE_BYTES = 1 << 20
"""What a reply may take without further question."""


def judge(exercise: Exercise, answer: Answer, seed: bytes) -> Verdict:
    """Call the answer on every case and judge its replies."""
    bench = make_bench(exercise, seed)
    return evaluate(bench, {name: _bounded(answer(item.call), item.expected) for name, item in bench.items.items()})


def local_answer(function: Callable[..., Any]) -> Answer:
    """A function of our own as an answer: the reference, a mistake, an alternative."""
    return functools.partial(invoke, function)


@functools.lru_cache(maxsize=256)
def make_bench(exercise: Exercise, seed: bytes) -> Bench:
    """Draw the inputs of an exercise and work out the replies of the reference and of each mistake."""
    items = {case.name: _make_item(exercise, case, seed) for case in exercise.cases}
    return Bench(
        exercise.name,
        items,
        exercise.properties,
        tuple(_known_mistake(mistake, items) for mistake in exercise.mistakes),
    )


def _bounded(reply: Reply, expected: Reply) -> Reply:
    """The reply, or a failure where it takes far more memory than the right one: all replies are held together."""
    if size_of(reply.value) + size_of(reply.gradients) <= FREE_BYTES + 16 * size_of(expected.value):
        return reply
    return Reply(failure=Failure("ReplyTooLarge", "the value is far larger than a right one"))


def derive_seed(secret: bytes, *names: str) -> bytes:
    """A seed that depends on the secret and on all the names, and tells nothing of the secret."""
    return hmac.new(secret, "\0".join(names).encode(), hashlib.sha256).digest()


def _known_mistake(mistake: Mistake, items: dict[str, Item]) -> KnownMistake:
    replies = {name: invoke(mistake.function, item.call) for name, item in items.items()}
    return KnownMistake(mistake.name, mistake.hint, mistake.section, replies)


def _make_item(exercise: Exercise, case: Case, seed: bytes) -> Item:
    digest = derive_seed(seed, exercise.name, case.drawn_as or case.name)
    draw = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
    arguments, script = case.arguments(draw), case.script(draw) if case.script else ()
    call = Call(arguments, case.gradients, case.measure, case.repeat, script)
    expected = invoke(exercise.reference, call)
    if case.repeat > 1:
        return Item(call, expected, slack_of(None, None), case.categories)
    exact = invoke(exercise.reference, replace(call, arguments=_in_double(arguments), script=_in_double(script)))
    return Item(
        call, expected, max(slack_of(expected.value, exact.value), slack_of(expected.gradients, exact.gradients))
    )


def _in_double(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.double()
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).double()
    if isinstance(value, dict):
        return {key: _in_double(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_in_double(item) for item in value)
    return value

"""clipped_policy_loss: better answers become likelier, in small steps."""

from typing import Any

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, given, randint, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from llm_course.checking import observe
from solutions import post_training


@argument_maker
def answers(
    draw: Generator, batch: int, time: int, clip: float | None = None, dtype: torch.dtype = torch.float32
) -> Arguments:
    """Answers of different lengths; what stands behind their ends differs wildly."""
    old = -2 * torch.rand(batch, time, generator=draw, dtype=torch.float64).to(dtype) - 0.1
    new = old + 0.5 * randn(draw, batch, time, dtype=dtype)
    lengths = torch.tensor([randint(draw, 1, time - 1) for _ in range(batch)])
    lengths[0], lengths[-1] = time, max(1, time // 3)
    mask = torch.arange(time) < lengths[:, None]
    new = torch.where(mask, new, 3 * randn(draw, batch, time, dtype=dtype))
    advantages = randn(draw, batch, dtype=dtype)
    advantages[0], advantages[-1] = 1.3, -0.7
    return {
        "log_probs": new,
        "old_log_probs": old,
        "advantages": advantages,
        "mask": mask,
        **({} if clip is None else {"clip": clip}),
    }


def holes(draw: Generator) -> Arguments:
    """Prompts stand in front, and within an answer there is text that others have written."""
    mask = torch.tensor([[0, 1, 1, 0, 1, 1], [0, 0, 0, 1, 1, 0], [1, 0, 0, 0, 0, 1]]).bool()
    return {**answers(3, 6)(draw), "mask": mask}


def whole(**other: Any) -> ArgumentMaker:
    return given(**{**WHOLE, **other})


def drawn_answer(draw: Generator) -> Arguments:
    """One answer of which every token counts: one ratio is near 1, one above and one below the bounds."""
    old = -torch.rand(1, 3, generator=draw) - 0.5
    moved = torch.tensor([[0.05, 0.6, -0.6]]) * (1 + torch.rand(1, 3, generator=draw))
    advantages = 1 + torch.rand(1, generator=draw)
    return {
        "log_probs": old + moved,
        "old_log_probs": old,
        "advantages": advantages,
        "mask": torch.ones(1, 3, dtype=torch.bool),
    }


def far_behind_the_end(draw: Generator) -> Arguments:
    arguments = answers(3, 6)(draw)
    arguments["log_probs"][~arguments["mask"]] = 0.0
    arguments["old_log_probs"][~arguments["mask"]] = -1000.0
    return arguments


# The differences of the log probabilities are 0, 1 and -1, so the ratios are 1, 2.718 and 0.368.
WHOLE = {
    "log_probs": torch.tensor([[-1.0, -1.0, -2.0], [-2.0, -1.0, -1.0]]),
    "old_log_probs": torch.tensor([[-1.0, -2.0, -1.0], [-1.0, -1.0, -2.0]]),
    "advantages": torch.tensor([2.0, -1.0]),
    "mask": torch.ones(2, 3, dtype=torch.bool),
}
DOUBLE = {name: item.double() for name, item in WHOLE.items() if name != "mask"}
ONE_TOKEN, NOTHING = torch.tensor([[False, True, False], [False] * 3]), torch.zeros(2, 3, dtype=torch.bool)
BOTH = ("log_probs", "old_log_probs")
COUNTED = "The loss is minus the mean over all tokens of the smaller of the two terms"

EXERCISE = exercise(
    post_training.clipped_policy_loss,
    __file__,
    requires(
        COUNTED,
        Case("every token", whole(), visible=True),
        Case("one answer", drawn_answer, visible=True),
        advice="Every token counts here. Work out one token with a positive advantage and a ratio above 1 + clip, and "
        "one with a negative advantage.",
        weight=3,
        fails="Your loss is not minus the mean of min(r A, clamp(r, 1 - clip, 1 + clip) A) over all tokens that count.",
    ),
    requires(
        "Only tokens inside the mask count, all of the batch alike",
        Case("one token counts", whole(mask=ONE_TOKEN), visible=True),
        Case("answers", answers(3, 6), visible=True),
        Case("answers, drawn", answers(4, 7)),
        Case("holes in the mask", holes, visible=True),
        advice="Add up over the whole batch what the mask lets through, and divide by how many tokens that are.",
        weight=2,
        fails="Where the mask leaves tokens out, your loss is not minus the mean of the terms of all those inside.",
    ),
    requires(
        "The ratio is clamped to between 1 - clip and 1 + clip",
        Case("no room", whole(clip=0.0), visible=True),
        Case("narrow clip", answers(3, 5, clip=0.05), visible=True),
        Case("wide clip", answers(3, 5, clip=0.6)),
        Case("clip above 1", answers(3, 5, clip=1.5), visible=True),
        advice="Use the argument clip for both bounds: no 0.8 and no 1.2. With a clip of 0 the clamped ratio is 1.",
        fails="With a clip other than 0.2, your loss is not that of ratios clamped to between 1 - clip and 1 + clip.",
    ),
    requires(
        "What stands outside the mask changes neither the loss nor its gradient",
        Case(
            "1000 behind the end",
            given(
                log_probs=torch.tensor([[-1.0, 0.0]]),
                old_log_probs=torch.tensor([[-1.0, -1000.0]]),
                advantages=torch.tensor([1.0]),
                mask=torch.tensor([[True, False]]),
            ),
            visible=True,
            gradients=("log_probs",),
        ),
        Case("far behind the end", far_behind_the_end, visible=True, gradients=("log_probs",)),
        advice="An exponential may be infinite there: fill in a harmless number before `exp`.",
        observe=observe.value_and_gradients,
        fails="With large numbers outside the mask, your loss or its gradient is not that of the tokens inside alone.",
    ),
    requires(
        "Without a token that counts, the loss is 0",
        Case("nothing counts", whole(mask=NOTHING), visible=True),
        advice="0 / 0 is NaN, and one NaN spoils all weights.",
        needs=COUNTED,
        fails="Your loss is not 0 where no token counts.",
    ),
    refuses(
        Case("negative clip", whole(clip=-0.1), visible=True),
        Case("an advantage for each token", whole(advantages=torch.ones(2, 3)), visible=True),
        Case("one advantage for all", whole(advantages=torch.ones(1)), visible=True),
        Case("mask of one row", whole(mask=torch.ones(1, 3, dtype=torch.bool)), visible=True),
        Case("old of one row", whole(old_log_probs=-torch.ones(1, 3)), visible=True),
        advice="There is one advantage for each row, one old log probability and one entry of the mask for each token.",
        name="Shapes that do not fit, and a negative clip, raise ValueError",
        fails="You accept shapes that do not fit or a negative clip, or raise something other than ValueError.",
    ),
    keeps_dtype(
        Case("float64", answers(3, 6, dtype=torch.float64), visible=True, slack=1e12),
        Case("nothing counts in float64", whole(**DOUBLE, mask=NOTHING), visible=True),
        ("answers",),
        advice="Work on new tensors, in the dtype of log_probs.",
        fails="Your loss has another dtype than log_probs, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the policy",
        Case("gradients", answers(3, 6), visible=True, gradients=("log_probs",)),
        advice="Where the ratio is clipped no gradient flows; elsewhere it must.",
        fails="The gradient of your loss with respect to log_probs is missing, or is not the loss's derivative.",
    ),
    passes_gradients(
        "No gradient reaches the old log probabilities",
        Case("gradients of both", whole(), visible=True, gradients=BOTH),
        advice="They were written down when the answers were: detach them.",
        needs=COUNTED,
        fails="A gradient reaches old_log_probs, or the one that reaches log_probs is not the loss's derivative.",
    ),
    points=5,
)

"""group_advantages: better or worse than the other answers to the same question."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randn
from llm_course.checking import observe
from solutions import post_training

known = Mistakes(post_training.group_advantages, section="post-training-grpo")

MEAN = "rewards.mean(dim=1, keepdim=True)"
DEVIATION = "rewards.std(dim=1, correction=0, keepdim=True)"
RESULT = "centered / (deviation + 1e-6)"

known.edit(
    "whole_batch",
    {MEAN: "rewards.mean()", DEVIATION: "rewards.std(correction=0)"},
    "You compare with the mean of the whole batch. An answer is compared with the other answers to its own question.",
)
known.edit(
    "batch_deviation",
    {DEVIATION: "rewards.std(correction=0)"},
    "Your mean is that of the group, your standard deviation that of the whole batch. Both are the group's.",
)
known.edit(
    "batch_mean",
    {MEAN: "rewards.mean()"},
    "Your standard deviation is that of the group, your mean that of the whole batch. Both are the group's.",
)
known.edit(
    "columns",
    {MEAN: "rewards.mean(dim=0, keepdim=True)", DEVIATION: "rewards.std(dim=0, correction=0, keepdim=True)"},
    "You compare down the columns, across questions. A group is a row.",
)
known.edit(
    "sample_deviation",
    {DEVIATION: "rewards.std(dim=1, keepdim=True)"},
    "Your standard deviation divides by samples - 1, as torch.std does by default. Here it is that of a population: "
    "correction=0.",
)
known.edit(
    "sample_deviation_mended",
    {DEVIATION: "rewards.std(dim=1, keepdim=True).nan_to_num()"},
    "Your standard deviation is that of a sample, over samples - 1. Divide by the number of samples: correction=0.",
)
known.edit(
    "leave_one_out",
    {RESULT: "centered * rewards.shape[1] / max(rewards.shape[1] - 1, 1)"},
    "You compare with the mean of the *other* answers and divide by nothing, as RLOO does. In GRPO the mean is over "
    "the whole group, and the difference is divided by the standard deviation.",
)
known.edit(
    "not_divided",
    {RESULT: "centered"},
    "You do not divide by the standard deviation. (Dr. GRPO does not either, but this is GRPO.)",
)
known.edit(
    "variance",
    {DEVIATION: "rewards.var(dim=1, correction=0, keepdim=True)"},
    "You divide by the variance: take its square root.",
)
known.edit(
    "nan_for_equal",
    {RESULT: "centered / deviation"},
    "A group of equal rewards gives 0 / 0, NaN in all of its advantages. Add 1e-6 to the standard deviation.",
)
known.edit(
    "too_little_added",
    {RESULT: "centered / (deviation + 1e-9)"},
    "You add less than 1e-6 to the standard deviation, or mend 0 / 0 in another way. Add 1e-6, always.",
)
known.edit(
    "not_centered",
    {"rewards - rewards.mean": "rewards - 0 * rewards.mean"},
    "You do not subtract the mean of the group.",
)
known.edit("sign", {RESULT: "-centered / (deviation + 1e-6)"}, "Your sign is wrong: a reward above the mean has a "
           "positive advantage.")  # fmt: skip
known.edit(
    "softmax",
    {RESULT: "rewards.softmax(dim=1)"},
    "You take a softmax over the group. The advantage is the reward minus the mean, over the standard deviation.",
)
known.edit(
    "min_max",
    {
        RESULT: "(rewards - rewards.amin(1, keepdim=True)) / "
        "(rewards.amax(1, keepdim=True) - rewards.amin(1, keepdim=True) + 1e-6)"
    },
    "You scale each group to between 0 and 1. An advantage is negative below the mean.",
)
known.edit(
    "eps_inside",
    {RESULT: "centered / (deviation**2 + 1e-6).sqrt()"},
    "Your 1e-6 stands under the root. It is added to the standard deviation.",
)
known.edit(
    "library_eps",
    {"1e-6": "1e-4"},
    "You add 1e-4 to the standard deviation, as some libraries do. Here it is 1e-6.",
)
known.edit(
    "large_eps",
    {"1e-6": "1e-2"},
    "What you add to the standard deviation is too large: it is 1e-6.",
)
known.edit(
    "absolute_deviation",
    {DEVIATION: "centered.abs().mean(dim=1, keepdim=True)"},
    "You divide by the mean of the absolute differences. The standard deviation is the root of the mean of squares.",
)
known.edit(
    "range",
    {DEVIATION: "rewards.amax(dim=1, keepdim=True) - rewards.amin(dim=1, keepdim=True)"},
    "You divide by the range of the group, largest minus smallest. In GRPO it is the standard deviation.",
)
known.edit(
    "mean_for_deviation",
    {DEVIATION: "rewards.mean(dim=1, keepdim=True)"},
    "You divide by the mean of the group. In GRPO it is the standard deviation.",
)
known.edit(
    "sum_for_mean",
    {MEAN: "rewards.sum(dim=1, keepdim=True)"},
    "You subtract the sum of the group. It is the mean.",
)
known.edit(
    "absolute",
    {RESULT: "centered.abs() / (deviation + 1e-6)"},
    "You take absolute values. An answer below the mean has a negative advantage.",
)
known.edit(
    "transposed",
    {RESULT: "(centered / (deviation + 1e-6)).T"},
    "Your result is transposed. It has a row per question, as the rewards have.",
)
known.edit(
    "normalized_twice",
    {
        f"return {RESULT}": f"each = {RESULT}\n    return (each - each.mean()) / (each.std(correction=0) + 1e-6)",
    },
    "You normalize once more over the batch. The advantages are those of the groups alone.",
)
known.edit(
    "root_of_sum",
    {DEVIATION: "centered.norm(dim=1, keepdim=True)"},
    "You divide by the root of the *sum* of squares. The standard deviation is the root of their mean.",
)
known.edit(
    "not_about_the_mean",
    {DEVIATION: "rewards.square().mean(dim=1, keepdim=True).sqrt()"},
    "You divide by the root mean square of the rewards themselves. The standard deviation is that of their differences "
    "from the mean.",
)
known.edit(
    "squares_less_the_squared_mean",
    {DEVIATION: "(rewards.square().mean(1, keepdim=True) - rewards.mean(1, keepdim=True) ** 2).clamp(min=0).sqrt()"},
    "You subtract the squared mean from the mean of squares. For rewards far from 0 these are two large numbers that "
    "differ in their last digits only: subtract the mean first, then square.",
)
known.edit(
    "clipped",
    {RESULT: "(centered / (deviation + 1e-6)).clamp(-10, 10)"},
    "You clamp the advantages. One right answer among many has a large one, and it counts in full.",
)
known.edit(
    "double",
    {RESULT: f"({RESULT}).double()"},
    "Your advantages are float64 whatever the rewards are: keep their dtype.",
)
known.edit(
    "best_for_mean",
    {MEAN: "rewards.amax(dim=1, keepdim=True)"},
    "You compare with the best answer of the group, so no advantage is positive. Compare with the mean.",
)
known.edit(
    "median_for_mean",
    {MEAN: "rewards.median(dim=1, keepdim=True).values"},
    "You compare with the median of the group. In GRPO it is the mean.",
)
known.edit(
    "negative_cut",
    {RESULT: "(centered / (deviation + 1e-6)).clamp(min=0)"},
    "You cut off negative advantages. Answers that are worse than the mean are to become less likely.",
)
known.edit(
    "ranks",
    {
        MEAN: "rewards.mean(dim=1, keepdim=True); "
        "rewards = rewards.argsort(dim=1).argsort(dim=1).to(rewards.dtype); "
        "centered = rewards - rewards.mean(1, keepdim=True)"
    },
    "You turn the rewards into ranks first. An advantage tells by how much an answer is better.",
)
known.edit(
    "without_keepdim",
    {MEAN: "rewards.mean(dim=1)", DEVIATION: "rewards.std(dim=1, correction=0)"},
    "Your means have lost a dimension, so they do not line up with the rows. Keep it: keepdim=True.",
)
known.edit(
    "equal_groups_dropped",
    {RESULT: "(centered / (deviation + 1e-6))[deviation[:, 0] > 0]"},
    "You leave out groups of equal rewards. They stay in, with advantages of 0.",
)
known.edit(
    "equal_groups_kept",
    {RESULT: "torch.where(deviation == 0, rewards, centered / (deviation + 1e-6))"},
    "You leave the rewards of a group as they are where all are equal. Nobody is better than the others: 0.",
)
known.edit("single", {RESULT: f"({RESULT}).float()"}, "Your advantages are float32 whatever the rewards are: keep "
           "their dtype.")  # fmt: skip
known.edit(
    "others_only",
    {
        MEAN: "(rewards.sum(dim=1, keepdim=True) - rewards + (rewards if rewards.shape[1] == 1 else 0)) / "
        "max(rewards.shape[1] - 1, 1)"
    },
    "You compare with the mean of the *other* answers (leave-one-out, as RLOO does). In GRPO the mean is over the "
    "whole group.",
)
known.edit(
    "flattened",
    {RESULT: "(centered / (deviation + 1e-6)).flatten()"},
    "You flatten the result. It keeps the shape [groups, samples].",
)


@known.function("You change the rewards that you were given: make a new tensor.")
def in_place(rewards: Tensor) -> Tensor:
    deviation = rewards.std(dim=1, correction=0, keepdim=True)
    rewards -= rewards.mean(dim=1, keepdim=True)
    return rewards / (deviation + 1e-6)


def drawn(groups: int, samples: int, dtype: torch.dtype = torch.float32) -> Callable[[Generator], Arguments]:
    return lambda draw: {"rewards": 2 * randn(draw, groups, samples, dtype=dtype) + randn(draw, groups, 1, dtype=dtype)}


def pass_or_fail(draw: Generator) -> Arguments:
    rewards = torch.randint(0, 2, (3, 5), generator=draw).float()
    rewards[:, 0], rewards[:, 1], rewards[0, 2] = 1.0, 0.0, 1.0
    return {"rewards": rewards}


TWO = torch.tensor([[1.0, 0.0, 0.0, 1.0, 0.0], [3.0, 2.0, 7.0, 2.5, 2.0]])
FAR = torch.tensor([[1000.0, 1001.0, 1000.0, 1003.0], [-2000.5, -2000.0, -1999.5, -1998.0]])
EQUAL = torch.tensor([[1.0, 1.0, 1.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
CLOSE = torch.tensor([[1e-3, 0.0, 2e-3, 0.0], [1.0, 0.0, 0.0, 0.0]])
GROUPED = "Each reward is compared with the mean and the standard deviation of its row"

EXERCISE = Exercise(
    reference=post_training.group_advantages,
    points=2,
    cases=(
        Case("two groups", given(rewards=TWO), visible=True),
        Case("groups, drawn", drawn(4, 6)),
        Case("pass or fail", pass_or_fail),
        Case("one group", drawn(1, 5), visible=True),
        Case("far from 0", given(rewards=FAR), visible=True),
        Case("one right of many", given(rewards=torch.eye(2, 256)), visible=True),
        Case("with gaps", lambda draw: {"rewards": randn(draw, 5, 3).T}),
        Case("equal rewards", given(rewards=EQUAL), visible=True),
        Case("one sample each", given(rewards=torch.tensor([[0.5], [2.0]])), visible=True),
        Case("close rewards", given(rewards=CLOSE), visible=True, slack=1e3),
        Case("float64", drawn(2, 4, torch.float64), visible=True, slack=1e12),
    ),
    properties=(
        Property(
            GROUPED,
            (
                "two groups",
                "groups, drawn",
                "pass or fail",
                "one group",
                "far from 0",
                "one right of many",
                "with gaps",
            ),
            "In a group of 1, 0, 0, 1 the mean is a half and the population's standard deviation too: the advantages "
            "are 1, -1, -1, 1.",
            weight=3,
        ),
        Property(
            "A group of equal rewards, or of one sample, has advantages of 0",
            ("equal rewards", "one sample each"),
            "0 / 0 is NaN, and one NaN spoils all weights: add 1e-6 to the standard deviation.",
            needs=GROUPED,
        ),
        Property(
            "1e-6 is added to the standard deviation, and only there",
            ("close rewards",),
            "Rewards may be a thousandth apart: what is added must not swallow that.",
            needs=GROUPED,
        ),
        Property(
            "The dtype is kept and the rewards are left unchanged",
            ("float64", "two groups"),
            "Work on a new tensor in the dtype of the rewards.",
            observe=observe.dtype_and_changed,
            needs=GROUPED,
        ),
    ),
    mistakes=tuple(known),
)

"""kl_estimate: how far the policy has moved, from samples."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randn
from llm_course.checking import observe
from solutions import post_training

known = Mistakes(post_training.kl_estimate, section="post-training-kl")

DIFFERENCE = "reference_log_probs - log_probs"
K3 = "(torch.expm1(difference) - difference).mean()"
CHECK = "log_probs.shape != reference_log_probs.shape"

known.edit(
    "k1",
    {K3: "(-difference).mean()"},
    "That is k1, the mean of the plain log ratios: right on average, but a sample may be negative. k3 adds exp(d) - 1.",
)
known.edit(
    "k1_negative",
    {K3: "difference.mean()"},
    "That is k1 with the wrong sign, and k1 may be negative for a sample. k3 is exp(d) - 1 - d.",
)
known.edit(
    "square",
    {K3: "(difference**2).mean()"},
    "You take the square of the log ratio; half of it is the estimator k2. k3 is exp(d) - 1 - d.",
)
known.edit(
    "k2",
    {K3: "(0.5 * difference**2).mean()"},
    "That is k2, half the square of the log ratio. k3 is exp(d) - 1 - d.",
)
known.edit(
    "other_sign",
    {DIFFERENCE: "log_probs - reference_log_probs"},
    "Your d has the other sign. For samples of the policy it is the reference's log probability minus the policy's.",
)
known.edit(
    "minus_d_missing",
    {K3: "torch.expm1(difference).mean()"},
    "You leave out the - d, which is the divergence itself. What exp(d) - 1 adds is 0 on average.",
)
known.edit(
    "other_divergence",
    {K3: "(difference * torch.exp(difference) - torch.expm1(difference)).mean()"},
    "That estimates KL(reference || policy), the other direction. k3 is exp(d) - 1 - d.",
)
known.edit(
    "halved",
    {K3: f"{K3} / 2"},
    "You halve the estimate: the half belongs to k2. k3 is exp(d) - 1 - d.",
)
known.edit(
    "minus_one_twice",
    {K3: "(torch.expm1(difference) - 1 - difference).mean()"},
    "torch.expm1(d) is exp(d) - 1 already: you subtract 1 once more.",
)
known.edit(
    "plus_one",
    {K3: "(torch.exp(difference) + 1 - difference).mean()"},
    "You add 1 in place of subtracting it: where the two agree, your estimate is 2 instead of 0.",
)
known.edit(
    "minus_one_missing",
    {K3: "(torch.exp(difference) - difference).mean()"},
    "You leave out the - 1: where the two agree, your estimate is 1 instead of 0.",
)
known.edit(
    "plus_d",
    {K3: "(torch.expm1(difference) + difference).mean()"},
    "You add d. It is subtracted: exp(d) - 1 - d.",
)
known.edit(
    "of_the_mean",
    {DIFFERENCE: "(reference_log_probs - log_probs).mean()"},
    "You take the mean of d first. Each sample has its own exp(d) - 1 - d; the mean comes last.",
)
known.edit("summed", {".mean()": ".sum()"}, "You add up over the samples: take the mean.")
known.edit("negated", {K3: f"-{K3}"}, "Your sign is wrong: a divergence is never negative.")
known.edit(
    "weighted",
    {K3: "(log_probs.exp() * (log_probs - reference_log_probs)).sum()"},
    "You weight by the probability. Samples of the policy are weighted already, by how often they come up.",
)
known.edit(
    "weighted_mean",
    {K3: "(log_probs.exp() * (log_probs - reference_log_probs)).mean()"},
    "You weight each sample by its probability. The policy drew it as often as it is probable: no weights.",
)
known.edit(
    "weighted_k3",
    {K3: "(log_probs.exp() * (torch.expm1(difference) - difference)).sum()"},
    "You weight by the probability. Samples of the policy are weighted already, by how often they come up: take the "
    "mean.",
)
known.edit(
    "library_kl",
    {K3: "functional.kl_div(log_probs, reference_log_probs, log_target=True, reduction='batchmean')"},
    "functional.kl_div sums over a whole distribution, each entry weighted by its probability. Samples come up as "
    "often as they are probable: no weights.",
)
known.edit(
    "quotient_of_logs",
    {DIFFERENCE: "(reference_log_probs / log_probs).log()"},
    "You divide log probabilities. The ratio of the probabilities is the exponential of their *difference* d.",
)
known.edit(
    "symmetric",
    {K3: "(torch.cosh(difference) - 1).mean()"},
    "Yours is the mean of both directions. The divergence of the policy from the reference is one of them: "
    "exp(d) - 1 - d.",
)
known.edit(
    "base_two",
    {".mean()": ".mean() / 0.6931471805599453"},
    "Your estimate is in bits: nothing is to be divided by log 2.",
)
known.edit(
    "clamped_difference",
    {DIFFERENCE: "(reference_log_probs - log_probs).clamp(-10, 10)"},
    "You clamp d. A sample that is far from the reference counts in full.",
)
known.edit(
    "large_difference_clamped",
    {DIFFERENCE: "(reference_log_probs - log_probs).clamp(-20, 20)"},
    "You clamp d to between -20 and 20. A sample that is further from the reference counts in full.",
)
known.edit(
    "double",
    {K3: f"{K3}.double()"},
    "Your estimate is float64 whatever the log probabilities are: keep their dtype.",
)
known.edit(
    "exponential_detached",
    {K3: "(torch.expm1(difference).detach() - difference).mean()"},
    "No gradient flows through your exponential. Both parts of exp(d) - 1 - d are differentiated.",
)
known.edit("single", {K3: f"{K3}.float()"}, "Your estimate is float32 whatever the log probabilities are: keep their "
           "dtype.")  # fmt: skip
known.edit(
    "clamped_samples",
    {K3: "(-difference).clamp(min=0).mean()"},
    "You cut the log ratios off at 0. That is no longer right on average; k3 is exp(d) - 1 - d.",
)
known.edit(
    "absolute",
    {K3: "difference.abs().mean()"},
    "You take the absolute value of the log ratio. k3 is exp(d) - 1 - d.",
)
known.edit(
    "clamped",
    {K3: "(-difference).mean().clamp(min=0)"},
    "You cut k1 off at 0. That is no longer right on average; k3 is exp(d) - 1 - d.",
)
known.edit(
    "detached",
    {".mean()": ".mean().detach()"},
    "No gradient reaches the log probabilities. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit("per_sample", {".mean()": ""}, "You return one number for each sample: take their mean.")
known.edit(
    "broadcast",
    {CHECK: "False"},
    "You let broadcasting decide: [n] against [n, 1] compares every sample with every other. Compare the shapes, and "
    "raise ValueError.",
)
known.edit(
    "numbers_compared_only",
    {CHECK: "log_probs.numel() != reference_log_probs.numel()"},
    "You compare how many there are, and not their shapes: [n] against [n, 1] compares every sample with every other. "
    "Compare the shapes.",
)
known.edit(
    "dimensions_compared_only",
    {CHECK: "log_probs.dim() != reference_log_probs.dim()"},
    "You compare how many dimensions there are, and not their sizes: one number of the reference is then used for all "
    "samples. Compare the shapes.",
)


def samples(count: int, dtype: torch.dtype = torch.float32) -> Callable[[Generator], Arguments]:
    def draw_samples(draw: Generator) -> Arguments:
        ours = -3 * torch.rand(count, generator=draw, dtype=torch.float64).to(dtype) - 0.2
        moved = 0.8 * randn(draw, count, dtype=dtype)
        # Away from 0, where exp(d) - 1 - d would be all rounding however it is computed.
        return {"log_probs": ours, "reference_log_probs": ours + moved + 0.4 * moved.sign()}

    return draw_samples


FAR = {"log_probs": torch.tensor([-1.0, -16.0, -2.0]), "reference_log_probs": torch.tensor([-41.0, -1.0, -2.5])}
FAR_ABOVE = {"log_probs": torch.tensor([-27.0, -3.0]), "reference_log_probs": torch.tensor([-2.0, -3.5])}
THREE = {"log_probs": torch.tensor([-1.0, -2.0, -0.5]), "reference_log_probs": torch.tensor([-2.5, -1.6, -0.5])}
ROUNDING = 1e3  # exp(d) - 1 - d loses digits where d is small, and is right
BELOW = {"log_probs": torch.tensor([-1.0, -2.0, -0.5]), "reference_log_probs": torch.tensor([-0.2, -1.9, -0.75])}
MEAN = "The estimate is the mean of exp(d) - 1 - d"

EXERCISE = Exercise(
    reference=post_training.kl_estimate,
    points=1,
    cases=(
        Case("three samples", given(**THREE), visible=True, slack=ROUNDING),
        # In the mean the reference is likelier: what is cut off at 0 is 0.
        Case("below the reference", given(**BELOW), visible=True, slack=ROUNDING),
        Case("samples, drawn", samples(7), slack=ROUNDING),
        Case("one sample", samples(1), visible=True, slack=ROUNDING),
        Case("far apart", given(**FAR), visible=True, slack=ROUNDING),
        Case("far above", given(**FAR_ABOVE), visible=True, slack=ROUNDING),
        Case("with gaps", lambda draw: {key: value[::2] for key, value in samples(8)(draw).items()}, slack=ROUNDING),
        Case(
            "all alike",
            given(log_probs=THREE["log_probs"], reference_log_probs=THREE["log_probs"].clone()),
            visible=True,
        ),
        Case(
            "a column",
            lambda draw: {"log_probs": -randn(draw, 3).abs(), "reference_log_probs": -randn(draw, 3, 1).abs()},
            visible=True,
        ),
        Case(
            "one for all",
            lambda draw: {"log_probs": -randn(draw, 3).abs(), "reference_log_probs": -randn(draw, 1).abs()},
            visible=True,
        ),
        Case("float64", samples(5, torch.float64), visible=True, slack=1e12),
        Case("gradients", samples(4), visible=True, gradients=("log_probs",), slack=ROUNDING),
    ),
    properties=(
        Property(
            MEAN,
            ("three samples", "below the reference", "samples, drawn", "one sample", "with gaps", "all alike"),
            "d is the reference's log probability minus the policy's. Where the two agree, d is 0 and so is the "
            "estimate.",
            weight=3,
        ),
        Property(
            "A sample that is far from the reference counts in full",
            ("far apart", "far above"),
            "One d may be 25 and another -40: clamp nothing.",
            needs=MEAN,
        ),
        Property(
            "Log probabilities that are not one for one are refused with a ValueError",
            ("a column", "one for all", "three samples"),
            "Compare the two shapes before you subtract.",
            observe=observe.refusal,
            needs=MEAN,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "three samples"),
            "float64 log probabilities give a float64 estimate, float32 ones a float32 one.",
            observe=observe.dtype_and_changed,
            needs=MEAN,
        ),
        Property(
            "Gradients reach the policy's log probabilities",
            ("gradients",),
            "A KL term in a loss is differentiated: no detach, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
)

"""dpo_loss: a policy trained on comparisons, without a reward model."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randn
from llm_course.checking import observe
from solutions import post_training

known = Mistakes(post_training.dpo_loss, section="post-training-dpo")

CHOSEN = "beta * (policy_chosen - reference_chosen.detach())"
REJECTED = "beta * (policy_rejected - reference_rejected.detach())"
LOSS = "-functional.logsigmoid(chosen - rejected).mean()"
CHECK = "not policy_chosen.shape == policy_rejected.shape == reference_chosen.shape == reference_rejected.shape"

known.edit(
    "sign",
    {"chosen - rejected)": "rejected - chosen)"},
    "Your margin has the wrong sign, so the rejected answers are preferred. It is the growth (policy minus reference) "
    "of the chosen answer, minus that of the rejected one.",
)
known.edit("no_minus", {"-functional": "functional"}, "Your loss has the wrong sign: it is minus the log sigmoid.")
known.edit(
    "no_reference",
    {CHOSEN: "beta * policy_chosen", REJECTED: "beta * policy_rejected"},
    "You leave out the reference. The implicit reward of an answer is by how much its log probability has *grown*.",
)
known.edit(
    "chosen_reference_only",
    {REJECTED: "beta * policy_rejected"},
    "You compare only the chosen answer with the reference. Both implicit rewards are differences from it.",
)
known.edit(
    "reference_added",
    {CHOSEN: CHOSEN.replace(" - ", " + "), REJECTED: REJECTED.replace(" - ", " + ")},
    "The reference enters with the wrong sign. From each answer's log probability subtract the reference's of the "
    "*same* answer: growth is new minus old.",
)
known.edit(
    "rejected_reference_only",
    {CHOSEN: "beta * policy_chosen"},
    "You compare only the rejected answer with the reference. Both implicit rewards are differences from it.",
)
known.edit(
    "growths_added",
    {"(chosen - rejected)": "(chosen + rejected)"},
    "You add the two implicit rewards. What counts is by how much the chosen one is ahead: subtract.",
)
known.edit(
    "chosen_alone",
    {"(chosen - rejected)": "(chosen)"},
    "The rejected answers are not in your loss. The margin is the chosen reward minus the rejected one.",
)
known.edit(
    "each_alone",
    {LOSS: "-(functional.logsigmoid(chosen) + functional.logsigmoid(-rejected)).mean()"},
    "You send each implicit reward through a sigmoid of its own. Only their difference counts.",
)
known.edit(
    "beta_outside",
    {
        CHOSEN: "policy_chosen - reference_chosen.detach()",
        REJECTED: "policy_rejected - reference_rejected.detach()",
        LOSS: f"beta * {LOSS}",
    },
    "Your beta multiplies the loss. It belongs inside the sigmoid, on the differences.",
)
known.edit(
    "no_beta",
    {CHOSEN: "policy_chosen - reference_chosen.detach()", REJECTED: "policy_rejected - reference_rejected.detach()"},
    "Your result does not depend on beta: the differences are multiplied by it.",
)
known.edit(
    "sigmoids_subtracted",
    {LOSS: "-(torch.sigmoid(chosen) - torch.sigmoid(rejected)).mean()"},
    "You send each implicit reward through a sigmoid of its own and then subtract. Subtract first, then take log "
    "sigmoid.",
)
known.edit(
    "policy_against_reference",
    {LOSS: "-functional.logsigmoid(beta * (policy_chosen - reference_rejected)).mean()"},
    "You compare the policy's chosen answer with the reference's rejected one. All four log probabilities are needed.",
)
known.edit(
    "margin",
    {LOSS: "-(chosen - rejected).mean()"},
    "You take the margin itself, which has no upper bound. It goes through log sigmoid first.",
)
known.edit(
    "smoothed",
    {LOSS: "-(0.9 * functional.logsigmoid(chosen - rejected) + 0.1 * functional.logsigmoid(rejected - chosen)).mean()"},
    "You smooth the labels, as for raters that err. Here the chosen answer is the better one, without doubt.",
)
known.edit(
    "loss_divided_by_beta",
    {LOSS: f"{LOSS} / beta"},
    "You divide the loss by beta. Beta stands inside the sigmoid, on the differences, and nowhere else.",
)
known.edit(
    "usual_beta",
    {CHOSEN: CHOSEN.replace("beta *", "0.1 *"), REJECTED: REJECTED.replace("beta *", "0.1 *")},
    "Your beta is 0.1, whatever the caller asked for.",
)
known.edit(
    "beta_on_chosen",
    {REJECTED: "policy_rejected - reference_rejected.detach()"},
    "Your beta multiplies only what belongs to the chosen answer. It multiplies both implicit rewards.",
)
known.edit(
    "beta_on_rejected",
    {CHOSEN: "policy_chosen - reference_chosen.detach()"},
    "Your beta multiplies only what belongs to the rejected answer. It multiplies both implicit rewards.",
)
known.edit(
    "beta_on_policy",
    {
        CHOSEN: "beta * policy_chosen - reference_chosen.detach()",
        REJECTED: "beta * policy_rejected - reference_rejected.detach()",
    },
    "Your beta multiplies the policy's log probabilities only. It multiplies the differences from the reference.",
)
known.edit(
    "beta_on_reference",
    {
        CHOSEN: "policy_chosen - beta * reference_chosen.detach()",
        REJECTED: "policy_rejected - beta * reference_rejected.detach()",
    },
    "Your beta multiplies the reference's log probabilities only. It multiplies the differences from the reference.",
)
known.edit(
    "beta_twice",
    {"(chosen - rejected)": "(beta * (chosen - rejected))"},
    "Your beta is applied twice: once is enough, on the differences.",
)
known.edit(
    "divided_by_beta",
    {CHOSEN: CHOSEN.replace("beta *", "1 / beta *"), REJECTED: REJECTED.replace("beta *", "1 / beta *")},
    "You divide by beta: the differences are multiplied by it.",
)
known.edit(
    "no_log",
    {LOSS: "-torch.sigmoid(chosen - rejected).mean()"},
    "You leave out the logarithm: minus *log* sigmoid.",
)
known.edit(
    "overflow",
    {LOSS: "-torch.log(torch.sigmoid(chosen - rejected)).mean()"},
    "At a margin of -1000 your loss is infinite: in floats the sigmoid is 0 there, and exp(1000) infinite. "
    "logsigmoid stays finite.",
)
known.edit(
    "ratio_of_logs",
    {
        CHOSEN: "beta * policy_chosen / reference_chosen.detach()",
        REJECTED: "beta * policy_rejected / reference_rejected.detach()",
    },
    "You divide log probabilities. The logarithm of a ratio of probabilities is the *difference* of their logarithms.",
)
known.edit(
    "probability_ratio",
    {
        CHOSEN: "beta * (policy_chosen - reference_chosen.detach()).exp()",
        REJECTED: "beta * (policy_rejected - reference_rejected.detach()).exp()",
    },
    "You take the ratios of the probabilities. DPO has their logarithms: leave out the exponential.",
)
known.edit(
    "quotient_of_probabilities",
    {
        CHOSEN: "beta * policy_chosen.exp() / reference_chosen.detach().exp()",
        REJECTED: "beta * policy_rejected.exp() / reference_rejected.detach().exp()",
    },
    "You take the ratios of the probabilities. DPO has their logarithms: subtract log probabilities.",
)
known.edit(
    "there_and_back",
    {
        CHOSEN: "beta * (policy_chosen.exp() / reference_chosen.detach().exp()).log()",
        REJECTED: "beta * (policy_rejected.exp() / reference_rejected.detach().exp()).log()",
    },
    "You take exponentials only to take logarithms again, and exp(-1500) is 0 in floats. Subtract log probabilities.",
)
known.edit(
    "logarithm_twice",
    {
        CHOSEN: "beta * (policy_chosen / reference_chosen.detach()).log()",
        REJECTED: "beta * (policy_rejected / reference_rejected.detach()).log()",
    },
    "You take the logarithm of log probabilities. They are logarithms already: subtract them.",
)
known.edit(
    "hinge",
    {LOSS: "(1 - (chosen - rejected)).clamp(min=0).mean()"},
    "That is a hinge loss. DPO's is minus log sigmoid of the margin.",
)
known.edit(
    "squared",
    {LOSS: "(((chosen - rejected) / beta - 1 / (2 * beta)) ** 2).mean()"},
    "That is the squared loss of IPO, another method. DPO's is minus log sigmoid of the margin.",
)
known.edit("per_pair", {".mean()": ""}, "You return one loss for each pair: take their mean.")
known.edit("summed", {".mean()": ".sum()"}, "You add up over the pairs: take the mean.")
known.edit(
    "mean_first",
    {LOSS: "-functional.logsigmoid((chosen - rejected).mean())"},
    "You take the mean of the margins first. Each pair has its own loss; the mean is over the losses.",
)
known.edit(
    "reference_trained",
    {"reference_chosen.detach()": "reference_chosen", "reference_rejected.detach()": "reference_rejected"},
    "A gradient reaches the reference. It is data: detach it.",
)
known.edit(
    "detached",
    {".mean()": ".mean().detach()"},
    "No gradient reaches the policy, so nothing is trained. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "chosen_detached",
    {"(policy_chosen -": "(policy_chosen.detach() -"},
    "No gradient reaches the policy's log probabilities of the chosen answers. Both belong to the policy.",
)
known.edit(
    "rejected_detached",
    {"(policy_rejected -": "(policy_rejected.detach() -"},
    "No gradient reaches the policy's log probabilities of the rejected answers. Both belong to the policy.",
)
known.edit(
    "single",
    {".mean()": ".mean().float()"},
    "Your loss is float32 whatever the log probabilities are: keep their dtype.",
)
known.edit(
    "double",
    {"(chosen - rejected)": "((chosen - rejected).double())"},
    "Your loss is float64 whatever the log probabilities are: keep their dtype.",
)
known.edit(
    "chosen_by_where",
    {LOSS: "torch.where(chosen - rejected > -30, torch.log1p(torch.exp(rejected - chosen)), rejected - chosen).mean()"},
    "Your loss is right, but its gradient is NaN at large margins: torch.where differentiates the branch that it does "
    "not take too, and that one is infinite. logsigmoid needs no branches.",
)
known.edit(
    "chosen_reference_trained",
    {"reference_chosen.detach()": "reference_chosen"},
    "A gradient reaches the reference's log probabilities of the chosen answers. They are data too: detach them.",
)
known.edit(
    "rejected_reference_trained",
    {"reference_rejected.detach()": "reference_rejected"},
    "A gradient reaches the reference's log probabilities of the rejected answers. They are data too: detach them.",
)
known.edit(
    "zero_beta_allowed",
    {"beta <= 0": "beta < 0"},
    "You accept a beta of 0, at which no answer is preferred to another: raise ValueError.",
)
known.edit(
    "negative_beta_allowed",
    {"beta <= 0": "beta == 0"},
    "You refuse a beta of 0, and accept a negative one, with which the rejected answers are preferred: raise "
    "ValueError for both.",
)
known.edit(
    "large_beta_refused",
    {"beta <= 0": "not 0 < beta <= 1"},
    "You refuse a beta above 1. Large as it is, it makes sense: only one that is not above 0 is refused.",
)
known.edit(
    "any_beta",
    {"beta <= 0": "False"},
    "You accept a beta that is not positive: raise ValueError.",
)
known.edit(
    "broadcast",
    {CHECK: "False"},
    "You let broadcasting decide: [batch] against [batch, 1] compares every answer with every other. Compare the four "
    "shapes, and raise ValueError.",
)
known.edit(
    "policy_not_held_against_reference",
    {CHECK: "policy_chosen.shape != policy_rejected.shape or reference_chosen.shape != reference_rejected.shape"},
    "You compare the shapes of the policy's two, and of the reference's two, and never the one model's with the "
    "other's. [batch] against [batch, 1] then compares every answer with every other: all four must be the same.",
)
known.edit(
    "chosen_not_held_against_rejected",
    {CHECK: "policy_chosen.shape != reference_chosen.shape or policy_rejected.shape != reference_rejected.shape"},
    "You compare the shapes of the chosen answers' two, and of the rejected answers' two, and never chosen with "
    "rejected. [batch] against [batch, 1] then compares every pair with every other: all four must be the same.",
)
known.edit(
    "three_compared",
    {CHECK: "not policy_chosen.shape == policy_rejected.shape == reference_chosen.shape"},
    "You compare three of the four shapes. The reference's log probabilities of the rejected answers need the same "
    "one, or broadcasting decides.",
)


def pairs(batch: int, beta: float, dtype: torch.dtype = torch.float32) -> Callable[[Generator], Arguments]:
    def draw_pairs(draw: Generator) -> Arguments:
        names = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")
        drawn = {name: 3 * randn(draw, batch, dtype=dtype) - 9 for name in names}
        # One pair at least is ranked wrongly: a loss of nothing but large margins may be all rounding.
        lost = drawn["reference_chosen"][0] - drawn["reference_rejected"][0] - 1 - torch.rand((), generator=draw)
        drawn["policy_chosen"][0] = drawn["policy_rejected"][0] + lost
        return {**drawn, "beta": beta}

    return draw_pairs


def far(draw: Generator) -> Arguments:
    return {
        "policy_chosen": torch.tensor([-1500.0, -20.0, -900.0]),
        "policy_rejected": torch.tensor([-20.0, -1700.0, -900.0]),
        "reference_chosen": torch.tensor([-20.0, -30.0, -20.0]),
        "reference_rejected": torch.tensor([-30.0, -40.0, -1500.0]),
        "beta": 1.5,
    }


def drawn_far(draw: Generator) -> Arguments:
    """Margins of which some are far below 0, where the loss is a straight line."""
    drawn = {name: torch.tensor([-40.0, -90.0, -60.0]) + 9 * randn(draw, 3) for name in ALL}
    drawn["policy_chosen"] -= torch.tensor([500.0, 0.0, 900.0])
    return {**drawn, "beta": 0.5}


def of_another_shape(names: tuple[str, ...], *shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: {**pairs(3, 0.4)(draw), **{name: randn(draw, *shape) for name in names}}


POLICY = ("policy_chosen", "policy_rejected")
REFERENCE = ("reference_chosen", "reference_rejected")
ALL = (*POLICY, *REFERENCE)
MARGINS = "The loss is the mean of minus log sigmoid of the differences of the implicit rewards"
FOUR = {
    "policy_chosen": torch.tensor([-8.0, -3.0]),
    "policy_rejected": torch.tensor([-7.0, -6.0]),
    "reference_chosen": torch.tensor([-10.0, -2.5]),
    "reference_rejected": torch.tensor([-6.5, -4.0]),
}

EXERCISE = Exercise(
    reference=post_training.dpo_loss,
    points=4,
    cases=(
        Case("two pairs", given(**FOUR, beta=0.5), visible=True),
        Case("pairs, drawn", pairs(5, 0.3)),
        Case("one pair", pairs(1, 0.7), visible=True),
        Case("small beta", given(**FOUR, beta=0.05), visible=True),
        Case("large beta", pairs(4, 2.0), visible=True),
        Case("far apart", far, visible=True),
        Case("beta of 0", given(**FOUR, beta=0.0), visible=True),
        Case("negative beta", given(**FOUR, beta=-0.5), visible=True),
        Case("a column", of_another_shape(("reference_chosen",), 3, 1), visible=True),
        Case("columns of the rejected", of_another_shape(("policy_rejected",), 3, 1)),
        Case("one reference for all", of_another_shape(("reference_rejected",), 1), visible=True),
        Case("columns of the reference", of_another_shape(REFERENCE, 3, 1), visible=True),
        Case("columns of the chosen", of_another_shape(("policy_chosen", "reference_chosen"), 3, 1), visible=True),
        Case("columns crosswise", of_another_shape(("policy_chosen", "reference_rejected"), 3, 1)),
        Case("float64", pairs(4, 0.4, torch.float64), visible=True, slack=1e12),
        Case("gradients", pairs(4, 0.6), visible=True, gradients=POLICY),
        Case("gradients far apart", drawn_far, visible=True, gradients=POLICY),
        Case("gradients of all", pairs(3, 0.4), visible=True, gradients=ALL),
    ),
    properties=(
        Property(
            MARGINS,
            ("two pairs", "pairs, drawn", "one pair"),
            "With a policy that equals its reference every loss is log 2. Then let one of the four grow, and "
            "follow the sign.",
            weight=3,
        ),
        Property(
            "Beta multiplies the differences, inside the sigmoid",
            ("small beta", "large beta"),
            "With a beta near 0 the loss is near log 2, whatever the policy says.",
            weight=2,
        ),
        Property(
            "Large margins give a finite loss",
            ("far apart",),
            "Use logsigmoid (or softplus of minus the margin): no exponential of a large number is made, and nothing "
            "has to be clamped.",
            needs=MARGINS,
        ),
        Property(
            "Shapes that differ, and a beta that is not positive, are refused with a ValueError",
            (
                "beta of 0",
                "negative beta",
                "a column",
                "columns of the rejected",
                "one reference for all",
                "columns of the reference",
                "columns of the chosen",
                "columns crosswise",
                "two pairs",
            ),
            "Compare the four shapes, each with the others, and beta with 0.",
            observe=observe.refusal,
            needs=MARGINS,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "two pairs"),
            "float64 log probabilities give a float64 loss, float32 ones a float32 one.",
            observe=observe.dtype_and_changed,
            needs=MARGINS,
        ),
        Property(
            "Gradients reach the policy",
            ("gradients", "gradients far apart"),
            "The policy's log probabilities, of chosen and of rejected answers, are what is trained.",
            observe=observe.gradients,
        ),
        Property(
            "No gradient reaches the reference",
            ("gradients of all",),
            "The reference is the policy before training. detach its log probabilities.",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
)

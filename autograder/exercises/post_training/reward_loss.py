"""reward_loss: a score for answers, from comparisons."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn import functional

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randn
from llm_course.checking import observe
from solutions import post_training

known = Mistakes(post_training.reward_loss, section="post-training-reward-model")

LOSS = "-functional.logsigmoid(chosen - rejected).mean()"
CHECK = "chosen.shape != rejected.shape"

known.edit("sign", {"chosen - rejected)": "rejected - chosen)"}, "You reward the rejected answers: the difference is "
           "chosen minus rejected.")  # fmt: skip
known.edit("no_minus", {"-functional": "functional"}, "Your loss is negative and would be minimized by preferring the "
           "rejected answers: minus the log sigmoid.")  # fmt: skip
known.edit(
    "no_log",
    {LOSS: "-torch.sigmoid(chosen - rejected).mean()"},
    "You leave out the logarithm. The loss is minus the *log* probability that the chosen answer is preferred.",
)
known.edit(
    "one_minus_sigmoid",
    {LOSS: "(1 - torch.sigmoid(chosen - rejected)).mean()"},
    "You take one minus the probability. The loss is minus its logarithm.",
)
known.edit(
    "hinge",
    {LOSS: "(1 - (chosen - rejected)).clamp(min=0).mean()"},
    "That is a hinge loss: it is 0 from a margin of 1 on. Bradley and Terry's is minus log sigmoid of the difference.",
)
known.edit(
    "hinge_at_zero",
    {LOSS: "(rejected - chosen).clamp(min=0).mean()"},
    "Your loss is 0 as soon as the chosen answer is ahead. Minus log sigmoid goes on falling with the difference.",
)
known.edit(
    "exponential",
    {LOSS: "torch.exp(rejected - chosen).mean()"},
    "You take the exponential of the difference. The loss is log(1 + that): minus log sigmoid.",
)
known.edit(
    "either_way",
    {LOSS: "-(functional.logsigmoid(chosen - rejected) + functional.logsigmoid(rejected - chosen)).mean()"},
    "You add the loss of the opposite preference, so that equal rewards are best. Only what was preferred counts.",
)
known.edit(
    "lost_pairs_only",
    {LOSS: "-(functional.logsigmoid(chosen - rejected) * (chosen < rejected)).mean()"},
    "Pairs that are ranked rightly add nothing to your loss. They too count: it goes on falling with the difference.",
)
known.edit(
    "halved",
    {LOSS: f"{LOSS} / 2"},
    "You divide by the number of answers. The mean is over the pairs.",
)
known.edit(
    "share_ranked_rightly",
    {LOSS: "(chosen > rejected).to(chosen.dtype).mean()"},
    "You return the share of pairs ranked rightly, which has no gradient. The loss is minus log sigmoid of the "
    "differences.",
)
known.edit(
    "difference",
    {LOSS: "-(chosen - rejected).mean()"},
    "You take the difference itself, which has no lower bound. It goes through log sigmoid first.",
)
known.edit(
    "squared",
    {LOSS: "((torch.sigmoid(chosen - rejected) - 1) ** 2).mean()"},
    "You square how far the probability is from 1. The loss is minus its logarithm.",
)
known.edit(
    "each_alone",
    {LOSS: "-(functional.logsigmoid(chosen) + functional.logsigmoid(-rejected)).mean()"},
    "You send each reward through a sigmoid of its own, as if it were a verdict of good or bad. Only the difference "
    "counts.",
)
known.edit(
    "each_alone_averaged",
    {LOSS: "-(functional.logsigmoid(chosen) + functional.logsigmoid(-rejected)).mean() / 2"},
    "You judge each answer on its own, the chosen one as good and the other as bad. Only the difference of the two "
    "counts.",
)
known.edit(
    "regression",
    {LOSS: "((chosen - 1) ** 2 + rejected**2).mean()"},
    "You pull the chosen rewards to 1 and the others to 0. A comparison gives no such grades: only the difference "
    "counts.",
)
known.edit(
    "squared_margin",
    {LOSS: "((1 - (chosen - rejected)) ** 2).mean()"},
    "You pull the difference to 1 and punish more of it too. The loss is minus log sigmoid of the difference.",
)
known.edit(
    "strengths",
    {LOSS: "-torch.log(chosen / (chosen + rejected)).mean()"},
    "chosen / (chosen + rejected) is Bradley and Terry's formula for strengths, which are positive. Rewards are their "
    "logarithms: there it is the sigmoid of the difference.",
)
known.edit(
    "sigmoids_subtracted",
    {LOSS: "-(torch.sigmoid(chosen) - torch.sigmoid(rejected)).mean()"},
    "You send each reward through a sigmoid of its own and then subtract. Subtract first, then take log sigmoid.",
)
known.edit(
    "logs_subtracted",
    {LOSS: "-(functional.logsigmoid(chosen) - functional.logsigmoid(rejected)).mean()"},
    "You take log sigmoid of each reward and then subtract. Subtract first, then take log sigmoid.",
)
known.edit(
    "log_of_mean",
    {LOSS: "-torch.log(torch.sigmoid(chosen - rejected).mean())"},
    "You take the mean of the probabilities, then its logarithm. The mean is over the logarithms.",
)
known.edit(
    "across_the_batch",
    {LOSS: "-functional.log_softmax(chosen - rejected, dim=0).mean()"},
    "Your softmax compares the pairs of the batch with one another. Compare the two of each pair: sigmoid.",
)
known.edit(
    "every_other",
    {LOSS: "-functional.logsigmoid(chosen[:, None] - rejected).mean()"},
    "You compare every chosen answer with every rejected one. Only those of the same pair were compared.",
)
known.edit("summed", {".mean()": ".sum()"}, "You add up over the pairs: take the mean.")
known.edit(
    "mean_first",
    {LOSS: "-functional.logsigmoid((chosen - rejected).mean())"},
    "You take the mean of the differences first. Each pair has its own loss; the mean is over the losses.",
)
known.edit(
    "overflow",
    {LOSS: "-torch.log(torch.sigmoid(chosen - rejected)).mean()"},
    "At a difference of -1000 your loss is infinite: in floats the sigmoid is 0 there, and exp(1000) infinite. "
    "logsigmoid stays finite.",
)
# How large the loss may become depends on the small number: these are the usual ones.
for exponent in (7, 8, 9, 10, 12):
    known.edit(
        f"small_number_{exponent}",
        {LOSS: f"-torch.log(torch.sigmoid(chosen - rejected) + 1e-{exponent}).mean()"},
        f"A small number keeps your probability from 0: the loss never gets larger than -log 1e-{exponent}, and a pair "
        "further apart gets no gradient. logsigmoid needs no such number.",
    )
known.edit(
    "exponentials",
    {LOSS: "-torch.log(chosen.exp() / (chosen.exp() + rejected.exp())).mean()"},
    "The exponential of a reward of 500 is infinite. The quotient of exponentials is the sigmoid of the difference: "
    "use logsigmoid.",
)
known.edit("single", {LOSS: f"({LOSS}).float()"}, "Your loss is float32 whatever the rewards are: keep their dtype.")
known.edit(
    "double",
    {LOSS: LOSS.replace("chosen - rejected", "(chosen - rejected).double()")},
    "Your loss is float64 whatever the rewards are: keep their dtype.",
)
known.edit(
    "chosen_by_where",
    {LOSS: "torch.where(chosen - rejected > -30, torch.log1p(torch.exp(rejected - chosen)), rejected - chosen).mean()"},
    "Your loss is right, but its gradient is NaN where rewards lie far apart: torch.where differentiates the branch "
    "that it does not take too, and that one is infinite. logsigmoid needs no branches.",
)
known.edit(
    "chosen_detached",
    {"chosen - rejected)": "chosen.detach() - rejected)"},
    "No gradient reaches the chosen rewards. Both answers are scored by the model that is trained.",
)
known.edit("base_two", {".mean()": ".mean() / 0.6931471805599453"}, "Your loss is in bits: use the natural logarithm.")
known.edit(
    "detached",
    {".mean()": ".mean().detach()"},
    "No gradient reaches the rewards, so nothing is trained. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "rejected_detached",
    {"chosen - rejected)": "chosen - rejected.detach())"},
    "No gradient reaches the rejected rewards. Both answers are scored by the model that is trained.",
)
known.edit(
    "per_pair",
    {".mean()": ""},
    "You return one loss for each pair: take their mean.",
)
known.edit(
    "broadcast",
    {CHECK: "False"},
    "You let broadcasting decide: [batch] against [batch, 1] compares every answer with every other. Compare the "
    "shapes, and raise ValueError.",
)
known.edit(
    "numbers_compared_only",
    {CHECK: "chosen.numel() != rejected.numel()"},
    "You compare how many rewards there are, and not their shapes: [batch] against [batch, 1] compares every answer "
    "with every other. Compare the shapes.",
)


@known.function("You change the rewards that you were given: subtract into a new tensor.")
def in_place(chosen: Tensor, rejected: Tensor) -> Tensor:
    if chosen.shape != rejected.shape:
        raise ValueError("each pair needs two rewards")
    chosen -= rejected
    return -functional.logsigmoid(chosen).mean()


def pairs(batch: int, dtype: torch.dtype = torch.float32) -> Callable[[Generator], Arguments]:
    def draw_pairs(draw: Generator) -> Arguments:
        chosen, rejected = 2 * randn(draw, 2, batch, dtype=dtype)
        # One pair at least is ranked wrongly: a loss of nothing but large margins may be all rounding.
        chosen[0] = rejected[0] - 0.5 - torch.rand((), generator=draw)
        return {"chosen": chosen, "rejected": rejected}

    return draw_pairs


def with_gaps(draw: Generator) -> Arguments:
    return {"chosen": randn(draw, 4, 2)[:, 0], "rejected": randn(draw, 4, 3)[:, 1]}


def drawn_far_apart(draw: Generator) -> Arguments:
    chosen, rejected = torch.tensor([-500.0, 0.0]), torch.tensor([500.0, 800.0])
    return {"chosen": chosen + 9 * randn(draw, 2), "rejected": rejected + 9 * randn(draw, 2)}


MARGINS = "The loss is the mean of minus log sigmoid of the differences"

EXERCISE = Exercise(
    reference=post_training.reward_loss,
    points=2,
    cases=(
        Case(
            "three pairs",
            given(chosen=torch.tensor([2.0, 0.5, -1.0]), rejected=torch.tensor([1.0, 3.0, -1.5])),
            visible=True,
        ),
        Case("pairs, drawn", pairs(6)),
        Case("one pair", pairs(1), visible=True),
        Case("with gaps", with_gaps),
        Case(
            "far apart",
            given(chosen=torch.tensor([1000.0, -500.0, 0.0]), rejected=torch.tensor([0.0, 500.0, 1000.0])),
            visible=True,
        ),
        Case("a column", lambda draw: {"chosen": randn(draw, 3), "rejected": randn(draw, 3, 1)}, visible=True),
        Case("one for all", lambda draw: {"chosen": randn(draw, 3), "rejected": randn(draw, 1)}, visible=True),
        Case("float64", pairs(4, torch.float64), visible=True, slack=1e12),
        Case("gradients", pairs(4), visible=True, gradients=("chosen", "rejected")),
        Case(
            "gradients far apart",
            drawn_far_apart,
            visible=True,
            gradients=("chosen", "rejected"),
        ),
    ),
    properties=(
        Property(
            MARGINS,
            ("three pairs", "pairs, drawn", "one pair", "with gaps"),
            "For equal rewards each loss is log 2. Work out a pair whose difference is 1.",
            weight=3,
        ),
        Property(
            "Rewards a thousand apart give a finite loss",
            ("far apart",),
            "Use logsigmoid (or softplus of minus the difference): no exponential of a large number is made. Clamping, "
            "or a small number added inside the logarithm, makes the loss finite and wrong.",
            needs=MARGINS,
        ),
        Property(
            "Rewards that are not one for one are refused with a ValueError",
            ("a column", "one for all", "three pairs"),
            "Compare the two shapes before you subtract.",
            observe=observe.refusal,
            needs=MARGINS,
        ),
        Property(
            "The dtype is kept and the rewards are left unchanged",
            ("float64", "three pairs"),
            "float64 rewards give a float64 loss, float32 rewards a float32 one.",
            observe=observe.dtype_and_changed,
            needs=MARGINS,
        ),
        Property(
            "Gradients reach both rewards",
            ("gradients", "gradients far apart"),
            "Both answers were scored by the model that is trained: no detach, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
)

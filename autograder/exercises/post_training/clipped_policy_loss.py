"""clipped_policy_loss: better answers become likelier, in small steps."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import post_training

known = Mistakes(post_training.clipped_policy_loss, section="post-training-clip")

RATIO = "(log_probs - old_log_probs.detach()).masked_fill(~mask, 0.0).exp()"
TERMS = "torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)"
LOSS = "-(terms * mask).sum() / mask.sum().clamp(min=1)"
WHOLE = "(log_probs - old_log_probs.detach()).masked_fill(~mask, 0.0).sum(dim=1, keepdim=True)"
SHAPES = "not log_probs.shape == old_log_probs.shape == mask.shape or advantages.shape != log_probs.shape[:1]"

known.edit(
    "maximum",
    {"torch.minimum": "torch.maximum"},
    "You take the larger of the two terms. The smaller one is the cautious one: it never promises more than is sure.",
)
known.edit(
    "clip_on_product",
    {TERMS: "torch.minimum(ratio * advantage, (ratio * advantage).clamp(1 - clip, 1 + clip))"},
    "You clamp the product of ratio and advantage. Clamp the ratio, then multiply.",
)
known.edit(
    "clamped_only",
    {TERMS: "ratio.clamp(1 - clip, 1 + clip) * advantage"},
    "You always use the clamped ratio. Where it would make a mistake look smaller, the plain one counts: take the "
    "minimum of both.",
)
known.edit(
    "not_clipped",
    {TERMS: "ratio * advantage"},
    "Nothing is clipped: a ratio beyond 1 + clip still gains.",
)
known.edit("sign", {LOSS: LOSS[1:]}, "Your sign is wrong: the loss is *minus* the mean, since losses are minimized.")
known.edit(
    "mean_of_means",
    {LOSS: "-((terms * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)).mean()"},
    "You take the mean of each answer first, so tokens of long answers count less. Here all tokens of the batch count "
    "alike.",
)
known.edit(
    "summed",
    {LOSS: "-(terms * mask).sum()"},
    "You add up over all tokens: divide by how many count, or the loss grows with the batch.",
)
known.edit(
    "sum_over_rows",
    {LOSS: "-(terms * mask).sum(dim=1).mean()"},
    "You add up each answer and take the mean over the answers. Divide by the number of tokens of the whole batch.",
)
known.edit(
    "mask_ignored",
    {RATIO: "(log_probs - old_log_probs.detach()).exp()", LOSS: "-terms.mean()"},
    "You count every position, also those where the mask is False: prompt and padding.",
)
known.edit(
    "divided_by_all",
    {"mask.sum().clamp(min=1)": "mask.numel()"},
    "You divide by the number of all positions. Divide by the number of tokens that count.",
)
known.edit(
    "mask_inverted",
    {"~mask": "mask", LOSS: "-(terms * ~mask).sum() / (~mask).sum().clamp(min=1)"},
    "You count the positions where the mask is False. Those where it is True count.",
)
known.edit(
    "masked_ones",
    {LOSS: "-terms.sum() / mask.sum().clamp(min=1)"},
    "Positions where the mask is False still add their advantage to your sum, with a ratio of 1.",
)
known.edit(
    "masked_too_late",
    {RATIO: "(log_probs - old_log_probs.detach()).exp()"},
    "A number that does not count can still spoil the loss: its exponential is infinite, and infinity times 0 is NaN. "
    "Mask before `exp`.",
)
known.edit(
    "masked_by_where",
    {
        RATIO: "(log_probs - old_log_probs.detach()).exp()",
        LOSS: "-torch.where(mask, terms, 0 * log_probs).sum() / mask.sum().clamp(min=1)",
    },
    "Your loss is right, but its gradient is NaN: an infinite value that you leave out afterwards (by torch.where, by "
    "indexing) is gone from the loss, not from the gradient. Mask before `exp`.",
)
known.edit(
    "difference_for_ratio",
    {".exp()": ".add(1)"},
    "Your ratio is 1 plus the difference of the log probabilities. It is the exponential of that difference.",
)
known.edit(
    "ratio_inverted",
    {"(log_probs - old_log_probs.detach())": "(old_log_probs.detach() - log_probs)"},
    "Your ratio is upside down: it is the probability now over the probability then.",
)
known.edit(
    "log_ratio",
    {RATIO: "(log_probs - old_log_probs.detach()).masked_fill(~mask, 0.0)"},
    "You use the difference of the log probabilities as the ratio. The ratio is its exponential.",
)
known.edit(
    "quotient_of_logs",
    {RATIO: "(log_probs / old_log_probs.detach()).masked_fill(~mask, 1.0)"},
    "You divide log probabilities. The ratio of the probabilities is the exponential of their *difference*.",
)
known.edit(
    "reinforce",
    {TERMS: "log_probs.masked_fill(~mask, 0.0) * advantage"},
    "That is plain REINFORCE: log probability times advantage. The answers are those of an older policy: the term is "
    "the ratio to it, times the advantage, clipped.",
)
known.edit(
    "reinforce_of_answers",
    {LOSS: "-(log_probs.masked_fill(~mask, 0.0).sum(dim=1) * advantages).mean()"},
    "That is plain REINFORCE on whole answers: their log probability times the advantage. Here each token has its "
    "ratio to the older policy, clipped, and all tokens count alike.",
)
known.edit(
    "weighted_reinforce",
    {TERMS: "ratio.clamp(1 - clip, 1 + clip).detach() * advantage * log_probs.masked_fill(~mask, 0.0)"},
    "You weight log probabilities by a clipped ratio that carries no gradient. Here the ratio itself, times the "
    "advantage, is the term.",
)
known.edit(
    "ratio_of_answers",
    {RATIO: f"{WHOLE}.exp()", LOSS: "-terms.mean()"},
    "Your ratio is that of a whole answer. Here each token has a ratio of its own.",
)
known.edit(
    "ratio_of_answers_for_tokens",
    {RATIO: f"{WHOLE}.exp().expand_as(mask)"},
    "Your ratio is that of a whole answer, the same for all of its tokens. Here each token has a ratio of its own.",
)
known.edit(
    "mean_ratio_of_answers",
    {RATIO: f"({WHOLE} / mask.sum(dim=1, keepdim=True).clamp(min=1)).exp()", LOSS: "-terms.mean()"},
    "Your ratio is that of a whole answer, by its length, as GSPO has it. Here each token has a ratio of its own.",
)
known.edit(
    "mean_ratio_for_tokens",
    {RATIO: f"({WHOLE} / mask.sum(dim=1, keepdim=True).clamp(min=1)).exp().expand_as(mask)"},
    "All tokens of an answer share one ratio, the geometric mean of theirs. Here each token has a ratio of its own.",
)
known.edit(
    "log_probs_for_ratio",
    {RATIO: "log_probs.masked_fill(~mask, 0.0)"},
    "You multiply by the log probability itself. The term is the *ratio* to the old probability, times the advantage.",
)
known.edit(
    "old_trained",
    {"old_log_probs.detach()": "old_log_probs"},
    "A gradient reaches the old log probabilities. They are data: detach them.",
)
known.edit(
    "clamped_ratio_detached",
    {"ratio.clamp": "ratio.detach().clamp"},
    "You detach the ratio that you clamp. Inside the bounds both terms are equal, and each carries half of the "
    "gradient: clamp the ratio with its history.",
)
known.edit(
    "detached",
    {LOSS: f"({LOSS}).detach()"},
    "No gradient reaches the policy, so nothing is trained. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "fixed_clip",
    {"clamp(1 - clip, 1 + clip)": "clamp(0.8, 1.2)"},
    "You clamp to between 0.8 and 1.2, whatever clip is.",
)
known.edit(
    "upper_clip_only",
    {"clamp(1 - clip, 1 + clip)": "clamp(max=1 + clip)"},
    "You clamp from above only. With a negative advantage the lower bound matters.",
)
known.edit(
    "lower_clip_only",
    {"clamp(1 - clip, 1 + clip)": "clamp(min=1 - clip)"},
    "You clamp from below only. With a positive advantage the upper bound matters.",
)
known.edit(
    "far_tokens_dropped",
    {TERMS: "ratio * advantage * ((ratio - 1).abs() <= clip)"},
    "You drop tokens whose ratio is outside the bounds. Some of them still count, and pull back: take the minimum of "
    "both terms.",
)
known.edit(
    "size_of_advantage",
    {"advantages.unsqueeze(-1)": "advantages.unsqueeze(-1).abs()"},
    "You use the size of the advantage without its sign, so bad answers are rewarded too.",
)
known.edit(
    "ratio_so_far",
    {RATIO: "(log_probs - old_log_probs.detach()).masked_fill(~mask, 0.0).cumsum(dim=1).exp()"},
    "Your ratio is that of the answer up to the token. Here each token has a ratio of its own.",
)
known.edit(
    "advantage_in_exponent",
    {
        RATIO: "((log_probs - old_log_probs.detach()) * advantages.unsqueeze(-1)).masked_fill(~mask, 0.0).exp()",
        TERMS: "torch.minimum(ratio, ratio.clamp(1 - clip, 1 + clip))",
    },
    "Your advantage stands in the exponent. It multiplies the ratio.",
)
known.edit(
    "ratio_minus_one",
    {TERMS: "torch.minimum((ratio - 1) * advantage, (ratio - 1).clamp(-clip, clip) * advantage)"},
    "You subtract 1 from the ratio. That changes the loss by the mean advantage; the term is min(r A, clamp(r) A).",
)
known.edit(
    "clip_of_log",
    {"clamp(1 - clip, 1 + clip)": "clamp(-clip, clip)"},
    "You clamp the ratio to between -clip and clip. It is near 1, so the bounds are 1 - clip and 1 + clip.",
)
known.edit(
    "first_tokens_of_each_row",
    {RATIO: "(log_probs - old_log_probs.detach()).masked_fill(~(mask := mask.sort(dim=1, descending=True).values), 0.0)"
     ".exp()"},
    "You take the first tokens of each row, as many as the mask has True. It need not begin with them: a prompt stands "
    "in front, and other text between. Use the mask itself.",
)  # fmt: skip
known.edit(
    "up_to_the_first_gap",
    {RATIO: "(log_probs - old_log_probs.detach()).masked_fill(~(mask := mask.cumprod(dim=1).bool()), 0.0).exp()"},
    "You stop at the first False of the mask. Tokens behind it may count again: look at each place by itself.",
)
known.edit(
    "plain_zero_for_nothing",
    {LOSS: f"{LOSS} if mask.any() else torch.tensor(0.0)"},
    "Without a token that counts you return a zero in float32, whatever the log probabilities are: keep their dtype.",
)
known.edit(
    "nan_for_nothing",
    {"mask.sum().clamp(min=1)": "mask.sum()"},
    "Without a token that counts, you divide 0 by 0. The loss is 0 then.",
)
known.edit(
    "single",
    {LOSS: f"({LOSS}).float()"},
    "Your loss is float32 whatever the log probabilities are: keep their dtype.",
)
known.edit(
    "clip_before_exp",
    {TERMS: "torch.minimum(ratio * advantage, ratio.log().clamp(-clip, clip).exp() * advantage)"},
    "You clamp the difference of the log probabilities. The bounds 1 - clip and 1 + clip are for the ratio itself.",
)
known.edit(
    "reciprocal_clip",
    {"clamp(1 - clip, 1 + clip)": "clamp(1 / (1 + clip), 1 + clip)"},
    "Your lower bound is 1 / (1 + clip). It is 1 - clip.",
)
known.edit(
    "smaller_ratio",
    {TERMS: "torch.minimum(ratio, ratio.clamp(1 - clip, 1 + clip)) * advantage"},
    "You take the smaller of the two *ratios*. With a negative advantage that is the larger term: multiply first.",
)
known.edit(
    "smaller_sum",
    {
        TERMS: "torch.stack([ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage])",
        LOSS: "-(terms * mask).sum(dim=(1, 2)).amin() / mask.sum().clamp(min=1)",
    },
    "You add up both kinds of terms and take the smaller sum. The minimum is taken for each token.",
)
known.edit(
    "advantages_along_time",
    {"advantages.unsqueeze(-1)": "advantages"},
    "Your advantages lie along time, not along the batch: `advantages.unsqueeze(-1)` gives each row its own.",
)
known.edit(
    "advantages_normalized",
    {"advantages.unsqueeze(-1)": "((advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8))[:, None]"},
    "You normalize the advantages over the batch, as many PPO programs do. Here they are used as they come.",
)
known.edit(
    "zero_clip_refused",
    {"clip < 0": "clip <= 0"},
    "You refuse a clip of 0. It leaves no room for gain, but it makes sense: only a negative one is refused.",
)
known.edit(
    "wide_clip_refused",
    {"clip < 0": "not 0 <= clip <= 1"},
    "You refuse a clip above 1. It only leaves the ratio free from below: what makes no sense is a negative one.",
)
known.edit(
    "negative_clip",
    {"clip < 0": "False"},
    "You accept a negative clip, whose lower bound lies above its upper one: raise ValueError.",
)
known.edit(
    "shapes_not_compared",
    {SHAPES: "False"},
    "You let broadcasting decide where shapes do not fit. Compare them, and raise ValueError.",
)
known.edit(
    "advantages_not_compared",
    {SHAPES: "not log_probs.shape == old_log_probs.shape == mask.shape"},
    "You do not look at the shape of the advantages. There is one for each row: raise ValueError otherwise.",
)
known.edit(
    "advantages_counted_only",
    {SHAPES: "not log_probs.shape == old_log_probs.shape == mask.shape or len(advantages) != len(log_probs)"},
    "You count the advantages and do not look at their shape: one for each *token* gets through. Compare with "
    "log_probs.shape[:1].",
)
known.edit(
    "dimensions_of_advantages_only",
    {SHAPES: "not log_probs.shape == old_log_probs.shape == mask.shape or advantages.dim() != 1"},
    "You look how many dimensions the advantages have, and not how many there are: a single one is stretched over all "
    "rows. Compare with log_probs.shape[:1].",
)
known.edit(
    "mask_not_compared",
    {SHAPES: "log_probs.shape != old_log_probs.shape or advantages.shape != log_probs.shape[:1]"},
    "You do not look at the shape of the mask: one of a single row is stretched over all. Raise ValueError.",
)
known.edit(
    "old_not_compared",
    {SHAPES: "log_probs.shape != mask.shape or advantages.shape != log_probs.shape[:1]"},
    "You do not look at the shape of the old log probabilities: those of a single row are stretched over all. Raise "
    "ValueError.",
)


def answers(
    batch: int, time: int, clip: float | None = None, dtype: torch.dtype = torch.float32
) -> Callable[[Generator], Arguments]:
    """Answers of different lengths; what stands behind their ends differs wildly."""

    def draw_answers(draw: Generator) -> Arguments:
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

    return draw_answers


def holes(draw: Generator) -> Arguments:
    """Prompts stand in front, and within an answer there is text that others have written."""
    mask = torch.tensor([[0, 1, 1, 0, 1, 1], [0, 0, 0, 1, 1, 0], [1, 0, 0, 0, 0, 1]]).bool()
    return {**answers(3, 6)(draw), "mask": mask}


def whole(draw: Generator) -> Arguments:
    return {
        "log_probs": torch.tensor([[-1.0, -0.5, -2.0], [-1.5, -0.2, -1.0]]),
        "old_log_probs": torch.tensor([[-1.0, -1.5, -1.2], [-1.0, -1.4, -2.0]]),
        "advantages": torch.tensor([1.5, -0.5]),
        "mask": torch.ones(2, 3, dtype=torch.bool),
    }


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


def nothing(draw: Generator) -> Arguments:
    return {**whole(draw), "mask": torch.zeros(2, 3, dtype=torch.bool)}


def in_float64(arguments: Arguments) -> Arguments:
    return {name: item.double() if item.is_floating_point() else item for name, item in arguments.items()}


def replaced(name: str, *shape: int) -> Callable[[Generator], Arguments]:
    def draw_replaced(draw: Generator) -> Arguments:
        other = torch.ones(*shape, dtype=torch.bool) if name == "mask" else randn(draw, *shape)
        return {**whole(draw), name: other}

    return draw_replaced


BOTH = ("log_probs", "old_log_probs")
COUNTED = "The loss is minus the mean over all tokens of the smaller of the two terms"

EXERCISE = Exercise(
    reference=post_training.clipped_policy_loss,
    points=5,
    cases=(
        Case("every token", whole, visible=True),
        Case("one answer", drawn_answer, visible=True),
        Case("answers", answers(3, 6), visible=True),
        Case("answers, drawn", answers(4, 7)),
        Case("holes in the mask", holes, visible=True),
        Case("narrow clip", answers(3, 5, clip=0.05), visible=True),
        Case("wide clip", answers(3, 5, clip=0.6)),
        Case("clip above 1", answers(3, 5, clip=1.5), visible=True),
        Case("no room", lambda draw: {**whole(draw), "clip": 0.0}, visible=True),
        Case("far behind the end", far_behind_the_end, visible=True, gradients=("log_probs",)),
        Case("nothing counts", nothing, visible=True),
        Case("nothing counts in float64", lambda draw: in_float64(nothing(draw)), visible=True),
        Case("negative clip", lambda draw: {**whole(draw), "clip": -0.1}, visible=True),
        Case("an advantage for each token", replaced("advantages", 2, 3), visible=True),
        Case("one advantage for all", replaced("advantages", 1), visible=True),
        Case("mask of one row", replaced("mask", 1, 3), visible=True),
        Case("old of one row", replaced("old_log_probs", 1, 3), visible=True),
        Case("float64", answers(3, 6, dtype=torch.float64), visible=True, slack=1e12),
        Case("gradients", answers(3, 6), visible=True, gradients=("log_probs",)),
        Case("gradients of both", whole, visible=True, gradients=BOTH),
    ),
    properties=(
        Property(
            COUNTED,
            ("every token", "one answer"),
            "Every token counts here. Work out one token with a positive advantage and a ratio above 1 + clip, and one "
            "with a negative advantage.",
            weight=3,
        ),
        Property(
            "Only tokens inside the mask count, all of the batch alike",
            ("answers", "answers, drawn", "holes in the mask"),
            "Add up over the whole batch what the mask lets through, and divide by how many tokens that are.",
            weight=2,
        ),
        Property(
            "The ratio is clamped to between 1 - clip and 1 + clip",
            ("narrow clip", "wide clip", "clip above 1", "no room"),
            "clip is the caller's choice.",
        ),
        Property(
            "What stands outside the mask changes neither the loss nor its gradient",
            ("far behind the end",),
            "An exponential may be infinite there: fill in a harmless number before `exp`.",
            observe=observe.value_and_gradients,
        ),
        Property(
            "Without a token that counts, the loss is 0",
            ("nothing counts",),
            "0 / 0 is NaN, and one NaN spoils all weights.",
            needs=COUNTED,
        ),
        Property(
            "Shapes that do not fit, and a negative clip, are refused with a ValueError",
            (
                "negative clip",
                "an advantage for each token",
                "one advantage for all",
                "mask of one row",
                "old of one row",
                "every token",
            ),
            "There is one advantage for each row, one old log probability and one entry of the mask for each token.",
            observe=observe.refusal,
            needs=COUNTED,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "nothing counts in float64", "answers"),
            "Work on new tensors, in the dtype of log_probs.",
            observe=observe.dtype_and_changed,
            needs=COUNTED,
        ),
        Property(
            "Gradients reach the policy",
            ("gradients",),
            "Where the ratio is clipped no gradient flows; elsewhere it must.",
            observe=observe.gradients,
        ),
        Property(
            "No gradient reaches the old log probabilities",
            ("gradients of both",),
            "They were written down when the answers were: detach them.",
            observe=observe.gradients,
            needs=COUNTED,
        ),
    ),
    mistakes=tuple(known),
)

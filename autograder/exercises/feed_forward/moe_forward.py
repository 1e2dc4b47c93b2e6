"""moe_forward: a router sends each token to a few of many networks."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.feed_forward.inputs import FAR, NEARLY, cast
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import feed_forward as networks

EXPERTS = "feed-forward-experts"

known = Mistakes(networks.moe_forward, section="feed-forward-router")

START = "n_experts = router.shape[0]"
CHECK = "not 1 <= top_k <= n_experts"
LOGITS = "(x @ router.T)"
TOPK = "topk(top_k, dim=-1)"
CHOICE = f"logits, chosen = {LOGITS}.{TOPK}"
WEIGHTS = "torch.softmax(logits, dim=-1)"
HIDDEN = "functional.relu(x[token] @ w_in[expert].T)"
OUTPUT = f"{HIDDEN} @ w_out[expert].T"

OF_ALL_EXPERTS = f"torch.softmax({LOGITS}, dim=-1).gather(-1, chosen)"
BEST = "topk(1, dim=-1)"
# Logits of the chosen experts where these stand among all, and weights that all experts have.
IN_PLACE = "torch.full((len(x), n_experts), {others}, dtype=x.dtype).scatter(-1, chosen, logits)"
ALL_WEIGHED = "\n    chosen = torch.arange(n_experts).expand_as(weights)"
AMONG_CHOSEN = "torch.softmax(logits.masked_fill(~chosen, -torch.inf), dim=-1)"

known.edit(
    "softmax_before_the_choice",
    {WEIGHTS: OF_ALL_EXPERTS},
    "You take softmax over all experts and keep the chosen weights as they are, so they sum to less than 1. Take it "
    "over the chosen logits.",
)
known.edit(
    "softmax_twice",
    {WEIGHTS: f"torch.softmax({OF_ALL_EXPERTS}, dim=-1)"},
    "You take softmax over all experts and once more over the chosen: the second one flattens the weights. Once is "
    "enough, over the chosen logits.",
)
known.edit(
    "all_experts",
    {TOPK: "topk(n_experts, dim=-1)"},
    "All experts work on every token. Only the top_k with the highest logits may.",
)
known.edit(
    "softmax_with_zeros",
    {WEIGHTS: f"torch.softmax({IN_PLACE.format(others='0.0')}, dim=-1){ALL_WEIGHED}"},
    "You set the logits of the others to 0 before softmax. e to the power 0 is 1, so they still take part: set them "
    "to minus infinity, or leave them out.",
)
known.edit(
    "equal_weights",
    {WEIGHTS: "torch.full_like(logits, 1 / top_k)"},
    "You take the mean of the chosen experts. Their weights are a softmax over their logits.",
)
known.edit(
    "no_weights",
    {WEIGHTS: "torch.ones_like(logits)"},
    "You add the chosen experts up without weights. The weights are a softmax over their logits.",
)
known.edit(
    "best_only",
    {TOPK: BEST, WEIGHTS: "torch.ones_like(logits)"},
    "Only the best expert works on each token, whatever top_k is.",
)
known.edit(
    "best_by_its_probability",
    {TOPK: BEST, WEIGHTS: OF_ALL_EXPERTS},
    "Only the best expert works on each token, with its probability among all experts as the weight. That is the "
    "Switch Transformer; here there are top_k, with weights that sum to 1.",
)
known.edit("lowest", {TOPK: "topk(top_k, dim=-1, largest=False)"}, "You choose the experts with the lowest logits.")
known.edit(
    "raw_logits",
    {WEIGHTS: "logits"},
    "Your weights are the logits themselves. They may be negative and sum to anything: take their softmax.",
)
known.edit(
    "sigmoids",
    {WEIGHTS: "torch.sigmoid(logits)"},
    "Your weights are sigmoids of the logits, which do not sum to 1. Some models do so; here it is a softmax.",
)
known.edit(
    "sigmoids_that_sum_to_one",
    {WEIGHTS: "torch.sigmoid(logits) / torch.sigmoid(logits).sum(-1, keepdim=True)"},
    "Your weights are sigmoids, divided by their sum, as in DeepSeek-V3. Here they are a softmax.",
)
known.edit(
    "softmax_over_tokens",
    {WEIGHTS: f"torch.softmax({IN_PLACE.format(others='-torch.inf')}, dim=0).gather(-1, chosen)"},
    "Your softmax runs over the tokens. It runs over the experts of one token.",
)
known.edit(
    "softmax_over_tokens_by_rank",
    {WEIGHTS: "torch.softmax(logits, dim=0)"},
    "Your softmax runs over the tokens. It belongs to one token's chosen logits: dim=-1.",
)
known.edit(
    "chosen_over_tokens",
    {
        CHOICE: (
            f"logits = {LOGITS}\n"
            "    best = logits.topk(top_k, dim=0).indices\n"
            "    chosen = torch.zeros_like(logits, dtype=torch.bool).scatter(0, best, True)"
        ),
        WEIGHTS: f"{AMONG_CHOSEN}.nan_to_num(){ALL_WEIGHED}",
    },
    "Each expert chooses top_k tokens. It is each token that chooses top_k experts: the last dimension.",
)
known.edit(
    "chosen_over_as_many_tokens_as_there_are",
    {
        CHOICE: (
            f"logits = {LOGITS}\n"
            "    best = logits.topk(min(top_k, len(x)), dim=0).indices\n"
            "    chosen = torch.zeros_like(logits, dtype=torch.bool).scatter(0, best, True)"
        ),
        WEIGHTS: f"{AMONG_CHOSEN}.nan_to_num(){ALL_WEIGHED}",
    },
    "Each expert chooses up to top_k tokens, and a token that none chooses gets nothing. It is each token that chooses "
    "top_k experts: the last dimension.",
)
known.edit(
    "best_tokens_as_experts",
    {TOPK: "topk(top_k, dim=0)"},
    "Your topk runs over the tokens, dim=0, so its indices are numbers of tokens. It is each token that chooses among "
    "the experts: dim=-1.",
)


@known.function(
    "Your topk runs over the tokens, dim=0, and gives top_k rows, where you need one for each token. It is each token "
    "that chooses among the experts: dim=-1."
)
def best_tokens_one_by_one(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    if not 1 <= top_k <= len(router):
        raise ValueError("top_k makes no sense")
    logits, chosen = (x @ router.T).topk(top_k, dim=0)
    weights = torch.softmax(logits, dim=-1)
    rows = []
    for token in range(len(x)):
        outputs = [torch.relu(x[token] @ w_in[expert].T) @ w_out[expert].T for expert in chosen[token]]
        rows.append(sum(weight * output for weight, output in zip(weights[token], outputs, strict=True)))
    return torch.stack(rows)


known.edit(
    "one_choice_for_all",
    {
        CHOICE: (
            f"chosen = {LOGITS}.mean(0).topk(top_k).indices.expand(len(x), -1)\n"
            f"    logits = {LOGITS}.gather(-1, chosen)"
        )
    },
    "All your tokens go to the same experts. Each token makes its own choice.",
)
known.edit("two_experts_always", {TOPK: "topk(min(2, n_experts), dim=-1)"}, "You choose two experts whatever top_k is.")
known.edit("one_expert_more", {TOPK: "topk(min(top_k + 1, n_experts), dim=-1)"}, "You choose top_k + 1 experts.")
known.edit(
    "by_threshold",
    {
        CHOICE: f"logits = {LOGITS}\n    chosen = logits >= logits.{TOPK}.values[:, -1:]",
        WEIGHTS: f"{AMONG_CHOSEN}{ALL_WEIGHED}",
    },
    "You keep every expert whose logit reaches that of number top_k. In a tie there are more than top_k of them: "
    "choose by index, as topk does.",
)
known.edit(
    "weights_by_number",
    {WEIGHTS: f"{WEIGHTS}\n    chosen = chosen.sort(dim=-1).values"},
    "Your weights go to the wrong experts: they are in the order of the logits, and your experts in the order of "
    "their numbers. Keep values and indices of topk together.",
)
known.edit(
    "divided_once_more",
    {WEIGHTS: f"{WEIGHTS} / top_k"},
    "You divide the mixture by top_k. The weights sum to 1 already.",
)
known.edit(
    "weights_applied_twice", {WEIGHTS: f"{WEIGHTS} ** 2"}, "Each expert's output is multiplied by its weight twice."
)
known.edit(
    "stops_at_idle_expert",
    {"        output =": "        if not len(token):\n            break\n        output ="},
    "You stop at the first expert without tokens, so all later experts are left out. Go on with the next one: "
    "`continue`, not `break`.",
)
known.edit(
    "last_expert_stays",
    {"index_add": "index_copy"},
    "Of the experts of a token only the one with the highest number is left: a later one overwrites what an earlier "
    "one has written. Add to what is there, with `out[rows] += ...` or index_add.",
    EXPERTS,
)
known.edit(
    "gelu_experts", {"functional.relu": "functional.gelu"}, "Your experts use GELU. Here they use ReLU.", EXPERTS
)
known.edit(
    "silu_experts", {"functional.relu": "functional.silu"}, "Your experts use SiLU. Here they use ReLU.", EXPERTS
)
known.edit(
    "no_activation", {"functional.relu": ""}, "Your experts have no activation between their matrices: ReLU.", EXPERTS
)
known.edit(
    "relu_at_the_end",
    {OUTPUT: "functional.relu(x[token] @ w_in[expert].T @ w_out[expert].T)"},
    "Your ReLU stands after w_out. It stands between the two matrices of an expert.",
    EXPERTS,
)
known.edit(
    "relu_of_the_mixture",
    {"return result": "return functional.relu(result)"},
    "You apply ReLU to the result once more. What the experts make may be negative.",
    EXPERTS,
)
known.edit(
    "input_added",
    {"return result": "return x + result"},
    "You add x to the result. The layer around this network does that; the network itself does not.",
    EXPERTS,
)


@known.function(
    "You mix the experts' matrices and then apply one network. It is their outputs that are mixed.", section=EXPERTS
)
def matrices_mixed(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    if not 1 <= top_k <= len(router):
        raise ValueError("top_k makes no sense")
    logits, chosen = (x @ router.T).topk(top_k, dim=-1)
    weights = torch.softmax(logits, dim=-1)
    w_in, w_out = (torch.einsum("tk,tkij->tij", weights, matrices[chosen]) for matrices in (w_in, w_out))
    hidden = torch.relu(torch.einsum("tfd,td->tf", w_in, x))
    return torch.einsum("tdf,tf->td", w_out, hidden)


known.edit(
    "not_transposed",
    {"w_in[expert].T": "w_in[expert]", "w_out[expert].T": "w_out[expert]"},
    "You multiply by the experts' matrices as they are. They are laid out [out, in]: x @ w_in[e].T. Where d_ff is d, "
    "no error warns you.",
    EXPERTS,
)
known.edit(
    "written_into_x",
    {"return result": "return result if x.requires_grad else x.copy_(result)"},
    "You write the result into x itself: begin with torch.zeros_like(x).",
    EXPERTS,
)
known.edit(
    "always_float32",
    {START: f"x, router, w_in, w_out = (part.float() for part in (x, router, w_in, w_out))\n    {START}"},
    "Your result is float32 whatever comes in: the dtype of x is kept. torch.zeros is float32, zeros_like is not.",
    EXPERTS,
)
known.edit(
    "detached",
    {"return result": "return result.detach()"},
    "No gradient flows through your result. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
    EXPERTS,
)
known.edit(
    "softmax_by_exp",
    {WEIGHTS: "logits.exp() / logits.exp().sum(-1, keepdim=True)"},
    "Your softmax takes e to the power of the logits themselves, which is infinite from 89 on, and infinity divided "
    "by infinity is NaN. Subtract the largest logit first, as `torch.softmax` does.",
)
known.edit(
    "weights_detached",
    {WEIGHTS: f"{WEIGHTS}.detach()"},
    "Your router gets no gradient: it learns only through the weights of the mixture, so do not cut them off.",
)
known.edit(
    "experts_detached",
    {OUTPUT: f"({OUTPUT}).detach()"},
    "Your experts get no gradient. Do not detach what they make.",
    EXPERTS,
)
known.edit(
    "choice_not_checked",
    {CHECK: "False"},
    "Your function takes top_k = 0 for a choice, and leaves it to torch to complain of one that is too large. Test "
    "both ends, and raise ValueError.",
)
known.edit(
    "compared_with_the_width",
    {CHECK: "not 1 <= top_k <= router.shape[1]"},
    "You compare top_k with the width of a token. The experts are the rows of the router, `router.shape[0]`.",
)
known.edit("zero_accepted", {CHECK: "top_k > n_experts"}, "You refuse a top_k that is too large, but accept 0.")
known.edit(
    "cut_down",
    {f"if {CHECK}": f"top_k = min(top_k, n_experts)\n    if {CHECK}"},
    "You cut a top_k that is too large down to the number of experts. It makes no sense: raise ValueError.",
)


GAP = 0.15
"""How far apart logits are at least: rounding must not decide which expert is chosen."""


def drawn_experts(
    draw: Generator,
    *,
    tokens: int,
    n_experts: int,
    top_k: int,
    d: int,
    d_ff: int,
    contiguous: bool = True,
    scale: float = FAR,
) -> Arguments:
    """Tokens whose logits are clearly apart, and not so far apart that one expert has all the weight.

    Hidden numbers of thousands, where GELU, SiLU and ReLU are the same, leave to be seen how experts are chosen.
    """
    router = 0.7 * randn(draw, n_experts, d)
    candidates = randn(draw, 1000, d)
    logits = (candidates @ router.T).sort(dim=-1).values
    apart = (logits.diff(dim=-1) > GAP).all(-1) & (logits[:, -1] - logits[:, -2:].amin(-1) < 1.5)
    x = candidates[apart][:tokens]
    if not contiguous:
        x = x.T.contiguous().T
    weights = {"w_in": scale * randn(draw, n_experts, d_ff, d), "w_out": randn(draw, n_experts, d, d_ff)}
    return {"x": x, "router": router, **weights, "top_k": top_k}


def experts_for(**sizes: Any) -> Callable[[Generator], Arguments]:
    return functools.partial(drawn_experts, **sizes)


def tie(draw: Generator) -> Arguments:
    """Two experts are copies of each other, and tie for the second place: either may be chosen, but not both.

    All products are exact in binary, so the tie holds whatever the order of the sums.
    """
    x = torch.randint(1, 4, (3, 3), generator=draw).float()
    router = torch.tensor([[2.0, 2.0, 2.0], [1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [-1.0, 0.0, 0.0]]) / 8
    w_in, w_out = FAR * randn(draw, 4, 5, 3), randn(draw, 4, 3, 5)
    w_in[2], w_out[2] = w_in[1], w_out[1]
    return {"x": x, "router": router, "w_in": w_in, "w_out": w_out, "top_k": 2}


def router_far_out(draw: Generator) -> Arguments:
    """Logits of hundreds, of which the best two lie close enough for both experts to count."""
    arguments = drawn_experts(draw, tokens=3, n_experts=2, top_k=2, d=4, d_ff=5)
    x = arguments["x"]
    # What is added to both rows of the router moves both logits of a token alike.
    common = 300 * torch.linalg.pinv(x.double()).sum(-1).to(x.dtype)
    return {**arguments, "router": arguments["router"] + common}


def idle_expert(draw: Generator) -> Arguments:
    """No token chooses the first expert, whatever is drawn."""
    arguments = drawn_experts(draw, tokens=6, n_experts=4, top_k=2, d=4, d_ff=5)
    x, router = arguments["x"].abs(), arguments["router"].clone()
    router[0] = router.min() - 1.0
    return {**arguments, "x": x, "router": router}


SMALL: dict[str, Any] = {"tokens": 4, "n_experts": 4, "top_k": 2, "d": 3, "d_ff": 5}


def experts_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    return lambda draw: cast(drawn_experts(draw, tokens=3, n_experts=1, top_k=1, d=3, d_ff=5), dtype)


def impossible_choice(top_k: int) -> Callable[[Generator], Arguments]:
    return lambda draw: {**drawn_experts(draw, **SMALL), "top_k": top_k}


ONE_EXPERT = "An expert is w_out relu(w_in x)"

EXERCISE = Exercise(
    reference=networks.moe_forward,
    points=6,
    cases=(
        Case("one expert", experts_for(tokens=3, n_experts=1, top_k=1, d=4, d_ff=6, scale=1.0), visible=True),
        Case("one expert, drawn", experts_for(tokens=5, n_experts=1, top_k=1, d=3, d_ff=7, scale=1.0)),
        Case(
            "the best of four",
            experts_for(tokens=6, n_experts=4, top_k=1, d=4, d_ff=5),
            visible=True,
            slack=NEARLY,
        ),
        Case("the best of three", experts_for(tokens=5, n_experts=3, top_k=1, d=5, d_ff=4), slack=NEARLY),
        Case("two of five", experts_for(tokens=7, n_experts=5, top_k=2, d=4, d_ff=6), visible=True, slack=NEARLY),
        Case(
            "three of six",
            experts_for(tokens=5, n_experts=6, top_k=3, d=5, d_ff=4, contiguous=False),
            visible=True,
            slack=NEARLY,
        ),
        Case(
            "two of four, as wide as it is",
            experts_for(tokens=6, n_experts=4, top_k=2, d=5, d_ff=5),
            visible=True,
            slack=NEARLY,
        ),
        Case("an idle expert", idle_expert, visible=True, slack=NEARLY),
        Case("one token", experts_for(tokens=1, n_experts=5, top_k=2, d=4, d_ff=3), visible=True, slack=NEARLY),
        Case("three of three", experts_for(tokens=4, n_experts=3, top_k=3, d=4, d_ff=5), visible=True, slack=NEARLY),
        Case("tie", tie, visible=True, slack=NEARLY),
        Case("router far out", router_far_out, visible=True, slack=NEARLY),
        Case("small", experts_for(**SMALL), visible=True, slack=NEARLY),
        Case("three of four, two wide", experts_for(tokens=4, n_experts=4, top_k=3, d=2, d_ff=3), visible=True),
        Case("no expert", impossible_choice(0), visible=True),
        Case("fewer than no experts", lambda draw: impossible_choice(-randint(draw, 1, 5))(draw), visible=True),
        Case("more experts than there are", impossible_choice(5), visible=True),
        Case("float64", experts_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", experts_in(torch.bfloat16), visible=True),
        Case(
            "gradients",
            experts_for(**SMALL),
            visible=True,
            gradients=("x", "router", "w_in", "w_out"),
            slack=NEARLY,
        ),
    ),
    properties=(
        Property(
            ONE_EXPERT,
            ("one expert", "one expert, drawn"),
            "There is one expert here, and its weight is 1: what is left is relu(x @ w_in[0].T) @ w_out[0].T.",
            weight=2,
        ),
        Property(
            "With top_k = 1 each token gets what its best expert makes, with the weight 1",
            ("the best of four", "the best of three"),
            "The logits of a token are x @ router.T, over the experts. The highest wins, token by token, and a softmax "
            "over one number is 1.",
            weight=2,
        ),
        Property(
            "top_k experts are mixed by a softmax over their own logits",
            ("two of five", "three of six", "two of four, as wide as it is", "an idle expert", "one token"),
            "Print the weights of one token: they are top_k numbers that sum to 1, the largest for the highest logit. "
            "Each multiplies the output of its own expert.",
            weight=4,
        ),
        Property(
            "With all experts chosen, all take part",
            ("three of three",),
            "If top_k is the number of experts, the weights are a softmax over all logits.",
        ),
        Property(
            "A tie does not let one expert more in",
            ("tie",),
            "Two experts have the same logit here, and only one of them fits: top_k experts are chosen, never more.",
        ),
        Property(
            "Large router logits do not overflow",
            ("router far out",),
            "exp of 89 is infinite in float32: `torch.softmax` subtracts the largest logit first.",
        ),
        Property(
            "A top_k that cannot be chosen is refused with a ValueError",
            (
                "small",
                "three of four, two wide",
                "no expert",
                "fewer than no experts",
                "more experts than there are",
            ),
            "At least 1 and at most all experts: test it before you choose, and raise ValueError.",
            observe=observe.refusal,
            needs=ONE_EXPERT,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("one expert", "float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs=ONE_EXPERT,
        ),
        Property(
            "Gradients reach x, the router and the experts",
            ("gradients",),
            "The router learns through the weights of the mixture: no detach, no .data, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
)

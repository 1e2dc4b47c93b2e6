"""moe_forward: a router sends each token to a few of many networks."""

from functools import partial
from typing import Any

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, given, randint, randn
from autograder.exercises.feed_forward.inputs import FAR, NEARLY, whole
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from solutions import feed_forward as networks

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


def whole_choice(top_k: int) -> ArgumentMaker:
    """Three tokens with whole logits, experts of whole numbers: to be worked out by hand."""
    return lambda draw: {
        "x": torch.tensor([[1.0, 2.0], [2.0, -1.0], [-2.0, 1.0]]),
        "router": torch.tensor([[2.0, 1.0], [0.0, 3.0], [-1.0, 2.0], [1.0, -2.0]]) / top_k,
        "w_in": FAR * randn(draw, 4, 3, 2).round() + 0.0,
        "w_out": (2 * randn(draw, 4, 2, 3)).round() + 0.0,
        "top_k": top_k,
    }


SMALL: dict[str, Any] = {"tokens": 4, "n_experts": 4, "top_k": 2, "d": 3, "d_ff": 5}


def experts_in(dtype: torch.dtype) -> ArgumentMaker:
    one_expert = partial(drawn_experts, tokens=3, n_experts=1, top_k=1, d=3, d_ff=5)
    return each_tensor(lambda numbers: numbers.to(dtype), one_expert)


def impossible_choice(top_k: int) -> ArgumentMaker:
    return lambda draw: {**drawn_experts(draw, **SMALL), "top_k": top_k}


def two_best(router: list[float], outputs: list[float]) -> ArgumentMaker:
    """One token of one number, and experts that each give one number, of which the router chooses two."""
    return given(
        x=torch.tensor([[1.0]]),
        router=torch.tensor(router)[:, None],
        w_in=torch.ones(len(router), 1, 1),
        w_out=torch.tensor(outputs)[:, None, None],
        top_k=2,
    )


EXERCISE = exercise(
    networks.moe_forward,
    __file__,
    requires(
        "An expert is w_out relu(w_in x)",
        Case(
            "one expert",
            whole(partial(drawn_experts, tokens=2, n_experts=1, top_k=1, d=2, d_ff=3, scale=1.0)),
            visible=True,
        ),
        Case("one expert, drawn", partial(drawn_experts, tokens=5, n_experts=1, top_k=1, d=3, d_ff=7, scale=1.0)),
        advice="There is one expert here, and its weight is 1: what is left is relu(x @ w_in[0].T) @ w_out[0].T.",
        weight=2,
        fails="With a single expert, your result differs from w_out relu(w_in x).",
    ),
    requires(
        "With top_k = 1 each token gets what its best expert makes, with the weight 1",
        Case(
            "the best of four",
            whole_choice(1),
            visible=True,
            slack=NEARLY,
        ),
        Case("the best of three", partial(drawn_experts, tokens=5, n_experts=3, top_k=1, d=5, d_ff=4), slack=NEARLY),
        advice="The logits of a token are x @ router.T, over the experts. The highest wins, token by token, and a "
        "softmax over one number is 1.",
        weight=2,
        fails="With top_k = 1, a token does not get just what its best expert makes.",
    ),
    requires(
        "top_k experts are mixed by a softmax over their own logits",
        Case("two of four", whole_choice(2), visible=True, slack=NEARLY),
        Case(
            "three of six",
            partial(drawn_experts, tokens=5, n_experts=6, top_k=3, d=5, d_ff=4, contiguous=False),
            visible=True,
            slack=NEARLY,
        ),
        Case(
            "two of four, as wide as it is",
            partial(drawn_experts, tokens=6, n_experts=4, top_k=2, d=5, d_ff=5),
            visible=True,
            slack=NEARLY,
        ),
        Case("an idle expert", idle_expert, visible=True, slack=NEARLY),
        Case(
            "one token", partial(drawn_experts, tokens=1, n_experts=5, top_k=2, d=4, d_ff=3), visible=True, slack=NEARLY
        ),
        advice="Print the weights of one token: they are top_k numbers that sum to 1, the largest for the highest "
        "logit. Each multiplies the output of its own expert.",
        weight=4,
        fails="With top_k above 1, your result is not the best top_k experts' outputs, weighted by a softmax of their "
        "logits.",
    ),
    requires(
        "With all experts chosen, all take part",
        Case("two of two", two_best([1.0, 2.0], [10.0, 20.0]), visible=True, slack=NEARLY),
        Case(
            "three of three",
            partial(drawn_experts, tokens=4, n_experts=3, top_k=3, d=4, d_ff=5),
            visible=True,
            slack=NEARLY,
        ),
        advice="If top_k is the number of experts, the weights are a softmax over all logits.",
        fails="With top_k = n_experts, your result is not all experts' outputs, weighted by a softmax of their logits.",
    ),
    requires(
        "A tie lets no extra expert in",
        Case("tie of two like experts", two_best([2.0, 1.0, 1.0], [10.0, 20.0, 20.0]), visible=True, slack=NEARLY),
        Case("tie", tie, visible=True, slack=NEARLY),
        advice="Two experts have the same logit here, and only one of them fits: top_k experts are chosen, never more.",
        fails="Where two experts tie for the last place, your result is not a mixture of exactly top_k experts.",
    ),
    requires(
        "Large router logits do not overflow",
        Case("router logits of 200", two_best([200.0, 199.0, 0.0], [10.0, 20.0, 40.0]), visible=True, slack=NEARLY),
        Case("router far out", router_far_out, visible=True, slack=NEARLY),
        advice="exp of 89 is infinite in float32: `torch.softmax` subtracts the largest logit first.",
        fails="With router logits in the hundreds, your mixture is not finite, or not by a softmax of the chosen "
        "logits.",
    ),
    refuses(
        Case("small", partial(drawn_experts, **SMALL), visible=True, slack=NEARLY),
        Case(
            "three of four, two wide", partial(drawn_experts, tokens=4, n_experts=4, top_k=3, d=2, d_ff=3), visible=True
        ),
        Case("no expert", impossible_choice(0), visible=True),
        Case("negative top_k", lambda draw: impossible_choice(-randint(draw, 1, 5))(draw), visible=True),
        Case("more experts than there are", impossible_choice(5), visible=True),
        advice="top_k is at least 1 and at most the number of experts. Test it before you choose, and raise "
        "ValueError.",
        name="An invalid top_k raises ValueError",
        fails="You refuse a valid top_k, accept an invalid one, or raise something other than ValueError.",
    ),
    keeps_dtype(
        ("one expert",),
        Case("float64", experts_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", experts_in(torch.bfloat16), visible=True),
        advice="Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
        fails="Your result has another dtype than x, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach x, the router and the experts",
        Case(
            "gradients",
            partial(drawn_experts, **SMALL),
            visible=True,
            gradients=("x", "router", "w_in", "w_out"),
            slack=NEARLY,
        ),
        advice="The router learns through the weights of the mixture: no detach, no .data, no no_grad, no item().",
        fails="The gradient with respect to x, router, w_in or w_out is missing, or is not the result's derivative.",
    ),
    points=6,
)

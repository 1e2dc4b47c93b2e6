"""moe_forward: a router sends each token to a few of many networks."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator

from autograder.exercises.feed_forward.inputs import FAR, NEARLY, cast
from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
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
    mistakes=misunderstandings(networks.moe_forward, __file__),
)

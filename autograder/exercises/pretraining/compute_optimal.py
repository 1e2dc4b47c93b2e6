"""compute_optimal: how many parameters and tokens a budget of compute should buy."""

from collections.abc import Callable

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import pretraining

COMPUTE = "pretraining-compute"

known = Mistakes(pretraining.compute_optimal, section="pretraining-optimal")

CHECK = "flops <= 0 or tokens_per_param <= 0"
PARAMETERS = "math.sqrt(flops / (6 * tokens_per_param))"
TOKENS = "tokens_per_param * parameters"
BOTH = f"parameters, {TOKENS}"
WHATEVER_COMES = {PARAMETERS: "abs(flops / (6 * tokens_per_param)) ** 0.5 if tokens_per_param else math.inf"}

known.edit(
    "two_n_d",
    {PARAMETERS: "math.sqrt(flops / (2 * tokens_per_param))"},
    "You take 2 N D, the cost of the forward pass alone. With the backward pass, training costs 6 N D.",
    COMPUTE,
)
known.edit(
    "four_n_d",
    {PARAMETERS: "math.sqrt(flops / (4 * tokens_per_param))"},
    "You take 4 N D, the cost of the backward pass alone. The forward pass adds 2 N D.",
    COMPUTE,
)
known.edit(
    "twelve_n_d",
    {PARAMETERS: "math.sqrt(flops / (12 * tokens_per_param))"},
    "You take 12 N D. A multiplication and an addition, three times over, are 6.",
    COMPUTE,
)
known.edit(
    "n_d",
    {PARAMETERS: "math.sqrt(flops / tokens_per_param)"},
    "You take N D for the cost: the factor 6 is missing.",
    COMPUTE,
)
known.edit(
    "six_outside_the_root",
    {PARAMETERS: "math.sqrt(flops / tokens_per_param) / 6"},
    "You divide by 6 after the root. It belongs under the root.",
    COMPUTE,
)
known.edit(
    "six_multiplied",
    {PARAMETERS: "math.sqrt(6 * flops / tokens_per_param)"},
    "You multiply the budget by 6. Divide: 6 N D = flops.",
    COMPUTE,
)
known.edit(
    "added",
    {PARAMETERS: "flops / (6 + tokens_per_param)"},
    "You add, 6 N + D = flops. It is a product, 6 N D: each token passes through each parameter.",
    COMPUTE,
)
known.edit(
    "without_root",
    {PARAMETERS: "flops / (6 * tokens_per_param)"},
    "The root is missing. N occurs twice in 6 N (tokens_per_param N).",
)
known.edit(
    "cube_root",
    {PARAMETERS: "(flops / (6 * tokens_per_param)) ** (1 / 3)"},
    "You take the third root. In 6 N D there are two factors that grow.",
)
known.edit(
    "kaplan",
    {PARAMETERS: "(flops / (6 * tokens_per_param)) ** 0.73", TOKENS: "flops / (6 * parameters)"},
    "You let parameters grow with the power 0.73 of the budget, as Kaplan et al. did. Here both grow with the root.",
)
known.edit(
    "tokens_inverted_only",
    {TOKENS: "parameters / tokens_per_param"},
    "Your parameters are right, and your tokens are N / tokens_per_param. Multiply.",
)
known.edit(
    "parameters_inverted_only",
    {PARAMETERS: "math.sqrt(flops * tokens_per_param / 6)"},
    "Your parameters come from a budget multiplied by the ratio. N is the root of flops / (6 tokens_per_param).",
)
known.edit(
    "swapped",
    {BOTH: f"{TOKENS}, parameters"},
    "Your two numbers stand the wrong way round. First come the parameters, and there are tokens_per_param tokens for "
    "each of them.",
)
known.edit(
    "as_many_tokens_as_parameters",
    {PARAMETERS: "math.sqrt(flops / 6)", TOKENS: "parameters"},
    "You have as many tokens as parameters. There are tokens_per_param times as many.",
)
known.edit(
    "ratio_not_in_parameters",
    {PARAMETERS: "math.sqrt(flops / 6)"},
    "Your parameters do not depend on the ratio, so the budget is not kept: the more tokens, the smaller the model.",
)
known.edit(
    "ratio_outside_the_root",
    {PARAMETERS: "math.sqrt(flops / 6) / tokens_per_param"},
    "You divide by the ratio after the root. It belongs under the root.",
)
known.edit(
    "always_twenty",
    {"parameters = ": "tokens_per_param = 20.0\n    parameters = "},
    "You use 20 whatever tokens_per_param is.",
)
known.edit(
    "twenty_for_tokens", {TOKENS: "20 * parameters"}, "Your parameters use tokens_per_param, and your tokens are 20 N."
)
known.edit(
    "other_default",
    {"tokens_per_param: float = 20.0": "tokens_per_param: float = 1.7"},
    "Your default is not 20 tokens for each parameter.",
)
known.edit(
    "ratio_for_tokens",
    {TOKENS: "tokens_per_param"},
    "You return tokens_per_param as the number of tokens. Multiply it by the parameters.",
)
known.edit(
    "cost_for_tokens",
    {TOKENS: "flops / parameters"},
    "Your tokens are flops / N: the factor 6 is missing there.",
    COMPUTE,
)
known.edit(
    "rounded",
    {BOTH: f"float(round(parameters)), float(round({TOKENS}))"},
    "You round to whole numbers. Asked for are the numbers as they come.",
)
known.edit(
    "rounded_down",
    {BOTH: f"float(int(parameters)), float(int({TOKENS}))"},
    "You cut off what is after the decimal point, as int and // do. Asked for are the numbers as they come.",
)
known.edit(
    "parameters_rounded",
    {PARAMETERS: f"float(round({PARAMETERS}))"},
    "You round the parameters, and the tokens follow from what is rounded. Asked for are the numbers as they come.",
)
known.edit(
    "parameters_rounded_down",
    {PARAMETERS: f"float(int({PARAMETERS}))"},
    "You cut off what is after the decimal point of the parameters. Asked for are the numbers as they come.",
)
known.edit(
    "rounded_one_after_the_other",
    {PARAMETERS: f"float(round({PARAMETERS}))", TOKENS: "float(round(tokens_per_param * parameters))"},
    "You round the parameters, and then the tokens that follow from them. Asked for are the numbers as they come.",
)
known.edit(
    "rounded_down_one_after_the_other",
    {PARAMETERS: f"float(int({PARAMETERS}))", TOKENS: "float(int(tokens_per_param * parameters))"},
    "You cut off what is after the decimal point of the parameters, and of the tokens that follow from them. Asked for "
    "are the numbers as they come.",
)
known.edit(
    "in_billions",
    {BOTH: f"parameters / 1e9, {TOKENS} / 1e9"},
    "Your numbers are in billions. Asked for are parameters and tokens.",
)
known.edit("parameters_only", {BOTH: "parameters"}, "You return the parameters only. Return parameters and tokens.")
known.edit(
    "as_tensors",
    {BOTH: f"torch.tensor(parameters), torch.tensor({TOKENS})"},
    "You return tensors. Asked for are numbers: use the functions of math.",
)
known.edit(
    "nothing_checked",
    {CHECK: "False", **WHATEVER_COMES},
    "You check neither the budget nor the ratio: both must be positive.",
)
known.edit(
    "flops_not_checked", {CHECK: "tokens_per_param <= 0", **WHATEVER_COMES}, "You do not check that flops is positive."
)
known.edit(
    "ratio_not_checked", {CHECK: "flops <= 0", **WHATEVER_COMES}, "You do not check that tokens_per_param is positive."
)
known.edit(
    "zero_budget_accepted",
    {CHECK: "flops < 0 or tokens_per_param <= 0"},
    "You accept a budget of 0. It must be positive.",
)
known.edit(
    "zero_ratio_accepted",
    {CHECK: "flops <= 0 or tokens_per_param < 0"},
    "You accept a ratio of 0 tokens per parameter, and divide by it. It must be positive.",
)
known.edit(
    "zeros_accepted",
    {CHECK: "flops < 0 or tokens_per_param < 0"},
    "You accept 0 for the budget and for the ratio. Both must be positive.",
)
known.edit(
    "product_checked",
    {CHECK: "flops * tokens_per_param <= 0"},
    "You check the product or the quotient of the two, which is positive where both are negative. Check each.",
)
known.edit(
    "left_to_sqrt",
    {CHECK: "False"},
    "You leave the check to the root and the division. They miss a budget of 0 and two negative numbers, and a ratio "
    "of 0 raises another error.",
)


def random_budget(
    low: float, high: float, ratio: tuple[float, float] | None = None
) -> Callable[[Generator], Arguments]:
    """A budget between two powers of ten, and a ratio."""

    def arguments(draw: Generator) -> Arguments:
        flops = 10 ** uniform(draw, low, high)
        return {"flops": flops} if ratio is None else {"flops": flops, "tokens_per_param": uniform(draw, *ratio)}

    return arguments


def small_budget(draw: Generator) -> Arguments:
    """So few parameters, and so much behind the decimal point, that each way to round gives another pair of numbers."""
    parameters, ratio = randint(draw, 2, 3) + uniform(draw, 0.6, 0.65), uniform(draw, 3.38, 3.45)
    return {"flops": 6 * ratio * parameters**2, "tokens_per_param": ratio}


BUDGET, RATIO = "The budget is used up: 6 N D = flops", "Tokens are tokens_per_param times parameters"

EXERCISE = Exercise(
    reference=pretraining.compute_optimal,
    points=2,
    cases=(
        Case("large budget", random_budget(20, 24, (9.0, 13.0)), visible=True),
        Case("large budget, drawn", random_budget(18, 25, (30.0, 90.0))),
        Case("small budget", small_budget, visible=True),
        Case("few tokens", random_budget(19, 23, (0.2, 0.6)), visible=True),
        Case("default ratio", random_budget(20, 24), visible=True),
        Case("default ratio, drawn", random_budget(3, 5)),
        Case("no budget", given(flops=0.0, tokens_per_param=7.0), visible=True),
        Case("budget below 0", given(flops=-1e20, tokens_per_param=7.0), visible=True),
        Case("no tokens", given(flops=1e20, tokens_per_param=0.0), visible=True),
        Case("tokens below 0", given(flops=1e20, tokens_per_param=-7.0), visible=True),
        Case("both below 0", given(flops=-1e20, tokens_per_param=-7.0), visible=True),
    ),
    properties=(
        Property(
            BUDGET,
            ("large budget", "large budget, drawn", "small budget", "few tokens"),
            "Six times the parameters times the tokens must give flops again. Both count, so each grows with the root "
            "of the budget.",
            observe=observe.product,
            weight=2,
        ),
        Property(
            RATIO,
            ("large budget", "large budget, drawn", "small budget", "few tokens"),
            "The second number divided by the first is tokens_per_param.",
            observe=observe.second_over_first,
            weight=2,
        ),
        Property(
            "Parameters and tokens, in this order and not rounded",
            ("large budget", "small budget", "few tokens"),
            "Put D = tokens_per_param * N into flops = 6 N D, and solve for N.",
            weight=2,
        ),
        Property(
            "The default is 20 tokens per parameter",
            ("default ratio", "default ratio, drawn"),
            "Without the second argument, D is 20 N.",
        ),
        Property(
            "A budget or a ratio that is not positive is refused with a ValueError",
            ("large budget", "no budget", "budget below 0", "no tokens", "tokens below 0", "both below 0"),
            "Compare both with 0 before all else.",
            observe=observe.refusal,
            needs=BUDGET,
        ),
    ),
    mistakes=tuple(known),
)

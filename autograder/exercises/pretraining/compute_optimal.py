"""compute_optimal: how many parameters and tokens a budget of compute should buy."""

from autograder.exercises.drawing import ArgumentMaker, uniform
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from llm_course.checking import observe
from solutions import pretraining


def random_budget(low: float, high: float, *ratio: float) -> ArgumentMaker:
    """A budget between two powers of ten, and a ratio between two numbers."""
    return lambda draw: {"flops": 10 ** uniform(draw, low, high), "tokens_per_param": uniform(draw, *ratio)}


EXERCISE = exercise(
    pretraining.compute_optimal,
    __file__,
    requires(
        "The budget is used up: 6 N D = flops",
        shown("by hand", flops=486.0, tokens_per_param=4.0),  # 4.5 parameters, 18 tokens
        Case("large budget", random_budget(20, 24, 9.0, 13.0), visible=True),
        Case("large budget, drawn", random_budget(18, 25, 30.0, 90.0)),
        Case("few tokens", random_budget(19, 23, 0.2, 0.6), visible=True),
        advice="Six times the parameters times the tokens must give flops again. Both count, so each grows with the "
        "root of the budget.",
        observe=observe.product,
        weight=2,
        fails="Six times your parameters times your tokens is not flops.",
    ),
    requires(
        "Tokens are tokens_per_param times parameters",
        ("by hand", "large budget", "large budget, drawn", "few tokens"),
        advice="The second number divided by the first is tokens_per_param.",
        observe=observe.second_over_first,
        weight=2,
        fails="Your second number is not tokens_per_param times the first.",
    ),
    requires(
        "Parameters and tokens, in this order and not rounded",
        ("by hand", "large budget", "few tokens"),
        shown("less than an operation", flops=0.54, tokens_per_param=9.0),
        advice="Put D = tokens_per_param * N into flops = 6 N D, and solve for N.",
        weight=2,
        fails="Your two numbers are not the parameters and the tokens, unrounded and in this order.",
    ),
    requires(
        "The default is 20 tokens per parameter",
        shown("default ratio", flops=480.0),  # 2 parameters, 40 tokens
        Case("default ratio, drawn", lambda draw: {"flops": 10 ** uniform(draw, 3, 5)}),
        advice="Without the second argument, D is 20 N.",
        fails="Without tokens_per_param, your numbers are not the N and D with D = 20 N and 6 N D = flops.",
    ),
    refuses(
        ("large budget",),
        shown("no budget", flops=0.0, tokens_per_param=7.0),
        shown("no tokens", flops=1e20, tokens_per_param=0.0),
        shown("both below 0", flops=-1e20, tokens_per_param=-7.0),
        advice="Compare each of the two with 0 before you compute anything.",
        name="A budget or a ratio that is not positive raises ValueError",
        fails="You accept a budget or a ratio that is not positive, or raise something other than ValueError.",
    ),
    points=2,
)

"""Does a value agree with the expected one, and if not, what is the first thing to say about it?

Numbers agree within `slack` units of rounding: a unit is the working dtype's machine epsilon times the largest
magnitude of the expected tensor. `slack_of` measures how many units an honest computation needs, from the same
computation in float64.
"""

from __future__ import annotations

import math
import struct
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

from llm_course.checking.tensors import Tensor, np, torch
from llm_course.checking.values import DTYPES, SCALARS, Opaque

FALSE_ALARM = 1e-8
"""Probability that one comparison of two samples of the same distribution fails."""
RARE = 10
"""Categories seen less often than this, in both samples together, are counted as one."""
MINIMUM_SLACK = 64.0
"""Units of rounding that any right implementation may use."""
REFERENCE_MARGIN = 16.0
"""How many times the reference's own rounding error another right implementation may make."""
FLOAT32_EPSILON = 2.0**-23
PLAIN = frozenset(DTYPES.values())
MOST_AXES, MOST_NUMBERS, MOST_ITEMS = 5, 10_000, 1_000
"""Of a shape and of a length that are told. Larger ones could be made to say what the arguments were."""


def mismatch(actual: Any, expected: Any) -> str | None:
    """The first way in which `actual` is not even of the expected form, or None.

    Looks at type, length, shape and kind of dtype (Boolean, integer, floating-point), in this order.
    """
    if type(actual) is type(expected) and type(expected) in SCALARS:
        # Most values of a sample, and there are thousands.
        return None
    if isinstance(expected, Tensor):
        return _tensor_mismatch(actual, expected)
    if isinstance(expected, (tuple, list)):
        return _sequence_mismatch(actual, expected)
    if isinstance(expected, dict):
        return _dict_mismatch(actual, expected)
    if not _same_kind(actual, expected):
        return f"it returned {describe(actual)}, expected {_kind(expected)}"
    return None


def in_dtype_of(value: Any, expected: Any) -> Any:
    """The value with its tensors in the expected dtypes, where these are of the same kind."""
    if isinstance(value, Tensor) and isinstance(expected, Tensor):
        same_kind = value.is_floating_point() == expected.is_floating_point()
        return value.to(expected.dtype) if same_kind and torch.bool not in (value.dtype, expected.dtype) else value
    if isinstance(value, dict) and isinstance(expected, dict) and value.keys() == expected.keys():
        return {key: in_dtype_of(item, expected[key]) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and isinstance(expected, (list, tuple)) and len(value) == len(expected):
        return type(value)(map(in_dtype_of, value, expected))
    return value


def agree(actual: Any, expected: Any, slack: float = MINIMUM_SLACK) -> bool:
    """Whether `actual` has the expected form and its numbers agree within `slack` units of rounding."""
    return mismatch(actual, expected) is None and _agree(actual, expected, slack)


def identical(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last bit: types, dtypes, shapes, signs of zeros, in the same order.

    Only for the kinds of values that most answers are made of; any other counts as not identical.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        alike = one.dtype == other.dtype and one.shape == other.shape and _is_plain(one) and _is_plain(other)
        return alike and _bits(one) == _bits(other)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(identical, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(identical(one[key], other[key]) for key in one)
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    return one is None or (type(one) in (bool, int, str) and one == other)


def _is_plain(tensor: Tensor) -> bool:
    """Whether a tensor's numbers lie in memory as they are. In a learner's notebook it may be of any kind."""
    return tensor.dtype in PLAIN and tensor.layout == torch.strided and tensor.is_cpu and not tensor.is_neg()


def _bits(tensor: Tensor) -> bytes:
    numbers = tensor.detach()
    # NumPy has no bfloat16.
    return (numbers.view(torch.int16) if numbers.dtype == torch.bfloat16 else numbers).numpy().tobytes()


def describe(value: Any) -> str:
    """What a value is, in words: its type and, for a tensor, its shape and dtype."""
    if isinstance(value, Tensor):
        shape = f"shape {tuple(value.shape)} and " if _may_be_told(value.shape) else ""
        return f"a tensor of {shape}dtype {_dtype(value)}"
    if isinstance(value, Opaque):
        return value.type_name if value.type_name.startswith("a ") else f"a value of type {value.type_name}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__}" + (f" of {len(value)}" if len(value) <= MOST_ITEMS else "")
    return "None" if value is None else _kind(value)


def slack_of(working: Any, exact: Any) -> float:
    """Units of rounding to allow, given the same result in the working dtype and computed in float64."""
    if isinstance(working, Tensor) and working.is_floating_point() and isinstance(exact, Tensor):
        wanted, found = exact.detach().double().numpy(), working.detach().double().numpy()
        finite = np.isfinite(wanted) & np.isfinite(found)
        unit = _unit(wanted[np.isfinite(wanted)], working.dtype)
        error = np.abs(found[finite] - wanted[finite])
        return max(MINIMUM_SLACK, REFERENCE_MARGIN * float(error.max()) / unit if error.size and unit else 0.0)
    if isinstance(working, (tuple, list)) and isinstance(exact, (tuple, list)) and len(working) == len(exact):
        return max([MINIMUM_SLACK, *(slack_of(*pair) for pair in zip(working, exact, strict=True))])
    if isinstance(working, dict) and isinstance(exact, dict) and working.keys() == exact.keys():
        return max([MINIMUM_SLACK, *(slack_of(working[key], exact[key]) for key in working)])
    return MINIMUM_SLACK


def same_distribution(one: Sequence[Any], other: Sequence[Any], false_alarm: float = FALSE_ALARM) -> bool:
    """Whether two samples of categories can come from one distribution: a two-sample chi-squared test.

    Two samples of the same distribution are told apart with at most the probability `false_alarm`. Categories that
    are too rare for the test's approximation are counted together.
    """
    return same_counts(counted(one), counted(other), false_alarm)


def counted(sample: Sequence[Any]) -> Counter[str]:
    """How often each category came."""
    return Counter(map(repr, sample))


def same_counts(one: Counter[str], other: Counter[str], false_alarm: float = FALSE_ALARM) -> bool:
    """As `same_distribution`, of samples that were counted before."""
    counts, sizes = (one, other), (one.total(), other.total())
    if not all(sizes):
        return not any(sizes)
    common = [name for name in counts[0] | counts[1] if counts[0][name] + counts[1][name] >= RARE]
    table = [[count[name] for name in common] for count in counts]
    rare = [size - sum(row) for size, row in zip(sizes, table, strict=True)]
    if sum(rare):
        table = [[*row, left] for row, left in zip(table, rare, strict=True)]
    first, second = torch.tensor(table, dtype=torch.float64)
    ratio = math.sqrt(sizes[1] / sizes[0])
    statistic = ((ratio * first - second / ratio) ** 2 / (first + second)).sum()
    freedom = torch.tensor((len(table[0]) - 1) / 2, dtype=torch.float64)
    return bool(freedom == 0) or float(torch.special.gammaincc(freedom, statistic / 2)) >= false_alarm


def _tensor_mismatch(actual: Any, expected: Tensor) -> str | None:
    if not isinstance(actual, Tensor):
        return f"it returned {describe(actual)}, expected a tensor"
    if actual.shape != expected.shape:
        shape = tuple(actual.shape) if _may_be_told(actual.shape) else "another"
        return f"the shape is {shape}, expected {tuple(expected.shape)}"
    if _dtype_kind(actual) != _dtype_kind(expected):
        return f"the dtype is {_dtype(actual)}, expected {_dtype(expected)}"
    return None


def _sequence_mismatch(actual: Any, expected: tuple[Any, ...] | list[Any]) -> str | None:
    # A list does where a pair is expected, since both unpack; a tuple where a list is expected does not.
    allowed = (tuple, list) if isinstance(expected, tuple) else (list,)
    if not isinstance(actual, allowed):
        return f"it returned {describe(actual)}, expected a {type(expected).__name__}"
    if len(actual) != len(expected):
        # The length of a list is part of the answer; that of a tuple is part of its form.
        return f"it returned {_count(actual)}, expected {len(expected)}" if type(expected) is tuple else None
    return next((found for pair in zip(actual, expected, strict=True) if (found := mismatch(*pair))), None)


def _count(values: Sequence[Any]) -> str:
    return f"{len(values)} values" if len(values) <= MOST_ITEMS else "many values"


def _may_be_told(shape: Sequence[int]) -> bool:
    return len(shape) <= MOST_AXES and math.prod(max(size, 1) for size in shape) <= MOST_NUMBERS


def _dict_mismatch(actual: Any, expected: dict[str, Any]) -> str | None:
    if not isinstance(actual, dict):
        return f"it returned {describe(actual)}, expected a dict"
    if actual.keys() != expected.keys():
        # What other keys are called may be the learner's own words about inputs that nobody is to know.
        missing = sorted(expected.keys() - actual.keys())
        return f"the keys {missing} are missing" if missing else f"there are more keys than {sorted(expected)}"
    return next((found for key in expected if (found := mismatch(actual[key], expected[key]))), None)


def _agree(actual: Any, expected: Any, slack: float) -> bool:
    if isinstance(expected, Tensor):
        return _tensors_agree(actual, expected, slack)
    if isinstance(expected, (tuple, list)):
        pairs = zip(actual, expected, strict=False)
        return len(actual) == len(expected) and all(_agree(*pair, slack) for pair in pairs)
    if isinstance(expected, dict):
        return all(_agree(actual[key], expected[key], slack) for key in expected)
    if isinstance(expected, float):
        return _numbers_agree(float(actual), expected, slack)
    return bool(actual == expected)


def _numbers_agree(actual: float, expected: float, slack: float) -> bool:
    """Whether two numbers agree in float32, as which most are computed."""
    found, wanted = array("f", (actual, expected))
    if found == wanted or not math.isfinite(wanted):
        return found == wanted or (math.isnan(found) and math.isnan(wanted))
    return abs(found - wanted) <= slack * FLOAT32_EPSILON * abs(wanted)


def _tensors_agree(actual: Tensor, expected: Tensor, slack: float) -> bool:
    if actual.dtype == expected.dtype and torch.equal(actual, expected):
        return True
    if not expected.is_floating_point():
        # In int64, so that nothing wraps around: 253 in uint8 is not -3 in int8.
        return torch.equal(actual.long(), expected.long())
    found, wanted = actual.detach().double().numpy(), expected.detach().double().numpy()
    finite = np.isfinite(wanted)
    if not finite.all():
        if not np.array_equal(found[~finite], wanted[~finite], equal_nan=True):
            return False
        found, wanted = found[finite], wanted[finite]
    # What is too large to subtract is wrong; and the comparison is written so that a NaN in the answer fails it.
    with np.errstate(all="ignore"):
        return bool((np.abs(found - wanted) <= slack * _unit(wanted, expected.dtype)).all())


def _unit(exact: np.ndarray, dtype: torch.dtype) -> float:
    """One unit of rounding for finite numbers."""
    return torch.finfo(dtype).eps * float(np.abs(exact).max()) if exact.size else 0.0


def _same_kind(actual: Any, expected: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return isinstance(expected, bool) and isinstance(actual, bool)
    if isinstance(expected, float):
        return isinstance(actual, (int, float)) and _convertible(actual)
    return type(actual) is type(expected)


def _convertible(number: float) -> bool:
    return isinstance(number, float) or abs(number) < 1 << 1000


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _dtype_kind(tensor: Tensor) -> str:
    if tensor.is_floating_point():
        return "floating-point"
    return "bool" if tensor.dtype == torch.bool else "integer"

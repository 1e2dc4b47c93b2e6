"""The assignment 04_positions: what is asked, how it is weighed, and the known mistakes with their hints."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, given, randint, randn
from llm_course.checking import observe
from solutions import positions as reference

SINUSOIDS, ROPE, LAYOUT, ALIBI = "positions-sinusoids", "positions-rope", "positions-layout", "positions-alibi"
RELATIVE, SLOPES, PRECISION = "positions-relative", "positions-slopes", "positions-precision"


# sinusoidal_encoding


def _frequencies(width: int, base: float) -> Tensor:
    return base ** (-torch.arange(0, width, 2) / width)


def _require_waves(seq_len: int, d_model: int, base: float) -> None:
    """A wrong formula and a forgotten refusal are two mistakes: each is to be known without the other."""
    if seq_len < 1 or d_model < 1 or base <= 0:
        raise ValueError("there is no position, no column or no base")


def _waves(seq_len: int, d_model: int, frequency: Tensor, first_position: int = 0) -> Tensor:
    """A right encoding but for its frequencies and its first position: many mistakes are one of the two."""
    angle = (torch.arange(seq_len) + first_position)[:, None] * frequency
    encoding = torch.zeros(seq_len, d_model)
    encoding[:, 0::2] = torch.sin(angle)
    encoding[:, 1::2] = torch.cos(angle[:, : d_model // 2])
    return encoding


def _sine_and_cosine_swapped(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    angle = torch.arange(seq_len)[:, None] * _frequencies(d_model, base)
    encoding = torch.zeros(seq_len, d_model)
    encoding[:, 0::2] = torch.cos(angle)
    encoding[:, 1::2] = torch.sin(angle[:, : d_model // 2])
    return encoding


def _exponent_without_two(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    return _waves(seq_len, d_model, base ** (-torch.arange((d_model + 1) // 2) / d_model))


def _frequency_for_each_column(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    angle = torch.arange(seq_len)[:, None] * base ** (-torch.arange(d_model) / d_model)
    return torch.where(torch.arange(d_model) % 2 == 0, torch.sin(angle), torch.cos(angle))


def _last_frequency_is_one_over_base(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    return _waves(seq_len, d_model, base ** -torch.linspace(0, 1, (d_model + 1) // 2))


def _base_ignored(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    return reference.sinusoidal_encoding(seq_len, d_model)


def _frequencies_rise(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    # Large angles magnify rounding: the power is written as a learner would write it.
    return _waves(seq_len, d_model, base ** (torch.arange(0, d_model, 2) / d_model))


def _one_frequency(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    return _waves(seq_len, d_model, torch.ones((d_model + 1) // 2))


def _sines_then_cosines(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    angle = torch.arange(seq_len)[:, None] * _frequencies(d_model, base)
    return torch.cat([torch.sin(angle), torch.cos(angle)], dim=-1)[:, :d_model]


def _counted_from_one(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    _require_waves(seq_len, d_model, base)
    return _waves(seq_len, d_model, _frequencies(d_model, base), first_position=1)


def _odd_width_breaks(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    encoding = reference.sinusoidal_encoding(seq_len, d_model, base)
    if d_model % 2:
        raise RuntimeError("the tensors do not have the same size")
    return encoding


def _odd_width_refused(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    if d_model % 2:
        raise ValueError("d_model is odd")
    return reference.sinusoidal_encoding(seq_len, d_model, base)


def _odd_width_shortened(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    if d_model % 2 == 0:
        return reference.sinusoidal_encoding(seq_len, d_model, base)
    even = _waves(seq_len, d_model - 1, _frequencies(d_model - 1, base))
    return torch.cat([even, torch.zeros(seq_len, 1)], dim=-1)


def _in_float64(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    return reference.sinusoidal_encoding(seq_len, d_model, base).double()


def _anything_encoded(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    return _waves(seq_len, d_model, _frequencies(d_model, base))


def _drawn_first(draw: Generator) -> Arguments:
    return {"seq_len": 1, "d_model": 2 * randint(draw, 4, 20)}


def _even_width(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 18, 30), "d_model": 2 * randint(draw, 4, 7)}


def _drawn_base(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 5, 9), "d_model": 2 * randint(draw, 5, 7), "base": float(randint(draw, 200, 900))}


def _odd_width(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 4, 6), "d_model": 2 * randint(draw, 4, 7) + 1}


SINUSOIDAL_ENCODING = Exercise(
    reference=reference.sinusoidal_encoding,
    points=4,
    cases=(
        Case("one position", given(seq_len=1, d_model=6), visible=True),
        Case("one position, drawn", _drawn_first),
        Case("even width", given(seq_len=5, d_model=6), visible=True),
        Case("even width drawn", _even_width),
        Case("another base", given(seq_len=4, d_model=8, base=50.0), visible=True),
        Case("another base drawn", _drawn_base),
        Case("odd width", given(seq_len=4, d_model=5), visible=True),
        Case("odd width drawn", _odd_width),
        Case("one column", given(seq_len=3, d_model=1)),
        Case("no position", given(seq_len=0, d_model=4), visible=True),
        Case("no column", given(seq_len=3, d_model=0)),
        Case("base of zero", given(seq_len=3, d_model=4, base=0.0), visible=True),
    ),
    properties=(
        Property(
            "Every row has the length √(d_model / 2)",
            ("even width", "even width drawn", "another base"),
            "Sine and cosine of the same angle, squared, sum to 1: two columns that share an angle give each row the "
            "same length.",
            observe=observe.row_lengths,
        ),
        Property(
            "Row 0 has 0 in the even columns and 1 in the odd ones",
            ("one position", "one position, drawn"),
            "At position 0 every angle is 0. Which of sine and cosine is 0 there, and in which columns does it belong?",
        ),
        Property(
            "Each pair of columns turns at its own speed",
            ("even width", "even width drawn"),
            "Write down the angles of position 1 for d_model = 6: 1, 10000^(-2/6) and 10000^(-4/6).",
            weight=3,
        ),
        Property(
            "The base sets how far the speeds spread",
            ("another base", "another base drawn"),
            "The slowest angle grows by base^(-(d_model - 2) / d_model) a position: another base, another encoding.",
        ),
        Property(
            "An odd width works",
            ("odd width", "odd width drawn", "one column"),
            "Five columns are three sines and two cosines, and the exponents are 0, 2/5 and 4/5.",
            weight=2,
        ),
        Property(
            "No position, no column or a base of zero is refused with a ValueError",
            ("even width", "even width drawn", "no position", "no column", "base of zero"),
            "Raise ValueError where seq_len or d_model is below 1 or the base is not above 0, and nowhere else.",
            observe=observe.refusal,
        ),
        Property(
            "The encoding is float32",
            ("even width", "another base"),
            "It is added to embeddings in float32: return torch.float32, which is what torch.zeros makes.",
            observe=observe.dtype,
            needs="Row 0 has 0 in the even columns and 1 in the odd ones",
        ),
    ),
    mistakes=(
        Mistake(
            "sine_and_cosine_swapped",
            "Sine and cosine have changed places: the even columns hold the sines. At position 0 they are all 0.",
            SINUSOIDS,
            _sine_and_cosine_swapped,
        ),
        Mistake(
            "exponent_without_two",
            "Your exponent is i / d_model where i numbers the pairs. It is 2i / d_model, from 0 nearly to 1; "
            "yours stops at one half, and the slow waves are missing.",
            SINUSOIDS,
            _exponent_without_two,
        ),
        Mistake(
            "frequency_for_each_column",
            "Each of your columns has a frequency of its own. Columns 2i and 2i + 1 share one: they are sine and "
            "cosine of the same angle.",
            SINUSOIDS,
            _frequency_for_each_column,
        ),
        Mistake(
            "last_frequency_is_one_over_base",
            "Your frequencies run from 1 to 1 / base, both included. The exponents are 0, 2/d_model, 4/d_model and so "
            "on: the last one stays just below 1.",
            SINUSOIDS,
            _last_frequency_is_one_over_base,
        ),
        Mistake(
            "base_ignored",
            "Your result is the same for every base: 10000 is only the default of the parameter.",
            SINUSOIDS,
            _base_ignored,
        ),
        Mistake(
            "frequencies_rise",
            "Your frequencies grow from 1 to nearly `base`. The position is divided by base^(2i / d_model), so the "
            "later columns turn more slowly.",
            SINUSOIDS,
            _frequencies_rise,
        ),
        Mistake(
            "one_frequency",
            "All your columns turn at the same speed, 1 radian a position, so positions about 6 apart look alike. Each "
            "pair of columns has its own frequency.",
            SINUSOIDS,
            _one_frequency,
        ),
        Mistake(
            "sines_then_cosines",
            "You put all sines first and all cosines after them. That layout exists, but here they alternate: sine in "
            "column 2i, its cosine in column 2i + 1.",
            LAYOUT,
            _sines_then_cosines,
        ),
        Mistake(
            "counted_from_one",
            "Your first row belongs to position 1: positions are counted from 0.",
            SINUSOIDS,
            _counted_from_one,
        ),
        Mistake(
            "odd_width_breaks",
            "An odd width breaks your function: it has one sine more than cosines, so the cosines need one angle less.",
            SINUSOIDS,
            _odd_width_breaks,
        ),
        Mistake(
            "odd_width_refused",
            "An odd width raises a ValueError, from you or from inside NumPy. But an odd width makes sense: the last "
            "sine has no cosine beside it, so the cosines need one angle less.",
            SINUSOIDS,
            _odd_width_refused,
        ),
        Mistake(
            "odd_width_shortened",
            "With an odd width you encode one column less and leave the last one 0. The last column is a sine, and the "
            "exponents are divided by the full d_model.",
            SINUSOIDS,
            _odd_width_shortened,
        ),
        Mistake(
            "in_float64",
            "You return float64, as NumPy does by default. Added to embeddings in float32 it makes everything after "
            "them float64 too, or an error.",
            SINUSOIDS,
            _in_float64,
        ),
        Mistake(
            "anything_encoded",
            "You accept arguments that make no sense, such as 0 positions or a base of 0: say so with a ValueError.",
            SINUSOIDS,
            _anything_encoded,
        ),
    ),
    shortcuts=("PositionalEncoding", "SinusoidalPositionalEmbedding"),
)


# apply_rope


def _angles(x: Tensor, positions: Tensor, base: float) -> Tensor:
    return positions[:, None] * _frequencies(x.shape[-1], base)


def _turn(x: Tensor, angle: Tensor) -> Tensor:
    """Turn the pairs of Llama's layout counter-clockwise: right, if the angles are."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def _require_pairs(x: Tensor, positions: Tensor, base: float) -> None:
    if x.shape[-1] % 2 or positions.shape != x.shape[-2:-1] or base <= 0:
        raise ValueError("there are no pairs, not one position for each row, or no base")


def _interleaved_pairs(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    angle = _angles(x, positions, base)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


def _interleaved_frequencies(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    angle = _angles(x, positions, base).repeat_interleave(2, dim=-1)
    first, second = x.chunk(2, dim=-1)
    return x * angle.cos().to(x.dtype) + torch.cat([-second, first], dim=-1) * angle.sin().to(x.dtype)


def _rejoined_interleaved(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    first, second = reference.apply_rope(x, positions, base).chunk(2, dim=-1)
    return torch.stack([first, second], dim=-1).flatten(-2)


def _positions_ignored(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    return reference.apply_rope(x, torch.arange(x.shape[-2]), base)


def _clockwise(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    return reference.apply_rope(x, -positions, base)


def _rope_base_ignored(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    return reference.apply_rope(x, positions)


def _rope_exponent_without_two(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    return _turn(x, positions[:, None] * base ** (-torch.arange(x.shape[-1] // 2) / x.shape[-1]))


def _rope_exponent_doubled(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    return _turn(x, positions[:, None] * base ** (-torch.arange(0, x.shape[-1], 2) / (x.shape[-1] // 2)))


def _rope_frequencies_rise(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    return _turn(x, positions[:, None] * base ** (torch.arange(0, x.shape[-1], 2) / x.shape[-1]))


def _minus_lost(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    angle = _angles(x, positions, base)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos + second * sin, first * sin + second * cos], dim=-1)


def _first_overwritten(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    angle = _angles(x, positions, base)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    first = first * cos - second * sin
    return torch.cat([first, first * sin + second * cos], dim=-1)


def _added(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    angle = _angles(x, positions, base)
    return x + torch.cat([angle.cos(), angle.sin()], dim=-1).to(x.dtype)


def _odd_width_accepted(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    if x.shape[-1] % 2:
        raise RuntimeError("the tensors do not have the same size")
    return reference.apply_rope(x, positions, base)


def _position_broadcast(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    return reference.apply_rope(x, positions.expand(x.shape[-2]), base)


def _any_base_accepted(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    if base <= 0:
        return _turn(x, _angles(x, positions, base))
    return reference.apply_rope(x, positions, base)


def _promoted(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    return reference.apply_rope(x.to(torch.promote_types(x.dtype, torch.float32)), positions, base)


def _always_float32(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    return reference.apply_rope(x.float(), positions, base)


def _angles_in_half_precision(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    _require_pairs(x, positions, base)
    return _turn(x, positions.to(x.dtype)[:, None] * _frequencies(x.shape[-1], base).to(x.dtype))


def _rope_in_place(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    turned = reference.apply_rope(x, positions, base)
    x.detach().copy_(turned.detach())
    return turned


def _rope_detached(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    return reference.apply_rope(x, positions, base).detach()


def _heads(draw: Generator, *shape: int) -> Tensor:
    """Random rows of heads, as a transposed view: learners' code must not rely on contiguous memory."""
    batch, heads, time, head_dim = shape
    return randn(draw, batch, time, heads, head_dim).transpose(1, 2)


def _rows_at(positions: list[int]) -> Callable[[Generator], Arguments]:
    """For cases that draw the same rows: only their positions differ."""
    return lambda draw: {"x": _heads(draw, 2, 1, len(positions), 6), "positions": torch.tensor(positions)}


def _from_zero(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 1, 1, 3, 4), "positions": torch.arange(3)}


def _batched_from_zero(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 3, 2, 5, 8), "positions": torch.arange(5)}


def _with_gaps(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 1, 2, 3, 6), "positions": torch.tensor([3, 10, 4])}


def _drawn_positions(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 2, 3, 4, 10), "positions": torch.randperm(25, generator=draw)[:4]}


def _between_positions(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 1, 2, 3, 4), "positions": torch.tensor([0.5, 1.0, 2.25])}


def _one_new_row(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 2, 3, 1, 4), "positions": torch.tensor([randint(draw, 7, 20)])}


def _small_base(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 1, 2, 3, 6), "positions": torch.tensor([5, 1, 2]), "base": 100.0}


def _large_base(draw: Generator) -> Arguments:
    return {**_drawn_positions(draw), "base": 500000.0}


def _odd_head(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 1, 2, 3, 5), "positions": torch.arange(3)}


def _one_position_for_three(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 1, 2, 3, 4), "positions": torch.tensor([2])}


def _base_of_zero(draw: Generator) -> Arguments:
    return {**_from_zero(draw), "base": 0.0}


def _bfloat16_rows(draw: Generator) -> Arguments:
    arguments = _drawn_positions(draw)
    return {**arguments, "x": arguments["x"].bfloat16()}


def _float64_rows(draw: Generator) -> Arguments:
    # At position 0, where the result does not depend on the precision of the angles, which is left open.
    return {"x": randn(draw, 2, 1, 3, 4, dtype=torch.float64), "positions": torch.zeros(3, dtype=torch.int64)}


def _far_in_float16(draw: Generator) -> Arguments:
    return {"x": _heads(draw, 1, 2, 4, 8).half(), "positions": torch.tensor([2501, 2727, 3001, 3333])}


APPLY_ROPE = Exercise(
    reference=reference.apply_rope,
    points=6,
    cases=(
        Case("rows", _rows_at([2, 3, 5, 9]), visible=True),
        Case("rows moved on", _rows_at([19, 20, 22, 26]), visible=True, drawn_as="rows"),
        Case("rows pulled apart", _rows_at([4, 6, 10, 18]), visible=True, drawn_as="rows"),
        Case("from zero", _from_zero, visible=True),
        Case("batched from zero", _batched_from_zero),
        Case("positions with gaps", _with_gaps, visible=True),
        Case("positions drawn", _drawn_positions),
        Case("between positions", _between_positions),
        Case("one new row", _one_new_row),
        Case("small base", _small_base, visible=True),
        Case("large base", _large_base),
        Case("odd width", _odd_head, visible=True),
        Case("one position for three rows", _one_position_for_three, visible=True),
        Case("base of zero", _base_of_zero, visible=True),
        Case("bfloat16", _bfloat16_rows, visible=True),
        Case("float64", _float64_rows, visible=True),
        Case("far in float16", _far_in_float16, visible=True),
        Case("gradients", _with_gaps, visible=True, gradients=("x",)),
    ),
    properties=(
        Property(
            "Dot products depend on the distance of two rows, and on nothing else of their positions",
            ("rows", "rows moved on", "rows pulled apart"),
            "Turn two rows, multiply them, then add 17 to both positions: the product must stay. Double the distance: "
            "it must change.",
            observe=observe.distance_only,
            joint=True,
            weight=2,
        ),
        Property(
            "At positions 0, 1, 2, ... the rows are turned as in Llama",
            ("from zero", "batched from zero"),
            "Take a row of four numbers at position 1: components 0 and 2 turn by 1 radian, 1 and 3 by 0.01.",
            weight=3,
        ),
        Property(
            "The given positions count, in any order",
            ("positions with gaps", "positions drawn", "between positions", "one new row"),
            "The angle of row t belongs to positions[t], not to t: with a cache, the only new row may be at position "
            "17.",
            weight=2,
        ),
        Property(
            "The base sets how far the speeds spread",
            ("small base", "large base"),
            "Pair i turns by position · base^(-2i / head_dim): another base, other angles in all pairs but the first.",
        ),
        Property(
            "An odd width, a position missing or a base of zero is refused with a ValueError",
            ("from zero", "odd width", "one position for three rows", "base of zero"),
            "Raise ValueError where head_dim is odd, positions is not one number for each row, or the base is not "
            "above 0, and nowhere else.",
            observe=observe.refusal,
        ),
        Property(
            "The dtype of x is kept",
            ("bfloat16", "float64"),
            "A product of bfloat16 and float32 is float32: bring cosines and sines to the dtype of x, or the result.",
            observe=observe.dtype,
            needs="Dot products depend on the distance of two rows, and on nothing else of their positions",
        ),
        Property(
            "Far positions keep their angle in half precision",
            ("far in float16",),
            "float16 knows no whole number between 3000 and 3002, and one radian is a sixth of a turn: compute the "
            "angles in float32, then convert cosine and sine.",
            needs="Dot products depend on the distance of two rows, and on nothing else of their positions",
        ),
        Property(
            "The arguments are left unchanged",
            ("positions with gaps", "positions drawn"),
            "An argument differs after your call: writing into a slice of x changes it for the caller too.",
            observe=observe.changed,
            needs="Dot products depend on the distance of two rows, and on nothing else of their positions",
        ),
        Property(
            "Gradients reach x",
            ("gradients",),
            "Queries and keys are learned through this function: no detach, no no_grad, no way through NumPy.",
            observe=observe.gradients,
        ),
    ),
    mistakes=(
        Mistake(
            "interleaved_pairs",
            "You pair neighbors, components 0 and 1, 2 and 3, as in the original paper. Llama's layout in transformers "
            "pairs component i of the first half with component i of the second half.",
            LAYOUT,
            _interleaved_pairs,
        ),
        Mistake(
            "interleaved_frequencies",
            "You pair the two halves, but your angles are laid out for neighbors (θ0 θ0 θ1 θ1): the two of a pair turn "
            "by different angles. For halves the angles are θ0 θ1 θ0 θ1.",
            LAYOUT,
            _interleaved_frequencies,
        ),
        Mistake(
            "rejoined_interleaved",
            "Your pairs are turned correctly, but put back in the wrong places: the first numbers of all pairs belong "
            "in the first half, the second ones in the second half.",
            LAYOUT,
            _rejoined_interleaved,
        ),
        Mistake(
            "positions_ignored",
            "You turn row t by t and never look at `positions`. While a model writes with a cache, its only new row is "
            "far from position 0.",
            ROPE,
            _positions_ignored,
        ),
        Mistake(
            "clockwise",
            "You turn clockwise. Counter-clockwise, (1, 0) at position 1 becomes (cos 1, sin 1): the minus stands "
            "before the sine of the *first* component.",
            ROPE,
            _clockwise,
        ),
        Mistake(
            "base_ignored",
            "Your result is the same for every base: 10000 is only the default of the parameter.",
            ROPE,
            _rope_base_ignored,
        ),
        Mistake(
            "exponent_without_two",
            "Your exponent is i / head_dim where i numbers the pairs. It is 2i / head_dim; yours stops at one half, so "
            "the slow pairs are missing.",
            ROPE,
            _rope_exponent_without_two,
        ),
        Mistake(
            "exponent_doubled",
            "Your exponents run nearly to 2: you divide 2i by the number of pairs. Divide 2i by head_dim, or i by the "
            "number of pairs.",
            ROPE,
            _rope_exponent_doubled,
        ),
        Mistake(
            "frequencies_rise",
            "Your later pairs turn faster and faster. The exponent is negative: pair 0 is the fastest, with 1 radian a "
            "position.",
            ROPE,
            _rope_frequencies_rise,
        ),
        Mistake(
            "minus_lost",
            "Both of your products with the sine have a plus. A rotation has one minus, a cos θ - b sin θ and "
            "a sin θ + b cos θ; without it vectors are stretched.",
            ROPE,
            _minus_lost,
        ),
        Mistake(
            "first_overwritten",
            "You compute the second half from the first half as it is *after* turning. Both need the values from "
            "before: keep them under another name.",
            ROPE,
            _first_overwritten,
        ),
        Mistake(
            "added",
            "You add cosines and sines to x, as sinusoidal positions are added to embeddings. RoPE multiplies: it "
            "turns each pair and leaves its length as it is.",
            RELATIVE,
            _added,
        ),
        Mistake(
            "odd_width_accepted",
            "With an odd head_dim your function fails somewhere inside. Check first, and say in a ValueError that the "
            "width cannot be split into pairs.",
            ROPE,
            _odd_width_accepted,
        ),
        Mistake(
            "position_broadcast",
            "One position for three rows slips through: it broadcasts, and all rows get the same angle. Ask for one "
            "position for each row, and raise ValueError otherwise.",
            ROPE,
            _position_broadcast,
        ),
        Mistake(
            "any_base_accepted",
            "A base of 0 slips through and gives NaN: raise ValueError where the base is not above 0.",
            ROPE,
            _any_base_accepted,
        ),
        Mistake(
            "promoted",
            "Half-precision inputs come back as float32, since your cosines and sines are float32: convert them, or "
            "the result, to the dtype of x.",
            PRECISION,
            _promoted,
        ),
        Mistake(
            "always_float32",
            "Your result is float32 whatever comes in: convert it back to the dtype of x.",
            PRECISION,
            _always_float32,
        ),
        Mistake(
            "angles_in_half_precision",
            "You compute the angles in the dtype of x. In half precision a large position is rounded, and its angle is "
            "wrong by a radian or more: use float32 for positions, frequencies and angles.",
            PRECISION,
            _angles_in_half_precision,
        ),
        Mistake(
            "in_place",
            "You turn x in place, so the caller's queries are changed too. Build a new tensor, say with torch.cat.",
            ROPE,
            _rope_in_place,
        ),
        Mistake(
            "detached",
            "No gradient comes back through your result: it was detached, or made under no_grad or by NumPy.",
            ROPE,
            _rope_detached,
        ),
    ),
    shortcuts=("apply_rotary_pos_emb", "rotate_half", "RotaryEmbedding", "view_as_complex"),
)


# alibi_bias


def _geometric(n_heads: int) -> Tensor:
    """The slopes 2^(-8/n), 2^(-16/n), ..., 2^(-8), right for a power of two."""
    return 2.0 ** (-8 * torch.arange(1, n_heads + 1) / n_heads)


def _largest_power_of_two(n_heads: int) -> int:
    return 1 << (n_heads.bit_length() - 1)


def _right_slopes(n_heads: int) -> Tensor:
    return -reference.alibi_bias(n_heads, 2)[:, 1, 0]


def _falling(slopes: Tensor, seq_len: int) -> Tensor:
    """The right bias for given slopes: many mistakes are in the slopes alone."""
    position = torch.arange(seq_len)
    return slopes[:, None, None] * (position - position[:, None]).clamp_max(0)


def _require_heads(n_heads: int, seq_len: int) -> None:
    if n_heads < 1 or seq_len < 1:
        raise ValueError("no heads or no positions")


def _rising(n_heads: int, seq_len: int) -> Tensor:
    return -reference.alibi_bias(n_heads, seq_len)


def _formula_for_any_number(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    return _falling(_geometric(n_heads), seq_len)


def _powers_of_two_only(n_heads: int, seq_len: int) -> Tensor:
    if n_heads & (n_heads - 1):
        raise ValueError("the number of heads must be a power of two")
    return reference.alibi_bias(n_heads, seq_len)


def _halved_with_each_head(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    return _falling(2.0 ** -torch.arange(1, n_heads + 1), seq_len)


def _slopes_from_one(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    closest = _largest_power_of_two(n_heads)
    slopes = torch.cat([2 ** (8 / closest) * _geometric(closest), 2 ** (4 / closest) * _geometric(2 * closest)[0::2]])
    return _falling(slopes[:n_heads], seq_len)


def _same_slope(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    return _falling(_geometric(n_heads)[:1].expand(n_heads), seq_len)


def _slopes_reversed(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    return _falling(_right_slopes(n_heads).flip(0), seq_len)


def _finer_slopes_cut_off(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    power = _largest_power_of_two(n_heads)
    return _falling(_geometric(power if power == n_heads else 2 * power)[:n_heads], seq_len)


def _extras_already_there(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    closest = _largest_power_of_two(n_heads)
    return _falling(torch.cat([_geometric(closest), _geometric(2 * closest)[1::2]])[:n_heads], seq_len)


def _extras_without_gaps(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    closest = _largest_power_of_two(n_heads)
    return _falling(torch.cat([_geometric(closest), _geometric(2 * closest)])[:n_heads], seq_len)


def _slopes_sorted(n_heads: int, seq_len: int) -> Tensor:
    _require_heads(n_heads, seq_len)
    return _falling(_right_slopes(n_heads).sort(descending=True).values, seq_len)


def _on_both_sides(n_heads: int, seq_len: int) -> Tensor:
    bias = reference.alibi_bias(n_heads, seq_len)
    return bias + bias.transpose(1, 2)


def _future_raised(n_heads: int, seq_len: int) -> Tensor:
    bias = reference.alibi_bias(n_heads, seq_len)
    return bias - bias.transpose(1, 2)


def _future_masked(n_heads: int, seq_len: int) -> Tensor:
    bias = reference.alibi_bias(n_heads, seq_len)
    return bias.masked_fill(torch.ones(seq_len, seq_len, dtype=torch.bool).triu(1), -torch.inf)


def _transposed(n_heads: int, seq_len: int) -> Tensor:
    return reference.alibi_bias(n_heads, seq_len).transpose(1, 2)


def _distance_from_one(n_heads: int, seq_len: int) -> Tensor:
    bias = reference.alibi_bias(n_heads, seq_len)
    return bias - _right_slopes(n_heads)[:, None, None] * torch.ones(seq_len, seq_len).tril()


def _no_heads_accepted(n_heads: int, seq_len: int) -> Tensor:
    if n_heads < 1 or seq_len < 1:
        return torch.zeros(max(n_heads, 0), max(seq_len, 0), max(seq_len, 0))
    return reference.alibi_bias(n_heads, seq_len)


def _drawn_power(draw: Generator) -> Arguments:
    return {"n_heads": 2 ** randint(draw, 4, 5), "seq_len": randint(draw, 5, 9)}


def _drawn_number(draw: Generator) -> Arguments:
    return {"n_heads": (5, 7, 11, 13)[randint(draw, 0, 3)], "seq_len": randint(draw, 3, 6)}


ALIBI_BIAS = Exercise(
    reference=reference.alibi_bias,
    points=4,
    cases=(
        Case("four heads", given(n_heads=4, seq_len=3), visible=True),
        Case("sixteen heads or more", _drawn_power),
        Case("two heads", given(n_heads=2, seq_len=7)),
        Case("one head", given(n_heads=1, seq_len=4)),
        Case("six heads", given(n_heads=6, seq_len=4), visible=True),
        Case("three heads", given(n_heads=3, seq_len=5)),
        Case("number of heads drawn", _drawn_number),
        Case("no head", given(n_heads=0, seq_len=3), visible=True),
        Case("no position", given(n_heads=2, seq_len=0)),
    ),
    properties=(
        Property(
            "Within a head, each step back from the query counts the same, and keys ahead of it count nothing",
            ("four heads", "sixteen heads or more", "six heads"),
            "Write one head's matrix on paper: row i is the query. It is 0 at j = i and to the right of it, and "
            "changes by one slope with each column to the left.",
            observe=observe.in_units_of_first_step,
        ),
        Property(
            "With a power of two of heads, slopes and sign are right",
            ("four heads", "sixteen heads or more", "two heads", "one head"),
            "For four heads the slopes are 1/4, 1/16, 1/64 and 1/256, and a key further back gets less.",
            weight=3,
        ),
        Property(
            "With any other number of heads, the slopes are the paper's",
            ("six heads", "three heads", "number of heads drawn"),
            "Six heads: the four slopes of four heads, then the first and the third of eight heads, 1/2 and 1/8.",
            weight=2,
        ),
        Property(
            "No head or no position is refused with a ValueError",
            ("four heads", "sixteen heads or more", "no head", "no position"),
            "Raise ValueError where n_heads or seq_len is below 1, and nowhere else.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake(
            "rising",
            "Your bias has the wrong sign: it raises the scores of distant keys. It has to lower them.",
            ALIBI,
            _rising,
        ),
        Mistake(
            "formula_for_any_number",
            "You use 2^(-8h/n) for every n. Where n is no power of two, take the slopes of the largest power of two "
            "below it, and fill up with every second slope of twice as many heads.",
            SLOPES,
            _formula_for_any_number,
        ),
        Mistake(
            "powers_of_two_only",
            "You refuse a number of heads that is no power of two: the paper's code has slopes for it as well.",
            SLOPES,
            _powers_of_two_only,
        ),
        Mistake(
            "halved_with_each_head",
            "Your slopes halve from head to head: 1/2, 1/4, 1/8. That is right for 8 heads only. The ratio is "
            "2^(-8/n), so that the last slope is always 1/256.",
            SLOPES,
            _halved_with_each_head,
        ),
        Mistake(
            "slopes_from_one",
            "Your first slope is 1: you count the heads from 0 in the exponent. The first is 2^(-8/n).",
            SLOPES,
            _slopes_from_one,
        ),
        Mistake(
            "same_slope",
            "All your heads have the same slope. They differ on purpose: steep ones look nearby, flat ones far back.",
            SLOPES,
            _same_slope,
        ),
        Mistake(
            "slopes_reversed",
            "Your heads are in reverse order: head 0 has the steepest slope.",
            SLOPES,
            _slopes_reversed,
        ),
        Mistake(
            "finer_slopes_cut_off",
            "For six heads you take the first six slopes of eight heads. Take all slopes of four heads first, then "
            "every second one of eight.",
            SLOPES,
            _finer_slopes_cut_off,
        ),
        Mistake(
            "extras_already_there",
            "The slopes you fill up with are the wrong half: 1/4 and 1/16 of eight heads are there already. Take the "
            "first, the third, and so on.",
            SLOPES,
            _extras_already_there,
        ),
        Mistake(
            "extras_without_gaps",
            "You fill up with the first slopes of twice as many heads, without leaving any out. Take every second one, "
            "from the first: the others are there already.",
            SLOPES,
            _extras_without_gaps,
        ),
        Mistake(
            "slopes_sorted",
            "You sort the slopes. The paper's code appends the additional ones at the end, and trained weights depend "
            "on which head has which slope.",
            SLOPES,
            _slopes_sorted,
        ),
        Mistake(
            "on_both_sides",
            "Your bias is symmetric: keys ahead of the query get a bias too. Above the diagonal it is 0.",
            ALIBI,
            _on_both_sides,
        ),
        Mistake(
            "future_raised",
            "Above the diagonal your i - j is negative, so keys ahead of the query get a bonus: clamp it at 0.",
            ALIBI,
            _future_raised,
        ),
        Mistake(
            "future_masked",
            "You put minus infinity above the diagonal. Hiding the future is the causal mask's task; the bias is 0 "
            "there.",
            ALIBI,
            _future_masked,
        ),
        Mistake(
            "transposed",
            "Rows and columns have changed places: row i is the query, column j the key, and the bias lies below the "
            "diagonal.",
            ALIBI,
            _transposed,
        ),
        Mistake(
            "distance_from_one",
            "A query's own position gets a bias: its distance is 0, not 1.",
            ALIBI,
            _distance_from_one,
        ),
        Mistake(
            "no_heads_accepted",
            "You accept 0 heads or 0 positions: say with a ValueError that there must be at least one.",
            ALIBI,
            _no_heads_accepted,
        ),
    ),
    shortcuts=("build_alibi_tensor", "get_slopes"),
)


ASSIGNMENT = Assignment("04_positions", (SINUSOIDAL_ENCODING, APPLY_ROPE, ALIBI_BIAS))

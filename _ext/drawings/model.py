"""Drawings of the parts of a model: chapters 1 to 7, and the language itself."""

from math import cos, exp, log, pi, sin

from _ext.drawings.canvas import INK, KEY, LEARNED, QUERY, VALUE, Canvas


def language() -> str:
    """The diagram language, for the page of notation."""
    canvas = Canvas(480, 264)
    canvas.tensor(80, 30, 110, 46, "tensor")
    canvas.text(80, 68, "its shape: rows × columns", size=12)
    canvas.operation(240, 30, 120, 46, "operation")
    canvas.operation(400, 30, 130, 46, "has weights", LEARNED)
    canvas.arrow((110, 106), (370, 106), width=5)
    canvas.text(240, 128, "residual stream", size=12)
    named = (("query", QUERY), ("key", KEY), ("value", VALUE), ("learned weights", LEARNED), ("anything else", INK))
    for i, (name, color) in enumerate(named):
        row, column = divmod(i, 3)
        canvas.tensor(80 + 160 * column + 80 * row, 176 + 54 * row, 140, 40, name, color, 0.25)
    return canvas.svg()


def bigram_graph() -> str:
    """The bigram model of chapter 1's three sentences as a graph to walk."""
    canvas = Canvas(480, 250)
    places = {
        "start": (34, 125), "the": (135, 70), "a": (135, 190), "cat": (240, 125), "dog": (240, 30),
        "sat": (345, 70), "ran": (345, 190), "end": (446, 125),
    }  # fmt: skip
    steps = (
        ("start", "the", "2/3"), ("start", "a", "1/3"), ("the", "cat", "1/2"), ("the", "dog", "1/2"), ("a", "cat", "1"),
        ("cat", "sat", "1/2"), ("cat", "ran", "1/2"), ("dog", "sat", "1"), ("sat", "end", "1"), ("ran", "end", "1"),
    )  # fmt: skip
    for start, end, share in steps:
        (x0, y0), (x1, y1) = places[start], places[end]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        on_the_way = {("start", "the"), ("the", "dog"), ("dog", "sat"), ("sat", "end")}
        width = 3.5 if (start, end) in on_the_way else 1.2
        canvas.arrow((x0 + 30 * dx, y0 + 28 * dy), (x1 - 32 * dx, y1 - 32 * dy), width=width)
        canvas.text((x0 + x1) / 2 - 8 * dy, (y0 + y1) / 2 - 15, share, size=13)
    for name, (x, y) in places.items():
        canvas.tensor(x, y, 54, 36, name)
    return canvas.svg()


def fair_die() -> str:
    """Perplexity: an uneven choice among six beside the fair die that is as unsure."""
    canvas = Canvas(480, 232)
    shares = (0.6, 0.2, 0.1, 0.05, 0.03, 0.02)
    perplexity = exp(-sum(share * log(share) for share in shares))
    for i, share in enumerate(shares):
        canvas.tensor(26 + 40 * i, 160 - 100 * share, 30, 200 * share, fill=0.3)
        canvas.text(26 + 40 * i, 175, f"{share:g}", size=12)
    canvas.text(126, 206, "six tokens,\nunevenly likely")
    canvas.arrow((256, 110), (316, 110))
    canvas.text(286, 85, f"perplexity {perplexity:.1f}", bold=True)
    sides = round(perplexity)
    for i in range(sides):
        canvas.tensor(348 + 50 * i, 160 - 100 / sides, 38, 200 / sides, fill=0.3)
        canvas.text(348 + 50 * i, 175, f"1/{sides}", size=12)
    canvas.text(398, 206, f"about as unsure as\na fair die of {sides} sides")
    return canvas.svg()


def text_to_ids() -> str:
    """A text becomes tokens and numbers, and numbers become a text: as the tokenizer of `stories` does it."""
    canvas = Canvas(480, 230)
    tokens = (
        ("The", 387),
        ("␣cat", 1081),
        ("␣sat", 955),
        ("␣on", 393),
        ("␣the", 264),
        ("␣m", 335),
        ("at", 286),
        (".", 18),
    )
    canvas.tensor(94, 40, 184, 40, "The cat sat on the mat.")
    canvas.operation(270, 40, 100, 40, "tokenizer")
    canvas.arrow((188, 40), (218, 40))
    canvas.arrow((270, 62), (270, 92))
    for i, (token, number) in enumerate(tokens):
        x = 34 + 59 * i
        canvas.tensor(x, 113, 52, 36, token)
        canvas.arrow((x, 133), (x, 160))
        canvas.tensor(x, 180, 52, 36, str(number))
    canvas.text(240, 216, "8 tokens, 8 numbers: all that the model gets to see", size=13)
    canvas.text(402, 40, "the way back is\na list to look up", size=13)
    return canvas.svg()


def table_lookup() -> str:
    """An id picks a row of the embedding table."""
    canvas = Canvas(480, 210)
    canvas.tensor(38, 92, 64, 40, "id 3")
    rows = [[0.12 + 0.1 * ((3 * i + 5 * j) % 7) for j in range(8)] for i in range(7)]
    canvas.grid(110, 15, rows, 22, LEARNED)
    canvas.line((110, 81), (286, 81), (286, 103), (110, 103), (110, 81), width=3)
    canvas.arrow((72, 92), (106, 92))
    canvas.text(198, 190, "embedding table: n_vocab × d_model, learned", size=13)
    canvas.arrow((290, 92), (322, 92), width=5)
    canvas.grid(328, 83, [rows[3]], 18, INK)
    canvas.text(400, 64, "row 3, a copy: 1 × d_model", size=12)
    canvas.text(400, 134, "the beginning of\nthe residual stream", size=13)
    return canvas.svg()


def clocks() -> str:
    """Rotary positions: hands that turn at their own speeds; two tokens compare only the angle between them."""
    canvas = Canvas(480, 300)
    speeds = (1.0, 0.4, 0.12)
    for column, position in enumerate((0, 1, 2, 3)):
        x = 138 + 100 * column
        canvas.text(x, 18, f"position {position}", bold=True)
        for row, speed in enumerate(speeds):
            y, angle = 72 + 90 * row, position * speed - pi / 2
            canvas.circle(x, y, 34)
            canvas.arrow((x, y), (x + 31 * cos(angle), y + 31 * sin(angle)), color=QUERY, width=2.5)
    for row, name in enumerate(("fast pair", "slower pair", "slow pair")):
        canvas.text(42, 72 + 90 * row, name)
    return canvas.svg()


def attention() -> str:
    """One query against all keys, and the values mixed by the weights."""
    canvas = Canvas(480, 330)  # a phone shows it whole
    # The weights are those that chapter 5 computes for its hand-made features.
    tokens, weights = ("Anna", "lost", "the", "ball", ".", "She"), (0.93, 0.01, 0.01, 0.01, 0.01, 0.01)
    canvas.text(2, 42, "keys", anchor="start")
    canvas.text(2, 200, "weights", anchor="start")
    canvas.text(2, 250, "values", anchor="start")
    first, last = 86, 336
    for i, (token, weight) in enumerate(zip(tokens, weights, strict=True)):
        x = first + 50 * i
        canvas.text(x, 12, token, bold=True)
        canvas.tensor(x, 42, 42, 30, "k", KEY, 0.2)
        canvas.arrow((x, 58), (x, 92), color=KEY)
        canvas.text(x, 200, f"{weight:.2f}", bold=weight > 0.5)
        canvas.arrow((x, 168), (x, 188))
        canvas.tensor(x, 250, 42, 30, "v", VALUE, 0.08 + 0.7 * weight)
        canvas.line((x, 266), (x, 300), color=VALUE, width=0.8 + 6 * weight)
    middle = (first + last) / 2
    canvas.operation(middle, 108, 304, 30, "q · k / √d_k")
    canvas.operation(middle, 152, 304, 30, "softmax")
    canvas.arrow((middle, 124), (middle, 136))
    canvas.tensor(424, 42, 52, 30, "q", QUERY, 0.25)
    canvas.text(424, 12, "query of She", bold=True)
    canvas.arrow((424, 58), (424, 108), (366, 108), color=QUERY, width=2)
    canvas.line((first, 300), (last, 300), color=VALUE, width=2)
    canvas.arrow((last, 300), (362, 300), color=VALUE, width=4)
    canvas.tensor(420, 300, 112, 36, "mostly Anna's v", VALUE, 0.6)
    return canvas.svg()


def key_value_sharing() -> str:
    """Eight query heads, and the keys and values that they share in MHA, GQA, MQA and MLA."""
    canvas = Canvas(480, 440)
    kinds = (("MHA", 8, "16 rows a token"), ("GQA", 2, "4 rows a token"), ("MQA", 1, "2 rows a token"))
    for place, (name, heads, cost) in enumerate(kinds):
        left, top = 48 + 240 * (place % 2), 228 * (place // 2)
        canvas.text(left + 72, top + 14, name, bold=True)
        _heads(canvas, left, top, heads)
        canvas.text(left + 72, top + 168, f"cached: {cost}", size=12)
    left, top = 288, 228
    canvas.text(left + 72, top + 14, "MLA", bold=True)
    _heads(canvas, left, top, 8, cached=False)
    canvas.operation(left + 72, top + 152, 120, 22, "expand", LEARNED)
    canvas.tensor(left + 72, top + 180, 80, 18, "", INK, 0.4)
    canvas.arrow((left + 72, top + 170), (left + 72, top + 164))
    canvas.text(left + 72, top + 204, "cached: one short row", size=12)
    return canvas.svg()


def _heads(canvas: Canvas, left: float, top: float, shared: int, *, cached: bool = True) -> None:
    """Eight queries above, `shared` keys and values below, and lines from each to its own."""
    for head in range(8):
        x, own = left + 9 + 18 * head, left + 144 * (head * shared // 8 + 0.5) / shared
        canvas.line((x, top + 58), (own, top + 92), width=1)
        canvas.tensor(x, top + 45, 13, 26, "", QUERY, 0.35)
    for i in range(shared):
        x = left + 144 * (i + 0.5) / shared
        fill = 0.4 if cached else 0.1
        canvas.tensor(x, top + 105, 13, 26, "", KEY, fill)
        canvas.tensor(x, top + (132 if cached else 128), 13, 26 if cached else 14, "", VALUE, fill)


def flash_tiles() -> str:
    """FlashAttention: a block of queries meets one block of keys and values after the other; scores are never kept."""
    canvas = Canvas(480, 306)
    canvas.text(166, 14, "keys and values, in slow memory", size=13)
    for j in range(4):
        canvas.tensor(94 + 48 * j, 42, 44, 26, f"K, V {j + 1}", KEY, 0.35 if j == 2 else 0.1)
    for i in range(4):
        canvas.tensor(36, 90 + 46 * i, 48, 40, f"Q {i + 1}", QUERY, 0.35 if i == 1 else 0.1)
        for j in range(4):
            done = i < 1 or (i == 1 and j < 2)
            fill = 0.6 if (i, j) == (1, 2) else 0.12 if done else 0.0
            canvas.tensor(94 + 48 * j, 90 + 46 * i, 44, 40, "", INK, fill)
    canvas.text(160, 282, "scores: one tile at a time,\nnever the whole table", size=13)
    canvas.arrow((214, 136), (280, 136), width=2)
    canvas.operation(380, 136, 194, 130, "")
    canvas.text(380, 88, "in fast memory", bold=True)
    canvas.tensor(380, 116, 172, 28, "largest score so far", INK, 0.08)
    canvas.tensor(380, 148, 172, 28, "sum of exponentials", INK, 0.08)
    canvas.tensor(380, 180, 172, 28, "mixed values", VALUE, 0.3)
    canvas.arrow((380, 203), (380, 238))
    canvas.text(380, 258, "after the last tile: divide,\nwrite one row block", size=13)
    return canvas.svg()


def feed_forward() -> str:
    """A feed-forward network widens a row, applies an activation, and narrows it again; each row by itself."""
    canvas = Canvas(480, 190)
    stream = 165
    canvas.arrow((6, stream), (476, stream), width=5)
    canvas.text(40, stream - 16, "row, d_model", size=12)
    canvas.arrow((84, stream), (84, 70), (104, 70))
    canvas.operation(138, 70, 64, 90, "W_in", LEARNED)
    canvas.arrow((171, 70), (196, 70))
    canvas.tensor(214, 70, 32, 124, "", INK)
    canvas.text(214, 146, "d_ff, wide", size=12)
    canvas.arrow((231, 70), (256, 70))
    canvas.operation(302, 70, 88, 44, "activation")
    canvas.arrow((347, 70), (372, 70))
    canvas.operation(406, 70, 64, 90, "W_out", LEARNED)
    canvas.arrow((439, 70), (454, 70), (454, stream - 13))
    canvas.plus(454, stream)
    return canvas.svg()


def experts() -> str:
    """A mixture of experts: the router sends each token to two of four feed-forward networks."""
    canvas = Canvas(480, 270)
    tokens = ("The", "cat", "sat")
    chosen = {0: (0, 2), 1: (1, 2), 2: (0, 3)}
    for i, token in enumerate(tokens):
        canvas.tensor(38, 55 + 80 * i, 68, 38, token)
        canvas.arrow((74, 55 + 80 * i), (104, 55 + 80 * i))
    canvas.operation(138, 135, 64, 220, "router", LEARNED)
    for e in range(4):
        canvas.operation(322, 36 + 66 * e, 110, 46, f"expert {e + 1}", LEARNED)
        canvas.arrow((378, 36 + 66 * e), (418, 135), width=1.2)
    styles = ((1.5, False), (1.5, True), (3.0, False))
    for i, pair in chosen.items():
        for e in pair:
            width, dashed = styles[i]
            canvas.arrow((171, 55 + 80 * i), (264, 36 + 66 * e + 8 * (i - 1)), width=width, dashed=dashed)
    canvas.text(449, 135, "weighted\nsum", size=13)
    return canvas.svg()


def decoder_block() -> str:
    """The residual stream through a pre-norm block: parts read a normed copy, and add to it."""
    canvas = Canvas(480, 204)
    stream = 165
    canvas.arrow((72, stream), (416, stream), width=5)
    canvas.text(34, stream, "embeddings\nn × d_model", size=12)
    canvas.text(448, stream, "last norm,\nlogits", size=12)
    for left, name, width in ((120, "attention", 82), (268, "feed-forward", 98)):
        canvas.arrow((left, stream), (left, 127))
        canvas.operation(left, 110, 56, 34, "norm", LEARNED)
        canvas.arrow((left, 93), (left, 55), (left + 16, 55))
        canvas.operation(left + 18 + width / 2, 55, width, 40, name, LEARNED)
        end = left + width + 32
        canvas.arrow((end - 14, 55), (end, 55), (end, stream - 13))
        canvas.plus(end, stream)
    canvas.line((82, 24), (410, 24), (410, 190), (82, 190), (82, 24), width=1, dashed=True)
    canvas.text(246, 11, "one layer, repeated N times", size=13)
    return canvas.svg()


def norm_placement() -> str:
    """Where the norm stands: on the stream itself in post-norm, on a branch beside it in pre-norm."""
    canvas = Canvas(480, 318)
    for name, stream, note in (
        ("post-norm", 136, "every norm stands in the way"),
        ("pre-norm", 296, "a free way through all layers"),
    ):
        canvas.text(6, stream - 118, name, bold=True, anchor="start")
        canvas.text(92, stream - 118, note, size=13, anchor="start")
        start = 6.0
        for left, half in ((20, "attention"), (248, "feed-forward")):
            if name == "pre-norm":
                _branch(canvas, left, stream, [("norm", 56), (half, 98)])
            else:
                norm = _branch(canvas, left, stream, [(half, 98)]) + 56
                canvas.operation(norm, stream, 56, 36, "norm", LEARNED)
                canvas.arrow((start, stream), (norm - 28, stream), width=5)
                start = norm + 28
        canvas.arrow((start, stream), (478, stream), width=5)
    return canvas.svg()


def _branch(canvas: Canvas, left: float, stream: float, parts: list[tuple[str, float]]) -> float:
    """Off the stream, upwards, through parts of some width, and added back: returns the place where."""
    top, x = stream - 70, left + 18
    canvas.arrow((left, stream), (left, top), (x, top))
    for i, (name, width) in enumerate(parts):
        if i:
            canvas.arrow((x, top), (x + 16, top))
            x += 16
        canvas.operation(x + width / 2, top, width, 36, name, LEARNED)
        x += width
    canvas.arrow((x, top), (x + 16, top), (x + 16, stream - 13))
    canvas.plus(x + 16, stream)
    return x + 16

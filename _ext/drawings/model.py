"""Drawings of the parts of a model: chapters 1 to 7, and the language itself."""

from math import cos, exp, log, pi, sin

from _ext.drawings.canvas import INK, KEY, LEARNED, QUERY, VALUE, Canvas


def language() -> str:
    """The diagram language, for the page of notation."""
    canvas = Canvas(720, 190)
    canvas.tensor(85, 45, 110, 46, "tensor")
    canvas.text(85, 84, "its shape: rows × columns", size=12)
    canvas.operation(255, 45, 120, 46, "operation")
    canvas.operation(425, 45, 130, 46, "has weights", LEARNED)
    canvas.line((560, 45), (640, 45), width=5)
    canvas.arrow((600, 45), (690, 45), width=5)
    canvas.text(620, 84, "residual stream", size=12)
    named = (("query", QUERY), ("key", KEY), ("value", VALUE), ("learned weights", LEARNED), ("anything else", INK))
    for i, (name, color) in enumerate(named):
        canvas.tensor(75 + 142 * i, 145, 128, 40, name, color, 0.25)
    return canvas.svg()


def bigram_graph() -> str:
    """The bigram model of chapter 1's three sentences as a graph to walk."""
    canvas = Canvas(720, 250)
    places = {
        "start": (60, 125), "the": (200, 70), "a": (200, 190), "cat": (360, 125), "dog": (360, 30),
        "sat": (520, 70), "ran": (520, 190), "end": (660, 125),
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
        canvas.arrow((x0 + 34 * dx, y0 + 26 * dy), (x1 - 38 * dx, y1 - 28 * dy), width=width)
        canvas.text((x0 + x1) / 2 - 10 * dy, (y0 + y1) / 2 - 14, share, size=13)
    for name, (x, y) in places.items():
        canvas.tensor(x, y, 64, 36, name)
    return canvas.svg()


def fair_die() -> str:
    """Perplexity: an uneven choice among six beside the fair die that is as unsure."""
    canvas = Canvas(720, 220)
    shares = (0.6, 0.2, 0.1, 0.05, 0.03, 0.02)
    perplexity = exp(-sum(share * log(share) for share in shares))
    for i, share in enumerate(shares):
        canvas.tensor(45 + 46 * i, 160 - 100 * share, 36, 200 * share, fill=0.3)
        canvas.text(45 + 46 * i, 175, f"{share:g}", size=12)
    canvas.text(160, 203, "six tokens, unevenly likely")
    canvas.arrow((320, 110), (410, 110))
    canvas.text(365, 85, f"perplexity {perplexity:.1f}", bold=True)
    sides = round(perplexity)
    for i in range(sides):
        canvas.tensor(480 + 56 * i, 160 - 100 / sides, 42, 200 / sides, fill=0.3)
        canvas.text(480 + 56 * i, 175, f"1/{sides}", size=12)
    canvas.text(535, 203, f"about as unsure as a fair die of {sides} sides")
    return canvas.svg()


def text_to_ids() -> str:
    """A text becomes tokens and numbers, and numbers become a text: as the tokenizer of `stories` does it."""
    canvas = Canvas(720, 230)
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
    canvas.tensor(110, 40, 200, 40, "The cat sat on the mat.")
    canvas.operation(330, 40, 120, 40, "tokenizer")
    canvas.arrow((212, 40), (268, 40))
    canvas.arrow((330, 62), (330, 92))
    for i, (token, number) in enumerate(tokens):
        x = 55 + 87 * i
        canvas.tensor(x, 113, 76, 36, token)
        canvas.arrow((x, 133), (x, 160))
        canvas.tensor(x, 180, 76, 36, str(number))
    canvas.text(360, 216, "8 tokens, 8 numbers: all that the model gets to see", size=13)
    canvas.text(560, 40, "the way back is\na list to look up", size=13)
    return canvas.svg()


def table_lookup() -> str:
    """An id picks a row of the embedding table."""
    canvas = Canvas(720, 240)
    canvas.tensor(70, 116, 80, 40, "id 3")
    rows = [[0.12 + 0.1 * ((3 * i + 5 * j) % 7) for j in range(8)] for i in range(7)]
    canvas.grid(220, 25, rows, 26, LEARNED)
    canvas.line((220, 103), (428, 103), (428, 129), (220, 129), (220, 103), width=3)
    canvas.arrow((112, 116), (216, 116))
    canvas.text(324, 222, "embedding table: n_vocab × d_model, learned", size=13)
    canvas.arrow((432, 116), (492, 116), width=5)
    canvas.grid(500, 103, [rows[3]], 26, INK)
    canvas.text(604, 84, "row 3, a copy: 1 × d_model", size=13)
    canvas.text(604, 152, "the beginning of\nthe residual stream", size=13)
    return canvas.svg()


def clocks() -> str:
    """Rotary positions: hands that turn at their own speeds; two tokens compare only the angle between them."""
    canvas = Canvas(720, 300)
    speeds = (1.0, 0.4, 0.12)
    for column, position in enumerate((0, 1, 2, 3)):
        canvas.text(190 + 140 * column, 18, f"position {position}", bold=True)
        for row, speed in enumerate(speeds):
            x, y, angle = 190 + 140 * column, 72 + 90 * row, position * speed - pi / 2
            canvas.circle(x, y, 34)
            canvas.arrow((x, y), (x + 31 * cos(angle), y + 31 * sin(angle)), color=QUERY, width=2.5)
    for row, name in enumerate(("fast pair", "slower pair", "slow pair")):
        canvas.text(60, 72 + 90 * row, name)
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
    canvas = Canvas(720, 230)
    kinds = (("MHA", 8, "16 rows a token"), ("GQA", 2, "4 rows a token"), ("MQA", 1, "2 rows a token"))
    for column, (name, heads, cost) in enumerate(kinds):
        left = 20 + 180 * column
        canvas.text(left + 72, 14, name, bold=True)
        _heads(canvas, left, heads)
        canvas.text(left + 72, 205, f"cached: {cost}", size=12)
    canvas.text(632, 14, "MLA", bold=True)
    _heads(canvas, 560, 8, cached=False)
    canvas.operation(632, 152, 120, 22, "expand", LEARNED)
    canvas.tensor(632, 180, 80, 18, "", INK, 0.4)
    canvas.arrow((632, 170), (632, 164))
    canvas.text(632, 205, "cached: one short row", size=12)
    return canvas.svg()


def _heads(canvas: Canvas, left: float, shared: int, *, cached: bool = True) -> None:
    """Eight queries above, `shared` keys and values below, and lines from each to its own."""
    for head in range(8):
        x, own = left + 9 + 18 * head, left + 144 * (head * shared // 8 + 0.5) / shared
        canvas.line((x, 58), (own, 92), width=1)
        canvas.tensor(x, 45, 13, 26, "", QUERY, 0.35)
    for i in range(shared):
        x = left + 144 * (i + 0.5) / shared
        fill = 0.4 if cached else 0.1
        canvas.tensor(x, 105, 13, 26, "", KEY, fill)
        canvas.tensor(x, 132 if cached else 128, 13, 26 if cached else 14, "", VALUE, fill)


def flash_tiles() -> str:
    """FlashAttention: a block of queries meets one block of keys and values after the other; scores are never kept."""
    canvas = Canvas(720, 290)
    canvas.text(210, 14, "keys and values, in slow memory", size=13)
    for j in range(4):
        canvas.tensor(130 + 66 * j, 42, 60, 26, f"K, V {j + 1}", KEY, 0.35 if j == 2 else 0.1)
    for i in range(4):
        canvas.tensor(50, 90 + 46 * i, 60, 40, f"Q {i + 1}", QUERY, 0.35 if i == 1 else 0.1)
        for j in range(4):
            done = i < 1 or (i == 1 and j < 2)
            fill = 0.6 if (i, j) == (1, 2) else 0.12 if done else 0.0
            canvas.tensor(130 + 66 * j, 90 + 46 * i, 60, 40, "", INK, fill)
    canvas.text(229, 275, "scores: one tile at a time, never the whole table", size=13)
    canvas.arrow((296, 136), (430, 136), width=2)
    canvas.operation(560, 136, 250, 130, "")
    canvas.text(560, 88, "in fast memory", bold=True)
    canvas.tensor(560, 116, 210, 28, "largest score so far", INK, 0.08)
    canvas.tensor(560, 148, 210, 28, "sum of exponentials", INK, 0.08)
    canvas.tensor(560, 180, 210, 28, "mixed values", VALUE, 0.3)
    canvas.arrow((560, 203), (560, 238))
    canvas.text(560, 253, "after the last tile: divide, write one row block", size=13)
    return canvas.svg()


def feed_forward() -> str:
    """A feed-forward network widens a row, applies an activation, and narrows it again; each row by itself."""
    canvas = Canvas(720, 190)
    stream = 165
    canvas.arrow((20, stream), (700, stream), width=5)
    canvas.text(70, stream - 16, "row, d_model", size=12)
    canvas.arrow((120, stream), (120, 70), (160, 70))
    canvas.operation(200, 70, 76, 90, "W_in", LEARNED)
    canvas.arrow((240, 70), (286, 70))
    canvas.tensor(310, 70, 34, 124, "", INK)
    canvas.text(310, 146, "d_ff, wide", size=12)
    canvas.arrow((330, 70), (376, 70))
    canvas.operation(424, 70, 92, 44, "activation")
    canvas.arrow((472, 70), (518, 70))
    canvas.operation(560, 70, 76, 90, "W_out", LEARNED)
    canvas.arrow((600, 70), (640, 70), (640, stream - 13))
    canvas.plus(640, stream)
    return canvas.svg()


def experts() -> str:
    """A mixture of experts: the router sends each token to two of four feed-forward networks."""
    canvas = Canvas(720, 270)
    tokens = ("The", "cat", "sat")
    chosen = {0: (0, 2), 1: (1, 2), 2: (0, 3)}
    for i, token in enumerate(tokens):
        canvas.tensor(60, 55 + 80 * i, 80, 38, token)
        canvas.arrow((102, 55 + 80 * i), (158, 55 + 80 * i))
    canvas.operation(200, 135, 80, 220, "router", LEARNED)
    for e in range(4):
        canvas.operation(480, 36 + 66 * e, 150, 46, f"expert {e + 1}", LEARNED)
        canvas.arrow((556, 36 + 66 * e), (650, 135), width=1.2)
    styles = ((1.5, False), (1.5, True), (3.0, False))
    for i, pair in chosen.items():
        for e in pair:
            width, dashed = styles[i]
            canvas.arrow((241, 55 + 80 * i), (402, 36 + 66 * e + 8 * (i - 1)), width=width, dashed=dashed)
    canvas.text(685, 135, "weighted\nsum", size=13)
    return canvas.svg()


def decoder_block() -> str:
    """The residual stream through a pre-norm block: parts read a normed copy, and add to it."""
    canvas = Canvas(720, 200)
    stream = 165
    canvas.arrow((90, stream), (640, stream), width=5)
    canvas.text(48, stream, "embeddings\nn × d_model", size=12)
    canvas.text(682, stream, "last norm,\nlogits", size=12)
    for left, name in ((120, "attention"), (370, "feed-forward")):
        canvas.arrow((left, stream), (left, 55), (left + 24, 55))
        canvas.operation(left + 56, 55, 62, 44, "norm", LEARNED)
        canvas.arrow((left + 88, 55), (left + 112, 55))
        canvas.operation(left + 162, 55, 98, 44, name, LEARNED)
        canvas.arrow((left + 212, 55), (left + 230, 55), (left + 230, stream - 13))
        canvas.plus(left + 230, stream)
    canvas.line((104, 24), (618, 24), (618, 188), (104, 188), (104, 24), width=1, dashed=True)
    canvas.text(361, 11, "one layer, repeated N times", size=13)
    return canvas.svg()


def norm_placement() -> str:
    """Where the norm stands: on the stream itself in post-norm, on a branch beside it in pre-norm."""
    canvas = Canvas(720, 300)
    for name, stream, note in (
        ("post-norm", 108, "every norm stands\nin the way"),
        ("pre-norm", 272, "a free way\nthrough all layers"),
    ):
        canvas.text(44, stream, name, bold=True)
        canvas.text(660, stream, note, size=12)
        start = 90.0
        for left, half in ((104, "attention"), (346, "feed-forward")):
            if name == "pre-norm":
                _branch(canvas, left, stream, [("norm", 56), (half, 98)])
            else:
                norm = _branch(canvas, left, stream, [(half, 98)]) + 58
                canvas.operation(norm, stream, 56, 36, "norm", LEARNED)
                canvas.arrow((start, stream), (norm - 28, stream), width=5)
                start = norm + 28
        canvas.arrow((start, stream), (604, stream), width=5)
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

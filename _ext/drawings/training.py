"""Drawings of training a model and of working with one: chapters 8 to 13."""

from collections.abc import Callable
from math import cos, pi, sin

from _ext.drawings.canvas import INK, KEY, LEARNED, QUERY, VALUE, Canvas

Matrix = tuple[float, float, float, float]  # 2 × 2, row by row

STEEP, FLAT, STEPS = 30.0, 1.0, 20


def shifted_targets() -> str:
    """Pre-training's one exercise: at each position, the next token."""
    canvas = Canvas(480, 220)
    words = ("Once", "upon", "a", "time", "there", "was")
    canvas.operation(284, 110, 384, 44, "decoder: position by position, never looking ahead", LEARNED)
    for i, word in enumerate(words[:-1]):
        x = 126 + 79 * i
        canvas.tensor(x, 180, 68, 34, word)
        canvas.arrow((x, 162), (x, 135))
        canvas.arrow((x, 87), (x, 60))
        canvas.tensor(x, 40, 68, 34, words[i + 1])
    canvas.text(42, 180, "it reads")
    canvas.text(42, 40, "it should\nsay")
    return canvas.svg()


def optimizers() -> str:
    """Gradient descent, Adam and Muon on a matrix whose loss is a lopsided valley, drawn from real steps."""
    canvas = Canvas(480, 196)
    ways = (("gradient descent", descend()), ("Adam", adam()), ("Muon", muon()))
    for column, (name, path) in enumerate(ways):
        middle = 80 + 160 * column
        canvas.text(middle, 14, name, bold=True)
        for radius in (0.25, 0.5, 0.75, 1.0, 1.25):
            ring = [(radius * cos(t / 24 * pi), radius * (FLAT / STEEP) ** 0.5 * sin(t / 24 * pi)) for t in range(49)]
            canvas.line(*(place(middle, x, y) for x, y in ring), width=0.8)
        canvas.line(*(place(middle, x, y) for x, y in path), color=LEARNED, width=2)
        for x, y in path:
            canvas.circle(*place(middle, x, y), 2, LEARNED, 1.0)
        left = loss(path[-1]) / loss(path[0])
        canvas.text(middle, 154, f"loss left: {100 * left:.{0 if left > 0.05 else 1 if left > 0.001 else 2}f} %")
    canvas.text(240, 182, "a matrix of four numbers after each of twenty steps; the middle is lowest", size=13)
    return canvas.svg()


def loss(point: tuple[float, float]) -> float:
    x, y = point
    return (FLAT * x**2 + STEEP * y**2) / 2


def place(middle: float, x: float, y: float) -> tuple[float, float]:
    """A point of the valley, which lies along x, on the canvas; its steep direction is drawn three times as wide."""
    return middle + 58 * x, 86 + 3 * 58 * y


# The valley's two directions, as matrices of unit length: rotations mix all four numbers of the matrix.
TURN_LEFT, TURN_RIGHT = 0.6, 1.1
ALONG: Matrix = (
    cos(TURN_LEFT) * cos(TURN_RIGHT), cos(TURN_LEFT) * sin(TURN_RIGHT),
    sin(TURN_LEFT) * cos(TURN_RIGHT), sin(TURN_LEFT) * sin(TURN_RIGHT),
)  # fmt: skip
ACROSS: Matrix = (
    sin(TURN_LEFT) * sin(TURN_RIGHT), -sin(TURN_LEFT) * cos(TURN_RIGHT),
    -cos(TURN_LEFT) * sin(TURN_RIGHT), cos(TURN_LEFT) * cos(TURN_RIGHT),
)  # fmt: skip


def walk(rate: float, direction: Callable[[float, float, int], tuple[float, float]]) -> list[tuple[float, float]]:
    """The path of (along, across) down the `direction` that the gradient gives, at a rate that falls to 0 in a line."""
    x, y = -1.1, 0.13
    path = [(x, y)]
    for t in range(STEPS):
        along, across = direction(FLAT * x, STEEP * y, t + 1)
        x, y = x - rate * (1 - t / STEPS) * along, y - rate * (1 - t / STEPS) * across
        path.append((x, y))
    return path


# The best of six or seven rates each; Adam and Muon average gradients by halves.
def descend() -> list[tuple[float, float]]:
    return walk(0.08, lambda gx, gy, t: (gx, gy))


def adam() -> list[tuple[float, float]]:
    """Adam looks at the four numbers of the matrix, which lie askew to the valley."""
    mean, square = [0.0] * 4, [0.0] * 4

    def direction(gx: float, gy: float, t: int) -> tuple[float, float]:
        update = []
        for i in range(4):
            gradient = gx * ALONG[i] + gy * ACROSS[i]
            mean[i] = 0.5 * mean[i] + 0.5 * gradient
            square[i] = 0.99 * square[i] + 0.01 * gradient**2
            update.append((mean[i] / (1 - 0.5**t)) / ((square[i] / (1 - 0.99**t)) ** 0.5 + 1e-8))
        along = sum(u * a for u, a in zip(update, ALONG, strict=True))
        across = sum(u * a for u, a in zip(update, ACROSS, strict=True))
        return along, across

    return walk(0.2, direction)


def muon() -> list[tuple[float, float]]:
    """Muon gives both singular directions of the averaged gradient the same step: here they are the valley's."""
    mean = [0.0, 0.0]

    def direction(gx: float, gy: float, t: int) -> tuple[float, float]:
        for i, gradient in enumerate((gx, gy)):
            mean[i] = 0.5 * mean[i] + 0.5 * gradient
        return mean[0] / abs(mean[0]), mean[1] / abs(mean[1])

    return walk(0.12, direction)


def writing_loop() -> str:
    """Decoding: scores become a distribution, a token is drawn and appended, and all begins anew."""
    canvas = Canvas(480, 216)
    canvas.tensor(56, 50, 104, 40, "There was a")
    canvas.arrow((109, 50), (130, 50))
    canvas.operation(170, 50, 76, 44, "decoder", LEARNED)
    canvas.arrow((209, 50), (230, 50))
    canvas.tensor(262, 50, 62, 40, "logits")
    canvas.arrow((294, 50), (316, 50))
    canvas.operation(380, 50, 124, 60, "temperature,\ntop-k, top-p")
    canvas.arrow((380, 81), (380, 108))
    for i, (share, kept) in enumerate(((0.54, True), (0.3, True), (0.1, False), (0.06, False))):
        canvas.tensor(341 + 26 * i, 178 - 50 * share, 20, 100 * share, "", INK, 0.4 if kept else 0.0)
    canvas.arrow((324, 156), (292, 156))
    canvas.operation(240, 156, 100, 40, "draw one")
    canvas.arrow((189, 156), (168, 156))
    canvas.tensor(134, 156, 66, 36, "girl")
    canvas.arrow((100, 156), (56, 156), (56, 74))
    canvas.text(134, 198, "append, and start again", size=13)
    return canvas.svg()


def beam_tree() -> str:
    """Beam search with two beams, on the chapter's example."""
    canvas = Canvas(480, 280)
    after_cat = (
        ("sat", 0.165, 20, True),
        ("ran", 0.154, 62, False),
        ("is", 0.121, 104, False),
        ("end", 0.11, 146, False),
    )
    after_dog = (("barked", 0.36, 190, True), ("end", 0.04, 232, False))
    rounds = (("cat", 0.55, 70, after_cat), ("dog", 0.40, 205, after_dog))
    canvas.tensor(32, 140, 56, 36, "The")
    for word, p, y, extensions in rounds:
        canvas.arrow((62, 140), (116, y), width=2.8)
        canvas.tensor(168, y, 100, 34, f"{word}  {p:.2f}", INK, 0.25)
        for next_word, product, y1, kept in extensions:
            canvas.arrow((220, y), (298, y1), width=2.8 if kept else 1.0, dashed=not kept)
            canvas.tensor(364, y1, 128, 32, f"{next_word}  {product:.3f}", INK, 0.25 if kept else 0.0)
    canvas.arrow((62, 140), (116, 262), width=1.0, dashed=True)
    canvas.tensor(168, 262, 100, 30, "end  0.05", INK, 0.0)
    canvas.text(456, 190, "best", bold=True)
    return canvas.svg()


def state_machine() -> str:
    """Constrained decoding: five states that accept an age in braces, as the chapter's table does."""
    canvas = Canvas(480, 170)
    y, radius, step = 104, 22, 103
    places = [34 + step * state for state in range(5)]
    for state, x in enumerate(places):
        canvas.circle(x, y, radius, LEARNED if state == 4 else INK, 0.15)
        canvas.text(x, y, str(state), bold=True)
    for x, characters in zip(places, ("{", "1 to 9", "0 to 9", "}"), strict=False):
        canvas.arrow((x + radius + 2, y), (x + step - radius - 3, y))
        canvas.text(x + step / 2, y - 16, characters)
    canvas.arrow((places[2], y - radius - 2), (places[2], 34), (places[4], 34), (places[4], y - radius - 3))
    canvas.text(places[3], 20, "}")
    canvas.text(places[0], 150, "start", size=13)
    canvas.text(places[4], 150, "complete", size=13)
    return canvas.svg()


def growing_cache() -> str:
    """The KV cache: a step computes one key and one value and reads all that are kept."""
    canvas = Canvas(480, 250)
    words = ("There", "was", "a", "girl")
    for step in range(3):
        y, count = 50 + 76 * step, step + 2
        canvas.text(32, y, "prefill" if step == 0 else f"step {step}", bold=True)
        for i in range(count):
            new = step == 0 or i == count - 1
            x = 92 + 52 * i
            canvas.tensor(x, y - 13, 44, 22, "k", KEY, 0.45 if new else 0.1)
            canvas.tensor(x, y + 13, 44, 22, "v", VALUE, 0.45 if new else 0.1)
            if step == 0:
                canvas.text(x, y - 36, words[i], size=12)
        if step:
            canvas.text(92 + 52 * (count - 1), y - 34, words[count - 1], size=12)
        canvas.tensor(320, y, 44, 24, "q", QUERY, 0.35)
        canvas.arrow((297, y), (92 + 52 * count - 24, y), color=QUERY, width=2)
        computed = 2 if step == 0 else 1
        canvas.text(350, y, f"computes {computed} of each,\nreads {count}", size=13, anchor="start")
    canvas.text(240, 240, "strong: computed in this pass; pale: kept from earlier ones", size=13)
    return canvas.svg()


def low_rank_update() -> str:
    """LoRA: a frozen matrix, and beside it two thin ones that learn."""
    canvas = Canvas(480, 240)
    canvas.tensor(22, 120, 28, 110, "x")
    canvas.text(22, 192, "d_in", size=12)
    canvas.arrow((38, 110), (66, 110), (66, 62), (94, 62))
    canvas.arrow((38, 130), (66, 130), (66, 182), (94, 182))
    canvas.tensor(176, 62, 160, 100, "W, frozen\nd_out × d_in", INK, 0.06)
    canvas.tensor(176, 182, 160, 34, "A: r × d_in", LEARNED, 0.25)
    canvas.arrow((258, 182), (282, 182))
    canvas.tensor(306, 182, 44, 100, "B:\nd_out\n× r", LEARNED, 0.25)
    canvas.text(176, 213, "only r numbers pass", size=12)
    canvas.arrow((330, 182), (346, 182))
    canvas.operation(370, 182, 44, 36, "α / r")
    canvas.arrow((258, 62), (414, 62), (414, 108))
    canvas.arrow((393, 182), (414, 182), (414, 134))
    canvas.plus(414, 121)
    canvas.arrow((427, 121), (444, 121))
    canvas.tensor(462, 121, 28, 110, "y")
    canvas.text(460, 192, "d_out", size=12)
    return canvas.svg()


def sinks() -> str:
    """What a query still sees of a long text: all of it, a window, or a window and the first token."""
    canvas = Canvas(480, 226)
    cells, window, left, size = 24, 9, 88, 11
    canvas.text(left + cells * size / 2, 14, "keys in sight of the newest token", size=13)
    canvas.text(420, 14, "loss of SmolLM2", size=13)
    rows = (("everything", cells, 0, 3.11), ("a window", window, 0, 3.94), ("window\nand sink", window - 1, 1, 3.24))
    for row, (name, last, first, loss) in enumerate(rows):
        y = 52 + 58 * row
        canvas.text(left - 8, y, name, anchor="end", bold=True)
        for cell in range(cells):
            seen = cell < first or cell >= cells - last
            x = left + size * (cell + 0.5)
            canvas.tensor(x, y, size - 3, 30, "", KEY if seen else INK, 0.5 if seen else 0.0)
        # The bars begin at 3, so that their differences are seen, and say their numbers.
        canvas.tensor(372 + 30 * (loss - 3), y, 60 * (loss - 3), 26, "", INK, 0.25)
        canvas.text(440, y, f"{loss:.2f}", anchor="start", bold=True)
    canvas.text(left, 204, "the first token of the text", size=12, anchor="start")
    canvas.arrow((left + size / 2, 197), (left + size / 2, 186), width=1)
    return canvas.svg()

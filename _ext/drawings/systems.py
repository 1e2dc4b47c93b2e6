"""Drawings of whole models and of what is built around them: chapters 14 and 18."""

from collections.abc import Sequence

from _ext.drawings.canvas import INK, LEARNED, QUERY, VALUE, Canvas

STEP = 78  # between the positions of a text


def families() -> str:
    """Encoder, decoder and encoder-decoder: who sees whom, and which positions have a label."""
    canvas = Canvas(720, 352)
    canvas.text(150, 12, "encoder", bold=True)
    _text(canvas, 34, 30, ("The", "house", "[MASK]", "old"), causal=False, labels=("", "", "is", ""))
    canvas.text(540, 12, "decoder", bold=True)
    _text(canvas, 424, 30, ("The", "house", "is", "old"), causal=True, labels=("house", "is", "old", "."))
    canvas.text(150, 200, "encoder-decoder", bold=True)
    _text(canvas, 34, 218, ("The", "house"), causal=False)
    _text(canvas, 230, 218, ("start", "Das"), causal=True, labels=("Das", "Haus"))
    for writer in (230, 230 + STEP):
        for source in (34, 34 + STEP):
            canvas.line((source + 6, 272), ((source + writer) / 2, 254), (writer - 7, 270), color=VALUE, dashed=True)
    canvas.line((424, 244), (464, 244), color=QUERY)
    canvas.text(476, 244, "a position sees a word", anchor="start")
    canvas.line((424, 280), (464, 280), color=VALUE, dashed=True)
    canvas.text(476, 280, "a position sees another text", anchor="start")
    canvas.tensor(444, 316, 40, 24, "", INK, 0.35)
    canvas.text(476, 316, "a label, to be predicted", anchor="start")
    return canvas.svg()


def _text(
    canvas: Canvas, left: float, top: float, words: Sequence[str], *, causal: bool, labels: Sequence[str] = ()
) -> None:
    """Words below, a position above each, a line where it sees a word, and its label at the top."""
    for i, word in enumerate(words):
        x = left + STEP * i
        canvas.tensor(x, top + 114, 68, 26, word)
        for j in range(i + 1 if causal else len(words)):
            canvas.line((left + STEP * j, top + 101), (x, top + 52), color=QUERY)
        canvas.circle(x, top + 52, 5, QUERY, 1.0)
        if labels and labels[i]:
            canvas.arrow((x, top + 44), (x, top + 27))
            canvas.tensor(x, top + 13, 60, 24, labels[i], INK, 0.35)


def agent_and_image() -> str:
    """A model that acts through a harness, and an image whose patches join the embeddings of a text."""
    canvas = Canvas(720, 268)
    canvas.operation(66, 50, 104, 52, "model", LEARNED)
    canvas.operation(350, 50, 176, 52, "harness: limits,\nhistory, checks")
    canvas.operation(640, 50, 104, 52, "tools")
    for left, right, there, back in ((122, 258, "a call", "result or error"), (442, 584, "arguments", "result")):
        canvas.arrow((left, 40), (right, 40))
        canvas.text((left + right) / 2, 26, there, size=12)
        canvas.arrow((right, 62), (left, 62))
        canvas.text((left + right) / 2, 77, back, size=12)
    size = 26
    for place in range(9):
        row, column = divmod(place, 3)
        canvas.tensor(28 + (size + 4) * column, 160 + (size + 4) * row, size, size, "", INK, 0.45)
    canvas.text(58, 250, "image, 9 patches", size=12)
    canvas.arrow((106, 190), (136, 190))
    canvas.operation(184, 190, 92, 52, "projector", LEARNED)
    canvas.arrow((234, 190), (262, 190))
    for place in range(12):
        fill = 0.45 if 1 <= place <= 9 else 0.0
        canvas.tensor(276 + 18 * place, 190, 13, 70, "", INK, fill)
    canvas.text(375, 250, "embeddings of the text, the image's among them", size=12)
    canvas.arrow((486, 190), (512, 190))
    canvas.operation(556, 190, 84, 52, "decoder", LEARNED)
    canvas.arrow((602, 190), (624, 190))
    canvas.text(630, 190, "a red ball\nand a blue\nbox", anchor="start")
    return canvas.svg()

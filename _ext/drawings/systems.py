"""Drawings of whole models and of what is built around them: chapters 14 and 18."""

from collections.abc import Sequence

from _ext.drawings.canvas import INK, LEARNED, QUERY, VALUE, Canvas

STEP = 58  # between the positions of a text


def families() -> str:
    """Encoder, decoder and encoder-decoder: who sees whom, and which positions have a label."""
    canvas = Canvas(480, 352)
    canvas.text(118, 12, "encoder", bold=True)
    _text(canvas, 32, 30, ("The", "house", "[MASK]", "old"), causal=False, labels=("", "", "is", ""))
    canvas.text(362, 12, "decoder", bold=True)
    _text(canvas, 276, 30, ("The", "house", "is", "old"), causal=True, labels=("house", "is", "old", "."))
    canvas.text(118, 200, "encoder-decoder", bold=True)
    _text(canvas, 32, 218, ("The", "house"), causal=False)
    _text(canvas, 174, 218, ("start", "Das"), causal=True, labels=("Das", "Haus"))
    for writer in (174, 174 + STEP):
        for source in (32, 32 + STEP):
            canvas.line((source + 6, 272), ((source + writer) / 2, 254), (writer - 7, 270), color=VALUE, dashed=True)
    canvas.line((284, 240), (316, 240), color=QUERY)
    canvas.text(326, 240, "a position sees a word", anchor="start")
    canvas.line((284, 280), (316, 280), color=VALUE, dashed=True)
    canvas.text(326, 280, "a position sees\nanother text", anchor="start")
    canvas.tensor(300, 322, 32, 24, "", INK, 0.35)
    canvas.text(326, 322, "a label, to predict", anchor="start")
    return canvas.svg()


def _text(
    canvas: Canvas, left: float, top: float, words: Sequence[str], *, causal: bool, labels: Sequence[str] = ()
) -> None:
    """Words below, a position above each, a line where it sees a word, and its label at the top."""
    for i, word in enumerate(words):
        x = left + STEP * i
        canvas.tensor(x, top + 114, 54, 26, word)
        for j in range(i + 1 if causal else len(words)):
            canvas.line((left + STEP * j, top + 101), (x, top + 52), color=QUERY)
        canvas.circle(x, top + 52, 5, QUERY, 1.0)
        if labels and labels[i]:
            canvas.arrow((x, top + 44), (x, top + 27))
            canvas.tensor(x, top + 13, 50, 24, labels[i], INK, 0.35)


def agent_and_image() -> str:
    """A model that acts through a harness, and an image whose patches join the embeddings of a text."""
    canvas = Canvas(480, 288)
    canvas.operation(48, 42, 84, 52, "model", LEARNED)
    canvas.operation(238, 42, 128, 52, "harness: limits,\nhistory, checks")
    canvas.operation(436, 42, 80, 52, "tools")
    for left, right, there, back in ((92, 172, "a call", "result\nor error"), (304, 394, "arguments", "result")):
        canvas.arrow((left, 32), (right, 32))
        canvas.text((left + right) / 2, 18, there, size=12)
        canvas.arrow((right, 54), (left, 54))
        canvas.text((left + right) / 2, 69 if "\n" not in back else 76, back, size=12)
    for cell in range(9):
        row, column = divmod(cell, 3)
        canvas.tensor(24 + 26 * column, 178 + 26 * row, 22, 22, "", INK, 0.45)
    canvas.text(50, 264, "image, 9 patches", size=12)
    canvas.arrow((90, 204), (110, 204))
    canvas.operation(150, 204, 78, 52, "projector", LEARNED)
    canvas.arrow((190, 204), (208, 204))
    for cell in range(12):
        fill = 0.45 if 1 <= cell <= 9 else 0.0
        canvas.tensor(217 + 14 * cell, 204, 10, 70, "", INK, fill)
    canvas.text(294, 264, "embeddings of the text, the image's among them", size=12)
    canvas.arrow((378, 204), (398, 204))
    canvas.operation(438, 204, 78, 52, "decoder", LEARNED)
    canvas.arrow((438, 177), (438, 156))
    canvas.text(438, 130, "a red ball\nand a\nblue box")
    return canvas.svg()

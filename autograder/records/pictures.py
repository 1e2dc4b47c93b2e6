"""Which pictures of learners a page shows: PNG and JPEG by their own bytes, of a size that a browser can draw.

Nothing is decoded here: only the size is read, from where the formats have it. A hundred kilobytes can stand for
gigabytes of pixels.
"""

import base64
import binascii
from dataclasses import dataclass

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_BYTES = 5 << 20
MAX_SIDE = 10_000
MAX_PIXELS = 16_000_000
"""A browser needs four bytes for each."""
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
FRAMES = {0xC0, 0xC1, 0xC2}
"""Markers of the frame headers of baseline, extended and progressive JPEG, which are all that browsers draw."""
MAX_SEGMENTS = 1_000
"""Of a JPEG before its frame: metadata take some dozens. A million empty ones fit into the bytes that are allowed."""
TABLES = {0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}
"""Markers of what may come before a frame: tables, comments, application data."""


class PictureError(Exception):
    """A picture is not shown; the message says why, in a sentence about "it"."""


@dataclass(frozen=True)
class Picture:
    """A picture that may be shown."""

    kind: str
    data: bytes
    pixels: int

    @property
    def text(self) -> str:
        """The bytes as notebooks hold them."""
        return base64.b64encode(self.data).decode("ascii")

    @property
    def address(self) -> str:
        """An address that holds the picture itself."""
        return f"data:{self.kind};base64,{self.text}"


def read_picture(data: bytes) -> Picture:
    """A picture by its bytes. Raises PictureError."""
    if len(data) > MAX_BYTES:
        raise PictureError(f"It has more than {MAX_BYTES >> 20} MiB.")
    if data.startswith(PNG):
        kind, size = "image/png", _size_of_png(data)
    elif data.startswith(JPEG):
        kind, size = "image/jpeg", _size_of_jpeg(data)
    else:
        raise PictureError("It is neither PNG nor JPEG.")
    if size is None or not all(size):
        raise PictureError("It is damaged.")
    width, height = size
    if max(size) > MAX_SIDE or width * height > MAX_PIXELS:
        raise PictureError(
            f"It has {width} x {height} pixels, more than {MAX_SIDE} on a side or {MAX_PIXELS // 10**6} million in all."
        )
    return Picture(kind, data, width * height)


def in_one_piece(text: object) -> str:
    """A picture's text as notebooks hold it, in one piece or in lines. Raises PictureError."""
    if isinstance(text, str):
        return text
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        return "".join(text)
    raise PictureError("It is damaged.")


def read_picture_text(text: object) -> Picture:
    """A picture as notebooks hold it: in base 64, in one piece or in lines. Raises PictureError."""
    try:
        data = base64.b64decode(in_one_piece(text))
    except (ValueError, binascii.Error) as error:
        raise PictureError("It is damaged.") from error
    return read_picture(data)


def _size_of_png(data: bytes) -> tuple[int, int] | None:
    """Width and height by the PNG specification, 11.2.1: the first chunk is IHDR, of thirteen bytes."""
    if data[8:16] != b"\0\0\0\rIHDR" or len(data) < 33:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _size_of_jpeg(data: bytes) -> tuple[int, int] | None:
    """Width and height by ITU-T T.81, B.1 and B.2.2: in the frame's header, after segments that tell their lengths."""
    place = 2
    for _ in range(MAX_SEGMENTS):
        if place + 9 > len(data) or data[place] != 0xFF:
            return None
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker in FRAMES:
            return int.from_bytes(data[place + 7 : place + 9], "big"), int.from_bytes(
                data[place + 5 : place + 7], "big"
            )
        if marker not in TABLES or length < 2:
            return None
        place += 2 + length
    return None

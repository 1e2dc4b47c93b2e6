"""A picture is shown if its own bytes say that it is one, and how large."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from autograder.nbgrader_bridge.graded_pages import TOO_MANY, Page
from autograder.records.pictures import MAX_BYTES, MAX_SIDE, PictureError, read_picture, read_picture_text
from tests.banks.hostile.serving import DRAWING, PAGE, png


def saved(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (37, 21)).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "optimize": True}),
        ("JPEG", {"exif": b"Exif\0\0" + b"x" * 500, "comment": b"hi", "dpi": (72, 72)}),
        ("JPEG", {"icc_profile": b"x" * 70_000, "restart_marker_blocks": 4}),
    ],
)
def test_what_programs_write_is_read(kind: str, options: dict[str, object]) -> None:
    picture = read_picture(saved(kind, **options))
    assert (picture.kind, picture.pixels) == (f"image/{kind.lower()}", 37 * 21)
    assert picture.address.startswith(f"data:image/{kind.lower()};base64,")
    assert read_picture_text(picture.text) == picture


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PAGE,
        DRAWING,
        b"GIF89a",
        saved("PNG")[:20],
        saved("JPEG")[:10],
        b"\xff\xd8\xff\xe0" + PAGE,
        b"\xff\xd8" + b"\xff\xe0\0\x02" * 1000,
        png(0, 5),
        saved("PNG") + b"\0" * MAX_BYTES,
    ],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        read_picture(data)


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (1, MAX_SIDE + 1), (MAX_SIDE + 1, 1), (9000, 9000)])
def test_a_picture_larger_than_a_browser_can_draw_is_refused(width: int, height: int) -> None:
    with pytest.raises(PictureError, match=f"It has {width} x {height} pixels"):
        read_picture(png(width, height))


def test_the_first_frame_of_a_jpeg_counts_wherever_another_is_hidden() -> None:
    frame = saved("JPEG")
    at = frame.index(b"\xff\xc0")
    small_in_a_comment = b"\xff\xfe" + (2 + len(frame[at : at + 19])).to_bytes(2, "big") + frame[at : at + 19]
    huge = frame[: at + 5] + b"\x75\x30\x75\x30" + frame[at + 9 :]
    with pytest.raises(PictureError, match="30000 x 30000"):
        read_picture(huge[:2] + small_in_a_comment + huge[2:])


@pytest.mark.parametrize("text", [None, 7, ["iVBORw0KGgo="], {}, "?", "é", "iVBORw0KGg"])
def test_what_no_notebook_holds_is_refused(text: object) -> None:
    with pytest.raises(PictureError):
        read_picture_text(text)


def test_a_jpeg_of_many_segments_is_refused_and_one_of_some_dozens_is_read() -> None:
    comment, written = b"\xff\xfe\x00\x02", saved("JPEG")
    head, rest = written[:2], written[2:]
    assert read_picture(head + comment * 100 + rest).pixels == 37 * 21
    with pytest.raises(PictureError, match="It is damaged"):
        read_picture(head + comment * 5_000 + rest)


def test_a_page_counts_what_it_reads_for_pictures_that_it_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8" + b"\0" * (4 << 20))
    page = Page(tmp_path)

    def reasons() -> Iterator[str]:
        for _ in range(7):
            with pytest.raises(PictureError) as refused:
                page.find_picture("a.jpg")
            yield str(refused.value)

    found = list(reasons())
    assert found == ["It is damaged."] * 4 + [TOO_MANY] * 3

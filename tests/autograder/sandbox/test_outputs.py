"""What a sandbox says that a cell showed, as it may enter a notebook."""

import base64

import pytest

from autograder.sandbox.outputs import clean_outputs
from tests.banks.hostile.serving import BUNDLE, DRAWING, PAGE, png


def shown(data: object) -> dict[str, str]:
    (output,) = clean_outputs([{"output_type": "display_data", "data": data}])
    found: dict[str, str] = output["data"]
    return found


def text_of(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def test_a_picture_and_its_text_are_kept() -> None:
    data = {"image/png": text_of(png(60, 40)), "text/plain": "<Figure>", "text/html": PAGE.decode()}
    assert shown(data) == {"image/png": text_of(png(60, 40)), "text/plain": "<Figure>"}


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (png(30_000, 30_000), "30000 x 30000"),
        (PAGE, "neither PNG nor JPEG"),
        (DRAWING, "neither"),
        (png(9, 0), "damaged"),
    ],
)
def test_in_the_place_of_a_picture_that_cannot_be_shown_stands_a_sentence(picture: bytes, why: str) -> None:
    data = shown({"image/png": text_of(picture), "text/plain": "<Figure>"})
    assert list(data) == ["text/plain"]
    assert data["text/plain"].startswith("<Figure>\n[The picture is not shown. It ") and why in data["text/plain"]


@pytest.mark.parametrize("kind", [kind.replace("_", "/", 1).replace("_", "+") for kind in BUNDLE])
def test_what_is_neither_text_nor_a_picture_is_told(kind: str) -> None:
    assert shown({kind: PAGE.decode()}) == {
        "text/plain": "[An output that is neither text nor a picture is not shown.]"
    }

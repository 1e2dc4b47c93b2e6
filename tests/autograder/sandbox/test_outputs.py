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


PNG = text_of(b"\x89PNG\r\n\x1a\nrest")
DAMAGED = "[The picture is not shown. It is damaged.]"


@pytest.mark.parametrize(
    ("output", "clean"),
    [
        (
            {"output_type": "stream", "name": "odd", "text": "a"},
            {"output_type": "stream", "name": "stdout", "text": "a"},
        ),
        ({"output_type": "stream", "text": ["a"]}, {"output_type": "stream", "name": "stdout", "text": ""}),
        (
            {"output_type": "error", "ename": 1, "evalue": "v", "traceback": ["t", 2], "more": 1},
            {"output_type": "error", "ename": "", "evalue": "v", "traceback": ["t", ""]},
        ),
        (
            {"output_type": "display_data", "data": {"text/plain": "p", "image/png": PNG}, "metadata": {"x": 1}},
            {"output_type": "display_data", "data": {"text/plain": f"p\n{DAMAGED}"}, "metadata": {}},
        ),
        (
            {"output_type": "execute_result", "execution_count": True, "data": 1},
            {"output_type": "execute_result", "execution_count": None, "data": {}, "metadata": {}},
        ),
    ],
)
def test_an_output_is_made_well_formed(output: dict[str, object], clean: dict[str, object]) -> None:
    assert clean_outputs([output]) == [clean]


@pytest.mark.parametrize("outputs", [None, "text", {}, [None], [[]], [{}], [{"output_type": "update_display_data"}]])
def test_what_is_no_output_is_left_out(outputs: object) -> None:
    assert clean_outputs(outputs) == []

"""Frames, and the cleaning of outputs, without a sandbox."""

import base64
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from autograder.sandbox import wire
from autograder.sandbox.outputs import clean_outputs

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()


@pytest.fixture(autouse=True)
def nothing_is_left() -> None:
    """There are no sandboxes here."""


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_frame_arrives_as_it_was_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    wire.send(pair[0], {"a": "\u00e9"}, [b"12", b"3"])
    assert wire.FrameReader(pair[1]).receive(5) == ({"a": "\u00e9"}, bytearray(b"123"))


def test_a_header_may_have_a_field_that_is_json_already(pair: tuple[socket.socket, socket.socket]) -> None:
    wire.send(pair[0], wire.to_json({"op": "a"}, call='{"b": ["\u00e9", 1]}'.encode()))
    assert wire.FrameReader(pair[1]).receive(5) == ({"op": "a", "call": {"b": ["\u00e9", 1]}}, bytearray())


def test_frames_that_come_together_are_received_one_by_one(pair: tuple[socket.socket, socket.socket]) -> None:
    frames = wire.FrameReader(pair[1])
    for number in range(3):
        wire.send(pair[0], {"number": number}, [bytes([number]) * number])
    assert [frames.receive(5) for _ in range(2)] == [({"number": 0}, bytearray()), ({"number": 1}, bytearray([1]))]
    assert frames.wait(0)
    assert frames.receive(5) == ({"number": 2}, bytearray([2, 2]))
    assert not frames.wait(0)


def test_a_large_frame_arrives_in_pieces(pair: tuple[socket.socket, socket.socket]) -> None:
    content = bytes(range(256)) * (3 * wire.CHUNK // 256)
    sender = threading.Thread(target=wire.send, args=(pair[0], {}, [content]))
    sender.start()
    assert wire.FrameReader(pair[1]).receive(5) == ({}, content)
    sender.join()


@pytest.mark.parametrize("lengths", [(1 << 31, 0), (0, 1 << 31), ((1 << 32) - 1, (1 << 32) - 1)])
def test_a_huge_claim_is_refused_before_memory_is_taken(
    pair: tuple[socket.socket, socket.socket], lengths: tuple[int, int]
) -> None:
    pair[1].sendall(struct.pack("<II", *lengths))
    with pytest.raises(wire.WireError, match="over the cap"):
        wire.FrameReader(pair[0]).receive(5)


@pytest.mark.parametrize("header", [b"", b"]", b"[]", b"3", b"\xff", b"[" * 100_000, b"9" * 10_000], ids=range(7))
def test_what_is_not_a_json_object_is_refused(pair: tuple[socket.socket, socket.socket], header: bytes) -> None:
    pair[1].sendall(struct.pack("<II", len(header), 0) + header)
    with pytest.raises(wire.WireError):
        wire.FrameReader(pair[0]).receive(5)


def test_half_a_frame_ends_at_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].sendall(struct.pack("<II", 100, 0) + b"half")
    with pytest.raises(wire.DeadlineExceeded):
        wire.FrameReader(pair[0]).receive(0.1)


def test_a_trickle_ends_at_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    """Each byte comes in time, and the frame never."""
    pair[1].sendall(struct.pack("<II", 1000, 0))
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.05):
            pair[1].send(b"x")

    sender = threading.Thread(target=trickle)
    sender.start()
    with pytest.raises(wire.DeadlineExceeded):
        wire.FrameReader(pair[0]).receive(0.3)
    stop.set()
    sender.join()


def test_a_side_that_does_not_read_ends_at_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(wire.DeadlineExceeded):
        wire.send(pair[0], {}, [bytes(32 << 20)], deadline=0.1)


def test_neither_side_can_draw_a_frame_out_by_doing_a_little_all_the_time(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """There is always something to read, or always room for a little more: nobody waits, and the time is up."""

    def dawdle() -> None:
        with contextlib.suppress(OSError):  # the other side hung up: it has waited long enough
            pair[1].sendall(struct.pack("<II", wire.MAX_HEADER, wire.MAX_BODY))
            while True:
                pair[1].sendall(b"x")
                pair[1].recv(1)

    other = threading.Thread(target=dawdle)
    other.start()
    with pytest.raises(wire.DeadlineExceeded):
        wire.send(pair[0], {}, [bytes(32 << 20)], deadline=0.3)
    with pytest.raises(wire.DeadlineExceeded):
        wire.FrameReader(pair[0]).receive(0.3)
    pair[0].shutdown(socket.SHUT_RDWR)
    other.join()


def test_a_side_that_hung_up_is_an_error(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].close()
    with pytest.raises(wire.WireError):
        wire.FrameReader(pair[0]).receive(5)


def test_a_frame_over_the_cap_is_not_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(wire.FrameTooLarge):
        wire.send(pair[0], {}, [bytes(wire.MAX_BODY + 1)])


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


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/html", "<script>fetch('/formgrader/api/grade/1')</script>"),
        ("application/javascript", "alert(1)"),
        ("image/svg+xml", "<svg onload='alert(1)'/>"),
        ("text/markdown", "<img src=x onerror=alert(1)>"),
        ("image/png", '"><script>alert(1)</script>'),
        ("image/png", base64.b64encode(b"<svg/>").decode()),
    ],
)
def test_nothing_that_runs_in_the_instructors_browser_is_kept(kind: str, content: str) -> None:
    output = {"output_type": "display_data", "data": {kind: content, "text/plain": "x"}}
    data = clean_outputs([output])[0]["data"]
    assert data.keys() == {"text/plain"}
    assert data["text/plain"].startswith("x") and content not in data["text/plain"]


def test_a_lone_surrogate_becomes_valid_text() -> None:
    [output] = clean_outputs([{"output_type": "stream", "text": "a\ud800b"}])
    assert output["text"].encode() == b"a?b"

"""Frames without a sandbox: their size, and sides that draw one out."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from autograder.sandbox import wire


@pytest.fixture(autouse=True)
def nothing_is_left() -> None:
    """There are no sandboxes here."""


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


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


def test_a_frame_over_the_cap_is_not_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(wire.FrameTooLarge):
        wire.send(pair[0], {}, [bytes(wire.MAX_BODY + 1)])

"""Frames between the judge and the sandbox: a JSON header and raw bytes, both with a length cap, never pickle.

A frame is two little-endian uint32 lengths, the header in UTF-8, and the bytes. Every send and receive has a
deadline: half a frame, or a child that does not read, must not hang the grader.
"""

import json
import select
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

LENGTHS = struct.Struct("<II")
MAX_HEADER = 8 << 20
MAX_BODY = 64 << 20
CHUNK = 1 << 16
"""How many bytes are read at once. For more, the C library asks the kernel for memory each time."""


class WireError(Exception):
    """The other side sent something that is not a frame, or hung up."""


class FrameTooLarge(WireError):
    """A frame is over the cap and was not sent."""


class DeadlineExceeded(Exception):
    """The other side did not answer in time."""


def to_json(header: dict[str, Any], **encoded: bytes) -> bytes:
    """A header as it is sent, with more fields that are JSON already."""
    # Four bytes a character at most: as ASCII, outputs full of emoji would take twelve and be over the cap.
    text = json.dumps(header, ensure_ascii=False).encode("utf-8", "replace")
    more = [b', "%s": %s' % (name.encode(), value) for name, value in encoded.items()]
    return b"".join((text[:-1], *more, b"}"))


def send(
    connection: socket.socket, header: dict[str, Any] | bytes, buffers: Sequence[bytes] = (), deadline: float = 30
) -> None:
    """Send one frame within `deadline` seconds. The header may be what `to_json` made of it."""
    encoded = header if isinstance(header, bytes) else to_json(header)
    length = sum(map(len, buffers))
    if len(encoded) > MAX_HEADER or length > MAX_BODY:
        raise FrameTooLarge(f"a frame of {len(encoded)} and {length} bytes is over the cap")
    end = time.monotonic() + deadline
    left = memoryview(b"".join((LENGTHS.pack(len(encoded), length), encoded, *buffers)))
    try:
        while left:
            if time.monotonic() >= end:
                raise DeadlineExceeded("the other side does not read")
            # Nearly always there is room for it: to ask first would take as long again.
            try:
                left = left[connection.send(left, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                _wait_for(connection, select.POLLOUT, end)
    except OSError as error:
        raise WireError("the other side hung up") from error


class FrameReader:
    """Reads the frames that come on a connection: what has come, all at once, and then frame by frame."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._read = bytearray()

    def wait(self, deadline: float | None) -> bool:
        """Wait for `deadline` seconds at most; None waits for ever.

        Returns whether a frame begins to arrive, or the other side hung up.
        """
        if self._read:
            return True
        return _wait_for(self._connection, select.POLLIN, None if deadline is None else time.monotonic() + deadline)

    def receive(self, deadline: float | None) -> tuple[dict[str, Any], bytearray]:
        """Receive one frame within `deadline` seconds; None waits for ever.

        Raises:
            DeadlineExceeded: if the frame is not complete in time.
            WireError: if the other side hung up or what came is not a frame.
        """
        end = None if deadline is None else time.monotonic() + deadline
        header_length, body_length = LENGTHS.unpack(self._take(LENGTHS.size, end))
        if header_length > MAX_HEADER or body_length > MAX_BODY:
            raise WireError(f"a frame of {header_length} and {body_length} bytes is over the cap")
        encoded, body = self._take(header_length, end), self._take(body_length, end)
        try:
            header = json.loads(encoded)
        except (ValueError, RecursionError) as error:
            raise WireError("a frame's header is not JSON") from error
        if not isinstance(header, dict):
            raise WireError("a frame's header is not an object")
        return header, body

    def _take(self, length: int, end: float | None) -> bytearray:
        while len(self._read) < length:
            self._read += self._read_some(end)
        taken = self._read[:length]
        del self._read[:length]
        return taken

    def _read_some(self, end: float | None) -> bytes:
        data: bytes | None = None
        while data is None:
            if end is not None and time.monotonic() >= end:
                raise DeadlineExceeded("no answer in time")
            try:
                data = self._connection.recv(CHUNK, socket.MSG_DONTWAIT)
            except BlockingIOError:
                _wait_for(self._connection, select.POLLIN, end)
            except OSError as error:
                raise WireError("the other side hung up") from error
        if not data:
            raise WireError("the other side hung up")
        return data


def _wait_for(connection: socket.socket, event: int, end: float | None) -> bool:
    """Wait, until `end` at most, until something can be sent or read, or the other side hung up; whether it can be."""
    poll = select.poll()
    poll.register(connection, event)
    return bool(poll.poll(None if end is None else 1000 * max(end - time.monotonic(), 0.0)))

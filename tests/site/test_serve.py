"""The server of the built book."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from _ext.serve import served

TEXT = "<p>hello</p>" * 100


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "index.html").write_text(TEXT)
    (tmp_path / "font.woff2").write_bytes(b"font")
    with served(tmp_path) as address:
        yield int(address.rstrip("/").rpartition(":")[2])


def get(port: int, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response, response.read()


@pytest.mark.parametrize("path", ["/", "/index.html", "/index.html?q=softmax"])
def test_text_is_compressed_for_who_accepts_it(port: int, path: str) -> None:
    response, body = get(port, path, **{"Accept-Encoding": "gzip"})
    assert response.status == 200
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Content-Type"].startswith("text/html")
    assert gzip.decompress(body).decode() == TEXT


def test_text_is_plain_for_who_does_not(port: int) -> None:
    response, body = get(port, "/")
    assert response.headers["Content-Encoding"] is None
    assert body.decode() == TEXT


def test_fonts_are_not_compressed_again(port: int) -> None:
    response, body = get(port, "/font.woff2", **{"Accept-Encoding": "gzip"})
    assert (body, response.headers["Content-Type"]) == (b"font", "font/woff2")


def test_missing_book_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "_ext.serve", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == f"There is no built book in {tmp_path}: run `make site`.\n"

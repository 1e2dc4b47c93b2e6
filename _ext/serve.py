"""Serves the built site on localhost as a web host would: compressed, and to this machine only."""

import argparse
import gzip
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

FIRST_PORT = 8000
COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".txt", ".ipynb"}


@lru_cache(maxsize=256)
def compress(path: Path, modified: int) -> bytes:
    """The file's bytes by gzip; `modified` is part of the key, so that a file is compressed again when it changes."""
    return gzip.compress(path.read_bytes())


class SiteHandler(SimpleHTTPRequestHandler):
    """Serves files, text by gzip to clients that accept it."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript", ".woff2": "font/woff2"}  # noqa: RUF012

    def send_head(self) -> BinaryIO | io.BytesIO | None:
        path = Path(self.translate_path(self.path))
        if path.is_dir() and (path / "index.html").is_file() and self.path.split("?")[0].endswith("/"):
            path /= "index.html"
        if path.suffix not in COMPRESSED or not path.is_file() or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().send_head()
        content = compress(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", self.date_time_string(path.stat().st_mtime))
        self.send_header("Vary", "Accept-Encoding")
        self.end_headers()
        return io.BytesIO(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the reader looks at the browser."""


def make_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of the folder on localhost; port 0 takes any free one. `OSError` when the port is in use."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(SiteHandler, directory=str(folder)))


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the folder, served by a thread of this process meanwhile."""
    with make_server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield address(server)
        finally:
            server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the built book on localhost.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    if not (folder / "index.html").is_file():
        raise SystemExit(f"There is no built book in {folder}: run `make site`.")
    try:
        server = make_server(folder, FIRST_PORT)
    except OSError:  # in use, by another book perhaps
        server = make_server(folder)
    print(f"The book is at {address(server)} (stop with Ctrl+C).", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()

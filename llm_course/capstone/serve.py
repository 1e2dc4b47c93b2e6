"""The finished model at work: a conversation that remembers, and a server of this machine that other programs ask.

The server speaks the part of OpenAI's chat format that a small model can fill: POST /v1/chat/completions with
`messages`, and one answer back. It listens on this machine only.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from llm_course.capstone.data import chat_ids
from llm_course.capstone.format import CONTEXT_LENGTH, QUANTIZED
from llm_course.capstone.steps import Capstone
from llm_course.corpus.dialogues import Turn

ANSWER = 80
"""Tokens of the context that are kept free for question and answer."""
LONGEST_REQUEST = 1 << 16
"""Bytes."""


class Service:
    """A conversation with the model of a file; what was said stays in the context as long as there is room."""

    def __init__(self, capstone: Capstone, file: str = QUANTIZED, temperature: float = 0.0) -> None:
        self.capstone, self.file, self.temperature = capstone, file, temperature
        self.turns: list[Turn] = []

    def say(self, question: str) -> None:
        """Ask, and print the answer as it comes."""
        print(f"you    {question}\nmodel  ", end="")
        tokenizer, ids, shown, began = self.capstone.tokenizer(), [], "", time.perf_counter()
        for token in self.capstone.spoken(self._recent(self.turns), question, self.file, self.temperature):
            ids.append(token)
            text = tokenizer.decode(ids)
            print(text.removeprefix(shown), end="", flush=True)
            shown = text
        self.turns.append((question, shown))
        print(f"   [{len(ids) / (time.perf_counter() - began):.0f} tokens per second]")

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Serve while the block runs, and give the address, at a free port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def complete(self, messages: Any) -> dict[str, Any]:
        """The answer to a list of messages, as a server returns it. Raises ValueError if they are no conversation."""
        try:
            said = [(str(message["role"]), str(message["content"])) for message in messages]
        except (TypeError, KeyError) as error:
            raise ValueError("messages is a list of objects with role and content") from error
        roles = [role for role, _ in said]
        if len(said) % 2 == 0 or roles != ["user", "assistant"] * (len(said) // 2) + ["user"]:
            raise ValueError("messages begin and end with the user, and take turns with the assistant")
        texts = [text for _, text in said]
        before = list(zip(texts[0:-1:2], texts[1::2], strict=True))
        answer, ended = self.capstone.reply(self._recent(before), texts[-1], self.file, temperature=self.temperature)
        return {
            "object": "chat.completion",
            "model": "capstone",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": answer},
                    "finish_reason": "stop" if ended else "length",
                }
            ],
        }

    def _recent(self, turns: Sequence[Turn]) -> list[Turn]:
        """The last turns that leave room for an answer."""
        tokenizer, kept = self.capstone.tokenizer(), list(turns)
        while kept and len(chat_ids(tokenizer, kept)[0]) > CONTEXT_LENGTH - ANSWER:
            del kept[0]
        return kept

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                if self.path != "/v1/chat/completions" or not 0 < size <= LONGEST_REQUEST:
                    self._send(404, {"error": "ask POST /v1/chat/completions, with messages"})
                    return
                try:
                    self._send(200, service.complete(json.loads(self.rfile.read(size))["messages"]))
                except (ValueError, KeyError, TypeError) as error:
                    self._send(400, {"error": str(error)})

            def _send(self, status: int, answer: dict[str, Any]) -> None:
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing of each request in the notebook."""

        return Handler

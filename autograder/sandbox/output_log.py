"""The outputs of a learner's cells in nbformat's form, up to a cap of characters."""

import base64
import io
from collections.abc import Mapping
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

from autograder.sandbox.caps import Caps

OUTPUT_COST = 100
"""Characters that each output counts for besides its own, so that a flood of tiny ones ends too."""


class OutputLog:
    """The outputs of the running cell in nbformat's form, up to a cap of characters."""

    def __init__(self) -> None:
        self.limit = Caps.output
        self.clear()

    def clear(self) -> None:
        self._outputs: list[dict[str, Any]] = []
        self._texts: list[str] = []
        self._length = 0

    def add_text(self, name: str, text: str) -> None:
        """Add what was written to the stream `name`; what follows on the same stream is one output."""
        if not (self._outputs and self._outputs[-1].get("name") == name):
            self.add({"output_type": "stream", "name": name}, 0)
        if self._has_room_for(len(text)):
            self._texts.append(text)

    def add(self, output: dict[str, Any], length: int) -> None:
        if self._has_room_for(length + OUTPUT_COST):
            self._finish_text()
            self._outputs.append(output)

    def add_data(self, data: Mapping[str, Any], **kind: Any) -> None:
        text = {
            name: base64.b64encode(item).decode() if isinstance(item, bytes) else item for name, item in data.items()
        }
        self.add({**kind, "data": text, "metadata": {}}, sum(len(str(item)) for item in text.values()))

    def outputs(self) -> list[dict[str, Any]]:
        """All outputs so far."""
        self._finish_text()
        return self._outputs

    def _has_room_for(self, length: int) -> bool:
        before = self._length
        self._length += length
        if before <= self.limit < self._length:
            self._finish_text()
            note = "\n[the rest of the output was cut]\n"
            self._outputs.append({"output_type": "stream", "name": "stdout", "text": note})
        return self._length <= self.limit

    def _finish_text(self) -> None:
        if self._texts:
            self._outputs[-1]["text"] = "".join(self._texts)
            self._texts = []


LOG = OutputLog()
"""IPython makes its display classes itself, so they reach the log by name."""


class LogStream(io.TextIOBase):
    """A text stream that writes to the log."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            LOG.add_text(self.name, text)
        return len(text)

    def close(self) -> None:
        """It stays open, as a notebook's does."""

    def fileno(self) -> int:
        """Standard output or error, for what writes beside Python, such as faulthandler. It leads nowhere."""
        return 1 if self.name == "stdout" else 2

    def writable(self) -> bool:
        return True


class LogPublisher(DisplayPublisher):
    """Puts what is displayed into the log."""

    def publish(self, data: Any, metadata: Any = None, source: Any = None, **_: Any) -> None:
        LOG.add_data(data, output_type="display_data")

    def clear_output(self, wait: bool = False) -> None:
        LOG.clear()


class LogDisplayHook(DisplayHook):
    """Puts the value of a cell's last expression into the log."""

    def write_output_prompt(self) -> None:
        """There is no prompt to write."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        LOG.add_data(format_dict, output_type="execute_result", execution_count=self.prompt_count)

    def finish_displayhook(self) -> None:
        """There is no line to end."""

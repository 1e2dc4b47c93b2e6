"""The IPython shell in which a learner's cells run.

It keeps what learners use: magics, top-level await, rich outputs for the instructor's view, within a cap.
"""

import ast
import base64
import inspect
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from matplotlib.figure import Figure
from traitlets import Type
from traitlets.config import Config

from autograder.sandbox.caps import Caps
from autograder.sandbox.figures import picture

FIRST_CELL = """\
import matplotlib.pyplot, torch
matplotlib.pyplot.plot(torch.arange(4.0), label="$x$")
matplotlib.pyplot.legend()
matplotlib.pyplot.show()
# With it, each figure that a cell leaves open would be drawn once more, for a window that is not there.
matplotlib.pyplot.uninstall_repl_displayhook()
1
"""
FIRST_MODEL = """\
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel
config = GPT2Config(vocab_size=8, n_positions=8, n_embd=8, n_layer=1, n_head=1)
GPT2LMHeadModel(config)(torch.arange(4)[None]).logits
"""
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


class LogStream:
    """A text stream that writes to the log."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            LOG.add_text(self.name, text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """Standard output or error, for what writes beside Python, such as faulthandler. It leads nowhere."""
        return 1 if self.name == "stdout" else 2

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False


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


class LearnerShell(InteractiveShell):
    """An IPython shell without terminal, history or kernel, whose outputs go to the log."""

    displayhook_class = Type(LogDisplayHook)
    display_pub_class = Type(LogPublisher)

    def transform_cell(self, raw_cell: str) -> str:
        """A cell as Python. What is Python already is not searched for magics, which takes longer than compiling it."""
        # A single line may be the name of a magic.
        if "\n" in raw_cell.strip() and _is_python(raw_cell):
            return raw_cell
        return super().transform_cell(raw_cell)

    def system(self, cmd: str) -> None:
        """Run a shell command and show what it prints."""
        self.user_ns["_exit_code"], text = self._run_command(cmd)
        print(text, end="")

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """What a shell command prints."""
        _, text = self._run_command(cmd)
        return SList(text.splitlines()) if split else text

    def _run_command(self, command: str) -> tuple[int, str]:
        # IPython's own way needs a terminal, and a sandbox has none. A pipe would stay open as long as what the command
        # left in the background.
        with tempfile.TemporaryFile() as printed:
            done = subprocess.run(
                ["/bin/sh", "-c", self.var_expand(command, depth=2)],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                check=False,
            )
            printed.seek(0)
            return done.returncode, printed.read().decode(errors="replace")

    def showtraceback(self, *args: Any, **keywords: Any) -> None:
        """Show an exception."""
        # IPython asks four times which module a cell's file is of, and each time Python would look at all modules, of
        # which there are thousands.
        for frame, _ in traceback.walk_tb(sys.exc_info()[2]):
            if frame.f_globals is self.user_ns:
                inspect.modulesbyfile.setdefault(frame.f_code.co_filename, "__main__")
                inspect.modulesbyfile.setdefault(inspect.getabsfile(frame), "__main__")
        super().showtraceback(*args, **keywords)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        name = getattr(etype, "__name__", str(etype))
        output = {"output_type": "error", "ename": name, "evalue": str(evalue), "traceback": list(stb)}
        LOG.add(output, sum(map(len, stb)))

    def should_run_async(self, raw_cell: str, **keywords: Any) -> bool:
        """Whether a cell awaits something at its top level. IPython compiles it to find out."""
        return ("await" in raw_cell or "async" in raw_cell) and super().should_run_async(raw_cell, **keywords)

    def enable_gui(self, gui: Any = None) -> None:
        """There is no event loop to join."""

    def init_virtualenv(self) -> None:
        """The environment is the grader's own."""

    def ask_exit(self) -> None:
        """`exit` in a cell does not end the grading."""


def make_shell(*more_cells: str) -> LearnerShell:
    """A fresh shell, with inline figures and without standard input, in which FIRST_CELL and some more have run."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.cache_size = 0
    with tempfile.TemporaryDirectory() as folder:
        shell = LearnerShell.instance(config=config, ipython_dir=folder)
    shell.run_line_magic("matplotlib", "inline")
    assert shell.display_formatter is not None
    shell.display_formatter.formatters["image/png"].for_type(Figure, picture)
    shell.raw_input = _refuse_input  # type: ignore[attr-defined]
    shell.builtin_trap.auto_builtins["input"] = _refuse_input
    # What a first cell, figure, model and error load late, so that each sandbox has it from the start.
    for cell in (FIRST_CELL, *more_cells):
        if not shell.run_cell(cell).success:
            raise RuntimeError(f"the first cell failed: {LOG.outputs()}")
    shell.run_cell("1 / 0")
    del sys.last_type, sys.last_value, sys.last_traceback
    start_anew(shell)
    return shell


def start_anew(shell: LearnerShell) -> None:
    """Forget the cells that ran, and what they defined."""
    shell.reset(new_session=True)
    shell.execution_count = 1
    LOG.clear()


def _is_python(source: str) -> bool:
    with warnings.catch_warnings():
        # What is to be said of the cell is said when it is compiled.
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _refuse_input(prompt: str = "") -> str:
    raise StdinNotImplementedError("input() has nobody to ask while a notebook is graded")

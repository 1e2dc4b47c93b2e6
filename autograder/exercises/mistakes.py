"""The known mistakes of an exercise, each beside its hint.

    known = Mistakes(normalization.rms_norm, section="normalization-rms")

    known.edit("sum_for_mean", {".mean(dim=-1": ".sum(dim=-1"}, "You sum the squares: take their mean.")

    @known.function("Your function changes x: work on a new tensor.", section="normalization-stream")
    def in_place(x, weight, eps=1e-6): ...

    known.asserted()  # checks with assert in place of ValueError

An edit follows the reference, whatever is changed in it later; a function stands for learners whose algorithm is
another. The order is that in which they are written: of two mistakes that explain an answer alike, the first is named.
"""

import ast
import inspect
import linecache
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from autograder.exercises.spec import Mistake

Implementation = TypeVar("Implementation", bound=Callable[..., Any])


class Mistakes:
    """Collects the known mistakes of one reference. `section` is the label of the section that teaches it, if any."""

    def __init__(self, reference: Callable[..., Any], section: str = "") -> None:
        self._reference = reference
        self._section = section
        self._source = without_docstrings(reference)
        self._found: list[Mistake] = []

    def __iter__(self) -> Iterator[Mistake]:
        return iter(self._found)

    def edit(self, name: str, changes: Mapping[str, str], hint: str, section: str = "") -> None:
        """The reference with pieces of its source, docstrings left out, replaced.

        Raises ValueError unless each piece stands there exactly once, and SyntaxError where the result is no Python.
        """
        for piece in changes:
            if (count := self._source.count(piece)) != 1:
                raise ValueError(f"{self._reference.__name__}, {name}: {piece!r} stands in the reference {count} times")
        pieces = re.compile("|".join(map(re.escape, changes)))
        self._add_text(name, pieces.sub(lambda match: changes[match[0]], self._source), hint, section)

    def asserted(self) -> None:
        """The reference with assertions for all its checks. Raises ValueError if it has none."""
        if "raise ValueError(" not in self._source:
            raise ValueError(f"{self._reference.__name__} raises no ValueError that an assertion could stand for")
        text = self._source.replace("raise ValueError(", "raise AssertionError(")
        self._add_text(
            "asserted",
            text,
            "You check with assert, which raises AssertionError, and nothing at all under `python -O`. Raise "
            "ValueError.",
        )

    def function(self, hint: str, section: str = "") -> Callable[[Implementation], Implementation]:
        """Decorates an implementation of its own, a plain function or class whose name is the mistake's."""

        def add(implementation: Implementation) -> Implementation:
            self._add(Mistake(implementation.__name__, hint, section or self._section, implementation))
            return implementation

        return add

    def _add(self, mistake: Mistake) -> None:
        self._found.append(mistake)

    def _add_text(self, name: str, text: str, hint: str, section: str = "") -> None:
        self._add(Mistake(name, hint, section or self._section, self._compiled(name, text), text))

    def _compiled(self, name: str, text: str) -> Callable[..., Any]:
        namespace = dict(vars(sys.modules[self._reference.__module__]))
        file = f"<{self._reference.__name__}, {name}>"
        # What fails is described with its line, which is a line of the text and of no file.
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), namespace)
        implementation: Callable[..., Any] = namespace[self._reference.__name__]
        return implementation


def without_docstrings(implementation: Callable[..., Any]) -> str:
    """The source of a function, or of a class and its methods, without what documents it."""
    source = textwrap.dedent(inspect.getsource(implementation))
    documents: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            text = node.body[0]
            documents.update(range(text.lineno, int(text.end_lineno or 0) + 1))
    lines = enumerate(source.splitlines(keepends=True), start=1)
    return "".join(line for number, line in lines if number not in documents)

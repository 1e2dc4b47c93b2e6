"""The misunderstandings of an exercise, read from the Markdown file beside its specification.

    # causal_mask {attention-masks}

    ## off_by_one
    Your diagonal is one too far. Either a query does not see itself, or it reads the token that it is to predict.

    - `n_keys - n_queries)` → `n_keys - n_queries - 1)`
    - `n_keys - n_queries)` → `n_keys - n_queries + 1)`

    ## in_place {attention-new-tensors}
    You change x itself. Work on a new tensor.

    ```python
    def causal_mask(n_queries, n_keys): ...
    ```

A misunderstanding is one hint, and the forms that it takes. Its first sentence is told at once, the rest to a learner
who asks what to do. The label in braces is that of the section to read again; without one, that of the title counts.

A form is a wrong answer: an edit of the reference, or a whole definition of the exercise's function. An edit quotes the
reference without its docstrings. Each piece must stand there exactly once, so that a changed reference leaves no stale
form behind. `⏎` begins a line that is indented as the line in which the piece stands. There are three kinds of edit,
and several may stand in one form, separated by semicolons:

    - `piece` → `replacement`
    - every `piece` → `replacement`
    - without `piece`

Two misunderstandings may list one form, if both hints are true of it. The last heading may be `# equivalent`: below it
stand edits that change nothing that can be seen, which autograder.authoring.mutants would otherwise report.
"""

import ast
import inspect
import itertools
import linecache
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TITLE = re.compile(r"# (?P<name>\w+)(?: \{(?P<section>[^{}]+)\})?")
HEADING = re.compile(r"## (?P<name>\w+)(?: \{(?P<section>[^{}]+)\})?")
EQUIVALENT = "# equivalent"
CODE = r"(?P<{0}ticks>`+)(?P<{0}>.+?)(?P={0}ticks)(?!`)"
EDIT = re.compile(rf"(?:(?P<every>every )?{CODE.format('piece')} → {CODE.format('new')}|without {CODE.format('gone')})")
NEW_LINE = "⏎"


class MisunderstandingsError(ValueError):
    """A file of misunderstandings cannot be read; the message names the file, the line and what to do."""


@dataclass(frozen=True)
class Mistake:
    """A form of a misunderstanding, the hint that answers it, and the label of the section that teaches it.

    All forms of one misunderstanding have its name. `text` is the definition of the exercise's function in this form,
    and `place` the file and line where it is written.
    """

    name: str
    hint: str
    section: str
    function: Callable[..., Any]
    text: str = ""
    place: str = ""


@dataclass(frozen=True)
class _Form:
    """What is written of a form: its line in the file, and an edit or a definition."""

    line: int
    text: str
    is_definition: bool


@dataclass(frozen=True)
class _Entry:
    """A heading and what stands below it."""

    line: int
    name: str
    section: str
    hint: str
    forms: tuple[_Form, ...]


def misunderstandings(reference: Callable[..., Any], specification: str | Path) -> tuple[Mistake, ...]:
    """The forms of all misunderstandings in the Markdown file that lies beside a specification and has its name.

    They come in the order of the file: of two that explain an answer equally well, the first is told.

    Args:
        reference: the function or class that the forms are edits of.
        specification: the path of the specification's module, `__file__`.

    Raises MisunderstandingsError.
    """
    file = Path(specification).with_suffix(".md")
    title, entries, _ = _read(file)
    return tuple(
        _made(reference, file, entry, form, entry.section or title.section) for entry in entries for form in entry.forms
    )


def equivalent_edits(reference: Callable[..., Any], specification: str | Path) -> frozenset[str]:
    """The definitions that are listed as equivalent to the reference, in Python's own layout.

    Raises MisunderstandingsError.
    """
    file = Path(specification).with_suffix(".md")
    _, _, equivalent = _read(file)
    return frozenset(ast.unparse(ast.parse(_definition(reference, file, form))) for form in equivalent)


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


def _read(file: Path) -> tuple[_Entry, tuple[_Entry, ...], tuple[_Form, ...]]:
    """The title with its section, the misunderstandings, and the forms listed as equivalent."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise MisunderstandingsError(
            f"{file} is missing: write the misunderstandings of the exercise there."
        ) from error
    starts = [
        number for number, line in enumerate(lines) if line.startswith(("# ", "## ")) and not _in_code(lines, number)
    ]
    if not starts or not TITLE.fullmatch(lines[starts[0]]):
        raise _error(file, 1, "the file begins with the exercise's name: `# name {section}`")
    ends = [*starts[1:], len(lines)]
    title, *rest = (_entry(file, lines, start, end) for start, end in zip(starts, ends, strict=True))
    equivalent = [entry for entry in rest if lines[entry.line - 1] == EQUIVALENT]
    entries = tuple(entry for entry in rest if entry not in equivalent)
    names = [entry.name for entry in entries]
    for entry in entries:
        if names.count(entry.name) > 1:
            raise _error(file, entry.line, f"{entry.name} stands there twice: merge the two")
        if not entry.hint or not entry.forms:
            raise _error(file, entry.line, f"{entry.name} needs a hint and below it at least one form")
    return title, entries, tuple(form for entry in equivalent for form in entry.forms)


def _in_code(lines: list[str], number: int) -> bool:
    """Whether a line stands inside a block of code."""
    return sum(line.startswith("```") for line in lines[:number]) % 2 == 1


def _entry(file: Path, lines: list[str], start: int, end: int) -> _Entry:
    heading = lines[start]
    match = HEADING.fullmatch(heading) or TITLE.fullmatch(heading)
    if match is None:
        raise _error(file, start + 1, f"{heading!r} is no heading: write `## name` or `## name {{section}}`")
    hint: list[str] = []
    forms: list[_Form] = []
    for form in _blocks(file, lines, start + 1, end):
        if isinstance(form, str):
            if forms:
                raise _error(file, start + 1, f"text of {match['name']} stands below its forms: the hint comes first")
            hint.append(form)
        else:
            forms.append(form)
    return _Entry(start + 1, match["name"], match["section"] or "", " ".join(hint), tuple(forms))


def _blocks(file: Path, lines: list[str], start: int, end: int) -> Iterator[str | _Form]:
    """Lines of the hint, and forms."""
    number = start
    while number < end:
        line, first = lines[number], number + 1
        number += 1
        if line.startswith("```"):
            code = []
            while number < end and not lines[number].startswith("```"):
                code.append(lines[number])
                number += 1
            if number == end:
                raise _error(file, first, "the block of code does not end")
            number += 1
            yield _Form(first, "\n".join(code) + "\n", is_definition=True)
        elif line.startswith("- "):
            text = line[2:]
            while number < end and lines[number].startswith("  "):
                text += " " + lines[number].strip()
                number += 1
            yield _Form(first, text, is_definition=False)
        elif line.strip():
            yield line.strip()


def _made(reference: Callable[..., Any], file: Path, entry: _Entry, form: _Form, section: str) -> Mistake:
    text = _definition(reference, file, form)
    namespace = dict(vars(sys.modules[reference.__module__]))
    place = f"{file.name}, line {form.line}"
    # What fails is described with its line, which is a line of the text and of no file.
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    try:
        exec(compile(text, place, "exec"), namespace)
    except Exception as error:
        raise _error(file, form.line, f"the form is no Python that runs ({error})") from error
    if namespace[reference.__name__] is reference:
        raise _error(file, form.line, f"the code does not define {reference.__name__}")
    return Mistake(entry.name, entry.hint, section, namespace[reference.__name__], text, place)


def _definition(reference: Callable[..., Any], file: Path, form: _Form) -> str:
    """The wrong answer as a whole."""
    return form.text if form.is_definition else _edited(without_docstrings(reference), file, form)


def _edited(source: str, file: Path, form: _Form) -> str:
    """The source with all edits of a form made at once."""
    changes: list[tuple[int, int, str]] = []
    rest = form.text
    while rest:
        match = EDIT.match(rest)
        if match is None:
            raise _error(file, form.line, f"{rest!r} is no edit: write `piece` → `replacement`, or without `piece`")
        changes += _places(source, file, form, match)
        rest = rest[match.end() :]
        if rest and not rest.startswith("; "):
            raise _error(file, form.line, f"{rest!r} follows an edit: separate edits by a semicolon")
        rest = rest.removeprefix("; ")
    changes.sort()
    for (_, end, _), (start, _, _) in itertools.pairwise(changes):
        if start < end:
            raise _error(file, form.line, "two of the edits change the same characters")
    for start, end, new in reversed(changes):
        source = source[:start] + new + source[end:]
    return source


def _places(source: str, file: Path, form: _Form, edit: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Where an edit changes the source, and what comes there."""
    piece, new = _code(edit["gone"] or edit["piece"]), _code(edit["new"] or "")
    found = list(re.finditer(_pattern(piece), source))
    if not found or (len(found) > 1 and not edit["every"]):
        raise _error(file, form.line, f"{piece!r} stands in the reference {len(found)} times, not once")
    for match in found:
        line = source[source.rfind("\n", 0, match.start()) + 1 :]
        indentation = line[: len(line) - len(line.lstrip(" "))]
        yield match.start(), match.end(), new.replace(NEW_LINE, "\n" + indentation)


def _pattern(piece: str) -> str:
    """A regular expression for a piece, whose further lines may be indented in any way."""
    first, *rest = piece.split(NEW_LINE)
    return re.escape(first) + "".join(rf"\n *{re.escape(line.lstrip())}" for line in rest)


def _code(span: str) -> str:
    """What a span of code says: as in Markdown, a space at both ends is none of it."""
    return span[1:-1] if span.startswith(" ") and span.endswith(" ") and span.strip() else span


def _error(file: Path, line: int, problem: str) -> MisunderstandingsError:
    return MisunderstandingsError(f"{file.name}, line {line}: {problem}.")

"""grade(submission) -> Result: pure, without database and without changing the working folder.

It joins the room, where the learner's cells run, and the judge, who puts calls to what they defined. The text of graded
cells never goes into the room.
"""

import ast
import contextlib
import datetime
import functools
import getpass
import hashlib
import math
import os
import platform
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.draws import Attempt, attempt_of
from autograder.exercises.spec import Assignment, Exercise
from autograder.fingerprint import graders_fingerprint, versions
from autograder.judge import Answer, KnownFunction, judge_after
from autograder.notebooks import section_titles
from autograder.result import GRADED, NOT_GRADED, ExerciseResult, PropertyResult, Result
from autograder.sandbox.caps import OUTPUT_OF_A_SUBMISSION
from autograder.sandbox.room import CallInterrupted, CellReply, Room, RoomLost, open_room
from autograder.sandbox.zygote_client import TIERS, ZygoteClient
from autograder.submission import Submission, cells_to_run
from llm_course.checking import values
from llm_course.checking.calls import Call, Failure, Reply
from llm_course.checking.evaluate import Verdict

MAX_ROOMS = 8
"""Rooms that one submission may use up by crashing or hanging."""
OVERTIME = 20.0
"""Seconds after a submission's deadline in which the functions not called yet may still give quick answers."""
MAX_SEARCHED = 50_000
"""Characters that are parsed for shortcuts: half a megabyte of nested strings or definitions would take a minute."""
NOTICED_WAIT = 0.1
"""The share of a submission's time from which on waiting for a processor may be why it ran out."""
NOT_FINAL = (
    "Something was stopped while other work kept the processors busy, so this score is not final: "
    "the next `llm-course grade` grades it again."
)
MISSING_MODULE = re.compile(r"No module named '([\w.]{1,80})'")
MISSING_NAME = re.compile(r"is not defined|No module named")


@dataclass(frozen=True)
class Rules:
    """What a course decides about its grading.

    Deadlines are in seconds: for one cell, for one call, and for all that one submission does. A room of a weaker tier
    than `minimum_tier` is not used. `shortcuts_cost_points` takes the points of an exercise whose work was done by a
    function that its specification names as a shortcut; otherwise a shortcut is only flagged.
    """

    cell_deadline: float = 60.0
    call_deadline: float = 10.0
    submission_deadline: float = 300.0
    minimum_tier: str = TIERS[-1]
    shortcuts_cost_points: bool = False


RULES = Rules()


def grade(
    submission: Submission,
    assignment: Assignment,
    secret: bytes,
    rules: Rules = RULES,
    server: ZygoteClient | None = None,
    attempt: Attempt | None = None,
) -> Result:
    """Run a submission's cells in a room of their own, and judge each exercise on fresh inputs.

    `secret` is the course's own; the inputs are drawn from a seed that depends on it, the assignment and the attempt,
    which is the first of nobody in particular where none is given. `server` makes the rooms; without one, it is the
    fork server of this process. Raises SandboxError where no room can be had.
    """
    started, clock = datetime.datetime.now(datetime.UTC), time.monotonic()
    attempt = attempt or attempt_of(submission, secret, assignment.name, student="")
    seeds = attempt.seeds(secret, assignment.name)
    with _Rooms(cells_to_run(submission.notebook, assignment), submission.files, rules, server) as rooms:
        exercises: tuple[ExerciseResult, ...] = ()
        for exercise in assignment.exercises:
            earlier = _known_mistakes(assignment, exercises)
            exercises += (_grade_exercise(exercise, rooms, seeds, assignment.name, rules, earlier),)
        return Result(
            assignment=assignment.name,
            status=GRADED,
            reason="",
            exercises=tuple(_naming_what_is_missing(exercise, rooms.missing_modules()) for exercise in exercises),
            flags=(*submission.flags, *[NOT_FINAL][: rooms.starved]),
            outputs={str(number): reply.outputs for number, reply in rooms.cell_replies.items()},
            inputs=inputs_of(attempt, assignment, seeds[0], rules),
            seed=seeds[0].hex(),
            tier=rooms.tier,
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - clock, 3),
            versions=versions(),
            grader=_grader(),
            attempt=attempt.number,
            code=attempt.code,
            draw=attempt.draw,
            final=not rooms.starved,
        )


def grade_if_changed(
    submission: Submission,
    assignment: Assignment,
    secret: bytes,
    student: str,
    stored: Result | None,
    rules: Rules = RULES,
    server: ZygoteClient | None = None,
    again: bool = False,
) -> Result:
    """The stored result if it is final and nothing that its scores depend on has changed, with today's flags.

    Otherwise, or with `again`, there is a new one.
    """
    attempt = attempt_of(submission, secret, assignment.name, student, stored)
    inputs = inputs_of(attempt, assignment, attempt.seeds(secret, assignment.name)[0], rules)
    if stored is not None and stored.final and stored.inputs == inputs and not again:
        return replace(stored, flags=submission.flags)
    return grade(submission, assignment, secret, rules, server, attempt)


def as_final(result: Result) -> Result:
    """A result whose stops are its own after all."""
    return replace(result, final=True, flags=tuple(flag for flag in result.flags if flag != NOT_FINAL))


def not_graded(assignment: str, reason: str, stored: Result | None = None) -> Result:
    """The result of a submission that cannot be graded: no score, and why. The attempts before it stay counted."""
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    result = Result(assignment, NOT_GRADED, reason, (), (), {}, "", "", "", started, 0.0, versions(), _grader())
    return replace(result, attempt=stored.attempt, code=stored.code, draw=stored.draw) if stored else result


def inputs_of(attempt: Attempt, assignment: Assignment, seed: bytes, rules: Rules) -> str:
    """A fingerprint of all that the scores depend on: what was handed in, the graders, seed, versions and rules."""
    parts = (assignment.name, seed.hex(), graders_fingerprint(assignment), repr(rules), attempt.code)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class _Rooms:
    """The rooms that a submission uses: one, and a new one after each that it crashed or blocked."""

    def __init__(
        self, cells: list[tuple[int, str]], files: Mapping[str, bytes], rules: Rules, server: ZygoteClient | None
    ) -> None:
        self.cell_replies: dict[int, CellReply] = {}
        self.tier = ""
        self._cells = dict(cells)
        self._files = files
        self._stopped = self._starved = False
        self._waited = 0.0
        self._rules = rules
        self._server = server
        self._end = math.inf
        self._stack = contextlib.ExitStack()
        self._room: Room | None = None
        self._used = 0
        self._printed: dict[int, int] = {}
        self._seen: dict[str, set[str]] = {}

    def __enter__(self) -> "_Rooms":
        return self

    def __exit__(self, *_: Any) -> None:
        self._leave()

    @property
    def starved(self) -> bool:
        """Whether something was stopped because others kept the processor busy, as far as that can be seen."""
        room = self._room
        waited = self._waited + (room.seconds_kept_waiting() if room else 0.0)
        ran_out = time.monotonic() >= self._end and waited > NOTICED_WAIT * self._rules.submission_deadline
        return self._starved or (self._stopped and ran_out) or (room is not None and room.starved)

    def missing_modules(self) -> list[str]:
        """The modules that the learner's cells could not import, in their order."""
        errors = (output for reply in self.cell_replies.values() for output in reply.outputs)
        texts = (str(error.get("evalue")) for error in errors if error.get("ename") == "ModuleNotFoundError")
        found = (MISSING_MODULE.fullmatch(text) for text in texts)
        return list(dict.fromkeys(match[1] for match in found if match))

    def answer(self, name: str, watch: tuple[str, ...] = ()) -> Answer:
        """The learner's function as an answer. Once it has crashed or run too long, it is not called again."""

        def answer(calls: Sequence[Call]) -> Iterator[Reply]:
            answered = 0
            try:
                room = self._open()
                for reply in room.call_each(name, calls, lambda: self._within(self._rules.call_deadline), watch):
                    self._seen.setdefault(name, set()).update(room.seen)
                    answered += 1
                    yield reply
                return
            except CallInterrupted as interrupted:
                reason = str(interrupted)
            except RoomLost as lost:
                self._leave()
                reason = str(lost)
            self._stopped = True
            for _ in range(answered, len(calls)):
                yield Reply(failure=Failure("Stopped", reason))

        return answer

    def shortcuts(self, exercise: Exercise) -> list[str]:
        """Uses, in the exercise's own function, of what would do its work: for the instructor to look at."""
        cells = {
            number: source
            for number, source in self._cells.items()
            if any(name in source for name in exercise.shortcuts)
        }
        if sum(map(len, cells.values())) > MAX_SEARCHED:
            return ["Its cells are too long to be searched for what does its work."]
        named = [
            (number, line, name)
            for number, source in cells.items()
            for line, name in find_shortcuts(source, exercise.name, exercise.shortcuts)
        ]
        # What an earlier exercise ran is that one's: a later one may call it.
        earlier = {name for other, seen in self._seen.items() if other != exercise.name for name in seen}
        unnamed = self._seen.get(exercise.name, set()) - earlier - {name for _, _, name in named}
        return [
            *(f"Cell {number + 1}, line {line}: uses {name}." for number, line, name in named),
            *(f"When called, it ran torch's own {name}, which its cell does not name." for name in sorted(unnamed)),
        ]

    def _open(self) -> Room:
        while self._room is None:
            if self._used == MAX_ROOMS or time.monotonic() >= self._end:
                raise RoomLost("the notebook crashed or ran out of time too often")
            self._used += 1
            self._room = self._stack.enter_context(open_room(self._rules.minimum_tier, server=self._server))
            if self._used == 1:
                # From here on: the first submission need not pay for the start of the fork server.
                self._end = time.monotonic() + self._rules.submission_deadline
            self.tier = self._room.tier
            self._room.granted_until = self._end
            if self._files:
                self._room.lay_files(self._files)
            self._run_cells(self._room)
        return self._room

    def _run_cells(self, room: Room) -> None:
        for number, source in list(self._cells.items()):
            try:
                reply = room.run_cell(source, self._within(self._rules.cell_deadline))
                self.cell_replies[number] = self._with_outputs_that_fit(number, reply)
                self._stopped |= any(output.get("ename") == "KeyboardInterrupt" for output in reply.outputs)
            except RoomLost as lost:
                # The cell that cost a room is left out of the next one, so that the others still count.
                del self._cells[number]
                self._stopped = True
                self.cell_replies[number] = CellReply(False, [_stopped_output(lost)])
                self._leave()
                return

    def _with_outputs_that_fit(self, number: int, reply: CellReply) -> CellReply:
        # By cell, for a new room runs them all again.
        self._printed[number] = values.size_of(reply.outputs)
        if sum(self._printed.values()) <= OUTPUT_OF_A_SUBMISSION:
            return reply
        self._printed[number] = 0
        note = "[the output was left out: the notebook prints too much]\n"
        return CellReply(reply.ok, [{"output_type": "stream", "name": "stdout", "text": note}])

    def _leave(self) -> None:
        if self._room is not None:
            self._starved |= self._room.starved
            self._waited += self._room.seconds_kept_waiting()
        self._stack.close()
        self._room = None

    def _within(self, seconds: float) -> float:
        """The seconds that a cell or call may take. Raises RoomLost when the submission has had its time."""
        left = self._end - time.monotonic()
        if left < -OVERTIME:
            raise RoomLost("the notebook ran out of time")
        return max(min(seconds, left), 0.1)


def _known_mistakes(assignment: Assignment, results: tuple[ExerciseResult, ...]) -> tuple[KnownFunction, ...]:
    """The mistakes that earlier answers were found to be, as functions."""
    return tuple(
        (result.name, mistake.function)
        for result in results
        for mistake in assignment.exercise(result.name).mistakes
        if mistake.name == result.mistake
    )


def _grade_exercise(
    exercise: Exercise,
    rooms: _Rooms,
    seeds: tuple[bytes, ...],
    chapter: str,
    rules: Rules,
    earlier: tuple[KnownFunction, ...],
) -> ExerciseResult:
    verdict = judge_after(exercise, rooms.answer(exercise.name, exercise.shortcuts), earlier, *seeds)
    result = ExerciseResult(
        name=exercise.name,
        points=exercise.points,
        score=round(exercise.points * verdict.fraction, 4),
        properties=tuple(PropertyResult(item.name, item.weight, item.holds, item.waits) for item in verdict.findings),
        mistake=verdict.mistake,
        hint=verdict.hint,
        section=_place(verdict, chapter),
        flags=tuple(rooms.shortcuts(exercise)),
    )
    return _without_points(result) if result.flags and rules.shortcuts_cost_points else result


def _naming_what_is_missing(result: ExerciseResult, modules: Iterable[str]) -> ExerciseResult:
    """The result with a word on modules that were not there, where the hint is about a name that is not there."""
    if result.mistake or not MISSING_NAME.search(result.hint):
        return result
    words = [_missing(module) for module in modules]
    return replace(result, hint=" ".join([result.hint, *words]), flags=(*result.flags, *words))


def _missing(module: str) -> str:
    return f"A cell could not import `{module}`, which is neither installed nor handed in beside the notebook."


def _without_points(result: ExerciseResult) -> ExerciseResult:
    hint = f"This exercise is to be done without what does its work. {result.flags[0]} Write that part yourself."
    return replace(result, score=0.0, hint=hint, mistake=None, section="")


def _place(verdict: Verdict, chapter: str) -> str:
    if not verdict.section:
        return ""
    title = section_titles(chapter).get(verdict.section, verdict.section)
    return f"chapter {int(chapter[:2])}, “{title}”"


def find_shortcuts(source: str, function: str, names: tuple[str, ...]) -> list[tuple[int, str]]:
    """Lines inside the definition of `function` that name one of `names` as an attribute."""
    return [(line, name) for line, name in _attributes_named(source).get(function, ()) if name in names]


@functools.lru_cache(maxsize=32)
def _attributes_named(source: str) -> dict[str, list[tuple[int, str]]]:
    """By function that is defined in a cell: the attributes that its body names, with their lines."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, list[tuple[int, str]]] = {}
    for definition in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        attributes = (node for node in ast.walk(definition) if isinstance(node, ast.Attribute))
        found.setdefault(definition.name, []).extend((node.lineno, node.attr) for node in attributes)
    return found


def _stopped_output(lost: RoomLost) -> dict[str, Any]:
    return {"output_type": "error", "ename": "Stopped", "evalue": str(lost), "traceback": [f"Stopped: {lost}"]}


def _grader() -> str:
    """Who grades, and on which machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container may run as a user whom nobody has named.
        user = str(os.getuid())
    return f"{user}@{platform.node()}"

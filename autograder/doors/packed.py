"""A released assignment as a folder, so that it can be graded where neither course folder nor gradebook is.

assignment.json            the released cells with their points and tests, the rules, what lies beside a notebook
exercises/<assignment>/    an instructor's own exercises
"""

import base64
import json
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

from traitlets.config import Config

from autograder.judging.rules import Rules
from autograder.notebooks.own_exercises import OWN
from autograder.records.refusal import Refusal
from autograder.records.result import write_data
from autograder.records.source_cells import SourceCell
from autograder.running.work import Job
from autograder.submissions.course_files import SECRET_BYTES
from autograder.submissions.submission import released_cell

FILE = "assignment.json"


class PackedError(Refusal):
    """What should be a packed assignment is none; the message says so in one sentence."""


def pack(job: Job, folder: Path, for_graders: bool) -> None:
    """Write an assignment into a folder: what only `for_graders` is are the course's secret and hidden tests."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = job.source_cells
    if not for_graders:
        cells = {name: replace(cell, source=released_cell(name, cell).source) for name, cell in cells.items()}
    data = {
        "assignment": job.assignment,
        "secret": job.secret.hex() if for_graders else None,
        "rules": vars(job.rules),
        "cells": {name: vars(cell) for name, cell in cells.items()},
        "files": {name: base64.b64encode(content).decode() for name, content in job.files.items()},
    }
    write_data(folder / FILE, data)
    if job.released.folder:
        shutil.copytree(job.released.folder, folder / OWN / job.assignment)


def unpack(folder: Path) -> Job:
    """The assignment in a folder; without a secret, its inputs are others each time. Raises PackedError."""
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Job(
            data["assignment"],
            bytes.fromhex(data["secret"]) if data["secret"] else secrets.token_bytes(SECRET_BYTES),
            {name: SourceCell(**cell) for name, cell in data["cells"].items()},
            Config(),
            rules=Rules(**data["rules"]),
            course=str(folder.resolve()),
            files={name: base64.b64decode(content) for name, content in data["files"].items()},
        )
    except OSError as error:
        raise PackedError(f"{folder / FILE} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PackedError(f"{folder / FILE} is no packed assignment: make it anew.") from error

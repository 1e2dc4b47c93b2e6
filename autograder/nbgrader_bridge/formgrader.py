"""nbgrader's formgrader, mended where it acts for a learner and has no setting against it.

Seen with nbgrader 0.9.6, each by one link in a notebook: it serves every file of the course folder, the secret too, and
HTML that was handed in as a page of its own; it writes what stands in an address, and names of students, into its
scripts; `?path=` runs the nbgrader_config.py of any folder.
"""

import base64
import hashlib
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from nbgrader.server_extensions.formgrader import base, handlers
from tornado import web

from autograder.notebooks.harmless import harmless_name

NO_PAGE = "sandbox; default-src 'none'"
"""A policy for what is no page of formgrader's own: in a browser it may do nothing."""
PAGE = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)
INLINE_SCRIPT = re.compile(r"<script(?: type=\"text/javascript\")?>(.*?)</script>|onclick=\"([^\"]*)\"", re.DOTALL)
TOGGLES = ("toggle_name(true);", "toggle_name(false);")
"""The scripts in attributes of the page of a submission."""
LEARNERS_FOLDERS = {"submitted", "autograded", "feedback", "quarantine"}
NAMES = {"assignment_id", "notebook_id", "student_id", "resources"}
"""What templates are given of an address or of the gradebook."""
STOCK_GET = handlers.FormgraderHandler.get


def mend() -> None:
    """Mend the handlers of this process; once more does no harm."""
    handlers.SubmissionFilesHandler.content_security_policy = NO_PAGE
    base.BaseApiHandler.content_security_policy = NO_PAGE
    handlers.SubmissionHandler.content_security_policy = (
        f"{PAGE}; img-src data:; script-src-elem 'self' 'unsafe-inline'; script-src-attr {_allow(TOGGLES)}"
    )
    handlers.SubmissionFilesHandler.parse_url_path = _parse_file_address
    handlers.FormgraderHandler.get = _open_course
    base.BaseHandler.render = _render


def _parse_file_address(self: Any, address: str) -> str:
    """Where a file of a submission lies. In the address, ".." and a second slash can be hidden from the browser."""
    submission, _, name = address.lstrip("/").partition("/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise web.HTTPError(404)
    try:
        found = self.gradebook.find_submission_notebook_by_id(submission)
    except handlers.MissingEntry as error:
        raise web.HTTPError(404) from error
    folder = self.coursedir.format_path(
        self.coursedir.autograded_directory, found.student.id, found.assignment.assignment.name
    )
    return str(Path(folder).absolute() / path)


def _open_course(self: Any) -> Any:
    """Choose a course by its folder, whose configuration is a program."""
    chosen = self.get_argument("path", "")
    parts = {*Path(os.path.abspath(chosen)).parts, *Path(chosen).resolve().parts}  # noqa: PTH100 (as nbgrader does)
    if chosen and (parts & LEARNERS_FOLDERS or self.request.headers.get("Sec-Fetch-Site") == "cross-site"):
        raise web.HTTPError(403, "This folder is no course of the instructor's.")
    return STOCK_GET(self)


def _render(self: Any, template: str, **values: Any) -> str:
    """Fill a template in; the page runs the template's own scripts and no others."""
    values |= {name: _harmless(value) for name, value in values.items() if name in NAMES}
    page = str(self.settings["nbgrader_jinja2_env"].get_template(template).render(**values))
    scripts = [inline or attribute for inline, attribute in INLINE_SCRIPT.findall(page)]
    self.set_header("Content-Security-Policy", f"{PAGE}; img-src 'self' data:; script-src 'self' {_allow(scripts)}")
    return page


def _harmless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _harmless(item) for name, item in value.items()}
    return harmless_name(value) if isinstance(value, str) else value


def _allow(scripts: list[str] | tuple[str, ...]) -> str:
    """The part of a policy that allows these scripts, by their digests."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii") for script in scripts)
    return " ".join(["'unsafe-hashes'", *(f"'sha256-{digest}'" for digest in digests)])

"""What an instructor's browser does with learners' notebooks: formgrader, feedback and report, in Chromium.

One course holds the family "serving" and honest learners. One real Jupyter server shows it with nbgrader's formgrader,
and everything that a page asks for is watched.
"""

import contextlib
import re
import socket
import subprocess
import sys
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route

from autograder.exercises import assignments
from tests.banks.hostile.serving import (
    CANARY,
    CANARY_FILE,
    CONFIGURATION,
    HONEST_PAGES,
    NAMES,
    RUN,
    SERVING,
)
from tests.banks.submissions import fill, hand_in, references
from tests.conftest import PATIENCE
from tests.grading.conftest import Course, copy_of

pytestmark = [pytest.mark.grading, pytest.mark.browser]
NAME = "05_attention"
ATTENTION = assignments()[NAME]
EXTENSIONS = {"nbgrader.server_extensions.formgrader": True, "jupyterlab": False, "jupyter_lsp": False}


@dataclass(frozen=True)
class Served:
    """A graded course, where its formgrader is, and each student's submission in it."""

    course: Course
    origin: str
    submissions: dict[str, str]

    def page_of(self, student: str) -> str:
        return f"{self.origin}/formgrader/submissions/{self.submissions[student]}/"

    def scores(self) -> set[tuple[object, ...]]:
        with self.course.gradebook() as gradebook:
            return {
                (submission.student.id, grade.name, grade.auto_score, grade.manual_score, grade.extra_credit)
                for submission in gradebook.assignment_submissions(NAME)
                for notebook in submission.notebooks
                for grade in notebook.grades
            }


@pytest.fixture(scope="module")
def graded(released_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course to which all have handed in, graded, with a report and all feedback."""
    course = copy_of(released_course, tmp_path_factory.mktemp("served"))
    folder = course.folder
    hand_in(folder, "ada", NAME, fill(ATTENTION, references(ATTENTION)))
    for name, lay in (SERVING | HONEST_PAGES).items():
        lay(folder / "submitted" / slug(name) / NAME, fill(ATTENTION, {}), folder / "submitted" / "ada" / NAME)
    for name in NAMES:
        hand_in(folder, name, NAME, fill(ATTENTION, {}))
    for command in (("grade", NAME, "--workers", "2"), ("feedback", NAME), ("report", "report.html")):
        run = course.llm_course(*command)
        (folder / f"{command[0]}.log").write_text(run.stdout + run.stderr)
    return course


@pytest.fixture(scope="module")
def served(graded: Course) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ServerApp.root_dir=.", "--IdentityProvider.token="]
    options += [
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.jpserver_extensions={EXTENSIONS}",
    ]
    with (graded.folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", *options], cwd=graded.folder, stdout=log, stderr=log
        )
    try:
        origin = f"http://127.0.0.1:{port}"
        wait_for(server, f"{origin}/formgrader/api/status", graded.folder / "server.log")
        with graded.gradebook() as gradebook:
            found = {one.student.id: one.notebooks[0].id for one in gradebook.assignment_submissions(NAME)}
        yield Served(graded, origin, found)
    finally:
        server.terminate()
        server.wait(60)


def wait_for(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    end = time.monotonic() + 120
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(address):
            return
        assert server.poll() is None and time.monotonic() < end, log.read_text()[-3000:]
        time.sleep(0.1)


class Watch:
    """A browser that stays inside one origin, and all that its pages ask for or complain of."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.inside = (f"{origin}/", "data:")
        self.context = browser.new_context()
        self.context.set_default_timeout(PATIENCE)
        # To ask here about each request takes as long as to load it.
        self.context.route(re.compile(f"^(?!{re.escape(origin)}/|data:)"), self._stay_inside)
        self.context.on("request", self._note_request)
        self.context.on("console", self._note_console)
        self.context.on("weberror", lambda error: self.faults.append(f"error: {error.error}"))
        self.context.on("dialog", lambda dialog: (self.faults.append("a dialog"), dialog.dismiss()))
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open(self, address: str) -> list[str]:
        """Open a page, give its scripts time, and say what was wrong."""
        self.faults = []
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")
        faults, self.faults = self.faults, []
        return faults

    def _is_inside(self, address: str) -> bool:
        return address.startswith(self.inside)

    def _stay_inside(self, route: Route) -> None:
        route.continue_() if self._is_inside(route.request.url) else route.abort()

    def _note_request(self, request: Request) -> None:
        address = request.url
        if not self._is_inside(address):
            self.faults.append(f"asked outside: {address[:200]}")
        if urlsplit(address).path.startswith((f"/{CANARY}", "/logout")):
            self.faults.append(f"asked for {address[:200]}")
        if request.method not in ("GET", "HEAD"):
            self.faults.append(f"{request.method} {address[:200]}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text[:300]}")


@pytest.fixture
def watch(browser: Browser, served: Served) -> Iterator[Watch]:
    """What goes on in formgrader, after which the scores must be as before."""
    before = served.scores()
    with Watch(browser, served.origin) as watch:
        yield watch
    assert served.scores() == before


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def test_all_are_graded_and_each_has_its_pages(served: Served) -> None:
    refused = {name for name in NAMES if any(unicodedata.category(character) == "Cc" for character in name)}
    everybody = {"ada", *NAMES, *map(slug, SERVING), *map(slug, HONEST_PAGES)} - refused
    assert set(served.submissions) == everybody
    logs = [(served.course.folder / f"{command}.log").read_text() for command in ("grade", "feedback")]
    assert len(refused) == logs[0].count("The folder's name holds what breaks a line: rename the folder") == 4
    for line in "\n".join(logs).splitlines():
        assert line.isprintable() and not line.startswith("z_victim"), "no name makes a line of its own"
    pages = {path.parts[-3] for path in (served.course.folder / "feedback").glob(f"*/{NAME}/{NAME}.html")}
    assert everybody - pages == set(), logs[1]
    statuses = {student: status_of(served.page_of(student)) for student in sorted(everybody)}
    assert {student: status for student, status in statuses.items() if status != 200} == {}


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_formgraders_pages_of_submissions_do_only_what_formgrader_does(served: Served, watch: Watch) -> None:
    found = {}
    for student in sorted(served.submissions):
        faults = watch.open(served.page_of(student))
        faults += links_to_the_server(watch.page, served.origin)
        ready = "typeof formgrader === 'object' && formgrader.loaded && formgrader.grades.loaded"
        if not watch.page.evaluate(ready):
            faults.append("formgrader is not ready")
        if faults:
            found[student] = faults[:5]
    assert found == {}


def links_to_the_server(page: Page, origin: str) -> list[str]:
    """Where a click in a cell would lead to formgrader's own server, which would act for the instructor."""
    addresses: list[str] = page.eval_on_selector_all(
        "#notebook a[href], #notebook area, #notebook [action], #notebook [formaction]",
        "found => found.map((element) => String(element.href || element.action || element.formAction))",
    )
    harmless = re.compile(rf"{re.escape(page.url)}#|mailto:|(?!{re.escape(origin)}/)https?://")
    return [f"a link to {address[:200]}" for address in addresses if not harmless.match(address)]


def test_a_comment_can_be_given_again_to_the_next(served: Served, watch: Watch) -> None:
    one, other = [student for student in sorted(served.submissions) if student.isalpha()][:2]
    watch.open(served.page_of(one))
    box = watch.page.locator("textarea.comment").first
    box.fill("Say *why*.")
    box.blur()
    watch.open(served.page_of(other))
    with watch.page.expect_response(lambda reply: "/api/comment/" in reply.url and reply.request.method == "PUT"):
        watch.page.get_by_label("Comments you gave before").first.select_option("Say *why*.")
    watch.open(served.page_of(other))
    assert watch.page.locator("textarea.comment").first.input_value() == "Say *why*."


def test_formgraders_lists_run_no_name(served: Served, watch: Watch) -> None:
    pages = [
        "gradebook",
        f"gradebook/{NAME}",
        f"gradebook/{NAME}/{NAME}",
        "manage_students",
        f"manage_submissions/{NAME}",
    ]
    pages += [f"manage_students/{quote(name, safe='')}" for name in NAMES]
    pages += [f"manage_students/{quote(name, safe='')}/{NAME}" for name in NAMES]
    found = {page: watch.open(f"{served.origin}/formgrader/{page}") for page in pages}
    # A name may be no address of a page, and what formgrader's own scripts make of a name is stopped by the policy of
    # its pages; the console tells of both.
    known = ("status of 40", "Content Security Policy")
    found = {
        page: [fault for fault in faults if not any(text in fault for text in known)] for page, faults in found.items()
    }
    assert {page: faults for page, faults in found.items() if faults} == {}


def test_a_button_that_fails_runs_no_name(served: Served, watch: Watch) -> None:
    """formgrader tells of a failure in HTML that holds the name."""
    watch.open(f"{served.origin}/formgrader/manage_submissions/{NAME}")
    row = watch.page.locator("tr", has=watch.page.locator(".student-id", has_text="<!--"))
    watch.context.route("**/generate_feedback", lambda route: route.abort())
    row.locator(".generate-feedback a").click()
    watch.page.locator("#error-modal").wait_for()
    watch.page.wait_for_load_state("networkidle")
    assert [fault for fault in watch.faults if CANARY in fault and "asked" in fault] == []


ADDRESSES = [
    f"manage_students/%22;{RUN};%22",
    f"manage_students/%22;{RUN.replace('/', '%2f')};%22",
    f"manage_students/%5c/;{RUN.replace('/', '%2f')}%2f%2f",
    f"gradebook/%22;{RUN.replace('/', '%2f')};%22",
    f"gradebook/x/%3c%2fscript%3e%3cscript%3e{RUN.replace('/', '%2f')}%3c%2fscript%3e",
    f"manage_submissions/%3cimg%20src=x%20onerror=%22{RUN.replace('/', '%2f')}%22%3e",
    f"api/student/%3cscript%3e{RUN.replace('/', '%2f')}%3c%2fscript%3e",
    "api/students",
    f"api/submissions/{NAME}",
]


def test_no_address_of_formgrader_is_a_program(served: Served, watch: Watch) -> None:
    """Any page of the web can lead there, and so can a link in a notebook to localhost:8888."""
    found = {address: watch.open(f"{served.origin}/formgrader/{address}") for address in ADDRESSES}
    found = {address: [fault for fault in faults if "asked" in fault] for address, faults in found.items()}
    assert {address: faults for address, faults in found.items() if faults} == {}


def test_nothing_that_was_handed_in_is_a_page_of_the_server(served: Served, watch: Watch) -> None:
    """By all addresses at which formgrader serves files: opened as by a click."""
    folder = served.course.folder
    found = {}
    for student in sorted(map(slug, [*SERVING, *HONEST_PAGES])):
        for path in sorted((folder / "submitted" / student).rglob("*")):
            if path.is_file() and (path.read_bytes()[:2000].count(b"canary") or path.suffix != ".ipynb"):
                names = [
                    str(path.relative_to(folder / "submitted" / student / NAME)),
                    f"../../../{path.relative_to(folder)}",
                ]
                for name in [*names, str(path)]:
                    faults = open_file(watch, served.page_of(student) + quote(name, safe=""))
                    found |= {(student, name): faults} if faults else {}
    assert found == {}


def open_file(watch: Watch, address: str) -> list[str]:
    """What opening a file does, and what is wrong with how it is served."""
    with contextlib.suppress(Exception):  # a file that is downloaded is no page, and playwright says so
        watch.open(address)
    faults = [fault for fault in watch.faults if "asked" in fault or "PUT" in fault]
    watch.faults = []
    try:
        with urllib.request.urlopen(address) as reply:
            if "sandbox" not in (reply.headers["Content-Security-Policy"] or ""):
                faults.append("served as a page that may run scripts")
            if reply.headers["X-Content-Type-Options"] != "nosniff":
                faults.append("served with a kind that browsers may not believe")
    except urllib.error.HTTPError:
        pass
    return faults


@pytest.mark.parametrize("address", ["../../../.llm_course_secret", "../../../gradebook.db", "/etc/hostname", "..", ""])
def test_formgrader_serves_nothing_outside_a_submission(served: Served, address: str) -> None:
    hidden = quote(address, safe="") if address else quote(str(served.course.folder / ".llm_course_secret"), safe="")
    assert status_of(served.page_of("ada") + hidden) in (403, 404)


def test_formgrader_reads_no_configuration_that_was_handed_in(served: Served) -> None:
    student = slug("a configuration that is a program")
    for folder in ("submitted", "autograded", "feedback"):
        place = served.course.folder / folder / student / NAME
        place.mkdir(parents=True, exist_ok=True)
        (place / "nbgrader_config.py").write_bytes(CONFIGURATION)
        for path in (f"{folder}/{student}/{NAME}", place, f"source/../{folder}/{student}/{NAME}"):
            status_of(f"{served.origin}/formgrader?path={quote(str(path))}")
    assert not list(served.course.folder.rglob(CANARY_FILE))
    # The course itself may be chosen.
    assert status_of(f"{served.origin}/formgrader?path={quote(str(served.course.folder))}") == 200


def test_feedback_and_report_ask_for_nothing(browser: Browser, served: Served) -> None:
    folder = served.course.folder
    found = {}
    with Watch(browser, "file://none") as watch:
        for page in [*sorted(folder.glob(f"feedback/*/{NAME}/{NAME}.html")), folder / "report.html"]:
            watch.inside = (page.as_uri(), "data:")
            if faults := watch.open(page.as_uri()):
                found[str(page.relative_to(folder))] = faults[:5]
    assert found == {}


def test_no_page_is_more_than_a_browser_can_show(served: Served) -> None:
    """Without opening it: what a page holds of text and of tags."""
    for page in sorted((served.course.folder / "feedback").glob(f"*/{NAME}/{NAME}.html")):
        text = page.read_text(encoding="utf-8")
        assert len(text) < 40_000_000, page
        assert text.count("<") < 100_000, page


def test_honest_learners_find_what_they_handed_in(browser: Browser, served: Served) -> None:
    folder = served.course.folder
    with Watch(browser, served.origin) as watch:
        for student, sizes in (
            ("a-pasted-screenshot", [(60, 40)]),
            ("a-picture-and-data-beside", [(40, 30), (30, 20)]),
        ):
            feedback = (folder / "feedback" / student / NAME / f"{NAME}.html").as_uri()
            for address in (served.page_of(student), feedback):
                watch.context.unroute_all()
                watch.page.goto(address)
                shown = watch.page.eval_on_selector_all(
                    ".text_cell_render img",
                    "found => found.map(({naturalWidth, naturalHeight}) => [naturalWidth, naturalHeight])",
                )
                assert [tuple(size) for size in shown] == sizes, address
            folds = watch.page.eval_on_selector_all(
                "summary", "found => found.map(fold => getComputedStyle(fold).display)"
            )
            # Without the triangle of a list item, nobody sees that there is something to open.
            assert set(folds) == {"list-item"}, feedback
        watch.page.goto(served.page_of("a-report-of-a-trial"))
        for selector in (
            "math msqrt",
            "#notebook table",
            ".output_png img",
            ".ansi-red-fg",
            '#notebook a[href^="https://example.org/a?b=c"]',
        ):
            assert watch.page.locator(selector).count() >= 1, selector
    kept = {path.name for path in (folder / "autograded" / "a-picture-and-data-beside").rglob("*") if path.is_file()}
    files = {"plot.png", "my photo.jpg", "numbers.csv", "notes.txt", "helper.py", "weights.npz", "weights.safetensors"}
    assert kept == {*files, f"{NAME}.ipynb"}

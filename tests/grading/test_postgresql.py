"""The gradebook in PostgreSQL: the same rows as in a file, on a real server that the test starts."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grading.conftest import Course

pytestmark = pytest.mark.grading
MISSING = "PostgreSQL is not installed: the tests need it (apt-get install postgresql)."


def program(name: str) -> str:
    """Debian keeps the server's programs off the PATH."""
    found = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), shutil.which(name)]
    assert found[0] is not None, MISSING
    return str(found[0])


def run(*command: str) -> None:
    # The server refuses to run as root; Debian's package made this user.
    other_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*other_user, *command], cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of an empty database on a server that listens on a socket in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        run(program("initdb"), "--pgdata", data, "--username", "grader", "--auth", "trust", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(program("pg_ctl"), "--pgdata", data, "--log", f"{folder}/log", "--options", options, "--wait", "start")
        try:
            # The folder is the server's own; the grader only needs to reach the socket in it.
            Path(folder).chmod(0o755)
            run(program("createdb"), "--host", folder, "--username", "grader", "grades")
            yield f"postgresql+psycopg://grader@/grades?host={folder}"
        finally:
            run(program("pg_ctl"), "--pgdata", data, "--mode", "immediate", "--wait", "stop")


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://grader@/grades?host={tmp_path}"
    assert "The gradebook cannot be opened (" in Course(tmp_path).refused("init", "new", "--database", nowhere)


def test_an_unknown_kind_of_database_is_one_sentence(tmp_path: Path) -> None:
    Course(tmp_path).refused("init", "new", "--database", "elephants")


def test_a_course_keeps_its_database(course: Course) -> None:
    refusal = course.refused("init", ".", "--database", "sqlite:///other.db")
    assert "is a course already: set c.CourseDirectory.db_url" in refusal

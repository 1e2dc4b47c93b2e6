"""What the tests of sandboxes share: asking a sandbox, and looking for what it left."""

import contextlib
import os
import tempfile
import textwrap
from pathlib import Path
from typing import Any

from autograder.sandbox.sandbox import Sandbox
from autograder.sandbox.session import PREFIX, TOKEN_VARIABLE
from autograder.sandbox.zygote_client import ZygoteClient
from llm_course.checking.calls import Call, Reply

TIER = os.environ.get("LLM_COURSE_TEST_TIER", "namespaces")
PATIENCE = 120.0
"""Seconds in which what a sandbox left must be gone, on a machine that others keep busy."""


def zygote_of(server: ZygoteClient) -> int:
    assert server.tier == TIER
    return server._process.pid


def processes_of(server: ZygoteClient) -> list[int]:
    """The processes of a fork server's sandboxes, also when it has been killed."""
    return sandbox_processes(server._process.pid if server._process else 0, server._token)


def living_processes(processes: set[int]) -> list[str]:
    """Those that are still there, in words."""
    return [f"process {pid}" for pid in processes if Path(f"/proc/{pid}").exists()]


def count_mounts(zygote: int) -> tuple[int, int]:
    return tuple(len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines()) for pid in ("self", zygote))


def leftovers(zygote: int, token: str) -> list[str]:
    """Processes and files of the sandboxes of one fork server."""
    found = [f"process {pid}" for pid in sandbox_processes(zygote, token)]
    return found + [f"file {path}" for path in sandbox_files(token)]


def sandbox_processes(zygote: int, token: str) -> list[int]:
    """All processes that descend from a fork server or carry its token."""
    mark = f"{TOKEN_VARIABLE}={token}".encode()
    parents: dict[int, int] = {}
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        # Processes end while one looks at them.
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    for pid in parents:
        ancestor = pid
        while ancestor := parents.get(ancestor, 0):
            if ancestor == zygote:
                found.add(pid)
    return sorted(found - {zygote})


def sandbox_files(token: str) -> list[Path]:
    """Files that sandboxes left where every user may write."""
    folders = (Path("/dev/shm"), Path("/tmp"), Path("/var/tmp"))
    left = [path for folder in folders for path in folder.glob("sandbox-leftover*")]
    return [*left, *Path(tempfile.gettempdir(), PREFIX + token).glob("sandbox-*")]


def call(sandbox: Sandbox, body: str, deadline: float = 30) -> Reply:
    """The reply to a call of a function with this body."""
    source = "def probe():\n" + textwrap.indent(textwrap.dedent(body), "    ")
    cell = sandbox.run_cell(source, deadline)
    assert cell.ok, cell.outputs
    return sandbox.call("probe", Call({}), deadline)


def ask(sandbox: Sandbox, body: str, deadline: float = 30) -> Any:
    """The value that a function with this body returns."""
    reply = call(sandbox, body, deadline)
    assert reply.failure is None, reply.failure
    return reply.value


def text_of(outputs: list[dict[str, Any]]) -> str:
    """All text that outputs show."""
    parts = [output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs]
    return "".join(parts) + "".join(line for output in outputs for line in output.get("traceback", []))

"""What learners' code must not reach: files, rights, the network, another sandbox."""

import socket
from pathlib import Path

import pytest

from autograder.sandbox.jail import REPOSITORY
from autograder.sandbox.sandbox import Sandbox, SandboxLost, open_sandbox
from autograder.sandbox.zygote_client import ZygoteClient
from tests.autograder.sandbox.sandboxes import TIER, ask, call

SECRETS = [
    REPOSITORY / "autograder/exercises/attention/causal_mask.py",
    REPOSITORY / "autograder/sandbox/jail.py",
    REPOSITORY / "solutions",
    REPOSITORY / "tests",
    REPOSITORY / "chapters",
    REPOSITORY / "pyproject.toml",
    Path("/etc/shadow"),
    Path("/etc/hostname"),
    Path("/root"),
    Path("/var"),
    Path("/sys/kernel"),
    *filter(Path.exists, [REPOSITORY / ".git"]),
]
walled = pytest.mark.promised_by("namespaces", "landlock")
in_namespaces = pytest.mark.promised_by("namespaces")


# Reading


@walled
@pytest.mark.parametrize("path", SECRETS, ids=str)
def test_the_graders_files_cannot_be_read(sandbox: Sandbox, path: Path) -> None:
    assert path.exists(), "there is nothing to refuse"
    body = f"""
    import os
    path = {str(path)!r}
    try:
        return os.listdir(path) if os.path.isdir(path) else open(path).read()
    except OSError as error:
        return "refused"
    """
    found = ask(sandbox, body)
    # The way to the interpreter may lead through a folder, which then shows the next step and nothing else.
    assert found == "refused" or found == [".pyenv"]


@in_namespaces
def test_of_the_repository_only_the_course_package_and_the_environment_are_there(sandbox: Sandbox) -> None:
    assert set(ask(sandbox, f"import os\nreturn os.listdir({str(REPOSITORY)!r})")) <= {"llm_course", ".venv"}


@walled
def test_a_file_of_another_learner_cannot_be_read(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "gradebook.db"
    secret.write_text("grades")
    secret.chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    for way in (str(secret), f"/proc/self/root{secret}", f"/proc/1/root{secret}", f"/../..{secret}"):
        assert call(sandbox, f"return open({way!r}).read()").failure is not None


@pytest.mark.parametrize("name", ["autograder", "autograder.sandbox", "autograder.exercises", "solutions"])
def test_the_grader_cannot_be_imported(sandbox: Sandbox, name: str) -> None:
    assert call(sandbox, f"import {name}").failure.type == "ModuleNotFoundError"


@walled
@pytest.mark.parametrize("name", ["autograder.exercises", "solutions.attention"])
def test_the_grader_cannot_be_imported_by_a_new_interpreter(sandbox: Sandbox, name: str) -> None:
    body = f"import subprocess, sys\nreturn subprocess.run([sys.executable, '-c', 'import {name}']).returncode"
    assert ask(sandbox, body, 60) != 0


@walled
def test_the_capstones_substitutes_cannot_be_imported(sandbox: Sandbox) -> None:
    """Some of them would answer exercises of other chapters."""
    tried = call(sandbox, "from llm_course.capstone.substitutes import SUBSTITUTES").failure
    assert tried.type in ("ModuleNotFoundError", "PermissionError")  # hidden by a namespace, or held by Landlock
    assert (
        ask(sandbox, "import sys\nreturn [name for name in sys.modules if name.startswith('llm_course.capstone')]")
        == []
    )
    assert ask(sandbox, "from llm_course.check import check\nreturn check.__name__") == "check"


def test_no_module_object_or_frame_is_the_judges(sandbox: Sandbox) -> None:
    body = """
    import gc, sys, types
    gc.unfreeze()
    names = [module.__name__ for module in gc.get_objects() if isinstance(module, types.ModuleType)]
    names += list(sys.modules)
    frame = sys._getframe()
    while frame:
        names.append(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    return sorted({str(name) for name in names if str(name).startswith(("autograder", "solutions", "tests"))})
    """
    harmless = {"zygote_client", "wire", "sandbox_process", "output_log", "watch", "zygote", "session"}
    harmless |= {"jail", "caps", "linux", "landlock", "seccomp", "remote", "semaphores"}
    for name in ask(sandbox, body):
        assert name.removeprefix("autograder").removeprefix(".sandbox").removeprefix(".") in harmless | {""}


def test_the_graders_environment_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_SECRET", "hmac-key-of-the-course")
    server = ZygoteClient((TIER,))
    body = """
    import os
    blocks = [open("/proc/self/environ").read(), repr(dict(os.environ)), open("/proc/self/cmdline").read()]
    return "".join(blocks)
    """
    with open_sandbox(server=server) as sandbox:
        assert "hmac-key" not in ask(sandbox, body)
    server.close()


def test_no_descriptor_of_the_grader_is_inherited(sandbox: Sandbox) -> None:
    body = """
    import os
    return {name: os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")
            if os.path.lexists(f"/proc/self/fd/{name}")}
    """
    found = ask(sandbox, body)
    assert {found.pop(standard) for standard in "012"} == {"/dev/null"}
    assert [name for name in found.values() if name.startswith("socket:")] == list(found.values())[:1]
    assert len(found) <= 1


# Writing


@walled
@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/usr/bin/sandbox-leftover",
        "/sandbox-leftover",
        "/dev/sandbox-leftover",
        "/proc/sys/kernel/core_pattern",
    ],
)
def test_nothing_outside_the_sandbox_can_be_written(sandbox: Sandbox, path: str) -> None:
    assert call(sandbox, f"open({path!r}, 'a').write('x')").failure.type in ("PermissionError", "OSError")


@pytest.mark.parametrize("module", ["torch", "llm_course", "os"])
def test_the_environment_cannot_be_changed(sandbox: Sandbox, module: str) -> None:
    body = f"import os, {module}\nopen(os.path.join(os.path.dirname({module}.__file__), 'sandbox-leftover'), 'w')"
    reply = call(sandbox, body)
    assert reply.failure.type in ("PermissionError", "OSError")


@walled
def test_the_hosts_temporary_folders_are_not_the_sandboxes(sandbox: Sandbox) -> None:
    body = """
    for folder in ("/tmp", "/var/tmp", "/run"):
        try:
            open(folder + "/sandbox-leftover", "w").write("x")
        except OSError:
            pass
    """
    ask(sandbox, body)
    assert not [folder for folder in ("/tmp", "/var/tmp", "/run") if Path(folder, "sandbox-leftover").exists()]


@walled
def test_two_sandboxes_see_nothing_of_each_other(server: ZygoteClient, sandbox: Sandbox) -> None:
    sandbox.run_cell("open('mine', 'w').write('x')\nimport os\nfolder = os.getcwd()", 30)
    folder = ask(sandbox, "import os\nreturn os.getcwd()")
    pid = sandbox._process.pid
    with open_sandbox(server=server) as other:
        body = f"""
        import os, signal
        found = []
        for name in ("mine", {folder!r} + "/mine"):
            try:
                found.append(open(name).read())
            except OSError:
                pass
        for target in ({pid}, -1):
            try:
                os.kill(target, signal.SIGKILL)
                found.append("killed " + str(target))
            except OSError:
                pass
        return found
        """
        found = ask(other, body)
    # In a namespace of its own, a sandbox may signal all that it can see, which is itself.
    assert set(found) <= {"killed -1"}
    assert sandbox.run_cell("1", 30).ok


# Rights


def test_no_rights_are_left(sandbox: Sandbox) -> None:
    status = dict(line.split(":\t", 1) for line in ask(sandbox, "return open('/proc/self/status').read()").splitlines())
    assert all(int(status[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Uid"].split() != ["0"] * 4


@walled
@pytest.mark.parametrize(
    ("name", "number", "arguments"),
    [
        ("ptrace", 101, "16, 1, 0, 0"),
        ("process_vm_readv", 310, "1, 0, 0, 0, 0, 0"),
        ("unshare user", 272, "0x10000000"),
        ("clone user", 56, "0x10000011, 0, 0, 0, 0"),
        ("mount", 165, "b'none', b'/sandbox', b'tmpfs', 0, 0"),
        ("umount", 166, "b'/proc', 2"),
        ("chroot", 161, "b'/'"),
        ("setns", 308, "3, 0"),
        ("bpf", 321, "0, 0, 0"),
        ("keyctl", 250, "0, 0"),
        ("io_uring_setup", 425, "1, 0"),
        ("memfd_create", 319, "b'x', 0"),
        ("shmget", 29, "0, 4096, 0o1600"),
        ("userfaultfd", 323, "0"),
        ("perf_event_open", 298, "0, 0, 0, 0, 0"),
        ("reboot", 169, "0, 0, 0, 0"),
        # What stays with a file or a number tells another sandbox something.
        ("a lease", 72, "descriptor, 1024, 0"),
        ("a watch on a folder", 72, "folder, 1026, 2"),
        ("a hint", 72, "descriptor, 1036, ctypes.byref(ctypes.c_uint64(2))"),
        ("flags", 16, "descriptor, 0x40086602, ctypes.byref(ctypes.c_int(0))"),
        ("inotify", 294, "0"),
        ("fanotify", 301, "0, 0, 0, 0, 0"),
        ("residence in memory", 27, "0, 0, 0"),
        ("places in memory", 279, "0, 0, 0, 0, 0, 0"),
        ("shared memory by number", 31, "0, 0, 0"),
        ("semaphores by number", 66, "0, 0, 0, 0"),
        ("messages by number", 71, "0, 0, 0"),
        ("messages by name", 240, "b'sandbox', 0o102, 0o600, 0"),
        ("priority", 141, "0, 0, 5"),
    ],
)
def test_dangerous_system_calls_are_refused(sandbox: Sandbox, name: str, number: int, arguments: str) -> None:
    body = f"""
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor, folder = os.open(os.__file__, os.O_RDONLY), os.open(os.path.dirname(os.__file__), os.O_RDONLY)
    return [libc.syscall({number}, {arguments}), ctypes.get_errno()]
    """
    assert ask(sandbox, body) == [-1, 1]


@walled
def test_system_calls_of_other_machine_modes_end_the_sandbox(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxLost):
        call(sandbox, "import ctypes\nctypes.CDLL(None).syscall(0x40000000 + 39)")


def test_another_user_cannot_be_had(sandbox: Sandbox) -> None:
    body = """
    import os
    gained = []
    for change in (lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.setgid(0)):
        try:
            change()
            gained.append(True)
        except OSError:
            pass
    return gained
    """
    assert ask(sandbox, body) == []


# Network


@walled
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
def test_there_is_no_network(sandbox: Sandbox, family: str) -> None:
    kind = "SOCK_RAW" if family in ("AF_NETLINK", "AF_PACKET") else "SOCK_STREAM"
    body = f"import socket\nsocket.socket(socket.{family}, socket.{kind})"
    assert call(sandbox, body).failure.type == "PermissionError"


@walled
def test_an_abstract_socket_of_the_host_cannot_be_reached(sandbox: Sandbox) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0sandbox-test")
        listener.listen()
        body = "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0sandbox-test')"
        assert call(sandbox, body).failure.type in ("ConnectionRefusedError", "PermissionError")

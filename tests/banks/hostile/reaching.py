"""Reaching out: the network, the gradebook, other submissions, the grader's process."""

from tests.banks.hostile.answers import in_calls, in_cell

_PLACES = """
import os
places = {os.getcwd(), "/"}
for pid in ("1", "self", str(os.getppid())):
    for link in ("cwd", "root", "exe"):
        try: places.add(os.readlink(f"/proc/{pid}/{link}"))
        except OSError: pass
        places.add(f"/proc/{pid}/{link}")
for place in list(places):
    for up in ("..", "../..", "../../.."): places.add(os.path.join(place, up))
"""

REACHING: dict[str, str] = {
    "the gradebook is written": in_calls(
        _PLACES
        + """
import sqlite3
for place in places:
    path = os.path.join(place, "gradebook.db")
    try:
        if os.path.exists(path):
            base = sqlite3.connect(path)
            base.execute("UPDATE grade SET auto_score = 1000, manual_score = 1000")
            base.commit()
    except (OSError, sqlite3.Error): pass
"""
    ),
    "the gradebook is opened by nbgrader": in_cell("""
try:
    from nbgrader.api import Gradebook
    with Gradebook("sqlite:///gradebook.db") as gradebook:
        for grade in gradebook.db.query(Grade): grade.manual_score = 1000
except Exception: pass
"""),
    "results and the secret are read and written": in_calls(
        _PLACES
        + """
import glob
for place in places:
    for path in glob.glob(os.path.join(place, ".llm_course_secret")) + glob.glob(place + "/results/*/*.json"):
        try: print(open(path).read()); open(path, "w").write("{}")
        except OSError: pass
"""
    ),
    "other submissions are searched for": in_cell("""
import os
found = [os.path.join(folder, file) for folder, _, files in os.walk("/") for file in files if file.endswith(".ipynb")
         and "submitted" in folder]
assert not found, found
"""),
    "links are laid to the grader's files": in_cell("""
import os
key = os.path.expanduser("~/.ssh/id_rsa")
for number, target in enumerate(("/etc/shadow", "/proc/1/environ", "../../gradebook.db", key)):
    try:
        os.symlink(target, f"link{number}")
        print(open(f"link{number}").read())
    except OSError: pass
"""),
    "the network is called": in_calls("""
        import socket, urllib.request
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
            try: socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
            except (OSError, TypeError): pass
        try: urllib.request.urlopen("http://127.0.0.1:8888/", timeout=1)
        except OSError: pass
    """),
    "the parent is traced": in_calls("""
        import ctypes, os
        libc = ctypes.CDLL(None)
        for pid in (1, os.getppid(), os.getpid()):
            libc.ptrace(16, pid, 0, 0)
            for name in ("mem", "environ", "maps"):
                try: open(f"/proc/{pid}/{name}", "r+b").read(16)
                except OSError: pass
    """),
    "every process is killed": in_calls("""
        import os, signal
        for pid in (-1, 1, os.getppid()):
            for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
                try: os.kill(pid, number)
                except OSError: pass
    """),
    "another user is taken on": in_cell("""
import ctypes, os
libc = ctypes.CDLL(None)
for change in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: libc.unshare(0x10000000), lambda: os.chroot("/"),
               lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0)):
    try: change()
    except OSError: pass
"""),
    "devices and kernel files are opened": in_cell("""
import glob
for path in [*glob.glob("/dev/*"), *glob.glob("/sys/**", recursive=True)[:200], "/proc/sysrq-trigger", "/proc/kcore",
             "/proc/sys/kernel/core_pattern"]:
    if path in ("/dev/zero", "/dev/random", "/dev/urandom", "/dev/full", "/dev/null"): continue
    try: open(path, "r+b").read(16)
    except OSError: pass
"""),
    "the fork server is asked for a sandbox": in_cell("""
import json, os, socket
for descriptor in range(3, 256):
    try: socket.socket(fileno=os.dup(descriptor)).send(json.dumps({"op": "end", "pid": 1}).encode())
    except OSError: pass
"""),
    "environment variables are read": in_cell("""
import os
text = open("/proc/self/environ").read() + repr(dict(os.environ)) + open("/proc/self/cmdline").read()
assert "SECRET" not in text.upper(), text
"""),
}

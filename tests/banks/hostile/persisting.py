"""Persisting: processes and files that are to outlive the sandbox, and traps for the next one."""

from tests.banks.hostile.answers import in_calls, in_cell

_DETACH = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        while True: time.sleep(0.05)
    os._exit(0)
"""

PERSISTING: dict[str, str] = {
    "a detached child lives on": in_cell(_DETACH),
    "a detached child lives on, and the sandbox dies": in_calls(_DETACH + "os._exit(1)"),
    "a program is started with nohup": in_cell("!nohup sleep 100000 > /dev/null 2>&1 &"),
    "files are left where all may write": in_cell("""
import os
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/", "/etc", os.path.expanduser("~")):
    try: open(os.path.join(folder, "sandbox-leftover"), "w").write("x")
    except OSError: pass
"""),
    "modules are planted for the next sandbox": in_cell("""
import os, site, sys
import llm_course, torch
homes = [*sys.path, site.getusersitepackages(), os.path.dirname(torch.__file__), os.path.dirname(llm_course.__file__)]
for folder in homes:
    for name in ("sitecustomize.py", "usercustomize.py", "solutions.py", "sandbox-leftover.pth"):
        try: open(os.path.join(folder or ".", name), "w").write("raise SystemExit")
        except OSError: pass
"""),
    "the checks of the course are overwritten": in_cell("""
import llm_course.check
for path in llm_course.check.CHECKS.glob("*.json.gz"):
    try: path.write_text("{}")
    except OSError: pass
    try: path.unlink()
    except OSError: pass
"""),
    "shared memory and queues are left": in_cell("""
import multiprocessing.shared_memory as shared
try: block = shared.SharedMemory("sandbox-leftover", create=True, size=4096)
except OSError: pass
import atexit
atexit.register(lambda: open("/tmp/sandbox-leftover-at-exit", "w"))
"""),
    "libraries are changed in memory": in_cell("""
import torch, llm_course.checking.compare, llm_course.checking.evaluate
llm_course.checking.compare.agree = llm_course.checking.evaluate.agree = lambda *a, **k: True
torch.softmax = torch.nn.functional.softmax = lambda x, *a, **k: x
torch.set_num_threads(64)
torch.set_default_dtype(torch.float16)
"""),
    "a server waits for the next learner": in_cell("""
import os, socket
if os.fork() == 0:
    server = socket.socket(socket.AF_UNIX)
    try: server.bind("\\0sandbox-leftover"); server.listen()
    except OSError: pass
    while True:
        try: server.accept()
        except OSError: os._exit(0)
"""),
    "limits and priorities are changed": in_cell("""
import os, resource
for change in (lambda: os.nice(-10), lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)), lambda: os.nice(19)):
    try: change()
    except (OSError, ValueError): pass
"""),
}

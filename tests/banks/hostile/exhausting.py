"""Exhausting: time, memory, processes, output, disk, descriptors, and the grader's own patience."""

from tests.banks.hostile.answers import in_calls, in_cell, returning

_ENDLESS = """
while True:
    try:
        while True: pass
    except BaseException: pass
"""

EXHAUSTING: dict[str, str] = {
    "a cell never ends": in_cell(_ENDLESS),
    "a call never ends": in_calls(_ENDLESS),
    "a call sleeps": in_calls("import time\ntime.sleep(100_000)"),
    "a call ignores signals": in_calls("""
        import signal
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: pass
    """),
    "a regular expression never ends": in_calls("import re\nre.match('(a+)+$', 'a' * 60 + 'b')"),
    "a whole number never ends": in_calls("9 ** 9 ** 9"),
    "a call stops itself": in_calls("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    "a call ends the process": in_calls("import os\nos._exit(0)"),
    "a call crashes": in_calls("import ctypes\nctypes.string_at(0)"),
    "a call overflows the stack": in_calls("""
        import sys
        sys.setrecursionlimit(10 ** 9)
        def down(): down()
        down()
    """),
    "a fork bomb": in_calls("""
        import os
        while True:
            try: os.fork()
            except OSError: pass
    """),
    "a bomb of threads": in_calls("""
        import threading, time
        while True:
            try: threading.Thread(target=time.sleep, args=(1000,)).start()
            except (RuntimeError, MemoryError): pass
    """),
    "a tensor takes all memory": in_calls("import torch\ntorch.ones(1 << 40)"),
    "a list takes all memory": in_calls("kept = []\nwhile True: kept.append(bytearray(1 << 24))"),
    "many processes take all memory": in_calls("""
        import os, time
        kept = []
        for _ in range(40):
            if os.fork() == 0:
                try:
                    while True: kept.append(b"x" * (1 << 22))
                except MemoryError: time.sleep(1000)
        time.sleep(1000)
    """),
    "shared memory takes all memory": in_calls("""
        import mmap, time
        kept = []
        while True:
            block = mmap.mmap(-1, 1 << 26)
            for page in range(0, 1 << 26, 4096): block[page] = 1
            kept.append(block)
    """),
    "a flood of output": in_calls("while True: print('x' * 1000)"),
    "a flood of errors": in_cell("import sys\nfor _ in range(10 ** 6): sys.stderr.write('e' * 1000)"),
    "a flood of figures": in_cell("""
import matplotlib.pyplot as plt
from IPython.display import display
figure, _ = plt.subplots()
for _ in range(40): display(figure)
"""),
    "the disk is filled": in_calls("""
        with open("big", "wb") as file:
            while True: file.write(bytes(1 << 20))
    """),
    "files are made without end": in_calls("""
        import os
        os.makedirs("many", exist_ok=True)
        number = 0
        while True:
            number += 1
            open(f"many/{number}", "w").close()
    """),
    "descriptors are opened without end": in_calls("kept = []\nwhile True: kept.append(open('/dev/null'))"),
    "answers are huge tensors": returning("""
import torch
FAKE = torch.zeros(2 << 20)
"""),
    "answers are huge layers": returning("from torch import nn\nFAKE = nn.Linear(2048, 2048)\n"),
    "a failure is told in layers": returning("""
import llm_course.checking.calls
from torch import nn
layers = nn.Sequential(nn.Linear(1, 1))
for _ in range(11): layers = nn.Sequential(*[layers] * 4)
FIELDS = {"value": None, "failure": [layers, "", None, ""], "changed": [], "gradients": {}, "largest": None}
llm_course.checking.calls._reply_fields = lambda reply: FIELDS
FAKE = 0
"""),
    "what was changed has long names": returning("""
import llm_course.checking.calls
FIELDS = {"value": None, "failure": None, "changed": ["\U0001f600" + "x" * 7_000_000], "gradients": {}, "largest": None}
llm_course.checking.calls._reply_fields = lambda reply: FIELDS
FAKE = 0
"""),
    "answers are huge lists": returning("FAKE = [[]] * 2_000_000\n"),
    "answers are nested without end": returning("""
FAKE = []
for _ in range(100_000): FAKE = [FAKE]
"""),
    "answers hold themselves": returning("FAKE = []\nFAKE.append(FAKE)\n"),
    "answers are texts of many megabytes": returning("FAKE = 'x' * (3 << 20)\n"),
    "answers are whole numbers of a million digits": returning("FAKE = 1 << 3_000_000\n"),
    "errors say megabytes": in_calls("raise RuntimeError('x' * (64 << 20))"),
    "source code is nested deeply": "x = " + "(" * 5000 + ")" * 5000 + "\n" + in_cell(""),
    "a shortcut stands at the end of a long chain": """
def scaled_dot_product_attention(query, key, value, mask=None):
    return a"""
    + ".b" * 2500
    + ".MultiheadAttention\n",
}

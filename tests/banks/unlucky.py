"""Honest submissions that a less careful grader fails: cells, answers and notebooks that are odd, and right.

In what is added, FUNCTION stands for the name of an exercise, in a stray cell for the first. All keep full marks.
"""

import json
from collections.abc import Callable
from typing import Any

UNLUCKY: dict[str, str] = {
    "warns": "import warnings\nwarnings.warn('careful')",
    "writes to stderr": "import sys\nprint('note', file=sys.stderr)",
    "prints much": "for number in range(20_000): print('line', number)",
    "prints a million emoji": "print('🙂' * 900_000)",
    "prints what is no text": "print('\\ud800' + chr(0) + '\\x1b[31m')",
    "draws a figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()",
    "shows a progress bar": "from tqdm.auto import tqdm\nfor _ in tqdm(range(30)): pass",
    "uses magics": "%timeit -n 2 -r 1 sum(range(10))\n%matplotlib inline",
    "calls the shell": "!echo hello\nfiles = !ls",
    "awaits at the top level": "import asyncio\nawait asyncio.sleep(0.01)",
    "asks for input": "name = input('name? ')",
    "raises in a cell of its own": "1 / 0",
    "has a cell that is no Python": "this is not python",
    "seeds the generators": "import random, numpy, torch\nrandom.seed(0); numpy.random.seed(0); torch.manual_seed(0)",
    "sets the default dtype": "import torch\ntorch.set_default_dtype(torch.float64)",
    "leaves autocast open": "import torch\ntorch.autocast('cpu', dtype=torch.bfloat16).__enter__()",
    "switches gradients off": "import torch\ntorch.set_grad_enabled(False)",
    "sets threads": "import torch\ntorch.set_num_threads(2)",
    "imports transformers": "import transformers\nfrom transformers import AutoConfig",
    "shadows a builtin": "id = [1, 2]\nhash = 3\ndir = 'x'",
    "tries the functions out": "print(FUNCTION)\nassert callable(FUNCTION)",
    "ends the notebook": "import sys\nsys.exit()",
    "calls exit": "exit()",
    "deletes names": "del check",
    "changes folder": "import os, tempfile\nos.chdir(tempfile.mkdtemp())",
    "writes a file": "open('notes.txt', 'w').write('x')\nprint(open('notes.txt').read())",
    "starts a thread": "import threading\nthreading.Thread(target=lambda: None).start()",
    "logs": "import logging\nlogging.basicConfig(level=0)\nlogging.error('seen')",
    "displays rich values": "from IPython.display import HTML, display\ndisplay(HTML('<b>hi</b>'))\n{'a': [1, 2]}",
    "asks for help": "FUNCTION?\nhelp(FUNCTION)",
    "changes the recursion limit": "import sys\nsys.setrecursionlimit(5000)",
    "sets print options": "import torch\ntorch.set_printoptions(precision=2)",
    "times a cell": "%%time\ntotal = sum(range(1000))",
    "captures a cell": "%%capture shown\nprint('hidden')",
    "loads extensions": "%load_ext autoreload\n%autoreload 2\n%load_ext tensorboard",
    "configures notebook": "%config InlineBackend.figure_format = 'retina'\n%xmode Verbose\n%precision 3\n%cd /tmp",
    "lists names": "%who\n%who_ls\n%history -n 3",
    "runs a script": "open('script.py', 'w').write('found = 3')\n%run script.py\nassert found == 3",
    "shows HTML": "%%html\n<b>hi</b>",
    "installs packages": "!pip install -q einops",
    "comes from Colab": "try:\n    from google.colab import drive\n    drive.mount('/content/drive')\n"
    "except ImportError:\n    print('not in Colab')\n!nvidia-smi\n%cd /content",
    "chooses a device": "import torch\ntorch.set_default_device('cuda' if torch.cuda.is_available() else 'cpu')",
    "leaves inference mode open": "import torch\ntorch.inference_mode().__enter__()",
    "is deterministic": "import torch\ntorch.use_deterministic_algorithms(True)\ntorch.set_flush_denormal(True)",
    "detects anomalies": "import torch\ntorch.autograd.set_detect_anomaly(True)",
    "takes warnings for errors": "import warnings, numpy\nwarnings.simplefilter('error')\nnumpy.seterr(all='raise')",
    "ends its process": "import os\nos._exit(0)",
    "restarts as in Colab": "import os\nos.kill(os.getpid(), 9)",
    "quits": "quit",
    "debugs": "%pdb on\n1 / 0",
    "debugs afterwards": "%debug",
    "leaves a breakpoint": "def helper():\n    breakpoint()\nbreakpoint()",
    "asks for input in a helper": "def ask():\n    return input('size? ')\ntry: ask()\nexcept Exception as e: print(e)",
    "starts processes": "import multiprocessing\nwith multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, 2]))",
    "keeps a pool of threads": "from concurrent.futures import ThreadPoolExecutor\nPOOL = ThreadPoolExecutor(4)\n"
    "print(list(POOL.map(abs, [-1])))",
    "prints in the background": "import threading, time\ndef tick():\n    while True: print(time.sleep(0.01))\n"
    "threading.Thread(target=tick, daemon=True).start()",
    "leaves a command running": "!sleep 1000 &",
    "leaves a process running": "import subprocess\nsubprocess.Popen(['sleep', '1000'])",
    "gathers": "import asyncio\nasync def one(): return 1\nassert await asyncio.gather(one(), one()) == [1, 1]",
    "keeps a database": "import sqlite3\nwith sqlite3.connect('runs.db') as runs: runs.execute('select 1').fetchall()",
    "locks a file": "from filelock import FileLock\nwith FileLock('n.lock'): open('n.txt', 'a').write('x')",
    "saves a checkpoint": "import os, torch\nos.makedirs('runs', exist_ok=True)\ntorch.save([], 'runs/w.pt')",
    "removes its folder": "import os, shutil, tempfile\nos.chdir(folder := tempfile.mkdtemp())\nshutil.rmtree(folder)",
    "uses tabs and the future": "from __future__ import annotations\ndef helper(x: Undefined):\n\treturn x",
    "speaks other languages": "größe_日本 = 3\nπ = 3.14  # 日本語 🙂\nprint(größe_日本 * π)",
    "sets an alarm": "import signal\nsignal.signal(signal.SIGALRM, lambda *_: 1 / 0)\nsignal.alarm(9)\nsignal.alarm(0)",
    "leaves an alarm": "import signal\nsignal.signal(signal.SIGALRM, lambda *_: 1 / 0)\n"
    "signal.setitimer(signal.ITIMER_REAL, 0.02)",
    "ignores interrupts": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)",
    "collects no garbage": "import gc\ngc.disable()\ngc.freeze()",
    "recurses deep": "import sys\nsys.setrecursionlimit(10**6)",
    "has a main block": "if __name__ == '__main__':\n    FUNCTION(2, 3)\nelse:\n    raise SystemExit",
    "parses arguments": "import argparse\nargparse.ArgumentParser().parse_args()",
    "has unit tests": "import doctest, unittest\ndoctest.testmod()\nunittest.main(argv=[''])",
    "tests what is wrong": "assert False, 'my own test is wrong'",
    "measures for a second": "import time\nend = time.time() + 1\nwhile time.time() < end: pass",
    "writes globals": "globals().update(other=2)\nexec('more = 3')\nfor name in ['other', 'more']: del globals()[name]",
    "patches how tensors print": "import torch\ntorch.Tensor.__repr__ = lambda self, **_: f'<{tuple(self.shape)}>'",
    "sends prints to a file": "import sys\nsys.stdout = open('log.txt', 'w')\nprint('x')",
    "imports in its own way": "import importlib, math\nimport torch.nn.functional as F\nimportlib.reload(math)",
    "clears the environment": "import os\nos.environ.clear()",
    "profiles": "import cProfile, tracemalloc\ntracemalloc.start()\ncProfile.Profile().enable()",
    "shows widgets": "import ipywidgets\nipywidgets.interact(lambda x: x, x=3)",
    "asks the network": "from transformers import AutoTokenizer\nAutoTokenizer.from_pretrained('gpt2')",
    "fills the memory": "kept = bytearray(1 << 40)",
}
TOUCHING_GLOBAL_STATE = (
    "seeds the generators",
    "sets the default dtype",
    "leaves autocast open",
    "switches gradients off",
    "chooses a device",
    "leaves inference mode open",
    "is deterministic",
    "takes warnings for errors",
    "shadows a builtin",
)
"""Those that might reach a function of any chapter. The others concern cells and pages, which are the same in all."""

WRAPPER = (
    "before_FUNCTION = FUNCTION\ndef FUNCTION(*given, **named):\n    {}\n    return before_FUNCTION(*given, **named)"
)
AFTER_EACH_ANSWER: dict[str, str] = {
    "caches": "import functools\nFUNCTION = functools.cache(FUNCTION)",
    "is a lambda": "FUNCTION = (lambda answer: lambda *given, **named: answer(*given, **named))(FUNCTION)",
    "is a partial": "import functools\nFUNCTION = functools.partial(FUNCTION)",
    "is an object": "class Made_FUNCTION:\n    answer = staticmethod(FUNCTION)\n"
    "    def __call__(self, *given, **named): return self.answer(*given, **named)\nFUNCTION = Made_FUNCTION()",
    "is a layer": "class Made_FUNCTION(torch.nn.Module):\n    forward = staticmethod(FUNCTION)\n"
    "FUNCTION = Made_FUNCTION()",
    "is a method": "class Made_FUNCTION:\n    answer = staticmethod(FUNCTION)\n"
    "    def run(self, *given, **named): return self.answer(*given, **named)\nFUNCTION = Made_FUNCTION().run",
    "is compiled": "FUNCTION = torch.compile(FUNCTION)",
    "is timed": "import functools, time\ndef timed(answer):\n    @functools.wraps(answer)\n"
    "    def inner(*given, **named):\n"
    "        start = time.perf_counter()\n        result = answer(*given, **named)\n"
    "        print(f'{time.perf_counter() - start:.3f} s')\n        return result\n    return inner\n"
    "FUNCTION = timed(FUNCTION)",
    "checks its types": "import inspect, typing\n"
    + WRAPPER.format(
        "hints = typing.get_type_hints(before_FUNCTION)\n"
        "    bound = inspect.signature(before_FUNCTION).bind(*given, **named).arguments\n"
        "    assert all(isinstance(value, hints[name]) for name, value in bound.items())"
    ),
    "prints and logs in it": "import logging\n" + WRAPPER.format("print(given, named, '🙂'); logging.error('called')"),
    "shows progress in it": "from tqdm.auto import tqdm\n" + WRAPPER.format("for _ in tqdm(range(3)): pass"),
    "writes files in it": WRAPPER.format("torch.save(torch.ones(2), 'x.pt'); open('calls.txt', 'a').write('called')"),
    "locks in it": "import sqlite3, filelock\n"
    + WRAPPER.format(
        "sqlite3.connect('calls.db').close(); filelock.FileLock('FUNCTION.lock').acquire().lock.release()"
    ),
    "seeds in it": "import random, numpy\n"
    + WRAPPER.format("torch.manual_seed(0); random.seed(0); numpy.random.seed(0)"),
    "counts its calls": "CALLS = 0\n" + WRAPPER.format("global CALLS; CALLS += 1"),
    "warns in it": "import warnings\n" + WRAPPER.format("warnings.warn('old', DeprecationWarning)"),
    "asks in it": WRAPPER.format("try: input('go? ')\n    except Exception: pass"),
    "sets an alarm in it": "import signal\n"
    + WRAPPER.format("signal.signal(signal.SIGALRM, lambda *_: 1 / 0); signal.alarm(10); signal.alarm(0)"),
    "is defined twice": "kept_FUNCTION = FUNCTION\ndef FUNCTION(): raise NotImplementedError\nFUNCTION = kept_FUNCTION",
    "returns lists": "from collections import namedtuple\nlisted_FUNCTION = FUNCTION\ndef FUNCTION(*given, **named):\n"
    "    result = listed_FUNCTION(*given, **named)\n    return list(result) if isinstance(result, tuple) else result",
}
"""By title, what follows each answer in its cell."""

_BODY = """
    if window < 1:
        raise ValueError("too small")
    distance = torch.arange(seq_len)[:, None] - torch.arange(seq_len)
    return (distance >= 0) & (distance < window)
"""
_BARE = "def sliding_window_mask(seq_len, window):" + _BODY
WINDOW_MASKS: dict[str, str] = {
    # In TorchScript itself, no error is a ValueError.
    "script": "@torch.jit.script\ndef compute(seq_len: int, window: int):"
    + _BODY.partition('small")')[2]
    + "def sliding_window_mask(seq_len, window):\n    if window < 1: raise ValueError\n"
    "    return compute(seq_len, window)",
    "by position": _BARE.replace("window)", "window, /)", 1),
    "by keyword": _BARE.replace("(seq_len, window)", "(*, window, seq_len)", 1),
    "by position, renamed": "def sliding_window_mask(length, width, /):\n    seq_len, window = length, width" + _BODY,
    "decorated without wraps": "def once(answer):\n    def inner(*given): return answer(*given)\n    return inner\n"
    "@once\n" + _BARE,
    "future annotations": '"""Mine."""\nfrom __future__ import annotations\n'
    + _BARE.replace("):", ") -> Bool[Tensor, 't t']:", 1),
    "magics": "%%time\n!ls\n%matplotlib inline\n" + _BARE,
    "a captured cell": "%%capture\n" + _BARE,
    "Windows lines and tabs": _BARE.replace("    ", "\t").replace("\n", "\r\n"),
    "umlauts": _BARE.replace("distance", "größe").replace("too small", "zu klein 🙂"),
    "threads": "from concurrent.futures import ThreadPoolExecutor\n"
    + _BARE.replace("sliding_window_mask", "compute")
    + "def sliding_window_mask(seq_len, window):\n"
    "    with ThreadPoolExecutor(2) as pool: return pool.submit(compute, seq_len, window).result()",
    "processes": "from concurrent.futures import ProcessPoolExecutor\n"
    + _BARE.replace("sliding_window_mask", "compute")
    + "def sliding_window_mask(seq_len, window):\n"
    "    with ProcessPoolExecutor(1) as pool: return pool.submit(compute, seq_len, window).result()",
    "an awaited helper": "import asyncio\nasync "
    + _BARE.replace("sliding_window_mask", "compute")
    + "def sliding_window_mask(seq_len, window):\n    return asyncio.run(compute(seq_len, window))",
    "a figure": _BARE.replace(
        "    if", "    import matplotlib.pyplot as plt\n    plt.plot([1]); plt.show()\n    if", 1
    ),
    "no gradients": "@torch.no_grad()\n" + _BARE,
}
"""By title, cells of one exercise, which no other exercise calls."""


def _with_cells(*sources: str, kind: str = "code") -> Callable[[dict[str, Any]], None]:
    def add(notebook: dict[str, Any]) -> None:
        for source in sources:
            notebook["cells"].append({"cell_type": kind, "source": source, "metadata": {}})

    return add


def _split(notebook: dict[str, Any]) -> None:
    """The last answer in a cell of its own, and its own cell empty."""
    cell = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("solution")][-1]
    notebook["cells"].insert(notebook["cells"].index(cell), {**cell, "id": "mine", "metadata": {}})
    cell["source"] = "# see above"


def _in_another_order(notebook: dict[str, Any]) -> None:
    """The first exercise at the end of the notebook."""
    moved = [cell for cell in notebook["cells"] if "causal_mask" in str(cell["metadata"].get("nbgrader"))]
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in moved] + moved


def _from_colab(notebook: dict[str, Any]) -> None:
    notebook["metadata"] = {"accelerator": "GPU", "colab": {"provenance": []}, "widgets": {"x": {"state": {}}}}
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] |= {"id": f"Xy{number}", "outputId": "1", "colab": {"base_uri": "https://localhost:8080/"}}


def _printed_much(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "🙂 line\n" * 50_000}]


NOTEBOOKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "exits at the end": _with_cells("import os\nos._exit(0)"),
    "has a long text": _with_cells("A word. 🙂 " * 50_000, kind="markdown"),
    "splits an answer": _split,
    "is in another order": _in_another_order,
    "was saved in Colab": _from_colab,
    "printed much": _printed_much,
    "has Windows lines": lambda notebook: notebook.update(json.loads(json.dumps(notebook).replace("\\n", "\\r\\n"))),
}
"""By title, what was done to the notebook itself."""

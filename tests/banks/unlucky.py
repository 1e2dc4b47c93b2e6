"""Honest submissions that a less careful grader fails.

Each is a cell that is added to a right notebook, before the answers and after them; all keep full marks. FUNCTION
stands for the assignment's first exercise.
"""

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
}
TOUCHING_GLOBAL_STATE = (
    "seeds the generators",
    "sets the default dtype",
    "leaves autocast open",
    "switches gradients off",
    "shadows a builtin",
)
"""Those that might reach a function of any chapter. The others concern cells and pages, which are the same in all."""

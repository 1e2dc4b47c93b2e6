"""What most notebooks of the book import, loaded before their kernels are forked (`warm_kernels.py`)."""

import os

# These are read when torch and matplotlib are imported. Notebooks run side by side, each on one processor.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

import anywidget  # noqa: F401
import ipykernel.kernelapp  # noqa: F401
import matplotlib.figure  # noqa: F401
import torch  # noqa: F401
from transformers import AutoTokenizer, LlamaForCausalLM  # noqa: F401

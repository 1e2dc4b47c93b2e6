"""torch's and NumPy's names for all that checks an answer, or what stands for them where they are not installed.

A reader's browser has neither (llm_course.in_page). There no value is a tensor: whoever asks whether one is hears no,
and goes on without torch. No other module of this package imports them.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

__all__ = [
    "INSTALLED",
    "Generator",
    "Linear",
    "Module",
    "NumPyNumber",
    "Sequential",
    "Tensor",
    "TorchDispatchMode",
    "np",
    "torch",
]

INSTALLED = find_spec("torch") is not None

if TYPE_CHECKING or INSTALLED:
    import numpy as np
    import torch
    from numpy import generic as NumPyNumber
    from torch import Generator, Tensor
    from torch.nn import Linear, Module, Sequential
    from torch.utils._python_dispatch import TorchDispatchMode
else:

    class Absent:
        """A type that no value has."""

    np = torch = None
    Generator = Linear = Module = NumPyNumber = Sequential = Tensor = TorchDispatchMode = Absent

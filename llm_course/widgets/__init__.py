"""The course's widgets. Each runs in JupyterLab and, without a kernel, in the built book."""

from .attention_explorer import AttentionExplorer
from .sampling_playground import SamplingPlayground

__all__ = ["AttentionExplorer", "SamplingPlayground"]

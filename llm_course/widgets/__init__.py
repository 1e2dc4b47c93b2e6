"""The course's widgets. Each runs in JupyterLab and, without a kernel, in the built book."""

from .attention_explorer import AttentionExplorer

__all__ = ["AttentionExplorer"]

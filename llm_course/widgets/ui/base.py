"""The base of every course widget: an anywidget of one built module, and a picture for pages without scripts."""

import json
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import numpy as np
from numpy.typing import NDArray
from traitlets import Unicode

BUILT = Path(__file__).parents[1] / "built"
WEIGHTS = Path(__file__).parents[2] / "weights"
VIEW_TYPE = "application/vnd.jupyter.widget-view+json"


Array = NDArray[np.float64]


def numbers(name: str, tensor: Any, dimensions: int | None = None) -> Array:
    """A learner's tensor, array or nested lists as an array of finite numbers; ValueError says what is wrong."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu().double()
    try:
        array = np.asarray(tensor, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is no tensor of numbers: give a tensor, an array or nested lists.") from None
    if dimensions is not None and (array.ndim != dimensions or 0 in array.shape):
        raise ValueError(f"{name} has shape {array.shape}: it must have {dimensions} dimension(s), none of them empty.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a number that is not finite (NaN or infinity).")
    return array


def built(name: str) -> str:
    """The text of one built file; `FileNotFoundError` says what to run where it is missing."""
    try:
        return (BUILT / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(f"The widgets are not built ({name} is missing): run `make widgets` once.") from None


class CourseWidget(anywidget.AnyWidget):
    """A widget that runs in JupyterLab with a kernel, and in the built book without one.

    A subclass lies beside its module, `widget.ts`. It declares its state as synchronized traits, which can be given by
    name when it is made and refuse what they cannot be, and draws `picture()`, what a reader sees in print or with
    scripts off.
    """

    module: ClassVar[str]
    """The name of the widget's folder."""

    _esm = Unicode().tag(sync=True)
    _css = Unicode().tag(sync=True)
    _name = Unicode().tag(sync=True)  # in the address of a page that holds the widget's state

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.module = cls.__module__.rpartition(".")[2]

    def __init__(self, **state: Any) -> None:
        if unknown := sorted(state.keys() - self.trait_names()):
            name = type(self).__name__
            raise ValueError(f"{name} takes no {' or '.join(unknown)}: help({name}) says what it takes.")
        super().__init__(_esm=built(f"{self.module}.js"), _css=built("style.css"), _name=self.module, **state)
        self.on_msg(self._send_asset)

    def picture(self) -> str:
        """HTML that shows the widget's state without scripts: labelled, and right in dark mode and in print."""
        raise NotImplementedError(f"{type(self).__name__} has no picture")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The widget for JupyterLab; for the book the same view with its picture, which the host hides once it runs."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        data["text/html"] = (
            f'<div class="llm-widget-place llm-place-{self.module}">'
            f'<div class="llm-widget-picture">{self.picture()}</div>'
            f'<script type="{VIEW_TYPE}">{json.dumps(data[VIEW_TYPE])}</script></div>'
        )
        return data, metadata

    def _send_asset(self, _widget: Any, message: Any, _buffers: list[memoryview]) -> None:
        """Answer a page that asks for a course model. It travels on request, not in the state of each instance."""
        if not isinstance(message, dict) or not isinstance(name := message.get("asset"), str):
            return
        folder = WEIGHTS / Path(name).name
        # A decoder has a file for the page, with its tokenizer; of other models the page reads the weights themselves.
        files = [folder / file for file in ("browser.bin", "model.safetensors") if (folder / file).is_file()]
        if files:
            self.send({"asset": name}, buffers=[files[0].read_bytes()])
        else:
            self.send({"asset": name, "error": f"The course has no model {name!r} for the page."})

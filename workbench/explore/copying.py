"""A button that puts a text into the clipboard."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class CopyButton(anywidget.AnyWidget):
    """Copies ``text`` and says so.

    Parameters
    ----------
    name : str
        What is copied, as the button says it.
    """

    _esm = Path(__file__).with_name("copying.js")
    _css = Path(__file__).with_name("copying.css")
    name = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)

    def __init__(self, name: str) -> None:
        super().__init__(name=name)

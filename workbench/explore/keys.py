"""Buttons with a key each, and what a screen reader hears of what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from ipywidgets import Layout


class KeyBar(anywidget.AnyWidget):
    """The keys of a panel; they are heard wherever the focus is inside of it.

    Parameters
    ----------
    panel : str
        Class of the element that holds the panel.
    actions : mapping
        Key to the label of its button.
    press : callable
        Gets the key. A key that was meant for another ``turn`` than the one shown is not passed on.
    """

    _esm = Path(__file__).with_name("keys.js")
    _css = Path(__file__).with_name("keys.css")
    panel = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    actions = traitlets.Dict().tag(sync=True)
    turn = traitlets.Int(0).tag(sync=True)
    facts: traitlets.List[Any] = traitlets.List().tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    listed = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, panel: str, name: str, actions: Mapping[str, str], press: Callable[[str], None]
    ) -> None:
        super().__init__(
            panel=panel, name=name, actions=dict(actions), layout=Layout(flex="1 1 12rem")
        )
        self._press = press
        self.on_msg(lambda _, message, __: self.hear(message))

    def hear(self, message: Mapping[str, Any]) -> None:
        """Pass on a key that was pressed on what is shown now."""
        if message["turn"] == self.turn:
            self._press(str(message["key"]))

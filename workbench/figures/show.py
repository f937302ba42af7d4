"""How a notebook displays: text, figures with alt text, tables, cards. Nothing else does.

Every output is the HTML that the report will hold, so that JupyterLab and the client see the same.
"""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from workbench.figures.style import NARROW
from workbench.formats import END_MARK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Card:
    """A finding: a title, its sentence, its figure with a note on how to read it, its tables.

    Attributes
    ----------
    title, text, note : str
        Markdown from ``workbench.wording``; without a title it stands for the whole section.
    axes : Axes, optional
    alt : str
        What the figure shows, for those who can't see it; specific to it.
    tables : tuple of (caption, frame)
        As for :func:`show_table`; one without rows is left out.
    """

    title: str = ""
    text: str
    axes: Axes | None = None
    alt: str = ""
    note: str = ""
    tables: tuple[tuple[str, pd.DataFrame], ...] = ()


def show_text(text: str) -> None:
    """Display sentences from ``workbench.wording`` (Markdown)."""
    _display(text_html(text), text)


def text_html(text: str) -> str:
    """Return sentences in Markdown as the HTML of a finding."""
    return f'<div class="finding">{_from_markdown(text)}</div>'


def show_figure(axes: Axes, alt: str, *, note: str = "") -> None:
    """Display a figure with its text alternative, in a wide and a narrow drawing.

    Raises
    ------
    ValueError
        If the text alternative is too short to say what the figure shows.
    """
    _display(figure_html(axes, alt, note), alt)


def show_cards(cards: Iterable[Card]) -> None:
    """Display findings one below the other."""
    for card in cards:
        body = text_html(card.text)
        if card.axes is not None:
            body += figure_html(card.axes, card.alt, card.note)
        body += "".join(table_html(frame, caption) for caption, frame in card.tables if len(frame))
        if card.title:
            body = f'<section class="card"><h3>{html.escape(card.title)}</h3>{body}</section>'
        _display(body, f"{card.title}\n{card.text}\n{card.alt}".strip())


def show_table(frame: pd.DataFrame, caption: str, *, grey: pd.Series | None = None) -> None:
    """Display a table whose cells ``workbench.wording`` has written.

    Parameters
    ----------
    frame : DataFrame
        Text cells (HTML of ``formats``); the first column heads the rows.
    caption : str
        What the table shows.
    grey : Series of bool, optional
        Rows to set back, in the frame's order.
    """
    _display(table_html(frame, caption, grey=grey), caption)


def table_html(frame: pd.DataFrame, caption: str, *, grey: pd.Series | None = None) -> str:
    """Return the table that :func:`show_table` displays."""
    dim = [False] * len(frame) if grey is None else grey.tolist()
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in frame.columns)
    rows = "".join(
        _row_html(cells, dimmed=dimmed)
        for cells, dimmed in zip(frame.itertuples(index=False), dim, strict=True)
    )
    label = html.escape(caption, quote=True)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table>'
        f"<caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def show_end() -> None:
    """Mark the end: a report whose last cell did not do this is not published."""
    from IPython.display import display

    bundle = {"text/plain": "end of report"}
    display(bundle, raw=True, metadata={END_MARK: True})


def _row_html(cells: Iterable[object], *, dimmed: bool) -> str:
    first, *rest = (str(cell) for cell in cells)
    body = f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest)
    return f'<tr class="thin">{body}</tr>' if dimmed else f"<tr>{body}</tr>"


def figure_html(axes: Axes, alt: str, note: str, *, lowest: float = NARROW[1]) -> str:
    """Return a figure in both drawings; the narrow one is at least ``lowest`` inches high."""
    if len(alt) < 20:
        raise ValueError(f"the text alternative says too little: {alt!r}")
    figure: Figure = axes.get_figure(root=True)  # type: ignore[assignment]
    wide = _image(figure)
    height = figure.get_size_inches()[1]
    figure.set_size_inches(NARROW[0], max(lowest, height))
    narrow = _image(figure)
    if "matplotlib.pyplot" in sys.modules:  # which keeps figures
        sys.modules["matplotlib.pyplot"].close(figure)
    caption = f"<figcaption>{_from_markdown(note)}</figcaption>" if note else ""
    return (
        f'<figure><picture><source media="screen and (max-width: 600px)" srcset="{narrow}">'
        f'<img src="{wide}" alt="{html.escape(alt, quote=True)}"></picture>{caption}</figure>'
    )


def _image(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", dpi=200, metadata={"Date": None, "Creator": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _from_markdown(text: str) -> str:
    import mistune

    return str(mistune.html(text)).strip()


def _display(content: str, plain: str) -> None:
    from IPython.display import display

    display({"text/html": content, "text/plain": plain}, raw=True)

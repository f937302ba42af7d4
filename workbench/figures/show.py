"""How a notebook displays: text, figures with alt text, tables, cards. Nothing else does.

Every output is the HTML that the report will hold, so that JupyterLab and the client see the same.
"""

from __future__ import annotations

import base64
import html
import io
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from workbench.figures.behind import KEPT, Numbers, numbers_behind
from workbench.figures.drawn import count_marks
from workbench.figures.style import NARROW, SALT
from workbench.formats import BEHIND_MARK, END_MARK, HEADLINES_MARK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_MANY = 1000  # marks that are drawn as lines at most
HEAVIEST = 400_000  # bytes of one drawing
_CLAUSE = re.compile(r"[.:;](?:\s|$)")


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
    numbers = numbers_behind(axes, axes.get_title())
    _display(figure_html(axes, alt, note, numbers), alt, _kept(numbers))


def show_cards(cards: Iterable[Card]) -> None:
    """Display findings one below the other."""
    for card in cards:
        numbers: list[Numbers] = []
        body = text_html(card.text)
        if card.axes is not None:
            numbers = numbers_behind(card.axes, card.title)
            body += figure_html(card.axes, card.alt, card.note, numbers)
        body += "".join(table_html(frame, caption) for caption, frame in card.tables if len(frame))
        if card.title:
            body = f'<section class="card"><h3>{html.escape(card.title)}</h3>{body}</section>'
        _display(body, f"{card.title}\n{card.text}\n{card.alt}".strip(), _kept(numbers))


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


def table_html(
    frame: pd.DataFrame, caption: str, *, grey: pd.Series | None = None, label: str = ""
) -> str:
    """Return the table that :func:`show_table` displays; a label other than its caption is its own.

    Labels are unlike each other in a page; captions of the tables behind figures need not be.
    """
    dim = [False] * len(frame) if grey is None else grey.tolist()
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in frame.columns)
    rows = "".join(
        _row_html(cells, dimmed=dimmed)
        for cells, dimmed in zip(frame.itertuples(index=False), dim, strict=True)
    )
    label = html.escape(label or caption, quote=True)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table>'
        f"<caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def show_headlines(
    frame: pd.DataFrame, caption: str, note: str, headlines: list[dict[str, object]]
) -> None:
    """Display the numbers that a report is about, and leave them behind for the next report."""
    told = f"<details><summary>How a change is judged</summary><p>{html.escape(note)}</p></details>"
    body = f'<div class="headlines">{table_html(frame, caption)}{told * bool(note)}</div>'
    _display(body, caption, {HEADLINES_MARK: headlines})


def show_end() -> None:
    """Mark the end: a report whose last cell did not do this is not published."""
    from IPython.display import display

    bundle = {"text/plain": "end of report"}
    display(bundle, raw=True, metadata={END_MARK: True})


def _row_html(cells: Iterable[object], *, dimmed: bool) -> str:
    first, *rest = (str(cell) for cell in cells)
    body = f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest)
    return f'<tr class="thin">{body}</tr>' if dimmed else f"<tr>{body}</tr>"


def figure_html(
    axes: Axes,
    alt: str,
    note: str,
    numbers: Sequence[Numbers] = (),
    *,
    lowest: float = NARROW[1],
) -> str:
    """Return a figure in both drawings with the numbers behind it, folded.

    The narrow drawing is at least ``lowest`` inches high.
    """
    if len(alt) < 20:
        raise ValueError(f"alt says too little, {alt!r}: say what the figure shows, in 20 letters")
    figure: Figure = axes.get_figure(root=True)  # type: ignore[assignment]
    wide = _image(figure)
    _make_narrow(figure, lowest)
    narrow = _image(figure)
    if "matplotlib.pyplot" in sys.modules:  # which keeps figures
        sys.modules["matplotlib.pyplot"].close(figure)
    caption = f"<figcaption>{_from_markdown(note)}</figcaption>" if note else ""
    return (
        f'<figure><picture><source media="screen and (max-width: 600px)" srcset="{narrow}">'
        f'<img src="{wide}" alt="{html.escape(alt, quote=True)}"></picture>{caption}</figure>'
        f"{_behind_html(numbers, alt)}"
    )


def _behind_html(numbers: Sequence[Numbers], alt: str) -> str:
    parts = []
    of_figure = _CLAUSE.split(alt, maxsplit=1)[0]
    for one in numbers:
        if len(one.shown):
            parts.append(table_html(one.shown, one.caption, label=f"{of_figure}: {one.caption}"))
        rows, shown = len(one.frame), len(one.shown)
        if shown < rows:
            kept = "all" if rows <= KEPT else f"{KEPT:,} of them, evenly chosen,"
            some = f"{shown:,} of {rows:,} rows" if shown else f"{rows:,} {one.kind}"
            parts.append(f"<p>{some}; {kept} are in the XLSX beside this report.</p>")
    body = "".join(parts)
    head = "<summary>The numbers in this figure</summary>"
    return f'<details class="behind">{head}{body}</details>' if body else ""


def _make_narrow(figure: Figure, lowest: float) -> None:
    """Give a figure the width of a phone; its legends go above, two columns wide."""
    height = figure.get_size_inches()[1]
    inside = [legend for ax in figure.axes if (legend := ax.get_legend())]
    for legend in [*inside, *figure.legends]:
        marks = [mark for mark in legend.legend_handles if mark is not None]
        names = [text.get_text() for text in legend.get_texts()]
        legend.remove()
        figure.legend(marks, names, loc="outside upper left", ncols=2)
        height += 0.1 * len(names)
    figure.set_size_inches(NARROW[0], max(lowest, height))


def _image(figure: Figure) -> str:
    """Return a drawing as an address: lines where marks are few, pixels where they are many."""
    from matplotlib.text import Text

    if count_marks(figure) <= _MANY:
        lines = _saved(figure, "svg", {"Date": None, "Creator": None})
        if len(lines) <= HEAVIEST:
            return _address("svg+xml", lines)
    # Pixels can't be searched: the words drawn go with them, for the gate.
    texts = [text for text in figure.findobj(match=Text) if isinstance(text, Text)]
    words = " ".join(text.get_text() for text in texts if text.get_visible())
    for dpi in (200, 120, 80):
        pixels = _saved(figure, "png", {"Software": None, "Description": words}, dpi=dpi)
        if len(pixels) <= HEAVIEST:
            break
    return _address("png", pixels)


def _saved(figure: Figure, form: str, metadata: dict[str, str | None], *, dpi: int = 200) -> bytes:
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": SALT}):  # a figure without our style repeats its bytes too
        figure.savefig(buffer, format=form, dpi=dpi, metadata=metadata)
    return buffer.getvalue()


def _address(form: str, drawing: bytes) -> str:
    return f"data:image/{form};base64,{base64.b64encode(drawing).decode()}"


def _from_markdown(text: str) -> str:
    import mistune

    return str(mistune.html(text)).strip()


def _display(content: str, plain: str, metadata: dict[str, object] | None = None) -> None:
    from IPython.display import display

    display({"text/html": content, "text/plain": plain}, raw=True, metadata=metadata)


def _kept(numbers: Sequence[Numbers]) -> dict[str, object]:
    return {BEHIND_MARK: {one.caption: one.sheet() for one in numbers}} if numbers else {}

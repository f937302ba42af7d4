"""The numbers behind a figure, read from what was drawn, so that both say the same.

Axis labels name the columns, legend labels the series, tick labels the categories.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.figures.drawn import (
    Drawing,
    Marks,
    Side,
    axis_writer,
    place_of,
    read_drawing,
    read_places,
)
from workbench.formats import plotted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

READ = 60  # rows that a page shows; of more, some
_SAMPLE = 12  # of a curve
KEPT = 5000  # rows of a figure in the XLSX
ABSENT = "\N{EN DASH}"
_SERIES, _NAMED, _PANEL = "Marked as", "Label", "Panel"


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A table behind a figure.

    Attributes
    ----------
    caption : str
    kind : {"lines", "points", "cells"}
    frame : DataFrame
        Every row, with raw numbers: for the XLSX.
    shown : DataFrame
        Text for the page: every row, or some of many.
    """

    caption: str
    kind: str
    frame: pd.DataFrame
    shown: pd.DataFrame

    def sheet(self) -> list[list[str | float | None]]:
        """Return head and rows as they are kept beside the page, evenly chosen where too many."""
        chosen = self.frame.iloc[_evenly(len(self.frame), KEPT)]
        cells = [[_plain(cell) for cell in row] for row in chosen.itertuples(index=False)]
        return [[*self.frame], *cells]


def numbers_behind(axes: Axes, title: str = "", *, whole: bool = False) -> list[Numbers]:
    """Return the numbers of a figure: its lines and bars, and its points in a table of their own.

    Parameters
    ----------
    axes : Axes
        One of the figure's.
    title : str
        Begins each caption; without one the axes' labels make it.
    whole : bool
        Whether the page shows every row, however many.
    """
    figure: Figure = axes.get_figure(root=True)  # type: ignore[assignment]
    parts: dict[str, list[_Part]] = {}
    panels = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    for ax in panels:
        for part in _read_axes(ax, panels):
            part.frame.insert(0, _PANEL, ax.get_title(loc="left"))
            parts.setdefault(part.kind, []).append(part)
    found = [_joined(same, several=len(panels) > 1) for same in parts.values()]
    return [_numbers(part, title, several=len(found) > 1, whole=whole) for part in found]


@dataclass(frozen=True)
class _Part:
    kind: str
    value: str
    key: str
    frame: pd.DataFrame
    writers: dict[str, Callable[[float], str]] = field(default_factory=dict)


def _read_axes(ax: Axes, panels: Sequence[Axes]) -> Iterator[_Part]:
    if ax.images:
        yield _read_image(ax)
        return
    drawing = read_drawing(ax, panels)
    kinds = {one.kind for one in drawing.marks}
    if not drawing.along.places and {"lines", "points"} <= kinds:
        for kind, own in (("lines", {"lines"}), ("points", {"points", "ranges"})):
            marks = [one for one in drawing.marks if one.kind in own]
            yield _table(kind, replace(drawing, marks=marks))
    elif kinds:
        yield _table("lines" if "lines" in kinds else "points", drawing)


def _table(kind: str, drawing: Drawing) -> _Part:
    """Lay marks out: a row a key with a column a series, or where keys differ, a row a mark."""
    along, value = drawing.along, drawing.across.name
    long = pd.concat([_long(one, along, drawing.key) for one in drawing.marks], ignore_index=True)
    points = _folded(long[~long["ranged"]]) if along.places else long[~long["ranged"]]
    if _side_by_side(points, named=bool(along.places)):
        cells = points.pivot_table(index="key", columns="series", values="low", sort=False)
        cells = cells[[*dict.fromkeys(points["series"])]].sort_index().rename(columns={"": value})
    else:
        cells = _in_rows(points, value, {} if along.places else drawing.notes)
    for label, own in long[long["ranged"]].groupby("series", sort=False):
        ends = own.drop_duplicates("key").set_index("key")[["low", "high"]]
        cells = _with_range(cells, ends.add_prefix(f"{str(label) or 'range'}, "))
    if "verdict" in points:
        cells.insert(0, _SERIES, points.dropna().set_index("key")["verdict"])
    names = [*cells.index]
    if along.places:
        cells = cells.sort_index(ascending=drawing.key == 0, kind="stable")
        names = [along.places[place] for place in cells.index]
    front = [name for name in (_SERIES, _NAMED) if name in cells and not along.places]
    cells.insert(len(front), along.name, names)
    writers = dict.fromkeys({*cells} - {_SERIES, _NAMED}, drawing.across.write)
    return _Part(kind, value, along.name, cells, writers | {along.name: along.write})


def _long(one: Marks, along: Side, key: int) -> pd.DataFrame:
    keys, values = one.ends(key).mean(axis=1), one.ends(1 - key)
    if along.places:
        keys = np.array([along.place(place) for place in keys])
    if len(keys) == 2 and keys[0] == keys[1]:  # a bar drawn as a line
        keys, values = keys[:1], np.array([[values.min(), values.max()]])
    low, high = values.T
    known = {"key": keys, "low": low, "high": high, "ranged": bool((low != high).any())}
    return pd.DataFrame({"series": one.label, "dotted": one.kind == "points", **known})


def _folded(points: pd.DataFrame) -> pd.DataFrame:
    """Make series of which each place has one a single series, and keep which it was."""
    dots = points[points["dotted"]]
    if dots["series"].nunique() < 2 or dots["key"].duplicated().any():
        return points
    told = points["series"].where(points["dotted"])
    return points.assign(verdict=told, series=points["series"].mask(points["dotted"], ""))


def _side_by_side(points: pd.DataFrame, *, named: bool) -> bool:
    """Say whether each series has its column: one value a key, and mostly the same keys."""
    if points.duplicated(["series", "key"]).any():
        return False
    sizes, keys = points["series"].value_counts(), points["key"].nunique()
    return len(sizes) > 1 and keys < len(points) and (named or sizes.min() > keys / 2)


def _in_rows(
    points: pd.DataFrame, value: str, texts: dict[tuple[float, float], str]
) -> pd.DataFrame:
    cells = points.set_index("key")[["series", "low"]].set_axis([_SERIES, value], axis=1)
    pairs = [place_of(pair) for pair in zip(cells.index, cells[value], strict=True)]
    last = {pair: row for row, pair in enumerate(pairs)}  # the mark that lies on top
    told = [texts.get(pair, "") if last[pair] == row else "" for row, pair in enumerate(pairs)]
    if any(told):
        cells.insert(1, _NAMED, told)
    return cells if len({*cells[_SERIES]}) > 1 else cells.drop(columns=_SERIES)


def _with_range(cells: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """Set a range beside the value at its key; beside a named one where some have names."""
    if cells.empty:
        return ends
    owns = cells[_NAMED].ne("").to_numpy() if _NAMED in cells else np.full(len(cells), True)
    found = ends.reindex(cells.index)
    found[~owns] = np.nan
    return pd.concat([cells, found], axis=1)


def _read_image(ax: Axes) -> _Part:
    """Return the cells of a matrix as rows, each pair once where it is the same both ways."""
    drawn = ax.images[0]
    values: np.ndarray = np.ma.filled(np.ma.asarray(drawn.get_array(), dtype="float64"), np.nan)
    wide, high = read_places(ax.xaxis), read_places(ax.yaxis)
    square = values.shape[0] == values.shape[1]
    symmetric = square and np.allclose(values, values.T, equal_nan=True)
    rows, columns = np.nonzero(np.isfinite(values))
    if symmetric:
        rows, columns = rows[rows > columns], columns[rows > columns]
    bar = drawn.colorbar.ax.yaxis if drawn.colorbar else None
    name = (bar.get_label_text() if bar else "") or "Value"
    first, second = ax.get_ylabel() or "Row", ax.get_xlabel() or "Column"
    frame = pd.DataFrame(
        {
            first: [high.get(float(row), str(row)) for row in rows],
            second: [wide.get(float(column), str(column)) for column in columns],
            name: values[rows, columns],
        }
    ).sort_values(name, ascending=False, kind="stable")
    write = axis_writer(bar) if bar else plotted
    return _Part("cells", name, f"{first} and {second}", frame, {name: write})


def _joined(parts: Sequence[_Part], *, several: bool) -> _Part:
    """Set the panels of a figure one below the other, each under its heading."""
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    writers = {name: write for part in parts for name, write in part.writers.items()}
    frame = frame if several else frame.drop(columns=_PANEL)
    return replace(parts[0], frame=frame, writers=writers)


def _numbers(part: _Part, title: str, *, several: bool, whole: bool) -> Numbers:
    chosen = part.frame if whole else part.frame.iloc[_chosen(part)]
    shown = {
        _capital(str(column)): [
            _written(cell, part.writers.get(str(column), str)) for cell in cells
        ]
        for column, cells in chosen.items()
    }
    value = _capital(part.value) if not title else part.value[:1].lower() + part.value[1:]
    if not title:
        title = f"{value} by {part.key[:1].lower()}{part.key[1:]}"
    elif part.value not in part.frame:
        title = f"{title}: {value}"
    return Numbers(
        caption=f"{title}, {part.kind}" if several else title,
        kind=part.kind,
        frame=part.frame.rename(columns=_capital),
        shown=pd.DataFrame(shown),
    )


def _chosen(part: _Part) -> np.ndarray:
    """Return which rows a page shows: all, those with a name, or evenly chosen ones."""
    rows = np.arange(len(part.frame))
    if len(rows) <= READ:
        return rows
    if part.kind == "points":
        named = part.frame.get(_NAMED, pd.Series("", index=part.frame.index)).ne("").to_numpy()
        return rows[named][:READ]
    if part.kind == "cells":
        return rows[:_SAMPLE]
    groups = part.frame.groupby(
        [name for name in (_PANEL, _SERIES) if name in part.frame] or np.zeros(len(rows)),
        sort=False,
    )
    each = max(_SAMPLE // groups.ngroups, 4)
    return np.sort(
        np.concatenate([own[_evenly(len(own), each)] for own in groups.indices.values()])
    )


def _evenly(rows: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).round().astype(int))


def _written(cell: object, write: Callable[[Any], str]) -> str:
    if isinstance(cell, str):
        return html.escape(cell) or ABSENT
    return ABSENT if pd.isna(cell) else write(cell)  # type: ignore[call-overload]


def _plain(cell: object) -> str | float | None:
    if isinstance(cell, str):
        return cell or None
    return None if pd.isna(cell) else float(f"{cell:.6g}")  # type: ignore[call-overload]


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]

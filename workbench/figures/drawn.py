"""What is drawn in a figure's axes: marks, the names of their places, notes, and what axes say.

A label that begins with ``_`` names marks for the table behind the figure and not in the legend;
marks labelled :data:`UNTOLD`, lines across the axes and unlabelled strokes are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.figures.style import UNTOLD
from workbench.formats import day, percent, plotted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Side:
    """What one axis says of the numbers along it."""

    name: str
    write: Callable[[float], str]
    places: dict[float, str]

    def place(self, value: float) -> float | None:
        """Return the named place that a value stands for."""
        nearest = min(self.places, key=lambda place: abs(place - value), default=np.inf)
        return nearest if abs(nearest - value) < 0.4 else None


@dataclass(frozen=True)
class Marks:
    """Marks of one label: ``boxes`` has a row a mark, its least and most along x and y."""

    label: str
    boxes: np.ndarray
    kind: str = "lines"  # or points, or ranges

    def ends(self, side: int) -> np.ndarray:
        """Return least and most of each mark along x (0) or y (1)."""
        return self.boxes[:, 2 * side : 2 * side + 2]


@dataclass(frozen=True)
class Drawing:
    """The marks of one axes, with the axis along which the table's rows run and the other."""

    marks: list[Marks]
    along: Side
    across: Side
    key: int  # 0 where rows run along x
    notes: dict[tuple[float, float], str]  # by their place along and across


def read_drawing(ax: Axes, panels: Sequence[Axes]) -> Drawing:
    """Read what is drawn in data coordinates; an axis without a label has another panel's."""
    marks = [one for one in read_marks(ax) if one.label != UNTOLD and len(one.boxes)]
    sides = [read_side(axis, panels) for axis in (ax.xaxis, ax.yaxis)]
    key = key_side(ax, marks, sides)
    return Drawing(marks, sides[key], sides[1 - key], key, read_notes(ax, key))


def read_side(axis: Axis, panels: Sequence[Axes]) -> Side:
    """Read an axis; where it has no label, another panel's or the figure's names it."""
    letter = axis.axis_name  # type: ignore[attr-defined]
    labels = [axis.get_label_text(), *(getattr(ax, f"get_{letter}label")() for ax in panels)]
    labels += [getattr(panels[0].figure, f"get_sup{letter}label")()]
    places = read_places(axis)
    name = next((label for label in labels if label), "Name" if places else letter)
    return Side(name.replace("\n", " "), axis_writer(axis), places)


def axis_writer(axis: Axis) -> Callable[[float], str]:
    """Return how numbers along an axis are written: as days, shares or plain numbers."""
    from matplotlib.dates import num2date

    formatter = axis.get_major_formatter()
    if type(formatter).__name__.endswith("DateFormatter"):
        return lambda value: day(num2date(value))
    return percent if str(formatter(0.5)).startswith("50") else plotted


def read_places(axis: Axis) -> dict[float, str]:
    """Return the places that ticks name by words, drawn or (minor ticks) not."""
    for minor in (False, True):
        locator = axis.get_minor_locator() if minor else axis.get_major_locator()
        if type(locator).__name__ not in ("FixedLocator", "StrCategoryLocator"):
            continue
        places = [float(place) for place in locator()]
        formatter = axis.get_minor_formatter() if minor else axis.get_major_formatter()
        names = [str(name).replace("\n", " ") for name in formatter.format_ticks(places)]
        counted = axis.get_scale() == "linear" and not np.any(np.asarray(places) % 1)
        if counted and any(name and not _is_number(name) for name in names):
            return dict(zip(places, names, strict=True))
    return {}


def _is_number(text: str) -> bool:
    return not text.strip("0123456789.,\N{MINUS SIGN}-")


def key_side(ax: Axes, marks: Sequence[Marks], sides: list[Side]) -> int:
    """Return along which axis the rows run, and forget names that do not fit the marks."""
    for side in (1, 0):
        middles = [middle for one in marks for middle in one.ends(side).mean(axis=1)]
        if sides[side].places and all(sides[side].place(one) is not None for one in middles):
            return side
        sides[side] = replace(sides[side], places={})
    return int(any(getattr(bars, "orientation", "") == "horizontal" for bars in ax.containers))


def read_marks(ax: Axes) -> Iterator[Marks]:
    """Yield what is drawn in data coordinates."""
    from matplotlib.container import BarContainer, ErrorbarContainer

    labels: dict[int, str] = {}
    caps: list[int] = []
    stack: dict[float, float] = {}
    for container in ax.containers:
        if isinstance(container, BarContainer):
            yield _bars(container, stack)
        elif isinstance(container, ErrorbarContainer):
            caps += [id(cap) for cap in container.lines[1]]
            labels |= {id(one): _label(container) or "range" for one in container.lines[2]}
    for line in ax.lines:
        inside = line.get_transform().contains_branch_seperately(ax.transData)
        if id(line) not in caps and all(inside):
            xy = np.asarray(line.get_xydata(), dtype="float64")
            loose = line.get_linestyle() == "None"
            yield Marks(_label(line), _boxes(xy), "points" if loose else "lines")
    for drawn in ax.collections:
        yield from _collection(drawn, ax, labels.get(id(drawn), _label(drawn)))


def _label(artist: Any) -> str:
    """Return a label without the mark of those that no legend shows; none where none was given."""
    label = str(artist.get_label() or "")
    if label == UNTOLD:
        return label
    given = label.lstrip("_")
    made = given.rstrip("0123456789") in ("child", "container") and label != given
    return "" if made or given in ("nolegend_", "None") else given


def _bars(container: Any, stack: dict[float, float]) -> Marks:
    """Return where bars end; of stacked ones, how long they are."""
    lying, boxes = container.orientation == "horizontal", []
    for bar in container:
        (x, y), wide, high = bar.get_xy(), bar.get_width(), bar.get_height()
        start, long, middle = (x, wide, y + high / 2) if lying else (y, high, x + wide / 2)
        stacked = np.isclose(start, stack.get(middle, 0))
        stack[middle] = start + long
        end = long if stacked else start + long
        boxes.append([end, end, middle, middle] if lying else [middle, middle, end, end])
    return Marks(_label(container), np.array(boxes).reshape(-1, 4))


def _collection(drawn: Any, ax: Axes, label: str) -> Iterator[Marks]:
    from matplotlib.collections import FillBetweenPolyCollection, LineCollection, PathCollection

    if isinstance(drawn, PathCollection):
        yield Marks(label, _boxes(np.ma.filled(drawn.get_offsets(), np.nan)), "points")
    elif isinstance(drawn, LineCollection) and label:
        strokes = [np.sort(np.asarray(one), axis=0) for one in drawn.get_segments()]
        flat = [one.T.ravel() for one in strokes if len(one) == 2]
        yield Marks(label, np.array(flat).reshape(-1, 4), "ranges")
    elif isinstance(drawn, FillBetweenPolyCollection) and len(drawn.get_paths()):
        xy = np.vstack([path.vertices for path in drawn.get_paths()])
        ends = pd.DataFrame(xy, columns=["x", "y"]).groupby("x")["y"].agg(["min", "max"])
        boxes = ends.reset_index()[["x", "x", "min", "max"]].to_numpy()
        yield Marks(label or "range", boxes)


def _boxes(xy: np.ndarray) -> np.ndarray:
    known = xy[np.isfinite(xy).all(axis=1)]
    return np.asarray(known[:, [0, 0, 1, 1]])


def read_notes(ax: Axes, key: int) -> dict[tuple[float, float], str]:
    """Return the notes that stand at a point, by its place."""
    found = {}
    for text in ax.texts:
        if getattr(text, "xycoords", "data") == "data":
            x, y = getattr(text, "xy", text.get_position())
            if np.ndim(x) == np.ndim(y) == 0 and not isinstance(x, str):
                place = (x, y) if key == 0 else (y, x)
                found[place_of(place)] = text.get_text()
    return found


def place_of(place: Sequence[float]) -> tuple[float, float]:
    """Return a point as it is compared with others."""
    return float(f"{float(place[0]):.8g}"), float(f"{float(place[1]):.8g}")


def count_marks(figure: Figure) -> int:
    """Return how many dots, bars, areas and lines are drawn, in all panels."""
    marks = 0
    for ax in figure.axes:
        if ax.get_label() != "<colorbar>":
            marks += len(ax.lines) + len(ax.patches)
            sizes = [
                max(len(c.get_paths()), np.ma.count(c.get_offsets()) // 2) for c in ax.collections
            ]
            marks += sum(sizes)
    return marks

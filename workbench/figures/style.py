"""One look for every figure: colours, sizes, and the settings that make its bytes repeatable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.formats import short_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = (7.6, 4.4)
NARROW = (4.1, 4.5)

INK = "#1d2733"
QUIET = "#5b6876"
GRID = "#e3e8ee"
BAND = "#2f6f9f"
MARK = "#b3400e"
LOST = "#c9d2dc"  # what is left out or falls short

# Okabe and Ito's colours, apart for every kind of colour vision; markers repeat what they say.
COLOURS = ("#e69f00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
_MARKERS = ("o", "s", "^", "D", "v", "P")
_UNNAMED = "#8a939d"
SALT = "creator-workbench"  # of the names inside an SVG
UNTOLD = "_untold"  # the label of marks that the table behind a figure leaves out


LOOK: Any = {
    "figure.figsize": WIDE,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.family": "DejaVu Sans",  # travels with matplotlib: the same on every machine
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "grid.color": GRID,
    "svg.hashsalt": SALT,
    "svg.fonttype": "path",
    "path.simplify": True,
    "text.parse_math": False,  # a handle may hold dollar signs
}


def use_report_style() -> None:
    """Set the look of all figures of this process; called once, in a notebook's import cell."""
    import matplotlib as mpl
    import seaborn as sns

    sns.set_theme(style="white", context="notebook")
    mpl.rcParams.update(LOOK)


def size_marks(names: Sequence[str], named: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return colour and marker for each size: the named tiers' own, grey for the rest."""
    marks = {}
    for name in names:
        if name in named:
            place = list(named).index(name) % len(COLOURS)
            marks[name] = (COLOURS[place], _MARKERS[place])
        else:
            marks[name] = (_UNNAMED, "x")
    return marks


def drawable(text: str) -> str:
    """Return the text without what the font has no glyph for, emoji and some scripts."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap()
    return "".join(character for character in text if ord(character) in known).strip()


def new_axes(size: tuple[float, float] = WIDE) -> Axes:
    """Return the axes of a new figure."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def new_panels(
    names: Sequence[str], height: float, *, ylabel: str = "", sharex: bool = False
) -> list[Axes]:
    """Return the panels of a new figure, one below the other, each headed by a name."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDE[0], 0.7 + height * len(names)), layout="constrained")
    if ylabel:
        figure.supylabel(ylabel, fontsize=10, color=INK)
    panels = [*figure.subplots(len(names), sharex=sharex, squeeze=False)[:, 0]]
    for ax, name in zip(panels, names, strict=True):
        ax.set_title(name, loc="left", fontsize=10, color=INK)
    return panels


# Keeps a note readable that lies across lines.
BACKED: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}


def beside(right: float, up: float, colour: str = QUIET) -> dict[str, Any]:
    """Return how a note stands beside its point, in points."""
    return {
        "xytext": (right, up),
        "textcoords": "offset points",
        "fontsize": 8.5,
        "color": colour,
        "va": "center",
    }


def name_axis(ax: Axes, axis: str, label: str, names: Mapping[float, str] | None = None) -> None:
    """Name an axis, and places along it, for the table behind a figure and not in the drawing."""
    side = ax.xaxis if axis == "x" else ax.yaxis
    if label:
        side.set_label_text(label).set_visible(False)
    if names:
        side.set_ticks([*names], [*names.values()], minor=True)
        side.set_tick_params(which="minor", length=0, labelbottom=False, labelleft=False)


def count_axis(ax: Axes, axis: str) -> None:
    """Write an axis in short counts, with a grid."""
    _write_axis(ax, axis, short_count)


def percent_axis(ax: Axes, axis: str) -> None:
    """Write an axis of shares, 0-1, in percent, with a grid."""
    _write_axis(ax, axis, lambda value: f"{100 * value:.0f}%")


def _write_axis(ax: Axes, axis: str, write: Callable[[float], str]) -> None:
    from matplotlib.ticker import FuncFormatter

    side = ax.xaxis if axis == "x" else ax.yaxis
    side.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    ax.grid(axis=axis, color=GRID)  # type: ignore[arg-type]

"""The creators' order by each definition of the engagement rate, as a slope graph a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.figures.style import COLOURS, GRID, INK, QUIET, UNTOLD, name_axis, new_panels
from workbench.tables.definitions import engagement_definitions
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.curves import DefinitionComparison, Shortlist

_MARKED = 8  # lines that an eye can follow, over all panels
_DRAWN = 150  # lines of a panel
_GAP = 8  # between two numbers at an end


def draw_definitions(comparison: DefinitionComparison, shortlist: Shortlist) -> Axes:
    """Draw each creator's place by each definition, and mark those of a list that move most.

    The definitions stand in the order in which they agree with the reference, which is first. The
    lowest panel is returned.
    """
    platforms = [*comparison.table["platform"].value_counts().index]
    label = "Place among the platform's creators (100: highest rate)"
    panels = new_panels([PLATFORM_NAMES[p] for p in platforms], 2.5, ylabel=label)
    numbers = shortlist.table.set_index("creator_key")["number"]
    for ax, platform in zip(panels, platforms, strict=True):
        own = comparison.table[comparison.table["platform"].eq(platform)]
        changes = comparison.changes[comparison.changes["platform"].eq(platform)]
        agreeing = changes.sort_values("tau", ascending=False, kind="stable")["second"]
        names = [comparison.settings.reference, *agreeing]
        marked = own[own["creator_key"].isin(numbers.index)].head(max(_MARKED // len(panels), 3))
        steps = np.arange(len(names))
        crowd = _crowd(own[names].to_numpy("float64"), steps)
        ax.plot(*crowd, color=QUIET, lw=0.5, alpha=0.3, label=UNTOLD)
        told = numbers.reindex(marked["creator_key"])
        for place, (number, colour) in enumerate(zip(told, COLOURS * 2, strict=False)):
            own_places = marked[names].iloc[place].astype("float64")
            look: dict[str, Any] = {"color": colour, "lw": 1.8, "marker": "o", "ms": 3, "zorder": 3}
            ax.plot(steps, own_places, **look, label=f"_creator {number}")
        _number_ends(ax, marked[names[0]], told, steps[0])
        _number_ends(ax, marked[names[-1]], told, steps[-1])
        ax.set_xticks(steps, [engagement_definitions()[n].short.replace(" ", "\n") for n in names])
        name_axis(ax, "x", "Definition of the rate")
        ax.set_xlim(-0.3, len(names) - 0.7)
        ax.set_ylim(-4, 104)
        ax.set_yticks([0, 25, 50, 75, 100])
        ax.vlines(steps, 0, 100, color=GRID, lw=0.8, zorder=0)
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(axis="x", length=0)
    return panels[-1]


def _crowd(places: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lines of evenly chosen creators as one line with gaps: a small drawing."""
    ranked = places[places[:, 0].argsort(kind="stable")]
    chosen = ranked[np.unique(np.linspace(0, len(ranked) - 1, _DRAWN).astype(int))]
    gap = np.full((len(chosen), 1), np.nan)
    return np.tile([*steps, np.nan], len(chosen)), np.hstack([chosen, gap]).ravel()


def _number_ends(ax: Axes, places: pd.Series, numbers: pd.Series, step: int) -> None:
    """Write each line's number beside its end, far enough apart to be read."""
    side, above = (1 if step else -1), -np.inf
    for row in places.to_numpy("float64").argsort():
        above = max(float(places.iloc[row]), above + _GAP)
        ax.annotate(
            str(numbers.iloc[row]),
            (step, above),
            xytext=(6 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            color=INK,
            fontsize=8,
        )

"""Figures of an import: when the posts are of, and how large the accounts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.figures.style import BAND, GRID, name_axis, new_panels
from workbench.formats import spread_label
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_XLABELS = {"posts": "Month of posting (UTC)", "creators": "Followers (from)"}
_TICKS = {"posts": 6, "creators": 10}  # as many as the narrow drawing holds


def draw_import_spread(spread: pd.DataFrame) -> Axes:
    """Draw how posts lie over months, or creators over sizes, a panel a platform.

    ``spread`` holds the rows of ``ImportReport.spread`` of one ``what``; the lowest panel is
    returned.
    """
    what, platforms = spread["what"].iloc[0], [*spread["platform"].unique()]
    first, last = spread["place"].min(), spread["place"].max()
    ticks = range(first, last + 1, -(-(last - first + 1) // _TICKS[what]))
    heads = [PLATFORM_NAMES[p] for p in platforms]
    panels = new_panels(heads, 1.25, ylabel=what.capitalize(), sharex=True)
    for ax, platform in zip(panels, platforms, strict=True):
        shown = spread[spread["platform"].eq(platform)]
        ax.bar(shown["place"], shown["number"], width=0.86, color=BAND, zorder=2)
        ax.set_ylim(bottom=0)
        ax.grid(True, axis="y", color=GRID, lw=0.8, zorder=0)
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.locator_params(axis="y", nbins=3, integer=True)
    panels[-1].set_xlim(first - 0.7, last + 0.7)
    panels[-1].set_xticks(ticks, [spread_label(what, tick) for tick in ticks])
    panels[-1].set_xlabel(_XLABELS[what])
    names = {float(place): spread_label(what, place) for place in range(first, last + 1)}
    name_axis(panels[-1], "x", "", names)
    return panels[-1]

"""Figures of the engagement curve and of a shortlist in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.figures.style import (
    BAND,
    GRID,
    INK,
    MARK,
    QUIET,
    WIDE,
    drawable,
    name_axis,
    new_axes,
    size_marks,
)
from workbench.formats import short_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.curves import CurveFit, Shortlist


def draw_engagement_curve(
    fit: CurveFit, *, shortlist: Shortlist | None = None, ax: Axes | None = None
) -> Axes:
    """Draw creators by size with the peers' band, and a shortlist as numbered rings.

    Parameters
    ----------
    fit : CurveFit
    shortlist : Shortlist, optional
        Creators to mark; those of other curves are left out.
    ax : Axes, optional

    Returns
    -------
    Axes
        Both axes logarithmic: followers, and engagements per post (0 is drawn at 1).
    """
    ax = ax or new_axes()
    _draw_band(fit, ax)
    _draw_creators(fit, ax)
    if shortlist is not None and not shortlist.summary.everybody:
        chosen = shortlist.table["creator_key"].isin(fit.table["creator_key"])
        _draw_marks(shortlist.table[chosen], ax)
    log_axes(ax)
    ax.set_xlabel("Followers")
    # Short, so that it fits the axis: the title and the note give the kind in full.
    figure = fit.summary.basis.partition(",")[0] if fit.summary.reported else "median"
    ax.set_ylabel(f"Engagements per post ({figure})")
    if ax.get_legend_handles_labels()[0]:
        _legend(fit, ax)
    return ax


def _legend(fit: CurveFit, ax: Axes) -> None:
    # A rising cloud leaves the upper left corner free; that of a top list may be flat.
    listed = fit.settings.top_list or fit.summary.selection.verdict == "selected"
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 3, "columnspacing": 1.2}
    where = place if listed else {"loc": "upper left"}
    ax.legend(**where, handletextpad=0.4, labelspacing=0.35, borderaxespad=0.2)


def _draw_band(fit: CurveFit, ax: Axes) -> None:
    curve = fit.curve.clip(lower=1)
    if curve.empty:
        return
    x = curve["followers"]
    ax.fill_between(
        x, curve["q05"], curve["q95"], color=BAND, alpha=0.13, lw=0, label="9 in 10 peers"
    )
    ax.fill_between(
        x, curve["q25"], curve["q75"], color=BAND, alpha=0.25, lw=0, label="middle half"
    )
    ax.plot(x, curve["q50"], color=BAND, lw=2, label="middle of peers")


def _draw_creators(fit: CurveFit, ax: Axes) -> None:
    shown = fit.table[fit.table["engagements"].notna() & fit.table["followers"].gt(0)]
    preset = fit.settings.preset
    marks = size_marks(list(shown["tier"].cat.categories), [tier.name for tier in preset.tiers])
    crowd: dict[str, Any] = {"s": 9, "alpha": 0.45} if len(shown) > 500 else {"s": 16, "alpha": 0.6}
    for tier, group in shown.groupby("tier", observed=True):
        colour, marker = marks[str(tier)]
        x = group["followers"].astype("float64")
        y = group["engagements"].clip(lower=1)
        ax.scatter(x, y, c=colour, marker=marker, lw=0.6, label=str(tier), **crowd)


def _draw_marks(marked: pd.DataFrame, ax: Axes) -> None:
    shown = marked[marked["engagements"].notna() & marked["followers"].gt(0)]
    if shown.empty:
        return
    x = shown["followers"].astype("float64")
    y = shown["engagements"].clip(lower=1)
    ahead = shown[shown["ahead"].notna()]
    if len(ahead):
        ax.vlines(
            ahead["followers"].astype("float64"),
            ahead["ahead_low"].clip(lower=1),
            ahead["ahead_high"].clip(lower=1),
            color=MARK,
            lw=1.6,
            zorder=4,
            label="five other posts, 9 in 10",
        )
    ax.scatter(
        x, y, s=190, facecolors="white", edgecolors=MARK, lw=1.6, zorder=5, label="shortlist"
    )
    for number, left, up in zip(shown["number"], x, y, strict=True):
        ax.annotate(
            str(number),
            (left, up),
            ha="center",
            va="center_baseline",
            color=INK,
            fontsize=8,
            zorder=6,
        )


def log_axes(ax: Axes) -> None:
    """Make both axes logarithmic, with counts in the short form."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = ax.dataLim.intervaly
    if np.isclose(low, high):  # a logarithmic axis needs a stretch
        ax.set_ylim(low / 10, high * 10)
    ax.set_xscale("log")
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(base=10, numticks=12))
        axis.set_major_formatter(FuncFormatter(lambda value, _: short_count(value)))
        axis.set_minor_formatter(NullFormatter())
    ax.grid(True, which="major", color=GRID, lw=0.8)
    ax.set_axisbelow(True)


def draw_shortlist(shortlist: Shortlist, *, ax: Axes | None = None) -> Axes:
    """Draw each creator's percentile among peers with its range, and the goal as a line.

    At most the first 30 creators with a percentile are drawn.
    """
    shown = shortlist.table[shortlist.table["percentile"].notna()].head(30)
    height = 1.3 + 0.34 * max(len(shown), 1)
    ax = ax or new_axes((WIDE[0], height))
    rows = np.arange(len(shown))[::-1]
    goal = shortlist.settings.goal_percentile
    ax.axvline(goal, color=QUIET, lw=1.2, ls=(0, (4, 3)))
    ax.hlines(
        rows,
        shown["percentile_low"],
        shown["percentile_high"],
        color=BAND,
        lw=5,
        alpha=0.35,
        label="_range",
    )
    # Hollow where most others are places in the long run and this one is not.
    hollow = ~shown["by_posts"] & bool(shown["by_posts"].any())
    for ring, fill in ((hollow, "white"), (~hollow, BAND)):
        places = shown.loc[ring, "percentile"]
        dots: dict[str, Any] = {"facecolors": fill, "edgecolors": BAND, "linewidths": 1.6}
        ax.scatter(places, rows[ring], s=42, zorder=3, clip_on=False, **dots)
    labels = [f"{n}  {drawable(h)}" for n, h in zip(shown["number"], shown["handle"], strict=True)]
    ax.set_yticks(rows, labels, color=INK)
    ax.set_ylim(-0.7, len(shown) - 0.3)
    ax.set_xlim(0, 100)
    ax.set_xlabel("Percentile among peers")
    name_axis(ax, "y", "Creator")
    ax.grid(True, axis="x", color=GRID, lw=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax

"""Figures of what stands beside a plan: who would be booked otherwise, risk, overhead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.figures.budget import STYLES, goal_name
from workbench.figures.style import (
    BAND,
    COLOURS,
    INK,
    LOST,
    QUIET,
    WIDE,
    beside,
    count_axis,
    drawable,
    name_axis,
    new_axes,
    percent_axis,
)
from workbench.formats import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.budget.frontier import Frontier
    from workbench.budget.stability import Stability


def draw_inclusion(stability: Stability, names: Mapping[str, str], *, most: int = 24) -> Axes:
    """Draw in which share of the best plans each creator is, were the inputs known."""
    shown = stability.table.head(most).iloc[::-1]
    ax = new_axes((WIDE[0], 1.0 + 0.27 * len(shown)))
    colours = np.where(shown["in_plan"], BAND, LOST)
    rows = np.arange(len(shown))
    ax.barh(rows, shown["probability"], height=0.66, color=colours)
    ax.errorbar(
        shown["probability"],
        rows,
        xerr=shown["error"],
        fmt="none",
        ecolor=INK,
        lw=0.8,
        label="_counting error",
    )
    ax.set_yticks(rows, [drawable(names[key]) for key in shown["creator_key"]], fontsize=8)
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ax.set_xlim(0, 1.03)
    ax.set_xlabel("In so many of the best plans")
    name_axis(ax, "y", "Creator")
    percent_axis(ax, "x")
    return ax


def draw_frontier(frontier: Frontier, goal: str) -> Axes:
    """Draw the mean against the mean of the bad tail, on futures that no plan was chosen by."""
    ax, table = new_axes((WIDE[0], 3.4)), frontier.table
    ax.plot(
        table["cvar"],
        table["mean"],
        color=LOST,
        marker="o",
        ms=5,
        lw=1.4,
        label="where it was chosen",
    )
    ax.plot(
        table["fresh_cvar"],
        table["fresh_mean"],
        color=BAND,
        marker="D",
        ms=6,
        lw=1.8,
        label="on fresh futures",
    )
    for _, one in table.iloc[[0, -1]].iterrows():
        label = "best mean" if one["weight"] == 0 else "best tail"
        ax.annotate(label, (one["fresh_cvar"], one["fresh_mean"]), **beside(6, 4))
    tail = percent(frontier.settings.tail)
    ax.set_xlabel(f"Mean of the worst {tail} of futures\n({goal_name(goal)})")
    ax.set_ylabel("Mean of all futures")
    count_axis(ax, "x")
    count_axis(ax, "y")
    ax.margins(0.12)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def draw_overhead(path: pd.DataFrame, currency: str, usual: float) -> Axes:
    """Draw how many creators of each size the best plan books at other overheads."""
    ax = new_axes((WIDE[0], 3.0))
    tiers = [name for name in path if name not in ("overhead", "value", "creators", "spend")]
    for place, tier in enumerate(tiers):
        if path[tier].any():
            colour, style = COLOURS[place % len(COLOURS)], STYLES[place % len(STYLES)]
            ax.plot(
                path["overhead"],
                path[tier],
                color=colour,
                ls=style,
                marker="o",
                ms=4,
                lw=2,
                label=tier,
            )
    ax.axvline(usual, color=QUIET, lw=1, ls=(0, (2, 2)))
    ax.annotate("as briefed", (usual, 0.97), xycoords=("data", "axes fraction"), **beside(4, 0))
    ax.set_xlabel(f"Overhead of one creator ({currency})")
    ax.set_ylabel("Creators booked")
    ax.set_ylim(0)
    ax.legend(loc="upper right")
    return ax

"""Figures of a plan's reach: from followers to buyers, shared people, build-up, frequency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.figures.style import (
    BAND,
    COLOURS,
    INK,
    MARK,
    QUIET,
    WIDE,
    count_axis,
    drawable,
    name_axis,
    new_axes,
)
from workbench.formats import short_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.budget.net_reach import NetReach


def draw_waterfall(stages: pd.DataFrame) -> Axes:
    """Draw what is left at each stage from followers to buyers, on a logarithmic scale.

    ``stages`` has ``stage`` and ``people``, largest first.
    """
    ax = new_axes((WIDE[0], 0.9 + 0.42 * len(stages)))
    rows = np.arange(len(stages))[::-1]
    people = stages["people"].to_numpy(dtype="float64")
    least = max(min(people[people > 0], default=1.0) / 4, 0.1)
    ax.barh(rows, np.maximum(people, least) - least, left=least, height=0.64, color=BAND)
    for row, value in zip(rows, people, strict=True):
        ax.annotate(
            short_count(value),
            (max(value, least), row),
            xytext=(5, 0),
            textcoords="offset points",
            fontsize=9,
            color=INK,
            va="center",
        )
    ax.set_xscale("log")
    ax.set_xlim(least, 6 * max(people, default=1))
    ax.set_yticks(rows, stages["stage"])
    ax.set_xlabel("Count (logarithmic)")
    name_axis(ax, "y", "Stage")
    count_axis(ax, "x")
    return ax


def draw_overlap(reach: NetReach, names: Mapping[str, str], *, most: int = 20) -> Axes:
    """Draw which share of the smaller one's reach two creators share."""
    from matplotlib.ticker import FuncFormatter

    people = reach.duplication.iloc[:most, :most]
    alone = np.diag(people)
    share = people.to_numpy() / np.minimum.outer(alone, alone)
    np.fill_diagonal(share, np.nan)
    order = _alike(np.nan_to_num(share, nan=1.0))
    labels = [drawable(names[key]) for key in people.index[order]]
    side = 2.2 + 0.24 * len(labels)
    ax = new_axes((WIDE[0], max(3.4, min(side, 7.0))))
    top = max(0.05, float(np.nanmax(share, initial=0.05)))
    drawn = ax.imshow(share[np.ix_(order, order)], cmap="Blues", vmin=0, vmax=top, aspect="auto")
    ax.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7.5)
    ax.set_yticks(range(len(labels)), labels, fontsize=7.5)
    name_axis(ax, "x", "Other creator")
    name_axis(ax, "y", "Creator")
    percents = FuncFormatter(lambda value, _: f"{100 * value:.0f}%")
    bar = ax.figure.colorbar(drawn, ax=ax, shrink=0.8, format=percents)
    bar.set_label("Shared, of the smaller reach", fontsize=9, color=INK)
    return ax


def _alike(share: np.ndarray) -> np.ndarray:
    """Return an order in which creators who share people stand together."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(share) < 3:
        return np.arange(len(share))
    apart = 1 - np.clip(share, 0, 1)
    np.fill_diagonal(apart, 0)
    return np.asarray(leaves_list(linkage(squareform(apart, checks=False), "average")))


def draw_build_up(reach: NetReach, names: Mapping[str, str]) -> Axes:
    """Draw the people reached as creators are booked one after the other."""
    ax, table = new_axes((WIDE[0], 3.6)), reach.build_up
    places = np.arange(1, len(table) + 1)
    gross = table["alone"].cumsum()
    ax.plot(places, gross, color=QUIET, lw=1.2, ls=(0, (2, 2)), label="sum of all reaches")
    ax.fill_between(
        places, table["low"], table["high"], color=BAND, alpha=0.18, lw=0, label="_8 in 10 cases"
    )
    ax.plot(places, table["net_reach"], color=BAND, lw=2, marker="o", ms=4, label="people reached")
    check = reach.table.set_index("method")["net_reach"]
    ends = {"beta-binomial": ("D", MARK), "Sainsbury": ("x", COLOURS[3])}
    for method, (marker, colour) in ends.items():
        if method in check:
            ax.plot(places[-1], check[method], marker, color=colour, ms=7, ls="", label=method)
    if len(places) <= 20:
        ax.set_xticks(
            places,
            [drawable(names[key]) for key in table["creator_key"]],
            rotation=90,
            fontsize=7.5,
        )
    ax.set_xlabel("Creators in the order of booking")
    ax.set_ylabel("People")
    ax.set_ylim(0)
    count_axis(ax, "y")
    ax.legend(loc="upper left")
    return ax


def draw_frequency(reach: NetReach) -> Axes:
    """Draw how many people are reached at least once, twice, ... six times."""
    ax, table = new_axes((WIDE[0], 2.9)), reach.frequency
    ax.bar(table["at_least"], table["people"], width=0.7, color=BAND)
    below, above = table["people"] - table["low"], table["high"] - table["people"]
    ax.errorbar(
        table["at_least"],
        table["people"],
        yerr=np.clip([below, above], 0, None),
        fmt="none",
        ecolor=INK,
        capsize=3,
        label="_8 in 10 cases",
    )
    ax.set_xticks(table["at_least"], [f"{times}+" for times in table["at_least"]])
    ax.set_xlabel("Times reached")
    ax.set_ylabel("People")
    count_axis(ax, "y")
    return ax

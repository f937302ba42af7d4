"""Figures of the audience audit: the map of the creators, one card's signals, growth, shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.figures.style import (
    BACKED,
    BAND,
    GRID,
    INK,
    MARK,
    QUIET,
    WIDE,
    drawable,
    name_axis,
    new_axes,
    new_panels,
)
from workbench.formats import short_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.audience import AudienceScreen, AudienceShare, EvidenceCard

_LOOKS = {  # by state: colour, marker, size
    "no concern found": (BAND, "o", 16),
    "not enough data": (QUIET, "x", 18),
    "worth asking": (MARK, "D", 30),
}
_NUMBERED = 25  # numbers that fit on the map
_FAR = 6.0  # robust sd beyond which a signal is drawn at the edge


def draw_screen(screen: AudienceScreen, *, ax: Axes | None = None) -> Axes:
    """Draw the creators by how odd they are and how much of them could be looked at.

    Upwards the p-value falls: the higher, the fewer peers are as odd. The bar is its range. A
    creator's number is that of the table.
    """
    ax = ax or new_axes()
    known = screen.table[screen.table["p"].notna()]
    x = known["posts"].astype("float64")
    near = known["p_low"] <= screen.settings.alpha  # the others' bars would hide the dots
    ends = known.loc[near, "p_low"], known.loc[near, "p_high"]
    ax.vlines(x[near], *ends, color=QUIET, lw=0.7, alpha=0.35)
    for state, (colour, marker, size) in _LOOKS.items():
        own = known["state"] == state
        label = f"{state} ({own.sum()})"
        ax.scatter(x[own], known.loc[own, "p"], c=colour, marker=marker, s=size, lw=1, label=label)
    asked = known[known["state"] == "worth asking"].head(_NUMBERED)
    for number, left, up in zip(asked["number"], asked["posts"], asked["p"], strict=True):
        place: dict[str, Any] = {
            "xytext": (5, 3),
            "textcoords": "offset points",
            "fontsize": 8,
            "color": INK,
        }
        ax.annotate(str(number), (left, up), **place)
    ax.axhline(screen.settings.alpha, color=QUIET, lw=1.2, ls=(0, (4, 3)))
    _odds_axis(ax, known["p"].min() if len(known) else 0.01)
    ax.set_xlim(-1, max(31.0, *x, 0) + 1)
    ax.set_xlabel("Latest posts that could be looked at")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handletextpad=0.2)
    return ax


def _odds_axis(ax: Axes, least: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    ax.set_yscale("log")
    ax.set_ylim(1.3, min(least, 0.02) / 1.6)
    ax.yaxis.set_major_locator(FixedLocator([1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda p, _: f"{100 * p:g} in 100"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_ylabel("Peers that are at least as odd")
    ax.grid(True, axis="y", color=GRID, lw=0.8)
    ax.set_axisbelow(True)


def draw_evidence(card: EvidenceCard, *, ax: Axes | None = None) -> Axes:
    """Draw each signal of a card beside the band that holds nine in ten of the peers."""
    rows = np.arange(len(card.signals))[::-1]
    ax = ax or new_axes((WIDE[0], 1.2 + 0.55 * len(rows)))
    z = np.clip([signal.z for signal in card.signals], -_FAR, _FAR)
    odd = np.abs(z) > 1.645
    ax.axvspan(-1.645, 1.645, color=BAND, alpha=0.13, lw=0, label="9 in 10 peers")
    ax.axvline(0, color=BAND, lw=1.5)
    for is_odd, colour, marker in ((False, BAND, "o"), (True, MARK, "D")):
        own = odd == is_odd
        ax.scatter(z[own], rows[own], c=colour, marker=marker, s=44, zorder=3, clip_on=False)
    for row, signal in zip(rows, card.signals, strict=True):
        # Above the dot and not beside it: a phone is narrow.
        place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "fontsize": 9, "color": INK}
        place["bbox"] = BACKED
        ax.annotate(signal.signal.label, (0, row + 0.28), **place)
    labels = [signal.signal.label for signal in card.signals]
    name_axis(ax, "y", "Signal", dict(zip(rows, labels, strict=True)))
    name_axis(ax, "x", f"Standard deviations of peers from usual ({_FAR:g} at most)")
    ax.set_xlim(-_FAR - 0.3, _FAR + 0.3)
    ax.set_ylim(-0.5, len(rows) - 0.2)
    ax.set_yticks([])
    ax.set_xticks(
        [-4, 0, 4], ["lower than\nusual for the size", "usual", "higher than\nusual for the size"]
    )
    ax.tick_params(axis="x", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def draw_growth(counts: pd.DataFrame, cards: Sequence[EvidenceCard], *, numbers: pd.Series) -> Axes:
    """Draw the followers of some creators over time, the jump in question and known events.

    Parameters
    ----------
    counts : DataFrame
        ``creator_key``, ``observed_on``, ``followers``.
    cards : sequence of EvidenceCard
        Of the creators to draw, one panel each.
    numbers : Series
        What each ``creator_key`` is called.
    """
    panels = new_panels([drawable(numbers[card.creator_key]) for card in cards], 1.5, sharex=True)
    from matplotlib.dates import AutoDateLocator, date2num
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for ax, card in zip(panels, cards, strict=True):
        own = counts[counts["creator_key"] == card.creator_key].sort_values("observed_on")
        if card.jump is not None:
            ax.axvspan(
                date2num(card.jump.first), date2num(card.jump.last), color=MARK, alpha=0.25, lw=0
            )
        ax.plot(own["observed_on"], own["followers"].astype("float64"), color=BAND, lw=1.6)
        for kind, event_day in card.events:
            ax.axvline(date2num(event_day), color=QUIET, lw=1, ls=(0, (4, 3)))
            text: dict[str, Any] = {
                "xycoords": ("data", "axes fraction"),
                "fontsize": 8,
                "color": QUIET,
            }
            ax.annotate(kind.replace("_", " "), (date2num(event_day), 0.04), rotation=90, **text)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short_count(value)))
        ax.yaxis.set_major_locator(MaxNLocator(3))
        ax.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=5))
        name_axis(ax, "x", "Day")
        name_axis(ax, "y", "Followers")
        ax.grid(True, axis="y", color=GRID, lw=0.8)
    return panels[-1]


def draw_shares(
    shares: Sequence[AudienceShare], names: pd.Series, *, ax: Axes | None = None
) -> Axes:
    """Draw the share of followers that are not real with its interval, where it can be told."""
    told = [one for one in shares if one.share.summary.sample]
    rows = np.arange(len(told))[::-1]
    ax = ax or new_axes((WIDE[0], 1.2 + 0.4 * max(len(told), 1)))
    for name, colour, marker, up in (("sample", BAND, "o", 0.12), ("account", MARK, "D", -0.12)):
        ranges = [getattr(one.share.summary, name) for one in told]
        own = np.array([one is not None for one in ranges], dtype=bool)
        if not own.any():
            continue
        share, low, high = (100 * np.array([r[i] for r in ranges if r]) for i in range(3))
        label = "this sample" if name == "sample" else "all followers"
        ax.hlines(rows[own] + up, low, high, color=colour, lw=4, alpha=0.4, label=f"_{label}")
        ax.scatter(share, rows[own] + up, color=colour, marker=marker, s=36, zorder=3, label=label)
    ax.set_yticks(rows, [drawable(names[one.creator_key]) for one in told], color=INK)
    ax.set_ylim(-0.6, max(len(told), 1) - 0.4)
    ax.set_xlim(0, None)
    ax.set_xlabel("Followers that are not real (%)")
    name_axis(ax, "y", "Creator")
    ax.grid(True, axis="x", color=GRID, lw=0.8)
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def draw_digits(digits: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often each first digit stands in the counts, and Benford's law as a line."""
    ax = ax or new_axes((WIDE[0], 2.6))
    ax.bar(digits["digit"], 100 * digits["share"], color=BAND, alpha=0.45, label="these followers")
    law: dict[str, Any] = {"color": MARK, "marker": "D", "ms": 4, "lw": 1.2}
    ax.plot(digits["digit"], 100 * digits["expected"], **law, label="Benford's law")
    ax.set_xticks(digits["digit"])
    ax.set_xlabel("First digit of a follower's own follower count")
    ax.set_ylabel("Followers (%)")
    ax.grid(True, axis="y", color=GRID, lw=0.8)
    ax.set_axisbelow(True)
    ax.legend(loc="upper right")
    return ax

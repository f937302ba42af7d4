"""The ledger of claims as intervals beside the least effect that counts and the claimed figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.figures.style import BACKED, BAND, GRID, INK, MARK, QUIET, WIDE, name_axis, new_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from workbench.claims import ClaimLedger

_LOOKS = {"holds": (BAND, "o"), "does not hold": (MARK, "X"), "cannot tell": (QUIET, "D")}


def draw_claims(ledger: ClaimLedger, *, ax: Axes | None = None) -> Axes:
    """Draw each tested ratio with its interval; 1 is no difference.

    Exponents are drawn as what ten times the followers do to the rate, amounts of money as
    multiples of the limit that the claim sets. Shares stand in the table alone.
    """
    shown = ledger.ratios
    ax = ax or new_axes((WIDE[0], 1.6 + 0.52 * max(len(shown), 1)))
    rows = np.arange(len(shown))[::-1]
    for verdict, (colour, marker) in _LOOKS.items():
        own = (shown["verdict"] == verdict).to_numpy()
        part = shown[own]
        ends: dict[str, Any] = {"color": colour, "lw": 4, "alpha": 0.4, "label": "_interval"}
        ax.hlines(rows[own], part["low"], part["high"], **ends)
        ax.scatter(
            part["estimate"], rows[own], color=colour, marker=marker, s=44, zorder=3, label=verdict
        )
    _draw_lines(shown, rows, ax)
    for row, label in zip(rows, shown["label"], strict=True):
        # Above the bar and not beside it: a phone is narrow.
        place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "fontsize": 9, "color": INK}
        ax.annotate(label, (0, row + 0.3), **place, bbox=BACKED)
    ax.set_yticks([])
    name_axis(ax, "y", "Sentence", dict(zip(rows, shown["label"], strict=True)))
    ax.set_ylim(-0.5, max(len(shown), 1) - 0.2)
    _ratio_axis(shown, ax)
    figure: Figure = ax.get_figure(root=True)  # type: ignore[assignment]
    figure.legend(loc="outside upper left", ncols=2, columnspacing=1.0)
    return ax


def _draw_lines(shown: pd.DataFrame, rows: np.ndarray, ax: Axes) -> None:
    """Mark the least effect of each claim (both limits of an equivalence) and its own figure."""
    for name, label in (("minimum", "least effect"), ("minimum_low", "_least effect downwards")):
        known = shown[name].notna().to_numpy()
        limits = shown.loc[known, name]
        ax.vlines(limits, rows[known] - 0.22, rows[known] + 0.22, color=INK, lw=1.6, label=label)
    claimed = shown["claimed"].notna().to_numpy()
    if claimed.any():
        places = shown.loc[claimed, "claimed"]
        ends = rows[claimed] - 0.22, rows[claimed] + 0.22
        ax.vlines(places, *ends, color=MARK, lw=1.6, ls=(0, (2, 1.5)), label="as claimed")


def _ratio_axis(shown: pd.DataFrame, ax: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ends = shown[["low", "high", "minimum", "claimed"]].to_numpy(dtype="float64")
    known = ends[np.isfinite(ends) & (ends > 0)]
    ax.set_xscale("log")
    low, high = min(0.5, *known, 1) / 1.15, max(2.0, *known, 1) * 1.15
    ax.set_xlim(low, high)
    ax.axvline(1, color=QUIET, lw=1, ls=(0, (4, 3)), zorder=0)
    steps = (1,) if high / low > 100 else (1, 2, 5)
    ax.xaxis.set_major_locator(LogLocator(base=10, subs=steps, numticks=12))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("Ratio (1x is no difference)")
    ax.grid(True, axis="x", color=GRID, lw=0.8)
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)

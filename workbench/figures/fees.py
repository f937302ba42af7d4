"""Fees against followers, with the range of quotes for each size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.figures.curves import log_axes
from workbench.figures.style import BAND, MARK, new_panels
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.curves import FeeTable


def draw_fees(fees: FeeTable) -> Axes:
    """Draw the quotes of each platform in its most frequent currency; the lowest panel is returned.

    Platforms without a line are left out; quotes outside the range have rings.
    """
    lines = dict([*fees.lines.groupby("platform")])
    panels = new_panels([PLATFORM_NAMES[str(p)] for p in lines], 2.6)
    for ax, (platform, line) in zip(panels, lines.items(), strict=True):
        currency = line["currency"].iloc[0]
        own = fees.quotes[fees.quotes["platform"].eq(platform)]
        own = own[own["currency"].eq(currency)]
        sizes, outside = own["followers"].astype("float64"), own["outside"].ne("")
        ax.fill_between(line["followers"], line["low"], line["high"], color=BAND, alpha=0.15, lw=0)
        ax.plot(line["followers"], line["expected"], color=BAND, lw=2)
        ax.scatter(sizes, own["fee"], s=12, c=BAND, alpha=0.6, lw=0, rasterized=True)
        ax.scatter(sizes[outside], own["fee"][outside], s=60, fc="none", ec=MARK, lw=1.4)
        log_axes(ax)
        ax.set_ylabel(f"Fee ({currency})")
    panels[-1].set_xlabel("Followers")
    return panels[-1]

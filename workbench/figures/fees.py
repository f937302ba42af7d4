"""Fees against followers, with the range of quotes for each size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    currencies = {platform: line["currency"].iloc[0] for platform, line in lines.items()}
    heads = [f"{PLATFORM_NAMES[str(p)]} ({currency})" for p, currency in currencies.items()]
    panels = new_panels(heads, 2.6)
    for ax, (platform, line) in zip(panels, lines.items(), strict=True):
        own = fees.quotes[fees.quotes["platform"].eq(platform)]
        own = own[own["currency"].eq(currencies[platform])]
        sizes, outside = own["followers"].astype("float64"), own["outside"].ne("")
        band: dict[str, Any] = {"color": BAND, "alpha": 0.15, "lw": 0, "label": "_range of quotes"}
        ax.fill_between(line["followers"], line["low"], line["high"], **band)
        ax.plot(line["followers"], line["expected"], color=BAND, lw=2)
        dots: dict[str, Any] = {"s": 12, "c": BAND, "alpha": 0.6, "lw": 0, "label": "_quote"}
        ax.scatter(sizes, own["fee"], **dots)
        rings: dict[str, Any] = {
            "s": 60,
            "fc": "none",
            "ec": MARK,
            "lw": 1.4,
            "label": "_outside the range",
        }
        ax.scatter(sizes[outside], own["fee"][outside], **rings)
        log_axes(ax)
        ax.set_ylabel("Fee")
    panels[-1].set_xlabel("Followers")
    return panels[-1]

"""The market beside real posts as small multiples: quantiles and densities, no single creator."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import gaussian_kde

from benchmarks.marginals import Sample, log_ratio, pace, residuals
from workbench.figures.style import BAND, GRID, INK, MARK, QUIET, use_report_style
from workbench.formats import short_count
from workbench.market.settings import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from benchmarks.market_marginals import Pair

SIZE = (5.9, 8.8)  # narrow, so that its text is legible on a phone
LEAST = 60  # creators that a point of a curve stands on
DASHES = (0, (4, 2))
NAME: Any = {"fontsize": 9, "color": QUIET, "linespacing": 1.0}
STEP = 1.45  # between the rows of a panel, in heights of the real density


@dataclass(frozen=True)
class Panel:
    """Densities of one quantity, a row a set: its log10 values, and the ticks on their axis."""

    title: str
    unit: str
    values: Callable[[Sample], Floats]
    ticks: tuple[float, ...]
    needs: str = "likes"
    names_at_right: bool = False


def _posts(sample: Sample) -> Floats:
    values = np.log10(1 + sample.engagements)
    return (values - np.median(values, axis=1, keepdims=True)).ravel()


def _comments(sample: Sample) -> Floats:
    sums = (sample.counts[part].sum(axis=1) for part in ("comments", "likes"))
    return 2 + log_ratio(*sums)


PANELS = (
    Panel(
        "Creators about the curve", "times the usual for the size", residuals, (0.1, 0.3, 1, 3, 10)
    ),
    Panel("Posts about their median", "times the median", _posts, (0.1, 0.3, 1, 3, 10)),
    Panel(
        "How uneven posts are",
        "factor between posts (1 sd)",
        lambda s: np.log10(1 + s.engagements).std(axis=1, ddof=1),
        (1, 1.5, 2, 3, 5, 8),
        names_at_right=True,
    ),
    Panel(
        "Comments of a creator", "per 100 likes", _comments, (0.1, 0.3, 1, 3, 10), needs="comments"
    ),
    Panel("Pace", "posts a week", pace, (0.03, 0.3, 3, 30, 300), names_at_right=True),
)


def draw_curves(pairs: list[Pair], ax: Axes) -> None:
    """Draw the median and the middle 80% of the engagements by followers."""
    for pair in pairs:
        x, low, middle, high = _by_size(pair.real)
        ax.fill_between(x, low, high, color=BAND, alpha=0.22, lw=0)
        ax.plot(x, middle, color=BAND, lw=2.2)
        x, *lines = _by_size(pair.market)
        for values, width in zip(lines, (1.0, 2.0, 1.0), strict=True):
            ax.plot(x, values, color=MARK, lw=width, ls=DASHES)
    for pair, place in zip(pairs, ((0.02, 0.40), (0.30, 0.79), (0.70, 0.94)), strict=True):
        ax.text(*place, pair.name, transform=ax.transAxes, **NAME)
    ax.set_xlabel("followers")
    ax.set_ylabel("engagements a post")
    for axis, ticks in ((ax.xaxis, (2, 4, 6, 8)), (ax.yaxis, (1, 3, 5, 7))):
        axis.set_ticks(ticks, [short_count(10**tick) for tick in ticks])
    ax.grid(True, color=GRID, lw=0.8)
    # The key of all panels.
    ax.text(0.98, 0.14, "real: area", color=BAND, ha="right", transform=ax.transAxes)
    ax.text(0.98, 0.04, "market: dashes", color=MARK, ha="right", transform=ax.transAxes)


def _by_size(sample: Sample) -> Floats:
    """Return followers and the 10%, 50% and 90% of engagements (log10) in groups of equal size."""
    groups = np.array_split(np.argsort(sample.size), min(10, len(sample.size) // LEAST))
    return np.transpose(
        [
            (np.median(sample.size[rows]), *np.quantile(sample.level[rows], (0.1, 0.5, 0.9)))
            for rows in groups
        ]
    )


def draw_panel(pairs: list[Pair], panel: Panel, ax: Axes) -> None:
    """Draw the densities of one quantity, a row a set."""
    shown = [pair for pair in pairs if panel.needs in pair.real.counts]
    grid = np.linspace(np.log10(panel.ticks[0]), np.log10(panel.ticks[-1]), 240)
    for row, pair in enumerate(shown):
        real, market = (_density(panel.values(s), grid) for s in (pair.real, pair.market))
        base = -row * STEP
        ax.fill_between(grid, base, base + real / real.max(), color=BAND, alpha=0.30, lw=0)
        ax.plot(grid, base + real / real.max(), color=BAND, lw=1.4)
        ax.plot(grid, base + market / real.max(), color=MARK, lw=1.8, ls=DASHES)
        at_right = panel.names_at_right
        ax.text(
            grid[-1 if at_right else 0],
            base + 0.62,
            pair.name.replace(", ", ",\n"),
            ha="right" if at_right else "left",
            **NAME,
        )
    ax.set_xlabel(panel.unit)
    ax.set_xticks(np.log10(panel.ticks), [f"{tick:g}" for tick in panel.ticks])
    ax.set_yticks([])
    ax.set_xlim(grid[0], grid[-1])
    ax.spines["left"].set_visible(False)
    ax.grid(True, axis="x", color=GRID, lw=0.8)
    ax.set_axisbelow(True)


def _density(values: Floats, grid: Floats) -> Floats:
    inside = values[(values >= grid[0]) & (values <= grid[-1])]
    density: Floats = gaussian_kde(inside)(grid) * len(inside) / len(values)
    return density


def draw_market(pairs: list[Pair], path: Path) -> None:
    """Draw all panels into a PNG file."""
    import matplotlib.pyplot as plt
    from PIL import Image

    use_report_style()
    figure, axes = plt.subplots(3, 2, figsize=SIZE, layout="constrained")
    draw_curves(pairs, axes.flat[0])
    for panel, ax in zip(PANELS, axes.flat[1:], strict=True):
        draw_panel(pairs, panel, ax)
    for title, ax in zip(
        ("Engagement by size", *(p.title for p in PANELS)), axes.flat, strict=True
    ):
        ax.set_title(title, loc="left", fontsize=10.5, color=INK, pad=8)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=150)
    plt.close(figure)
    Image.open(drawn).convert("RGB").quantize(96).save(path, optimize=True)

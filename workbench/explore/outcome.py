"""The outcome of a split as a drawing that follows a slider: made in a few milliseconds."""

from __future__ import annotations

import html
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from workbench.figures.style import BAND, COLOURS, GRID, INK, LOST, MARK, QUIET
from workbench.formats import short_count

_WIDE, _HIGH = 620, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 40, 44
_BINS = 40
_KEPT = {"A": (COLOURS[5], "7 3"), "B": (INK, "2 2")}  # colour and dashes of an outline
_NICE = np.array([1, 1.5, 2, 3, 4, 5, 6, 8, 10])


def outcome_svg(
    draws: npt.NDArray[np.floating],
    *,
    label: str,
    target: float | None = None,
    kept: Mapping[str, npt.NDArray[np.floating]] | None = None,
) -> str:
    """Draw how often each outcome comes, with the goal's line and kept scenarios as outlines.

    Parameters
    ----------
    draws : ndarray
    label : str
        What the outcome is, for the axis.
    target : float, optional
    kept : mapping of str to ndarray, optional
        ``A`` and ``B``.
    """
    kept = kept or {}
    quantiles = {f"P{q}": float(np.quantile(draws, q / 100)) for q in (10, 50, 90)}
    ends = [float(np.quantile(one, 0.985)) for one in (draws, *kept.values())]
    top = _nice(max(*ends, 1.15 * (target or 0), 1.0))
    edges = np.linspace(0, top, _BINS + 1)
    shares = [_shares(one, edges) for one in (draws, *kept.values())]
    most = _nice(100 * max(0.05, *(float(one.max()) for one in shares))) / 100
    x = _LEFT + (_WIDE - _LEFT - _RIGHT) * edges / top
    heights = [_HIGH - _BOTTOM - (_HIGH - _BOTTOM - _TOP) * one / most for one in shares]
    parts = [_axes(top, most, label)]
    for low, high, value, y in zip(x, x[1:], edges, heights[0], strict=False):
        colour = BAND if target is None or value >= target * (1 - 1e-9) else LOST
        parts.append(
            f'<rect x="{low + 0.5:.1f}" y="{y:.1f}" width="{high - low - 1:.1f}" '
            f'height="{_HIGH - _BOTTOM - y:.1f}" fill="{colour}"/>'
        )
    for place, (name, outline) in enumerate(zip(kept, heights[1:], strict=True)):
        colour, dashes = _KEPT[name]
        steps = " ".join(
            f"{a:.1f},{y:.1f} {b:.1f},{y:.1f}" for a, b, y in zip(x, x[1:], outline, strict=False)
        )
        look = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        side = _WIDE - _RIGHT - 120 + 60 * place
        parts.append(f'<polyline points="{steps}" {look}/>')
        parts.append(f'<path d="M{side} 12h24" {look}/>{_text(side + 30, 16, name, "start")}')
    if target is not None:
        at = _LEFT + (_WIDE - _LEFT - _RIGHT) * target / top
        parts.append(_upright(at, MARK, 'stroke-width="2.5"'))
        parts.append(_text(at, 16, f"goal {short_count(target)}", "middle", MARK))
    for anchor, (name, value) in zip(("end", "middle", "start"), quantiles.items(), strict=True):
        at = _LEFT + (_WIDE - _LEFT - _RIGHT) * value / top
        parts.append(_upright(at, QUIET, 'stroke-dasharray="3 3"'))
        parts.append(_text(at, _TOP - 6, name, anchor))
    told = ", ".join(f"{name} {short_count(value)}" for name, value in quantiles.items())
    alt = html.escape(f"Histogram of {label} over simulated futures: {told}.", quote=True)
    return (
        f'<svg role="img" aria-label="{alt}" viewBox="0 0 {_WIDE} {_HIGH}" style="width:100%;'
        f'max-width:{_WIDE}px;background:#fff;font:12px sans-serif">{"".join(parts)}</svg>'
    )


def _shares(
    draws: npt.NDArray[np.floating], edges: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.asarray(np.histogram(draws, edges)[0] / len(draws))


def _nice(value: float) -> float:
    """Return a round number that is not below."""
    power = 10 ** np.floor(np.log10(value))
    return float(power * _NICE[np.searchsorted(_NICE, value / power - 1e-9)])


def _axes(top: float, most: float, label: str) -> str:
    parts = []
    for share in np.linspace(0, most, 3):
        y = _HIGH - _BOTTOM - (_HIGH - _BOTTOM - _TOP) * share / most
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDE - _RIGHT}" stroke="{GRID}"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{100 * share:.3g}%", "end"))
    for value in np.linspace(0, top, 6):
        place = _LEFT + (_WIDE - _LEFT - _RIGHT) * value / top
        parts.append(_text(place, _HIGH - _BOTTOM + 16, short_count(float(value)), "middle"))
    middle = (_LEFT + _WIDE - _RIGHT) / 2
    parts.append(_text(middle, _HIGH - 6, label.capitalize(), "middle", INK))
    turned = f'<g transform="translate(12 {(_TOP + _HIGH - _BOTTOM) / 2}) rotate(-90)">'
    return "".join(parts) + turned + _text(0, 0, "Share of futures", "middle", INK) + "</g>"


def _upright(place: float, colour: str, more: str) -> str:
    top = _TOP - 18 * (colour == MARK)
    return f'<path d="M{place:.1f} {top}V{_HIGH - _BOTTOM}" stroke="{colour}" {more}/>'


def _text(x: float, y: float, said: str, anchor: str, colour: str = QUIET) -> str:
    said = html.escape(said)
    look = 'stroke="#fff" stroke-width="4" paint-order="stroke"'  # readable where it lies on a line
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {look}>{said}</text>'
    )

"""How many people are reached once, or three times, by their contacts, and lines above that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.budget.options import Floats

# Where a tangent of the share with three contacts passes 0; the curve bends down from `BEND` on.
TOUCH, BEND = 3.697898, 2.0


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The share of a class that is reached, by its expected contacts.

    Attributes
    ----------
    share : function
        Of contacts.
    roof : function
        Height and slope, at some contacts, of a concave function that lies on or above ``share``.
    line : function or None
        Height at ``low`` and slope of a line above ``share`` between ``low`` and ``high``; None
        where ``share`` is concave, so that its tangents are as low as a line can be.
    """

    share: Callable[[Floats], Floats]
    roof: Callable[[Floats], tuple[Floats, Floats]]
    line: Callable[[float, float], tuple[float, float]] | None = None


def reached_once(contacts: Floats) -> Floats:
    """Return the share with one contact or more."""
    return -np.expm1(-contacts)


def reached_thrice(contacts: Floats) -> Floats:
    """Return the share with three contacts or more."""
    return 1 - np.exp(-contacts) * (1 + contacts + contacts**2 / 2)


def _slope(contacts: Floats) -> Floats:
    return np.exp(-contacts) * contacts**2 / 2


def _roof_once(contacts: Floats) -> tuple[Floats, Floats]:
    return reached_once(contacts), np.exp(-contacts)


def _roof_thrice(contacts: Floats) -> tuple[Floats, Floats]:
    at = np.maximum(contacts, TOUCH)
    return reached_thrice(at) - _slope(at) * (at - contacts), _slope(at)


def _line_thrice(low: float, high: float) -> tuple[float, float]:
    start = float(reached_thrice(np.array(low)))
    if low >= BEND:
        at = low if np.isinf(high) else (low + high) / 2
        slope = float(_slope(np.array(at)))
        return float(reached_thrice(np.array(at))) - slope * (at - low), slope
    left, right = BEND, TOUCH
    for _ in range(50):
        at = (left + right) / 2
        below = reached_thrice(np.array(at)) - start < _slope(np.array(at)) * (at - low)
        left, right = (at, right) if below else (left, at)
    # The right end lies where the line is on or above the curve for certain.
    if high <= right:
        return start, (float(reached_thrice(np.array(high))) - start) / max(high - low, 1e-12)
    return start, (float(reached_thrice(np.array(right))) - start) / (right - low)


ONCE = Curve(share=reached_once, roof=_roof_once)
THRICE = Curve(share=reached_thrice, roof=_roof_thrice, line=_line_thrice)


def curve_of(goal: str) -> Curve:
    """Return the curve by which a goal that is a reach counts people."""
    return THRICE if goal == "effective_reach" else ONCE

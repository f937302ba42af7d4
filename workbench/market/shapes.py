"""Shapes of what scatters about a median: each has median 0 and standard deviation 1.

A shape bends a normal draw, so that shares below a value are exact. ``heteroscedastic`` is normal
with a spread that falls with the followers.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtr, stdtrit

from workbench.market.settings import Floats, Shape

# Skew (positive: a few far above) and tail (below 1: heavier than the normal's) of the
# sinh-arcsinh transformation (Jones and Pewsey, 2009).
BENDS = {"skewed_heavy": (0.15, 0.90), "skewed": (0.60, 1.0), "skewed_low": (-0.32, 0.92)}
T_FREEDOM = 5
SPREAD_SLOPE = -0.25  # of a heteroscedastic spread: its change per tenfold followers
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
NORMAL = np.linspace(-6, 6, 4001)


def bend(normal: Floats, skew: Floats | float, tail: Floats | float) -> Floats:
    """Give normal draws a skew and tails; their median stays 0."""
    return np.sinh((np.arcsinh(normal) + skew) / tail) - np.sinh(skew / tail)


def _bend(normal: Floats, shape: Shape) -> Floats:
    bent = normal
    if shape == "t":
        bent = -np.sign(normal) * stdtrit(T_FREEDOM, ndtr(-np.abs(normal)))
    elif shape in BENDS:
        bent = bend(normal, *BENDS[shape])
    return bent


@cache
def _bent_sd(shape: Shape) -> float:
    return float(np.sqrt(np.cov(_bend(NODES, shape), aweights=WEIGHTS, ddof=0)))


def to_shape(normal: Floats, shape: Shape) -> Floats:
    """Return standard normal draws in a shape."""
    return _bend(normal, shape) / _bent_sd(shape)


def share_below(values: Floats, shape: Shape) -> Floats:
    """Return the share, 0-1, of the shape's draws that lie below each value."""
    shares: Floats = np.interp(values, to_shape(NORMAL, shape), ndtr(NORMAL))
    return shares


def spread_factor(followers: Floats, middle: Floats, shape: Shape) -> Floats:
    """Return what the spread at a size is, over that at the middle size."""
    slope = SPREAD_SLOPE if shape == "heteroscedastic" else 0.0
    factor: Floats = np.clip(1 + slope * np.log10(followers / middle), 0.4, 2.0)
    return factor

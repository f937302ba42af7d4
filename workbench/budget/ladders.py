"""Prices of one post by size, as sources have published them."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import model_validator

from workbench.tables.definitions import Sourced
from workbench.tables.schema import PLATFORMS


class Ladder(Sourced):
    """Prices of one post in USD as a source has published them.

    Attributes
    ----------
    tiers : dict of str to tuples
        By platform: followers from and to, lowest and highest fee.
    """

    note: str = ""
    tiers: dict[str, tuple[tuple[float, float, float, float], ...]]

    @model_validator(mode="after")
    def _check_tiers(self) -> Self:
        for platform, tiers in self.tiers.items():
            if platform not in PLATFORMS:
                raise ValueError(f"{platform!r} is none of {', '.join(PLATFORMS)}")
            if not tiers:
                raise ValueError(f"{platform}: expected a tier at least, found none")
            for first, to, low, high in tiers:
                if not (0 < first < to < np.inf and 0 < low <= high < np.inf):
                    raise ValueError(
                        f"{platform}: expected [from, to, lowest fee, highest fee] ascending, "
                        f"found {[first, to, low, high]}"
                    )
        return self

    def line(self, platform: str, exponent: float, followers: float) -> tuple[float, float]:
        """Return the fee at a size and the exponent, through the tiers' middles.

        A single tier has no slope: it keeps ``exponent``.
        """
        first, to, low, high = np.log(np.asarray(self.tiers[platform]).T)
        size, fee = (first + to) / 2 - np.log(followers), (low + high) / 2
        if len(size) == 1:
            return float(np.exp(fee - exponent * size)[0]), exponent
        slope, level = np.polyfit(size, fee, 1)
        return float(np.exp(level)), float(slope)

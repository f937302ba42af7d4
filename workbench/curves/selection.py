"""Whether a list looks chosen by its engagement: a caution about the curve, never a verdict."""

from __future__ import annotations

from typing import Literal

# Exponents of lists that were not chosen by engagement were 0.75 to 1.02 (three public sets of
# posts); of top lists -0.02 and 0.13. The first kind, cut at 100,000 engagements, falls to 0.39.
LOW_EXPONENT = 0.3

Selection = Literal["", "listed", "looks chosen"]


def selection_caution(exponent_high: float, *, top_list: bool) -> Selection:
    """Return what to say about how the creators were chosen.

    ``looks chosen`` where engagement hardly depends on followers, as it does when whoever has
    little engagement is not in the list; ``listed`` where only the data's sampling says that they
    are a top list. ``exponent_high`` is the upper limit of the curve's, missing without a curve.
    """
    if exponent_high < LOW_EXPONENT:
        return "looks chosen"
    return "listed" if top_list else ""

"""What each known pattern does to the signals: the directions in which the screen looks.

The effects are natural logs (of signals on a plain scale: their unit) per unit of dose, as measured
by planting in simulated markets; none was fitted to real accounts. They are frozen: a score never
learns from the accounts that it judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A pattern: its name for people, what it does to each signal, and the doses looked for.

    With ``more_followers`` the slope of the peers' line over size is taken off the effects, since
    the account then stands beside larger peers. Without the signals in ``needs`` the pattern
    can't be looked for.
    """

    name: str
    label: str
    effects: Mapping[str, float]
    doses: tuple[float, ...]
    needs: tuple[str, ...]
    more_followers: bool = False


_GROWN = (0.4, 0.7, 1.4)  # half as many again, twice, four times
PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        name="likes",
        label="likes added to every post",
        effects={
            "engagement_rate": 1.0,
            "comments_per_like": -0.95,
            "like_spread": -1.0,
            "like_floor": -1.1,
            "like_pile": 0.5,
            "like_bursts": -0.8,
        },
        doses=_GROWN,
        needs=("like_spread",),
    ),
    Pattern(
        name="late_likes",
        label="likes added from one day on",
        effects={
            "engagement_rate": 0.75,
            "comments_per_like": -0.7,
            "like_spread": -0.65,
            "like_floor": -0.45,
            "like_pile": 0.15,
            "like_bursts": -0.5,
            "like_step": 2.4,
        },
        doses=_GROWN,
        needs=("like_step",),
    ),
    Pattern(
        name="floor",
        label="likes topped up to a level",
        effects={
            "engagement_rate": 0.15,
            "comments_per_like": -0.15,
            "like_spread": -1.0,
            "like_floor": -1.1,
            "like_pile": 0.6,
            "like_bursts": -0.5,
            "like_step": 0.6,
            "comment_link": -0.1,
        },
        doses=(0.9, 1.7, 2.5),
        needs=("like_pile",),
    ),
    Pattern(
        name="bursts",
        label="likes added to some posts",
        effects={
            "engagement_rate": 0.1,
            "comments_per_like": -0.45,
            "like_spread": 0.5,
            "like_floor": 0.15,
            "like_pile": -0.2,
            "like_bursts": 1.0,
            "like_step": 0.3,
            "comment_link": -0.1,
        },
        doses=(0.4, 0.7, 1.1),
        needs=("like_bursts",),
    ),
    Pattern(
        name="followers",
        label="more followers than the rest suggests",
        effects={"engagement_rate": -1.0, "follow_ratio": -1.0},
        doses=_GROWN,
        needs=("engagement_rate",),
        more_followers=True,
    ),
    Pattern(
        name="jump",
        label="many followers at once, some lost again",
        effects={
            "engagement_rate": -0.3,
            "follow_ratio": -0.3,
            "growth_spike": 1.5,
            "drop_after_spike": 0.3,
        },
        doses=(0.7, 1.4, 2.1),
        needs=("growth_spike",),
    ),
    Pattern(
        name="rounds",
        label="following and unfollowing in rounds",
        effects={"following_swing": 1.0, "follow_ratio": 0.5},
        doses=(1.0, 2.0, 3.0),
        needs=("following_swing",),
    ),
)
# Patterns that look alike share a place, so that the number of names does not weigh.
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("likes", "late_likes"),
    ("floor",),
    ("bursts",),
    ("followers",),
    ("jump",),
    ("rounds",),
)


def known_patterns(names: Sequence[str]) -> list[Pattern]:
    """Return the patterns that these signals can show."""
    return [pattern for pattern in PATTERNS if set(pattern.needs) <= set(names)]


def known_families(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the families of patterns that these signals can show."""
    known = {pattern.name for pattern in known_patterns(names)}
    kept = [tuple(name for name in family if name in known) for family in FAMILIES]
    return [family for family in kept if family]

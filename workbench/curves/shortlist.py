"""The creators a client thinks of, and where they stand among their peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from workbench.curves.fit import CurveFit
from workbench.curves.post_windows import GROUPS
from workbench.errors import DataError, SettingsError
from workbench.features.reported import POSTS, settled_basis


@dataclass(frozen=True, kw_only=True)
class ShortlistSettings:
    """Whom the list names and what is asked of them.

    Attributes
    ----------
    names : tuple of str
        Handles (with or without ``@``) or creator keys, in any case; empty means everybody.
    goal_percentile : float
        Where among the peers a creator should stand at least, 1-99.
    masked : bool
        Whether handles are replaced by ``Creator 1``, ``Creator 2``, ...
    """

    names: tuple[str, ...] = ()
    goal_percentile: float = 50
    masked: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.goal_percentile <= 99:
            raise SettingsError(
                "goal_percentile must lie between 1 and 99.", [f"found {self.goal_percentile}"]
            )


@dataclass(frozen=True, kw_only=True)
class ShortlistSummary:
    """How the creators of the list stand against the goal.

    ``above`` and ``below`` count those whose whole range lies at or above, or below, the goal;
    ``open`` those whose range holds it; ``unknown`` those without a percentile. ``reported`` counts
    the percentiles that stand on a reported figure: their ranges hold the curve's part alone.
    ``by_posts`` counts those of the long-run median as posts foretell it, among peers told apart by
    ``groups``; the others are those of the figures as they are.
    """

    creators: int
    above: int
    below: int
    open: int
    unknown: int
    everybody: bool
    reported: int
    by_posts: int
    groups: tuple[str, ...]

    @property
    def as_they_are(self) -> int:
        """Percentiles of posts' medians, without what posts foretell."""
        return self.known - self.by_posts - self.reported

    @property
    def known(self) -> int:
        """Creators with a percentile."""
        return self.creators - self.unknown


@dataclass(frozen=True, kw_only=True, eq=False)
class Shortlist:
    """The creators of a list, with the columns of ``CurveFit.table``.

    Attributes
    ----------
    table : DataFrame
        ``number`` (1, 2, ... as on the figures), the columns of ``CurveFit.table``, and
        ``standing``: ``above``, ``open``, ``below`` or ``unknown``. Highest percentile first.
    summary : ShortlistSummary
    settings : ShortlistSettings
    confidence : float
        Coverage of the ranges, from the curves.
    """

    table: pd.DataFrame
    confidence: float
    summary: ShortlistSummary
    settings: ShortlistSettings


def choose_shortlist(fits: Sequence[CurveFit], settings: ShortlistSettings) -> Shortlist:
    """Pick the creators of a list out of the fitted curves.

    Raises
    ------
    DataError
        If a name is not among the creators; every such name is listed with the nearest ones.
    """
    table = pd.concat([fit.table for fit in fits], ignore_index=True)
    if settings.names:
        check_names(settings.names, table)
        table = table[is_named(table, settings.names)]
    ordered = table.sort_values(
        ["percentile", "creator_key"], ascending=[False, True], ignore_index=True
    )
    ordered = ordered.assign(
        number=range(1, len(ordered) + 1), standing=_standing(ordered, settings.goal_percentile)
    )
    if settings.masked:
        ordered = ordered.assign(handle=ordered["number"].map("Creator {}".format))
    return Shortlist(
        table=ordered,
        confidence=fits[0].settings.confidence,
        summary=_summary(ordered, fits, settings),
        settings=settings,
    )


def check_names(names: Sequence[str], creators: pd.DataFrame) -> None:
    """Check that every name is a handle or key of these creators.

    Raises
    ------
    DataError
        With every unknown name and the nearest known ones.
    """
    known = set(creators["handle"].map(_plain)) | set(creators["creator_key"].map(_plain))
    faults = []
    for name in names:
        if _plain(name) not in known:
            near = ", ".join(get_close_matches(_plain(name), sorted(known), n=3))
            faults.append(f"{name}: not in the data" + (f"; near: {near}" if near else ""))
    if faults:
        raise DataError("The shortlist names creators that are not in the data.", faults)


def is_named(creators: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Say of each creator whether a name is its handle or key."""
    wanted = {_plain(name) for name in names}
    named: pd.Series = creators[["handle", "creator_key"]].map(_plain).isin(wanted).any(axis=1)
    return named


def _plain(name: str) -> str:
    return name.strip().removeprefix("@").casefold()


def _standing(table: pd.DataFrame, goal: float) -> pd.Series:
    standing = pd.Series("open", index=table.index, dtype="str")
    standing = standing.mask(table["percentile_low"] >= goal, "above")
    standing = standing.mask(table["percentile_high"] < goal, "below")
    return standing.mask(table["percentile"].isna(), "unknown")


def _summary(
    table: pd.DataFrame, fits: Sequence[CurveFit], settings: ShortlistSettings
) -> ShortlistSummary:
    counts = table["standing"].value_counts()
    placed = [fit.summary.placed for fit in fits if fit.summary.placed]
    return ShortlistSummary(
        creators=len(table),
        above=int(counts.get("above", 0)),
        below=int(counts.get("below", 0)),
        open=int(counts.get("open", 0)),
        unknown=int(counts.get("unknown", 0)),
        everybody=not settings.names,
        reported=int((table["percentile"].notna() & settled_basis(table).ne(POSTS)).sum()),
        by_posts=int(table["by_posts"].sum()),
        groups=tuple(name for name in GROUPS if any(name in p.groups for p in placed)),
    )

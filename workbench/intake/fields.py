"""What a column of an export can be: the canonical columns that files carry, and their names."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from workbench.tables.schema import (
    CREATORS,
    FOLLOWERS_SAMPLE,
    PAYOUTS,
    POSTS,
    REPORTED_METRICS,
    SNAPSHOTS,
    TRACKING,
    Column,
)

Rows = Literal["post", "account", "follower", "sale", "payout"]

_MADE_HERE = ("creator_key", "source", "provenance", "likes_hidden", "counts_rounded")
_DAYS = ("sampled_on", "tracked_on", "paid_on")  # of any row they are read as `observed_on`
ACCOUNT_COUNTS = ("followers", "following", "posts_count")
POST_COUNTS = ("likes", "comments", "shares", "saves", "views", "reach", "impressions")
RATE = "engagement_rate_as_given"
# Figures of exports that hold averages only: the field, to the metric and what was made of it.
METRICS: dict[str, tuple[str, str]] = {
    f"{metric}_{statistic}": (metric, statistic)
    for metric in ("likes", "comments", "shares", "saves", "views", "engagements")
    for statistic in ("mean", "median", "sum")
} | {
    "engagements_reported": ("engagements", "unknown"),
    "authentic_engagements": ("authentic_engagements", "unknown"),
    RATE: (RATE, "rate"),
}
_VALUE = REPORTED_METRICS.column("value")
FIELDS: dict[str, Column] = {
    column.name: column
    for table in (CREATORS, SNAPSHOTS, POSTS, FOLLOWERS_SAMPLE, TRACKING, PAYOUTS)
    for column in table.columns
    if column.name not in (*_MADE_HERE, *_DAYS)
} | {name: replace(_VALUE, name=name) for name in METRICS}
_WHOSE = {"platform", "handle", "native_id", "observed_on"}
_ABOUT = {*CREATORS.names, *SNAPSHOTS.names} & FIELDS.keys()
ROW_FIELDS: dict[Rows, set[str]] = {
    "post": (_ABOUT | {*POSTS.names}) & FIELDS.keys() - {"observed_on"},
    "account": _ABOUT | METRICS.keys(),
    "follower": _WHOSE | {*FOLLOWERS_SAMPLE.names} & FIELDS.keys(),
    "sale": _WHOSE | {*TRACKING.names} & FIELDS.keys(),
    "payout": _WHOSE | {*PAYOUTS.names} & FIELDS.keys(),
}
MONEY = ("revenue", "rate", "amount")


class Vocabulary(BaseModel):
    """The content of ``fields.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    not_with: frozenset[str]
    names: dict[str, tuple[str, ...]]
    statistics: dict[str, tuple[str, ...]]
    figures: dict[str, tuple[str, ...]]
    platforms: dict[str, tuple[str, ...]]

    @property
    def platform_of(self) -> dict[str, str]:
        """Each spelling of a platform's name, to the platform."""
        return {name: platform for platform, names in self.platforms.items() for name in names}


@cache
def vocabulary() -> Vocabulary:
    """Return the names under which exports carry each column."""
    text = files("workbench.intake").joinpath("fields.yaml").read_text(encoding="utf-8")
    return Vocabulary.model_validate(yaml.safe_load(text))


def plain_name(header: str) -> str:
    """Write a header for comparison: ``playCount``, ``Play_count (2)``, ``play count`` are one."""
    text = re.sub(r"\s\(\d+\)$", "", header).replace("%", " percent ")
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def platform_in(file_name: str) -> str | None:
    """Return the one platform that a file's name tells, None where it tells none or two."""
    words = plain_name(file_name)
    found = {
        platform
        for name, platform in vocabulary().platform_of.items()
        if re.search(rf"\b{name}\b" if len(name) < 6 else name, words) and len(name) > 1
    }
    return found.pop() if len(found) == 1 else None


def metric_in(words: str) -> str | None:
    """Return the figure that a plain header names: ``likes avg`` is ``likes_mean``."""
    known, parts = vocabulary(), words.split()
    if words in known.figures[RATE]:
        return RATE
    told = [s for s, names in known.statistics.items() if not set(names).isdisjoint(parts)]
    left = {*known.statistics["filler"], *(n for s in told for n in known.statistics[s])}
    rest = " ".join(part for part in parts if part not in left)
    statistic = next((s for s in told if s != "filler"), None)
    if rest in known.figures["authentic_engagements"]:
        return "authentic_engagements"
    if rest in known.figures["engagements"]:
        return f"engagements_{statistic or 'reported'}"
    found = [f"{c}_{statistic}" for c in POST_COUNTS if rest in known.names[c] or rest == c[:-1]]
    return next((name for name in found if name in METRICS), None)


_MONTHS = (
    *("jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?"),
    *("aug(?:ust)?", "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?"),
)
_FULL_DAY = r"(?<!\d)(20\d\d)[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])(?!\d)"
_MONTH = rf"(?<![a-z])({'|'.join(_MONTHS)})[-_. ]+(20\d\d)(?!\d)"


def day_in(file_name: str) -> date | None:
    """Return the day that a file's name tells; of a month (``sep-2022``) it is the last day."""
    if days := {*re.findall(_FULL_DAY, file_name)}:
        year, month, day = max(days)
        try:
            return date(int(year), int(month), int(day)) if len(days) == 1 else None
        except ValueError:
            return None
    months = {*re.findall(_MONTH, file_name.casefold())}
    if len(months) != 1:
        return None
    name, year = months.pop()
    after = [month[:3] for month in _MONTHS].index(name[:3]) + 1
    return date(int(year) + after // 12, after % 12 + 1, 1) - timedelta(days=1)

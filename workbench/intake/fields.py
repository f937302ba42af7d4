"""What a column of an export can be: the canonical columns that files carry, and their names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from difflib import SequenceMatcher
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from workbench.tables.schema import (
    CREATORS,
    EVENTS,
    FEE_QUOTES,
    FOLLOWERS_SAMPLE,
    OVERLAPS,
    PAYOUTS,
    POSTS,
    REPORTED_METRICS,
    SNAPSHOTS,
    TRACKING,
    Column,
    Table,
)

Rows = Literal["post", "account", "follower", "sale", "payout", "fee", "overlap", "event"]

_ALIKE = 0.9
_LETTERS = str.maketrans({"ı": "i", "ł": "l"})  # which no accent makes of another letter
_MADE_HERE = (
    *("creator_key", "other_key", "source", "provenance", "likes_hidden", "counts_rounded"),
    *("drawn", "position"),
)
_TABLES: dict[Rows, Table] = {
    "follower": FOLLOWERS_SAMPLE,
    "sale": TRACKING,
    "payout": PAYOUTS,
    "fee": FEE_QUOTES,
    "overlap": OVERLAPS,
    "event": EVENTS,
}
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
# Several tables have `followers`; what it means is said of an account, the first. Of any row the
# day is read as `observed_on`.
_COLUMNS = [
    column
    for table in (CREATORS, SNAPSHOTS, POSTS, *_TABLES.values())
    for column in table.columns
    if column.name not in _MADE_HERE and (column.kind != "date" or column.name == "observed_on")
]
FIELDS: dict[str, Column] = dict.fromkeys((column.name for column in _COLUMNS), _VALUE)
FIELDS |= {column.name: column for column in reversed(_COLUMNS)}
FIELDS |= {name: replace(_VALUE, name=name) for name in METRICS}
# Of posts that are dated by their age alone, in hours.
FIELDS["posted_ago"] = replace(_VALUE, name="posted_ago")
# Of a follower; no table keeps it.
FIELDS["username"] = Column(
    "username", "User name: its length, its digits and a pseudonym are kept."
)
IDENTITY = ["platform", "native_id", "handle"]
OTHER = [f"other_{name}" for name in IDENTITY]  # of the second account of an overlap
FIELDS |= {other: replace(FIELDS[n], name=other) for n, other in zip(IDENTITY, OTHER, strict=True)}
_WHOSE = {*IDENTITY, "observed_on"}
_ABOUT = {*CREATORS.names, *SNAPSHOTS.names} & FIELDS.keys()
ROW_FIELDS: dict[Rows, set[str]] = {
    "post": (_ABOUT | {*POSTS.names, "posted_ago"}) & FIELDS.keys() - {"observed_on"},
    "account": _ABOUT | METRICS.keys(),
    **{rows: _WHOSE | {*table.names} & FIELDS.keys() for rows, table in _TABLES.items()},
}
ROW_FIELDS["overlap"] |= {*OTHER}
ROW_FIELDS["follower"] |= {"username"}
AMOUNTS = ("revenue", "amount", "fee")  # beside which a row's currency may stand
MONEY = (*AMOUNTS, "rate")


class Words(BaseModel):
    """What headers and cells say in one language, as ``fields.yaml`` explains it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: dict[str, tuple[str, ...]]
    statistics: dict[str, tuple[str, ...]]
    figures: dict[str, tuple[str, ...]]
    months: tuple[str, ...]
    flags: dict[str, tuple[str, ...]]
    counted: tuple[str, ...] = ()
    of_posts: tuple[str, ...] = ()
    of_bookings: tuple[str, ...] = ()
    deliverables: dict[str, tuple[str, ...]] = {}
    bases: dict[str, tuple[str, ...]] = {}
    events: dict[str, tuple[str, ...]] = {}
    weak_post_ids: tuple[str, ...] = ()
    not_with: frozenset[str] = frozenset()
    platforms: dict[str, tuple[str, ...]] = {}


class Vocabulary:
    """The words of all languages, written for comparison.

    Attributes
    ----------
    names : dict
        Canonical column to its names, each with its rank in its language: 0 is the most telling.
    """

    def __init__(self, english: Words, others: Iterable[Words]) -> None:
        spoken = [english, *others]
        self.names: dict[str, dict[str, int]] = {}
        for words in spoken:
            for field, names in words.names.items():
                for rank, name in enumerate(names):
                    self.names.setdefault(field, {}).setdefault(plain_name(name), rank)
        self.statistics = {
            s: frozenset(w for words in spoken for w in _plain(words.statistics.get(s, ())))
            for s in english.statistics
        }
        self.figures = {
            f: frozenset(n for words in spoken for n in _plain(words.figures.get(f, ())))
            for f in english.figures
        }
        averages = (
            w for words in spoken[1:] for s in ("mean", "median") for w in words.statistics[s]
        )
        self.not_with = english.not_with | {*_plain(averages)}
        self.counted = sorted({n for w in spoken for n in _plain(w.counted)}, key=len, reverse=True)
        self.of_posts = frozenset(n for words in spoken for n in _plain(words.of_posts))
        self.of_bookings = frozenset(n for words in spoken for n in _plain(words.of_bookings))
        self.deliverables = {
            w: d for words in spoken for d, ws in words.deliverables.items() for w in _plain(ws)
        }
        self.plurals = {d: words[0] for d, words in english.deliverables.items()}
        self.weak_post_ids = frozenset(english.weak_post_ids)
        self.flags = {
            w: k == "yes" for words in spoken for k, ws in words.flags.items() for w in ws
        }
        self.months = {
            name: number
            for words in spoken
            for number, names in enumerate(words.months, 1)
            for name in _plain(names.split("|"))
        }
        self.platform_of = {n: p for p, names in english.platforms.items() for n in names}
        self.base_of = {n: b for b, names in english.bases.items() for n in names}
        self.event_of = {
            n: e for words in spoken for e, ns in words.events.items() for n in _plain(ns)
        }


@cache
def vocabulary() -> Vocabulary:
    """Return the names under which exports carry each column."""
    folder = files("workbench.intake")
    english, others = (
        yaml.safe_load(folder.joinpath(name).read_text(encoding="utf-8"))
        for name in ("fields.yaml", "languages.yaml")
    )
    return Vocabulary(Words(**english), [Words(**words) for words in others.values()])


def unaccented(text: str) -> str:
    """Write a text in lower case without accents: ``Beğeni SAYISI`` is ``begeni sayisi``."""
    if text.isascii():
        return text.casefold()
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def plain_name(header: str) -> str:
    """Write a header for comparison: ``playCount``, ``Play_count (2)``, ``play count`` are one."""
    text = re.sub(r"\s\(\d+\)$", "", header).replace("%", " percent ").replace("#", " n ")
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[^\W_]+", unaccented(text)))


def _plain(names: Iterable[str]) -> list[str]:
    return [plain_name(name) for name in names]


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
    if words.removesuffix(" percent") in known.figures[RATE]:
        return RATE
    told = [s for s, names in known.statistics.items() if not names.isdisjoint(parts)]
    left = known.statistics["filler"].union(*(known.statistics[s] for s in told))
    rest = " ".join(part for part in parts if part not in left)
    statistic = next((s for s in told if s != "filler"), None)
    if rest.removesuffix(" percent") in known.figures[RATE] and statistic in (None, "mean"):
        return RATE
    if rest in known.figures["authentic_engagements"]:
        return "authentic_engagements"
    if rest in known.figures["engagements"]:
        return f"engagements_{statistic or 'reported'}"
    found = [f"{c}_{statistic}" for c in POST_COUNTS if rest in known.names[c] or rest == c[:-1]]
    return next((name for name in found if name in METRICS), None)


@lru_cache(maxsize=10_000)
def named_like(words: str) -> Mapping[str, tuple[float, bool]]:
    """Return the canonical columns that a plain header names, with a score and whether exactly."""
    known = vocabulary()
    spoken = "|".join(name for name in known.platform_of if len(name) > 2)
    counted = "|".join(known.counted)
    bare = " ".join(re.sub(rf"\b({spoken})(e?r)?\b", " ", words).split()) or "name"
    bare = " ".join(re.sub(rf"\b({counted})\b", " ", bare).split())
    matcher = SequenceMatcher(b=words)

    def alikeness(alias: str) -> float:
        if abs(len(alias) - len(words)) > 0.2 * len(words) + 1:
            return 0.0
        matcher.set_seq1(alias)
        quick = matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE
        return matcher.ratio() if quick else 0.0

    scores = {}
    if metric := metric_in(bare):
        scores[metric] = (0.98, True)
    for name, aliases in known.names.items():
        if words in aliases:
            scores[name] = (1 - 0.002 * aliases[words], True)
        elif FIELDS[name].kind == "count" and known.not_with & set(words.split()):
            continue
        elif bare in aliases:
            scores[name] = (0.95 - 0.002 * aliases[bare], True)
        else:
            alike = max(map(alikeness, aliases))
            if alike >= _ALIKE:
                scores[name] = (0.9 * alike, False)
    for one, other in (("handle", "display_name"), ("display_name", "handle")):
        if scores.get(one, (0, False))[1]:
            scores.setdefault(other, (0.9, True))
    return scores


def deliverable_in(text: str) -> str | None:
    """Return the deliverable in a text, ``3 reels`` of ``3x IG Reel``; None for others."""
    known = vocabulary()
    spoken = "|".join(name for name in known.platform_of if len(name) > 1)
    words = re.sub(rf"\b({spoken})\b", " ", plain_name(text)).split()
    parts = re.fullmatch(r"(?:([0-9]+) ?x? )?(.*?)(?: x ?([0-9]+))?", " ".join(words))
    assert parts is not None  # whatever the text is
    number, name = parts[1] or parts[3] or "1", known.deliverables.get(parts[2])
    return f"{number} {known.plurals[name]}" if name and number != "1" else name


def month_number(word: str) -> int | None:
    """Return the month that a word or its first letters name in any of the languages."""
    plain = unaccented(word)
    found = {n for name, n in vocabulary().months.items() if name.startswith(plain)}
    return found.pop() if len(found) == 1 and len(plain) > 2 else None


# Words of their own that name a month too; in a file's name they tell nothing.
_NO_MONTHS = {"mars", "mart"}
_ENGLISH = r"jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec"
_FULL_DAY = r"(?<!\d)(20\d\d)[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])(?!\d)"
_MONTH = r"(?<![^\W\d_])([^\W\d_]{3,})[-_. ]+(20\d\d)(?!\d)"


def day_in(file_name: str) -> date | None:
    """Return the day that a file's name tells; of a month (``sep-2022``) it is the last day."""
    if days := {*re.findall(_FULL_DAY, file_name)}:
        year, month, day = max(days)
        try:
            return date(int(year), int(month), int(day)) if len(days) == 1 else None
        except ValueError:
            return None
    named = {*re.findall(_MONTH, unaccented(file_name))}
    known = vocabulary().months.keys() - _NO_MONTHS
    months = {(m, y) for m, y in named if m in known or re.fullmatch(_ENGLISH, m)}
    if len(months) != 1:
        return None
    name, year = months.pop()
    after = month_number(name) or 0
    return date(int(year) + after // 12, after % 12 + 1, 1) - timedelta(days=1)

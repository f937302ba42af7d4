"""Periods of reports, written as ISO writes them, and the one clock that the runner reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args

from workbench.errors import SettingsError

Clock = Callable[[], datetime]
PeriodKind = Literal["week", "month", "quarter", "year", "none"]
KINDS = get_args(PeriodKind)
_SHAPES = {
    "year": re.compile(r"(\d{4})"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"),
    "month": re.compile(r"(\d{4})-(\d\d)"),
    "week": re.compile(r"(\d{4})-W(\d\d)"),
}
EXPECTED = "2026, 2026-Q3, 2026-09 or 2026-W36"


def local_now() -> datetime:
    """Return the moment, in the time zone of the machine."""
    return datetime.now().astimezone()


@dataclass(frozen=True, kw_only=True)
class Period:
    """A span of days that a report covers; both ends are inclusive."""

    name: str
    kind: str
    first: date
    last: date


def read_period(text: str) -> Period:
    """Read a period such as ``2026-Q3``.

    Raises
    ------
    SettingsError
        If it is none.
    """
    for kind, shape in _SHAPES.items():
        match = shape.fullmatch(text)
        try:
            if match:
                return _period(kind, *map(int, match.groups()))
        except ValueError:  # a month 13, a week 54
            break
    raise SettingsError(f"{text!r} is no period.", [f"expected one such as {EXPECTED}"])


@lru_cache(maxsize=512)
def period_or_none(name: str) -> Period:
    """Return a period by its name; for what is none, one of the kind ``none`` without a name."""
    try:
        return read_period(name)
    except SettingsError:
        return Period(name="", kind="none", first=date.min, last=date.min)


def last_period(kind: str, today: date) -> Period | None:
    """Return the last period of a kind that is over; None for the kind ``none``."""
    if kind == "none":
        return None
    return _holding(kind, _holding(kind, today).first - timedelta(days=1))


def _holding(kind: str, day: date) -> Period:
    year, week, _ = day.isocalendar()
    parts = {
        "year": (day.year,),
        "quarter": (day.year, (day.month + 2) // 3),
        "month": (day.year, day.month),
        "week": (year, week),
    }
    return _period(kind, *parts[kind])


def _period(kind: str, year: int, part: int = 1) -> Period:
    if kind == "week":
        first = date.fromisocalendar(year, part, 1)
        return Period(
            name=f"{year}-W{part:02d}", kind=kind, first=first, last=first + timedelta(days=6)
        )
    months = {"year": 12, "quarter": 3, "month": 1}[kind]
    first = date(year, months * (part - 1) + 1, 1)
    after = _later(first, months)
    name = {"year": f"{year}", "quarter": f"{year}-Q{part}", "month": f"{year}-{part:02d}"}[kind]
    return Period(name=name, kind=kind, first=first, last=after - timedelta(days=1))


def _later(day: date, months: int) -> date:
    count = day.month - 1 + months
    return date(day.year + count // 12, count % 12 + 1, 1)

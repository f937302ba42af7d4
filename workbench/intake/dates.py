"""Dates and times as exports write them, to UTC.

ISO, epoch seconds and milliseconds, month names, and ``MM/DD/YYYY`` against ``DD/MM/YYYY``, which
the column's values settle; where they can't, that is a question for a person, never a guess.
"""

from __future__ import annotations

import pandas as pd

from workbench.intake.numbers import CellStyle, DateOrder, ParsedCells, blank_cells

_TIME = (
    r"(?:,?(?:\s+|t)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]+)?))?"
    r"\s*(?P<half>[ap]m)?\s*(?:z|utc|gmt|(?P<zone>[+-][0-9]{2}:?[0-9]{2}))?)?$"
)
_YEAR_LAST = r"^(?P<a>[0-9]{1,2})(?P<mark>[-/.])(?P<b>[0-9]{1,2})(?P=mark)(?P<y>[0-9]{4})" + _TIME
_OTHER_FORMS = [
    form + _TIME
    for form in (
        r"^(?P<y>[0-9]{4})(?P<mark>[-/.])(?P<a>[0-9]{1,2})(?P=mark)(?P<b>[0-9]{1,2})",
        r"^(?P<y>[0-9]{4})(?P<a>[0-9]{2})(?P<b>[0-9]{2})",
        r"^(?P<b>[0-9]{1,2})(?:st|nd|rd|th|\.)?[ -](?P<a>[a-z]{3,9})\.?[ ,-]+(?P<y>[0-9]{4})",
        r"^(?P<a>[a-z]{3,9})\.? (?P<b>[0-9]{1,2})(?:st|nd|rd|th)?,? (?P<y>[0-9]{4})",
    )
]
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NUMBERS = {name: f"{number:02d}" for number, name in enumerate(_MONTHS, 1)}
# Nine or ten digits of seconds reach from 1973 to 2286, the same in milliseconds.
_EPOCH = r"^(?P<seconds>[0-9]{9,10})(?P<milli>[0-9]{3})?(?:\.0+)?$"


def parse_times(cells: pd.Series, *, order: DateOrder | None = None) -> ParsedCells:
    """Read a column of dates or times as UTC, also where no zone is named; years of four digits.

    ``order`` says how ``03/04/2026`` is meant; without it the column's own values must tell.
    """
    blank = blank_cells(cells, numeric=True)
    text = cells.fillna("").str.strip().str.casefold().where(~blank, "")
    values = _epochs(text)
    for form in _OTHER_FORMS:
        values = values.fillna(_assembled(_extracted(text[values.isna()], form), cells.index))
    slashed = _extracted(text[values.isna()], _YEAR_LAST)
    settled, question = _settled_order(slashed, order)
    if question is None:
        swapped = {"a": "b", "b": "a"} if settled == "day_first" else {}
        values = values.fillna(_assembled(slashed.rename(columns=swapped), cells.index))
        slashed = slashed.iloc[:0]
    unread = values.isna() & ~blank & ~cells.index.isin(slashed.index)
    style = CellStyle(order=settled)
    return ParsedCells(typed=values, faults=unread, question=question, style=style)


def _epochs(text: pd.Series) -> pd.Series:
    parts = text.astype(object).str.extract(_EPOCH)
    seconds = pd.to_numeric(parts["seconds"]).astype("float64")
    milli = pd.to_numeric(parts["milli"]).astype("float64").fillna(0)
    return pd.to_datetime(seconds * 1e6 + milli * 1e3, unit="us", utc=True).dt.as_unit("us")


def _extracted(text: pd.Series, form: str) -> pd.DataFrame:
    parts = text.astype(object).str.extract(form).dropna(subset=["y"])
    return parts.fillna({"hour": "0", "minute": "00", "second": "00"}).fillna("").astype("str")


def _settled_order(
    parts: pd.DataFrame, order: DateOrder | None
) -> tuple[DateOrder | None, str | None]:
    first, second = pd.to_numeric(parts["a"]), pd.to_numeric(parts["b"])
    if order is not None or first.eq(second).all():
        return order, None
    day_first = int((first.gt(12) & second.le(12)).sum())
    month_first = int((second.gt(12) & first.le(12)).sum())
    if bool(day_first) != bool(month_first):
        return ("day_first" if day_first else "month_first"), None
    if day_first:
        return None, f"{day_first} dates are day first and {month_first} month first"
    row = parts[first.ne(second)].iloc[0]
    shown = row["mark"].join(row[["a", "b", "y"]])
    return None, f"{shown} may be day first or month first, and no value settles it"


def _assembled(parts: pd.DataFrame, index: pd.Index) -> pd.Series:
    """Put year, month ``a``, day ``b`` and the time together; impossible ones are missing."""
    month = parts["a"].str[:3].map(_MONTH_NUMBERS).astype("str").fillna(parts["a"].str.zfill(2))
    hour, half = pd.to_numeric(parts["hour"]), parts["half"]
    possible = half.eq("") | hour.between(1, 12)
    hour = hour.where(half.eq(""), hour.mod(12)) + 12 * half.eq("pm")
    day = parts["y"] + "-" + month + "-" + parts["b"].str.zfill(2)
    clock = hour.astype("str").str.zfill(2) + ":" + parts["minute"] + ":" + parts["second"]
    text = (day + "T" + clock + parts["zone"]).where(possible)
    times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).dt.as_unit("us")
    return times.reindex(index)

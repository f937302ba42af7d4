"""Dates and times as exports write them, to UTC.

ISO, epoch seconds and milliseconds, month names of many languages, days as a workbook counts them,
and ``MM/DD/YYYY`` against ``DD/MM/YYYY``, which the column's values settle; where they can't, that
is a question for a person, never a guess.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from workbench.intake.fields import month_number, unaccented
from workbench.intake.numbers import UNSETTLED, CellStyle, DateOrder, ParsedCells, blank_cells

# Most files: pandas reads these as they are.
_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_TIME = (
    r"(?:,?(?:\s+|t)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]+)?))?"
    r"\s*(?P<half>[ap]m)?\s*(?:z|(?:utc|gmt)?(?P<zone>[+-][0-9]{2}(?::?[0-9]{2})?)?))?$"
)
_YEAR_LAST = r"^(?P<a>[0-9]{1,2})(?P<mark>[-/.])(?P<b>[0-9]{1,2})(?P=mark)(?P<y>[0-9]{4})" + _TIME
_DAY = r"(?P<b>[0-9]{1,2})(?:st|nd|rd|th|er)?"
_OTHER_FORMS = [
    form + _TIME
    for form in (
        r"^(?P<y>[0-9]{4})(?P<mark>[-/.])(?P<a>[0-9]{1,2})(?P=mark)(?P<b>[0-9]{1,2})",
        r"^(?P<y>[0-9]{4})(?P<a>[0-9]{2})(?P<b>[0-9]{2})",
        rf"^{_DAY}\.?[ -](?:de )?(?P<a>[a-z]{{3,12}})\.?[ ,-]+(?:de )?(?P<y>[0-9]{{4}})",
        rf"^(?P<a>[a-z]{{3,12}})\.? {_DAY},? (?P<y>[0-9]{{4}})",
    )
]
# Nine or ten digits of seconds reach from 1973 to 2286, the same in milliseconds.
_EPOCH = r"^(?P<seconds>[0-9]{9,10})(?P<milli>[0-9]{3})?(?:\.0+)?$"
_DAY_ZERO, _FIRST_SERIAL = pd.Timestamp("1899-12-30", tz="UTC"), 37_987  # 2004-01-01
_SAY = "say date_order: day_first or month_first (date_order=day_first)"


def parse_times(
    cells: pd.Series, *, order: DateOrder | None = None, style: CellStyle = UNSETTLED
) -> ParsedCells:
    """Read a column of dates or times as UTC, also where no zone is named; years of four digits.

    ``order`` says how ``03/04/2026`` is meant; without it the column's own values must tell, or
    ``style``, what earlier cells have settled.
    """
    codes, unique = pd.factorize(cells.fillna(""))
    read = _unique_times(pd.Series(unique, dtype="str"), order or style.order, style)
    return replace(
        read,
        typed=read.typed.take(codes).set_axis(cells.index),
        faults=read.faults.take(codes).set_axis(cells.index),
    )


def _unique_times(cells: pd.Series, order: DateOrder | None, style: CellStyle) -> ParsedCells:
    blank = blank_cells(cells, numeric=True)
    text = cells.str.strip()
    iso = text[text.str.fullmatch(_ISO)]
    values = pd.to_datetime(iso, format="ISO8601", errors="coerce", utc=True).dt.as_unit("us")
    values = values.reindex(cells.index)
    text = text[values.isna() & ~blank].map(unaccented)
    serials, serial = _serials(text, style, alone=iso.empty)
    slashed = _extracted(text, _YEAR_LAST)
    text = text.drop(slashed.index)
    values = values.fillna(_epochs(text)).fillna(serials)
    for form in _OTHER_FORMS:
        text = text[values[text.index].isna()]
        values = values.fillna(_assembled(_extracted(text, form)))
    settled, question = _settled_order(slashed, order)
    if question is None:
        swapped = {"a": "b", "b": "a"} if settled == "day_first" else {}
        values = values.fillna(_assembled(slashed.rename(columns=swapped)))
        slashed = slashed.iloc[:0]
    unread = values.isna() & ~blank & ~cells.index.isin(slashed.index)
    style = replace(style, order=settled, serial=serial)
    return ParsedCells(typed=values, faults=unread, question=question, style=style)


def _serials(text: pd.Series, style: CellStyle, *, alone: bool) -> tuple[pd.Series, bool | None]:
    """Read a workbook's days from 1900, where all of a column's first cells may be such."""
    days = pd.to_numeric(text, errors="coerce").astype("float64")
    last = (pd.Timestamp.now(tz="UTC") - _DAY_ZERO).days + 2
    days = days.where(days.between(_FIRST_SERIAL, last))
    serial = style.serial
    if serial is None and not (alone and text.empty):
        serial = style.workbook and alone and bool(days.notna().all())
    moments = _DAY_ZERO + pd.to_timedelta(
        (days if serial else days.mask(days.notna())) * 86_400, "s"
    )
    return moments.dt.round("s").dt.as_unit("us"), serial


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
        return None, f"{day_first} dates are day first and {month_first} month first; {_SAY}"
    if parts["mark"].eq(".").all():  # 03.05.2026: no country writes the month first with dots
        return "day_first", None
    row = parts[first.ne(second)].iloc[0]
    shown = row["mark"].join(row[["a", "b", "y"]])
    return None, f"{shown} may be day first or month first, and no value settles it; {_SAY}"


def _assembled(parts: pd.DataFrame) -> pd.Series:
    """Put year, month ``a``, day ``b`` and the time together; impossible ones are missing."""
    words = {word: month_number(word) for word in parts["a"].unique() if word.isalpha()}
    named = {word: f"{number or 0:02d}" for word, number in words.items()}
    month = parts["a"].replace(named).str.zfill(2)
    hour, half = pd.to_numeric(parts["hour"]), parts["half"]
    possible = half.eq("") | hour.between(1, 12)
    hour = hour.where(half.eq(""), hour.mod(12)) + 12 * half.eq("pm")
    day = parts["y"] + "-" + month + "-" + parts["b"].str.zfill(2)
    clock = hour.astype("str").str.zfill(2) + ":" + parts["minute"] + ":" + parts["second"]
    text = (day + "T" + clock + parts["zone"]).where(possible)
    return pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).dt.as_unit("us")

"""Numbers as exports write them: ``1.2M``, ``304.9K``, ``15,000``, ``3.5%``, blanks.

Nothing here raises on a cell: what can't be read is marked, so that its row can be refused with
the reason. Whether a comma groups thousands or marks the decimals is settled by the whole column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

_BLANK_TEXTS = {"", "-", "--", "–", "—", "n/a", "#n/a", "null", "nan"}
_BLANK_NUMBERS = _BLANK_TEXTS | {"na", "none", "#valor!", "#value!", "#ref!", "#div/0!"}
_BLANK_NUMBERS |= {"#nv", "#wert!", "#¡valor!", "nan%"}
_MULTIPLES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_MULTIPLES |= {"tsd": 1e3, "tys": 1e3, "rb": 1e3, "mio": 1e6, "mln": 1e6, "jt": 1e6, "mrd": 1e9}
_LARGEST = 1e15
_SUFFIXES = "|".join(sorted(_MULTIPLES, reverse=True))
_NUMBER = (
    r"^(?P<sign>[-+]?)(?P<digits>[0-9][0-9.,]*|[.,][0-9]+)"
    rf"(?:e\+?(?P<power>[0-9]{{1,2}}))?(?P<suffix>{_SUFFIXES})(?P<percent>%?)$"
)
# Spaces and apostrophes group thousands in some countries; `1.2 M` has one before its suffix.
_GROUPING = r"(?<=[0-9])[\s'’\u00a0\u202f]+(?=[0-9kmbtrj%])"


DateOrder = Literal["day_first", "month_first"]


@dataclass(frozen=True, kw_only=True)
class CellStyle:
    """How a column writes its values, as far as the rows read so far have settled it.

    A long file is read in pieces; what its first rows settle holds for those that follow.

    Attributes
    ----------
    decimal : {".", ","} or None
        The sign before the decimals.
    tidy : bool or None
        Whether the source rounds counts from 10,000 on to hundreds, without a suffix.
    order : {"day_first", "month_first"} or None
        How ``03/04/2026`` is meant.
    only_yes : bool or None
        Whether a flag says no by a blank.
    workbook : bool
        Whether the cells come from a workbook, where a date may be a number of days.
    serial : bool or None
        Whether they are such numbers.
    percent : bool or None
        Whether shares without a ``%`` are percentages.
    """

    decimal: str | None = None
    tidy: bool | None = None
    order: DateOrder | None = None
    only_yes: bool | None = None
    workbook: bool = False
    serial: bool | None = None
    percent: bool | None = None


UNSETTLED = CellStyle()


@dataclass(frozen=True, kw_only=True)
class ParsedCells:
    """A column as it was read: values, which cells can't be, and which were given short (1.2M).

    ``question`` is what a person must settle before the column can be read; ``style`` is what the
    cells have settled; ``currency`` is what cells of money name beside their amounts.
    """

    typed: pd.Series
    faults: pd.Series
    rounded: pd.Series | None = None
    currency: pd.Series | None = None
    question: str | None = None
    style: CellStyle = UNSETTLED


def blank_cells(cells: pd.Series, *, numeric: bool) -> pd.Series:
    """Return which cells say that there is no value: ``-``, ``N/A``, ``#VALOR!``, ``null``."""
    words = _BLANK_NUMBERS if numeric else _BLANK_TEXTS
    return cells.isna() | cells.str.strip().str.casefold().str.rstrip("'").isin(words)


def parse_counts(
    cells: pd.Series, style: CellStyle = UNSETTLED, *, least: float | None = 0
) -> ParsedCells:
    """Read a column of counts: whole numbers from ``least`` on, as Int64.

    A smaller number, a percentage and a broken number without suffix are faults. Where every
    value from 10,000 on is a multiple of 100, the source has rounded them without a suffix.
    """
    read, decimal = _read_numbers(cells, whole=True, decimal=style.decimal)
    nearest = read["value"].round()
    broken = ~read["short"] & (read["value"] - nearest).abs().gt(1e-6)
    wrong = (
        ~nearest.between(-_LARGEST if least is None else least, _LARGEST) & nearest.notna()
        | read["percent"]
        | broken
    )
    large = nearest.ge(10_000) & ~read["short"] & ~wrong
    hundreds = large & nearest.mod(100).eq(0)
    tidy = style.tidy
    if tidy is None and large.sum() >= 5:
        tidy = bool(hundreds.sum() == large.sum())
    return ParsedCells(
        typed=nearest.mask(wrong).astype("Int64"),
        rounded=((read["short"] | hundreds) if tidy else read["short"]) & ~wrong,
        faults=read["fault"] | wrong,
        style=CellStyle(decimal=decimal, tidy=tidy),
    )


def parse_rates(
    cells: pd.Series, style: CellStyle = UNSETTLED, *, grouped: bool = False
) -> ParsedCells:
    """Read a column of rates as float64: ``3.5%`` is 0.035, ``3.5`` stays 3.5.

    ``grouped`` says that there are no three decimals: ``1.234`` is then 1,234.
    """
    read, decimal = _read_numbers(cells, whole=grouped, decimal=style.decimal)
    return ParsedCells(
        typed=read["value"],
        rounded=read["short"],
        faults=read["fault"],
        style=CellStyle(decimal=decimal),
    )


def _read_numbers(
    cells: pd.Series, *, whole: bool, decimal: str | None
) -> tuple[pd.DataFrame, str | None]:
    """Read ``value``, ``short`` (by suffix or power), ``percent`` and ``fault`` of each cell.

    Also returns the sign of the decimals, None where no cell holds a dot or a comma.
    """
    blank = blank_cells(cells, numeric=True)
    text = cells.fillna("").str.strip()
    plain = text.str.fullmatch(r"[0-9]{1,15}")  # most cells, and the quick way for them
    bare = text[~plain & ~blank].str.casefold().str.replace(_GROUPING, "", regex=True)
    bare = bare.str.replace(r"(?<=[a-z])\.$", "", regex=True)  # `1,2 Mio.`
    parts = bare.astype(object).str.extract(_NUMBER).fillna("").astype("str")
    parts["short"] = parts["suffix"].ne("") | parts["power"].ne("")
    dots, commas = (parts["digits"].str.contains(sign, regex=False) for sign in ".,")
    # The sign of the decimals is the one under which more of the column can be read; where that
    # settles nothing, 1.234 is no count with three decimals but 1,234.
    grouping = whole and not commas.any() and bool((dots & ~parts["short"]).any())
    point, comma = (_evaluated(parts, sign) for sign in ".,")
    if decimal is None and (dots.any() or commas.any()):
        decimal = "," if comma.count() + grouping > point.count() else "."
    value = comma if decimal == "," else point
    read = parts.assign(percent=parts["percent"].ne(""))[["short", "percent"]]
    value = pd.to_numeric(text.where(plain)).astype("float64").fillna(value)
    read = read.reindex(cells.index, fill_value=False).astype(bool)
    return read.assign(value=value, fault=value.isna() & ~blank), decimal


def _evaluated(parts: pd.DataFrame, decimal: str) -> pd.Series:
    """Return the values with ``decimal`` before the decimals, missing where that can't be."""
    other, digits = ",.".replace(decimal, ""), parts["digits"]
    # Groups of two stand for lakh and crore: 12,34,567.
    grouped = rf"[1-9][0-9]{{0,2}}(?:[{other}][0-9]{{2,3}})*[{other}][0-9]{{3}}"
    fits = digits.str.fullmatch(rf"(?:{grouped}|[0-9]*)(?:[{decimal}][0-9]*)?")
    text = parts["sign"] + digits.where(fits).str.replace(other, "").str.replace(decimal, ".")
    number = pd.to_numeric(text, errors="coerce").astype("float64")
    power = pd.to_numeric(parts["power"].replace("", "0")).clip(upper=30).astype("float64")
    factor = parts["suffix"].map(_MULTIPLES).astype("float64") * power.rpow(10.0)
    evaluated: pd.Series = number * factor.where(parts["percent"].eq(""), factor / 100)
    return evaluated

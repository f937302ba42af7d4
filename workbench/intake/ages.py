"""Ages of posts as exports write them, to hours: ``2 hours``, ``3 days ago``, ``1 w``."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from workbench.intake.numbers import ParsedCells, blank_cells

AgeUnit = Literal["minutes", "hours", "days"]

# Months and years have no length of their own: such an age dates no post.
_SPELLINGS = {
    1 / 3600: ("s", "sec", "secs", "second", "seconds"),
    1 / 60: ("m", "min", "mins", "minute", "minutes"),
    1.0: ("h", "hr", "hrs", "hour", "hours"),
    24.0: ("d", "day", "days"),
    168.0: ("w", "wk", "wks", "week", "weeks"),
}
_HOURS = {word: hours for hours, words in _SPELLINGS.items() for word in words}
_AGE = r"^(?P<number>[0-9]+(?:[.,][0-9]+)?)\s*(?P<unit>[a-z]*)\.?(?:\s+(?:ago|old))?$"
_LONGEST = 200_000  # hours, to before there were such posts


def parse_ages(cells: pd.Series, unit: AgeUnit | None) -> ParsedCells:
    """Read a column of ages as hours; ``unit`` is that of bare numbers, which is asked for."""
    blank = blank_cells(cells, numeric=True)
    text = cells.fillna("").str.strip().str.casefold()
    parts = text.astype(object).str.extract(_AGE)
    number = pd.to_numeric(parts["number"].str.replace(",", ".")).astype("float64")
    bare = parts["unit"].eq("").fillna(False).astype(bool)
    told = parts["unit"].mask(bare, unit)
    hours = number * told.map(_HOURS).astype("float64")
    hours = hours.where(hours.le(_LONGEST))
    question = None
    if unit is None and bare.any():
        question = (
            f"{text[bare].iloc[0]} says no unit of time; say age_unit: hours, days or minutes "
            "(age_unit=hours)"
        )
    open_ = bare & (unit is None)
    return ParsedCells(typed=hours, faults=hours.isna() & ~blank & ~open_, question=question)

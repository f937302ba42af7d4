"""How a number, a date or an interval is written for people.

The rest of the package keeps fractions (0-1) and raw counts; only this module turns them into
text. An estimate is written by :func:`interval` alone: it needs a range and marks the element, so
that a report can be checked for figures without one. A share that was counted, not estimated, is
marked by :func:`observed`.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Literal

Unit = Literal["percent", "count", "number", "ordinal"]

MISSING = "no data"
END_MARK = "workbench-report-end"  # what the last cell of a report leaves behind
HEADLINES_MARK = "workbench_headlines"  # and the numbers that it is about
BEHIND_MARK = "workbench-behind"  # and those of a figure


def count(value: float | None) -> str:
    """Write a whole number with thousands separators; ``no data`` where it is missing."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{round(value):,}"


def short_count(value: float) -> str:
    """Write a count in the trade's short form: ``950``, ``12.5k``, ``1M``, ``2.4B``.

    The precision is three significant figures, so 999,600 becomes ``1M`` and not ``1000k``.
    """
    if not math.isfinite(value):
        return MISSING
    rounded = float(f"{value:.3g}")
    for limit, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(rounded) >= limit:
            return f"{rounded / limit:.4g}{suffix}"
    return f"{rounded:.4g}"


def percent(fraction: float | None) -> str:
    """Write a fraction as percent with two significant figures, whole numbers from 10% on."""
    if fraction is None or not math.isfinite(fraction):
        return MISSING
    value = 100 * fraction
    if abs(value) >= 9.95 or value == 0:
        return f"{value:,.0f}%"
    if abs(value) >= 0.995:
        return f"{value:.1f}%"
    return "under 0.01%" if 0 < value < 0.005 else f"{value:.2f}%"


def number(value: float | None) -> str:
    """Write a plain number, an exponent say, with two decimals."""
    return MISSING if value is None or not math.isfinite(value) else f"{value:.2f}"


def plotted(value: float) -> str:
    """Write a number of a figure with four significant figures, whole and grouped from 1,000 on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{round(value, 6) + 0:.4g}"


def ordinal(value: float | None) -> str:
    """Write a percentile's rank: ``22nd``, ``13th``; the ends stay open, ``over 99th``."""
    if value is None or not math.isfinite(value):
        return MISSING
    if not 0.5 <= value < 99.5:
        return "over 99th" if value > 50 else "under 1st"
    whole = round(value)
    last = whole % 10 if whole % 100 not in (11, 12, 13) else 0
    return f"{whole}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def day(value: date | datetime | str) -> str:
    """Write a date the same way for every reader: ``12 Mar 2026``."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment.day} {moment:%b %Y}"


def spread_label(what: str, place: int) -> str:
    """Write a place of an import's spread: a month of posts, followers of creators."""
    if what == "posts":
        return f"{place // 12}-{place % 12 + 1:02d}"
    return short_count(float(f"{10 ** (place / 2):.2g}"))


def plural(amount: int, singular: str, several: str | None = None) -> str:
    """Write an amount with its noun: ``1 creator``, ``no posts``, ``1,204 posts``."""
    noun = singular if amount == 1 else several or f"{singular}s"
    return f"{'no' if amount == 0 else f'{amount:,}'} {noun}"


_WRITERS: dict[Unit, Callable[[float], str]] = {
    "percent": percent,
    "count": count,
    "number": number,
    "ordinal": ordinal,
}


def interval(
    estimate: float,
    low: float,
    high: float,
    *,
    unit: Unit,
    confidence: float,
    kind: str = "interval",
) -> str:
    """Write an estimate with its range and mark it for the report's check.

    Parameters
    ----------
    estimate, low, high : float
        The estimate and the limits of its range, in the unit's raw form (percent: fractions 0-1).
    unit : {"percent", "count", "number", "ordinal"}
        How the three are written.
    confidence : float
        Nominal coverage of the range, 0-1.
    kind : str
        What the range is called: ``interval`` for an uncertainty, ``range`` for a spread of peers;
        empty where a table's head says it.

    Returns
    -------
    str
        HTML: a ``span.estimate`` that carries the three raw numbers.

    Raises
    ------
    ValueError
        If one of the three is not finite or the estimate lies outside its range.
    """
    if not all(math.isfinite(v) for v in (estimate, low, high)) or not low <= estimate <= high:
        raise ValueError(f"an estimate needs a range that holds it: {low} <= {estimate} <= {high}")
    write = _WRITERS[unit]
    named = f"{level(confidence)} {kind} " if kind else ""
    text = f"{write(estimate)} ({named}{write(low)} to {write(high)})"
    return _marked(estimate, low, high, text)


def change(moved: float, low: float | None = None, high: float | None = None, *, unit: Unit) -> str:
    """Write a difference, fractions in percentage points; with a range it is marked as estimate."""
    text = f"{_signed(moved, unit)}{' points' * (unit == 'percent')}"
    if low is None or high is None:
        return observed(text if moved else "no change")
    return _marked(moved, low, high, f"{text} ({_signed(low, unit)} to {_signed(high, unit)})")


def _signed(moved: float, unit: Unit) -> str:
    text = _WRITERS[unit](abs(moved)).removesuffix("%")
    if text.startswith("under") or not text.strip("0."):
        return "0"
    return f"{'+' if moved > 0 else '-'}{text}"


def _marked(value: float, low: float, high: float, text: str) -> str:
    raw = f'data-value="{value:.6g}" data-low="{low:.6g}" data-high="{high:.6g}"'
    return f'<span class="estimate" {raw}>{html.escape(text)}</span>'


def level(fraction: float) -> str:
    """Write a level that was chosen: ``90%``, ``97.5%``."""
    return f"{100 * fraction:g}%"


def listing(names: Sequence[str]) -> str:
    """Write names as a list: ``A``, ``A and B``, ``A, B and C``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def observed(text: str) -> str:
    """Mark a figure that was counted in the data, so that it needs no range."""
    return f'<span class="observed">{html.escape(text)}</span>'


def nominal(fraction: float) -> str:
    """Mark a level that was chosen, such as the 90% of a band."""
    return f'<span class="nominal">{level(fraction)}</span>'


def literal(text: str) -> str:
    """Write imported text, a handle say, so that HTML and Markdown take it as it is."""
    line = " ".join(text.split())
    plain = "".join(_MARKUP.get(character, character) for character in line)
    return f'<span class="imported">{plain}</span>'


def long(text: str) -> str:
    """Mark a text of some length, so that its column is not a narrow one on a phone."""
    return f'<span class="long">{html.escape(text)}</span>'


def quoted(text: str) -> str:
    """Mark what others say, a claim say: its words and figures are not ours."""
    return f'<span class="quoted">{html.escape(text)}</span>'


_MARKUP = {character: f"&#{ord(character)};" for character in "&<>\"'\\`*_{}[]()#+-.!|~:$@"}

"""The numbers that a report is about: shown with what has changed, and kept for the next report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from workbench.errors import DataError
from workbench.figures import show
from workbench.formats import HEADLINES_MARK, day
from workbench.wording.headlines import (
    Headline,
    describe_change_rows,
    describe_change_rule,
    describe_headline_rows,
)

_HEADLINES = TypeAdapter(tuple[Headline, ...])


@dataclass(frozen=True, kw_only=True)
class Previous:
    """An earlier report: its period (may be empty), the day of its data, and its numbers."""

    period: str
    as_of: str
    headlines: tuple[Headline, ...]

    @property
    def name(self) -> str:
        """What the report is called in a sentence."""
        told = f"data as of {day(self.as_of)}"
        return f"{self.period} ({told})" if self.period else f"the report before ({told})"

    @property
    def short(self) -> str:
        """What tells it from others of its kind."""
        return self.period or f"data of {day(self.as_of)}"


def show_headlines(headlines: Sequence[Headline], previous: str = "") -> None:
    """Display the numbers that a report is about, beside those of an earlier one if there is one.

    Parameters
    ----------
    headlines : sequence of Headline
        Names are unique and hold no handle.
    previous : str
        File with the earlier report's numbers (:func:`read_previous`); empty without one.

    Raises
    ------
    DataError
        If that file can't be read, or two numbers have one name.
    """
    names = [headline.name for headline in headlines]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError("Two headline numbers have one name.", twice)
    frame, caption, rule = describe_headline_rows(headlines), "The numbers to watch", ""
    if previous:
        before = read_previous(Path(previous))
        frame = describe_change_rows(headlines, before.headlines)
        caption = f"What changed since {before.name}"
        rule = describe_change_rule() if any(h.limits for h in headlines) else ""
    show.show_headlines(frame, caption, rule, [asdict(headline) for headline in headlines])


def read_previous(path: Path) -> Previous:
    """Read an earlier report's numbers: ``period``, ``as_of``, ``headlines``, or its manifest.

    Raises
    ------
    DataError
        If the file is missing or broken.
    """
    try:
        return previous_of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as fault:
        told = fault.strerror if isinstance(fault, OSError) else str(fault).splitlines()[0]
        raise DataError(
            "The numbers of the report before can't be read.",
            [f"{path.name}: {told}", "expected JSON with period, as_of and headlines"],
        ) from fault


def previous_of(content: Mapping[str, Any]) -> Previous:
    """Check what a manifest, or the file made from it, says of its numbers.

    Raises
    ------
    ValueError, TypeError
        If something is missing or is no headline.
    """
    if not isinstance(content, Mapping):
        raise TypeError("it holds no names with values")
    as_of, told = content.get("as_of") or content.get("data_as_of"), content.get("headlines")
    if not isinstance(as_of, str) or told is None:
        raise ValueError("as_of or headlines are missing")
    day(as_of)
    period = content.get("period") or ""
    return Previous(period=str(period), as_of=as_of, headlines=_HEADLINES.validate_python(told))


def headlines_of(executed: Path) -> list[dict[str, Any]]:
    """Return the numbers that an executed notebook has shown; empty where it has shown none."""
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    return [
        headline
        for cell in notebook["cells"]
        for output in cell.get("outputs", ())
        for headline in output.get("metadata", {}).get(HEADLINES_MARK, ())
    ]

"""Files that share a header: they share one mapping and one reading of dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from workbench.intake.accounts import plain_handles
from workbench.intake.fields import plain_name, platform_in, vocabulary
from workbench.intake.numbers import CellStyle
from workbench.intake.read import RawFile
from workbench.intake.records import RECORD

_OVERLAP = 0.8


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files of one header and platform, which share one mapping and one reading of dates.

    Of each file it holds the first rows; ``later`` gives the rest of the long ones. ``account``,
    ``currency`` and ``drawn`` are what was said of rows that don't say it.
    """

    files: tuple[RawFile, ...]
    platform: str | None
    account: str | None = None
    currency: str | None = None
    drawn: str | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(dict.fromkeys(name for file in self.files for name in file.header))

    @property
    def title(self) -> str:
        """The files by name, for a sentence."""
        more = f" and {len(self.files) - 1} more like it" if len(self.files) > 1 else ""
        return f"{self.files[0].name}{more}"

    @property
    def style(self) -> CellStyle:
        """How cells are written, before any was read."""
        return CellStyle(workbook=all(file.workbook for file in self.files))

    @cached_property
    def cells(self) -> pd.DataFrame:
        """The first rows of all files."""
        return pd.concat([file.cells for file in self.files], ignore_index=True).fillna("")

    @cached_property
    def origin(self) -> pd.DataFrame:
        """``file`` and ``row`` of each row of ``cells``."""
        places = [pd.DataFrame({"file": f.name, "row": f.cells.index}) for f in self.files]
        return pd.concat(places, ignore_index=True)

    def later(self) -> Iterator[Layout]:
        """Give the rows after the first, piece by piece, each as a layout of its own."""
        for file in self.files:
            for piece in file.later():
                yield replace(self, files=(piece,))


def group_files(
    files: Sequence[RawFile],
    platform: str | None = None,
    account: str | None = None,
    currency: str | None = None,
    drawn: str | None = None,
) -> list[Layout]:
    """Group files of one header and platform; ``platform`` stands above the files' names."""
    groups: list[tuple[set[str], str | None, list[RawFile]]] = []
    for file in files:
        told, names = platform or platform_in(file.name), {*file.header}
        for header, same, group in groups:
            # A record leaves out the fields that it has no value for.
            part = RECORD in names & header and len(names & header) >= _OVERLAP * min(
                len(names), len(header)
            )
            if same == told and (part or file.header == group[0].header):
                group.append(file)
                header |= names
                break
        else:
            groups.append((names, told, [file]))
    return [
        Layout(files=tuple(group), platform=told, account=account, currency=currency, drawn=drawn)
        for _, told, group in groups
    ]


def why_unread(layout: Layout) -> str | None:
    """Say why no row of a file can be taken, and what to do; None where that is not known."""
    known, names = vocabulary(), {*map(plain_name, layout.header)}
    if (
        names & known.of_bookings
        and names & (known.names["deliverable"] | known.names["fee"]).keys()
    ):
        return "bookings of a campaign, which are not kept yet"
    first, *others = layout.header
    accounts = {*plain_handles(pd.Series(others, dtype="str")).str.casefold()}
    down = {*plain_handles(layout.cells[first]).str.casefold()} - {""}
    if len(accounts & down) >= max(2, len(others) / 2):
        return "a table of accounts by accounts; give a row a pair: creator A, creator B, overlap"
    return None

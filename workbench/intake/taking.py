"""The rows of all files, taken or refused one by one, before it is known whose they are."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from workbench.errors import DataError
from workbench.intake.agreement import NOTE_COLUMNS
from workbench.intake.checks import are_display_names
from workbench.intake.fields import FIELDS, IDENTITY, OTHER, RATE, day_in
from workbench.intake.followers import nameless
from workbench.intake.mapping import Proposal
from workbench.intake.privacy import Privacy
from workbench.intake.rates import settle_rates
from workbench.intake.refusals import RefusedRows
from workbench.intake.rows import NEEDED, TIMES, ParsedRows
from workbench.intake.spool import Spool
from workbench.store.frames import DTYPES

logger = logging.getLogger(__name__)

_ROW_DTYPES = {name: DTYPES[column.kind] for name, column in FIELDS.items()}
_ROW_DTYPES |= dict.fromkeys(TIMES, DTYPES["time"])
_ROW_DTYPES |= {"other_key": "str", "drawn": "str", "position": "Int64"}
_SAID_EVERY = 1_000_000


@dataclass(kw_only=True, eq=False)
class TakenRows:
    """What is known of the taken rows as a whole; the rows themselves are in the spool.

    Attributes
    ----------
    accounts : DataFrame
        ``IDENTITY``, each combination once.
    rows, blank : Counter
        Rows with and without a value, by file.
    dated : dict
        Whether a row of a file with taken rows says a day, by file.
    newest : list of Timestamp
        The newest day of all rows, and the next.
    aged : Counter
        Rows that are dated by the age of their post, by file and header.
    notes : list of DataFrame
        What was settled about values, ``NOTE_COLUMNS``.
    """

    accounts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=IDENTITY))
    rows: Counter[str] = field(default_factory=Counter)
    blank: Counter[str] = field(default_factory=Counter)
    dated: dict[str, bool] = field(default_factory=dict)
    newest: list[pd.Timestamp] = field(default_factory=list)
    aged: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: list[pd.DataFrame] = field(default_factory=list)

    def count(self, part: ParsedRows) -> None:
        """Count the rows of a part, taken or not."""
        for file in part.layout.files:
            before = self.rows[file.name] // _SAID_EVERY
            self.rows[file.name] += file.rows
            self.blank[file.name] += file.first.blank
            if self.rows[file.name] // _SAID_EVERY > before:
                logger.info("%s: %s rows read", file.name, f"{self.rows[file.name]:,}")

    def see(self, rows: pd.DataFrame) -> None:
        """Note accounts and days of taken rows."""
        others = rows[OTHER].dropna(how="all").set_axis(IDENTITY, axis=1)
        accounts = pd.concat([self.accounts, rows[IDENTITY], others])
        self.accounts = accounts.drop_duplicates(ignore_index=True)
        told = rows[list(TIMES)].notna().any(axis=1).groupby(rows["file"]).any()
        for file, dated in told.items():
            self.dated[str(file)] = bool(dated) or self.dated.get(str(file), False)
        days = [rows[name].dropna().dt.normalize().drop_duplicates() for name in TIMES]
        newest = pd.concat([*days, pd.Series(self.newest, dtype=DTYPES["time"])]).drop_duplicates()
        self.newest = [*newest.nlargest(2)]


def take_rows(
    proposals: Sequence[Proposal],
    as_of: date | None,
    spool: Spool,
    refused: RefusedRows,
    privacy: Privacy,
) -> TakenRows:
    """Put the rows that can be taken into the spool, the others to the refused.

    Raises
    ------
    DataError
        If no row is left, with the reasons, or a file can't be read to its end.
    """
    taken = TakenRows()
    # Rows that don't tell their platform have it of an account in another file.
    last = sorted(enumerate(proposals), key=lambda found: found[1].rows in NEEDED)
    for number, proposal in last:
        named = are_display_names(proposal.frame["handle"].dropna().drop_duplicates())
        for part in proposal.pieces():
            faults = part.refusals(as_of)
            lost = [*map(privacy.misfits, part.layout.files), privacy.refused(part.located(faults))]
            for found in lost:  # a follower's row names the follower
                refused.add(found.assign(raw="") if part.rows == "follower" else found)
            typed = _typed_rows(part, number, named, privacy.secret).drop(index=faults.index)
            rows = privacy.known(typed)
            refused.add(privacy.forgotten_rows(typed, rows, part.layout.cells))
            taken.count(part)
            taken.see(rows)
            taken.notes += [*_rate_notes(part), *_serial_notes(part)]
            aged = rows.loc[rows["posted_at"].isna() & rows["posted_ago"].notna(), "file"]
            taken.aged.update((file, part.mapping["posted_ago"]) for file in aged)
            spool.add(rows)
    if not spool.rows:
        raise refused.fault()
    return taken


def _typed_rows(part: ParsedRows, layout: int, named: bool, secret: str) -> pd.DataFrame:
    """Return the rows with every canonical column, typed, and what else is known of each."""
    frame = nameless(part, secret) if part.rows == "follower" else part.frame
    rows = frame.assign(
        **part.layout.origin,
        layout=layout,
        rows=part.without_post.map({True: "account", False: part.rows}),
        likes_read="likes" in part.mapping,
        likes_marked=frame.get("likes_marked", False),
        window=part.profile.window,
        named=named,
        provenance=part.profile.provenance,
    )
    missing = {
        name: pd.Series(index=rows.index, dtype=kind)
        for name, kind in _ROW_DTYPES.items()
        if name not in rows
    }
    return rows.assign(**missing).astype({**_ROW_DTYPES, "rows": "str", "file": "str"})


def _rate_notes(part: ParsedRows) -> Iterator[pd.DataFrame]:
    """Give what was decided about the unit of given rates, a row a file and decision."""
    if RATE not in part.mapping or part.rows != "account":
        return
    header = part.mapping[RATE]
    cells = part.layout.cells[header]
    settled = settle_rates(cells, part.frame)
    told = pd.DataFrame({"file": part.layout.origin["file"], "cell": cells})
    found = told.assign(unit=settled.unit).dropna(subset="unit")
    counted = found.groupby(["file", "unit"], as_index=False).agg(
        rows=("cell", "size"), examples=("cell", lambda c: ", ".join(c.head(3)))
    )
    note = "rate read as " + counted["unit"].astype("str")
    left = "unit open, beside what likes, comments and followers give: the rate is left out"
    yield counted.assign(column=header, note=note.mask(counted["unit"].eq("open"), left))


def _serial_notes(part: ParsedRows) -> Iterator[pd.DataFrame]:
    """Give which columns of dates were numbers, a row a file."""
    for name in TIMES:
        if name in part.columns and part.columns[name].style.serial:
            header = part.mapping[name]
            told = pd.DataFrame(
                {"file": part.layout.origin["file"], "cell": part.layout.cells[header]}
            )
            found = told[part.columns[name].typed.notna()].groupby("file", as_index=False)
            counted = found.agg(
                rows=("cell", "size"), examples=("cell", lambda c: ", ".join(c.head(3)))
            )
            yield counted.assign(column=header, note="numbers read as a workbook's days from 1900")


def age_notes(taken: TakenRows, days: pd.DataFrame) -> pd.DataFrame:
    """Return which files' posts are dated by their age, and from which day."""
    as_of = days["as_of"].dt.strftime("%Y-%m-%d")
    notes = [
        {
            "file": file,
            "column": header,
            "note": f"dated by the age in column {header}, as of {as_of[file]}",
            "rows": rows,
            "examples": "",
        }
        for (file, header), rows in taken.aged.items()
    ]
    return pd.DataFrame(notes, columns=NOTE_COLUMNS)


def days_of_files(taken: TakenRows, as_of: date | None) -> pd.DataFrame:
    """Return ``as_of`` and ``as_of_from`` by file: the day that its counts stand for.

    The day that was asked for stands above all. A file without dates is of the day that its name
    tells, else of the newest date in the rows, as files with dates are.

    Raises
    ------
    DataError
        If nothing dates the rows, or the newest date lies years after the next.
    """
    dated = pd.Series(taken.dated).sort_index()
    if as_of is not None:
        return pd.DataFrame({"as_of": pd.Timestamp(as_of), "as_of_from": "option"}, dated.index)
    named = pd.to_datetime(pd.Series(dated.index.map(day_in), dated.index).mask(dated))
    newest = _newest_day(taken.newest)
    if newest is None and named.isna().any():
        unnamed = ", ".join(named.index[named.isna()])
        raise DataError(
            "Nothing in the files says which day they are of.",
            [f"{unnamed}: say it with --as-of DATE, the day of the export"],
        )
    told = named.notna().map({True: "file name", False: "rows"})
    return pd.DataFrame(
        {"as_of": named if newest is None else named.fillna(newest), "as_of_from": told}
    )


def _newest_day(latest: Sequence[pd.Timestamp]) -> pd.Timestamp | None:
    if not latest:
        return None
    # One wrong year would date the whole import.
    if latest[0] - latest[-1] > pd.Timedelta(days=730):
        told = f"The newest date, {latest[0].date()}, is years after the next, {latest[-1].date()}."
        raise DataError(told, ["say the day of the export: --as-of DATE; later rows are refused"])
    return latest[0].tz_localize(None)

"""A layout's cells to typed values under canonical names, cell faults beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import pandas as pd

from workbench.errors import DataError
from workbench.intake.accounts import plain_handles, split_keys
from workbench.intake.ages import parse_ages
from workbench.intake.dates import parse_times
from workbench.intake.delimited import raw_line
from workbench.intake.fees import settle_deliverables
from workbench.intake.fields import (
    ACCOUNT_COUNTS,
    AMOUNTS,
    FIELDS,
    MONEY,
    POST_COUNTS,
    RATE,
    Rows,
    vocabulary,
)
from workbench.intake.layouts import Layout
from workbench.intake.money import DOLLAR, SIGNS, are_other_currencies, parse_money
from workbench.intake.numbers import (
    UNSETTLED,
    CellStyle,
    ParsedCells,
    blank_cells,
    parse_counts,
    parse_rates,
)
from workbench.intake.profile import MappingProfile
from workbench.intake.rates import parse_shares, settle_rates
from workbench.intake.read import REFUSED_COLUMNS
from workbench.tables.schema import Column

TIMES = ("posted_at", "observed_at", "observed_on")
POSTED = ("posted_at", "posted_ago")
IDS = ("post_id", "native_id", "other_native_id")
_EARLIEST = pd.Timestamp("2004-01-01", tz="UTC")
# Up to a third of the cells may be unreadable before the header counts as wrong; those rows are
# refused one by one.
MOST_UNREADABLE = 0.34
_TOTALS = ("total", "totals", "grand total", "sum", "average", "gesamt", "summe")
# What a row of its kind can't do without. Where a platform is missing, these are of the one account
# with their id or handle.
NEEDED: dict[Rows, dict[str, str]] = {
    "sale": {"observed_on": "day", "currency": "currency"},
    "payout": {"amount": "amount paid", "currency": "currency"},
    "fee": {"fee": "fee", "currency": "currency"},
    "overlap": {"share": "share"},
    "event": {"observed_on": "day", "kind": "kind of event"},
}
USUAL = "smaller"  # the audience of which most tools give a share
_LONGEST_TEXT = 500
_HIDDEN = r"(?i)-1|hidden|versteckt|ausgeblendet|oculto|ocultos|ocultas|masqués?|nascosti|gizli"
_EXPECTED = {
    "number": "a figure such as 1,234.5, 304.9K or 3.5%",
    "count": "a count such as 15,000, 304.9K or 1.2M",
    "time": "a date from 2004 on with a year of four digits",
    "date": "a date from 2004 on with a year of four digits",
    "flag": "yes or no",
    "currency": "a code of three letters, such as EUR",
    "posted_ago": "an age such as 2 hours, 3 days ago, 5 min or 1 w",
    "share": "a share from 0 to 1, or from 0% to 100%",
    "fee": "an amount such as 1,234.50 or €300, not below 0",
    "text": f"at most {_LONGEST_TEXT} characters",
    "id": "an id with all its digits (a spreadsheet has shortened this one: export it as text)",
}


@dataclass(frozen=True, kw_only=True)
class ParsedRows:
    """A layout's rows as a profile reads them; ``styles`` is what earlier rows have settled."""

    layout: Layout
    profile: MappingProfile
    styles: Mapping[str, CellStyle] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        """What a row is; an account while that is open."""
        return self.profile.rows or "account"

    @property
    def account(self) -> str | None:
        """Whose followers the rows are, as the profile or the analyst says it."""
        told = self.profile.account or self.layout.account
        return (
            plain_handles(pd.Series([told])).iloc[0] if told and self.rows == "follower" else None
        )

    @property
    def currency(self) -> str | None:
        """The currency of the amounts, as the profile or the analyst says it."""
        return self.profile.currency or self.layout.currency

    @cached_property
    def mapping(self) -> Mapping[str, str]:
        """Canonical column to header."""
        return self.profile.mapping(self.layout.header)

    @cached_property
    def columns(self) -> Mapping[str, ParsedCells]:
        """The parsed columns by canonical name."""
        read = {name: self._read(name, self._style(name)) for name in self.mapping}
        if self.layout.style.workbook or not any(
            column.style.decimal == "," and self._cells(name).str.contains(",", regex=False).any()
            for name, column in read.items()
        ):
            return read
        # Where one column of a file has decimals behind a comma, 1.234 in another is no decimal.
        for name, column in read.items():
            if FIELDS[name].kind == "number" and column.style.decimal == ".":
                other = self._read(name, replace(self._style(name), decimal=","))
                read[name] = other if other.faults.sum() <= column.faults.sum() else column
        return read

    def _cells(self, name: str) -> pd.Series:
        return self.layout.cells[self.mapping[name]]

    def _read(self, name: str, style: CellStyle) -> ParsedCells:
        return parse_cells(FIELDS[name], self._cells(name), self.profile, style)

    def pieces(self) -> Iterator[ParsedRows]:
        """Give these rows, then what follows them in long files, read in the same way.

        Raises
        ------
        DataError
            If later cells can't be read as the first ones are.
        """
        yield self
        styles = {name: column.style for name, column in self.columns.items()}
        for layout in self.layout.later():
            part = ParsedRows(layout=layout, profile=self.profile, styles=styles)
            part.check_as_before()
            yield part
            styles |= {name: column.style for name, column in part.columns.items()}

    def check_as_before(self) -> None:
        """Refuse a file whose cells change their form on the way: too many can't be read."""
        found = []
        for name, column in self.columns.items():
            given = column.typed.notna().sum() + column.faults.sum()
            unread = len(column.faults) > 100 and column.faults.sum() > MOST_UNREADABLE * given
            if column.question or unread:
                told = column.question or f"expected {expected(name)}, most cells are not"
                found.append(f"column {self.mapping[name]!r} as {name}: {told}")
        if found:
            row = self.layout.origin["row"].min()
            raise DataError(f"{self.layout.title} changes from row {row:,} on.", found)

    def _style(self, name: str) -> CellStyle:
        return self.styles.get(name, self.layout.style)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Typed values; ``platform``, ``handle`` and ``native_id`` always stand in it."""
        index = self.layout.cells.index
        told = self.profile.platform or self.layout.platform
        given = {
            "platform": pd.Series(told, index=index, dtype="str"),
            "handle": pd.Series(index=index, dtype="str"),
            "native_id": pd.Series(index=index, dtype="str"),
        }
        if self.account:
            given["handle"] = pd.Series(self.account, index=index, dtype="str")
        currency = self._currencies()
        if currency.notna().any():
            given["currency"] = currency
        typed = {name: c.typed for name, c in self.columns.items() if name != "currency"}
        frame = pd.DataFrame(given | typed)
        for name, counts in (("account_rounded", ACCOUNT_COUNTS), ("post_rounded", POST_COUNTS)):
            flags = {c: self.columns[c].rounded for c in counts if c in self.columns}
            frame[name] = pd.DataFrame(flags, index=index).any(axis=1)
        if "likes" in frame:
            frame["likes_marked"] = _marked_hidden(self.layout.cells[self.mapping["likes"]])
        if RATE in frame:
            frame[RATE] = settle_rates(self.layout.cells[self.mapping[RATE]], frame).rate
        frame = frame.assign(platform=frame["platform"].fillna(given["platform"]))
        frame = split_keys(frame) if self.rows in NEEDED else frame
        if "deliverable" in frame:
            frame = settle_deliverables(frame)
        if self.rows == "overlap":
            base = frame.get("base", pd.Series(index=index, dtype="str"))
            frame = split_keys(frame, "other_").assign(base=base.fillna(self.profile.base or USUAL))
        return frame

    @cached_property
    def _named_currency(self) -> pd.Series:
        """The code or the ``$`` that stands beside a row's amount."""
        found = pd.Series(index=self.layout.cells.index, dtype="str")
        for name in AMOUNTS:
            told = self.columns[name].currency if name in self.columns else None
            found = found if told is None else found.fillna(told)
        return found

    def _currencies(self) -> pd.Series:
        """Return each row's currency: of its column, its amount, the other amounts, or as said."""
        beside = self._named_currency.mask(self._named_currency.eq(DOLLAR))
        column = self.columns.get("currency")
        told = beside if column is None else column.typed.fillna(beside)
        only = beside.dropna().unique()
        said = self.currency or (only[0] if len(only) == 1 and column is None else None)
        return told.fillna(said) if said else told

    @cached_property
    def without_post(self) -> pd.Series:
        """Rows of a list of posts that hold an account alone: a profile that has posted nothing."""
        told = [n for n in ("post_id", *POSTED, *POST_COUNTS) if n in self.frame]
        known = self.frame.get("followers", pd.Series(pd.NA, index=self.frame.index)).notna()
        blank = pd.DataFrame({n: self.layout.cells[self.mapping[n]].eq("") for n in told})
        return known & blank.all(axis=1) & (self.rows == "post")

    def refusals(self, as_of: date | None) -> pd.DataFrame:
        """Return ``column``, ``value`` and ``reason`` of the rows that can't be taken.

        Dates more than a day after ``as_of``, the day of the export, are refused.
        """
        found = [
            self._refused(parsed.faults, name, f"expected {expected(name)}")
            for name, parsed in self.columns.items()
        ]
        if as_of is not None:
            end = pd.Timestamp(as_of, tz="UTC") + pd.Timedelta(days=2)
            late = {name: self.frame[name].ge(end) for name in TIMES if name in self.frame}
            reason = f"lies after the day of the export, {as_of}"
            found += [self._refused(mask, name, reason) for name, mask in late.items()]
        if self.rows in NEEDED and "currency" in self.frame:
            other = are_other_currencies(self._named_currency, self.frame["currency"])
            amount = next((n for n in AMOUNTS if n in self.columns), "currency")
            found.append(self._refused(other, amount, "the amount is in another currency"))
        for side in ("", "other ") if self.rows == "overlap" else ("",):
            names = [side.replace(" ", "_") + name for name in ("handle", "native_id")]
            nobody = self.frame[names].isna().all(axis=1)
            found.append(self._refused(nobody, names[0], f"no {side}account"))
        sums = self.frame["handle"].str.casefold().isin(_TOTALS) & self.frame["native_id"].isna()
        found.append(self._refused(sums, "handle", "a row of totals, no account"))
        for name, what in NEEDED.get(self.rows, {"platform": "platform"}).items():
            found.append(self._refused(self._missing([name]), name, f"no {what}"))
        if "elsewhere" in self.frame:
            elsewhere = self.frame["elsewhere"]
            found.append(self._refused(elsewhere, "deliverable", "is for another platform"))
        if self.rows == "post":
            undated = self._missing(POSTED) & ~self.without_post
            found.append(self._refused(undated, "posted_at", "no posting time"))
        return pd.concat(found).groupby(level=0).agg("; ".join)

    def _missing(self, names: Sequence[str]) -> pd.Series:
        """Rows without any of these; a cell that can't be read is a fault of its own already."""
        given = self.frame[[name for name in names if name in self.frame]]
        faults = {n: self.columns[n].faults for n in names if n in self.columns}
        return given.isna().all(axis=1) & ~pd.DataFrame(faults, index=given.index).any(axis=1)

    def located(self, refusals: pd.DataFrame) -> pd.DataFrame:
        """Return refusals with their place in the file and the row as the file had it."""
        rows = self.layout.cells.loc[refusals.index].itertuples(index=False, name=None)
        raw = [raw_line(row, self.layout.files[0].delimiter) for row in rows]
        return refusals.join(self.layout.origin).assign(raw=raw)[REFUSED_COLUMNS]

    def _refused(self, mask: pd.Series, name: str, reason: str) -> pd.DataFrame:
        index = mask.index[mask]
        header = self.mapping.get(name, "")
        value = self.layout.cells.loc[index, header].str[:_LONGEST_TEXT] if header else ""
        return pd.DataFrame({"column": header, "value": value, "reason": reason}, index=index)


def expected(name: str) -> str:
    """Say what a canonical column's cells must hold."""
    if choices := FIELDS[name].choices:
        return f"one of {', '.join(choices)}"
    return _EXPECTED.get("id" if name in IDS else name) or _EXPECTED[FIELDS[name].kind]


def parse_cells(
    column: Column,
    cells: pd.Series,
    profile: MappingProfile,
    style: CellStyle = UNSETTLED,
) -> ParsedCells:
    """Read one column by the kind of its canonical column, as earlier cells have settled it."""
    if column.name == "posted_ago":
        return parse_ages(cells, profile.age_unit)
    if column.name == "likes":
        cells = cells.mask(_marked_hidden(cells), "")
    if column.kind == "count":
        return parse_counts(cells, style, least=column.minimum)
    if column.kind == "number":
        if column.name in MONEY:
            read = parse_money(cells, style, percent=column.name == "rate")
        elif column.name == "share":
            read = parse_shares(cells, style, profile.share_unit)
        else:
            read = parse_rates(cells, style)
        least = -1e15 if column.minimum is None else column.minimum
        wrong = ~read.typed.between(least, column.maximum or 1e15) & read.typed.notna()
        return replace(read, typed=read.typed.mask(wrong), faults=read.faults | wrong)
    if column.kind in ("time", "date"):
        times = parse_times(cells, order=profile.date_order, style=style)
        early = times.typed.lt(_EARLIEST)
        return replace(times, typed=times.typed.mask(early), faults=times.faults | early)
    blank = blank_cells(cells, numeric=False)
    long = cells.str.len().gt(_LONGEST_TEXT).fillna(False).astype(bool)
    plain = cells.str.strip().mask(blank | long)
    if column.kind == "flag":
        return _parse_flags(plain.str.casefold(), blank, style)
    if column.kind == "choice":
        spelled = plain.str.casefold().str.replace(r"[\W_]+", " ", regex=True).str.strip()
        words = {"base": vocabulary().base_of, "kind": vocabulary().event_of}
        known = spelled.map(words.get(column.name, vocabulary().platform_of)).astype("str")
        known = known.fillna("other").mask(blank) if column.name == "kind" else known
        return ParsedCells(typed=known, faults=known.isna() & ~blank)
    if column.name in IDS:
        # A spreadsheet guards long ids with an apostrophe, or shortens them to 1.79E+17.
        ids = plain.str.replace(r'^="(.*)"$|^([0-9]+)\.0$', r"\1\2", regex=True).str.lstrip("'")
        short = ids.str.fullmatch(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+").fillna(False).astype(bool)
        return ParsedCells(typed=ids.mask(short | ids.eq("")), faults=short | long)
    if column.name in ("handle", "other_handle"):
        plain = plain_handles(plain)
    if column.name == "currency":
        codes = plain.replace(SIGNS).str.upper()
        code = codes.str.fullmatch("[A-Z]{3}").fillna(False).astype(bool)
        return ParsedCells(typed=codes.where(code), faults=~code & ~blank)
    return ParsedCells(typed=plain.where(plain.ne("")), faults=long)


def _marked_hidden(likes: pd.Series) -> pd.Series:
    """Return which like counts say that they are hidden."""
    return likes.str.strip().str.fullmatch(_HIDDEN).fillna(False).astype(bool)


def _parse_flags(words: pd.Series, blank: pd.Series, style: CellStyle) -> ParsedCells:
    flags = words.map(vocabulary().flags).astype("boolean")
    faults = flags.isna() & ~blank
    # A column that only ever says yes means no by a blank; one that says both does not.
    only_yes = style.only_yes
    if only_yes is None and flags.notna().any():
        only_yes = bool(flags.any()) and not bool(flags.eq(False).any())
    return ParsedCells(
        typed=flags.mask(blank, False) if only_yes else flags,
        faults=faults,
        style=CellStyle(only_yes=only_yes),
    )

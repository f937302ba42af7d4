"""Rows of all files to the canonical tables: taken or refused, completed, one row a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from workbench.errors import DataError
from workbench.intake.accounts import resolve_accounts
from workbench.intake.checks import are_display_names
from workbench.intake.fields import ACCOUNT_COUNTS, FIELDS, METRICS, day_in
from workbench.intake.quality import refusal_reasons
from workbench.intake.rows import TIMES, ParsedRows
from workbench.store.frames import DTYPES, canonical_frame
from workbench.tables.schema import TABLES

_UNCLEAR = {
    "ambiguous": "the handle stands for several accounts with ids of their own",
    "shared": "rows of this display name differ: they may be two accounts",
    "indistinct": "another post of the account at this time, and no post id to tell them apart",
}
_ROW_DTYPES = {name: DTYPES[column.kind] for name, column in FIELDS.items()}
_ROW_DTYPES |= dict.fromkeys(TIMES, DTYPES["time"])
_PROFILE_FIELDS = ["handle", "native_id", "display_name", "niche", "country", "verified"]
_ACCOUNT_KEY = ["creator_key", "observed_on", "layout"]
# By what, and whether ascending, the rows of a key are sorted before the last one counts: of those
# read at the same time, likes that show count more than hidden ones, exact followers than rounded.
_LATER_BY = {
    "posts": (["observed_at", "likes_hidden"], [True, False]),
    "snapshots": (["counts_rounded"], [False]),
}


@dataclass(frozen=True, kw_only=True)
class AcceptedRows:
    """Taken rows with ``creator_key`` and ``kind`` (kept or a duplicate), and the refused.

    ``days`` is the day that each file's counts stand for, and where it comes from; ``as_of`` is
    the latest of them.
    """

    rows: pd.DataFrame
    refused: pd.DataFrame
    aliases: pd.DataFrame
    days: pd.DataFrame
    as_of: date


def accept_rows(
    parsed: Sequence[ParsedRows], as_of: date | None, held: Mapping[str, pd.DataFrame]
) -> AcceptedRows:
    """Take the rows that can be taken, beside the tables that the store has held.

    Without ``as_of``, the day of the export, the newest date in the rows is taken for it.

    Raises
    ------
    DataError
        If no row is left, with the reasons, or nothing dates the rows.
    """
    refusals = [part.refusals(as_of) for part in parsed]
    rows = _joined(parsed, refusals)
    if rows.empty:
        found = refusal_reasons(_listed(parsed, refusals)).to_dict("records")
        told = [f"{f['column']}: {f['reason']} ({f['rows']} rows: {f['examples']})" for f in found]
        raise DataError("No row can be imported.", told)
    days = _days_of_files(rows, as_of)
    keys, aliases = resolve_accounts(rows, held["creators"], held["aliases"])
    rows = _completed(rows.assign(creator_key=keys), rows["file"].map(days["as_of"]))
    kind = _duplicate_kind(rows).mask(keys.isna(), "ambiguous")
    unclear = rows.assign(column="", value="", reason=kind.map(_UNCLEAR)).dropna(subset="reason")
    for n, fault in enumerate(refusals):
        here = unclear[unclear["layout"].eq(n)].set_index("line")
        refusals[n] = pd.concat([fault, here[["column", "value", "reason"]]])
    return AcceptedRows(
        rows=rows.assign(kind=kind).drop(index=unclear.index),
        refused=_listed(parsed, refusals),
        aliases=aliases,
        days=days,
        as_of=max(days["as_of"]).date(),
    )


def _joined(parsed: Sequence[ParsedRows], refusals: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put all rows that have no fault of their own under one another, every column typed."""
    frames = [pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _ROW_DTYPES.items()})]
    frames += [
        part.frame.assign(
            **part.layout.origin,
            layout=n,
            line=part.frame.index,
            rows=part.without_post.map({True: "account", False: part.rows}),
            likes_read="likes" in part.mapping,
            window=part.profile.window,
            named=are_display_names(part.frame["handle"].dropna().drop_duplicates()),
            provenance=part.profile.provenance,
        ).drop(index=refusals[n].index)
        for n, part in enumerate(parsed)
    ]
    return pd.concat(frames, ignore_index=True)


def _days_of_files(rows: pd.DataFrame, as_of: date | None) -> pd.DataFrame:
    """Return ``as_of`` and ``as_of_from`` by file.

    The day that was asked for stands above all. A file without dates is of the day that its name
    tells, else of the newest date in the rows, as files with dates are.
    """
    dated = rows[list(TIMES)].notna().any(axis=1).groupby(rows["file"]).any()
    if as_of is not None:
        return pd.DataFrame({"as_of": pd.Timestamp(as_of), "as_of_from": "option"}, dated.index)
    named = pd.to_datetime(pd.Series(dated.index.map(day_in), dated.index).mask(dated))
    newest = _newest_day(rows)
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


def _newest_day(rows: pd.DataFrame) -> pd.Timestamp | None:
    days = pd.concat([rows[name].dropna() for name in TIMES]).dt.normalize().drop_duplicates()
    latest: list[pd.Timestamp] = [*days.nlargest(2)]
    if not latest:
        return None
    # One wrong year would date the whole import.
    if latest[0] - latest[-1] > pd.Timedelta(days=730):
        told = f"The newest date, {latest[0].date()}, is years after the next, {latest[-1].date()}."
        raise DataError(told, ["say the day of the export: --as-of DATE; later rows are refused"])
    return latest[0].tz_localize(None)


def _listed(parsed: Sequence[ParsedRows], refusals: Sequence[pd.DataFrame]) -> pd.DataFrame:
    parts = [file.refused for part in parsed for file in part.layout.files]
    parts += [part.located(found) for part, found in zip(parsed, refusals, strict=True)]
    listed = pd.concat(parts).astype({"row": "int64"})
    return listed.sort_values(["file", "row"], kind="stable", ignore_index=True)


def _completed(rows: pd.DataFrame, as_of: pd.Series) -> pd.DataFrame:
    """Fill in what follows from other cells and from the day of the export.

    Counts without a time of reading are taken as read at the end of that day. A like count of 0
    beside comments is hidden, hence missing. A post without an id gets one from its time.
    """
    end = as_of.dt.tz_localize("UTC") + pd.Timedelta(days=1, seconds=-1)
    read_at = rows["posted_at"].where(rows["posted_at"].gt(end), end)
    day = rows["observed_on"].fillna(rows["observed_at"]).fillna(end)
    hidden = (rows["likes"].eq(0) & rows["comments"].gt(0)).fillna(False)
    from_time = "at:" + rows["posted_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype("str")
    return rows.assign(
        observed_at=rows["observed_at"].fillna(read_at),
        observed_on=day.dt.tz_localize(None).dt.normalize(),
        likes_hidden=hidden.where(rows["likes_read"]),
        likes=rows["likes"].mask(hidden),
        no_id=rows["post_id"].isna(),
        post_id=rows["post_id"].fillna(from_time),
    )


def _duplicate_kind(rows: pd.DataFrame) -> pd.Series:
    """Return ``kept``, ``duplicates_exact``, ``duplicates_differing`` or why it is unclear.

    Posts are compared over all files, rows of accounts within files of one layout. Of rows of one
    key the one read last is kept. Rows without a post id that differ in one file are indistinct:
    they may be two posts; of accounts known by a display name alone, so are other followers.
    """
    kind = pd.Series("kept", index=rows.index, dtype="str")
    values = ["creator_key", *(name for name in FIELDS if name != "handle")]
    for post, key in ((True, ["creator_key", "post_id"]), (False, _ACCOUNT_KEY)):
        part = rows[rows["rows"].eq("post") == post].sort_values("observed_at", kind="stable")
        exact = part.duplicated(values, keep="last")
        same = part.duplicated(key, keep="last") & ~exact
        left = part[~exact]
        unclear = left["no_id"] & left.duplicated([*key, "file", "observed_at"], keep="last") & post
        known = part["followers"].notna() & part["named"]
        counts = part[known].groupby(key)["followers"].transform("nunique")
        shared = counts.gt(1).reindex(part.index, fill_value=False) & ~exact & (not post)
        kinds = [
            (exact, "duplicates_exact"),
            (same, "duplicates_differing"),
            (unclear, "indistinct"),
            (shared, "shared"),
        ]
        for mask, name in kinds:
            kind.loc[mask.index[mask]] = name
    return kind


def build_tables(accepted: AcceptedRows, source: str) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of the accepted rows; ``source`` is the id of the import."""
    rows = accepted.rows[accepted.rows["kind"].ne("duplicates_exact")].assign(source=source)
    about = ["creator_key", "platform", *_PROFILE_FIELDS, "source"]
    counted = rows[rows["followers"].notna()].rename(columns={"account_rounded": "counts_rounded"})
    counts = ["creator_key", "platform", "observed_on", *ACCOUNT_COUNTS]
    found = {
        # A roster tells better than a list of posts what an account is: it counts as later.
        "creators": rows.sort_values("rows", ascending=False, kind="stable")[about],
        "posts": rows[rows["rows"].eq("post")].rename(columns={"post_rounded": "counts_rounded"}),
        "snapshots": counted[[*counts, "counts_rounded", "provenance", "source"]],
        "reported_metrics": _reported(rows[rows["rows"].eq("account")]),
        "aliases": accepted.aliases.assign(source=source),
    }
    return {
        name: _merged(canonical_frame(frame.drop_duplicates(), TABLES[name]), name)
        for name, frame in found.items()
    }


def _reported(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a figure of the accounts' averages."""
    about = ["creator_key", "platform", "observed_on", "window", "provenance", "source"]
    figures = rows.melt(about, [*METRICS], "field", "value").dropna(subset="value")
    named = pd.DataFrame(METRICS, index=["metric", "statistic"]).T
    return figures.join(named, on="field").rename(columns={"observed_on": "as_of"})


def merge_with_store(rows: pd.DataFrame, held: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the rows as they are to be written: merged with those the store has of their keys."""
    key = list(TABLES[table].key)
    same = pd.MultiIndex.from_frame(held[key]).isin(pd.MultiIndex.from_frame(rows[key]))
    return _merged(pd.concat([held[same], rows], ignore_index=True), table)


def _merged(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Make one row of each key: every value from the latest row that has one, else the lowest."""
    key = list(TABLES[table].key)
    twice = rows.duplicated(key, keep=False)
    if not twice.any():
        return rows
    several = rows[twice]
    if table in _LATER_BY:
        by, ascending = _LATER_BY[table]
        several = several.sort_values(by, ascending=ascending, kind="stable")
    merged = several.groupby(key, sort=False, as_index=False).last()
    if "likes_hidden" in merged:  # an earlier count must not stand in for a hidden one
        merged["likes"] = merged["likes"].mask(merged["likes_hidden"].fillna(False))
    return pd.concat([rows[~twice], merged[list(rows.columns)]], ignore_index=True)

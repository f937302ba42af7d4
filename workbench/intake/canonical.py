"""Taken rows to the canonical tables: completed, one row a key, merged with what is held."""

from __future__ import annotations

import pandas as pd

from workbench.intake.fields import ACCOUNT_COUNTS, FIELDS, METRICS
from workbench.intake.privacy import REASON
from workbench.store.frames import canonical_frame
from workbench.tables.schema import TABLES

UNCLEAR = {
    "nowhere": "no platform, and not one account with this id or handle: say --platform",
    "ambiguous": "the handle stands for several accounts with ids of their own",
    "shared": "rows of this display name differ: they may be two accounts",
    "gone": REASON,
    "same": "both accounts are one",
    "indistinct": "another post of the account at this time, and no post id to tell them apart",
}
_PROFILE_FIELDS = ["handle", "native_id", "display_name", "niche", "country", "verified"]
_ROW_KEYS = {
    "post": ["creator_key", "post_id"],
    "account": ["creator_key", "observed_on", "layout"],
    "follower": ["creator_key", "observed_on", "drawn", "follower_id"],
    "fee": ["creator_key", "observed_on", "deliverable", "currency"],
    "overlap": ["creator_key", "observed_on", "other_key", "base"],
    "event": ["creator_key", "observed_on", "kind"],
}
# Tables with a row a row, and the column of their day.
_DATED = {
    "follower": ("followers_sample", "sampled_on"),
    "fee": ("fee_quotes", "quoted_on"),
    "overlap": ("overlaps", "as_of"),
    "event": ("events", "happened_on"),
}
# Tables whose rows are sums: the row kind, and what a row is known by, `unknown` where not said.
SUMMED = {
    "tracking": ("sale", ["channel", "campaign", "product", "currency"]),
    "payouts": ("payout", ["basis", "currency"]),
}
# By what, and whether ascending, the rows of a key are sorted before the last one counts: of those
# read at the same time, likes that show count more than hidden ones, exact followers than rounded.
_LATER_BY = {
    "posts": (["observed_at", "likes_hidden"], [True, False]),
    "snapshots": (["counts_rounded"], [False]),
}


def complete_rows(rows: pd.DataFrame, as_of: pd.Series) -> pd.DataFrame:
    """Fill in what follows from other cells and from the day of the export.

    Counts without a time of reading are taken as read at the end of that day. A like count of 0
    beside comments is hidden, hence missing. A post that is dated by its age alone is dated back
    from then. A post without an id gets one from its time.
    """
    end = as_of.dt.tz_localize("UTC") + pd.Timedelta(days=1, seconds=-1)
    seen = rows["observed_at"].fillna(end)
    ago = pd.to_timedelta(rows["posted_ago"] * 3600, unit="s")
    posted_at = rows["posted_at"].fillna((seen - ago).dt.floor("s"))
    read_at = posted_at.where(posted_at.gt(end), end)
    day = rows["observed_on"].fillna(rows["observed_at"]).fillna(end)
    marked = rows["likes_marked"].astype("boolean").fillna(False)
    hidden = (rows["likes"].eq(0) & rows["comments"].gt(0)).fillna(False) | marked
    from_time = "at:" + posted_at.dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype("str")
    return rows.assign(
        posted_at=posted_at,
        observed_at=rows["observed_at"].fillna(read_at),
        observed_on=day.dt.tz_localize(None).dt.normalize(),
        likes_hidden=hidden.where(rows["likes_read"]),
        likes=rows["likes"].mask(hidden),
        no_id=rows["post_id"].isna(),
        post_id=rows["post_id"].fillna(from_time),
    )


def duplicate_kind(rows: pd.DataFrame) -> pd.Series:
    """Return ``kept``, ``duplicates_exact``, ``duplicates_differing`` or why it is unclear.

    Posts are compared over all files, rows of accounts within files of one layout. Of rows of one
    key the one read last is kept; of sales and payouts, which add up, all of the last file that has
    the key. Rows without a post id that differ in one file are indistinct:
    they may be two posts; of accounts known by a display name alone, so are other followers.
    An account that is only ``named`` in another's row is none of these.
    """
    kind = rows["rows"].where(rows["rows"].eq("named"), "kept")
    given = {*rows.columns[rows.notna().any()]} - {"handle", "other_handle"}
    values = [name for name in ("creator_key", "other_key", *FIELDS) if name in given]
    for of, key in _ROW_KEYS.items():
        post = of == "post"
        part = rows[rows["rows"].eq(of)].sort_values("observed_at", kind="stable")
        if part.empty:
            continue
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
    for of, key in SUMMED.values():
        part = rows[rows["rows"].eq(of)]
        if part.empty:
            continue
        kind.loc[part.index[~_in_last_file(part, key)]] = "duplicates_differing"
    return kind


def _in_last_file(rows: pd.DataFrame, key: list[str]) -> pd.Series:
    by = rows.groupby(["creator_key", "observed_on", *key], dropna=False, sort=False)
    return rows["file"].eq(by["file"].transform("last"))


def build_tables(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of rows that are kept or differ from those; each has a source."""
    about = ["creator_key", "platform", *_PROFILE_FIELDS, "source"]
    of_account = rows["followers"].notna() & rows["rows"].isin(["post", "account"])
    counted = rows[of_account].rename(columns={"account_rounded": "counts_rounded"})
    counts = ["creator_key", "platform", "observed_on", *ACCOUNT_COUNTS]
    found: dict[str, pd.DataFrame] = {
        # A roster tells better than a list of posts what an account is: it counts as later.
        "creators": rows.sort_values("rows", ascending=False, kind="stable")[about],
        "posts": rows[rows["rows"].eq("post")].rename(columns={"post_rounded": "counts_rounded"}),
        "snapshots": counted[[*counts, "counts_rounded", "provenance", "source"]],
        "reported_metrics": _reported(rows[rows["rows"].eq("account")]),
    }
    kinds = {*rows["rows"]}
    for of, (name, day) in _DATED.items():
        if of in kinds:
            dated = rows[rows["rows"].eq(of)].rename(columns={"observed_on": day})
            found[name] = dated.fillna({"deliverable": "unknown"})
    for name, (of, key) in SUMMED.items():
        if of in kinds:
            found[name] = _summed(rows[rows["rows"].eq(of)], key)
    return {
        name: _merged(canonical_frame(frame.drop_duplicates(), TABLES[name]), name)
        for name, frame in found.items()
    }


def _summed(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Return one row a key of sales or payouts, each from the last file that has it."""
    last = rows[_in_last_file(rows, key)]
    texts = {name: last[name].fillna("unknown") for name in key}
    by = ["creator_key", "platform", "observed_on", *key, "source"]
    groups = last.assign(**texts).groupby(by, as_index=False, sort=False)
    sums = groups[["clicks", "orders", "revenue", "amount"]].sum(min_count=1)
    same = groups["rate"].agg(["min", "max"])
    rate = same["min"].where(same["min"].eq(same["max"]))
    days = {"tracked_on": sums["observed_on"], "paid_on": sums["observed_on"]}
    return sums.assign(rate=rate, **days)


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

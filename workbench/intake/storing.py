"""Taken rows into the store, a group of buckets at a time: whose they are, what is kept, merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from workbench.intake.accounts import found_platforms, resolve_accounts
from workbench.intake.agreement import DISAGREEMENT_COLUMNS, disagreements, value_notes
from workbench.intake.canonical import (
    UNCLEAR,
    build_tables,
    complete_rows,
    duplicate_kind,
    merge_with_store,
)
from workbench.intake.fields import IDENTITY, OTHER
from workbench.intake.followers import of_account_and_day
from workbench.intake.privacy import Privacy
from workbench.intake.spool import Spool
from workbench.intake.taking import TakenRows
from workbench.store import Draft
from workbench.store.catalog import buckets_of

_UNCLEAR_COLUMNS = ["file", "row", "column", "value", "reason"]
# A group of buckets is held in memory at once, with what the store has in them.
_GROUP_ROWS = 150_000


@dataclass(kw_only=True, eq=False)
class StoredRows:
    """What became of the taken rows.

    Attributes
    ----------
    platforms : dict
        Platforms by file.
    kinds : Counter
        Rows by file and by ``kept`` or kind of duplicate.
    counts : Counter
        Rows of the canonical tables by name, ``likes_hidden`` and ``counts_rounded`` posts,
        followers ``drawn_unknown``.
    without_posts, without_followers : list of str
        Creators of whom neither the import nor the store has any.
    posted : list of Timestamp
        Times of the first and the last post.
    spread : Counter
        Posts by month and creators by followers: see ``ImportReport.spread``.
    unclear : list of DataFrame
        Rows that were refused at last: ``file``, ``row``, ``column``, ``value``, ``reason``.
    """

    platforms: dict[str, set[str]] = field(default_factory=dict)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    without_posts: list[str] = field(default_factory=list)
    without_followers: list[str] = field(default_factory=list)
    posted: list[pd.Timestamp] = field(default_factory=list)
    spread: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    unclear: list[pd.DataFrame] = field(default_factory=list)
    notes: list[pd.DataFrame] = field(default_factory=list)
    differing: list[pd.DataFrame] = field(default_factory=list)

    @property
    def disagreements(self) -> pd.DataFrame:
        """Figures of one creator that two sources give differently, by creator."""
        found = pd.concat([pd.DataFrame(columns=DISAGREEMENT_COLUMNS), *self.differing])
        return found.sort_values(["creator", "figure", "file", "other_file"], ignore_index=True)


def store_rows(
    taken: TakenRows,
    as_of: pd.Series,
    spool: Spool,
    draft: Draft,
    source: str,
    privacy: Privacy,
) -> StoredRows:
    """Put the spooled rows into the draft of a write.

    Parameters
    ----------
    as_of : Series
        The day that a file's counts stand for, by file.
    source : str
        Id of the import.
    privacy : Privacy
        Who must not come back.
    """
    stored = StoredRows()
    total, buckets = spool.rows + draft.store.rows(), draft.store.catalog.buckets
    while total > buckets * _GROUP_ROWS:
        buckets *= 2
    draft.split(buckets // draft.store.catalog.buckets)
    groups = min(buckets, -(-total // _GROUP_ROWS))
    known = draft.store.read("creators"), draft.store.read("aliases")
    accounts = taken.accounts[~privacy.gone(taken.accounts)]
    platforms = found_platforms(accounts, *known)
    keys, aliases = resolve_accounts(accounts.assign(platform=platforms), *known)
    draft.put({"aliases": aliases.assign(source=source)})
    home = buckets_of(keys.dropna(), buckets).astype("int64") % groups
    owners = accounts.assign(creator_key=keys, group=home, found=platforms)
    for rows in spool.taken():
        lost = privacy.gone(rows)
        stored.unclear.append(_refused(rows[lost], "gone"))
        rows = rows[~lost]
        owned = complete_rows(rows, rows["file"].map(as_of)).merge(owners, how="left", on=IDENTITY)
        owned = owned.assign(platform=owned["found"]).drop(columns="found")
        pairs = owned["rows"].eq("overlap").all()  # rows of one file are of one kind
        if pairs:
            owned = _with_others(owned, owners)
        unowned = owned["creator_key"].isna()
        nowhere = owned["platform"].isna()
        for file, found in owned[~nowhere].groupby("file")["platform"].unique().items():
            stored.platforms.setdefault(str(file), set()).update(found)
        stored.unclear.append(_refused(owned[nowhere], "nowhere"))
        stored.unclear.append(_refused(owned[unowned & ~nowhere], "ambiguous"))
        owned = owned[~unowned].astype({"group": "int64"})
        if pairs:
            same = owned["creator_key"].eq(owned["other_key"])
            stored.unclear.append(_refused(owned[same], "same"))
            owned = _in_order(_with_named(owned[~same]))
        spool.group(owned.drop(columns="group"), owned["group"])
    for group in range(groups):
        rows_of_group = spool.grouped(group)
        if rows_of_group is not None:
            held = [f"{bucket:02d}" for bucket in range(group, buckets, groups)]
            rows_of_group = of_account_and_day(rows_of_group.assign(source=source))
            _store_group(rows_of_group, held, draft, stored)
    return stored


def _with_others(rows: pd.DataFrame, owners: pd.DataFrame) -> pd.DataFrame:
    """Give overlaps the key of the other account; where it has none, the row has none."""
    own = {"creator_key": "other_key"} | {name: f"other_{name}" for name in [*IDENTITY, "group"]}
    paired = rows.drop(columns="other_key").merge(owners.rename(columns=own), "left", on=OTHER)
    platforms = paired["platform"].where(paired["found"].notna())
    keys = paired["creator_key"].where(paired["other_key"].notna())
    return paired.drop(columns="found").assign(platform=platforms, creator_key=keys)


def _with_named(rows: pd.DataFrame) -> pd.DataFrame:
    """Add a row for each other account, so that it is known by this key from now on."""
    own = {name: rows[f"other_{name}"] for name in [*IDENTITY, "group"]}
    named = rows.assign(rows="named", creator_key=rows["other_key"], **own)
    return pd.concat([rows, named.astype({"group": "int64"})], ignore_index=True)


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn pairs whose second key comes before the first: (b, a) is the pair (a, b)."""
    turned = rows["rows"].eq("overlap") & rows["other_key"].lt(rows["creator_key"])
    sides = ["creator_key", "other_key", *IDENTITY, *OTHER, "group", "other_group"]
    swapped = ["other_key", "creator_key", *OTHER, *IDENTITY, "other_group", "group"]
    base = rows["base"].replace({"creator": "other", "other": "creator"})
    after = rows[swapped].set_axis(sides, axis=1).assign(base=base)
    before = rows[[*sides, "base"]]
    return rows.assign(**before.where(~turned, after)).drop(columns="other_group")


def _store_group(rows: pd.DataFrame, buckets: list[str], draft: Draft, stored: StoredRows) -> None:
    kind = duplicate_kind(rows)
    for reason in UNCLEAR:
        stored.unclear.append(_refused(rows[kind.eq(reason)], reason))
    clear = ~kind.isin(UNCLEAR)
    rows, kind = rows[clear], kind[clear]
    if rows.empty:
        return
    stored.kinds.update(_counted(pd.DataFrame({"file": rows["file"], "kind": kind})))
    stored.notes.append(value_notes(rows))
    new = build_tables(rows[kind.ne("duplicates_exact")])
    held = {name: draft.store.read(name, buckets=buckets) for name in new}
    tables = {name: merge_with_store(frame, held[name], name) for name, frame in new.items()}
    stored.differing.append(disagreements(rows, held, tables))
    _count(stored, new, held)
    draft.put(tables)


def _refused(rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    return rows.assign(column="", value="", reason=UNCLEAR[reason])[_UNCLEAR_COLUMNS]


def _count(
    stored: StoredRows, new: Mapping[str, pd.DataFrame], held: Mapping[str, pd.DataFrame]
) -> None:
    posts, creators = new["posts"], {*new["creators"]["creator_key"]}
    known = {
        n: {*new[n]["creator_key"].unique(), *held[n]["creator_key"].unique()}
        for n in ("posts", "snapshots")
    }
    stored.counts.update({name: len(frame) for name, frame in new.items()})
    stored.counts.update({n: int(posts[n].sum()) for n in ("likes_hidden", "counts_rounded")})
    if "followers_sample" in new:
        unknown = new["followers_sample"]["drawn"].eq("unknown").sum()
        stored.counts["drawn_unknown"] += int(unknown)
    stored.without_posts += creators - known["posts"]
    stored.without_followers += {*posts["creator_key"].unique()} - known["snapshots"]
    times = [*stored.posted, *posts["posted_at"].agg(["min", "max"]).dropna()]
    stored.posted = [min(times), max(times)] if times else []
    month = posts["posted_at"].dt.year * 12 + posts["posted_at"].dt.month - 1
    latest = new["snapshots"].sort_values("observed_on").drop_duplicates("creator_key", keep="last")
    latest = latest[latest["followers"].gt(0)]
    step = np.floor(2 * np.log10(latest["followers"].astype("float64")))
    for what, frame, place in (("posts", posts, month), ("creators", latest, step)):
        keys = pd.DataFrame({"what": what, "platform": frame["platform"], "place": place})
        stored.spread.update(_counted(keys.astype({"place": "int64"})))


def _counted(keys: pd.DataFrame) -> dict[Any, int]:
    return {key: int(number) for key, number in keys.value_counts(sort=False).items()}

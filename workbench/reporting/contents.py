"""What only the tables tell of whether a report can be made: dates, names, withdrawn data."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import pyarrow.parquet as pq

from workbench.errors import DataError
from workbench.formats import plural
from workbench.reporting.asked import CheckedRun
from workbench.reporting.gate import names_creator
from workbench.reporting.manifest import file_sha256
from workbench.reporting.withdrawal import check_not_withdrawn
from workbench.store import Store

_DATED = ("posts", "snapshots", "reported_metrics")
_DATES = (("posts", "posted_at"), ("reported_metrics", "as_of"))


def check_contents(asked: CheckedRun) -> set[str]:
    """Return the handles and ids that the report must not hold; none where it is not masked.

    Raises
    ------
    DataError
        With every fault: no posts, a date outside of them, a name that is unknown or must not be
        told, data that were withdrawn.
    """
    store, client = Store(root=asked.store, catalog=asked.catalog), asked.run.client
    _check_whole(store)
    # A brand whose own account is in the data may be named, as the client.
    hidden = _identities(store) - {client} if asked.edition == "masked" else set()
    faults = _date_faults(store, str(asked.parameters.get("as_of", "")))
    faults += _naming_faults(hidden, client, str(asked.parameters.get("period", "")))
    if faults:
        raise DataError("The report can't be started with these data.", faults)
    names = asked.parameters.get("shortlist")
    if isinstance(names, list) and names:
        from workbench.curves import check_names

        check_names(names, _accounts(store))
    check_not_withdrawn(asked.shelf, store.fingerprint())
    return hidden


def _check_whole(store: Store) -> None:
    """Refuse a store of which a file is not what was written."""
    damaged = [
        store.root / part.path
        for parts in store.catalog.tables.values()
        for part in parts.values()
        if not (store.root / part.path).is_file()
        or file_sha256(store.root / part.path) != part.sha256
    ]
    if damaged:
        told = [f"{path} is not what was imported" for path in damaged[:5]]
        raise DataError(
            f"{plural(len(damaged), 'file')} of the store can't be used.",
            [*told, "import the exports again into a new folder"],
        )


def _date_faults(store: Store, as_of: str) -> list[str]:
    if not any(store.catalog.tables.get(table) for table, _ in _DATES):
        return [
            "there are no posts and no reported figures: import a list of posts with likes and "
            "comments, or a list of averages"
        ]
    if as_of > store.as_of:
        return [f"as_of: {as_of} is later than the newest import, {store.as_of}"]
    if not as_of:
        return []
    first = min(filter(None, (_first_day(store, *place) for place in _DATES)))
    if as_of < first:
        return [f"as_of: {as_of} is before the first post or figure, {first}"]
    return []


def _first_day(store: Store, table: str, column: str) -> str:
    """Return the first day in a column, by what the files say of it; empty where it has none."""
    days = []
    for bucket in store.catalog.tables.get(table, {}):
        about = pq.read_metadata(store.part_path(table, bucket))
        place = about.schema.names.index(column)
        groups = (about.row_group(n).column(place) for n in range(about.num_row_groups))
        days += [
            f"{g.statistics.min:%Y-%m-%d}"
            for g in groups
            if g.is_stats_set and g.statistics.has_min_max
        ]
    return min(days, default="")


def _naming_faults(hidden: Collection[str], client: str, period: str) -> list[str]:
    return [
        f"{option}: names the creator {name}, which a masked edition must not"
        for option, text in (("client", client), ("period", period))
        for name in sorted(hidden)
        if names_creator(text, name)
    ]


def _accounts(store: Store) -> pd.DataFrame:
    """Return key and handle of all accounts, those known from posts alone included."""
    rostered = store.read("creators", columns=["creator_key", "handle"])
    keys = [store.read(name, columns=["creator_key"]) for name in _DATED]
    known = pd.concat([rostered[["creator_key"]], *keys]).drop_duplicates()
    accounts = known.merge(rostered, how="left", on="creator_key")
    handle = accounts["handle"].fillna(accounts["creator_key"].str.partition(":")[2])
    return accounts.assign(handle=handle)


def _identities(store: Store) -> set[str]:
    accounts = _accounts(store)
    native = store.read("creators", columns=["native_id"])["native_id"].dropna()
    return {*accounts["creator_key"], *accounts["handle"], *native}

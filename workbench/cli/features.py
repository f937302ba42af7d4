"""``workbench features``: a table of all creators, of which only what changed is computed again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, say, set_messages
from workbench.cli.show import Data
from workbench.jobs.run import Executor

if TYPE_CHECKING:
    import pandas as pd

    from workbench.features import CreatorFeatures, FeatureSettings
    from workbench.store import Store

FOLLOWER_RATE = "engagement_rate_by_followers"
# What a file begins with that the command has written, and may write again.
_TABLE = ("creator_key", "platform", "handle")
_MISSING = ("creator_key", "feature", "reason")


def features(
    data: Data,
    as_of: Annotated[
        str, typer.Option(help="Date of the data, such as 2026-09-30; else the newest import's.")
    ] = "",
    last_posts: Annotated[
        int, typer.Option(help="At most this many latest posts of each creator.")
    ] = 30,
    definition: Annotated[
        str, typer.Option(help="Engagement definition that says which parts are summed.")
    ] = FOLLOWER_RATE,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that compute at once.")] = 1,
    executor: Annotated[
        Executor, typer.Option(help="In processes of this machine, or on a Dask cluster.")
    ] = "local",
    address: Annotated[
        str,
        typer.Option(help="Of a Dask scheduler, tcp://HOST:8786; else JOBS processes are started."),
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file; else CSV to standard output.")
    ] = None,
    missing: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet file of the missing features, each with its reason."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Compute the features of all creators, those alone whose data have changed.

    What was computed is kept in DATA/features, by bucket of creators. In a CSV an apostrophe
    stands before a text that a spreadsheet would run as a formula.

    Example: workbench features --data data/private/acme --out features.csv --missing missing.csv
    """
    set_messages(quiet=quiet, verbose=verbose)
    from dataclasses import asdict

    from workbench.features import creator_features
    from workbench.intake.held import KEPT
    from workbench.store import open_store
    from workbench.tables.brief import check_retention

    store = open_store(data)
    client = store.root.resolve().parent
    check_retention(client)
    settings = feature_settings(store, as_of, last_posts, definition)
    _check_files(out, missing, client)
    found = creator_features(
        store,
        settings,
        executor=executor,
        workers=jobs,
        progress="" if quiet else "features",
        address=address,
        cache=client / KEPT,
    )
    say(_told(found))
    for path, frame in ((out, found.table), (missing, found.missing)):
        if path:
            _write(path, frame)
    files = {"out": out and str(out), "missing": missing and str(missing)}
    summary = asdict(found.summary) | asdict(found.settings) | {"computed": asdict(found.computed)}
    text = str(out) if out or json else _csv(found.table).rstrip("\n")
    give(summary | files, text, as_json=json)


def feature_settings(
    store: Store, as_of: str, last_posts: int = 30, definition: str = FOLLOWER_RATE
) -> FeatureSettings:
    """Return what is asked of the features, on a day that the store reaches."""
    from workbench.errors import DataError
    from workbench.features import FeatureSettings

    if not store.as_of:
        raise DataError(f"The store at {store.root} is empty.", ["import exports first"])
    day = as_of or store.as_of
    settings = FeatureSettings(as_of=day, last_posts=last_posts, definition=definition)
    if day > store.as_of:
        told = f"as_of: {day} is later than the newest import, {store.as_of}"
        raise DataError("The features can't be computed.", [told])
    return settings


def _told(found: CreatorFeatures) -> str:
    from workbench.formats import plural

    done = found.computed
    told = f"Computed {done.buckets} of {plural(done.of_buckets, 'bucket')}: {done.creators:,} of "
    told += plural(found.summary.creators, "creator")
    left = done.buckets < done.of_buckets
    return f"{told}; the others are as they were kept." if left else f"{told}."


def _check_files(out: Path | None, missing: Path | None, client: Path) -> None:
    from workbench.errors import SettingsError

    faults = []
    if out and missing and out.resolve() == missing.resolve():
        faults.append(f"{out}: is named twice; the missing features need a file of their own")
    for path, columns in ((out, _TABLE), (missing, _MISSING)):
        if path and (fault := out_fault(path, columns, client)):
            faults.append(f"{path}: {fault}")
    if faults:
        raise SettingsError("The features can't be written there.", faults)


def out_fault(path: Path, columns: tuple[str, ...], client: Path) -> str:
    """Say why a table can't be written there: what begins with these columns may be replaced."""
    folder = path.resolve().parent
    if path.suffix not in (".csv", ".parquet"):
        return "expected a name that ends in .csv or .parquet"
    if not folder.is_dir():
        return "there is no such folder"
    if client in (folder, *folder.parents) and not (
        folder == client and path.name.startswith("features")
    ):
        return f"in the client's folder `workbench forget` looks for {client / 'features*'} alone"
    if path.exists() and _first_columns(path, len(columns)) != columns:
        return "holds something else; it is not overwritten: choose another name"
    return ""


def _first_columns(path: Path, n: int) -> tuple[str, ...]:
    """Return the first columns of a file; none where it is no table."""
    import pyarrow.parquet as pq

    try:
        if path.suffix == ".parquet":
            return tuple(pq.read_schema(path).names[:n])
        with path.open(encoding="utf-8") as stream:
            return tuple(stream.readline(4096).rstrip("\n").split(",")[:n])
    except (OSError, ValueError):
        return ()


def _csv(frame: pd.DataFrame) -> str:
    from workbench.intake.refusals import csv_text

    return csv_text(frame)


def _write(path: Path, frame: pd.DataFrame) -> None:
    from workbench.store.catalog import replace_file

    table = path.suffix == ".parquet"
    replace_file(path, frame.to_parquet(index=False) if table else _csv(frame).encode())

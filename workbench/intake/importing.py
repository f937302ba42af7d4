"""Export files into a client's folder: read, map, check, resolve, write, report."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from workbench.errors import DataError, SettingsError
from workbench.intake.agreement import again_notes, gathered_notes, sheet_notes, style_notes
from workbench.intake.delimited import raw_line
from workbench.intake.followers import NAMED_BY
from workbench.intake.forgotten import read_forgotten
from workbench.intake.layouts import group_files
from workbench.intake.mapping import Decide, Proposal, decide_mappings
from workbench.intake.privacy import open_privacy
from workbench.intake.profile import yaml_text
from workbench.intake.pseudonyms import check_kind, shape, unnamed_files
from workbench.intake.quality import ImportReport, ImportSettings, ImportSummary
from workbench.intake.read import read_files
from workbench.intake.refusals import RefusedRows, csv_text
from workbench.intake.spool import spool_in
from workbench.intake.storing import StoredRows, store_rows
from workbench.intake.taking import TakenRows, age_notes, days_of_files, take_rows
from workbench.jobs import Executor, run_each
from workbench.store import FileRecord, ImportRecord, open_store
from workbench.store.catalog import replace_file
from workbench.tables.brief import check_retention

# What a profile adds to the reading itself; its name and notes change nothing in the rows.
_READING = {"rows", "columns", "date_order", "provenance", "display_names", "window"}
_IF_SAID = {"age_unit", "share_unit", "base", "fees", "drawn"}
_ROW_KINDS = ("kept", "refused", "duplicates_exact", "duplicates_differing")


def import_files(
    files: Sequence[Path],
    out: Path,
    *,
    profile: str | None = None,
    as_of: str | None = None,
    platform: str | None = None,
    sampling: str | None = None,
    account: str | None = None,
    currency: str | None = None,
    drawn: str | None = None,
    decide: Decide | None = None,
    pseudonymise: bool = False,
    key: Path | None = None,
    executor: Executor = "serial",
    workers: int = 2,
    address: str = "",
) -> ImportReport:
    """Import exports into the client's folder.

    Files are read piece by piece: the first rows of a file settle how it is read, and memory
    holds a part of its rows at a time.

    Parameters
    ----------
    files : sequence of Path
        CSV, TSV, XLSX, JSON or Parquet, or folders of them; files of different kinds and platforms
        may come together, in any order.
    out : Path
        The client's folder, for ``store/``, ``imports/<id>/`` and ``profiles/``.
    profile : str, optional
        Name or file of a mapping profile for the files that have its columns.
    as_of : str, optional
        ISO date that the counts stand for; the newest date in the files if not given.
    platform : str, optional
        Platform of the files that name none themselves.
    sampling : str, optional
        How the posts were picked: one of ``SAMPLINGS``.
    account : str, optional
        Whose followers a list of followers is of: a handle.
    currency : str, optional
        ISO 4217 code of amounts that come without one.
    drawn : str, optional
        How a list of followers was drawn: one of ``DRAWS``.
    decide : callable, optional
        Asked about each mapping that no profile of the client repeats; returns the confirmed
        profile, or None to stop. Without it a mapping that passes its checks is taken.
    pseudonymise : bool
        Whether handles, ids and file names are replaced by pseudonyms before anything is written.
    key : Path, optional
        The file that leads back from pseudonyms; ``CLIENT.key.json`` beside the folder if not
        given.
    executor, workers, address
        As of ``run_tasks``: who merges and writes the store's buckets. Files are read in order, in
        this process.

    Raises
    ------
    DataError
        If a file can't be read, a mapping fails its checks, or no row can be taken; nothing is
        written then, and every fault is listed.
    SettingsError
        If an option or a profile can't be used.
    """
    settings = ImportSettings(
        profile=profile,
        as_of=as_of,
        platform=platform,
        sampling=sampling,
        account=account,
        currency=currency,
        drawn=drawn,
    )
    check_retention(out)
    check_kind(out, pseudonymise=pseudonymise)
    layouts = group_files(read_files(files), platform, account, currency, drawn)
    forgotten = read_forgotten(out)
    layouts, named = unnamed_files(layouts, lambda name: pseudonymise or forgotten.names_file(name))
    try:
        proposals = decide_mappings(layouts, profile, out / "profiles", decide)
    except DataError as fault:
        told = [text.split("; found ")[0] if pseudonymise else text for text in fault.faults]
        raise DataError(fault.headline, told) from fault
    listed = any(proposal.rows == "follower" for proposal in proposals)
    if (account or drawn) and not listed:
        raise SettingsError(
            f"No file is a list of followers{f', of {account} or anybody' if account else ''}.",
            ["leave --account and --drawn out, or say rows: follower in a profile"],
        )
    with one_at_a_time(out), spool_in(out) as spool:
        privacy = open_privacy(out, pseudonymise=pseudonymise, key=key, files=named)
        refused = RefusedRows(draft=spool.folder / "refused.csv")
        taken = take_rows(proposals, settings.day, spool, refused, privacy)
        privacy = privacy.learned(out)
        days = days_of_files(taken, settings.day)
        record = _record(proposals, taken, days, sampling)
        privacy.save(out, salted=listed)
        each = partial(run_each, executor=executor, workers=workers, address=address)
        with open_store(out / "store", create=True).draft(each) as draft:
            before = draft.store.catalog.imports
            stored = store_rows(taken, days["as_of"], spool, draft, record.id, privacy)
            unclear = _with_raw_rows(pd.concat(stored.unclear), proposals)
            refused.add(privacy.refused(unclear))
            if not stored.kinds:
                raise refused.fault()
            written = draft.commit(record)
        table = _file_table(proposals, taken, stored, days, refused)
        report = ImportReport(
            table=table,
            summary=_summary(table, stored, record, given=as_of is not None),
            settings=replace(settings, account=None) if pseudonymise else settings,
            mapping=privacy.examples(_mapping_table(proposals)),
            refused=refused.held,
            reasons=refused.reasons,
            notes=gathered_notes(
                [
                    sheet_notes(layouts, proposals),
                    again_notes(record, before),
                    style_notes(proposals, taken.rows),
                    *taken.notes,
                    age_notes(taken, days),
                    *stored.notes,
                ]
            ),
            disagreements=stored.disagreements,
            spread=pd.DataFrame(
                [(*key, number) for key, number in sorted(stored.spread.items())],
                columns=["what", "platform", "place", "number"],
            ),
            written=written,
        )
        if pseudonymise:
            proposals = [_without_account(proposal) for proposal in proposals]
        _write_report(report, proposals, refused, out / "imports" / record.id)
    return report


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder: what is read and what is written, merged with it, belong together."""
    made = not folder.exists()
    handle = _held(folder)
    try:
        yield
    finally:
        if made and not any(folder.iterdir()):
            folder.rmdir()
        os.close(handle)


def _held(folder: Path) -> int:
    """Wait for the folder; one that another import has removed meanwhile is made again."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if folder.exists() and os.path.samestat(folder.stat(), os.fstat(handle)):
            return handle
        os.close(handle)


def _record(
    proposals: Sequence[Proposal], taken: TakenRows, days: pd.DataFrame, sampling: str | None
) -> ImportRecord:
    reading = [
        (
            sorted(file.sha256 for file in proposal.layout.files),
            proposal.profile.platform or proposal.layout.platform,
            proposal.profile.model_dump(mode="json", include=_READING)
            | proposal.profile.model_dump(include=_IF_SAID, exclude_defaults=True),
            *filter(None, (proposal.account, proposal.currency, proposal.layout.drawn)),
        )
        for proposal in proposals
    ]
    told = sorted({f"{day:%Y-%m-%d}" for day in days["as_of"]})
    content = json.dumps([reading, told[0] if len(told) == 1 else told], sort_keys=True)
    noted = {proposal.profile.sampling for proposal in proposals}
    return ImportRecord(
        id=hashlib.sha256(content.encode()).hexdigest()[:12],
        files=tuple(
            FileRecord(name=file.name, sha256=file.sha256, rows=taken.rows[file.name])
            for proposal in proposals
            for file in proposal.layout.files
        ),
        as_of=told[-1],
        sampling=sampling or (noted.pop() if len(noted) == 1 else "unknown"),
        profiles=tuple(dict.fromkeys(proposal.profile.name for proposal in proposals)),
    )


def _summary(
    files: pd.DataFrame, stored: StoredRows, record: ImportRecord, *, given: bool
) -> ImportSummary:
    counted = ("creators", "posts", "snapshots", "likes_hidden", "counts_rounded")
    return ImportSummary(
        import_id=record.id,
        as_of=record.as_of,
        as_of_given=given,
        sampling=record.sampling,
        **{name: int(files[name].sum()) for name in ("rows", *_ROW_KINDS)},
        **{name: stored.counts[name] for name in counted},
        metrics=stored.counts["reported_metrics"],
        followers_sampled=stored.counts["followers_sample"],
        followers_drawn_unknown=stored.counts["drawn_unknown"],
        tracked=stored.counts["tracking"],
        **{name: stored.counts[name] for name in ("payouts", "fee_quotes", "overlaps", "events")},
        first_post=f"{stored.posted[0]:%Y-%m-%d}" if stored.posted else None,
        last_post=f"{stored.posted[1]:%Y-%m-%d}" if stored.posted else None,
        without_posts=tuple(sorted(stored.without_posts)),
        without_followers=tuple(sorted(stored.without_followers)),
    )


def _mapping_table(proposals: Sequence[Proposal]) -> pd.DataFrame:
    records = [
        {
            "file": file.name,
            "column": f.name,
            "header": f.header,
            "examples": [*map(shape, f.examples)] if f.name in NAMED_BY else [*f.examples],
        }
        for proposal in proposals
        for file in proposal.layout.files
        for f in proposal.findings
    ]
    return pd.DataFrame(records, columns=["file", "column", "header", "examples"])


def _file_table(
    proposals: Sequence[Proposal],
    taken: TakenRows,
    stored: StoredRows,
    days: pd.DataFrame,
    refused: RefusedRows,
) -> pd.DataFrame:
    told = days.assign(as_of=days["as_of"].dt.strftime("%Y-%m-%d")).to_dict("index")
    records = [
        {
            "file": file.name,
            "holds": f"{proposal.rows}s",
            "platform": ", ".join(sorted(stored.platforms.get(file.name, ()))),
            "profile": proposal.profile.name,
            **told.get(file.name, {"as_of": "", "as_of_from": ""}),
            "rows": taken.rows[file.name],
            "blank": taken.blank[file.name],
            **{kind: stored.kinds[file.name, kind] for kind in _ROW_KINDS},
            "refused": refused.by_file[file.name],
            "not_read": [h for h in file.header if h not in proposal.mapping.values()],
            "personal": list(file.personal),
        }
        for proposal in proposals
        for file in proposal.layout.files
    ]
    return pd.DataFrame(records)


def _with_raw_rows(unclear: pd.DataFrame, proposals: Sequence[Proposal]) -> pd.DataFrame:
    """Add ``raw``, the row as the file had it, to rows that were refused after they were read."""
    raw: dict[tuple[str, int], str] = {}
    wanted = unclear.groupby("file")["row"].agg(set).to_dict()
    for file in (f for p in proposals if p.rows != "follower" for f in p.layout.files):
        asked = wanted.get(file.name, set())
        for piece in [file, *file.later()] if asked else []:
            rows = piece.cells[piece.cells.index.isin(asked)].itertuples(name=None)
            raw |= {(file.name, n): raw_line(cells, file.delimiter) for n, *cells in rows}
    places = zip(unclear["file"], unclear["row"], strict=True)
    return unclear.assign(raw=[raw.get(place, "") for place in places]).astype({"raw": "str"})


def _without_account(proposal: Proposal) -> Proposal:
    return replace(proposal, profile=proposal.profile.model_copy(update={"account": None}))


def _write_report(
    report: ImportReport, proposals: Sequence[Proposal], refused: RefusedRows, folder: Path
) -> None:
    mapping = [
        {"files": [f.name for f in p.layout.files], "profile": p.profile.content()}
        for p in proposals
    ]
    texts: dict[str, str] = {
        "qa.json": json.dumps(report.content(), indent=1, ensure_ascii=False) + "\n",
        "mapping.yaml": yaml_text(mapping),
        "disagreements.csv": csv_text(report.disagreements),
    }
    if report.disagreements.empty:
        del texts["disagreements.csv"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        replace_file(folder / name, text.encode())
    os.replace(refused.csv(), folder / "refused.csv")

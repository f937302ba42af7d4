"""Export files into a client's folder: read, map, check, resolve, write, report."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from workbench.intake.agreement import disagreements, settled_notes
from workbench.intake.canonical import (
    AcceptedRows,
    accept_rows,
    build_tables,
    merge_with_store,
)
from workbench.intake.layouts import group_files
from workbench.intake.mapping import Decide, Proposal, decide_mappings
from workbench.intake.profile import yaml_text
from workbench.intake.quality import ImportReport, ImportSettings, ImportSummary
from workbench.intake.read import read_files
from workbench.store import FileRecord, ImportRecord, empty_frame, open_store
from workbench.store.catalog import CATALOG, replace_file
from workbench.tables.schema import TABLES

_TABLES = ("creators", "posts", "snapshots", "reported_metrics", "aliases")
# What a profile adds to the reading itself; its name and notes change nothing in the rows.
_READING = {"rows", "columns", "date_order", "provenance", "display_names", "window"}
_ROW_KINDS = ("kept", "refused", "duplicates_exact", "duplicates_differing")


def import_files(
    files: Sequence[Path],
    out: Path,
    *,
    profile: str | None = None,
    as_of: str | None = None,
    platform: str | None = None,
    sampling: str | None = None,
    decide: Decide | None = None,
) -> ImportReport:
    """Import exports into the client's folder.

    Parameters
    ----------
    files : sequence of Path
        CSV or TSV; files of different kinds and platforms may come together, in any order.
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
    decide : callable, optional
        Asked about each mapping that no profile of the client repeats; returns the confirmed
        profile, or None to stop. Without it a mapping that passes its checks is taken.

    Raises
    ------
    DataError
        If a file can't be read, a mapping fails its checks, or no row can be taken; nothing is
        written then, and every fault is listed.
    SettingsError
        If an option or a profile can't be used.
    """
    settings = ImportSettings(profile=profile, as_of=as_of, platform=platform, sampling=sampling)
    layouts = group_files(read_files(files), platform)
    proposals = decide_mappings(layouts, profile, out / "profiles", decide)
    with one_at_a_time(out):
        held = _held(out / "store")
        accepted = accept_rows(proposals, settings.day, held)
        record = _record(proposals, accepted, sampling)
        new = build_tables(accepted, record.id)
        tables = {name: merge_with_store(rows, held[name], name) for name, rows in new.items()}
        table = _file_table(proposals, accepted)
        report = ImportReport(
            table=table,
            summary=_summary(table, new, held, record, given=as_of is not None),
            settings=settings,
            mapping=_mapping_table(proposals),
            refused=accepted.refused,
            notes=settled_notes(proposals, accepted.rows),
            disagreements=disagreements(accepted.rows.assign(source=record.id), held, tables),
            written=open_store(out / "store", create=True).write(tables, record),
        )
        _write_report(report, proposals, out / "imports" / record.id)
    return report


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder: what is read and what is written, merged with it, belong together."""
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
        if made and not any(folder.iterdir()):
            folder.rmdir()


def _held(root: Path) -> Mapping[str, pd.DataFrame]:
    if (root / CATALOG).exists():
        store = open_store(root)
        return {name: store.read(name) for name in _TABLES}
    return {name: empty_frame(TABLES[name]) for name in _TABLES}


def _record(
    proposals: Sequence[Proposal], accepted: AcceptedRows, sampling: str | None
) -> ImportRecord:
    as_of = accepted.as_of.isoformat()
    reading = [
        (
            sorted(file.sha256 for file in proposal.layout.files),
            proposal.profile.platform or proposal.layout.platform,
            proposal.profile.model_dump(mode="json", include=_READING),
        )
        for proposal in proposals
    ]
    days = sorted({f"{day:%Y-%m-%d}" for day in accepted.days["as_of"]})
    content = json.dumps([reading, days[0] if len(days) == 1 else days], sort_keys=True)
    noted = {proposal.profile.sampling for proposal in proposals}
    return ImportRecord(
        id=hashlib.sha256(content.encode()).hexdigest()[:12],
        files=tuple(
            FileRecord(name=file.name, sha256=file.sha256, rows=file.rows)
            for proposal in proposals
            for file in proposal.layout.files
        ),
        as_of=as_of,
        sampling=sampling or (noted.pop() if len(noted) == 1 else "unknown"),
        profiles=tuple(dict.fromkeys(proposal.profile.name for proposal in proposals)),
    )


def _summary(
    files: pd.DataFrame,
    new: Mapping[str, pd.DataFrame],
    held: Mapping[str, pd.DataFrame],
    record: ImportRecord,
    *,
    given: bool,
) -> ImportSummary:
    posts, creators = new["posts"], new["creators"]["creator_key"]
    known = {n: {*new[n]["creator_key"], *held[n]["creator_key"]} for n in ("posts", "snapshots")}
    posted = posts["posted_at"].dt.strftime("%Y-%m-%d")
    return ImportSummary(
        import_id=record.id,
        as_of=record.as_of,
        as_of_given=given,
        sampling=record.sampling,
        **{name: int(files[name].sum()) for name in ("rows", *_ROW_KINDS)},
        creators=len(creators),
        posts=len(posts),
        snapshots=len(new["snapshots"]),
        metrics=len(new["reported_metrics"]),
        likes_hidden=int(posts["likes_hidden"].sum()),
        counts_rounded=int(posts["counts_rounded"].sum()),
        first_post=None if posts.empty else posted.min(),
        last_post=None if posts.empty else posted.max(),
        without_posts=tuple(sorted(set(creators) - known["posts"])),
        without_followers=tuple(sorted(set(posts["creator_key"]) - known["snapshots"])),
    )


def _mapping_table(proposals: Sequence[Proposal]) -> pd.DataFrame:
    records = [
        {"file": file.name, "column": f.name, "header": f.header, "examples": list(f.examples)}
        for proposal in proposals
        for file in proposal.layout.files
        for f in proposal.findings
    ]
    return pd.DataFrame(records, columns=["file", "column", "header", "examples"])


def _file_table(proposals: Sequence[Proposal], accepted: AcceptedRows) -> pd.DataFrame:
    rows, refused = accepted.rows, accepted.refused.assign(kind="refused")
    counts = pd.concat([rows[["file", "kind"]], refused[["file", "kind"]]]).value_counts()
    platforms = rows.groupby("file")["platform"].agg(lambda p: ", ".join(sorted(p.unique())))
    told = accepted.days.assign(as_of=accepted.days["as_of"].dt.strftime("%Y-%m-%d"))
    days = told.to_dict("index")
    records = [
        {
            "file": file.name,
            "holds": f"{proposal.rows}s",
            "platform": platforms.get(file.name, ""),
            "profile": proposal.profile.name,
            **days.get(file.name, {"as_of": "", "as_of_from": ""}),
            "rows": file.rows,
            "blank": file.blank,
            **{kind: int(counts.get((file.name, kind), 0)) for kind in _ROW_KINDS},
            "not_read": [h for h in file.header if h not in proposal.mapping.values()],
            "personal": list(file.personal),
        }
        for proposal in proposals
        for file in proposal.layout.files
    ]
    return pd.DataFrame(records)


def csv_text(frame: pd.DataFrame) -> str:
    """Write a CSV whose cells no spreadsheet runs as a formula: an apostrophe stands before."""
    safe = frame.copy()
    texts: list[str] = [*frame.select_dtypes("str").columns]
    for name in texts:
        formula = frame[name].str.match(r"[=+\-@\t\r]").fillna(False).astype(bool)
        safe[name] = frame[name].mask(formula, "'" + frame[name])
    return safe.to_csv(index=False, lineterminator="\n")


def _write_report(report: ImportReport, proposals: Sequence[Proposal], folder: Path) -> None:
    mapping = [
        {"files": [f.name for f in p.layout.files], "profile": p.profile.content()}
        for p in proposals
    ]
    texts: dict[str, str] = {
        "qa.json": json.dumps(report.content(), indent=1, ensure_ascii=False) + "\n",
        "mapping.yaml": yaml_text(mapping),
        "refused.csv": csv_text(report.refused),
        "disagreements.csv": csv_text(report.disagreements),
    }
    if report.disagreements.empty:
        del texts["disagreements.csv"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        replace_file(folder / name, text.encode())

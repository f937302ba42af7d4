"""What is held on a creator, and the erasure of it: reports, imports, tables, key, store.

The order lets a kill at any moment be repaired by the same command: whom an import must not bring
back is written first, and the store, which knows by what names a creator goes, is written last.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import DataError
from workbench.intake.forgotten import FORGOTTEN, read_forgotten, write_forgotten
from workbench.intake.held import (
    KEPT,
    REGISTER,
    Erased,
    client_files,
    erase_folder,
    erase_in_file,
    held_lines,
    held_rows,
    records_of,
    remove_drafts,
)
from workbench.intake.importing import one_at_a_time
from workbench.intake.person import Person, find_person, nearest_names
from workbench.intake.pseudonyms import MARK, Key, is_pseudonymised, key_path, read_key
from workbench.reporting.manifest import SUMMARY, WITHDRAWN
from workbench.reporting.withdrawal import (
    Run,
    readmit_run,
    report_runs,
    withdraw_run,
    withdraw_summary,
)
from workbench.store import ImportRecord, Store, open_store
from workbench.store.catalog import CATALOG


@dataclass(frozen=True, kw_only=True)
class Held:
    """All that is held on a creator: rows by table and by file, imports, key entries, reports.

    ``forgotten`` is the day on which they were, ``names`` the real names of pseudonymous files.
    """

    person: Person
    store: dict[str, pd.DataFrame]
    files: dict[str, list[Any]]
    imports: list[ImportRecord]
    key: dict[str, dict[str, str]]
    runs: list[Run]
    forgotten: str | None
    names: dict[str, str]

    @property
    def originals(self) -> dict[str, str]:
        """Names of the exports that may hold them, by sha256."""
        files = [file for record in self.imports for file in record.files]
        return {file.sha256: self.names.get(file.name, file.name) for file in files}

    @property
    def nothing(self) -> bool:
        """Whether nothing is held, not even that they were forgotten."""
        return not (self.store or self.files or self.key or self.runs or self.forgotten)

    def content(self) -> dict[str, Any]:
        """Return it as data, for a person who asks what is held on them."""
        return {
            "asked": self.person.asked,
            "identities": sorted(self.person.identities),
            "store": {name: records_of(rows) for name, rows in self.store.items()},
            "files": self.files,
            "imports": [record.model_dump(mode="json") for record in self.imports],
            "key": self.key,
            "reports": [
                {
                    "run": str(run.folder),
                    "edition": run.manifest.get("parameters", {}).get("edition", "named"),
                    "withdrawn": run.manifest.get("data_withdrawn"),
                }
                for run in self.runs
            ],
            "forgotten": self.forgotten,
        }


def find_held(folder: Path, asked: str, *, reports: Path, key: Path | None = None) -> Held:
    """Find all that is held on a creator.

    Raises
    ------
    DataError
        If it is nothing, with the nearest names.
    """
    _check_folder(folder)
    store, own_key = held_store(folder), read_key(folder, key)
    person = find_person(asked, store, own_key)
    rows = held_rows(store, person) if store else {}
    files = {
        path.relative_to(folder).as_posix(): lines
        for path in client_files(folder)
        if (lines := held_lines(path, person))
    }
    sources = {source for frame in rows.values() for source in frame["source"]}
    sources |= {place.split("/")[1] for place in files if place.startswith("imports/")}
    forgotten = read_forgotten(folder)
    days = {day for identity in person.identities if (day := forgotten.day(identity))}
    if days and not rows:  # known no more: of the platforms of this name, those that were meant
        meant = frozenset(i for i in person.identities if forgotten.day(i))
        person = replace(person, identities=meant)
    accounts = own_key.accounts if own_key else {}
    held = Held(
        person=person,
        store=rows,
        files=files,
        imports=[r for r in (store.catalog.imports if store else ()) if r.id in sources],
        key={alias: accounts[alias] for alias in sorted(person.aliases)},
        names=own_key.files if own_key else {},
        runs=[r for r in report_runs(reports) if _concerns(r, folder, store) and r.names(person)],
        forgotten=f"{min(days)}" if days else None,
    )
    if held.nothing:
        raise DataError(f"Nothing is held on {asked!r}.", _hints(folder, asked, store, own_key))
    return held


def forget_creator(
    folder: Path, asked: str, *, reports: Path, key: Path | None = None
) -> tuple[Held, list[Erased]]:
    """Erase all that is held on a creator, and see that no import brings it back.

    Returns what was held before, and where something was erased.

    Raises
    ------
    DataError
        If nothing is held, with the nearest names.
    """
    _check_folder(folder)
    with one_at_a_time(folder):
        held = find_held(folder, asked, reports=reports, key=key)
        person, store, own_key = held.person, held_store(folder), read_key(folder, key)
        write_forgotten(folder, read_forgotten(folder).with_also(person.identities))
        with store.draft() if store else nullcontext() as draft:
            rows = draft.remove(person.keys | person.identities) if draft else {}
            left = draft.store.fingerprint() if draft else ""
            erased = _withdraw(reports, folder, store, person, left)
            for path in client_files(folder):
                if count := erase_in_file(path, person):
                    place = person.masked(path.relative_to(folder).as_posix(), file=True)
                    erased.append(Erased(place=place, rows=count))
            erased += _forget_key(own_key, person)
            if draft:
                draft.commit_erasure(
                    tuple(_unnamed(r, person) for r in draft.store.catalog.imports)
                )
        erased += [Erased(place=f"store/{name}", rows=count) for name, count in rows.items()]
        remove_drafts(folder)
    return held, erased


def forget_all(folder: Path, *, reports: Path, key: Path | None = None) -> list[Erased]:
    """Erase the data of a client; its profiles and ``campaign.yaml`` stay, and its exports.

    Raises
    ------
    DataError
        If there is no such folder.
    """
    _check_folder(folder)
    with one_at_a_time(folder):
        store = held_store(folder)
        erased = _withdraw(reports, folder, store, None, "")
        for path in client_files(folder):
            if path.parent == folder:
                path.unlink()
                erased.append(Erased(place=path.name, rows=1))
        for name in ("imports", KEPT, REGISTER):
            erased.append(Erased(place=name, rows=erase_folder(folder / name)))
        if is_pseudonymised(folder):
            key_path(folder, key).unlink(missing_ok=True)
            erased.append(Erased(place=key_path(folder, key).name, rows=1))
        remove_drafts(folder)
        erased.append(Erased(place="store", rows=erase_folder(folder / "store")))
        if is_pseudonymised(folder):  # hashes of pseudonyms mean nothing without the key
            (folder / FORGOTTEN).unlink(missing_ok=True)
            (folder / MARK).unlink()
    return [place for place in erased if place.rows]


def _withdraw(
    reports: Path, folder: Path, store: Store | None, person: Person | None, left: str
) -> list[Erased]:
    """Withdraw the runs that name a creator or were made from data that held them.

    ``left`` is the fingerprint of the data without them: a run of these held nothing of them.
    """
    erased = []
    for run in [*report_runs(reports)]:
        own = run.made_from(folder, store)
        same = run.manifest.get("data_fingerprint") == left
        if own and same and WITHDRAWN in run.manifest:
            readmit_run(run)  # an erasure has brought its data back to what they were
            continue
        if person is not None and (not own or same):
            own = _concerns(run, folder, store) and run.names(person)
        if own:
            erased.append(Erased(place=str(run.folder), rows=withdraw_run(run, person)))
    if rows := withdraw_summary(reports, folder, person):
        erased.append(Erased(place=str(reports / SUMMARY), rows=rows))
    return erased


def _concerns(run: Run, folder: Path, store: Store | None) -> bool:
    """Whether a run was made from the client's data, or does not tell from which."""
    return run.made_from(folder, store) or not run.place


def _forget_key(key: Key | None, person: Person) -> list[Erased]:
    if key is None:
        return []
    names = person.aliases
    files = {alias: person.masked(name, file=True) for alias, name in key.files.items()}
    if not names and files == key.files:
        return []
    kept = {alias: real for alias, real in key.accounts.items() if alias not in names}
    key.model_copy(update={"accounts": kept, "files": files}).save()
    return [Erased(place=key.path.name, rows=max(1, len(names)))]


def _unnamed(record: ImportRecord, person: Person) -> ImportRecord:
    files = tuple(
        f.model_copy(update={"name": person.masked(f.name, file=True)}) for f in record.files
    )
    profiles = tuple(person.masked(name, file=True) for name in record.profiles)
    return record.model_copy(update={"files": files, "profiles": profiles})


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise DataError(f"There is no client's folder at {folder}.", ["name it with --data"])


def held_store(folder: Path) -> Store | None:
    """Open the store of a client's folder; None where there is none."""
    return open_store(folder / "store") if (folder / "store" / CATALOG).is_file() else None


def _hints(folder: Path, asked: str, store: Store | None, key: Key | None) -> list[str]:
    near = nearest_names(asked, store, key)
    hints = [f"the nearest names are {', '.join(near)}"] if near else []
    if is_pseudonymised(folder) and key is None:
        hints.append(f"{folder} holds pseudonyms: name its key with --key FILE")
    return hints or ["give a handle, platform:handle, an id or a pseudonym"]

"""What a client's folder holds on a creator, and the erasure of it, file by file."""

from __future__ import annotations

import codecs
import csv
import html
import io
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from workbench.intake.delimited import sniffed_delimiter, text_encoding
from workbench.intake.fields import plain_name
from workbench.intake.forgotten import cells_of
from workbench.intake.person import Person
from workbench.intake.profile import yaml_text
from workbench.intake.spool import SPOOLED
from workbench.store import Store
from workbench.store.catalog import CATALOG, buckets_of, replace_file, sweep_drafts
from workbench.store.tables import NAMING
from workbench.tables.schema import TABLES

# Of the files that people keep beside the store: which columns say whom a row is about, and which
# say who wrote it, an analyst whose name may be a creator's.
CLIENT_TABLES = ("labels.csv", "decisions.csv", "outreach*.csv", "features*.csv")
KEPT = "features"  # the folder of what was computed of each bucket
REGISTER = "register"  # the folder of registered forecasts, which name nobody
PSEUDONYMS = "creators.csv"  # the file in it that leads back from their pseudonyms
_ABOUT = re.compile(r"\b(creator|handle|account|user ?name|profile|channel|native id|key|alias)\b")
_WRITERS = re.compile(r"\b(by|analyst|author|owner|reviewer|rater)\b")


@dataclass(frozen=True, kw_only=True)
class Erased:
    """Where something was erased, and how many rows or entries."""

    place: str
    rows: int


def client_files(folder: Path) -> list[Path]:
    """Return the files beside the store that can name a creator."""
    computed = ("features*.parquet", f"{KEPT}/*.parquet")
    register = f"{REGISTER}/{PSEUDONYMS}"
    patterns = (*CLIENT_TABLES, *computed, "imports/*/*", "profiles/*", register)
    return sorted(p for pattern in patterns for p in folder.glob(pattern) if p.is_file())


def held_rows(store: Store, person: Person) -> dict[str, pd.DataFrame]:
    """Return the rows of the store that name a creator, by table."""
    n = store.catalog.buckets
    home = {*buckets_of(pd.Series(sorted(person.keys), dtype="str"), n)}
    found = {}
    for name, table in TABLES.items():
        naming = [*(NAMING & {*table.names})]
        rows = store.read(name, buckets=home if len(naming) == 1 else None)
        found[name] = rows[rows[naming].isin(person.keys | person.identities).any(axis=1)]
    return {name: rows for name, rows in found.items() if len(rows)}


def held_lines(path: Path, person: Person) -> list[Any]:
    """Return what a file holds on a creator: its rows, else that it names them."""
    if path.suffix == ".parquet":
        found = _own_rows(path, person)
        return [] if found is None else records_of(found)
    if path.suffix == ".csv":
        header, rows = _read_csv(path, person)
        own = [dict(zip(header, cells, strict=False)) for cells, own in rows if own]
        if own:
            return own
    _, name, times = _without(path, person)
    return [{"names": person.asked}] if times or name != path.name else []


def erase_in_file(path: Path, person: Person) -> int:
    """Take a creator out of a file in one step; return how many rows or entries went.

    Rows about them go; where other text names them, the name is replaced.
    """
    content, name, times = _without(path, person)
    if content is not None and (times or name != path.name):
        replace_file(path.with_name(name), content)
    if name != path.name or (content is None and times):
        path.unlink()
    return max(times, int(name != path.name))


def _without(path: Path, person: Person) -> tuple[bytes | None, str, int]:
    """Return a file's content and name without a creator, and how often it named them.

    A page or a Parquet file, made of the other files, has no content then: it goes as a whole.
    """
    name = person.masked(path.name, file=True)
    if path.suffix == ".parquet":
        rows = _own_rows(path, person)
        return None, path.name, 1 if rows is None else len(rows)
    if path.suffix == ".csv":
        content, times = _csv_without(path, person)
        return content, name, times
    text = path.read_text(encoding="utf-8")
    if path.suffix not in (".json", ".yaml", ".yml"):
        plain = html.unescape(text)
        named = person.is_named_in(plain) or person.masked(plain, file=True) != plain
        return None, path.name, int(named)
    held = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    left = person.scrubbed(held)
    if path.suffix == ".json":
        new = json.dumps(left, indent=1, ensure_ascii=False) + "\n"
    else:
        new = yaml_text(left)
    return new.encode(), name, int(left != held)


def _own_rows(path: Path, person: Person) -> pd.DataFrame | None:
    """Return the rows about a creator; None where the file is damaged and nobody can tell."""
    try:
        frame = pd.read_parquet(path)
    except Exception:  # a damaged file raises all kinds
        return None
    names = [frame["creator_key"]] if "creator_key" in frame else []
    if {"platform", "handle"} <= {*frame}:
        names.append(frame["platform"] + ":" + frame["handle"].str.lower())
    own = pd.Series(data=False, index=frame.index)
    for name in names:
        own |= name.isin(person.keys | person.identities)
    return frame[own]


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as plain data."""
    text = frame.to_json(orient="records", date_format="iso", force_ascii=False)
    return list(json.loads(text))


def erase_folder(folder: Path) -> int:
    """Remove a folder of ours with all that is in it; return how many files."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    # The catalog goes first: a store without it is none, one with a part of its rows would lie.
    (folder / CATALOG).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    return len(files)


def _csv_without(path: Path, person: Person) -> tuple[bytes, int]:
    encoding = text_encoding(path, path.name)
    if encoding == "utf-8-sig" and path.read_bytes()[:3] != codecs.BOM_UTF8:
        encoding = "utf-8"
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=sniffed_delimiter(path, encoding), lineterminator="\n")
    header, rows = _read_csv(path, person)
    writer.writerow(header)
    erased = 0
    for cells, own in rows:
        names = [*header, *[""] * len(cells)]
        left = [_masked_cell(n, c, person) for n, c in zip(names, cells, strict=False)]
        erased += own or left != cells
        if not own:
            writer.writerow(left)
    return text.getvalue().encode(encoding), erased


def _masked_cell(name: str, cell: str, person: Person) -> str:
    if _WRITERS.search(plain_name(name)):
        return cell
    return person.masked(cell, file=name in ("file", "other_file"))


def _read_csv(path: Path, person: Person) -> tuple[list[str], list[tuple[list[str], bool]]]:
    """Return the header and the rows of a CSV, each with whether it is about a creator."""
    encoding = text_encoding(path, path.name)
    delimiter = sniffed_delimiter(path, encoding)
    csv.field_size_limit(2**27)  # a refused row may stand in one cell
    with path.open(encoding=encoding, newline="") as stream:
        header, *rows = [*csv.reader(stream, delimiter=delimiter)] or [[]]
    made_here = path.parent.parent.name == "imports"
    platforms = _platforms(path.with_name("qa.json"), person) if made_here else {}
    about = [at for at, name in enumerate(header) if _ABOUT.search(plain_name(name))]
    about += [at for at, name in enumerate(header) if about and plain_name(name) == "platform"]
    if made_here or not about:
        about = [*range(len(header))]
    raw = header.index("raw") if "raw" in header else None
    found = []
    for cells in rows:
        named = [cells[at] for at in about if at < len(cells)]
        named += cells_of(cells[raw]) if raw is not None and raw < len(cells) else []
        file = person.masked(cells[0], file=True) if cells else ""
        found.append((cells, person.owns(named, platforms.get(file, ()))))
    return header, found


def _platforms(qa: Path, person: Person) -> Mapping[str, list[str]]:
    """Return the platforms of an import's files, by their names without the creator's."""
    if not qa.is_file():
        return {}
    files = json.loads(qa.read_text(encoding="utf-8"))["files"]
    named = {person.masked(file["file"], file=True): file["platform"] for file in files}
    return {name: [p for p in told.split(", ") if p] for name, told in named.items()}


def remove_drafts(folder: Path) -> None:
    """Remove what killed imports and erasures have left in a folder that is held."""
    for left in folder.glob(f"{SPOOLED}*"):
        shutil.rmtree(left)
    sweep_drafts(folder)

"""What was settled while reading, and where two sources say different things of one creator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from workbench.intake.fields import METRICS
from workbench.intake.layouts import Layout, why_unread
from workbench.intake.rows import ParsedRows
from workbench.store import ImportRecord

NOTE_COLUMNS = ["file", "column", "note", "rows", "examples"]
DISAGREEMENT_COLUMNS = [
    *("creator", "figure", "as_of", "value", "file", "other_value", "other_file", "ratio", "kept"),
]
OPEN_BASE = "nothing says what it is a share of: taken as of the smaller audience"
ROUNDED = "a count given short (1.2M) or in hundreds throughout: marked as rounded"
# Counts of one day, and figures of one week, are held to be of the same thing; a follower count
# differs where rounding (1.2M) can't explain it.
_DAYS = {"followers": 0}
_USUAL_DAYS = 7
TOLERANCE = 0.05


def value_notes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what was decided about values of taken rows, a row a file, column and decision."""
    notes = []
    for flag, column, note in (
        (
            "likes_hidden",
            "likes",
            "0 beside comments, -1 or a word: hidden, taken as missing",
        ),
        ("account_rounded", "followers", ROUNDED),
        ("post_rounded", "counts", ROUNDED),
    ):
        found = rows[rows[flag].fillna(False).astype(bool)]
        told = found.groupby("file", as_index=False).agg(
            rows=("row", "size"),
            examples=("row", lambda r: "rows " + ", ".join(map(str, r.nsmallest(3).astype(int)))),
        )
        notes.append(told.assign(column=column, note=note))
    return pd.concat(notes, ignore_index=True)[NOTE_COLUMNS]


def style_notes(parsed: Sequence[ParsedRows], counted: Mapping[str, int]) -> pd.DataFrame:
    """Return how dates and decimals were read where a column could be read in two ways.

    ``counted`` is the number of rows by file.
    """
    notes = []
    for rows in parsed:
        files = [file.name for file in rows.layout.files]
        for name, column in rows.columns.items():
            order, header = column.style.order, rows.mapping[name]
            told = [f"dates read {order.replace('_', ' ')}"] if order else []
            cells = rows.layout.cells[header]
            if name == "share":
                told += ["numbers read as percent"] * bool(column.style.percent)
                told += [OPEN_BASE] * (not rows.profile.base and "base" not in rows.mapping)
            if column.style.decimal == ",":
                commas = cells.str.contains(",", regex=False).any()
                told.append(
                    "the comma read as the decimal sign"
                    if commas
                    else "dots read as grouping thousands"
                )
            examples = ", ".join(cells[column.typed.notna()].head(3).str[:40])
            number = sum(counted[file] for file in files)
            notes += [(files[0], header, note, number, examples) for note in told]
    return pd.DataFrame(notes, columns=NOTE_COLUMNS)


def sheet_notes(layouts: Sequence[Layout], parsed: Sequence[ParsedRows]) -> pd.DataFrame:
    """Return which files and sheets of workbooks were left out, and why."""
    read = {file.name for rows in parsed for file in rows.layout.files}
    notes = []
    for layout in layouts:
        left = [file for file in layout.files if file.name not in read]
        why = (why_unread(layout) if left else "") or "a sheet without a known column"
        notes += [(file.name, file.name, f"{why}: left out", file.rows, "") for file in left]
    return pd.DataFrame(notes, columns=NOTE_COLUMNS)


def again_notes(record: ImportRecord, before: Sequence[ImportRecord]) -> pd.DataFrame:
    """Return which files were imported before, as of other days."""
    notes = []
    for file in record.files:
        same = {b.as_of for b in before if file.sha256 in {f.sha256 for f in b.files}}
        if days := ", ".join(sorted(same - {record.as_of})):
            note = (
                f"the same file came as of {days}: its followers and averages stand under each day"
            )
            notes.append((file.name, file.name, note, file.rows, ""))
    return pd.DataFrame(notes, columns=NOTE_COLUMNS)


def gathered_notes(notes: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the notes on parts of files together, with the first examples."""
    found = pd.concat([pd.DataFrame(columns=NOTE_COLUMNS, dtype="str"), *notes])
    grouped = found.groupby(["file", "column", "note"], sort=False, as_index=False)
    told = grouped.agg(rows=("rows", "sum"), examples=("examples", "first"))
    return told.astype({"rows": "int64"})[NOTE_COLUMNS]


def disagreements(
    rows: pd.DataFrame, held: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return the figures of a creator that two files, or a file and the store, give differently.

    Parameters
    ----------
    rows : DataFrame
        Accepted rows with ``source``, the id of this import.
    held : mapping
        What the store held before.
    tables : mapping
        What is written now; tells which of two values was kept.
    """
    new = _figures_of_rows(rows[rows["rows"].eq("account")])
    source = rows["source"].iloc[0]  # of one import
    before = _held_figures(held)
    before = before[before["source"].ne(source) & before["creator_key"].isin(new["creator_key"])]
    pairs = new.merge(
        pd.concat([new, before], ignore_index=True),
        on=["creator_key", "figure"],
        suffixes=("", "_other"),
    )
    pairs = pairs[pairs["file"].ne(pairs["file_other"])]
    twice = pairs["source_other"].eq(source) & (pairs["file"] > pairs["file_other"])
    apart = (pairs["as_of"] - pairs["as_of_other"]).dt.days.abs()
    near = apart.le(pairs["figure"].map(_DAYS).fillna(_USUAL_DAYS))
    ratio = (pairs["value"] / pairs["value_other"].where(pairs["value_other"].ne(0))).astype(float)
    far = ratio.sub(1).abs().gt(TOLERANCE) | ratio.rdiv(1).sub(1).abs().gt(TOLERANCE)
    found = pairs.assign(ratio=ratio)[near & far & ~twice]
    written = _held_figures(tables).drop_duplicates(["creator_key", "figure", "as_of"], keep="last")
    kept = found[["creator_key", "figure", "as_of"]].merge(written, how="left")["value"]
    shown = kept.set_axis(found.index).map("{:,.12g}".format, na_action="ignore").astype("str")
    # The store holds one follower count a day, and one figure an import.
    one = found["figure"].eq("followers") | found["source_other"].eq(source)
    found = found.assign(
        kept=shown.where(one, "both"),
        as_of=found["as_of"].dt.strftime("%Y-%m-%d"),
    ).rename(
        columns={
            "creator_key": "creator",
            "value_other": "other_value",
            "file_other": "other_file",
        }
    )
    return found.sort_values(["creator", "figure", "file", "other_file"])[DISAGREEMENT_COLUMNS]


def _figures_of_rows(rows: pd.DataFrame) -> pd.DataFrame:
    about = ["creator_key", "observed_on", "file", "source"]
    names = ["followers", *METRICS]
    found = rows.astype(dict.fromkeys(names, "float64")).melt(about, names, "figure", "value")
    found = found.dropna(subset=["value", "observed_on"]).rename(columns={"observed_on": "as_of"})
    return found.drop_duplicates(["creator_key", "figure", "as_of", "file"], keep="last")


def _held_figures(held: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    counts = held["snapshots"].rename(columns={"observed_on": "as_of", "followers": "value"})
    told = held["reported_metrics"]
    named = {pair: name for name, pair in METRICS.items()}
    pairs = zip(told["metric"], told["statistic"], strict=True)
    figures = told.assign(figure=[named.get(pair, "") for pair in pairs])
    frames = [counts.assign(figure="followers"), figures]
    columns = ["creator_key", "figure", "as_of", "value", "source"]
    found = pd.concat([frame[columns].astype({"value": "float64"}) for frame in frames])
    return found.assign(file="import " + found["source"].astype("str"))

"""``labels.csv`` and ``decisions.csv``: read with every fault named, written a row at a time.

Both are plain tables that a spreadsheet can fill in as well; columns of its own are left alone.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from workbench.errors import DataError
from workbench.intake.delimited import sniffed_delimiter, text_encoding
from workbench.intake.importing import one_at_a_time
from workbench.intake.profile import MappingProfile
from workbench.intake.read import unique_header
from workbench.intake.refusals import csv_text
from workbench.intake.rows import parse_cells
from workbench.store.catalog import replace_file
from workbench.store.frames import canonical_frame
from workbench.tables.judgements import DECISIONS, LABELS
from workbench.tables.schema import Column, Table

Row = Mapping[str, str]

_EXPECTED = {"date": "a day such as 2026-03-31", "time": "a time such as 2026-03-31T14:05:00Z"}
_SAME_WORD = {"can't_tell": "cannot_tell", "cant_tell": "cannot_tell"}


def read_labels(path: Path) -> pd.DataFrame:
    """Read the labels of followers.

    Returns
    -------
    DataFrame
        The columns of ``LABELS``, a row a label, in the order of the file; rows of a sheet whose
        label is still blank are left out.

    Raises
    ------
    DataError
        With every fault of the file.
    """
    cells = _cells(path, LABELS)
    return _checked(cells[cells["label"].ne("")], LABELS, str(path))


def read_decisions(path: Path) -> pd.DataFrame:
    """Read the decisions on creators.

    Returns
    -------
    DataFrame
        The columns of ``DECISIONS``, a row a decision, in the order of the file; rows of a sheet
        whose verdict is still blank are left out.

    Raises
    ------
    DataError
        With every fault of the file.
    """
    cells = _cells(path, DECISIONS)
    return _checked(cells[cells["verdict"].ne("")], DECISIONS, str(path))


def log_decision(
    path: Path,
    *,
    creator_key: str,
    verdict: str,
    reason: str,
    reviewer: str,
    answer: str = "",
    decided_on: date | None = None,
) -> None:
    """Add a decision to the file in one atomic step.

    Raises
    ------
    DataError
        With every fault of the decision, or of a file that has no such columns.
    """
    row = {
        "decided_on": (decided_on or date.today()).isoformat(),
        "reviewer": reviewer,
        "creator_key": creator_key,
        "verdict": verdict,
        "reason": reason,
        "answer": answer,
    }
    row = {name: text.replace("\0", " ") for name, text in row.items()}  # as no CSV can hold it
    _checked(pd.DataFrame([row], index=[1]), DECISIONS, "The decision")
    _change(path, DECISIONS, lambda rows: [*rows, row])


def write_label(path: Path, label: Row) -> None:
    """Put a label into the file in one atomic step, in place of one of the same look.

    A row of a sheet that nobody has labelled counts as that look.
    """
    _change(path, LABELS, lambda rows: [*(r for r in rows if not _same(r, label)), label])


def remove_label(path: Path, label: Row) -> None:
    """Take a label out of the file in one atomic step."""
    _change(path, LABELS, lambda rows: [r for r in rows if not _same(r, label)])


def write_label_sheet(path: Path, sample: pd.DataFrame, order: Sequence[str]) -> None:
    """Write what is to be labelled for a spreadsheet: a row a look, its label still blank.

    Parameters
    ----------
    sample : DataFrame
        Rows of ``followers_sample``.
    order : sequence of str
        Ids of followers, some perhaps twice.

    Raises
    ------
    DataError
        If there is such a file: it may hold labels.
    """
    if path.exists():
        raise DataError(f"{path} is there already.", ["fill it in, or move it away first"])
    shown = sample.drop(columns=["source", "platform"]).set_index("follower_id")
    rows = shown.loc[list(order)].reset_index()
    looks = rows.groupby("follower_id").cumcount() + 1
    told = rows.assign(repeat=looks, **dict.fromkeys(("label", "reviewer", "labelled_at"), ""))
    names = [*LABELS.names, *(name for name in shown if name not in LABELS.names)]
    replace_file(path, csv_text(told[names]).encode("utf-8-sig"))


def write_decision_sheet(path: Path, screened: pd.DataFrame, decisions: pd.DataFrame) -> None:
    """Write the decisions for a spreadsheet: those made, and a blank row for each still open.

    Parameters
    ----------
    screened : DataFrame
        ``AudienceScreen.table``; whoever is worth asking and has no decision gets a row.
    decisions : DataFrame
        As of :func:`read_decisions`.
    """
    made = decisions.merge(screened[["creator_key", "handle", "state"]], on="creator_key")
    asked = screened[screened["state"].eq("worth asking")]
    still = asked[~asked["creator_key"].isin(decisions["creator_key"])]
    told = pd.concat([made, still[["creator_key", "handle", "state"]]]).reindex(
        columns=[*DECISIONS.names, "handle", "state"]
    )
    days = pd.to_datetime(told["decided_on"]).dt.strftime("%Y-%m-%d")
    text = told.assign(decided_on=days).astype("object").fillna("")
    replace_file(path, csv_text(text).encode("utf-8-sig"))


def _same(row: Row, label: Row) -> bool:
    """Whether a row is of the same look: of the same person, or of nobody yet."""
    which = ("creator_key", "follower_id")
    told = all(row.get(name) == label[name] for name in which)
    return (
        told
        and (row.get("repeat") or "1") == label["repeat"]
        and (row.get("reviewer") == label["reviewer"] or not row.get("label"))
    )


def _cells(path: Path, table: Table) -> pd.DataFrame:
    """Return the table's columns as text, by the number of the row."""
    if not path.is_file():
        raise DataError(f"There is no {path}.", [f"its columns are {', '.join(table.names)}"])
    held, _ = _held(path)
    lacking = [c.name for c in table.columns if c.required and c.name not in held]
    if lacking:
        told = [f"column {name}: not there" for name in lacking]
        raise DataError(
            f"{path} lacks columns.", [*told, f"found {', '.join(map(str, held)) or 'none'}"]
        )
    return held.reindex(columns=list(table.names), fill_value="")


def _held(path: Path) -> tuple[pd.DataFrame, str]:
    """Return a CSV as text by the number of the row, blank rows left out, and its delimiter."""
    encoding = text_encoding(path, path.name)
    delimiter = sniffed_delimiter(path, encoding)
    with path.open(encoding=encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        header = unique_header(next(reader, []))
        rows = {n: [_plain(cell) for cell in row] for n, row in enumerate(reader, 2)}
    width = len(header)
    rows = {n: [*row, *[""] * width][:width] for n, row in rows.items() if any(row)}
    return pd.DataFrame.from_dict(rows, orient="index", columns=header, dtype="str"), delimiter


def _plain(cell: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from running it."""
    return re.sub(r"^'(?=[=+\-@])", "", cell.strip())


def _change(path: Path, table: Table, change: Callable[[list[Row]], list[Row]]) -> None:
    """Rewrite a file; what others have written since it was read stays."""
    with one_at_a_time(path.parent):
        held, delimiter = _held(path) if path.exists() else (pd.DataFrame(), ",")
        rows = change([{str(k): v for k, v in row.items()} for row in held.to_dict("records")])
        names = [*dict.fromkeys((*held, *table.names))]
        frame = pd.DataFrame(rows, columns=names, dtype="str").fillna("")
        replace_file(path, csv_text(frame, delimiter=delimiter).encode("utf-8-sig"))


def _checked(cells: pd.DataFrame, table: Table, what: str) -> pd.DataFrame:
    """Return typed cells; what does not fit is told row by row."""
    typed, faults = {}, []
    for column in table.columns:
        given = cells[column.name]
        typed[column.name], wrong = _typed(column, given)
        expected = " or ".join(column.choices) or _EXPECTED.get(column.kind, "a number from 1 on")
        told = f"{column.name}: expected {expected}, found"
        faults += [(n, f"{told} {cell!r}") for n, cell in given[wrong].items()]
        if column.required:
            faults += [(n, f"{column.name}: missing") for n in given.index[given.eq("")]]
    frame = pd.DataFrame(typed, index=cells.index)
    if table.key:
        frame = frame.fillna({"repeat": 1})
        known = frame[frame[list(table.key)].notna().all(axis=1)]
        twice = known.loc[known.duplicated(list(table.key)), "reviewer"]
        faults += [(n, f"labelled before by {reviewer}") for n, reviewer in twice.items()]
    if faults:
        raise DataError(
            f"{what} can't be used.", [f"row {n}: {told}" for n, told in sorted(faults)]
        )
    return canonical_frame(frame, table)


def _typed(column: Column, cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return a column's values and which cells are none of its kind."""
    if column.choices:
        words = cells.str.casefold().str.replace(r"[\s-]+", "_", regex=True).replace(_SAME_WORD)
        known = words.isin(column.choices)
        return words.where(known), ~known & cells.ne("")
    if column.kind == "text":
        return cells.mask(cells.eq("")), pd.Series(False, index=cells.index)
    read = parse_cells(column, cells, MappingProfile(name=""))
    typed = read.typed if column.kind != "date" else read.typed.dt.tz_localize(None).dt.normalize()
    unsettled = cells.ne("") & bool(read.question)
    return typed, read.faults | unsettled

"""Rows that can't be taken: kept with their reasons, however many they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from workbench.errors import DataError
from workbench.intake.read import refused_rows

_MOST_HELD = 50_000


@dataclass(kw_only=True, eq=False)
class RefusedRows:
    """Collects refused rows, in ``REFUSED_COLUMNS``.

    Past ``_MOST_HELD`` they are written to ``draft`` in the order in which they come, and only
    counted here.
    """

    draft: Path
    held: pd.DataFrame = field(default_factory=lambda: refused_rows([]))
    by_file: Counter[str] = field(default_factory=Counter)
    _reasons: dict[tuple[str, str], tuple[int, list[str], list[str]]] = field(default_factory=dict)

    def add(self, rows: pd.DataFrame) -> None:
        """Take further rows in."""
        if rows.empty:
            return
        self.by_file.update(rows["file"])
        for key, part in rows.groupby(["reason", "column"], sort=False):
            reason, column = map(str, key)
            count, examples, values = self._reasons.get((reason, column), (0, [], []))
            self._reasons[reason, column] = (
                count + len(part),
                [*examples, *part["row"].head(3).astype("str")][:3],
                [*dict.fromkeys([*values, *part["value"].drop_duplicates().head(3)])][:3],
            )
        if self.draft.exists():
            _append(rows, self.draft)
            return
        self.held = pd.concat([self.held, rows], ignore_index=True)
        self.held = self.held.sort_values(["file", "row"], kind="stable", ignore_index=True)
        if len(self.held) > _MOST_HELD:
            _append(self.held, self.draft)

    @property
    def reasons(self) -> pd.DataFrame:
        """``reason``, ``column``, ``rows``, ``examples`` and ``values``: the most frequent first.

        Three rows and three values stand for all.
        """
        rows = [
            (reason, column, count, ", ".join(examples), ", ".join(values))
            for (reason, column), (count, examples, values) in sorted(self._reasons.items())
        ]
        columns = ["reason", "column", "rows", "examples", "values"]
        found = pd.DataFrame(rows, columns=columns)
        return found.sort_values("rows", ascending=False, kind="stable", ignore_index=True)

    def fault(self) -> DataError:
        """Return the error that no row is left, with the reasons."""
        told = [
            f"{f['column']}: {f['reason']}".removeprefix(": ")
            + f" ({f['rows']} rows: {f['examples']})"
            for f in self.reasons.to_dict("records")
        ]
        return DataError("No row can be imported.", told)

    def csv(self) -> Path:
        """Return the file of all of them."""
        if not self.draft.exists():
            _append(self.held, self.draft)
        return self.draft


def csv_text(frame: pd.DataFrame, *, header: bool = True, delimiter: str = ",") -> str:
    """Write a CSV whose cells no spreadsheet runs as a formula: an apostrophe stands before."""
    safe = frame.copy()
    texts: list[str] = [*frame.select_dtypes("str").columns]
    for name in texts:
        formula = frame[name].str.match(r"[=+\-@\t\r]").fillna(False).astype(bool)
        safe[name] = frame[name].mask(formula, "'" + frame[name])
    return safe.to_csv(index=False, lineterminator="\n", header=header, sep=delimiter)


def _append(rows: pd.DataFrame, path: Path) -> None:
    text = csv_text(rows, header=not path.exists())
    with path.open("a", encoding="utf-8", newline="") as stream:
        stream.write(text)

"""What an import lets into a client's folder: nobody who was forgotten, no name where none may."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workbench.intake.forgotten import Forgotten, read_forgotten
from workbench.intake.pseudonyms import KINDS, Key, check_kind, open_key, save_key, shape
from workbench.intake.read import REFUSED_COLUMNS, RawFile

REASON = "forgotten"


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """Who was forgotten and, of a folder that holds pseudonyms, the key."""

    forgotten: Forgotten
    key: Key | None = None

    def known(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return typed rows as they may be kept, without those of forgotten creators."""
        if self.key is None:
            return rows[~self._gone(rows)]
        replaced = self.key.replaced(rows)
        gone = self._gone(replaced)
        for name in KINDS:
            for alias in replaced.loc[gone, name].dropna().unique():
                self.key.accounts.pop(alias, None)
        return replaced[~gone]

    def forgotten_rows(self, rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of forgotten creators as refused ones that name nobody."""
        gone = rows.loc[rows.index.difference(known.index), ["file", "row"]]
        return gone.assign(raw="", column="", value="", reason=REASON)[REFUSED_COLUMNS]

    def misfits(self, file: RawFile) -> pd.DataFrame:
        """Return the rows of a file that do not fit its header."""
        return self.refused(file.first.refused.assign(file=file.name))

    def refused(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return refused rows as they may be kept: nobody forgotten, no name beside pseudonyms."""
        if self.key is not None:
            return rows.assign(raw="", value=rows["value"].map(shape).astype("str"))
        if not self.forgotten.days:
            return rows
        gone = rows["raw"].map(self.forgotten.names).astype(bool)
        named = dict.fromkeys(("raw", "column", "value"), "") | {"reason": REASON}
        return rows.assign(**{name: rows[name].mask(gone, text) for name, text in named.items()})

    def examples(self, mapping: pd.DataFrame) -> pd.DataFrame:
        """Return the mapping's examples as they may be kept."""
        if self.key is None and not self.forgotten.days:
            return mapping
        kept = [
            [shape(text) for text in texts]
            if self.key
            else [text for text in texts if not self.forgotten.names(text)]
            for texts in mapping["examples"]
        ]
        return mapping.assign(examples=pd.Series(kept, index=mapping.index, dtype=object))

    def save(self, folder: Path) -> None:
        """Write the key, which must stand before the rows do."""
        if self.key is not None:
            save_key(self.key, folder)

    def _gone(self, rows: pd.DataFrame) -> pd.Series:
        gone = pd.Series(False, index=rows.index)
        if not self.forgotten.days:
            return gone
        for name in KINDS:
            plain = rows[name].str.lower() if name == "handle" else rows[name]
            identities = rows["platform"] + ":" + plain
            found = {i for i in identities.dropna().unique() if self.forgotten.day(i)}
            gone |= identities.isin(found)
        return gone


def open_privacy(
    folder: Path, *, pseudonymise: bool, key: Path | None, files: dict[str, str]
) -> Privacy:
    """Read what binds an import into a client's folder; ``files`` are those it renames.

    Raises
    ------
    SettingsError
        If the folder holds names and pseudonyms are asked for, or the other way round.
    """
    check_kind(folder, pseudonymise=pseudonymise)
    forgotten = read_forgotten(folder)
    found = open_key(folder, key) if pseudonymise else None
    if found is not None:
        secret = found
        for alias, name in files.items():
            gone = forgotten.names_file(name, lambda p, run: secret.pseudonym(p, "handle", run))
            found.files[alias] = alias if gone else name
    return Privacy(forgotten=forgotten, key=found)

"""What an import lets into a client's folder: nobody who was forgotten, no name where none may."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from workbench.intake.checks import LONGEST_EXAMPLE
from workbench.intake.forgotten import FORGOTTEN, Forgotten, read_forgotten, write_forgotten
from workbench.intake.pseudonyms import KINDS, Key, check_kind, open_key, save_key, shape
from workbench.intake.read import REFUSED_COLUMNS, RawFile

REASON = "forgotten"


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """Who was forgotten and, of a folder that holds pseudonyms, the key."""

    forgotten: Forgotten
    key: Key | None = None
    # Cells of rows of the forgotten, who may have taken another name since, and those names.
    unshown: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)

    @property
    def secret(self) -> str:
        """What pseudonyms of followers are made with: of the key, else the client's own salt."""
        return self.key.secret if self.key else self.forgotten.salt

    def known(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return typed rows as they may be kept, without those of forgotten creators."""
        if self.key is None:
            return rows[~self.gone(rows)]
        replaced = self.key.replaced(rows)
        for side in ("", "other_"):
            gone = self._gone(replaced, side)
            for name in KINDS:
                for alias in replaced.loc[gone, side + name].dropna().unique():
                    self.key.accounts.pop(alias, None)
        return replaced[~self.gone(replaced)]

    def forgotten_rows(
        self, rows: pd.DataFrame, known: pd.DataFrame, cells: pd.DataFrame
    ) -> pd.DataFrame:
        """Return the rows of forgotten creators as refused ones that name nobody."""
        gone = cells.loc[rows.index.difference(known.index)]
        self.unshown.update(gone.to_numpy().ravel())
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
        cut = {text[:LONGEST_EXAMPLE] for text in self.unshown}
        kept = [
            [shape(text) for text in texts]
            if self.key
            else [text for text in texts if text not in cut and not self.forgotten.names(text)]
            for texts in mapping["examples"]
        ]
        return mapping.assign(examples=pd.Series(kept, index=mapping.index, dtype=object))

    def save(self, folder: Path, *, salted: bool) -> None:
        """Write the key, else the salt if rows are ``salted``, which must stand before they do."""
        if self.key is not None:
            save_key(self.key, folder)
        elif salted and not (folder / FORGOTTEN).exists():
            write_forgotten(folder, self.forgotten)

    def learned(self, folder: Path) -> Privacy:
        """Return it with the new handles of forgotten ids, which other files may have alone."""
        new = {identity for identity in self.renamed if self.forgotten.day(identity) is None}
        if not new:
            return self
        forgotten = self.forgotten.with_also(new)
        write_forgotten(folder, forgotten)
        for identity in new:
            if self.key is not None:
                self.key.accounts.pop(identity.partition(":")[2], None)
        return replace(self, forgotten=forgotten)

    def gone(self, rows: pd.DataFrame) -> pd.Series:
        """Return which rows are of forgotten creators, or name one beside another."""
        gone = self._gone(rows)
        return gone | self._gone(rows, "other_") if "other_handle" in rows else gone

    def _gone(self, rows: pd.DataFrame, side: str = "") -> pd.Series:
        gone = pd.Series(False, index=rows.index)
        if not self.forgotten.days:
            return gone
        platform, handle = rows[f"{side}platform"], rows[f"{side}handle"].str.lower()
        for name in KINDS:
            identities = platform + ":" + (handle if name == "handle" else rows[side + name])
            found = {i for i in identities.dropna().unique() if self.forgotten.day(i)}
            gone |= identities.isin(found)
            if name == "native_id":
                names = platform + ":" + handle
                self.renamed.update(names[identities.isin(found)].dropna())
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

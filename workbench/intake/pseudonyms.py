"""Pseudonyms for handles and ids, and the key file that alone leads back from them.

A pseudonym is a keyed hash: the same account has the same one in all files and imports of a
client. The key stands apart from the client's folder, readable by its owner alone.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from workbench.errors import SettingsError
from workbench.intake.fields import IDENTITY, OTHER, day_in
from workbench.intake.layouts import Layout
from workbench.intake.read import RawFile
from workbench.store.catalog import CATALOG, replace_file

MARK = "pseudonymised.txt"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # none that reads like another
_LENGTH, _LONGER = 8, 12
_DIGITLESS = str.maketrans("0123456789", "ghijklmnop")
KINDS = {"handle": "creator", "native_id": "id"}
_TEXTS = {"niche", "campaign", "product", "channel", "deliverable"}


class Key(BaseModel):
    """The key of a client: its secret, the accounts by pseudonym, the files by pseudonym.

    An account is a dict of ``platform`` and, where known, ``handle`` and ``native_id``. ``path`` is
    where the key is kept, and not in the file itself.
    """

    model_config = ConfigDict(extra="forbid")

    path: Path = Field(default=Path(), exclude=True)
    secret: str
    accounts: dict[str, dict[str, str]] = {}
    files: dict[str, str] = {}

    def pseudonym(self, platform: str, name: str, value: str) -> str:
        """Return the pseudonym of an account's ``handle`` or ``native_id``.

        Where another account has it already, it is longer.
        """
        own = (platform, _plain(name, value))
        text = self._hashed(f"{platform}:{name}:{own[1]}")
        short = f"{KINDS[name]}-{text[:_LENGTH]}"
        known = self.accounts.get(short)
        if known is None or (known.get("platform"), _plain(name, known.get(name, ""))) == own:
            return short
        return f"{KINDS[name]}-{text[:_LONGER]}"

    def _unnamed(self, text: str, alias: str) -> str:
        """Return a text of an account's row without its name in it."""
        for real in names_of(self.accounts.get(alias, {})):
            if len(real) > 3 and real.lower() in text.lower():
                text = re.sub(re.escape(real), lambda _: alias, text, flags=re.IGNORECASE)
        return text

    def _only_platforms(self) -> dict[str, str]:
        """Return the platform of each name that one account has.

        Rows of sales may not say theirs, and are given to that account when all rows are known.
        """
        found: dict[str, set[str]] = {}
        for account in self.accounts.values():
            for name in names_of(account):
                found.setdefault(name.casefold(), set()).add(account["platform"])
        return {name: told.pop() for name, told in found.items() if len(told) == 1}

    def post(self, platform: str, value: str) -> str:
        """Return the pseudonym of a post's id; the key does not keep which it was."""
        return f"post-{self._hashed(f'{platform}:post:{value}')[:_LONGER]}"

    @property
    def mark(self) -> str:
        """What tells this key from others and gives nothing of it away."""
        return self._hashed("mark")[:16]

    def replaced(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return typed rows with pseudonyms for handles and ids, without display names.

        The real ones are kept in ``accounts``.
        """
        found = self._aliases(rows[IDENTITY])
        if rows["rows"].eq("overlap").any():
            others = self._aliases(rows[OTHER].set_axis(IDENTITY, axis=1))
            found |= {f"other_{name}": aliases for name, aliases in others.items()}
        posts = zip(rows["platform"].fillna(""), rows["post_id"], strict=True)
        found["post_id"] = [self.post(p, v) if isinstance(v, str) else None for p, v in posts]
        whose = [i or h for i, h in zip(found["native_id"], found["handle"], strict=True)]
        for column in _TEXTS & {*rows.columns}:
            pairs = zip(rows[column], whose, strict=True)
            found[column] = [
                self._unnamed(t, a or "") if isinstance(t, str) else None for t, a in pairs
            ]
        texts = {name: pd.Series(v, rows.index, dtype="str") for name, v in found.items()}
        return rows.assign(**texts, display_name=pd.Series(index=rows.index, dtype="str"))

    def _aliases(self, rows: pd.DataFrame) -> dict[str, list[str | None]]:
        """Return the pseudonyms of each row's handle and id, and keep the real ones."""
        of: dict[tuple[str, str, str], str] = {}
        only = self._only_platforms() if rows["platform"].isna().any() else {}
        platforms = rows["platform"].fillna("")
        for account in rows.drop_duplicates().to_dict("records"):
            real = {str(n): v for n, v in account.items() if isinstance(v, str)}
            for name in KINDS.keys() & real.keys():
                told = real.get("platform", "")
                alias = self.pseudonym(
                    told or only.get(real[name].casefold(), ""), name, real[name]
                )
                of[told, name, real[name]] = alias
                if told:
                    self.accounts[alias] = self.accounts.get(alias, {}) | real
        return {
            name: [of.get((p, name, v)) for p, v in zip(platforms, rows[name], strict=True)]
            for name in KINDS
        }

    def save(self) -> None:
        """Write the key file in one step, and remove what a killed one has left."""
        text = json.dumps(self.model_dump(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, text.encode(), private=True)
        for left in [*self.path.parent.iterdir()]:
            if left.name.startswith(f".{self.path.name}."):
                left.unlink()

    def _hashed(self, text: str) -> str:
        digest = hmac.digest(bytes.fromhex(self.secret), text.encode(), "sha256")
        return "".join(_LETTERS[byte % 32] for byte in digest)


def _plain(name: str, value: str) -> str:
    return value.lower() if name == "handle" else value


def names_of(account: dict[str, str]) -> list[str]:
    """Return the handle and the id of an account of the key, those that are known."""
    return [account[name] for name in KINDS if name in account]


def key_path(folder: Path, key: Path | None) -> Path:
    """Return where the client's key is: the file given, else ``CLIENT.key.json`` beside the folder.

    Raises
    ------
    SettingsError
        If that is inside the folder: who gets the folder must not get the key with it.
    """
    place = folder.resolve()
    path = (key or place.parent / f"{place.name}.key.json").resolve()
    if path.is_relative_to(place):
        raise SettingsError(
            "The key can't stand inside the client's folder.",
            [f"{path}: choose a file elsewhere, or leave --key out for one beside the folder"],
        )
    return path


def is_pseudonymised(folder: Path) -> bool:
    """Whether a client's folder holds pseudonyms."""
    return (folder / MARK).is_file()


def check_kind(folder: Path, *, pseudonymise: bool) -> None:
    """Refuse to mix pseudonyms and real names in one folder.

    Raises
    ------
    SettingsError
        With what to do.
    """
    if is_pseudonymised(folder) and not pseudonymise:
        raise SettingsError(
            f"{folder} holds pseudonyms, real names can't be added.",
            ["import with --pseudonymise (and --key FILE), or into another folder"],
        )
    if pseudonymise and (folder / "store" / CATALOG).is_file() and not is_pseudonymised(folder):
        raise SettingsError(
            f"{folder} holds real names, pseudonyms can't be added.",
            [
                "import all exports into a new folder with --pseudonymise, then erase this one: "
                f"workbench forget --all --data {folder}"
            ],
        )


def read_key(folder: Path, key: Path | None) -> Key | None:
    """Read the key of a client's folder; None where there is none.

    Raises
    ------
    SettingsError
        If it is inside the folder, damaged, or another client's.
    """
    path = key_path(folder, key)
    if not path.is_file():
        return None
    try:
        found = Key.model_validate_json(path.read_text(encoding="utf-8"))
        own = not is_pseudonymised(folder) or (folder / MARK).read_text("utf-8") == found.mark
    except ValueError as fault:
        told = "expected what an import with --pseudonymise wrote; bring it back from a backup"
        raise SettingsError(f"{path} is no key.", [told]) from fault
    if not own:
        told = "name the right one with --key FILE"
        raise SettingsError(f"{path} is not the key of {folder}.", [told])
    return found.model_copy(update={"path": path})


def open_key(folder: Path, key: Path | None) -> Key:
    """Read the client's key, or make one for a folder that holds nothing yet.

    Raises
    ------
    SettingsError
        If the folder's key is not where it should be.
    """
    found, path = read_key(folder, key), key_path(folder, key)
    if found is None and is_pseudonymised(folder):
        told = f"expected it at {path}: bring it back, or name its place with --key FILE"
        raise SettingsError(f"The key of {folder} is missing.", [told])
    return found or Key(path=path, secret=secrets.token_hex(32))


def save_key(key: Key, folder: Path) -> None:
    """Write the key, then mark the folder as holding pseudonyms of it."""
    key.save()
    replace_file(folder / MARK, key.mark.encode())


def unnamed_files(
    layouts: Sequence[Layout], naming: Callable[[str], bool]
) -> tuple[list[Layout], dict[str, str]]:
    """Name files by platform, day and content where their name may be a creator's.

    Returns the layouts, and the names that the files had by the new ones.
    """
    names: dict[str, str] = {}

    def renamed(file: RawFile, platform: str | None) -> RawFile:
        if not naming(file.name):
            return file
        day = day_in(file.name)
        digest = file.sha256[:8].translate(_DIGITLESS)  # no date may be read in it
        name = "-".join([platform or "export", *([f"{day}"] if day else []), digest])
        sheets = sum(other.startswith(name) for other in names)
        name += f" · {sheets + 1}" if sheets else ""
        names[name] = file.name
        return replace(file, name=name)

    new = [
        replace(layout, files=tuple(renamed(file, layout.platform) for file in layout.files))
        for layout in layouts
    ]
    return new, names


def shape(text: str) -> str:
    """Return what a text looks like, without what it says: ``2026-13-01`` is ``9999-99-99``."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text))

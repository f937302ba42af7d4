"""``forgotten.json``: whom an import must not bring back, as keyed hashes without a name."""

from __future__ import annotations

import csv
import hmac
import io
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from workbench.errors import DataError
from workbench.intake.accounts import PROFILE_LINK
from workbench.store.catalog import replace_file
from workbench.tables.schema import PLATFORMS

FORGOTTEN = "forgotten.json"


class Forgotten(BaseModel):
    """Hashes of ``platform:handle`` and ``platform:id``, with the day of each erasure.

    The salt stands in the same file: who has it can try names, but reads none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    salt: str
    days: dict[str, date] = {}

    def day(self, identity: str) -> date | None:
        """Return the day on which an identity was forgotten, None where it was not."""
        return self.days.get(_hashed(self.salt, identity)) if self.days else None

    def names(self, text: str) -> bool:
        """Whether a text holds a forgotten handle or id, on whatever platform."""
        return bool(self.days) and any(
            self.day(f"{platform}:{word}") for word in words_of(text) for platform in PLATFORMS
        )

    def names_file(self, name: str, kept_as: Callable[[str, str], str] | None = None) -> bool:
        """Whether a file's name holds a forgotten handle or id: ``anna_posts.csv``.

        ``kept_as`` makes of a platform and a handle what the client's folder has in its place.
        """
        if not self.days:
            return False
        ends = [(m.start(), m.end()) for m in re.finditer(r"[^\W_]+", name)]
        runs = (name[a:b].lower() for at, (a, _) in enumerate(ends) for _, b in ends[at:])
        kept_as = kept_as or (lambda _, run: run)
        told = ((p, run) for run in {*runs} for p in PLATFORMS)
        return any(self.day(f"{p}:{kept_as(p, run)}") for p, run in told)

    def with_also(self, identities: Iterable[str]) -> Forgotten:
        """Return it with further identities, forgotten today."""
        new = {_hashed(self.salt, identity): date.today() for identity in identities}
        return self.model_copy(update={"days": new | self.days})


def words_of(text: str) -> Iterator[str]:
    """Give the cells and words of a text that can be a handle or an id, as written and lower."""
    for word in {*re.findall(r"[\w.\-]+", text), *cells_of(text)}:
        plain = plain_identity(word)
        yield from {plain, plain.lower(), plain.strip(".-").lower()}


def cells_of(line: str) -> Iterator[str]:
    """Give the cells of a row as a file had it, by whatever delimiter it has them."""
    for delimiter in ",;\t|":
        with suppress(csv.Error):  # not by this one
            for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter):
                yield from row


def plain_identity(cell: str) -> str:
    """Return a handle or id as intake reads it: no link, no ``@`` before it."""
    return re.sub(PROFILE_LINK, r"\1", cell.strip()).lstrip("@'").strip()


def read_forgotten(folder: Path) -> Forgotten:
    """Read who was forgotten in a client's folder; nobody where there is no such file.

    Raises
    ------
    DataError
        If it can't be read: an import could bring somebody back then.
    """
    path = folder / FORGOTTEN
    if not path.is_file():
        return Forgotten(salt=secrets.token_hex(32))
    try:
        return Forgotten.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        told = "bring it back from a backup: without it an import could bring somebody back"
        raise DataError(f"{path} can't be read.", [told]) from fault


def write_forgotten(folder: Path, forgotten: Forgotten) -> None:
    """Write who was forgotten, in one step."""
    text = forgotten.model_dump_json(indent=1) + "\n"
    replace_file(folder / FORGOTTEN, text.encode(), private=True)


@lru_cache(maxsize=100_000)
def _hashed(salt: str, identity: str) -> str:
    return hmac.digest(bytes.fromhex(salt), identity.encode(), "sha256").hex()

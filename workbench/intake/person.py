"""Who is meant by ``@anna``: all identities of an account, and where a text or a row names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from workbench.intake.fields import vocabulary
from workbench.intake.forgotten import plain_identity
from workbench.intake.pseudonyms import KINDS, Key, names_of
from workbench.intake.read import SUFFIXES
from workbench.store import Store
from workbench.tables.schema import PLATFORMS

ERASED = "[erased]"
_LEAST_DIGITS = 5  # a shorter number is a count, not an id
_FILE_KEYS = {"file", "files", "other_file", "name", "profile", "profiles"}
_SUFFIX = "|".join(suffix.lstrip(".") for suffix in SUFFIXES)


@dataclass(frozen=True, kw_only=True)
class Person:
    """An account, or the accounts of one name, with all that names them.

    Attributes
    ----------
    platforms : tuple of str
        The one that was asked for, else all.
    keys : frozenset of str
        Creator keys, as the store has them.
    identities : frozenset of str
        ``platform:handle`` and ``platform:id``, the keys among them.
    shared : frozenset of str
        Names that an account on another platform has too, who is not meant.
    aliases : frozenset of str
        Pseudonyms of theirs in the key.
    real : frozenset of str
        Real identities, of a client whose folder holds pseudonyms.
    """

    asked: str
    platforms: tuple[str, ...]
    keys: frozenset[str]
    identities: frozenset[str]
    shared: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    real: frozenset[str] = frozenset()

    @cached_property
    def reach(self) -> dict[str, set[str]]:
        """Handles and ids in lower case, with the platforms on which each is theirs."""
        found: dict[str, set[str]] = {}
        for identity in self.identities | self.real:
            platform, _, name = identity.partition(":")
            if name and not (name.isdigit() and len(name) < _LEAST_DIGITS):
                found.setdefault(name.lower(), set()).add(platform)
        for name in found.keys() - self.shared:
            found[name].update(self.platforms)
        return found

    @cached_property
    def _full(self) -> set[str]:
        return {identity.lower() for identity in self.identities | self.real}

    def owns(self, cells: Iterable[str], platforms: Iterable[str] = ()) -> bool:
        """Whether a row is about them, by its cells; ``platforms`` is where no cell tells one."""
        words = {plain_identity(cell).lower() for cell in cells if cell}
        if not self._full.isdisjoint(words):
            return True
        known = vocabulary().platform_of
        told = {known[word] for word in words & known.keys()} or {*platforms}
        # A name that others have as well is theirs only where the platform says so.
        return any(
            bool(told & self.reach[name]) if told else name not in self.shared
            for name in words & self.reach.keys()
        )

    def is_named_in(self, text: str, *, ordinary: bool = True) -> bool:
        """Whether a text names them: ``@anna`` is not named by ``@anna.b``.

        Without ``ordinary`` a handle that is an ordinary word may stand in the text.
        """
        names = [name for name in self.reach if ordinary or re.search(r"[\d_.:]", name)]
        return bool(_mention(names, _WHOLE).search(text))

    def masked(self, text: str, *, file: bool = False) -> str:
        """Return a text, or the name of a file, in which they are not named."""
        own = self.reach.keys() - self.shared | self._full
        if file:  # profiles are named by files, with hyphens for joints
            own |= {re.sub(r"[^a-z0-9]+", "-", name).strip("-") for name in own} - {""}
        return _mention(own, _IN_FILE_NAME if file else _WHOLE).sub(ERASED, text)

    def scrubbed(self, content: Any, key: str = "") -> Any:
        """Return JSON content without them; an entry of a list that is their name goes."""
        if isinstance(content, dict):
            return {self.masked(k): self.scrubbed(v, k) for k, v in content.items()}
        if isinstance(content, list):
            left = [v for v in content if not (isinstance(v, str) and self.owns([v]))]
            return [self.scrubbed(value, key) for value in left]
        return self.masked(content, file=key in _FILE_KEYS) if isinstance(content, str) else content


# A joint goes on into another handle, unless it ends a sentence.
_WHOLE = r"(?<![\w.\-])@?(?:NAMES)(?![\w\-]|\.+\w)"
_IN_FILE_NAME = rf"(?<![^\W_])(?<!\w\.)(?:NAMES)(?![^\W_]|\.(?!(?:{_SUFFIX})\b)\w)"


def _mention(names: Iterable[str], pattern: str) -> re.Pattern[str]:
    longest = sorted(map(re.escape, names), key=len, reverse=True) or ["(?!)"]
    return re.compile(pattern.replace("NAMES", "|".join(longest)), re.IGNORECASE)


def find_person(asked: str, store: Store | None, key: Key | None) -> Person:
    """Return whom a name means, with all identities that the store and the key have of them.

    It may be a handle with or without ``@``, a profile link, an id, ``platform:`` and one of
    these, a key of the store or a pseudonym.
    """
    told, _, rest = asked.strip().lstrip("@").partition(":")
    single = told.lower() in PLATFORMS and bool(rest)
    platforms = (told.lower(),) if single else PLATFORMS
    name = plain_identity(rest if single else asked)
    wanted = {f"{p}:{n}" for p in platforms for n in {name, name.lower()}}
    owner, real = _owners(store), set[str]()
    aliases = _aliases(name, platforms, key)
    if key is not None:
        real = wanted - owner.keys()
        wanted = wanted - real | {f"{p}:{alias}" for p, alias in aliases}
    keys = {owner[identity] for identity in wanted & owner.keys()}
    same = {identity for identity, own in owner.items() if own in keys} or wanted
    bare = {identity.partition(":")[2] for identity in same}
    others = {i.partition(":")[2] for i in owner.keys() - same} & {*bare, name.lower()}
    accounts = key.accounts if key else {}
    known = accounts.keys() & {*bare, *(alias for _, alias in aliases)}
    meant = [accounts[alias] for alias in known]
    real |= {f"{a['platform']}:{name.lower()}" for a in meant for name in names_of(a)}
    return Person(
        asked=asked,
        platforms=platforms,
        keys=frozenset(keys | wanted),
        identities=frozenset(same),
        shared=frozenset(map(str.lower, others)),
        aliases=frozenset(known),
        real=frozenset(real),
    )


def nearest_names(asked: str, store: Store | None, key: Key | None) -> list[str]:
    """Return the known names most like one that is not known."""
    known = {i.partition(":")[2] for i in _owners(store)}
    known |= {name for a in (key.accounts.values() if key else ()) for name in names_of(a)}
    lower = {name.lower(): name for name in known}
    plain = plain_identity(asked.rpartition(":")[2]).lower()
    return [lower[name] for name in get_close_matches(plain, [*lower], n=3, cutoff=0.6)]


def _aliases(name: str, platforms: Sequence[str], key: Key | None) -> set[tuple[str, str]]:
    """Return the pseudonyms of a real name: those in the key, and those it would get."""
    if key is None:
        return set()
    made = {(p, key.pseudonym(p, kind, name)) for p in platforms for kind in KINDS}
    meant = {name.lower()} | {alias for _, alias in made}
    for alias, real in key.accounts.items():
        values = {alias, *map(str.lower, names_of(real))}
        if real["platform"] in platforms and not values.isdisjoint(meant):
            made.add((real["platform"], alias))
    return made


def _owners(store: Store | None) -> dict[str, str]:
    """Return the creator key of every identity that the store knows."""
    if store is None:
        return {}
    creators, aliases = store.read("creators"), store.read("aliases")
    same = aliases[aliases["kind"].eq("account")]
    owner = dict(zip(same["alias_key"], same["creator_key"], strict=True))
    for own in (creators["handle"].str.lower(), creators["native_id"]):
        named = (creators["platform"] + ":" + own).dropna()
        for identity, index in zip(named, named.index, strict=True):
            owner.setdefault(identity, creators.at[index, "creator_key"])
    return owner | {key: key for key in creators["creator_key"]}

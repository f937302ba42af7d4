"""What a column of an export can be: the canonical columns that files carry, and their names."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from workbench.tables.schema import CREATORS, POSTS, SNAPSHOTS, Column

Rows = Literal["post", "account"]

_MADE_HERE = ("creator_key", "source", "provenance", "likes_hidden", "counts_rounded")
ACCOUNT_COUNTS = ("followers", "following", "posts_count")
POST_COUNTS = ("likes", "comments", "shares", "saves", "views", "reach", "impressions")
FIELDS: dict[str, Column] = {
    column.name: column
    for table in (CREATORS, SNAPSHOTS, POSTS)
    for column in table.columns
    if column.name not in _MADE_HERE
}
ROW_FIELDS: dict[Rows, set[str]] = {
    "post": FIELDS.keys() - {"observed_on"},
    "account": FIELDS.keys() - (set(POSTS.names) - {"platform"}),
}


class Vocabulary(BaseModel):
    """The content of ``fields.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    not_with: frozenset[str]
    names: dict[str, tuple[str, ...]]
    platforms: dict[str, tuple[str, ...]]

    @property
    def platform_of(self) -> dict[str, str]:
        """Each spelling of a platform's name, to the platform."""
        return {name: platform for platform, names in self.platforms.items() for name in names}


@cache
def vocabulary() -> Vocabulary:
    """Return the names under which exports carry each column."""
    text = files("workbench.intake").joinpath("fields.yaml").read_text(encoding="utf-8")
    return Vocabulary.model_validate(yaml.safe_load(text))


def plain_name(header: str) -> str:
    """Write a header for comparison: ``playCount``, ``Play_count (2)``, ``play count`` are one."""
    text = re.sub(r"\s\(\d+\)$", "", header).replace("%", " percent ")
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def platform_in(file_name: str) -> str | None:
    """Return the one platform that a file's name tells, None where it tells none or two."""
    words = plain_name(file_name)
    found = {
        platform
        for name, platform in vocabulary().platform_of.items()
        if re.search(rf"\b{name}\b" if len(name) < 6 else name, words) and len(name) > 1
    }
    return found.pop() if len(found) == 1 else None

"""Engagement definitions as data: which parts are summed and what they are divided by."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from workbench.errors import SettingsError


class Sourced(BaseModel):
    """What a source has published under a name, in the year given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: str
    year: int
    undated: bool = False

    @property
    def source_text(self) -> str:
        """The source with its year, or with the year in which an undated page was read."""
        year = f" (undated, read {self.year})" if self.undated else f", {self.year}"
        return self.source + year


def bundled_entries(file: str) -> list[dict[str, Any]]:
    """Return the entries of a YAML file of this folder."""
    text = files("workbench.tables").joinpath(file).read_text(encoding="utf-8")
    return list(yaml.safe_load(text))


class EngagementDefinition(Sourced):
    """One way to compute an engagement rate, with its source.

    Attributes
    ----------
    required_parts : tuple of str
        Counts that a post must have; without one of them its engagements are missing.
    optional_parts : tuple of str
        Counts that are added where the platform gives them.
    denominator : {"followers", "views", "reach", "impressions"}
    short : str
        A few words for figures and tables.
    last_posts : int or None
        The window, where it is a part of the definition.
    compared_only : bool
        Whether rates are only set beside others by it: no curve and no report is made of them.
    """

    label: str
    short: str
    required_parts: tuple[str, ...]
    optional_parts: tuple[str, ...] = ()
    denominator: Literal["followers", "views", "reach", "impressions"]
    statistic: Literal["median of posts", "mean of posts"]
    last_posts: int | None = None
    compared_only: bool = False
    meaning: str = ""

    @property
    def parts_text(self) -> str:
        """The numerator in words: ``likes + comments (+ shares + saves where given)``."""
        optional = f" (+ {' + '.join(self.optional_parts)} where given)"
        return " + ".join(self.required_parts) + (optional if self.optional_parts else "")

    @property
    def statistic_text(self) -> str:
        """The statistic with its window, where the definition has one."""
        window = f"last {self.last_posts} posts" if self.last_posts else "posts"
        return self.statistic.replace("posts", window)


@cache
def engagement_definitions() -> dict[str, EngagementDefinition]:
    """Return all definitions by name."""
    entries = map(EngagementDefinition.model_validate, bundled_entries("definitions.yaml"))
    return {entry.name: entry for entry in entries}


def engagement_definition(name: str) -> EngagementDefinition:
    """Return one definition that a report can be made by.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    known = {n: d for n, d in engagement_definitions().items() if not d.compared_only}
    if name not in known:
        raise SettingsError(
            f"There is no engagement definition {name!r}.", [f"choose one of {', '.join(known)}"]
        )
    return known[name]

"""Engagement definitions as data: which parts are summed and what they are divided by."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from workbench.errors import SettingsError


class EngagementDefinition(BaseModel):
    """One way to compute an engagement rate, with its source.

    Attributes
    ----------
    required_parts : tuple of str
        Counts that a post must have; without one of them its engagements are missing.
    optional_parts : tuple of str
        Counts that are added where the platform gives them.
    denominator : {"followers", "views", "reach"}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    label: str
    required_parts: tuple[str, ...]
    optional_parts: tuple[str, ...]
    denominator: Literal["followers", "views", "reach"]
    statistic: str
    source: str
    year: int
    undated: bool = False
    meaning: str

    @property
    def source_text(self) -> str:
        """The source with its year."""
        return dated_source(self.source, self.year, undated=self.undated)

    @property
    def parts_text(self) -> str:
        """The numerator in words: ``likes + comments (+ shares + saves where given)``."""
        return (
            f"{' + '.join(self.required_parts)} (+ {' + '.join(self.optional_parts)} where given)"
        )


def dated_source(source: str, year: int, *, undated: bool) -> str:
    """Write a source with its year, or with the year in which an undated page was read."""
    return f"{source} (undated, read {year})" if undated else f"{source}, {year}"


@cache
def engagement_definitions() -> dict[str, EngagementDefinition]:
    """Return all definitions by name."""
    text = files("workbench.tables").joinpath("definitions.yaml").read_text(encoding="utf-8")
    entries = [EngagementDefinition.model_validate(entry) for entry in yaml.safe_load(text)]
    return {entry.name: entry for entry in entries}


def engagement_definition(name: str) -> EngagementDefinition:
    """Return one definition.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    known = engagement_definitions()
    if name not in known:
        raise SettingsError(
            f"There is no engagement definition {name!r}.", [f"choose one of {', '.join(known)}"]
        )
    return known[name]

"""Tier presets as data: size names by source, half-open edges, and creators outside every tier."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.errors import SettingsError
from workbench.formats import short_count
from workbench.tables.definitions import Sourced, bundled_entries

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN_SIZE = "followers unknown"


class Tier(BaseModel):
    """A named size: ``first <= followers < below``; ``below`` is open for the largest."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str
    first: int = Field(alias="from", ge=0)
    below: int | None = None


class TierPreset(Sourced):
    """The tiers of one source, smallest first."""

    note: str = ""
    tiers: tuple[Tier, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_edges(self) -> TierPreset:
        for lower, upper in pairwise(self.tiers):
            if lower.below is None or lower.below > upper.first:
                raise ValueError(f"tier {upper.name!r} starts before {lower.name!r} has ended")
        names = [tier.name for tier in self.tiers]
        if len({*names, UNKNOWN_SIZE}) <= len(names):
            raise ValueError(f"tiers need names of their own, other than {UNKNOWN_SIZE!r}")
        for tier in self.tiers:
            if tier.below is not None and tier.below <= tier.first:
                raise ValueError(f"tier {tier.name!r} ends before it starts")
        return self

    def cells(self) -> list[Tier]:
        """Return the tiers and, named by their edges, the sizes that the source has no name for."""
        cells: list[Tier] = []
        reached: int | None = 0
        for tier in self.tiers:
            if reached is not None and reached < tier.first:
                cells.append(
                    Tier(name=_gap_name(reached, tier.first), first=reached, below=tier.first)
                )
            cells.append(tier)
            reached = tier.below
        if reached is not None:
            cells.append(Tier(name=_gap_name(reached, None), first=reached))
        return cells


def _gap_name(first: int, below: int | None) -> str:
    if first == 0 and below is not None:
        return f"below {short_count(below)}"
    # A tier that ends "at 1,000,000 inclusive" leaves a gap from 1,000,001 on: say 1M.
    start = short_count(first - (first % 1000 == 1))
    return f"no tier ({start}+)" if below is None else f"no tier ({start}-{short_count(below)})"


@cache
def tier_presets() -> dict[str, TierPreset]:
    """Return all bundled presets by name."""
    presets = map(TierPreset.model_validate, bundled_entries("tiers.yaml"))
    return {preset.name: preset for preset in presets}


def read_tier_preset(name_or_path: str) -> TierPreset:
    """Return a bundled preset by name, or the user's own from a YAML file of the same form.

    Raises
    ------
    SettingsError
        If the name is unknown, or the file is missing or not of that form.
    """
    known = tier_presets()
    if name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        raise SettingsError(
            f"There is no tier preset {name_or_path!r}.",
            [f"choose one of {', '.join(known)}, or give a YAML file of your own"],
        )
    try:
        return TierPreset.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as fault:
        raise SettingsError(f"{path} is not a tier preset.", str(fault).splitlines()) from fault


def assign_tier(followers: pd.Series, preset: TierPreset) -> pd.Series:
    """Return the tier of each follower count, which may be missing.

    The ordered categorical, smallest size first, has a category for every tier, for each size that
    the preset has no name for, and ``followers unknown``; no creator is dropped.
    """
    import pandas as pd

    cells = preset.cells()
    names = [cell.name for cell in cells]
    edges = [float(cell.first) for cell in cells] + [float("inf")]
    numbers = followers.astype("float64")
    cut = pd.cut(numbers, bins=edges, labels=names, right=False, ordered=True)
    return cut.cat.add_categories([UNKNOWN_SIZE]).fillna(UNKNOWN_SIZE).rename("tier")

"""Sentences and rows about the tier presets side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import count, level, listing, long, plural, short_count
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.shortlist import estimate

if TYPE_CHECKING:
    from workbench.curves import PresetComparison

_SAID = {
    "better": "micro creators engage better than larger ones by every preset that has them",
    "worse": "micro creators engage worse than larger ones by every preset that has them",
    "cannot tell": "no preset can tell whether micro creators engage better than larger ones",
}


def describe_presets(comparison: PresetComparison) -> str:
    """Say how many creators change their name, and where a conclusion changes with the preset."""
    renamed, known = comparison.pairs["renamed"], comparison.ratios.dropna(subset=["ratio_median"])
    text = (
        f"From one preset to another {count(renamed.min())} to {count(renamed.max())} creators change "
        "their size's name or lose it."
    )
    answers = known.groupby("platform")["verdict"].agg(lambda told: ", ".join(sorted({*told})))
    answers = answers.rename(index=PLATFORM_NAMES)
    moved = answers.index[~answers.isin([*_SAID])]
    if len(moved):
        text += (
            " **Whether micro creators engage better than larger ones depends on the preset on "
            f"{listing([*moved])}.**"
        )
    for verdict, said in _SAID.items():
        same = [*answers.index[answers.eq(verdict)]]
        text += f" On {listing(same)} {said}." if same else ""
    return text


def describe_preset_rows(comparison: PresetComparison) -> tuple[str, pd.DataFrame]:
    """Return a caption and the presets side by side, that of the report first."""
    table, ratios, pairs = comparison.table, comparison.ratios, comparison.pairs
    own, confidence = comparison.settings.preset.name, comparison.settings.confidence
    renamed = pairs[pairs["first"].eq(own)].set_index("second")["renamed"]
    renamed = table["preset"].map(renamed)
    rows = {
        "Preset": table["preset"],
        "Micro is": [_micro(row) for _, row in table.iterrows()],
        "Outside every tier": table["outside"].map(count),
        "Renamed": [
            "-" if name == own else "other names" if pd.isna(n) else count(n)
            for name, n in zip(table["preset"], renamed, strict=True)
        ],
    }
    for platform in ratios.dropna()["platform"].unique()[:3]:
        rows[f"{PLATFORM_NAMES[platform]}: micro / larger"] = [
            row["verdict"]
            if pd.isna(row["ratio_median"])
            else estimate(row, "ratio_{}", unit="number", confidence=confidence)
            for _, row in ratios[ratios["platform"].eq(platform)].iterrows()
        ]
    rows["Source"] = table["source"].map(long)
    caption = (
        "Tier presets side by side: creators renamed from the first, and the median rate of micro over "
        f"that of all larger creators ({level(confidence)} interval; one that holds 1 cannot tell)"
    )
    return caption, pd.DataFrame(rows)


def _micro(row: pd.Series) -> str:
    if pd.isna(row["first"]):
        return "no tier of that name"
    end = "and more" if pd.isna(row["below"]) else f"to {short_count(row['below'])}"
    return f"{short_count(row['first'])} {end}, {plural(row['creators'], 'creator')}"

"""The same creators under every tier preset: who is called what, and what that does to a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from workbench.curves.fit import CurveFit
from workbench.curves.tiers import TierSettings, engagement_rate
from workbench.features.reported import settled_basis
from workbench.tables.tiers import Tier, TierPreset, assign_tier, tier_presets

_DRAWS = 999


@dataclass(frozen=True, kw_only=True, eq=False)
class PresetComparison:
    """Tier presets side by side.

    Attributes
    ----------
    table : DataFrame
        One row a preset, that of the settings first: ``preset``, ``source``, ``first`` and
        ``below`` (of its micro tier, if any), ``creators`` in it, ``outside`` every tier.
    pairs : DataFrame
        ``first``, ``second``, ``renamed``: creators of another name, or of none, by the second;
        missing where the two share no name.
    ratios : DataFrame
        ``preset``, ``platform``, ``ratio_median`` of micro's median rate to that of all larger
        creators with ``ratio_low`` and ``ratio_high``, and ``verdict``: ``better``, ``worse``,
        ``cannot tell``, or ``too few creators`` (below ``TierSettings.thin``), ``no micro tier``.
    settings : TierSettings
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    ratios: pd.DataFrame
    settings: TierSettings


def compare_presets(
    features: pd.DataFrame, fits: Sequence[CurveFit], settings: TierSettings
) -> PresetComparison:
    """Name every creator by every preset, and hold the rate of micro against that of larger ones.

    Of a platform with several kinds of figures the most frequent one is taken. Medians are
    bootstrapped by their rank distribution (Efron 1979). Platforms whose creators ``fits`` take for
    chosen by their engagement have no ratio. ``features`` is ``CreatorFeatures.table``.
    """
    sized = features[features["followers"].gt(0)]
    own = settings.preset
    presets = [own, *(preset for preset in tier_presets().values() if preset.name != own.name)]
    names = {preset.name: _names(sized, preset) for preset in presets}
    pairs = [
        (one, other, _renamed(names[one], names[other])) for one, other in combinations(names, 2)
    ]
    basis = settled_basis(sized)
    usual = basis.groupby(sized["platform"]).transform(lambda kinds: kinds.mode()[0])
    chosen = [fit.summary.platform for fit in fits if fit.summary.selection.verdict == "selected"]
    told = basis.eq(usual) & ~sized["platform"].isin(chosen)
    rates = sized.assign(rate=engagement_rate(sized, settings.rate))[told]
    ratios = [
        (preset.name, str(platform), *_ratio(group, _micro(preset), settings))
        for preset in presets
        for platform, group in rates.dropna(subset=["rate"]).groupby("platform")
    ]
    columns = ["preset", "platform", "ratio_median", "ratio_low", "ratio_high", "verdict"]
    return PresetComparison(
        table=pd.DataFrame([_row(preset, names[preset.name]) for preset in presets]),
        pairs=pd.DataFrame(pairs, columns=["first", "second", "renamed"]),
        ratios=pd.DataFrame(ratios, columns=columns),
        settings=settings,
    )


def _names(sized: pd.DataFrame, preset: TierPreset) -> pd.Series:
    """Return the tiers' names; outside them all creators are called the same."""
    tiers = assign_tier(sized["followers"], preset).astype("str")
    return tiers.where(tiers.isin([tier.name for tier in preset.tiers]), "")


def _renamed(one: pd.Series, other: pd.Series) -> float:
    common = ({*one} & {*other}) - {""}
    return float((one != other).sum()) if common else np.nan


def _micro(preset: TierPreset) -> Tier | None:
    return next((tier for tier in preset.tiers if tier.name == "micro"), None)


def _row(preset: TierPreset, names: pd.Series) -> dict[str, object]:
    micro = _micro(preset)
    return {
        "preset": preset.name,
        "source": preset.source_text,
        "first": micro.first if micro else np.nan,
        "below": micro.below if micro else np.nan,
        "creators": int(names.eq("micro").sum()),
        "outside": int(names.eq("").sum()),
    }


def _ratio(
    group: pd.DataFrame, micro: Tier | None, settings: TierSettings
) -> tuple[float, float, float, str]:
    if micro is None or micro.below is None:
        return np.nan, np.nan, np.nan, "no micro tier"
    followers, rate = group["followers"], group["rate"].to_numpy(dtype="float64")
    named = followers.ge(micro.first) & followers.lt(micro.below)
    own, larger = rate[named], rate[followers.ge(micro.below)]
    if min(len(own), len(larger)) < settings.thin or np.median(larger) <= 0:
        return np.nan, np.nan, np.nan, "too few creators"
    rng = np.random.default_rng(0)  # the same for all: equal edges give equal answers
    tail, ratio = (1 - settings.confidence) / 2, float(np.median(own) / np.median(larger))
    low, high = np.quantile(_medians(rng, own) / _medians(rng, larger), (tail, 1 - tail))
    verdict = "better" if low > 1 else "worse" if high < 1 else "cannot tell"
    return ratio, min(float(low), ratio), max(float(high), ratio), verdict


def _medians(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    half = (len(values) + 1) / 2
    drawn: np.ndarray = np.quantile(values, rng.beta(half, half, _DRAWS))
    return drawn

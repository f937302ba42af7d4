from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from workbench.errors import SettingsError
from workbench.intake.importing import import_files
from workbench.market.people import (
    Audience,
    PeopleSettings,
    count_frequency,
    draw_panel,
    export_overlaps,
    follow_lists,
    make_audience,
    pair_overlaps,
)
from workbench.market.settings import MarketSettings
from workbench.market.world import make_market
from workbench.store import open_store
from workbench.store.frames import canonical_frame
from workbench.tables.schema import OVERLAPS

MARKET = MarketSettings()
SETTINGS = PeopleSettings()


@pytest.fixture(scope="module")
def creators() -> pd.DataFrame:
    return make_market(MARKET).truth_creators


def audience_of(creators: pd.DataFrame, regime: str) -> Audience:
    settings = PeopleSettings(regime=regime)  # type: ignore[arg-type]
    return make_audience(creators, settings, MARKET.stream("people"))


@pytest.fixture(scope="module")
def audiences(creators: pd.DataFrame) -> dict[str, Audience]:
    return {
        regime: audience_of(creators, regime) for regime in ("activity", "niche", "independent")
    }


@pytest.fixture(scope="module")
def busy(audiences: dict[str, Audience]) -> Audience:
    return audiences["activity"]


def plans(audience: Audience, amount: int, size: int = 30) -> list[np.ndarray]:
    """Draw plans from the accounts that a few in a hundred people follow."""
    share = audience.follows.sum(axis=0) / len(audience.people)
    fit = audience.keys[(share > 0.005) & (share < 0.2)]
    rng = np.random.default_rng(5)
    return [rng.choice(fit, size, replace=False) for _ in range(amount)]


def sainsbury_excess(audience: Audience) -> float:
    """Return how far `1 - prod(1 - r)` lies above the net reach, on the average of plans."""
    people, excess = len(audience.people), []
    for plan in plans(audience, 30):
        reached = 1 - count_frequency(audience, plan)[0] / people
        single = audience.of(plan).sum(axis=0) / people
        excess.append((1 - np.prod(1 - single)) / reached - 1)
    return float(np.mean(excess))


def exported(audience: Audience, plan: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    panel = draw_panel(audience.people, SETTINGS.panel, rng)
    return export_overlaps(audience, plan, panel, date(2026, 9, 30), SETTINGS.known_share, rng)


@pytest.mark.parametrize("regime", ["activity", "niche", "independent"])
def test_audiences_are_as_large_as_the_genuine_followers(audiences, creators, regime):
    expected = creators["genuine_followers"] / SETTINGS.population
    expected = expected.clip(upper=SETTINGS.largest_share) * SETTINGS.people
    found = audiences[regime].follows.sum(axis=0)
    # No single draw varies more than an independent one does.
    deviation = (found - expected) / np.sqrt(expected * (1 - expected / SETTINGS.people))
    assert abs(deviation.mean()) < 4 / np.sqrt(len(deviation))
    assert deviation[expected > 20].abs().max() < 4.5


def test_reach_adds_up_as_if_independent_only_in_that_regime(audiences):
    excess = {regime: sainsbury_excess(audience) for regime, audience in audiences.items()}
    assert abs(excess["independent"]) < 0.01
    assert 0.002 < excess["niche"] < 0.10
    assert 0.25 < excess["activity"] < 0.40


@pytest.mark.parametrize("regime", ["activity", "niche"])
def test_accounts_of_one_niche_share_more(audiences, creators, regime):
    audience = audiences[regime]
    pairs = pair_overlaps(audience, audience.keys)
    niche = creators.set_index("creator_key")["niche"]
    alike = niche[pairs["creator_key"]].to_numpy() == niche[pairs["other_key"]].to_numpy()
    size = pd.Series(audience.follows.sum(axis=0), index=audience.keys)
    chance = pairs["creator_key"].map(size) * pairs["other_key"].map(size) / len(audience.people)
    lift = pairs["shared"].groupby(alike).sum() / chance.groupby(alike).sum()
    assert lift[True] > 1.5 * lift[False]


def test_frequencies_are_not_beta_binomial(busy):
    plan = plans(busy, 1)[0]
    found = count_frequency(busy, plan)
    people, size = found.sum(), len(plan)
    mean = found @ np.arange(size + 1) / people / size
    pair = found @ (np.arange(size + 1) * np.arange(-1, size)) / people / size / (size - 1)
    total = (mean - pair) / (pair - mean**2)  # the two parameters from the singles and the pairs
    fitted = people * betabinom.pmf(np.arange(size + 1), size, mean * total, (1 - mean) * total)
    common = fitted > 20
    # Chi-square of two dozen degrees of freedom at most.
    assert ((found - fitted)[common] ** 2 / fitted[common]).sum() > 100


def test_frequencies_are_counts_of_people(busy):
    plan = plans(busy, 1, size=5)[0]
    lists = follow_lists(busy)
    followed = lists[lists["creator_key"].isin(plan)].groupby("person").size().value_counts()
    found = count_frequency(busy, plan)
    assert found[1:].tolist() == followed.reindex(range(1, 6), fill_value=0).tolist()
    assert found.sum() == SETTINGS.people


def test_same_stream_gives_the_same_people(busy, creators):
    again = audience_of(creators, "activity")
    pd.testing.assert_frame_equal(again.people, busy.people)
    assert (again.follows != busy.follows).nnz == 0


def test_panels_are_right_on_the_average(busy):
    plan, panels, size = plans(busy, 1)[0], 60, 2_000
    columns = ["followers", "other_followers", "shared"]
    true = pair_overlaps(busy, plan)[columns]
    rng = np.random.default_rng(6)
    drawn = [
        pair_overlaps(busy, plan, draw_panel(busy.people, size, rng))[columns]
        for _ in range(panels)
    ]
    part = size / SETTINGS.people
    # A panel is drawn without replacement, so its counts vary a little less than the binomial's.
    deviation = (sum(drawn) / panels - true * part) / np.sqrt(true * part * (1 - part) / panels)
    assert deviation[true * part > 3].abs().max(axis=None) < 4


def test_a_panel_may_be_of_a_target(busy):
    target = busy.people[busy.people["country"] == "DE"]
    panel = draw_panel(target, 1_000, np.random.default_rng(1))
    assert len(np.unique(panel)) == 1_000
    assert set(busy.people.iloc[panel]["country"]) == {"DE"}


def test_exported_overlaps_fit_their_table(busy):
    plan = plans(busy, 1)[0]
    table = exported(busy, plan)
    columns = [name for name in OVERLAPS.names if name != "source"]
    assert table.columns.tolist() == columns
    assert table["share"].between(0, 1).all()
    assert canonical_frame(table, OVERLAPS)["as_of"].notna().all()
    assert 0.5 < len(table) / (30 * 29 / 2) < 0.9


def test_exported_overlaps_come_in_as_they_are(busy, tmp_path):
    table = exported(busy, plans(busy, 1)[0])
    table.to_csv(tmp_path / "overlaps.csv", index=False)
    report = import_files([tmp_path / "overlaps.csv"], tmp_path / "client")
    held = open_store(tmp_path / "client").read("overlaps").drop(columns="source")
    assert report.refused.empty
    pair = table[["creator_key", "other_key"]].apply(sorted, axis=1, result_type="expand")
    table = table.assign(creator_key=pair[0], other_key=pair[1])
    expected = canonical_frame(table, OVERLAPS).drop(columns="source")
    by = [*OVERLAPS.key]
    pd.testing.assert_frame_equal(held, expected.sort_values(by, ignore_index=True))


def test_exported_overlaps_err_as_a_panel_does(busy):
    plan = plans(busy, 1)[0]
    table = exported(busy, plan)
    true = pair_overlaps(busy, plan)
    both = table.merge(true, on=["creator_key", "other_key"], suffixes=("", "_true"))
    base = both["followers"] * SETTINGS.panel / SETTINGS.people
    expected = np.sqrt(both["share_true"] * (1 - both["share_true"]) / base)
    deviation = (both["share"] - both["share_true"]) / expected
    assert 0.6 < deviation.std() < 1.3


def test_settings_tell_all_faults_at_once():
    with pytest.raises(SettingsError) as caught:
        PeopleSettings(people=0, regime="beta", known_share=2, activity_sd=9)  # type: ignore[arg-type]
    assert len(caught.value.faults) == 4

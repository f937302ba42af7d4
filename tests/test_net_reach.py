"""Net reach beside people who are counted one by one, by a simulator of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.budget.net_reach import (
    AudienceModel,
    AudienceSettings,
    NetReach,
    beta_binomial_reach,
    estimate_net_reach,
    fit_audience,
    net_reach_of,
)
from workbench.budget.overlaps import read_overlaps, sainsbury
from workbench.errors import DataError, SettingsError

PEOPLE, CREATORS, PANEL = 40_000, 60, 4_000
RNG = np.random.default_rng(8)
NICHE = RNG.integers(0, 4, CREATORS)
RATE = np.exp(RNG.normal(-4.0, 0.9, CREATORS))
HOME = RNG.integers(0, 4, PEOPLE)
# Three kinds of people, not the classes of the model
ACTIVITY = RNG.choice([0.3, 1.0, 3.5], PEOPLE, p=[0.5, 0.35, 0.15])
CHANCE = -np.expm1(-np.where(HOME[:, None] == NICHE, 5.0, 1.0) * ACTIVITY[:, None] * RATE)


@pytest.fixture(scope="module")
def met() -> np.ndarray:
    """Who was reached by a first post, and by a second one of the same creators."""
    return RNG.random((2, *CHANCE.shape)) < CHANCE


@pytest.fixture(scope="module")
def table(met: np.ndarray) -> pd.DataFrame:
    keys = [f"x:{n:02d}" for n in range(CREATORS)]
    niche = np.array([*"abcd"], dtype=object)[NICHE]
    return pd.DataFrame({"creator_key": keys, "niche": niche, "reach": met[0].sum(axis=0)})


@pytest.fixture(scope="module")
def model(met: np.ndarray, table: pd.DataFrame) -> AudienceModel:
    asked = met[0][RNG.choice(PEOPLE, PANEL, replace=False)].astype("float32")
    share = asked.T @ asked / np.maximum(asked.sum(axis=0), 1)[:, None]
    matrix = pd.DataFrame(share, table["creator_key"], table["creator_key"])
    pairs = read_overlaps(matrix, table, market=PEOPLE, base="creator", panel=PANEL)
    return fit_audience(table, market=PEOPLE, pairs=pairs)


def small(**changed: object) -> AudienceModel:
    table = pd.DataFrame(
        {"creator_key": [*"pqrst"], "niche": ["a", "a", "b", None, "b"]}
        | {"reach": [300.0, 50.0, 700.0, 20.0, 120.0]}
    )
    return fit_audience(table, market=2_000, settings=AudienceSettings(**changed))  # type: ignore[arg-type]


SMALL = small()
POSTS = st.lists(st.integers(0, 3), min_size=5, max_size=5).map(np.array)


def plan(size: int, posts: int = 1) -> np.ndarray:
    chosen = np.random.default_rng(size).choice(CREATORS, size, replace=False)
    return np.bincount(chosen, minlength=CREATORS) * posts


@pytest.mark.parametrize("size", [5, 15, 30])
@pytest.mark.parametrize("posts", [1, 2])
def test_people_counted_one_by_one_are_as_many(
    model: AudienceModel, met: np.ndarray, size: int, posts: int
) -> None:
    asked = plan(size, posts)
    times = met[:posts, :, asked > 0].sum(axis=(0, 2))
    found = estimate_net_reach(model, asked)
    assert found.summary.net_reach == pytest.approx(np.count_nonzero(times), rel=0.03)
    twice = found.frequency.loc[1, "people"]
    assert twice == pytest.approx(np.count_nonzero(times > 1), rel=0.06)
    assert found.summary.gross == pytest.approx(times.sum(), rel=0.02)


def test_every_reach_is_met_exactly(model: AudienceModel) -> None:
    for exposure in (model.exposure, *model.alternatives):
        assert -np.expm1(-exposure) @ model.people == pytest.approx(model.table["reach"], rel=1e-9)


def test_busy_people_are_found_and_sainsbury_does_not_know_them(
    model: AudienceModel, met: np.ndarray
) -> None:
    found = estimate_net_reach(model, plan(30)).summary
    true = np.count_nonzero(met[0][:, plan(30) > 0].any(axis=1))
    assert found.sainsbury > 1.08 * true
    assert abs(found.check / true - 1) < 0.05


def test_more_overlap_gives_less_reach() -> None:
    asked = np.ones(5, dtype=int)
    reach = [net_reach_of(small(overlap=(low, low)), asked) for low in (0.3, 0.45, 0.6)]
    assert reach[0] > reach[1] > reach[2]


def test_the_less_is_known_the_wider_it_is(model: AudienceModel, table: pd.DataFrame) -> None:
    def width(one: NetReach) -> float:
        return one.summary.high - one.summary.low

    unknown = fit_audience(table, market=PEOPLE)
    few = fit_audience(table, market=PEOPLE, pairs=model.pairs.iloc[::200])
    found = [width(estimate_net_reach(one, plan(30))) for one in (model, few, unknown)]
    assert found[0] < found[1] < found[2]


@given(POSTS, st.integers(0, 4))
def test_a_post_more_never_loses_people(posts: np.ndarray, more: int) -> None:
    assert net_reach_of(SMALL, posts + np.eye(5, dtype=int)[more]) >= net_reach_of(SMALL, posts)


@given(POSTS, POSTS, st.integers(0, 4))
def test_the_same_post_adds_less_to_a_larger_plan(
    posts: np.ndarray, others: np.ndarray, more: int
) -> None:
    step = np.eye(5, dtype=int)[more]
    small_gain = net_reach_of(SMALL, posts + step) - net_reach_of(SMALL, posts)
    larger = posts + others
    assert net_reach_of(SMALL, larger + step) - net_reach_of(SMALL, larger) <= small_gain + 1e-9


@settings(max_examples=20)
@given(POSTS)
def test_reach_lies_between_the_largest_and_the_sum(posts: np.ndarray) -> None:
    found = estimate_net_reach(SMALL, posts)
    alone = found.build_up["alone"]
    assert alone.max() - 1e-6 <= found.summary.net_reach or not posts.any()
    assert found.summary.net_reach <= min(found.summary.gross, SMALL.market) + 1e-6
    assert found.summary.low <= found.summary.high
    assert found.frequency["people"].is_monotonic_decreasing


def test_the_build_up_ends_at_the_plan() -> None:
    found = estimate_net_reach(SMALL, np.array([0, 1, 3, 1, 0]))
    assert found.build_up["added"].sum() == pytest.approx(found.summary.net_reach)
    assert np.diag(found.duplication) == pytest.approx(
        found.build_up.set_index("creator_key")["alone"].reindex(found.duplication.index)
    )


def test_contacts_of_all_frequencies_add_up_to_the_gross() -> None:
    found = estimate_net_reach(SMALL, np.array([1, 2, 1, 0, 2]))  # at most six times
    assert found.frequency["people"].sum() == pytest.approx(found.summary.gross)


def test_the_order_of_booking_is_kept() -> None:
    found = estimate_net_reach(SMALL, np.array([1, 1, 1, 0, 0]), order=np.array([1, 2, 0]))
    assert found.build_up["creator_key"].tolist() == ["q", "r", "p"]


def test_pairs_that_follow_from_chance_give_sainsbury() -> None:
    shares = np.full(12, 0.1)
    assert beta_binomial_reach(shares, 0.01) == pytest.approx(sainsbury(shares))


def test_beta_binomial_meets_its_own_pairs() -> None:
    """Two of ten at a mean of .2: three in a row are met by hand."""
    a, b = 0.2 * 4, 0.8 * 4  # size 4: pair = a (a + 1) / (4 * 5)
    pair = a * (a + 1) / 20
    missed = b / 4 * (b + 1) / 5 * (b + 2) / 6
    assert beta_binomial_reach(np.full(3, 0.2), pair) == pytest.approx(1 - missed)


def test_no_posts_reach_nobody() -> None:
    found = estimate_net_reach(SMALL, np.zeros(5, dtype=int))
    assert (found.summary.net_reach, found.summary.high, found.summary.gross) == (0, 0, 0)


def test_the_same_seed_gives_the_same_model() -> None:
    assert np.array_equal(small().alternatives, SMALL.alternatives)


def test_without_any_niche_activity_alone_is_modelled(table: pd.DataFrame) -> None:
    model = fit_audience(table.assign(niche=None), market=PEOPLE)
    assert len(model.people) == model.settings.levels


def test_every_fault_of_the_creators_is_named() -> None:
    table = pd.DataFrame({"creator_key": ["a", "b", "b"], "niche": "x", "reach": [0.0, 5.0, 99.0]})
    with pytest.raises(DataError) as caught:
        fit_audience(table, market=50)
    assert len(caught.value.faults) == 3


def test_odd_settings_and_posts_are_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        AudienceSettings(levels=1, alternatives=1, overlap=(0.5, 0.2))
    assert len(caught.value.faults) == 3
    for odd in (np.ones(4), np.full(5, -1), np.full(5, 0.5)):
        with pytest.raises(SettingsError):
            estimate_net_reach(SMALL, odd)

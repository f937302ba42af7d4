import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.budget.channels import ResponseCurves, split_channels
from workbench.errors import SettingsError


def curves(channels=3, draws=20, seed=0, periods=10, **changed):
    rng = np.random.default_rng(seed)
    shape = (draws, channels)
    given = {
        "channels": tuple("abcdefghijklmnopqrst"[:channels]),
        "effect": rng.gamma(2, 1, channels) * rng.lognormal(0, 0.3, shape),
        "rate": rng.lognormal(0, 1, channels) * rng.lognormal(0, 0.3, shape),
        "carry": rng.uniform(0, 0.9, shape),
        "periods": periods,
    }
    return ResponseCurves(**given | changed)


def plain_response(of, spend):
    """Period by period, as the model is written down."""
    total = np.zeros(len(of.channels))
    for channel, draw in np.ndindex(len(of.channels), len(of.effect)):
        weights = of.carry[draw, channel] ** np.arange(of.lags)
        paid = np.append(np.full(of.periods, spend[channel] / of.periods), np.zeros(of.lags))
        kept = np.convolve(paid, weights / weights.sum())[: len(paid)]
        bent = np.exp(-of.rate[draw, channel] * kept)
        total[channel] += (of.effect[draw, channel] * (1 - bent) / (1 + bent)).sum()
    return total / len(of.effect)


@pytest.mark.parametrize("periods", [1, 3, 8, 30])
def test_the_few_terms_are_the_model_written_period_by_period(periods):
    of = curves(periods=periods)
    spend = np.array([0.5, 3.0, 40.0])
    np.testing.assert_allclose(of.respond(spend)[0], plain_response(of, spend), rtol=1e-12)


def test_derivatives_are_those_of_finite_differences():
    of, spend, step = curves(), np.array([0.5, 3.0, 12.0]), 1e-4
    (up, up_slope, _), (down, down_slope, _) = of.respond(spend + step), of.respond(spend - step)
    _, slope, bend = of.respond(spend)
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-6)
    np.testing.assert_allclose(bend, (up_slope - down_slope) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize("channels", [2, 3])
def test_no_point_of_a_fine_grid_is_better_and_the_best_of_them_is_near(channels):
    of, budget, most = curves(channels), 20.0, {"a": 6.0}
    grid = np.linspace(0, budget, 201)
    each = np.array([of.respond(np.full(channels, at))[0] for at in grid])
    best = max(
        sum(each[at, channel] for channel, at in enumerate((*first, 200 - sum(first))))
        for first in itertools.product(range(61), *[range(201)] * (channels - 2))
        if sum(first) <= 200
    )
    value = split_channels(of, budget, most=most).summary.value
    assert best <= value * (1 + 1e-9)
    assert best == pytest.approx(value, rel=1e-3)


@given(
    seed=st.integers(0, 10_000),
    channels=st.integers(1, 20),
    money=st.floats(0.01, 1000),
    share=st.floats(0, 1),
)
def test_the_split_is_spent_within_limits_and_proven(seed, channels, money, share):
    of = curves(channels, seed=seed)
    least = dict.fromkeys(of.channels, share * money / channels)
    most = {of.channels[0]: money / channels}
    if channels == 1:
        most = {}
    found = split_channels(of, money, least=least, most=most)
    spend = found.table["spend"]
    assert spend.sum() == pytest.approx(money, rel=1e-9)
    assert (spend >= share * money / channels * (1 - 1e-9)).all()
    assert spend[0] <= max(money / channels, money * (channels == 1)) * (1 + 1e-9)
    assert 0 <= found.summary.gap <= 1e-9


def test_channels_that_no_limit_holds_have_one_marginal_response():
    found = split_channels(curves(8, seed=2), 100.0, least={"a": 5.0}, most={"b": 1.0}).table
    free = found.loc[found["held"].eq(""), "marginal"]
    assert len(free) > 2
    np.testing.assert_allclose(free, free.mean(), rtol=1e-4)
    marginal = found.set_index("held")["marginal"]
    assert (marginal.get("least", 0) <= free.mean() * 1.0001).all()
    assert (marginal.get("most", np.inf) >= free.mean() * 0.9999).all()


def test_stopping_early_leaves_a_bound_that_holds():
    of = curves(12, seed=3)
    rough, fine = (split_channels(of, 50.0, rounds=n).summary for n in (1, 200))
    assert rough.value < fine.value <= rough.bound


def test_every_fault_of_the_limits_is_named():
    with pytest.raises(SettingsError) as refused:
        split_channels(curves(), -1.0, least={"a": 5.0, "x": 1.0}, most={"a": 2.0})
    assert len(refused.value.faults) == 4
    with pytest.raises(SettingsError, match="at most 3"):
        split_channels(curves(), 10.0, most=dict.fromkeys("abc", 1.0))


def test_every_fault_of_the_curves_is_named():
    with pytest.raises(SettingsError) as refused:
        curves(channels=2, carry=np.ones((20, 2)), rate=np.ones(3), periods=0)
    assert len(refused.value.faults) == 3

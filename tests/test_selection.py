import numpy as np
import pytest
from scipy.optimize import approx_fprime

from tests.worlds import SETTINGS, make_features
from workbench.curves import check_selection, fit_engagement_curve
from workbench.curves.fit import CHOSEN
from workbench.curves.selection import SelectionSettings
from workbench.curves.truncated import EdgeModel
from workbench.errors import SettingsError
from workbench.wording.curves import describe_engagement_curve

SHAPES = {
    "normal": lambda rng, x: rng.normal(0, 0.4, len(x)),
    "heavy": lambda rng, x: 0.3 * rng.standard_t(4, len(x)),
    "skewed": lambda rng, x: 0.2 * (rng.gamma(4, 1, len(x)) - 4),
    "uneven": lambda rng, x: rng.normal(0, 0.4, len(x)) * np.exp(0.15 * (5 - x)),
}


def world(exponent=0.8, shape="normal", creators=600, seed=0):
    """Log10 followers and engagements of creators who were not chosen."""
    rng = np.random.default_rng(seed)
    x = np.clip(rng.normal(4.8, 0.8, creators), 3, 8)
    return x, 2 + exponent * (x - 4) + SHAPES[shape](rng, x)


def check(x, y, **settings):
    return check_selection(10**x, 10**y, SelectionSettings(**settings)).summary


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("exponent", [0.5, 1.15])
def test_creators_who_were_not_chosen_are_not_flagged(exponent, shape):
    assert check(*world(exponent, shape)).verdict != "selected"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_cut_in_engagement_is_found(shape):
    x, y = world(shape=shape)
    kept = y > np.quantile(y, 0.4)
    found = check(x[kept], y[kept])
    assert (found.verdict, found.chosen_by) == ("selected", "engagement")
    assert np.log10(found.edge) == pytest.approx(np.quantile(y, 0.4), abs=0.1)


def test_a_cut_in_the_rate_is_found():
    x, y = world()
    kept = y - x > np.quantile(y - x, 0.4)
    found = check(x[kept], y[kept])
    assert (found.verdict, found.chosen_by) == ("selected", "rate")


def test_the_slope_is_put_right_where_both_corrections_agree():
    x, y = world(creators=900)
    kept = y > np.quantile(y, 0.3)
    found = check(x[kept], y[kept])
    assert found.listed.high < 0.7
    assert found.exponent.low < 0.8 < found.exponent.high
    assert abs(found.likelihood.exponent - found.trimmed.exponent) < 0.15


def test_the_slope_is_withheld_where_the_corrections_disagree():
    x, y = world()
    kept = y > np.quantile(y, 0.4)
    found = check(x[kept], y[kept], agreement=0.0)
    assert "disagree" in found.withheld
    assert np.isnan(found.exponent).all()


def test_a_cut_in_followers_is_harmless():
    x, y = world()
    assert check(x[x > 4.8], y[x > 4.8]).verdict != "selected"


def test_engagement_that_followers_do_not_explain_is_left_open():
    x, y = world(exponent=0.4, shape="heavy", creators=150)
    found = check(x[np.abs(x - 4.8) < 0.4], y[np.abs(x - 4.8) < 0.4])
    assert found.verdict == "cannot tell"


@pytest.mark.parametrize("creators", [0, 1, 59])
def test_few_creators_are_left_open(creators):
    assert check(*world(creators=creators)).verdict == "cannot tell"


def test_equal_engagements_are_left_open():
    x, y = world()
    assert check(x, np.full_like(y, 2.0)).verdict == "cannot tell"


def test_counts_that_end_at_zero_are_left_open():
    x, y = world()
    assert "zero is an edge" in check(x, np.log10(1 + np.floor(10 ** (y - 2.5)))).reason


def test_unknown_figures_are_left_out():
    x, y = world(creators=100)
    y[:10] = np.nan
    assert check(x, y).creators == 90


def test_the_same_creators_give_the_same_verdict():
    x, y = world()
    kept = y > np.median(y)
    assert check(x[kept], y[kept]) == check(x[kept], y[kept])


def test_many_creators_are_judged_on_a_sample():
    x, y = world(creators=20_000)
    assert check(x, y, max_creators=500).verdict != "selected"


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(SettingsError, match="suspect"):
        SelectionSettings(suspect=9, clear=3)


@pytest.mark.parametrize("direction", [None, 0, 1])
def test_the_gradient_is_the_slope_of_the_loss(direction):
    x, y = world(creators=80)
    model = EdgeModel(x=x - x.mean(), y=y, centre=float(x.mean()), direction=direction)
    p = np.array([2.6, 0.8, -0.8, 0.05, 0.2, -0.1, -0.1, 2.2, np.log(0.1)])[
        : 7 if direction is None else 9
    ]
    slope = approx_fprime(p, lambda q: model.loss(q)[0], 1e-6)
    np.testing.assert_allclose(model.loss(p)[1], slope, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("direction", [0, 1])
def test_the_losses_of_many_points_are_those_of_each(direction):
    x, y = world(creators=80)
    model = EdgeModel(x=x - x.mean(), y=y, centre=float(x.mean()), direction=direction)
    points = np.array([2.6, 0.8, -0.8, 0.05, 0.2, -0.1, -0.1, 2.2, np.log(0.1)])
    points = points + np.random.default_rng(0).normal(0, 0.05, (5, 9))
    each = [model.loss(point)[0] for point in points]
    np.testing.assert_allclose(model.losses(points), each, rtol=1e-9)


def test_a_curve_that_bends_down_is_not_flagged():
    x, y = world(exponent=1.3)
    assert check(x, y - 0.8 * np.maximum(x - 4.5, 0)).verdict != "selected"


def test_a_soft_cut_is_not_passed_over():
    x, y = world()
    rng = np.random.default_rng(1)
    kept = rng.random(len(y)) < 1 / (1 + np.exp(-(y - np.median(y)) / 0.15))
    assert check(x[kept], y[kept]).verdict != "not selected"


def test_a_chosen_list_has_no_percentiles():
    features = make_features(400)
    kept = features["engagements"] > features["engagements"].quantile(0.4)
    fit = fit_engagement_curve(features[kept], SETTINGS)
    assert fit.table["percentile"].isna().all()
    assert set(fit.table["reason"]) == {CHOSEN}
    assert "look chosen by their engagement" in describe_engagement_curve(fit)

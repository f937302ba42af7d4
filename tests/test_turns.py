from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.worlds import PRESET
from workbench.curves import CurveSettings, TurnSettings, find_turns, fit_engagement_curve
from workbench.wording.turns import describe_turns


def creators(x, y):
    return pd.DataFrame({"platform": "tiktok", "followers": 10**x, "engagements": 10**y - 1})


def world(rng, n=400, *, slopes=(0.8, 0.8), at=4.5, low=3.0, high=6.5):
    x = rng.uniform(low, high, n)
    spread = 0.2 + 0.1 * (x - low)  # larger accounts differ more
    middle = 0.5 + slopes[0] * (x - low) + (slopes[1] - slopes[0]) * np.maximum(x - at, 0)
    return x, middle + spread * rng.standard_t(5, n)


def find(rng, **kind):
    return find_turns(creators(*world(rng, **kind)), TurnSettings(draws=199)).summary


def test_a_straight_line_breaks_no_more_often_than_said():
    p = [find(np.random.default_rng(seed)).break_p_value for seed in range(60)]
    assert 0.02 <= np.mean(np.array(p) <= 0.10) <= 0.22


def test_a_break_is_found_where_it_is():
    found = [find(np.random.default_rng(seed), slopes=(1.3, 0.5)) for seed in range(20)]
    held = [s.break_low <= 10**4.5 <= s.break_high for s in found]
    assert all(s.break_p_value < 0.05 for s in found)
    assert np.mean(held) >= 0.75


def test_a_peak_of_the_rate_is_found_where_it_is():
    found = [find(np.random.default_rng(seed), n=1500, slopes=(1.5, 0.4)) for seed in range(20)]
    inside = [s for s in found if s.peak == "inside"]
    assert len(inside) >= 18
    # A spline rounds the corner off, so that the top lies near it and not on it.
    assert all(s.peak_low <= 10**4.9 and s.peak_high >= 10**4.1 for s in inside)


def test_the_fewest_creators_are_not_said_to_peak_at_an_end():
    found = [find(np.random.default_rng(seed), n=160, slopes=(1.5, 0.4)) for seed in range(12)]
    assert not [s for s in found if s.peak.startswith("at the")]


def test_an_interval_of_a_break_holds_the_break_that_fits_best():
    found = [find(np.random.default_rng(seed), slopes=(1.0, 0.8)) for seed in range(12)]
    assert all(s.break_low <= s.break_followers <= s.break_high for s in found)


@pytest.mark.parametrize(("slope", "kind"), [(0.5, "at the smallest"), (1.5, "at the largest")])
def test_a_rate_that_only_falls_or_rises_has_no_peak_inside(slope, kind):
    assert find(np.random.default_rng(3), slopes=(slope, slope)).peak == kind


def test_a_flat_rate_cannot_tell():
    assert find(np.random.default_rng(1), slopes=(1.0, 1.0)).peak == "cannot tell"


def test_sizes_without_creators_are_not_seen():
    x, y = world(np.random.default_rng(0))
    between = (x > 4) & (x < 5.2)
    table = find_turns(creators(x[~between], y[~between]), TurnSettings(draws=49)).table
    assert not table.loc[table["followers"].between(2.1e4, 7.5e4), "seen"].any()
    assert table.loc[table["followers"] > 2e5, "seen"].all()


def said(rng, *, chosen=False, **kind):
    rows = creators(*world(rng, **kind)).assign(
        creator_key="", handle="", posts_with_engagements=9, engagements_basis="posts"
    )
    fit = fit_engagement_curve(rows.assign(engagements_log_sd=0.3), CurveSettings(preset=PRESET))
    verdict = "selected" if chosen else "not selected"
    check = replace(fit.summary.selection, verdict=verdict)
    fit = replace(fit, summary=replace(fit.summary, selection=check))
    return describe_turns(fit, find_turns(rows, TurnSettings(draws=199)))


def test_a_break_is_said_with_both_slopes_and_their_ranges():
    text = said(np.random.default_rng(0), slopes=(1.3, 0.5))
    assert "The slope breaks near" in text
    assert text.count('class="estimate"') >= 3


def test_a_straight_line_is_said_to_have_no_break():
    assert "No break in the slope" in said(np.random.default_rng(2))


def test_no_creators_near_1000_is_said():
    text = said(np.random.default_rng(0), low=4.0)
    assert "There are no creators near 1,000 followers" in text
    assert "near 1,000" not in said(np.random.default_rng(0))


def test_of_many_creators_a_subsample_is_looked_at():
    rows = creators(*world(np.random.default_rng(0)))
    found = find_turns(rows, TurnSettings(draws=49, max_creators=100)).summary
    assert (found.creators, found.near_1000) == (
        100,
        find_turns(rows, TurnSettings(draws=49)).summary.near_1000,
    )


def test_few_creators_give_no_answer():
    assert find_turns(creators(*world(np.random.default_rng(0), n=40)), TurnSettings()) is None


def test_the_same_creators_give_the_same_answer():
    assert find(np.random.default_rng(5)) == find(np.random.default_rng(5))

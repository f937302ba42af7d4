import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.prepare import write_sets
from tests.test_wording import PAGE
from workbench import wording
from workbench.audience import (
    DesignSettings,
    ShareSettings,
    compare_rules,
    estimate_share,
    plan_labels,
    scorecard,
)
from workbench.audience.bounds import Counts, corrected_interval, share_above, share_interval
from workbench.audience.fitting import main as fit_all
from workbench.audience.prevalence import Tally, correct_share, rogan_gladen
from workbench.errors import DataError, SettingsError
from workbench.reporting.gate import check_report


def make_followers(n=400, share=0.2, seed=0):
    rng = np.random.default_rng(seed)
    fake = rng.random(n) < share
    return pd.DataFrame(
        {
            "followers": np.where(fake, rng.poisson(20, n), rng.poisson(400, n)),
            "following": np.where(fake, rng.poisson(900, n), rng.poisson(300, n)),
            "posts": np.where(fake, rng.poisson(1, n), rng.poisson(30, n)),
            "private": rng.integers(0, 2, n),
            "is_fake": fake.astype(int),
        }
    )


def answered(followers, labels=100):
    plan = plan_labels(followers, DesignSettings(labels=labels))
    first = plan.queue.loc[~plan.queue["repeat"], "follower"]
    said = followers["is_fake"].map({1: "not_real", 0: "real"})
    return plan.table.assign(label=said.where(followers.index.isin(first)))


RANDOM = ShareSettings(drawn="random", limit=0.15)
RESULT = estimate_share(answered(make_followers()), RANDOM)


@st.composite
def labels_by_stratum(draw):
    strata = draw(st.integers(1, 6))
    sizes = [draw(st.integers(2, 300)) for _ in range(strata)]
    labelled = [draw(st.integers(1, min(size, 30))) for size in sizes]
    found = [draw(st.integers(0, m)) for m in labelled]
    rows = [np.array([row], dtype=float) for row in (found, labelled, sizes)]
    beyond = draw(st.sampled_from([0.0, 0.6, 1.0]))
    return Counts(found=rows[0], labelled=rows[1], sizes=rows[2], beyond=beyond)


@given(labels_by_stratum(), st.sampled_from([0.0, 0.05, 0.1]), st.sampled_from([0.0, 0.1]))
def test_bounds_hold_the_share_and_have_room(counts, wrong, missed):
    share, low, high = corrected_interval(counts, wrong, missed)
    assert 0 <= low[0] <= share[0] <= high[0] <= 1
    known = (counts.labelled == counts.sizes).all() and counts.beyond == wrong == missed == 0
    assert (high > low)[0] != known


@given(labels_by_stratum(), st.floats(0.01, 0.99))
def test_a_limit_is_passed_for_sure_where_the_interval_lies_above_it(counts, limit):
    low, high = share_interval(counts)
    sure = share_above(counts, limit)[0]
    assert 0 <= sure <= 1
    if limit < low[0] - 1e-6:
        assert sure >= 0.97
    if limit > high[0] + 1e-6:
        assert sure <= 0.03


@given(labels_by_stratum())
def test_ten_times_the_labels_and_followers_narrow_it(counts):
    more = Counts(
        found=10 * counts.found,
        labelled=10 * counts.labelled,
        sizes=10 * counts.sizes,
        beyond=counts.beyond,
    )
    widths = [np.subtract(*share_interval(one)[::-1])[0] for one in (counts, more)]
    assert widths[1] <= widths[0] + 1e-9


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.02, 0.02), (0.05, 0.6), (0.5, 0.5)])
@pytest.mark.parametrize("beyond", [0.0, 1.0])
def test_it_covers(shares, beyond):
    rng, sizes = np.random.default_rng(3), np.array([700, 300])
    labelled, draws = np.array([50, 50]), 2_000
    truth = shares @ sizes / 1000
    fakes = np.round(shares * sizes).astype(int) * np.ones((draws, 1), dtype=int)
    if beyond:
        first = rng.binomial(1000, 0.7, draws)  # the sample's strata are drawn too
        sizes = np.stack([first, 1000 - first], axis=1)
        fakes = rng.binomial(sizes, shares)
    found = rng.hypergeometric(fakes, sizes - fakes, labelled)
    every = np.ones((draws, 1))
    counts = Counts(
        found=found * 1.0, labelled=labelled * every, sizes=sizes * every, beyond=beyond
    )
    low, high = share_interval(counts)
    assert ((low <= truth + 1e-9) & (truth - 1e-9 <= high)).mean() >= 0.9375


def test_a_sample_that_is_labelled_to_the_last_gives_the_exact_share():
    followers = make_followers(60)
    summary = estimate_share(answered(followers)).summary
    assert summary.sample[:3] == pytest.approx((followers["is_fake"].mean(),) * 3)


def test_the_account_adds_the_luck_of_the_sample():
    sample, account = RESULT.summary.sample, RESULT.summary.account
    assert account.low < sample.low < sample.share == account.share < sample.high < account.high


def test_an_account_of_which_all_are_sampled_is_the_sample():
    table = answered(make_followers())
    settings = ShareSettings(drawn="random", account_followers=len(table))
    summary = estimate_share(table, settings).summary
    assert summary.account == pytest.approx(summary.sample, nan_ok=True)


@pytest.mark.parametrize("drawn", ["newest", "unknown"])
def test_only_a_random_sample_speaks_for_the_account(drawn):
    result = estimate_share(answered(make_followers()), ShareSettings(drawn=drawn))
    assert result.summary.account is None
    assert "nothing can be told" in wording.describe_account_share(result)


@pytest.mark.parametrize(
    ("labels", "settings", "reason"),
    [
        (0, ShareSettings(), "no follower"),
        (4, ShareSettings(), "have no label yet"),
        (40, ShareSettings(picked_by_hand=True), "picked by hand"),
    ],
)
def test_it_cannot_tell_without_labels_that_stand_for_the_others(labels, settings, reason):
    table = plan_labels(make_followers()).table
    table["label"] = pd.Series("real", index=table.index[:labels])
    result = estimate_share(table, settings)
    assert result.table.empty
    assert reason in result.summary.reason
    assert "cannot tell" in wording.describe_share(result)


def test_random_labels_need_no_plan():
    followers = make_followers(1_000)
    said = followers["is_fake"].where(followers.index.isin(followers.sample(40).index))
    result = estimate_share(followers.assign(label=said))
    assert result.summary.sample.low < 0.2 < result.summary.sample.high


def test_many_that_cannot_be_told_make_it_the_best_and_the_worst_case():
    table = answered(make_followers())
    asked = table.index[table["label"].notna()]
    table.loc[asked[:20], "label"] = "cannot_tell"
    wide = estimate_share(table).summary.sample
    narrow = estimate_share(table, ShareSettings(unsure=0.5)).summary.sample
    assert wide.high - wide.low > narrow.high - narrow.low + 0.05


def test_repeats_are_counted_and_change_nothing():
    table = answered(make_followers())
    again = table["label"].where(table["label"].notna().cumsum() <= 5)
    result = estimate_share(table.assign(label_again=again), RANDOM)
    assert result.summary.agreed == result.summary.repeated == 5
    assert result.summary.sample == RESULT.summary.sample


def test_labels_take_turns_among_the_strata():
    plan = plan_labels(make_followers(), DesignSettings(labels=100, repeats=5))
    turns = plan.queue["stratum"].to_numpy()[:100].reshape(10, 10)
    assert (np.sort(turns, axis=1) == np.arange(10)).all()
    assert plan.queue["repeat"].sum() == 5


def test_the_score_ranks_and_the_same_seed_asks_the_same():
    plans = [plan_labels(make_followers()) for _ in range(2)]
    pd.testing.assert_frame_equal(plans[0].queue, plans[1].queue)
    means = plans[0].table.groupby("is_fake")["score"].mean()
    assert means[1] > means[0]


def test_ten_thousand_followers_take_under_two_seconds():
    followers, start = make_followers(10_000), time.process_time()
    plan_labels(followers)
    assert time.process_time() - start < 2


@pytest.mark.real_data
def test_the_scorecards_are_those_that_the_command_fits(real_data, tmp_path, capsys):
    write_sets(tmp_path)
    fit_all(tmp_path)
    kept = Path(scorecard.__file__).with_name("scorecards.yaml").read_text(encoding="utf-8")
    assert capsys.readouterr().out == kept


def test_rules_say_different_things_and_skip_what_is_not_there():
    rules = compare_rules(make_followers()).set_index("rule")["apparent_share"]
    assert rules["follows ten times as many as follow it"] == pytest.approx(0.2, abs=0.05)
    assert np.isnan(rules["no picture"])


def test_every_fault_of_the_sample_is_named():
    with pytest.raises(DataError) as found:
        plan_labels(pd.DataFrame({"followers": [-1, 3], "private": ["yes", 0]}))
    assert len(found.value.faults) == 2


@pytest.mark.parametrize(
    "wrong", [{"drawn": "luckily"}, {"limit": 2.0}, {"errors": (0.5,)}, {"confidence": 1.0}]
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(SettingsError):
        ShareSettings(**wrong)


def test_the_interval_of_lang_and_reiczigel_covers():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(500):
        flagged = Tally(rng.binomial(400, 0.2 * 0.8 + 0.8 * 0.1), 400)
        found = correct_share(
            flagged, Tally(rng.binomial(100, 0.8), 100), Tally(rng.binomial(200, 0.9), 200)
        )
        covered += found.low <= 0.2 <= found.high
    assert covered >= 465


def test_errors_that_explain_everything_leave_nothing():
    assert rogan_gladen(0.1, 0.9, 0.9) == pytest.approx(0.0)
    with pytest.raises(DataError):
        rogan_gladen(0.3, 0.5, 0.5)


@pytest.mark.parametrize("drawn", ["random", "newest"])
@pytest.mark.parametrize("labels", [0, 100])
def test_every_sentence_passes_the_gate(drawn, labels):
    table = answered(make_followers()) if labels else make_followers()
    result = estimate_share(table, ShareSettings(drawn=drawn, limit=0.2))
    texts = [
        getattr(wording, f"describe_{name}")(result)
        for name in ("share", "account_share", "label_errors", "label_check", "share_rules")
    ]
    page = PAGE.format("".join(f'<div class="finding">{text}</div>' for text in texts))
    assert check_report(page) == []


def test_newest_followers_are_called_so():
    result = estimate_share(answered(make_followers()), ShareSettings(drawn="newest"))
    assert "Of the newest 400 followers" in wording.describe_share(result)

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.worlds import SETTINGS, make_features
from workbench import figures, wording
from workbench.claims import (
    LIKES_ALONE,
    ClaimSettings,
    judge_claims,
    read_claims,
    with_likes_alone,
)
from workbench.claims.evidence import Evidence, Peers, creators_to_settle
from workbench.claims.ledger import judge
from workbench.claims.tests import TESTS
from workbench.curves import fit_engagement_curve, fit_engagement_curves
from workbench.errors import SettingsError
from workbench.reporting.cards import claim_cards
from workbench.store import empty_frame
from workbench.tables.schema import TABLES

CLAIMS = {claim.id: claim for claim in read_claims()}
NO_QUOTES = empty_frame(TABLES["fee_quotes"])


def quotes_of(features, fee, currency="USD"):
    return pd.DataFrame(
        {
            "creator_key": features["creator_key"],
            "deliverable": "post",
            "fee": fee,
            "currency": currency,
            "quoted_on": "2026-09-01",
        }
    )


def ledger_of(features, quotes=NO_QUOTES, **asked):
    fits = fit_engagement_curves(features, SETTINGS)
    return judge_claims(fits, features, quotes, ClaimSettings(draws=199, **asked))


def row_of(ledger, claim):
    return ledger.table.set_index("claim").loc[claim]


def test_every_claim_has_a_test_a_title_and_an_id_of_its_own():
    claims = read_claims()
    assert len(CLAIMS) == len(claims) == len({claim.title for claim in claims})
    assert {claim.test for claim in claims} <= set(TESTS)


@pytest.mark.parametrize(
    ("claim", "low", "high", "verdict"),
    [
        ("micro-60-percent", 1.4, 1.9, "holds"),
        ("micro-60-percent", 0.9, 1.2, "does not hold"),
        ("micro-60-percent", 1.2, 1.5, "cannot tell"),
        ("rate-falls", -0.3, -0.1, "holds"),
        ("rate-falls", -0.02, 0.1, "does not hold"),
        ("rate-falls", -0.1, 0.0, "cannot tell"),
        ("plateau-above-100k", -0.05, 0.09, "holds"),
        ("plateau-above-100k", 0.15, 0.3, "does not hold"),
        ("plateau-above-100k", -0.3, 0.3, "cannot tell"),
    ],
)
def test_only_a_whole_interval_gives_a_verdict(claim, low, high, verdict):
    assert judge(Evidence(estimate=(low + high) / 2, low=low, high=high), CLAIMS[claim]) == verdict


def test_without_an_estimate_nobody_can_tell():
    assert judge(Evidence(), CLAIMS["rate-falls"]) == "cannot tell"


def peers_with(rates_below, rates_above, seed):
    followers = np.repeat([30_000.0, 300_000.0], [len(rates_below), len(rates_above)])
    rates = np.concatenate([rates_below, rates_above])
    keys = [f"tiktok:{i}" for i in range(len(rates))]
    creators = pd.DataFrame(
        {"creator_key": keys, "followers": followers, "engagements": rates * followers}
    )
    return Peers(
        creators=creators,
        quotes=NO_QUOTES,
        confidence=0.95,
        draws=399,
        least=10,
        rng=np.random.default_rng(seed),
    )


@pytest.mark.parametrize("test", ["micro-60-percent", "many-small-followers"])
def test_intervals_hold_the_truth_as_often_as_they_say(test):
    held = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        below, above = 0.04 * np.exp(rng.normal(0, 0.8, 60)), 0.02 * np.exp(rng.normal(0, 0.8, 90))
        found = TESTS[CLAIMS[test].test](peers_with(below, above, seed), CLAIMS[test])
        held.append(found.low <= 2.0 <= found.high)
    assert 0.90 <= np.mean(held) <= 0.99


def test_a_true_claim_holds_and_a_false_one_does_not():
    falling = ledger_of(make_features(400, exponent=0.7))
    flat = ledger_of(make_features(400, exponent=1.1))
    assert row_of(falling, "rate-falls")["verdict"] == "holds"
    assert row_of(falling, "micro-60-percent")["verdict"] == "holds"
    assert row_of(flat, "rate-falls")["verdict"] != "holds"
    assert row_of(flat, "micro-60-percent")["verdict"] == "does not hold"


ASKED = {
    *("rate-falls", "peak-at-1000", "plateau-above-100k", "micro-60-percent", "nano-best"),
    *("micro-cheaper-post", "micro-cheaper-followers", "micro-cheaper-engagement"),
    *("micro-100-to-500", "mega-10000", "fees-100-to-10000"),
    *("many-small-followers", "many-small-spend", "pilot-2000", "macro-more-reach"),
    *("uniform-audiences", "fakes-small", "fakes-large", "long-partnerships"),
    "shares-change-order",
}


def test_every_sentence_of_the_trade_has_a_least_effect():
    assert set(CLAIMS) == ASKED
    assert all(claim.minimum for claim in CLAIMS.values())


def with_all(features):
    likes = 0.8 * features["engagements"]
    return features.assign(likes_median=likes, reach_median=3 * features["engagements"])


@pytest.mark.parametrize("listed", [False, True])
def test_nothing_is_told_of_creators_chosen_by_their_engagement(listed):
    features = with_all(make_features(300, exponent=0.8 * listed))
    fits = fit_engagement_curves(features, replace(SETTINGS, top_list=listed))
    quotes = quotes_of(features, 200.0)
    table = judge_claims(fits, features, quotes, ClaimSettings(draws=99)).table
    assert set(table["verdict"]) == {"cannot tell"}
    assert table["reason"].str.contains("chosen by their engagement").any()


def test_too_few_creators_are_named_with_what_is_needed():
    row = row_of(ledger_of(make_features(40)), "peak-at-1000")
    assert "no creators of 100 to 500 followers" in row["reason"]
    assert "10 of each are needed" in row["reason"]


def test_fees_by_size_are_compared():
    features = make_features(400)
    fee = 0.05 * features["followers"].astype("float64") ** 0.8
    ledger = ledger_of(features, quotes_of(features, fee))
    assert row_of(ledger, "micro-cheaper-post")["verdict"] == "holds"
    assert row_of(ledger, "micro-cheaper-followers")["verdict"] == "does not hold"


def test_stated_dollars_are_not_compared_with_other_money():
    features = make_features(400)
    row = row_of(ledger_of(features, quotes_of(features, 200.0, "EUR")), "micro-100-to-500")
    assert row["reason"] == "the quotes are not in dollars"


def test_the_creators_of_a_pilot_are_said_even_without_fees():
    reason = row_of(ledger_of(make_features(300)), "pilot-2000")["reason"]
    assert "creators with one post each are needed" in reason


def test_creators_that_would_settle_it_grow_with_the_square():
    near = Evidence(estimate=1.5, low=1.2, high=1.875, creators=100)
    assert creators_to_settle(near, 1.3, ratio=True) == pytest.approx(243, rel=0.05)


def test_the_same_creators_give_the_same_ledger():
    one, other = (ledger_of(make_features(120)).table for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_confidence_has_its_range():
    with pytest.raises(SettingsError, match="confidence"):
        ClaimSettings(confidence=1.0)


@pytest.mark.parametrize("creators", [1, 40, 300])
def test_there_are_words_and_a_figure_for_any_ledger(creators):
    ledger = ledger_of(make_features(creators))
    rows = [wording.describe_claim_rows(ledger, tested=tested) for tested in (True, False)]
    assert sum(map(len, rows)) == len(ledger.table)
    assert len(wording.describe_claims(ledger).splitlines()) == 3
    assert len(wording.describe_claims_alt(ledger)) > 20
    assert figures.draw_claims(ledger).get_xlabel()


def test_a_list_chosen_by_its_engagement_is_said_in_the_answer_and_once_a_sentence():
    features = make_features(300, exponent=0.0)
    two = pd.concat([features, features.assign(platform="instagram")])
    ledger = ledger_of(two)
    assert "Nothing is told of Instagram and TikTok" in wording.describe_claims(ledger)
    assert "none could be tested" in wording.describe_claims(ledger)
    rows = wording.describe_claim_rows(ledger, tested=False)
    assert len(rows) == len(CLAIMS)
    assert set(rows["Creators of"]) == {"Instagram and TikTok"}


@pytest.mark.real_data
def test_published_medians_and_exponents_are_reproduced(real_data):
    from benchmarks.real_sets import SETS

    found = {}
    for name in ("TikTok latest", "Instagram 2017", "Twitch top list"):
        creators = SETS[name]()
        features = make_features(len(creators)).assign(
            followers=creators["followers"].to_numpy(),
            engagements=creators["engagements"].to_numpy(),
        )
        fit = fit_engagement_curve(features, SETTINGS)
        unselected = replace(fit.summary.selection, verdict="not selected")
        fit = replace(fit, summary=replace(fit.summary, selection=unselected))
        found[name] = judge_claims([fit], features, NO_QUOTES, ClaimSettings())
    exponents = {
        name: row_of(ledger, "rate-falls")["estimate"] + 1 for name, ledger in found.items()
    }
    assert exponents["TikTok latest"] == pytest.approx(1.016, abs=0.005)
    assert exponents["Instagram 2017"] == pytest.approx(0.971, abs=0.005)
    assert exponents["Twitch top list"] == pytest.approx(0.588, abs=0.005)
    ratios = {
        name: row_of(ledger, "micro-60-percent")["estimate"] for name, ledger in found.items()
    }
    assert ratios["TikTok latest"] == pytest.approx(0.90, rel=0.01)
    assert ratios["Twitch top list"] == pytest.approx(2.33, rel=0.01)


def test_likes_stand_for_engagements_where_a_platform_has_nothing_else():
    features = with_all(make_features(200))
    alone = features.assign(engagements=np.nan, engagements_basis=None)
    ledger = ledger_of(with_likes_alone(alone))
    assert set(ledger.table["basis"]) == {LIKES_ALONE}
    assert row_of(ledger, "rate-falls")["verdict"] == "holds"
    assert row_of(ledger, "shares-change-order")["verdict"] == "cannot tell"
    assert "TikTok: the data hold no comments" in wording.describe_likes_alone(ledger)


def test_likes_stand_for_nothing_where_engagements_are_known():
    features = with_all(make_features(60)).assign(engagements_basis="posts")
    pd.testing.assert_frame_equal(with_likes_alone(features), features, check_dtype=False)
    assert wording.describe_likes_alone(ledger_of(features)) == ""


@pytest.mark.parametrize("field", ["estimand", "needs"])
def test_what_we_say_ourselves_holds_no_bare_percentage(field):
    assert not [claim.id for claim in CLAIMS.values() if "%" in getattr(claim, field)]


def test_a_list_chosen_by_its_engagement_has_a_sentence_in_place_of_a_figure():
    [card] = claim_cards(ledger_of(make_features(300, exponent=0.0)))
    assert card.axes is None
    assert not card.tables


@pytest.mark.slow
def test_the_ledger_is_a_report_that_can_be_mailed(report_page):
    page = report_page("claims").read_text(encoding="utf-8")
    assert "Holds here" in page
    assert "What nobody can tell from these data" in page

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.budget.candidates import Candidates, make_candidates
from workbench.budget.draws import before_cut
from workbench.budget.offers import expected_outcomes
from workbench.budget.simulate import OUTCOMES, SimulationSettings, simulate_outcomes
from workbench.budget.unknowns import TENTH, read_unknowns
from workbench.errors import DataError
from workbench.tables.brief import Brief

UNKNOWNS = read_unknowns()
SETTLED = UNKNOWNS.without_spread()


def candidates(n=12, **columns):
    table = pd.DataFrame(
        {
            "creator_key": [f"{'instagram' if i % 3 else 'tiktok'}:c{i}" for i in range(n)],
            "followers": np.geomspace(5_000, 200_000, n),
            "fee": 100.0,
            "fee_sd": 0.0,
        }
    )
    return make_candidates(table.assign(**columns), UNKNOWNS)


def simulate(some, posts, unknowns=UNKNOWNS, *, draws=2_000, audience=None, seed=0, **brief):
    splits = posts if isinstance(posts, dict) else {"one": posts}
    asked = SimulationSettings(draws=draws, seed=seed)
    return simulate_outcomes(
        some, splits, unknowns, brief=Brief(**brief), audience=audience, settings=asked
    )


def mean(simulation, outcome, split="one"):
    table = simulation.table.set_index(["split", "outcome"])
    return table.loc[(split, outcome), "mean"]


# The person-level judge: its own code, one person, post and booking at a time.

RANGES = {  # name: middle and the standard deviation of its log
    "reach_level": (1.0, 0.15),
    "campaign_luck": (1.0, 0.1),
    "platform_luck": (1.0, 0.1),
    "sponsored": (0.78, 0.1),
    "click_rate": (0.05, 0.2),
    "conversion_rate": (0.1, 0.15),
    "frequency": (1.2, 0.1),
}
PEOPLE = np.array([500, 1000])
POSTS = np.array([1, 2, 0, 3, 1, 1])
LATE, LOST, FALLS, ALIKE, AGAIN = 0.2, 0.5, 0.25, 0.1, 0.6


def judged_world():
    changes = {
        name: {
            "middle": middle,
            "low": middle * np.exp(-TENTH * sd),
            "high": middle * np.exp(TENTH * sd),
            "scale": "log",
        }
        for name, (middle, sd) in RANGES.items()
    }
    changes |= {f"{n}.{p}": changes[n] for n in ("platform_luck",) for p in ("instagram", "tiktok")}
    settled = {"late": LATE, "late_lost": LOST, "repeat_reach": AGAIN, "order_value": 50}
    settled |= {"fall_through_correlation": ALIKE, "reach_post_spread": 0.4, "reach_elasticity": 0}
    settled |= {"post_correlation": 0.5, "click_dispersion": 0.4}
    settled |= {f"reach_rate.{p}": 0.01 for p in ("instagram", "tiktok")}
    unknowns = UNKNOWNS.without_spread().replace(changes | settled)
    table = pd.DataFrame(
        {
            "creator_key": [f"{'instagram' if i % 2 else 'tiktok'}:p{i}" for i in range(6)],
            "followers": [4_000, 8_000, 9_000, 12_000, 15_000, 20_000],
            "engagements": [60.0, 100, 120, 200, 150, 300],
            "engagements_sd": 0.2,
            "post_sd": 0.5,
            "reach_sd": 0.2,
            "real_share": 0.8,
            "real_share_sd": 0.05,
            "sponsored_sd": 0.1,
            "fall_through": FALLS,
            "click_rate_sd": 0.2,
            "conversion_rate_sd": 0.2,
            "fee": [50.0, 80, 90, 120, 150, 200],
            "fee_sd": 0.0,
            "next_post": 0.8,
        }
    )
    some = make_candidates(table, unknowns)
    liking = np.linspace(0.2, 0.8, 6)  # of a creator's reach, the part among the cooks
    reach = some.table["reach"].to_numpy()
    exposure = np.column_stack([liking * reach, (1 - liking) * reach]) / PEOPLE
    audience = SimpleNamespace(
        keys=some.table["creator_key"], people=PEOPLE, exposure=exposure, alternatives=(exposure,)
    )
    return unknowns, some, audience


def judge(some, audience, futures, persons, rng):
    """Draw every booking and post by itself, and for the first futures every person."""

    def luck(name):
        middle, sd = RANGES[name]
        return middle * np.exp(sd * rng.standard_normal(futures))

    def normal(sd):
        return np.exp(sd * rng.standard_normal(futures))

    shared = {name: luck(name) for name in RANGES}
    platforms = {p: luck("platform_luck") for p in ("instagram", "tiktok")}
    falls = rng.beta(FALLS * (1 / ALIKE - 1), (1 - FALLS) * (1 / ALIKE - 1), futures)
    person_class = np.repeat([0, 1], PEOPLE)
    contacts = np.zeros((persons, len(person_class)), dtype=int)
    names = ("impressions", "engagements", "clicks", "conversions", "spend", "creators_delivered")
    out = {name: np.zeros(futures) for name in names}
    for i, row in enumerate(some.table.to_dict("records")):
        if not POSTS[i]:
            continue
        delivered = rng.random(futures) >= falls
        out["creators_delivered"] += delivered
        out["spend"] += 7 + delivered * sum(row["fee"] * 0.8**n for n in range(POSTS[i]))
        common = shared["campaign_luck"] * platforms[row["platform"]] * delivered
        common *= 1 - LOST * (rng.random(futures) < LATE)
        common *= row["sponsored"] * normal(row["sponsored_sd"])
        engaging, reaching = normal(row["engagements_sd"]), normal(row["reach_sd"])
        clicking = shared["click_rate"] * normal(row["click_rate_sd"])
        buying = shared["conversion_rate"] * normal(row["conversion_rate_sd"])
        real = row["real_share"] + row["real_share_sd"] * rng.standard_normal(futures)
        mine = np.zeros_like(contacts)
        for post in range(POSTS[i]):
            e, other = rng.standard_normal((2, futures))
            r = 0.5 * e + np.sqrt(0.75) * other
            factor = common * reaching * shared["reach_level"] * np.exp(0.4 * r - 0.08)
            engaged = row["engagements"] * np.exp(row["post_sd"] * e - row["post_sd"] ** 2 / 2)
            discount = shared["sponsored"] / RANGES["sponsored"][0]
            out["engagements"] += np.clip(real, 0, 1) * engaging * common * discount * engaged
            shown = row["reach"] * factor * shared["frequency"]
            out["impressions"] += shown
            clicks = rng.poisson(rng.gamma(1 / 0.4, 0.4, futures) * shown * clicking)
            out["clicks"] += clicks
            out["conversions"] += rng.poisson(clicks * buying)
            # A later post reaches some of those again whom the creator has reached.
            gross = factor[:persons, None] * audience.exposure[i][person_class]
            known = (mine > 0).sum(axis=1)
            old = np.minimum((1 - AGAIN**post) * gross.sum(axis=1), known)
            chance = np.divide(old, known, out=np.zeros(persons), where=known > 0)[:, None]
            again = (mine > 0) & (rng.random(mine.shape) < chance)
            fresh = rng.poisson(gross * (1 - old / np.maximum(gross.sum(axis=1), 1e-9))[:, None])
            mine += again + fresh
        contacts += mine
    people = {"net_reach": (contacts >= 1).sum(axis=1), "twice": (contacts >= 2).sum(axis=1)}
    return pd.DataFrame(out), pd.DataFrame(people | {"thrice": (contacts >= 3).sum(axis=1)})


@pytest.fixture(scope="module")
def both():
    unknowns, some, audience = judged_world()
    hours = {"hours": 1, "rate": 7}
    found = simulate(some, POSTS, unknowns, draws=16_000, audience=audience, overhead=hours)
    sums, people = judge(some, audience, 20_000, 1_500, np.random.default_rng(5))
    return found, sums.join(people)


@pytest.mark.parametrize(
    "outcome",
    [
        *("impressions", "engagements", "clicks", "conversions", "spend", "creators_delivered"),
        "net_reach",
    ],
)
def test_means_are_those_of_single_persons_and_posts(both, outcome):
    found, judged = both
    within = 0.03 if outcome == "net_reach" else 0.02
    assert mean(found, outcome) == pytest.approx(judged[outcome].mean(), rel=within)


@pytest.mark.parametrize("outcome", ["engagements", "clicks", "net_reach", "spend"])
def test_the_range_is_that_of_single_persons_and_posts(both, outcome):
    found, judged = both
    row = found.table.set_index("outcome").loc[outcome]
    for share, name in ((0.1, "p10"), (0.9, "p90")):
        assert row[name] == pytest.approx(judged[outcome].quantile(share), rel=0.05)


@pytest.mark.parametrize(("times", "name"), [(2, "twice"), (3, "thrice")])
def test_people_reached_again_are_those_of_single_persons(both, times, name):
    found, judged = both
    assert found.frequency.loc["one", times] == pytest.approx(judged[name].mean(), rel=0.05)


def test_costs_are_ratios_of_sums(both):
    found, judged = both
    wanted = 1_000 * judged["spend"].mean() / judged["impressions"].mean()
    assert mean(found, "cpm") == pytest.approx(wanted, rel=0.03)
    assert mean(found, "cost_per_1k_real_reached") == pytest.approx(
        mean(found, "cost_per_1k_reached") / 0.8, rel=0.03
    )


def test_the_expected_values_are_the_means():
    some = candidates(40)
    posts = np.ones(40, dtype=int)
    found = simulate(some, posts, draws=12_000)
    expected = expected_outcomes(some, UNKNOWNS, Brief()).sum()
    for goal in ("impressions", "engagements", "clicks", "conversions", "revenue"):
        assert mean(found, goal) == pytest.approx(expected[goal], rel=0.05)


def test_shares_that_are_cut_at_all_and_none_keep_their_mean():
    mean, sd = pd.Series([0.73, 0.95, 0.02, 1.0]), pd.Series([0.16, 0.2, 0.1, 0.0])
    drawn = np.random.default_rng(0).standard_normal((400_000, 1)) * sd.to_numpy()
    cut = np.clip(before_cut(mean, sd).to_numpy() + drawn, 0, 1)
    assert cut.mean(axis=0) == pytest.approx(mean, abs=1e-3)


def test_the_same_seed_gives_the_same_bytes():
    some, posts = candidates(), np.ones(12, dtype=int)
    one, two = simulate(some, posts), simulate(some, posts)
    for name in OUTCOMES:
        assert one.draws[name].tobytes() == two.draws[name].tobytes()
    other = simulate(some, posts, seed=1)
    assert one.draws["engagements"].tobytes() != other.draws["engagements"].tobytes()


def test_a_creator_has_the_same_luck_whatever_else_is_planned():
    some = candidates()
    few = np.where(np.arange(12) < 3, 1, 0)
    alone = simulate(some, few, market=1e6)
    beside = simulate(some, {"one": few, "all": np.full(12, 3)}, market=1e6)
    for name in ("engagements", "net_reach", "spend", "clicks"):
        np.testing.assert_allclose(alone.draws[name][0], beside.draws[name][0], rtol=1e-5)


def test_bookings_fall_through_together():
    unknowns = SETTLED.replace({"fall_through_correlation": 0.3, "late": 0})
    some = candidates(50, fall_through=0.2)
    found = simulate(some, np.ones(50, dtype=int), unknowns, draws=10_000)
    delivered = found.draws["creators_delivered"][0]
    assert delivered.mean() == pytest.approx(40, rel=0.02)
    # Of beta-binomial counts: n p q (1 + (n - 1) rho).
    assert delivered.var() == pytest.approx(50 * 0.16 * (1 + 49 * 0.3), rel=0.1)


def test_what_falls_through_costs_no_fee_but_the_overhead():
    some = candidates(10, fall_through=1.0)
    found = simulate(some, np.ones(10, dtype=int), overhead={"hours": 2, "rate": 10})
    assert (found.draws["spend"] == 200).all()
    assert (found.draws["net_reach"] == 0).all()


def test_prices_that_turn_out_too_high_cost_creators_and_never_more_than_the_budget():
    some = candidates(30, fee=np.linspace(300, 100, 30), fee_sd=0.5, fall_through=0.0)
    posts = np.ones(30, dtype=int)
    found = simulate(some, posts, budget=3_000, overhead={"hours": 1, "rate": 10})
    assert found.draws["spend"].max() <= 3_000 * 1.0001
    assert found.draws["creators_delivered"].min() < 30
    free = simulate(some, posts)
    assert (free.draws["creators_delivered"] == 30).all()


def test_the_dearest_is_bought_first():
    some = candidates(3, fee=[50.0, 100.0, 60.0], fall_through=0.0)
    found = simulate(some, np.ones(3, dtype=int), budget=165)
    assert (found.draws["spend"] == 160).all()


def test_content_only_costs_and_reaches_nobody():
    some = candidates(3, fee_ugc=40.0, fall_through=0.0)
    split = {"one": np.zeros(3, dtype=int)}
    found = simulate_outcomes(
        some, split, UNKNOWNS, brief=Brief(), content={"one": np.array([True, True, False])}
    )
    assert found.draws["spend"].max() == pytest.approx(80)
    assert found.draws["impressions"].max() == 0


def test_who_works_for_the_product_costs_the_product():
    some = candidates(3, fee=0.0, fall_through=0.0, engagements=0.0)
    found = simulate(some, np.ones(3, dtype=int), product_cost=25)
    assert (found.draws["spend"] == 75).all()
    assert mean(found, "cpe") == np.inf


def test_nobody_brings_nothing():
    found = simulate(candidates(3), np.zeros(3, dtype=int), market=1_000)
    assert found.table.loc[found.table["outcome"].eq("net_reach"), "p90"].item() == 0


def test_the_error_of_the_overlaps_is_carried():
    some = candidates(6, reach=300.0)
    people = np.array([500.0, 500])
    apart, same = np.eye(2)[np.arange(6) % 2] * 0.6, np.tile([0.6, 0.0], (6, 1))
    one, two = (
        SimpleNamespace(
            keys=some.table["creator_key"], people=people, exposure=apart, alternatives=alternatives
        )
        for alternatives in ((apart,), (apart, same))
    )
    posts = np.ones(6, dtype=int)
    sure, unsure = (simulate(some, posts, SETTLED, audience=of) for of in (one, two))
    assert (sure.draws["net_reach"][0, ::2] == unsure.draws["net_reach"][0, ::2]).all()
    assert unsure.draws["net_reach"][0, 1::2].mean() < sure.draws["net_reach"][0, 1::2].mean()


def test_what_is_measured_is_not_moved_by_the_prior():
    measured = candidates(12, reach=1_000.0, reach_sd=0.0)
    unsure = SETTLED.replace({"reach_level": {"low": 0.2, "high": 5}})
    posts = np.ones(12, dtype=int)
    moved, same = simulate(measured, posts, unsure), simulate(measured, posts, SETTLED)
    assert (moved.draws["net_reach"] == same.draws["net_reach"]).all()


def test_every_fault_of_splits_is_named():
    with pytest.raises(DataError) as raised:
        simulate(candidates(3), {"short": [1, 1], "many": [1, 4, 0], "half": [0.5, 1, 1]})
    assert len(raised.value.faults) == 3


SIX = candidates(6)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=6, max_size=6), st.integers(0, 5))
def test_a_further_post_never_brings_less(posts, who):
    more = np.array(posts)
    more[who] += 1
    splits = {"fewer": np.array(posts), "more": more}
    found = simulate(SIX, splits, draws=50, market=50_000)
    for name in ("impressions", "net_reach", "engagements", "spend", "effective_reach"):
        fewer, larger = found.draws[name].astype(float)
        assert (larger >= fewer - 1e-3 * (1 + fewer)).all()


def test_more_people_are_reached_once_than_twice():
    found = simulate(candidates(), np.full(12, 2), market=30_000)
    assert (np.diff(found.frequency.loc["one"]) < 0).all()
    assert mean(found, "net_reach") == pytest.approx(found.frequency.loc["one", 1], rel=1e-5)


def test_fees_decide_whether_micro_creators_reach_half_a_million():
    """20,000 on creators of 10k-100k followers: 80 % post, 15 % of the reach is shared."""
    rng = np.random.default_rng(3)
    followers = np.geomspace(10_000, 100_000, 1_500)
    settled = SETTLED.replace(
        {
            **{"overlap": 0.15, "late": 0, "fall_through_correlation": 1e-4},
            **{"reach_post_spread": 0, "frequency": 1},
        }
    )
    table = pd.DataFrame({"creator_key": [f"instagram:m{i}" for i in range(1_500)]})
    table = table.assign(followers=followers, reach=followers, reach_sd=0.38, fee=1.0, fee_sd=0.0)
    some = make_candidates(table.assign(sponsored=1.0, sponsored_sd=0.0), settled)
    cells = [(100, 0.1, 0.96), (100, 0.2, 1), (200, 0.2, 0.86), (300, 0.2, 0.02)]
    for fee, rate, wanted in (*cells, (300, 0.3, 0.80), (500, 0.2, 0.0)):
        shown = some.table.assign(reach=some.table["reach"] * rate, fee=float(fee))
        own = Candidates(table=shown, sources=some.sources, currency="EUR")
        panels = rng.permuted(np.tile(np.arange(1_500) < 20_000 // fee, (150, 1)), axis=1)
        splits = {str(i): panel.astype(int) for i, panel in enumerate(panels)}
        found = simulate(own, splits, settled, draws=80, budget=20_000)
        assert (found.draws["net_reach"] >= 5e5).mean() == pytest.approx(wanted, abs=0.06)

from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.budget.candidates import CANDIDATE_COLUMNS, make_candidates
from workbench.budget.offers import limits_from_brief, make_options
from workbench.budget.options import OPTION_COLUMNS
from workbench.budget.unknowns import TENTH, Unknown, read_unknowns, use_ladder
from workbench.errors import DataError, SettingsError
from workbench.tables.brief import Brief

UNKNOWNS = read_unknowns()
KEYS = ["instagram:a", "tiktok:b", "youtube:c"]
GIVEN = pd.DataFrame({"creator_key": KEYS, "followers": [10_000, None, 1_000_000]})


def source(some, key, column):
    return some.sources.set_index(["creator_key", "column"]).loc[(key, column), "source"]


# Unknowns


def test_the_range_holds_eight_in_ten():
    one = UNKNOWNS.of("overlap")
    assert one.draw([-TENTH, 0, TENTH]) == pytest.approx([one.low, one.middle, one.high])


def test_every_published_prior_has_a_year():
    table = UNKNOWNS.frame()
    published = table[table["owner"].eq("published") & table["source"].ne("definition")]
    assert published["year"].notna().all()
    assert table.loc[table["owner"].eq("assumed"), "source"].notna().all()


def test_a_platform_goes_before_all():
    assert UNKNOWNS.middle("price", "youtube") == 2 * UNKNOWNS.middle("price", "instagram")
    assert UNKNOWNS.of("price", "x").name == "price"


def test_a_client_replaces_what_it_names(tmp_path):
    text = "unknowns:\n  overlap: {middle: 0.2}\n  click_rate.twitch: 0.01\n  late: 0\n"
    (tmp_path / "priors.yaml").write_text(text)
    own = read_unknowns(tmp_path)
    assert own.middle("overlap") == 0.2
    assert own.of("overlap").owner == "yours"
    assert own.middle("click_rate", "twitch") == 0.01
    assert own.of("late").is_fixed
    assert own.middle("reach_level") == UNKNOWNS.middle("reach_level")


def test_every_fault_of_priors_is_named(tmp_path):
    path = tmp_path / "priors.yaml"
    path.write_text(
        "unknowns:\n  overlapp: 0.2\n  late: {middle: 2}\n  price.mars: 3\n"
        "  click_rate: {mid: 1}\n  frequency: much\n"
        "ladders:\n  mine: {tiers: {instagram: [[9, 1, 2, 3]]}}\n"
        "prices: 3\n"
    )
    with pytest.raises(SettingsError) as raised:
        read_unknowns(path)
    told = str(raised.value)
    for part in (
        "did you mean overlap",
        "late",
        "price.mars",
        "mid",
        "frequency",
        "mine",
        "prices",
    ):
        assert part in told


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_no_text_is_a_traceback(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("priors") / "priors.yaml"
    path.write_text(text, encoding="utf-8", errors="ignore")
    with suppress(SettingsError):
        read_unknowns(path)


def test_a_ladder_of_the_client_can_be_used(tmp_path):
    path = tmp_path / "priors.yaml"
    path.write_text(
        "ladders:\n  ours:\n    source: our deals\n    year: 2026\n"
        "    tiers: {tiktok: [[10000, 40000, 100, 400]]}\n"
    )
    own = use_ladder(read_unknowns(path), "ours")
    assert own.middle("price", "tiktok") == pytest.approx(200)
    assert own.of("price", "tiktok").source == "our deals"
    with pytest.raises(SettingsError):
        use_ladder(own, "theirs")


def test_every_ladder_is_listed_with_its_source():
    table = UNKNOWNS.ladder_frame().set_index(["ladder", "platform"])
    assert table.loc[("one-cent", "youtube"), "price"] == pytest.approx(400)
    assert "undated" in table.loc[("per-thousand", "tiktok"), "source"]


# Candidates


def test_any_cell_may_be_empty():
    some = make_candidates(pd.DataFrame({"creator_key": KEYS}), UNKNOWNS)
    assert list(some.table) == [*CANDIDATE_COLUMNS]
    assert some.table.drop(columns="fee_ugc").notna().all(axis=None)
    assert set(some.sources["source"]) == {"data", "prior", "model", "unknown"}


def test_it_says_where_each_value_came_from():
    some = make_candidates(GIVEN.assign(reach=[None, 900, None]), UNKNOWNS)
    assert source(some, "instagram:a", "followers") == "data"
    assert source(some, "tiktok:b", "followers") == "from engagements or reach"
    assert source(some, "tiktok:b", "reach") == "data"
    assert source(some, "youtube:c", "reach") == "prior"
    assert source(some, "youtube:c", "fee") == "model"


def test_what_is_given_stays():
    given = {"engagements": 300.0, "real_share": 0.9, "fee": 500.0, "click_rate": 0.01}
    table = make_candidates(GIVEN.assign(**given), UNKNOWNS).table
    for name, value in given.items():
        assert (table[name] == value).all()
    assert (table["fee_source"] == "quote").all()


def test_the_reach_rate_falls_with_followers():
    table = make_candidates(GIVEN.assign(platform="instagram"), UNKNOWNS).table
    rate = table["reach"] / table["followers"]
    assert rate[0] > 5 * rate[2]


def test_the_fall_through_of_the_brief_goes_before_the_prior():
    some = make_candidates(GIVEN, UNKNOWNS, brief=Brief(fall_through=0.05))
    assert (some.table["fall_through"] == 0.05).all()


def test_usage_rights_are_added_to_the_fees():
    plain, paid = (
        make_candidates(GIVEN, UNKNOWNS, usage_rights=asked).table for asked in (False, True)
    )
    assert (paid["fee"] > 1.2 * plain["fee"]).all()


def test_every_bad_cell_is_named():
    bad = pd.DataFrame(
        {
            "creator_key": ["instagram:a", "mars:b", "instagram:a", None, "x:e"],
            "followers": [-1, "many", 0, 3, np.inf],
            "real_share": [0.5, 1.5, None, None, None],
            "fee": [None, None, -5, None, None],
        }
    )
    with pytest.raises(DataError) as raised:
        make_candidates(bad, UNKNOWNS)
    told = str(raised.value)
    for part in ("missing in row 4", "more than once", "mars:b: platform", "'many'", "1.5", "-5"):
        assert part in told
    assert "x:e: followers" in told


CELLS = st.one_of(st.none(), st.floats(), st.integers(-5, 10**12), st.text(max_size=4))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), CELLS, CELLS, CELLS), min_size=1, max_size=3))
def test_any_table_is_filled_or_refused(rows):
    table = pd.DataFrame(rows, columns=["creator_key", "followers", "engagements", "real_share"])
    with suppress(DataError):
        some = make_candidates(table, UNKNOWNS).table
        assert np.isfinite(some.drop(columns="fee_ugc").select_dtypes("number")).all(axis=None)


# Options and limits


def options(some=None, unknowns=UNKNOWNS, audience=None, scenarios=0, posts=3, **brief):
    some = some or make_candidates(GIVEN, UNKNOWNS)
    asked = Brief(**{"limits": {"posts_per_creator": posts, "content_only": 1}, **brief})
    return make_options(some, asked, unknowns, audience, scenarios)


def test_every_number_of_posts_and_content_is_an_option():
    table = options(goal="engagements").table
    assert list(table) == [*OPTION_COLUMNS]
    for _, own in table.groupby("creator_key"):
        assert sorted(own["posts"]) == [0, 1, 2, 3]
    assert table.loc[table["deliverable"].eq("ugc_only"), "posts"].eq(0).all()


def test_content_is_offered_where_it_is_wanted():
    without = options(limits={"posts_per_creator": 1}).table["deliverable"]
    alone = options(limits={"posts_per_creator": 0}).table["deliverable"]
    assert (set(without), set(alone)) == ({"post"}, {"ugc_only"})


def test_content_reaches_nobody_and_costs():
    found = options()
    content = found.table["deliverable"].eq("ugc_only").to_numpy()
    assert (found.value[content] == 0).all()
    assert (found.table.loc[content, "cost"] > 0).all()


def test_the_cost_holds_overhead_product_and_the_volume_price():
    some = make_candidates(GIVEN.assign(fee=100.0, fee_sd=0.0, next_post=0.5), UNKNOWNS)
    found = options(some, overhead={"hours": 2, "rate": 10}, product_cost=5).table
    own = found[found["creator_key"].eq("tiktok:b") & found["deliverable"].eq("post")]
    assert own["cost"].tolist() == [125, 175, 200]


def test_only_the_platforms_of_the_brief_are_offered():
    assert set(options(platforms=["tiktok"]).table["platform"]) == {"tiktok"}
    with pytest.raises(DataError):
        options(platforms=["twitch"])


def test_a_further_post_reaches_fewer_new_people():
    found = options(posts=3, market=1e6)
    own = found.value[(found.table["creator_key"] == "tiktok:b") & (found.table["posts"] > 0)]
    assert own[0] > own[1] - own[0] > own[2] - own[1] > 0


def test_contacts_come_from_the_audience():
    some = make_candidates(GIVEN, UNKNOWNS)
    exposure = np.array([[0.0, 0.1], [0.2, 0.0], [0.1, 0.1]])
    audience = SimpleNamespace(
        keys=some.table["creator_key"][::-1], people=np.array([500.0, 900]), exposure=exposure
    )
    found = options(some, audience=audience, posts=1)
    assert found.exposure.shape == (6, 2)
    assert found.exposure[2, 0] == 0  # the third candidate is first in the audience
    with pytest.raises(DataError):
        options(some, audience=SimpleNamespace(keys=["tiktok:b"], people=[1.0], exposure=[[1.0]]))


@pytest.mark.parametrize("goal", ["impressions", "engagements", "clicks", "conversions", "revenue"])
def test_scenarios_have_the_expected_value(goal):
    found = options(unknowns=UNKNOWNS.without_spread(), scenarios=4_000, goal=goal, posts=2)
    assert found.scenarios.shape == (4_000, len(found.table))
    wide = found.value > 0
    assert found.scenarios[:, wide].mean(axis=0) == pytest.approx(found.value[wide], rel=0.12)


@pytest.mark.parametrize("goal", ["net_reach", "effective_reach"])
def test_scenarios_of_a_reach_are_factors_on_its_contacts(goal):
    settled = UNKNOWNS.without_spread()
    found = options(unknowns=settled, scenarios=4_000, goal=goal, posts=2, market=1e6)
    posts = (found.table["posts"] > 0).to_numpy()
    assert found.scenarios[:, posts].mean(axis=0) == pytest.approx(1, abs=0.1)


def test_sponsorship_fall_through_and_what_is_not_real_lower_the_value():
    best = {"sponsored": 1.0, "fall_through": 0.0, "real_share": 1.0}
    sure = options(make_candidates(GIVEN.assign(**best), UNKNOWNS), goal="engagements").value
    for name in best:
        less = make_candidates(GIVEN.assign(**{**best, name: 0.5}), UNKNOWNS)
        assert (options(less, goal="engagements").value[:9] < 0.7 * sure[:9]).all()


def test_handles_and_keys_are_found():
    some = make_candidates(GIVEN.assign(handle=["@Anna", "bob", "cat"]), UNKNOWNS)
    brief = Brief(budget=100, limits={"must": ["anna", "youtube:c"], "must_not": ["@bob"]})
    limits = limits_from_brief(brief, some)
    assert limits.must == ("instagram:a", "youtube:c")
    assert limits.must_not == ("tiktok:b",)


def test_limits_are_those_of_the_brief():
    asked = {"tier_share": {"micro": {"least": 0.1, "most": 0.4}}, "max_creators": 4}
    brief = Brief(budget=900, limits={**asked, "posts_per_creator": 2, "max_creator_share": 0.3})
    limits = limits_from_brief(brief, make_candidates(GIVEN, UNKNOWNS))
    assert limits.budget == 900
    assert limits.tier_share == {"micro": (0.1, 0.4)}
    assert (limits.max_creators, limits.max_posts, limits.max_creator_share) == (4, 2, 0.3)


def test_every_fault_of_the_limits_is_named():
    some = make_candidates(GIVEN, UNKNOWNS, currency="USD")
    with pytest.raises(SettingsError) as raised:
        limits_from_brief(Brief(limits={"must": ["nobody"], "must_not": ["none"]}), some)
    assert len(raised.value.faults) == 4


def test_an_unknown_is_checked():
    with pytest.raises(ValueError, match="log scale"):
        Unknown(name="a", middle=1, low=0, high=2, unit="", source="", owner="yours")

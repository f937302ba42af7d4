"""The screen of creators: hand-computed signals, honest error rates, and what a card says."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

from workbench.audience import (
    SIGNALS,
    CostSettings,
    ScreenSettings,
    Signals,
    choose_alpha,
    compare_creators,
    make_cards,
    measure_power,
    name_creators,
    screen_creators,
)
from workbench.audience.growth import growth_signals
from workbench.audience.likes import like_signals, post_matrix
from workbench.audience.patterns import PATTERNS
from workbench.audience.peers import Reference, make_reference
from workbench.audience.signals import SCORED, measure_signals
from workbench.audience.texts import text_signals
from workbench.errors import DataError, SettingsError
from workbench.features import FeatureSettings, creator_features
from workbench.market.settings import varied_settings
from workbench.market.world import make_market
from workbench.reporting.gate import FORBIDDEN_WORDS
from workbench.store import ImportRecord, open_store
from workbench.store.frames import empty_frame
from workbench.tables.judgements import DECISIONS
from workbench.tables.schema import TABLES
from workbench.wording import audience as wording

SETTINGS = ScreenSettings(draws=10)
GROWTH = ("growth_spike", "drop_after_spike", "following_swing")


def world(creators: int, seed: int, planted: float = 0.0, start: int = 0) -> Signals:
    """Accounts of one platform, a share of them with three times as many likes added."""
    rng = np.random.default_rng(seed)
    followers = 10 ** rng.uniform(3, 6.5, creators)
    level = followers**0.85 * np.exp(rng.normal(-1.5, 0.5, creators))
    spread = rng.uniform(0.2, 0.5, (creators, 1))
    organic = level[:, None] * np.exp(spread * rng.standard_normal((creators, 30)))
    share = 0.03 * np.exp(rng.normal(0, 0.3, (creators, 1)))
    comments = rng.poisson(organic * share).astype("float64")
    has = np.arange(creators) < planted * creators
    likes = np.rint(organic + 3 * np.median(organic, axis=1, keepdims=True) * has[:, None])
    following = followers**0.3 * np.exp(rng.normal(3, 0.6, creators))
    table = pd.DataFrame(like_signals(likes, comments)).assign(
        handle=[f"c{start + i}" for i in range(creators)],
        platform="instagram",
        niche="food",
        followers=followers,
        posts=30,
        engagement_rate=np.median(likes + comments, axis=1) / followers,
        follow_ratio=following / followers,
        spike_from=pd.NaT,
        spike_to=pd.NaT,
        spike_gain=np.nan,
        **dict.fromkeys(GROWTH, np.nan),
    )
    table.index = pd.Index("instagram:" + table["handle"], name="creator_key")
    return Signals(table=table, likes=likes, comments=comments)


def first(signals: Signals, amount: int) -> Signals:
    """The first accounts alone."""
    rows = signals.table.head(amount)
    return Signals(table=rows, likes=signals.likes[:amount], comments=signals.comments[:amount])


WORLD = world(400, 1, planted=0.03)
SCREEN = screen_creators(WORLD, SETTINGS)


def one_post_a_day(likes: list[float], comments: list[float]) -> pd.Series:
    found = like_signals(np.array([likes]), np.array([comments]))
    return pd.Series({name: values[0] for name, values in found.items()})


def test_likes_topped_up_to_a_level_pile_up():
    found = one_post_a_day([100] * 9 + [50, 200, 400], [5] * 12)
    assert found["like_pile"] == pytest.approx(9 / 12)
    assert found["comments_per_like"] == pytest.approx(60.5 / 1550.5)
    assert found["like_spread"] == pytest.approx(0.01)  # the median change is none


def test_a_lasting_rise_is_told_from_a_spread():
    rising = one_post_a_day([99.5] * 6 + [199.5] * 6, [5] * 12)
    steady = one_post_a_day([99.5] * 12, [5] * 12)
    assert rising["like_step"] == pytest.approx(0.5 + np.log(2) * 3**0.5 / 0.05)
    assert steady["like_step"] == pytest.approx(0.5)
    assert rising["like_spread"] == steady["like_spread"]


def test_few_posts_have_no_series():
    assert one_post_a_day([100.0] * 9, [5.0] * 9).isna().all()


def test_hidden_likes_are_not_counted():
    posts = pd.DataFrame({"creator_key": ["a", "a", "b"], "likes": pd.array([1, None, 3], "Int64")})
    found = post_matrix(posts, "likes", pd.Index(["b", "a"]), last=2)
    np.testing.assert_array_equal(found, [[np.nan, 3], [1, np.nan]])


def history(followers: list[int], following: list[int] | None = None) -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=len(followers), freq="D").astype("datetime64[us]")
    counts = {"followers": followers, "following": following or [100] * len(followers)}
    return pd.DataFrame({"creator_key": "a", "observed_on": days, **counts}).astype(
        {"followers": "Int64", "following": "Int64"}
    )


JUMP = [1000, 1001, 1003, 1004, 1006, 1007, 1009, 1010, 2010, 1810, 1510, 1512, 1513, 1515]


def test_a_jump_is_measured_with_what_was_lost():
    found = growth_signals(history(JUMP)).loc["a"]
    assert found["spike_gain"] == 1000
    assert found["spike_to"] == pd.Timestamp("2026-01-09")
    assert found["drop_after_spike"] == pytest.approx(0.5)
    assert found["growth_spike"] > 100


@pytest.mark.parametrize(("on", "explains"), [("2026-01-08", True), ("2026-02-20", False)])
def test_an_event_near_a_jump_explains_it(on, explains):
    events = pd.DataFrame({"creator_key": ["a"], "date": [pd.Timestamp(on)], "kind": ["giveaway"]})
    found = growth_signals(history(JUMP), events).loc["a"]
    assert (found["growth_spike"] < 6) == explains
    assert found["explained_jumps"] == explains


def test_rounds_of_following_swing():
    calm = growth_signals(history([1000] * 40, [*range(500, 540)])).loc["a", "following_swing"]
    rounds = [500 + 300 * (day % 10 < 5) for day in range(40)]
    assert growth_signals(history([1000] * 40, rounds)).loc["a", "following_swing"] > 0.2 > calm


def test_comments_that_say_the_same():
    said = ["Nice!", "nice", "🔥🔥", "So pretty, where is this?"] * 5
    found = text_signals(pd.DataFrame({"creator_key": "a", "text": said}), pd.Index(["a", "b"]))
    assert found.loc["a"].tolist() == [0.75, 0.25]
    assert found.loc["b"].isna().all()


def test_a_residual_of_the_curve_takes_the_place_of_the_rate():
    row = {"creator_key": ["x:a"], "handle": ["a"], "platform": ["x"], "niche": [None]}
    names = ("follow_ratio", "posting_hour_entropy", "sponsored_engagement_ratio")
    features = pd.DataFrame(row | dict.fromkeys(names, 0.5)).assign(
        followers=100, engagement_rate_by_followers=0.03, engagement_residual=-1.0
    )
    empty = [empty_frame(TABLES[name]) for name in ("posts", "snapshots")]
    found = measure_signals(features, *empty).table.loc["x:a"]
    assert found["engagement_rate"] == pytest.approx(0.1)
    assert found["follow_ratio"] == 0.5
    assert pd.isna(found["growth_spike"])


@pytest.mark.parametrize("contamination", [0.0, 0.1, 0.3])
def test_an_ordinary_account_is_asked_about_at_most_as_often_as_said(contamination):
    asked = []
    for seed in range(4):
        reference = world(250, 10 + seed, contamination).table
        judged = world(150, 50 + seed, start=1000)
        table = screen_creators(judged, SETTINGS, reference=reference).table
        asked.append((table["p"] <= 0.05).mean())
    assert np.mean(asked) <= 0.05 + 2 * (0.05 * 0.95 / 600) ** 0.5 + 0.01


TOLD = tuple(name for name in SCORED if name not in GROWTH)


@cache
def peers_of(seed: int, contamination: float) -> Reference:
    return make_reference(world(450, 200 + seed, contamination).table, TOLD)


@pytest.mark.parametrize("planted", [0.0, 0.05, 0.2, 0.5])
@pytest.mark.parametrize("contamination", [0.0, 0.1, 0.3])
def test_false_discoveries_stay_within_their_rate(planted, contamination):
    false, found, odd = [], [], round(40 * planted)
    for seed in range(4):
        of = peers_of(seed, contamination)
        judged = world(240, 300 + seed, start=1000).table
        others = world(60, 400 + seed, 1.0, start=2000).table
        for k in range(6):
            rows = pd.concat([judged[k * 40 + odd : k * 40 + 40], others[k * 10 : k * 10 + odd]])
            p = of.p_values(of.families(of.standardised(rows), rows).max(axis=1), rows.index)
            flagged = false_discovery_control(p) <= 0.10
            false.append(flagged[: 40 - odd].sum() / max(flagged.sum(), 1))
            found.append(flagged[40 - odd :].mean() if odd else 1.0)
    assert np.mean(false) <= 0.10 + 2 * (0.09 / 24) ** 0.5
    assert contamination > 0 or np.mean(found) > 0.8


def test_score_and_p_do_not_depend_on_the_list():
    whole = SCREEN.table.set_index("creator_key")
    some = list(whole.index[5:400:40])
    few = screen_creators(WORLD, SETTINGS, names=some).table.set_index("creator_key")
    columns = ["score", "p", "p_low", "p_high", "pattern"]
    pd.testing.assert_frame_equal(few[columns], whole.loc[few.index, columns])


def test_without_one_other_creator_nobody_moves_far():
    rest = WORLD.table.index[1:]
    kept = Signals(table=WORLD.table.loc[rest], likes=WORLD.likes[1:], comments=WORLD.comments[1:])
    before = SCREEN.table.set_index("creator_key")["p"].reindex(rest).rank()
    after = screen_creators(kept, SETTINGS).table.set_index("creator_key")["p"].rank()
    assert (before[before < 40] - after.reindex(rest)[before < 40]).abs().max() <= 8


def test_a_small_reference_is_said():
    table = screen_creators(WORLD, SETTINGS).table
    assert table["reason"].str.contains("reference too small").all()
    few = screen_creators(WORLD, SETTINGS, names=list(WORLD.table.index[:5])).table
    assert not few["reason"].str.contains("too small").any()


@pytest.mark.parametrize("followers", [1e3, 1e4, 1e5, 1e6, 1e7])
def test_a_typical_account_is_not_asked_about_at_any_size(followers):
    clean = world(300, 7)
    size = np.log(clean.table["followers"])
    lines = {
        name: np.polyfit(size, np.log(clean.table[name]), 1)
        for name in ("engagement_rate", "follow_ratio")
    }
    middle = {name: clean.table[name].median() for name in SCORED if name not in GROWTH}
    # Nobody knows how the line goes on beyond the largest peer.
    at = np.log(min(followers, 10**6.5))
    usual = {name: np.exp(np.polyval(line, at)) for name, line in lines.items()}
    typical = clean.table.iloc[[0]].assign(**(middle | usual), followers=followers)
    typical.index = ["instagram:typical"]
    judged = Signals(table=typical, likes=clean.likes[:1], comments=clean.comments[:1])
    assert screen_creators(judged, SETTINGS, reference=clean.table).table["p"].item() > 0.2


def test_with_one_row_a_creator_the_range_is_wide_and_the_gaps_are_named():
    bare = WORLD.table.assign(**dict.fromkeys([n for n in SCORED if "like" in n], np.nan), posts=0)
    bare["comment_link"] = np.nan
    none = np.full((len(bare), 30), np.nan)
    table = screen_creators(Signals(table=bare, likes=none, comments=none), SETTINGS).table
    rest = table[table["p"] > 0.05]
    assert set(rest["state"]) == {"not enough data"}
    assert rest["signals_missing"].str.contains("like_spread, like_floor").all()
    near = rest[rest["p"] < 0.2]
    assert (near["p_high"] - near["p_low"]).min() > 0.1


def test_without_peers_there_is_no_answer():
    screen = screen_creators(first(WORLD, 3), SETTINGS)
    assert set(screen.table["state"]) == {"not enough data"}
    assert "too few of them" in wording.describe_screen(screen)
    [card, *_] = make_cards(screen, first(WORLD, 3), names=list(WORLD.table.index[:3]))
    assert "Not enough data" in wording.describe_card(card)


def test_accounts_that_are_all_alike_are_no_fault():
    alike = WORLD.table.assign(**dict.fromkeys(SCORED, 1.0), followers=1000.0)
    same = Signals(table=alike, likes=WORLD.likes, comments=WORLD.comments)
    assert screen_creators(same, SETTINGS).table["p"].eq(1.0).all()


def test_planted_creators_come_first():
    assert SCREEN.table["handle"].head(8).isin([f"c{i}" for i in range(12)]).sum() >= 5
    first, last = SCREEN.table["creator_key"].iloc[[0, -1]]
    assert compare_creators(SCREEN, first, last) > 0.95
    assert compare_creators(SCREEN, first, first) == pytest.approx(0.5)


def test_power_is_measured_and_a_dear_miss_lowers_the_bar():
    power = measure_power(SCREEN, WORLD, most=60)
    found = power.table.set_index("pattern")["share"]
    assert found["four times the likes"] > found["half as many likes again"]
    assert found["likes topped up to a level"] > 0.5
    alphas = [choose_alpha(power, CostSettings(hours_a_miss=hours))[0] for hours in (0.1, 300)]
    assert alphas[0] < alphas[1]


def jumped(gain: float) -> Signals:
    """The world with a history, in which one account jumped and lost half of it again."""
    rng = np.random.default_rng(5)
    calm = np.exp(rng.normal(0.5, 0.4, 400))
    table = WORLD.table.assign(
        growth_spike=calm, drop_after_spike=0.0, following_swing=0.002 * calm
    )
    key = table.index[100]
    table.loc[key, ["growth_spike", "drop_after_spike", "spike_gain"]] = [80.0, 0.5, gain]
    table["spike_from"] = table["spike_from"].astype("datetime64[us]")
    table["spike_to"] = table["spike_to"].astype("datetime64[us]")
    table.loc[key, ["spike_from", "spike_to"]] = [
        pd.Timestamp("2026-03-12"),
        pd.Timestamp("2026-03-14"),
    ]
    return Signals(table=table, likes=WORLD.likes, comments=WORLD.comments)


def test_a_card_says_what_the_account_would_be_without_its_jump():
    signals = jumped(float(WORLD.table["followers"].iloc[100]) / 4)
    screen = screen_creators(signals, SETTINGS)
    key = signals.table.index[100]
    events = pd.DataFrame(
        {"creator_key": [key], "date": [pd.Timestamp("2026-03-12")], "kind": ["giveaway"]}
    )
    [card] = make_cards(screen, signals, names=[key], events=events)
    assert card.jump.p_without > 0.05 > card.p
    said = re.sub(r" \(<.*?\)", "", wording.describe_card(card))
    assert "without that the account would be ordinary; a giveaway is dated 12 Mar 2026" in said
    assert 3 <= len(card.signals) <= 5
    assert card.signals[0].signal.group == "growth"
    assert len(wording.describe_card_rows(card)) == len(card.signals)
    assert all(word in said for word in ("May be innocent", "To ask", "Would clear it"))


def test_no_sentence_accuses():
    cards = make_cards(SCREEN, WORLD)
    power = measure_power(SCREEN, WORLD, most=20)
    screen, costs = name_creators(SCREEN, masked=False), CostSettings()
    rows = wording.describe_screen_rows(screen, empty_frame(DECISIONS))
    texts = [
        *(wording.describe_screen(screen), wording.describe_screen_note(screen)),
        *(wording.describe_screen_table(screen), wording.describe_screen_alt(screen)),
        *(wording.describe_power(power), wording.describe_costs(power, 0.1, costs)),
        *(wording.describe_power_rows(power).to_string(), rows.to_string()),
    ]
    for card in cards:
        texts += [wording.describe_card(card), wording.describe_card_rows(card).to_string()]
    found = re.findall(rf"\b(?:{'|'.join(FORBIDDEN_WORDS)})s?\b", " ".join(texts), re.IGNORECASE)
    assert not found


@pytest.mark.parametrize(("name", "added"), [("likes", 1.0), ("likes", 3.0), ("bursts", 4.0)])
def test_effects_are_what_planting_does(name, added):
    likes, comments = WORLD.likes[20:], WORLD.comments[20:]
    on = np.random.default_rng(0).random(likes.shape) < (0.2 if name == "bursts" else 1)
    more = added * (likes if name == "bursts" else np.median(likes, axis=1, keepdims=True)) * on
    [pattern] = [pattern for pattern in PATTERNS if pattern.name == name]
    names = [signal for signal in pattern.effects if "like_" in signal and signal != "like_step"]
    before, after = (pd.DataFrame(like_signals(x, comments))[names] for x in (likes, likes + more))
    found = np.log(after / before).mean()
    dose = 1.1 if name == "bursts" else np.log(1 + added)
    said = pd.Series(pattern.effects)[names] * dose
    assert ((found - said).abs() < 0.25 + 0.35 * said.abs()).all()


def test_every_effect_is_of_a_scored_signal():
    assert {name for pattern in PATTERNS for name in pattern.effects} <= set(SCORED)
    assert len({signal.name for signal in SIGNALS}) == len(SIGNALS)


def test_faults_are_told():
    with pytest.raises(SettingsError, match="alpha"):
        ScreenSettings(alpha=0.9)
    with pytest.raises(DataError, match="no signals"):
        screen_creators(WORLD, SETTINGS, names=["instagram:nobody"])
    with pytest.raises(DataError, match="no creators"):
        screen_creators(first(WORLD, 0), SETTINGS)
    with pytest.raises(DataError, match="not screened"):
        make_cards(SCREEN, WORLD, names=["instagram:nobody"])
    with pytest.raises(DataError, match="compared"):
        compare_creators(SCREEN, "instagram:nobody", "instagram:c1")


@pytest.fixture(scope="module")
def market_screen(tmp_path_factory):
    """A market through the product's own path, with its truth."""
    shares = {"bought_followers_share": 0.05, "bought_likes_share": 0.0, "giveaway_share": 0.08}
    market = make_market(
        varied_settings(700, seed=3, calendar_share=1.0, follow_unfollow_share=0.0, **shares)
    )
    given = {"provenance": "measured", "source": "x"}
    tables = {
        "creators": market.creators.assign(source="x"),
        "posts": market.posts.assign(
            likes=market.posts["likes"].mask(market.posts["likes_hidden"]), **given
        ),
        "snapshots": market.snapshots.assign(**given),
    }
    folder = tmp_path_factory.mktemp("market")
    record = ImportRecord(id="x", files=(), as_of="2026-09-30", sampling="latest_posts")
    open_store(folder, create=True).write(tables, record)
    store = open_store(folder)
    features = creator_features(store, FeatureSettings(as_of="2026-09-30")).table
    truth = market.truth_events
    events = truth[truth["innocent"]][["creator_key", "date", "kind"]]
    signals = measure_signals(features, store.read("posts"), store.read("snapshots"), events=events)
    return screen_creators(signals, SETTINGS), truth


def test_innocent_jumps_rank_below_planted_ones(market_screen):
    screen, truth = market_screen
    place = screen.table.set_index("creator_key")["p"].rank()
    by_kind = {
        kind: place.reindex(rows["creator_key"].unique()).median()
        for kind, rows in truth.groupby(truth["kind"].str.replace("_plus.*", "", regex=True))
    }
    assert by_kind["bought_followers"] < 0.75 * min(by_kind[k] for k in ("giveaway", "press"))

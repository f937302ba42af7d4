import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.worlds import PRESET, SETTINGS, as_reported, make_features, results
from workbench import wording
from workbench.curves import (
    CurveFit,
    ShortlistSettings,
    TierSettings,
    choose_shortlist,
    fit_engagement_curve,
    fit_engagement_curves,
    summarise_tiers,
)
from workbench.features import CreatorFeatures, FeatureSettings, creator_features
from workbench.features.reported import KINDS
from workbench.intake.importing import import_files
from workbench.reporting.cards import engagement_cards
from workbench.reporting.gate import check_report
from workbench.reporting.render import ReportRun, render_report
from workbench.store import ImportRecord, Store, open_store
from workbench.wording.reported import describe_figure_use, describe_selection

AS_OF = "2026-09-30"
RECORD = ImportRecord(id="x", files=(), as_of=AS_OF, sampling="top_list")
METRICS = {
    ("engagements", "median"): "reported median",
    ("likes", "median"): "sum of reported medians",
    ("likes", "mean"): "reported mean",
    ("engagements", "mean"): "reported mean, parts unknown",
    ("engagements", "unknown"): "reported, kind unknown",
    ("engagement_rate_as_given", "rate"): "reported rate x followers",
}


def figure(metric: str, statistic: str, value: float, **more: object) -> dict[str, object]:
    row = {"creator_key": "tiktok:a", "window": "unknown", "as_of": AS_OF, "source": "x"}
    return row | {"metric": metric, "statistic": statistic, "value": value} | more


def stored(tmp_path, figures: list[dict[str, object]], posts: pd.DataFrame | None = None) -> Store:
    given = pd.DataFrame(figures).assign(platform="tiktok", provenance="platform_estimated")
    given["as_of"] = pd.to_datetime(given["as_of"])
    followers = given[["creator_key"]].drop_duplicates().assign(
        platform="tiktok", followers=1000, observed_on=pd.Timestamp("2026-01-01"),
        provenance="platform_estimated", source="x",
    )  # fmt: skip
    tables = {"reported_metrics": given, "snapshots": followers}
    if posts is not None:
        tables["posts"] = posts.assign(platform="tiktok", provenance="measured", source="x")
    open_store(tmp_path / "store", create=True).write(tables, RECORD)
    return open_store(tmp_path / "store")


def features_of(store: Store, as_of: str = AS_OF) -> CreatorFeatures:
    return creator_features(store, FeatureSettings(as_of=as_of))


def first(store: Store, as_of: str = AS_OF) -> pd.Series:
    return features_of(store, as_of).table.iloc[0]


def every_kind() -> list[dict[str, object]]:
    rows = [figure(metric, statistic, 0.05 if statistic == "rate" else 100.0)
            for metric, statistic in METRICS]  # fmt: skip
    return rows + [figure("comments", s, 7.0) for s in ("mean", "median")]


def test_all_kinds_are_known_by_their_name():
    assert list(METRICS.values()) == list(KINDS)


@pytest.mark.parametrize("place", range(len(METRICS)))
def test_kinds_are_taken_in_a_fixed_order(tmp_path, place):
    gone = set(list(METRICS)[:place])
    left = [row for row in every_kind() if (row["metric"], row["statistic"]) not in gone]
    row = first(stored(tmp_path, left))
    assert row["engagements_basis"] == list(METRICS.values())[place]


def test_means_are_added_with_the_parts_that_are_given(tmp_path):
    rows = [figure(m, "mean", v) for m, v in (("likes", 90.0), ("comments", 8.0), ("shares", 2.0))]
    assert first(stored(tmp_path, rows))["engagements"] == 100


def test_parts_of_two_windows_or_days_are_not_added(tmp_path):
    rows = [
        figure("likes", "mean", 90.0, window="last 12"),
        figure("comments", "mean", 8.0, window="last 30"),
    ]
    assert pd.isna(first(stored(tmp_path, rows))["engagements"])


def test_a_rate_is_used_only_where_there_is_no_count(tmp_path):
    row = first(stored(tmp_path, [figure("engagement_rate_as_given", "rate", 0.05)]))
    assert (row["engagements"], row["engagements_basis"]) == (50, "reported rate x followers")


def test_the_newest_figure_on_or_before_the_date_is_used(tmp_path):
    days = ("2026-06-30", "2026-08-31", "2026-10-31")
    rows = [
        figure("engagements", "mean" if n else "median", 10.0 * n + 1, as_of=d)
        for n, d in enumerate(days)
    ]
    row = first(stored(tmp_path, rows))
    assert (row["engagements"], f"{row['reported_on']:%Y-%m-%d}") == (11, "2026-08-31")


def test_where_a_figure_comes_from_is_kept(tmp_path):
    row = first(stored(tmp_path, [figure("engagements", "mean", 5.0, window="last 12 posts")]))
    told = ("reported_source", "reported_provenance", "reported_window")
    assert row[[*told]].tolist() == ["x", "platform_estimated", "last 12 posts"]


@pytest.mark.parametrize(("likes", "used"), [([4, 6], "posts"), ([None, None], "reported median")])
def test_posts_go_first_where_their_engagements_are_known(tmp_path, likes, used):
    posts = pd.DataFrame(
        {
            "creator_key": "tiktok:a",
            "post_id": ["p1", "p2"],
            "posted_at": pd.to_datetime(["2026-09-01", "2026-09-02"], utc=True),
            "likes": pd.array(likes, dtype="Int64"),
            "comments": 0,
        }
    )
    row = first(stored(tmp_path, every_kind(), posts))
    assert row["engagements_basis"] == used
    assert row["engagements"] == (5 if used == "posts" else 100)


@pytest.mark.parametrize("comments", [0.0, 9.0])
def test_no_likes_on_average_are_hidden_likes(tmp_path, comments):
    store = stored(tmp_path, [figure("likes", "mean", 0.0), figure("comments", "mean", comments)])
    missing = features_of(store).missing
    reason = missing.loc[missing["feature"].eq("engagements"), "reason"].item()
    assert reason.startswith("no engagements among the reported figures")


def invented(seed: int = 0) -> list[dict[str, object]]:
    """Figures of many creators, of random kinds, days and gaps."""
    rng = np.random.default_rng(seed)
    kinds = [("likes", "mean"), ("comments", "mean"), ("shares", "mean"),
             ("engagements", "mean"), ("engagements", "unknown")]  # fmt: skip
    days = ("2026-06-30", "2026-09-30", "2026-10-31")
    everything = itertools.product(range(40), kinds, days)
    return [
        figure(*kind, float(rng.integers(0, 500)), as_of=d, creator_key=f"tiktok:c{c:02d}")
        for c, kind, d in everything
        if rng.random() < 0.5
    ]


def slowly(rows: pd.DataFrame) -> float:
    """The figure of one creator by the plain rule, of means and unknown kinds."""
    rows = rows[rows["as_of"] <= AS_OF]
    for _, day in sorted(rows.groupby("as_of"), reverse=True):
        known = day.set_index(["metric", "statistic"])["value"]
        likes, comments = known.get(("likes", "mean"), 0), known.get(("comments", "mean"))
        candidates = [
            likes + comments + known.get(("shares", "mean"), 0) if likes and comments is not None
            else 0,
            known.get(("engagements", "mean"), 0),
            known.get(("engagements", "unknown"), 0),
        ]  # fmt: skip
        if any(candidates):
            return next(value for value in candidates if value)
    return np.nan


def test_the_query_equals_plain_pandas(tmp_path):
    rows = invented()
    slow = pd.DataFrame(rows).groupby("creator_key").apply(slowly)
    fast = features_of(stored(tmp_path, rows)).table.set_index("creator_key")["engagements"]
    pd.testing.assert_series_equal(fast, slow, check_names=False, check_index_type=False)


def both_kinds() -> pd.DataFrame:
    reported = as_reported(make_features(60, seed=1))
    reported = reported.assign(
        creator_key=reported["creator_key"] + "r", handle=reported["handle"] + "r"
    )
    return pd.concat([make_features(80), reported], ignore_index=True)


def test_kinds_are_fitted_apart():
    fits = fit_engagement_curves(both_kinds(), SETTINGS)
    told = [(fit.summary.basis, fit.summary.creators_in_fit) for fit in fits]
    assert told == [("posts", 80), ("reported mean", 60)]


def test_a_curve_of_two_kinds_is_refused():
    with pytest.raises(ValueError, match="one kind"):
        fit_engagement_curve(both_kinds(), SETTINGS)


def test_a_creator_without_a_figure_stands_with_its_platform():
    features = both_kinds()
    features.loc[0, ["engagements", "engagements_basis"]] = None
    fits = fit_engagement_curves(features, SETTINGS)
    assert sum(len(fit.table) for fit in fits) == len(features)
    assert fits[0].table["reason"].eq("engagements unknown").sum() == 1


def reported_fit(**changes: object) -> CurveFit:
    return fit_engagement_curve(as_reported(make_features(200)), replace(SETTINGS, **changes))


def test_a_reported_figure_has_the_curves_range_alone():
    posts = fit_engagement_curve(make_features(200), SETTINGS).table
    table = reported_fit().table
    assert table["engagements_low"].isna().all()
    np.testing.assert_allclose(table["percentile"], posts["percentile"])
    width = table["percentile_high"] - table["percentile_low"]
    assert width.gt(0).all()
    assert width.lt(posts["percentile_high"] - posts["percentile_low"]).all()


def test_tiers_keep_kinds_apart():
    tiers = summarise_tiers(both_kinds(), TierSettings(preset=PRESET)).table
    assert set(tiers["basis"]) == {"posts", "reported mean"}
    assert tiers["creators"].sum() == 140


@pytest.mark.parametrize(
    ("exponent", "top_list", "said"),
    [(0.0, False, "looks chosen"), (0.8, True, "hold a top list"), (0.8, False, "")],
)
def test_a_list_chosen_by_engagement_is_cautioned(exponent, top_list, said):
    features = as_reported(make_features(200, exponent=exponent))
    fit = fit_engagement_curve(features, replace(SETTINGS, top_list=top_list))
    assert said in describe_selection([fit])
    assert bool(describe_selection([fit])) == bool(said)


def test_a_curve_of_reported_figures_says_so():
    fits = (reported_fit(),)
    listed = choose_shortlist(fits, ShortlistSettings())
    card = next(engagement_cards(fits, listed))
    assert card.title == "TikTok (reported mean)"
    assert "(reported mean)" in card.note
    assert "(reported mean)" in card.alt
    assert "reported mean" in card.axes.get_ylabel()


def test_sentences_of_reported_figures_claim_no_posts():
    fits, listed, tiers = results(as_reported(make_features(80)))
    sentences = [
        wording.describe_answer(fits, listed),
        wording.describe_shortlist(listed),
        wording.describe_engagement_curve(fits[0]),
        wording.describe_curve_note(fits[0]),
    ]
    text = " ".join(sentences)
    assert "Clearly" not in text
    assert "posts we have" not in text
    assert "median of the posts" not in text
    assert "Posts" not in wording.describe_tier_rows(tiers)
    assert set(wording.describe_shortlist_rows(listed)["Stands on"]) == {"reported mean"}
    assert "**Reported figure.**" in wording.describe_glossary(tiers)
    assert "middle post" not in wording.describe_glossary(tiers)


def test_posts_alone_are_told_as_before(sample_client):
    features = features_of(open_store(sample_client))
    assert describe_figure_use(features) == []
    assert "reported" not in wording.describe_method(features) + wording.describe_ranges(features)


def test_who_stands_on_what_is_told(tmp_path):
    rows = [figure("engagements", "mean", 5.0, window="last 12 posts")]
    features = features_of(stored(tmp_path, rows))
    (told,) = describe_figure_use(features)
    for words in ("1 creator on a *reported mean", "30 Sep 2026", "last 12 posts", "estimated"):
        assert words in told
    assert wording.describe_method(features).startswith("There are no posts")


def averages(tmp_path, creators: int = 120):
    features = make_features(creators, exponent=0.85)
    comments = (features["engagements"] / 40).round()
    path = tmp_path / "tiktok 2026-09-30.csv"
    pd.DataFrame(
        {
            "Username": features["handle"] + ".avg",
            "Followers": features["followers"],
            "Avg. likes": features["engagements"].round().clip(lower=1),
            "Avg. comments": comments,
        }
    ).to_csv(path, index=False)
    import_files([path], tmp_path / "client", sampling="top_list")
    return tmp_path / "client"


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["named", "masked"])
def test_averages_alone_become_a_report(tmp_path, edition):
    run = ReportRun(
        report="engagement-benchmark",
        data=averages(tmp_path),
        client="Acme",
        out=tmp_path / "out",
        parameters={"edition": edition, "shortlist": ["c0001.avg", "c0002.avg"]},
    )
    html = render_report(run).html.read_text(encoding="utf-8")
    assert check_report(html) == []
    assert "reported figures, no posts" in html
    assert ("c0001.avg" in html) == (edition == "named")


@pytest.mark.real_data
def test_a_month_of_top_lists_has_curves_that_caution(real_data, tmp_path):
    files = sorted((real_data / "hypeauditor2022").glob("*DEC 2022.csv"))
    import_files(files, tmp_path, profile="hypeauditor-list")
    features = creator_features(open_store(tmp_path), FeatureSettings(as_of="2022-12-31"))
    told = {use.platform: (use.basis, use.creators) for use in features.summary.figures}
    assert told == {
        "instagram": ("reported mean, parts unknown", 991),
        "tiktok": ("reported mean", 999),
        "youtube": ("reported mean", 963),
    }
    fits = fit_engagement_curves(features.table, replace(SETTINGS, top_list=True))
    selections = {fit.summary.platform: fit.summary.selection for fit in fits}
    assert {name: found.verdict for name, found in selections.items()} == {
        "instagram": "selected",
        "tiktok": "selected",
        "youtube": "cannot tell",
    }
    exponents = {name: found.listed.exponent for name, found in selections.items()}
    assert exponents["instagram"] == pytest.approx(-0.017, abs=0.01)
    assert exponents["tiktok"] == pytest.approx(0.133, abs=0.01)

import pytest
from bs4 import BeautifulSoup

from tests.worlds import ONE, TYPICAL, UNKNOWN, WORLDS, make_features, results
from workbench import wording
from workbench.features import FeatureSettings, creator_features
from workbench.reporting.gate import check_report
from workbench.store import open_store

PAGE = (
    '<html><head><meta http-equiv="Content-Security-Policy" content="default-src \'none\'"></head>'
    "<body><h1>t</h1><main><section><h2>s</h2>{}</section></main></body></html>"
)


@pytest.fixture(scope="module")
def features(sample_client):
    return creator_features(open_store(sample_client), FeatureSettings(as_of="2026-09-30"))


def sentences(world):
    fits, listed, tiers = world
    yield wording.describe_answer(fits, listed)
    yield wording.describe_engagement_curve(fits[0])
    yield wording.describe_curve_note(fits[0])
    yield wording.describe_shortlist(listed)
    yield wording.describe_shortlist_note(listed)
    yield wording.describe_tiers(tiers)
    yield wording.describe_next_steps(listed)
    yield wording.describe_glossary(tiers)
    for frame in (wording.describe_shortlist_rows(listed), wording.describe_tier_rows(tiers)):
        yield from frame.astype("str").to_numpy().ravel()


@pytest.mark.parametrize("world", WORLDS)
def test_every_sentence_passes_the_gate(world):
    blocks = "".join(f'<div class="finding">{text}</div>' for text in sentences(WORLDS[world]))
    assert check_report(PAGE.format(blocks)) == []


@pytest.mark.parametrize("world", WORLDS)
def test_alternatives_of_figures_say_enough(world):
    fits, listed, _ = WORLDS[world]
    assert len(wording.describe_curve_alt(fits[0])) > 40
    assert len(wording.describe_shortlist_alt(listed)) > 40


def test_a_falling_rate_is_said_only_if_the_interval_says_so():
    assert "falls with size" in wording.describe_engagement_curve(TYPICAL[0][0])
    flat = results(make_features(80, exponent=1.0))[0][0]
    assert "No clear trend" in wording.describe_engagement_curve(flat)


def test_numbers_come_from_the_result():
    summary = TYPICAL[0][0].summary
    text = wording.describe_engagement_curve(TYPICAL[0][0])
    mark = BeautifulSoup(text, "html.parser").find(class_="estimate")
    assert float(mark["data-value"]) == pytest.approx(10**summary.exponent, rel=1e-5)


def test_one_creator_is_singular():
    assert "1 creator;" in wording.describe_shortlist(ONE[1])


def test_nobody_with_a_percentile_is_said():
    assert "Nobody can be placed" in wording.describe_answer(*UNKNOWN[:2])


def test_a_missing_percentile_has_its_reason_in_the_table():
    rows = wording.describe_shortlist_rows(UNKNOWN[1])
    assert rows["Percentile (90% interval)"].str.contains("engagements unknown").all()


def test_a_handle_is_text_and_not_markup():
    features = make_features(40).assign(handle="<b>_x_</b>")
    rows = wording.describe_shortlist_rows(results(features)[1])
    assert "<b>" not in rows["Creator"].iloc[0]


def test_the_title_escapes_the_client(features):
    assert "<script>" not in wording.describe_title("<script>", "", "named", features)


def test_the_data_are_told_with_their_hidden_likes(features):
    assert "Likes are hidden on" in wording.describe_data(features, "2026-09-30", ["latest_posts"])


@pytest.mark.parametrize("sampling", ["top_list", "unknown"])
def test_a_list_chosen_by_its_outcome_is_a_limit(features, sampling):
    fits, _, tiers = TYPICAL
    assert "bends the curve" in wording.describe_limits(features, fits, tiers, [sampling])


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (["latest_posts"], ["latest_posts"], ""),
        ([], [], ""),
        (["latest_posts"], ["top_list"], "compared with a curve of a top list"),
        (["latest_posts", "top_list"], ["latest_posts", "top_list"], "These data mix"),
        (["latest_posts", "unknown"], ["latest_posts", "unknown"], "not known"),
    ],
)
def test_unlike_samplings_are_warned_of(ours, theirs, said):
    warning = wording.describe_sampling_gap(ours, theirs)
    assert said in warning
    assert bool(warning) == bool(said)


def test_the_answer_begins_with_the_mix_of_samplings(features):
    mixed = wording.describe_answer(*TYPICAL[:2], ["latest_posts", "top_list"])
    assert mixed.startswith("- **These data mix")

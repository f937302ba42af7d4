"""``campaign.yaml``: what it may say, and every fault named at once."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.tables.brief import Brief, check_retention, parse_brief, read_brief


def test_a_brief_is_read_with_its_limits():
    brief = parse_brief(
        "client: Tavelo\nbudget: 20000\ntarget: 5e5\nplatforms: [tiktok]\n"
        "overhead: {hours: 2, rate: 45}\nproduct_cost: 10\n"
        "limits: {tier_share: {micro: 0.6, nano: {least: 0.1}}, max_creators: 30}\n"
    )
    assert brief.creator_overhead == 100
    assert brief.limits.tier_share["micro"].most == 0.6
    assert brief.limits.tier_share["nano"].least == 0.1


BAD = {
    "budgt: 3": "budgt: no such key; did you mean budget",
    "limits: {max_creator: 3}": "limits.max_creator: no such key; did you mean max_creators",
    "goal: reach": "goal: expected to be 'net_reach'",
    "target: -4": "target: expected to be greater than 0, found -4",
    "budget: lots": "budget: ",
    "budget: .nan": "budget: ",
    "currency: euro": "currency: expected an ISO 4217 code such as EUR, found 'euro'",
    "flight_start: 2026-10-01\nflight_end: 2026-09-01": "is before flight_start",
    "flight_start: soon": "flight_start: ",
    "platforms: [insta]": "platforms: 'insta' is none of",
    "probability: 80": "probability: ",
    "tier_preset: mine": "tier_preset: There is no tier preset",
    "limits: {tier_share: {small: 0.5}}": "'small' is no tier of four-tier",
    "limits: {tier_share: {nano: 1.4}}": "limits.tier_share.nano",
    "limits: {tier_share: {nano: {least: 0.5, most: 0.2}}}": "least (0.5) is above most (0.2)",
    "limits: {tier_share: {nano: {least: 0.7}, micro: {least: 0.6}}}": "add up to 130%",
    "limits: {min_creators: 5, max_creators: 3}": "max_creators (3) is below min_creators (5)",
    "limits: {must: [a], must_not: [a]}": "a is in must and in must_not",
    "limits: {posts_per_creator: 5}": "posts_per_creator",
    "risk: {attitude: brave}": "risk.attitude",
    "fall_through: 1.2": "fall_through",
    "- a list": "expected `key: value` lines",
    "a: [": "not YAML",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_brief_is_refused_with_its_fault(text):
    with pytest.raises(SettingsError) as told:
        parse_brief(text)
    assert BAD[text] in str(told.value)


def test_all_faults_are_told_at_once():
    text = "goal: reach\nplatforms: [insta]\nlimits: {min_creators: 5, max_creators: 3, tiers: 1}"
    with pytest.raises(SettingsError) as told:
        parse_brief(text)
    assert len(told.value.faults) == 4


def test_a_fault_elsewhere_does_not_stop_the_use_of_the_data(tmp_path):
    (tmp_path / "campaign.yaml").write_text("goal: reach\nretention_date: 2999-01-01\n")
    check_retention(tmp_path)


def test_no_brief_is_an_empty_one(tmp_path):
    assert read_brief(tmp_path) == Brief()


@given(st.text(max_size=60))
def test_any_text_is_a_brief_or_refused(text):
    with suppress(SettingsError):
        assert isinstance(parse_brief(text), Brief)

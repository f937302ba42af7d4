"""The report of a budget plan: rendered whole, and what it says where there is no plan."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from workbench import campaign
from workbench.campaign.planning import PlanSettings, make_plan
from workbench.reporting import plan_cards
from workbench.tables.brief import parse_brief
from workbench.wording.budget import describe_plan_answer, limit_words, nominal_gap
from workbench.wording.budget_risks import describe_plan_steps, unknown_names


@pytest.fixture(scope="module")
def page(report_page):
    text = report_page("budget-plan").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


@pytest.mark.slow
def test_the_answer_has_the_chance_the_split_and_the_proof(page):
    answer = page.find("h2", string="The answer").find_parent("section").get_text()
    for word in ("the chance of 300,000 people reached is", "Book ", "Proven"):
        assert word in answer


@pytest.mark.slow
def test_it_has_every_part(page):
    drawn = page.find_all("img")
    assert len(drawn) == 15
    headings = [heading.get_text() for heading in page.find_all("h3")]
    for part in ("Whom to book", "From followers to buyers", "Risk against return", "How often"):
        assert part in headings


@pytest.mark.slow
def test_a_masked_plan_numbers_its_creators(page):
    assert "Creator 1" in page.get_text()


@pytest.fixture(scope="module")
def impossible(planning_client):
    brief = parse_brief("budget: 50\ngoal: engagements\nlimits: {min_creators: 9}")
    return make_plan(planning_client, brief, PlanSettings(draws=200))


def test_where_no_plan_is_possible_the_answer_says_what_would_make_room(impossible):
    said = describe_plan_answer(impossible)
    assert "No plan keeps to these limits" in said
    assert "budget" in said
    assert "plan again" in describe_plan_steps(impossible)


def test_where_no_plan_is_possible_nothing_else_is_made_up(impossible):
    names = campaign.name_candidates(impossible, masked=True)
    cards = [
        *plan_cards.split_cards(impossible, names),
        *plan_cards.promise_cards(impossible),
        *plan_cards.reach_cards(campaign.plan_reach(impossible), names),
        *plan_cards.beside_cards(campaign.look_beside(impossible), impossible, names),
        *plan_cards.decide_cards(campaign.decide(impossible), impossible),
        *plan_cards.goal_cards(campaign.seek_goal(impossible), impossible),
        *plan_cards.risk_cards(campaign.weigh_risk(impossible), impossible),
        *plan_cards.pilot_cards(campaign.value_test(impossible), impossible, names),
    ]
    assert all(card.axes is None for card in cards)


def test_a_gap_is_never_rounded_down():
    assert "0.02%" in nominal_gap(0.000101)


def test_limits_are_told_without_creators():
    assert limit_words("must: instagram:somebody") == "a creator who must be in"


def test_unknowns_of_a_platform_name_it():
    names = unknown_names(["reach_rate.tiktok", "something_new"])
    assert names == {"reach_rate.tiktok": "Reach rate (TikTok)", "something_new": "Something new"}

"""The panel in which splits of a budget are tried: without a browser, and in JupyterLab."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.lab import Notebook, running_lab
from workbench.budget.audience_fit import fit_audience
from workbench.budget.candidates import make_candidates
from workbench.budget.choose import choose_creators
from workbench.budget.deciding import deciding_unknowns
from workbench.budget.offers import limits_from_brief, make_options
from workbench.budget.plan import plan_value
from workbench.budget.simulate import SimulationSettings, simulate_outcomes
from workbench.budget.unknowns import read_unknowns
from workbench.campaign.planning import PlanningRun, PlanSettings, plan_posts
from workbench.campaign.shares import move_share
from workbench.campaign.split_settings import SplitSettings
from workbench.campaign.what_if import what_decides
from workbench.errors import SettingsError
from workbench.explore.budget import BudgetPanel
from workbench.tables.brief import parse_brief

BRIEF = """
budget: 6000
target: 60000
market: 2000000
overhead: {hours: 1, rate: 30}
limits: {max_creators: 12, posts_per_creator: 2, must_not: ["tiktok:c0"], must: ["tiktok:c9"]}
"""


in_browser = [pytest.mark.browser, pytest.mark.slow]


def make_run(text=BRIEF):
    """A plan for 60 invented creators, the reach of every other of whom is known."""
    brief, rng = parse_brief(text), np.random.default_rng(5)
    unknowns = read_unknowns()
    followers = np.exp(rng.normal(10, 1.5, 60)).round()
    platform = np.where(np.arange(60) % 3, "instagram", "tiktok")
    table = pd.DataFrame(
        {
            "creator_key": [f"{of}:c{n}" for n, of in enumerate(platform)],
            "handle": [f"c{n}" for n in range(60)],
            "platform": platform,
            "followers": followers,
            "reach": np.where(np.arange(60) % 2, 0.2 * followers, np.nan),
            "niche": np.where(np.arange(60) % 2, "food", "sport"),
        }
    )
    candidates = make_candidates(table, unknowns, brief=brief)
    audience = fit_audience(candidates.table, market=brief.market)
    options = make_options(candidates, brief, unknowns, audience)
    limits = limits_from_brief(brief, candidates)
    return PlanningRun(
        brief=brief,
        candidates=candidates,
        unknowns=unknowns,
        audience=audience,
        options=options,
        limits=limits,
        plan=choose_creators(options, limits),
        more=0.0,
        promise=None,
        simulation=None,
        settings=PlanSettings(scenarios=50),
        data="none",
    )


@pytest.fixture(scope="module")
def run():
    return make_run()


@pytest.fixture
def panel(run, tmp_path):
    return BudgetPanel(run, folder=tmp_path / "rosters")


def shares(panel):
    return {tier: slider.value for tier, slider in panel.sliders.shares.items()}


def said(panel):
    return re.sub("<[^>]+>", "", panel.status.value)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6), st.integers(-9, 120), st.data())
def test_shares_stay_whole_and_make_up_100(amounts, to, data):
    start = {str(place): amount for place, amount in enumerate(amounts)}
    moved = data.draw(st.sampled_from([*start]))
    found = move_share(start, moved, to)
    assert sum(found.values()) == 100
    assert found[moved] == (min(max(to, 0), 100) if len(start) > 1 else 100)
    assert min(found.values()) >= 0


def test_moving_a_share_scales_the_others(panel):
    panel.sliders.shares["micro"].value = 20
    panel.sliders.shares["nano"].value = 40
    assert shares(panel)["nano"] == 40
    assert sum(shares(panel).values()) == 100
    assert panel.current.asked.shares == shares(panel)


def test_a_split_keeps_to_its_shares_and_to_who_must_be_in(panel):
    panel.sliders.shares["nano"].value = 40
    plan, asked = panel.current.run.plan, panel.current.asked
    spent = plan.table[plan.table["creator_key"].ne("tiktok:c9")]
    spent = spent.groupby(spent["tier"].astype("str"))["cost"].sum()
    assert all(spent[of] <= asked.budget * asked.shares[of] / 100 + 1e-6 for of in spent.index)
    assert "tiktok:c9" in {*plan.table["creator_key"]}
    assert len(plan.table) <= 12
    assert "tiktok:c0" not in {*plan.table["creator_key"]}
    assert plan.table["creator_key"].is_unique


def test_what_a_move_shows_is_what_a_simulation_of_all_says(panel):
    panel.sliders.ranges["reach_level"].value = (0.5, 0.9)
    panel.sliders.fall_through.value = 35
    run = panel.current.run
    assert 100 * run.candidates.table["fall_through"].iloc[0] == 35
    posts = {"plan": plan_posts(run.plan, run.candidates)}
    given = {"brief": run.brief, "audience": run.audience}
    shown, goal = run.simulation, run.brief.goal
    whole = simulate_outcomes(run.candidates, posts, run.unknowns, **given, settings=shown.settings)
    np.testing.assert_allclose(shown.draws[goal], whole.draws[goal], rtol=1e-4)
    fresh = SimulationSettings(draws=10_000, seed=7)
    other = simulate_outcomes(run.candidates, posts, run.unknowns, **given, settings=fresh)
    chances = [(of.draws[goal][0] >= run.brief.target).mean() for of in (shown, other)]
    assert abs(chances[0] - chances[1]) < 4 * np.sqrt(0.25 / 2_000)


def test_worse_assumptions_lower_the_chance(panel):
    before = panel.current.run.simulation.draws["net_reach"][0].mean()
    panel.sliders.ranges["sponsored"].value = (0.35, 0.7)
    assert panel.current.run.simulation.draws["net_reach"][0].mean() < 0.8 * before


def test_an_assumed_overlap_stands_for_the_model_of_people(panel):
    means = []
    for overlap in ((0.02, 0.05), (0.4, 0.7)):
        panel.sliders.ranges["overlap"].value = overlap
        means.append(panel.current.run.simulation.draws["net_reach"][0].mean())
    assert means[1] < 0.8 * means[0]
    assert panel.current.run.simulation.summary.overlap_from == "overlap prior"


def test_settings_come_back_from_yaml(panel, tmp_path):
    panel.sliders.budget.value += 500
    panel.sliders.shares["macro"].value = 35
    panel.sliders.overhead.value = 45
    panel.sliders.ranges["price_level"].value = (0.8, 2.0)
    panel._below.selected_index = 1
    run = panel.current.run
    assert parse_brief(panel.campaign.value) == run.brief
    (tmp_path / "priors.yaml").write_text(panel.priors.value)
    read = read_unknowns(tmp_path).of("price_level")
    assert (read.low, read.middle, read.high) == pytest.approx((0.8, np.sqrt(1.6), 2.0))
    assert run.brief.creator_overhead == pytest.approx(45)
    assert run.brief.limits.tier_share["macro"].most == 0.35
    assert panel.copies[0].text == panel.campaign.value


def test_a_value_that_a_browser_rounds_changes_nothing(panel):
    low, high = panel.sliders.ranges["reach_level"].value
    panel.sliders.ranges["reach_level"].value = (low + 0.001, high)
    assert "Proven" in panel.answer.value
    assert panel.current.asked.ranges == {}


def test_the_best_plan_is_certified_and_no_worse(panel):
    panel.sliders.shares["nano"].value = 60
    split = panel.current.run
    panel.choose()
    best = panel.current.run
    assert "best plan brings more" in said(panel)
    assert "Proven" in panel.answer.value
    assert best.plan.summary.value >= plan_value(split.options, split.plan.chosen)
    assert sum(shares(panel).values()) == 100


def test_the_best_plan_may_keep_to_the_shares(panel):
    panel.sliders.shares["nano"].value = 60
    asked = shares(panel)
    panel.hold.value = True
    panel.choose()
    table = panel.current.run.plan.table
    spent = table.groupby(table["tier"].astype("str"))["cost"].sum()
    assert all(spent[of] <= 6000 * asked[of] / 100 + 1e-6 for of in spent.index)
    assert shares(panel) == asked


def test_scenarios_are_compared_in_the_same_futures(panel):
    panel.keep("A")
    panel.keep("B")
    assert "in 0% of the same futures, as much in 100%" in re.sub(
        "<[^>]+>", "", panel.compared.value
    )
    panel.sliders.budget.value *= 2
    panel.keep("B")
    told = re.sub("<[^>]+>", "", panel.compared.value)
    assert int(re.search(r"more than A in (\d+)%", told)[1]) > 50
    assert "They differ in budget" in told
    assert panel.answer.value.count("<polyline") == 2


def test_what_decides_is_what_the_slower_method_says(panel):
    run = panel.current.run
    shared = run.simulation.shared
    slow = deciding_unknowns(run.simulation.draws["net_reach"][0], shared, run.brief.target)
    fast = what_decides(run, most=3)
    both = fast.merge(slow, on="unknown", suffixes=("", "_slow"))
    assert both["swing"].to_numpy() == pytest.approx(both["swing_slow"].to_numpy(), abs=0.01)
    assert fast["unknown"][0] == slow["unknown"][0]


def test_the_roster_is_saved(panel, tmp_path):
    panel.save()
    saved = pd.read_csv(tmp_path / "rosters/roster.csv")
    assert len(saved) == len(panel.current.run.plan.table)
    assert (tmp_path / "rosters/roster.xlsx").stat().st_size > 1_000


def test_faults_are_told_in_the_panel(panel, tmp_path):
    (tmp_path / "taken").write_text("")
    panel.folder.value = str(tmp_path / "taken")
    panel.save()
    assert "taken" in said(panel)
    panel.sliders.budget.min = 0
    panel.sliders.budget.value = 0
    assert "budget: expected more than 0, found 0" in said(panel)


def test_a_goal_without_a_target_is_told():
    panel = BudgetPanel(make_run(BRIEF.replace("target: 60000", "target: null")))
    panel.sliders.attitude.value = "goal"
    panel.choose()
    assert "goal needs a target" in said(panel)


def test_an_impossible_plan_is_told(run):
    panel = BudgetPanel(replace(run, limits=replace(run.limits, min_creators=12)))
    panel.sliders.budget.value = 50
    panel.choose()
    assert "No plan keeps to these limits" in said(panel)


def test_a_panel_without_a_plan_says_why(run):
    limits = replace(run.limits, budget=20.0)
    panel = BudgetPanel(replace(run, limits=limits, plan=choose_creators(run.options, limits)))
    assert "No plan keeps to these limits" in said(panel)
    assert "Nobody is booked" in panel.answer.value
    panel.save()
    assert "nobody to save" in said(panel)


def test_settings_list_every_fault():
    with pytest.raises(SettingsError) as told:
        SplitSettings(budget=0, shares={"nano": 90}, posts=9, ranges={"overlap": (0.5, 0.1)})
    assert len(told.value.faults) == 4


class TestInJupyterLab:
    pytestmark = in_browser

    def test_a_slider_moved_by_keys_changes_the_chance(self, browser, sample_client, tmp_path):
        client, book = tmp_path / "client", ROOT / "notebooks/explore/budget-split.ipynb"
        shutil.copytree(sample_client, client)
        shutil.copyfile(ROOT / "data/sample/campaign.yaml", client / "campaign.yaml")
        (tmp_path / "books").mkdir()
        asked = book.read_text().replace(
            'data_dir: str = \\"\\"', f'data_dir: str = \\"{client}\\"'
        )
        (tmp_path / "books" / book.name).write_text(asked)
        page = browser.new_page(viewport={"width": 1280, "height": 2600})
        with running_lab(tmp_path / "books", tmp_path / "home") as lab:
            notebook = Notebook(page, lab, "budget-split.ipynb")
            notebook.run_all()
            panel = page.locator(".workbench-budget")
            answer = panel.locator(".workbench-answer").get_by_text("Chance of 500,000")
            before = answer.inner_text()
            handle = panel.locator(".noUi-handle").first
            handle.focus()
            for _ in range(12):
                handle.press("ArrowLeft")
            page.wait_for_function(
                "([e, before]) => e.querySelector('.workbench-answer li').innerText !== before",
                arg=[panel.element_handle(), before],
            )
            panel.get_by_role("button", name="Keep as A").click()
            panel.get_by_text("Kept as A.").wait_for()
            assert notebook.requests_outside() == []
            assert lab.hosts_outside() == set()
            assert notebook.faults == []
        page.close()

"""The audience audit from a client's folder to the finished files."""

import pandas as pd
import pytest

from tests.commands import call
from tests.pages import AUDITED as KEY
from tests.pages import make_audited
from workbench.audience import (
    ShareSettings,
    audience_shares,
    held_decisions,
    join_labels,
)
from workbench.audience.decisions import read_decisions, write_decision_sheet
from workbench.audience.held import first_digits
from workbench.curves import choose_keys, engagement_residuals, fit_engagement_curves
from workbench.curves.fit import CurveSettings
from workbench.errors import DataError
from workbench.features import FeatureSettings, creator_features
from workbench.intake.importing import import_files
from workbench.reporting.render import ReportRun, render_report
from workbench.store import open_store
from workbench.tables.tiers import read_tier_preset


@pytest.fixture(scope="module")
def client(sample_client, tmp_path_factory):
    return make_audited(sample_client, tmp_path_factory.mktemp("audit") / "client")


def render(client, out, **parameters):
    asked = ReportRun(
        report="audience-audit", data=client, client="Acme", out=out, parameters=parameters
    )
    return render_report(asked).html


@pytest.mark.slow
def test_the_masked_edition_names_nobody_and_leaves_no_sheet(client, report_page):
    html = report_page("audience-audit")
    text = html.read_text(encoding="utf-8")
    handles = open_store(client).read("creators")["handle"]
    assert not [handle for handle in handles if handle in text]
    assert {path.name for path in html.parent.glob("*.*")} == {html.name, f"{html.stem}.xlsx"}
    assert "worth asking" in text
    assert "above the limit" in text


@pytest.mark.slow
def test_a_list_of_averages_is_audited_and_says_what_it_could_not_see(tmp_path):
    rows = [
        f"c{n},instagram,{1000 + 37 * n},{200 + n % 50},{40 + 3 * (n % 30)},{4 + n % 7}"
        for n in range(120)
    ]
    head = "Username,Platform,Followers,Following,Avg likes,Avg comments"
    (tmp_path / "list.csv").write_text("\n".join([head, *rows]) + "\n")
    import_files([tmp_path / "list.csv"], tmp_path / "client", as_of="2026-09-30")
    html = render(tmp_path / "client", tmp_path / "out", edition="named", shortlist=["c3", "c4"])
    assert "not known for 2 creators" in html.read_text(encoding="utf-8")
    assert (html.parent / "decisions.csv").is_file()


def test_the_share_comes_from_the_labels_of_the_folder(client):
    (found,) = audience_shares(open_store(client), client, ShareSettings())
    summary = found.share.summary
    assert (found.creator_key, summary.labelled, summary.agreed) == (KEY, 100, summary.repeated)
    assert summary.account is not None


def test_the_first_look_counts():
    sample = pd.DataFrame({"creator_key": "x:1", "follower_id": ["a", "b"]})
    labels = pd.DataFrame(
        {
            "creator_key": ["x:1", "x:1", "x:2"],
            "follower_id": ["a", "a", "b"],
            "repeat": [2, 1, 1],
            "label": ["real", "not_real", "real"],
            "labelled_at": pd.to_datetime(["2026-01-02", "2026-01-01", "2026-01-01"], utc=True),
        }
    )
    found = join_labels(sample, labels)
    assert found["label"].tolist()[0] == "not_real"
    assert found["label_again"].tolist()[0] == "real"
    assert found["label"].isna().tolist() == [False, True]


def test_a_decision_sheet_holds_what_is_open_and_may_stay_blank(client, tmp_path):
    states = ["worth asking", "no concern found", "worth asking"]
    screened = pd.DataFrame({"creator_key": ["x:1", "x:2", KEY], "handle": "h", "state": states})
    path = tmp_path / "decisions.csv"
    write_decision_sheet(path, screened, held_decisions(client))
    assert pd.read_csv(path)["creator_key"].tolist() == [KEY, "x:1"]
    assert read_decisions(path)["creator_key"].tolist() == [KEY]


def test_residuals_are_logs_of_the_ratio_to_the_curve(sample_client):
    store = open_store(sample_client)
    features = creator_features(store, FeatureSettings(as_of=store.as_of)).table
    fits = fit_engagement_curves(features, CurveSettings(preset=read_tier_preset("four-tier")))
    placed = engagement_residuals(features, fits).set_index("creator_key")["engagement_residual"]
    table = pd.concat([fit.table for fit in fits]).set_index("creator_key")
    known = table[table["expected_engagements"].gt(0) & table["engagements"].gt(0)]
    ratio = known["engagements"] / known["expected_engagements"]
    assert ((10 ** placed[known.index] / ratio) - 1).abs().max() < 1e-9
    assert abs(placed.median()) < 0.1


def test_handles_become_keys_and_unknown_ones_are_told():
    features = pd.DataFrame({"handle": ["Anna", "bo"], "creator_key": ["instagram:1", "x:2"]})
    assert choose_keys(features, ["@anna", "x:2"]) == ("instagram:1", "x:2")
    assert choose_keys(features, []) == ()
    with pytest.raises(DataError, match="@cy"):
        choose_keys(features, ["@cy"])


def test_the_command_writes_a_table_outside_the_folder_only(client, tmp_path):
    done = call("screen", KEY, "--data", str(client), "--out", str(tmp_path / "screen.csv"))
    assert done.returncode == 0, done.stderr
    assert "worth asking" in done.stderr
    assert pd.read_csv(tmp_path / "screen.csv")["p"].dropna().between(0, 1).all()
    again = call("screen", "--data", str(client), "--out", str(client / "screen.csv"))
    assert again.returncode == 2


def test_first_digits_stand_beside_benfords_law():
    found = first_digits(pd.Series([10 ** (n / 100) for n in range(300)] + [0, None]))
    assert found["share"].sum() == pytest.approx(1)
    assert (found["share"] - found["expected"]).abs().max() < 0.01
    assert first_digits(pd.Series([1, 2])) is None

"""The project's reports, each rendered once for all tests that read it or look at it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from workbench.audience import DesignSettings, label_order, latest_sample
from workbench.audience.decisions import log_decision
from workbench.intake.importing import import_files
from workbench.market.audiences import write_invented_list
from workbench.reporting.imports import render_import
from workbench.reporting.render import ReportRun, render_report
from workbench.store import open_store

AUDITED = "instagram:in_vented9"
SECRET = "+49 170 1234567"
HEADER = "Account;Post ID;Posted at;Likes;Comments;Followers;E-mail;<script>x</script>;Fake"
ONE = "Handle,Followers,Likes avg.,ER\n" + "".join(f"c{n},1000,30,3.2%\n" for n in range(8))
TWO = ONE.replace("1000", "2500").replace("Handle", "username")
BRIEF = """
budget: 8000
market: 4000000
target: 300000
flight_start: 2026-11-02
flight_end: 2026-11-29
limits: {max_creators: 12, posts_per_creator: 2}
"""
CHEAP = {"draws": 1000, "worlds": 2, "futures": 100}


def make_audited(sample_client: Path, folder: Path) -> Path:
    """Return the sample with a labelled list of followers and a decision."""
    shutil.copytree(sample_client, folder)
    listed = write_invented_list(folder / "exports")
    told = {"account": "in_vented9", "platform": "instagram", "as_of": "2026-09-30"}
    import_files([listed], folder, drawn="random", **told)
    sample = latest_sample(open_store(folder), AUDITED)
    order = label_order(sample, DesignSettings())
    bare = sample.set_index("follower_id")["posts_count"].fillna(0).lt(5)
    labels = pd.DataFrame({"creator_key": AUDITED, "follower_id": order, "reviewer": "me"})
    looks = labels.groupby("follower_id").cumcount() + 1
    said = labels["follower_id"].map(bare).map({True: "not_real", False: "real"})
    labels.assign(repeat=looks, label=said).to_csv(folder / "labels.csv", index=False)
    made = {"verdict": "ask", "reason": "a jump in July", "reviewer": "me"}
    log_decision(folder / "decisions.csv", creator_key=AUDITED, **made)
    return folder


def make_audit(sample_client: Path, folder: Path) -> Path:
    """Render the masked audit of the sample."""
    client = make_audited(sample_client, folder / "client")
    return _render("audience-audit", client, folder, share_limit=0.2, cards=3)


def make_claims(sample_client: Path, folder: Path) -> Path:
    """Render the claims on the sample."""
    return _render("claims", sample_client, folder)


def make_plan(planning_client: Path, folder: Path) -> Path:
    """Render a masked and cheap plan for a small market."""
    client = shutil.copytree(planning_client, folder / "client")
    (client / "campaign.yaml").write_text(BRIEF)
    return _render("budget-plan", client, folder, edition="masked", **CHEAP)


def _render(report: str, data: Path, folder: Path, **parameters: object) -> Path:
    out = folder / "out"
    run = ReportRun(report=report, data=data, client="Acme", out=out, parameters=parameters)
    return render_report(run).html


def write_messy_exports(folder: Path) -> Path:
    """Write three exports with faults, disagreements, contact data and markup."""
    rows = [
        f"c{n % 7};p{n};{n % 28 + 1}/0{n % 4 + 1}/2026;{n % 5 * 10};3;;c{n}@mail.example;s;f"
        for n in range(60)
    ]
    odd = [f"c1;q1;14/02/2026;call {SECRET};3;;;;", "c2;nan;soon;1;1;;;;", "c3;short", rows[5]]
    folder.mkdir(exist_ok=True)
    for name, text in (
        ("instagram_<b>_posts.csv", "\n".join([HEADER, *rows, *odd]) + "\n"),
        ("instagram one 2026-04-30.csv", ONE),
        ("instagram two 2026-04-30.csv", TWO),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def make_import(folder: Path) -> Path:
    """Write the page of an import of messy exports."""
    exports, path = write_messy_exports(folder / "exports"), folder / "quality.html"
    report = import_files([exports], folder / "client")
    path.write_text(render_import(report, folder / "client", [exports]), encoding="utf-8")
    return path

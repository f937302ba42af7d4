"""Pseudonyms, subject access, erasure and retention, tried on a client's folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands import call
from workbench.errors import DataError, SettingsError
from workbench.features import FeatureSettings, creator_features
from workbench.intake import held as held_module
from workbench.intake.importing import import_files
from workbench.intake.person import Person
from workbench.intake.pseudonyms import Key, key_path
from workbench.reporting import forgetting
from workbench.reporting.forgetting import find_held, forget_all, forget_creator
from workbench.reporting.period import local_now
from workbench.reporting.publish import open_shelf
from workbench.reporting.withdrawal import check_not_withdrawn, report_runs
from workbench.store import open_store

ROSTER = (
    "Handle,Platform,Platform ID,Display name,Niche,Followers\n"
    "anna.cooks,Instagram,778899001,Anna Koch,food,12000\n"
    "@Anna.Cooks.too,Instagram,,Anna Two,food,900\n"
    "bernd_runs,TikTok,,Bernd,sport,5000\n"
    "anna.cooks,TikTok,,Another Anna,travel,700\n"
    "anna.cooks,Instagram\n"
    "anna.cooks.too,Instagram\n"
    "@ANNA.cooks,Instagram,,Anna,food,many\n"
    "anna.cooks,TikTok,,Anna,food,many\n"
)
POSTS = (
    "Account username,Post ID,Publish time,Likes,Comments,Caption,Link\n"
    "anna.cooks,990011223344,09/13/2026 16:28,150,8,soup of @anna.cooks,https://x.y/anna.cooks\n"
    "Anna.Cooks,990011223345,09/14/2026 18:28,120,2,,\n"
    "anna.cooks.too,990011223346,09/15/2026 21:48,95,8,thanks @anna.cooks!,\n"
    "anna.cooks.too,990011223347,never,95,8,,\n"
    "carla_x,7,anna.cooks,x,778899001,,\n"
    "carla_x,881,09/13/2026 10:28,15,1,,\ncarla_x,882,09/14/2026 10:28,15,1,,\n"
    "carla_x,883,09/15/2026 10:28,15,1,,\ncarla_x,884,09/16/2026 10:28,15,1,,\n"
)
LABELS = (
    "creator;platform;label;note;labelled by\n"
    "@Anna.cooks;instagram;odd;;anna.cooks\n"
    "anna.cooks;tiktok;fine;;bob\n"
    "anna.cooks.too;;fine;seen with @anna.cooks. Nice;bob\n"
)
REAL = (
    *("anna.cooks", "bernd_runs", "778899001", "Anna Koch", "Another Anna", "Bernd"),
    *("990011223344", "990011223347", "soup", "https:"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Exports, a client's folder of theirs, and one that holds pseudonyms: to be copied."""
    folder = tmp_path_factory.mktemp("made")
    files = {"roster_2026-09-28.csv": ROSTER, "anna.cooks_instagram_posts.csv": POSTS}
    for name, text in files.items():
        (folder / name).write_text(text)
    exports = [folder / name for name in files]
    import_files(exports[:1], folder / "filled")
    import_files(exports, folder / "filled")
    store, asked = open_store(folder / "filled"), FeatureSettings(as_of="2026-09-28")
    creator_features(store, asked, cache=folder / "filled" / "features")
    import_files(exports, folder / "masked", pseudonymise=True)
    return folder, exports


@pytest.fixture
def exports(made):
    return made[1]


@pytest.fixture
def client(tmp_path):
    return tmp_path / "acme"


@pytest.fixture
def reports(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def filled(made, client):
    """A client's folder with real names, labels, features, a write before the last, leftovers."""
    shutil.copytree(made[0] / "filled", client)
    (client / "labels.csv").write_text(LABELS)
    (client / ".import-left").mkdir()
    (client / ".import-left" / "rows").write_text("anna.cooks")
    return client


@pytest.fixture
def masked(made, client):
    """A client's folder that holds pseudonyms, with its key beside it."""
    shutil.copytree(made[0] / "masked", client)
    shutil.copy(made[0] / "masked.key.json", client.parent / "acme.key.json")
    return client


def shown(path):
    """Return a file's bytes, those of a Parquet file as they are once decompressed."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_csv().encode()
    return path.read_bytes()


def held_bytes(folder, *names):
    """Return the files below a folder that hold any of the names, whatever their case."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for content in [shown(path).lower()]
        if any(name.lower().encode() in content for name in names)
        or any(name.lower() in path.name.lower() for name in names)
    ]


def make_run(reports, client, text, *, edition="named", name="acme", period=""):
    """Publish a made-up report of a client's data."""
    shelf = open_shelf(reports, name, f"made-{edition}")
    store = open_store(client)
    manifest = {
        "report": "made",
        "period": period,
        "parameters": {"edition": edition, "shortlist": ["@anna.cooks", "bernd_runs"]},
        "data": str(client.resolve()),
        "data_fingerprint": store.fingerprint(),
        "imports": [record.id for record in store.catalog.imports],
    }
    with shelf.work_folder() as work:
        (work / "desk").mkdir()
        (work / "desk" / "manifest.json").write_text(json.dumps(manifest))
        (work / "desk" / "previous.json").write_text('{"headlines": ["of anna.cooks"]}')
        (work / "desk" / "executed.ipynb").write_text('{"cells": ["anna&#46;cooks"]}')
        (work / "made.html").write_text(f'<p><span class="imported">{text}</span></p>')
        (work / "made.xlsx").write_bytes(b"the tables of the page, compressed")
        shelf.publish(work, work / "made.html")
    return shelf


# --- pseudonyms


def test_no_real_name_id_caption_or_link_is_below_the_folder(masked):
    assert held_bytes(masked, *REAL) == []


def test_the_report_of_an_import_names_nobody(client, exports):
    told = json.dumps(import_files(exports, client, pseudonymise=True).content())
    assert not [name for name in REAL if name.lower() in told.lower()]


def test_a_creator_keeps_the_pseudonym_over_imports(client, exports):
    import_files(exports[:1], client, pseudonymise=True)
    before = open_store(client).read("creators")["creator_key"].tolist()
    import_files(exports[1:], client, pseudonymise=True, as_of="2026-09-28")
    after = open_store(client).read("creators")["creator_key"].tolist()
    assert set(before) < set(after)
    assert (len(before), len(after)) == (4, 5)


def test_pseudonyms_lead_to_the_same_rows_as_names(client, exports, tmp_path):
    masked = import_files(exports, client, pseudonymise=True)
    named = import_files(exports, tmp_path / "named")
    assert masked.summary.kept == named.summary.kept
    assert masked.summary.refused == named.summary.refused
    assert masked.summary.posts == named.summary.posts


def test_sales_and_followers_are_kept_under_the_pseudonym(client, tmp_path):
    texts = {
        "affiliate_sales.csv": (
            "influencer_id,date,campaign,clicks,orders,revenue,currency\n"
            "778899001,2026-09-01,autumn,10,1,20.5,EUR\n"
            "778899001,2026-09-02,by Anna.Cooks,9,2,30,EUR\n"
        ),
        "roster.csv": "Handle,Platform,Platform ID,Followers\nanna.cooks,Instagram,778899001,12\n",
        "followers.csv": "follower_id,followers,following\nfan_one,10,20\nfan_two,30,40\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = [tmp_path / name for name in texts]
    import_files(files[:2], client, pseudonymise=True)
    import_files(
        files[2:],
        client,
        pseudonymise=True,
        account="anna.cooks",
        platform="instagram",
        as_of="2026-09-30",
    )
    store = open_store(client)
    key = store.read("creators")["creator_key"].item()
    assert store.read("tracking")["creator_key"].tolist() == [key] * 2
    assert store.read("followers_sample")["creator_key"].tolist() == [key] * 2
    assert held_bytes(client, "anna.cooks", "778899001", "fan_one") == []


PAIRED = {
    "fees.csv": (
        "Handle,Platform,Deliverable,Fee,Currency\n"
        "anna.cooks,Instagram,dish by Anna.Cooks,90,EUR\nbernd_runs,TikTok,video,70,EUR\n"
    ),
    "events.csv": (
        "Date,Platform,Handle,Event\n2026-09-02,Instagram,anna.cooks,lunch with Anna.Cooks\n"
        "2026-09-03,TikTok,bernd_runs,press\n"
    ),
    "overlaps.csv": (
        "creator_key,other_key,overlap\n"
        "instagram:778899001,tiktok:bernd_runs,4%\ntiktok:bernd_runs,instagram:anna.cooks.too,5%\n"
        "instagram:anna.cooks.too,instagram:Anna.Cooks,6%\nanna.cooks.too,carla_x,oops\n"
        "instagram:anna.cooks.too,instagram:carla_x,7%\ninstagram:carla_x,tiktok:bernd_runs,8%\n"
    ),
}


@pytest.fixture
def paired(tmp_path):
    for name, text in PAIRED.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in PAIRED]


def test_fees_events_and_both_sides_of_overlaps_are_kept_under_the_pseudonym(masked, paired):
    import_files(paired, masked, pseudonymise=True, as_of="2026-09-30")
    store = open_store(masked)
    names = store.read("creators").set_index("creator_key")
    overlaps = store.read("overlaps")
    assert sorted(overlaps["share"]) == [0.04, 0.05, 0.06, 0.07, 0.08]
    assert {*overlaps["creator_key"], *overlaps["other_key"]} <= {*names.index}
    for name in ("fee_quotes", "events"):
        assert {*store.read(name)["creator_key"]} <= {*names.index}
    assert held_bytes(masked, *REAL, "anna.cooks", "carla") == []


@pytest.mark.parametrize("pseudonymise", [False, True])
def test_a_forgotten_creator_is_on_neither_side_of_an_overlap(
    made, client, paired, reports, pseudonymise
):
    folder = made[0] / ("masked" if pseudonymise else "filled")
    shutil.copytree(folder, client)
    if pseudonymise:
        shutil.copy(made[0] / "masked.key.json", client.parent / "acme.key.json")
    import_files(paired, client, pseudonymise=pseudonymise, as_of="2026-09-30")
    held = find_held(client, "instagram:anna.cooks", reports=reports)
    assert [len(held.store[name]) for name in ("overlaps", "fee_quotes", "events")] == [2, 1, 1]
    forget_creator(client, "instagram:anna.cooks", reports=reports)
    assert sorted(open_store(client).read("overlaps")["share"]) == [0.05, 0.07, 0.08]
    report = import_files(paired, client, pseudonymise=pseudonymise, as_of="2026-10-01")
    assert report.refused["reason"].eq("forgotten").sum() == 4
    overlaps = open_store(client).read("overlaps")
    overlaps = overlaps[overlaps["as_of"].eq(pd.Timestamp("2026-10-01"))]
    assert sorted(overlaps["share"]) == [0.05, 0.07, 0.08]
    assert not held.person.keys & {*overlaps["creator_key"], *overlaps["other_key"]}
    assert held_bytes(client / "store", "778899001", *held.person.aliases) == []
    for name in ("fee_quotes", "events"):
        assert len(open_store(client).read(name)["creator_key"].unique()) == 1


def test_who_stands_beside_a_forgotten_creator_keeps_the_entry_in_the_key(masked, paired, reports):
    forget_creator(masked, "@bernd_runs", reports=reports)
    import_files(paired, masked, pseudonymise=True, as_of="2026-09-30")
    key = json.loads((masked.parent / "acme.key.json").read_text())
    handles = {account.get("handle") for account in key["accounts"].values()}
    assert "carla_x" in handles
    assert "bernd_runs" not in handles


def test_the_key_leads_back(masked):
    key = json.loads((masked.parent / "acme.key.json").read_text())
    real = {account.get("handle") for account in key["accounts"].values()}
    assert {"bernd_runs", "Anna.Cooks.too"} <= {*real}
    assert "anna.cooks_instagram_posts.csv" in key["files"].values()


def test_the_key_is_private_at_every_moment(client, exports, monkeypatch):
    seen = []
    replaced = os.replace

    def watch(draft, path):
        if "key.json" in str(path):
            seen.append(os.stat(draft).st_mode & 0o777)
        replaced(draft, path)

    monkeypatch.setattr(os, "replace", watch)
    before = os.umask(0)
    try:
        import_files(exports, client, pseudonymise=True)
    finally:
        os.umask(before)
    assert seen == [0o600]
    assert os.stat(client.parent / "acme.key.json").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["key.json", "imports/key.json", "../acme/key.json"])
def test_a_key_inside_the_folder_is_refused(client, exports, place):
    client.mkdir()
    with pytest.raises(SettingsError, match="inside"):
        import_files(exports, client, pseudonymise=True, key=client / place)


def test_a_link_into_the_folder_is_inside(client, tmp_path):
    client.mkdir()
    (tmp_path / "elsewhere").symlink_to(client)
    with pytest.raises(SettingsError, match="inside"):
        key_path(client, tmp_path / "elsewhere" / "key.json")


def test_names_are_not_added_to_pseudonyms(masked, exports):
    with pytest.raises(SettingsError, match="--pseudonymise"):
        import_files(exports, masked)


def test_pseudonyms_are_not_added_to_names(filled, exports):
    with pytest.raises(SettingsError, match="new folder"):
        import_files(exports, filled, pseudonymise=True)


def test_a_missing_key_is_asked_for(masked, exports):
    (masked.parent / "acme.key.json").rename(masked.parent / "away.json")
    with pytest.raises(SettingsError, match="--key FILE"):
        import_files(exports, masked, pseudonymise=True)
    import_files(exports, masked, pseudonymise=True, key=masked.parent / "away.json")


def test_the_key_of_another_client_is_refused(masked, exports, tmp_path):
    import_files(exports, tmp_path / "other", pseudonymise=True)
    with pytest.raises(SettingsError, match="not the key"):
        import_files(exports, masked, pseudonymise=True, key=tmp_path / "other.key.json")


def test_a_pseudonym_that_is_taken_becomes_longer(tmp_path):
    key = Key(path=tmp_path / "key", secret="00" * 32)
    short = key.pseudonym("tiktok", "handle", "anna")
    key.accounts[short] = {"platform": "tiktok", "handle": "somebody"}
    assert key.pseudonym("tiktok", "handle", "anna").startswith(short)
    assert key.pseudonym("tiktok", "handle", "anna") != short


def test_an_import_that_fails_leaves_no_key(client, tmp_path):
    (tmp_path / "broken.csv").write_text("Handle,Platform,Followers\nTotal,TikTok,3\n")
    with pytest.raises(DataError, match="No row"):
        import_files([tmp_path / "broken.csv"], client, pseudonymise=True)
    assert not (tmp_path / "acme.key.json").exists()


def test_a_mapping_that_fails_shows_no_values(client, tmp_path):
    rows = "".join(f"Secret Name {n},{n}9\n" for n in range(30))
    (tmp_path / "names.csv").write_text("Handle,Followers\n" + rows)
    with pytest.raises(DataError) as fault:
        import_files([tmp_path / "names.csv"], client, pseudonymise=True, platform="tiktok")
    assert "Secret" not in str(fault.value)


# --- who is meant


@given(
    st.text("ab._-1", min_size=1, max_size=6).filter(lambda n: n.strip("._-") == n),
    st.sampled_from(["a", "1", "_", ".b", "-"]),
)
def test_a_longer_handle_is_never_a_mention_of_its_beginning(name, more):
    person = Person(
        asked=name,
        platforms=("tiktok",),
        keys=frozenset(),
        identities=frozenset({f"tiktok:{name}"}),
    )
    long = f"see @{name}{more}x, or {name}{more}x"
    assert person.masked(long) == long
    assert not person.owns([f"@{name}{more}x"])


@pytest.mark.parametrize("asked", ["@Anna.Cooks", "instagram:anna.cooks", "778899001"])
def test_a_creator_is_found_by_each_name(filled, reports, asked):
    assert "instagram:778899001" in find_held(filled, asked, reports=reports).person.identities


def test_nothing_held_is_told_with_the_nearest_names(filled, reports):
    with pytest.raises(DataError, match=r"anna\.cooks"):
        find_held(filled, "@ana.cooks", reports=reports)


def test_show_gives_all_that_is_held(filled, reports):
    make_run(reports, filled, "anna.cooks")
    held = find_held(filled, "instagram:anna.cooks", reports=reports).content()
    assert {name: len(rows) for name, rows in held["store"].items()} == {
        "creators": 1,
        "posts": 2,
        "snapshots": 1,
        "aliases": 1,
    }
    assert [row["label"] for row in held["files"]["labels.csv"]] == ["odd"]
    assert len(held["imports"]) == 2
    assert [run["edition"] for run in held["reports"]] == ["named"]
    json.dumps(held)


def test_show_of_pseudonyms_gives_the_keys_entry(masked, reports):
    held = find_held(masked, "instagram:anna.cooks", reports=reports)
    assert any(entry.get("native_id") == "778899001" for entry in held.key.values())


# --- erasure


def test_a_forgotten_creator_is_nowhere_and_the_others_are_whole(filled, reports):
    forget_creator(filled, "@anna.cooks", reports=reports)
    (filled / "labels.csv").write_text(  # who labelled keeps the name
        (filled / "labels.csv").read_text().replace(";anna.cooks\n", ";\n")
    )
    for path in held_bytes(filled, "anna.cooks", "778899001"):
        assert b"anna.cooks" not in shown(filled / path).lower().replace(b"anna.cooks.too", b"")
    creators = open_store(filled).read("creators")
    assert creators["handle"].tolist() == ["Anna.Cooks.too", "carla_x", "bernd_runs"]
    assert len(open_store(filled).read("posts")) == 5
    refused = "".join(p.read_text() for p in filled.glob("imports/*/refused.csv"))
    assert "anna.cooks.too" in refused
    assert not (filled / ".import-left").exists()


def test_one_platform_can_be_forgotten_alone(filled, reports):
    forget_creator(filled, "instagram:anna.cooks", reports=reports)
    creators = open_store(filled).read("creators")
    assert "tiktok:anna.cooks" in creators["creator_key"].tolist()
    assert "instagram:778899001" not in creators["creator_key"].tolist()
    labels = (filled / "labels.csv").read_text()
    assert "anna.cooks;tiktok" in labels
    assert "instagram" not in labels
    refused = "".join(p.read_text() for p in filled.glob("imports/*/refused.csv"))
    assert "anna.cooks,TikTok" in refused
    assert "ANNA.cooks" not in refused


def test_a_row_is_erased_however_long_a_cell_of_it_is(filled, reports):
    (filled / "outreach.csv").write_text(f"handle,text\nanna.cooks,{'x' * 1_200_000}\n")
    forget_creator(filled, "@anna.cooks", reports=reports)
    assert (filled / "outreach.csv").read_text() == "handle,text\n"


def test_no_part_of_the_write_before_stays(filled, reports):
    forget_creator(filled, "@anna.cooks", reports=reports)
    store = open_store(filled)
    kept = {part.path for parts in store.catalog.tables.values() for part in parts.values()}
    found = {p.relative_to(store.root).as_posix() for p in store.root.rglob("*.parquet")}
    assert found == kept


def test_an_old_export_does_not_bring_a_creator_back(filled, exports, reports):
    forget_creator(filled, "@anna.cooks", reports=reports)
    report = import_files(exports, filled)
    assert "forgotten" in report.reasons["reason"].tolist()
    told = json.dumps(report.content()).replace("anna.cooks.too", "").replace("Anna.Cooks.too", "")
    assert "anna.cooks" not in told.lower()
    assert not [
        path
        for path in held_bytes(filled, "anna.cooks", "778899001")
        if b"anna.cooks" in shown(filled / path).lower().replace(b"anna.cooks.too", b"")
        and path != "labels.csv"
    ]


def test_pseudonyms_are_forgotten_with_their_entry_in_the_key(masked, exports, reports):
    forget_creator(masked, "@bernd_runs", reports=reports)
    import_files(exports, masked, pseudonymise=True)
    assert held_bytes(masked.parent / "acme.key.json", "bernd") == []
    assert "bernd" not in (masked.parent / "acme.key.json").read_text()
    assert not open_store(masked).read("creators")["platform"].eq("tiktok").sum() > 1


def test_forgotten_json_names_nobody_and_is_private(filled, reports):
    forget_creator(filled, "@bernd_runs", reports=reports)
    path = filled / "forgotten.json"
    assert "bernd" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_forgetting_again_has_nothing_to_do(filled, reports):
    forget_creator(filled, "@bernd_runs", reports=reports)
    before = (filled / "forgotten.json").read_text()
    assert forget_creator(filled, "@bernd_runs", reports=reports)[1] == []
    assert (filled / "forgotten.json").read_text() == before


def test_two_exports_of_one_name_are_one_creator_after_a_rename(client, tmp_path, reports):
    (tmp_path / "a.csv").write_text(
        "Handle,Platform,Platform ID,Followers,Date\n"
        "old_name,TikTok,12345678,10,2026-09-01\nnew_name,TikTok,12345678,20,2026-09-20\n"
    )
    import_files([tmp_path / "a.csv"], client)
    forget_creator(client, "@new_name", reports=reports)
    assert held_bytes(client, "old_name", "new_name", "12345678") == []


# --- reports


def test_reports_are_marked_and_those_that_name_are_taken_away(filled, reports):
    named = make_run(reports, filled, "anna.cooks")
    masked = make_run(reports, filled, "a creator", edition="masked")
    forget_creator(filled, "@anna.cooks", reports=reports)
    assert not named.latest.is_symlink()
    assert [*reports.rglob("*.xlsx")] == [masked.latest.resolve() / "made.xlsx"]
    assert held_bytes(reports, "anna.cooks", "anna&#46;cooks") == []
    assert [run.manifest["data_withdrawn"] for run in report_runs(reports)] == [
        f"{date.today()}"
    ] * 2


def test_no_period_leads_to_a_page_that_was_taken_away(filled, reports):
    shelf = make_run(reports, filled, "anna.cooks", period="2026-Q2")
    make_run(reports, filled, "of nobody", period="2026-Q3")
    forget_creator(filled, "@anna.cooks", reports=reports)
    assert [link.name for link in shelf.root.glob("periods/*")] == ["2026-Q3"]
    assert (shelf.latest / "made.html").is_file()


def test_the_summary_of_a_command_names_nobody_forgotten(filled, reports):
    shelf = make_run(reports, filled, "anna.cooks")
    entries = [
        {"data": str(filled.resolve()), "reason": "the shortlist has @anna.cooks twice"},
        {"data": "/other", "reason": "as it was"},
    ]
    (reports / "summary.json").write_text(json.dumps({"reports": entries}))
    (reports / "history.html").write_text("<p>anna.cooks")
    forget_creator(filled, "@anna.cooks", reports=reports)
    assert held_bytes(reports, "anna.cooks") == []
    forget_all(filled, reports=reports)
    assert json.loads((reports / "summary.json").read_text())["reports"] == entries[1:]
    assert not shelf.latest.exists()


def test_a_report_of_the_longer_handle_stays(filled, reports):
    shelf = make_run(reports, filled, "anna.cooks.too")
    forget_creator(filled, "instagram:anna.cooks", reports=reports)
    assert (shelf.latest / "made.html").is_file()


def test_reports_of_other_clients_stay(filled, reports, tmp_path):
    shutil.copytree(filled, tmp_path / "other")
    make_run(reports, tmp_path / "other", "anna.cooks", name="other")
    forget_creator(filled, "@anna.cooks", reports=reports)
    assert [run.manifest.get("data_withdrawn") for run in report_runs(reports)] == [None]


def test_a_failed_run_that_names_goes(filled, reports):
    shelf = open_shelf(reports, "acme", "made")
    with shelf.work_folder() as work:
        (work / "left.ipynb").write_text("anna.cooks")
        shelf.keep_failed(work, {"exit": {"kind": "gate", "reason": "of anna.cooks"}}, local_now())
    forget_creator(filled, "@anna.cooks", reports=reports)
    assert [*report_runs(reports)] == []


def test_a_withdrawn_report_is_not_made_again(filled, reports):
    fingerprint = open_store(filled).fingerprint()
    shelf = make_run(reports, filled, "anna.cooks")
    forget_creator(filled, "@anna.cooks", reports=reports)
    with pytest.raises(DataError, match="withdrawn on"):
        check_not_withdrawn(shelf, fingerprint)
    check_not_withdrawn(shelf, open_store(filled).fingerprint())


def test_a_report_may_be_made_again_where_an_erasure_leads_back_to_its_data(
    client, tmp_path, reports
):
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.csv").write_text(
            f"Handle,Platform,Followers,Date\n{name}_x,TikTok,10,2026-09-01\n"
        )
    import_files([tmp_path / "one.csv"], client)
    shelf = make_run(reports, client, "one_x")
    fingerprint = open_store(client).fingerprint()
    import_files([tmp_path / "two.csv"], client)
    import_files([tmp_path / "three.csv"], client)
    forget_creator(client, "@two_x", reports=reports)
    forget_creator(client, "@three_x", reports=reports)
    assert open_store(client).fingerprint() == fingerprint
    check_not_withdrawn(shelf, fingerprint)


# --- faults and kills


STEPS = ("write_forgotten", "withdraw_run", "erase_in_file", "remove_drafts")


def whole(client):
    """Return the store's rows, each of which must be readable."""
    store = open_store(client)
    return sum(len(store.read(name)) for name in ("creators", "posts", "snapshots", "aliases"))


def finish(client, reports):
    whole(client)
    forget_creator(client, "@bernd_runs", reports=reports)
    assert held_bytes(client, "bernd_runs") == []
    assert held_bytes(reports, "bernd_runs") == []
    assert len(open_store(client).read("creators")) == 4


def test_a_fault_at_any_write_is_repaired_by_the_same_command(filled, reports, monkeypatch):
    make_run(reports, filled, "bernd_runs")
    shutil.copytree(filled, filled.parent / "copy" / "acme")
    shutil.copytree(reports, filled.parent / "copy" / "out", symlinks=True)
    changes = {"replace": os.replace, "unlink": os.unlink}
    at = 0
    while True:
        for name in ("acme", "out"):
            shutil.rmtree(filled.parent / name)
            shutil.copytree(filled.parent / "copy" / name, filled.parent / name, symlinks=True)
        calls = iter(range(10_000))

        def failing(call, stop=at, calls=calls):
            def change(*args, **kwargs):
                if next(calls) == stop:
                    raise OSError(28, "No space left on device", "made up")
                return call(*args, **kwargs)

            return change

        with monkeypatch.context() as patch:
            for name, call in changes.items():
                patch.setattr(os, name, failing(call))
            try:
                forget_creator(filled, "@bernd_runs", reports=reports)
            except OSError:
                failed = True
            else:
                failed = False
        finish(filled, reports)
        if not failed:
            break
        at += 1
    assert at > 8


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_is_repaired_by_the_same_command(filled, reports, step):
    make_run(reports, filled, "bernd_runs")
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom workbench.reporting import forgetting\n"
        f"forgetting.{step} = lambda *_, **__: os.kill(os.getpid(), 9)\n"
        "forgetting.forget_creator(Path(sys.argv[1]), '@bernd_runs', reports=Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, filled, reports], check=False)
    assert done.returncode == -signal.SIGKILL
    finish(filled, reports)


def test_a_kill_between_the_key_and_the_store_is_repaired(masked, reports):
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom workbench.store.tables import Draft\n"
        "from workbench.reporting.forgetting import forget_creator\n"
        "Draft.commit_erasure = lambda *_, **__: os.kill(os.getpid(), 9)\n"
        "forget_creator(Path(sys.argv[1]), '@bernd_runs', reports=Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, masked, reports], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(open_store(masked).read("creators")) == 5
    forget_creator(masked, "@bernd_runs", reports=reports)
    assert len(open_store(masked).read("creators")) == 4


# --- all of it, and in time


def test_all_data_of_a_client_can_be_erased(filled, reports):
    shelf = make_run(reports, filled, "bernd_runs")
    forget_all(filled, reports=reports)
    assert held_bytes(filled, "anna", "bernd") == []
    assert not (filled / "store").exists()
    assert not shelf.latest.is_symlink()
    assert held_bytes(reports, "anna", "bernd") == []


def test_all_data_takes_the_key_along(masked, exports, reports):
    forget_all(masked, reports=reports)
    assert not (masked.parent / "acme.key.json").exists()
    import_files(exports, masked)


def test_a_fault_while_all_is_erased_is_repaired(filled, reports, monkeypatch):
    monkeypatch.setattr(forgetting, "remove_drafts", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        forget_all(filled, reports=reports)
    monkeypatch.setattr(forgetting, "remove_drafts", held_module.remove_drafts)
    forget_all(filled, reports=reports)
    assert [path.name for path in filled.iterdir()] == []


def brief(client, days):
    client.mkdir(exist_ok=True)
    day = date.today() + timedelta(days=days)
    (client / "campaign.yaml").write_text(f"retention_date: {day}\nflight_start: 2026-01-01\n")


def test_after_the_retention_date_nothing_is_imported(client, exports):
    brief(client, days=-1)
    with pytest.raises(DataError, match="forget --expired"):
        import_files(exports, client)


def test_on_the_last_day_all_works(client, exports):
    brief(client, days=0)
    assert import_files(exports, client).summary.kept


def test_a_retention_date_that_is_none_is_told(client, exports):
    client.mkdir()
    (client / "campaign.yaml").write_text("retention_date: soon\n")
    with pytest.raises(SettingsError, match="retention_date"):
        import_files(exports, client)


# --- the command line


def test_the_commands_say_what_they_found_and_did(filled, tmp_path):
    shown = call("show", "@bernd_runs", "--data", "acme", "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["store"]["creators"][0]["handle"] == "bernd_runs"
    asked = call("forget", "@bernd_runs", "--data", "acme", cwd=tmp_path, answer="")
    assert (asked.returncode, asked.stdout) == (2, "")
    done = call("forget", "@bernd_runs", "--data", "acme", "--yes", cwd=tmp_path)
    assert done.returncode == 0
    assert "store/creators" in done.stdout
    assert "roster_2026-09-28.csv  sha256" in done.stdout
    again = call("forget", "@bernd_runs", "--data", "acme", "--yes", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["erased"] == []
    nobody = call("show", "@nobody", "--data", "acme", cwd=tmp_path)
    assert nobody.returncode == 2


def test_the_page_of_an_import_names_nobody(tmp_path, client, exports, reports):
    arguments = ["--out", "acme", "--yes", "--pseudonymise"]
    done = call("import", *exports, *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [*client.glob("imports/*/quality.html")]
    assert held_bytes(client, *REAL) == []


@pytest.mark.parametrize("arguments", [[], ["@a", "--all"], ["--expired"]])
def test_what_to_forget_must_be_clear(filled, tmp_path, arguments):
    done = call("forget", *arguments, "--data", "acme", "--yes", cwd=tmp_path)
    assert done.returncode == 2
    assert (filled / "store").is_dir()


def test_data_past_their_date_are_found_and_erased(tmp_path, exports):
    client = Path(tmp_path / "data" / "private" / "acme")
    import_files(exports, client)
    brief(client, days=-1)
    told = "workbench forget --expired --data data/private/acme"
    assert told in call("doctor", cwd=tmp_path).stdout
    refused = call(
        *("report", "engagement-benchmark", "--data", client, "--client", "Acme"), cwd=tmp_path
    )
    assert (refused.returncode, "forget --expired" in refused.stderr) == (2, True)
    done = call(*told.split()[1:], "--yes", cwd=tmp_path)
    assert done.returncode == 0
    assert [path.name for path in client.iterdir()] == ["campaign.yaml"]

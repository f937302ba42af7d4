"""``workbench features``: what it writes, keeps and computes again, and what an erasure leaves."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from tests.commands import call
from workbench.cli.app import app
from workbench.errors import DataError, SettingsError, WorkbenchError
from workbench.features import FeatureSettings, creator_features
from workbench.intake.importing import import_files
from workbench.reporting.forgetting import find_held, forget_all, forget_creator
from workbench.store import open_store

HEADER = "Handle,Platform,Post ID,Posted at,Likes,Comments\n"
POSTS = (
    f"{HEADER}-anna,tiktok,p1,2026-09-01,10,1\n-anna,tiktok,p2,2026-09-08,20,2\n"
    "bernd,tiktok,p3,2026-09-02,30,3\nclara,tiktok,p4,2026-09-03,40,4\n"
    "dora,instagram,p5,2026-09-04,50,\n"
)
DAY = "2026-09-30"
SETTINGS = FeatureSettings(as_of=DAY)
OTHER = FeatureSettings(as_of=DAY, last_posts=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    (folder / "posts.csv").write_text(POSTS)
    import_files([folder / "posts.csv"], folder / "acme", as_of=DAY)
    return folder / "acme"


@pytest.fixture
def client(made, tmp_path):
    return shutil.copytree(made, tmp_path / "acme")


def compute(client, settings=SETTINGS, *, cache=True):
    kept = client / "features" if cache else None
    return creator_features(open_store(client), settings, cache=kept)


def write(client, name, *asked):
    asked = ("features", "--data", client, "--out", client / name, *asked)
    app([*map(str, asked)], standalone_mode=False)


def files(client):
    return sorted((client / "features").iterdir())


def holding(client, name):
    """Return the files below a folder that hold a name."""

    def content(path):
        if path.suffix == ".parquet":
            return pd.read_parquet(path).to_csv().encode()
        return path.read_bytes()

    found = [
        path for path in client.rglob("*") if path.is_file() and name.encode() in content(path)
    ]
    return [path.relative_to(client).as_posix() for path in found]


def assert_same(found, expected):
    pd.testing.assert_frame_equal(found.table, expected.table)
    pd.testing.assert_frame_equal(found.missing, expected.missing)
    assert found.summary == expected.summary


# --- the command


def test_a_second_call_computes_nothing_and_gives_the_same(client, tmp_path):
    first, again = (call("features", "--data", "acme", cwd=tmp_path) for _ in range(2))
    assert first.stderr == "Computed 4 of 4 buckets: 4 of 4 creators.\n"
    assert again.stderr.startswith("Computed 0 of 4 buckets: 0 of 4 creators; the others")
    assert again.stdout == first.stdout
    assert len(first.stdout.splitlines()) == 5


def test_tables_are_written_and_json_sums_them_up(client, tmp_path):
    asked = ("--out", "f.csv", "--missing", "m.parquet", "--jobs", "2", "--json", "--quiet")
    done = call("features", "--data", "acme", *asked, cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.stderr, told["creators"], told["out"]) == ("", 4, "f.csv")
    assert told["computed"] == {"buckets": 4, "of_buckets": 4, "creators": 4}
    table = pd.read_csv(tmp_path / "f.csv", index_col="handle")
    assert table["engagements"].dropna().to_dict() == {"'-anna": 16.5, "bernd": 33, "clara": 44}
    missing = pd.read_parquet(tmp_path / "m.parquet")
    assert missing["reason"].notna().all()


def test_its_own_file_is_written_again_and_no_other(client):
    posts = client.parent / "posts.csv"
    posts.write_text(POSTS)
    with pytest.raises(SettingsError, match="holds something else"):
        write(client, posts)
    assert posts.read_text() == POSTS
    for name in ("a.parquet", "a.csv") * 2:
        write(client, client.parent / name)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--out", "f.xlsx"], ".csv or .parquet"),
        (["--out", "nowhere/f.csv"], "no such folder"),
        (["--out", "acme/exports.csv"], "workbench forget"),
        (["--out", "f.csv", "--missing", "f.csv"], "twice"),
        (["--as-of", "soon"], "must be a date"),
        (["--as-of", "2026-10-01"], "later than the newest import"),
        (["--definition", "loud"], "loud"),
        (["--data", "nowhere"], "no store"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_computed(
    client, tmp_path, monkeypatch, arguments, told
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkbenchError, match=told) as fault:
        app(["features", "--data", "acme", *arguments], standalone_mode=False)
    assert fault.value.exit_code == 2
    assert not (client / "features").exists()


def test_data_past_their_date_are_not_used(client):
    (client / "campaign.yaml").write_text("retention_date: 2020-01-01\n")
    with pytest.raises(DataError, match="forget --expired"):
        app(["features", "--data", str(client)], standalone_mode=False)


# --- what is kept


def test_one_more_post_computes_one_bucket(client, tmp_path):
    compute(client)
    (tmp_path / "more.csv").write_text(f"{HEADER}bernd,tiktok,p9,2026-09-20,90,9\n")
    import_files([tmp_path / "more.csv"], client, as_of=DAY)
    again = compute(client)
    assert (again.computed.buckets, again.computed.creators) == (1, 1)
    assert_same(again, compute(client, cache=False))
    assert len(files(client)) == 4


@pytest.mark.parametrize("harm", [lambda whole: whole[:-9], lambda _: b""])
def test_a_damaged_file_is_computed_anew(client, harm):
    first = compute(client)
    path = files(client)[1]
    whole = path.read_bytes()
    path.write_bytes(harm(whole))
    (client / "features" / f".{path.name}.99999999").write_bytes(whole[:50])
    again = compute(client)
    assert again.computed.buckets == 1
    assert_same(again, first)
    assert len(files(client)) == 4
    assert path.read_bytes() == whole


def test_another_recipe_leaves_nothing_behind(client):
    compute(client, OTHER)
    assert compute(client).computed.buckets == 4
    assert len(files(client)) == 4


def test_what_an_import_has_changed_meanwhile_is_not_kept(client, tmp_path):
    before = open_store(client)
    (tmp_path / "more.csv").write_text(f"{HEADER}bernd,tiktok,p9,2026-09-20,90,9\n")
    import_files([tmp_path / "more.csv"], client, as_of=DAY)
    creator_features(before, SETTINGS, cache=client / "features")
    assert len(files(client)) == 3
    assert compute(client).computed.buckets == 1


# --- whose data they are


def test_show_finds_what_is_kept(client, tmp_path):
    compute(client)
    held = find_held(client, "@bernd", reports=tmp_path / "out")
    [rows] = [rows for place, rows in held.files.items() if place.startswith("features/")]
    assert {row["creator_key"] for row in rows} == {"tiktok:bernd"}
    json.dumps(held.content())


def test_a_forgotten_creator_is_in_no_kept_file(client, tmp_path):
    compute(client)
    shutil.copytree(client / "features", tmp_path / "older")
    compute(client, OTHER)
    shutil.copytree(tmp_path / "older", client / "features", dirs_exist_ok=True)
    write(client, "features.csv", "--missing", client / "features_2.parquet")
    (client / "features" / ".05-x.parquet.99999999").write_text("tiktok:bernd")
    forget_creator(client, "@bernd", reports=tmp_path / "out")
    assert holding(client, "bernd") == []
    assert "clara" in (client / "features.csv").read_text()
    assert compute(client).table["handle"].tolist() == ["dora", "-anna", "clara"]


def test_a_damaged_file_that_may_name_a_creator_goes_with_them(client, tmp_path):
    compute(client)
    for path in files(client):
        path.write_bytes(path.read_bytes()[:-9])
    forget_creator(client, "@bernd", reports=tmp_path / "out")
    assert files(client) == []


def test_an_erasure_meanwhile_is_not_undone(client, tmp_path):
    before = open_store(client)
    parts = {path: path.read_bytes() for path in client.rglob("store/*/*/*.parquet")}
    forget_creator(client, "@bernd", reports=tmp_path / "out")
    for path, content in parts.items():  # as a computation has read them before the erasure
        path.write_bytes(content)
    creator_features(before, SETTINGS, cache=client / "features")
    assert holding(client / "features", "bernd") == []


def test_all_that_is_kept_is_erased_with_the_client(client, tmp_path):
    compute(client)
    write(client, "features.csv")
    forget_all(client, reports=tmp_path / "out")
    assert holding(client, "bernd") == []
    assert not (client / "features").exists()

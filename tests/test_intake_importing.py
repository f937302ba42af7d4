from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import DataError, SettingsError
from workbench.intake.importing import import_files, one_at_a_time
from workbench.intake.layouts import group_files
from workbench.intake.mapping import propose_mapping
from workbench.intake.profile import read_profile
from workbench.intake.quality import ImportReport
from workbench.intake.read import raw_line, read_files
from workbench.store import open_store

INSTAGRAM = (
    "Account username,Post ID,Post type,Publish time,Likes,Comments,Saves,Reach,Followers,"
    "Paid partnership\n"
    'ann.bakes,1,IG image,09/13/2026 16:28,"15,000",80,8,"90,012",304.9K,Yes\n'
    "ann.bakes,2,IG reel,09/14/2026 18:28,0,28,8,N/A,304.9K,\n"
    "bob_runs,3,IG carousel,09/15/2026 21:48,95,8,1,3429,9697,\n"
    "bob_runs,3,IG carousel,09/15/2026 21:48,95,8,1,3429,9697,\n"
)
TIKTOK = (
    "id,create_time,user_name,video_length,n_likes,n_shares,n_comments,n_plays,n_followers\n"
    "7690637547273101376,1790616090,cy_glow,49,1329,6,6,2306,220000\n"
    "7690609176191749800,1790609484,cy_glow,22,1470,7,13,3589,220000\n"
)
YOUTUBE = (
    "Channel title;Channel ID;Video ID;Published at;Duration (s);Views;Likes;Comments;Subscribers\n"
    "Dee Tails;UCdee;v1;2026-09-26T23:56:13Z;1720;701;;0;1950\n"
    "Dee Tails;UCdee;v2;2026-09-27T00:40:18Z;431;1275;26;12;1950\n"
)
CREATORS = (
    "Handle,Platform,Platform ID,Display name,Niche,Country,Followers,Following,Posts,Verified\n"
    'ann.bakes,Instagram,,Ann Bakes,food,NA,"304,912","2,221",729,Yes\n'
    "dee.tails,YouTube,UCdee,Dee Tails,animals,FR,1950,,35,No\n"
    "@Eve,TikTok,,Eve,,DE,120,4,3,No\n"
)
HISTORY = (
    "Date,Platform,Handle,Followers\n"
    "2026-09-01,Instagram,ann.bakes,301000\n"
    "2026-09-01,YouTube,dee.tails,1900\n"
)
SAMPLE = {
    "instagram_posts.csv": INSTAGRAM,
    "tiktok_videos.csv": TIKTOK,
    "youtube_videos.csv": YOUTUBE,
    "creators.csv": CREATORS,
    "follower_history.csv": HISTORY,
}
POSTS = "Handle,Post ID,Posted at,Likes,Comments\n"
Write = Callable[..., list[Path]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(**texts: str) -> list[Path]:
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8-sig")
        return [tmp_path / f"{name}.csv" for name in texts]

    return written


@pytest.fixture
def sample(tmp_path: Path) -> list[Path]:
    for name, text in SAMPLE.items():
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
    return [tmp_path / name for name in SAMPLE]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportReport]:
    """The client's folder after an import of the sample, for tests that only look."""
    folder = tmp_path_factory.mktemp("imported")
    for name, text in SAMPLE.items():
        (folder / name).write_text(text, encoding="utf-8-sig")
    files = [folder / name for name in SAMPLE]
    return folder / "client", import_files(files, folder / "client", sampling="latest_posts")


@pytest.fixture
def client(tmp_path: Path) -> Path:
    return tmp_path / "client"


def table(client: Path, name: str) -> pd.DataFrame:
    return open_store(client / "store").read(name)


def row(frame: pd.DataFrame, **where: str) -> pd.Series:
    for column, value in where.items():
        frame = frame[frame[column].eq(value)]
    assert len(frame) == 1
    return frame.iloc[0]


def test_exports_of_all_kinds_load_without_a_question(imported: tuple[Path, ImportReport]) -> None:
    summary = imported[1].summary
    assert (summary.rows, summary.kept, summary.duplicates_exact) == (13, 12, 1)
    assert (summary.creators, summary.posts, summary.snapshots) == (5, 7, 7)
    assert summary.as_of == "2026-09-28"
    assert not summary.as_of_given


def test_who_is_missing_is_told(imported: tuple[Path, ImportReport]) -> None:
    summary = imported[1].summary
    assert summary.without_posts == ("tiktok:eve",)
    assert summary.without_followers == ()


def test_the_order_of_files_does_not_matter(
    imported: tuple[Path, ImportReport], sample: list[Path], client: Path
) -> None:
    import_files(sample[::-1], client)
    a, b = (open_store(path / "store").fingerprint() for path in (imported[0], client))
    assert a == b


def test_importing_again_changes_nothing(imported: tuple[Path, ImportReport]) -> None:
    client, first = imported
    before = {path: path.read_bytes() for path in client.rglob("*") if path.is_file()}
    files = [client.parent / name for name in SAMPLE]
    again = import_files(files, client, sampling="latest_posts")
    assert all(n.added == n.replaced == 0 for n in again.written.values())
    assert before == {path: path.read_bytes() for path in client.rglob("*") if path.is_file()}
    assert first.content() == again.content()


def test_zero_likes_beside_comments_are_hidden(imported: tuple[Path, ImportReport]) -> None:
    client, report = imported
    post = row(table(client, "posts"), creator_key="instagram:ann.bakes", post_id="2")
    assert pd.isna(post["likes"])
    assert post["likes_hidden"]
    assert report.summary.likes_hidden == 1


def test_what_the_platform_does_not_give_is_missing(imported: tuple[Path, ImportReport]) -> None:
    client, _ = imported
    posts = table(client, "posts")
    assert pd.isna(row(posts, post_id="2")["reach"])
    assert pd.isna(row(posts, post_id="v1")["likes"])
    assert posts.loc[posts["platform"].eq("tiktok"), "saves"].isna().all()


def test_a_blank_beside_yes_means_no(imported: tuple[Path, ImportReport]) -> None:
    client, _ = imported
    assert table(client, "posts").set_index("post_id")["is_sponsored"]["3"] == False  # noqa: E712


def test_an_id_is_the_key_and_the_handle_its_alias(imported: tuple[Path, ImportReport]) -> None:
    client, _ = imported
    aliases = table(client, "aliases")
    assert aliases["creator_key"].tolist() == ["youtube:UCdee"] * 2
    assert aliases["alias_key"].tolist() == ["youtube:dee tails", "youtube:dee.tails"]
    history = table(client, "snapshots").query("creator_key == 'youtube:UCdee'")
    assert history["followers"].tolist() == [1900, 1950]


def test_of_a_days_follower_counts_the_exact_one_stays(imported: tuple[Path, ImportReport]) -> None:
    client, _ = imported
    day = table(client, "snapshots").query("creator_key == 'instagram:ann.bakes'").iloc[-1]
    assert (day["followers"], day["posts_count"], day["counts_rounded"]) == (304_912, 729, False)


def test_a_country_called_na_stays(imported: tuple[Path, ImportReport]) -> None:
    client, _ = imported
    assert row(table(client, "creators"), handle="ann.bakes")["country"] == "NA"


def test_a_key_that_the_store_holds_is_never_changed(write: Write, client: Path) -> None:
    import_files(write(youtube_a="Handle,Date,Followers\nDee Tails,2026-09-01,5\n"), client)
    import_files(write(youtube_b=YOUTUBE), client)
    assert table(client, "creators")["creator_key"].tolist() == ["youtube:dee tails"]
    assert table(client, "creators")["native_id"].tolist() == ["UCdee"]
    assert table(client, "aliases")["alias_key"].tolist() == ["youtube:UCdee"]


def test_a_handle_of_two_accounts_is_refused(write: Write, client: Path) -> None:
    files = write(
        youtube_a=YOUTUBE.replace("UCdee;v2", "UCdoe;v2"),
        youtube_b="Handle,Date,Followers\nDee Tails,2026-09-01,5\n",
    )
    refused = import_files(files, client).refused
    assert refused["file"].tolist() == ["youtube_b.csv"]
    assert "several accounts" in refused["reason"][0]


def test_a_list_of_posts_does_not_empty_a_roster(write: Write, client: Path) -> None:
    roster = "Handle,Niche,Followers\nann,food,9\n"
    import_files(write(instagram=roster), client, as_of="2026-01-01")
    import_files(write(instagram=POSTS + "ann,1,2026-01-02,9,1\n"), client)
    assert table(client, "creators")["niche"].tolist() == ["food"]


@pytest.mark.parametrize("days", [("2026-03-01", "2026-03-08"), ("2026-03-08", "2026-03-01")])
def test_the_later_reading_of_a_post_stays(
    write: Write, client: Path, days: tuple[str, str]
) -> None:
    for day in days:
        likes = 10 if day == "2026-03-01" else 20
        text = POSTS + f"ann,1,2026-02-02,{likes},1\n"
        import_files(write(instagram=text), client, as_of=day)
    assert table(client, "posts")["likes"].tolist() == [20]


def test_columns_of_two_exports_complete_one_another(write: Write, client: Path) -> None:
    files = write(
        instagram_a=POSTS + "ann,1,2026-02-02,10,1\n",
        instagram_b="Handle,Post ID,Posted at,Reach\nann,1,2026-02-02,900\n",
    )
    summary = import_files(files, client).summary
    post = table(client, "posts").iloc[0]
    assert (post["likes"], post["reach"], summary.duplicates_differing) == (10, 900, 1)


def test_a_hidden_count_does_not_replace_one_that_shows(write: Write, client: Path) -> None:
    rows = "ann,1,2026-02-02,10,1\nann,1,2026-02-02,0,1\n"
    import_files(write(instagram=POSTS + rows), client)
    assert table(client, "posts")["likes"].tolist() == [10]


def test_posts_without_ids_at_one_time_are_not_merged(write: Write, client: Path) -> None:
    text = "Handle,Posted at,Likes\nann,2026-02-02,10\nann,2026-02-02,20\nann,2026-02-03,5\n"
    report = import_files(write(instagram=text), client)
    assert report.refused["row"].tolist() == [2]
    assert "no post id" in report.refused["reason"][0]
    assert set(table(client, "posts")["post_id"]) == {
        "at:2026-02-02T00:00:00Z",
        "at:2026-02-03T00:00:00Z",
    }


def test_refused_rows_are_kept_with_place_and_reason(write: Write, client: Path) -> None:
    good = "".join(f"ann,{n},2026-01-{n:02d},9,1\n" for n in range(1, 10))
    bad = 'ann,x,2026-01-01,"many, many",1\n,y,2026-01-01,9,1\nann,z,1999-01-01,9,?\nann,w\n'
    report = import_files(write(instagram=POSTS + good + bad), client)
    saved = pd.read_csv(client / "imports" / report.summary.import_id / "refused.csv")
    assert saved["row"].tolist() == [11, 12, 13, 14]
    assert saved["raw"][0] == 'ann,x,2026-01-01,"many, many",1'
    assert saved["column"][2] == "Posted at; Comments"
    assert saved["reason"][3] == "has 2 cells, the header 5"


def test_ids_that_a_spreadsheet_shortened_are_not_taken(write: Write, client: Path) -> None:
    text = POSTS + "ann,1.79E+17,2026-01-01,9,1\nann,1.79E+17,2026-01-02,9,1\n"
    with pytest.raises(DataError, match="an id with all its digits"):
        import_files(write(instagram=text), client)


def test_posts_after_the_day_of_the_export_are_refused(write: Write, client: Path) -> None:
    text = POSTS + "ann,1,2026-01-01,9,1\nann,2,2026-03-01,9,1\n"
    report = import_files(write(instagram=text), client, as_of="2026-01-31")
    assert report.refused["reason"].tolist() == ["lies after the day of the export, 2026-01-31"]


def test_a_failed_import_writes_nothing(write: Write, client: Path) -> None:
    with pytest.raises(DataError, match="which platform"):
        import_files(write(posts=POSTS + "ann,1,2026-01-01,9,1\n"), client)
    assert not client.exists()


def test_the_questions_of_all_files_come_together(write: Write, client: Path) -> None:
    files = write(
        posts=POSTS + "ann,1,2026-01-01,9,1\n",
        instagram="Handle,Post ID,Posted at\nann,1,03/04/2026\n",
    )
    with pytest.raises(DataError) as caught:
        import_files(files, client)
    assert "posts.csv: which platform" in str(caught.value)
    assert "instagram.csv: column 'Posted at': 03/04/2026" in str(caught.value)


def test_a_roster_without_any_date_asks_for_one(write: Write, client: Path) -> None:
    with pytest.raises(DataError, match="--as-of"):
        import_files(write(instagram="Handle,Followers\nann,9\n"), client)


def test_files_without_a_usable_row_are_told(write: Write, client: Path) -> None:
    text = POSTS + ",1,2026-01-01,9,1\n,2,2026-01-01,9,1\n"
    with pytest.raises(DataError, match=r"no account \(2 rows: 2, 3\)"):
        import_files(write(instagram=text), client)


def test_all_options_that_cannot_be_used_are_told(client: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        import_files([], client, as_of="soon", platform="myspace", sampling="some")
    assert len(caught.value.faults) == 3


def test_a_profile_from_a_file_needs_no_code(write: Write, client: Path, tmp_path: Path) -> None:
    columns = {"handle": "wer", "posted_at": "wann", "likes": ["herzen", "likes"]}
    profile = {"name": "ours", "rows": "post", "platform": "twitch", "columns": columns}
    (tmp_path / "ours.yaml").write_text(yaml.safe_dump(profile | {"date_order": "day_first"}))
    files = write(export="wer,wann,herzen\nann,03/04/2026,1.200\n")
    import_files(files, client, profile=str(tmp_path / "ours.yaml"))
    post = table(client, "posts").iloc[0]
    assert (post["likes"], post["posted_at"].month) == (1_200, 4)


def test_a_profile_that_fits_no_file_is_told(write: Write, client: Path) -> None:
    with pytest.raises(SettingsError, match="No file has the columns"):
        import_files(write(posts=POSTS + "a,1,2,3,4\n"), client, profile="tiktok-video-list")


def test_a_profile_is_checked_against_the_values(write: Write, client: Path) -> None:
    text = TIKTOK.replace("1329", "Spain").replace("1470", "Russia")
    with pytest.raises(DataError, match="'n_likes' as likes"):
        import_files(write(tiktok=text), client, profile="tiktok-video-list")


def test_a_confirmed_mapping_is_saved_and_repeated(write: Write, client: Path) -> None:
    asked = []
    files = write(posts=POSTS + "ann,1,2026-01-01,9,1\n")

    def import_once() -> ImportReport:
        return import_files(
            files,
            client,
            decide=lambda p: asked.append(p) or p.changed("platform", "twitch").profile,
        )

    assert import_once().content() == import_once().content()
    assert len(asked) == 1
    assert [path.name for path in (client / "profiles").iterdir()] == ["posts.yaml"]


def test_a_mapping_that_is_not_confirmed_stops(write: Write, client: Path) -> None:
    with pytest.raises(DataError, match="was not confirmed"):
        import_files(write(tiktok=TIKTOK), client, decide=lambda _: None)


def test_the_quality_report_is_plain_json(imported: tuple[Path, ImportReport]) -> None:
    client, report = imported
    folder = client / "imports" / report.summary.import_id
    qa = json.loads((folder / "qa.json").read_text(encoding="utf-8"))
    assert qa["summary"]["sampling"] == "latest_posts"
    assert [file["not_read"] for file in qa["files"]][3] == ["video_length"]
    assert len(yaml.safe_load((folder / "mapping.yaml").read_text(encoding="utf-8"))) == 5


CELL = st.sampled_from(["", "ann", "bob", "1", "2", "9,9", "1.2M", "x", "2026-01-01", "13/13/2026"])


@settings(max_examples=8)
@given(st.lists(st.lists(CELL, min_size=4, max_size=6), max_size=4))
def test_every_row_is_kept_refused_or_a_duplicate(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    good = [["ann", f"p{n}", f"2026-01-{n:02d}", "9", "1"] for n in range(1, 10)]
    lines = [raw_line(row, ",") for row in [*good, *rows]]
    (folder / "instagram.csv").write_text(POSTS + "\n".join(lines))
    try:
        s = import_files([folder / "instagram.csv"], folder / "client").summary
    except DataError:
        return
    assert s.rows == s.kept + s.refused + s.duplicates_exact + s.duplicates_differing
    assert s.kept == len(table(folder / "client", "posts")) == s.posts


def test_the_bundled_sample_loads_without_a_question(root: Path, client: Path) -> None:
    report = import_files(sorted((root / "data/sample/exports").glob("*.csv")), client)
    assert report.refused.empty
    assert report.table["kept"].gt(0).all()


@pytest.mark.real_data
def test_real_video_lists_give_every_video_once(real_data: Path, client: Path) -> None:
    files = sorted((real_data / "tiktok_famous2020").glob("*.csv"))
    summary = import_files(files, client, profile="tiktok-video-list").summary
    assert (summary.posts, summary.creators, summary.rows) == (50_124, 1_794, 54_261)
    assert (summary.refused, summary.duplicates_exact) == (0, 1_537)


@pytest.mark.real_data
def test_real_video_lists_are_suggested_as_the_profile_reads_them(
    real_data: Path, tmp_path: Path
) -> None:
    files = sorted((real_data / "tiktok_famous2020").glob("*.csv"))[:1]
    (layout,) = group_files(read_files(files), "tiktok")
    known = read_profile("tiktok-video-list", tmp_path)
    suggested = propose_mapping(layout)
    assert suggested.faults == []
    assert suggested.mapping == known.mapping(layout.header)


def test_a_row_of_totals_is_no_account(write: Write, client: Path) -> None:
    text = "Handle,Platform,Followers\nann,IG,12\nTotal,IG,12\n"
    assert import_files(write(c=text), client, as_of="2026-09-30").summary.refused == 1


def test_a_link_to_a_profile_is_its_handle(write: Write, client: Path) -> None:
    text = "Handle,Followers\nhttps://www.tiktok.com/@Ann?lang=en,12\n"
    import_files(write(tiktok=text), client, as_of="2026-09-30")
    assert table(client, "creators")["creator_key"].tolist() == ["tiktok:ann"]


def test_ids_that_a_spreadsheet_guards_are_the_plain_ids(write: Write, client: Path) -> None:
    text = POSTS + 'ann,"=""17""",2026-09-13,9,1\nann,18.0,2026-09-14,9,1\n'
    import_files(write(tiktok=text), client)
    assert table(client, "posts")["post_id"].tolist() == ["17", "18"]


def test_one_wrong_year_does_not_date_the_import(write: Write, client: Path) -> None:
    text = POSTS + "ann,1,2026-09-13,9,1\nann,2,2062-09-14,9,1\n"
    with pytest.raises(DataError, match="2062-09-14, is years after the next, 2026-09-13"):
        import_files(write(tiktok=text), client)
    assert not client.exists()


def test_imports_into_one_folder_wait_for_one_another(write: Write, client: Path) -> None:
    files = write(tiktok=POSTS + "ann,1,2026-09-13,9,1\n")
    with ThreadPoolExecutor() as pool:
        with one_at_a_time(client):
            waiting = pool.submit(import_files, files, client)
            assert not wait([waiting], timeout=0.5).done
        assert waiting.result().summary.kept == 1

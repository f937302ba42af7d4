from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import SettingsError
from workbench.intake.fields import plain_name, platform_in
from workbench.intake.layouts import Layout, group_files
from workbench.intake.mapping import Proposal, propose_mapping
from workbench.intake.profile import (
    MappingProfile,
    parse_profile,
    read_profile,
    save_profile,
)
from workbench.intake.read import read_files

POSTS = "Handle,Post ID,Posted at,Likes,Comments,Views\n"


def layout(folder: Path, text: str, name: str = "instagram.csv") -> Layout:
    (folder / name).write_text(text, encoding="utf-8")
    return group_files(read_files([folder / name]), None)[0]


def posts(*rows: str) -> str:
    head = [f"ann,p{n},2026-01-{n + 1:02d}," for n in range(len(rows))]
    return POSTS + "\n".join(a + b for a, b in zip(head, rows, strict=True))


def proposal(folder: Path, text: str, name: str = "instagram.csv") -> Proposal:
    return propose_mapping(layout(folder, text, name))


@pytest.mark.parametrize("header", ["playCount", "Play_Count", " play  count", "play count (2)"])
def test_headers_are_compared_plainly(header: str) -> None:
    assert plain_name(header) == "play count"


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("instagram_posts.csv", "instagram"),
        ("lists-TIKTOK - DEC 2022.csv", "tiktok"),
        ("youtube2026.csv", "youtube"),
        ("export_ig.csv", "instagram"),
        ("tiktok_and_youtube.csv", None),
        ("creators.csv", None),
    ],
)
def test_a_file_name_tells_the_platform(name: str, platform: str | None) -> None:
    assert platform_in(name) == platform


def test_the_business_suite_layout_is_understood(tmp_path: Path) -> None:
    text = (
        "Post ID,Account ID,Account username,Account name,Description,Duration (sec),Publish time,"
        "Permalink,Post type,Data comment,Date,Views,Reach,Likes,Shares,Follows,Comments,Saves\n"
        '1,9,ann,Ann A,hi,0,01/31/2026 10:00,http://x,IG image,,Lifetime,"15,000",900,120,1,2,3,4\n'
        "2,9,ann,Ann A,hi,9,02/01/2026 11:00,http://y,IG reel,,Lifetime,20000,8000,90,1,2,3,4\n"
    )
    found = proposal(tmp_path, text)
    assert found.faults == []
    assert found.mapping == {
        "handle": "Account username",
        "native_id": "Account ID",
        "display_name": "Account name",
        "post_id": "Post ID",
        "posted_at": "Publish time",
        "media_type": "Post type",
        "likes": "Likes",
        "comments": "Comments",
        "shares": "Shares",
        "saves": "Saves",
        "views": "Views",
        "reach": "Reach",
    }


def test_a_spelling_mistake_is_forgiven(tmp_path: Path) -> None:
    text = "Handle,Folowers\nann,12\nbob,15\n"
    assert proposal(tmp_path, text).mapping["followers"] == "Folowers"


def test_averages_are_not_taken_for_counts(tmp_path: Path) -> None:
    text = "Handle,Followers,Likes avg.,Engagement rate\nann,12,3,0.1\nbob,15,4,0.2\n"
    found = set(proposal(tmp_path, text).mapping)
    assert found == {"handle", "followers", "likes_mean", "engagement_rate_as_given"}


def test_of_two_equal_columns_the_exact_one_is_taken(tmp_path: Path) -> None:
    text = "Handle,Followers,Followers\nann,1.2M,1234567\nbob,3K,3011\n"
    assert proposal(tmp_path, text).mapping["followers"] == "Followers (2)"


def test_a_header_that_lies_is_told_with_its_values(tmp_path: Path) -> None:
    text = posts("9,1,Spain", "9,1,Indonesia", "9,1,Russia", "9,1,Spain")
    (fault,) = proposal(tmp_path, text).faults
    assert "'Views' as views: expected a count" in fault
    assert "'Spain', 'Indonesia', 'Russia'" in fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (posts(*["90,1,9"] * 6), "'Likes' as likes: more likes than 'Views'"),
        (posts(*["3,80,900"] * 6), "more comments than 'Likes'"),
        (posts("9,1,90").replace("ann", "12"), "'Handle' as handle: expected names"),
        (
            POSTS + "".join(f"a{n},p{n % 3},2026-01-{n + 1:02d},9,1,99\n" for n in range(9)),
            "'Post ID' as post_id",
        ),
        (
            POSTS + "".join(f"a{n},p{n},2026-01-01,9,1,99\n" for n in range(30)),
            "all posts have the same time",
        ),
        (
            POSTS.replace("Views", "Followers")
            + "".join(f"ann,p{n},2026-01-{n + 1:02d},9,1,{10**n}\n" for n in range(6)),
            "'Followers' as followers: changes from post to post",
        ),
        (
            "Handle,Followers\n" + "".join(f"{'fitness' * (n % 3 + 1)},{n}\n" for n in range(30)),
            "'Handle' as handle: expected one row an account",
        ),
    ],
)
def test_columns_are_checked_beside_one_another(tmp_path: Path, text: str, said: str) -> None:
    assert said in " ".join(proposal(tmp_path, text).faults)


@pytest.mark.parametrize(
    ("text", "name", "asked"),
    [
        (posts("9,1,99"), "posts.csv", "which platform"),
        ("Followers,Niche\n12,food\n", "instagram.csv", "which column names the account"),
        ("Handle,Post ID,Likes\nann,p1,9\n", "instagram.csv", "which column holds the posting"),
        (posts("9,1,99").replace("2026-01-01", "03/04/2026"), "instagram.csv", "date_order"),
        ("Date,Handle,Followers,Likes\n2026-01-01,ann,10,5\n", "instagram.csv", "is a row a post"),
    ],
)
def test_what_the_values_leave_open_is_asked(
    tmp_path: Path, text: str, name: str, asked: str
) -> None:
    assert asked in " ".join(proposal(tmp_path, text, name).questions)


def test_an_answer_settles_the_question(tmp_path: Path) -> None:
    found = proposal(tmp_path, posts("9,1,99").replace("2026-01-01", "03/04/2026"))
    assert found.changed("date_order", "day_first").faults == []


def test_a_column_is_changed_and_left_out(tmp_path: Path) -> None:
    found = proposal(tmp_path, posts("9,1,99")).changed("likes", "Views")
    assert found.mapping["likes"] == "Views"
    assert "views" not in found.mapping
    assert "comments" not in found.changed("comments", "").mapping


def test_a_change_to_a_header_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no header 'Hearts'"):
        proposal(tmp_path, posts("9,1,99")).changed("likes", "Hearts")


def test_a_profile_without_columns_lends_its_settings(tmp_path: Path) -> None:
    base = MappingProfile(name="ours", date_order="month_first")
    text = posts("9,1,99").replace("2026-01-01", "03/04/2026")
    assert propose_mapping(layout(tmp_path, text), base).faults == []


def test_a_saved_profile_reads_the_same(tmp_path: Path) -> None:
    profile = MappingProfile(name="ours", rows="post", columns={"likes": ("a", "b"), "views": "v"})
    save_profile(profile, tmp_path)
    assert read_profile("ours", tmp_path) == profile


def test_a_saved_profile_is_never_overwritten(tmp_path: Path) -> None:
    names = [save_profile(MappingProfile(name="ours"), tmp_path).name for _ in range(2)]
    assert names == ["ours", "ours-2"]


def test_all_faults_of_a_profile_are_told() -> None:
    text = "name: x\nplatform: myspace\ndate_order: year_first\ncolumns: {hearts: Likes}\nextra: 1"
    with pytest.raises(SettingsError) as caught:
        parse_profile(text, "x.yaml")
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "name: 3"])
def test_a_broken_profile_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match=r"x\.yaml is not a mapping profile"):
        parse_profile(text, "x.yaml")


def test_an_unknown_profile_is_told_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'nope'") as caught:
        read_profile("nope", tmp_path)
    assert "tiktok-video-list" in caught.value.faults[0]


def test_a_share_in_percent_is_no_count(tmp_path: Path) -> None:
    assert "likes" not in proposal(tmp_path, posts("9,1,90").replace("Likes", "Likes (%)")).mapping


@pytest.mark.parametrize(
    "text",
    [
        "Handle,Date,Likes,Reach\nann,2026-09-13,9,90\nann,2026-09-14,9,90\n",
        "Handle,Caption,Followers,Likes\nann,hi,900,9\nbob,ho,800,8\n",
    ],
)
def test_posts_and_days_of_an_account_are_not_guessed(tmp_path: Path, text: str) -> None:
    (question,) = proposal(tmp_path, text).questions
    assert "is a row a post" in question


def test_display_names_do_not_pass_for_handles(tmp_path: Path) -> None:
    text = "Influencer name,Followers\n" + "".join(f"Ann B {n},{n}\n" for n in range(20))
    (fault,) = proposal(tmp_path, text).faults
    assert "expected handles, many are display names" in fault


def test_counts_by_day_do_not_pass_for_totals(tmp_path: Path) -> None:
    days = "".join(f"ann,p1,2026-09-13,{n},1,99\n" for n in range(6))
    (fault,) = proposal(tmp_path, POSTS + days).faults
    assert "are these counts by day" in fault


def test_the_question_for_the_account_names_the_columns(tmp_path: Path) -> None:
    (question,) = proposal(tmp_path, "Rank,Who\n1,ann\n").questions
    assert "Rank, Who" in question

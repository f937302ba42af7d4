"""Profiles made from documentation, and those of the page on an export of one's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import ROOT
from workbench.errors import SettingsError
from workbench.intake.fields import FIELDS
from workbench.intake.importing import import_files
from workbench.intake.profile import MappingProfile, built_in_profiles, parse_profile, read_profile
from workbench.intake.quality import ImportReport
from workbench.store import open_store

PAGE = ROOT / "docs/my-own-export.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SUITE = (
    "Page ID,Date,Post ID,Likes,Publish time,Reach,Views,Comments,Shares,Follows\n"
    '9,Lifetime,1,120,03/04/2026 10:00,900,"15,000",2,1,7\n'
    "9,Lifetime,2,90,02/01/2026 11:00,800,20000,4,3,8\n"
)
SUITE_IN_GERMAN = (
    "Beitrags-ID,Konto-ID,Konto-Benutzername,Kontoname,Veröffentlichungszeitpunkt,Beitragstyp,Datum,"
    "Aufrufe,Reichweite,„Gefällt mir“-Angaben,Geteilte Inhalte,Follows,Kommentare\n"
    "1,9,ann,Ann A,31.01.2026 10:00,IG Bild,Gesamte Laufzeit,15.000,900,120,1,2,3\n"
    "2,9,ann,Ann A,03.02.2026 11:00,IG Reel,Gesamte Laufzeit,20.000,8000,90,1,2,3\n"
)
SUITE_IN_PORTUGUESE = (
    "Identificação do post,Nome de usuário da conta,Horário de publicação,Tipo de post,Data,"
    "Visualizações,Alcance,Curtidas,Compartilhamentos,Comentários,Salvamentos\n"
    "1,ann,31/01/2026 10:00,Reel,Total,15000,900,120,1,2,3\n"
    "2,ann,03/02/2026 11:00,Reel,Total,20000,8000,90,1,2,3\n"
)
CHANNELS = {
    "kind": "youtube#channelListResponse",
    "pageInfo": {"totalResults": 1},
    "items": [
        {
            "id": f"UC{n}",
            "snippet": {"title": f"Ann {n}", "customUrl": f"@ann{n}", "publishedAt": "2015-01-01"},
            "statistics": {"viewCount": "900", "subscriberCount": "1230", "videoCount": "7"},
        }
        for n in range(3)
    ],
}
VIDEOS = {
    "items": [
        {
            "id": f"v{n}",
            "snippet": {
                "publishedAt": f"2026-01-0{n + 1}T10:00:00Z",
                "channelId": "UC1",
                "channelTitle": "Ann",
                "tags": ["a", "b"],
            },
            "statistics": {"viewCount": "900", "likeCount": "90", "commentCount": "9"},
        }
        for n in range(3)
    ]
}
INFLUENCERS = (
    "influencer_id,name,category,gender,follower_count,platform\n7,Ann A,food,f,900,YouTube\n"
)
POSTS = (
    "influencer_id,platform,date,url,caption,reach,likes,comments\n"
    "7,YouTube,2026-01-02,http://x/1,hi,900,90,9\n7,YouTube,2026-01-03,http://x/2,ho,800,80,8\n"
)


def imported(folder: Path, name: str, text: str, profile: str | None = None) -> ImportReport:
    (folder / name).write_text(text, encoding="utf-8")
    return import_files([folder / name], folder / "out", profile=profile, as_of="2026-03-31")


@pytest.mark.parametrize(
    ("profile", "name", "text"),
    [
        ("meta-business-suite", "facebook.csv", SUITE),
        ("meta-business-suite-translated", "instagram.csv", SUITE_IN_GERMAN),
        ("meta-business-suite-translated", "instagram.csv", SUITE_IN_PORTUGUESE),
        ("youtube-api-channels", "channels.json", json.dumps(CHANNELS)),
        ("youtube-api-videos", "videos.json", json.dumps(VIDEOS)),
        ("campaign-influencers", "influencers.csv", INFLUENCERS),
        ("campaign-influencers-id", "influencers.csv", INFLUENCERS.replace("influencer_id", "ID")),
        ("campaign-posts", "posts.csv", POSTS),
    ],
)
def test_a_documented_export_is_recognised(
    tmp_path: Path, profile: str, name: str, text: str
) -> None:
    report = imported(tmp_path, name, text)
    assert report.table["profile"].tolist() == [profile]
    assert report.summary.refused == 0


def test_american_dates_of_the_business_suite_are_known(tmp_path: Path) -> None:
    imported(tmp_path, "facebook.csv", SUITE)
    posts = open_store(tmp_path / "out").read("posts").set_index("post_id")
    assert posts.loc["1", "posted_at"] == pd.Timestamp("2026-03-04 10:00", tz="UTC")


def test_ids_join_influencers_and_their_posts(tmp_path: Path) -> None:
    imported(tmp_path, "influencers.csv", INFLUENCERS)
    report = imported(tmp_path, "posts.csv", POSTS)
    assert report.summary.without_followers == ()


def test_what_no_file_has_tried_is_said() -> None:
    told = {profile.name: profile.tried for profile in built_in_profiles()}
    assert told["meta-business-suite"] == "documentation only, not tried on a real file"
    assert told["tiktok-video-list"].startswith("tried on five public files")


def test_the_list_of_profiles_says_what_they_were_tried_on(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_profile("nope", tmp_path)
    assert "youtube-api-videos: documentation only, not tried on a real file" in caught.value.faults


def example(text: str) -> MappingProfile:
    return parse_profile(text, "example")


def invented(profile: MappingProfile, n: int) -> dict[str, Any]:
    """A record whose fields are what the profile calls them, as JSON nests them."""
    values = {
        "time": 1_767_225_600 + 86_400 * n,
        "count": 10 * (n + 1),
        "number": 0.02,
        "text": f"ann{n}",
    }
    likes = {
        "other_handle": "bob",
        "likes": 90 + n,
        "likes_mean": 90.0,
        "comments": 9,
        "views": 900 + n,
    }
    record: dict[str, Any] = dict.fromkeys(profile.fees.values(), 90)
    for field, headers in profile.columns.items():
        value = likes.get(field, values[FIELDS[field].kind])
        *path, last = headers[0].split(".")
        place = record
        for part in path:
            inner = place.setdefault(part.removesuffix("[]"), [{}] if part.endswith("[]") else {})
            place = inner[0] if isinstance(inner, list) else inner
        place[last] = value
    return record


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: example(text).name)
def test_an_example_reads_a_file_of_its_kind(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    lines = "\n".join(json.dumps(invented(example(text), n)) for n in range(3))
    report = imported(tmp_path, "own.json", lines, profile=str(tmp_path / "own.yaml"))
    fees = example(text).fees
    assert (report.summary.kept, report.summary.refused) == (3 * max(1, len(fees)), 0)
    read = {*example(text).columns} | ({"deliverable", "fee"} if fees else set())
    assert {*report.mapping["column"]} == read


def test_the_page_explains_each_key() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert explained == {*MappingProfile.model_fields}


def test_the_page_names_examples_as_such() -> None:
    assert len(EXAMPLES) == 6
    assert all(example(text).name.startswith("example-") for text in EXAMPLES)

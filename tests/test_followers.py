"""Lists of followers: who is the same, in which order they came, what their names look like."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.intake.followers import with_name_shape
from workbench.intake.importing import import_files
from workbench.intake.quality import ImportReport
from workbench.store import open_store
from workbench.wording.imports import describe_import_questions

FIRST = "Username,Full name,Followers,Private\nZoe_99,Zoe Z,70,no\n@amy,Amy,10,no\nb4d,B,24,yes\n"
SECOND = "username,followers,is_private\nkim,5,no\nzoe_99,70,no\n"


def imported(folder: Path, *texts: str, **options: object) -> ImportReport:
    (folder / "lists").mkdir(exist_ok=True)
    for n, text in enumerate(texts):
        (folder / "lists" / f"{n}.csv").write_text(text, encoding="utf-8")
    told = {"account": "brand", "platform": "instagram", "as_of": "2026-05-01"} | options
    return import_files([folder / "lists"], folder / "client", **told)  # type: ignore[arg-type]


def sample(folder: Path) -> pd.DataFrame:
    return open_store(folder / "client").read("followers_sample")


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportReport]:
    """A list of the newest followers, one of whose rows can't be read."""
    folder = tmp_path_factory.mktemp("listed")
    return folder, imported(folder, f"{FIRST}dr_no,No,many,no\n", drawn="newest")


def test_the_order_of_the_list_and_the_shape_of_names_are_kept(
    listed: tuple[Path, ImportReport],
) -> None:
    columns = ["position", "drawn", "followers", "username_length", "username_digits"]
    found = sample(listed[0])
    assert found[columns].to_numpy().tolist() == [
        [2, "newest", 70, 6, 2],
        [3, "newest", 10, 3, 0],
        [4, "newest", 24, 3, 1],
    ]
    assert found["username_digit_share"].tolist() == pytest.approx([1 / 3, 0, 1 / 3])


def test_no_file_of_the_client_names_a_follower(listed: tuple[Path, ImportReport]) -> None:
    folder, report = listed
    assert report.summary.refused == 1
    kept = [path.read_bytes() for path in (folder / "client").rglob("*") if path.is_file()]
    assert not [name for name in (b"Zoe", b"amy", b"b4d", b"dr_no") for t in kept if name in t]


def test_how_followers_were_drawn_is_asked_where_nobody_said_it(
    listed: tuple[Path, ImportReport], tmp_path: Path
) -> None:
    reports = [listed[1], imported(tmp_path, FIRST)]
    told = [" ".join(describe_import_questions(report)) for report in reports]
    assert ["How were the followers drawn" in text for text in told] == [False, True]


@pytest.mark.parametrize("pseudonymise", [False, True])
def test_a_follower_in_two_files_of_a_day_is_one(tmp_path: Path, pseudonymise: bool) -> None:
    imported(tmp_path, FIRST, SECOND, pseudonymise=pseudonymise)
    assert len(sample(tmp_path)) == 4


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same list of another day, of another creator, and drawn otherwise."""
    folder = tmp_path_factory.mktemp("grown")
    imported(folder, FIRST)
    for other in ({"as_of": "2026-05-02"}, {"account": "rival"}, {"drawn": "random"}):
        imported(folder, FIRST, **other)
    return folder


def test_each_draw_of_a_day_is_a_sample_of_its_own(grown: Path) -> None:
    assert sample(grown)["drawn"].value_counts().to_dict() == {"unknown": 9, "random": 3}


def test_nobody_is_known_again_but_in_files_of_one_account_and_day(grown: Path) -> None:
    found = sample(grown).groupby(["creator_key", "sampled_on"])["follower_id"].agg(set)
    assert [len(ids) for ids in found] == [3, 3, 3]
    assert len(set.union(*found)) == 9


def test_another_client_has_other_pseudonyms(
    grown: Path, listed: tuple[Path, ImportReport]
) -> None:
    assert {*sample(listed[0])["follower_id"]}.isdisjoint(sample(grown)["follower_id"])


def test_without_names_each_row_is_a_follower(tmp_path: Path) -> None:
    imported(tmp_path, "Followers,Following,Is private\n10,20,no\n10,20,no\n")
    assert sample(tmp_path)["follower_id"].nunique() == 2


def test_an_account_in_every_row_is_no_follower(tmp_path: Path) -> None:
    imported(tmp_path, "account,followers,is private\nbrand,1,no\nbrand,2,no\nbrand,3,yes\n")
    assert sample(tmp_path)["username_length"].isna().all()
    assert len(sample(tmp_path)) == 3


@pytest.mark.parametrize("told", [{"drawn": "lucky"}, {"drawn": "random", "account": None}])
def test_a_draw_must_be_known_and_of_followers(tmp_path: Path, told: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"can't start|list of followers"):
        imported(tmp_path, "Handle,Followers\nann,900\n", **told)


@given(st.integers(1, 30), st.integers(0, 30))
def test_two_of_length_digits_and_share_give_the_third(length: int, digits: int) -> None:
    digits = min(digits, length)
    full = pd.DataFrame(
        {
            "username_length": pd.array([length], dtype="Int64"),
            "username_digits": pd.array([digits], dtype="Int64"),
            "username_digit_share": [digits / length],
        }
    )
    nobody = pd.Series([None], dtype="str")
    for name in ("username_digits", "username_digit_share"):
        found = with_name_shape(full.drop(columns=name), nobody)[list(full)]
        pd.testing.assert_frame_equal(found, full)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("folder", "names", "rows"),
    [
        ("fake_spammer_genuine", "*.csv", 696),
        ("seraphim_followers", "*.csv", 10_166),
        ("instafake", "[fr]*.json", 1_194),
    ],
)
def test_real_lists_load_with_the_shape_of_names(
    real_data: Path, tmp_path: Path, folder: str, names: str, rows: int
) -> None:
    files = sorted((real_data / folder).glob(names))
    told = {"account": "of", "platform": "instagram", "as_of": "2021-01-31"}
    import_files(files, tmp_path / "client", **told)  # type: ignore[arg-type]
    found = sample(tmp_path)
    assert len(found) == rows
    assert found["username_digit_share"].between(0, 1).all()
    assert found["position"].notna().all()

"""The panel in which followers are labelled, without a browser."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from workbench.audience import DesignSettings, label_order, latest_sample
from workbench.audience.decisions import read_labels
from workbench.errors import DataError, SettingsError
from workbench.explore.labelling import LabellingPanel
from workbench.intake.followers import read_names
from workbench.intake.importing import import_files
from workbench.store import open_store

SAMPLE = pd.DataFrame(
    {
        "creator_key": "instagram:brand",
        "follower_id": ["aa", "bb", "cc"],
        "followers": pd.array([1_500, 3, None], dtype="Int64"),
        "following": [20, 7_000, 1],
        "posts_count": [5, 0, 1],
        "has_picture": pd.array([True, False, None], dtype="boolean"),
        "is_private": [False, False, True],
        "bio_length": [34, 0, 0],
        "username_length": pd.array([8, 12, None], dtype="Int64"),
        "username_digits": pd.array([0, 5, None], dtype="Int64"),
        "username_digit_share": [0, 5 / 12, 0.25],
        "score": [0.012345, 0.98765, 0.5],
    }
)
ORDER = ["bb", "aa", "cc", "bb"]


def opened(folder: Path, order: list[str] = ORDER, **options: object) -> LabellingPanel:
    told = {"reviewer": "me"} | options
    return LabellingPanel(SAMPLE, order, path=folder / "labels.csv", **told)  # type: ignore[arg-type]


def press(panel: LabellingPanel, keys: str) -> None:
    for key in keys:
        panel.keys.hear({"key": key, "turn": panel.keys.turn})


def labels(folder: Path) -> list[tuple[str, int, str]]:
    found = read_labels(folder / "labels.csv")
    return [*zip(found["follower_id"], found["repeat"], found["label"], strict=True)]


@pytest.mark.parametrize(
    ("keys", "saved"),
    [
        ("rnc", [("bb", 1, "real"), ("aa", 1, "not_real"), ("cc", 1, "cannot_tell")]),
        ("rnurxq", [("bb", 1, "real"), ("aa", 1, "real")]),
        ("uruun", [("bb", 1, "not_real")]),
        ("rrrnr", [("bb", 1, "real"), ("aa", 1, "real"), ("cc", 1, "real"), ("bb", 2, "not_real")]),
    ],
)
def test_each_key_is_saved(tmp_path: Path, keys: str, saved: list[tuple[str, int, str]]) -> None:
    press(opened(tmp_path), keys)
    assert labels(tmp_path) == saved


def test_it_goes_on_where_it_stopped_and_undoes_from_there(tmp_path: Path) -> None:
    press(opened(tmp_path), "rn")
    press(opened(tmp_path, reviewer="another"), "r")
    panel = opened(tmp_path)
    assert panel.keys.listed.startswith("2 of 4")
    press(panel, "uc")
    assert labels(tmp_path) == [
        ("bb", 1, "real"),
        ("bb", 1, "real"),
        ("aa", 1, "cannot_tell"),
    ]


def test_a_key_meant_for_the_follower_before_labels_nobody(tmp_path: Path) -> None:
    panel = opened(tmp_path)
    for _ in range(2):
        panel.keys.hear({"key": "r", "turn": 0})
    assert labels(tmp_path) == [("bb", 1, "real")]


def test_what_is_shown_is_blind_to_scores_and_names(tmp_path: Path) -> None:
    assert opened(tmp_path, names={"bb": "bob99"}).keys.facts == [
        ("Followers", "3"),
        ("Follows", "7,000"),
        ("Posts", "0"),
        ("Picture", "no"),
        ("Private", "no"),
        ("Profile text", "0 characters"),
        ("User name", "12 characters, digits among them: 5"),
    ]


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    shown = dict(opened(tmp_path, ["cc"]).keys.facts)
    assert (shown["Followers"], shown["Picture"]) == ("not known", "not known")
    assert shown["User name"] == "25% digits"


def test_a_name_is_shown_when_asked_for_and_for_one_follower(tmp_path: Path) -> None:
    panel = opened(tmp_path, names={"bb": "bob99", "aa": "ann"})
    press(panel, "w")
    assert panel.keys.facts[-1] == ("Name", "bob99")
    press(panel, "r")
    assert "Name" not in dict(panel.keys.facts)


def test_the_time_left_is_that_of_the_latest_labels(tmp_path: Path) -> None:
    order = [f"{n:03d}" for n in range(100)]
    sample = pd.DataFrame({"creator_key": "x:1", "follower_id": order})
    at = pd.date_range("2026-01-01", periods=37, freq="9s", tz="UTC")
    known = pd.DataFrame({"follower_id": order[:37], "labelled_at": at.strftime("%FT%TZ")})
    known = known.assign(creator_key="x:1", label="real", reviewer="me")
    known.to_csv(tmp_path / "labels.csv", index=False)
    panel = LabellingPanel(sample, order, path=tmp_path / "labels.csv", reviewer="me")
    assert panel.keys.listed == "37 of 100, about 9 minutes left"


def test_at_the_end_nothing_more_is_asked(tmp_path: Path) -> None:
    panel = opened(tmp_path)
    press(panel, "rrrrr")
    assert (panel.turn, panel.keys.facts) == (None, [])
    assert panel.keys.listed == "All 4 labelled. The file is complete."


def test_a_label_that_cannot_be_saved_is_asked_for_again(tmp_path: Path) -> None:
    panel = opened(tmp_path)
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00\x00binary\x00")
    press(panel, "r")
    assert panel.keys.status.startswith("Not saved")
    assert panel.turn == 0


def test_faults_of_the_order_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 follower not in the sample: zz"):
        opened(tmp_path, ["aa", "zz"])
    with pytest.raises(SettingsError, match="Nobody labels"):
        opened(tmp_path, reviewer=" ")


def test_the_order_is_that_of_the_design() -> None:
    counts = range(60)
    sample = pd.DataFrame({"follower_id": [*map(str, counts)], "followers": [*counts]})
    order = label_order(sample, DesignSettings(labels=20, repeats=5))
    assert len({*order[:20]}) == 20
    assert {*order[20:]} <= {*order[:20]}
    assert len(order) == 25


def test_names_come_from_the_export_alone(tmp_path: Path) -> None:
    export = tmp_path / "list.csv"
    export.write_text("Username,Followers,Private\n@Zoe_9,1,no\namy,2,no\n")
    told = {"account": "brand", "platform": "instagram", "as_of": "2026-05-01"}
    import_files([export], tmp_path / "client", drawn="random", **told)  # type: ignore[arg-type]
    sample = latest_sample(open_store(tmp_path / "client"))
    export.write_text("Username,Followers,Private\namy,2,no\nnew,2,no\n@Zoe_9,1,no\n")
    assert read_names(export, tmp_path / "client", sample.head(1)) == {
        sample["follower_id"].iloc[0]: "Zoe_9"
    }
    with pytest.raises(DataError, match="No followers of instagram:rival"):
        latest_sample(open_store(tmp_path / "client"), "instagram:rival")

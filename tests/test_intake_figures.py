"""Exports that hold averages only: figures, the unit of rates, two sources, days, real lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from workbench.errors import DataError
from workbench.intake.fields import day_in, metric_in
from workbench.intake.importing import csv_text, import_files
from workbench.intake.rates import settle_rates
from workbench.store import open_store

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.mark.parametrize(
    ("words", "figure"),
    [
        ("likes avg", "likes_mean"),
        ("average likes per post", "likes_mean"),
        ("avg comment", "comments_mean"),
        ("median views", "views_median"),
        ("total likes", "likes_sum"),
        ("eng avg", "engagements_mean"),
        ("eng auth", "authentic_engagements"),
        ("authentic engagement values", "authentic_engagements"),
        ("engagement rate", "engagement_rate_as_given"),
        ("likes", None),
        ("views gained", None),
        ("new post avg like", None),
        ("engagement rate by reach", None),
    ],
)
def test_headers_name_figures(words: str, figure: str | None) -> None:
    assert metric_in(words) == figure


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("Tiktok sep 2022.csv", date(2022, 9, 30)),
        ("list - DEC 2022.csv", date(2022, 12, 31)),
        ("june 2022 - june 2022.csv", date(2022, 6, 30)),
        ("export_2026-03-05.csv", date(2026, 3, 5)),
        ("export_20260305.csv", date(2026, 3, 5)),
        ("2026-02-30.csv", None),
        ("2026-03-01_2026-03-31.csv", None),
        ("mar 2026 and apr 2026.csv", None),
        ("decade 2022x.csv", None),
        ("tiktok.csv", None),
    ],
)
def test_the_day_that_a_name_tells(name: str, day: date | None) -> None:
    assert day_in(name) == day


def test_a_rate_is_settled_by_the_rows_own_counts() -> None:
    counts = {"followers": [1000] * 4, "likes_mean": [33.0] * 3 + [1900.0]}
    values = pd.DataFrame(counts | {"comments_mean": [2.0] * 4})
    settled = settle_rates(pd.Series(["0.035", "3.5", "3.5%", "1.91"]), values)
    assert settled.rate.tolist() == pytest.approx([0.035, 0.035, 0.035, 1.91])
    assert settled.unit.tolist() == ["fraction", "percent", "written %", "fraction"]


def test_a_rate_near_neither_unit_stays_open() -> None:
    values = pd.DataFrame({"followers": [1000], "engagements_mean": [35.0]})
    settled = settle_rates(pd.Series(["0.4"]), values)
    assert settled.unit.tolist() == ["open"]
    assert settled.rate.isna().all()


def test_a_rate_without_counts_goes_with_the_others() -> None:
    values = pd.DataFrame({"followers": [1000] * 11, "engagements_mean": [35.0] * 10 + [None]})
    settled = settle_rates(pd.Series(["3.5"] * 10 + ["0.9"]), values)
    assert settled.rate.iloc[-1] == pytest.approx(0.009)
    assert settled.unit.iloc[-1] == "percent as the others"


def test_averages_fill_reported_metrics(write: Write, tmp_path: Path) -> None:
    text = "Handle,Followers,Likes avg.,ER\nann,1000,30,3.1%\nbob,2.5K,-,N/A\n"
    path = write("instagram 2026-03-05.csv", text)
    report = import_files([path], tmp_path / "out")
    told = open_store(tmp_path / "out").read("reported_metrics")
    assert told["creator_key"].tolist() == ["instagram:ann"] * 2
    assert told["metric"].tolist() == ["engagement_rate_as_given", "likes"]
    assert told["value"].tolist() == pytest.approx([0.031, 30])
    assert report.table["as_of_from"].tolist() == ["file name"]
    assert report.summary.metrics == 2


def test_lists_of_two_months_are_two_snapshots(write: Write, tmp_path: Path) -> None:
    paths = [
        write(f"instagram {month} 2026.csv", f"Handle,Followers\nann,{count}\n")
        for month, count in (("mar", 1000), ("apr", 1100))
    ]
    import_files(paths, tmp_path / "out")
    held = open_store(tmp_path / "out").read("snapshots")
    assert held["followers"].tolist() == [1000, 1100]
    assert held["observed_on"].dt.strftime("%m-%d").tolist() == ["03-31", "04-30"]


def test_an_undated_list_asks_for_its_day(write: Write, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"instagram\.csv: say it with --as-of"):
        import_files([write("instagram.csv", "Handle,Followers\nann,9\n")], tmp_path / "out")


@pytest.mark.parametrize("together", [True, False])
def test_two_sources_that_differ_are_told(write: Write, tmp_path: Path, together: bool) -> None:
    one = write("a instagram 2026-03-05.csv", "Handle,Followers,Avg likes\nann,1000,30\nbob,9,1\n")
    two = write("b instagram 2026-03-05.csv", "username,Fans,Likes (avg)\nann,1300,60\nbob,9,1\n")
    runs = [[one, two]] if together else [[one], [two]]
    reports = [import_files(files, tmp_path / "out") for files in runs]
    found = reports[-1].disagreements
    assert set(found["figure"]) == {"followers", "likes_mean"}
    assert set(found["creator"]) == {"instagram:ann"}
    kept = dict(zip(found["figure"], found["kept"], strict=True))
    assert kept == {"followers": "1,300", "likes_mean": "60" if together else "both"}
    folder = tmp_path / "out" / "imports" / reports[-1].summary.import_id
    assert (folder / "disagreements.csv").is_file()


def test_sources_that_agree_leave_no_table(write: Write, tmp_path: Path) -> None:
    for name in ("a", "b"):
        path = write(f"{name} instagram 2026-03-05.csv", f"Handle,Followers,{name}\nann,1.2M,\n")
        report = import_files([path], tmp_path / "out")
    assert report.disagreements.empty


def _named_accounts(counts: list[int]) -> str:
    rows = [f"The Number {n} Show,{count}" for n, count in enumerate(counts)]
    return "\n".join(["Channel name,Subscribers", *rows, "The Number 0 Show,77"]) + "\n"


def test_display_names_are_taken_only_where_that_is_said(write: Write, tmp_path: Path) -> None:
    path = write("youtube 2026-03-05.csv", _named_accounts([*range(10, 40)]))
    with pytest.raises(DataError, match="display_names: true"):
        import_files([path], tmp_path / "out")
    profile = write("names.yaml", "name: names\ndisplay_names: true\n")
    report = import_files([path], tmp_path / "out", profile=str(profile))
    assert report.summary.kept == 29
    assert set(report.refused["reason"]) == {
        "rows of this display name differ: they may be two accounts"
    }


def test_no_cell_of_a_written_csv_is_a_formula() -> None:
    frame = pd.DataFrame({"raw": ["=1+1", "@x", "-3", "+4", "ann"], "row": [1, 2, 3, 4, 5]})
    lines = csv_text(frame).splitlines()[1:]
    assert lines == ["'=1+1,1", "'@x,2", "'-3,3", "'+4,4", "ann,5"]


@pytest.mark.real_data
def test_all_lists_of_hypeauditor_load(real_data: Path, tmp_path: Path) -> None:
    files = sorted((real_data / "hypeauditor2022").glob("*.csv"))
    undated = [f for f in files if "2022" not in f.name]
    dated = [f for f in files if "2022" in f.name]
    lists = "hypeauditor-list"
    import_files(undated, tmp_path / "out", profile=lists, as_of="2022-03-31")
    report = import_files(dated, tmp_path / "out", profile=lists)
    assert len(files) == 15
    table = report.table.set_index("file")
    rows = open_store(tmp_path / "out").catalog.imports
    assert sum(f.rows for record in rows for f in record.files) == 15_150
    assert table["blank"].sum() == 1
    assert table["refused"].sum() == 8
    shifted = table[table["profile"].eq("hypeauditor-list-shifted")]
    assert shifted.index.str.contains("june").all()


# What must stand where, by the position of the columns as a person reads the files: handle,
# followers, then the figure that the file's kind of list is judged by.
_PLACES = {
    "social media influencers - Tiktok sep 2022.csv": (1, 4, 8, "likes"),
    "social media influencers - Youtube sep-2022.csv": (2, 5, 8, "likes"),
    "social media influencers - instagram sep-2022.csv": (1, 4, 9, "engagements"),
    "social media influencers - instagram.csv": (0, 5, 10, "engagements"),
    "social media influencers - tiktok.csv": (0, 3, 7, "likes"),
    "social media influencers - youtube.csv": (0, 4, 9, "likes"),
    "social media influencers-INSTAGRAM - -DEC 2022.csv": (1, 6, 11, "engagements"),
    "social media influencers-TIKTOK - ---DEC 2022.csv": (1, 3, 7, "likes"),
    "social media influencers-YOUTUBE - --DEC 2022.csv": (1, 5, 10, "likes"),
    "social media influencers-instagram - -nov 2022.csv": (1, 5, 10, "engagements"),
    "social media influencers-instagram june 2022 - june 2022.csv": (0, 5, 10, "engagements"),
    "social media influencers-tiktok - ---nov 2022.csv": (1, 3, 5, "likes"),
    "social media influencers-tiktok june 2022 - june 2022.csv": (0, 3, 7, "likes"),
    "social media influencers-youtube - --nov 2022.csv": (1, 5, 10, "likes"),
    "social media influencers-youtube june 2022 - june 2022.csv": (0, 5, 10, "likes"),
}


def _plain(text: str) -> float:
    factor = {"K": 1e3, "M": 1e6}.get(text[-1:], 1)
    return float(text.rstrip("KM")) * factor


@pytest.mark.real_data
@pytest.mark.parametrize("name", _PLACES)
def test_the_columns_of_each_list_are_the_right_ones(
    real_data: Path, tmp_path: Path, name: str
) -> None:
    import csv

    handle, followers, figure, metric = _PLACES[name]
    path = real_data / "hypeauditor2022" / name
    import_files([path], tmp_path / "out", profile="hypeauditor-list", as_of="2022-12-31")
    store = open_store(tmp_path / "out")
    names = store.read("creators").set_index("creator_key")["handle"]
    counts = store.read("snapshots").set_index("creator_key")["followers"]
    told = store.read("reported_metrics")
    means = told[told["metric"].eq(metric) & told["statistic"].eq("mean")]
    values = means.set_index("creator_key")["value"]
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream) if any(row)][1:]
    given = {row[handle].strip().lower(): row for row in rows}
    once = [n for n in given if sum(row[handle].strip().lower() == n for row in rows) == 1]
    keys = {handle.lower(): key for key, handle in names.items()}
    assert len(once) > 900
    for n in once:
        assert counts[keys[n]] == round(_plain(given[n][followers]))
        if given[n][figure][:1].isdigit():
            assert values[keys[n]] == pytest.approx(_plain(given[n][figure]))

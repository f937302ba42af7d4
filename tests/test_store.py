import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import DataError
from workbench.store import ImportRecord, canonical_frame, check_frame, open_store
from workbench.store.catalog import buckets_of
from workbench.tables.schema import POSTS, TABLES

RECORD = ImportRecord(id="one", files=(), as_of="2026-09-30", sampling="latest_posts")


def make_posts(likes: dict[str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "creator_key": [f"tiktok:{name}" for name in likes],
            "platform": "tiktok",
            "post_id": "p",
            "posted_at": pd.Timestamp("2026-09-01", tz="UTC"),
            "likes": list(likes.values()),
            "provenance": "measured",
            "source": "one",
        }
    )


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store", create=True)


def test_what_is_written_is_read_back_in_canonical_form(store):
    frame = make_posts({"b": 2, "a": 1})
    store.write({"posts": frame}, RECORD)
    back = open_store(store.root).read("posts")
    expected = canonical_frame(frame.sort_values("creator_key"), POSTS)
    pd.testing.assert_frame_equal(back, expected)


def test_a_write_adds_replaces_and_keeps(store):
    store.write({"posts": make_posts({"a": 1, "b": 2})}, RECORD)
    count = store.write({"posts": make_posts({"b": 2, "c": 3, "a": 9})}, RECORD)["posts"]
    assert (count.added, count.replaced, count.unchanged) == (1, 1, 1)


def test_the_same_rows_again_leave_the_same_fingerprint(store):
    store.write({"posts": make_posts({"a": 1, "b": 2})}, RECORD)
    before = open_store(store.root).fingerprint()
    store.write({"posts": make_posts({"b": 2, "a": 1})}, RECORD)
    assert open_store(store.root).fingerprint() == before


def test_a_reader_keeps_what_it_opened(store):
    store.write({"posts": make_posts({"a": 1})}, RECORD)
    reader = open_store(store.root)
    store.write({"posts": make_posts({"a": 2})}, RECORD)
    assert reader.read("posts")["likes"].tolist() == [1]


def test_a_write_that_dies_before_its_commit_changes_nothing(store, monkeypatch):
    store.write({"posts": make_posts({"a": 1})}, RECORD)

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.store.tables.write_catalog", die)
    with pytest.raises(KeyboardInterrupt):
        store.write({"posts": make_posts({"a": 2})}, RECORD)
    assert open_store(store.root).read("posts")["likes"].tolist() == [1]


def test_parts_that_nothing_names_are_swept(store):
    for likes in (1, 2, 3):
        store.write({"posts": make_posts({"a": likes})}, RECORD)
    assert len(list(store.root.glob("posts/bucket=*/*.parquet"))) == 2


def test_all_faults_of_a_frame_are_listed(store):
    frame = make_posts({"a": -1, "b": 2}).assign(platform="myspace")
    with pytest.raises(DataError) as fault:
        store.write({"posts": frame}, RECORD)
    assert {line.split(":")[0] for line in fault.value.faults} == {"likes", "platform"}


def test_a_key_that_is_there_twice_is_refused():
    frame = canonical_frame(pd.concat([make_posts({"a": 1}), make_posts({"a": 2})]), POSTS)
    with pytest.raises(DataError):
        check_frame(frame, POSTS)


def test_a_column_that_cannot_be_cast_is_named():
    with pytest.raises(DataError, match="posts") as fault:
        canonical_frame(make_posts({"a": 1}).assign(likes="many"), POSTS)
    assert fault.value.faults[0].startswith("likes")


def test_a_missing_store_says_what_to_run(tmp_path):
    with pytest.raises(DataError, match="no store") as fault:
        open_store(tmp_path)
    assert "workbench import" in str(fault.value)


def test_a_store_of_another_version_is_refused(store):
    path = store.root / "store.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    with pytest.raises(DataError, match="schema version 99"):
        open_store(store.root)


def test_a_damaged_part_is_a_sentence(store):
    store.write({"posts": make_posts({"a": 1})}, RECORD)
    next(store.root.glob("posts/*/*.parquet")).write_bytes(b"half")
    with pytest.raises(DataError, match="can't be read"):
        open_store(store.root).read("posts")


def test_a_damaged_catalog_is_a_sentence(store):
    (store.root / "store.json").write_text("{")
    with pytest.raises(DataError, match="can't be read"):
        open_store(store.root)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_read_empty(store, table):
    assert store.read(table).columns.tolist() == list(TABLES[table].names)


@given(st.text(min_size=1), st.integers(1, 99))
def test_a_bucket_is_a_two_digit_number_below_their_count(key, buckets):
    assert 0 <= int(buckets_of(pd.Series([key]), buckets).item()) < buckets

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.tables.definitions import engagement_definition, engagement_definitions
from workbench.tables.dictionary import describe_tables
from workbench.tables.schema import TABLES
from workbench.tables.tiers import UNKNOWN_SIZE, assign_tier, read_tier_preset, tier_presets


def test_the_data_dictionary_is_written_from_the_tables(root):
    assert (root / "data" / "README.md").read_text(encoding="utf-8") == describe_tables()


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_key_and_order_are_columns(table):
    assert {*table.key, *table.order} <= set(table.names)


@pytest.mark.parametrize(
    ("followers", "tier"),
    [
        (999, "below 1k"),
        (1_000, "nano"),
        (9_999, "nano"),
        (10_000, "micro"),
        (100_000, "macro"),
        (1_000_000, "macro"),
        (1_000_001, "mega"),
        (None, UNKNOWN_SIZE),
    ],
)
def test_edges_of_the_four_tiers(followers, tier):
    counts = pd.Series([followers], dtype="Int64")
    assert assign_tier(counts, read_tier_preset("four-tier")).tolist() == [tier]


def test_a_size_without_a_name_is_shown_as_a_gap():
    counts = pd.Series([50_000, 499_999, 2_000_000])
    tiers = assign_tier(counts, read_tier_preset("narrow-micro")).tolist()
    assert tiers == ["no tier (50k-500k)", "no tier (50k-500k)", "no tier (1M+)"]


@pytest.mark.parametrize("name", tier_presets())
@given(followers=st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_no_creator_is_dropped_by_any_preset(name, followers):
    assert assign_tier(pd.Series(followers), read_tier_preset(name)).notna().all()


def test_an_unknown_preset_is_answered_with_the_known_ones():
    with pytest.raises(SettingsError) as fault:
        read_tier_preset("huge")
    assert "four-tier" in str(fault.value)


def test_a_preset_of_ones_own(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "{name: own, source: us, year: 2026, tiers: [{name: small, from: 0, below: 5}]}",
        encoding="utf-8",
    )
    assert assign_tier(pd.Series([4, 5]), read_tier_preset(str(own))).tolist() == [
        "small",
        "no tier (5+)",
    ]


def test_overlapping_tiers_are_refused(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "{name: own, source: us, year: 2026, tiers: [{name: a, from: 0}, {name: b, from: 5}]}",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError, match="not a tier preset"):
        read_tier_preset(str(own))


@pytest.mark.parametrize("name", ["a", UNKNOWN_SIZE])
def test_tiers_need_names_of_their_own(tmp_path, name):
    own = tmp_path / "own.yaml"
    own.write_text(
        "{name: own, source: us, year: 2026, tiers: [{name: a, from: 0, below: 5}, "
        f"{{name: {name}, from: 5}}]}}",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError, match="not a tier preset"):
        read_tier_preset(str(own))


def test_every_definition_states_its_source():
    assert all(d.source and d.year >= 2000 for d in engagement_definitions().values())


def test_a_bare_engagement_rate_is_not_a_definition():
    with pytest.raises(SettingsError):
        engagement_definition("engagement_rate")

"""The numbers that a report is about, and how a change of them is told."""

from __future__ import annotations

import json
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import DataError
from workbench.formats import HEADLINES_MARK
from workbench.reporting.gate import check_report
from workbench.reporting.headlines import headlines_of, read_previous, show_headlines
from workbench.reporting.html import render_html
from workbench.wording import Headline, audit_headlines, plan_headlines
from workbench.wording.headlines import changed_names, describe_change_rows, difference

RATE = {"name": "Median rate, Instagram", "kind": "percent", "confidence": 0.9, "better": "more"}


def rate(value, low, high, **changed):
    return Headline(**{**RATE, "value": value, "low": low, "high": high, **changed})


def counted(value, name="Worth asking", **changed):
    return Headline(name=name, value=value, kind="count", **changed)


def told(then, now):
    rows = describe_change_rows([now] if now else [], [then] if then else [])
    return BeautifulSoup(rows["Change"][0], "html.parser").get_text()


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": float("nan")},
        {"value": 0.2, "low": 0.1},
        {"value": 0.2, "low": 0.3, "high": 0.4, "confidence": 0.9},
        {"value": 0.2, "low": 0.1, "high": 0.4},
        {"value": 0.2, "confidence": 0.9},
        {"value": None, "low": 0.1, "high": 0.4, "confidence": 0.9},
    ],
)
def test_a_headline_is_a_number_or_one_within_its_range(wrong):
    with pytest.raises(ValueError, match="Rate"):
        Headline(name="Rate", kind="percent", **wrong)


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (counted(4), counted(9, better="less"), "+5"),
        (counted(4), counted(3, better="less"), "-1"),
        (counted(4), counted(4, better="less"), "no change"),
        (counted(4, unit="EUR"), counted(4, unit="USD"), "can't be compared: another unit"),
        (counted(None), counted(4), "can't be compared"),
        (None, counted(4), "new"),
        (counted(4), None, "gone"),
        (
            rate(0.02, 0.015, 0.025),
            rate(0.04, 0.03, 0.05),
            "+2.0 points (+0.88 to +3.1): a clear change, better",
        ),
        (
            rate(0.02, 0.015, 0.025),
            rate(0.021, 0.016, 0.026),
            "+0.10 points (-0.61 to +0.81): within what chance does",
        ),
        (
            rate(0.02, 0.015, 0.025),
            rate(0.02, 0.01, 0.03, confidence=0.95),
            "can't be compared: ranges of another kind",
        ),
    ],
)
def test_a_change_is_told_without_overstating_it(then, now, expected):
    assert told(then, now) == expected


def test_ranges_that_overlap_may_differ_for_sure():
    then, now = rate(0.020, 0.015, 0.025), rate(0.028, 0.023, 0.033)
    assert then.high > now.low
    assert told(then, now).endswith("a clear change, better")
    assert changed_names([now, counted(3)], [then, counted(3)]) == [now.name]


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_a_difference_lies_in_its_range_and_turns_with_the_order(drawn):
    one, other = (rate(sorted(part)[1], min(part), max(part)) for part in (drawn[:3], drawn[3:]))
    moved, low, high = difference(one, other)
    assert low <= moved <= high
    assert difference(other, one) == pytest.approx((-moved, -high, -low))


def test_the_range_of_a_difference_covers_as_often_as_the_ranges_do():
    rng = np.random.default_rng(1)
    drawn = rng.normal([[0.4], [0.5]], [[0.01], [0.02]], (2, 4_000))
    halves = np.array([0.01, 0.02]) * 1.6449
    held = 0
    for values in drawn.T:
        pair = [rate(v, v - h, v + h) for v, h in zip(values, halves, strict=True)]
        _, low, high = difference(*pair)
        held += low <= 0.1 <= high
    assert held / 4_000 == pytest.approx(0.9, abs=0.015)


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """Show headlines as a notebook does; return the executed notebook."""

    def show(headlines, previous=""):
        outputs = []
        monkeypatch.setattr(
            "IPython.display.display",
            lambda data, raw, metadata: outputs.append(
                nbformat.v4.new_output("display_data", data, metadata=metadata)
            ),
        )
        show_headlines(headlines, str(previous))
        heads = [nbformat.v4.new_markdown_cell(text) for text in ("# Title", "## The answer")]
        cell = nbformat.v4.new_code_cell("show_headlines()", outputs=outputs)
        path = tmp_path / "executed.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[*heads, cell]), path)
        return path

    return show


@pytest.fixture
def previous(tmp_path):
    path = tmp_path / "previous.json"
    then = {**RATE, "value": 0.02, "low": 0.015, "high": 0.025}
    path.write_text(json.dumps({"period": "2026-Q2", "as_of": "2026-06-30", "headlines": [then]}))
    return path


NOW = [
    rate(0.04, 0.03, 0.05),
    counted(4),
    Headline(name="Spend", value=2.5, kind="amount", unit="€"),
]


def test_what_was_shown_is_kept_for_the_next_report(shown):
    kept = headlines_of(shown(NOW))
    assert [Headline(**one) for one in kept] == NOW
    assert kept[0]["name"] == RATE["name"]


def test_without_an_earlier_report_there_is_no_change(shown):
    page = BeautifulSoup(render_html(shown(NOW), title="Report"), "html.parser")
    assert [th.get_text() for th in page.select("thead th")] == ["What", "Now"]
    assert page.details is None


def test_the_change_passes_the_gate(shown, previous):
    html = render_html(shown(NOW, previous), title="Report")
    assert check_report(html) == []
    page = BeautifulSoup(html, "html.parser")
    assert page.caption.get_text() == "What changed since 2026-Q2 (data as of 30 Jun 2026)"


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (320, "light")])
def test_axe_finds_no_violation_in_the_change(shown, previous, browser, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_content(render_html(shown(NOW, previous), title="Report"))
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.querySelector('.scroll').scrollWidth") <= width


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"headlines": []}',
        '{"as_of": "soon", "headlines": []}',
        '{"as_of": "2026-06-30", "headlines": [{"name": "x"}]}',
        '{"as_of": "2026-06-30", "headlines": [{"name": "x", "value": NaN, "kind": "count"}]}',
    ],
)
def test_a_broken_file_is_told_in_words(tmp_path, content):
    path = tmp_path / "previous.json"
    path.write_text(content)
    with pytest.raises(DataError, match="can't be read") as fault:
        read_previous(path)
    assert "previous.json" in fault.value.faults[0]


def test_a_missing_file_is_told_in_words(tmp_path):
    with pytest.raises(DataError, match="can't be read"):
        read_previous(tmp_path / "none.json")


def test_a_manifest_will_do(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"data_as_of": "2026-06-30", "headlines": [], "key": "x"}))
    assert read_previous(path).name == "the report before (data as of 30 Jun 2026)"


def test_an_audit_counts_its_creators_by_what_was_found():
    found = {"creators": 9, "worth_asking": 2, "no_concern": 4, "not_enough": 3, "flagged": 1}
    told = audit_headlines(SimpleNamespace(summary=SimpleNamespace(**found)), [])
    assert [headline.value for headline in told] == [9, 2, 4, 3, 1]


def test_a_plan_that_keeps_to_no_limits_has_nothing_to_tell():
    plan = SimpleNamespace(summary=SimpleNamespace(goal="net_reach"))
    (only,) = plan_headlines(SimpleNamespace(plan=plan, promise=None))
    assert (only.name, only.value) == ("People reached, by the plan", None)


def test_two_numbers_of_one_name_are_refused():
    with pytest.raises(DataError, match="one name"):
        show_headlines([counted(1), counted(2)])


def test_the_mark_is_the_one_that_manifests_are_made_from():
    assert HEADLINES_MARK == "workbench_headlines"

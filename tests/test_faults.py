"""Faults that strike a run; the table of all, with many repeats, is ``benchmarks.faults``."""

import base64
import html
import json
import random

import pytest

from benchmarks.fault_list import FAULTS, AbsentError
from benchmarks.fault_reader import Seen
from benchmarks.fault_scene import SECRET_VALUE, Scene, a_scene
from benchmarks.faults import Tally, strike

CHEAP = (
    "raise in a cell",
    "SIGKILL of the runner",
    "parameter misspelt",
    "corrupt Parquet",
    "client without posts",
    "secret in outputs",
    "Ctrl-C",
)


def coded(text):
    return base64.b64encode(f"a {text} b".encode()).decode()


@pytest.fixture(scope="module")
def scene():
    with a_scene(seed=7) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEAP)
def test_a_fault_never_publishes_a_wrong_report(scene, name):
    tally = Tally()
    try:
        strike(scene, FAULTS[name], tally)
    except AbsentError as absent:
        pytest.skip(str(absent))
    assert tally.passed, tally


@pytest.fixture
def page(tmp_path):
    run = tmp_path / "runs" / "one"
    (run / "desk").mkdir(parents=True)
    (run / "desk" / "manifest.json").write_text('{"html_sha256": "other"}')
    (tmp_path / "latest").symlink_to("runs/one")
    return tmp_path / "latest" / "report.html"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<p>made for acme.</p>", "not whole"),
        ("<p>made for umbra.</p></html>", "another client"),
        ("<p>made for acme.</p></html>", "another page's manifest"),
        (None, "FileNotFoundError"),
    ],
)
def test_the_reader_sees_what_must_never_be_seen(page, text, told):
    if text is not None:
        page.write_text(text)
    seen = Seen()
    seen.look(page, "acme")
    assert any(told in fault for fault in seen.faults)


@pytest.mark.parametrize("written", [str, repr, json.dumps, html.escape, coded])
def test_a_secret_is_found_however_it_is_written(tmp_path, written):
    place = Scene(root=tmp_path, dice=random.Random(0))
    place.out.mkdir()
    (place.out / "note.txt").write_text(f"- {written(SECRET_VALUE)} -", encoding="utf-8")
    assert place.leaks(since=0)

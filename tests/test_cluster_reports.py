"""Scheduled reports are the same whatever runs them."""

import json

import pytest

from tests.runs import make_client
from tests.test_cluster import address  # noqa: F401
from tests.test_own_notebook import GOOD, write
from tests.test_runner import go, statuses

OF_THE_RUN = ("started", "ended", "seconds", "cells")


def made(project, executor, where):
    """Make two reports; return what became of them, and their manifests but for their times."""
    out = project / executor
    summary = go(project, keys={"out": str(out)}, executor=executor, address=where)
    assert statuses(summary) == ["published", "published"], summary
    found = [json.loads(path.read_text()) for path in sorted(out.glob("*/*/latest/desk/man*.json"))]
    for manifest in found:
        assert [cell["id"] for cell in manifest["cells"]]
        for key in OF_THE_RUN:
            del manifest[key]
    return [outcome.sha256 for outcome in summary.reports], found


@pytest.mark.slow
def test_a_report_and_its_manifest_are_the_same_whatever_runs_it(tmp_path, address):  # noqa: F811
    for name in ("acme", "bolt"):
        make_client(tmp_path / "data" / name)
    write(tmp_path / "own.ipynb", GOOD)
    ways = [("serial", ""), ("local", ""), ("dask", address)]
    first, *others = [made(tmp_path, *way) for way in ways]
    assert len(first[1]) == 2
    assert others == [first, first]

"""A report made again from its manifest, to see that the same input still gives the same bytes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.errors import SettingsError
from workbench.reporting.asked import OWN, CheckedRun, ReportRun, find_notebook
from workbench.reporting.check import check_run
from workbench.reporting.contents import check_contents
from workbench.reporting.manifest import file_sha256, read_manifest
from workbench.reporting.period import Clock, local_now
from workbench.reporting.render import make_report


@dataclass(frozen=True, kw_only=True)
class RenderedAgain:
    """Whether a report came out as before, and what else it was made from if not."""

    same: bool
    was: str
    sha256: str
    reason: str = ""


def render_again(manifest: Path, now: Clock = local_now) -> RenderedAgain:
    """Make the report of a manifest once more, aside, and compare its SHA-256.

    Raises
    ------
    SettingsError, DataError
        If the file is no manifest of a published report, or its input is no longer there.
    RunError
        If the run fails.
    """
    content = read_manifest(manifest.parent.parent) if manifest.name == "manifest.json" else {}
    if not content.get("html_sha256"):
        told = ["give desk/manifest.json of a run that was published"]
        raise SettingsError(f"{manifest} is no manifest of a published report.", told)
    with tempfile.TemporaryDirectory(prefix="workbench-again-") as folder:
        asked = check_run(_asked(content, Path(folder)), now)
        asked = replace(asked, compared=_previous(manifest, content.get("previous")))
        find_notebook(asked.run.report)
        work = Path(folder) / "work"
        work.mkdir()
        sha256 = file_sha256(make_report(asked, work, check_contents(asked), None, now))
    was = str(content["html_sha256"])
    reason = "" if sha256 == was else "; ".join(_differences(content, asked))
    return RenderedAgain(same=sha256 == was, was=was, sha256=sha256, reason=reason)


def _asked(content: Mapping[str, Any], out: Path) -> ReportRun:
    """Return the run that a manifest tells of."""
    ours = {*OWN, "period"} if content["period"] else {*OWN}
    reference, brand = content.get("reference"), content.get("brand")
    return ReportRun(
        report=content["report"],
        data=Path(content["data"]),
        client=content["client"],
        out=out,
        parameters={k: v for k, v in content["parameters"].items() if k not in ours},
        period=content["period"],
        secrets=tuple(content["secrets"]),
        reference=Path(reference["path"]) if reference else None,
        brand=Path(brand["path"]) if brand else None,
        pdf=bool(content.get("pdf_sha256")),
        seconds=content["seconds_limit"],
    )


def _previous(manifest: Path, before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what the report was compared with, from the file that lies beside its manifest."""
    with suppress(OSError, ValueError):
        told = json.loads((manifest.parent / "previous.json").read_text(encoding="utf-8"))
        if before:
            return {**told, "key": before["key"], "html_sha256": before["sha256"]}
    return None


def _differences(content: Mapping[str, Any], asked: CheckedRun) -> Iterator[str]:
    """Say what the report was made from then and is not now."""
    told = {
        "data_fingerprint": "the data are others",
        "imports_sha256": "the list of imports is another",
        "files_beside": "a file beside the store is another",
        "notebook_sha256": "the notebook is another",
        "package_sha256": "the source of Creator Workbench is another",
        "brand_sha256": "the brand is another",
        "reference_sha256": "the reference is another",
    }
    now = {**asked.input, **asked.data}
    found = [sentence for key, sentence in told.items() if content.get(key) != now.get(key)]
    then = content.get("versions", {})
    found += [
        f"{name} is {version}, it was {then.get(name, 'not there')}"
        for name, version in now["versions"].items()
        if then.get(name) != version
    ]
    if content.get("previous") and not asked.previous:
        found.append("the numbers of the report before (previous.json) are missing")
    yield from found or ["the same input gave other bytes"]

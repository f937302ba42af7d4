"""Scheduled reports without a kernel: small clients, a schedule, and a stand-in for the work."""

from __future__ import annotations

from datetime import datetime

from workbench.intake.importing import import_files
from workbench.reporting.manifest import as_json, output_hashes

POSTS = "Account username,Post ID,Publish time,Likes,Comments\n" + "".join(
    f"anna_{who},{who}{month}{day},0{month}/{day}/2026 16:28,{100 + day},{day}\n"
    for who in range(3)
    for month in (5, 8)
    for day in range(10, 18)
)
NOTEBOOK_PARAMETERS = """client: str = ""  # required: name on the report
data_dir: str = ""  # required: the client's folder
period: str = ""  # what the report covers
as_of: str = ""  # date of the data
previous: str = ""  # manifest of the report before
edition: str = "named"  # one of: named, masked, analyst
share: float = 0.5  # of something (0 to 1)"""


def at(day, hour=3):
    """Return a clock that stands still."""
    moment = datetime.fromisoformat(f"{day}T{hour:02d}:00:00+00:00")
    return lambda: moment


def make_client(folder, *, more="", as_of="2026-09-30"):
    folder.mkdir(parents=True, exist_ok=True)
    export = folder.parent / f"{folder.name}_instagram_posts.csv"
    export.write_text(POSTS + more)
    import_files([export], folder, as_of=as_of)
    return folder


class StandIn:
    """Makes a report's files from its input at once, and counts; can fail as it is told."""

    def __init__(self):
        self.made, self.faults = [], {}

    def __call__(self, asked, work, hidden, kernels, now):
        self.made.append(asked.run.client)
        (work / "desk").mkdir()
        started = now()
        fault = self.faults.get(asked.run.client, [])
        if fault and fault[0] is not None:
            raise fault.pop(0)
        html = work / asked.file_name
        html.write_text(f"{asked.run.client} {asked.data['data_fingerprint']} {asked.run.period}")
        found = output_hashes(html) | {"headlines": [{"name": "posts"}], "cells": []}
        manifest = asked.manifest(started, now(), found, "good", "")
        (work / "desk" / "manifest.json").write_bytes(as_json(manifest))
        return html

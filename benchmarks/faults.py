"""Whatever befalls a run: no wrong, partial or stale report is ever published.

Each fault strikes runs of a small report that has a good earlier one on the shelf. A reader looks
at the published report every 5 ms throughout; afterwards exit codes, reasons, processes, working
files and the secret are looked for, and an ordinary run must be good again.

``python -m benchmarks.faults [--repeats 20] [--only PATTERN] [--quick]``
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.fault_list import FAULTS, AbsentError, Fault
from benchmarks.fault_reader import watching
from benchmarks.fault_scene import CLIENTS, Scene, Started, a_scene, digest, manifest, nothing
from benchmarks.report import finish, read_options

_MOST = 60  # runs in one scene
_QUICK = ("parameter misspelt",)


@dataclass
class Tally:
    """What became of all repeats of a fault.

    Attributes
    ----------
    looks : int
        How often the reader looked.
    wrong : list of str
        Pages that should never have been seen: each is a wrong publish.
    leaks, left, other : list of str
        Files with the secret; processes and working files; all else that is not as it should be.
    """

    repeats: int = 0
    looks: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    absent: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.wrong or self.leaks or self.left or self.other)

    def row(self, name: str) -> dict[str, object]:
        """Return the fault's row of the table."""
        return {
            "fault": name,
            "repeats": self.repeats,
            "looks": self.looks,
            "wrong publishes": len(self.wrong),
            "exit codes": _told(self.codes),
            "kinds": _told(self.kinds),
            "secret in": len(self.leaks),
            "left over": len(self.left),
            "other": len(self.other),
            "verdict": "not here" if self.absent else "pass" if self.passed else "FAIL",
        }


def strike(scene: Scene, fault: Fault, tally: Tally) -> None:
    """Let a fault strike once, and look at everything afterwards."""
    before = {page: digest(page) for page in scene.pages}
    failures, began = scene.failures(), time.time() - 0.1
    scene.number += 1
    with watching(scene.pages, scene.root / "seen.json") as seen:
        runs = fault.act(scene)
        tally.left += scene.leftovers()
    told = scene.kinds(failures)
    tally.repeats += 1
    tally.codes.update(_code(run) for run in runs)
    tally.kinds.update(told)
    for page, view in seen.items():
        allowed = {before[page]} | (_new_good(scene, page) if fault.publishes else set())
        tally.looks += view.looks
        tally.wrong += [*view.faults, *(f"page {h[:12]}" for h in view.hashes - allowed)]
    tally.leaks += scene.leaks(since=began)
    tally.other += [
        f"exit code {_code(run)}: {run.words}" for run in runs if _code(run) not in fault.codes
    ]
    tally.other += [f"traceback: {run.words}" for run in runs if "Traceback (most" in run.words]
    if fault.kinds and not (told or {""}) & fault.kinds:
        tally.other.append(f"kinds {sorted(told)}, expected one of {sorted(fault.kinds)}")
    _run_again(scene, tally)


def _new_good(scene: Scene, page: Path) -> set[str]:
    """Return what a page leads to now, if its run is whole and the one that was asked for."""
    found, now = manifest(page), digest(page)
    asked = found["parameters"]["number"] == scene.number and found["client"] == scene.pages[page]
    whole = found["html_sha256"] == now and found["exit"]["kind"] == "good"
    return {now} if whole and asked else set()


def _run_again(scene: Scene, tally: Tally) -> None:
    """Check that the next ordinary run is good, whatever was before it."""
    struck = manifest(scene.page())
    scene.age()
    clients = CLIENTS if scene.several else CLIENTS[:1]
    run = scene.start(clients=clients)
    if run.finish() != 0:
        tally.other.append(f"the next run failed: {run.words}")
        return
    for page in list(scene.pages)[:2]:
        again = manifest(page)
        if again["parameters"]["number"] != scene.number or again["parameters"]["fault"]:
            tally.wrong.append("an old report after a good run")
        same = all(again[name] == struck[name] for name in ("parameters", "data_fingerprint"))
        if same and again["html_sha256"] != struck["html_sha256"]:
            tally.wrong.append("the report of the struck run is not that of an ordinary one")
    tally.left += scene.leftovers() + scene.litter()


def _code(run: Started) -> int:
    return run.finish(0)


def _told(counter: Counter[Any]) -> str:
    return ", ".join(f"{key} x{times}" for key, times in sorted(counter.items())) or "-"


def measure(scene: Scene, fault: Fault, repeats: int) -> Tally:
    """Let a fault strike many times."""
    tally = Tally()
    for _ in range(repeats):
        try:
            strike(scene, fault, tally)
        except AbsentError as absent:
            tally.absent = str(absent)
            break
    return tally


def scenes(names: Iterable[str]) -> Iterator[tuple[str, Scene]]:
    """Give each fault's scene: the one before, while that is prepared alike and still small."""
    with ExitStack() as stack:
        scene, prepare = None, None
        for seed, name in enumerate(sorted(names, key=_is_prepared)):
            if scene is None or FAULTS[name].prepare is not prepare or scene.number > _MOST:
                stack.close()
                scene, prepare = stack.enter_context(a_scene(seed)), FAULTS[name].prepare
                prepare(scene)
            yield name, scene


def _is_prepared(name: str) -> bool:
    return FAULTS[name].prepare is not nothing


def main() -> None:
    """Let all faults strike and print what became of the reports."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import nbconvert  # noqa: F401  # loaded once, for all runs to come
    import papermill  # noqa: F401

    options = read_options(
        "No fault publishes a wrong report.",
        {"--repeats": {"type": int, "default": 20}, "--only": {"default": ""}},
    )
    names = _QUICK if options.quick else [name for name in FAULTS if re.search(options.only, name)]
    repeats = 1 if options.quick else options.repeats
    rows = []
    for name, scene in scenes(names):
        began = time.monotonic()
        tally = measure(scene, FAULTS[name], repeats)
        rows.append(tally.row(name) | {"seconds": round(time.monotonic() - began)})
        found = tally.wrong + tally.leaks + tally.left + tally.other
        print(rows[-1], *(fault[-600:] for fault in found), sep="\n  ", flush=True)
    table = pd.DataFrame(rows)
    failed = [str(row["fault"]) for row in rows if row["verdict"] == "FAIL"]
    struck, looks = table["repeats"].sum(), table["looks"].sum()
    figures = (
        f"{table['wrong publishes'].sum()} wrong publishes in {struck} runs with {len(rows)} "
        f"faults, {looks} looks; not passed: {', '.join(failed) or 'none'}"
    )
    finish(table, {}, met=not failed, figures=figures, options=options)


if __name__ == "__main__":
    main()

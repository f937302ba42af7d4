"""What tests share: the real data, the browser, a small store, and an honest count of skips."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from workbench.reporting.pdf import BROWSERS

ROOT = Path(__file__).parents[1]

# Tests start hundreds of processes. Where byte code is not kept, each compiles its libraries again,
# which takes longer than most of what is tested: it is kept for this run alone.
if os.environ.get("PYTHONDONTWRITEBYTECODE"):
    BYTECODE = tempfile.TemporaryDirectory()
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": BYTECODE.name}

settings.register_profile("suite", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data sets; tests that need it skip where it is not."""
    place = Path(os.environ.get("WORKBENCH_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (place / "README.md").is_file():
        pytest.skip("real data: set WORKBENCH_REAL_DATA to the folder of public data sets")
    return place


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; without one its tests skip, or fail under WORKBENCH_STRICT=1."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("WORKBENCH_STRICT") == "1":
            pytest.fail("no Chromium: run `make browser`")
        pytest.skip("browser: run `make browser`")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[object]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    flags = ["--disable-dev-shm-usage", "--disable-background-networking"]
    flags += ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # WebGL without a GPU
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield running
        running.close()


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[], Any]) -> Any:
    """Return what the first worker to ask has made for all."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = place / f"{name}.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make()))
    return pickle.loads(kept.read_bytes())


@pytest.fixture(scope="session")
def sample_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client's folder into which the bundled sample was imported, this worker's own."""

    def make() -> Path:
        from workbench.intake.importing import import_files
        from workbench.reporting.bundle import sample_exports

        client = tmp_path_factory.mktemp("sample-client")
        import_files(sample_exports(), client, sampling="latest_posts")
        return client

    made = made_once(tmp_path_factory, "sample-client", make)
    return shutil.copytree(made, tmp_path_factory.mktemp("own") / "sample-client")


@pytest.fixture(scope="session")
def planning_world() -> Any:
    """A market with fees and campaigns."""
    from workbench.market.campaigns import CampaignSettings, make_campaigns
    from workbench.market.fees import FeeSettings, make_fees
    from workbench.market.settings import varied_settings
    from workbench.market.world import make_market

    market = make_market(varied_settings(90, seed=5, weeks_of_history=8))
    fees = make_fees(market.truth_creators, market.settings, FeeSettings())
    done = make_campaigns(
        market.truth_creators, fees.truth_creators, market.settings, CampaignSettings()
    )
    return market, fees, done


@pytest.fixture(scope="session")
def planning_client(planning_world: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its tables in a client's folder, as an import leaves them."""
    import pandas as pd

    from workbench.store import ImportRecord, open_store

    market, fees, done = planning_world
    folder = tmp_path_factory.mktemp("planning") / "client"
    store = open_store(folder / "store", create=True)
    own = {"provenance": "measured", "source": "m"}
    last = market.snapshots[
        market.snapshots["observed_on"].eq(market.snapshots["observed_on"].max())
    ]
    big = market.truth_creators.nlargest(4, "followers")["creator_key"].sort_values().tolist()
    pairs = [(one, other) for n, one in enumerate(big) for other in big[n + 1 :]]
    overlaps = pd.DataFrame(pairs, columns=["creator_key", "other_key"]).assign(
        share=0.1, base="smaller", as_of=pd.Timestamp("2026-09-30"), source="m"
    )
    tables = {
        "creators": market.creators.assign(source="m"),
        "posts": market.posts.assign(**own),
        "snapshots": last.assign(**own),
        "fee_quotes": fees.quotes.assign(source="m"),
        "tracking": done.tracking.assign(source="m"),
        "overlaps": overlaps,
    }
    store.write(tables, ImportRecord(id="m", files=(), as_of="2026-09-30", sampling="latest_posts"))
    return folder


@pytest.fixture(scope="session")
def sample_report(
    sample_client: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[object, object]:
    """The sample's report as `workbench demo` makes it: what was asked, and what was published."""

    def make() -> tuple[object, object]:
        from workbench.reporting.bundle import sample_shortlist
        from workbench.reporting.render import ReportRun, render_report

        names = sample_shortlist()
        run = ReportRun(
            report="engagement-benchmark",
            data=sample_client,
            client="Sample Agency",
            out=tmp_path_factory.mktemp("reports"),
            parameters={"shortlist": names, "period": "Q3 2026 (synthetic data)"},
        )
        return run, render_report(run)

    return made_once(tmp_path_factory, "sample-report", make)


@pytest.fixture(scope="session")
def report_page(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Give the finished HTML of each report of the project by its name."""

    def make(name: str) -> Path:
        from tests import pages

        folder = tmp_path_factory.mktemp(name)
        if name == "import":
            return pages.make_import(folder)
        if name == "budget-plan":
            return pages.make_plan(request.getfixturevalue("planning_client"), folder)
        made = {"claims": pages.make_claims, "audience-audit": pages.make_audit}[name]
        return made(request.getfixturevalue("sample_client"), folder)

    def page(name: str) -> Path:
        if name == "engagement-benchmark":
            return Path(request.getfixturevalue("sample_report")[1].html)
        return Path(made_once(tmp_path_factory, f"report-{name}", lambda: make(name)))

    return page


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(
        str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        .removeprefix("Skipped: ")
        .strip()
        for report in terminalreporter.stats.get("skipped", [])
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"left out {count} tests: {reason}")

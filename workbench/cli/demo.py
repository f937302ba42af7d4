"""``workbench demo``: the bundled sample, from its exports to its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, give, say, set_messages

CLIENT = "Sample Agency"


def demo(
    out: Annotated[Path, typer.Option(help="Where reports are published.")] = Path("reports/out"),
    data: Annotated[Path, typer.Option(help="The sample's client folder.")] = Path(
        "data/private/sample-agency"
    ),
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Import the synthetic sample and render its engagement benchmark.

    Example: workbench demo --out reports/out
    """
    set_messages(quiet=quiet, verbose=verbose)
    from shutil import copyfile

    from workbench.intake.importing import import_files
    from workbench.reporting.bundle import bundled, sample_exports, sample_shortlist
    from workbench.reporting.render import ReportRun, render_report
    from workbench.tables.brief import BRIEF

    say("Importing the sample's exports ...")
    import_files(sample_exports(), data, sampling="latest_posts")
    if not (data / BRIEF).exists():
        copyfile(bundled("data/sample/campaign.yaml"), data / BRIEF)
    say("Rendering the report (about 20 seconds) ...")
    published = render_report(
        ReportRun(
            report="engagement-benchmark",
            data=data,
            client=CLIENT,
            out=out,
            parameters={"shortlist": sample_shortlist(), "period": "Q3 2026 (synthetic data)"},
        )
    )
    say("The report, one file that can be mailed:")
    give(
        {"html": str(published.html), "sha256": published.sha256}, str(published.html), as_json=json
    )

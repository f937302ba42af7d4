"""Make reports again from their manifests and print how many come out the same."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.jobs import run_tasks
from workbench.reporting.again import render_again


def is_same(manifest: Path) -> bool:
    """Say whether the report of a manifest comes out with the same SHA-256, and why not."""
    found = render_again(manifest)
    if not found.same:
        print(f"{manifest}: {found.reason}", file=sys.stderr)
    return found.same


def main() -> None:
    """Print how many are the same."""
    manifests = [Path(word) for word in sys.argv[1:]]
    outcomes = run_tasks(is_same, manifests, executor="local", workers=2)
    for outcome in outcomes:
        if outcome.error:
            print(outcome.error, file=sys.stderr)
    print(sum(bool(outcome.value) for outcome in outcomes))


if __name__ == "__main__":
    main()

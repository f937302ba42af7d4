import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

BENCHMARKS = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if "def main(" in path.read_text(encoding="utf-8")
)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_ends_with_its_verdict(real_data, tmp_path, name):
    call = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--json", tmp_path / "out.json"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    verdict = done.stdout.strip().splitlines()[-1]
    assert verdict.startswith("bar met" if done.returncode == 0 else "bar missed"), done.stderr
    assert json.loads((tmp_path / "out.json").read_text())["table"]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_its_last_full_figures_are_kept(name):
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    section = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
    assert f"python -m benchmarks.{name}" in section
    assert "bar met:" in section or "bar missed:" in section

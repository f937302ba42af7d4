import importlib
import json
import sys
import warnings

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
def test_it_ends_with_its_verdict(real_data, tmp_path, monkeypatch, capsys, name):
    asked = ["--quick", "--json", str(tmp_path / "out.json")]
    monkeypatch.setattr(sys, "argv", [name, *asked])
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # rivals may warn
        benchmark = importlib.import_module(f"benchmarks.{name}")
        with pytest.raises(SystemExit) as end:
            benchmark.main()
    verdict = capsys.readouterr().out.strip().splitlines()[-1]
    assert verdict.startswith("bar met" if end.value.code == 0 else "bar missed"), end.value.code
    assert json.loads((tmp_path / "out.json").read_text())["table"]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_runs_as_a_script(name):
    text = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
    assert text.endswith('if __name__ == "__main__":\n    main()\n')


@pytest.mark.parametrize("name", BENCHMARKS)
def test_its_last_full_figures_are_kept(name):
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    section = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
    assert f"python -m benchmarks.{name}" in section
    assert "bar met:" in section or "bar missed:" in section

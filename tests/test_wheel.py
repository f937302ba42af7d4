import os
import subprocess
import sys
import venv
import zipfile

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def install(python, *arguments):
    """Install by uv where it is, else by pip."""
    by_uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    by_pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*by_uv, *arguments], check=False, capture_output=True).returncode:
        subprocess.run([*by_pip, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", str(ROOT), *options], check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_notebooks_sample_and_licence(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for place in (
        "workbench/bundled/notebooks/00-start-here.ipynb",
        "workbench/bundled/notebooks/report/engagement-benchmark.ipynb",
        "workbench/bundled/notebooks/explore/shortlist.ipynb",
        "workbench/bundled/data/sample/exports/creators.csv",
        "workbench/explore/keys.js",
        "workbench/reporting/template/client/index.html.j2",
        "workbench/tables/tiers.yaml",
        "workbench/py.typed",
    ):
        assert place in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_demo_runs_from_the_wheel_alone(wheel, tmp_path):
    venv.create(tmp_path / "clean", with_pip=True)
    python = tmp_path / "clean" / "bin" / "python"
    install(python, "--require-hashes", "-r", str(ROOT / "requirements.lock"))
    install(python, "--no-deps", str(wheel))
    done = subprocess.run(
        [python.parent / "workbench", "demo"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / done.stdout.strip()).is_file()

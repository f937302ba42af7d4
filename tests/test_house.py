import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

SOURCES = sorted((ROOT / "workbench").rglob("*.py"))


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["importlinter.cli", "lint"],
    ],
    ids=lambda command: command[0] + command[-1],
)
def test_the_linters_pass(command):
    call = [sys.executable, "-m", *command]
    if command[0] == "importlinter.cli":
        call = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
        call.append("--no-cache")
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_short_and_named_by_its_subject(path):
    vague = {"utils", "util", "helpers", "common", "misc", "core", "base", "manager"}
    assert path.stem not in vague
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


def locked(name: str) -> dict[str, list[Version]]:
    pins: dict[str, list[Version]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[.*\])?==([^ ;\\]+)", line):
            pins.setdefault(canonicalize_name(match[1]), []).append(Version(match[2]))
    return pins


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ("lab", "build")),
        ("requirements-dev.lock", ("lab", "build", "dev")),
        ("requirements-bench.lock", ("bench",)),
    ],
)
def test_the_lock_satisfies_the_project(lock, extras):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"]] if "build" in extras else []
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    pins = locked(lock)
    for text in wanted:
        requirement = Requirement(text)
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, text
        assert all(requirement.specifier.contains(v, prereleases=True) for v in versions), text


@pytest.mark.parametrize(
    "lock", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"]
)
def test_a_lock_is_hashed_and_names_no_address(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(locked(lock))


def test_conda_installs_the_same_lock():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *plain, by_pip = content["dependencies"]
    assert [re.split(r"[=<>]", name)[0] for name in plain] == ["python", "pip", "git", "make"]
    assert by_pip == {"pip": ["-r requirements.lock"]}


def test_conda_users_are_told_the_second_step():
    step = "pip install --no-deps --no-build-isolation -e ."
    for name in ("environment.yml", "README.md"):
        assert step in (ROOT / name).read_text(encoding="utf-8")


def test_the_readme_names_every_command_of_the_makefile_that_a_newcomer_needs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"make {target}" in readme for target in ("demo", "test", "lint", "lab", "bench"))

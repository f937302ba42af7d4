import ast
import json
import re

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
REPORTS = [path for path in NOTEBOOKS if path.parent.name == "report"]
FORBIDDEN = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.Lambda)


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code_of(path):
    return ["".join(cell["source"]) for cell in cells_of(path) if cell["cell_type"] == "code"]


each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@each
def test_it_is_stored_without_outputs(path):
    run = [c["id"] for c in cells_of(path) if c.get("outputs") or c.get("execution_count")]
    assert not run, "run: jupyter nbconvert --clear-output --inplace"


@each
def test_it_has_one_main_heading(path):
    prose = ["".join(c["source"]) for c in cells_of(path) if c["cell_type"] == "markdown"]
    assert len(re.findall(r"^# ", "\n".join(prose), re.MULTILINE)) == 1


@each
def test_its_second_cell_holds_the_parameters(path):
    assert "parameters" in cells_of(path)[1]["metadata"]["tags"]


@each
def test_its_kernel_is_python3(path):
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"


@each
def test_its_cell_ids_were_given_by_hand(path):
    assert all(re.fullmatch(r"[a-z][a-z-]+", cell["id"]) for cell in cells_of(path))


@each
def test_its_code_cells_are_short_and_hold_no_logic(path):
    for place, source in enumerate(code_of(path)):  # the first cell of code lists the parameters
        assert not place or len(source.splitlines()) <= 12, source
        assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, FORBIDDEN)]


@each
def test_it_reads_no_file_and_sets_no_style(path):
    words = ("read_csv", "filterwarnings", "plt.", "rcParams", "/home", "../")
    assert not [word for word in words for source in code_of(path) if word in source]


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_uses_no_widgets_and_marks_its_end(path):
    code = code_of(path)
    assert not [word for word in ("ipywidgets", "workbench.explore") if word in "".join(code)]
    assert "show_end()" in code[-1]


def test_every_notebook_is_in_the_readme(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        assert path.relative_to(root).as_posix() in readme


@pytest.mark.slow
def test_the_first_notebook_runs(tmp_path):
    from workbench.reporting.execute import execute_notebook

    parameters = {"work_dir": str(tmp_path / "work")}
    execute_notebook(ROOT / "notebooks" / "00-start-here.ipynb", tmp_path, parameters)
    assert list((tmp_path / "work").rglob("latest/*.html"))

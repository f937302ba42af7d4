import re

import nbformat
import pytest

from tests.conftest import ROOT
from workbench.errors import SettingsError
from workbench.reporting import own_notebook
from workbench.reporting.asked import ReportRun, find_notebook
from workbench.reporting.bundle import report_notebooks
from workbench.reporting.own_notebook import check_notebook
from workbench.reporting.render import render_report

PARAMETERS = 'client: str = ""  # required: name\ndata_dir: str = ""  # required: folder'
IMPORTS = """import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from datetime import datetime
from workbench.figures import show_end, show_figure, show_table, show_text"""
GOOD = [
    ("markdown", "# How do the posts do?"),
    ("parameters", PARAMETERS),
    ("code", IMPORTS),
    (
        "code",
        "posts = pd.DataFrame({'day': [1, 2], 'likes': [3, 4]})\nrng = np.random.default_rng(0)",
    ),
    ("markdown", "## The answer\n\nBelow."),
    ("code", "ax = sns.scatterplot(posts, x='day', y='likes')"),
    ("code", "show_figure(ax, 'Likes of two posts by day, rising from 3 to 4')"),
    ("code", "show_table(posts.astype(str), caption='Two posts')\nshow_text('Two posts.')"),
    ("code", "show_end()"),
]


def write(path, cells):
    made = []
    for kind, source in cells:
        new = nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell
        made.append(new(source))
        if kind == "parameters":
            made[-1].metadata.tags = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=made)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def faults_of(tmp_path):
    return lambda cells: check_notebook(write(tmp_path / "own.ipynb", cells))


def with_code(source):
    return [*GOOD[:-1], ("code", source), GOOD[-1]]


def with_parameters(source):
    return [GOOD[0], ("parameters", source), *GOOD[2:]]


def test_a_good_notebook_has_no_faults(faults_of):
    assert faults_of(GOOD) == []


@pytest.mark.parametrize("path", report_notebooks().values(), ids=lambda path: path.stem)
def test_the_bundled_reports_have_no_faults(path, monkeypatch):
    monkeypatch.setattr(own_notebook, "report_notebooks", dict)
    assert check_notebook(path) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ax = posts.plot()\nplt.show()", "show() leaves nothing"),
        ("sns.scatterplot(posts)", "a figure is drawn"),
        ("posts.plot.bar()", "a figure is drawn"),
        ("fig, axes = plt.subplots()\naxes.plot([1, 2])", "a figure is drawn"),
        ("print(len(posts))", "what is printed"),
        ("display(posts)", "no caption and no alt"),
        ("posts", "its last line, `posts`"),
        ("posts.head()", "its last line, `posts.head()`"),
        ("posts['likes'].sum()", "its last line"),
        ("f'{len(posts)} posts'", "its last line"),
        ("!pip install seaborn", "call Python instead"),
        ("%matplotlib inline", "call Python instead"),
        ("other = pd.read_csv('/home/me/posts.csv')", "the path '/home/me/posts.csv'"),
        (r"other = pd.read_csv(r'C:\posts.csv')", "the path"),
        ("other = pd.read_csv('own.ipynb')", "the path 'own.ipynb'"),
        ("from ipywidgets import IntSlider", "makes widgets"),
        ("import plotly.express as px", "draws by scripts"),
        ("when = datetime.now()", "never shows the clock"),
        ("when = pd.Timestamp.today()", "never shows the clock"),
        ("import time\nbegan = time.time()", "never shows the clock"),
        ("x = np.random.normal(size=3)", "normal() draws by chance"),
        ("x = np.random.default_rng()", "default_rng() draws by chance"),
        ("some = posts.sample(1)", "sample() draws by chance"),
        ("from sklearn.ensemble import RandomForestRegressor as R\nm = R()", "draws by chance"),
        ("show_figure(sns.stripplot(posts), 'All posts, a point each')", "draws by chance"),
        ("show_figure(sns.barplot(posts), 'All posts, a bar a column')", "redraw its range"),
        ("show_figure(ax)", "show_figure needs alt"),
        ("show_table(posts)", "show_table needs caption"),
        ("show_text('open)", "is no Python"),
        ("data_dir = 'data/private/acme'", "data_dir set here would be every client's"),
    ],
)
def test_a_mistake_in_a_cell_is_told_with_the_cell(faults_of, line, told):
    (fault,) = faults_of(with_code(line))
    assert told in fault
    assert fault.startswith(("cell 9 (", repr(line)))


@pytest.mark.parametrize(
    "line",
    [
        "def draw(ax):\n    ax.plot([1])",
        "np.random.seed(0)\nx = np.random.normal(size=3)",
        "show_figure(sns.barplot(posts, errorbar=None), 'All posts, a bar a column')",
        "show_figure(sns.lineplot(posts, seed=0), 'All posts, a line a column')",
        "part = posts.sample(1, random_state=0)",
        "unit = 'posts / day'",
        "share = posts['likes'] / posts['likes'].sum()",
        "posts.to_csv(f'{data_dir}/posts.csv')",
    ],
)
def test_what_is_right_is_not_told(faults_of, line):
    assert faults_of(with_code(line)) == []


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        (PARAMETERS + "\ngoal = 3", "goal has no type"),
        (PARAMETERS + "\ngoal: dict = {}", "goal has the type dict"),
        (PARAMETERS + "\ngoal: int = len('abc')", "goal needs a plain value"),
        (PARAMETERS + "\ngoal: int", "goal needs a plain value"),
        (PARAMETERS + "\nnames: list[str] = [\n]", "names is written on several lines"),
        (PARAMETERS + "\nimport os", "`import os` is no parameter"),
        (PARAMETERS + '\napi_token: str = ""', "api_token: a secret is no parameter"),
        ('client: str = ""', "lacks the line `data_dir"),
        ('client: int = 0\ndata_dir: str = ""', "lacks the line `client"),
    ],
)
def test_a_wrong_parameter_is_told(faults_of, parameters, told):
    (fault,) = faults_of(with_parameters(parameters))
    assert told in fault


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([GOOD[0], ("code", PARAMETERS), *GOOD[2:]], "no cell is tagged `parameters`"),
        ([*GOOD[:2], *GOOD[1:]], "2 cells are tagged"),
        (GOOD[:-1], "does not call show_end()"),
        (GOOD[1:], "expected one title"),
        ([*GOOD, ("markdown", "# Another title")], "found 2"),
        ([cell for cell in GOOD if "##" not in cell[1]], "it has no sections"),
        ([*GOOD, ("markdown", "## Method")], "the section 'Method' is empty"),
        ([*GOOD, ("markdown", "## The answer\n\nAgain.")], "2 sections are called"),
        ([*GOOD, ("markdown", "## Limits\n\nOf it.\n\n## Method\n\nBy hand.")], "one cell holds"),
    ],
)
def test_a_wrong_form_is_told(faults_of, cells, told):
    (fault,) = faults_of(cells)
    assert told in fault


def test_saved_outputs_and_another_kernel_are_told(tmp_path):
    path = write(tmp_path / "own.ipynb", GOOD)
    notebook = nbformat.read(path, 4)
    notebook.cells[3].outputs = [nbformat.v4.new_output("stream", text="another client's")]
    notebook.metadata.kernelspec.language = "R"
    nbformat.write(notebook, path)
    kernel, outputs = check_notebook(path)
    assert "names no Python kernel" in kernel
    assert "--clear-output" in outputs


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [("none.ipynb", None, "can't be opened"), ("text.ipynb", "# no JSON", "not a notebook")],
)
def test_what_is_no_notebook_is_told(tmp_path, name, content, told):
    if content:
        (tmp_path / name).write_text(content)
    (fault,) = check_notebook(tmp_path / name)
    assert told in fault


def test_the_name_of_a_bundled_report_is_taken(tmp_path):
    (fault,) = check_notebook(write(tmp_path / "claims.ipynb", GOOD))
    assert "that of a bundled report" in fault


def test_every_fault_is_told_before_a_kernel_starts(tmp_path):
    path = write(tmp_path / "own.ipynb", [*GOOD[1:-1], ("code", "print(1)")])
    with pytest.raises(SettingsError, match="can't be made a report yet") as told:
        find_notebook(str(path))
    assert len(told.value.faults) == 3


def page_cells():
    """The notebook of the page on own reports."""
    page = (ROOT / "docs" / "own-report.md").read_text(encoding="utf-8")
    cells = re.findall(r"^```(markdown|python)\n(.*?)\n```", page, re.MULTILINE | re.DOTALL)
    assert len(cells) == 8
    return [(("parameters" if n == 1 else kind), text) for n, (kind, text) in enumerate(cells)]


@pytest.mark.slow
def test_the_report_of_the_page_is_published_under_its_files_name(tmp_path, sample_client):
    path = write(tmp_path / "own.ipynb", page_cells())
    run = ReportRun(report=str(path), data=sample_client, client="Acme", out=tmp_path / "out")
    published = render_report(run)
    assert published.html == tmp_path / "out" / "acme" / "own" / "latest" / "own-acme.html"

import json
import shutil

import nbformat
import pytest

from workbench.errors import DataError, RunError, SettingsError
from workbench.reporting import asked as asked_module
from workbench.reporting.bundle import bundled, sample_shortlist
from workbench.reporting.gate import check_report
from workbench.reporting.manifest import as_json, output_hashes
from workbench.reporting.publish import file_name, open_shelf
from workbench.reporting.render import ReportRun, render_report

END = "from workbench.figures import show_end\nshow_end()"
FAULTS = {
    "an exception": ("raise ValueError('no such column')", "ValueError: no such column"),
    "an early exit": ("import sys; sys.exit(0)", "SystemExit"),
    "a dead kernel": ("import os; os._exit(9)", "kernel died"),
    "a thread that fails": (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()",
        "printed a traceback",
    ),
    "a shell line": ("!false", "call Python instead"),
    "a cell that hangs": ("import time; time.sleep(60)", "was ended"),
}


def make_notebook(path, *sources):
    parameters = 'client: str = ""  # required\ndata_dir: str = ""  # required'
    cells = [nbformat.v4.new_code_cell(source) for source in (parameters, *sources)]
    cells[0].metadata.tags = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def run(sample_client, tmp_path):
    return ReportRun(report="made", data=sample_client, client="Acme", out=tmp_path)


@pytest.fixture
def report(monkeypatch, tmp_path):
    """Put a made notebook in the place of the bundled ones."""

    def use(*sources):
        path = make_notebook(tmp_path / "made.ipynb", *sources)
        monkeypatch.setattr(asked_module, "report_notebooks", lambda: {"made": path})

    return use


@pytest.fixture
def passing_gate(monkeypatch):
    monkeypatch.setattr("workbench.reporting.gate.check_report", lambda *_, **__: [])


@pytest.fixture(scope="module")
def good(sample_client, tmp_path_factory):
    """A folder with a good report, to be copied, and the report's place in it."""
    folder = tmp_path_factory.mktemp("good")
    path = make_notebook(folder / "made.ipynb", END)
    run = ReportRun(report="made", data=sample_client, client="Acme", out=folder / "out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asked_module, "report_notebooks", lambda: {"made": path})
        patch.setattr("workbench.reporting.gate.check_report", lambda *_, **__: [])
        return run.out, render_report(run).html.relative_to(run.out)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_notebook_leaves_the_good_report(
    run, report, good, passing_gate, monkeypatch, tmp_path, fault
):
    source, told = FAULTS[fault]
    out, place = good
    shutil.copytree(out, tmp_path, symlinks=True, dirs_exist_ok=True)
    bytes_ = (tmp_path / place).read_bytes()
    report(source, END)
    monkeypatch.setattr("workbench.reporting.execute.CELL_SECONDS", 3 if "hangs" in fault else 600)
    with pytest.raises(RunError) as failure:
        render_report(run)
    assert told in str(failure.value)
    assert "untouched" in str(failure.value)
    assert (tmp_path / place).read_bytes() == bytes_


@pytest.mark.slow
def test_another_python_registered_as_python3_is_not_used(
    run, report, passing_gate, monkeypatch, tmp_path
):
    spec = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text('{"argv": ["false"], "display_name": "other", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    report(END)
    assert render_report(run).html.is_file()


@pytest.mark.slow
def test_a_notebook_that_never_marks_its_end_is_refused(run, report, passing_gate):
    report("1 + 1")
    with pytest.raises(RunError, match="did not run to its end"):
        render_report(run)


@pytest.mark.slow
def test_what_the_gate_refuses_is_kept_and_not_published(run, report):
    report(END)
    with pytest.raises(RunError, match="did not pass the gate"):
        render_report(run)
    shelf = open_shelf(run.out, run.client, run.report)
    kept = next(shelf.root.glob("failed/*")) / "desk"
    assert (kept / "executed.ipynb").is_file()
    assert (kept.parent / "reason.txt").is_file()
    assert not shelf.latest.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"report": "unknown"}, SettingsError),
        ({"client": " "}, SettingsError),
        ({"parameters": {"typo": 1}}, SettingsError),
        ({"parameters": {"client": "other"}}, SettingsError),
        ({"parameters": {"shortlist": ["nobody-of-that-name"]}}, DataError),
        ({"data": "missing"}, DataError),
        ({"parameters": {"as_of": "2020-01-01"}}, DataError),
        ({"parameters": {"as_of": "2026-10-01"}}, DataError),
        ({"parameters": {"edition": "masked"}, "client": "Us x krarnini.skin"}, DataError),
        ({"client": "a\x00b"}, SettingsError),
    ],
)
def test_bad_input_is_told_before_a_kernel_starts(
    sample_client, tmp_path, monkeypatch, changes, error
):
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("a kernel"))
    asked = {
        "report": "engagement-benchmark",
        "data": sample_client,
        "client": "Acme",
        "out": tmp_path / "out",
        **changes,
    }
    asked["data"] = tmp_path / "nothing" if asked["data"] == "missing" else asked["data"]
    with pytest.raises(error) as fault:
        render_report(ReportRun(**asked))
    assert fault.value.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_roster_without_posts_is_told_before_a_kernel_starts(tmp_path):
    from workbench.intake.importing import import_files

    import_files([bundled("data/sample/exports/creators.csv")], tmp_path, as_of="2026-09-30")
    with pytest.raises(DataError, match="can't be started") as fault:
        render_report(
            ReportRun(report="engagement-benchmark", data=tmp_path, client="x", out=tmp_path)
        )
    assert "import a list of posts" in str(fault.value)


def test_a_file_name_is_safe():
    assert file_name("Acme Ltd") == "acme-ltd"
    assert file_name("Açaí & Co. / ../x").startswith("acai-co-x-")
    assert file_name("日本").startswith("client-")


@pytest.mark.parametrize(("one", "other"), [("Müller & Co", "Muller, Co"), ("東京 1", "大阪 1")])
def test_two_clients_never_share_a_file_name(one, other):
    assert file_name(one) != file_name(other)


def test_publishing_changes_the_link_in_one_step(tmp_path):
    shelf = open_shelf(tmp_path, "Acme", "made")
    for text in ("one", "two", "one"):
        with shelf.work_folder() as work:
            (work / "made.html").write_text(text)
            (work / "manifest.json").write_bytes(as_json(output_hashes(work / "made.html")))
            run = shelf.publish(work, work / "made.html")
        assert (run / "made.html").read_text() == (shelf.latest / "made.html").read_text() == text
    assert len(list((shelf.root / "runs").iterdir())) == 2
    assert not list(shelf.root.glob(".work*"))


@pytest.mark.slow
def test_the_sample_report_is_good_and_repeatable(sample_report, sample_client, tmp_path):
    run, published = sample_report
    html = published.html.read_text(encoding="utf-8")
    assert check_report(html) == []
    assert published.html.with_suffix(".xlsx").is_file()
    elsewhere = shutil.copytree(sample_client, tmp_path / "moved")
    again = render_report(
        ReportRun(
            report=run.report,
            data=elsewhere,
            client=run.client,
            out=tmp_path / "again",
            parameters=run.parameters,
        )
    )
    assert again.sha256 == published.sha256


@pytest.mark.slow
def test_the_report_holds_no_code_path_or_clock(sample_report):
    run, published = sample_report
    html = published.html.read_text(encoding="utf-8")
    manifest = json.loads((published.html.parent / "desk" / "manifest.json").read_text())
    for word in ("from workbench", "figures.show", str(run.data), "/tmp", manifest["started"][:10]):
        assert word not in html


@pytest.mark.slow
def test_the_manifest_says_what_was_made_from_what(sample_report):
    _, published = sample_report
    manifest = json.loads((published.html.parent / "desk" / "manifest.json").read_text())
    assert manifest["html_sha256"] == published.sha256
    assert manifest["parameters"]["shortlist"]
    assert "data_dir" not in manifest["parameters"]


@pytest.mark.slow
def test_what_is_not_an_image_weighs_little(sample_report):
    import re

    html = sample_report[1].html.read_text(encoding="utf-8")
    assert len(re.sub(r"data:image/[^\"]*", "", html)) < 95_000  # tables and prose included


@pytest.mark.slow
def test_a_masked_edition_names_nobody(sample_client, tmp_path):
    names = sample_shortlist()
    published = render_report(
        ReportRun(
            report="engagement-benchmark",
            data=sample_client,
            client="Acme",
            out=tmp_path,
            parameters={"edition": "masked", "shortlist": names},
        )
    )
    html = published.html.read_text(encoding="utf-8")
    assert "Creator 1" in html
    assert not [name for name in names if name in html]


@pytest.mark.slow
@pytest.mark.real_data
def test_real_posts_become_a_report(real_data, tmp_path):
    from workbench.intake.importing import import_files

    files = sorted((real_data / "tiktok_famous2020").glob("*.csv"))
    import_files(files, tmp_path / "client", sampling="latest_posts")
    published = render_report(
        ReportRun(
            report="engagement-benchmark",
            data=tmp_path / "client",
            client="Real posts",
            out=tmp_path / "out",
        )
    )
    assert "1,794 creators on TikTok" in published.html.read_text(encoding="utf-8")

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from tests.pages import SECRET, write_messy_exports
from workbench.cli.app import app
from workbench.errors import RunError
from workbench.intake.importing import import_files
from workbench.intake.quality import ImportReport
from workbench.reporting import imports as pages
from workbench.reporting.gate import check_report
from workbench.reporting.imports import render_import, write_import_page
from workbench.wording.imports import shown


def html_of(marked: str) -> str:
    return BeautifulSoup(marked, "html.parser").get_text()


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImportReport, Path, Path]:
    folder = write_messy_exports(tmp_path_factory.mktemp("exports"))
    out = folder / "Acme & Söhne"
    return import_files([folder], out), out, folder


@pytest.fixture(scope="module")
def html(imported: tuple[ImportReport, Path, Path]) -> str:
    report, out, folder = imported
    return render_import(report, out, [folder])


@pytest.fixture(scope="module")
def sections(html: str) -> dict[str, str]:
    found = BeautifulSoup(html, "html.parser").select("main > section")
    return {str(s.h2["id"]): s.get_text(" ", strip=True) for s in found if s.h2}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("the-answer", "80 rows: 76 kept, 3 refused, 1 exact duplicate, no differing ones."),
        ("the-answer", "questions to ask the sender"),
        ("ask", "Can 3 rows that could not be taken be sent again?"),
        ("ask", "Over which posts do the averages run"),
        ("files", "30 Apr 2026 (file name)"),
        ("columns", "Likes avg. likes mean Likes of an account's posts as reported: the mean."),
        ("columns", "Contact data, never read: E-mail"),
        ("settled", "dates read day first"),
        ("refused", "has 2 cells, the header 9"),
        ("refused", "refused.csv"),
        ("disagreements", "8 figures of 8 creators differ by more than 5%"),
        ("disagreements", "2.50 times"),
        ("missing", "Creators without posts: 1"),
        ("missing", "Posts with hidden likes"),
        ("months", "A gap between months"),
        ("next-steps", "workbench report engagement-benchmark --data"),
    ],
)
def test_the_page_says(sections: dict[str, str], section: str, words: str) -> None:
    assert words in sections[section]


def test_it_passes_the_gate_of_the_reports(html: str) -> None:
    assert check_report(html) == []


def test_imported_text_is_escaped(html: str) -> None:
    assert html.count("<script") == 1  # the template's own
    assert "<b>" not in html
    assert "Acme &amp; S" in html


@pytest.mark.parametrize("secret", ["@mail.example", SECRET])
def test_no_contact_data_is_shown(html: str, secret: str) -> None:
    assert secret not in html_of(html)


@pytest.mark.parametrize("number", [SECRET, "0049 (170) 123 45 67", "0170-5551234", "0170/5551234"])
def test_a_phone_number_is_not_shown(number: str) -> None:
    assert "phone not shown" in html_of(shown(f"call {number} now"))


@pytest.mark.parametrize("value", ["03/04/2026", "2026-01-02 10:00", "1 234 567", "0.035", "+12%"])
def test_a_count_or_date_is(value: str) -> None:
    assert html_of(shown(value)) == value


@pytest.mark.parametrize("value", ["", "NaN", "none"])
def test_a_value_that_says_nothing_is_quoted(value: str) -> None:
    assert html_of(shown(value)) == f"'{value}'"


def test_the_same_import_gives_the_same_bytes(
    imported: tuple[ImportReport, Path, Path], html: str
) -> None:
    _, out, folder = imported
    assert render_import(import_files([folder], out), out, [folder]) == html


def test_an_import_without_faults_has_no_empty_section(tmp_path: Path) -> None:
    path = tmp_path / "tiktok 2026-03-05.csv"
    path.write_text("Handle,Followers\nann,1000\n")
    report = import_files([path], tmp_path / "c", sampling="top_list", as_of="2026-03-05")
    page = BeautifulSoup(render_import(report, tmp_path / "c", [path]), "html.parser")
    told = [str(heading["id"]) for heading in page.find_all("h2")]
    assert told == ["the-answer", "files", "columns", "missing", "next-steps"]


def test_a_page_stays_small_however_wide_and_wrong_the_file(tmp_path: Path) -> None:
    path = tmp_path / "instagram.csv"
    names = [f"extra {n} {'x' * 90}" for n in range(400)]
    rows = ["ann,5" + "," * 400, f"bob,{'lots ' * 900}" + "," * 400]
    rows += ["c,d" + ",x" * n for n in range(30)]  # as many reasons: 30 widths
    path.write_text("\n".join([",".join(["Handle", "Followers", *names]), *rows, rows[0]]))
    report = import_files([path], tmp_path / "c", as_of="2026-03-05")
    html = render_import(report, tmp_path / "c", [path])
    assert "and 360 more" in html
    assert "And 19 reasons more" in html
    assert len(html) < 40_000


def test_a_page_that_fails_leaves_the_import(
    imported: tuple[ImportReport, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    report, out, folder = imported
    monkeypatch.setattr(pages, "render_import", lambda *_: 1 / 0)
    with pytest.raises(RunError, match="The import is complete"):
        write_import_page(report, out, [folder])
    assert (out / "imports" / report.summary.import_id / "qa.json").is_file()


def test_the_command_writes_the_page_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "tiktok 2026-03-05.csv"
    path.write_text("Handle,Followers\nann,1000\n")
    done = CliRunner().invoke(app, ["import", str(path), "--out", str(tmp_path / "c"), "--json"])
    assert check_report(Path(json.loads(done.stdout)["page"]).read_text(encoding="utf-8")) == []


def test_the_command_tells_of_the_import_though_its_page_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tiktok 2026-03-05.csv"
    path.write_text("Handle,Followers\nann,1000\n")
    monkeypatch.setattr(pages, "render_import", lambda *_: 1 / 0)
    done = CliRunner().invoke(app, ["import", str(path), "--out", str(tmp_path / "c")])
    assert "1 row: 1 kept" in done.stdout
    assert isinstance(done.exception, RunError)


def test_a_page_without_figures_loads_no_library_for_them(tmp_path: Path) -> None:
    (tmp_path / "tiktok 2026-03-05.csv").write_text("Handle,Followers\nann,1000\n")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from workbench.intake.importing import import_files\n"
        "from workbench.reporting.imports import write_import_page\n"
        "write_import_page(import_files([Path('.')], Path('c')), Path('c'), [])\n"
        "print([m for m in ('matplotlib', 'scipy', 'nbconvert', 'IPython') if m in sys.modules])"
    )
    call = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

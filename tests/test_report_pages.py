"""Every report of the project in a browser: accessible, alone, readable on a phone and on paper."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REPORTS = ["engagement-benchmark", "audience-audit", "budget-plan", "claims", "import"]
UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"


@pytest.fixture(scope="module")
def visit(browser, report_page):
    """Open a report, unfolded, and record every request that is not the file."""

    def open_page(report, width=1280, scheme="light"):
        view = {"width": width, "height": 900}
        page = browser.new_context(viewport=view, color_scheme=scheme).new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.goto(report_page(report).resolve().as_uri())
        page.evaluate(UNFOLD)
        return page

    return open_page


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (320, "light")])
@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_accessible_asks_nobody_and_fits_its_window(visit, report, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(report, width, scheme)
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    assert [url[:40] for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert page.said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_prints_without_a_clipped_table(visit, report):
    page = visit(report, 680)  # an A4 page's width
    page.emulate_media(media="print")
    wide = "e => e.scrollWidth > e.clientWidth + 1"
    assert page.evaluate(f"[...document.querySelectorAll('.scroll')].filter({wide}).length") == 0


@pytest.mark.parametrize("report", REPORTS)
def test_behind_every_figure_stand_numbers_with_names(report_page, report):
    from bs4 import BeautifulSoup

    page = BeautifulSoup(report_page(report).read_text(encoding="utf-8"), "html.parser")
    figures = page.find_all("figure")
    assert figures
    for figure in figures:
        behind = figure.find_next_sibling()
        assert behind.get("class") == ["behind"], figure.img["alt"]
        assert behind.table or "points" in behind.p.get_text()
        heads = [head.get_text() for head in behind.select("thead th")]
        assert not {"X", "Y", "Name", "Row", "Column"} & {*heads}, figure.img["alt"]

"""Tables that sort, search and filter, in a browser; and the print of a page."""

import contextlib
import time
from pathlib import Path

import pandas as pd
import pytest

from workbench.errors import RunError
from workbench.figures.show import table_html
from workbench.formats import MISSING, interval, literal
from workbench.reporting import pdf
from workbench.reporting.gate import check_report
from workbench.reporting.html import Section, html_cell, render_page, template_source

PLATFORMS = ["TikTok", "Instagram", "YouTube"]
ROWS = 12
RATES = [0.3, 0.02, 0.11, *([None] * 2), 0.2, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09]
FRAME = pd.DataFrame(
    {
        "Creator": [f"{n + 1} {literal(f'Zoë.{ROWS - n}')}" for n in range(ROWS)],
        "Platform": [PLATFORMS[n % 3] for n in range(ROWS)],
        "Followers": [f"{n}k" if n % 2 else f"{n * 90:,}" for n in range(ROWS)],
        "Rate": [
            MISSING
            if rate is None
            else interval(rate, rate / 2, rate * 2, unit="percent", confidence=0.9)
            for rate in RATES
        ],
        "Note": [f"{'x' * 30} {n % 2}" for n in range(ROWS)],
        "Seen": [f"{28 - n} {'Feb' if n % 2 else 'Jan'} 2026" for n in range(ROWS)],
    }
)


def write_page(path, frame=FRAME):
    tables = table_html(frame, "Long") + table_html(frame.head(5), "Short")
    far = "".join(f"<p>Line {n}</p>" for n in range(60))
    sections = [
        Section(anchor="first", title="First", cells=(html_cell(tables),)),
        Section(anchor="second", title="Second", cells=(html_cell(far),)),
    ]
    head = Section(anchor="", title="", cells=(html_cell("<h1>Page</h1>"),))
    path.write_text(render_page(head, sections, title="Page"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture
def page(request, place):
    context = request.getfixturevalue("browser").new_context(viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(place.as_uri())
    yield page
    assert page.said == []
    context.close()


def column(page, place=1):
    cells = page.locator("table").first.locator(f"tbody tr:visible > :nth-child({place})")
    return cells.all_inner_texts()


def press(page, head, times=1):
    button = page.get_by_role("button", name=head, exact=True)
    button.focus()
    for _ in range(times):
        page.keyboard.press("Enter")
    return button.locator("xpath=..").get_attribute("aria-sort")


def test_a_page_passes_the_gate_with_this_script_alone(place):
    text = place.read_text(encoding="utf-8")
    assert check_report(text) == []
    for changed in (
        text.replace("const LONG", "var LONG"),
        text.replace("</body>", "<script>1</script></body>"),
        text.replace("<script>", '<script src="x.js">'),
    ):
        assert any("<script>" in fault for fault in check_report(changed))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("script-src '", "script-src 'unsafe-inline' '"),
        ("img-src data:", "img-src data: https:"),
        ("img-src data:", "img-src data:; connect-src *"),
    ],
)
def test_a_policy_that_allows_more_is_refused(place, before, after):
    text = place.read_text(encoding="utf-8")
    assert any("policy allows" in f for f in check_report(text.replace(before, after)))


def test_what_every_report_carries_is_small():
    head = Section(anchor="", title="", cells=())
    assert len(render_page(head, [], title="").encode()) < 25_000
    assert len(template_source("report.js")) < 8_000


@pytest.mark.browser
@pytest.mark.parametrize(
    ("head", "up"),
    [
        ("Creator", [n - 1 for n in range(ROWS, 0, -1)]),
        ("Followers", [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]),
        ("Rate", [1, 6, 7, 8, 9, 10, 11, 2, 5, 0, 3, 4]),
        ("Seen", [10, 8, 6, 4, 2, 0, 11, 9, 7, 5, 3, 1]),
        ("Platform", [1, 4, 7, 10, 0, 3, 6, 9, 2, 5, 8, 11]),
    ],
)
def test_a_column_sorts_as_what_it_holds_and_comes_back(page, head, up):
    came = column(page)
    assert press(page, head) == "ascending"
    assert [came.index(row) for row in column(page)] == up
    assert press(page, head) == "descending"
    if head == "Rate":  # what is missing stays last
        assert [came.index(row) for row in column(page)] == [*up[-3::-1], 3, 4]
    assert press(page, head) is None
    assert column(page) == came


@pytest.mark.browser
def test_a_search_and_a_filter_say_how_many_rows_are_left(page):
    status = page.get_by_role("status")
    assert status.inner_text() == "12 rows"
    page.get_by_role("searchbox", name="Search").fill("zoe.1")
    assert status.inner_text() == "4 of 12 rows"
    page.get_by_role("combobox", name="Platform").select_option("Instagram")
    assert status.inner_text() == "1 of 12 rows"
    page.get_by_role("searchbox", name="Search").fill("nobody")
    assert (status.inner_text(), column(page)) == ("0 of 12 rows", [])
    assert status.get_attribute("aria-live") == "polite"


@pytest.mark.browser
def test_only_the_long_table_has_controls(page):
    assert page.locator(".tools").count() == 1
    assert page.get_by_role("combobox").count() == 2
    assert page.locator("thead button").count() == len(FRAME.columns)


@pytest.mark.browser
def test_print_shows_the_rows_as_they_are_and_no_control(page):
    page.get_by_role("combobox", name="Platform").select_option("TikTok")
    page.emulate_media(media="print")
    assert len(column(page)) == 4
    assert page.locator("input:visible, select:visible").count() == 0
    assert page.get_by_role("status").is_visible()  # or a reader would take them for all
    page.get_by_role("combobox", include_hidden=True).first.evaluate(
        "menu => { menu.value = ''; menu.dispatchEvent(new Event('change')); }"
    )
    assert not page.get_by_role("status").is_visible()


@pytest.mark.browser
def test_the_contents_mark_where_the_reader_is(page):
    from playwright.sync_api import expect

    marked = page.locator("nav [aria-current]")
    assert marked.all_inner_texts() == []
    page.evaluate("document.getElementById('second').scrollIntoView({behavior: 'instant'})")
    expect(marked).to_have_text(["Second"])


@pytest.mark.browser
def test_without_script_the_page_reads_and_shows_no_control(browser, place):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(place.as_uri())
    assert page.locator("tbody tr:visible").count() == ROWS + 5
    assert page.locator("button, input, select").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_no_violation_in_the_controls(browser, place, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(place.as_uri())
    press(page, "Rate")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.browser
def test_the_same_page_prints_to_the_same_bytes(chromium, place, tmp_path):
    for name in ("one.pdf", "two.pdf"):
        pdf.print_pdf(place, tmp_path / name)
    content = (tmp_path / "one.pdf").read_bytes()
    assert content == (tmp_path / "two.pdf").read_bytes()
    assert b"/Title (Page)" in content
    assert b"/Outlines" in content


def test_without_chromium_it_says_what_to_do(monkeypatch, place, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunError, match="make browser"):
        pdf.print_pdf(place, tmp_path / "page.pdf")


@pytest.mark.parametrize(
    ("script", "told"), [("sleep 60 & sleep 60", "longer than"), ("echo no luck >&2", "no luck")]
)
def test_a_browser_that_hangs_or_fails_is_ended_and_told(
    monkeypatch, place, tmp_path, script, told
):
    browser = tmp_path / "chromium"
    browser.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\n{script}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(pdf, "PRINT_SECONDS", 0.5)
    with pytest.raises(RunError, match=told):
        pdf.print_pdf(place, tmp_path / "page.pdf")
    group = (tmp_path / "pid").read_text().strip()
    assert not (tmp_path / "page.pdf").exists()
    ended = time.monotonic() + 2  # an orphan takes a moment to die
    while group in running_groups() and time.monotonic() < ended:
        time.sleep(0.05)
    assert group not in running_groups()


def running_groups():
    groups = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            state, _, group, *_ = path.read_text().rpartition(")")[2].split()
            groups |= set() if state == "Z" else {group}
    return groups

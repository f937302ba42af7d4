import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def visit(browser, sample_report):
    """Open the sample's report in a window and record every request that is not the file."""

    def open_page(width=1280, scheme="light", **settings):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **settings
        )
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.goto(sample_report[1].html.resolve().as_uri())
        return page

    return open_page


@pytest.mark.parametrize("width", [600, 1920])
def test_the_page_never_scrolls_sideways(visit, width):
    page = visit(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_reads_without_script(visit):
    page = visit(java_script_enabled=False)
    assert page.locator("h2").count() >= 8


@pytest.mark.parametrize("width", [320, 1280])
def test_every_figure_is_drawn(visit, width):
    sizes = visit(width).evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert len(sizes) == 6
    assert all(sizes)


def test_the_contents_lead_to_every_section(visit):
    page = visit()
    targets = page.evaluate("[...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))")
    headings = page.evaluate("[...document.querySelectorAll('h2')].map(h => h.id)")
    assert targets == headings


def test_tables_are_reached_by_keyboard(visit):
    asked = ".scroll[tabindex='0'][role='region'][aria-label]"
    page = visit()
    assert page.locator(asked).count() == page.locator("table").count() > 9

import ast
import json
import re
import shutil
from urllib.request import Request, urlopen

import pandas as pd
import psutil
import pytest
from playwright.sync_api import TimeoutError

from tests.conftest import ROOT
from tests.lab import Notebook, running_lab
from workbench.curves.shortlist import check_names
from workbench.errors import DataError
from workbench.explore.shortlist import ShortlistPanel

in_browser = [pytest.mark.browser, pytest.mark.slow]

CREATORS = pd.DataFrame(
    {
        "creator_key": ["instagram:one", "tiktok:one", "youtube:three", "youtube:four"],
        "handle": ["one", "one", "three", "four"],
        "platform": ["instagram", "tiktok", "youtube", "youtube"],
        "followers": pd.array([1_000, 20_000, 300_000, None], dtype="Int64"),
        "engagements": [30.0, 400.0, 5_000.0, 60.0],
    }
)


@pytest.fixture
def panel():
    return ShortlistPanel(CREATORS)


def press(panel, moves):
    """Press keys; a digit selects the creators from the first up to that many."""
    for key in moves:
        if key.isdigit():
            panel.plot.selection(list(range(int(key))))
        else:
            panel.press(key)
    return [name.split(":")[0] for name in panel.shortlist]


@pytest.mark.parametrize(
    ("moves", "chosen"),
    [
        ("a", []),
        ("2a", ["instagram", "tiktok"]),
        ("2a3a", ["instagram", "tiktok", "youtube"]),
        ("3a1d", ["tiktok", "youtube"]),
        ("3a1du", ["instagram", "tiktok", "youtube"]),
        ("2acu", ["instagram", "tiktok"]),
        ("1a1auu", []),
        ("2axu", []),
    ],
)
def test_keys_change_the_list(panel, moves, chosen):
    assert press(panel, moves) == chosen


def test_the_list_is_what_a_report_takes(panel):
    press(panel, "3a")
    check_names(panel.shortlist, CREATORS)


def test_what_is_heard_says_what_changed(panel):
    press(panel, "3a")
    assert (panel.keys.status, panel.keys.listed) == (
        "3 added.",
        "Shortlist (3): one, one, three",
    )


def test_the_list_can_be_selected_again(panel):
    press(panel, "2a3s")
    assert panel.table.df["Platform"].tolist() == ["instagram", "tiktok"]


def test_the_table_holds_the_selected(panel):
    press(panel, "2a1")
    assert panel.table.df.to_dict("records") == [
        {
            "Creator": "one",
            "Platform": "instagram",
            "Followers": "1,000",
            "Engagement rate": "3.0%",
            "On the list": "yes",
        }
    ]


def test_who_cannot_be_drawn_is_counted(panel):
    assert panel.keys.status.startswith("1 without followers")


def test_nobody_to_draw_is_a_fault():
    with pytest.raises(DataError, match="nobody to draw"):
        ShortlistPanel(CREATORS.tail(1))


class Opened:
    """The bundled notebook, run in JupyterLab, and what a person does in its panel."""

    def __init__(self, notebook, lab):
        self.notebook, self.lab, self.page = notebook, lab, notebook.page
        self.root = self.page.locator(".workbench-shortlist")
        self.plot = self.root.locator("canvas").first
        self.frame = self.root.locator(".workbench-keys")
        self.status = self.frame.get_by_role("status")

    def lasso(self, left=0.4, top=0.3, right=0.6, bottom=0.5):
        """Draw a loop and return how many creators it holds."""
        self.page.keyboard.press("Escape")  # lets go of what was selected before
        self.status.evaluate("status => status.textContent = ''")
        self.plot.hover()  # waits until the notebook has stopped scrolling
        box = self.plot.bounding_box()
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        points = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=3)
        self.page.mouse.up()
        return int(self.hears(r"^([1-9]\d*) of \d+ creators selected"))

    def hears(self, pattern):
        """Wait until the status says this, and return its first group."""
        heard = self.status.filter(has_text=re.compile(pattern))
        try:
            heard.wait_for(timeout=15_000)
        except TimeoutError as fault:
            raise AssertionError(f"{pattern} not heard, but {self.status.inner_text()}") from fault
        return re.search(pattern, heard.inner_text())[1]

    def shortlist(self):
        """Return what the kernel holds."""
        return re.findall(r"'([^']+)'", self.notebook.run("shortlist"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with running_lab(folder / "notebooks", folder / "home") as lab:
        yield lab


@pytest.fixture(scope="module")
def opened(browser, lab):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    notebook = Notebook(page, lab, "explore/shortlist.ipynb")
    notebook.run_all()
    page.locator(".workbench-plot").get_by_text(re.compile(r"^\d+k$")).first.wait_for()
    yield Opened(notebook, lab)
    page.close()


class TestInJupyterLab:
    pytestmark = in_browser

    def test_a_lasso_fills_the_table(self, opened):
        selected = opened.lasso()
        assert selected > 0
        opened.root.get_by_text(f"of {selected} entries").wait_for()

    def test_keys_reach_the_kernel(self, opened):
        selected = opened.lasso()
        opened.page.keyboard.press("c")
        opened.hears(r"(dropped|Nothing)")
        opened.page.keyboard.press("a")
        opened.hears(rf"^({selected}) added")
        assert len(opened.shortlist()) == selected
        opened.lasso(right=0.5)
        opened.page.keyboard.press("d")
        dropped = int(opened.hears(r"^(\d+) dropped"))
        assert len(opened.shortlist()) == selected - dropped
        opened.frame.press("u")
        opened.hears(rf"^({dropped}) added")
        assert len(opened.shortlist()) == selected

    def test_buttons_do_the_same(self, opened):
        selected = opened.lasso(bottom=0.6)
        opened.root.get_by_role("button", name="Clear").click()
        opened.hears(r"(dropped|Nothing)")
        opened.root.get_by_role("button", name="Add selected").click()
        opened.hears(rf"^({selected}) added")

    def test_keys_leave_the_cells_of_the_notebook_alone(self, opened):
        cells = "() => jupyterapp.shell.currentWidget.content.widgets.length"
        before = opened.page.evaluate(cells)
        opened.frame.press("c")
        opened.lasso()
        for key in "xddab":  # in JupyterLab: cut, delete, above, below
            opened.page.keyboard.press(key)
        opened.hears("(added)")
        assert opened.page.evaluate(cells) == before

    def test_what_is_typed_into_the_search_is_no_key(self, opened):
        opened.lasso()
        opened.page.keyboard.press("c")
        opened.hears(r"(dropped|Nothing)")
        opened.root.get_by_role("searchbox").press_sequentially("ada")
        assert opened.shortlist() == []

    def test_the_frame_with_the_keys_shows_its_focus(self, opened):
        opened.lasso()
        frame = opened.page.locator(".workbench-keys:focus")
        frame.wait_for()
        assert frame.evaluate("e => getComputedStyle(e).outlineWidth") == "3px"

    def test_nothing_leaves_the_machine_and_nothing_complains(self, opened):
        opened.lasso()
        assert opened.notebook.requests_outside() == []
        assert opened.lab.hosts_outside() == set()
        assert opened.notebook.faults == []


class TestLabellingInJupyterLab:
    pytestmark = in_browser

    @pytest.fixture
    def labelling(self, browser, lab):
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        notebook = Notebook(page, lab, "explore/label-followers.ipynb")
        notebook.run_all()
        page.locator(".workbench-labelling .workbench-keys dd").first.wait_for()
        yield notebook
        page.close()

    def test_keys_are_saved_one_by_one_and_it_goes_on_where_it_stopped(self, labelling):
        frame = labelling.page.locator(".workbench-labelling .workbench-keys")
        cells = "() => jupyterapp.shell.currentWidget.content.widgets.length"
        before = labelling.page.evaluate(cells)
        frame.locator("dl").click()
        for n, key in enumerate("rncruxbn", 1):
            labelling.page.keyboard.press(key)
            if key not in "xb":  # in JupyterLab: cut, cell below
                done = {"u": 3, "n": 2 if n == 2 else 4}.get(key, n)
                frame.get_by_text(re.compile(rf"^{done} of 110, ")).wait_for()
        saved = ast.literal_eval(labelling.run("counts"))
        assert saved == {"real": 1, "not_real": 2, "cannot_tell": 1}
        assert labelling.page.evaluate(cells) == before
        labelling.run("panel")
        frame.get_by_text(re.compile("^4 of 110, ")).wait_for()
        frame.get_by_text("Goes on where it stopped.").wait_for()
        frame.get_by_role("button", name="Undo").click()
        frame.get_by_text(re.compile("^3 of 110")).wait_for()
        assert labelling.requests_outside() == []
        assert labelling.faults == []


class TestAudienceInJupyterLab:
    pytestmark = in_browser

    def test_a_lasso_shows_the_oddest_ones_card(self, browser, lab):
        # High enough for all cells: those out of sight are not drawn.
        page = browser.new_page(viewport={"width": 1280, "height": 2600})
        notebook = Notebook(page, lab, "explore/audience-quality.ipynb")
        notebook.run_all()
        plot = page.locator(".workbench-plot canvas").first
        plot.wait_for()
        page.get_by_text("Draw a loop around creators: the oddest").wait_for()
        box = plot.bounding_box()
        corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.95), (0.02, 0.95), (0.02, 0.02)]
        points = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=3)
        page.mouse.up()
        page.get_by_text("Taken together the signals look most like").wait_for()
        assert notebook.requests_outside() == []
        assert notebook.faults == []
        page.close()


def start_a_kernel_and_fail(folder, started):
    with running_lab(folder, folder / "home") as lab:
        headers = {"Authorization": f"token {lab.token}"}
        with urlopen(Request(f"{lab.address}api/kernels", b"{}", headers)) as answer:
            assert json.load(answer)["name"] == "python3"
        server = psutil.Process(lab.pid)
        started += [server, *server.children(recursive=True)]
        raise ZeroDivisionError


@pytest.mark.slow
def test_a_server_ends_with_its_kernels_when_a_test_fails(tmp_path):
    started = []
    with pytest.raises(ZeroDivisionError):
        start_a_kernel_and_fail(tmp_path, started)
    assert len(started) >= 2
    assert not [process for process in started if process.is_running()]

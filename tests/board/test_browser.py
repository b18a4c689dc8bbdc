"""The built page in a real browser without a network."""

import re
import shutil
from pathlib import Path

import pytest

from mibench.board.build import build_board
from mibench.board.selection import Selection
from mibench.board.write import write_board, write_index

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and chromedriver are not installed"),
]

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
    "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", "--force-device-scale-factor=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(board_frame, environments, tmp_path_factory):
    path = tmp_path_factory.mktemp("board")
    board = build_board(Selection("trial", board_frame), environments)
    write_board(board, path, ["md", "html", "json"])
    write_index(path)
    return path


@pytest.fixture(scope="module")
def driver():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0,
    })  # fmt: skip
    yield browser
    browser.quit()


@pytest.fixture
def page(driver, folder):
    """The board's page, with all figures drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    driver.set_window_size(1280, 1000)
    driver.get((folder / "trial.html").as_uri())
    WebDriverWait(driver, 120).until(lambda d: d.execute_script("return document.body.dataset.ready"))
    return driver


def texts(page, selector):
    return page.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(cell => cell.textContent.trim())", selector
    )


def eventually(page, condition):
    """Wait for what a click or a key brings about, or fail after ten seconds."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(page, 10).until(lambda _: condition())


def column(page, number):
    return texts(page, f"#glance tbody tr > :nth-child({number})")


def test_the_console_holds_no_error_and_nothing_is_requested(page, folder):
    import json

    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []
    asked = [
        event["params"]["request"]["url"]
        for event in (json.loads(entry["message"])["message"] for entry in page.get_log("performance"))
        if event["method"] == "Network.requestWillBeSent"
    ]
    own = {(folder / "trial.html").as_uri(), *(path.as_uri() for path in (folder / "assets").iterdir())}
    assert {address for address in asked if not address.startswith(("data:", "blob:"))} <= own


def test_rows_are_estimators_and_every_figure_is_drawn(page, board):
    assert column(page, 2)[:4] == [item.label for item in board.estimators]
    small = page.execute_script(
        "return [...document.querySelectorAll('[data-chart]')].filter(c => c.querySelector('svg').clientWidth < 200)"
        ".map(c => c.dataset.chart)"
    )
    assert small == []


def test_sorting_by_mouse(page):
    head = page.find_elements("css selector", "#glance thead th")[2]
    for backwards in (False, True):
        head.click()
        direction = "descending" if backwards else "ascending"
        eventually(page, lambda direction=direction: head.get_attribute("aria-sort") == direction)
        scores = [float(text.split(" ")[0]) for text in column(page, 3) if text[0] != "–"]
        assert scores == sorted(scores, reverse=backwards)


def test_sorting_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    button = page.find_elements("css selector", "#glance thead .dt-column-order")[1]
    assert button.get_attribute("tabindex") == "0"
    page.execute_script("arguments[0].focus()", button)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    names = sorted(column(page, 2))
    eventually(page, lambda: column(page, 2) == names)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    eventually(page, lambda: column(page, 2) == names[::-1])


def test_numbers_sort_as_numbers(page):
    heads = page.find_elements("css selector", "#glance thead th")
    at = next(place for place, head in enumerate(heads, start=1) if head.text.startswith("CPU"))
    heads[at - 1].click()
    eventually(page, lambda: heads[at - 1].get_attribute("aria-sort") == "ascending")
    costs = [float(text) for text in column(page, at) if text != "–"]
    assert costs == sorted(costs)
    assert len(costs) >= 2


def test_filtering_by_mouse_and_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    box = page.find_element("css selector", ".dt-search input")
    label = page.find_element("css selector", f"label[for='{box.get_attribute('id')}']")
    assert label.text == "Filter"
    box.click()
    box.send_keys("ksg")
    eventually(page, lambda: column(page, 2) == ["ksg"])
    box.send_keys(Keys.BACKSPACE * 3)
    eventually(page, lambda: len(column(page, 2)) >= 4)
    box.send_keys("nothing of the kind")
    eventually(page, lambda: texts(page, "#glance tbody") == ["Nothing matches the filter."])


def test_the_filter_is_reached_by_the_tab_key(page):
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    body = page.find_element("css selector", "body")
    body.send_keys(Keys.TAB)
    assert page.switch_to.active_element.text == "Skip to the contents"
    for _ in range(30):
        page.switch_to.active_element.send_keys(Keys.TAB)
        if page.switch_to.active_element.tag_name == "input":
            return
    pytest.fail("the filter is not among the first thirty stops")


@pytest.mark.parametrize(
    "name", ["trial", "trial/estimators/ksg", "trial/tasks/gaussian-mi=0.5", "trial/families/gaussian"]
)
def test_every_number_equals_the_markdown_page_s(page, folder, board, name):
    """All rows of all tables, in order."""
    page.get((folder / f"{name}.html").as_uri())
    eventually(page, lambda: page.execute_script("return document.body.dataset.ready"))
    shown = page.execute_script(
        "return [...document.querySelectorAll('main table[id]')].map(t => [...t.tBodies[0].rows]"
        ".map(r => [...r.cells].map(c => c.textContent.trim())))"
    )
    text = (folder / f"{name}.md").read_text(encoding="utf-8")
    tables = re.findall(r"(?:^\|.*\|$\n)+", text, flags=re.MULTILINE)
    written = [block.splitlines()[2:] for block in tables if not block.startswith("| Parameter")]
    plain = [[[_plain(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block] for block in written]
    assert shown == plain


def _plain(cell):
    cell = re.sub(r"\[`([^`]*)`\]\([^)]*\)", r"\1", cell.strip())
    return re.sub(r"\\(.)", r"\1", cell.replace("**", "")).replace("`", "")


PAGES = ["trial", "trial/estimators/ksg", "trial/tasks/gaussian-mi=0.5", "trial/families/gaussian", "index"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_serious_violation(name, width, scheme, page, folder):
    page.get((folder / f"{name}.html").as_uri())
    if name != "index":
        eventually(page, lambda: page.execute_script("return document.body.dataset.ready"))
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
    })  # fmt: skip
    assert _violations(page) == []
    wide = page.execute_script("return document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert not wide


@pytest.mark.parametrize("width", [1440, 390])
def test_the_first_screen_shows_the_ranking(page, folder, width):
    height = 900 if width == 1440 else 844
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500,
    })  # fmt: skip
    page.get((folder / "trial.html").as_uri())
    eventually(page, lambda: page.execute_script("return document.body.dataset.ready"))
    seen = page.execute_script(
        "return [...document.querySelectorAll('#glance tbody tr')].filter(r => r.getBoundingClientRect().bottom < "
        "innerHeight && r.cells[2].getBoundingClientRect().left < innerWidth).length"
    )
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert seen >= 4


def test_the_index_leads_to_the_board_and_the_board_to_its_pages(page, folder):
    page.get((folder / "index.html").as_uri())
    page.find_element("link text", "trial").click()
    assert page.title == "Leaderboard: trial"
    page.find_element("link text", "ksg").click()
    assert page.title == "ksg, trial"
    page.find_element("link text", "All boards").click()
    assert page.title == "Leaderboards"


def _violations(page):
    page.execute_script(AXE.read_text(encoding="utf-8"))
    found = page.execute_async_script("axe.run().then(result => arguments[0](result.violations))")
    return [
        (item["id"], item["impact"], [node["target"] for node in item["nodes"][:3]])
        for item in found
        if item["impact"] in ("serious", "critical")
    ]


def test_a_download_holds_the_rows_of_its_page(page, folder):
    page.get((folder / "trial/estimators/ksg.html").as_uri())
    eventually(page, lambda: page.execute_script("return document.body.dataset.ready"))
    page.execute_script(
        "window.caught = []; URL.createObjectURL = blob => (window.caught.push(blob), 'blob:none');"
        "HTMLAnchorElement.prototype.click = function () { window.file = this.download; };"
    )
    page.execute_script("document.querySelector('[data-download]').click()")
    text = page.execute_async_script("window.caught[0].text().then(arguments[0])")
    head, *rows = text.strip().split("\n")
    assert head.startswith("estimator,task")
    assert len(rows) == 8
    assert all("ksg" in row for row in rows)
    assert page.execute_script("return window.file").endswith(".csv")

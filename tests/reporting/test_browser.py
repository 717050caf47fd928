"""The pages in a real browser: silent, self-contained, accessible in light and dark, usable by keyboard, quick."""

import shutil
from copy import deepcopy

import pytest

from churn_monitoring.core.options import ReportingOptions
from churn_monitoring.reporting.dashboard import render_dashboard
from churn_monitoring.reporting.history import History
from churn_monitoring.reporting.page import render_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH: apt-get install chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
THRESHOLDS = {"performance_threshold": 0.75, "drift_share_threshold": 0.3}
LIMITS = ReportingOptions(top_features=12, listed_features=200, listed_findings=100, logged_features=200)
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def site(tmp_path, report, history, events, picture):
    """A folder as a run leaves it: the dashboard, and the page of one of its batches."""
    report["batch"]["id"] = history[-3]["batch"]
    (tmp_path / "monitoring").mkdir()
    page = render_page(report, history=history, events=events, picture=picture, limits=LIMITS, **THRESHOLDS)
    (tmp_path / "monitoring" / f"{report['batch']['id']}.html").write_text(page, encoding="utf-8")
    dashboard = render_dashboard(History(tuple(history), tuple(events)), model_name="churn", **THRESHOLDS)
    (tmp_path / "index.html").write_text(dashboard, encoding="utf-8")
    return tmp_path


@pytest.fixture
def visit(browser):
    """Opens a file, and holds it to having said nothing and asked for nothing."""
    opened = []

    def call(path, *, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page, said, asked = context.new_page(), [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.resolve().as_uri())
        opened.append((context, said, asked))
        return page

    yield call
    for context, said, asked in opened:
        context.close()
        assert said == []
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def list_pages(site):
    return [site / "index.html", *(site / "monitoring").glob("*.html")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_serious_accessibility_violation_and_nothing_wider_than_the_screen(site, visit, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    for path in list_pages(site):
        page = visit(path, width=width, scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found = Axe().run(page).response["violations"]
        told = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in SERIOUS]
        assert told == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_click_on_a_batch_opens_its_page_and_its_first_link_leads_back(site, visit, report):
    page = visit(site / "index.html")
    page.locator(f'.links a[href="monitoring/{report["batch"]["id"]}.html"]').click()
    page.wait_for_url(f"**/monitoring/{report['batch']['id']}.html")
    assert report["batch"]["id"] in page.title()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html")


def test_terms_and_folded_parts_work_by_keyboard(site, visit):
    page = visit(list_pages(site)[1])
    seen, opened = set(), 0
    for _ in range(120):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const one = document.activeElement; return [one.tagName, one.className, one.textContent,"
            " getComputedStyle(one, '::after').content] })()"
        )
        if focused[0] == "BODY":
            break
        if focused[1] == "term":
            assert focused[3] not in ("none", "")
            seen.add(focused[2])
        if focused[0] == "SUMMARY":
            page.keyboard.press("Enter")
            opened += page.evaluate("document.activeElement.parentElement.open")
    assert len(seen) > 8
    assert opened >= 4


def test_a_page_of_300_columns_is_small_and_renders_within_two_seconds(tmp_path, visit, report, history, picture):
    wide = deepcopy(report)
    one = report["drift"]["features"][-2]
    wide["drift"]["features"] = [{**one, "feature": f"column {at}"} for at in range(300)]
    shape = picture["features"]["feature_16"]
    picture["features"] = {f"column {at}": shape for at in range(40)}
    page = render_page(wide, history=history, picture=picture, limits=LIMITS, **THRESHOLDS)
    assert len(page.encode()) < 500_000
    path = tmp_path / "wide.html"
    path.write_text(page, encoding="utf-8")
    opened = visit(path)
    session = opened.context.new_cdp_session(opened)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # of its own work, whatever else the machine does
    opened.reload()
    opened.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    spent = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    assert 0.0 < spent["TaskDuration"] < 2.0

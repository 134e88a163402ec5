import shutil
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium or Chrome")

#: What names of figures begin with.
FIGURES = (
    "id-ood-returns",
    "returns-per-task-",
    "learning-curves-",
    "sample-efficiency",
    "feet",
    "latents-",
    "trajectories-",
    "gaits-",
)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        # Other processes may leave it little of the machine.
        context.set_default_timeout(120_000)
        yield context
        browser.close()


@pytest.fixture(scope="module")
def page(browser, report):
    """The report, and beside it what it complained about and what it asked for."""
    page = browser.new_page()
    page.complaints, page.requests = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(report.page.as_uri())
    return page


def drawn(page, figure):
    """Scrolls to a figure and waits until it is drawn."""
    page.locator(f"#{figure}").scroll_into_view_if_needed()
    page.wait_for_selector(f"#{figure} .main-svg")
    return page.locator(f"#{figure} .js-plotly-plot")


def column(page, table, number):
    return page.locator(f"#{table} tbody tr > :nth-child({number})").all_inner_texts()


def test_all_figures_are_drawn_when_they_are_scrolled_to(page):
    names = [chart.get_attribute("id") for chart in page.locator("section.chart").all()]
    assert [start for start in FIGURES if not any(name.startswith(start) for name in names)] == []
    assert page.locator(".main-svg").count() < len(names), "none may be drawn before it is near"
    for name in names:
        drawn(page, name)
    assert page.complaints == []


def test_it_asks_for_nothing_but_itself(page, report):
    drawn(page, "feet")
    asked = [url for url in page.requests if not url.startswith(("data:", "blob:"))]
    assert asked == [report.page.as_uri()]
    assert page.complaints == []


def test_a_click_on_the_legend_hides_the_policy(page):
    figure = drawn(page, "id-ood-returns")
    traces = "(plot) => plot._fullData.map((trace) => [trace.legendgroup, trace.visible])"
    policy = figure.locator(".legend .traces").first
    name = policy.text_content()
    assert (name, True) in {tuple(trace) for trace in figure.evaluate(traces)}
    policy.locator(".legendtoggle").click()
    page.wait_for_function(
        "([plot, name]) => plot._fullData.every((trace) => (trace.legendgroup !== name) === (trace.visible === true))",
        arg=[figure.element_handle(), name],
    )


def test_a_click_on_a_heading_sorts_and_the_next_reverses(page):
    table = page.locator("section.table").first.get_attribute("id")
    heading = page.locator(f"#{table} thead th").nth(1)
    before = column(page, table, 2)
    numbers = sorted((float(text) for text in before), reverse=True)
    heading.get_by_role("button").click()
    assert [float(text) for text in column(page, table, 2)] == numbers
    assert heading.get_attribute("aria-sort") == "descending"
    heading.get_by_role("button").click()
    assert [float(text) for text in column(page, table, 2)] == numbers[::-1]
    assert heading.get_attribute("aria-sort") == "ascending"


def test_a_key_sorts_words(page):
    table = page.locator("section.table").first.get_attribute("id")
    page.locator(f"#{table} thead button").first.focus()
    page.keyboard.press("Enter")
    policies = column(page, table, 1)
    assert policies == sorted(policies) and len(policies) == 6
    assert page.locator(f"#{table} [aria-sort]").count() == 1


def test_what_is_unknown_stays_last(page):
    (table,) = (name for name in ids(page, "section.table") if name.endswith("-ood") and "improvement" in name)
    for _ in range(2):
        page.locator(f"#{table} thead button").nth(1).click()
        assert column(page, table, 2)[-1] == "–"


def test_a_video_plays(page):
    video = page.locator("video").first
    video.scroll_into_view_if_needed()
    video.evaluate("(video) => video.play()")
    page.wait_for_function("(video) => video.currentTime > 0.1", arg=video.element_handle())
    assert video.evaluate("(video) => video.duration") == pytest.approx(2, abs=0.1)


def test_every_link_leads_to_a_file_or_a_place(page, report):
    links = [link.get_attribute("href") for link in page.locator("a[href]").all()]
    assert {Path(link).suffix for link in links} == {"", ".png", ".csv"}
    for link in links:
        if link.startswith("#"):
            assert page.locator(link).count() == 1
        else:
            assert (report.page.parent / link).stat().st_size > 0


def test_places_have_names_of_their_own(page):
    names = ids(page, "[id]:not(svg [id])")
    assert len(names) == len(set(names))


def test_a_phone_scrolls_what_is_wide_and_not_the_page(browser, report):
    page = browser.new_page()
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(report.page.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    page.close()


def test_paper_gets_all_figures(browser, report):
    page = browser.new_page()
    page.goto(report.page.as_uri())
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".js-plotly-plot").count() == page.locator("section.chart").count()
    assert page.locator("details:not([open])").count() == 0
    page.close()


def ids(page, selector):
    return page.locator(selector).evaluate_all("(found) => found.map((element) => element.id)")

"""Charts come as pictures with the page; the one that somebody points at tells its values and leads to their explanation."""

import pytest

COMPANY = "full"
ONLY_LOOKS = True

PLOTLY = "document.querySelectorAll('script[src*=plotly]').length"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_a_page_shows_its_charts_without_waiting_for_anything(open_page, width, theme):
    page = open_page("/", width=width, color_scheme=theme)
    assert page.locator(".ch .still").count() == 3
    bars = page.locator(".ch-ages .cut")
    assert bars.first.bounding_box()["width"] > 10
    # The colour is the page's own, of the team that answers for the first stage.
    colour = page.evaluate("getComputedStyle(document.querySelector('.ch-ages .cut')).fill")
    own = page.evaluate("getComputedStyle(document.querySelector('.key .t-marketing, .t-marketing')).fill")
    assert colour == own
    assert page.evaluate(PLOTLY) == 0


def test_pointing_at_a_chart_makes_it_tell_its_values_and_nothing_moves(open_page):
    page = open_page("/")
    assert page.evaluate(PLOTLY) == 0
    page.hover(".ch-trend")
    page.wait_for_selector(".ch-trend.live .main-svg")
    assert not page.locator(".ch-trend .still").is_visible()
    assert page.locator(".ch-run .still").is_visible()  # the others stay as they are
    bar = page.locator(".ch-trend .plot .bars path").last
    bar.hover(force=True)
    page.wait_for_selector(".ch-trend .hoverlayer .hovertext")
    assert page.evaluate("window.moved") < 0.05
    page.hover(".ch-ages")
    page.wait_for_selector(".ch-ages.live .main-svg")
    assert page.evaluate(PLOTLY) == 1


def test_a_bar_leads_to_the_explanation_of_its_number(open_page):
    page = open_page("/")
    page.hover(".ch-trend")
    page.wait_for_selector(".ch-trend.live .main-svg")
    bars = page.locator(".ch-trend .plot .bars path")
    # The company may be younger than the first month that is drawn.
    box = max((bars.nth(i).bounding_box() for i in range(bars.count())), key=lambda box: box["height"])
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # A chart that is still being drawn takes no click: whoever clicks then clicks again.
    for _ in range(5):
        page.mouse.move(*middle, steps=3)
        page.wait_for_selector(".ch-trend.leads")
        page.mouse.click(*middle)
        page.wait_for_timeout(2_000)
        if page.locator("#explain:popover-open h3").count():
            break
        page.mouse.move(5, 5)
    page.wait_for_selector("#explain:popover-open h3")


def test_a_chart_that_was_pointed_at_comes_back_from_its_table_and_follows_the_theme(open_page):
    page = open_page("/")
    page.hover(".ch-run")
    page.wait_for_selector(".ch-run.live .main-svg")
    before = page.evaluate("document.querySelector('.ch-run .scatterlayer .js-line').style.stroke")
    page.locator("[data-theme-toggle]").click()
    page.wait_for_function(
        "(old) => document.querySelector('.ch-run .scatterlayer .js-line').style.stroke !== old", arg=before
    )
    page.locator(".a-run [data-table-toggle]").click()
    assert page.locator(".a-run table").is_visible() and not page.locator(".ch-run").is_visible()
    page.locator(".a-run [data-table-toggle]").click()
    page.wait_for_selector(".ch-run.live .main-svg")


def test_on_a_phone_a_chart_stays_the_picture_that_a_finger_scrolls_past(open_page):
    page = open_page("/", width=390, height=844, has_touch=True)
    page.locator(".ch-run").tap()
    page.wait_for_timeout(300)
    assert page.evaluate(PLOTLY) == 0 and page.locator(".ch-run .still").is_visible()


def test_the_picture_stays_when_plotly_can_not_be_fetched(open_page):
    page = open_page("/", expected="ERR_FAILED")
    page.route("**/plotly-tandem*", lambda route: route.abort())
    page.hover(".ch-run")
    page.wait_for_timeout(300)
    assert page.locator(".ch-run .still").is_visible() and page.locator(".ch-run.live").count() == 0

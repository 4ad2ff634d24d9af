"""What remains of a review in Chromium: actions, minutes, history and charter, in every size and theme, and printed."""

import pytest

from reviews.models import Action, Minutes
from tests.browser.looking import SIZES, TOO_SMALL, TOO_WIDE

COMPANY = "small"
PAGES = {
    "/review/actions/": "Actions",
    "/review/actions/new/": "New action",
    "/review/actions/{action}/": None,
    "/review/{review}/minutes/": None,
    "/review/history/": "Past reviews",
    "/review/history/?q=nothing+like+this": "Past reviews",
    "/review/charter/": "Charter of both teams",
    "/review/charter/cadence/": "How often both teams meet",
    "/review/ride-alongs/new/": "Plan a ride-along",
}


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark"), (390, "light"), (1440, "dark")])
def test_every_page_looks_right(open_page, axe, width, theme):
    last = Minutes.objects.order_by("-review__starts_at").first()
    named = {"action": Action.objects.filter(state="open").first().pk, "review": last.review_id}
    for path, title in PAGES.items():
        page = open_page(path.format(**named), width=width, height=SIZES[width], color_scheme=theme)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert title is None or page.get_by_role("heading", level=1).inner_text() == title
        assert (path, axe(page), page.evaluate(TOO_WIDE), page.evaluate(TOO_SMALL)) == (path, {}, 0, [])
        page.close()


def test_an_action_is_written_down_done_and_opened_again_without_script(open_page):
    page = open_page("/review/actions/new/?answers=m:won_deals", java_script_enabled=False)
    page.fill("input[name=what]", "Call the last ten wins")
    page.select_option("select[name=owner]", label="Luca Ferrant")
    page.get_by_role("button", name="Agree on it").click()
    page.get_by_role("link", name="Call the last ten wins").click()
    page.get_by_role("button", name="Done", exact=True).click()
    assert page.get_by_role("button", name="Open it again").is_visible()
    page.get_by_role("button", name="Open it again").click()
    assert [step.kind for step in Action.objects.get(what="Call the last ten wins").steps.order_by("id")] == [
        "agreed", "done", "reopened",
    ]  # fmt: skip


def test_my_day_finishes_an_action_in_place(open_page):
    action = Action.objects.filter(state="open", owner__email="clara@demo.tandem.example").first()
    page = open_page("/my-day/", who="clara@demo.tandem.example")
    page.locator("#my-actions .deed", has_text=action.what).get_by_role("button").click()
    page.locator("#my-actions .deed", has_text=action.what).wait_for(state="detached")
    action.refresh_from_db()
    assert action.state == "done"


def test_minutes_print_on_a4_without_the_page_around_them(open_page):
    review = Minutes.objects.order_by("-review__starts_at").first().review_id
    page = open_page(f"/review/{review}/minutes/")
    page.emulate_media(media="print")
    assert not page.get_by_role("link", name="Markdown").is_visible()
    assert page.locator(".paper-title").is_visible()
    sheet = page.pdf(prefer_css_page_size=True)
    # 595 by 842 points: A4, upright
    assert b"/MediaBox [0 0 595" in sheet or b"/MediaBox [0 0 594" in sheet

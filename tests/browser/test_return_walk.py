"""From the dashboard's card to one deal's ledger and back; the pages of return in both themes and on a phone."""

import re

import pytest

from campaigns.models import Campaign
from leads.models import Deal
from tests.browser.conftest import settle

COMPANY = "full"
ONLY_LOOKS = True


def test_somebody_walks_from_the_card_to_one_deals_ledger_and_back(open_page):
    page = open_page("/")
    page.locator(".a-return tbody .n-why").first.click()
    page.wait_for_selector("#explain:popover-open .behind tbody a")
    number = page.locator("#explain .big").inner_text()
    page.locator("#explain .behind tbody a").first.click()
    page.wait_for_url("**/deals/*/ledger/*")
    settle(page)
    cells = page.locator(".ledger tfoot tr").first.locator("td").all_inner_texts()
    # Every model shares the same money.
    assert len(cells) >= 8 and len(set(cells)) == 1
    page.go_back()
    page.wait_for_url(re.compile(r"/(\?.*)?$"))
    settle(page)
    page.locator(".a-return tbody th a").first.click()
    page.wait_for_url("**/campaigns/*/return/*")
    settle(page)
    shown = page.locator("tr.chosen .n-why").inner_text()
    assert shown and number


def test_the_models_disagree_about_the_demos_best_campaign_in_a_way_that_one_can_follow(open_page):
    page = open_page("/returns/models/?period=all")
    text = page.locator("main").inner_text()
    opens = page.locator("tbody tr", has_text="LinkedIn: plant managers").first.inner_text()
    closes = page.locator("tbody tr", has_text="Pump clinic on site").first.inner_text()
    assert "different winners" in text
    assert "First touch rewards what people met first" in opens
    assert "Last touch rewards what people met last" in closes


def paths() -> dict[str, str]:
    campaign = Campaign.objects.get(name="LinkedIn: plant managers")
    deal = Deal.objects.filter(status="won", lead__campaign__isnull=False).order_by("id").first()
    return {
        "campaigns": "/returns/",
        "channels": "/returns/?by=channel",
        "content": "/returns/?by=content",
        "models": "/returns/models/",
        "campaign": f"/campaigns/{campaign.pk}/return/",
        "channel": f"/returns/channels/{campaign.channel_id}/",
        "deals": f"/returns/deals/?by=campaign&id={campaign.pk}&model=first_touch",
        "ledger": f"/deals/{deal.pk}/ledger/",
    }


@pytest.mark.parametrize("name", ["campaigns", "channels", "content", "models", "campaign", "channel", "deals", "ledger"])
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_pages_of_return_are_accessible_and_never_too_wide(open_page, axe, name, width, theme):
    page = open_page(paths()[name], width=width, color_scheme=theme)
    assert axe(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_the_card_leads_to_a_page_with_the_deals(open_page):
    page = open_page("/", java_script_enabled=False)
    page.locator(".a-return tbody .n-why").first.click()
    assert page.locator(".behind tbody tr").count() > 0

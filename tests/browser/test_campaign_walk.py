"""Campaigns in Chromium: planned by marketing, looked at by sales, paid, and content asked for from a lead and used."""

import datetime as dt

import pytest

from leads.models import Lead, Touch

COMPANY = "small"
MARKETER, SELLER = "jonas@demo.tandem.example", "clara@demo.tandem.example"
LOOKS = {
    "a desk in light": {"width": 1440, "height": 900},
    "a phone in the dark without script": {
        "width": 390, "height": 844, "color_scheme": "dark", "java_script_enabled": False,
    },
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_a_campaign_is_planned_previewed_and_paid(open_page, axe, look):
    scripted, name = LOOKS[look].get("java_script_enabled", True), f"Pump day, {look}"
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=3)
    page = open_page("/campaigns/new/", who=MARKETER, **LOOKS[look])
    page.get_by_label("Name").fill(name)
    page.get_by_label("Channel").fill("Trade fair")
    page.get_by_label("Owner in marketing").select_option(label="Jonas Wegener")
    page.get_by_label("Owner in sales").select_option(label="Clara Moreau")
    page.get_by_label("First day").fill(first.isoformat())
    page.get_by_label("Brief").fill("Two halls, one stand.")
    page.get_by_role("button", name="Plan it").click()
    page.get_by_role("heading", name=name).wait_for()
    page.get_by_role("link", name="Enter a cost").click()
    page.get_by_label("What for").fill("Stand")
    page.get_by_label("Amount").fill("4200")
    page.get_by_label("Last day of service").fill((first + dt.timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Enter it").click()
    page.get_by_role("heading", name="€4.20k of the plan is left").wait_for()
    page.get_by_role("button", name="Ask sales to look").click()
    page.get_by_text("Sales looks next").wait_for()
    address = page.url
    seller = open_page("/my-day/", who=SELLER, **LOOKS[look])
    seller.get_by_role("link", name=f"The plan of {name}").click()
    assert seller.url == address
    seller.get_by_label("Please change something").check()
    seller.get_by_label("In a sentence or two").fill("Name the hall.")
    seller.get_by_role("button", name="Tell marketing").click()
    seller.get_by_text("“Name the hall.”").wait_for()
    if scripted:
        assert axe(seller) == {}
    page.goto(address)
    page.get_by_role("link", name="Answer", exact=True).click()
    page.get_by_label("It is changed").check()
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("Seen by sales").wait_for()
    if scripted:
        assert axe(page) == {}


def test_content_is_asked_for_on_a_lead_answered_and_used(open_page, django_db_blocker):
    with django_db_blocker.unblock():
        lead = Lead.objects.filter(merged_into=None, voided=False, stage__key="sql").order_by("-id").first()
    seller = open_page(f"/leads/{lead.pk}/", who=SELLER)
    seller.get_by_role("link", name="Ask marketing").click()
    seller.get_by_label("What is needed").fill("A reference from a dairy")
    seller.get_by_role("button", name="Ask for it").click()
    seller.get_by_text("waits for marketing").wait_for()
    page = open_page("/my-day/", who=MARKETER)
    page.get_by_role("link", name="Answer: A reference from a dairy").click()
    page.get_by_label("The piece of content").select_option(index=1)
    page.get_by_label("How to use it").fill("Page two only.")
    page.locator("#ask-body").get_by_role("button", name="Answer").click()
    page.get_by_role("link", name="Answer: A reference from a dairy").wait_for(state="detached")
    seller.goto(seller.url)
    seller.get_by_text("Page two only.").wait_for()
    seller.get_by_role("button", name="I used").click()
    seller.get_by_text("It counts among the touches.").wait_for()
    with django_db_blocker.unblock():
        touch = Touch.objects.filter(lead=lead).order_by("-id").first()
        assert (touch.kind, touch.side, touch.content_id is not None) == ("content", "sales", True)

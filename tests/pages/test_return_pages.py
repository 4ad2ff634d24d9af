"""What campaigns earned, as people read it: rows that add up, numbers that open their deals, one deal under every model."""

import csv
import datetime as dt
import io
import re
from html import unescape

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import services as campaigns
from core.models import Organisation
from metrics.templatetags.returns import per_one
from tests.metrics.attributing import world  # noqa: F401 - fixture

NOW = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def first_of_june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def story(world, people):  # noqa: F811
    """Two won deals of 100 with a profit of 60: Spring opened the first, Hanover closed it; the second is Spring's alone.

    The first belongs to the member, the second to the colleague. Spring cost 40, Hanover 200; 10 were spent for no campaign.
    """
    first = world.lead("Ada", 0.75, campaign=world.campaigns["Spring"], owner=people["member"])
    world.touch(first, 0.5, "Spring")
    world.touch(first, 5, "Hanover", kind="event")
    world.first = world.won(first, at=2, close=9, name="Pump line", owner=people["member"])
    second = world.lead("Bea", 1.75, campaign=world.campaigns["Spring"], owner=people["colleague"])
    world.touch(second, 1.5, "Spring")
    world.second = world.won(second, at=3, close=8, name="Refit", owner=people["colleague"])
    for campaign, amount in (("Spring", 40_00), ("Hanover", 200_00), (None, 10_00)):
        campaigns.record_spend(
            campaign=world.campaigns[campaign] if campaign else None, amount=amount, currency="EUR",
            service_from=dt.date(2026, 3, 1), service_to=dt.date(2026, 3, 31), actor=None,
        )  # fmt: skip
    world.now()
    return world


def words(answer) -> str:
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def rows(answer) -> dict[str, list[str]]:
    """Cells by the head of their row."""
    found = {}
    for row in re.findall(r"<tr.*?</tr>", answer.content.decode(), flags=re.S):
        cells = [
            " ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.S)
        ]
        found[cells[0]] = cells[1:]
    return found


def test_all_campaigns_stand_beside_each_other_and_add_up_to_what_was_won(browser, story):
    found = rows(browser("viewer").get("/returns/?model=linear"))
    # spend, leads, MQL, SQL, won deals touched, open amount, revenue, gross profit, drawn, per €1
    assert found["Spring"][:8] == ["€40", "2", "2", "2", "2", "€0", "€150", "€90"]
    assert found["Spring"][9].startswith("€2.25")
    assert found["Hanover"][:8] == ["€200", "0", "0", "0", "1", "€0", "€50", "€30"]
    assert found["Hanover"][9].startswith("€0.15")
    assert found["Without a campaign"][0] == "€10"
    touched = "– A deal counts in every row that touched it, so these do not add up"
    assert found["All"] == ["€250", "2", "2", "2", touched, "€0", "€200", "€120", "", "€0.48"]


def test_no_return_is_told_for_what_names_no_campaign(browser, story):
    told = rows(browser("viewer").get("/returns/"))["Without a campaign"][-1]
    assert told == "– What was spent for no campaign did not buy these touches"


@pytest.mark.parametrize(("model", "share"), [("first_touch", "€60"), ("linear", "€30")])
def test_a_number_opens_its_deals_and_they_add_up_to_it(browser, story, model, share):
    spring = story.campaigns["Spring"].pk
    page = browser("administrator").get(f"/returns/deals/?by=campaign&id={spring}&period=all&model={model}")
    found = rows(page)
    assert found["Pump line"][-1] == share and found["Refit"][-1] == "€60"
    assert f"Spring: gross profit €{60 + int(share[1:])}" in words(page)


def test_the_number_is_everybodys_and_the_list_is_the_readers(browser, story):
    Organisation.objects.update(lead_visibility=Organisation.Visibility.OWN)
    spring = story.campaigns["Spring"].pk
    page = browser("member").get(f"/returns/deals/?by=campaign&id={spring}&period=all&model=linear")
    assert "€90" in words(page) and "1 of them you may not open; they count all the same." in words(page)
    assert "Refit" not in words(page)
    lines = list(csv.reader(io.StringIO(
        b"".join(browser("member").get(f"/returns/deals.csv?by=campaign&id={spring}&period=all&model=linear")).decode("utf-8-sig")
    )))  # fmt: skip
    assert lines[0] == ["Spring: Linear, All that is recorded; 2 deals, 1 not shown to you"]
    assert [line[1:6] for line in lines[2:]] == [["Pump line", "", "2026-03-10", "6000", "3000"]]


def behind(browser, page, name: str) -> str:
    """What a reader sees behind the first number of a page that explains itself under this name."""
    found = re.search(rf'href="([^"]+)"[^>]*aria-label="[^"]*, explain {name}"', page.content.decode())
    return words(browser.get(unescape(found.group(1))))


def test_a_count_opens_exactly_what_it_counts_and_only_what_the_reader_may_open(browser, story):
    """Spring made two leads and both deals, by way of MQL and SQL. The colleague's stay closed to the member."""
    Organisation.objects.update(lead_visibility=Organisation.Visibility.OWN)
    administrator, member = browser("administrator"), browser("member")
    page = administrator.get("/returns/")
    for name in ("leads", "MQL", "SQL"):
        told = behind(administrator, page, name)
        assert "2 leads" in told and "Ada" in told and "Bea" in told, name
        mine = behind(member, page, name)
        assert "2 leads" in mine and "Ada" in mine and "Bea" not in mine, name
    touched = behind(administrator, page, "won deals touched")
    assert "2 deals" in touched and "Pump line" in touched and "Refit" in touched
    closed = behind(member, page, "won deals touched")
    assert "2 deals" in closed and "Refit" not in closed and "1 of them you may not open" in closed
    by_itself = administrator.get(f"/campaigns/{story.campaigns['Hanover'].pk}/return/")
    assert rows(by_itself)["Won deal"][0] == "0" and "explain Won deal" not in by_itself.content.decode()
    told = behind(administrator, by_itself, "won deals touched")
    assert "1 deal " in told and "Pump line" in told and "Refit" not in told
    spring = administrator.get(f"/campaigns/{story.campaigns['Spring'].pk}/return/")
    assert rows(spring)["Won deal"][0] == "2"
    assert "Spring: won deals whose lead it created 2 deals" in behind(administrator, spring, "Won deal")


def test_one_deals_ledger_shows_each_touch_under_each_model_adding_up_to_the_cent(browser, story):
    found = rows(browser("member").get(f"/deals/{story.first.pk}/ledger/"))
    sums = [cells for head, cells in found.items() if head == "Gross profit"]
    assert sums == [["€60"] * 9]
    heads = " ".join(found)
    assert "First touch (version 1) · Made the lead (version 1)" in heads and "Last before close (version 1)" in heads
    spring = next(cells for head, cells in found.items() if head.startswith("Spring"))
    hanover = next(cells for head, cells in found.items() if head.startswith("Hanover"))
    # first, last, lead creation, linear
    assert [cell.split()[0] for cell in spring[:4]] == ["€60", "€0", "€60", "€30"]
    assert [cell.split()[0] for cell in hanover[:4]] == ["€0", "€60", "€0", "€30"]


def test_a_deal_that_a_reader_may_not_open_shows_no_ledger(browser, story):
    Organisation.objects.update(lead_visibility=Organisation.Visibility.OWN)
    assert browser("member").get(f"/deals/{story.first.pk}/ledger/").status_code == 200
    assert browser("member").get(f"/deals/{story.second.pk}/ledger/").status_code == 404


def test_the_comparison_says_where_the_models_differ_and_why(browser, story):
    text = words(browser("viewer").get("/returns/models/?period=all"))
    assert "Spring earns most under every model" in text
    assert "Last before close in 100% of its deals, made the lead in 0%" in text
    assert "Last touch rewards what people met last" in text
    assert rows(browser("viewer").get("/returns/models/?period=all"))["All"] == ["€120"] * 8 + [""]


def test_a_campaigns_page_shows_cost_return_and_what_sales_says_as_a_part_and_as_a_page(browser, story):
    path = f"/campaigns/{story.campaigns['Spring'].pk}/return/"
    page, part = browser("viewer").get(path), browser("viewer").get(path, headers={"HX-Request": "true"})
    assert "<html" in page.content.decode() and "<html" not in part.content.decode()
    for answer in (page, part):
        assert rows(answer)["Lead"] == ["2", "€20"] and rows(answer)["Won deal"] == ["2", "€20"]
        assert rows(answer)["First touch"][:2] == ["€200", "€120"]
        assert rows(answer)["Last touch"][:2] == ["€100", "€60"]
        assert "Too few deals to judge: 2 with a touch of it" in words(answer)
        assert "Sales has not decided on a lead of it" in words(answer)


def test_a_channels_page_lists_its_campaigns(browser, story):
    found = rows(browser("viewer").get(f"/returns/channels/{story.channels['Fair'].pk}/?model=linear"))
    assert found["Hanover"][:2] == ["€200", "€30"]


def test_a_campaign_that_nothing_is_known_of_says_so(browser, story):
    text = words(browser("viewer").get(f"/campaigns/{story.campaigns['Letter'].pk}/return/"))
    assert "No return to show yet" in text


@pytest.mark.parametrize(
    "path", ["/returns/?by=nonsense&period=x&model=y", "/returns/deals/?id=-x&page=0", "/returns/?period=365d-2026-13-40"]
)
def test_a_hostile_address_gets_an_answer(browser, story, path):
    assert browser("viewer").get(path).status_code == 200


def test_more_campaigns_cost_no_query_more(browser, story):
    paths = ("/returns/", "/returns/models/", f"/deals/{story.first.pk}/ledger/")
    client = browser("administrator")

    def asked() -> list[int]:
        found = []
        for path in paths:
            client.get(path)
            with CaptureQueriesContext(connection) as seen:
                client.get(path)
            found.append(len(seen))
        return found

    with_two = asked()
    for number in range(3):
        name = f"More {number}"
        story.campaigns[name] = campaigns.ensure_campaign(name=name, channel=story.channels["Mail"])
        lead = story.lead(f"Lead{number}", campaign=story.campaigns[name])
        story.touch(lead, 0.5, name)
        story.won(lead, name=name)
    story.now()
    assert asked() == with_two


# --- the dashboard's card and My day --------------------------------------------------------------------------------------


@pytest.fixture
def year(story):
    """Twenty further deals, all opened by Spring and closed by Hanover, which cost far more than it brought."""
    for number in range(20):
        lead = story.lead(f"Buyer{number}", campaign=story.campaigns["Spring"])
        story.touch(lead, 0.5, "Spring")
        story.touch(lead, 5, "Hanover", kind="event")
        story.won(lead, name=f"Deal {number}")
    campaigns.record_spend(
        campaign=story.campaigns["Hanover"], amount=90_000_00, currency="EUR", service_from=dt.date(2026, 4, 1),
        service_to=dt.date(2026, 4, 30), actor=None,
    )  # fmt: skip
    story.now()
    cache.clear()
    return story


def test_the_card_names_the_best_and_the_worst_campaign_with_their_range(browser, year):
    card = browser("viewer").get("/cards/channels/")
    text = words(card)
    assert re.search(r"Hanover returns €0\.\d\d per €1, Spring €\d+\.\d\d", text)
    assert "12 months, W-shaped, 95% range" in text
    assert list(rows(card)) == ["Campaign", "Spring", "Hanover"]


def test_the_card_speaks_of_channels_where_a_filter_knows_no_spend_or_deals_are_few(browser, year):
    assert "Hanover returns" not in words(browser("viewer").get("/cards/channels/?channel=Fair"))


def test_few_deals_are_never_named(browser, story):
    assert "returns €" not in words(browser("viewer").get("/cards/channels/"))


def test_my_day_of_marketing_shows_the_campaigns_that_are_surely_below_break_even(browser, people, year):
    text = words(browser("colleague").get("/my-day/campaigns/"))
    assert "Below break-even 1" in text and "Hanover" in text and "Spring" not in text
    assert "/my-day/campaigns/" in browser("colleague").get("/my-day/").content.decode()
    campaigns.update_campaign(campaign=year.campaigns["Hanover"], actor=None, marketing_owner=people["marketing_lead"])
    assert "Hanover" not in words(browser("colleague").get("/my-day/campaigns/"))


@pytest.mark.parametrize(
    ("value", "text"), [(4.1, "€4.10"), (0.004, "€0.00"), (-0.2, "−€0.20"), (120.4, "€120"), (None, "–")]
)
def test_a_return_reads_as_money_back_for_one_spent(value, text):
    assert per_one(value, "EUR") == text


def test_only_the_drawer_offers_all_of_them_the_page_shows_them(browser, story):
    spring, viewer = story.campaigns["Spring"].pk, browser("viewer")
    for address in (
        f"/returns/deals/?by=campaign&id={spring}&period=all",
        f"/returns/content/?by=campaign&id={spring}&content=0&period=all",
        "/explain/won_deals/?from=2026-01-01&to=2026-06-01",
    ):
        page = words(viewer.get(address))
        drawer = words(viewer.get(address, headers={"HX-Request": "true"}))
        assert ("All of them" in page, "All of them" in drawer) == (False, True), address


def test_the_data_driven_models_say_why_they_wait_and_the_ledger_of_one_deal_does_not(browser, story):
    told = words(browser("viewer").get("/returns/models/fitted/?period=all"))
    assert "Not shown yet: It needs 100 won deals with a touch" in told
    assert "In the ledger of one deal Shapley shares that deal’s own money only" in told

"""What a piece of content met, brought on and earned: each number opens exactly what it counts."""

import csv
import datetime as dt
import io
import re
from html import unescape

import pytest
import time_machine

from campaigns.services import record_spend
from campaigns.services.content import ensure_content
from core.models import Organisation
from leads import services
from tests.metrics.attributing import day, world  # noqa: F401 - fixture

NOW = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def first_of_june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def story(world, people, stages):  # noqa: F811
    """Spring's guide met Ada, Bea and Cleo. Ada twice, and she bought; Bea got to SQL and is the colleague's.

    What must not count for Spring's guide: the fair's guide, Spring's price list, a voided touch, a touch of nobody who is a
    lead, a lead that was taken out, and Cleo's double, who is Cleo.
    """
    guide, prices = ensure_content(name="Guide"), ensure_content(name="Price list")
    ada = world.lead("Ada", 0.75, owner=people["member"])
    world.touch(ada, 0.5, content=guide)
    world.touch(ada, 1.5, content=guide)
    world.won(ada, at=2, close=9, name="Pump line", owner=people["member"])
    bea = world.lead("Bea", 1.75, owner=people["colleague"])
    world.touch(bea, 3, content=guide)
    services.move_lead(bea, stages["sql"], actor=None, occurred_at=day(4))
    cleo, double = world.lead("Cleo"), world.lead("Cleo Double")
    world.touch(cleo, 5, content=guide)
    world.touch(double, 6, content=guide)
    services.merge_leads(survivor=cleo, duplicate=double, actor=None)
    dan = world.lead("Dan")
    world.touch(dan, 1, "Hanover", kind="event", content=guide)
    world.touch(dan, 2, content=prices)
    services.void_touch(touch=world.touch(dan, 3, content=guide), actor=None)
    world.touch(None, 2, content=guide, contact=services.ensure_contact(name="Ed", email="ed@example.com"))
    gone = world.lead("Gone")
    world.touch(gone, 2, content=guide)
    services.void_lead(lead=gone, actor=None)
    for campaign in ("Spring", "Hanover"):
        march = {"service_from": dt.date(2026, 3, 1), "service_to": dt.date(2026, 3, 31)}
        record_spend(campaign=world.campaigns[campaign], amount=10_00, currency="EUR", actor=None, **march)
    world.now()
    return world


def words(answer) -> str:
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def pieces(browser, story, address: str) -> dict[str, dict[str, tuple[str, str]]]:
    """By piece of content and by what is counted: what the table says, and where it leads."""
    page = browser("administrator").get(address).content.decode()
    section = page[page.index('aria-labelledby="content-title"') :].partition("</section>")[0]
    number = re.compile(r'<a class="n-why"\s+href="([^"]+)"[^>]*explain ([^"]+)">([^<]+)</a>')
    return {
        unescape(head): {what: (text, unescape(url)) for url, what, text in number.findall(row)}
        for head, row in re.findall(r'<tr>\s*<th scope="row">([^<]*)</th>(.*?)</tr>', section, flags=re.S)
    }


def listed(client, url: str) -> set[str]:
    found = re.findall(r'<a href="/leads/\d+/">([^<]+)</a>', client.get(url).content.decode())
    assert len(found) == len(set(found))
    return set(found)


def test_a_piece_counts_leads_of_its_campaign_once_and_opens_them(browser, story):
    found = pieces(browser, story, f"/campaigns/{story.campaigns['Spring'].pk}/return/?period=all")
    told = {name: {what: text for what, (text, _) in row.items()} for name, row in found.items()}
    assert told == {
        "Guide": {"leads met": "3", "to SQL": "2", "gross profit": "€60"},
        "Price list": {"leads met": "1", "gross profit": "€0"},
    }
    administrator = browser("administrator")
    assert listed(administrator, found["Guide"]["leads met"][1]) == {"Ada", "Bea", "Cleo"}
    assert listed(administrator, found["Guide"]["to SQL"][1]) == {"Ada", "Bea"}
    assert listed(administrator, found["Price list"]["leads met"][1]) == {"Dan"}
    drawer = administrator.get(found["Guide"]["leads met"][1], headers={"HX-Request": "true"})
    assert words(drawer).startswith("Guide, Spring: leads met 3 leads All that is recorded")
    earned = words(administrator.get(found["Guide"]["gross profit"][1]))
    assert "Guide, Spring: gross profit €60" in earned and "Pump line" in earned
    assert "1 deal" not in words(administrator.get(found["Price list"]["gross profit"][1]))


def test_what_no_piece_earned_stands_in_a_line_that_met_nobody_and_the_title_names_a_piece(browser, story):
    fay = story.lead("Fay")
    story.touch(fay, 1)
    story.won(fay, at=2, close=9, amount=900_00, name="Big line")
    story.now()
    address = f"/campaigns/{story.campaigns['Spring'].pk}/return/?period=all"
    page = words(browser("administrator").get(address))
    assert "Guide earned most" in page and "Without a piece of content earned most" not in page
    assert "Without a piece of content – Their touches name no piece – Their touches name no piece €860 " in page
    assert set(pieces(browser, story, address)["Without a piece of content"]) == {"gross profit"}
    told = words(browser("administrator").get("/returns/?by=content&period=all"))
    assert "Guide earned most" in told and "Nothing was spent" not in told


def test_a_channel_counts_what_its_campaigns_met(browser, story):
    search = pieces(browser, story, f"/returns/channels/{story.channels['Search'].pk}/?period=all")
    fair = pieces(browser, story, f"/returns/channels/{story.channels['Fair'].pk}/?period=all")
    assert search["Guide"]["leads met"][0] == "3"
    assert listed(browser("administrator"), search["Guide"]["to SQL"][1]) == {"Ada", "Bea"}
    assert listed(browser("administrator"), fair["Guide"]["leads met"][1]) == {"Dan"}


def test_only_what_happened_in_the_period_counts(browser, story):
    found = pieces(browser, story, f"/campaigns/{story.campaigns['Spring'].pk}/return/?period=365d-2026-03-03")
    assert {name: row["leads met"][0] for name, row in found.items()} == {"Guide": "1"}
    assert listed(browser("administrator"), found["Guide"]["leads met"][1]) == {"Ada"}


def test_the_count_is_everybodys_and_the_list_is_the_readers(browser, story):
    Organisation.objects.update(lead_visibility=Organisation.Visibility.OWN)
    found = pieces(browser, story, f"/campaigns/{story.campaigns['Spring'].pk}/return/?period=all")
    url = found["Guide"]["leads met"][1]
    page = words(browser("member").get(url))
    assert "Guide, Spring: leads met 3 leads" in page and "2 of them you may not open; they count all the same." in page
    assert listed(browser("member"), url) == {"Ada"}
    file = b"".join(browser("member").get(url.replace("/content/", "/content.csv"))).decode("utf-8-sig")
    head, names, *rows = csv.reader(io.StringIO(file))
    assert head == ["Guide, Spring: leads met, All that is recorded; 3 leads, 2 not shown to you"]
    assert names == ["lead", "name", "company", "met", "reached_sql", "stage", "owner"]
    assert [row[1:5] for row in rows] == [["Ada", "", "2026-03-02", "2026-03-10"]]


@pytest.mark.parametrize("asked", ["", "by=content&id=-3&content=99&count=all", "id=x&content=9999999999999&page=-1"])
def test_an_address_that_names_nothing_opens_nothing(browser, story, asked):
    answer = browser("administrator").get(f"/returns/content/?{asked}")
    assert answer.status_code == 200 and "0 leads" in words(answer)

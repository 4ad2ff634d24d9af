"""The pages of campaigns: list, calendar, one campaign, content, cost lines, as people of both teams use them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Content, PreviewNote, Spend
from campaigns.queries import standing_lines
from campaigns.services import describe_content, ensure_channel, plan_campaign, put_content, respond_to_preview

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def plan(name, people, **more):
    return plan_campaign(name=name, actor=people["colleague"], **more)


def test_a_marketer_plans_a_campaign_with_an_owner_on_each_side(browser, people, on_the_day):
    data = {
        "name": "Fair in Hanover", "channel": "Trade fair", "marketing_owner": people["colleague"].pk,
        "sales_owner": people["member"].pk, "starts_on": "2026-11-24", "ends_on": "2026-11-27", "brief": "Stand C12.",
    }  # fmt: skip
    answer = browser("colleague").post("/campaigns/new/", data)
    made = Campaign.objects.select_related("channel").get()
    assert (answer.status_code, answer.url) == (302, f"/campaigns/{made.pk}/")
    assert (str(made.channel), made.sales_owner, made.starts_on, made.brief) == (
        "Trade fair", people["member"], dt.date(2026, 11, 24), "Stand C12.",
    )  # fmt: skip
    page = text_of(browser("viewer").get(answer.url))
    assert "Stand C12." in page and "Colleague" in page and "Member" in page
    assert "Change the plan" not in page, "a viewer plans nothing"


def test_a_plan_that_ends_before_it_starts_is_refused_and_nothing_typed_is_lost(browser, people, on_the_day):
    data = {"name": "Fair", "starts_on": "2026-11-24", "ends_on": "2026-11-23", "brief": "Stand C12."}
    answer = browser("colleague").post("/campaigns/new/", data)
    assert answer.status_code == 422
    assert "The campaign ends before it starts." in text_of(answer) and "Stand C12." in text_of(answer)
    assert not Campaign.objects.exists()


def test_two_people_who_change_one_plan_do_not_overwrite_each_other(browser, campaign):
    address, data = f"/campaigns/{campaign.pk}/edit/", {"name": "Webinar: dry", "version": 1}
    assert browser("colleague").post(address, data).status_code == 302
    answer = browser("marketing_lead").post(address, data | {"name": "Webinar: wet"})
    assert answer.status_code == 412
    assert "Somebody changed this plan meanwhile" in text_of(answer) and "Webinar: wet" in text_of(answer)
    assert Campaign.objects.get().name == "Webinar: dry"


def test_the_list_says_when_who_and_how_the_budget_stands(browser, campaign, cost):
    cost(campaign, 1_000_00, "planned")
    cost(campaign, 1_200_00, "invoiced")
    page = text_of(browser("viewer").get("/campaigns/"))
    assert "Webinar: leak-free" in page and "€1.00k" in page and "€1.20k" in page and "over plan" in page
    assert "Not previewed" in page


def test_a_campaign_without_cost_shows_a_dash_that_says_unknown(browser, campaign):
    page = text_of(browser("viewer").get("/campaigns/"))
    assert "No cost is entered: unknown, not nothing" in page and "€0" not in page


@pytest.mark.parametrize(
    ("when", "names"),
    [
        ("running", ["Now", "Webinar: leak-free"]),
        ("coming", ["Later"]),
        ("ended", ["Before"]),
        ("undated", ["Some day"]),
        ("nonsense", ["Later", "Now", "Webinar: leak-free", "Before", "Some day"]),
    ],
)
def test_the_list_is_cut_by_time_at_the_very_day(browser, campaign, people, when, names):
    day = dt.date(2026, 11, 22)
    plan("Now", people, starts_on=day, ends_on=day)
    plan("Later", people, starts_on=day + dt.timedelta(days=1))
    plan("Before", people, starts_on=dt.date(2026, 10, 1), ends_on=day - dt.timedelta(days=1))
    plan("Some day", people)
    listing = browser("viewer").get(f"/campaigns/?when={when}").context["listing"]
    assert [row.campaign.name for row in listing.rows] == names


def test_filters_of_the_list_and_what_it_says_when_nothing_matches(browser, campaign, people):
    plan("Fair", people, channel=ensure_channel(name="Trade fair"))
    found = browser("member").get("/campaigns/?owner=me").context["listing"]
    assert [row.campaign.name for row in found.rows] == ["Webinar: leak-free"]
    assert [row.campaign.name for row in browser("member").get("/campaigns/?q=FAIR").context["listing"].rows] == ["Fair"]
    channel = ensure_channel(name="Trade fair").pk
    assert browser("member").get(f"/campaigns/?channel={channel}").context["listing"].found == 1
    assert "No campaign matches" in text_of(browser("member").get("/campaigns/?q=nothing"))


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("path", "queries"), [("/campaigns/", 16), ("/campaigns/calendar/", 11), ("/campaigns/content/", 10)]
)
def test_a_list_asks_as_often_for_one_row_as_for_three(browser, people, cost, on_the_day, rows, path, queries):
    for i in range(rows):
        made = plan(f"Campaign {i}", people, channel=ensure_channel(name=f"C{i}"), starts_on=dt.date(2026, 11, 3),
                    marketing_owner=people["colleague"], sales_owner=people["member"])  # fmt: skip
        cost(made, 100_00)
        piece = describe_content(name=f"Piece {i}", owner=people["colleague"], ready_on=dt.date(2026, 11, 5), actor=None)
        put_content(campaign=made, content=piece, actor=None)
    reader = browser("viewer")
    reader.get(path)
    with CaptureQueriesContext(connection) as caught:
        assert reader.get(path).status_code == 200
    assert len(caught) == queries


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_of_a_campaign_asks_as_often_for_one_line_as_for_three(browser, campaign, people, cost, rows):
    for i in range(rows):
        cost(campaign, 100_00)
        put_content(
            campaign=campaign, content=describe_content(name=f"P{i}", owner=people["colleague"], actor=None), actor=None
        )
        campaign.refresh_from_db()
        respond_to_preview(campaign=campaign, kind="comment", text="Fine.", version=campaign.plan_version,
                           actor=people["member"], now=NOW)  # fmt: skip
    reader = browser("member")
    reader.get(f"/campaigns/{campaign.pk}/")
    with CaptureQueriesContext(connection) as caught:
        assert reader.get(f"/campaigns/{campaign.pk}/").status_code == 200
    assert len(caught) == 12


def test_the_calendar_shows_what_runs_in_the_quarter_by_channel_with_both_owners(browser, campaign, people):
    plan("Last summer", people, starts_on=dt.date(2026, 7, 1), ends_on=dt.date(2026, 9, 30))
    plan("Next spring", people, starts_on=dt.date(2027, 1, 1))
    plan("Some day", people)
    plan("Always on", people, starts_on=dt.date(2026, 7, 1), channel=ensure_channel(name="Search"))
    answer = browser("viewer").get("/campaigns/calendar/")
    sheet = answer.context["sheet"]
    assert (sheet.first, sheet.stop, sheet.undated) == (dt.date(2026, 10, 1), dt.date(2027, 1, 1), 1)
    assert [(name, [bar.campaign.name for bar in bars]) for name, bars in sheet.groups] == [
        ("Search", ["Always on"]), ("Webinar", ["Webinar: leak-free"]),
    ]  # fmt: skip
    page = text_of(answer)
    assert "Colleague" in page and "Member" in page and "1 Nov to 10 Dec" in page


def test_a_month_of_the_calendar_places_a_bar_by_its_days_and_content_on_its_day(browser, campaign, people):
    piece = describe_content(name="Guide", ready_on=dt.date(2026, 11, 16), actor=None)
    put_content(campaign=campaign, content=piece, actor=None)
    sheet = browser("viewer").get("/campaigns/calendar/?span=month&from=2026-11-15").context["sheet"]
    bar = sheet.groups[0][1][0]
    assert (bar.left, bar.width, bar.after, [one.at for one in bar.pieces]) == ("0.000%", "100.000%", True, ["50.000%"])
    december = browser("viewer").get("/campaigns/calendar/?span=month&from=2026-12-01").context["sheet"]
    assert [bar.width for bar in december.groups[0][1]] == [f"{10 / 31 * 100:.3f}%"]
    empty = browser("viewer").get("/campaigns/calendar/?span=month&from=2027-01-01")
    assert "Nothing runs in January 2027" in text_of(empty)
    assert browser("viewer").get("/campaigns/calendar/?span=year&from=abc").context["sheet"].span == "quarter"


def test_the_quarter_is_that_of_the_fiscal_year(browser, campaign, company):
    type(company).objects.update(fiscal_year_start=2)
    sheet = browser("viewer").get("/campaigns/calendar/").context["sheet"]
    assert (sheet.first, sheet.stop) == (dt.date(2026, 11, 1), dt.date(2027, 2, 1))


def test_sales_looks_at_the_plan_and_marketing_answers(browser, campaign):
    page, address = f"/campaigns/{campaign.pk}/", f"/campaigns/{campaign.pk}/preview/"
    assert browser("colleague").post(f"{address}ask/").status_code == 302
    assert "Sales looks next" in text_of(browser("member").get(page))
    bare = browser("member").post(address, {"kind": "change_asked", "version": 1, "text": ""})
    assert bare.status_code == 422 and "Write at least one sentence" in text_of(bare)
    browser("member").post(address, {"kind": "change_asked", "version": 1, "text": "Name the price."})
    asked = PreviewNote.objects.get(kind="change_asked")
    answer = browser("colleague").post(f"/campaigns/preview/{asked.pk}/answer/", {"made": "no", "text": "The list follows."})
    assert (answer.status_code, answer.url) == (302, page)
    seen = text_of(browser("member").get(page))
    assert "“Name the price.”" in seen and "“The list follows.”" in seen and "Seen by sales" in seen


def test_who_looked_at_an_older_plan_is_told_and_their_words_are_kept(browser, campaign):
    browser("colleague").post(f"/campaigns/{campaign.pk}/edit/", {"name": "Webinar: dry", "version": 1})
    answer = browser("member").post(
        f"/campaigns/{campaign.pk}/preview/", {"kind": "comment", "version": 1, "text": "Fine with me."}
    )
    assert answer.status_code == 412
    assert "Somebody changed this plan meanwhile" in text_of(answer) and "Fine with me." in text_of(answer)
    assert not PreviewNote.objects.exists()


def test_a_cost_is_entered_invoiced_and_taken_back_without_a_trace_lost(browser, campaign):
    who, page = browser("colleague"), f"/campaigns/{campaign.pk}/"
    data = {
        "label": "Stand", "amount": "1200.50", "currency": "eur", "status": "committed", "kind": "programme",
        "service_from": "2026-11-10", "service_to": "2026-11-12", "campaign": campaign.pk,
    }  # fmt: skip
    assert who.post(f"/campaigns/spend/new/?campaign={campaign.pk}", data).url == page
    order = Spend.objects.get()
    assert (order.amount, order.currency, order.channel.name, order.actor.email) == (
        1200_50, "EUR", "Webinar", "colleague@example.com",
    )  # fmt: skip
    form = who.get(f"/campaigns/spend/{order.pk}/replace/?status=invoiced").context["form"]
    assert (form["status"].value(), str(form["amount"].value())) == ("invoiced", "1200.50")
    who.post(f"/campaigns/spend/{order.pk}/replace/", data | {"status": "invoiced", "amount": "1300"})
    invoice = standing_lines().get()
    assert (invoice.status, invoice.amount, invoice.voids_id) == ("invoiced", 1300_00, None)
    who.post(f"/campaigns/spend/{invoice.pk}/void/")
    assert not standing_lines().exists() and Spend.objects.count() == 4
    assert "No cost yet" in text_of(who.get(page))
    assert who.get(f"/campaigns/spend/{order.pk}/replace/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("amount", "0", "A cost line has an amount"),
        ("amount", "1.005", "EUR has 2 decimals"),
        ("currency", "euro", "at most 3 characters"),
        ("service_to", "2026-11-09", "The service ends before it starts"),
        ("service_to", "2036-12-30", "at most ten years"),
    ],
)
def test_a_wrong_cost_is_refused_beside_its_field(browser, campaign, field, value, said):
    days = {"service_from": "2026-11-10", "service_to": "2026-11-12"}
    data = {"amount": "5", "currency": "EUR", "status": "planned", "kind": "programme"} | days
    answer = browser("colleague").post("/campaigns/spend/new/", data | {field: value})
    assert answer.status_code == 422 and said in text_of(answer)
    assert not Spend.objects.exists()


def test_cost_of_people_has_a_list_of_its_own_and_names_no_campaign(browser, campaign, cost):
    cost(None, 300_00, kind="people", label="Salaries")
    cost(None, 20_00, label="Stickers")
    who = browser("colleague")
    listed = {of: who.get(f"/campaigns/spend/?of={of}").context["page"].object_list for of in ("company", "none")}
    assert {of: [line.label for line in lines] for of, lines in listed.items()} == {
        "company": ["Salaries"], "none": ["Stickers"],
    }  # fmt: skip
    data = {"amount": "5", "currency": "EUR", "status": "planned", "kind": "people", "campaign": campaign.pk}
    answer = who.post("/campaigns/spend/new/", data | {"service_from": "2026-11-10", "service_to": "2026-11-12"})
    assert list(answer.context["form"].errors) == ["kind"]


def test_cost_of_no_campaign_is_kept_as_unallocated(browser, campaign, cost):
    cost(campaign, 100_00)
    cost(None, 40_00, label="Tools")
    answer = browser("viewer").get("/campaigns/spend/?of=none")
    assert [line.label for line in answer.context["page"].object_list] == ["Tools"]
    assert answer.context["sums"].invoiced == 40_00
    assert browser("viewer").get("/campaigns/spend/").context["sums"].invoiced == 140_00


def test_content_has_somebody_who_answers_for_it_and_is_used_by_campaigns(browser, campaign, people):
    who = browser("colleague")
    data = {
        "name": "Guide",
        "owner": people["colleague"].pk,
        "link": "https://example.com/guide",
        "how_to_use": "After a call.",
    }
    assert who.post(f"/campaigns/content/new/?campaign={campaign.pk}", data).url == f"/campaigns/{campaign.pk}/"
    guide = Content.objects.get()
    page = text_of(browser("member").get(f"/campaigns/{campaign.pk}/"))
    assert "1 piece of content" in page and "After a call." in page and "https://example.com/guide" in page
    who.post(f"/campaigns/{campaign.pk}/content/out/", {"content": guide.pk})
    assert not campaign.contents.exists() and Content.objects.count() == 1
    assert who.post(f"/campaigns/{campaign.pk}/content/", {"content": guide.pk}).status_code == 302
    twice = who.post("/campaigns/content/new/", {"name": "Guide"})
    assert twice.status_code == 409 and "a piece of content of this name already" in text_of(twice)


def test_a_link_that_is_no_web_address_is_refused(browser, people, on_the_day):
    answer = browser("colleague").post("/campaigns/content/new/", {"name": "Guide", "link": "javascript:alert(1)"})
    assert answer.status_code == 422
    assert not Content.objects.exists()


def test_before_the_first_campaign_every_page_says_what_to_do(browser, people):
    for path, words in (
        ("/campaigns/", "No campaigns yet"),
        ("/campaigns/calendar/", "No campaigns yet"),
        ("/campaigns/content/", "No content yet"),
        ("/campaigns/spend/", "No cost lines yet"),
        ("/campaigns/requests/", "Nothing waits for marketing"),
    ):
        assert words in text_of(browser("colleague").get(path)), path
        assert browser("viewer").get(path).status_code == 200
    assert browser("viewer").get("/campaigns/999999/").status_code == 404


@pytest.mark.parametrize("path", ["/campaigns/new/", "/campaigns/spend/new/", "/campaigns/content/new/"])
def test_a_viewer_plans_nothing(browser, people, path):
    assert browser("viewer").get(path).status_code == 403

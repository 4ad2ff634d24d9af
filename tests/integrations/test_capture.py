"""Forms of our own web sites: each counts once, with the first and the last link that led to it, and refusals say why."""

import datetime as dt
import json

import pytest
import time_machine
from django.test import Client

from campaigns.services import ensure_campaign, ensure_channel
from core.models import StaleNote
from integrations.capture_sites import save_site, switch_site
from integrations.models import CaptureCount, CapturedForm, CaptureTrouble
from leads.models import Contact, Lead, Note, Touch
from leads.services import ensure_company, ensure_contact, move_lead
from leads.services.filtering import add_filter
from leads.services.links import save_link_rule

HOME = "https://www.example.com"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36"
NOW = dt.datetime(2026, 3, 20, 9, 30, tzinfo=dt.UTC)
ADS = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "Spring webinar"}
MAIL = {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "march"}
ANN = {"name": "Ann Lee", "email": "Ann@Pumps.example", "company": "Pumps Ltd", "message": "How much?", "Job title": "CTO"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as moment:
        yield moment


@pytest.fixture
def site(people):
    return save_site(site=None, name="Main", origins=[HOME], thanks_url=f"{HOME}/thanks", actor=people["administrator"])


def millis(at: dt.datetime) -> int:
    return int(at.timestamp() * 1000)


def ago(**span) -> int:
    return millis(NOW - dt.timedelta(**span))


def body_of(number=1, *, fields=None, **more) -> dict:
    """What the script sends of one visitor, who has agreed to be remembered."""
    return {
        "id": f"form-{number:016d}",
        "now": millis(NOW),
        "submitted": millis(NOW),
        "consent": True,
        "page": "/contact?email=ann",
        "first": None,
        "last": None,
        "fields": ANN if fields is None else fields,
        "trap": "",
    } | more


@pytest.fixture
def post(site):
    def send(body: dict | str, *, origin=HOME, agent=BROWSER, address="192.0.2.9", key=None, kind="application/json"):
        raw = body if isinstance(body, str) else json.dumps(body)
        headers = {"Origin": origin, "User-Agent": agent} if origin else {"User-Agent": agent}
        return Client().post(f"/capture/{key or site.key}/", raw, content_type=kind, headers=headers, REMOTE_ADDR=address)

    return send


def touches() -> list[tuple]:
    rows = Touch.objects.filter(voids=None).select_related("channel", "campaign", "arrival").order_by("occurred_at", "id")
    return [(t.kind, t.occurred_at, t.channel and t.channel.name, t.campaign and t.campaign.name) for t in rows]


def test_a_form_becomes_a_lead_with_the_first_and_the_last_link_that_led_to_it(post, people):
    ensure_campaign(name="Spring webinar", channel=ensure_channel(name="Paid search"))
    save_link_rule(values={"utm_medium": "email", "channel": ensure_channel(name="Mail")}, actor=people["administrator"])
    first = {"at": ago(days=9), "page": "/landing?who=ann", "referrer": "www.google.com", **ADS}
    last = {"at": ago(minutes=5), "page": "/offer", **MAIL}
    answer = post(body_of(first=first, last=last))
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    lead = Lead.objects.get()
    assert (lead.stage.key, lead.created_at, lead.source) == ("inquiry", NOW, "capture")
    assert (lead.channel.name, lead.campaign.name) == ("Mail", "Spring webinar")
    assert (lead.contact.name, lead.contact.email, lead.company.name) == ("Ann Lee", "ann@pumps.example", "Pumps Ltd")
    assert touches() == [
        ("visit", NOW - dt.timedelta(days=9), "Paid search", "Spring webinar"),
        ("form", NOW, "Mail", None),
    ]
    visit, form = Touch.objects.order_by("occurred_at")
    assert (visit.arrival.page, visit.arrival.referrer, visit.arrival.utm_source) == ("/landing", "www.google.com", "google")
    assert (form.arrival.page, form.arrival.utm_campaign, form.arrival.agent) == ("/contact", "march", BROWSER)
    assert Note.objects.get().text == "How much?\nJob title: CTO"
    kept = CapturedForm.objects.get()
    assert (kept.outcome, kept.lead, kept.page, kept.consent) == ("created", lead, "/contact", True)
    assert StaleNote.objects.filter(lead_id=lead.id).exists()


def test_a_way_in_long_before_the_form_is_a_touch_of_its_own(post):
    post(body_of(first={"at": ago(days=2), **ADS}, last={"at": ago(hours=1), **MAIL}))
    assert [(kind, at) for kind, at, *_ in touches()] == [
        ("visit", NOW - dt.timedelta(days=2)),
        ("visit", NOW - dt.timedelta(hours=1)),
        ("form", NOW),
    ]


def test_one_visit_with_one_link_is_one_touch(post):
    post(body_of(first={"at": ago(minutes=3), **ADS}, last={"at": ago(minutes=3), **ADS}))
    assert [kind for kind, *_ in touches()] == ["form"]


def test_a_form_that_arrives_again_counts_once(post, clock):
    body = body_of(first={"at": ago(days=2), **ADS}, last={"at": ago(days=2), **ADS})
    assert post(body).json() == {"received": True}
    clock.shift(dt.timedelta(minutes=2))
    assert post(body | {"now": body["now"] + 120_000}).json() == {"received": True}
    assert (Lead.objects.count(), Touch.objects.count(), Note.objects.count(), CapturedForm.objects.count()) == (1, 2, 1, 1)


def test_a_form_that_was_held_up_keeps_the_time_at_which_it_was_sent(post):
    post(body_of(submitted=ago(minutes=7)))
    assert Lead.objects.get().created_at == NOW - dt.timedelta(minutes=7)


def test_a_browser_with_a_wrong_clock_tells_the_right_times(post):
    wrong = dt.timedelta(days=3)
    body = body_of(
        now=millis(NOW + wrong),
        submitted=millis(NOW + wrong),
        last={"at": millis(NOW + wrong - dt.timedelta(hours=2)), **ADS},
    )
    post(body)
    assert [at for _, at, *_ in touches()] == [NOW - dt.timedelta(hours=2), NOW]


@pytest.mark.parametrize("at", [ago(days=121), ago(days=-1), "yesterday", None, True])
def test_a_way_in_at_an_impossible_time_is_left_out(post, at):
    post(body_of(last={"at": at, **ADS}))
    assert [kind for kind, *_ in touches()] == ["form"]


def test_without_consent_only_this_pages_link_counts(post):
    post(body_of(consent=False, first={"at": ago(days=9), **ADS}, last={"at": ago(minutes=1), **MAIL}))
    assert [kind for kind, *_ in touches()] == ["form"]
    assert Touch.objects.get().arrival.utm_source == "newsletter"
    assert CapturedForm.objects.get().consent is False


def test_a_known_person_gets_a_touch_and_keeps_the_own_data(post, stages):
    post(body_of(1))
    other = ANN | {"name": "Somebody Else", "phone": "0190"}
    post(body_of(2, fields=other))
    contact = Contact.objects.get()
    assert (contact.name, contact.phone) == ("Ann Lee", "")
    assert (Lead.objects.count(), Touch.objects.filter(kind="form").count()) == (1, 2)
    assert list(CapturedForm.objects.order_by("id").values_list("outcome", flat=True)) == ["created", "known"]


def test_whose_lead_has_ended_comes_as_a_new_one(post, stages, people):
    post(body_of(1))
    move_lead(Lead.objects.get(), stages["disqualified"], actor=people["member"], reason="no_need")
    post(body_of(2))
    assert Lead.objects.count() == 2
    assert Contact.objects.count() == 1


def test_the_company_is_found_by_the_domain_of_the_address(post):
    firm = ensure_company(name="Pumps", domain="pumps.example")
    post(body_of(fields={"email": "bo@pumps.example"}))
    assert Lead.objects.get().company == firm


# --- who is left out --------------------------------------------------------------------------------------------


def test_who_fills_the_field_that_no_human_sees_leaves_no_lead(post):
    answer = post(body_of(trap="http://spam.example", fields={"email": "x"}))
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert (Lead.objects.count(), Contact.objects.count(), CapturedForm.objects.get().outcome) == (0, 0, "honeypot")


def test_a_machine_leaves_no_lead_and_learns_nothing(post):
    answer = post(body_of(), agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert (Lead.objects.count(), CapturedForm.objects.get().outcome) == (0, "bot")


@pytest.mark.parametrize(("kind", "value"), [("domain", "pumps.example"), ("network", "192.0.2.0/24")])
def test_our_own_people_leave_no_lead(post, people, kind, value):
    add_filter(kind=kind, value=value, reason="internal", actor=people["administrator"])
    assert post(body_of()).status_code == 200
    assert (Lead.objects.count(), CapturedForm.objects.get().outcome) == (0, "internal")
    assert post(body_of(2, fields={"email": "cy@other.example"}), address="198.51.100.7").status_code == 200
    assert Lead.objects.count() == 1


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://evil.example", "http://www.example.com", f"{HOME}.evil.example", "null", ""])
def test_only_pages_of_the_site_may_post(post, origin):
    answer = post(body_of(), origin=origin)
    assert (answer.status_code, answer.get("Access-Control-Allow-Origin")) == (403, None)
    trouble = CaptureTrouble.objects.get()
    assert (trouble.why, trouble.detail, trouble.times, Lead.objects.count()) == ("origin", origin, 1, 0)


def test_the_browser_is_told_which_page_may_post(site, post):
    ask = Client().options(f"/capture/{site.key}/", headers={"Origin": HOME, "Access-Control-Request-Method": "POST"})
    assert (ask.status_code, ask["Access-Control-Allow-Origin"], ask["Vary"]) == (204, HOME, "Origin")
    assert "Access-Control-Allow-Credentials" not in ask
    assert Client().options(f"/capture/{site.key}/", headers={"Origin": "https://evil.example"}).status_code == 403
    answer = post(body_of())
    assert (answer["Access-Control-Allow-Origin"], answer.cookies) == (HOME, {})


def test_an_unknown_key_and_a_site_that_is_off(post, site, people):
    assert post(body_of(), key="nobody").status_code == 404
    switch_site(site=site, on=False, actor=people["administrator"])
    assert post(body_of()).status_code == 403
    assert CaptureTrouble.objects.get().why == "off"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"fields": {}}',
        '{"id": "short", "fields": {}}',
        "[" * 50_000,
        '{"id": "' + "a" * 20 + '", "fields": []}',
    ],
)
def test_what_is_no_form_is_refused_in_words(post, body):
    answer = post(body)
    assert (answer.status_code, answer.json()["error"]) == (422, "This form could not be read.")
    assert CaptureTrouble.objects.get().why == "unreadable"


@pytest.mark.parametrize("email", ["", "ann", "ann@pumps", "a b@pumps.example", None, 7])
def test_a_form_without_an_address_says_what_is_missing(post, email):
    answer = post(body_of(fields={"name": "Ann", "email": email}))
    assert (answer.status_code, answer.json()["error"]) == (422, "Please enter an e-mail address.")
    assert (CaptureTrouble.objects.get().why, Lead.objects.count()) == ("email", 0)


def test_hostile_values_are_bounded_and_break_nothing(post):
    fields = {"email": "a@b.example", "name": "x" * 4_000, "phone": ["1"], "no\x00te": "a\x00b", "message": "\ud800 lone"}
    fields |= {f"field {n}": "y" * 900 for n in range(60)}
    assert (
        post(
            body_of(fields=fields, page="//[", last={"at": ago(hours=2), "referrer": "http://[", "utm_source": 5})
        ).status_code
        == 200
    )
    lead = Lead.objects.select_related("contact").get()
    assert (len(lead.contact.name), lead.contact.phone) == (200, "")
    lines = Note.objects.get().text.splitlines()
    assert (len(lines), max(map(len, lines))) == (20, len("field 10: ") + 500)


def test_a_body_beyond_measure_is_not_read(post):
    assert post(json.dumps(body_of(fields={"email": "a@b.example", "message": "x" * 70_000}))).status_code == 413


def test_a_visitor_may_post_ten_forms_in_ten_minutes(post, clock):
    said = [post(body_of(n, fields={"email": f"n{n}@b.example"})).status_code for n in range(11)]
    assert said == [200] * 10 + [429]
    assert post(body_of(90, fields={"email": "z@b.example"}), address="192.0.2.10").status_code == 200
    assert CaptureTrouble.objects.get().why == "limit"
    clock.shift(dt.timedelta(minutes=10))
    assert post(body_of(91, now=None, fields={"email": "n10@b.example"})).status_code == 200
    assert set(CaptureCount.objects.values_list("span", flat=True)) == {NOW + dt.timedelta(minutes=10)}


def test_no_row_holds_the_visitors_address(post):
    post(body_of(), address="203.0.113.77")
    kept = [str(row) for model in (CapturedForm, CaptureCount, Touch) for row in model.objects.values()]
    assert len(kept) == 4 and not any("203.0.113.77" in row for row in kept)


def test_strangers_can_not_fill_the_list_of_refusals(post):
    for n in range(60):
        post(body_of(n), origin=f"https://n{n}.example")
    assert CaptureTrouble.objects.count() == 51
    assert CaptureTrouble.objects.get(detail="").times == 10


# --- without scripts --------------------------------------------------------------------------------------------

PLAIN = "application/x-www-form-urlencoded"


def test_a_browser_without_scripts_posts_the_form_and_is_thanked(post, site, people):
    text = "first_name=Ann&last_name=Lee&email=ann%40pumps.example&message=Hello&tandem_trap="
    answer = post(text, kind=PLAIN)
    assert (answer.status_code, answer["Location"]) == (302, f"{HOME}/thanks")
    assert post(text, kind=PLAIN).status_code == 302
    assert (Lead.objects.get().contact.name, Touch.objects.count()) == ("Ann Lee", 1)
    save_site(site=site, name="Main", origins=[HOME], thanks_url="", actor=people["administrator"])
    answer = post(text + "x", kind=PLAIN)
    assert b"Your form has arrived" in answer.content and answer.cookies == {}
    missing = post("name=Ann", kind=PLAIN)
    assert missing.status_code == 422 and b"Please enter an e-mail address." in missing.content


def test_the_script_is_served_to_every_site_under_one_address():
    answer = Client().get("/capture/capture.js")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert (answer["Cross-Origin-Resource-Policy"], answer["Cache-Control"]) == ("cross-origin", "public, max-age=3600")
    assert b"tandemCapture" in answer.content and answer.cookies == {}


def test_contacts_of_other_forms_are_untouched(post):
    other = ensure_contact(name="Cy", email="cy@other.example")
    post(body_of())
    assert Contact.objects.get(pk=other.pk).name == "Cy"

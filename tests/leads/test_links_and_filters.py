"""What links mean is the company's to say; touches of our own people and of machines are kept and count nowhere."""

import pytest
from rest_framework.test import APIClient

from accounts.services import create_token
from campaigns.services import ensure_campaign, ensure_channel, ensure_content
from core.errors import Conflict, DomainError
from leads.links import load_links
from leads.models import Arrival, FilterRun, Lead, Touch, UtmRule
from leads.pages.links import preview_filters, read_filters, read_links
from leads.projection import Context
from leads.services import create_lead, ensure_contact, record_touch
from leads.services.arrivals import Told, append_told
from leads.services.filtering import add_filter, remove_filter, take_back_matching
from leads.services.links import record_anew, remove_link_rule, save_link_rule
from leads.touch_filters import KNOWN_MACHINES

ROBOT = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
LINK = {"utm_source": "Google", "utm_medium": "cpc", "utm_campaign": "spring"}


@pytest.fixture
def admin(people):
    return people["administrator"]


@pytest.fixture
def lead(stages, at):
    contact = ensure_contact(name="Ann", email="ann@mail.own.example")
    return create_lead(stage=stages["inquiry"], occurred_at=at(3, 1), actor=None, contact=contact)


@pytest.fixture
def tell(at):
    def one(link=None, *, lead=None, side="marketing", kind="visit", day=5, **fields) -> Touch:
        touch = Touch(side=side, kind=kind, occurred_at=at(3, day), lead=lead, contact=lead and lead.contact, **fields)
        append_told([Told(touch, link or {})], context=Context())
        return touch

    return one


def standing() -> set[int]:
    return set(Touch.objects.filter(voids=None, voided_by=None).values_list("id", flat=True))


# --- what links mean --------------------------------------------------------------------------------------------


def test_of_several_rules_the_most_exact_one_that_names_a_target_holds(company, admin):
    ads, brand = ensure_channel(name="Ads"), ensure_channel(name="Brand ads")
    spring, guide = ensure_campaign(name="Spring webinar"), ensure_content(name="Guide")
    save_link_rule(values={"utm_medium": "cpc", "channel": ads}, actor=admin)
    save_link_rule(values={"utm_medium": "cpc", "utm_source": "google", "channel": brand, "content": guide}, actor=admin)
    save_link_rule(values={"utm_campaign": "spring", "campaign": spring}, actor=admin)
    found = load_links().meaning(LINK)
    assert found == {"channel_id": brand.id, "campaign_id": spring.id, "content_id": guide.id}
    assert load_links().meaning({"utm_medium": "CPC", "utm_source": "bing"}) == {"channel_id": ads.id}
    assert load_links().meaning({"utm_source": "google"}) == {}
    assert load_links().meaning({}) == {}


def test_a_campaign_called_just_like_the_word_needs_no_rule_and_brings_its_channel(company):
    mail = ensure_channel(name="Mail")
    spring = ensure_campaign(name="Spring", channel=mail)
    assert load_links().meaning(LINK) == {"channel_id": mail.id, "campaign_id": spring.id}
    # Two campaigns of that name: nobody can say which one it was.
    ensure_campaign(name="Spring", source="crm", external_id="77")
    assert load_links().meaning(LINK) == {}


@pytest.mark.parametrize("values", [{"utm_source": "x"}, {"utm_source": " "}, {}])
def test_a_rule_says_which_words_and_what_they_mean(company, admin, values):
    with pytest.raises(DomainError):
        save_link_rule(values=values, actor=admin)
    with pytest.raises(DomainError):
        save_link_rule(values={"channel": ensure_channel(name="Ads")}, actor=admin)
    assert UtmRule.objects.count() == 0


def test_the_same_words_are_explained_once(company, admin):
    ads = ensure_channel(name="Ads")
    rule = save_link_rule(values={"utm_source": "Google", "channel": ads}, actor=admin)
    with pytest.raises(DomainError):
        save_link_rule(values={"utm_source": "GOOGLE", "channel": ads}, actor=admin)
    remove_link_rule(rule=rule, actor=admin)
    assert load_links().meaning({"utm_source": "google"}) == {}


def test_what_the_caller_names_stays_and_the_words_are_kept_as_they_came(company, admin, tell):
    ads, mail = ensure_channel(name="Ads"), ensure_channel(name="Mail")
    save_link_rule(values={"utm_medium": "cpc", "channel": ads}, actor=admin)
    touch = tell({**LINK, "utm_term": "pump", "page": "/a", "referrer": "www.google.com"}, channel=mail)
    assert touch.channel == mail
    row = Arrival.objects.get(touch=touch)
    assert (row.utm_source, row.utm_term, row.page, row.referrer) == ("Google", "pump", "/a", "www.google.com")


def test_words_that_nobody_explained_are_shown_and_their_touches_recorded_anew(company, admin, tell, lead, at):
    touch = tell(LINK, lead=lead)
    tell(LINK, lead=lead, day=6)
    tell({"utm_source": "other"}, lead=lead, day=6)
    page = read_links(at(3, 20).date())
    assert [(row.words, row.touches) for row in page.unknown] == [(LINK, 2), ({"utm_source": "other"}, 1)]
    assert (page.waiting, record_anew(actor=admin)) == (0, (0, False))

    ads, spring = ensure_channel(name="Ads"), ensure_campaign(name="Webinar")
    save_link_rule(values={"utm_medium": "cpc", "channel": ads}, actor=admin)
    save_link_rule(values={"utm_campaign": "spring", "campaign": spring}, actor=admin)
    page = read_links(at(3, 20).date())
    assert ([row.words for row in page.unknown], page.waiting) == ([{"utm_source": "other"}], 2)
    assert record_anew(actor=admin) == (2, False)
    rows = Touch.objects.filter(id__in=standing(), campaign=spring, channel=ads).order_by("occurred_at")
    assert [(t.lead_id, t.occurred_at, t.kind, t.arrival.utm_source) for t in rows] == [
        (lead.id, at(3, 5), "visit", "Google"),
        (lead.id, at(3, 6), "visit", "Google"),
    ]
    assert touch.id not in standing()
    assert record_anew(actor=admin) == (0, False)
    assert read_links(at(3, 20).date()).waiting == 0


# --- filters ----------------------------------------------------------------------------------------------------


def test_a_machines_touch_is_taken_back_as_it_comes(company, tell, lead):
    touch = tell({"agent": ROBOT}, lead=lead)
    assert standing() == set()
    assert touch.voided_by.outcome == "bot"
    kept = tell({"agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/149.0"}, lead=lead)
    assert standing() == {kept.id}


@pytest.mark.parametrize(
    ("kind", "value", "link"),
    [
        ("domain", "own.example", {}),
        ("agent", "ScanMail", {"agent": "x scanmail 7"}),
        ("site", "intra.example", {"referrer": "a.intra.example"}),
    ],
)
def test_a_rule_holds_for_what_comes_and_names_what_came_before(company, admin, tell, lead, kind, value, link):
    before = tell(link, lead=lead)
    assert preview_filters().touches == 0
    rule = add_filter(kind=kind, value=value, reason="internal", actor=admin)
    tell(link, lead=lead, day=6)
    assert standing() == {before.id}
    preview = preview_filters()
    assert (preview.touches, preview.leads, preview.by_rule) == (1, 1, [(str(rule), 1)])
    run = take_back_matching(expected=1, actor=admin)
    assert (run.taken_back, standing(), preview_filters().touches) == (1, set(), 0)
    assert set(Touch.objects.filter(voids__isnull=False).values_list("outcome", "source")) == {("internal", "filter")}
    remove_filter(rule=rule, actor=admin)
    assert tell(link, lead=lead, day=7).id in standing()


def test_machines_of_the_past_are_found_without_a_rule(company, admin, tell, lead):
    touch = tell(lead=lead)
    Arrival.objects.create(touch=touch, agent=ROBOT)
    assert preview_filters().by_rule == [(KNOWN_MACHINES, 1)]
    take_back_matching(expected=1, actor=admin)
    assert touch.id not in standing()


def test_what_the_preview_did_not_name_is_not_taken_back(company, admin, tell, lead):
    add_filter(kind="domain", value="own.example", reason="internal", actor=admin)
    with pytest.raises(Conflict):
        take_back_matching(expected=1, actor=admin)
    assert FilterRun.objects.count() == 0


def test_a_contact_by_sales_is_never_filtered(company, people, admin, tell, lead):
    call = record_touch(side="sales", kind="call", occurred_at=lead.created_at, actor=people["member"], lead=lead)
    add_filter(kind="domain", value="own.example", reason="internal", actor=admin)
    later = tell(lead=lead, side="sales", kind="call")
    assert (standing(), preview_filters().touches) == ({call.id, later.id}, 0)


@pytest.mark.parametrize(("kind", "value"), [("domain", "com"), ("domain", "no domain"), ("site", ""), ("agent", "Moz"),
                                             ("network", "0.0.0.0/0"), ("network", "office")])  # fmt: skip
def test_a_rule_that_would_name_nearly_everybody_is_refused(company, admin, kind, value):
    with pytest.raises(DomainError):
        add_filter(kind=kind, value=value, reason="bot", actor=admin)


def test_the_domain_of_our_own_people_is_suggested_until_it_is_named(people, admin):
    assert read_filters().suggested == ["example.com"]
    add_filter(kind="domain", value="@Example.com", reason="internal", actor=admin)
    assert read_filters().suggested == []


# --- the API ----------------------------------------------------------------------------------------------------


@pytest.fixture
def api(people):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(user=people['funnel_owner'], name='t', actor=None)[1]}")
    return client


def test_a_touch_by_api_brings_the_words_of_its_link(api, admin):
    ads = ensure_channel(name="Ads")
    save_link_rule(values={"utm_medium": "cpc", "channel": ads}, actor=admin)
    body = {
        **LINK,
        "kind": "visit",
        "company": "Pumps",
        "page": "https://x.example/a?b=c",
        "referrer": "https://g.example/q",
    }
    found = api.post("/api/v1/touches/", body).json()
    assert (found["channel"], found["campaign"], found["company"], found["taken_back"]) == ("Ads", None, "Pumps", None)
    assert found["link"] == {**LINK, "utm_term": "", "utm_content": "", "page": "/a", "referrer": "g.example"}
    assert Touch.objects.get().company.name == "Pumps"
    robot = api.post("/api/v1/touches/", {"kind": "email", "channel": "Ads", "user_agent": ROBOT}).json()
    assert (robot["outcome"], robot["taken_back"]) == ("created", "bot")


def test_a_touch_of_a_lead_belongs_to_the_leads_company(api, lead):
    answer = api.post("/api/v1/touches/", {"kind": "visit", "lead": lead.id, "company": "Pumps"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "company")


def test_a_lead_by_api_brings_its_first_touch_with_its_link_once(api, admin):
    spring = ensure_campaign(name="spring", channel=ensure_channel(name="Ads"))
    body = {"external_id": "L1", "email": "ann@x.example", "created_at": "2026-03-02T08:00:00Z", **LINK, "page": "/a"}
    found = api.post("/api/v1/leads/", body).json()
    assert (found["channel"], found["campaign"]) == ("Ads", "spring")
    assert api.post("/api/v1/leads/", body).json()["outcome"] == "unchanged"
    touch = Touch.objects.get()
    assert (touch.lead_id, touch.campaign, touch.kind, touch.arrival.page) == (found["id"], spring, "form", "/a")
    assert touch.occurred_at == Lead.objects.get().created_at


def test_a_touch_is_taken_back_once_and_counts_nowhere(api, lead, tell):
    touch = tell(lead=lead)
    url = f"/api/v1/touches/{touch.id}/void/"
    answer = api.post(url)
    assert (answer.status_code, answer.json()["taken_back"], standing()) == (200, "by hand", set())
    assert api.post(url).status_code == 422
    assert api.get(f"/api/v1/leads/{lead.id}/touches/").json()["results"] == []

"""The promises' page: both sides alike, sentences to fill in, what the last 90 days show."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import services as campaigns
from funnel import services
from funnel.models import Agreement, Promise
from funnel.promises import PromiseLine
from funnel.queries import promises_on
from leads import services as leads
from metrics.tasks import roll_up

SENTENCE = "Sales contacts every lead within 4 working hours of assignment in at least 90 % of cases."
HAND_RAISE = {"tier": "hand-raise", "time": "1", "unit": "hours", "share": "90", "floor": "80", "weight": "1"}


@pytest.fixture
def admin(as_):
    client = as_("administrator")
    client.post("/console/draft/")
    return client


@pytest.fixture
def draft(admin):
    return Agreement.objects.get(state="draft")


def page(client, path="/console/promises/"):
    return client.get(path).content.decode()


def test_everybody_reads_both_sides_with_the_other_unit_beside(as_):
    for who in ("viewer", "member", "colleague"):
        text = page(as_(who))
        assert "Marketing promises sales" in text and "Sales promises marketing" in text
        assert SENTENCE in text and "0.5 working days of 8 hours" in text
        assert text.count('class="c promises"') == 2
        assert "Save in the draft" not in text and "Change as a draft" not in text


def test_before_there_is_an_agreement_the_page_says_how_to_begin(as_):
    Agreement.objects.update(state="draft")
    draft = Agreement.objects.get()
    services.drop_draft(draft=draft, actor=None)
    text = page(as_("administrator"))
    assert "No agreement yet." in text and "Choose stages" in text


def test_only_who_drafts_changes_promises(as_, draft):
    line = draft.promises.get(key="S1")
    for who in ("member", "colleague", "viewer"):
        client = as_(who)
        for path in ("S1/", f"{line.pk}/remove/", "values/", "terms/", "record/fill/"):
            assert client.post(f"/console/promises/{path}", HAND_RAISE).status_code == 403
    assert draft.promises.count() == 6


def test_a_line_for_one_tier_is_added_as_a_sentence(admin, draft):
    assert admin.post("/console/promises/S1/", HAND_RAISE).status_code == 302
    text = page(admin)
    words = "contacts every hand-raise lead within 1 working hour of assignment in at least 90 % of cases."
    assert words in text and "contacts every other lead within 4 working hours" in text
    again = admin.post("/console/promises/S1/", HAND_RAISE)
    assert again.status_code == 422 and "There is such a line already" in again.content.decode()


def test_a_line_is_changed_in_the_draft_and_nowhere_else(admin, draft):
    data = HAND_RAISE | {"tier": "", "known": "1", "time": "30", "unit": "minutes", "share": "75.5", "weight": "3"}
    assert admin.post("/console/promises/S1/", data).status_code == 302
    row = draft.promises.get(key="S1")
    assert (row.seconds, row.share, row.weight) == (1800, 7_550, 3)
    assert Promise.objects.get(agreement__number=1, key="S1").seconds == 4 * 3600


def test_money_is_typed_in_the_currency(admin, draft):
    admin.post("/console/promises/M2/", {"amount": "140000.50", "floor": "80", "weight": "1"})
    assert draft.promises.get(key="M2").amount == 140_000_50
    assert "MQLs worth €140,000.50 of gross profit a month" in page(admin)


@pytest.mark.parametrize(
    ("key", "data", "words"),
    [
        ("S1", HAND_RAISE | {"time": ""}, "Working time: This field is required."),
        ("S1", HAND_RAISE | {"share": "101"}, "less than or equal to 100"),
        ("S1", HAND_RAISE | {"share": "0"}, "needs a number above zero"),
        (
            "S2",
            HAND_RAISE | {"attempts": "2", "distinct_days": "3", "days": "5"},
            "More days than attempts",
        ),
        ("M1", {"tier": "A", "volume": "10", "cap": "90", "floor": "80", "weight": "1"}, "greater than or equal to 100"),
    ],
)
def test_what_was_typed_wrong_stays_and_says_why(admin, draft, key, data, words):
    before = list(draft.promises.values_list("key", "tier"))
    answer = admin.post(f"/console/promises/{key}/", data)
    text = answer.content.decode()
    assert answer.status_code == 422 and words in text
    assert '<details class="fill" open' in text
    assert list(draft.promises.values_list("key", "tier")) == before


def test_an_unknown_promise_is_not_there(admin):
    assert admin.post("/console/promises/S9/", HAND_RAISE).status_code == 404


def test_a_line_is_taken_out(admin, draft):
    admin.post(f"/console/promises/{draft.promises.get(key='S4').pk}/remove/")
    assert not draft.promises.filter(key="S4").exists()


def values(**cells):
    rows = {"values-TOTAL_FORMS": "3", "values-INITIAL_FORMS": "0"}
    for i in range(3):
        rows |= {f"values-{i}-{name}": "" for name in ("tier", "gross_profit", "revenue")}
    return rows | {f"values-{key}": value for key, value in cells.items()}


def test_lead_values_are_typed_by_tier(admin, draft):
    data = values(**{"0-tier": "A", "0-gross_profit": "2000", "0-revenue": "9000.5", "1-gross_profit": "400"})
    assert admin.post("/console/promises/values/", data).status_code == 302
    assert list(draft.lead_values.order_by("tier").values_list("tier", "gross_profit", "revenue", "basis")) == [
        ("", 400_00, None, "typed"),
        ("A", 2_000_00, 9_000_50, "typed"),
    ]
    # Emptied lines go, unchanged ones keep what they say about where they come from.
    draft.lead_values.filter(tier="A").update(basis="10 % of 200 MQLs")
    admin.post("/console/promises/values/", values(**{"0-tier": "A", "0-gross_profit": "2000", "0-revenue": "9000.5"}))
    assert list(draft.lead_values.values_list("tier", "basis")) == [("A", "10 % of 200 MQLs")]


def test_a_tier_has_one_value(admin, draft):
    data = values(**{"0-tier": "A", "0-gross_profit": "1", "1-tier": "A ", "1-gross_profit": "2"})
    answer = admin.post("/console/promises/values/", data)
    assert answer.status_code == 422 and "A tier stands here twice." in answer.content.decode()
    answer = admin.post("/console/promises/values/", values(**{"0-tier": "A"}))
    assert answer.status_code == 422 and "has no value" in answer.content.decode()
    assert not draft.lead_values.exists()


def test_terms_are_saved_together(admin, draft):
    data = {
        "fields_required": ["email", "need"],
        "undecided": "accepted",
        "contest_days": "7",
        "routing_minutes": "",
        "pause_returned": "on",
        "meeting_days": "5",
    }
    assert admin.post("/console/promises/terms/", data).status_code == 302
    terms = draft.terms.get()
    assert (terms.undecided, terms.contest_days, terms.routing_seconds, terms.meeting_days) == ("accepted", 7, None, 5)
    assert (terms.pause_returned, terms.pause_meeting, terms.pause_waiver) == (True, False, False)
    assert sorted(draft.required_fields.values_list("field", flat=True)) == ["email", "need"]
    refused = admin.post("/console/promises/terms/", data | {"contest_days": "0", "fields_required": ["email"]})
    assert refused.status_code == 422
    assert draft.required_fields.count() == 2


def test_the_agreement_shows_its_promises_and_the_difference(admin, draft):
    admin.post("/console/promises/S1/", HAND_RAISE)
    assert SENTENCE in page(admin, "/console/versions/1/")
    assert "every hand-raise lead within 1 working hour" in page(admin, "/console/versions/2/agree/")
    assert "every hand-raise lead within 1 working hour" in page(admin, "/console/compare/?a=1&b=2")
    assert "Nothing that is counted changes" in page(admin, "/console/versions/2/agree/")


def test_promises_are_signed_by_the_way_that_stands(as_, admin, draft, today):
    admin.post("/console/promises/S1/", HAND_RAISE)
    admin.post("/console/draft/propose/")
    for side, who in (("marketing", "marketing_lead"), ("sales", "sales_lead")):
        as_(who).post("/console/versions/2/sign/", {"side": side})
    as_("funnel_owner").post("/console/versions/2/start/", {"from_day": str(today)})
    book = promises_on(today)
    assert book.signed and book.number == 2 and book.line("S1", "hand-raise").seconds == 3600


# --- the last 90 days ---


@pytest.fixture
def hand_over(stages, people):
    """`hand_over(n)`: MQLs of tier A on Mondays of the last weeks at 9:00 UTC, three of four called within two hours."""
    channel = campaigns.ensure_channel(name="Search")
    now = dt.datetime.now(dt.UTC)
    monday = (now - dt.timedelta(days=now.weekday() + 70)).replace(hour=9, minute=0, second=0, microsecond=0)

    def add(count):
        for i in range(count):
            start = monday + dt.timedelta(days=7 * (i % 8))
            lead = leads.create_lead(stage=stages["inquiry"], occurred_at=start, channel=channel, tier="A", actor=None)
            leads.assign_lead(lead=lead, owner=people["member"], actor=None, occurred_at=start)
            leads.move_lead(lead, stages["mql"], actor=None, occurred_at=start)
            after = dt.timedelta(days=1) if i % 4 == 3 else dt.timedelta(hours=2)
            leads.record_touch(side="sales", kind="call", occurred_at=start + after, lead=lead, actor=None)
        roll_up()

    return add


@pytest.fixture
def handed_over(hand_over):
    hand_over(24)


def test_the_record_judges_the_promises_by_what_happened(admin, draft, handed_over):
    text = " ".join(page(admin, "/console/promises/record/").split())
    assert "75 % of 24" in text and "8 a month" in text
    assert "24 handoffs" in text


def test_gaps_are_filled_from_what_happened_and_nothing_is_replaced(admin, draft, handed_over):
    admin.post(f"/console/promises/{draft.promises.get(key='S1').pk}/remove/")
    services.set_promise(draft=draft, line=PromiseLine("S3", days=1, share=5_000), actor=None)
    assert admin.post("/console/promises/record/fill/").status_code == 302
    first = draft.promises.get(key="S1")
    assert (first.seconds, first.share) == (4 * 3600, 7_500)
    assert draft.promises.get(key="M1", tier="A").volume == 8
    assert draft.promises.get(key="S3").days == 1
    assert not draft.promises.filter(key="M2").exists()


def test_without_a_handoff_the_record_says_so(admin, draft):
    assert "No lead was handed over in the last 90 days." in page(admin, "/console/promises/record/")
    part = admin.get("/console/promises/record/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "No lead was handed over" in part


def test_more_leads_cost_no_more_queries(admin, hand_over):
    hand_over(2)
    page(admin, "/console/promises/record/")
    counts = []
    for more in (0, 4):
        hand_over(more)
        # The numbers' new generation is fetched once; the page is asked again afterwards.
        page(admin, "/console/promises/record/")
        with CaptureQueriesContext(connection) as queries:
            page(admin, "/console/promises/record/")
        counts.append(len(queries))
    assert counts[0] == counts[1]

"""Promises: lines of a version that both sides sign, copied, compared, checked, and said in a sentence."""

import datetime as dt

import pytest

from core.errors import DomainError
from funnel import services
from funnel.checking import problems_of
from funnel.comparing import compare, counts_differently
from funnel.models import Agreement, LeadValue, Promise
from funnel.promises import PromiseLine, TermsOfVersion, Worth, beside, sentence
from funnel.queries import promises, promises_on

HOUR = 3600
S1 = PromiseLine("S1", seconds=4 * HOUR, share=9_000)
HAND_RAISE = PromiseLine("S1", "hand-raise", seconds=HOUR, share=9_000)


@pytest.fixture
def first(company):
    return Agreement.objects.get()


@pytest.fixture
def draft(first):
    return services.draft_version(actor=None)


def put(draft, line):
    return services.set_promise(draft=draft, line=line, actor=None)


def rows(section, before, after):
    return next(s.rows for s in compare(before, after) if s.title == section)


# --- sentences ---


@pytest.mark.parametrize(
    ("line", "others", "words"),
    [
        (
            HAND_RAISE,
            True,
            "Sales contacts every hand-raise lead within 1 working hour of assignment in at least 90 % of cases.",
        ),
        (S1, True, "Sales contacts every other lead within 4 working hours of assignment in at least 90 % of cases."),
        (
            PromiseLine("S1", "A", seconds=900, share=7_550),
            False,
            "Sales contacts every lead of tier A within 15 working minutes of assignment in at least 75.5 % of cases.",
        ),
        (
            PromiseLine("S2", attempts=5, distinct_days=3, days=10, share=8_000),
            False,
            "Sales makes at least 5 attempts on 3 different days within 10 working days to reach every lead, "
            "or talks with the person before, in at least 80 % of cases.",
        ),
        (
            PromiseLine("S3", days=1, share=9_000),
            False,
            "Sales decides on every lead, with a reason, within 1 working day in at least 90 % of cases.",
        ),
        (
            PromiseLine("S4", days=2, share=9_000),
            False,
            "Sales tells marketing what was good or missing about every lead within 2 working days of the decision "
            "in at least 90 % of cases.",
        ),
        (PromiseLine("M1", "A", volume=1_140, cap=12_000), True, "Marketing hands over 1,140 MQLs of tier A a month."),
        (PromiseLine("M2", amount=140_000_00), False, "Marketing hands over MQLs worth €140,000 of gross profit a month."),
        (
            PromiseLine("M3", share=9_500),
            False,
            "Marketing hands over every lead with at least 95 % of the required fields filled in.",
        ),
        (
            PromiseLine("M4", "webinar", share=8_000),
            True,
            "Marketing hands over webinar MQLs of which sales accepts at least 80 %.",
        ),
    ],
)
def test_a_promise_is_a_sentence(line, others, words):
    assert sentence(line, others=others, amount="€140,000") == words


def test_the_other_unit_stands_beside():
    assert beside(S1, 8 * HOUR) == "0.5 working days of 8 hours"
    assert beside(PromiseLine("S3", days=5), 8 * HOUR) == "40 working hours"
    assert beside(PromiseLine("M3", share=1), 8 * HOUR) == ""
    assert beside(S1, 0) == ""


# --- what holds on a day ---


def test_before_the_first_version_nothing_is_promised(first):
    assert not promises_on(dt.date(2024, 12, 31))
    assert promises_on(dt.date(2025, 1, 1)).agreement_id == first.id


def test_a_version_without_a_line_promises_nothing(first):
    Promise.objects.all().delete()
    book = promises_on(dt.date(2026, 1, 1))
    assert not book and book.line("S1") is None and book.number == 1


def test_a_new_company_starts_with_lines_that_nobody_has_signed(first):
    book = promises_on(dt.date(2026, 1, 1))
    assert not book.signed
    assert [p.key for p in book.lines] == ["M3", "M4", "S1", "S2", "S3", "S4"]
    assert book.line("S1").target == dt.timedelta(hours=4)
    assert book.required_fields == ("channel", "company", "email", "name", "region", "segment")
    assert book.values == {} and book.value_of("A") is None


def test_a_tier_with_its_own_line_leaves_the_general_one(draft):
    put(draft, HAND_RAISE)
    services.put_in_force(agreement=draft, from_day=dt.date(2026, 3, 1), actor=None)
    book = promises_on(dt.date(2026, 3, 1))
    assert book.line("S1", "hand-raise").seconds == HOUR
    assert book.line("S1", "A").seconds == book.line("S1", "").seconds == 4 * HOUR
    assert [p.tier for p in book.of("S1")] == ["hand-raise", ""]
    # Days before keep the promise they had, and so does whatever began on them.
    assert promises_on(dt.date(2026, 2, 28)).line("S1", "hand-raise").seconds == 4 * HOUR


def test_a_draft_promises_nothing_yet(draft):
    put(draft, HAND_RAISE)
    assert promises_on(dt.date(2030, 1, 1)).of("S1") == [PromiseLine("S1", seconds=4 * HOUR, share=9_000)]


def test_more_versions_cost_no_more_queries(first, django_assert_num_queries):
    with django_assert_num_queries(6):
        promises()
    for month in (3, 4):
        draft = services.draft_version(actor=None)
        services.put_in_force(agreement=draft, from_day=dt.date(2026, month, 1), actor=None)
    with django_assert_num_queries(6):
        assert len(promises().books) == 3


# --- drafting, copying, comparing, signing ---


def test_the_next_draft_takes_everything_along(draft, first):
    put(draft, HAND_RAISE)
    services.set_lead_values(draft=draft, values={"A": Worth(2_000_00, 9_000_00, "typed")}, actor=None)
    services.set_required_fields(draft=draft, fields=["email", "need"], actor=None)
    services.set_terms(draft=draft, terms=TermsOfVersion(undecided="accepted", contest_days=7), actor=None)
    services.put_in_force(agreement=draft, from_day=dt.date(2026, 3, 1), actor=None)
    later = services.draft_version(actor=None)
    assert not any(section.rows for section in compare(draft, later))
    services.put_in_force(agreement=later, from_day=dt.date(2026, 4, 1), actor=None)
    old, new = (promises_on(dt.date(2026, month, 1)) for month in (3, 4))
    assert (old.lines, old.values, old.required_fields, old.terms) == (new.lines, new.values, new.required_fields, new.terms)
    assert new.terms.undecided == "accepted" and new.value_of("A").revenue == 9_000_00


def test_the_difference_is_said_in_words_and_counts_nothing_differently(first, draft):
    put(draft, HAND_RAISE)
    put(draft, PromiseLine("S3", days=3, share=9_000))
    gone = draft.promises.get(key="M4")
    services.remove_promise(draft=draft, promise_id=gone.id, actor=None)
    services.set_lead_values(draft=draft, values={"": Worth(500_00, None)}, actor=None)
    services.set_terms(draft=draft, terms=TermsOfVersion(pause_meeting=False), actor=None)
    what = {row[0]: row[1:] for row in rows("Promises", first, draft)}
    assert what["S3 Decision with reason"] == (
        "Sales decides on every lead, with a reason, within 5 working days in at least 90 % of cases.",
        "Sales decides on every lead, with a reason, within 3 working days in at least 90 % of cases.",
    )
    assert what["M4 Quality"][1] == "taken out"
    assert what["S1 First contact, tier hand-raise"][0] == "not there"
    assert rows("What an MQL is worth", first, draft) == [("Every other MQL", "not there", "€500")]
    assert rows("How promises are measured", first, draft) == [
        ("A booked meeting", "stops the clock, at most 10 working days", "does not stop the clock")
    ]
    assert not counts_differently(first, draft)
    draft.refresh_from_db()
    assert draft.counting_version == first.counting_version


def test_what_is_in_force_or_waits_for_signatures_is_not_changed(first, draft, at):
    with pytest.raises(DomainError, match="Draft a new version"):
        put(first, HAND_RAISE)
    put(draft, HAND_RAISE)
    services.propose(draft=draft, actor=None, now=at(2, 1))
    for change in (
        lambda: put(draft, S1),
        lambda: services.set_lead_values(draft=draft, values={}, actor=None),
        lambda: services.set_required_fields(draft=draft, fields=[], actor=None),
        lambda: services.set_terms(draft=draft, terms=TermsOfVersion(), actor=None),
        lambda: services.fill_promises(draft=draft, lines=[], values={}, fields=[], actor=None),
        lambda: services.remove_promise(draft=draft, promise_id=draft.promises.first().id, actor=None),
    ):
        with pytest.raises(DomainError, match="waits for signatures"):
            change()


def test_dropping_a_draft_takes_its_lines_along(first, draft):
    put(draft, HAND_RAISE)
    services.set_lead_values(draft=draft, values={"A": Worth(1, None)}, actor=None)
    services.drop_draft(draft=draft, actor=None)
    assert set(Promise.objects.values_list("agreement", flat=True)) == {first.id}
    assert not LeadValue.objects.exists()


def test_what_could_not_be_measured_is_not_put_to_the_teams(first, draft):
    put(draft, PromiseLine("M2", amount=140_000_00))
    services.set_required_fields(draft=draft, fields=[], actor=None)
    found = problems_of(draft, first)
    assert found == [
        "Marketing promises a value, but no MQL has a value yet. Say what an MQL is worth.",
        "Marketing promises complete handoffs, but no field is required. Choose at least one.",
    ]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (PromiseLine("S1", share=9_000), "seconds"),
        (PromiseLine("S1", seconds=59, share=9_000), "seconds"),
        (PromiseLine("S1", seconds=HOUR, share=10_001), "share"),
        (PromiseLine("S1", seconds=HOUR, share=0), "share"),
        (PromiseLine("S2", attempts=2, distinct_days=3, days=10, share=9_000), "distinct_days"),
        (PromiseLine("S2", attempts=9, distinct_days=5, days=3, share=9_000), "distinct_days"),
        (PromiseLine("S3", days=251, share=9_000), "days"),
        (PromiseLine("M1", volume=0, cap=12_000), "volume"),
        (PromiseLine("M1", volume=10, cap=9_999), "cap"),
        (PromiseLine("M2", "A", amount=1), "tier"),
        (PromiseLine("M3", share=9_500, floor=10_001), "floor"),
        (PromiseLine("M3", share=9_500, weight=0), "weight"),
        (PromiseLine("X9", share=9_500), "key"),
    ],
)
def test_a_promise_that_cannot_be_kept_or_missed_is_refused(draft, line, field):
    before = draft.promises.count()
    with pytest.raises(DomainError) as refused:
        put(draft, line)
    assert refused.value.field == field
    assert draft.promises.count() == before


def test_columns_that_do_not_belong_to_a_promise_stay_empty(draft):
    row = put(draft, PromiseLine("S3", days=5, share=9_000, volume=7, seconds=9, cap=12_000))
    assert (row.volume, row.seconds, row.cap, row.attempts) == (None, None, None, None)


def test_a_proposal_fills_gaps_and_replaces_nothing(draft):
    lines = [PromiseLine("S1", seconds=HOUR, share=5_000), PromiseLine("M1", "A", volume=40, cap=12_000)]
    added = services.fill_promises(draft=draft, lines=lines, values={"A": Worth(1_00, None)}, fields=["need"], actor=None)
    assert added == 1
    assert draft.promises.get(key="S1").seconds == 4 * HOUR
    assert draft.promises.get(key="M1").volume == 40
    assert draft.lead_values.get().gross_profit == 1_00
    assert not draft.required_fields.filter(field="need").exists()

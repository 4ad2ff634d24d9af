"""The handoff through its services: who decides, what a return does to the clock, how a dispute ends."""

import datetime as dt

import pytest
import time_machine

from core.errors import Conflict, DomainError, NotAllowed, StaleVersion
from funnel import services as funnel
from leads import services
from leads.handoff_queries import precedents
from leads.models import Handoff, Lead, LeadEvent, Note, Obligation
from leads.services.handoffs import arbitrate, contest, decide, resubmit
from tests.leads.handing_over import MORNING, break_promises, hand_over, handoff_of, promise, t

pytestmark = pytest.mark.django_db


@pytest.fixture
def promised(company):
    return promise()


@pytest.fixture
def handoff(stages, people, promised):
    """Handed over on a Tuesday at nine to `member`, a rep of sales."""
    return hand_over(stages, owner=people["member"])


@pytest.fixture
def now():
    """`now(t(10))`: the clock stands at that moment until the next call."""
    travels = []

    def stand_at(instant: dt.datetime):
        while travels:
            travels.pop().stop()
        travels.append(time_machine.travel(instant, tick=False))
        travels[-1].start()

    stand_at(t(10))
    yield stand_at
    while travels:
        travels.pop().stop()


def owed(handoff: Handoff) -> dict[str, Obligation]:
    return {one.promise: one for one in Obligation.objects.filter(entry_id=handoff.pk)}


def stage(handoff: Handoff) -> str:
    return Lead.objects.get(pk=handoff.lead_id).stage.key


# --- an entry opens a handoff -----------------------------------------------------------------------------------------


def test_an_mql_entry_opens_a_handoff_with_due_times(handoff, people):
    assert (handoff.state, handoff.decision, handoff.owner) == ("open", "", people["member"])
    found = owed(handoff)
    assert {key: one.due_at for key, one in found.items()} == {
        "routing": t(9, 15),
        "S1": t(13),
        "S2": t(17, days=14),
        "S3": t(17, days=7),
    }
    assert found["routing"].met_at == MORNING
    assert all(one.team == people["member"].memberships.get().team for one in found.values())


def test_a_handoff_keeps_the_promises_of_the_day_of_its_entry(handoff, stages, people):
    draft = funnel.draft_version(actor=None)
    draft.promises.filter(key="S1", tier="").update(seconds=3600)
    funnel.put_in_force(agreement=draft, from_day=dt.date(2026, 3, 10), actor=None)
    later = hand_over(stages, owner=people["member"], at=t(9, days=7), name="Later")
    services.assign_lead(lead=handoff.lead, owner=people["sales_lead"], actor=None, occurred_at=t(9, days=8))
    assert (owed(handoff)["S1"].due_at, owed(handoff)["S1"].agreement_id) == (t(13), handoff.agreement_id)
    assert (owed(later)["S1"].due_at, owed(later)["S1"].agreement_id) == (t(10, days=7), draft.id)


def test_the_tier_chooses_the_promise_and_its_correction_corrects_the_due_time(stages, people, promised):
    handoff = hand_over(stages, owner=people["member"], tier="hand-raise")
    assert owed(handoff)["S1"].due_at == t(10)
    services.amend_lead(lead=handoff.lead, actor=None, tier="gold")
    assert owed(handoff)["S1"].due_at == t(13)


def test_a_lead_with_a_person_of_marketing_has_not_reached_sales(stages, people, promised):
    handoff = hand_over(stages, owner=people["colleague"])
    assert (handoff.assigned_at, set(owed(handoff))) == (None, {"routing"})
    services.assign_lead(lead=handoff.lead, owner=people["member"], actor=None, occurred_at=t(11))
    found = owed(handoff)
    assert (found["routing"].met_at, found["S1"].started_at, found["S1"].due_at) == (t(11), t(11), t(15))


def test_without_promises_there_is_a_handoff_and_nothing_is_owed(stages, people):
    break_promises()
    assert hand_over(stages, owner=people["member"]).state == "open"
    assert not Obligation.objects.exists()


def test_re_entry_after_recycling_is_a_handoff_of_its_own(handoff, people, stages, now):
    decide(
        handoff=handoff,
        decision="recycled",
        actor=people["member"],
        reason="timing",
        until=dt.date(2026, 6, 1),
        note="later",
    )
    now(t(9, days=100))
    lead = Lead.objects.get(pk=handoff.lead_id)
    services.move_lead(lead, stages["mql"], actor=None)
    first, second = Handoff.objects.filter(lead=lead).order_by("entered_at")
    assert (first.pk, first.decision, first.state) == (handoff.pk, "recycled", "decided")
    assert (second.decision, second.state, second.entered_at) == ("", "open", t(9, days=100))
    assert owed(second)["S1"].met_at is None


def test_taking_the_entry_back_takes_the_handoff_and_what_was_owed(handoff):
    services.void_event(event=handoff.entry, actor=None)
    assert not Handoff.objects.exists()
    assert not Obligation.objects.exists()


def test_a_merge_keeps_the_earlier_start_and_one_handoff(stages, people, promised):
    first = hand_over(stages, owner=people["member"], name="Anna")
    second = hand_over(stages, owner=people["member"], name="Anna B.", at=t(12))
    services.record_touch(side="sales", kind="call", occurred_at=t(12, 30), lead=second.lead, actor=None)
    services.merge_leads(survivor=second.lead, duplicate=first.lead, actor=None)
    (kept,) = Handoff.objects.all()
    assert (kept.pk, kept.lead_id, kept.entered_at) == (first.pk, second.lead_id, MORNING)
    assert (owed(kept)["S1"].due_at, owed(kept)["S1"].met_at) == (t(13), t(12, 30))
    services.unmerge_lead(lead=first.lead, actor=None)
    assert {h.pk for h in Handoff.objects.all()} == {first.pk, second.pk}
    assert owed(first)["S1"].met_at is None


def test_a_merge_with_an_inquiry_in_between_is_still_one_handoff(stages, people, promised):
    one = hand_over(stages, owner=people["member"], name="Anna")
    other = services.create_lead(stage=stages["sql"], occurred_at=t(9, days=-9), actor=None)
    services.append_lead_events(
        [
            LeadEvent(lead=other, kind="moved", to_stage=stages["inquiry"], occurred_at=t(10), reason="wrong_stage"),
            LeadEvent(lead=other, kind="moved", to_stage=stages["mql"], occurred_at=t(11)),
        ]
    )
    services.merge_leads(survivor=one.lead, duplicate=other, actor=None)
    (kept,) = Handoff.objects.filter(lead=one.lead)
    assert (kept.pk, kept.entered_at, kept.state) == (one.pk, MORNING, "open")


def test_a_lead_taken_out_owes_nothing_and_brings_it_back(handoff):
    event = services.void_lead(lead=handoff.lead, actor=None)
    assert not Obligation.objects.exists()
    services.void_event(event=event, actor=None)
    assert set(owed(handoff)) == {"routing", "S1", "S2", "S3"}


def test_a_contact_on_a_merged_lead_that_was_taken_out_counts_for_nobody(stages, people, promised):
    kept = hand_over(stages, owner=people["member"], name="Anna")
    twin = hand_over(stages, owner=people["member"], name="Anna B.", at=t(12))
    services.record_touch(side="sales", kind="call", occurred_at=t(12, 30), lead=twin.lead, actor=None)
    services.merge_leads(survivor=kept.lead, duplicate=twin.lead, actor=None)
    assert owed(kept)["S1"].met_at == t(12, 30)
    twin.lead.refresh_from_db()
    services.append_lead_events([LeadEvent(lead=twin.lead, kind="lead_voided", occurred_at=t(14))])
    assert owed(kept)["S1"].met_at is None


# --- deciding ---------------------------------------------------------------------------------------------------------


def test_accepting_moves_the_lead_through_the_one_door(handoff, people, now):
    after = decide(handoff=handoff, decision="accepted", actor=people["member"])
    assert (stage(handoff), after.decision, after.state, after.decided_by) == (
        "sal",
        "accepted",
        "decided",
        people["member"],
    )
    assert (owed(after)["S3"].met_at, owed(after)["S4"].due_at) == (t(10), t(17, days=2))
    assert owed(after)["S1"].met_at is None


def test_accepting_gives_the_lead_to_the_one_who_takes_it_on(stages, people, promised, now):
    handoff = hand_over(stages)
    decide(handoff=handoff, decision="accepted", actor=people["member"])
    assert Lead.objects.get(pk=handoff.lead_id).owner == people["member"]
    mine = hand_over(stages, owner=people["sales_lead"], name="Other")
    decide(handoff=mine, decision="accepted", actor=people["member"])
    assert Lead.objects.get(pk=mine.lead_id).owner == people["sales_lead"]


def test_where_the_agreement_has_no_such_stage_accepting_is_said_by_itself(handoff, people, stages, now):
    promised_stage = handoff.agreement.stages.get(stage=stages["sal"])
    promised_stage.milestone = None
    promised_stage.save()
    after = decide(handoff=handoff, decision="accepted", actor=people["member"])
    assert (stage(handoff), after.decision, after.decided_at) == ("mql", "accepted", t(10))


def test_disqualifying_needs_an_agreed_reason(handoff, people, now):
    for reason, code in (("", "reason_missing"), ("price", "reason_unknown")):
        with pytest.raises(DomainError) as refused:
            decide(handoff=handoff, decision="disqualified", actor=people["member"], reason=reason)
        assert refused.value.code == code
    after = decide(handoff=handoff, decision="disqualified", actor=people["member"], reason="no_need")
    assert (stage(handoff), after.decision, after.reason) == ("disqualified", "disqualified", "no_need")
    assert owed(after)["S4"].met_at is None


def test_a_decision_with_a_sentence_is_feedback_at_once(handoff, people, now):
    after = decide(
        handoff=handoff, decision="disqualified", actor=people["member"], reason="no_need", note="They wanted a job."
    )
    assert owed(after)["S4"].met_at == t(10)


def test_recycling_needs_a_day_in_the_future(handoff, people, now):
    for until in (None, dt.date(2026, 3, 3)):
        with pytest.raises(DomainError) as refused:
            decide(handoff=handoff, decision="recycled", actor=people["member"], reason="timing", until=until)
        assert (refused.value.code, stage(handoff)) == ("until_missing", "mql")
    after = decide(handoff=handoff, decision="recycled", actor=people["member"], reason="timing", until=dt.date(2026, 6, 1))
    assert (stage(handoff), after.recycled_until) == ("recycled", dt.datetime(2026, 5, 31, 22, tzinfo=dt.UTC))


def test_returning_needs_a_reason_and_a_sentence(handoff, people, now):
    for reason, note, code in (
        ("", "x", "reason_missing"),
        ("price", "x", "reason_unknown"),
        ("context_missing", " ", "text_missing"),
    ):
        with pytest.raises(DomainError) as refused:
            decide(handoff=handoff, decision="returned", actor=people["member"], reason=reason, note=note)
        assert refused.value.code == code


def test_a_returned_lead_keeps_its_stage_and_the_clock_is_marketings(handoff, people, now):
    after = decide(
        handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Which country?"
    )
    assert (stage(handoff), after.state, after.decision, after.returned_at) == ("mql", "returned", "returned", t(10))
    assert {one.due_at for key, one in owed(after).items() if key != "routing"} == {None}
    now(t(15))
    back = resubmit(handoff=after, actor=people["colleague"], note="Austria")
    assert (back.pk, back.state, back.decision) == (handoff.pk, "open", "")
    assert owed(back)["S1"].due_at == t(10, days=1)  # an hour was used, two were left until 17:00, one on the next day


def test_marketing_completes_what_was_missing_before_it_hands_over_again(stages, people, promised, now):
    promised.required_fields.create(field="email")
    promised.required_fields.create(field="need")
    handoff = hand_over(stages, owner=people["member"])
    decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Who?")
    with pytest.raises(DomainError) as refused:
        resubmit(handoff=handoff, actor=people["colleague"])
    assert (refused.value.code, refused.value.message) == (
        "still_missing", "Still missing: E-mail address, Need, in a sentence."
    )  # fmt: skip
    services.edit_contact(contact=handoff.lead.contact, email="anna@example.com", actor=None)
    Lead.objects.filter(pk=handoff.lead_id).update(custom={"need": "A pump"})
    assert resubmit(handoff=handoff, actor=people["colleague"]).state == "open"


def test_the_same_answer_again_changes_nothing_and_another_one_is_a_conflict(handoff, people, now):
    decide(handoff=handoff, decision="accepted", actor=people["member"])
    events = LeadEvent.objects.count()
    assert decide(handoff=handoff, decision="accepted", actor=people["member"]).decision == "accepted"
    assert LeadEvent.objects.count() == events
    with pytest.raises(Conflict) as refused:
        decide(handoff=handoff, decision="disqualified", actor=people["sales_lead"], reason="no_need")
    assert refused.value.message == "Member decided first: accepted. Look again before you decide."


def test_who_saw_an_older_lead_is_told(handoff, people, now):
    version = Lead.objects.get(pk=handoff.lead_id).version
    services.amend_lead(lead=handoff.lead, actor=None, tier="gold")
    with pytest.raises(StaleVersion):
        decide(handoff=handoff, decision="accepted", actor=people["member"], expected_version=version)


def test_each_side_does_its_own_part(handoff, people, now):
    with pytest.raises(NotAllowed):
        decide(handoff=handoff, decision="accepted", actor=people["colleague"])
    with pytest.raises(NotAllowed):
        resubmit(handoff=handoff, actor=people["member"])
    assert decide(handoff=handoff, decision="accepted", actor=people["funnel_owner"]).decision == "accepted"


def test_a_move_on_the_board_or_from_a_file_is_a_decision_too(stages, people, promised):
    for number, (key, reason, decision) in enumerate(
        [("sql", "", "accepted"), ("lost", "price", "accepted"), ("recycled", "timing", "recycled"),
         ("disqualified", "no_need", "disqualified"), ("inquiry", "wrong_stage", "returned")]
    ):  # fmt: skip
        handoff = hand_over(stages, owner=people["member"], name=f"Lead {number}")
        services.move_lead(handoff.lead, stages[key], actor=people["member"], occurred_at=t(15), reason=reason)
        after = handoff_of(handoff.lead)
        assert (after.decision, after.state, after.decided_at, after.reason) == (decision, "decided", t(15), reason)


# --- contest and arbitration ------------------------------------------------------------------------------------------


@pytest.fixture
def refused(handoff, people, now):
    """Sales has disqualified it on Tuesday at ten."""
    return decide(handoff=handoff, decision="disqualified", actor=people["member"], reason="wrong_segment")


def test_marketing_contests_the_funnel_owner_rules_and_the_ruling_is_kept(refused, people, now):
    contested = contest(handoff=refused, actor=people["colleague"], text="They have 300 people.")
    assert (contested.state, contested.decision) == ("contested", "disqualified")
    now(t(9, days=1))
    ruled = arbitrate(
        handoff=contested, ruling="accepted", actor=people["funnel_owner"], text="Subsidiaries count with their group."
    )
    assert (ruled.state, ruled.decision, ruled.first_decision) == ("arbitrated", "accepted", "disqualified")
    assert stage(ruled) == "sal"
    assert [ruling.note.text for ruling in precedents(agreement_id=ruled.agreement_id)] == [
        "Subsidiaries count with their group."
    ]
    assert owed(ruled)["S3"].met_at == t(10)


def test_a_ruling_may_uphold_the_decision(refused, people, now):
    contest(handoff=refused, actor=people["colleague"], text="No.")
    ruled = arbitrate(handoff=refused, ruling="disqualified", actor=people["funnel_owner"], text="Right.")
    assert (ruled.state, ruled.decision, stage(ruled)) == ("arbitrated", "disqualified", "disqualified")


def test_a_return_that_does_not_stand_gives_the_clock_back_to_sales(handoff, people, now):
    back = decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="What?")
    contest(handoff=back, actor=people["colleague"], text="It is all there.")
    now(t(12))
    ruled = arbitrate(handoff=back, ruling="open", actor=people["funnel_owner"], text="It is all there indeed.")
    assert (ruled.state, ruled.decision, stage(ruled)) == ("open", "", "mql")
    assert owed(ruled)["S1"].due_at == t(15)


def test_a_decision_stands_after_five_working_days(refused, people, now):
    now(t(17, 1, days=7))
    with pytest.raises(DomainError) as over:
        contest(handoff=refused, actor=people["colleague"], text="Too late.")
    assert over.value.code == "decision_stands"
    now(t(17, days=7))
    assert contest(handoff=refused, actor=people["colleague"], text="In time.").state == "contested"


def test_only_the_other_side_contests_and_only_the_funnel_owner_rules(refused, people, now):
    with pytest.raises(NotAllowed):
        contest(handoff=refused, actor=people["sales_lead"], text="I think so.")
    with pytest.raises(Conflict):
        arbitrate(handoff=refused, ruling="accepted", actor=people["funnel_owner"], text="Nobody asked.")
    contest(handoff=refused, actor=people["colleague"], text="Please look.")
    for who in ("marketing_lead", "sales_lead", "administrator"):
        with pytest.raises(NotAllowed):
            arbitrate(handoff=refused, ruling="accepted", actor=people[who], text="So be it.")
    with pytest.raises(DomainError) as unknown:
        arbitrate(handoff=refused, ruling="returned", actor=people["funnel_owner"], text="Back.")
    assert unknown.value.code == "ruling_unknown"
    with pytest.raises(DomainError) as silent:
        arbitrate(handoff=refused, ruling="accepted", actor=people["funnel_owner"], text="  ")
    assert silent.value.code == "text_missing"


def test_a_lead_that_went_on_meanwhile_is_not_moved_by_a_ruling(refused, people, stages, now):
    contest(handoff=refused, actor=people["colleague"], text="Please look.")
    services.move_lead(Lead.objects.get(pk=refused.lead_id), stages["sql"], actor=None)
    ruled = arbitrate(handoff=refused, ruling="accepted", actor=people["funnel_owner"], text="They do fit.")
    assert (ruled.decision, stage(ruled)) == ("accepted", "sql")


def test_what_people_write_stands_in_notes_not_in_events(refused, people, now):
    contest(handoff=refused, actor=people["colleague"], text="Ask Anna Brandt.")
    assert Note.objects.filter(lead_id=refused.lead_id, text="Ask Anna Brandt.").exists()
    words = {(e.field, e.old, e.new, e.reason) for e in LeadEvent.objects.filter(about=refused.pk)}
    assert words == {("", "", "", "")}

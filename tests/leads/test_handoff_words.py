"""The timeline tells every step of a handoff in words that name no one and blame nobody."""

import pytest
import time_machine

from leads.handoffs import STEPS
from leads.models import LeadEvent
from leads.pages.handoff_words import StepWords, words_of_step
from leads.services.handoffs import decide
from tests.leads.handing_over import hand_over, promise, t


@pytest.mark.parametrize(
    ("told", "side", "text"),
    [
        ({"kind": "accepted"}, "sales", "Accepted"),
        ({"kind": "returned"}, "sales", "Returned to marketing"),
        ({"kind": "resubmitted"}, "marketing", "Handed over again, complete"),
        ({"kind": "contested"}, "joint", "Decision contested"),
        ({"kind": "arbitrated", "new": "accepted"}, "joint", "Dispute ended: accepted"),
        ({"kind": "arbitrated", "new": "open"}, "joint", "Dispute ended: the return does not stand"),
        ({"kind": "feedback", "new": "partly"}, "sales", "Feedback to marketing: Partly"),
        ({"kind": "feedbackread"}, "marketing", "Feedback read"),
        ({"kind": "paused", "field": "meeting"}, "joint", "Clock stands still for a meeting"),
        ({"kind": "paused", "field": "waiver"}, "joint", "Asked to let the clock stand still"),
        (
            {"kind": "waived", "field": "S1", "reason": "test"},
            "joint",
            "Asked to leave “First contact” out of the count: test",
        ),
        ({"kind": "consented", "new": "yes"}, "joint", "Agreed to it"),
        ({"kind": "consented", "new": "no"}, "joint", "Did not agree to it"),
    ],
)
def test_every_step_has_its_words(told, side, text):
    assert words_of_step(LeadEvent(**told)) == StepWords(side, text)


def test_no_step_is_without_words():
    for kind in STEPS:
        assert words_of_step(LeadEvent(kind=kind, new="accepted", field="S1")) is not None
    assert words_of_step(LeadEvent(kind="moved")) is None


@pytest.mark.django_db
def test_the_page_of_the_lead_tells_a_return_with_its_reason_and_sentence(stages, people, see):
    promise()
    with time_machine.travel(t(10), tick=False):
        handoff = hand_over(stages, owner=people["member"])
        decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Which country?")
    page = see("colleague", f"/leads/{handoff.lead_id}/?tab=sales").content.decode()
    for words in ("Returned to marketing", "Context is missing", "Which country?"):
        assert words in page

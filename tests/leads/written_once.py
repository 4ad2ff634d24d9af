"""A row of each table of reviews, campaign plans, credit and the talk about a version that is written once."""

import datetime as dt

from campaigns.models import PreviewNote
from campaigns.services import ensure_campaign
from funnel.models import Agreement, Comment, Refusal
from leads.models import ContentRequest, ContentRequestStep, Deal, Lead
from metrics.models import CreditPosting, CreditRules
from reviews.models import Action, ActionStep, CharterLine, GoodThing, Minutes
from tests.access.frozen_things import frozen_things
from tests.reviews.room_people import ready_review

AT = dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC)


def write_once(people: dict, lead: Lead, deal: Deal) -> None:
    """By the models themselves: what the services ask for is not the question here."""
    who, day = people["member"], AT.date()
    review = ready_review(people)
    frozen_things(review, lead.pk)
    GoodThing.objects.create(review=review, side="sales", sentence="Two calls led to a meeting.", said_by=who)
    Minutes.objects.create(review=review, body={}, text="")
    action = Action.objects.create(
        what="Call them", about="Won deals", owner=who, due_on=day, agreed_on=day, first_due_on=day
    )
    ActionStep.objects.create(action=action, kind="agreed", owner=who, due_on=day, reason="", day=day)
    CharterLine.objects.create(subject="content", person=who, words="", from_day=day)
    PreviewNote.objects.create(campaign=ensure_campaign(name="Fair"), plan_version=1, kind="seen", text="", occurred_at=AT)
    request = ContentRequest.objects.create(lead=lead, need="A case of a dairy", asked_at=AT)
    ContentRequestStep.objects.create(request=request, kind="asked", occurred_at=AT)
    rules = CreditRules.objects.create()
    CreditPosting.objects.create(deal=deal, reason="closed", rules=rules, revenue=100, profit=40, lines=[])
    version = Agreement.objects.get(number=1)
    Comment.objects.create(agreement=version, side="sales", text="Which score?", author=who, written_at=AT)
    Refusal.objects.create(agreement=version, side="sales", kind="refused", reason="Too loose", user=who, at=AT)

"""My day as a whole: sections of one side, what was done today, the promise of the day."""

import datetime as dt

from django.urls import reverse

from accounts.models import Side, Team
from accounts.queries import standing
from leads.day_queries import steps_said
from leads.models import CONTACT_KINDS, Decision, Handoff, LeadEvent, NextStep, Touch
from leads.pages.filters import Surroundings
from leads.pages.my_day import Day, Done, Section, count_due, greeting, most_urgent_first, quiet_words, sides_for
from leads.pages.my_day_marketing import Marketer, promise_of_marketing, sections_of_marketing
from leads.pages.my_day_sales import promise_of_sales, sections_of_sales
from leads.pages.timeline import UNDO_FOR
from leads.queries import visible_leads
from leads.services.feedback import OUTCOMES

Kind = LeadEvent.Kind
_STEPS = {
    Kind.FEEDBACK: "Feedback given",
    Kind.FEEDBACK_READ: "Feedback read",
    Kind.RESUBMITTED: "Handed over again",
}


def read_day(around: Surroundings, asked: str) -> Day:
    """The day of the signed-in person. `asked`: the side that the address names; the own one if it is not theirs to see."""
    sides = sides_for(around.user)
    side = asked if asked in sides else sides[0]
    sections, promise, missed = _of_side(side, around)
    done = done_today(around)
    due = count_due(around)
    sections = most_urgent_first(sections)
    quiet = quiet_words(sections, missed, len(done)) if not due else ("", None, "")
    rights = standing(around.user)
    teams = list(Team.objects.filter(pk__in=rights.team_ids).exclude(side=Side.JOINT).order_by("name"))
    return Day(
        side,
        len(sides) > 1,
        greeting(around.user, around),
        sections,
        done,
        due,
        promise,
        teams,
        bool(rights.led_team_ids),
        *quiet,
    )


def _of_side(side: str, around: Surroundings) -> tuple[list[Section], str, int]:
    if side == "sales":
        promise, missed = promise_of_sales(around)
        return sections_of_sales(around), promise, missed
    marketer = Marketer(around)
    return sections_of_marketing(marketer), promise_of_marketing(marketer), 0


def done_today(around: Surroundings) -> list[Done]:
    """What this person did today, the newest first."""
    found = [*_contacts(around), *_decisions(around), *_said(around), *_steps(around)]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _start(around: Surroundings) -> dt.datetime:
    return around.calendar.start_of_day(around.today)


def _contacts(around: Surroundings) -> list[Done]:
    rows = Touch.objects.filter(
        actor=around.user, day=around.today, kind__in=CONTACT_KINDS, voids__isnull=True, voided_by__isnull=True
    ).filter(lead__in=visible_leads(around.user))
    return [_contact_done(touch, around) for touch in rows.select_related("lead__contact", "lead__merged_into")]


def _contact_done(touch: Touch, around: Surroundings) -> Done:
    outcome = OUTCOMES.get(touch.outcome, touch.outcome)
    fresh = around.now - touch.recorded_at <= UNDO_FOR
    return Done(
        text=touch.get_kind_display() + (f", {outcome.lower()}" if outcome else ""),
        name=str(touch.lead.contact or touch.lead),
        href=reverse("lead", args=[touch.lead_id]),
        at=touch.occurred_at,
        undo=reverse("touch_undo", args=[touch.pk]) if fresh else "",
    )


def _decisions(around: Surroundings) -> list[Done]:
    rows = Handoff.objects.filter(
        decided_by=around.user, decided_at__gte=_start(around), lead__in=visible_leads(around.user)
    ).select_related("lead__contact")
    return [
        Done(Decision(row.decision).label, str(row.lead.contact or row.lead), _page(row.lead_id), row.decided_at)
        for row in rows
    ]


def _said(around: Surroundings) -> list[Done]:
    end = around.calendar.end_of_day(around.today)
    rows = steps_said(list(_STEPS), _start(around), end).filter(actor=around.user, lead__in=visible_leads(around.user))
    return [
        Done(_STEPS[row.kind], str(row.lead.contact or row.lead), _page(row.lead_id), row.occurred_at)
        for row in rows.select_related("lead__contact")
    ]


def _steps(around: Surroundings) -> list[Done]:
    rows = NextStep.objects.filter(who=around.user, done_by=around.user, done_at__gte=_start(around))
    return [
        Done(
            text=step.what,
            name=str(step.deal or step.lead.contact or step.lead),
            href=reverse("deal", args=[step.deal_id]) if step.deal_id else _page(step.lead.merged_into_id or step.lead_id),
            at=step.done_at,
            undo=reverse("my_day_done", args=[step.pk]),
            undo_field="undo",
        )
        for step in rows.select_related("lead__contact", "deal")
    ]


def _page(lead_id: int) -> str:
    return reverse("lead", args=[lead_id])

"""Writes to next steps and saved views: plans, not facts, so nothing is counted anew."""

import datetime as dt

from accounts.models import User
from core.errors import DomainError
from leads.models import Deal, Lead, NextStep, SavedView

MAX_VIEWS = 12


def plan_step(
    *,
    what: str,
    due_on: dt.date,
    actor: User,
    lead: Lead | None = None,
    deal: Deal | None = None,
    remind_on: dt.date | None = None,
    who: User | None = None,
) -> NextStep:
    """Note the next step of a lead or a deal; without `who` it is the actor's."""
    if remind_on is not None and remind_on > due_on:
        raise DomainError("reminder_late", "A reminder comes before the day itself.", field="remind_on")
    return NextStep.objects.create(
        lead=lead, deal=deal, what=what, due_on=due_on, remind_on=remind_on, who=who or actor, created_by=actor
    )


def finish_step(*, step: NextStep, actor: User, done: bool = True) -> None:
    """Tick a step off, or put it back."""
    step.done_at = dt.datetime.now(dt.UTC) if done else None
    step.done_by = actor if done else None
    step.save(update_fields=["done_at", "done_by"])


def save_view(*, user: User, name: str, query: str) -> SavedView:
    """Keep filters under a name; the same name again replaces them."""
    others = SavedView.objects.filter(user=user).exclude(name=name)
    if others.count() >= MAX_VIEWS:
        raise DomainError("too_many_views", f"{MAX_VIEWS} views fit beside each other. Remove one first.", field="name")
    return SavedView.objects.update_or_create(user=user, name=name, defaults={"query": query})[0]


def remove_view(*, view: SavedView) -> None:
    view.delete()

"""Giving leads away by the rules, and taking one from a queue. Every assignment says why, in a row that stays.

The rows are the work list: whatever brought a lead to MQL (a click, the interface, an import), its open handoff without a
person is found here. All of it happens under the lock of one row, so two workers take turns and the turns of a rule are one
order. That lock comes before those of the leads; nobody who holds a lead asks for it.
"""

import datetime as dt
import logging

from celery import current_app
from django.core.cache import cache
from django.db import transaction

from accounts.models import User
from accounts.presence import sales_people
from core.bulk_rows import insert_rows
from core.errors import Conflict, NotAllowed
from core.failpoints import failpoint
from leads.locks import lock_leads
from leads.models import Handoff, HandoffStanding, Lead, LeadEvent, RoutedHandoff, Routing, RoutingRule
from leads.projection import Context
from leads.routing import Case, Choice, Rule, choose, desk_of
from leads.routing_queries import (
    Entry,
    cases_of,
    may_take,
    open_handoffs_of,
    pure_rules,
    routing_setup,
    standing_rules,
    waiting_for_routing,
)
from leads.services.bulk import append_lead_events

log = logging.getLogger("tandem.leads")

SOURCE = "routing"
BATCH = 100  # leads in one transaction: on SQLite nobody else writes meanwhile
_GATHER = 1  # seconds in which many moves ask for one round


def route_waiting(*, now: dt.datetime) -> int:
    """Give away every handoff that waits for it. Returns how many were given to a person or put into the queue.

    Safe to run twice, also at once: what one round gave away, no other finds.
    """
    done = 0
    while routing_setup().on_since is not None:
        batch = _route_batch(now)
        done += batch
        if batch < BATCH:
            break
    return done


def _route_batch(now: dt.datetime) -> int:
    context = Context()
    with transaction.atomic():
        setup = Routing.objects.select_for_update().get(id=1)
        if setup.on_since is None:
            return 0
        found = list(waiting_for_routing(setup.on_since).values_list("entry_id", "lead_id")[:BATCH])
        lock_leads({lead_id for _, lead_id in found})
        # Somebody may have decided, assigned or merged before the locks were ours.
        still = waiting_for_routing(setup.on_since).filter(entry_id__in=[entry for entry, _ in found])
        entries = [Entry(entry_id, lead_id, now) for entry_id, lead_id in still.values_list("entry_id", "lead_id")]
        if entries:
            _give_away(entries, setup, context, now)
            failpoint("routing.before_commit")
    failpoint("routing.after_commit")
    return len(found)


def _give_away(entries: list[Entry], setup: Routing, context: Context, now: dt.datetime) -> None:
    day = context.calendar.day_of(now)
    people = sales_people(day)
    rules = pure_rules(standing_rules(), people)
    desk = desk_of(rules, people.present(day), open_handoffs_of(people.everybody))
    choices: list[tuple[Case, Choice]] = []
    for case in cases_of(entries, context.book.on(day)):
        choice = choose(case, rules, desk)
        desk.give(choice)
        choices.append((case, choice))
    times = _times_routed([case.entry_id for case, _ in choices])
    events = [_event(case, choice, setup, now, times.get(case.entry_id, 0)) for case, choice in choices]
    append_lead_events(events, context=context)
    insert_rows([_reason(case, choice, event) for (case, choice), event in zip(choices, events, strict=True)])
    _keep_turns(rules, desk.last)


def _times_routed(entry_ids: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for entry_id in RoutedHandoff.objects.filter(entry_id__in=entry_ids).values_list("entry_id", flat=True):
        found[entry_id] = found.get(entry_id, 0) + 1
    return found


def _event(case: Case, choice: Choice, setup: Routing, now: dt.datetime, times: int) -> LeadEvent:
    """The assignment. Its identity is the handoff and how often that was given away: the same can't be stored twice."""
    return LeadEvent(
        lead_id=case.lead_id,
        kind=LeadEvent.Kind.ASSIGNED,
        owner_id=choice.person_id,
        team_id=setup.fallback_team_id if choice.person_id is None else None,
        occurred_at=now,
        source=SOURCE,
        external_id=f"{case.entry_id}:{times}",
    )


def _reason(case: Case, choice: Choice, event: LeadEvent) -> RoutedHandoff:
    return RoutedHandoff(
        event=event,
        entry_id=case.entry_id,
        lead_id=case.lead_id,
        why=choice.why,
        rule_id=choice.rule.id if choice.rule else None,
        rule_name=choice.rule.name if choice.rule else "",
        person_id=choice.person_id,
        team_id=event.team_id,
        present=choice.present,
        load=choice.load,
    )


def _keep_turns(rules: list[Rule], last: dict[int, int | None]) -> None:
    for rule in rules:
        if last[rule.id] != rule.last_person:
            RoutingRule.objects.filter(pk=rule.id).update(last_person_id=last[rule.id])


def take_from_queue(*, lead: Lead, actor: User, now: dt.datetime) -> LeadEvent:
    """A person takes a lead that waits in their team's queue. Conflict if somebody was first, NotAllowed in other teams'."""
    with transaction.atomic():
        lock_leads([lead.pk])
        waits = Handoff.objects.filter(lead_id=lead.pk, state=HandoffStanding.OPEN)
        handoff = waits.select_related("lead__owner", "lead__team").order_by("-entered_at").first()
        if handoff is None:
            raise Conflict("not_waiting", "This lead does not wait in a queue any more.")
        current = handoff.lead
        if current.owner_id is not None:
            who = "You have" if current.owner_id == actor.pk else f"{current.owner} has"
            raise Conflict("taken_first", f"{who} this lead already.")
        if not may_take(actor, current.team):
            raise NotAllowed("other_queue", "The people of the team take from its queue.")
        event = LeadEvent(lead_id=current.pk, kind=LeadEvent.Kind.ASSIGNED, owner=actor, occurred_at=now, actor=actor)
        append_lead_events([event])
        insert_rows(
            [
                RoutedHandoff(
                    event=event,
                    entry_id=handoff.entry_id,
                    lead_id=current.pk,
                    why=RoutedHandoff.Why.TAKEN,
                    person=actor,
                    team=current.team,
                )
            ]
        )
    return event


def hint_routing() -> None:
    """After this transaction: wake a worker, once for many moves of one moment. A lost hint costs half a minute."""
    transaction.on_commit(_hint)


def _hint() -> None:
    if not cache.add("leads.routing.hint", True, _GATHER) or routing_setup().on_since is None:
        return
    try:
        current_app.send_task("leads.tasks.route", countdown=_GATHER, retry=False, ignore_result=True)
    except Exception as error:  # whatever a broker raises
        log.warning("The broker did not take a hint (%s); the sweeper will find the lead.", type(error).__name__)

"""Journeys as data: who was in which stage from when. `tell` makes leads of them through the services.

    tell({"Anna": "inquiry 2025-03-03, mql 2025-03-04, won 2025-05-02T23:30"})

Days are the company's (Europe/Berlin unless said otherwise) and mean noon; a time may follow after "T". "?2025-03-04" is an
event of unknown time, placed on that day; "~2025-03-04" one that is known to the day alone.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from funnel.models import Stage
from leads.models import Lead, LeadEvent, Precision
from leads.services import append_lead_events
from leads.services.history import insert_leads
from metrics import rollup
from metrics.answers import ask
from metrics.questions import Reader

BERLIN = ZoneInfo("Europe/Berlin")
# When the questions are asked: everything before it has happened.
NOW = dt.datetime(2025, 9, 30, 10, tzinfo=dt.UTC)
PRECISIONS = {"?": Precision.UNKNOWN, "~": Precision.DAY}


def moment(text: str, zone: ZoneInfo = BERLIN) -> tuple[dt.datetime, str]:
    """An instant and its precision from "2025-03-04", "2025-03-04T23:30", "?2025-03-04" or "~2025-03-04"."""
    precision = PRECISIONS.get(text[0], Precision.INSTANT)
    day, _, time = text.lstrip("?~").partition("T")
    clock = dt.time.fromisoformat(time or ("00:00" if precision == Precision.DAY else "12:00"))
    return dt.datetime.combine(dt.date.fromisoformat(day), clock, zone).astimezone(dt.UTC), precision


def instant(text: str) -> dt.datetime:
    return moment(text)[0]


def tell(journeys: dict[str, str | tuple[str, dict]], *, zone: ZoneInfo = BERLIN, owner=None, team=None, **attributes):
    """Leads by name. A journey may be a pair with attributes of its own (channel, origin, tier, owner, ...)."""
    stages = {stage.key: stage for stage in Stage.objects.all()}
    leads, events = {}, []
    for name, journey in journeys.items():
        text, own = journey if isinstance(journey, tuple) else (journey, {})
        own = attributes | own
        who = {"owner": own.pop("owner", owner), "team": own.pop("team", team)}
        leads[name] = Lead(source="told", **own)
        for number, step in enumerate(text.split(",")):
            key, when = step.split()
            at, precision = moment(when, zone)
            events.append(
                LeadEvent(
                    lead=leads[name],
                    kind=LeadEvent.Kind.MOVED if number else LeadEvent.Kind.CREATED,
                    to_stage=stages[key],
                    occurred_at=at,
                    time_precision=precision,
                    source="told",
                    **({} if number else who),
                )
            )
    insert_leads(leads=list(leads.values()), actor=None)
    for event in events:
        event.lead_id = event.lead.pk
    append_lead_events(events)
    for lead in leads.values():
        lead.refresh_from_db()
    return leads


def crowd(count: int, journey: str, name: str = "lead", **own) -> dict[str, tuple[str, dict]]:
    """The same journey many times over."""
    return {f"{name} {i}": (journey, own) for i in range(count)}


def figure(key: str, period: str = "", *, now: dt.datetime = NOW, reader: Reader | None = None, **params) -> dict:
    """The answer of one metric after the worker has run. `period` is "2025-03-01/2025-04-01", or one day for a stock."""
    rollup.drain()
    start, _, end = period.partition("/")
    params |= {"from": start, "to": end} if end else {"at": start} if start else {}
    return ask(key, params, reader=reader or Reader(), now=now)


def by_key(answer: dict, field: str = "value") -> dict:
    """One field of each row of a breakdown."""
    return {row["key"]: row.get(field) for row in answer["series"]}

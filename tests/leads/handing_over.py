"""A company that has promised, and a lead that is handed over, for the tests of handoffs."""

import datetime as dt
from zoneinfo import ZoneInfo

from funnel.models import Agreement, Promise, RequiredField
from leads.models import Handoff, Lead
from leads.services import assign_lead, create_lead, ensure_contact, move_lead

BERLIN = ZoneInfo("Europe/Berlin")
# A Tuesday; working hours are Monday to Friday, 9:00 to 17:00.
MORNING = dt.datetime(2026, 3, 3, 9, tzinfo=BERLIN)
LINES = (
    {"key": "S1", "seconds": 4 * 3600, "share": 9_000},
    {"key": "S1", "tier": "hand-raise", "seconds": 3600, "share": 9_000},
    {"key": "S2", "attempts": 5, "distinct_days": 3, "days": 10, "share": 9_000},
    {"key": "S3", "days": 5, "share": 9_000},
    {"key": "S4", "days": 2, "share": 9_000},
)


def promise(*required: str) -> Agreement:
    """Put the usual promises, and these required fields, into the version that is in force."""
    version = Agreement.objects.get()
    break_promises()
    Promise.objects.bulk_create([Promise(agreement=version, **line) for line in LINES])
    RequiredField.objects.bulk_create([RequiredField(agreement=version, field=name) for name in required])
    return version


def break_promises() -> None:
    """A version that promises nothing."""
    for model in (Promise, RequiredField):
        model.objects.all().delete()


def t(hour: int, minute: int = 0, *, days: int = 0) -> dt.datetime:
    """Berlin time on the day of MORNING, or so many calendar days later."""
    return (MORNING + dt.timedelta(days=days)).replace(hour=hour, minute=minute)


def hand_over(stages, *, owner=None, at=MORNING, tier="", name="Anna Brandt", email="", **fields) -> Handoff:
    """A lead that becomes an MQL, and its handoff."""
    lead = create_lead(
        stage=stages["inquiry"],
        occurred_at=at - dt.timedelta(days=1),
        actor=None,
        contact=ensure_contact(name=name, email=email),
        tier=tier,
        **fields,
    )
    if owner is not None:
        assign_lead(lead=lead, owner=owner, actor=None, occurred_at=at)
        lead.refresh_from_db()
    move_lead(lead, stages["mql"], actor=None, occurred_at=at)
    return handoff_of(lead)


def handoff_of(lead: Lead) -> Handoff:
    """The newest handoff of a lead."""
    return Handoff.objects.filter(lead=lead).select_related("lead").latest("entered_at")

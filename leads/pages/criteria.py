"""What the agreement asks for before a lead becomes an MQL, and what of it this lead lacks."""

import datetime as dt

from funnel.book import Version
from funnel.models import HandoffField, Milestone
from funnel.queries import promises_on
from leads.handoff_queries import missing_fields
from leads.models import Lead


def missing_for_mql(lead: Lead, version: Version, today: dt.date) -> list[str]:
    """Names of the required fields that are empty, while the lead is not handed over yet."""
    mql, current = version.milestone(Milestone.MQL), version.stages.get(lead.stage_id)
    if mql is None or mql.retired or (current is not None and current.rank is not None and current.rank >= mql.rank):
        return []
    return [HandoffField(name).label for name in missing_fields(lead, promises_on(today).required_fields)]

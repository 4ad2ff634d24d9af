"""What an entry rule says of the leads of today. Reads only."""

import datetime as dt
from dataclasses import dataclass

from campaigns.models import Channel
from funnel.criteria import EntryRule
from funnel.models import Region, Segment, StageInVersion, StageKind
from funnel.queries import entry_rules
from leads.criteria import meeting
from leads.models import Lead, LeadEvent

LATELY = dt.timedelta(days=90)
MOST_NAMES = 100


@dataclass(frozen=True)
class Share:
    """`met` of `all` leads meet the rule, as they are known now."""

    met: int
    all: int


@dataclass(frozen=True)
class Effect:
    waiting: Share  # leads in stages before it
    inside: Share  # leads in it
    entered: Share  # leads that entered it in the last 90 days, wherever they are now


def effect_today(row: StageInVersion, now: dt.datetime) -> Effect | None:
    """How many leads meet the rule of a stage now; None while it has none. As of now, not of the day of each decision."""
    rule, _ = entry_rules(row.agreement_id).get(row.stage_id, (EntryRule(), ""))
    if not rule:
        return None
    standing = Lead.objects.filter(voided=False, merged_into__isnull=True)
    path = row.agreement.stages.filter(kind=StageKind.PATH, rank__lt=row.rank).values("stage_id")
    came = LeadEvent.objects.filter(to_stage=row.stage_id, occurred_at__gt=now - LATELY, voiding_events__isnull=True)

    def share(leads) -> Share:
        return Share(meeting(leads, rule, now).count(), leads.count())

    return Effect(
        waiting=share(standing.filter(stage_id__in=path)),
        inside=share(standing.filter(stage_id=row.stage_id)),
        entered=share(standing.filter(pk__in=came.values("lead_id"))),
    )


def names_to_ask_for() -> list[tuple[str, list[str]]]:
    """What a condition may name, as it is spelled."""
    tables = (("Channels", Channel), ("Segments", Segment), ("Regions", Region))
    return [
        (title, list(table.objects.order_by("name").values_list("name", flat=True)[:MOST_NAMES])) for title, table in tables
    ]

"""What pages of work on many leads show: which leads are meant, where they may go, how far a job is. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from funnel.book import Version
from leads.models import BulkItem, BulkJob, Lead
from leads.pages.detail import Way, ways_on
from leads.pages.filters import Asked, Surroundings, condition, order_of
from leads.queries import visible_leads

MOST_TICKED = 50  # one page of the list
MOST_NAMED = 50  # leads that a page names
MOST_TROUBLES = 500


@dataclass(frozen=True)
class Chosen:
    ids: list[int]
    stages: list[int | None]  # in which they are
    named: list[Lead]

    @property
    def words(self) -> str:
        return f"{len(self.ids):,} lead{'' if len(self.ids) == 1 else 's'}"

    @property
    def unnamed(self) -> int:
        return len(self.ids) - len(self.named)


def choose(ticked: Sequence[str], asked: Asked | None, around: Surroundings) -> Chosen:
    """The leads meant by a form that this person may open: all that a filter finds, or those that were ticked."""
    leads = visible_leads(around.user)
    if asked is not None:
        leads = leads.filter(condition(asked, around)).order_by(*order_of(asked, around))
        ids = list(leads.values_list("id", flat=True))
        stages = list(leads.order_by().values_list("stage_id", flat=True).distinct())
    else:
        wanted = [int(text) for text in ticked if text.isascii() and text.isdecimal() and len(text) < 19]
        stage_of = dict(leads.filter(pk__in=wanted[:MOST_TICKED]).values_list("id", "stage_id"))
        ids = [pk for pk in dict.fromkeys(wanted) if pk in stage_of]
        stages = list(dict.fromkeys(stage_of[pk] for pk in ids))
    rows = Lead.objects.select_related("contact", "company").in_bulk(ids[:MOST_NAMED])
    return Chosen(ids, stages, [rows[pk] for pk in ids[:MOST_NAMED] if pk in rows])


def common_ways(version: Version, stages: Iterable[int | None]) -> list[Way]:
    """Stages that at least one of the leads may be moved to; the strictest list of reasons is asked for."""
    found: dict[int, Way] = {}
    for stage_id in stages:
        for way in ways_on(version, stage_id):
            if way.stage.id not in found or way.use:
                found[way.stage.id] = way
    return sorted(found.values(), key=lambda way: way.stage.position)


@dataclass(frozen=True)
class Result:
    waiting: int
    done: int
    refused: int
    troubles: list[BulkItem]  # each with its lead, if this person may still open it

    @property
    def worked(self) -> int:
        return self.done + self.refused


def read_job(job: BulkJob, around: Surroundings) -> Result:
    job.refresh_from_db()
    counts = job.items.aggregate(
        waiting=Count("id", filter=Q(done_at=None)), refused=Count("id", filter=~Q(trouble="")), all=Count("id")
    )
    troubles = list(job.items.exclude(trouble="").select_related("lead__contact").order_by("id")[:MOST_TROUBLES])
    seen = set(visible_leads(around.user).filter(pk__in=[t.lead_id for t in troubles]).values_list("id", flat=True))
    for trouble in troubles:
        trouble.seen = trouble.lead_id in seen
    done = counts["all"] - counts["waiting"] - counts["refused"]
    return Result(counts["waiting"], done, counts["refused"], troubles)

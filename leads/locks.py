"""Row locks in one order, so that writers of overlapping leads wait for each other and never deadlock."""

from collections.abc import Iterable

from leads.models import Deal, Lead


def lock_leads(ids: Iterable[int]) -> dict[int, Lead]:
    """Lock leads and those they are merged with, by id. On SQLite the write transaction itself is the lock."""
    wanted = set(ids)
    while True:
        merged = Lead.objects.filter(id__in=wanted, merged_into__isnull=False).values_list("merged_into_id", flat=True)
        wanted |= set(merged)
        locked = {lead.id: lead for lead in Lead.objects.filter(id__in=wanted).order_by("id").select_for_update()}
        # While this waited, somebody may have merged one of them into a further lead, whose facts then change too.
        if all(lead.merged_into_id is None or lead.merged_into_id in locked for lead in locked.values()):
            return locked


def lock_deals(ids: Iterable[int]) -> dict[int, Deal]:
    rows = Deal.objects.filter(id__in=set(ids)).order_by("id").select_for_update()
    return {deal.id: deal for deal in rows}

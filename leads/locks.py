"""Row locks in one order, so that writers of overlapping leads wait for each other and never deadlock."""

from collections.abc import Iterable

from leads.models import Deal, Lead


def lock_leads(ids: Iterable[int]) -> dict[int, Lead]:
    """Lock leads and those they are merged with, by id, and read them."""
    held = hold_leads(ids)
    return {lead.id: lead for lead in Lead.objects.filter(id__in=held).order_by("id")}


def hold_leads(ids: Iterable[int]) -> dict[int, int | None]:
    """Lock leads and those they are merged with: lead → the one it is merged into.

    On SQLite the write transaction itself is the lock.
    """
    wanted = set(ids)
    while True:
        merged = Lead.objects.filter(id__in=wanted, merged_into__isnull=False).values_list("merged_into_id", flat=True)
        wanted |= set(merged)
        rows = Lead.objects.filter(id__in=wanted).order_by("id").select_for_update()
        held = dict(rows.values_list("id", "merged_into_id"))
        # While this waited, somebody may have merged one of them into a further lead, whose facts then change too.
        if all(survivor is None or survivor in held for survivor in held.values()):
            return held


def lock_deals(ids: Iterable[int]) -> dict[int, Deal]:
    rows = Deal.objects.filter(id__in=set(ids)).order_by("id").select_for_update()
    return {deal.id: deal for deal in rows}

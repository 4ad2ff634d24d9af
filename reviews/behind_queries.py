"""The leads or deals behind a frozen number, a box of the waterfall or a restatement, for one reader."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.urls import reverse

from accounts.models import User
from funnel.book import load_book
from leads.models import Deal, Lead
from leads.queries import visible_deals, visible_leads
from reviews.frozen_rows import unpack
from reviews.models import FrozenNumber

PAGE = 50


@dataclass(frozen=True)
class Item:
    name: str
    company: str
    where: str  # stage of a lead, status of a deal, as they are now
    url: str


@dataclass(frozen=True)
class Behind:
    """`total` counts all, `hidden` those the reader may not open or that were merged or taken out since."""

    items: str  # leads or deals
    total: int
    hidden: int
    rows: tuple[Item, ...]
    page: int
    pages: int


def behind(user: User, items: str, ids: Sequence[int], *, page: int) -> Behind:
    """A page of these leads or deals, by id, with a few queries whatever their number. `items` is "lead" or "deal"."""
    wanted = sorted({int(one) for one in ids} - {0})
    mine = set((visible_deals if items == "deal" else visible_leads)(user).values_list("id", flat=True))
    shown = [one for one in wanted if one in mine]
    pages = max((len(shown) + PAGE - 1) // PAGE, 1)
    page = min(max(page, 1), pages)
    rows = (_deals if items == "deal" else _leads)(shown[(page - 1) * PAGE : page * PAGE])
    return Behind(f"{items}s", len(wanted), len(wanted) - len(shown), rows, page, pages)


def ids_of(number: FrozenNumber) -> tuple[str, np.ndarray]:
    """What the rows behind a frozen number are, and their ids."""
    rows = unpack(number.rows.payload)
    return ("deal" if rows.item_kind == "deal" else "lead"), np.unique(rows.groups)


def _leads(ids: Sequence[int]) -> tuple[Item, ...]:
    found = Lead.objects.filter(id__in=ids).select_related("contact", "company").order_by("id")
    book = load_book()
    return tuple(
        Item(str(one.contact or one), str(one.company or ""), book.name_of(one.stage_id), reverse("lead", args=[one.pk]))
        for one in found
    )


def _deals(ids: Sequence[int]) -> tuple[Item, ...]:
    found = Deal.objects.filter(id__in=ids).select_related("company").order_by("id")
    return tuple(
        Item(one.name or str(one), str(one.company or ""), one.get_status_display(), reverse("deal", args=[one.pk]))
        for one in found
    )

"""Touches that come with their link: what its words mean is filled in, the words are kept, and what filters name is taken
back in the same transaction, so that it never counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import User
from core.bulk_rows import insert_rows
from leads.links import TARGETS, Links, load_links, words_of_link
from leads.models import Arrival, Contact, Touch
from leads.projection import Context
from leads.services.bulk import append_touches
from leads.touch_filters import Filters, Seen, load_filters

# Why a touch was taken back that was recorded again with what its link means.
RECORDED_ANEW = "recorded anew"
_BESIDE = ("page", "referrer", "agent")


@dataclass
class Told:
    """A touch to append, with the words of its link and what else is known of how somebody came."""

    touch: Touch
    link: Mapping[str, object] = field(default_factory=dict)

    @property
    def arrival(self) -> dict[str, str]:
        beside = {name: str(self.link[name]) for name in _BESIDE if self.link.get(name)}
        return words_of_link(self.link) | beside


def append_told(
    told: Sequence[Told],
    *,
    context: Context | None = None,
    links: Links | None = None,
    filters: Filters | None = None,
    actor: User | None = None,
) -> dict[int, str]:
    """Append touches with their links. Returns the reasons (internal, bot) by id of those that were taken back at once.

    A channel, campaign or content that the caller gives is kept; the link's words fill only what is open.
    """
    context = context or Context()
    for one in told:
        if words := words_of_link(one.link):
            links = links or load_links()
            fill_in(one.touch, links.meaning(words))
    with transaction.atomic():
        touches = [one.touch for one in told]
        append_touches(touches, context=context)
        insert_rows([Arrival(touch=one.touch, **one.arrival) for one in told if one.arrival])
        return _take_back_filtered(told, filters or load_filters(), context, actor)


def fill_in(touch: Touch, meaning: Mapping[str, int]) -> None:
    """Set what is open; what the caller knows better stays."""
    for name in TARGETS:
        if getattr(touch, name) is None and name in meaning:
            setattr(touch, name, meaning[name])


def _take_back_filtered(told: Sequence[Told], filters: Filters, context: Context, actor: User | None) -> dict[int, str]:
    mine = [one for one in told if one.touch.side == "marketing"]
    people = {one.touch.contact_id for one in mine if one.touch.contact_id} if filters.looks_at_people else set()
    emails = dict(Contact.objects.filter(id__in=people).values_list("id", "email")) if people else {}
    reasons = {}
    for one in mine:
        seen = Seen(
            email=emails.get(one.touch.contact_id, ""),
            agent=str(one.link.get("agent") or ""),
            site=str(one.link.get("referrer") or ""),
        )
        if reason := filters.judge(seen)[1]:
            reasons[one.touch.id] = reason
    voids = [
        voiding(one.touch, actor=actor, why=reasons[one.touch.id], run="intake") for one in mine if one.touch.id in reasons
    ]
    if voids:
        append_touches(voids, context=context)
    return reasons


def voiding(touch: Touch, *, actor: User | None, why: str, run: str) -> Touch:
    """The row that takes a touch back; `run` and the touch make it the only one."""
    return Touch(
        lead_id=touch.lead_id,
        side=touch.side,
        kind=touch.kind,
        occurred_at=touch.occurred_at,
        outcome=why,
        actor=actor,
        voids_id=touch.id,
        source="filter",
        external_id=f"{run}:{touch.id}",
    )

"""Writes of what links mean, and the new recording of touches whose link nobody had explained when they came."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q

from accounts.models import ConsoleEvent, User
from accounts.services.history import record_event
from core.bulk_rows import insert_rows
from core.errors import DomainError
from leads.links import TARGETS, WORDS, load_links, words_of_link
from leads.models import UTM, Arrival, Touch, UtmRule
from leads.services.arrivals import RECORDED_ANEW, fill_in, voiding
from leads.services.bulk import append_touches

# Touches in one go: a page has to answer.
MOST = 2_000


def save_link_rule(*, values: Mapping[str, object], actor: User) -> UtmRule:
    """Say what words of links mean. `values`: the words by name (all but utm_term), and channel, campaign, content."""
    words = {name: str(values.get(name) or "").strip().casefold() for name in WORDS}
    targets = {name.removesuffix("_id"): values.get(name.removesuffix("_id")) for name in TARGETS}
    if not any(words.values()):
        raise DomainError("words_missing", "Give at least one word of the link.")
    if not any(targets.values()):
        raise DomainError("meaning_missing", "Say which channel, campaign or content it means.")
    with transaction.atomic():
        if UtmRule.objects.filter(**words).exists():
            raise DomainError("rule_known", "There is a rule for these words already. Remove it first.")
        rule = UtmRule.objects.create(created_by=actor, **words, **targets)
        means = ", ".join(f"{name} “{row}”" for name, row in targets.items() if row)
        record_event(area=ConsoleEvent.Area.ORGANISATION, text=f"Links with {rule} mean {means}.", actor=actor)
    return rule


def remove_link_rule(*, rule: UtmRule, actor: User) -> None:
    """Touches that were recorded under it keep what it said."""
    with transaction.atomic():
        record_event(area=ConsoleEvent.Area.ORGANISATION, text=f"The rule for links with {rule} is removed.", actor=actor)
        UtmRule.objects.filter(pk=rule.pk).delete()


def record_anew(*, actor: User) -> tuple[int, bool]:
    """Record touches again whose link is explained by now: the old row is taken back, a new one says the same and more.

    What the touch already names stays. At most 2,000 in one transaction; returns how many, and whether there may be more.
    """
    links = load_links()
    with transaction.atomic():
        standing = Arrival.objects.filter(touch__voids__isnull=True, touch__voided_by__isnull=True)
        open_ones = standing.filter(Q(touch__campaign=None) | Q(touch__channel=None))
        explained = []
        rows = open_ones.exclude(utm_source="", utm_medium="", utm_campaign="", utm_content="").select_related("touch")
        for arrival in rows.order_by("pk").iterator(chunk_size=500):
            meaning = links.meaning(words_of_link(vars(arrival)))
            if any(getattr(arrival.touch, name) is None for name in meaning):
                explained.append((arrival, meaning))
                if len(explained) > MOST:
                    break
        now = explained[:MOST]
        append_touches([voiding(old.touch, actor=actor, why=RECORDED_ANEW, run="link") for old, _ in now])
        touches = [_again(old.touch, meaning, actor) for old, meaning in now]
        append_touches(touches)
        insert_rows([_beside(touch, old) for touch, (old, _) in zip(touches, now, strict=True)])
    return len(now), len(explained) > MOST


def _again(old: Touch, meaning: Mapping[str, int], actor: User) -> Touch:
    kept = ("lead_id", "contact_id", "company_id", "side", "kind", "channel_id", "campaign_id", "content_id")
    touch = Touch(
        **{name: getattr(old, name) for name in (*kept, "outcome", "occurred_at", "source", "import_batch_id")},
        actor=actor,
        external_id=f"link:{old.pk}",
    )
    fill_in(touch, meaning)
    return touch


def _beside(touch: Touch, old: Arrival) -> Arrival:
    return Arrival(touch=touch, **{name: getattr(old, name) for name in (*UTM, "page", "referrer", "agent")})

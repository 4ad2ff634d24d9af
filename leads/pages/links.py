"""What the console shows of links and filters. Reads only."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Max, Q

from accounts.models import User
from leads.links import load_links
from leads.models import UTM, Arrival, FilterRule, FilterRun, UtmRule
from leads.touch_filters import filterable, load_filters

LOOKED_BACK_DAYS = 90
_SHOWN, _LOOKED_AT = 50, 2_000


@dataclass(frozen=True)
class Unknown:
    """Words of links that no rule explains: `words` name → word as it came."""

    words: dict[str, str]
    touches: int
    newest: dt.date
    query: str


@dataclass(frozen=True)
class LinksPage:
    rules: list[UtmRule]
    unknown: list[Unknown]
    more: int
    waiting: int  # touches whose link is explained by now, and that were recorded before


def read_links(today: dt.date) -> LinksPage:
    """Rules, and words of the last 90 days that nobody has explained, most frequent first."""
    links = load_links()
    names = [name for name in UTM if name != "utm_term"]
    since = today - dt.timedelta(days=LOOKED_BACK_DAYS)
    standing = Arrival.objects.filter(touch__day__gte=since, touch__voids__isnull=True, touch__voided_by__isnull=True)
    open_ones = standing.filter(Q(touch__campaign=None) | Q(touch__channel=None))
    groups = (
        open_ones.exclude(utm_source="", utm_medium="", utm_campaign="", utm_content="")
        .order_by()
        .values(*names)
        .annotate(n=Count("pk"), newest=Max("touch__day"), no_campaign=Count("pk", filter=Q(touch__campaign=None)))
        .annotate(no_channel=Count("pk", filter=Q(touch__channel=None)))
        .order_by("-n", *names)[:_LOOKED_AT]
    )
    unknown, waiting = [], 0
    for row in groups:
        words = {name: row[name] for name in names if row[name]}
        meaning = links.meaning(words)
        if links.explains(words):
            waiting += max(row["no_campaign"] * ("campaign_id" in meaning), row["no_channel"] * ("channel_id" in meaning))
        else:
            unknown.append(Unknown(words, row["n"], row["newest"], urlencode(words)))
    rules = UtmRule.objects.select_related("channel", "campaign", "content", "created_by")
    order = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "id")
    return LinksPage(list(rules.order_by(*order)), unknown[:_SHOWN], max(len(unknown) - _SHOWN, 0), waiting)


@dataclass(frozen=True)
class FiltersPage:
    rules: list[FilterRule]
    suggested: list[str]
    runs: list[FilterRun]


def read_filters() -> FiltersPage:
    """Rules, the domains of our own people that no rule names yet, and the last runs."""
    rules = list(FilterRule.objects.select_related("created_by").order_by("reason", "kind", "value"))
    named = {rule.value for rule in rules if rule.kind == FilterRule.Kind.DOMAIN}
    emails = User.objects.filter(is_active=True).values_list("email", flat=True)
    counted = Counter(email.rpartition("@")[2].casefold() for email in emails)
    suggested = [domain for domain, _ in counted.most_common(5) if domain and domain not in named]
    return FiltersPage(rules, suggested, list(FilterRun.objects.select_related("actor").order_by("-pk")[:5]))


@dataclass(frozen=True)
class Preview:
    """What a run would take back: touches in all, by rule, and by campaign, most first."""

    touches: int
    leads: int
    by_rule: list[tuple[str, int]]
    by_campaign: list[tuple[str, int]]


def preview_filters() -> Preview:
    """Touches that several rules name stand under the first of them, so the lines add up to the whole."""
    by_rule: Counter = Counter()
    by_campaign: Counter = Counter()
    seen: set[int] = set()
    leads: set[int] = set()
    for word, condition in load_filters().matching():
        rows = filterable().filter(condition).values_list("pk", "lead_id", "campaign__name", "channel__name").distinct()
        for pk, lead_id, campaign, channel in rows:
            if pk in seen:
                continue
            seen.add(pk)
            leads.add(lead_id)
            by_rule[word] += 1
            by_campaign[campaign or channel or "No campaign"] += 1
    return Preview(len(seen), len(leads - {None}), by_rule.most_common(), by_campaign.most_common(20))

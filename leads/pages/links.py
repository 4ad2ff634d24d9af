"""What the console shows of links and filters. Reads only."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Max, Q

from accounts.models import User
from leads.links import load_links
from leads.models import UTM, Arrival, FilterRule, FilterRun, UtmRule
from leads.touch_filters import load_filters

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
    """Each touch stands under the first rule that names it, so the lines add up to the whole."""
    named = load_filters().named()
    by_rule = Counter(one.rule for one in named)
    by_campaign = Counter(str(one.touch.campaign or one.touch.channel or "No campaign") for one in named)
    leads = {one.touch.lead_id for one in named} - {None}
    return Preview(len(named), len(leads), by_rule.most_common(), by_campaign.most_common(20))

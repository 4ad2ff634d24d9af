"""Where the models of credit differ about what was won, and why; and one deal under all of them."""

import datetime as dt
from dataclasses import replace

from accounts.models import User
from leads.models import Contact, Deal
from leads.queries import visible_deals, visible_leads
from metrics.channel_models import markov_fit, shapley_fit
from metrics.credit_words import MILESTONES, side_by_side, words_of
from metrics.deal_ledger import DealLedger, LedgerTouch, deal_ledger
from metrics.model_comparison import Disagreement, model_comparison
from metrics.returns_frame import ReturnFrame, names_of
from metrics.returns_pages import returns_in
from metrics.series import Snapshot

MOST_ROWS = 30
# A milestone counts as the reason for a difference when a row holds it in that much more of its deals than another.
_TELLING = 0.15


def comparison(snapshot: Snapshot, frame: ReturnFrame, by: str) -> dict:
    """Every row's gross profit under each model, those first on which the models differ most, with the reason."""
    found = returns_in(snapshot, frame, by)
    models = side_by_side(found.models)
    rows = [row for row in model_comparison(snapshot, frame.period, by=by, sales=frame.sales) if any(row.profit.values())]
    names = names_of(by, (row.id for row in rows))
    lines = [_line(row, names.get(row.id, f"No. {row.id}"), models, frame, by) for row in rows]
    lines.sort(key=lambda line: (-line["spread"], line["name"]))
    return {
        "title": _title([line for line in lines if line["id"] > 0], models),
        "models": [(name, words_of(name)) for name in models],
        "lines": lines[:MOST_ROWS],
        "more": max(len(lines) - MOST_ROWS, 0),
        "rest": {
            name: sum(line["profit"][place]["value"] for line in lines[MOST_ROWS:]) for place, name in enumerate(models)
        },
        "total": found.profit,
        "unknown": found.unknown,
        "tops": _tops(lines, models),
    }


def _line(row: Disagreement, name: str, models: tuple[str, ...], frame: ReturnFrame, by: str) -> dict:
    low, high = min(models, key=row.profit.get), max(models, key=row.profit.get)
    spread = row.profit[high] - row.profit[low]
    largest = max((abs(row.profit[model]) for model in models), default=0)
    return {
        "id": row.id,
        "name": name,
        "url": frame.page_url(by, row.id),
        "profit": [
            {
                "value": row.profit[model],
                "rank": row.rank[model],
                "length": round(max(row.profit[model], 0) / largest * 100, 1) if largest else 0,
                "url": replace(frame, model=model).deals_url(by, row.id),
                "words": words_of(model).label,
                "end": ("most" if model == high else "least" if model == low else "") if spread else "",
            }
            for model in models
        ],
        "spread": spread,
        "low": words_of(low),
        "high": words_of(high),
        "why": why(row.roles, low, high) if spread and row.id > 0 else "",
    }


def why(roles: dict[str, float | None], low: str, high: str) -> str:
    """Which milestones its touches hold, in numbers, and which model rewards that."""
    if not roles:
        return ""
    held = [(share or 0, name) for name, share in roles.items()]
    most, least = max(held), min(held)
    if most[0] - least[0] < _TELLING:
        return (
            f"Its touches hold every milestone about equally often; {words_of(high).label} rewards {words_of(high).favours}."
        )
    return (
        f"{_milestone(most[1])} in {most[0]:.0%} of its deals, {_milestone(least[1]).lower()} in {least[0]:.0%}: "
        f"{words_of(high).label} rewards {words_of(high).favours}, {words_of(low).label} {words_of(low).favours}."
    )


def _milestone(name: str) -> str:
    return MILESTONES[name]


def _title(lines: list[dict], models: tuple[str, ...]) -> str:
    """Whether the models agree about what earned most; if not, where they lie furthest apart."""
    if not lines:
        return "Nothing was won in this period"
    best = {
        max(lines, key=lambda line, place=place: (line["profit"][place]["value"], line["name"]))["name"]
        for place in range(len(models))
    }
    if len(best) == 1:
        return f"{best.pop()} earns most under every model"
    return f"{len(best)} different winners, depending on the model"


def _tops(lines: list[dict], models: tuple[str, ...]) -> list[dict]:
    """Best and worst of each model among those that can be named."""
    named = [line for line in lines if line["id"] > 0]
    found = []
    for place, model in enumerate(models):
        ordered = sorted(named, key=lambda line: (-line["profit"][place]["value"], line["name"]))
        if ordered:
            found.append({"model": words_of(model), "best": ordered[0], "value": ordered[0]["profit"][place]["value"]})
    return found


def fitted(snapshot: Snapshot, *, sales: bool) -> list[dict]:
    """The data-driven models over all ways, channel by channel, each shown only where the facts are enough (5.5)."""
    told = (
        ("Markov chain", "What would be missing without the channel.", markov_fit(snapshot, sales=sales)),
        ("Shapley value", "Won deals shared alike by their distinct channels.", shapley_fit(snapshot, sales=sales)),
    )
    names = names_of("channel", (channel.channel for *_, fit in told for channel in fit.channels))
    return [
        {
            "label": label,
            "words": words,
            "fit": fit,
            "channels": [
                (names.get(channel.channel, ""), channel)
                for channel in sorted(fit.channels, key=lambda channel: (-channel.share, channel.channel))
            ],
        }
        for label, words, fit in told
    ]


# --- one deal -------------------------------------------------------------------------------------------------------------


def visible_deal(user: User, pk: int) -> Deal | None:
    return visible_deals(user).select_related("company", "lead__contact", "owner").filter(pk=pk).first()


def ledger_page(snapshot: Snapshot, deal: Deal, user: User, *, sales: bool) -> dict | None:
    """One deal: every touch on its way, what each model gives it, and the sums, which are what was booked.

    None where the deal is in no number yet. Names of people only as far as the reader may open their leads.
    """
    ledger = deal_ledger(snapshot, deal.pk, sales=sales)
    if ledger is None:
        return None
    models = side_by_side(ledger.models) + tuple(name for name in ledger.models if name == "shapley")
    campaigns = names_of("campaign", (touch.campaign for touch in ledger.touches))
    channels = names_of("channel", (touch.channel for touch in ledger.touches))
    contents = names_of("content", (touch.content for touch in ledger.touches))
    people = _people(user, ledger)
    rows = [
        {
            "touch": touch,
            "at": _instant(touch.at),
            "campaign": campaigns.get(touch.campaign, ""),
            "campaign_id": touch.campaign if touch.campaign > 0 else None,
            "channel": channels.get(touch.channel, "") if touch.touch else "",
            "content": contents.get(touch.content, "") if touch.content > 0 else "",
            "kind": touch.kind.replace("_", " "),
            "who": people.get(touch.contact, ""),
            "milestones": [_milestone_then(name, ledger) for name in touch.milestones],
            "shares": [_share(ledger, touch, model) for model in models],
        }
        for touch in ledger.touches
    ]
    return {
        "ledger": ledger,
        "models": [words_of(name) for name in models],
        "rows": rows,
        "sums": [_sums(ledger, model) for model in models],
        "own": ledger.own_revenue if ledger.currency != snapshot.currency else None,
        "title": _ledger_title(ledger, models, campaigns),
    }


def _milestone_then(name: str, ledger: DealLedger) -> str:
    """A milestone with the version of the agreement that was in force when it happened."""
    version = ledger.versions.get(name)
    if version is None:
        return MILESTONES[name]
    return f"{MILESTONES[name]} (version {version})" if version else f"{MILESTONES[name]} (before version 1)"


def _share(ledger: DealLedger, touch: LedgerTouch, model: str) -> dict:
    profit, revenue = touch.profit[model], touch.revenue[model]
    base = ledger.profit if ledger.profit else ledger.revenue
    value = profit if ledger.profit else revenue
    return {"profit": profit, "revenue": revenue, "part": value / base if base and value is not None else None}


def _sums(ledger: DealLedger, model: str) -> dict:
    """What all touches get under a model: it is what was booked, or the page would show that it is not."""

    def added(name: str) -> int | None:
        values = [getattr(touch, name)[model] for touch in ledger.touches]
        return None if None in values else sum(values)

    return {"revenue": added("revenue"), "profit": added("profit")}


def _people(user: User, ledger: DealLedger) -> dict[int, str]:
    ids = {touch.contact for touch in ledger.touches if touch.contact}
    open_to = visible_leads(user).filter(contact_id__in=ids).values("contact_id")
    return dict(Contact.objects.filter(id__in=open_to).values_list("id", "name"))


def _instant(seconds: int) -> dt.datetime | None:
    return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds else None


def _ledger_title(ledger: DealLedger, models: tuple[str, ...], campaigns: dict[int, str]) -> str:
    """How many touches led here, and whether the models see the same campaign in front."""
    real = [touch for touch in ledger.touches if touch.touch]
    if not real:
        return "No touch of marketing is known on the way to this deal"
    ahead = set()
    for model in models:
        by_campaign: dict[int, int] = {}
        for touch in real:
            by_campaign[touch.campaign] = by_campaign.get(touch.campaign, 0) + (touch.revenue[model] or 0)
        ahead.add(max(by_campaign, key=lambda key: (by_campaign[key], -key)))
    touches = f"{len(real)} touch{'es' if len(real) != 1 else ''}"
    if len(ahead) == 1:
        return f"{touches}; {campaigns[ahead.pop()]} in front under every model"
    return f"{touches}; who is in front depends on the model"

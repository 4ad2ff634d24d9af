"""Card G, first form: what each channel earned."""

from dataclasses import replace

from accounts.models import User
from core.templatetags.display import money_short
from metrics.counting import policy_of
from metrics.dashboard import ask, comparable, gap_reason, question_of, year_to
from metrics.definitions import METRICS
from metrics.evaluation import SMALL, answer
from metrics.frame import Frame
from metrics.listing import list_behind
from metrics.plan import monthly_targets, planned
from metrics.questions import name_groups
from metrics.series import Snapshot

MOST_CHANNELS = 5
# Beside wins by name, which need the room of two channels.
MOST_CHANNELS_AND_NAMES = 3
MOST_NAMED = 2


def channels(snapshot: Snapshot, frame: Frame, reader: User) -> dict:
    """Won revenue and gross profit by channel, best first, beside an earlier period.

    With few wins in the period the last twelve months count, and the wins of the period are named, as far as the reader
    may open them (X13).
    """
    in_period = ask(snapshot, frame, "won_deals")["value"]
    asked = frame
    small = in_period < SMALL
    if small and frame.to_date.days < 365:
        year = year_to(frame.to_date.end)
        frame = replace(frame, label="12 months", whole=year, to_date=year, compare="year")
    reaches = comparable(snapshot, frame.before)
    then = {"period": frame.before} if reaches else None
    profit, revenue, deals, before = _by_channel(
        snapshot, frame, ("gross_profit", {}), ("won_revenue", {}), ("won_deals", {}), ("gross_profit", then)
    )
    rows = [
        {
            "key": key,
            "label": row["label"] if key else "No channel",
            "profit": row["value"],
            "before": _then(before, key) if reaches else None,
            "revenue": revenue.get(key, {}).get("value", 0),
            "deals": deals.get(key, {}).get("n", 0),
            "estimated": row.get("estimated", 0),
            "unknown": row.get("unknown", 0),
            "explain": frame.explain_url("gross_profit", channel=key),
            "explain_revenue": frame.explain_url("won_revenue", channel=key),
            "explain_deals": frame.explain_url("won_deals", channel=key),
        }
        # A channel that earned something then and nothing now has its row too.
        for key, row in (_gone(before, profit) | profit).items()
    ]
    rows.sort(key=lambda r: (r["profit"] is None, -(r["profit"] or 0), r["label"]))
    most = MOST_CHANNELS_AND_NAMES if small and in_period else MOST_CHANNELS
    shown = rows if len(rows) <= most else [*rows[: most - 1], _others(rows[most - 1 :])]
    total = {name: _added(rows, name) for name in ("profit", "revenue", "before")}
    total |= {name: sum(row[name] for row in rows) for name in ("deals", "estimated", "unknown")}
    # The plan is the whole company's: it has a mark beside what all channels earned together.
    total["plan"] = None if frame.filters else planned(monthly_targets(snapshot, "gross_profit"), frame.to_date)
    for row in (*shown, total):
        known = row["profit"] is not None and row["before"] is not None
        row["change"] = row["profit"] - row["before"] if known else None
    return {
        "title": _channel_title(snapshot, rows, in_period, frame is not asked),
        "sub": f"Won in {frame.label}, {policy_of(METRICS['won_revenue']).per}"
        + ("; ~ estimated" if total["estimated"] else ""),
        "rows": shown,
        "total": total,
        "reaches": reaches,
        "before_label": frame.before_label if frame is asked else "Year before",
        "no_before": "" if reaches else gap_reason(snapshot),
        "small": small,
        "in_period": in_period,
        "named": _named(snapshot, asked, reader) if small and in_period else None,
        "deals_explain": asked.explain_url("won_deals"),
        "explain": frame.explain_url("gross_profit", by="channel"),
        "scale": max(
            [0, *(row["profit"] or 0 for row in shown), *([total["profit"] or 0, total["plan"]] if total["plan"] else [])]
        ),
    }


def _by_channel(snapshot: Snapshot, frame: Frame, *asked: tuple[str, dict | None]) -> list[dict[str, dict]]:
    """Rows of several metrics by the channel's name, which is looked up once for all; nothing where None is asked."""
    found = [
        [] if more is None else answer(snapshot, question_of(snapshot, frame, key, by="channel", **more))["series"]
        for key, more in asked
    ]
    ids = {row["_id"] for rows in found for row in rows}
    names = {row["own"]: row["key"] for row in name_groups([{"_id": i, "own": i} for i in ids], "channel", snapshot)}
    return [{names[row["_id"]]: row | {"label": names[row["_id"]]} for row in rows} for rows in found]


def _then(before: dict[str, dict], key: str) -> int | None:
    return before[key]["value"] if key in before else 0


def _gone(before: dict[str, dict], now: dict[str, dict]) -> dict[str, dict]:
    return {key: {"label": row["label"], "value": 0} for key, row in before.items() if key not in now}


def _named(snapshot: Snapshot, frame: Frame, reader: User) -> dict:
    """The largest wins of the period by name, and how many more there are."""
    listing = list_behind(
        snapshot, question_of(snapshot, frame, "gross_profit"), reader, limit=MOST_NAMED, largest_first=True
    )
    deals = [
        {"id": row["deal"], "name": row["deal_name"] or row["company"] or "A deal without a name", "profit": row["value"]}
        for row in listing.rows
    ]
    return {"deals": deals, "more": listing.total - len(deals)}


def _others(rows: list[dict]) -> dict:
    found = {"key": "others", "label": f"{len(rows)} others", "explain": "", "explain_revenue": "", "explain_deals": ""}
    for name in ("deals", "estimated", "unknown"):
        found[name] = sum(row[name] for row in rows)
    return found | {name: _added(rows, name) for name in ("profit", "revenue", "before")}


def _added(rows: list[dict], name: str) -> int | None:
    """The sum of what is known; None where rows exist and nothing is."""
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known) if known or not rows else None


def _channel_title(snapshot: Snapshot, rows: list[dict], in_period: int, widened: bool) -> str:
    """Names the best channel only if it stands on enough deals; a small company reads what was won."""
    if not rows:
        return "No deal won in this period yet"
    if widened:
        return f"{_deals(in_period)} won, {sum(row['deals'] for row in rows):,} in 12 months"
    best = rows[0]
    if best["deals"] >= SMALL and best["key"] and best["profit"] is not None:
        return f"{best['label']} earned most: {money_short(best['profit'], snapshot.currency)}"
    total = sum(row["deals"] for row in rows)
    return f"{_deals(total)} won, from {len(rows)} channel{'s' if len(rows) != 1 else ''}"


def _deals(number: int) -> str:
    return f"{number:,} deal{'s' if number != 1 else ''}"

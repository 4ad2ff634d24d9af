"""From words (a URL, an API call, a command line) to a question, and from ids in an answer back to words."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F, QuerySet, Value

from accounts.models import Team, User
from accounts.queries import standing
from campaigns.models import Campaign, Channel
from campaigns.queries import told_apart
from core.errors import DomainError, NotAllowed
from core.periods import Period, bucket_of, parse_day
from funnel.models import Region, Segment
from metrics import codes
from metrics.credit import SALES_SOURCED, UNATTRIBUTED
from metrics.definitions import METRICS, Basis, Kind, Metric
from metrics.evaluation import OTHERS
from metrics.segments import LAYOUTS
from metrics.select_returns import OF_TOUCH
from metrics.selection import BY_DIMENSION, BY_TIME, Question
from metrics.series import Snapshot

MAX_HORIZON = 3_650
_TABLES = {"channel": Channel, "campaign": Campaign, "segment": Segment, "region": Region, "team": Team}


def _named(table: str) -> QuerySet:
    """Rows of a dimension's table with `word`, the one word that names each of them."""
    return told_apart() if table == "campaign" else _TABLES[table].objects.annotate(word=F("name"))


# What stands in place of a channel or campaign where no touch earned the credit.
NOBODY = {UNATTRIBUTED: ("unattributed", "No touch on the way"), SALES_SOURCED: ("sales_sourced", "Started by sales")}
_WORDS = {"origin": codes.ORIGINS, "kind": codes.DEAL_KINDS}
PARAMETERS = ("from", "to", "at", "stage", "to_stage", "horizon", "by", "as_of", *BY_DIMENSION)


@dataclass(frozen=True)
class Reader:
    """Whose single figures a reader may tell apart: None is everybody's (the command line acts as administrator)."""

    people: frozenset[int] | None = None


def reader_of(user: User) -> Reader:
    """Architecture 5: rep, oneself; team lead, the own team; funnel owner and administrator, all."""
    rights = standing(user)
    match rights.figures_scope:
        case "all":
            return Reader(None)
        case "team":
            team = User.objects.filter(memberships__team_id__in=rights.led_team_ids).values_list("id", flat=True)
            return Reader(frozenset(team) | {user.id})
        case "self":
            return Reader(frozenset({user.id}))
    return Reader(frozenset())


def metric_named(key: str) -> Metric:
    if key not in METRICS:
        raise DomainError("metric_unknown", f"There is no metric “{key[:60]}”. See docs/metrics.md.", field="key")
    return METRICS[key]


def read_question(
    key: str, params: Mapping[str, str | list[str]], *, snapshot: Snapshot, now: dt.datetime, reader: Reader
) -> Question:
    """The question in a set of parameters; DomainError names the one that is wrong.

    Without dates: the fiscal quarter to date, or today for a stock. `from` and `to` are half-open; `at` is the end of a day.
    """
    metric = metric_named(key)
    for name in params:
        if name not in PARAMETERS:
            raise DomainError("parameter_unknown", f"Unknown parameter “{name[:40]}”.", field=name[:40])
    if not snapshot.book:
        raise DomainError("stages_missing", "No stages are set up yet, so there is nothing to count.")
    as_of = _instant(_one(params, "as_of"), snapshot) if params.get("as_of") else None
    today = snapshot.calendar.day_of(as_of or now)
    period, at = _days(metric, params, today, snapshot.year_start)
    horizon = _integer(params, "horizon", 0, MAX_HORIZON)
    by = _one(params, "by") or None
    if by is not None and by not in (*BY_DIMENSION, *BY_TIME):
        raise DomainError("by_unknown", f"by is one of: {', '.join((*BY_TIME, *BY_DIMENSION))}.", field="by")
    if by in BY_TIME and period is None:
        raise DomainError("period_missing", "A breakdown by time needs from and to.", field="from")
    _refuse_foreign(metric, params)
    last = last_day(period, at, today)
    if metric.fact == "deal_span" and params.get("stage") in ("", [""]):
        stage = 0  # the group of deals without a lead
    else:
        stage = _stage(metric.stage, params, "stage", snapshot, last)
    to_stage = _stage(metric.to_stage, params, "to_stage", snapshot, last)
    return Question(
        key=key,
        today=today,
        period=period,
        at=at,
        stage=stage,
        to_stage=to_stage,
        horizon=horizon,
        where=_where(params, snapshot, reader, skip_stage=metric.stage != ""),
        by=by,
        as_of=as_of,
    )


def _refuse_foreign(metric: Metric, params) -> None:
    """What a metric's facts don't carry can't filter it: silently left out, it would make a wrong number look right."""
    carried = set(LAYOUTS[metric.fact]) | ({"stage"} if metric.stage or metric.fact == "deal_span" else set())
    if metric.fact == "touch":
        carried -= {"kind"}  # of contacts; the dimension is a deal's
    if metric.fact == "path":
        carried |= set(LAYOUTS["deal"])  # channel and campaign are the touch's, all else its deal's
    carried -= set(metric.lacks)
    refused = {name: f"be filtered by {name}" for name in BY_DIMENSION if name not in carried}
    if not metric.to_stage:
        refused["to_stage"] = "take a second stage"
    if metric.kind != Kind.CONVERSION:
        refused["horizon"] = "take a horizon"
    for name, words in refused.items():
        if params.get(name) is not None and (name in BY_DIMENSION or _one(params, name)):
            raise DomainError("parameter_foreign", f"{metric.label} can't {words}.", field=name)


def _one(params, name: str) -> str:
    value = params.get(name, "")
    if isinstance(value, (list, tuple)):
        if len(value) > 1:
            raise DomainError("repeated", f"{name} is given more than once.", field=name)
        value = value[0] if value else ""
    return value


def _integer(params, name: str, low: int, high: int) -> int | None:
    text = _one(params, name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not low <= int(text) <= high:
        raise DomainError("number_invalid", f"{name} is a whole number from {low} to {high}.", field=name)
    return int(text)


def _instant(text: str, snapshot: Snapshot) -> dt.datetime:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise DomainError(
            "date_invalid", f"“{text[:40]}” is not an instant. Write 2026-08-31T18:00.", field="as_of"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=snapshot.calendar.zone_on(at.date()))


def _days(metric: Metric, params, today: dt.date, year_start: int) -> tuple[Period | None, dt.date | None]:
    start, end, at = (_one(params, name) for name in ("from", "to", "at"))
    if at and (start or end):
        raise DomainError("period_or_day", "Give either from and to, or at.", field="at")
    if at and metric.basis != Basis.INSTANT:
        raise DomainError("period_wanted", f"{metric.label} is asked for a period: give from and to.", field="at")
    period = None
    if start or end:
        first = _day(start, "from") if start else bucket_of(today, "quarter", year_start=year_start).start
        last = _day(end, "to") if end else today + dt.timedelta(days=1)
        period = Period(first, last)
    if metric.basis == Basis.INSTANT:
        if at:
            return None, _day(at, "at")
        # A stock asked for a period is the one at its end, and may be cut into buckets.
        day = min(period.end - dt.timedelta(days=1), today) if period and period.days else today
        return period, day
    quarter = bucket_of(today, "quarter", year_start=year_start).start
    return period or Period(quarter, today + dt.timedelta(days=1)), None


def _day(text: str, name: str) -> dt.date:
    """A day with room on both sides for the arithmetic of periods."""
    day = parse_day(text, field=name)
    if not 1900 <= day.year < 3000:
        raise DomainError("date_invalid", f"{name} lies between 1900 and 2999.", field=name)
    return day


def last_day(period: Period | None, at: dt.date | None, today: dt.date) -> dt.date:
    """The day whose agreement says which stage a milestone is: the last one asked for that has come.

    So a closed period goes on meaning what it meant when another stage is given the milestone later.
    """
    if at is not None:
        return min(at, today)
    return min(period.end - dt.timedelta(days=1), today) if period else today


def _stage(rule: str, params, name: str, snapshot: Snapshot, day: dt.date) -> int | None:
    """The stage that is meant: the one given, else the one that carried the metric's milestone on the day."""
    given = _one(params, name)
    version = snapshot.book.on(day)
    if given:
        found = snapshot.book.stage_keys().get(given)
        if found is None:
            keys = ", ".join(s.key for s in sorted(version.stages.values(), key=lambda s: s.position))
            raise DomainError("stage_unknown", f"There is no stage “{given[:40]}”. Use one of: {keys}.", field=name)
        return found
    if rule in ("", "*"):
        return None
    if rule == "?":
        raise DomainError("stage_missing", f"Say which stage: {name}.", field=name)
    found = version.of_kind("detour") if rule == "detour" else version.milestone(rule)
    if found is None:
        raise NotApplicable(rule)
    return found.id


class NotApplicable(DomainError):
    """The metric speaks of a milestone that no stage carries; never guessed (architecture 4)."""

    def __init__(self, milestone: str):
        super().__init__("not_applicable", f"No stage carries the milestone {milestone}, so this can't be counted.")


def _where(params, snapshot: Snapshot, reader: Reader, *, skip_stage: bool) -> tuple[tuple[str, tuple[int, ...]], ...]:
    found = []
    for name in BY_DIMENSION:
        if name == "stage" and skip_stage:
            continue
        values = params.get(name)
        if values is None:
            continue
        values = values if isinstance(values, (list, tuple)) else [values]
        ids = tuple(sorted({_value(name, value, snapshot, reader) for value in values}))
        found.append((name, ids))
    return tuple(found)


def _value(name: str, value: str, snapshot: Snapshot, reader: Reader) -> int:
    """The id behind a word: a name, a stage key, a person's id or e-mail address; "" is the unknown group."""
    value = value.strip()
    if "\x00" in value:
        raise DomainError("value_invalid", f"{name} holds a character that is not text.", field=name)
    if value == "" and name not in _WORDS:
        return 0
    if name in _TABLES:
        found = _named(name).filter(word=value).values_list("id", flat=True).first()
        if found is None and name in OF_TOUCH:
            found = next((key for key, (word, _) in NOBODY.items() if word == value), None)
        if found is None and name == "campaign":
            namesakes = told_apart().filter(name=value).order_by("word").values_list("word", flat=True)
            if words := ", ".join(f"“{word}”" for word in namesakes[:5]):
                raise DomainError("value_ambiguous", f"Several campaigns have this name. Say which: {words}.", field=name)
    elif name in _WORDS:
        found = _WORDS[name].index(value) if value in _WORDS[name] else None
    elif name == "stage":
        found = snapshot.book.stage_keys().get(value)
    elif name in ("tier", "reason"):
        found = codes.text_code(value)
    else:
        people = (
            User.objects.filter(id=value)
            if value.isascii() and value.isdigit() and len(value) < 10
            else User.objects.filter(email__iexact=value)
        )
        found = people.values_list("id", flat=True).first()
        if found is not None and reader.people is not None and found not in reader.people:
            raise NotAllowed("person_figures", "You may not see this person's figures one by one.", field="owner")
    if found is None:
        raise DomainError("value_unknown", f"There is no {name} “{value[:60]}”.", field=name)
    return found


def name_groups(rows: list[dict], by: str, snapshot: Snapshot) -> list[dict]:
    """Rows of a breakdown by dimension with their words: key and label, sorted by key; no id leaves the product."""
    ids = [row["_id"] for row in rows]
    if by in _TABLES:
        names = dict(_named(by).filter(id__in=ids).values_list("id", "word"))
        words = {i: (name, name) for i, name in names.items()}
    elif by == "owner":
        words = {u.id: (str(u.id), u.name or u.email) for u in User.objects.filter(id__in=ids)}
    elif by == "stage":
        keys = {i: key for key, i in snapshot.book.stage_keys().items()}
        words = {i: (keys[i], snapshot.book.name_of(i)) for i in ids if i in keys}
    elif by == "reason":
        words = reason_words(snapshot)
    elif by == "tier":
        words = {codes.text_code(tier): (tier, tier) for tier in _tiers()}
    else:
        words = {i: (word, word.capitalize()) for i, word in enumerate(_WORDS[by])}
    if by not in _WORDS:
        words |= {0: ("", {"stage": "No lead", "reason": "No reason"}.get(by, "Unknown"))}
    words[OTHERS] = ("others", "Other people")
    if by in OF_TOUCH:
        words |= NOBODY
    named = []
    for row in rows:
        key, label = words.get(row["_id"], (str(row["_id"]), str(row["_id"])))
        named.append({name: value for name, value in row.items() if name != "_id"} | {"key": key, "label": label})
    return sorted(named, key=lambda row: row["key"])


def reason_words(snapshot: Snapshot) -> dict[int, tuple[str, str]]:
    """Key and wording of every agreed reason by its code; the newest wording of each."""
    agreed = [use for version in snapshot.book.versions for use in version.reasons.values()]
    return {codes.text_code(key): (key, label) for use in agreed for key, label in use.items()}


def filter_choices() -> dict[str, dict[str, int]]:
    """Names that the filters of a page may take with their ids, by dimension: one query. Retired teams are left out."""
    parts = [
        (_named(name).filter(retired=False) if name == "team" else _named(name))
        .annotate(dimension=Value(name))
        .values_list("dimension", "word", "id")
        for name in _TABLES
    ]
    found: dict[str, dict[str, int]] = {name: {} for name in _TABLES}
    for dimension, word, key in sorted(parts[0].union(*parts[1:], all=True)):
        found[dimension][word] = key
    return found


def _tiers() -> list[str]:
    from leads.models import Lead  # noqa: PLC0415 - only this breakdown needs the table

    return list(Lead.objects.exclude(tier="").values_list("tier", flat=True).distinct())

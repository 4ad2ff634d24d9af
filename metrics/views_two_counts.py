"""Two counts, one list, and one criterion moved: a page of links, so that every state of it has an address."""

import datetime as dt
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from core.csv_out import csv_answer
from core.errors import DomainError
from metrics import criterion as criteria
from metrics import two_counts as counting
from metrics.counted_leads import Counted, counted_leads
from metrics.frame import FILTERS, Frame, period_choices, read_frame, read_page
from metrics.questions import filter_choices
from metrics.series import Snapshot, current

PAGE = 50
EXPORT_LIMIT = 200_000
COLUMNS = ("lead", "name", "company", "channel", "day", "stage_name", "since", "state_label", "why", "score")
HEADS = ("lead", "name", "company", "channel", "day", "stage", "in stage since", "state", "reason", "score")


@require_safe
@requires(Perm.SEE_NUMBERS)
def two_counts(request: HttpRequest) -> HttpResponse:
    """What marketing counts, what sales has taken on of it, the leads in between; and what one criterion more would do."""
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    choices = filter_choices()
    frame = _frame(snapshot, request, choices)
    counts = counting.two_counts(snapshot, frame)
    if counts is None:
        return render(request, "metrics/two_counts_none.html", {"frame": frame})
    context = _head(request, snapshot, frame, choices) | _counts(request, snapshot, frame, counts)
    context |= _criterion(request, snapshot, frame, counts, choices)
    part = request.GET.get("part") or "between"
    selection = _part(counts, context["moved"], part)
    if selection is None:
        part, selection = "between", counts.part("between")
    page = read_page(request.GET)
    found = counted_leads(snapshot, counts, selection, request.user, offset=(page - 1) * PAGE, limit=PAGE)
    mine = found.total - found.hidden
    context |= {
        "part": part,
        "part_label": _part_label(counts, part),
        "found": found,
        "page": page,
        "pages": max((mine + PAGE - 1) // PAGE, 1),
        "csv": f"{reverse('two_counts_csv')}?{_query(request, part=part, page=None)}",
    }
    return render(request, "metrics/two_counts.html", context, status=422 if context["error"] else 200)


def _frame(snapshot: Snapshot, request: HttpRequest, choices) -> Frame:
    today = snapshot.calendar.day_of(dt.datetime.now(dt.UTC))
    return read_frame(snapshot, request.GET, today=today, choices=choices)


def _head(request: HttpRequest, snapshot: Snapshot, frame: Frame, choices) -> dict:
    kept = ("by", "rule", "least")
    return {
        "frame": frame,
        "when": "the last 12 months" if frame.choice == "12m" else frame.label,
        "periods": [(value, label) for value, label, _ in period_choices(snapshot, frame.today)],
        "filters": [(name, name.capitalize(), choices[name], dict(frame.filters).get(name)) for name in FILTERS],
        "more_open": any(name in dict(frame.filters) for name in FILTERS[2:]),
        "kept": [(name, request.GET[name]) for name in kept if request.GET.get(name)]
        + [("one", value) for value in request.GET.getlist("one")],
        "scope": [("period", frame.choice), *frame.filters],
        "currency": snapshot.currency,
        "written_at": snapshot.written_at,
        "zone": snapshot.calendar.zone_on(frame.today),
    }


def _counts(request: HttpRequest, snapshot: Snapshot, frame: Frame, counts: counting.Counts) -> dict:
    by = request.GET.get("by") if request.GET.get("by") in counting.BY else "channel"
    names = {"mql": counts.mql.name, "sal": counts.sal.name, "days": _days(counts)}
    whole = counts.size("mql")
    states = [
        {"key": key, "label": label, "words": words.format(**names), "n": counts.size(key), "url": _part_url(request, key),
         "share": counts.size(key) / whole if whole else None}
        for key, label, words in counting.STATES
    ]  # fmt: skip
    rows = counting.by_dimension(snapshot, counts, by)
    for row in rows:
        row["url"] = "" if row["key"] is None or not row["key"] else f"?{_query(request, **{by: row['key']}, page=None)}"
    return {
        "counts": counts,
        "title": counting.finding(counts),
        "sizes": {key: counts.size(key) for key in ("mql", "taken", "between", "sal", *counting.SALES_FROM)},
        "urls": {key: _part_url(request, key) for key in ("mql", "taken", "between", "sal", *counting.SALES_FROM)},
        "taken_width": f"{counts.size('taken') / whole * 100:.2f}%" if whole else "0%",
        "taken": states[: len(counting.TAKEN)],
        "between": states[len(counting.TAKEN) :],
        "explain_mql": frame.explain_url("first_reach", stage=counts.mql.key),
        "explain_sal": frame.explain_url("first_reach", stage=counts.sal.key),
        "by": by,
        "bys": [(name, name.capitalize(), f"?{_query(request, by=name, page=None)}#groups") for name in counting.BY],
        "groups": rows,
    }


def _days(counts: counting.Counts) -> str:
    return "–" if counts.mql.target_days is None else f"{float(counts.mql.target_days):g}"


def _criterion(request: HttpRequest, snapshot: Snapshot, frame: Frame, counts: counting.Counts, choices) -> dict:
    """The second half of the page; an error keeps what was typed."""
    error, moved = "", None
    try:
        wanted = criteria.read_criterion(request.GET, choices)
        if wanted is not None and len(counts.marketing):
            moved = criteria.move(snapshot, frame, counts, wanted)
    except DomainError as problem:
        error = problem.message
    rule = request.GET.get("rule") if request.GET.get("rule") in criteria.KINDS else "score"
    return {
        "rule": rule,
        "rules": [
            (key, label, f"?{_query(request, rule=key, least=None, one=None, part=None, page=None)}#criterion")
            for key, label in criteria.KINDS.items()
        ],
        "options": choices.get(rule, ()) if rule in criteria.NAMED else (),
        "picked": request.GET.getlist("one"),
        "least": request.GET.get("least", ""),
        "error": error,
        "moved": moved,
        "moved_title": criteria.finding(moved, counts.mql.name, snapshot.currency) if moved else "",
        "cautions": criteria.cautions(moved, counts.mql.name) if moved else [],
        "moved_urls": {key: _part_url(request, key) for key in criteria.PARTS},
    }


def _part(counts: counting.Counts, moved: criteria.Moved | None, key: str):
    return moved.selections[key] if moved and key in moved.selections else counts.part(key)


def _part_label(counts: counting.Counts, key: str) -> str:
    mql, sal = counts.mql.name, counts.sal.name
    words = {
        "mql": f"Marketing’s count: {mql}",
        "taken": "Accepted or contacted by sales",
        "between": "In between",
        "sal": f"Sales’ own count: {sal} in the period",
        "sal_same": "In both counts",
        "sal_other": f"{sal} now, {mql} in another period",
        "sal_own": f"Never {mql}: sales started them",
        "kept": f"Would stay {mql}",
        "out": "Would drop out",
        "out_won": "Would drop out, won",
        "out_open": "Would drop out, open",
        "out_lost": "Would drop out, lost or disqualified",
        "in": "Would come in",
    }
    return words.get(key) or next(label for name, label, _ in counting.STATES if name == key)


def _query(request: HttpRequest, **changes) -> str:
    """The address's parameters with some of them changed; None takes one out."""
    found = {name: request.GET.getlist(name) for name in request.GET} | {
        name: [value] for name, value in changes.items() if value is not None
    }
    gone = {name for name, value in changes.items() if value is None}
    return urlencode({name: values for name, values in found.items() if name not in gone and any(values)}, doseq=True)


def _part_url(request: HttpRequest, key: str) -> str:
    return f"?{_query(request, part=key, page=None)}#list"


@require_safe
@requires(Perm.SEE_LEADS)
def two_counts_csv(request: HttpRequest) -> HttpResponse:
    """The leads behind a number as CSV: the ones this reader may open."""
    snapshot = current()
    counts = None
    if snapshot.book:
        choices = filter_choices()
        frame = _frame(snapshot, request, choices)
        counts = counting.two_counts(snapshot, frame)
    if counts is None:
        raise Http404
    context = _criterion(request, snapshot, frame, counts, choices)
    key = request.GET.get("part", "between")
    part = _part(counts, context["moved"], key)
    if part is None:
        raise Http404
    found = counted_leads(snapshot, counts, part, request.user, limit=EXPORT_LIMIT)
    return csv_answer(f"two-counts-{key}", _lines(_part_label(counts, key), frame, found))


def _lines(label: str, frame: Frame, found: Counted):
    scope = " · ".join([label, frame.label, *(f"{name} {value}" for name, value in frame.filters)])
    yield [f"{scope}; {found.total} leads, {found.hidden} not shown to you"]
    yield HEADS
    for row in found.rows:
        yield [_cell(row[name]) for name in COLUMNS]


def _cell(value):
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="minutes")
    return value.isoformat() if isinstance(value, dt.date) else value

"""The joint dashboard, its cards one by one, and the two views of a pair of stages."""

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from accounts.queries import funnel_owner, standing
from core.csv_out import csv_answer
from core.errors import DomainError
from metrics.dashboard_cards import BY_NAME, Board, rendered
from metrics.dashboard_pair import VIEWS, chosen_line, pair, pair_question, path_of, read_pair, read_view
from metrics.frame import COMPARISONS, FILTERS, Frame, period_choices, read_frame, read_page
from metrics.pair_leads import leads_of
from metrics.questions import filter_choices
from metrics.series import Snapshot, current

# Leads of a line between two views: a page, and the most that a file holds.
PAGE, EXPORT_LIMIT = 50, 200_000


@require_safe
@requires(Perm.SEE_NUMBERS)
def dashboard(request: HttpRequest) -> HttpResponse:
    """The joint dashboard: one page, the same numbers for both teams.

    A large company's page comes with the cards that are kept and asks for the others; `whole` asks for all with the page.
    """
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    choices = filter_choices()
    board = _board(request, snapshot, choices)
    cards = rendered(board, BY_NAME.values(), compute=board.at_once or "whole" in request.GET)
    context = _context_bar(snapshot, board.frame, choices) | {
        "cards": cards,
        "waiting": any("data-waits" in card for card in cards),
        "whole": board.frame.query(whole="1"),
        "role": _role_words(request.user),
    }
    return render(request, "metrics/dashboard.html", context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def card(request: HttpRequest, name: str) -> HttpResponse:
    """One card of the dashboard under the filters of the address."""
    snapshot = current()
    if name not in BY_NAME or not snapshot.book:
        raise Http404
    [html] = rendered(_board(request, snapshot, filter_choices()), [BY_NAME[name]], compute=True)
    return HttpResponse(html)


@require_safe
@requires(Perm.SEE_NUMBERS)
def funnel_pair(request: HttpRequest) -> HttpResponse:
    """Cohort and period view of any two stages, with the rule that each one counts by."""
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    choices = filter_choices()
    frame = _frame(request, snapshot, choices)
    start, end = request.GET.get("from_stage", ""), request.GET.get("to_stage", "")
    view = read_view(request.GET.get("view", ""))
    context = _context_bar(snapshot, frame, choices) | {
        "path": path_of(snapshot),
        "from_stage": start,
        "to_stage": end,
        "views": VIEWS,
        "view": view,
        "dashboard": frame.query(),
        "role": _role_words(request.user),
    }
    try:
        first, last = read_pair(snapshot, start, end)
    except DomainError as error:
        return render(request, "metrics/pair.html", context | {"error": error}, status=422)
    context |= {"start": first, "end": last, "from_stage": first.key, "to_stage": last.key}
    context["pair"] = found = pair(snapshot, frame, first, last, view)
    part = request.GET.get("part", "")
    line = chosen_line(found["bridges"], part)
    if line is not None:
        page = read_page(request.GET)
        question = pair_question(snapshot, frame, first, last)
        listing = leads_of(snapshot, question, line, request.user, offset=(page - 1) * PAGE, limit=PAGE)
        pages = max((listing.total - listing.hidden + PAGE - 1) // PAGE, 1)
        context |= {"part": part, "line": line, "listing": listing, "page": page, "pages": pages}
    return render(request, "metrics/pair.html", context)


@require_safe
@requires(Perm.SEE_LEADS)
def funnel_pair_csv(request: HttpRequest) -> HttpResponse:
    """The leads of a line between two views of a pair as CSV: those that this reader may open."""
    snapshot = current()
    if not snapshot.book:
        raise Http404
    frame = _frame(request, snapshot, filter_choices())
    try:
        first, last = read_pair(snapshot, request.GET.get("from_stage", ""), request.GET.get("to_stage", ""))
    except DomainError as error:
        raise Http404 from error
    found = pair(snapshot, frame, first, last, read_view(request.GET.get("view", "")))
    line = chosen_line(found["bridges"], request.GET.get("part", ""))
    if line is None:
        raise Http404
    listing = leads_of(snapshot, pair_question(snapshot, frame, first, last), line, request.user, limit=EXPORT_LIMIT)
    scope = " · ".join(
        [f"{first.name} to {last.name}: {line.words}", frame.label, *(f"{name} {value}" for name, value in frame.filters)]
    )
    lines = [[f"{scope}; {listing.total} leads, {listing.hidden} not shown to you"]]
    lines.append(["lead", "name", "company", f"reached {first.name}", f"reached {last.name}", "stage", "owner"])
    for row in listing.rows:
        stage = row["stage"].name if row["stage"] else ""
        lines.append([row["lead"], row["name"], row["company"], row["start"], row["end"], stage, row["owner"]])
    return csv_answer(f"{first.key}-to-{last.key}", lines)


def _board(request: HttpRequest, snapshot: Snapshot, choices) -> Board:
    owner = funnel_owner()
    return Board(snapshot, _frame(request, snapshot, choices), request.user, str(owner) if owner else "")


def _frame(request: HttpRequest, snapshot: Snapshot, choices) -> Frame:
    today = snapshot.calendar.day_of(dt.datetime.now(dt.UTC))
    return read_frame(snapshot, request.GET, today=today, choices=choices)


def _context_bar(snapshot: Snapshot, frame: Frame, choices) -> dict:
    chosen = dict(frame.filters)
    return {
        "frame": frame,
        "periods": [(value, label) for value, label, _ in period_choices(snapshot, frame.today)],
        "comparisons": COMPARISONS,
        "filters": [(name, name.capitalize(), choices[name], chosen.get(name)) for name in FILTERS],
        "more_open": any(name in chosen for name in FILTERS[1:]),
        "written_at": snapshot.written_at,
        "zone": snapshot.calendar.zone_on(frame.today),
    }


def _role_words(user) -> str:
    return ", ".join(sorted(role.label for role in standing(user).roles))

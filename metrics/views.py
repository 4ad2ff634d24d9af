"""Pages of numbers: the joint dashboard and the explanation of every number."""

import csv
import datetime as dt
import hashlib

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import Perm, requires
from accounts.queries import funnel_owner, standing
from core.csv_out import safe_cell
from core.errors import DomainError
from core.queries import organisation
from metrics import dashboard as cards
from metrics import movement
from metrics.answers import snapshot_for
from metrics.explain import explain as explain_number
from metrics.explain import scope_words
from metrics.frame import FILTERS, Frame, period_choices, read_frame
from metrics.listing import list_behind
from metrics.questions import NotApplicable, filter_choices, metric_named, read_question, reader_of
from metrics.selection import BY_DIMENSION
from metrics.series import Snapshot, current

PAGE = 50
EXPORT_LIMIT = 200_000
CACHE_SECONDS = 3_600


@require_safe
@requires(Perm.SEE_NUMBERS)
def dashboard(request: HttpRequest) -> HttpResponse:
    """The joint dashboard: one page, the same numbers for both teams."""
    snapshot = current()
    company = organisation()
    if not snapshot.book:
        return render(request, "metrics/empty.html", {"company": company})
    now = dt.datetime.now(dt.UTC)
    choices = filter_choices()
    frame = read_frame(snapshot, request.GET, today=snapshot.calendar.day_of(now), choices=choices)
    # What a board shows depends on the generation, the day and the frame, never on the reader.
    owner = funnel_owner()
    shown = (owner.id if owner else 0, snapshot.epoch, snapshot.generation, snapshot.written_at, frame)
    key = _cache_key(repr(shown))
    board = cache.get(key)
    if board is None:
        board = render_to_string("metrics/board.html", _board(snapshot, frame, owner))
        cache.set(key, board, CACHE_SECONDS)
    context = {
        "board": board,
        "frame": frame,
        "periods": [(value, label) for value, label, _ in period_choices(snapshot, frame.today)],
        "filters": [(name, name.capitalize(), choices[name], dict(frame.filters).get(name)) for name in FILTERS],
        "more_open": any(name in dict(frame.filters) for name in FILTERS[2:]),
        "company": company,
        "written_at": snapshot.written_at,
        "zone": snapshot.calendar.zone_on(frame.today),
        "role": _role_words(request.user),
    }
    return render(request, "metrics/dashboard.html", context)


def _cache_key(text: str) -> str:
    """Cache keys are short plain ASCII; names of channels may be neither."""
    return f"board:{hashlib.sha256(text.encode()).hexdigest()}"


def _board(snapshot: Snapshot, frame: Frame, owner: User | None) -> dict:
    return {
        "owner": str(owner) if owner else "",
        "frame": frame,
        "currency": snapshot.currency,
        "one": cards.one_number(snapshot, frame),
        "run": cards.profit_run(snapshot, frame),
        "funnel": cards.funnel(snapshot, frame),
        "channels": cards.channels(snapshot, frame),
        "trend": movement.trend(snapshot, frame),
        "ageing": movement.ageing(snapshot, frame),
        "changes": movement.changes(snapshot, frame),
    }


def _role_words(user) -> str:
    return ", ".join(sorted(role.label for role in standing(user).roles))


def _asked(request: HttpRequest) -> dict[str, list[str]]:
    return {name: request.GET.getlist(name) for name in request.GET if name != "page"}


@require_safe
@requires(Perm.SEE_NUMBERS)
def explain(request: HttpRequest, key: str) -> HttpResponse:
    """Explain one number: a drawer for htmx, a page of its own otherwise."""
    params = _asked(request)
    try:
        metric_named(key)
        snapshot = snapshot_for(params)
        reader = reader_of(request.user)
        question = read_question(key, params, snapshot=snapshot, now=dt.datetime.now(dt.UTC), reader=reader)
        page = _page(request)
        drawer = bool(request.headers.get("HX-Request"))
        found = explain_number(
            snapshot,
            question,
            reader=reader,
            user=request.user,
            filters=_filters(params),
            offset=0 if drawer else (page - 1) * PAGE,
            limit=10 if drawer else PAGE,
        )
    except DomainError as error:
        status = 404 if error.code == "metric_unknown" else error.status if not isinstance(error, NotApplicable) else 200
        return render(request, _template(request, "explain_error"), {"error": error}, status=status)
    mine = found.listing.total - found.listing.hidden
    context = {
        "found": found,
        "query": request.GET.copy(),
        "currency": snapshot.currency,
        "address": request.get_full_path(),
        "mine": mine,
        "page": page,
        "pages": max((mine + PAGE - 1) // PAGE, 1),
        "role": _role_words(request.user),
    }
    return render(request, _template(request, "explain"), context)


def _template(request: HttpRequest, name: str) -> str:
    return f"metrics/{name}.html" if request.headers.get("HX-Request") else f"metrics/{name}_page.html"


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:7]) else 1


def _filters(params: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: values for name, values in params.items() if name in BY_DIMENSION and name != "stage"}


class _Echo:
    """A file that hands back what is written, so that csv can stream."""

    def write(self, value):
        return value


@require_safe
@requires(Perm.SEE_LEADS)
def explain_csv(request: HttpRequest, key: str) -> HttpResponse:
    """The rows behind a number as CSV: the ones this reader may open."""
    params = _asked(request)
    try:
        metric_named(key)
        snapshot = snapshot_for(params)
        reader = reader_of(request.user)
        question = read_question(key, params, snapshot=snapshot, now=dt.datetime.now(dt.UTC), reader=reader)
    except DomainError as error:
        return render(request, "metrics/explain_error_page.html", {"error": error}, status=error.status)
    listing = list_behind(snapshot, question, request.user, limit=EXPORT_LIMIT)
    columns = list(listing.rows[0]) if listing.rows else ["lead", "name", "company", "day"]
    writer = csv.writer(_Echo())
    scope = scope_words(snapshot, question, _filters(params))
    head = [[f"{key}: {scope}; {listing.total} rows, {listing.hidden} not shown to you"], columns]
    lines = (writer.writerow([safe_cell(cell) for cell in row]) for row in head)
    body = (writer.writerow([safe_cell(row.get(name)) for name in columns]) for row in listing.rows)
    response = StreamingHttpResponse(_chain("\ufeff", lines, body), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}.csv"'
    return response


def _chain(first: str, *parts):
    yield first
    for part in parts:
        yield from part

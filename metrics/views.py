"""The explanation of every number: a drawer, a page and the rows behind it."""

import datetime as dt
from itertools import chain

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from accounts.queries import standing
from core.csv_out import csv_answer
from core.errors import DomainError
from metrics.answers import snapshot_for
from metrics.explain import explain as explain_number
from metrics.explain import scope_words
from metrics.frame import read_page
from metrics.listing import list_behind
from metrics.questions import NotApplicable, metric_named, read_question, reader_of
from metrics.selection import BY_DIMENSION

PAGE = 50
EXPORT_LIMIT = 200_000


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
        page = read_page(request.GET)
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


def _filters(params: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: values for name, values in params.items() if name in BY_DIMENSION and name != "stage"}


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
    scope = scope_words(snapshot, question, _filters(params))
    head = [[f"{key}: {scope}; {listing.total} rows, {listing.hidden} not shown to you"], columns]
    return csv_answer(key, chain(head, ([row.get(name) for name in columns] for row in listing.rows)))

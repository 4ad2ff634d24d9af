"""The page that says whether the numbers are up to date and the data behind them sound, and the same for machines."""

import datetime as dt
from urllib.parse import urlencode

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Perm, public, requires
from accounts.queries import has_perm
from core.outbox import try_again
from metrics.health import data_checks, machinery, trouble
from metrics.series import current


@require_safe
@requires(Perm.SEE_NUMBERS)
def health(request: HttpRequest) -> HttpResponse:
    """Machinery first, then every data-quality check, worst first."""
    snapshot = current()
    now = dt.datetime.now(dt.UTC)
    checks = [
        {
            "metric": check.metric,
            "answer": check.answer,
            "state": check.state,
            "url": f"{reverse('explain', args=[check.metric.key])}?{urlencode(check.params)}",
        }
        for check in data_checks(snapshot, now)
    ]
    context = {
        "machinery": machinery(now),
        "trouble": trouble(),
        "may_administer": has_perm(request.user, Perm.ADMINISTER),
        "checks": checks,
        "zone": snapshot.calendar.zone_at(now),
    }
    return render(request, "metrics/health.html", context)


@require_POST
@requires(Perm.ADMINISTER)
def message_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message again that was given up, or of which nobody knows whether it went out."""
    try_again(message_id=pk, now=dt.datetime.now(dt.UTC))
    return redirect("health")


@public
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """For machines. 200 while everything runs, else 503 with the names of the parts that do not.

    With `?live` only whether this process answers and reaches its database: what a supervisor that could start nothing but
    this process should ask.
    """
    try:
        if "live" in request.GET:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return JsonResponse({"status": "ok", "failing": []})
        failing = machinery(dt.datetime.now(dt.UTC)).failing
    except DatabaseError:
        failing = ["database"]
    return JsonResponse({"status": "failing" if failing else "ok", "failing": failing}, status=503 if failing else 200)

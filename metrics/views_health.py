"""The page that says whether the numbers are up to date and the data behind them sound."""

import datetime as dt
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from metrics.health import data_checks, machinery
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
        "checks": checks,
        "zone": snapshot.calendar.zone_at(now),
        "segments": {kind: len(table) for kind, table in snapshot.tables.items()},
    }
    return render(request, "metrics/health.html", context)

"""The page of the one person who answers for the whole funnel. Open to everybody: both teams see what it says."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from accounts.queries import funnel_owner
from metrics.frame import read_frame
from metrics.owner import owner_page
from metrics.series import current


@require_safe
@requires(Perm.SEE_NUMBERS)
def owner(request: HttpRequest) -> HttpResponse:
    """Off-plan stages, texts that wait for a signature, gaps in the data: this quarter to date."""
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    now = dt.datetime.now(dt.UTC)
    frame = read_frame(snapshot, {}, today=snapshot.calendar.day_of(now), choices={})
    context = {
        "page": owner_page(snapshot, frame, now),
        "owner": funnel_owner(),
        "frame": frame,
        "currency": snapshot.currency,
    }
    return render(request, "metrics/owner.html", context)

"""The queue: handoffs that nobody has, by team, and taking one."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.console import attempt
from accounts.permissions import Perm, requires
from funnel.book import load_book
from leads.pages.filters import surroundings
from leads.pages.queue import read_queue
from leads.services.routing import take_from_queue
from leads.views.detail import lead_or_404
from leads.views.frame import page_number, show


@require_safe
@requires(Perm.SEE_LEADS)
def queue(request: HttpRequest) -> HttpResponse:
    around = surroundings(request.user, load_book())
    return show(request, "leads/queue.html", around, {"queue": read_queue(request.user, page_number(request))})


@require_POST
@requires(Perm.WORK_LEADS)
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a lead that waits; then it is one's own, and the page shows it."""
    lead = lead_or_404(request, pk)
    now = dt.datetime.now(dt.UTC)
    if attempt(request, lambda: take_from_queue(lead=lead, actor=request.user, now=now)):
        messages.success(request, "The lead is yours.")
        return redirect(reverse("lead", args=[pk]))
    return redirect("leads_queue")

"""Web forms in the console: our sites, what to put into their pages, what came and what was refused."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.console import attempt, fill, show
from accounts.permissions import Perm, requires
from core.queries import calendar
from integrations.capture_queries import read_forms, read_sites, read_troubles
from integrations.capture_sites import save_site, switch_site
from integrations.capturing import forget_troubles
from integrations.forms_capture import SiteForm
from integrations.models import CaptureSite

PLACE = "console_capture"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@require_safe
@requires(Perm.ADMINISTER)
def sites(request: HttpRequest) -> HttpResponse:
    now = _now()
    return show(request, "console/capture/sites.html", PLACE, {"sites": read_sites(now), "zone": calendar().zone_at(now)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def add(request: HttpRequest) -> HttpResponse:
    form = SiteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        made = fill(form, lambda data: save_site(site=None, actor=request.user, **data))
        if made is not None:
            messages.success(request, "The site is known. Now put the two pieces below into its pages.")
            return redirect("console_capture_site", made.pk)
    return show(request, "console/capture/new.html", PLACE, {"form": form}, 422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """One site: what to put into its pages, the newest forms, what was refused, its addresses."""
    row = get_object_or_404(CaptureSite, pk=pk)
    form = SiteForm(initial={"name": row.name, "origins": "\n".join(row.origins), "thanks_url": row.thanks_url})
    if request.method == "POST":
        form = SiteForm(request.POST)
        if fill(form, lambda data: save_site(site=row, actor=request.user, **data)) is not None:
            messages.success(request, "Saved.")
            return redirect("console_capture_site", pk)
    context = {
        "site": row,
        "form": form,
        "script": request.build_absolute_uri(reverse("capture_script")),
        "door": request.build_absolute_uri(reverse("capture_door", args=[row.key])),
        "lines": read_forms(row, request.user),
        "troubles": read_troubles(row),
        "zone": calendar().zone_at(_now()),
    }
    return show(request, "console/capture/site.html", PLACE, context, 422 if form.errors else 200)


@require_POST
@requires(Perm.ADMINISTER)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Take forms of this site, or refuse them."""
    row, on = get_object_or_404(CaptureSite, pk=pk), request.POST.get("to") == "on"
    said = "Forms of this site are taken." if on else "Forms of this site are refused from now on."
    attempt(request, lambda: switch_site(site=row, on=on, actor=request.user), said)
    return redirect("console_capture_site", pk)


@require_POST
@requires(Perm.ADMINISTER)
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """The refusals have been read; the list starts anew."""
    row = get_object_or_404(CaptureSite, pk=pk)
    attempt(request, lambda: forget_troubles(site=row), "The list is empty again.")
    return redirect("console_capture_site", pk)

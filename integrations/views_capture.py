"""The doors for our own web sites: the script that their pages load, and the address that their forms are posted to."""

import datetime as dt
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import public
from core.errors import DomainError
from integrations.capture_reading import MOST_BYTES, read_plain, read_script
from integrations.capturing import SPAN, count_post, note_trouble, take_form
from integrations.models import CaptureSite, CaptureTrouble

Why = CaptureTrouble.Why
_SCRIPT = "js/capture.js"


@require_safe
@public
def script(request: HttpRequest) -> HttpResponse:
    """The script under an address that never changes; browsers ask for a newer one after an hour."""
    answer = HttpResponse(Path(finders.find(_SCRIPT)).read_bytes(), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=3600"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@csrf_exempt
@require_http_methods(["OPTIONS", "POST"])
@public
def door(request: HttpRequest, key: str) -> HttpResponse:
    """Take a form of one of our sites: JSON from the script, or what a browser without scripts posts.

    404 unknown site, 403 from a page that is not on its list, 413, 422 with what is missing, 429 too many, 503 not ready.
    Everything that is taken is answered alike, so that a machine does not learn what gave it away.
    """
    site = CaptureSite.objects.filter(key=key).first()
    if site is None:
        return JsonResponse({"error": "No site has this key."}, status=404)
    now = dt.datetime.now(dt.UTC)
    origin = request.headers.get("Origin", "").lower()
    if origin not in site.origins or not site.is_on:
        known = origin in site.origins
        if request.method == "POST":
            note_trouble(site=site, why=Why.OFF if known else Why.ORIGIN, detail="" if known else origin, now=now)
        return JsonResponse({"error": "Forms of this page are not taken."}, status=403)
    answer = HttpResponse(status=204) if request.method == "OPTIONS" else _post(request, site, now)
    answer["Access-Control-Allow-Origin"] = origin
    answer["Access-Control-Allow-Methods"] = "POST"
    answer["Access-Control-Allow-Headers"] = "Content-Type"
    answer["Access-Control-Max-Age"] = "600"
    answer["Vary"] = "Origin"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _post(request: HttpRequest, site: CaptureSite, now: dt.datetime) -> HttpResponse:
    plain = request.content_type == "application/x-www-form-urlencoded"
    address = request.META.get("REMOTE_ADDR", "")
    if not count_post(site=site, address=address, now=now):
        note_trouble(site=site, why=Why.LIMIT, now=now)
        refused = _refused(request, plain, "Too many forms came from here. Please try again in ten minutes.", 429)
        refused["Retry-After"] = str(int(SPAN.total_seconds()))
        return refused
    raw = request.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        note_trouble(site=site, why=Why.UNREADABLE, now=now)
        return _refused(request, plain, "This form is too large.", 413)
    try:
        if plain:
            posted = read_plain(raw, referer=request.headers.get("Referer", ""), received_at=now)
        else:
            posted = read_script(raw, received_at=now)
        agent = request.headers.get("User-Agent", "")[:300]
        take_form(site=site, posted=posted, agent=agent, address=address, received_at=now)
    except DomainError as error:
        if error.code == "agreement_missing":
            note_trouble(site=site, why=Why.NOT_READY, now=now)
            return _refused(request, plain, "This form can't be taken yet. Please try again later.", 503)
        note_trouble(site=site, why=Why.EMAIL if error.field == "email" else Why.UNREADABLE, now=now)
        return _refused(request, plain, error.message, error.status)
    if not plain:
        return JsonResponse({"received": True})
    return redirect(site.thanks_url) if site.thanks_url else render(request, "capture/thanks.html", {"error": ""})


def _refused(request: HttpRequest, plain: bool, text: str, status: int) -> HttpResponse:
    if plain:
        return render(request, "capture/thanks.html", {"error": text}, status=status)
    return JsonResponse({"error": text}, status=status)

"""Where a part of the agreement is used: a part of its page for htmx, a page of its own otherwise."""

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.console import show
from accounts.permissions import Perm, requires
from accounts.queries import today_for
from funnel.queries import shown_version
from integrations.used_in import used_in


@require_safe
@requires(Perm.SEE_NUMBERS)
def used(request: HttpRequest, what: str) -> HttpResponse:
    """What depends on it in the version that the console shows: the draft while there is one."""
    version = shown_version(today_for(dt.datetime.now(dt.UTC)))
    found = used_in(what, version, request.user) if version else None
    if found is None:
        raise Http404
    if request.headers.get("HX-Request"):
        return render(request, "console/parts/used.html", {"used": found})
    return show(request, "console/used.html", found.place, {"used": found, "version": version})

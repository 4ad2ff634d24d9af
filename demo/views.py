"""Removing the demo company from a page, by its administrator, who then sets up their own."""

from django.contrib import messages
from django.contrib.auth import logout
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.first import MAY_FOUND
from accounts.permissions import Perm, requires
from core.errors import DomainError
from demo.wiping import wipe_demo


@require_POST
@requires(Perm.ADMINISTER)
def wipe(request: HttpRequest) -> HttpResponse:
    """Remove every row, then on to the first page, which needs no code from the person who was administrator here."""
    try:
        wipe_demo()
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("start")
    cache.clear()
    # The session's row is gone with the rest: begin a new one.
    logout(request)
    request.session[MAY_FOUND] = True
    messages.success(request, "The demo is gone. Nothing of it is left in the database.")
    return redirect("first")

"""Each person's copy address and calendar upload, and the set-up of the door in the console."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.console import attempt, fill, show
from accounts.models import Side
from accounts.permissions import Perm, requires
from accounts.queries import standing
from core.queries import calendar
from integrations import contact_queries, copy_addresses
from integrations.forms_contacts import CalendarFileForm, DoorForm, SecretForm
from integrations.models import MailCopy
from integrations.taking_mail import take_file

_FILE_SAID = {
    MailCopy.Outcome.LOGGED: "Meetings with leads that were new in this file: {matched}.",
    MailCopy.Outcome.NO_LEAD: "The file was read; nobody in its new meetings is the contact person of a lead.",
    MailCopy.Outcome.NO_MEETING: "The file was read; no meeting in it names you and is new.",
}


@require_http_methods(["GET", "HEAD"])
@requires(Perm.WORK_LEADS)
def copies(request: HttpRequest) -> HttpResponse:
    """The person's address, how to use it, and what came."""
    return _page(request, CalendarFileForm())


@require_POST
@requires(Perm.WORK_LEADS)
def renew(request: HttpRequest) -> HttpResponse:
    """A first address, or another one in place of it."""
    attempt(request, lambda: copy_addresses.renew_address(user=request.user), "This is your copy address from now on.")
    return redirect("copies")


@require_POST
@requires(Perm.WORK_LEADS)
def upload(request: HttpRequest) -> HttpResponse:
    """Take the meetings of a calendar file."""
    form = CalendarFileForm(request.POST, request.FILES)
    taken = fill(form, lambda data: take_file(user=request.user, content=data["file"].read(), received_at=_now()))
    if taken is None:
        return _page(request, form, 422)
    outcome, matched, _ = taken
    messages.success(request, _FILE_SAID[outcome].format(matched=matched))
    return redirect("copies")


def _page(request: HttpRequest, form: CalendarFileForm, status: int = 200) -> HttpResponse:
    who = standing(request.user)
    now = _now()
    context = {
        "form": form,
        "door": copy_addresses.door(),
        "address": copy_addresses.address_of(request.user),
        "copies": contact_queries.copies_of(request.user),
        "meetings": contact_queries.meetings_of(request.user),
        "sells": Side.SALES in who.sides,
        "zone": calendar().zone_at(now),
        "role": ", ".join(sorted(role.label for role in who.roles)),
    }
    return render(request, "contacts/copies.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def door(request: HttpRequest) -> HttpResponse:
    """Which mailbox the copies arrive in."""
    row = copy_addresses.door()
    form = DoorForm(initial={"address": row.address if row else ""})
    if request.method == "POST":
        form = DoorForm(request.POST)
        if fill(form, lambda data: copy_addresses.set_up_door(actor=request.user, **data)) is not None:
            messages.success(request, "Saved. Everybody finds their own address under Mail copies.")
            return redirect("console_copies")
    return _door_page(request, form, status=422 if form.errors else 200)


@sensitive_post_parameters("secret")
@require_POST
@requires(Perm.ADMINISTER)
def secret(request: HttpRequest) -> HttpResponse:
    """A new secret for what forwards mail to us. It stands in this answer and nowhere else."""
    row = copy_addresses.door()
    if row is None:
        messages.error(request, "Name the mailbox first.")
        return redirect("console_copies")
    named = SecretForm(request.POST)
    if not named.is_valid():
        return _door_page(request, DoorForm(initial={"address": row.address}), named=named, status=422)
    own = named.cleaned_data["secret"]
    made = copy_addresses.renew_secret(actor=request.user, secret=own)
    if own:
        messages.success(request, "The door takes what is signed with this key.")
        return redirect("console_copies")
    return _door_page(request, DoorForm(initial={"address": row.address}), made)


def _door_page(
    request: HttpRequest, form: DoorForm, made: str = "", named: SecretForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "named": named or SecretForm(),
        "row": copy_addresses.door(),
        "secret": made,
        "counts": contact_queries.counts_since(_now()),
    }
    return show(request, "console/copies.html", "console_copies", context, status)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)

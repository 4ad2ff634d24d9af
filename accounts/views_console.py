"""The console's people: roles, invitations, teams, tokens, the mail server; and the page where an invitation is accepted."""

import datetime as dt
import logging
import smtplib

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.console import attempt, fill, show
from accounts.forms import AcceptForm, EndForm, InviteForm, MailForm, RoleForm, TeamForm, TokenForm
from accounts.inviting import hand_over
from accounts.models import ApiToken, Invite, Membership, Team, User
from accounts.permissions import Perm, public, requires
from accounts.queries import on_day, today_for
from core.mail import SealBroken, mail_is_set_up, send_mail
from core.models import MailSettings
from core.queries import calendar, organisation

log = logging.getLogger("tandem.mail")
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with roles and last sign-in; invitations that are open."""
    form, link, status = InviteForm(), None, 200
    if request.method == "POST":
        form = InviteForm(request.POST)
        made = fill(form, lambda data: services.invite_person(now=_now(), actor=request.user, **data))
        if made is None:
            status = 422
        else:
            invite, secret = made
            link = hand_over(request, invite, request.build_absolute_uri(reverse("invite", args=[secret])))
            if link is None:
                return redirect("console_people")
            form = InviteForm()
    now = _now()
    day = today_for(now)
    roles: dict[int, list[Membership]] = {}
    for row in Membership.objects.exclude(until_day__lte=day).select_related("team").order_by("from_day"):
        roles.setdefault(row.user_id, []).append(row)
    context = {
        "people": [(user, roles.get(user.id, [])) for user in User.objects.order_by("-is_active", "name", "email")],
        "invites": Invite.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now).select_related("team"),
        "form": form,
        "link": link,
        "zone": calendar().zone_on(day),
        "today": day,
        "mail": mail_is_set_up(),
    }
    return show(request, "console/people.html", "console_people", context, status)


@require_POST
@requires(Perm.ADMINISTER)
def revoke_invite(request: HttpRequest, pk: int) -> HttpResponse:
    invite = get_object_or_404(Invite, pk=pk)
    attempt(
        request,
        lambda: services.revoke_invite(invite=invite, now=_now(), actor=request.user),
        "The invitation is taken back.",
    )
    return redirect("console_people")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's roles over time; give another one."""
    user = get_object_or_404(User, pk=pk)
    day = today_for(_now())
    form = RoleForm(initial={"from_day": day})
    if request.method == "POST":
        form = RoleForm(request.POST)
        if fill(form, lambda data: services.give_role(user=user, actor=request.user, **data)) is not None:
            return redirect("console_person", pk)
    rows = user.memberships.select_related("team").order_by("-from_day")
    context = {
        "person": user,
        "roles": [(row, row.until_day is None or row.until_day > day) for row in rows],
        "form": form,
        "end": EndForm(initial={"until_day": day}),
        "tokens": user.tokens.filter(revoked_at=None).order_by("name"),
        "zone": calendar().zone_on(day),
        "today": day,
        "present": Membership.objects.filter(on_day(day), user=user).exists(),
    }
    return show(request, "console/person.html", "console_people", context, 422 if form.errors else 200)


@require_POST
@requires(Perm.ADMINISTER)
def end_role(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Membership.objects.select_related("user"), pk=pk)
    form = EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the first day without the role.")
    else:
        day = form.cleaned_data["until_day"]
        attempt(request, lambda: services.end_role(membership=row, until_day=day, actor=request.user), "The role ends.")
    return redirect("console_person", row.user_id)


@require_POST
@requires(Perm.ADMINISTER)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate a person, or let them in again."""
    user = get_object_or_404(User, pk=pk)
    day = today_for(_now())
    if request.POST.get("to") == "active":
        attempt(request, lambda: services.reactivate(user=user, actor=request.user), f"{user} can sign in again.")
    else:
        attempt(
            request,
            lambda: services.deactivate_person(user=user, today=day, actor=request.user),
            f"{user} is signed out everywhere and can't come back in. What they did keeps their name.",
        )
    return redirect("console_person", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def teams(request: HttpRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if request.method == "POST":
        if fill(form, lambda data: services.add_team(actor=request.user, **data)) is not None:
            return redirect("console_teams")
    day = today_for(_now())
    members: dict[int, int] = {}
    for team_id in Membership.objects.filter(on_day(day), team__isnull=False).values_list("team_id", flat=True):
        members[team_id] = members.get(team_id, 0) + 1
    rows = [(team, members.get(team.id, 0)) for team in Team.objects.order_by("retired", "name")]
    status = 422 if form.errors else 200
    return show(request, "console/teams.html", "console_teams", {"teams": rows, "form": form}, status)


@require_POST
@requires(Perm.ADMINISTER)
def retire_team(request: HttpRequest, pk: int) -> HttpResponse:
    team, day = get_object_or_404(Team, pk=pk), today_for(_now())
    attempt(request, lambda: services.retire_team(team=team, today=day, actor=request.user), f"{team} is retired.")
    return redirect("console_teams")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def tokens(request: HttpRequest) -> HttpResponse:
    """Tokens for machines. A secret stands in the answer to its creation and nowhere else."""
    form, secret, status = TokenForm(initial={"user": request.user.pk}), None, 200
    if request.method == "POST":
        form = TokenForm(request.POST)
        made = fill(form, lambda data: services.create_token(actor=request.user, **data))
        if made is None:
            status = 422
        else:
            secret, form = made[1], TokenForm(initial={"user": request.user.pk})
    rows = ApiToken.objects.select_related("user").order_by("revoked_at", "name")
    context = {"tokens": rows, "form": form, "secret": secret, "zone": calendar().zone_on(today_for(_now()))}
    return show(request, "console/tokens.html", "console_tokens", context, status)


@require_POST
@requires(Perm.ADMINISTER)
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk)
    if token.revoked_at is None:
        attempt(request, lambda: services.revoke_token(token=token, now=_now(), actor=request.user), "The token is revoked.")
    return redirect("console_tokens")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def mail(request: HttpRequest) -> HttpResponse:
    """The mail server that invitations and recaps go out by."""
    row = MailSettings.objects.filter(id=1).first()
    names = ("host", "port", "security", "user_name", "sender")
    form = MailForm(initial={name: getattr(row, name) for name in names} if row else {})
    if request.method == "POST":
        form = MailForm(request.POST)

        def work(data: dict):
            password = data.pop("password") or (None if row else "")
            services.set_mail_server(actor=request.user, password=password, **data)

        if fill(form, work) is not None:
            messages.success(request, "Saved. Send a test mail to be sure.")
            return redirect("console_mail")
    context = {"form": form, "row": row, "by_environment": row is None and mail_is_set_up()}
    return show(request, "console/mail.html", "console_mail", context, 422 if form.errors else 200)


@require_POST
@requires(Perm.ADMINISTER)
def remove_mail(request: HttpRequest) -> HttpResponse:
    attempt(request, lambda: services.remove_mail_server(actor=request.user), "The mail server is removed.")
    return redirect("console_mail")


@require_POST
@requires(Perm.ADMINISTER)
def test_mail(request: HttpRequest) -> HttpResponse:
    """One mail to oneself; what the server said, in words that hold no secret."""
    if not mail_is_set_up():
        messages.error(request, "No mail server is set up yet.")
        return redirect("console_mail")
    try:
        send_mail(to=request.user.email, subject="Test mail from Tandem", text="Mail from Tandem reaches you.\n")
    except SealBroken as error:
        messages.error(request, str(error))
    except smtplib.SMTPAuthenticationError:
        messages.error(request, "The mail server refused the user name or the password.")
    except (OSError, smtplib.SMTPException) as error:
        log.warning("A test mail failed (%s).", type(error).__name__)
        messages.error(
            request, f"The mail server could not be used ({type(error).__name__}). Check its name, port, encryption."
        )
    else:
        messages.success(request, f"A test mail is on its way to {request.user.email}.")
    return redirect("console_mail")


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """The page behind an invitation's link: name and password, then in."""
    now = _now()
    invite = services.open_invite(secret, now=now)
    if invite is None:
        answer = render(request, "accounts/invite_gone.html", status=404)
    else:
        form = AcceptForm(request.POST or None)
        if request.method == "POST":
            user = fill(form, lambda data: services.accept_invite(secret=secret, now=now, today=today_for(now), **data))
            if user is not None:
                login(request, user, backend=_BACKEND)
                return redirect("/")
        context = {"form": form, "invite": invite, "company": organisation()}
        answer = render(request, "accounts/accept.html", context, status=422 if form.errors else 200)
    # The address holds the secret: no other site may learn it. With “no-referrer” browsers send forms from nowhere, which is
    # refused.
    answer["Referrer-Policy"] = "same-origin"
    return answer

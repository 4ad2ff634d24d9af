"""My day: what a person has to do, most urgent first, and the acts that one click does from there.

Decisions, completions and feedback are the handoff's own forms; they lead back here with what was just done.
"""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Role, Side, Team
from accounts.permissions import Perm, requires
from accounts.queries import led_sides, standing
from accounts.services.preferences import set_mails
from core.errors import DomainError
from core.mail import mail_is_set_up
from funnel.to_sign import to_sign
from leads.models import Handoff, LeadEvent, NextStep, Touch
from leads.notice_queries import SHOWN, unseen_notices
from leads.pages.disputes import open_disputes
from leads.pages.filters import Surroundings, surroundings
from leads.pages.handoff_words import words_of_step
from leads.pages.my_day import count_due
from leads.pages.my_day_reading import read_day
from leads.pages.my_day_team import may_see_morning, morning_lists
from leads.pages.timeline import UNDO_FOR
from leads.queries import visible_leads
from leads.services import finish_step
from leads.services.feedback import OUTCOMES, log_contact
from leads.services.notices import see_notices
from leads.views.frame import id_in, show

# A mail that was written is logged by the same buttons.
_WRITTEN = "sent"
# How long the page behind a digest can be opened.
KEPT_FOR = dt.timedelta(days=30)


@dataclass(frozen=True)
class Said:
    """What was just done, in words, and the address that takes it back."""

    text: str
    undo: str = ""
    field: str = ""


@require_safe
@requires(Perm.WORK_LEADS)
def my_day(request: HttpRequest) -> HttpResponse:
    around = surroundings(request.user)
    day = read_day(around, request.GET.get("side", ""))
    told = unseen_notices(request.user, around.now)
    context = {
        "day": day,
        "said": _just_done(request, around),
        "now": around.now,
        "notices": told[:SHOWN],
        "told": len(told),
        "newest": max((one.id for one in told), default=0),
        "mail_works": mail_is_set_up(),
        "rulings": open_disputes() if Role.FUNNEL_OWNER in standing(request.user).roles else 0,
        "to_sign": to_sign(led_sides(request.user)),
        "side": day.side if day.both_sides else "",
        "back": _back(day.side if day.both_sides else ""),
    }
    return show(request, "leads/my_day.html", around, context)


@require_safe
@requires(Perm.WORK_LEADS)
def count(request: HttpRequest) -> HttpResponse:
    """The number beside the place in the header."""
    return render(request, "leads/parts/due_count.html", {"number": count_due(surroundings(request.user))})


@require_POST
@requires(Perm.WORK_LEADS)
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a call with its outcome; a mail that was written is logged as one."""
    lead = get_object_or_404(visible_leads(request.user), pk=pk)
    outcome = request.POST.get("outcome", "")
    kind = Touch.Kind.PERSONAL_EMAIL if outcome == _WRITTEN else Touch.Kind.CALL
    try:
        touch = log_contact(lead=lead, kind=kind, outcome=outcome, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(_back(_side(request)))
    return redirect(_back(_side(request), touch=touch.pk))


@require_POST
@requires(Perm.WORK_LEADS)
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick a step of one's own off, or put it back (`undo`)."""
    step = get_object_or_404(NextStep, pk=pk, who=request.user)
    finish_step(step=step, actor=request.user, done="undo" not in request.POST)
    return redirect(_back(_side(request), step=step.pk))


@require_POST
@requires(Perm.WORK_LEADS)
def seen(request: HttpRequest) -> HttpResponse:
    """The notices that the page showed were seen."""
    see_notices(user=request.user, newest=id_in(request.POST.get("newest")) or 0, now=dt.datetime.now(dt.UTC))
    return redirect(_back(_side(request)))


@require_POST
@requires(Perm.WORK_LEADS)
def mails(request: HttpRequest) -> HttpResponse:
    """Which mails come: `reminders` and `digest`, each on or off."""
    asked = {name: request.POST.get(name) for name in ("reminders", "digest")}
    set_mails(user=request.user, **{name: word == "on" for name, word in asked.items() if word in ("on", "off")})
    return redirect("my_day")


# --- what was just done -------------------------------------------------------------------------------------


def _side(request: HttpRequest) -> str:
    side = request.POST.get("side", "")
    return side if side in ("sales", "marketing") else ""


def _back(side: str, **done: int) -> str:
    """The page, with the side that is looked at and what was just done there."""
    pairs = {"side": side, **done}
    query = urlencode({name: value for name, value in pairs.items() if value})
    return f"{reverse('my_day')}?{query}" if query else reverse("my_day")


def _just_done(request: HttpRequest, around: Surroundings) -> Said | None:
    """What the address says was just done, if this person did it and it is fresh."""
    event, touch, step = (id_in(request.GET.get(name)) for name in ("done", "touch", "step"))
    if event:
        return _event_said(LeadEvent.objects.filter(pk=event, actor=around.user).first(), around)
    if touch:
        return _touch_said(Touch.objects.filter(pk=touch, actor=around.user, voided_by=None).first(), around)
    if step:
        return _step_said(NextStep.objects.filter(pk=step, who=around.user).first(), around)
    return None


def _event_said(event: LeadEvent | None, around: Surroundings) -> Said | None:
    if event is None or around.now - event.recorded_at > UNDO_FOR or event.voiding_events.exists():
        return None
    words = words_of_step(event)
    stage = around.stages.get(event.to_stage_id)
    text = words.text if words else f"Now {stage.name}" if stage else event.get_kind_display()
    if Handoff.objects.filter(entry=event).exists():
        text = "Handed over to sales"
    return Said(f"{_lead_name(event.lead_id, around)}: {text}.", reverse("event_undo", args=[event.pk]))


def _touch_said(touch: Touch | None, around: Surroundings) -> Said | None:
    if touch is None or around.now - touch.recorded_at > UNDO_FOR:
        return None
    outcome = OUTCOMES.get(touch.outcome, "").lower()
    text = touch.get_kind_display() + (f", {outcome}" if outcome else "")
    return Said(f"{_lead_name(touch.lead_id, around)}: {text}.", reverse("touch_undo", args=[touch.pk]))


def _step_said(step: NextStep | None, around: Surroundings) -> Said | None:
    if step is None or step.done_at is None:
        return Said(f"Open again: {step.what}.") if step else None
    return Said(f"Done: {step.what}.", reverse("my_day_done", args=[step.pk]), "undo")


def _lead_name(lead_id: int, around: Surroundings) -> str:
    lead = visible_leads(around.user).select_related("contact").filter(pk=lead_id).first()
    return str(lead.contact or lead) if lead else "A lead"


# --- the morning of a team ----------------------------------------------------------------------------------


@require_safe
@requires(Perm.WORK_LEADS)
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """The lists behind the numbers of a digest: of today's, or of the day that the address names."""
    group = get_object_or_404(Team, pk=pk, side__in=(Side.MARKETING, Side.SALES))
    if not may_see_morning(request.user, group):
        raise PermissionDenied
    around = surroundings(request.user)
    day = day_in(request.GET.get("day")) or around.today
    if not dt.timedelta() <= around.today - day <= KEPT_FOR:
        raise Http404
    context = {"team": group, "day": day, "lists": morning_lists(group, day, around)}
    return show(request, "leads/my_day_team.html", around, context)


def day_in(text: str | None) -> dt.date | None:
    """A day from an address; None if it is none."""
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None

"""What both teams do about a handoff: decide, complete, contest, rule, give and read feedback, pause, leave out.

Every act is a form of its own: a dialog with script, a page without. Whoever is second gets 409 and keeps the text.
"""

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Perm, requires
from core.errors import Conflict, DomainError, StaleVersion
from funnel.book import load_book
from funnel.models import Reason
from leads.forms import AskForm
from leads.forms_handoffs import (
    AcceptForm,
    ContestForm,
    DecisionForm,
    ExclusionForm,
    FeedbackForm,
    PauseForm,
    ResubmitForm,
    RulingForm,
    rulings_on,
)
from leads.handoff_projection import Promised
from leads.handoff_queries import missing_fields, visible_handoffs
from leads.models import Decision, Handoff, LeadEvent, Obligation
from leads.pages.detail import who_was_first
from leads.pages.filters import Surroundings, surroundings
from leads.pages.handoff_words import agreed_reasons
from leads.projection import Context
from leads.services.clock import answer_request, ask_exclusion, pause
from leads.services.feedback import give_feedback, read_feedback
from leads.services.handoffs import arbitrate, contest, decide, resubmit
from leads.services.intake import update_lead
from leads.views.actions import page_of
from leads.views.frame import ask, back_to, go, with_done

_BOTH = ["GET", "HEAD", "POST"]
_DECISIONS = {"return": Decision.RETURNED, "recycle": Decision.RECYCLED, "disqualify": Decision.DISQUALIFIED}
_USES = {"return": Reason.Use.RETURN, "recycle": Reason.Use.RECYCLE, "disqualify": Reason.Use.DISQUALIFY}
_TITLES = {
    "return": ("Return {} to marketing", "Return to marketing", "Marketing completes it and hands it over again."),
    "recycle": ("Not now: {}", "Recycle the lead", "Marketing stays in touch and may hand it over again from that day on."),
    "disqualify": ("{} will not buy", "Disqualify the lead", "It leaves the funnel. Marketing may contest this."),
}


def handoff_or_404(request: HttpRequest, pk: int) -> Handoff:
    """A handoff of a lead that this person may open."""
    rows = visible_handoffs(request.user).select_related("lead__contact", "lead__company", "decided_by")
    return get_object_or_404(rows, pk=pk)


def _posted(request: HttpRequest):
    return request.POST if request.method == "POST" else None


def _take(
    request: HttpRequest,
    handoff: Handoff,
    form: AskForm,
    write: Callable[[dict], object],
    *,
    around: Surroundings,
    book,
    title: str,
    submit: str,
    intro: str = "",
    template: str = "leads/forms/plain.html",
) -> HttpResponse:
    """Ask for one act; a valid answer is written by `write` and leads back, with the event that can be taken back."""
    lead = handoff.lead
    back = back_to(request, page_of(lead.pk))
    status, conflict = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                write(form.cleaned_data)
                return go(request, with_done(back, _newest_of(request, lead.pk)))
            except StaleVersion:
                lead.refresh_from_db()
                status, conflict = 409, who_was_first(lead, around, book)
            except Conflict as error:
                lead.refresh_from_db()
                status, conflict = 409, error.message
            except DomainError as error:
                status = error.status
                field = {"note": "text"}.get(error.field, error.field)
                known = next((name for name in (error.field, field) if name in form.fields), None)
                form.add_error(known, error.message)
    context = {
        "form": form,
        "title": title,
        "intro": intro,
        "submit": submit,
        "action": request.path,
        "back": back,
        "conflict": conflict,
        "fresh_version": lead.version,
        "handoff": handoff,
    }
    return ask(request, template, around, context, status=status)


def _newest_of(request: HttpRequest, lead_id: int) -> int | None:
    """The step that this person just took: what the page then offers to take back."""
    steps = LeadEvent.objects.filter(lead_id=lead_id, actor=request.user, voiding_events__isnull=True)
    return steps.order_by("-id").values_list("id", flat=True).first()


def _name(handoff: Handoff) -> str:
    return str(handoff.lead.contact or handoff.lead)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Sales takes the lead on: one click; the page then offers to undo it."""
    handoff = handoff_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    form = AcceptForm(_posted(request), initial={"version": handoff.lead.version})

    def write(data: dict) -> None:
        context = Context(book=book, cal=around.calendar)
        decide(
            handoff=handoff,
            decision=Decision.ACCEPTED,
            actor=request.user,
            expected_version=data["version"],
            context=context,
        )

    return _take(
        request, handoff, form, write, around=around, book=book, title=f"Accept {_name(handoff)}?", submit="Accept lead",
        intro="Sales takes the lead on and makes the first contact.",
    )  # fmt: skip


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def decision(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Return, recycle or disqualify, with an agreed reason and one sentence."""
    if act not in _DECISIONS:
        raise Http404
    handoff = handoff_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    agreed = book.on(around.today).reasons.get(_USES[act], {}) if book else {}
    title, submit, intro = _TITLES[act]
    form = DecisionForm(
        _posted(request),
        decision=_DECISIONS[act],
        reasons=list(agreed.items()),
        today=around.today,
        initial={"version": handoff.lead.version},
    )

    def write(data: dict) -> None:
        decide(
            handoff=handoff,
            decision=_DECISIONS[act],
            actor=request.user,
            reason=data["reason"],
            note=data["note"].strip(),
            until=data.get("until"),
            expected_version=data["version"],
            context=Context(book=book, cal=around.calendar),
        )

    title = title.format(_name(handoff))
    return _take(request, handoff, form, write, around=around, book=book, title=title, submit=submit, intro=intro)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Marketing fills in what was missing and hands the lead over again."""
    handoff = handoff_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    required = Promised().shelf.on(handoff.entered_day).required_fields
    form = ResubmitForm(_posted(request), missing=missing_fields(handoff.lead, required))

    def write(data: dict) -> None:
        with transaction.atomic():
            if values := form.values():
                update_lead(lead=handoff.lead, data=values, actor=request.user)
            resubmit(handoff=handoff, actor=request.user, note=data["note"], context=Context(book=book))

    intro = "What sales missed, filled in here, is saved on the lead." if form.missing else "Nothing is missing any more."
    return _take(
        request, handoff, form, write, around=around, book=book, title=f"Hand {_name(handoff)} over again",
        submit="Hand over again", intro=intro,
    )  # fmt: skip


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def contest_decision(request: HttpRequest, pk: int) -> HttpResponse:
    handoff = handoff_or_404(request, pk)

    def write(data: dict) -> None:
        contest(handoff=handoff, actor=request.user, text=data["text"])

    book = load_book()
    return _take(
        request, handoff, ContestForm(_posted(request)), write, around=surroundings(request.user, book), book=book,
        title=f"Contest the decision on {_name(handoff)}", submit="Contest the decision",
        intro="The funnel owner decides. It is about the definition, not about people.",
    )  # fmt: skip


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """The funnel owner ends a dispute; the text is kept beside the definition."""
    handoff = handoff_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    version = book.on(around.today) if book else None
    if version is None or not handoff.decision:
        raise Http404
    form = RulingForm(
        _posted(request),
        rulings=rulings_on(handoff.decision, handoff.returned_at is not None),
        reasons=agreed_reasons(version),
    )

    def write(data: dict) -> None:
        arbitrate(handoff=handoff, actor=request.user, context=Context(book=book, cal=around.calendar), **data)

    return _take(
        request, handoff, form, write, around=around, book=book, title=f"End the dispute about {_name(handoff)}",
        submit="End the dispute", intro="Your reason stands as an example beside the definition. It needs no names.",
    )  # fmt: skip


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def feedback(request: HttpRequest, pk: int) -> HttpResponse:
    """Sales tells marketing what the lead was: three fields."""
    handoff = handoff_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    reasons = agreed_reasons(book.on(around.today)) if book else []
    form = FeedbackForm(_posted(request), reasons=reasons, initial=request.GET.dict())

    def write(data: dict) -> None:
        give_feedback(handoff=handoff, actor=request.user, context=Context(book=book, cal=around.calendar), **data)

    return _take(
        request, handoff, form, write, around=around, book=book, title=f"Was {_name(handoff)} a good lead?",
        submit="Send to marketing", template="leads/forms/feedback.html",
    )  # fmt: skip


@require_POST
@requires(Perm.WORK_LEADS)
def feedback_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Marketing says that it has read what sales wrote."""
    handoff = handoff_or_404(request, pk)
    _say(request, lambda: read_feedback(handoff=handoff, actor=request.user), "Sales sees that marketing has read it.")
    return go(request, back_to(request, page_of(handoff.lead_id)))


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def pause_clock(request: HttpRequest, pk: int) -> HttpResponse:
    """The clock stands still: for a meeting at once, by agreement once the other team's lead says yes."""
    handoff = handoff_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)

    def write(data: dict) -> None:
        pause(handoff=handoff, start=around.now, actor=request.user, **data)

    return _take(
        request, handoff, PauseForm(_posted(request), zone=around.zone), write, around=around, book=book,
        title=f"Let the clock of {_name(handoff)} stand still", submit="Stop the clock until then",
    )  # fmt: skip


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def leave_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the other team to leave a promise about this lead out of the count."""
    handoff = handoff_or_404(request, pk)
    promises = list(Obligation.objects.filter(entry_id=handoff.pk, excluded="").values_list("promise", flat=True))
    form = ExclusionForm(_posted(request), promises=sorted(promises, key=Obligation.Promise.values.index))

    def write(data: dict) -> None:
        ask_exclusion(handoff=handoff, actor=request.user, **data)

    book = load_book()
    return _take(
        request, handoff, form, write, around=surroundings(request.user, book), book=book,
        title=f"Leave a promise about {_name(handoff)} out of the count", submit="Ask the other team",
        intro="It counts until the other team’s lead agrees.",
    )  # fmt: skip


@require_POST
@requires(Perm.WORK_LEADS)
def answer(request: HttpRequest, pk: int, request_id: int) -> HttpResponse:
    """The other team's lead agrees to a request, or not."""
    handoff = handoff_or_404(request, pk)
    asked = get_object_or_404(LeadEvent.objects.filter(about_id=handoff.pk).select_related("actor"), pk=request_id)
    agreed = request.POST.get("agreed") == "yes"
    words = "Agreed: it is left out of the count." if agreed else "Not agreed: it counts as before."
    _say(request, lambda: answer_request(request=asked, actor=request.user, agreed=agreed), words)
    return go(request, back_to(request, page_of(handoff.lead_id)))


def _say(request: HttpRequest, write: Callable[[], object], done: str) -> None:
    try:
        write()
        messages.success(request, done)
    except DomainError as error:
        messages.error(request, error.message)

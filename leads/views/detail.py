"""The page of one lead, and the ways to enter and to correct one."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Side
from accounts.permissions import Perm, requires
from accounts.queries import has_perm, standing
from core.errors import Conflict, DomainError, StaleVersion
from funnel.book import Book, load_book
from leads.forms import LeadForm, NewLeadForm
from leads.forms_handoffs import FeedbackForm
from leads.models import CONTACT_KINDS, Company, Lead, Touch
from leads.pages.content import content_card
from leads.pages.detail import find_visible, read_lead, who_was_first
from leads.pages.disputes import read_examples
from leads.pages.filters import Surroundings, surroundings
from leads.pages.handoff import HandoffCard
from leads.pages.handoff_words import agreed_reasons
from leads.pages.timeline import TABS
from leads.projection import Context
from leads.queries import visible_leads
from leads.request_queries import requests_of_lead
from leads.services.feedback import MOMENTS, OUTCOMES
from leads.services.intake import update_lead, upsert_lead
from leads.views.frame import ask, back_to, go, is_fragment, show

PANEL_ITEMS = 12
EXAMPLES = 3


def lead_or_404(request: HttpRequest, pk: int) -> Lead:
    """The lead, if this person may open it. Merged ones are not worked on under their old number."""
    lead, _ = find_visible(request.user, pk)
    if lead is None:
        raise Http404
    return lead


@require_safe
@requires(Perm.SEE_LEADS)
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead. The address of a merged one leads on to its survivor."""
    found, survivor = find_visible(request.user, pk)
    if survivor is not None:
        return redirect("lead", survivor.pk)
    if found is None:
        raise Http404
    book = load_book()
    around = surroundings(request.user, book)
    tab = request.GET.get("show", "all")
    tab = tab if tab in TABS else "all"
    done = request.GET.get("done", "")
    page = read_lead(
        found,
        around,
        book,
        tab=tab,
        everything="everything" in request.GET,
        done=int(done) if done.isascii() and done.isdecimal() and len(done) < 19 else None,
    )
    context = {
        "page": page,
        "lead": found,
        "tab": tab,
        "tabs": TABS,
        "contact_kinds": [(kind.value, kind.label) for kind in CONTACT_KINDS],
        "other_kinds": [choice for choice in Touch.Kind.choices if choice[0] not in CONTACT_KINDS],
        "outcomes": OUTCOMES,
        "may_log": Side.SALES in standing(request.user).sides or has_perm(request.user, Perm.SEE_EVERY_LEAD),
    }
    merged = [one.pk for one in page.merged]
    context |= content_card(request.user, requests_of_lead(found, merged))
    if page.handoff is not None:
        context |= _handoff(page.handoff, book, around)
    if "panel" in request.GET and is_fragment(request):
        context |= {"last": page.items[:PANEL_ITEMS], "acts": _acts(found)}
        return show(request, "leads/panel.html", around, context)
    part = request.headers.get("HX-Target", "").endswith("#timeline")
    return show(request, "leads/parts/timeline.html" if part else "leads/detail.html", around, context)


def _handoff(card: HandoffCard, book: Book, around: Surroundings) -> dict:
    """What the handoff card needs besides itself: its addresses, the feedback form, the examples beside the definition."""
    found = {"urls": acts_of(card.handoff.pk), "examples": read_examples(around.user, book, shown=EXAMPLES)}
    if card.may.feedback:
        reasons = agreed_reasons(book.on(around.today))
        found["feedback_form"] = FeedbackForm(reasons=reasons, initial={"moment": card.may.feedback}, prefix_id="said")
        found["moment_word"] = MOMENTS[card.may.feedback]
    return found


def acts_of(handoff_id: int) -> dict[str, str]:
    """The addresses of a handoff's acts."""
    names = ("accept", "resubmit", "contest", "rule", "feedback", "read", "pause", "leave_out")
    found = {name: reverse(f"handoff_{name}", args=[handoff_id]) for name in names}
    return found | {act: reverse("handoff_decide", args=[handoff_id, act]) for act in ("return", "recycle", "disqualify")}


def _acts(lead: Lead) -> list[tuple[str, str, str]]:
    """What can be done from the panel: address, word, key."""
    acts = (("move", "Move…", "m"), ("assign", "Assign", ""), ("touch", "Log a contact", ""), ("note", "Note", "n"))
    return [(reverse(f"lead_{name}", args=[lead.pk]), word, key) for name, word, key in (*acts, ("step", "Plan", ""))]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def lead_new(request: HttpRequest) -> HttpResponse:
    """Enter a lead. An address that is known already is said first, so that one person does not become two."""
    book = load_book()
    around = surroundings(request.user, book)
    stages = [(s.key, s.name) for s in book.on(around.today).path() if not s.retired and s.kind == "path"] if book else []
    known = None
    form = NewLeadForm(request.POST if request.method == "POST" else None, stages=stages)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.values()
            known = _same_person(request, values["email"])
            if known is not None and not form.cleaned_data["again"]:
                status = 409
                form.data = form.data.copy()
                form.data["again"] = "on"
            else:
                owner = form.cleaned_data["owner"]
                data = {name: value for name, value in values.items() if value not in (None, "")}
                data |= {"source": "tandem", "stage": form.cleaned_data["stage"], "owner": owner.pk if owner else None}
                try:
                    taken = upsert_lead(data=data, actor=request.user, context=Context(book=book))
                    messages.success(request, "The lead is entered.")
                    return go(request, reverse("lead", args=[taken.row.pk]))
                except DomainError as error:
                    form.add_error(error.field if error.field in form.fields else None, error.message)
                    status = error.status
    context = {
        "form": form,
        "title": "New lead",
        "action": reverse("lead_new"),
        "submit": "Enter the lead all the same" if known else "Enter the lead",
        "known": known,
        "back": reverse("leads"),
        "companies": _company_names(),
        "unready": not stages,
    }
    return ask(request, "leads/forms/lead.html", around, context, status=status)


def _same_person(request: HttpRequest, email: str) -> Lead | None:
    if not email:
        return None
    leads = visible_leads(request.user).filter(contact__email=email).select_related("contact", "company")
    return leads.order_by("-created_at").first()


def _company_names() -> list[str]:
    """Names to choose from while typing; the field takes any other name too."""
    return list(Company.objects.order_by("name").values_list("name", flat=True).distinct()[:500])


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def lead_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct the facts of a lead. What was counted under them is counted anew."""
    found = lead_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    before = _facts(found)
    back = back_to(request, reverse("lead", args=[pk]))
    form = LeadForm(request.POST if request.method == "POST" else None, initial=before | {"version": found.version})
    status, conflict = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status, conflict = _correct(request, found, form, around, book)
            if status == 303:
                return go(request, back)
    context = {
        "form": form,
        "title": f"Correct the facts of {found.contact or found}",
        "action": reverse("lead_edit", args=[pk]),
        "submit": "Save the facts",
        "back": back,
        "conflict": conflict,
        "companies": _company_names(),
        "fresh_version": found.version,
    }
    return ask(request, "leads/forms/lead.html", around, context, status=status)


def _facts(lead: Lead) -> dict:
    contact = lead.contact
    return {
        "name": contact.name if contact else "",
        "email": contact.email if contact else "",
        "phone": contact.phone if contact else "",
        "company": lead.company.name if lead.company else "",
        "channel": lead.channel_id,
        "campaign": lead.campaign_id,
        "segment": lead.segment_id,
        "region": lead.region_id,
        "origin": lead.origin,
        "tier": lead.tier,
        "score": lead.score,
    }


def _correct(request: HttpRequest, lead: Lead, form: LeadForm, around: Surroundings, book) -> tuple[int, str]:
    """Write what differs from the stored facts. 303 when done, else the status and the words of a conflict."""
    stored = LeadForm(data={**{k: v if v is not None else "" for k, v in _facts(lead).items()}})
    old = stored.values() if stored.is_valid() else {}
    changes = {name: value for name, value in form.values().items() if old.get(name, object()) != value}
    try:
        changed = update_lead(lead=lead, data=changes, actor=request.user, expected_version=form.cleaned_data["version"])
    except (StaleVersion, Conflict):
        lead.refresh_from_db()
        return 409, who_was_first(lead, around, book)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return error.status, ""
    messages.success(request, "The facts are saved." if changed else "Nothing was different, so nothing was changed.")
    return 303, ""

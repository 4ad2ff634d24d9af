"""What each side promises the other: sentences, edited in a draft."""

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from accounts.console import attempt, fill, show
from accounts.models import Side
from accounts.permissions import Perm, requires
from core.errors import DomainError
from core.queries import organisation
from core.templatetags.display import money
from funnel import services
from funnel.forms_promises import PromiseForm, TermsForm, is_key, lead_values
from funnel.models import HandoffField, Promise, PromiseKey, Terms
from funnel.promises import MARKETING, SALES, USUAL_FLOOR, PromiseBook, PromiseLine, beside, book_of, percent, sentence
from funnel.queries import working_hours
from funnel.views.frame import Shown, shown, the_draft, today

_OTHER = {MARKETING: "sales", SALES: "marketing"}


@require_safe
@requires(Perm.SEE_NUMBERS)
def promises(request: HttpRequest) -> HttpResponse:
    return _page(request, shown(request))


def _page(
    request: HttpRequest, page: Shown, *, promise: PromiseForm | None = None, values=None, terms: TermsForm | None = None
) -> HttpResponse:
    """The page, with the one form in it that was refused."""
    if page.version is None:
        return show(request, "console/promises.html", "console_promises", page.as_context())
    currency, book = organisation().base_currency, book_of(page.version)
    labels = dict(HandoffField.choices)
    context = {
        "sides": sides(book, currency, editable=page.editable, refused=promise),
        "refused": promise,
        "currency": currency,
        "values": sorted(book.values.items(), key=lambda item: (item[0] == "", item[0])),
        "value_forms": (values or lead_values(currency, book.values)) if page.editable else None,
        "terms": book.terms,
        "undecided": Terms.Undecided(book.terms.undecided).label,
        "required": [labels[name] for name in labels if name in book.required_fields],
        "terms_form": (terms or TermsForm.of(book.terms, book.required_fields)) if page.editable else None,
    }
    refused = promise is not None or values is not None or terms is not None
    return show(request, "console/promises.html", "console_promises", page.as_context() | context, 422 if refused else 200)


def sides(book: PromiseBook, currency: str, *, editable: bool = False, refused: PromiseForm | None = None) -> list[dict]:
    """Both sides' promises by key, sentences with the other unit beside; the same for both."""
    day = working_hours(team_id=None).on(today()).day_seconds
    ids = _ids(book) if editable else {}
    found = []
    for side in (MARKETING, SALES):
        keys = []
        for key in PromiseKey:
            if PromiseLine(key).side != side:
                continue
            lines = book.of(key)
            rows = [_row(line, len(lines) > 1, currency, day) for line in lines]
            if editable:
                for row, line in zip(rows, lines, strict=True):
                    own = _is(refused, key, line.tier)
                    row["form"] = refused if own else PromiseForm(key, currency, line=line, fixed_tier=True)
                    row["open"], row["pk"] = own, ids[key, line.tier]
            add = None
            if editable and (not lines or key != PromiseKey.M2):
                add = refused if _is(refused, key, None) else PromiseForm(key, currency)
            keys.append(
                {
                    "key": key.value,
                    "label": key.label,
                    "rows": rows,
                    "add": add,
                    "add_open": add is not None and add is refused,
                }
            )
        found.append({"side": side, "label": Side(side).label, "other": _OTHER[side], "keys": keys})
    return found


def _is(refused: PromiseForm | None, key: str, tier: str | None) -> bool:
    if refused is None or refused.key != key:
        return False
    return not refused.fixed_tier if tier is None else refused.fixed_tier and (refused.data.get("tier") or "") == tier


def _ids(book: PromiseBook) -> dict[tuple[str, str], int]:
    return {(p.key, p.tier): p.pk for p in Promise.objects.filter(agreement=book.agreement_id)}


def _row(line: PromiseLine, others: bool, currency: str, day_seconds: int) -> dict:
    cap = f"at most {percent(line.cap)} of the target counts" if line.cap is not None else ""
    weight = f"weight {line.weight}" if line.weight != 1 else ""
    floor = f"broken outright below {percent(line.floor)}" if line.floor != USUAL_FLOOR else ""
    small = [beside(line, day_seconds), cap, floor, weight]
    return {
        "tier": line.tier,
        "sentence": sentence(line, others=others, amount=money(line.amount, currency)),
        "small": " · ".join(part for part in small if part),
        "open": False,
    }


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def save(request: HttpRequest, key: str) -> HttpResponse:
    """Add a line, or replace the one of the same tier."""
    if not is_key(key):
        raise Http404
    known = "known" in request.POST
    line = PromiseLine(key, request.POST.get("tier", "")[:20]) if known else None
    form = PromiseForm(key, organisation().base_currency, request.POST, line=line, fixed_tier=known)

    def work(_):
        draft = the_draft()
        wanted = form.line()
        if not known and draft.promises.filter(key=key, tier=wanted.tier).exists():
            field = "tier" if "tier" in form.fields else None
            raise DomainError("promise_exists", "There is such a line already. Change that one.", field=field)
        return services.set_promise(draft=draft, line=wanted, actor=request.user)

    if fill(form, work) is not None:
        return redirect("console_promises")
    return _page(request, shown(request), promise=form)


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    attempt(
        request,
        lambda: services.remove_promise(draft=the_draft(), promise_id=pk, actor=request.user),
        "Taken out of the draft.",
    )
    return redirect("console_promises")


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def save_values(request: HttpRequest) -> HttpResponse:
    """What an MQL of each tier is worth."""
    page, currency = shown(request), organisation().base_currency
    held = book_of(page.version).values if page.version else {}
    rows = lead_values(currency, held, request.POST)
    if not rows.is_valid():
        return _page(request, page, values=rows)
    wanted = rows.worths(currency, held)
    attempt(
        request,
        lambda: services.set_lead_values(draft=the_draft(), values=wanted, actor=request.user),
        "Saved in the draft.",
    )
    return redirect("console_promises")


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def save_terms(request: HttpRequest) -> HttpResponse:
    """What a handoff must bring, what stops the clock, what silence means."""
    form = TermsForm(request.POST)

    def work(data: dict):
        draft = the_draft()
        with transaction.atomic():
            services.set_terms(draft=draft, terms=form.terms(), actor=request.user)
            services.set_required_fields(draft=draft, fields=data["fields_required"], actor=request.user)

    if fill(form, work) is not None:
        return redirect("console_promises")
    return _page(request, shown(request), terms=form)

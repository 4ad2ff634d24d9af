"""Links and filters in the console. Everybody reads; what links mean is set by who imports, filters by who corrects."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.console import attempt, fill, show
from accounts.permissions import Perm, requires
from accounts.queries import has_perm
from core.queries import calendar
from leads.forms_links import FilterForm, LinkForm
from leads.models import UTM, FilterRule, UtmRule
from leads.pages.links import preview_filters, read_filters, read_links
from leads.services.filtering import MOST, add_filter, remove_filter, take_back_matching
from leads.services.links import record_anew, remove_link_rule, save_link_rule

LINKS, FILTERS = "console_links", "console_filters"


def _frame(request: HttpRequest, perm: Perm) -> dict:
    now = dt.datetime.now(dt.UTC)
    return {"may_set": has_perm(request.user, perm), "zone": calendar().zone_at(now), "today": calendar().day_of(now)}


@require_safe
@requires(Perm.SEE_NUMBERS)
def links(request: HttpRequest) -> HttpResponse:
    frame = _frame(request, Perm.IMPORT)
    return show(request, "console/capture/links.html", LINKS, {"page": read_links(frame["today"])} | frame)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.IMPORT)
def link_new(request: HttpRequest) -> HttpResponse:
    """Say what words mean; the address may bring the words."""
    form = LinkForm(initial={name: request.GET.get(name, "")[:150] for name in UTM})
    if request.method == "POST":
        form = LinkForm(request.POST)
        if fill(form, lambda data: save_link_rule(values=data, actor=request.user)) is not None:
            messages.success(request, "From now on links with these words mean that.")
            return redirect(LINKS)
    return show(request, "console/capture/link.html", LINKS, {"form": form}, 422 if form.errors else 200)


@require_POST
@requires(Perm.IMPORT)
def link_remove(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(UtmRule, pk=pk)
    said = "The rule is removed. Touches that it explained keep what it said."
    attempt(request, lambda: remove_link_rule(rule=rule, actor=request.user), said)
    return redirect(LINKS)


@require_POST
@requires(Perm.CORRECT_HISTORY)
def links_anew(request: HttpRequest) -> HttpResponse:
    """Record touches of the past again whose links are explained by now."""
    count, more = record_anew(actor=request.user)
    rest = " There are more: press the button again." if more else ""
    messages.success(request, f"Touches recorded anew: {count}.{rest}")
    return redirect(LINKS)


@require_safe
@requires(Perm.SEE_NUMBERS)
def filters(request: HttpRequest) -> HttpResponse:
    """The rules, what they would take back of the past, and a new rule."""
    return _filters(request, FilterForm(initial={"value": request.GET.get("value", "")[:150]}))


def _filters(request: HttpRequest, form: FilterForm) -> HttpResponse:
    preview = preview_filters()
    context = {"form": form, "page": read_filters(), "preview": preview, "at_once": min(preview.touches, MOST)}
    context |= _frame(request, Perm.CORRECT_HISTORY)
    return show(request, "console/capture/filters.html", FILTERS, context, 422 if form.errors else 200)


@require_POST
@requires(Perm.CORRECT_HISTORY)
def filter_add(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.POST)
    if fill(form, lambda data: add_filter(actor=request.user, **data)) is None:
        return _filters(request, form)
    messages.success(request, "From now on such touches count nowhere. Below is what the rules name of the past.")
    return redirect(FILTERS)


@require_POST
@requires(Perm.CORRECT_HISTORY)
def filter_remove(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(FilterRule, pk=pk)
    attempt(request, lambda: remove_filter(rule=rule, actor=request.user), "The rule is removed. What it took back stays.")
    return redirect(FILTERS)


@require_POST
@requires(Perm.CORRECT_HISTORY)
def filter_run(request: HttpRequest) -> HttpResponse:
    """Take back what the preview named."""
    text = request.POST.get("expected", "")
    expected = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
    attempt(
        request,
        lambda: take_back_matching(expected=expected, actor=request.user),
        "Taken back. The numbers follow within a minute; each lead's timeline says why.",
    )
    return redirect(FILTERS)

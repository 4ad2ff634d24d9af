"""A draft tried on history: ask for it, see how far it is, read what came out and which leads stand behind it."""

import datetime as dt

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.console import ConsoleForm, fill, show
from accounts.permissions import Perm, requires
from accounts.queries import has_perm, today_for
from core.queries import calendar
from funnel.book import load_book, version_of
from funnel.models import Agreement, Milestone, Stage
from funnel.queries import version_before
from metrics import services
from metrics.backtest_listing import leads_in
from metrics.backtest_pages import CELL_WORDS, changed_since, shown
from metrics.models import Backtest

YEAR = dt.timedelta(days=364)
HORIZON = 120  # days for which leads are followed unless somebody asks otherwise
PAGE = 50


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class AskForm(ConsoleForm):
    stage = forms.ChoiceField(label="Entry into")
    from_day = forms.DateField(label="Decisions from")
    to_day = forms.DateField(label="Decisions to")
    split_day = forms.DateField(
        label="Second part from", help_text="What the first part suggests, the second part confirms or not."
    )
    horizon = forms.IntegerField(
        min_value=1, max_value=730, label="Leads are followed for (days)", help_text="Younger decisions are not yet counted."
    )
    brought_in = forms.BooleanField(
        required=False,
        label="Judge leads that were brought in with their history too",
        help_text="Of them Tandem knows when something happened, not when it was known.",
    )

    def __init__(self, *args, stages, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [(str(info.id), info.name) for info in stages]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SEE_NUMBERS)
def backtest(request: HttpRequest, number: int) -> HttpResponse:
    """The newest test of a version, or the one that the address names; and the form that asks for another."""
    version = get_object_or_404(Agreement, number=number)
    before = version_before(version)
    if request.method == "POST":
        return _ask(request, version, before)
    test = _test(request, version)
    if request.headers.get("HX-Target", "").endswith("#backtest"):
        return render(request, "console/parts/backtest.html", _told(request, version, test))
    return _page(request, version, before, test, _form(version, before))


@requires(Perm.CORRECT_HISTORY)
def _ask(request: HttpRequest, version: Agreement, before: Agreement | None) -> HttpResponse:
    if before is None:
        raise Http404
    form = _form(version, before, request.POST)

    def work(data: dict) -> Backtest:
        stage = Stage.objects.get(pk=data.pop("stage"))
        return services.ask_backtest(draft=version, before=before, stage=stage, actor=request.user, now=_now(), **data)

    if fill(form, work) is None:
        return _page(request, version, before, _test(request, version), form, 422)
    return redirect("console_backtest", version.number)


def _form(version: Agreement, before: Agreement | None, data=None) -> AskForm:
    book = version_of(version)
    stages = [info for info in book.path() if not info.retired][1:]
    today = today_for(_now())
    first = today - YEAR
    mql = book.milestone(Milestone.MQL)
    initial = {
        "stage": str(mql.id) if mql else "",
        "from_day": first,
        "to_day": today,
        # Three quarters of the leads that can be followed to the end: later ones say nothing of what they became.
        "split_day": first + (YEAR - dt.timedelta(days=HORIZON)) * 3 // 4,
        "horizon": HORIZON,
        "brought_in": True,
    }
    return AskForm(data, initial=initial, stages=stages)


def _test(request: HttpRequest, version: Agreement) -> Backtest | None:
    tests = version.backtests.select_related("before", "agreement", "stage", "asked_by")
    wanted = request.GET.get("test", "")
    if wanted:
        return get_object_or_404(tests, pk=wanted if wanted.isdecimal() and len(wanted) < 19 else 0)
    return tests.order_by("-id").first()


def _page(request, version: Agreement, before: Agreement | None, test: Backtest | None, form: AskForm, status: int = 200):
    context = _told(request, version, test) | {
        "base": before,
        "form": form,
        "may_ask": before is not None and has_perm(request.user, Perm.CORRECT_HISTORY),
        "others": version.backtests.exclude(pk=test.pk if test else 0).select_related("stage").order_by("-id"),
    }
    return show(request, "console/backtest.html", "console", context, status)


def _told(request: HttpRequest, version: Agreement, test: Backtest | None) -> dict:
    done = test is not None and test.state == Backtest.State.DONE
    stage = version_of(version).stages.get(test.stage_id) if test else None
    return {
        "version": version,
        "test": test,
        "stage_name": stage.name if stage else "",
        "running": test is not None and test.state in services.OPEN,
        "result": shown(test) if done else None,
        "changed": test is not None and changed_since(test),
        "progress": _progress(test) if test else None,
        "may_stop": has_perm(request.user, Perm.CORRECT_HISTORY),
        "may_list": has_perm(request.user, Perm.SEE_LEADS),
        "zone": calendar().zone_on(today_for(_now())),
    }


def _progress(test: Backtest) -> dict:
    """How many leads have been gone through, of all there are."""
    whole = test.last_lead or 0
    done = min(test.parts.count() * services.LEADS_AT_ONCE, whole)
    return {"done": done, "whole": whole}


@require_POST
@requires(Perm.CORRECT_HISTORY)
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a test before its end."""
    test = get_object_or_404(Backtest.objects.select_related("agreement"), pk=pk)
    services.stop_backtest(backtest=test, now=_now())
    return redirect("console_backtest", test.agreement.number)


@require_safe
@requires(Perm.SEE_LEADS)
def leads(request: HttpRequest, pk: int) -> HttpResponse:
    """The leads of one cell: those that the reader may open, and how many more there are."""
    tests = Backtest.objects.select_related("agreement", "before", "stage")
    test = get_object_or_404(tests, pk=pk, state=Backtest.State.DONE)
    cell = request.GET.get("cell", "")
    cell = cell if cell in CELL_WORDS else "only_old"
    wanted = request.GET.get("page", "")
    page = max(int(wanted), 1) if wanted.isdecimal() and len(wanted) < 7 else 1
    found = leads_in(test, cell, request.user, load_book().newest, offset=(page - 1) * PAGE, limit=PAGE)
    pages = max((found.total - found.hidden + PAGE - 1) // PAGE, 1)
    context = {
        "test": test,
        "version": test.agreement,
        "cell": cell,
        "words": CELL_WORDS[cell][0],
        "cells": [(key, words) for key, (_, words) in CELL_WORDS.items()],
        "found": found,
        "page": page,
        "pages": pages,
        "here": reverse("console_backtest_leads", args=[pk]),
        "scores": test.result["scores"],
    }
    return show(request, "console/backtest_leads.html", "console", context)

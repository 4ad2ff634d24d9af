"""The last 90 days under the promises of the shown version, and the way to take what they show into the draft."""

import datetime as dt
import math

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.console import attempt, show
from accounts.permissions import Perm, requires
from accounts.queries import has_perm, today_for
from core.errors import DomainError
from core.queries import organisation
from core.templatetags.display import money
from funnel import services
from funnel.models import Agreement, PromiseKey
from funnel.promises import book_of, percent, sentence
from funnel.queries import open_version, shown_version
from metrics.promise_record import DAYS, PromiseRecord, Seen, record_of
from metrics.series import current


@require_safe
@requires(Perm.SEE_NUMBERS)
def record(request: HttpRequest) -> HttpResponse:
    """A part of the promises' page for htmx, a page of its own otherwise."""
    now = dt.datetime.now(dt.UTC)
    version = shown_version(today_for(now), request.GET.get("version", ""))
    context = {"version": version}
    if version is not None:
        found, currency = record_of(current(), book_of(version), now=now), organisation().base_currency
        draft = version.state == Agreement.State.DRAFT
        context |= {
            "days": DAYS,
            "entries": found.entries,
            "rows": _rows(found, currency),
            "gaps": len(found.proposals()),
            "editable": draft and has_perm(request.user, Perm.DRAFT_AGREEMENT),
        }
    if request.headers.get("HX-Request"):
        return render(request, "console/parts/promise_record.html", context)
    return show(request, "console/promise_record.html", "console_promises", context)


def _rows(found: PromiseRecord, currency: str) -> list[dict]:
    lines = [one.line for one in found.seen]
    return [
        {
            "key": one.line.key,
            "side": one.line.side,
            "promised": one.promised,
            "sentence": sentence(
                one.line, others=sum(p.key == one.line.key for p in lines) > 1, amount=money(one.line.amount, currency)
            ),
            "shown": _shown(one, currency),
            "reached": _reached(one),
        }
        for one in found.seen
    ]


def _shown(one: Seen, currency: str) -> str:
    if one.line.key == PromiseKey.M1:
        # Whole leads only, so that a promise just missed does not read as if it had been reached.
        return f"{math.floor(one.volume):,} a month"
    if one.line.key == PromiseKey.M2:
        return "no value known" if one.volume is None else f"{money(round(one.volume, -2), currency)} a month"
    if not one.n:
        return "nothing fell due"
    return f"{percent(round(one.share * 1_000) * 10)} of {one.n:,}"


def _reached(one: Seen) -> bool | None:
    """Whether what is promised would have been reached; None where nothing is promised or nothing can be said."""
    if not one.promised:
        return None
    if one.line.key == PromiseKey.M1:
        return one.volume >= one.line.volume
    if one.line.key == PromiseKey.M2:
        return None if one.volume is None else one.volume >= one.line.amount
    return None if not one.n else one.hits * 10_000 >= one.line.share * one.n


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def fill(request: HttpRequest) -> HttpResponse:
    """Put proposals where the draft promises nothing yet."""

    def work():
        draft = open_version()
        if draft is None:
            raise DomainError("draft_missing", "There is no draft. Start one first.")
        found = record_of(current(), book_of(draft), now=dt.datetime.now(dt.UTC))
        services.fill_promises(
            draft=draft, lines=found.proposals(), values=found.values, fields=found.fields, actor=request.user
        )

    attempt(request, work, "Taken into the draft. Read each line and change what you want to promise.")
    return redirect("console_promises")

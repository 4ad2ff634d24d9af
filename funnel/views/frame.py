"""What the agreement's pages share: which version they show, whether it may be changed, the way back."""

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.permissions import Perm
from accounts.queries import has_perm, today_for
from core.errors import DomainError
from funnel.by_day import Course, course_on
from funnel.models import Agreement
from funnel.queries import open_version
from funnel.services import may_withdraw

# Where an address names one part of a version: it is read in a version that has the part.
_PARTS = {
    "console_stage": "stages__stage__key",
    "console_stage_edit": "stages__stage__key",
    "console_criteria_edit": "stages__stage__key",
    "console_word": "words__key",
    "console_word_edit": "words__key",
}


@dataclass(frozen=True)
class Shown:
    """The version a page shows. `editable`: it is a draft and this reader may change it. `may_withdraw`: it waits for
    signatures and this reader may take it back. `others`: what else can be read here, each with what it is on this day."""

    version: Agreement | None
    editable: bool
    may_withdraw: bool
    today: dt.date
    others: tuple[tuple[Agreement, str], ...] = ()
    until: dt.date | None = None  # the last day of the version that holds today, once that is known
    newest: bool = True  # a draft would start from this version

    def as_context(self) -> dict:
        return {
            "version": self.version,
            "editable": self.editable,
            "may_withdraw": self.may_withdraw,
            "today": self.today,
            "others": self.others,
            "until": self.until,
            "newest": self.newest,
            "holds": self.version is not None and self.version.from_day is not None and self.version.from_day <= self.today,
        }


def today() -> dt.date:
    return today_for(dt.datetime.now(dt.UTC))


def shown(request: HttpRequest) -> Shown:
    """The version of the day, unless the address asks for another (`?version=`) or the reader works on the draft."""
    day = today()
    course, opened = course_on(day), open_version()
    may = has_perm(request.user, Perm.DRAFT_AGREEMENT)
    there = [row for row in (course.present, *course.coming, opened) if row is not None]
    if not there:
        return Shown(None, False, False, day)
    version = _asked(request, there) or _default(request, there, works=may)
    return Shown(
        version,
        version.state == Agreement.State.DRAFT and may,
        may_withdraw(version, request.user),
        day,
        tuple((row, _aside(course, row)) for row in there if row != version),
        course.until(version) if version == course.present else None,
        version == there[-1],
    )


def _asked(request: HttpRequest, there: list[Agreement]) -> Agreement | None:
    """The version that the address names, if it is one of these; what is saved goes to the draft, whatever it names."""
    number = request.GET.get("version") if request.method != "POST" else None
    return next((row for row in there if str(row.number) == number), None)


def _default(request: HttpRequest, there: list[Agreement], *, works: bool) -> Agreement:
    """The draft for whoever may change it, else the version of the day; a part that only a later one has is read there."""
    if works and there[-1].state == Agreement.State.DRAFT:
        return there[-1]
    match = request.resolver_match
    part = _PARTS.get(match.url_name) if match else None
    if part is None:
        return there[0]
    ids = [row.pk for row in there]
    having = set(Agreement.objects.filter(pk__in=ids, **{part: match.kwargs["key"]}).values_list("pk", flat=True))
    return next((row for row in there if row.pk in having), there[0])


def _aside(course: Course, version: Agreement) -> str:
    words = course.words(version)
    return words[0].lower() + words[1:]


def the_draft() -> Agreement:
    found = open_version()
    if found is None:
        raise DomainError("draft_missing", "There is no draft. Start one first.")
    return found


def back(request: HttpRequest, name: str, *args) -> HttpResponseRedirect:
    """To the page named by `next`, if it is one of ours, else to `name`."""
    target = request.POST.get("next", "")
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        return redirect(target)
    return redirect(reverse(name, args=args))

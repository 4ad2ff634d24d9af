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
from funnel.models import Agreement
from funnel.queries import open_version, shown_version
from funnel.services import may_withdraw


@dataclass(frozen=True)
class Shown:
    """The version a page shows. `editable`: it is a draft and this reader may change it. `may_withdraw`: it waits for
    signatures and this reader may take it back."""

    version: Agreement | None
    editable: bool
    may_withdraw: bool
    today: dt.date

    def as_context(self) -> dict:
        return {
            "version": self.version,
            "editable": self.editable,
            "may_withdraw": self.may_withdraw,
            "today": self.today,
        }


def today() -> dt.date:
    return today_for(dt.datetime.now(dt.UTC))


def shown(request: HttpRequest) -> Shown:
    day = today()
    version = shown_version(day)
    draft = version is not None and version.state == Agreement.State.DRAFT
    editable = draft and has_perm(request.user, Perm.DRAFT_AGREEMENT)
    return Shown(version, editable, version is not None and may_withdraw(version, request.user), day)


def the_draft() -> Agreement:
    found = open_version()
    if found is None:
        raise DomainError("draft_missing", "There is no draft. Start one first.")
    return found


def back(request: HttpRequest, name: str, *args) -> HttpResponseRedirect:
    """To the page named by `next`, if it is one of ours, else to `name`."""
    target = request.POST.get("next", "")
    if target and url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        return redirect(target)
    return redirect(reverse(name, args=args))

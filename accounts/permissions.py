"""Who may do what: one table. Every view and endpoint names its permission with @requires or `perm`."""

import enum
import functools

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from accounts.models import Role


class Perm(enum.StrEnum):
    SEE_NUMBERS = "see_numbers"
    SEE_LEADS = "see_leads"
    SEE_EVERY_LEAD = "see_every_lead"
    WORK_LEADS = "work_leads"
    PLAN_CAMPAIGNS = "plan_campaigns"
    CORRECT_HISTORY = "correct_history"
    IMPORT = "import"
    SEE_PERSON_FIGURES = "see_person_figures"
    SEE_JOBS = "see_jobs"
    ANSWER_ISSUES = "answer_issues"
    SET_ROUTING = "set_routing"
    SET_REVIEWS = "set_reviews"
    DRAFT_AGREEMENT = "draft_agreement"
    ADMINISTER = "administer"


_EVERYBODY = frozenset({Perm.SEE_NUMBERS, Perm.SEE_LEADS})
_REP = _EVERYBODY | {Perm.WORK_LEADS, Perm.PLAN_CAMPAIGNS, Perm.SEE_PERSON_FIGURES}
_LEAD = _REP | {Perm.CORRECT_HISTORY, Perm.IMPORT, Perm.DRAFT_AGREEMENT}
_OWNER = _LEAD | {Perm.SEE_EVERY_LEAD, Perm.SEE_JOBS, Perm.ANSWER_ISSUES, Perm.SET_ROUTING, Perm.SET_REVIEWS}

ROLE_PERMS: dict[Role, frozenset[Perm]] = {
    Role.VIEWER: _EVERYBODY,
    Role.REP: _REP,
    Role.TEAM_LEAD: _LEAD,
    Role.FUNNEL_OWNER: _OWNER,
    Role.ADMINISTRATOR: _OWNER | {Perm.ADMINISTER},
}

# Whose figures a person may see one by one (architecture 5): themselves, their team's people, everybody's.
PERSON_FIGURES_SCOPE: dict[Role, str] = {
    Role.VIEWER: "none",
    Role.REP: "self",
    Role.TEAM_LEAD: "team",
    Role.FUNNEL_OWNER: "all",
    Role.ADMINISTRATOR: "all",
}


def requires(perm: Perm):
    """Declare a view's permission. Signed out: to the sign-in page. Signed in without the right: 403."""

    def decorate(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            from accounts.queries import has_perm  # noqa: PLC0415 - queries need Perm from this module

            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not has_perm(request.user, perm):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.perm = perm
        return guarded

    return decorate


def public(view):
    """Declare that a view is open to everybody."""
    view.perm = None
    return view


class DeclaredPermission(BasePermission):
    """REST: the endpoint names its right in `perm` (or `perms` by method). An endpoint that names none is closed."""

    def has_permission(self, request, view):
        from accounts.queries import has_perm  # noqa: PLC0415 - queries need Perm from this module

        if not request.user or not request.user.is_authenticated:
            return False
        perm = getattr(view, "perms", {}).get(request.method) or getattr(view, "perm", None)
        return perm is not None and has_perm(request.user, perm)

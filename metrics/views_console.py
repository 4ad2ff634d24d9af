"""Console pages that show numbers: the effect of a version with its signatures, where a stage is used, the organisation."""

import datetime as dt
import zoneinfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.console import ConsoleForm, attempt, fill, show
from accounts.models import Role, Side
from accounts.permissions import Perm, requires
from accounts.queries import has_perm, led_sides, standing, today_for
from accounts.services import change_organisation, change_zone
from campaigns.models import Spend
from core.errors import NotAllowed
from core.models import CompanyZone, Organisation
from core.periods import working_days
from core.queries import calendar, organisation
from funnel import services
from funnel.book import version_of
from funnel.checking import problems_of
from funnel.comment_queries import refusals_of, sides_of, standing_refusals, talk_of
from funnel.comparing import compare, whole
from funnel.models import Agreement
from funnel.queries import OPEN, points_table, version_before
from leads.models import Deal
from leads.services.rebuilding import rebuild_since
from metrics.console import DAYS, counting_of, effect_of
from metrics.series import current


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class DayForm(ConsoleForm):
    from_day = forms.DateField(label="In force from")


@require_safe
@requires(Perm.SEE_NUMBERS)
def agree(request: HttpRequest, number: int) -> HttpResponse:
    """What would change if I agree; and the place to do so."""
    version = get_object_or_404(Agreement, number=number)
    return _agree(request, version, None)


def _agree(request: HttpRequest, version: Agreement, form: DayForm | None, status: int = 200) -> HttpResponse:
    now = _now()
    cal = calendar()
    day = cal.day_of(now)
    base = version_before(version)
    company = organisation()
    missing = services.missing_sides(version)
    owns = Role.FUNNEL_OWNER in standing(request.user).roles
    waited = working_days(cal.day_of(version.proposed_at), day) if version.proposed_at else 0
    signable = version.state in (Agreement.State.PROPOSED, Agreement.State.IN_FORCE)
    mine = led_sides(request.user)
    refusals = refusals_of(version)
    # A first version differs from nothing: whoever signs it reads all of it.
    sections = (
        compare(base, version, currency=company.base_currency) if base else whole(version, currency=company.base_currency)
    )
    talk = talk_of(version)
    context = {
        "version": version,
        "base": base,
        "sections": [(section, talk.on(section.title)) for section in sections if section.rows],
        "talk": talk,
        "elsewhere": talk.elsewhere(section.title for section in sections if section.rows),
        "talks": version.state in OPEN and has_perm(request.user, Perm.WORK_LEADS),
        "may_withdraw": services.may_withdraw(version, request.user),
        "refusals": refusals,
        "refused": standing_refusals(version, refusals),
        "counting": counting_of(base, version) if base else None,
        "effect": effect_of(current(), version_of(base), version_of(version), day) if base else None,
        "days": DAYS,
        "scores_move": bool(base and version.state in OPEN and points_table(base.pk) != points_table(version.pk)),
        "problems": problems_of(version, base) if version.state == Agreement.State.DRAFT else [],
        "sides": [
            row | {"may": signable and row["side"] in missing and row["side"] in mine} for row in sides_of(version, refusals)
        ],
        "missing": missing,
        "waited": waited,
        "answer_days": services.ANSWER_DAYS,
        "may_start": not standing_refusals(version, refusals) and _may_start(request, version, missing, owns, waited),
        "form": form or DayForm(initial={"from_day": day + dt.timedelta(days=1)}),
        "zone": cal.zone_on(day),
    }
    return show(request, "console/agree.html", "console", context, status)


def _may_start(request: HttpRequest, version: Agreement, missing: list, owns: bool, waited: int) -> bool:
    if version.state != Agreement.State.PROPOSED:
        return False
    if not missing:
        return owns or has_perm(request.user, Perm.ADMINISTER)
    return owns and len(missing) == 1 and waited >= services.ANSWER_DAYS


@require_POST
@requires(Perm.SEE_NUMBERS)
def sign(request: HttpRequest, number: int) -> HttpResponse:
    """A team lead's yes, for the own side only: the service refuses everybody else."""
    version = get_object_or_404(Agreement, number=number)
    side = request.POST.get("side", "")

    def work():
        try:
            services.sign_for_side(agreement=version, side=side, actor=request.user, now=_now())
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    label = dict(Side.choices).get(side, "")
    attempt(request, work, f"Signed for {label.lower()}.")
    return redirect("console_agree", number)


@require_POST
@requires(Perm.SEE_NUMBERS)
def start(request: HttpRequest, number: int) -> HttpResponse:
    """Put a signed version in force from a day on."""
    version = get_object_or_404(Agreement, number=number)
    form = DayForm(request.POST)

    def work(data: dict):
        try:
            with transaction.atomic():
                services.bring_into_force(
                    agreement=version,
                    from_day=data["from_day"],
                    actor=request.user,
                    today=today_for(_now()),
                    calendar=calendar(),
                )
                # What happened today already is counted by the version that holds today.
                rebuild_since(data["from_day"])
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    if fill(form, work) is None:
        return _agree(request, version, form, 422)
    return redirect("console")


_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"]  # fmt: skip


class OrganisationForm(ConsoleForm):
    name = forms.CharField(max_length=120)
    week_start = forms.TypedChoiceField(choices=list(enumerate(_WEEKDAYS)), coerce=int, label="The week starts on")
    fiscal_year_start = forms.TypedChoiceField(
        choices=list(enumerate(_MONTHS, 1)), coerce=int, label="The fiscal year starts in"
    )
    base_currency = forms.CharField(
        min_length=3,
        max_length=3,
        help_text="Three letters, such as EUR. Fixed once the first amount is recorded.",
    )
    lead_visibility = forms.ChoiceField(
        choices=Organisation.Visibility.choices,
        label="Who sees which leads",
        help_text="Numbers are the same for everybody; this limits lists, search and exports.",
    )

    def clean_base_currency(self):
        return self.cleaned_data["base_currency"].upper()


class ZoneForm(ConsoleForm):
    tz = forms.ChoiceField(label="Time zone", choices=lambda: [(z, z) for z in sorted(zoneinfo.available_timezones())])
    from_day = forms.DateField(label="From", help_text="A future day: days that are over keep their zone.")


def _money_recorded() -> bool:
    return Deal.objects.filter(amount__isnull=False).exists() or Spend.objects.exists()


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def settings(request: HttpRequest) -> HttpResponse:
    """Name, weeks, fiscal year, currency, zone and who sees which leads."""
    company, fixed, today = organisation(), _money_recorded(), today_for(_now())
    names = ("name", "week_start", "fiscal_year_start", "base_currency", "lead_visibility")
    form = OrganisationForm(initial={name: getattr(company, name) for name in names})
    zone = ZoneForm(initial={"tz": calendar().zone_on(today).key, "from_day": today + dt.timedelta(days=1)})
    if request.method == "POST" and "tz" in request.POST:
        zone = ZoneForm(request.POST)
        if fill(zone, lambda data: change_zone(today=today, actor=request.user, **data)) is not None:
            return redirect("console_organisation")
    elif request.method == "POST":
        form = OrganisationForm(request.POST)
        if fill(form, lambda data: change_organisation(actor=request.user, money_recorded=fixed, **data)) is not None:
            return redirect("console_organisation")
    if fixed:
        form.fields["base_currency"].widget.attrs["readonly"] = True
    context = {"form": form, "zone_form": zone, "zones": CompanyZone.objects.order_by("from_day"), "fixed": fixed}
    status = 422 if form.errors or zone.errors else 200
    return show(request, "console/organisation.html", "console_organisation", context, status)

"""The set-up guide: one page per step, each of which can be put off and taken up again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services as accounts
from accounts.console import fill
from accounts.inviting import hand_over
from accounts.models import Role, Side, Team
from accounts.permissions import Perm, requires
from accounts.queries import today_for
from campaigns.models import Spend
from core.money import to_minor
from core.periods import add_months
from core.queries import organisation
from funnel import services as funnel
from funnel.models import Milestone
from funnel.services.first_plan import set_first_targets
from integrations import guide as guiding
from integrations import services
from integrations import views_guide_agreement as agreement
from integrations.guide_forms import CompanyForm, InviteForm, TargetForm
from integrations.guide_pages import frame, go_on, now, page
from integrations.guide_steps import KEYS
from integrations.models import GuideMark
from leads.models import Deal

MONTHS = 12


@require_safe
@requires(Perm.ADMINISTER)
def start(request: HttpRequest) -> HttpResponse:
    """On to the first step that is open; the demo first says what it is, and the end what can be looked at now."""
    found = guiding.guide(now())
    if not found.company.is_demo and found.next:
        return redirect("start_step", found.next)
    return render(request, "start/demo.html" if found.company.is_demo else "start/done.html", frame(found))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def step(request: HttpRequest, key: str) -> HttpResponse:
    if key not in _STEPS:
        raise Http404
    return _STEPS[key](request)


@require_POST
@requires(Perm.ADMINISTER)
def mark(request: HttpRequest, key: str) -> HttpResponse:
    """Put a step off, take it up again, or say that its text was read."""
    kind = request.POST.get("kind", "")
    if key not in KEYS or kind not in ("", GuideMark.Kind.SKIPPED, GuideMark.Kind.READ):
        raise Http404
    services.mark_step(step=key, kind=kind, actor=request.user)
    return go_on(key) if kind else redirect("start_step", key)


@require_POST
@requires(Perm.ADMINISTER)
def put_away(request: HttpRequest) -> HttpResponse:
    """Take the guide out of the navigation, or bring it back; its address stays."""
    services.mark_step(step=guiding.AWAY, kind="" if "back" in request.POST else GuideMark.Kind.AWAY, actor=request.user)
    return redirect("start")


def _company(request: HttpRequest) -> HttpResponse:
    company = organisation()
    names = ("name", "base_currency", "fiscal_year_start", "week_start")
    form = CompanyForm(request.POST or None, initial={name: getattr(company, name) for name in names})
    fixed = Deal.objects.filter(amount__isnull=False).exists() or Spend.objects.exists()
    if request.method == "POST":
        saved = fill(form, lambda data: accounts.change_organisation(actor=request.user, money_recorded=fixed, **data))
        if saved is not None:
            return go_on("company")
    if fixed:
        form.fields["base_currency"].widget.attrs["readonly"] = True
    return page(request, "company", 422 if form.errors else 200, form=form)


def _people(request: HttpRequest) -> HttpResponse:
    form, link, sent = InviteForm(), None, ""
    if request.method == "POST":
        form = InviteForm(request.POST)
        made = fill(form, lambda data: _invite(request, data["post"], data["email"]))
        if made is not None:
            invite, secret = made
            link = hand_over(request, invite, request.build_absolute_uri(reverse("invite", args=[secret])))
            if link is None:
                return redirect("start_step", "people")
            form, sent = InviteForm(), invite.email
    status = 422 if form.errors else 200
    return page(request, "people", status, form=form, link=link, sent=sent, asked=form.data.get("post"))


def _invite(request: HttpRequest, post: str, email: str):
    role = Role.FUNNEL_OWNER if post == "owner" else Role.TEAM_LEAD
    team = None
    if role == Role.TEAM_LEAD:
        side = Side(post)
        team = Team.objects.filter(side=side, retired=False).order_by("id").first()
        team = team or accounts.add_team(name=side.label, side=side, actor=request.user)
    return accounts.invite_person(email=email, role=role, team=team, now=now(), actor=request.user)


def _import(request: HttpRequest) -> HttpResponse:
    return page(request, "import")


def _target(request: HttpRequest) -> HttpResponse:
    found = guiding.guide(now())
    form = TargetForm(request.POST or None)
    mql = found.version.stages.filter(milestone=Milestone.MQL, retired=False).first() if found.version else None
    currency = found.company.base_currency
    form.fields["profit"].label = f"Gross profit each month, {currency}"
    form.fields["mql"].label = f"{mql.name} each month" if mql else ""
    if mql is None:
        del form.fields["mql"]
    if request.method == "POST" and found.version is not None:

        def work(data: dict) -> int:
            first = today_for(now()).replace(day=1)
            cells = []
            for i in range(MONTHS):
                month = add_months(first, i)
                if data["profit"] is not None:
                    cells.append(funnel.TargetCell("gross_profit", None, month, to_minor(data["profit"], currency)))
                if data.get("mql") is not None:
                    cells.append(funnel.TargetCell("stage_inflow", mql.stage_id, month, data["mql"]))
            return set_first_targets(agreement=found.version, cells=cells, actor=request.user)

        if fill(form, work) is not None:
            messages.success(request, "The targets are part of the version that both leads are asked to sign.")
            return go_on("target")
    return page(request, "target", 422 if form.errors else 200, form=form)


def _sign(request: HttpRequest) -> HttpResponse:
    found = guiding.guide(now())
    asked = found.draft or found.version
    link = request.build_absolute_uri(reverse("console_agree", args=[asked.number])) if asked else ""
    signed = {s.side: s for s in found.version.signatures.select_related("user")} if found.version else {}
    sides = [
        {"side": post.side, "label": post.label, "signature": signed.get(post.side), "post": post}
        for post in found.posts
        if post.side in (Side.MARKETING, Side.SALES)
    ]
    return page(request, "sign", sides=sides, link=link, asked=asked)


_STEPS = {
    "company": _company,
    "stages": agreement.stages,
    "criteria": agreement.criteria,
    "promises": agreement.promises,
    "words": agreement.words,
    "hours": agreement.hours,
    "people": _people,
    "import": _import,
    "target": _target,
    "sign": _sign,
}

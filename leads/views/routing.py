"""Routing in the console: the rules, their simulation, the switch. Everybody reads; who sets the rules changes them."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.console import attempt, fill, show
from accounts.permissions import Perm, requires
from accounts.presence import sales_people
from accounts.queries import has_perm
from core.queries import calendar
from funnel.book import load_book
from leads.forms_routing import QueueForm, RuleForm
from leads.models import RoutingRule
from leads.pages.routing import given_lately, read_changes, read_rules, waiting_now
from leads.pages.simulation import Simulation, Tried, simulate
from leads.routing_queries import pure_rule, pure_rules, routing_setup, standing_rules
from leads.services import routing_rules as services

PLACE = "console_routing"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _may_set(request: HttpRequest) -> dict[str, bool]:
    return {"may_set": has_perm(request.user, Perm.SET_ROUTING)}


@require_safe
@requires(Perm.SEE_NUMBERS)
def routing(request: HttpRequest) -> HttpResponse:
    return _overview(request, None)


def _overview(request: HttpRequest, queue: QueueForm | None) -> HttpResponse:
    now, cal = _now(), calendar()
    day = cal.day_of(now)
    setup, people = routing_setup(), sales_people(day)
    team = setup.fallback_team
    context = {
        "setup": setup,
        "lines": read_rules(people, now, day),
        "lately": given_lately(now),
        "waiting": waiting_now(),
        "changes": read_changes(),
        "queue": queue or QueueForm(initial={"team": setup.fallback_team_id}),
        "queue_empty": team is not None and (team.retired or team.pk not in people.team_of.values()),
        "zone": cal.zone_on(day),
    } | _may_set(request)
    return show(request, "leads/routing/overview.html", PLACE, context, 200 if queue is None else 422)


@require_POST
@requires(Perm.SET_ROUTING)
def set_queue(request: HttpRequest) -> HttpResponse:
    form = QueueForm(request.POST)
    if fill(form, lambda data: services.set_queue(team=data["team"], actor=request.user)) is None:
        return _overview(request, form)
    return redirect(PLACE)


@require_POST
@requires(Perm.SET_ROUTING)
def switch(request: HttpRequest) -> HttpResponse:
    on = request.POST.get("to") == "on"
    said = "Routing is on. What enters MQL from now on is given away." if on else "Routing is off."
    attempt(request, lambda: services.switch_routing(on=on, now=_now(), actor=request.user), said)
    return redirect(PLACE)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SET_ROUTING)
def add(request: HttpRequest) -> HttpResponse:
    return _rule_page(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SET_ROUTING)
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    return _rule_page(request, get_object_or_404(standing_rules(), pk=pk))


def _rule_page(request: HttpRequest, saved: RoutingRule | None) -> HttpResponse:
    """The form of a rule: saved, or tried on the last month first, which writes nothing."""
    day = calendar().day_of(_now())
    form, tried, status = RuleForm(today=day, initial=_values(saved)), None, 200
    if request.method == "POST":
        form = RuleForm(request.POST, today=day)
        if "try" in request.POST:
            tried = _try(request, form, saved) if form.is_valid() else None
            status = 200 if tried else 422
        elif fill(form, lambda data: _save(request, saved, dict(data))) is not None:
            return redirect(PLACE)
        else:
            status = 422
    context = {"form": form, "rule": saved, "tried": tried}
    return show(request, "leads/routing/rule.html", PLACE, context, status)


def _values(saved: RoutingRule | None) -> dict:
    if saved is None:
        return {"method": RoutingRule.Method.ROUND_ROBIN}
    names = ("name", "segment", "region", "channel", "tier", "origin", "team", "method")
    return {name: getattr(saved, name) for name in names} | {"people": list(saved.people.all())}


def _save(request: HttpRequest, saved: RoutingRule | None, data: dict) -> RoutingRule:
    return services.save_rule(rule=saved, people=list(data.pop("people")), values=data, actor=request.user)


def _try(request: HttpRequest, form: RuleForm, saved: RoutingRule | None) -> Simulation:
    """The rules as they are and with this one: in its place, or at the end if it is new."""
    cal = calendar()
    day = cal.day_of(_now())
    people = sales_people(day)
    before = pure_rules(standing_rules(), people)
    new = pure_rule(form.row(saved), [user.pk for user in form.cleaned_data["people"]], people)
    after = [new if rule.id == new.id else rule for rule in before] + ([] if saved else [new])
    both = [Tried("Rules as they are", before), Tried("With this rule" if saved is None else "With this change", after)]
    return simulate(both, reader=request.user, people=people, book=load_book(), cal=cal, today=day)


@require_safe
@requires(Perm.SEE_NUMBERS)
def simulation(request: HttpRequest) -> HttpResponse:
    """What the rules as they are would have done with the last month."""
    cal = calendar()
    day = cal.day_of(_now())
    people = sales_people(day)
    rules = pure_rules(standing_rules(), people)
    tried = simulate(
        [Tried("By the rules", rules)], reader=request.user, people=people, book=load_book(), cal=cal, today=day
    )
    return show(request, "leads/routing/simulation.html", PLACE, {"tried": tried, "none": not rules} | _may_set(request))


@require_POST
@requires(Perm.SET_ROUTING)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(standing_rules(), pk=pk)
    up = request.POST.get("to") == "up"
    attempt(request, lambda: services.move_rule(rule=row, up=up, actor=request.user))
    return redirect(PLACE)


@require_POST
@requires(Perm.SET_ROUTING)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(standing_rules(), pk=pk)
    attempt(
        request,
        lambda: services.remove_rule(rule=row, now=_now(), actor=request.user),
        f"“{row}” gives nothing away any more. What it gave away stays.",
    )
    return redirect(PLACE)

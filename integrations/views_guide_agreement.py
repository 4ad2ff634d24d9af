"""The steps of the set-up guide that fill the first agreement: each offers a few presets, and the console all the rest."""

import datetime as dt
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.console import attempt
from accounts.queries import today_for
from core.queries import calendar, organisation
from core.templatetags.display import money
from funnel import services as funnel
from funnel.business_time import Window
from funnel.models import Agreement, WorkingCalendar
from funnel.presets import PRESETS
from funnel.presets_first import PROMISES, RULES
from funnel.promises import MARKETING, SALES, PromiseLine, book_of, sentence
from funnel.queries import entry_rules
from integrations import guide as guiding
from integrations import services
from integrations.guide_pages import go_on, now, page

PRESET_WORDS = {
    "b2b": "Six stages on the way, with sales’ own yes",
    "short": "Four stages on the way, for a team of a few people",
    "nurture": "Seven stages on the way, with nurturing before MQL",
}


# Words and hours of a working week, Monday first.
WEEKS = {
    "nine": ("Monday to Friday, 9:00 to 17:00", range(5), dt.time(9), dt.time(17)),
    "eight": ("Monday to Friday, 8:00 to 18:00", range(5), dt.time(8), dt.time(18)),
    "six": ("Monday to Saturday, 9:00 to 18:00", range(6), dt.time(9), dt.time(18)),
    "sunday": ("Sunday to Thursday, 9:00 to 17:00", (6, 0, 1, 2, 3), dt.time(9), dt.time(17)),
}


def stages(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        preset = request.POST.get("preset", "")
        adopted = attempt(
            request,
            lambda: funnel.adopt_preset(preset=preset, from_day=today_for(now()), actor=request.user),
            "These stages hold now. They are marked “not agreed yet” until both leads have signed.",
        )
        return go_on("stages") if adopted else redirect("start_step", "stages")
    version = guiding.guide(now()).version
    rows = list(version.stages.filter(retired=False).order_by("position")) if version else []
    presets = [(key, PRESET_WORDS[key], preset) for key, preset in PRESETS.items()]
    return page(request, "stages", rows=rows, presets=presets)


def words(request: HttpRequest) -> HttpResponse:
    version = guiding.guide(now()).version
    terms = list(version.words.order_by("word")) if version else []
    uses: dict[str, list] = {}
    for reason in version.reasons.order_by("id") if version else ():
        uses.setdefault(reason.get_use_display(), []).append(reason.label)
    return page(request, "words", words=terms, uses=uses.items())


def criteria(request: HttpRequest) -> HttpResponse:
    version = guiding.guide(now()).version
    if request.method == "POST":
        return _chosen(request, "criteria", version, services.choose_first_rules)
    names = {row.stage_id: row for row in version.stages.filter(retired=False)} if version else {}
    by_milestone = {row.milestone: row.name for row in names.values() if row.milestone}
    held = [(names[stage].name, rule.words) for stage, (rule, _) in entry_rules(version.id).items()] if version else []
    presets = [
        (key, preset, [(by_milestone[m], rule.words) for m, rule in preset.rules.items() if m in by_milestone])
        for key, preset in RULES.items()
    ]
    return page(request, "criteria", held=held, presets=presets)


def promises(request: HttpRequest) -> HttpResponse:
    found = guiding.guide(now())
    if request.method == "POST":
        return _chosen(request, "promises", found.version, services.choose_first_promises)
    held = _both_sides(book_of(found.version).lines) if found.version else []
    presets = [(key, preset, _both_sides(preset.lines)) for key, preset in PROMISES.items()]
    return page(request, "promises", held=held, presets=presets, may_choose=found.may_change and not found.leads)


def hours(request: HttpRequest) -> HttpResponse:
    held = WorkingCalendar.objects.filter(team=None).prefetch_related("windows").order_by("-from_day").first()
    if request.method == "POST":
        week = WEEKS.get(request.POST.get("week", ""))
        today = today_for(now())
        if week is None:
            return redirect("start_step", "hours")
        windows = [Window(day, week[2], week[3]) for day in week[1]]
        zone = calendar().zone_on(today).key
        done = attempt(
            request,
            lambda: funnel.set_hours(team=None, from_day=today, tz=zone, windows=windows, today=today, actor=request.user),
            "These are the company’s working hours from today on.",
        )
        return go_on("hours") if done else redirect("start_step", "hours")
    weeks = [(key, words_) for key, (words_, *_) in WEEKS.items()]
    return page(request, "hours", held=held, weeks=weeks)


def _chosen(request: HttpRequest, key: str, version: Agreement | None, choose) -> HttpResponse:
    """Take a preset into the first version and go on; without stages there is nothing to take it into."""
    done = version is not None and attempt(
        request,
        lambda: choose(agreement=version, preset=request.POST.get("preset", ""), actor=request.user),
        "It is part of the version that both leads are asked to sign.",
    )
    return go_on(key) if done else redirect("start_step", key)


def _both_sides(lines: Iterable[PromiseLine]) -> list[tuple[str, list[str]]]:
    """Each side and what it promises the other one, in sentences."""
    lines, currency = list(lines), organisation().base_currency
    several = {line.key for line in lines if line.tier}
    said = [
        (line.side, sentence(line, others=line.key in several, amount=money(line.amount or 0, currency))) for line in lines
    ]
    return [(side, [text for own, text in said if own == side]) for side in (MARKETING, SALES)]

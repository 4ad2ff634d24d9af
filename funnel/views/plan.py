"""Targets by month, typed or pasted, and margins by segment."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.console import attempt, fill, show
from accounts.permissions import Perm, requires
from core.errors import DomainError
from core.money import exponent, to_minor
from core.periods import add_months, start_of
from core.queries import organisation
from funnel import services
from funnel.forms import MarginForm
from funnel.models import Agreement
from funnel.pasting import Pasted, parse_table, read_cell
from funnel.services import TargetCell
from funnel.views.frame import Shown, shown, the_draft

MONEY, COUNT = "gross_profit", "stage_inflow"
MONTHS = 12


@dataclass(frozen=True)
class Column:
    key: str
    label: str
    metric: str
    stage_id: int | None
    side: str

    @property
    def used(self) -> str:
        """What its page of dependencies is called."""
        return f"target:{self.metric}" + f":{self.key}" * (self.stage_id is not None)


def _columns(version: Agreement, currency: str) -> list[Column]:
    """Gross profit, and entries into every stage on the way."""
    rows = version.stages.select_related("stage").filter(rank__isnull=False, retired=False).order_by("rank")
    return [
        Column("profit", f"Gross profit, {currency}", MONEY, None, "joint"),
        *(Column(row.stage.key, row.name, COUNT, row.stage_id, row.side) for row in rows),
    ]


def _year(request: HttpRequest, today: dt.date, year_start: int) -> dt.date:
    """First month of the fiscal year that is asked for; a year is named by the month it begins in."""
    text = (request.POST if request.method == "POST" else request.GET).get("year", "")
    first = start_of(today, "year", year_start=year_start)
    if text.isascii() and text.isdigit() and 1990 <= int(text[:5]) <= 2200:
        return dt.date(int(text), year_start, 1)
    return first


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SEE_NUMBERS)
def targets(request: HttpRequest) -> HttpResponse:
    page = shown(request)
    if request.method == "POST":
        return save_targets(request)
    return _table(request, page)


@requires(Perm.DRAFT_AGREEMENT)
def save_targets(request: HttpRequest) -> HttpResponse:
    """All cells or none: what is wrong is told cell by cell, and what was typed stays."""
    page = shown(request)
    if page.version is None:
        return redirect("console_targets")
    company = organisation()
    first = _year(request, page.today, company.fiscal_year_start)
    months = [add_months(first, i) for i in range(MONTHS)]
    columns = _columns(page.version, company.base_currency)
    names, labels = [f"{month:%b %Y}" for month in months], [column.label for column in columns]
    pasted = request.POST.get("pasted", "")[:50_000]
    if pasted.strip():
        found = parse_table(pasted, months=names, columns=labels)
    else:
        found = Pasted()
        for r, month in enumerate(months):
            for c, column in enumerate(columns):
                read_cell(
                    found, r, c, request.POST.get(f"{column.key}:{month:%Y-%m}", "")[:40], months=names, columns=labels
                )
    cells = _cells(found, months, columns, company.base_currency, names)
    if not found.errors:
        try:
            changed = services.save_targets(draft=the_draft(), cells=cells, today=page.today, actor=request.user)
        except DomainError as error:
            found.errors.append(error.message)
        else:
            messages.success(request, f"{changed} {'target' if changed == 1 else 'targets'} changed.")
            return redirect(f"{reverse('console_targets')}?year={first.year}")
    return _table(request, page, errors=found.errors, typed=request.POST)


def _cells(found: Pasted, months, columns, currency: str, names: list[str]) -> list[TargetCell]:
    cells = []
    for (r, c), value in found.cells.items():
        column = columns[c]
        if value is not None and column.stage_id is not None and value != value.to_integral_value():
            found.errors.append(f"{names[r]}, {column.label}: leads are whole numbers, not {value}.")
            continue
        amount = None if value is None else int(value) if column.stage_id is not None else to_minor(value, currency)
        cells.append(TargetCell(column.metric, column.stage_id, months[r], amount))
    return cells


def _table(request: HttpRequest, page: Shown, *, errors: list[str] = (), typed=None) -> HttpResponse:
    if page.version is None:
        return show(request, "console/targets.html", "console_targets", page.as_context())
    company = organisation()
    first = _year(request, page.today, company.fiscal_year_start)
    columns = _columns(page.version, company.base_currency)
    held = {(t.metric, t.stage_id, t.month): t.value for t in page.version.targets.filter(segment=None)}
    rows: list[dict] = []
    sums: list[int | None] = [None] * len(columns)
    this_month = page.today.replace(day=1)
    for i in range(MONTHS):
        month = add_months(first, i)
        cells = []
        for c, column in enumerate(columns):
            value = held.get((column.metric, column.stage_id, month))
            if value is not None:
                sums[c] = (sums[c] or 0) + value
            name = f"{column.key}:{month:%Y-%m}"
            text = typed.get(name, "") if typed is not None else _typed(value, column, company.base_currency)
            closed = value is not None and month < this_month
            cells.append({"column": column, "name": name, "value": value, "text": text, "closed": closed})
        rows.append({"month": month, "cells": cells, "over": month < this_month})
    context = {
        "columns": columns,
        "rows": rows,
        "sums": list(zip(columns, sums, strict=True)),
        "errors": errors,
        "pasted": typed.get("pasted", "") if typed is not None else "",
        "first": first,
        "last": add_months(first, MONTHS - 1),
        "before": first.year - 1,
        "after": first.year + 1,
        "currency": company.base_currency,
    }
    return show(request, "console/targets.html", "console_targets", page.as_context() | context, 422 if errors else 200)


def _typed(value: int | None, column: Column, currency: str) -> str:
    """A value as a person would type it; what is shown can be saved again without a change."""
    if value is None:
        return ""
    if column.stage_id is not None:
        return str(value)
    amount = Decimal(value).scaleb(-exponent(currency))
    return f"{amount:f}" if amount != amount.to_integral_value() else str(int(amount))


@require_safe
@requires(Perm.SEE_NUMBERS)
def margins(request: HttpRequest) -> HttpResponse:
    page = shown(request)
    return _margins(request, page, MarginForm(initial={"from_day": page.today}))


def _margins(request: HttpRequest, page: Shown, form: MarginForm) -> HttpResponse:
    rows = page.version.margins.select_related("segment").order_by("segment__name", "from_day") if page.version else []
    context = page.as_context() | {"margins": [(row, row.from_day >= page.today) for row in rows], "form": form}
    return show(request, "console/margins.html", "console_margins", context, 422 if form.errors else 200)


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def add_margin(request: HttpRequest) -> HttpResponse:
    page = shown(request)
    form = MarginForm(request.POST)
    made = fill(
        form,
        lambda data: services.draft_margin(
            draft=the_draft(),
            segment=data["segment"],
            from_day=data["from_day"],
            basis_points=round(data["percent"] * 100),
            today=page.today,
            actor=request.user,
        ),
    )
    return redirect("console_margins") if made is not None else _margins(request, page, form)


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def remove_margin(request: HttpRequest, pk: int) -> HttpResponse:
    day = shown(request).today
    attempt(request, lambda: services.remove_margin(draft=the_draft(), margin_id=pk, today=day, actor=request.user))
    return redirect("console_margins")

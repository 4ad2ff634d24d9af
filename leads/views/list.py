"""The list of leads, its filters, its views and its file."""

from dataclasses import replace
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Perm, requires
from core.csv_out import csv_answer
from core.errors import DomainError
from core.text import clean_text
from leads.models import SavedView
from leads.pages.board import CARDS, MOST_CARDS, read_board, read_more
from leads.pages.filters import filter_choices, read_asked, surroundings
from leads.pages.leads import export_rows, list_leads
from leads.pages.timeline import just_done
from leads.services import remove_view, save_view
from leads.views.frame import ask, here, id_in, page_number, show

COLUMNS = (
    ("name", "Lead, company", ""),
    ("stage", "Stage", "stage-cell"),
    ("", "Waiting on", "wide"),
    ("left", "Age / promise", "num age-cell"),
    ("owner", "Owner", "wide"),
    ("", "Next step", "wide"),
    ("source", "Source", "wide"),
    ("", "Value", "num wide"),
)


@require_safe
@requires(Perm.SEE_LEADS)
def leads(request: HttpRequest) -> HttpResponse:
    """The leads that this person may open and that the address asks for: a page of the list, or the board."""
    around = surroundings(request.user)
    asked = read_asked(request.GET)
    context = {
        "asked": asked,
        "query": asked.query(),
        "pairs": asked.pairs(),
        "as_list": replace(asked, board=False).query(),
        "as_board": replace(asked, board=True).query(),
        "done": just_done(request.GET.get("done", ""), around),
    }
    if asked.board:
        return _board(request, asked, around, context)
    listing = list_leads(asked, around, page=page_number(request))
    heads = [
        {
            "label": label,
            "css": css,
            "query": asked.sorted_by(key) if key else None,
            "order": ("descending" if asked.down else "ascending") if key and key == asked.sort else None,
        }
        for key, label, css in COLUMNS
    ]
    context |= {"listing": listing, "heads": heads, "near": near_pages(listing.page, listing.pages)}
    return show(request, "leads/list.html", around, context)


def _board(request: HttpRequest, asked, around, context: dict) -> HttpResponse:
    at = id_in(request.GET.get("at"))
    context["back"] = quote(here(request), safe="")
    shown = min(max(id_in(request.GET.get("n")) or CARDS, CARDS), MOST_CARDS)
    if at and request.headers.get("HX-Target", "").endswith(f"#more-{at}"):
        column = read_more(asked, around, at=at, shown=shown)
        if column is None:
            raise Http404
        return show(request, "leads/parts/cards.html", around, context | {"column": column})
    board = read_board(asked, around, at=at, shown=shown)
    return show(request, "leads/board.html", around, context | {"listing": board, "at": board.at})


def near_pages(page: int, pages: int) -> list[int | None]:
    """Page numbers to show; None is a gap."""
    shown = sorted({1, 2, page - 1, page, page + 1, pages - 1, pages} & set(range(1, pages + 1)))
    found: list[int | None] = []
    for number in shown:
        if found and found[-1] is not None and number > found[-1] + 1:
            found.append(None)
        found.append(number)
    return found


@require_safe
@requires(Perm.SEE_LEADS)
def add_filter(request: HttpRequest) -> HttpResponse:
    """The choices of a further filter: in a dialog, or a page of its own."""
    around = surroundings(request.user)
    asked = read_asked(request.GET)
    context = {"choices": filter_choices(around), "pairs": asked.pairs(), "query": asked.query(), "title": "Add a filter"}
    return ask(request, "leads/forms/filter.html", around, context)


@require_safe
@requires(Perm.SEE_LEADS)
def leads_csv(request: HttpRequest) -> HttpResponse:
    """What was found as a file: only the leads that this person may open."""
    around = surroundings(request.user)
    return csv_answer("leads", export_rows(read_asked(request.GET), around))


@require_POST
@requires(Perm.SEE_LEADS)
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the address under a name."""
    query = read_asked(request.POST).query()[:1000]
    try:
        name = clean_text(request.POST.get("name", ""), max_length=40)
        if not name:
            raise ValueError("is missing")
        save_view(user=request.user, name=name, query=query)
        messages.success(request, f"The view “{name}” is kept.")
    except ValueError as error:
        messages.error(request, f"The view was not kept: its name {error}.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(f"{reverse('leads')}?{query}")


@require_POST
@requires(Perm.SEE_LEADS)
def view_remove(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView, pk=pk, user=request.user)
    remove_view(view=view)
    messages.success(request, f"The view “{view.name}” is removed. The leads in it stay.")
    return redirect("leads")

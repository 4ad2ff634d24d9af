"""Companies, and the search from anywhere."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from leads.finding import words_of
from leads.models import Company
from leads.pages.deals import list_companies, read_company, search
from leads.pages.filters import surroundings
from leads.views.frame import page_number, show
from leads.views.list import near_pages


@require_safe
@requires(Perm.SEE_LEADS)
def companies(request: HttpRequest) -> HttpResponse:
    around = surroundings(request.user)
    words = words_of(request.GET.get("q"))
    listing = list_companies(around, words=words, page=page_number(request))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"listing": listing, "words": words, "query": query.urlencode()}
    context["near"] = near_pages(listing.page, listing.pages)
    return show(request, "leads/companies.html", around, context)


@require_safe
@requires(Perm.SEE_LEADS)
def company(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Company.objects.select_related("segment", "region"), pk=pk)
    around = surroundings(request.user)
    return show(request, "leads/company.html", around, {"page": read_company(found, around), "company": found})


@require_safe
@requires(Perm.SEE_LEADS)
def find(request: HttpRequest) -> HttpResponse:
    """Search over leads, companies, deals and campaigns."""
    around = surroundings(request.user)
    words = words_of(request.GET.get("q"))
    return show(request, "leads/search.html", around, {"found": search(words, around), "words": words})

"""Pages about many handoffs: disputes and their rulings, and the open work of a team."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from accounts.queries import standing
from funnel.book import load_book
from funnel.models import Milestone
from funnel.queries import words_in_force
from leads.pages.disputes import open_disputes, read_citing, read_disputes, read_examples
from leads.pages.filters import surroundings
from leads.pages.team import read_teams
from leads.views.frame import show

FEW = 5


@require_safe
@requires(Perm.SEE_LEADS)
def team(request: HttpRequest) -> HttpResponse:
    """Open work: by person for those who lead the team, totals for all others."""
    around = surroundings(request.user)
    context = {"teams": read_teams(around), "scope": standing(request.user).figures_scope}
    return show(request, "leads/team.html", around, context)


@require_safe
@requires(Perm.SEE_LEADS)
def disputes(request: HttpRequest) -> HttpResponse:
    """What waits for a ruling, and the rulings so far; `?line` is one line for the funnel owner's page."""
    around = surroundings(request.user)
    if "line" in request.GET:
        return show(request, "leads/parts/disputes_line.html", around, {"number": open_disputes()})
    return show(request, "leads/disputes.html", around, {"page": read_disputes(request.user)})


@require_safe
@requires(Perm.SEE_NUMBERS)
def examples(request: HttpRequest, key: str) -> HttpResponse:
    """Rulings as examples beside the definition of a stage: a part of the console's page of that stage."""
    book = load_book()
    around = surroundings(request.user, book)
    stage = next((s for s in book.newest.stages.values() if s.key == key), None) if book else None
    of_handoffs = stage is not None and stage.milestone == Milestone.MQL
    found = read_examples(request.user, book, shown=FEW) if of_handoffs else []
    return show(request, "leads/parts/examples.html", around, {"examples": found, "of_handoffs": of_handoffs})


@require_safe
@requires(Perm.SEE_NUMBERS)
def citing(request: HttpRequest, key: str) -> HttpResponse:
    """Rulings that use a word of the glossary: a part of the console's page of that word."""
    book = load_book()
    around = surroundings(request.user, book)
    word = next((term.word for term in words_in_force(around.today).values() if term.key == key), "")
    found = read_citing(request.user, book, word, shown=FEW) if word and book else []
    return show(request, "leads/parts/examples.html", around, {"examples": found, "of_handoffs": False, "of_word": word})

"""What the points of the shown version say of the leads of today, beside the form that writes them."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from funnel.queries import shown_version
from leads.pages.filters import surroundings
from leads.pages.score import try_points
from leads.views.frame import show


@require_safe
@requires(Perm.SEE_NUMBERS)
def effect(request: HttpRequest) -> HttpResponse:
    """How the scores spread, the same for everybody; examples are leads that the reader may open."""
    around = surroundings(request.user)
    version = shown_version(around.today)
    tried = try_points(version.id, request.user, around) if version else None
    return show(request, "leads/parts/score_effect.html", around, {"tried": tried})

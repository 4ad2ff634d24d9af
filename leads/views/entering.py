"""What an entry rule says of the leads of today, beside the form that writes it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from funnel.models import StageInVersion
from funnel.queries import shown_version
from leads.pages.entering import effect_today, names_to_ask_for
from leads.pages.filters import surroundings
from leads.views.frame import show


@require_safe
@requires(Perm.SEE_NUMBERS)
def effect(request: HttpRequest, key: str) -> HttpResponse:
    """Counts of the whole company, the same for everybody; no lead is named."""
    around = surroundings(request.user)
    row = get_object_or_404(StageInVersion, agreement=shown_version(around.today), stage__key=key, rank__isnull=False)
    context = {"row": row, "effect": effect_today(row, around.now), "names": names_to_ask_for()}
    return show(request, "leads/parts/rule_effect.html", around, context)

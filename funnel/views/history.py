"""Who did what in the console, newest first: everything, one area, or one version from its draft on."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.console import show
from accounts.models import ConsoleEvent
from accounts.permissions import Perm, requires
from core.queries import calendar
from funnel.forms_history import HistoryForm
from funnel.views.frame import today

PAGE = 50


@require_safe
@requires(Perm.SEE_NUMBERS)
def history(request: HttpRequest) -> HttpResponse:
    form = HistoryForm(request.GET)
    rows = ConsoleEvent.objects.select_related("actor").order_by("-recorded_at", "-id")
    # What can't be read asks for nothing: the whole history is shown, and the form says what is wrong.
    asked = form.cleaned_data if form.is_valid() else {}
    if asked.get("area"):
        rows = rows.filter(area=asked["area"])
    if asked.get("version"):
        rows = rows.filter(version=asked["version"])
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "form": form,
        "asked": {name: value for name, value in asked.items() if value},
        "zone": calendar().zone_on(today()),
    }
    return show(request, "console/history.html", "console_history", context)

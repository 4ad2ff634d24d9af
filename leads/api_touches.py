"""REST endpoints of touches: record them with the words of their link, list those of a lead, take one back."""

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.permissions import Perm
from leads.api import row_or_404, status_of, take
from leads.api_base import IDEMPOTENCY_KEY, WRITE_REFUSALS, LeadsView, checked, documented_write, refusals, run
from leads.api_inputs import TouchInput, TouchItems
from leads.api_outputs import TouchOutput, TouchTaken
from leads.models import Touch
from leads.projection import Context
from leads.queries import visible_leads
from leads.services.intake import Taken
from leads.services.people import void_touch
from leads.services.touch_intake import take_touch

_RELATED = ("channel", "campaign", "content", "company", "arrival", "voided_by")


class TouchList(LeadsView):
    perms = {"OPTIONS": Perm.SEE_LEADS, "POST": Perm.WORK_LEADS}

    @documented_write(
        summary="Record marketing touches and sales activities",
        one=TouchInput,
        many=TouchItems,
        answer=TouchTaken,
        created="Recorded.",
    )
    def post(self, request):
        def one(item, context: Context) -> tuple[Taken, int]:
            taken = take_touch(data=checked(TouchInput, item), actor=request.user, context=context)
            return taken, taken.row.id

        def answer(taken: Taken, pk: int) -> Response:
            touch = Touch.objects.select_related(*_RELATED).get(id=pk)
            return Response({"outcome": taken.outcome, **TouchOutput(touch).data}, status=status_of(taken))

        return take(request, one, answer)


class LeadTouches(LeadsView):
    @extend_schema(
        operation_id="lead_touches_list",
        summary="Touches of a lead and of those merged into it, newest first",
        parameters=[OpenApiParameter("page", int, OpenApiParameter.QUERY)],
        responses={200: TouchOutput(many=True), **refusals(404)},
    )
    def get(self, request, pk):
        lead = row_or_404(visible_leads(request.user), pk)
        touches = Touch.objects.filter(Q(lead=lead) | Q(lead__merged_into=lead), voids=None, voided_by=None)
        rows = touches.select_related(*_RELATED).order_by("-occurred_at", "-id")
        return self.paged(rows, TouchOutput)


class TouchVoid(LeadsView):
    """A touch is never changed: it is taken back, and the right one recorded."""

    perms = {"OPTIONS": Perm.SEE_LEADS, "POST": Perm.CORRECT_HISTORY}

    @extend_schema(
        operation_id="touches_void",
        summary="Take a touch back, so that it counts nowhere; twice is refused",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: TouchOutput, **WRITE_REFUSALS},
    )
    def post(self, request, pk):
        def work() -> Response:
            mine = Q(lead__in=visible_leads(request.user)) | Q(lead__merged_into__in=visible_leads(request.user))
            touch = row_or_404(Touch.objects.filter(mine | Q(lead=None), voids=None), pk)
            void_touch(touch=touch, actor=request.user)
            return Response(TouchOutput(Touch.objects.select_related(*_RELATED).get(id=pk)).data)

        return run(request, work)

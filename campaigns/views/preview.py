"""What sales says about a campaign before its launch, and what marketing answers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Perm, requires
from campaigns.forms import AnswerForm, RespondForm
from campaigns.models import Campaign, PreviewNote
from campaigns.services import answer_change, ask_for_preview, respond_to_preview
from campaigns.views.campaign import show_campaign
from campaigns.views.frame import answer_form, around, posted
from core.errors import DomainError


@require_POST
@requires(Perm.PLAN_CAMPAIGNS)
def preview_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Marketing asks sales to look at the plan as it stands."""
    campaign, near = get_object_or_404(Campaign, pk=pk), around()
    try:
        ask_for_preview(campaign=campaign, actor=request.user, now=near.now)
    except DomainError as error:
        messages.error(request, error.message)
        return show_campaign(request, pk, near, status=error.status)
    return redirect("campaign", pk)


@require_POST
@requires(Perm.PLAN_CAMPAIGNS)
def preview_respond(request: HttpRequest, pk: int) -> HttpResponse:
    """Sales has seen it, comments it, or asks for a change."""
    campaign, near = get_object_or_404(Campaign, pk=pk), around()
    form = RespondForm(request.POST, prefix_id="preview")
    if not form.is_valid():
        return show_campaign(request, pk, near, refused=form, status=422)
    try:
        respond_to_preview(campaign=campaign, actor=request.user, now=near.now, **form.cleaned_data)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        # The page shows the plan as it is now; what was written is kept and belongs to that from here on.
        form.data = form.data.copy()
        form.data["version"] = campaign.plan_version
        return show_campaign(request, pk, near, refused=form, status=error.status)
    return redirect("campaign", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.PLAN_CAMPAIGNS)
def preview_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Marketing answers a change that was asked for."""
    asked = PreviewNote.objects.filter(kind=PreviewNote.Kind.CHANGE_ASKED).select_related("campaign", "actor")
    note, near = get_object_or_404(asked, pk=pk), around()
    page = reverse("campaign", args=[note.campaign_id])

    def write(data: dict) -> str:
        answer_change(note=note, made=data["made"] == "yes", text=data["text"], actor=request.user, now=near.now)
        return page

    context = {"title": "A change that sales asked for", "said": note, "submit": "Answer", "back": page}
    return answer_form(request, AnswerForm(posted(request)), write, near, context)

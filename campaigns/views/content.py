"""Pieces of content: what there is, who answers for it, how sales uses it, and which campaigns it is part of."""

from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from campaigns.forms import ContentForm, PutContentForm
from campaigns.models import Campaign, Content
from campaigns.pages.listing import PAGE, near_pages
from campaigns.services import describe_content, put_content, take_content_out
from campaigns.views.frame import answer_form, around, back_to, id_in, page_number, posted, show

_BOTH = ["GET", "HEAD", "POST"]


@require_safe
@requires(Perm.SEE_NUMBERS)
def contents(request: HttpRequest) -> HttpResponse:
    near, words = around(), request.GET.get("q", "").replace("\x00", "").strip()[:200]
    rows = Content.objects.select_related("owner").order_by("name")
    rows = rows.prefetch_related(Prefetch("campaigns", Campaign.objects.order_by("name")))
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(how_to_use__icontains=words))
    pages = Paginator(rows, PAGE)
    page = pages.get_page(page_number(request))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": page,
        "words": words,
        "query": query.urlencode(),
        "nobody": Content.objects.filter(owner=None).count(),
    }
    context["near"] = near_pages(page.number, pages.num_pages)
    return show(request, "campaigns/contents.html", near, context)


@require_http_methods(_BOTH)
@requires(Perm.PLAN_CAMPAIGNS)
def content_new(request: HttpRequest) -> HttpResponse:
    """A new piece; with `campaign` in the address it becomes part of that one at once."""
    near = around()
    campaign = Campaign.objects.filter(pk=id_in(request.GET.get("campaign"))).first()
    back = reverse("campaign", args=[campaign.pk]) if campaign else reverse("contents")

    def write(data: dict) -> str:
        made = describe_content(actor=request.user, **data)
        if campaign is not None:
            put_content(campaign=campaign, content=made, actor=request.user)
        return back

    form = ContentForm(posted(request), initial={"owner": request.user.pk})
    title = f"New content for {campaign}" if campaign else "A new piece of content"
    return answer_form(request, form, write, near, {"title": title, "submit": "Add it", "back": back})


@require_http_methods(_BOTH)
@requires(Perm.PLAN_CAMPAIGNS)
def content_edit(request: HttpRequest, pk: int) -> HttpResponse:
    content, near = get_object_or_404(Content, pk=pk), around()
    initial = {name: getattr(content, name) for name in ("name", "link", "ready_on", "how_to_use")}
    back = back_to(request, reverse("contents"))

    def write(data: dict) -> str:
        describe_content(content=content, actor=request.user, **data)
        return back

    form = ContentForm(posted(request), initial=initial | {"owner": content.owner_id})
    return answer_form(request, form, write, near, {"title": str(content), "submit": "Save", "back": back})


@require_http_methods(_BOTH)
@requires(Perm.PLAN_CAMPAIGNS)
def campaign_content(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a piece for a campaign, or go on to a new one."""
    campaign, near = get_object_or_404(Campaign, pk=pk), around()
    page = reverse("campaign", args=[pk])

    def write(data: dict) -> str:
        put_content(campaign=campaign, content=data["content"], actor=request.user)
        return page

    other = (f"{reverse('content_new')}?campaign={pk}", "Write down a new piece instead")
    context = {"title": f"Content for {campaign}", "submit": "Use it", "back": page, "other": other}
    return answer_form(request, PutContentForm(posted(request), campaign=campaign), write, near, context)


@require_POST
@requires(Perm.PLAN_CAMPAIGNS)
def campaign_content_out(request: HttpRequest, pk: int) -> HttpResponse:
    """The campaign no longer uses the piece that the button names."""
    campaign = get_object_or_404(Campaign, pk=pk)
    content = get_object_or_404(Content, pk=id_in(request.POST.get("content")))
    take_content_out(campaign=campaign, content=content, actor=request.user)
    return redirect("campaign", pk)

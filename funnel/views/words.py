"""The glossary: what each team means by a word and what both agreed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.console import attempt, fill, show
from accounts.permissions import Perm, requires
from funnel import services
from funnel.forms import WordForm
from funnel.models import GlossaryTerm
from funnel.views.frame import Shown, shown, the_draft

_FIELDS = ("word", "marketing_meaning", "sales_meaning", "agreed_meaning", "not_words", "examples")


@require_safe
@requires(Perm.SEE_NUMBERS)
def words(request: HttpRequest) -> HttpResponse:
    page = shown(request)
    rows = page.version.words.order_by("word") if page.version else []
    return show(request, "console/words.html", "console_words", page.as_context() | {"words": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.DRAFT_AGREEMENT)
def add(request: HttpRequest) -> HttpResponse:
    form = WordForm(request.POST or None)
    if request.method == "POST":
        made = fill(form, lambda data: services.add_word(draft=the_draft(), actor=request.user, **data))
        if made is not None:
            return redirect("console_words")
    return _form(request, shown(request), form, None)


def _form(request: HttpRequest, page: Shown, form: WordForm | None, term: GlossaryTerm | None) -> HttpResponse:
    status = 422 if form is not None and form.errors else 200
    return show(request, "console/word.html", "console_words", page.as_context() | {"form": form, "term": term}, status)


def _term(page: Shown, key: str) -> GlossaryTerm:
    if page.version is None:
        raise Http404
    return get_object_or_404(GlossaryTerm, agreement=page.version, key=key)


@require_safe
@requires(Perm.SEE_NUMBERS)
def word(request: HttpRequest, key: str) -> HttpResponse:
    page = shown(request)
    term = _term(page, key)
    form = WordForm(initial={name: getattr(term, name) for name in _FIELDS}) if page.editable else None
    return _form(request, page, form, term)


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def edit(request: HttpRequest, key: str) -> HttpResponse:
    page = shown(request)
    term = _term(page, key)
    form = WordForm(request.POST)
    saved = fill(form, lambda data: services.edit_word(draft=the_draft(), key=key, actor=request.user, **data))
    return redirect("console_words") if saved is not None else _form(request, page, form, term)


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def remove(request: HttpRequest, key: str) -> HttpResponse:
    attempt(request, lambda: services.remove_word(draft=the_draft(), key=key, actor=request.user), "Taken out.")
    return redirect("console_words")

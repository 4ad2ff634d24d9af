"""The frame of the console's pages: its places, who may change what, and how a refusal reaches the reader."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.permissions import Perm
from accounts.queries import has_perm, standing
from core.errors import DomainError

# Places in their order: url name, label, only for administrators.
PLACES = (
    ("console", "Agreement", False),
    ("console_stages", "Stages", False),
    ("console_criteria", "Criteria", False),
    ("console_score", "Score", False),
    ("console_rules", "Reasons and moves", False),
    ("console_promises", "Promises", False),
    ("console_words", "Words", False),
    ("console_targets", "Targets", False),
    ("console_margins", "Margins", False),
    ("console_calendars", "Calendars", False),
    ("console_routing", "Routing", False),
    ("console_links", "Links", False),
    ("console_filters", "Filters", False),
    ("console_history", "History", False),
    ("console_organisation", "Organisation", True),
    ("console_people", "People", True),
    ("console_teams", "Teams", True),
    ("console_tokens", "Tokens", True),
    ("console_credit", "Credit", True),
    ("console_mail", "Mail", True),
    ("console_copies", "Mail copies", True),
    ("console_capture", "Web forms", True),
)


def show(request: HttpRequest, template: str, place: str, context: dict | None = None, status: int = 200) -> HttpResponse:
    """A page of the console."""
    may_change = has_perm(request.user, Perm.ADMINISTER)
    frame = {
        "place": place,
        "rooms": [(name, label) for name, label, closed in PLACES if may_change or not closed],
        "may_change": may_change,
        "may_draft": has_perm(request.user, Perm.DRAFT_AGREEMENT),
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, template, frame | (context or {}), status=status)


def attempt(request: HttpRequest, work: Callable[[], object], done: str = "") -> bool:
    """Do it and say so, or say why not. True if it was done."""
    try:
        work()
    except DomainError as error:
        messages.error(request, error.message)
        return False
    if done:
        messages.success(request, done)
    return True


def fill(form: forms.Form, work: Callable[[dict], object]) -> object | None:
    """Run `work` on a form's values; what a rule refuses stands beside its field. None if the form has errors."""
    if not form.is_valid():
        return None
    try:
        return work(form.cleaned_data) or True
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None


class ConsoleForm(forms.Form):
    """Our looks: the kit's class on every field, dates as the browser's own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
            if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                field.widget.attrs.setdefault("class", "f")

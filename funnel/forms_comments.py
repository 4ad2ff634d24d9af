"""Forms of what is said about a version."""

from django import forms

from accounts.console import ConsoleForm
from funnel.services.comments import MOST


def _text(label: str) -> forms.CharField:
    """The service says what is wrong with a text; a browser asks for one and stops at its length."""
    widget = forms.Textarea(attrs={"rows": 3, "maxlength": MOST, "required": True})
    return forms.CharField(label=label, required=False, widget=widget)


class CommentForm(ConsoleForm):
    section = forms.CharField(max_length=60, required=False)
    about = forms.CharField(required=False)  # a line in full; the service cuts what is too long to be kept
    text = _text("Comment")


class AnswerForm(ConsoleForm):
    text = _text("Answer")


class ReasonForm(ConsoleForm):
    reason = _text("Why not")

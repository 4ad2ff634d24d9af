"""What is asked of the history."""

from django import forms

from accounts.console import ConsoleForm
from accounts.models import ConsoleEvent


class HistoryForm(ConsoleForm):
    area = forms.ChoiceField(label="What about", choices=[("", "Everything"), *ConsoleEvent.Area.choices], required=False)
    version = forms.IntegerField(label="Version", min_value=1, required=False)

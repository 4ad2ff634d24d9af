"""Forms of the copy address and its door: they read and check what was typed, and write nothing."""

from django import forms
from django.core.exceptions import ValidationError

from accounts.console import ConsoleForm

MOST_CALENDAR = 2_000_000


class DoorForm(ConsoleForm):
    address = forms.EmailField(
        max_length=120,
        label="Mailbox for copies",
        help_text="Such as log@copies.example.com. People get addresses of the form log+secret@copies.example.com.",
    )


class SecretForm(ConsoleForm):
    secret = forms.CharField(
        min_length=20,
        max_length=200,
        required=False,
        label="Signing key of your forwarder",
        help_text="Only if it signs with a key of its own, as Mailgun does. Empty: a new secret is made.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class CalendarFileForm(ConsoleForm):
    file = forms.FileField(label="Calendar file (.ics)", help_text="Up to 2 MB. Only entries that name you are read.")

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_CALENDAR:
            raise ValidationError("This file is larger than 2 MB.")
        return file

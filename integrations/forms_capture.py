"""The form of a web site whose forms come here: it reads and checks what was typed, and writes nothing."""

from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from accounts.console import ConsoleForm

MOST_ORIGINS = 20


def _address(text: str):
    """The parts of an http address, or None."""
    try:
        parts = urlsplit(text)
        return parts if parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port) else None
    except ValueError:
        return None


class SiteForm(ConsoleForm):
    name = forms.CharField(max_length=80, help_text="Such as “Main web site”.")
    origins = forms.CharField(
        label="Addresses of the site",
        help_text="One a line, such as https://www.example.com. Forms of other addresses are refused.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )
    thanks_url = forms.CharField(
        max_length=300,
        required=False,
        label="Thank-you page for browsers without scripts",
        help_text="On one of the addresses above. Empty: a short page of Tandem says that the form has arrived.",
    )

    def clean_origins(self):
        found = []
        for line in self.cleaned_data["origins"].split():
            parts = _address(line)
            if parts is None or parts.username or parts.path not in ("", "/") or parts.query or parts.fragment:
                raise ValidationError(f"“{line[:80]}” is not the address of a site, such as https://www.example.com.")
            usual = {"http": 80, "https": 443}[parts.scheme]
            port = f":{parts.port}" if parts.port and parts.port != usual else ""
            found.append(f"{parts.scheme}://{parts.hostname}{port}")
        if len(found) > MOST_ORIGINS:
            raise ValidationError(f"At most {MOST_ORIGINS} addresses.")
        return list(dict.fromkeys(found))

    def clean(self):
        data = super().clean()
        thanks = data.get("thanks_url", "").strip()
        if thanks and data.get("origins"):
            parts = _address(thanks)
            if parts is None or not any(thanks == one or thanks.startswith(f"{one}/") for one in data["origins"]):
                self.add_error("thanks_url", "The thank-you page stands on one of the addresses above.")
        return data

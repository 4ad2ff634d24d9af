"""The first page of an empty installation: a company and its first administrator. Gone as soon as anybody is there."""

import datetime as dt

from django import forms
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.console import ConsoleForm, fill
from accounts.first import MAY_FOUND, is_set_up_code, nobody_yet
from accounts.permissions import public
from accounts.services import found_company
from core.queries import zone_names

_BACKEND = "django.contrib.auth.backends.ModelBackend"


class FirstForm(ConsoleForm):
    code = forms.CharField(
        max_length=40,
        label="Set-up code",
        help_text="Printed by the server when it started, and by manage.py set_up_code.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    name = forms.CharField(max_length=120, label="Company", widget=forms.TextInput(attrs={"autocomplete": "organization"}))
    tz = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [("", "Choose"), *((z, z) for z in zone_names())],
        help_text="Days begin and end here. It can change later, from a future day on.",
        widget=forms.Select(attrs={"data-own-zone": True}),
    )
    base_currency = forms.CharField(
        min_length=3, max_length=3, label="Currency", help_text="Three letters, such as EUR. Fixed by the first amount."
    )
    person = forms.CharField(max_length=120, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        max_length=254, label="Your e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        max_length=4_096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. A sentence of four words is easy to keep.",
    )

    def clean_code(self):
        if not is_set_up_code(self.cleaned_data["code"]):
            raise forms.ValidationError("This is not the code that the server printed.")
        return ""

    def clean_base_currency(self):
        return self.cleaned_data["base_currency"].upper()


@public
@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def first(request: HttpRequest) -> HttpResponse:
    """Make the company and its administrator, then on to the guide."""
    if not nobody_yet():
        return redirect("sign_in")
    form = FirstForm(request.POST or None)
    if request.session.get(MAY_FOUND):
        del form.fields["code"]
    if request.method == "POST":
        user = fill(form, _found)
        if user is not None:
            login(request, user, backend=_BACKEND)
            return redirect("start")
    return render(request, "accounts/first.html", {"form": form}, status=422 if form.errors else 200)


def _found(data: dict):
    values = {name: value for name, value in data.items() if name != "code"}
    return found_company(now=dt.datetime.now(dt.UTC), **values)

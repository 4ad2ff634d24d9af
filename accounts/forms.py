"""Forms of people, teams, tokens and mail: they read and check what was typed, and write nothing."""

from django import forms

from accounts.console import ConsoleForm
from accounts.models import Role, Side, Team, User
from core.models import MailSettings


class _TeamField(forms.ModelChoiceField):
    def __init__(self, **kwargs):
        super().__init__(Team.objects.none(), required=False, empty_label="no team", **kwargs)


class _WithTeam(ConsoleForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.filter(retired=False).order_by("name")


class InviteForm(_WithTeam):
    email = forms.EmailField(max_length=254, label="E-mail address")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.REP)
    team = _TeamField(help_text="Reps and team leads belong to a team.")


class RoleForm(_WithTeam):
    role = forms.ChoiceField(choices=Role.choices)
    team = _TeamField(help_text="Reps and team leads belong to a team.")
    from_day = forms.DateField(label="From")


class EndForm(ConsoleForm):
    until_day = forms.DateField(label="First day without it")


class TeamForm(ConsoleForm):
    name = forms.CharField(max_length=120)
    side = forms.ChoiceField(choices=Side.choices)


class AbsenceForm(ConsoleForm):
    """Who, and from which day to which."""

    user = forms.ModelChoiceField(User.objects.none(), label="Who", empty_label=None)
    from_day = forms.DateField(label="First day away")
    to_day = forms.DateField(label="Last day away", help_text="This day is included.")

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people.order_by("name", "email")


class TokenForm(ConsoleForm):
    name = forms.CharField(max_length=60, help_text="What uses it, such as “website form”.")
    user = forms.ModelChoiceField(User.objects.none(), label="Acts as", empty_label=None)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.filter(is_active=True).order_by("name", "email")


class AcceptForm(ConsoleForm):
    name = forms.CharField(max_length=120, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        max_length=4_096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. A sentence of four words is easy to keep.",
    )


class MailForm(ConsoleForm):
    host = forms.CharField(
        max_length=253, label="Mail server", widget=forms.TextInput(attrs={"placeholder": "smtp.example.com"})
    )
    port = forms.IntegerField(min_value=1, max_value=65_535, initial=587)
    security = forms.ChoiceField(choices=MailSettings.Security.choices, label="Encryption")
    user_name = forms.CharField(
        max_length=254, required=False, label="User name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    password = forms.CharField(
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Never shown again. Empty keeps the stored one.",
    )
    sender = forms.EmailField(max_length=254, label="Sent from")

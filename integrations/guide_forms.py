"""Forms of the set-up guide: they read and check what was typed, and write nothing."""

from decimal import Decimal

from django import forms

from accounts.console import ConsoleForm

_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"]  # fmt: skip


class CompanyForm(ConsoleForm):
    name = forms.CharField(max_length=120, label="Company")
    base_currency = forms.CharField(
        min_length=3, max_length=3, label="Currency", help_text="Three letters, such as EUR. Fixed by the first amount."
    )
    fiscal_year_start = forms.TypedChoiceField(
        choices=list(enumerate(_MONTHS, 1)), coerce=int, label="The fiscal year starts in"
    )
    week_start = forms.TypedChoiceField(
        choices=[(0, "Monday"), (5, "Saturday"), (6, "Sunday")], coerce=int, label="The week starts on"
    )

    def clean_base_currency(self):
        return self.cleaned_data["base_currency"].upper()


class InviteForm(ConsoleForm):
    """One post at a time; role and team follow from it."""

    post = forms.ChoiceField(choices=[(key, key) for key in ("marketing", "sales", "owner")], widget=forms.HiddenInput)
    email = forms.EmailField(max_length=254, label="E-mail address")


class TargetForm(ConsoleForm):
    profit = forms.DecimalField(
        required=False, min_value=Decimal(0), max_digits=15, decimal_places=2, label="Gross profit each month"
    )
    mql = forms.IntegerField(required=False, min_value=0, max_value=1_000_000, label="MQL each month")

    def clean(self):
        found = super().clean()
        if not self.errors and found.get("profit") is None and found.get("mql") is None:
            raise forms.ValidationError("Enter one of the two, or put this step off.")
        return found

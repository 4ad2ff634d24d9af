"""The console's page of the rules of credit: what counts for a deal, and the company's own weights, version by version."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.console import ConsoleForm, fill, show
from accounts.permissions import Perm, requires
from metrics.credit_rules import Rules, current_rules
from metrics.models import CreditRules
from metrics.services import LONGEST_HALF_LIFE, LONGEST_LOOKBACK, WEIGHTS, set_credit_rules

LABELS = {
    "first": "First touch",
    "creation": "Touch that created the lead",
    "opening": "Touch before the deal was opened",
    "closing": "Last touch before the close",
    "other": "All other touches together",
}
PER_POINT = 100  # weights are kept in 10,000ths


class CreditRulesForm(ConsoleForm):
    policy = forms.ChoiceField(
        label="Whose touches count",
        choices=CreditRules.Policy.choices,
        help_text="Everybody of the company: all its contacts.",
    )
    lookback = forms.IntegerField(
        label="Days before the deal was opened",
        min_value=1,
        max_value=LONGEST_LOOKBACK,
        help_text="Earlier touches don't count.",
    )
    half_life = forms.IntegerField(
        label="Half-life in days", min_value=1, max_value=LONGEST_HALF_LIFE,
        help_text="For time decay: a touch so many days earlier earns half as much.",
    )  # fmt: skip
    spread_unallocated = forms.BooleanField(
        label="Share spend without a campaign", required=False,
        help_text="In proportion to what campaigns spent themselves. Otherwise it has a row of its own.",
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in LABELS.items():
            self.fields[name] = forms.DecimalField(
                label=f"{label}, %", min_value=0, max_value=100, decimal_places=2, required=False,
                widget=forms.NumberInput(attrs={"class": "f"}),
            )  # fmt: skip

    def rules(self) -> dict:
        """What the service takes. Weights only where any was given, so that all empty keeps what there is."""
        data = self.cleaned_data
        given = {name: data[name] for name in WEIGHTS if data[name] is not None}
        weights = {name: int(value * PER_POINT) for name, value in given.items()} if given else None
        names = ("policy", "lookback", "half_life", "spread_unallocated")
        return {name: data[name] for name in names} | {"weights": weights}


def _initial(rules: Rules) -> dict:
    weights = {name: f"{getattr(rules.custom, name) / PER_POINT:g}" if rules.custom else None for name in WEIGHTS}
    return weights | {
        "policy": CreditRules.Policy.ACCOUNT if rules.reach.account else CreditRules.Policy.CONTACT,
        "lookback": rules.reach.lookback,
        "half_life": rules.half_life,
        "spread_unallocated": rules.spread_unallocated,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.ADMINISTER)
def credit_rules(request: HttpRequest) -> HttpResponse:
    """The rules in force, those before them, and a new version."""
    form = CreditRulesForm(request.POST or None, initial=_initial(current_rules()))
    if request.method == "POST":
        form = CreditRulesForm(request.POST)
        if fill(form, lambda data: set_credit_rules(actor=request.user, **form.rules())) is not None:
            return redirect("console_credit")
    versions = [
        {
            "row": row,
            "weights": ", ".join(
                f"{LABELS[name].lower()} {getattr(row, name) / PER_POINT:g} %" for name in WEIGHTS if getattr(row, name)
            ),
        }
        for row in CreditRules.objects.select_related("set_by").order_by("-id")[:50]
    ]
    context = {"form": form, "versions": versions}
    return show(request, "console/credit.html", "console_credit", context, 422 if form.errors else 200)

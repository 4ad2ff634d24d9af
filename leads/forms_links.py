"""Forms of links and filters: they read and check what was typed, and write nothing."""

from django import forms

from accounts.console import ConsoleForm
from campaigns.models import Campaign, Channel, Content
from campaigns.queries import told_apart
from leads.models import FilterRule

_ANY = {"placeholder": "any", "autocomplete": "off", "spellcheck": "false"}


def _word(label: str) -> forms.CharField:
    return forms.CharField(max_length=150, required=False, label=label, widget=forms.TextInput(attrs=_ANY))


class _Campaigns(forms.ModelChoiceField):
    """Campaigns by names that tell two of the same name apart."""

    def label_from_instance(self, campaign: Campaign) -> str:
        return campaign.word


class LinkForm(ConsoleForm):
    """Words of a link, and what they mean."""

    utm_source = _word("utm_source")
    utm_medium = _word("utm_medium")
    utm_campaign = _word("utm_campaign")
    utm_content = _word("utm_content")
    channel = forms.ModelChoiceField(Channel.objects.order_by("name"), required=False, empty_label="–")
    campaign = _Campaigns(Campaign.objects.none(), required=False, empty_label="–")
    content = forms.ModelChoiceField(Content.objects.order_by("name"), required=False, empty_label="–")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = told_apart().order_by("word")

    def words(self):
        return [self[name] for name in self.fields if name.startswith("utm_")]

    def means(self):
        return [self[name] for name in ("channel", "campaign", "content")]


class FilterForm(ConsoleForm):
    kind = forms.ChoiceField(choices=FilterRule.Kind.choices, label="What is looked at")
    value = forms.CharField(max_length=150, label="Value", widget=forms.TextInput(attrs={"placeholder": "example.com"}))
    reason = forms.ChoiceField(choices=FilterRule.Reason.choices, label="Who it is")

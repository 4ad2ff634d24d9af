"""What the room's screens send: read and checked here, written by services."""

from django import forms

from accounts.models import Side
from reviews.forms import _Sentence


class SteerForm(forms.Form):
    """One act of the remote, on the room as it was seen."""

    act = forms.CharField(max_length=20)
    version = forms.IntegerField(min_value=1)


class GoodThingForm(forms.Form):
    side = forms.ChoiceField(choices=[(side.value, side.label) for side in (Side.MARKETING, Side.SALES)])
    sentence = _Sentence(required=False, max_length=140)

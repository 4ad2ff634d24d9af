"""manage.py set_up: from an empty database to somebody who can sign in, or nothing at all."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Membership, Team, User
from core.models import CompanyZone, Organisation
from funnel.models import Agreement

ASKED = {"name": "Acme Valves", "email": "Kim@Acme.example", "zone": "Europe/Berlin", "currency": "eur"}


def set_up(monkeypatch, password="four words make sense", **changed) -> str:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command("set_up", stdout=out, **(ASKED | changed))
    return out.getvalue()


@pytest.mark.django_db
def test_an_empty_installation_gets_a_company_and_an_administrator(monkeypatch, client):
    assert "can sign in as administrator" in set_up(monkeypatch)
    company = Organisation.objects.get()
    assert (company.name, company.base_currency, company.is_demo) == ("Acme Valves", "EUR", False)
    assert {team.name for team in Team.objects.all()} == {"Marketing", "Sales"}
    assert Membership.objects.get().role == "administrator"
    signed_in = client.post("/sign-in/", {"username": "kim@acme.example", "password": "four words make sense"})
    assert signed_in.status_code == 302
    assert client.get("/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "short"}, "too short"),
        ({"zone": "Berlin"}, "not a time zone"),
        ({"currency": "euros"}, "not a currency code"),
        ({"from_day": "yesterday"}, "yesterday"),
    ],
)
def test_a_refusal_is_one_sentence_and_leaves_nothing(monkeypatch, changed, words):
    with pytest.raises(CommandError, match=words):
        set_up(monkeypatch, **changed)
    for model in (Organisation, CompanyZone, Agreement, Team, User):
        assert not model.objects.exists(), model


@pytest.mark.django_db
def test_a_second_company_is_refused(monkeypatch, company):
    with pytest.raises(CommandError, match="already has a company"):
        set_up(monkeypatch)

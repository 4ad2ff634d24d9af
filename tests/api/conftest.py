"""Callers of the REST API: each with a token, as a machine has it."""

import pytest
from rest_framework.test import APIClient

from accounts.services import create_token
from core.models import Organisation


@pytest.fixture
def api(people):
    """`api("member")`: a client that acts as that person."""

    def client(who: str) -> APIClient:
        _, secret = create_token(user=people[who], name="test", actor=None)
        found = APIClient()
        found.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return found

    return client


@pytest.fixture
def owner(api):
    """The funnel owner's client, who sees every lead."""
    return api("funnel_owner")


@pytest.fixture
def see_only(company):
    def restrict(visibility: str) -> None:
        Organisation.objects.update(lead_visibility=visibility)

    return restrict

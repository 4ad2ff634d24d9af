"""An empty text clears a field, as null does, wherever a field has a longest length."""

import pytest

from leads.models import Contact

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("endpoint", "body", "status"),
    [
        ("leads", {"email": "a@b.example", "phone": "", "external_id": "", "channel": ""}, 201),
        ("deals", {"external_id": "", "amount": "5"}, 201),
        ("touches", {"external_id": "", "kind": "call", "side": "sales", "campaign": ""}, 422),
        (
            "spend",
            {"amount": "10", "currency": "EUR", "service_from": "2026-01-01", "service_to": "2026-01-02", "campaign": ""},
            201,
        ),
        ("campaigns", {"name": "Spring", "external_id": ""}, 201),
    ],
)
def test_an_empty_text_is_no_error_of_the_server(owner, endpoint, body, status):
    alone = owner.post(f"/api/v1/{endpoint}/", body)
    assert alone.status_code == status, alone.content
    many = owner.post(f"/api/v1/{endpoint}/", {"items": [body, body]})
    assert many.status_code in (200, 201, 207), many.content


def test_an_empty_text_clears_what_was_there(owner):
    lead = owner.post("/api/v1/leads/", {"email": "a@b.example", "phone": "+49 30 1"})
    answer = owner.patch(lead["Location"], {"phone": ""}, headers={"If-Match": lead["ETag"]})
    assert (answer.status_code, answer.json()["phone"]) == (200, "")
    assert Contact.objects.get().phone == ""

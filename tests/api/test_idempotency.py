"""Idempotency-Key: the contract of docs/api.md, row by row."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection

from accounts import idempotency
from accounts.models import IdempotentRequest
from accounts.services import CLAIM_LASTS, IDEMPOTENCY_KEPT, InFlight, claim_request, purge_idempotent_requests, store_answer
from leads.models import Lead, LeadEvent

URL = "/api/v1/leads/"
BODY = {"name": "Ann", "channel": "Webinar"}
KEY = {"Idempotency-Key": "key-1"}
NOW = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)


def test_a_repeat_gets_the_first_answer_and_counts_once(owner):
    first = owner.post(URL, BODY, headers=KEY)
    second = owner.post(URL, BODY, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert [second[name] for name in ("ETag", "Location")] == [first[name] for name in ("ETag", "Location")]
    assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
    assert Lead.objects.count() == 1


def test_without_a_key_every_request_counts(owner):
    owner.post(URL, BODY)
    owner.post(URL, BODY)
    assert Lead.objects.count() == 2


def test_another_body_under_the_same_key_is_refused(owner):
    owner.post(URL, BODY, headers=KEY)
    answer = owner.post(URL, {**BODY, "name": "Ben"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Lead.objects.count() == 1


def test_another_address_under_the_same_key_is_refused(owner):
    owner.post(URL, BODY, headers=KEY)
    assert owner.post("/api/v1/deals/", BODY, headers=KEY).status_code == 422


def test_a_running_request_is_not_run_again(owner, people):
    with time_machine.travel(NOW, tick=False):
        answer = owner.post(URL, BODY, headers=KEY)
        IdempotentRequest.objects.update(status=None, claimed_at=NOW)
        again = owner.post(URL, BODY, headers=KEY)
    assert answer.status_code == 201
    assert (again.status_code, again.json()["code"], again["Retry-After"]) == (409, "request_in_flight", "1")
    assert Lead.objects.count() == 1


def test_a_run_that_died_is_taken_over(owner):
    with time_machine.travel(NOW, tick=False):
        answer = owner.post(URL, BODY, headers=KEY)
        # As a killed process leaves it: claimed, nothing written.
        IdempotentRequest.objects.update(status=None, claimed_at=NOW - CLAIM_LASTS)
        assert owner.post(URL, BODY, headers=KEY).status_code == answer.status_code
    row = IdempotentRequest.objects.get()
    assert (row.attempt, row.status) == (2, 201)


def test_a_run_whose_claim_was_taken_over_stores_nothing(people):
    user = people["member"]
    slow = claim_request(user=user, key="k", digest="d", now=NOW)
    fast = claim_request(user=user, key="k", digest="d", now=NOW + CLAIM_LASTS)
    store_answer(claim=fast, status=201, headers={}, body="fast")
    with pytest.raises(InFlight):
        store_answer(claim=slow, status=201, headers={}, body="slow")
    assert IdempotentRequest.objects.get().body == "fast"


def test_an_expired_key_is_free_again(owner):
    with time_machine.travel(NOW - IDEMPOTENCY_KEPT, tick=False):
        owner.post(URL, BODY, headers=KEY)
    with time_machine.travel(NOW, tick=False):
        assert owner.post(URL, {"name": "Ben"}, headers=KEY).status_code == 201
    assert Lead.objects.count() == 2


def test_a_key_belongs_to_its_person(api):
    assert api("funnel_owner").post(URL, BODY, headers=KEY).status_code == 201
    assert api("member").post(URL, BODY, headers=KEY).status_code == 201
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("body", [{"name": 3}, {"stage": "nowhere"}, {"owner": "nobody@example.com"}])
def test_a_refused_request_leaves_its_key_free(owner, body):
    assert owner.post(URL, body, headers=KEY).status_code == 422
    assert IdempotentRequest.objects.count() == 0
    assert owner.post(URL, BODY, headers=KEY).status_code == 201


def test_a_crash_before_the_answer_is_stored_leaves_nothing(owner, monkeypatch):
    def crash(**kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr(idempotency, "store_answer", crash)
    with pytest.raises(RuntimeError):
        owner.post(URL, BODY, headers=KEY)
    assert (Lead.objects.count(), LeadEvent.objects.count(), IdempotentRequest.objects.count()) == (0, 0, 0)


def test_a_batch_is_replayed_with_its_refused_items(owner):
    body = {"items": [{"external_id": "1"}, {"score": "high"}]}
    first = owner.post(URL, body, headers=KEY)
    second = owner.post(URL, body, headers=KEY)
    assert (first.status_code, second.content) == (207, first.content)
    assert Lead.objects.count() == 1


def test_a_change_is_replayed_too(owner):
    lead = owner.post(URL, BODY).json()
    change = f"{URL}{lead['id']}/"
    first = owner.patch(change, {"score": 7}, headers={**KEY, "If-Match": '"1"'})
    # A second run would find another version.
    second = owner.patch(change, {"score": 7}, headers={**KEY, "If-Match": '"1"'})
    assert (first.status_code, second.status_code, second.content) == (200, 200, first.content)


@pytest.mark.parametrize("key", ["", "a" * 256, "with space", "ünicode"])
def test_a_key_has_a_form(owner, key):
    answer = owner.post(URL, BODY, headers={"Idempotency-Key": key.encode().decode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_invalid")


def test_old_answers_are_forgotten(owner):
    with time_machine.travel(NOW, tick=False):
        owner.post(URL, BODY, headers=KEY)
    assert purge_idempotent_requests(now=NOW + IDEMPOTENCY_KEPT - dt.timedelta(seconds=1)) == 0
    assert purge_idempotent_requests(now=NOW + IDEMPOTENCY_KEPT) == 1
    assert IdempotentRequest.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_writes(api):
    clients = [api("funnel_owner") for _ in range(6)]
    start = threading.Barrier(len(clients))
    answers = []

    def send(client):
        try:
            start.wait()
            answers.append(client.post(URL, BODY, headers=KEY))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert Lead.objects.count() == 1

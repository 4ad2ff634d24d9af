"""Two people at one deal: the second is told, and nothing is decided by what the deal was before the first."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from core.errors import Conflict, DomainError, StaleVersion
from funnel.models import Reason
from leads import services
from leads.locks import lock_deals
from leads.models import Deal, DealCredit, DealEvent
from leads.services.deals import assign_deal, change_deal

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def day(number: int) -> dt.datetime:
    return START + dt.timedelta(days=number)


@pytest.fixture
def deal(stages, people) -> Deal:
    lead = services.create_lead(stage=stages["inquiry"], occurred_at=day(0), actor=None, owner=people["member"])
    return services.open_deal(lead=lead, occurred_at=day(1), amount=100_00, actor=None)


def as_read_by_two(deal: Deal) -> tuple[Deal, Deal]:
    return Deal.objects.get(pk=deal.pk), Deal.objects.get(pk=deal.pk)


def kinds(deal: Deal) -> list[str]:
    return list(DealEvent.objects.filter(deal=deal).order_by("id").values_list("kind", flat=True))


def test_a_win_converts_the_amount_that_another_has_set_meanwhile(deal):
    first, second = as_read_by_two(deal)
    services.set_deal_amount(deal=first, amount=500_00, actor=None, occurred_at=day(3))
    services.set_deal_cost(deal=first, cost=90_00, actor=None, occurred_at=day(3))
    services.win_deal(deal=second, actor=None, occurred_at=day(9))
    assert (second.amount, second.base_amount, second.base_cost) == (500_00, 500_00, 90_00)
    assert DealEvent.objects.get(deal=deal, kind="won").base_amount == 500_00


def test_an_amount_beside_a_win_is_converted_as_a_correction_of_it(deal):
    first, second = as_read_by_two(deal)
    services.win_deal(deal=first, actor=None, occurred_at=day(9))
    services.set_deal_amount(deal=second, amount=500_00, actor=None, occurred_at=day(3))
    assert (second.status, second.amount, second.base_amount) == ("won", 500_00, 500_00)


ACTS = {
    "amount": lambda deal, **seen: services.set_deal_amount(deal=deal, amount=1, actor=None, **seen),
    "cost": lambda deal, **seen: services.set_deal_cost(deal=deal, cost=1, actor=None, **seen),
    "win": lambda deal, **seen: services.win_deal(deal=deal, actor=None, **seen),
    "lose": lambda deal, **seen: services.lose_deal(deal=deal, reason="price", actor=None, **seen),
    "reopen": lambda deal, **seen: services.reopen_deal(deal=deal, actor=None, **seen),
    "credit": lambda deal, **seen: services.credit_deal(deal=deal, amount=10_00, actor=None, **seen),
    "cancel": lambda deal, **seen: services.cancel_deal(deal=deal, amount=10_00, actor=None, **seen),
    "void": lambda deal, **seen: services.void_deal(deal=deal, actor=None, **seen),
    "change": lambda deal, **seen: change_deal(
        deal=deal, values={"name": "X"}, amount=1, cost=None, owner=None, actor=None, **seen
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_written_by_who_saw_an_older_version(deal, act):
    if act in ("reopen", "credit", "cancel"):
        services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    first, second = as_read_by_two(deal)
    assign_deal(deal=first, owner=None, actor=None)
    before = kinds(deal)
    with pytest.raises(StaleVersion):
        ACTS[act](second, expected_version=second.version)
    assert kinds(deal) == before
    assert Deal.objects.get(pk=deal.pk).name == ""
    ACTS[act](first, expected_version=first.version)
    assert len(kinds(deal)) == len(before) + 1


@pytest.mark.parametrize("act", ["win", "lose", "reopen", "credit", "cancel", "void"])
def test_who_comes_second_is_told_that_somebody_was_first(deal, act):
    """Without a version too: the deal was in the right state when the caller read it, and no longer is."""
    if act in ("reopen", "credit", "cancel"):
        services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    first, second = as_read_by_two(deal)
    {"win": ACTS["lose"], "lose": ACTS["win"], "void": ACTS["void"]}.get(act, ACTS["reopen"])(first)
    before = kinds(deal)
    with pytest.raises(Conflict):
        ACTS[act](second)
    with pytest.raises(DomainError) as again:
        ACTS[act](Deal.objects.get(pk=deal.pk))
    assert again.value.status == 422  # whoever read it as it is now is refused by the rule itself
    assert kinds(deal) == before


def test_an_event_is_taken_back_once(deal):
    services.set_deal_amount(deal=deal, amount=500_00, actor=None, occurred_at=day(3))
    first, second = [DealEvent.objects.get(deal=deal, kind="amount") for _ in range(2)]
    services.void_deal_event(event=first, actor=None)
    with pytest.raises(DomainError, match="already taken back"):
        services.void_deal_event(event=second, actor=None)
    assert kinds(deal).count("voided") == 1


def client_of(person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def pressed_together(deal: Deal, posts: list) -> list[int]:
    """Both requests have read the deal and wait for it before either may write: then they are let go."""

    def press(client, path, data):
        try:
            return client.post(f"/deals/{deal.pk}/{path}/", data).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            lock_deals([deal.pk])
            answers = [pool.submit(press, *post) for post in posts]
            # They give up after five seconds (lock_timeout). One waits for the row that is held here, the other for that
            # one or for the lead before it.
            deadline = time.monotonic() + 4
            while _waiting() < 2:
                assert time.monotonic() < deadline, "the two never met"
                time.sleep(0.02)
        return sorted(answer.result() for answer in answers)


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="on SQLite a transaction that writes is alone by itself")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_version", [True, False])
def test_one_of_two_credits_pressed_at_once_is_given(deal, people, with_version):
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    data = {"amount": "30"} | ({"version": deal.version} if with_version else {})
    posts = [(client_of(people[who]), "credit", data) for who in ("member", "sales_lead")]
    assert pressed_together(deal, posts) == [302, 409]
    assert list(DealCredit.objects.values_list("amount", flat=True)) == [-30_00]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="on SQLite a transaction that writes is alone by itself")
@pytest.mark.django_db(transaction=True)
def test_a_deal_is_won_or_lost_and_not_both(deal, people):
    reason = Reason.objects.filter(use="lost").first().key
    posts = [
        (client_of(people["member"]), "win", {"version": deal.version}),
        (client_of(people["sales_lead"]), "lose", {"version": deal.version, "reason": reason}),
    ]
    assert pressed_together(deal, posts) == [302, 409]
    assert DealEvent.objects.filter(deal=deal, kind__in=["won", "lost"]).count() == 1


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="on SQLite a transaction that writes is alone by itself")
@pytest.mark.django_db(transaction=True)
def test_of_two_forms_saved_at_once_one_stands_whole(deal, people):
    forms = {
        who: {"name": who, "kind": "new", "amount": amount, "version": deal.version, "owner": ""}
        for who, amount in (("member", "200"), ("sales_lead", "300"))
    }
    posts = [(client_of(people[who]), "edit", form) for who, form in forms.items()]
    assert pressed_together(deal, posts) == [302, 409]
    deal.refresh_from_db()
    assert (deal.name, deal.amount) in {("member", 200_00), ("sales_lead", 300_00)}
    assert kinds(deal) == ["opened", "amount"]


def test_the_page_says_who_was_first(deal, people):
    seen = deal.version
    services.set_deal_amount(deal=deal, amount=500_00, actor=people["sales_lead"])
    answer = client_of(people["member"]).post(f"/deals/{deal.pk}/win/", {"version": seen})
    assert answer.status_code == 409
    assert "changed this deal since you opened it" in answer.content.decode()
    assert kinds(deal) == ["opened", "amount"]

"""Many people move one lead at the same moment, over HTTP: its history never forks, and who comes second is told so."""

import http.client
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connection
from django.test.testcases import LiveServerThread, _StaticFilesHandler

from accounts.services import create_token
from leads import services
from leads.models import Lead, LeadEvent
from leads.services import leads as move_service
from metrics import rollup
from metrics.check import check

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 50 if connection.vendor == "postgresql" else 8
ROUNDS = 20
PATH = ("mql", "sal", "sql", "opportunity")


class Client:
    """One person's connection."""

    def __init__(self, address: str, token: str):
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def move(self, lead: int, to: str, version: int | None) -> int:
        headers = self.headers | ({"If-Match": f'"{version}"'} if version is not None else {})
        body = json.dumps({"lead": lead, "to_stage": to, "reason": "wrong_stage"})
        self.connection.request("POST", "/api/v1/stage-changes/", body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def play(address: str, token: str, lead: Lead, *, versions: bool, clients: int, rounds: int) -> list[Counter]:
    """All clients try at once, round after round; what each round answered. With `versions` all saw the same one."""
    ready = threading.Barrier(clients)
    people = [Client(address, token) for _ in range(clients)]

    def go(number: int, version: int | None, stage: str) -> int:
        options = [key for key in PATH if key != stage]
        ready.wait()
        return people[number].move(lead.id, options[number % len(options)], version)

    found = []
    with ThreadPoolExecutor(clients) as pool:
        for _ in range(rounds):
            lead.refresh_from_db()
            version = lead.version if versions else None
            answers = pool.map(go, range(clients), [version] * clients, [lead.stage.key] * clients)
            found.append(Counter(answers))
    for person in people:
        person.connection.close()
    return found


def assert_unforked(lead: Lead, rounds: list[Counter]) -> None:
    """Every accepted move is one row, and every row starts where the one before it ended."""
    moves = list(LeadEvent.objects.filter(lead=lead, kind="moved").order_by("id").values_list("from_stage", "to_stage"))
    assert len(moves) == sum(answers[201] for answers in rounds)
    created = LeadEvent.objects.get(lead=lead, kind="created").to_stage_id
    chain = [created, *(to for _, to in moves)]
    assert [came_from for came_from, _ in moves] == chain[:-1]
    lead.refresh_from_db()
    assert lead.stage_id == chain[-1]


class Server(ThreadedWSGIServer):
    request_queue_size = 200  # fifty clients knock at once; the usual ten places would turn some away


class ServerThread(LiveServerThread):
    server_class = Server


@pytest.fixture
def address(people):
    """A server of our own, in this process, so that the control below can take the guard out."""
    thread = ServerThread("127.0.0.1", _StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    assert thread.error is None
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()


@pytest.fixture
def token(people):
    return create_token(user=people["sales_lead"], name="test", actor=None)[1]


@pytest.fixture
def lead(stages, at):
    return services.create_lead(stage=stages["inquiry"], occurred_at=at(3, 2), actor=None)


def test_one_wins_each_round(address, token, lead):
    rounds = play(address, token, lead, versions=True, clients=CLIENTS, rounds=ROUNDS)
    assert [answers[201] for answers in rounds] == [1] * ROUNDS
    assert set().union(*rounds) <= {201, 409, 412}
    assert_unforked(lead, rounds)
    rollup.drain()
    assert check() == []


def test_clients_without_versions_never_fork_a_history(address, token, lead):
    rounds = play(address, token, lead, versions=False, clients=CLIENTS, rounds=5)
    assert all(answers[201] >= 1 for answers in rounds)
    # 422: the lead had come to that very stage in the meantime.
    assert set().union(*rounds) <= {201, 409, 422}
    assert_unforked(lead, rounds)


def test_without_the_claim_histories_fork(address, token, lead, monkeypatch):
    """The control: the race is there, and the assertion above sees it."""
    monkeypatch.setattr(move_service, "_first_since_read", lambda lead: True)
    rounds = play(address, token, lead, versions=False, clients=8, rounds=5)
    with pytest.raises(AssertionError):
        assert_unforked(lead, rounds)

"""The broker of files: a worker never sees a message that is not whole."""

import json
import os
import threading

import pytest
from django.conf import settings
from kombu import Connection

from config.celery import app
from config.files_broker import Transport


@pytest.fixture
def folders(tmp_path):
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    inside = str(tmp_path / "messages")
    return {"data_folder_in": inside, "data_folder_out": inside, "control_folder": str(tmp_path / "control")}


def exchange(transport, folders, count=300) -> list[int]:
    """Send messages from one thread and take them in another; what was taken, or the error that ended the taking."""
    taken: list = []

    def take():
        with Connection("localhost", transport=transport, transport_options=folders) as connection:
            queue = connection.SimpleQueue("q")
            try:
                while len(taken) < count:
                    message = queue.get(timeout=20)
                    message.ack()
                    taken.append(message.payload["n"])
            except Exception as error:
                taken.append(error)

    reader = threading.Thread(target=take)
    with Connection("localhost", transport=transport, transport_options=folders) as connection:
        queue = connection.SimpleQueue("q")
        reader.start()
        for n in range(count):
            queue.put({"n": n})
        reader.join(60)
    return taken


def test_every_message_arrives_whole_and_once(folders):
    assert sorted(exchange(Transport, folders)) == list(range(300))


def test_a_message_has_its_name_only_when_it_is_written(folders, monkeypatch):
    seen, rename = [], os.replace

    def watched(part, whole):
        seen.append((json.loads(part.read_text()), part.suffix, whole.suffix, whole.exists()))
        rename(part, whole)

    monkeypatch.setattr(os, "replace", watched)
    with Connection("localhost", transport=Transport, transport_options=folders) as connection:
        connection.default_channel._put("q", {"n": 1})
        assert connection.default_channel._get("q") == {"n": 1}
    assert seen == [({"n": 1}, ".part", ".msg", False)]


def test_the_house_uses_it():
    if settings.REDIS_URL:
        pytest.skip("Redis carries the hints here")
    with app.connection_for_write() as connection:
        assert connection.get_transport_cls() is Transport

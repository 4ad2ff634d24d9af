"""One company for each module of this folder, set up once; what a test writes is rolled back."""

import pytest
from django.core.cache import cache
from django.db import transaction

from metrics import series
from tests.access.access_world import World, build


@pytest.fixture(scope="module")
def world_of_module(django_db_setup, django_db_blocker):
    series._held.clear()
    cache.clear()
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)
    series._held.clear()
    cache.clear()


@pytest.fixture
def world(world_of_module, db) -> World:
    return world_of_module

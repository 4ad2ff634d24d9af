"""Fixtures that every test may use: one company, its stages, its people, fixed times."""

import datetime as dt
import os
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts import services as accounts
from accounts.models import Role, Side
from core.models import Maintenance
from core.services import set_up_organisation
from funnel.models import Stage
from funnel.services import adopt_preset

START = dt.date(2025, 1, 1)


def shared(*parts: str) -> Path:
    """A file of the real data sets, or a skip that names it."""
    root = Path(os.environ.get("TANDEM_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    path = root.joinpath("data", *parts)
    if not path.exists():
        pytest.skip(f"real data not present: {'/'.join(parts)}")
    return path


@pytest.fixture(autouse=True, scope="session")
def flush_past_the_triggers():
    """Transactional tests empty all tables; the append-only triggers stand aside for that, inside one transaction."""
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def execute_sql_flush(self, sql_list):
        kept = [sql for sql in sql_list if "core_maintenance" not in sql or "TRUNCATE" in sql]
        with transaction.atomic(using=self.connection.alias):
            Maintenance.objects.create(reason="tests' flush")
            flush(self, kept)
            Maintenance.objects.all().delete()

    operations.execute_sql_flush = execute_sql_flush
    yield
    operations.execute_sql_flush = flush


@pytest.fixture
def company(db):
    """A company in Berlin with the B2B stages, in force and unsigned, from the start of 2025."""
    organisation = set_up_organisation(name="Testfirma", tz="Europe/Berlin", base_currency="EUR", from_day=START)
    adopt_preset(preset="b2b", from_day=START, actor=None)
    return organisation


@pytest.fixture
def stages(company) -> dict[str, Stage]:
    return {stage.key: stage for stage in Stage.objects.all()}


@pytest.fixture
def at():
    """`at(3, 5, hour=14)`: 5 March 2026, 14:00 UTC. Midday by default, so that no zone moves the day."""

    def instant(month: int, day: int, hour: int = 12, minute: int = 0, year: int = 2026) -> dt.datetime:
        return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)

    return instant


@pytest.fixture
def people(company):
    """One person per role; `member` and `colleague` are reps of the two teams, `outsider` has no role at all."""
    marketing = accounts.add_team(name="Marketing", side=Side.MARKETING, actor=None)
    sales = accounts.add_team(name="Sales", side=Side.SALES, actor=None)
    roles = {
        "administrator": (Role.ADMINISTRATOR, None),
        "funnel_owner": (Role.FUNNEL_OWNER, None),
        "marketing_lead": (Role.TEAM_LEAD, marketing),
        "sales_lead": (Role.TEAM_LEAD, sales),
        "member": (Role.REP, sales),
        "colleague": (Role.REP, marketing),
        "viewer": (Role.VIEWER, None),
        "outsider": (None, None),
    }
    found = {}
    for key, (role, team) in roles.items():
        user = accounts.add_person(email=f"{key}@example.com", name=key.replace("_", " ").title(), password=None, actor=None)
        if role is not None:
            accounts.give_role(user=user, role=role, team=team, from_day=START, actor=None)
        found[key] = user
    return found


@pytest.fixture
def browser(people):
    """`browser("member")`: that person's own browser, signed in."""
    found = {}

    def of(who: str) -> Client:
        if who not in found:
            found[who] = Client()
            found[who].force_login(people[who], backend="django.contrib.auth.backends.ModelBackend")
        return found[who]

    return of

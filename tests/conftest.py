"""Fixtures that every test may use: one company, its stages, its people, fixed times."""

import datetime as dt
import os
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts import services as accounts
from accounts.models import Role, Side, User
from core.models import Maintenance, Organisation
from core.services import set_up_organisation
from funnel.models import Stage
from funnel.services import adopt_preset
from tests.remembered import remembered

START = dt.date(2025, 1, 1)
ROLES = {
    "administrator": (Role.ADMINISTRATOR, None),
    "funnel_owner": (Role.FUNNEL_OWNER, None),
    "marketing_lead": (Role.TEAM_LEAD, "marketing"),
    "sales_lead": (Role.TEAM_LEAD, "sales"),
    "member": (Role.REP, "sales"),
    "colleague": (Role.REP, "marketing"),
    "viewer": (Role.VIEWER, None),
    "outsider": (None, None),
}

# What these folders promise is told by rights, words and pages, which are the same on every database. They run once;
# what stands below them is asked on both, and the browser opens the pages on PostgreSQL.
HERE = Path(__file__).parent
RUN_ONCE = {"access", "benchmarks", "console", "demo", "pages"}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.relative_to(HERE).parts[0] in RUN_ONCE:
            item.add_marker(pytest.mark.once)


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

    def make():
        set_up_organisation(name="Testfirma", tz="Europe/Berlin", base_currency="EUR", from_day=START)
        adopt_preset(preset="b2b", from_day=START, actor=None)

    remembered("company", make)
    return Organisation.objects.get()


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

    def make():
        marketing = accounts.add_team(name="Marketing", side=Side.MARKETING, actor=None)
        sales = accounts.add_team(name="Sales", side=Side.SALES, actor=None)
        teams = {None: None, "marketing": marketing, "sales": sales}
        for key, (role, team) in ROLES.items():
            email, name = f"{key}@example.com", key.replace("_", " ").title()
            user = accounts.add_person(email=email, name=name, password=None, actor=None)
            if role is not None:
                accounts.give_role(user=user, role=role, team=teams[team], from_day=START, actor=None)

    remembered("people", make)
    found = {user.email: user for user in User.objects.all()}
    return {key: found[f"{key}@example.com"] for key in ROLES}


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

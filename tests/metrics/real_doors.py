"""A company made of a real file, and its doors: page, API and command."""

import csv
import datetime as dt
import io
import json
import re

import time_machine
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import Role
from core.services import set_up_organisation
from funnel.services import adopt_preset
from tests.conftest import shared
from tests.integrations.conftest import MAPPINGS


def table(*parts):
    with shared(*parts).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


class Doors:
    """The same question by command and API; both must say the same."""

    def __init__(self, now):
        self.now = now
        self.user = accounts.add_person(email="real@example.com", name="R", password=None, actor=None)
        accounts.give_role(user=self.user, role=Role.ADMINISTRATOR, from_day=dt.date(2016, 1, 1), actor=None)
        self.client = APIClient()

    def ask(self, key, **params) -> dict:
        params = {name.rstrip("_"): value for name, value in params.items()}
        with time_machine.travel(self.now, tick=False):
            self.client.force_login(self.user)
            answer = self.client.get(f"/api/v1/metrics/{key}/", params)
            own = ("from", "to", "at", "stage", "to_stage", "horizon", "by")
            words = [
                f"--{name.replace('_', '-')}={value}" if name in own else f"--where={name}={value}"
                for name, value in params.items()
            ]
            out = io.StringIO()
            call_command("metric", key, *words, "--json", stdout=out)
        assert answer.status_code == 200, answer.content
        assert answer.json() == json.loads(out.getvalue())
        return answer.json()

    def page(self, address: str) -> str:
        """The page's words, without its tags."""
        with time_machine.travel(self.now, tick=False):
            self.client.force_login(self.user)
            response = self.client.get(address)
        assert response.status_code == 200
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def by_key(answer, field="value") -> dict:
    return {row["key"]: row[field] for row in answer["series"]}


def bring(mapping: str, *parts) -> dict:
    out = io.StringIO()
    call_command(
        "import_csv", str(shared(*parts)), "--mapping", str(MAPPINGS / mapping), "--json", stdout=out, stderr=io.StringIO()
    )
    # The import stays in an open transaction here, where the server's own statistics job can't see its rows.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    report = json.loads(out.getvalue())
    assert report["read"] == sum(report[name] for name in ("created", "updated", "unchanged", "rejected", "skipped"))
    return report


def company(*, tz, currency, from_day, now, year_start=1):
    set_up_organisation(name="Real", tz=tz, base_currency=currency, from_day=from_day, fiscal_year_start=year_start)
    adopt_preset(preset="b2b", from_day=from_day, actor=None)
    return Doors(now)

"""What was written stays written: refused by the models, refused by the database, with one known way past it."""

import ast
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from campaigns import services as campaigns
from core.append_only import AppendOnlyError, AppendOnlyModel
from core.maintenance import maintenance
from core.models import Maintenance
from core.services import record_rate
from funnel.models import Agreement
from integrations.capture_sites import save_site
from integrations.models import CalendarEntry, CapturedForm, MailCopy
from leads import services
from leads.models import Touch
from leads.services.arrivals import Told, append_told
from leads.services.filtering import add_filter, take_back_matching
from leads.services.routing import route_waiting
from leads.services.routing_rules import set_queue, switch_routing
from reviews.models import JudgingRound, SampledLead, Stratum
from reviews.services import judge_lead
from tests.leads.written_once import write_once
from tests.remembered import remembered

ROOT = Path(__file__).resolve().parents[2]
FIRST_PARTY = (
    "accounts",
    "campaigns",
    "config",
    "core",
    "demo",
    "funnel",
    "integrations",
    "leads",
    "metrics",
    "reviews",
    "script",
)
VERBS = ["UPDATE {table} SET {key} = {key}", "DELETE FROM {table}"]
if connection.vendor == "postgresql":
    VERBS.append("TRUNCATE {table} CASCADE")
MODELS = [model for model in apps.get_models() if issubclass(model, AppendOnlyModel)]


@pytest.fixture
def history(stages, people, at):
    """One row at least in every append-only table."""

    def make():
        lead = services.create_lead(stage=stages["inquiry"], occurred_at=at(3, 2), actor=None)
        services.move_lead(lead, stages["mql"], actor=None, occurred_at=at(3, 3), note="asked for a price")
        services.record_touch(side="sales", kind="call", occurred_at=at(3, 4), lead=lead, actor=None)
        deal = services.open_deal(lead=lead, occurred_at=at(3, 5), amount=100, actor=None)
        write_once(people, lead, deal)
        day = dt.date(2026, 3, 1)
        campaigns.record_spend(amount=100, currency="EUR", service_from=day, service_to=day, actor=None)
        set_queue(team=people["member"].memberships.get().team, actor=None)
        switch_routing(on=True, now=at(3, 1), actor=None)
        services.create_lead(stage=stages["mql"], occurred_at=dt.datetime.now(dt.UTC), actor=None)
        route_waiting(now=dt.datetime.now(dt.UTC))
        mail = {"user": people["member"], "sent_at": at(3, 6), "received_at": at(3, 6)}
        MailCopy.objects.create(digest="0", outcome=MailCopy.Outcome.NO_LEAD, **mail)
        meeting = {"user": people["member"], "uid": "1", "stamped_at": at(3, 6), "starts_at": at(3, 7), "ends_at": at(3, 7)}
        CalendarEntry.objects.create(**meeting)
        visit = Touch(side="marketing", kind="visit", occurred_at=at(3, 4), lead=lead)
        append_told([Told(visit, {"utm_source": "news", "referrer": "own.example"})])
        add_filter(kind="site", value="own.example", reason="internal", actor=None)
        take_back_matching(expected=1, actor=None)
        site = save_site(site=None, name="Main", origins=["https://www.example.com"], thanks_url="", actor=None)
        CapturedForm.objects.create(site=site, digest="0", received_at=at(3, 6), outcome=CapturedForm.Outcome.BOT)
        record_rate(currency="USD", day=day, rate=Decimal("0.9"), source="test")
        judges = {"marketing_judge": people["colleague"], "sales_judge": people["member"]}
        sample = JudgingRound.objects.create(month=day, agreement=Agreement.objects.get(), seed=1, **judges)
        SampledLead.objects.create(round=sample, position=1, lead=lead, stratum=Stratum.MQL)
        judge_lead(judging=sample, place=1, qualifies=True, sentence="", actor=people["member"])

    remembered("a row in every append-only table", make)


def test_the_known_tables():
    names = sorted(model.__name__ for model in MODELS)
    assert names == ["ActionStep", "Arrival", "CalendarEntry", "CapturedForm", "CharterLine", "Comment", "ConsoleEvent",
                     "ContentRequestStep", "CreditPosting", "CreditRules", "DealEvent", "ExchangeRate", "FilterRun",
                     "FrozenChange", "FrozenNumber", "FrozenRows", "GoodThing", "Judgement", "LeadEvent", "MailCopy",
                     "Minutes", "Note", "PreviewNote", "Refusal", "Restatement", "RestatementPart", "RoutedHandoff",
                     "RoutingChange", "Spend", "Touch"]  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_refuse(model, history):
    row = model.objects.first()
    name = model._meta.fields[-1].attname
    for change in (
        row.save,
        row.delete,
        lambda: model.objects.update(**{name: None}),
        lambda: model.objects.all().delete(),
        lambda: model.objects.bulk_update([row], [model._meta.fields[1].name]),
        lambda: model.objects.filter(pk=row.pk).update_or_create(defaults={}, pk=row.pk),
    ):
        with pytest.raises(AppendOnlyError):
            change()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("verb", VERBS)
def test_the_database_refuses(model, verb, history):
    before = model.objects.count()
    # Checks that wait for the commit would refuse a TRUNCATE for their own reason.
    connection.check_constraints()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(table=model._meta.db_table, key=model._meta.pk.column))
    assert model.objects.count() == before > 0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_maintenance_stands_aside_inside_its_transaction_only(model, history):
    with maintenance("test"), connection.cursor() as cursor:
        cursor.execute(VERBS[0].format(table=model._meta.db_table, key=model._meta.pk.column))
    assert not Maintenance.objects.exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(VERBS[0].format(table=model._meta.db_table, key=model._meta.pk.column))


def test_the_only_places_past_the_triggers():
    found = set()
    files = [path for app in FIRST_PARTY for path in (ROOT / app).rglob("*.py")]
    for path in sorted(files):
        part = path.relative_to(ROOT)
        if "migrations" in part.parts:
            continue
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "maintenance":
                found.add(str(part))
        if "Maintenance.objects" in text or "core_maintenance" in text:
            found.add(str(part))
    # The triggers themselves, the one door, and who goes through it.
    assert found == {"core/migration_operations.py", "core/maintenance.py", "demo/wiping.py"}

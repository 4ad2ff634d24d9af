"""Every metric of the public interface exists once, can be asked at three doors with one answer, and refuses nonsense."""

import io
import json
import re
from collections import Counter

import pytest
import time_machine
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts.services import create_token
from core.errors import DomainError
from metrics.definitions import METRICS, Basis
from metrics.management.commands.metrics_doc import FILE, document
from tests.metrics.journeys import NOW, figure
from tests.metrics.rich_company import dated, sensible

pytestmark = pytest.mark.django_db

# Architecture section 7, and the checks of data quality of the first issue.
PUBLIC = {
    "F1": {"stage_inflow"}, "F2": {"stage_outflow"}, "F3": {"stage_balance"}, "F5": {"edge_flow"}, "F6": {"first_reach"},
    "F7": {"throughput_ratio"}, "F8": {"exit_share"}, "F9": {"cohort_conversion"}, "F10": {"end_to_end_conversion"},
    "F11": {"leakage", "stalled_share"}, "F12": {"skip_rate"}, "F13": {"regression_rate"}, "F14": {"recycle_yield"},
    "V1": {"time_in_stage_completed"}, "V2": {"time_in_stage"}, "V3": {"stage_exit_curve"}, "V4": {"time_to_convert"},
    "V6": {"pipeline_age"}, "V7": {"stale_share"}, "V8": {"speed_to_lead", "speed_to_lead_in_working_time"},
    "M1": {"qualified_volume"}, "M2": {"qualified_value"}, "M3": {"context_completeness"}, "M4": {"quality"},
    "S1": {"first_follow_up"}, "S2": {"persistence"}, "S3": {"disposition_with_reason"}, "S4": {"feedback_returned"},
    "3.4": {"routing"}, "Q1": {"acceptance_rate"}, "Q1b": {"acceptance_bounds"}, "Q2": {"rejection_reasons"},
    "Q3": {"disqualification_rate"}, "Q4": {"recycle_rate"},
    "won": {"won_deals", "won_revenue", "gross_profit", "win_rate", "average_deal"},
    "pipeline": {"open_deals", "open_amount"},
}  # fmt: skip
QUALITY = {"DQ1", "DQ3", "DQ5", "DQ6", "DQ7", "DQ9", "DQ10", "DQ11"}
STATUSES = {"ok", "partial", "mixed", "immature", "suppressed", "undefined", "not_applicable"}


def test_the_public_keys_exist_once_under_their_spec_ids():
    declared = {}
    for metric in METRICS.values():
        declared.setdefault(metric.spec, set()).add(metric.key)
    assert {spec: declared[spec] for spec in PUBLIC} == PUBLIC
    assert set(declared) >= QUALITY
    assert Counter(metric.label for metric in METRICS.values()).most_common(1)[0][1] == 1


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_a_declaration_can_be_read_by_people(metric):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", metric.key)
    assert not {"day", "week", "month", "quarter", "daily", "monthly"} & set(metric.key.split("_"))
    assert metric.owner in ("joint", "marketing", "sales")
    assert metric.unit in ("entries", "leads", "deals", "share", "money", "days", "minutes")
    for text in (metric.label, metric.words, metric.formula):
        assert text == text.strip()
        assert text
    assert metric.words.endswith(".")
    if metric.unit == "share" and metric.basis != Basis.COHORT:
        assert "÷" in metric.formula


def test_the_document_is_what_the_declarations_say():
    assert FILE.read_text(encoding="utf-8") == document()
    assert set(re.findall(r"^## (\w+)$", document(), re.M)) == set(METRICS)


@pytest.fixture
def client(rich):
    found = APIClient()
    secret = create_token(user=rich.people["administrator"], name="test", actor=None)[1]
    found.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return found


def command(key, params, by=None) -> dict:
    out = io.StringIO()
    options = [f"--{name.replace('_', '-')}={value}" for name, value in params.items()]
    call_command("metric", key, *options, *([f"--by={by}"] if by else []), "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.once
@pytest.mark.parametrize("key", METRICS)
def test_three_doors_one_answer(client, key):
    by = "channel" if METRICS[key].basis == Basis.INSTANT else "month"
    with time_machine.travel(NOW, tick=False):
        for params in (dated(key), sensible(key)):
            by_here = by if "from" in params or by == "channel" else None
            expected = figure(key, now=NOW, **params | ({"by": by_here} if by_here else {}))
            expected = json.loads(json.dumps(expected))
            response = client.get(f"/api/v1/metrics/{key}/", params | ({"by": by_here} if by_here else {}))
            assert (response.status_code, response.json()) == (200, expected)
            assert command(key, params, by_here) == expected
            assert expected["status"] in STATUSES
            assert expected["unit"] == METRICS[key].unit
            assert expected["as_of"]
            assert ("currency" in expected) == (METRICS[key].unit == "money")


def test_the_answer_holds_the_keys_of_the_public_interface_only(client):
    allowed = {
        "key", "status", "value", "numerator", "denominator", "n", "open", "unknown", "excluded", "unit", "currency",
        "basis", "interval", "definition_version", "as_of", "quantiles", "curve", "series", "estimated", "horizon",
        "last_age", "promise", "bounds", "versions", "why",
    }  # fmt: skip
    for key in METRICS:
        assert set(figure(key, **dated(key))) <= allowed, key


WRONG = [
    ("no_such_metric", {}, "metric_unknown", "key"),
    ("stage_inflow", {"colour": "red"}, "parameter_unknown", "colour"),
    ("stage_inflow", {"stage": "zzz"}, "stage_unknown", "stage"),
    ("edge_flow", {"stage": "mql"}, "stage_missing", "to_stage"),
    ("stage_inflow", {"by": "moon"}, "by_unknown", "by"),
    ("won_deals", {"by": "stage"}, "by_unknown", "by"),
    ("stage_inflow", {"by": "kind"}, "by_unknown", "by"),
    ("stage_inflow", {"channel": "Nowhere"}, "value_unknown", "channel"),
    ("stage_inflow", {"origin": ""}, "value_unknown", "origin"),
    ("stage_inflow", {"owner": "\u00b2"}, "value_unknown", "owner"),
    ("stage_inflow", {"kind": "new"}, "parameter_foreign", "kind"),
    ("won_deals", {"stage": "mql"}, "parameter_foreign", "stage"),
    ("won_deals", {"stage": ""}, "parameter_foreign", "stage"),
    ("stage_inflow", {"to_stage": "sql"}, "parameter_foreign", "to_stage"),
    ("stage_inflow", {"horizon": "30"}, "parameter_foreign", "horizon"),
    ("stage_inflow", {"from": "2025-05-02", "to": "2025-05-01"}, "period_reversed", "to"),
    ("stage_inflow", {"from": "2025-02-30"}, "date_invalid", "from"),
    ("stage_inflow", {"from": "0001-01-01"}, "date_invalid", "from"),
    ("stage_inflow", {"to": "9999-12-31"}, "date_invalid", "to"),
    ("stage_inflow", {"at": "2025-05-01"}, "period_wanted", "at"),
    ("stage_balance", {"at": "2025-05-01", "from": "2025-04-01"}, "period_or_day", "at"),
    ("stage_balance", {"by": "month"}, "period_missing", "from"),
    ("stage_inflow", {"from": "2000-01-01", "to": "2025-01-01", "by": "day"}, "too_many_buckets", "by"),
    ("cohort_conversion", {"stage": "sql", "to_stage": "mql"}, "stages_reversed", "to_stage"),
    ("end_to_end_conversion", {"horizon": "9999999999"}, "number_invalid", "horizon"),
    ("end_to_end_conversion", {"horizon": "-1"}, "number_invalid", "horizon"),
    ("stage_inflow", {"as_of": "yesterday"}, "date_invalid", "as_of"),
    ("stage_inflow", {"as_of": "2999-01-01T00:00"}, "in_the_future", "as_of"),
    ("stage_inflow", {"as_of": "0001-01-01T00:00"}, "date_invalid", "as_of"),
]


@pytest.mark.parametrize(("key", "params", "code", "field"), WRONG)
def test_nonsense_is_refused_with_one_sentence_at_every_door(client, key, params, code, field):
    with pytest.raises(DomainError) as refused:
        figure(key, **params)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert "\n" not in refused.value.message

    for address in (f"/api/v1/metrics/{key}/", f"/api/v1/metrics/{key}/leads/"):
        response = client.get(address, params)
        if code in ("by_unknown", "too_many_buckets") and address.endswith("leads/"):
            continue  # a list has no breakdown
        body = response.json()
        assert (response.status_code, body["status"], body["code"]) == (422, 422, code)
        assert body["detail"] == refused.value.message
        assert response["Content-Type"] == "application/problem+json"

    own = {"from", "to", "at", "stage", "to_stage", "horizon", "by", "as_of"}
    words = [
        f"--{name.replace('_', '-')}={value}" if name in own else f"--where={name}={value}" for name, value in params.items()
    ]
    errors = io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("metric", key, *words, stderr=errors)
    assert left.value.code == 2
    assert errors.getvalue().strip() == refused.value.message


def test_repeated_parameters_are_refused_and_repeated_filters_are_alternatives(client):
    response = client.get("/api/v1/metrics/stage_inflow/?stage=mql&stage=sql")
    assert (response.status_code, response.json()["code"]) == (422, "repeated")
    both = client.get("/api/v1/metrics/stage_inflow/?from=2025-01-01&to=2025-09-01&channel=Search&channel=Fair").json()
    apart = [
        client.get(f"/api/v1/metrics/stage_inflow/?from=2025-01-01&to=2025-09-01&channel={name}").json()["value"]
        for name in ("Search", "Fair")
    ]
    assert both["value"] == sum(apart) > 0


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", ""])
def test_a_page_has_at_least_one_and_at_most_a_thousand_rows(client, limit):
    response = client.get(f"/api/v1/metrics/stage_inflow/leads/?limit={limit}")
    assert (response.status_code, response.json()["code"]) == (422, "number_invalid")


def test_the_list_of_metrics_is_the_declarations(client):
    found = client.get("/api/v1/metrics/").json()
    assert [row["key"] for row in found] == list(METRICS)
    assert found[0]["words"] == METRICS[found[0]["key"]].words

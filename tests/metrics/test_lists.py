"""The list behind a number is the number: recomputed from its rows alone, for every metric and every breakdown."""

import datetime as dt
import math

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.services import create_token
from core.errors import DomainError
from core.models import Organisation
from core.periods import next_start
from metrics import evaluation, series
from metrics.definitions import METRICS, Basis, Kind
from metrics.listing import list_behind
from metrics.methods.survival import NEVER
from metrics.questions import Reader, read_question, reader_of
from metrics.selection import BY_DIMENSION, BY_TIME
from tests.metrics.journeys import NOW, figure
from tests.metrics.rich_company import PERIOD, dated

pytestmark = pytest.mark.django_db

HORIZON = 90


def quantile(values, q):
    return sorted(values)[math.floor(q * (len(values) - 1))] if values else None


def kaplan_meier(rows, share_out):
    """Smallest age at which so many have left; None if the curve never gets there."""
    staying = 1.0
    for age in sorted({row["age"] for row in rows if row["cause"]}):
        at_risk = sum(1 for row in rows if row["age"] >= age)
        if len(rows) >= 30 and at_risk < 5 and "in_numerator" not in rows[0]:
            return None
        staying *= 1 - sum(1 for row in rows if row["cause"] and row["age"] == age) / at_risk
        if staying <= 1 - share_out + 1e-12:
            return age
    return None


def advanced_in_the_end(rows):
    """Aalen–Johansen for moving on, at the end of the curve."""
    staying, share = 1.0, 0.0
    for age in sorted({row["age"] for row in rows if row["cause"]}):
        at_risk = sum(1 for row in rows if row["age"] >= age)
        if at_risk < 5:
            break
        here = [row["cause"] for row in rows if row["cause"] and row["age"] == age]
        share += staying * here.count(1) / at_risk
        staying *= 1 - len(here) / at_risk
    return share


def converted_by(rows, horizon):
    if not rows:
        return None
    product = 1.0
    for a in range(horizon + 1):
        at_risk = sum(1 for row in rows if row["follow"] >= a and row["age"] >= a)
        product *= 1 - sum(1 for row in rows if row["age"] == a <= row["follow"]) / at_risk if at_risk else 1
    return 1 - product


def recomputed(metric, rows: list[dict], figures: dict) -> dict:
    """The figures of an answer from its rows, without the product's code."""
    known = [row["value"] for row in rows if row.get("value") is not None]
    hits = [row for row in rows if row.get("in_numerator")]
    match metric.kind:
        case Kind.COUNT:
            return {"value": len(rows), "n": len(rows)}
        case Kind.SUM:
            value = sum(known) if known or not rows else None  # nothing but unknown amounts is no zero
            return {"value": value, "n": len(rows), "unknown": len(rows) - len(known)}
        case Kind.MEAN:
            mean = sum(known) / len(known) if known else None
            return {"value": mean, "numerator": sum(known), "denominator": len(known), "n": len(rows)}
        case Kind.RATIO | Kind.WINDOWS | Kind.SHARES:
            whole = sum(1 for row in rows if row.get("in_denominator", True))
            return {"value": len(hits) / whole if whole else None, "numerator": len(hits), "denominator": whole, "n": whole}
        case Kind.SHARE_OF_SUM:
            part = sum(row["value"] for row in hits if row["value"] is not None)
            return {"value": part / sum(known) if sum(known) else None, "numerator": part, "denominator": sum(known)}
        case Kind.DURATION:
            median = quantile([row["age"] for row in rows], 0.5)
            return {"value": None if median is None else median / 86_400, "n": len(rows)}
        case Kind.STAY:
            few = len(rows) < 30
            value = advanced_in_the_end(rows) if metric.key == "stage_exit_curve" else kaplan_meier(rows, 0.5)
            return {"value": None if few else value, "n": len(rows), "open": sum(1 for row in rows if row["cause"] == 0)}
        case Kind.CONVERSION:
            done = sum(1 for row in rows if row["age"] <= min(row["follow"], HORIZON))
            return {"value": converted_by(rows, HORIZON), "numerator": done, "denominator": len(rows), "n": len(rows)}
        case Kind.CYCLE:
            ages = [row["age"] for row in rows if row["age"] != NEVER]
            return {"value": quantile(ages, 0.5), "numerator": len(ages), "denominator": len(rows)}
        case Kind.RESPONSE:
            return {"value": kaplan_meier(rows, 0.5), "numerator": len(hits), "denominator": len(rows)}
        case Kind.QUALITY | Kind.ACCEPTANCE:
            whole = sum(1 for row in rows if row["in_denominator"])
            return {"numerator": len(hits), "denominator": whole, "open": len(rows) - whole}
        case Kind.BOUNDS:
            pending = sum(row["cause"] for row in rows)
            return {
                "value": len(hits) / len(rows) if rows else None,
                "numerator": len(hits),
                "n": len(rows),
                "open": pending,
            }
        case Kind.CONTEXT:
            whole = sum(row["follow"] for row in rows)
            return {"value": sum(known) / whole if whole else None, "numerator": sum(known), "denominator": whole}
        case Kind.VOLUME:
            return {"n": len(rows), "numerator": len(rows)}  # no tier comes near its cap here
        case Kind.DISTINCT:
            return {"value": len({row["deal"] for row in rows}), "n": len(rows)}
        case Kind.RETURN:
            # The list shows what was brought; what was spent is the list of the metric "spend".
            return {"n": len(rows), "numerator": sum(known) - figures["denominator"]}
        case Kind.COST_PER:
            return {"n": len(rows), "denominator": len(rows)}
        case Kind.WORTH:
            return {"n": len(rows), "numerator": sum(known), "unknown": len(rows) - len(known)}


def agrees(metric, figures: dict, rows: list[dict]) -> None:
    if "why" in figures:  # too little is known for any value, so nothing is behind it
        assert (figures["value"], figures["n"], [row for row in rows if metric.fact == "path"]) == (None, 0, []), metric.key
        return
    expected = recomputed(metric, rows, figures)
    found = {name: figures.get(name) for name in expected}
    assert found == pytest.approx(expected, abs=1e-12), metric.key


def rows_of(params: dict, key: str, user) -> list[dict]:
    snapshot = series.current()
    question = read_question(key, params, snapshot=snapshot, now=NOW, reader=Reader())
    listing = list_behind(snapshot, question, user, limit=None)
    assert (listing.total, listing.hidden) == (len(listing.rows), 0)
    return listing.rows


def params_of_row(key: str, by: str, row_key: str, week_start: int = 0) -> dict:
    """The question that a row of a breakdown answers, as a reader would ask it."""
    params = dated(key)
    if by in BY_DIMENSION:
        return params | {by: row_key}
    first, stop = (dt.date.fromisoformat(day) for day in PERIOD.split("/"))
    start = dt.date.fromisoformat(row_key)
    begin, end = max(start, first), min(next_start(start, by), stop)
    if METRICS[key].basis == Basis.INSTANT:
        return {name: value for name, value in params.items() if name not in ("from", "to")} | {
            "at": (end - dt.timedelta(days=1)).isoformat()
        }
    return params | {"from": begin.isoformat(), "to": end.isoformat()}


def each_metric():
    """Every metric. The models of attribution share their lists, so one of a kind is enough on the second database."""
    kinds = set()
    for key, metric in METRICS.items():
        kind = (metric.kind, metric.fact)
        again = kind in kinds and ("path" in kind or metric.kind == Kind.RETURN)
        kinds.add(kind)
        yield pytest.param(key, id=key, marks=[pytest.mark.once] if again else [])


@pytest.mark.parametrize("key", list(each_metric()))
def test_the_rows_give_the_number_for_every_breakdown(rich, key):
    metric, user = METRICS[key], rich.people["administrator"]
    whole = rows_of(dated(key), key, user)
    total = figure(key, **dated(key))
    agrees(metric, total, whole)
    if total["status"] == "suppressed":
        assert len(whole) < 30
    possible = []
    for by in (*BY_TIME, *BY_DIMENSION):
        params = dated(key)
        if metric.basis == Basis.INSTANT and by in BY_TIME:
            params |= dict(zip(("from", "to"), PERIOD.split("/"), strict=True))
            del params["at"]
        try:
            answer = figure(key, **params, by=by)
        except DomainError as error:
            assert error.code == "by_unknown", by
            continue
        possible.append(by)
        without_series = {name: value for name, value in answer.items() if name != "series"}
        assert without_series == {name: value for name, value in total.items() if name != "series"}
        assert [row["key"] for row in answer["series"]] == sorted({row["key"] for row in answer["series"]})
        parts = 0
        for row in answer["series"]:
            if by in BY_TIME and row["key"] == "":
                rows = [r for r in whole if r["day"] is None]
            else:
                rows = rows_of(params_of_row(key, by, row["key"]), key, user)
            if by in BY_TIME and metric.basis != Basis.INSTANT:
                rows = [r for r in rows if (r["day"] is None) == (row["key"] == "")]
            parts += len(rows)
            if row.get("status") == "suppressed" and metric.kind != Kind.STAY:
                assert (by, row["value"], row["n"]) == ("owner", None, len(rows))
                assert len(rows) < evaluation.SUPPRESS
                assert not {"numerator", "denominator", "interval"} & set(row)
            else:
                # What keeps the whole from having a value keeps its parts; it is told once.
                agrees(metric, row | {name: answer[name] for name in ("why",) if name in answer}, rows)
        if metric.kind == Kind.DISTINCT and by in BY_DIMENSION:
            assert parts >= len(whole), by  # whoever was touched by two stands under both
        elif by in BY_DIMENSION or metric.basis != Basis.INSTANT:
            assert parts == len(whole), by
    carried = {"channel", "campaign"}  # all that a cost line has
    if metric.fact != "spend":
        carried |= {"segment", "region", "team", "owner", "origin", "tier"}
    assert carried <= set(possible)
    assert set(BY_TIME) <= set(possible)


def test_the_rows_of_an_age_bucket_give_its_amount(rich):
    answer = figure("pipeline_age", "2025-08-31")
    rows = rows_of(dated("pipeline_age"), "pipeline_age", rich.people["administrator"])
    limits = {"0-30": (0, 30), "31-60": (31, 60), "61-90": (61, 90), "91-180": (91, 180), "181+": (181, 10**6)}
    for row in answer["series"]:
        low, high = limits[row["key"]]
        inside = [r["value"] for r in rows if low <= r["age"] <= high]
        known = [value for value in inside if value is not None]
        assert row["value"] == (sum(known) if known or not inside else None)
    assert sum(row["value"] or 0 for row in answer["series"]) == answer["value"] > 0


def api_as(user) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(user=user, name='t', actor=None)[1]}")
    return client


def pages(client, key, params, limit="7"):
    """All rows by following `next`, with the first page's counts."""
    rows, offset, first = [], 0, None
    while offset is not None:
        body = client.get(f"/api/v1/metrics/{key}/leads/", params | {"offset": offset, "limit": limit}).json()
        first = first or body
        assert len(body["results"]) <= int(limit)
        rows += body["results"]
        offset = body["next"]
    return rows, first["count"], first["hidden"]


@pytest.mark.once
def test_pages_of_the_api_end_and_hold_exactly_the_rows(rich):
    owner = rich.people["funnel_owner"]
    with time_machine.travel(NOW, tick=False):
        client = api_as(owner)
        for key in METRICS:
            rows, count, hidden = pages(client, key, dated(key))
            assert (rows, count, hidden) == (rows_of(dated(key), key, owner), len(rows), 0), key
            agrees(METRICS[key], client.get(f"/api/v1/metrics/{key}/", dated(key)).json(), rows)


@pytest.mark.once
@pytest.mark.parametrize("visibility", ["own", "team"])
def test_restricted_readers_see_the_same_total_and_how_many_rows_are_held_back(rich, visibility):
    Organisation.objects.update(lead_visibility=visibility)
    readers = ("rep", "sales_lead", "marketer", "viewer", "administrator")
    with time_machine.travel(NOW, tick=False):
        clients = {who: api_as(rich.people[who]) for who in readers}
        hidden_somewhere = set()
        for key in METRICS:
            totals = [client.get(f"/api/v1/metrics/{key}/", dated(key)).json() for client in clients.values()]
            assert all(total == totals[0] for total in totals), key
            everything, count, hidden = pages(clients["administrator"], key, dated(key), "1000")
            assert hidden == 0
            for who, client in clients.items():
                rows, seen_count, hidden = pages(client, key, dated(key), "1000")
                assert (seen_count, len(rows) + hidden) == (count, count), (key, who)
                shown = [row for row in everything if row in rows]
                assert rows == shown
                hidden_somewhere |= {who} if hidden else set()
    assert hidden_somewhere == set(readers) - {"administrator"}


def test_by_owner_shows_each_reader_the_people_they_may_tell_apart(rich):
    people = {str(user.id): who for who, user in rich.people.items()}
    expected = {
        "administrator": {"", "rep", "other_rep", "marketer"},
        "funnel_owner": {"", "rep", "other_rep", "marketer"},
        "sales_lead": {"", "rep", "other_rep", "others"},
        "rep": {"", "rep", "others"},
        "marketer": {"", "marketer", "others"},
        "viewer": {"", "others"},
    }
    everything = figure("stage_inflow", PERIOD, by="owner")
    for who, names in expected.items():
        found = figure("stage_inflow", PERIOD, by="owner", reader=reader_of(rich.people[who]))
        assert {people.get(row["key"], row["key"]) for row in found["series"]} == names, who
        assert found["value"] == everything["value"] == sum(row["n"] for row in found["series"])


def test_another_person_s_figures_can_t_be_asked_for_by_filter(rich):
    rep, other = rich.people["rep"], rich.people["other_rep"]
    with pytest.raises(DomainError) as refused:
        figure("stage_inflow", PERIOD, owner=other.email, reader=reader_of(rep))
    assert refused.value.status == 403
    mine = figure("stage_inflow", PERIOD, owner=str(rep.id), reader=reader_of(rep))
    assert mine["value"] == figure("stage_inflow", PERIOD, owner=rep.email)["value"] > 0

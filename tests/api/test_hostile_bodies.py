"""No body gives a server error: generated cases, most of them nearly right."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.api_inputs import DealInput, LeadInput, StageChangeInput, TouchInput

ENDPOINTS = {"leads": LeadInput, "deals": DealInput, "touches": TouchInput, "stage-changes": StageChangeInput}
FIELDS = sorted({name for serializer in ENDPOINTS.values() for name in serializer().fields})

texts = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(min_codepoint=0xD7FF, max_codepoint=0xE001), max_size=3),
    st.sampled_from(
        ["\x00", "\u202e", "1e999", "NaN", "' OR 1=1 --", "=cmd()", "x" * 400, "-0", "١٢", "member@example.com"]
    ),
    st.sampled_from(
        ["2026-03-05", "2026-03-05T10:00:00Z", "0001-01-01", "9999-12-31T23:59:59-14:00", "2026-03-29T02:30:00"]
    ),
)
numbers = st.one_of(
    st.integers(-3, 3), st.integers(), st.just(2**63), st.just(10**40), st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
likely = {
    "external_id": st.sampled_from(["a", "b"]),
    "lead": st.sampled_from([1, 2]),
    "lead_external_id": st.sampled_from(["a", "b"]),
    "to_stage": st.sampled_from(["inquiry", "mql", "won", "lost"]),
    "stage": st.sampled_from(["inquiry", "mql"]),
    "kind": st.sampled_from(["call", "form", "new", "renewal"]),
    "status": st.sampled_from(["open", "won", "lost", "reopened"]),
    "reason": st.sampled_from(["price", "no_need"]),
    "amount": st.sampled_from(["1.50", 3, "9999999999999"]),
    "owner": st.sampled_from([1, "member@example.com"]),
    "channel": st.sampled_from(["Web", "Fair"]),
    "closed_at": st.sampled_from(["2026-03-05", "2026-04-05T10:00:00Z"]),
}
objects = st.dictionaries(st.sampled_from(FIELDS), values, max_size=2).flatmap(
    lambda wild: st.fixed_dictionaries({}, optional=likely).map(lambda good: {**good, **wild})
)
bodies = st.one_of(objects, objects, values, st.lists(objects, max_size=4).map(lambda items: {"items": items}))
headers = st.fixed_dictionaries(
    {}, optional={"If-Match": st.sampled_from(['"1"', '"7"', "*", "x"]), "Idempotency-Key": st.sampled_from(["k1", "k2"])}
)


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "lead", "deal"])
def test_no_body_gives_a_server_error(owner, endpoint):
    known = {
        "lead": owner.post("/api/v1/leads/", {"external_id": "a"})["Location"],
        "deal": owner.post("/api/v1/deals/", {"external_id": "a"})["Location"],
    }
    address = known.get(endpoint, f"/api/v1/{endpoint}/")
    send = owner.patch if endpoint in known else owner.post
    statuses = set()

    @settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(bodies, headers)
    def one(body, head):
        answer = send(address, json.dumps(body), content_type="application/json", headers=head)
        statuses.add(answer.status_code)
        assert answer.status_code < 500, (body, answer.content[:300])
        if answer.status_code == 207:
            results = answer.json()["results"]
            assert len(results) == len(body["items"])
            assert {result["status"] for result in results} <= {200, 201, 404, 409, 412, 422}
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"

    one()
    assert statuses & {200, 201, 207}, "nothing was ever accepted, so nothing was tested"


@pytest.mark.parametrize(
    "query", ["page=0", "page=" + "9" * 50, "stage=%ff", "q=%25%5f%27", "owner=" + "9" * 30, "owner=%d9%a1", "lead=-1"]
)
def test_no_query_gives_a_server_error(owner, query):
    for address in ("/api/v1/leads/", "/api/v1/deals/"):
        assert owner.get(f"{address}?{query}").status_code < 500

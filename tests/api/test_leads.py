"""POST, GET and PATCH of leads."""

import datetime as dt

import pytest

from campaigns.models import Channel
from core.queries import calendar
from funnel.criteria import Condition, Op
from funnel.score import Fit, ScoreTable
from funnel.services import draft_version, put_in_force, set_points_table
from leads.models import Contact, Lead, LeadEvent
from leads.tasks import score_leads

URL = "/api/v1/leads/"
FULL = {
    "source": "crm",
    "external_id": "A-1",
    "name": "Ann Weber",
    "email": "Ann@Example.org",
    "phone": "+49 30 1234",
    "company": "Acme",
    "channel": "Webinar",
    "campaign": "Spring",
    "segment": "Mid",
    "region": "DACH",
    "owner": "member@example.com",
    "created_at": "2026-03-05T14:00:00+01:00",
    "stage": "mql",
    "score": 40,
    "tier": "A",
    "origin": "partner",
    "tags": ["Fair", "price list"],
    "custom": {"size": 12, "note": "x"},
}


def fields(answer) -> dict:
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def test_a_lead_is_created_with_all_its_fields(owner, people):
    answer = owner.post(URL, FULL)
    body = answer.json()
    # Created, and tagged twice.
    assert (answer.status_code, answer["ETag"], answer["Location"]) == (201, f'"{body["version"]}"', f"{URL}{body['id']}/")
    assert body == {
        **FULL,
        "outcome": "created",
        "id": body["id"],
        "version": 2,
        "email": "ann@example.org",
        "owner_id": people["member"].id,
        "team": "Sales",
        "created_at": "2026-03-05T13:00:00Z",
        "created_day": "2026-03-05",
        "stage_since": "2026-03-05T13:00:00Z",
        "given_score": 40,
    }


def test_a_given_score_is_kept_beside_the_points_of_the_agreement(owner):
    one = f"{URL}{owner.post(URL, FULL).json()['id']}/"
    draft = draft_version(actor=None)
    points = ScoreTable((Fit(Condition("email", Op.KNOWN), 7),))
    set_points_table(draft=draft, table=points, actor=None)
    put_in_force(agreement=draft, from_day=calendar().day_of(dt.datetime.now(dt.UTC)), actor=None)
    score_leads()
    found = owner.patch(one, {"score": 41}).json()
    assert (found["score"], found["given_score"]) == (7, 41)
    assert owner.patch(one, {"score": 41}).json()["version"] == found["version"], "said twice, it changes nothing"


def test_tags_are_set_as_a_whole_found_whatever_their_capitals_and_told_in_the_timeline(owner):
    lead = owner.post(URL, FULL).json()
    other = owner.post(URL, {"tags": ["fair"]}).json()
    assert other["tags"] == ["Fair"]
    assert [row["id"] for row in owner.get(f"{URL}?tag=FAIR").json()["results"]] == [other["id"], lead["id"]]
    one = f"{URL}{lead['id']}/"
    assert owner.patch(one, {"tags": ["price list", "Oslo"]}).json()["tags"] == ["Oslo", "price list"]
    assert owner.patch(one, {"score": 41}).json()["tags"] == ["Oslo", "price list"]  # not named, not changed
    same = owner.patch(one, {"tags": ["oslo", "Price list"]}).json()
    assert (same["tags"], same["version"]) == (["Oslo", "price list"], owner.get(one).json()["version"])
    assert owner.patch(one, {"tags": None}).json()["tags"] == []
    told = LeadEvent.objects.filter(lead_id=lead["id"], field__startswith="tag:")
    assert list(told.order_by("id").values_list("new", flat=True)).count("on") == 3
    for wrong in (["a,b"], ["x" * 41], [""], [5], "Fair", [f"t{n}" for n in range(21)]):
        answer = owner.patch(one, {"tags": wrong})
        assert answer.status_code == 422, wrong
    assert owner.get(one).json()["tags"] == []


def test_a_lead_needs_nothing(owner):
    answer = owner.post(URL, {})
    assert (answer.status_code, answer.json()["stage"], answer.json()["source"]) == (201, "inquiry", "api")


def test_the_same_lead_again_changes_nothing(owner):
    first = owner.post(URL, FULL).json()
    again = owner.post(URL, FULL)
    assert (again.status_code, again.json()) == (200, {**first, "outcome": "unchanged"})
    assert (Lead.objects.count(), LeadEvent.objects.count(), Contact.objects.count()) == (1, 3, 1)


def test_a_known_lead_is_brought_up_to_date(owner, people):
    first = owner.post(URL, FULL).json()
    change = {"channel": "Fair", "segment": None, "score": 50, "name": "Ann W.", "owner": people["colleague"].id}
    answer = owner.post(URL, {"source": "crm", "external_id": "A-1", "custom": {"note": None, "budget": 3.5}, **change})
    body = answer.json()
    assert (answer.status_code, body["outcome"], body["id"]) == (200, "updated", first["id"])
    assert {name: body[name] for name in change if name != "owner"} == {k: v for k, v in change.items() if k != "owner"}
    assert (body["owner"], body["team"]) == ("colleague@example.com", "Marketing")
    assert body["custom"] == {"size": 12, "budget": 3.5}
    assert body["campaign"] == "Spring"


def test_a_repeat_after_a_move_is_no_move_back(owner):
    lead = owner.post(URL, FULL).json()
    owner.post("/api/v1/stage-changes/", {"lead": lead["id"], "to_stage": "sal"})
    again = owner.post(URL, FULL)
    assert (again.status_code, again.json()["outcome"], again.json()["stage"]) == (200, "unchanged", "sal")


def test_another_start_is_refused(owner):
    owner.post(URL, FULL)
    assert fields(owner.post(URL, {**FULL, "stage": "sql"})) == {"stage": "stage_differs"}
    assert fields(owner.post(URL, {**FULL, "created_at": "2026-03-06"})) == {"created_at": "created_differs"}


@pytest.mark.parametrize(
    ("given", "at", "day", "precision"),
    [
        ("2026-03-05T23:30:00Z", "2026-03-05T23:30:00Z", "2026-03-06", "instant"),
        ("2026-03-05T23:30:00-05:00", "2026-03-06T04:30:00Z", "2026-03-06", "instant"),
        ("2026-03-05T00:30:00", "2026-03-04T23:30:00Z", "2026-03-05", "instant"),
        ("2026-07-05 00:30", "2026-07-04T22:30:00Z", "2026-07-05", "instant"),
        ("2026-03-05", "2026-03-04T23:00:00Z", "2026-03-05", "day"),
    ],
)
def test_times_are_read_in_the_companys_zone(owner, given, at, day, precision):
    body = owner.post(URL, {"created_at": given}).json()
    assert (body["created_at"], body["created_day"]) == (at, day)
    assert LeadEvent.objects.get(lead_id=body["id"]).time_precision == precision


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"nam": "Ann"}, {"nam": "unknown"}),
        ({"version": 3, "id": 4}, {"version": "unknown", "id": "unknown"}),
        ({"name": "a\x00b"}, {"name": "text_invalid"}),
        ({"name": 5}, {"name": "invalid"}),
        ({"name": "x" * 201}, {"name": "text_invalid"}),
        ({"email": "nobody"}, {"email": "invalid"}),
        ({"score": 10**30}, {"score": "max_value"}),
        ({"score": True}, {"score": "invalid"}),
        ({"score": 1.5}, {"score": "invalid"}),
        ({"origin": "moon"}, {"origin": "invalid_choice"}),
        ({"owner": "nobody@example.com"}, {"owner": "owner_unknown"}),
        ({"owner": 10**12}, {"owner": "owner_unknown"}),
        ({"team": "Nobody"}, {"team": "team_unknown"}),
        ({"stage": "nowhere"}, {"stage": "stage_unknown"}),
        ({"created_at": "yesterday"}, {"created_at": "invalid"}),
        ({"created_at": "2026-02-30"}, {"created_at": "invalid"}),
        ({"created_at": "9999-12-31T23:59:59-12:00"}, {"created_at": "invalid"}),
        ({"created_at": "2126-01-01"}, {"created_at": "in_the_future"}),
        ({"created_at": "1969-12-31"}, {"created_at": "invalid"}),
        ({"custom": {"a": {"b": 1}}}, {"custom": "invalid"}),
        ({"custom": [1]}, {"custom": "invalid"}),
        ({"source": "deal"}, {"source": "reserved"}),
    ],
)
def test_wrong_fields_are_named_and_nothing_is_written(owner, wrong, named):
    answer = owner.post(URL, {"channel": "New channel", **wrong})
    assert (answer.status_code, fields(answer)) == (422, named)
    assert answer["Content-Type"] == "application/problem+json"
    assert (Lead.objects.count(), Contact.objects.count(), Channel.objects.count()) == (0, 0, 0)


def test_half_a_surrogate_pair_is_refused(owner):
    answer = owner.post(URL, rb'{"channel": "\ud800", "\udfff": 1}', content_type="application/json")
    assert (answer.status_code, fields(answer)) == (422, {"\\udfff": "unknown"})
    answer = owner.post(
        URL, rb'{"items": [{"channel": "\ud800", "external_id": "\ud800"}]}', content_type="application/json"
    )
    assert [r["status"] for r in answer.json()["results"]] == [422]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 201),
        (b"[]", 400),
        (b"3", 400),
        (b"null", 400),
        (b'"x"', 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"score": NaN}', 400),
        (b'{"score": 1e999}', 400),
        (b'{"score": ' + b"9" * 5000 + b"}", 400),
        (b"[" * 100_000, 400),
        (b'{"name": "' + b"x" * 6_000_000 + b'"}', 413),
    ],
    ids=range(12),
)
def test_bodies_that_are_no_object_are_refused(owner, body, status):
    answer = owner.post(URL, body, content_type="application/json")
    assert answer.status_code == status


def test_other_media_types_are_refused(owner):
    assert owner.post(URL, "a=b", content_type="application/x-www-form-urlencoded").status_code == 415
    assert owner.post(URL, b"{}", content_type="application/json; charset=hex").status_code == 201


def test_items_stand_or_fall_by_themselves(owner):
    items = [
        {"external_id": "1", "channel": "Webinar"},
        {"external_id": "2", "channel": "Never made", "owner": "nobody@example.com"},
        {"external_id": "3"},
        "no object",
        {"external_id": "1", "channel": "Webinar"},
        {"external_id": "3", "score": 9},
    ]
    answer = owner.post(URL, {"items": items})
    results = answer.json()["results"]
    assert answer.status_code == 207
    assert [(r["index"], r["status"], r["outcome"], r["external_id"]) for r in results] == [
        (0, 201, "created", "1"),
        (1, 422, "rejected", "2"),
        (2, 201, "created", "3"),
        (3, 422, "rejected", None),
        (4, 200, "unchanged", "1"),
        (5, 200, "updated", "3"),
    ]
    assert results[1]["error"]["errors"][0]["field"] == "owner"
    assert (results[0]["id"], results[2]["id"]) == (results[4]["id"], results[5]["id"])
    assert list(Lead.objects.order_by("id").values_list("external_id", flat=True)) == ["1", "3"]
    assert list(Channel.objects.values_list("name", flat=True)) == ["Webinar"]


@pytest.mark.parametrize("items", [[], {}, "x", [{}] * 501])
def test_a_batch_holds_1_to_500_items(owner, items):
    answer = owner.post(URL, {"items": items})
    assert (answer.status_code, fields(answer)) == (422, {"items": "invalid"})
    assert "500" in answer.json()["errors"][0]["message"]


def test_leads_are_listed_newest_first_and_filtered(owner, people):
    for index, (channel, person) in enumerate([("Fair", "member"), ("Web", "member"), ("Web", "colleague")]):
        body = {
            "name": f"Person {index}",
            "channel": channel,
            "owner": people[person].id,
            "created_at": f"2026-03-0{index + 1}",
        }
        owner.post(URL, body)

    def names(query: str) -> list[str]:
        return [row["name"] for row in owner.get(f"{URL}?{query}").json()["results"]]

    assert names("") == ["Person 2", "Person 1", "Person 0"]
    assert names("channel=Web") == ["Person 2", "Person 1"]
    assert names("owner=member@example.com&channel=Web") == ["Person 1"]
    assert names(f"owner={people['colleague'].id}") == ["Person 2"]
    assert names("stage=inquiry&q=person 0") == ["Person 0"]
    assert names("stage=mql") == []
    assert names("owner=99999999999999999999") == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries_for_any_length(owner, django_assert_num_queries, count):
    owner.post(URL, {"items": [{**FULL, "external_id": str(i)} for i in range(count)]})
    with django_assert_num_queries(7):
        assert owner.get(URL).json()["count"] == count


def test_a_page_holds_50(owner):
    owner.post(URL, {"items": [{"external_id": str(i)} for i in range(51)]})
    first = owner.get(URL).json()
    assert (first["count"], len(first["results"])) == (51, 50)
    assert len(owner.get(first["next"]).json()["results"]) == 1
    assert owner.get(f"{URL}?page=3").status_code == 404


def test_a_change_with_the_version_read(owner):
    lead = owner.post(URL, FULL)
    url = lead["Location"]
    answer = owner.patch(url, {"score": 41, "email": None}, headers={"If-Match": lead["ETag"]})
    assert (answer.status_code, answer.json()["score"], answer.json()["email"]) == (200, 41, "")
    assert answer["ETag"] == owner.get(url)["ETag"] != lead["ETag"]


def test_a_change_of_the_contact_raises_the_version(owner):
    lead = owner.post(URL, FULL)
    answer = owner.patch(lead["Location"], {"name": "Anna"})
    assert answer["ETag"] != lead["ETag"]


def test_a_stale_version_is_412(owner):
    lead = owner.post(URL, FULL)
    owner.patch(lead["Location"], {"score": 1})
    answer = owner.patch(lead["Location"], {"score": 2}, headers={"If-Match": lead["ETag"]})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_stale")
    assert owner.get(lead["Location"]).json()["score"] == 1


def test_if_match_has_a_form(owner):
    lead = owner.post(URL, FULL)
    assert owner.patch(lead["Location"], {}, headers={"If-Match": "x"}).status_code == 400
    assert owner.patch(lead["Location"], {}, headers={"If-Match": "*"}).status_code == 200


def test_a_change_names_no_identity_or_projection(owner):
    lead = owner.post(URL, FULL)
    wrong = {"external_id": "B", "source": "x", "stage": "won", "created_at": "2026-01-01", "voided": True, "merged_into": 1}
    answer = owner.patch(lead["Location"], wrong)
    assert (answer.status_code, fields(answer)) == (422, dict.fromkeys(wrong, "unknown"))


def test_what_is_not_there_is_404(owner):
    for address in (f"{URL}99/", f"{URL}{10**30}/", "/api/v1/nowhere/", "/api/v1/leads"):
        answer = owner.get(address)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

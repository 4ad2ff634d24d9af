"""Two counts, one list: what marketing counts, what sales has taken on, the leads in between; one criterion moved."""

import csv
import datetime as dt
import io

import pytest
import time_machine

from campaigns.services import ensure_channel
from core.models import Organisation
from integrations.importing import run_import
from integrations.mapping import read_mapping
from integrations.matching import propose
from leads import services
from leads.models import Lead
from metrics import rollup

NOW = dt.datetime(2026, 5, 20, 10, tzinfo=dt.UTC)
PAGE = "/two-counts/?period=2026-Q2"


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def make(stages, people, at):
    """`make("Ada", "mql", score=70)`: a lead that became MQL on 4 May, then went on to the stages named."""

    def run(name, *path, day=4, score=None, reason="", channel="Web", stage="inquiry", origin="marketing", email=""):
        lead = services.create_lead(
            stage=stages[stage],
            occurred_at=at(5, day, hour=8),
            contact=services.ensure_contact(name=name, email=email),
            channel=ensure_channel(name=channel),
            score=score,
            origin=origin,
            external_id=name,
            actor=None,
        )
        for hour, key in enumerate(path, 9):
            words = "wrong_stage" if key == "inquiry" else reason if key in ("disqualified", "recycled") else ""
            services.move_lead(
                lead,
                stages[key],
                actor=None,
                occurred_at=at(5, day, hour=hour),
                reason=words,
            )
        return lead

    return run


@pytest.fixture
def call(people):
    def run(lead, at):
        services.record_touch(lead=lead, side="sales", kind="call", occurred_at=at, actor=people["member"])

    return run


@pytest.fixture
def story(make, call, at):
    """One lead in every state, one of sales' own, one MQL of the quarter before."""
    make("Accepted", "mql", "sal", score=80)
    make("Back again", "mql", "sal", "inquiry", score=30)
    call(make("Called", "mql"), at(5, 6))
    call(make("Called too early", "mql"), at(5, 3))
    make("Waiting", "mql", day=19)
    make("Untouched", "mql")
    make("Returned", "mql", "inquiry")
    make("Recycled", "mql", "recycled", reason="timing")
    make("Disqualified", "mql", "disqualified", reason="no_need")
    make("Own", stage="sal", origin="sales")
    make("Inquiry only", score=90)
    rollup.drain()


@pytest.fixture
def read(client, people):
    def get(query="", who="viewer"):
        client.force_login(people[who])
        return client.get(PAGE + query)

    return get


def names(page) -> set[str]:
    return {row["name"] for row in page.context["found"].rows}


def test_every_lead_of_marketings_count_is_in_one_state_and_they_add_up(read, story):
    page = read()
    found = {row["key"]: row["n"] for row in [*page.context["taken"], *page.context["between"]]}
    assert found == {
        "accepted": 2, "contacted": 1, "said": 0, "waiting": 1, "untouched": 2, "returned": 2, "lost": 1,
    }  # fmt: skip
    assert page.context["sizes"]["mql"] == sum(found.values()) == 9
    assert page.context["sizes"]["taken"] + page.context["sizes"]["between"] == 9
    assert page.context["title"] == "6 of 9 lie in between, most of them never touched"


def test_both_numbers_are_those_of_the_dashboard(read, story, client):
    page = read()
    for explain, key in (("explain_mql", "mql"), ("explain_sal", "sal")):
        answer = client.get(page.context[explain])
        assert answer.context["found"].answer["value"] == page.context["sizes"][key]


def test_the_leads_behind_each_number_are_exactly_its_leads(read, story):
    assert names(read()) == {"Called too early", "Waiting", "Untouched", "Returned", "Recycled", "Disqualified"}
    expected = {
        "accepted": {"Accepted", "Back again"},
        "contacted": {"Called"},
        "waiting": {"Waiting"},
        "untouched": {"Untouched", "Called too early"},
        "returned": {"Returned", "Recycled"},
        "lost": {"Disqualified"},
        "sal": {"Accepted", "Back again", "Own"},
        "sal_same": {"Accepted", "Back again"},
        "sal_other": set(),
        "sal_own": {"Own"},
    }
    assert {part: names(read(f"&part={part}")) for part in expected} == expected


def test_the_reason_is_said_where_it_is_known(read, story):
    why = {row["name"]: row["why"] for row in read().context["found"].rows}
    assert (why["Returned"], why["Recycled"], why["Untouched"]) == ("Was moved too early", "Not now, later", "")


def test_an_mql_of_another_period_is_named_where_sales_counts_it(read, make, stages, at):
    early = services.create_lead(stage=stages["mql"], occurred_at=at(3, 20), actor=None)
    services.move_lead(early, stages["sal"], actor=None, occurred_at=at(5, 2))
    rollup.drain()
    sizes = read().context["sizes"]
    assert (sizes["mql"], sizes["sal"], sizes["sal_other"]) == (0, 1, 1)


def test_a_team_sees_the_same_counts_and_only_the_leads_it_may_open(read, story):
    Organisation.objects.update(lead_visibility="own")
    page = read(who="member")
    assert page.context["sizes"]["between"] == page.context["found"].total == 6
    assert (page.context["found"].hidden, names(page)) == (6, set())
    assert "6 of them you may not open" in page.content.decode()


def test_the_csv_holds_the_leads_of_the_page(read, story, client):
    read("&part=between")
    text = b"".join(client.get("/two-counts/leads.csv?period=2026-Q2&part=between").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["In between · Q2 2026; 6 leads, 0 not shown to you"]
    assert {row[1] for row in rows[2:]} == {
        "Called too early", "Waiting", "Untouched", "Returned", "Recycled", "Disqualified",
    }  # fmt: skip


def test_by_channel_the_rows_add_up_to_both_counts(read, make):
    make("A", "mql", "sal", channel="Fair")
    make("B", "mql", channel="Fair")
    make("C", "mql", channel="Web")
    rollup.drain()
    page = read()
    assert [(row["label"], row["mql"], row["taken"], row["between"]) for row in page.context["groups"]] == [
        ("Fair", 2, 1, 1), ("Web", 1, 0, 1),
    ]  # fmt: skip
    assert names(read("&channel=Fair")) == {"B"}


def test_one_query_count_for_one_lead_and_for_many(read, make, django_assert_num_queries, django_assert_max_num_queries):
    make("A", "mql")
    rollup.drain()
    read()
    with django_assert_max_num_queries(22) as few:
        read()
    number_for_one = len(few)  # the next request empties the log
    for number in range(3):
        make(f"B{number}", "mql", "disqualified", reason="no_need")
    rollup.drain()
    read()
    with django_assert_num_queries(number_for_one):
        read()


HUBSPOT = (
    "Contact ID,Last Name,Email,Company Name,Original Source,Lead Status,HubSpot Score,Create Date,"
    "Became a Marketing Qualified Lead Date,Became a Sales Qualified Lead Date,Became a Customer Date\n"
    "1,Klein,k@example.com,Klein AG,Organic Search,Open deal,70,2026-05-01 09:00,2026-05-02 09:00,2026-05-04 09:00,"
    "2026-05-09 09:00\n"
    "2,Gross,g@example.com,,Paid Search,Attempted to contact,20,2026-05-01 09:00,2026-05-02 09:00,,\n"
    "3,Lang,l@example.com,,Paid Search,New,,2026-05-01 09:00,2026-05-02 09:00,,\n"
    "4,Kurz,z@example.com,,Paid Search,Unqualified,10,2026-05-01 09:00,2026-05-02 09:00,,\n"
    "5,Breit,b@example.com,,Paid Search,,65,2026-05-01 09:00,,,\n"
)


def test_from_an_unedited_export_both_counts_and_the_list_between(read, people, tmp_path, settings):
    settings.REJECT_DIR = tmp_path
    path = tmp_path / "all-contacts.csv"
    path.write_text(HUBSPOT)
    mapping, _ = propose(HUBSPOT.partition("\n")[0].split(","), entity="lead", source="hubspot")
    report = run_import(path=path, mapping=read_mapping(mapping), actor=None)
    assert dict(report.counts) == {"created": 5}
    rollup.drain()
    page = read()
    assert page.context["sizes"]["mql"] == 4
    assert {row["key"]: row["n"] for row in page.context["taken"]} == {"accepted": 1, "contacted": 0, "said": 1}
    assert {row["name"]: (row["state"], row["why"]) for row in page.context["found"].rows} == {
        "Lang": ("untouched", "CRM: New"),
        "Kurz": ("lost", "CRM: Unqualified"),
    }
    moved = read("&rule=score&least=60").context["moved"]
    assert (moved.before.leads, moved.kept.leads, moved.out.leads, moved.coming.leads) == (4, 1, 3, 1)
    assert (moved.kept.won, moved.kept.revenue) == (1, None)  # a contact export knows no amounts: unknown, not zero


# --- one criterion moved ------------------------------------------------------------------------------------


@pytest.fixture
def worth(make, at):
    """Three MQLs: one with a high score, one low that was won with €900, one without a score; and a hot inquiry."""
    make("High", "mql", score=80, channel="Fair", email="high@example.com")
    won = make("Low but won", "mql", "sql", score=20)
    deal = services.open_deal(lead=won, name="deal", occurred_at=at(5, 5), amount=900_00, cost=1, actor=None)
    services.win_deal(deal=deal, occurred_at=at(5, 9), actor=None)
    make("No score", "mql", "disqualified", reason="no_need")
    make("Hot inquiry", score=95)
    make("Started by sales", stage="sal", origin="sales", score=99)
    rollup.drain()


def test_who_would_drop_out_and_what_became_of_them(read, worth):
    page = read("&rule=score&least=60&part=out")
    moved = page.context["moved"]
    assert names(page) == {"Low but won", "No score"}
    assert (moved.out.leads, moved.out.won, moved.out.open, moved.out.lost) == (2, 1, 0, 1)
    assert (moved.out.revenue, moved.kept.revenue) == (900_00, None)
    assert page.context["moved_title"] == "2 of 3 would be no MQL; 1 of them was won, worth €900"
    assert names(read("&rule=score&least=60&part=out_won")) == {"Low but won"}
    assert names(read("&rule=score&least=60&part=kept")) == {"High"}


def test_who_would_come_in_is_marketings_and_no_mql(read, worth):
    page = read("&rule=score&least=60&part=in")
    assert names(page) == {"Hot inquiry"}
    assert page.context["moved"].after == 2


def test_what_the_look_cannot_know_is_said(read, worth):
    text = read("&rule=score&least=60").content.decode()
    assert "1 lead drops out because the score is not known" in text
    assert "Fewer than 20 leads on one side" in text
    assert "The score is today&#x27;s" in text
    assert "were not handed over" in text
    assert "Nothing is stored" in text


@pytest.mark.parametrize(
    ("query", "out"),
    [
        ("&rule=channel&one=Fair", {"Low but won", "No score"}),
        ("&rule=channel&one=Fair&one=Web", set()),
        ("&rule=email", {"Low but won", "No score"}),
        ("&rule=company", {"High", "Low but won", "No score"}),
        ("&rule=score&least=0", {"No score"}),
    ],
)
def test_each_criterion_keeps_those_who_fulfil_it(read, worth, query, out):
    page = read(query + "&part=out")
    assert names(page) == out
    assert page.context["moved"].kept.leads == 3 - len(out)


def test_a_look_stores_nothing(read, worth):
    before = list(Lead.objects.order_by("id").values())
    read("&rule=score&least=60&part=out")
    assert list(Lead.objects.order_by("id").values()) == before


@pytest.mark.parametrize("least", ["many", "-1", "9999999999", "1e3", "６０"])
def test_a_score_that_is_no_number_is_said_beside_the_field(read, worth, least):
    page = read(f"&rule=score&least={least}")
    assert (page.status_code, page.context["moved"]) == (422, None)
    assert "A score is a whole number from 0 to 1,000,000." in page.content.decode()


@pytest.mark.parametrize("query", ["&rule=channel&one=Nowhere", "&rule=weather", "&part=nothing", "&by=owner", "&page=x"])
def test_an_address_that_makes_no_sense_shows_the_counts(read, worth, query):
    page = read(query)
    assert (page.status_code, page.context["moved"], page.context["part"]) == (200, None, "between")


def test_without_a_stage_for_mql_the_page_says_what_is_missing(read, stages):
    from funnel.models import StageInVersion

    StageInVersion.objects.filter(milestone="mql").update(milestone=None)
    assert "Give a stage the milestone MQL" in read().content.decode()

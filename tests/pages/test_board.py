"""The board: few queries, the same bytes for both teams, new with each generation; hostile addresses get an answer."""

import csv
import datetime as dt
import io
import re
from dataclasses import replace
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.html import escape

from campaigns.services import ensure_channel
from funnel.models import Agreement, Target
from leads.queries import visible_deals
from metrics import dashboard_cards
from metrics.dashboard_cards import BY_NAME, CARDS

# What to do first is asked of the leads themselves, so that the card and its lists can't differ: three of these.
MOST = 15
EXPLAINED = (
    "/explain/gross_profit/?from=2026-03-01&to=2026-04-01",
    "/explain/won_deals/?from=2026-03-01&to=2026-04-01&channel=Channel+10",
    "/explain/cohort_conversion/?from=2026-03-01&to=2026-04-01&stage=inquiry&to_stage=sql",
    "/explain/time_to_convert/?from=2026-03-01&to=2026-04-01&stage=inquiry&to_stage=sql",
    "/explain/open_deals/",
)


@pytest.fixture
def signed_in(client, people):
    client.force_login(people["funnel_owner"])
    return client


@pytest.fixture
def count_queries(django_assert_max_num_queries):
    def run(call) -> int:
        with django_assert_max_num_queries(MOST) as seen:
            assert call().status_code == 200
        return len(seen)

    return run


def test_the_dashboard_asks_few_queries_and_not_more_for_more_rows(signed_in, history, count_queries):
    def cold_and_warm() -> list[int]:
        # The process knows the generation; what it reads once for each is the next test's.
        assert signed_in.get("/").status_code == 200
        cache.clear()
        return [count_queries(lambda: signed_in.get("/?period=year")) for _ in range(2)]

    history(1)
    with_one = cold_and_warm()
    history(3)
    assert cold_and_warm() == with_one


def test_a_new_generation_costs_a_process_few_queries_more_once(signed_in, history, django_assert_max_num_queries):
    history(3)
    # Each kind of segment is read once.
    with django_assert_max_num_queries(MOST + 13):
        signed_in.get("/")


@pytest.mark.parametrize("path", EXPLAINED)
def test_an_explanation_asks_few_queries_and_not_more_for_more_rows(signed_in, history, count_queries, path):
    history(1)
    assert signed_in.get(path).status_code == 200  # the process knows the generation
    with_one = count_queries(lambda: signed_in.get(path))
    history(3)
    assert signed_in.get(path).status_code == 200
    assert count_queries(lambda: signed_in.get(path)) == with_one


def board_of(answer) -> str:
    text = answer.content.decode()
    return text[text.index('<div class="board') : text.index("</main>")]


def without_names(board: str) -> str:
    """The board without the deals that a small company's card names: those depend on what a reader may open."""
    return re.sub(r'<p class="named">.*?</p>', "", board, flags=re.S)


def words_of(answer) -> str:
    """What a reader reads, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_both_teams_read_the_same_bytes(people, history):
    history(2)
    boards = set()
    for who in ("member", "colleague", "viewer", "administrator", "marketing_lead"):
        client = Client()
        client.force_login(people[who])
        cache.clear()
        boards.add(without_names(board_of(client.get("/?period=year"))))
    assert len(boards) == 1


def test_filters_do_not_cost_a_query_for_each_number(signed_in, history, count_queries):
    history(1)
    assert signed_in.get("/").status_code == 200
    cache.clear()
    count_queries(lambda: signed_in.get("/?period=year&channel=Channel+10"))


@pytest.mark.parametrize("who", ["administrator", "viewer", "member", "colleague"])
def test_a_small_company_reads_its_wins_by_name_as_far_as_a_reader_may_open_them(client, people, history, who):
    history(2)
    client.force_login(people[who])
    card = words_of(client.get("/cards/channels/?period=year"))
    expected = "+deal 0 €600 , +deal 1 €600" if visible_deals(people[who]).exists() else "2 deals"
    assert f"Won: {expected}" in card


@pytest.mark.parametrize("name", [card.name for card in CARDS])
def test_each_card_has_its_own_address(signed_in, history, name):
    history(1)
    page = board_of(signed_in.get("/?period=year"))
    cache.clear()
    card = signed_in.get(f"/cards/{name}/?period=year")
    assert card.status_code == 200 and card.content.decode() in page


def test_a_card_nobody_made_is_not_found(signed_in, history):
    history(1)
    assert signed_in.get("/cards/forecast/").status_code == 404


def test_a_large_company_gets_the_page_at_once_and_its_cards_in_turn(signed_in, history, monkeypatch):
    monkeypatch.setattr(dashboard_cards, "LEADS_AT_ONCE", 0)
    history(1)
    page = signed_in.get("/?period=year").content.decode()
    asked = re.findall(r'hx-get="(/cards/\w+/)\?period=year[^"]*"\s+hx-trigger="load delay:(\d+)ms"', page)
    in_turn = [address for address, _ in sorted(asked, key=lambda found: int(found[1]))]
    assert in_turn[:2] == ["/cards/one/", "/cards/first/"] and len(asked) == len(CARDS)
    # Without script the page with all cards takes its place, and has nothing left to wait for.
    refresh = unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)[1])
    assert "data-waits" not in signed_in.get(refresh).content.decode()
    # What is kept comes with the page.
    assert "data-waits" not in signed_in.get("/?period=year").content.decode()


def test_a_card_that_fails_says_so_and_leaves_the_others_alone(signed_in, history, monkeypatch):
    history(1)
    whole = BY_NAME["trend"]
    broken = replace(whole, compute=lambda *_: 1 // 0)
    monkeypatch.setitem(BY_NAME, "trend", broken)
    card = words_of(signed_in.get("/cards/trend/?period=year"))
    assert "Inflow and conversion could not be computed" in card and "Try again" in card
    page = words_of(signed_in.get("/?period=year"))
    assert "1 deal won" in page and "Reference" in page
    monkeypatch.setitem(BY_NAME, "trend", whole)
    assert "could not be computed" not in words_of(signed_in.get("/cards/trend/?period=year"))


def test_before_the_records_begin_is_unknown_not_nothing(signed_in, history):
    history(1)
    for name in ("one", "channels"):
        card = words_of(signed_in.get(f"/cards/{name}/?period=year"))
        assert "Nothing to compare with: the records begin on 2 March 2026" in card
    assert "Last year" not in words_of(signed_in.get("/cards/funnel/?period=year"))


def test_the_comparison_is_in_the_address_and_in_the_words(signed_in, history):
    history(1)
    page = signed_in.get("/?period=year&compare=previous").content.decode()
    assert re.search(r'<option value="previous" selected>', page)
    assert "compare=previous" in unescape(re.search(r'href="(/funnel/pair/[^"]+)"', page)[1])


def test_the_plan_has_a_mark_beside_what_all_channels_earned_and_none_under_a_filter(signed_in, history):
    history(2)
    year, agreement = dt.datetime.now(dt.UTC).year, Agreement.objects.get()
    months = [dt.date(one, month, 1) for one in (year - 1, year) for month in range(1, 13)]
    plan = {"agreement": agreement, "metric": "gross_profit", "value": 1_000_00}
    Target.objects.bulk_create(Target(month=month, **plan) for month in months)
    card = signed_in.get("/cards/channels/?period=year").content.decode()
    assert card.count('class="mk"') == 1 and "plan €12.0k" in words_of(signed_in.get("/cards/channels/?period=year"))
    assert 'class="mk"' not in signed_in.get("/cards/channels/?period=year&channel=Channel+20").content.decode()


def test_targets_by_month_and_stage_stand_beside_the_entries(signed_in, history, stages):
    history(2)
    year, agreement = dt.datetime.now(dt.UTC).year, Agreement.objects.get()
    months = [dt.date(year, month, 1) for month in range(1, 13)]
    plan = {"agreement": agreement, "metric": "stage_inflow", "stage": stages["sql"], "value": 1}
    Target.objects.bulk_create(Target(month=month, **plan) for month in months)
    text = signed_in.get("/cards/funnel/?period=year").content.decode()
    rows = {
        unescape(re.sub(r"<[^>]+>", "", row).strip().split("\n")[0]).strip(): row
        for row in re.findall(r'<tr.*?<th scope="row">(.*?)</tr>', text, flags=re.S)
    }
    planned = {stage for stage, row in rows.items() if 'class="mk"' in row}
    assert planned and all("SQL" in stage for stage in planned)
    assert "No target is set" in text
    # Targets are the whole company's.
    assert "Of plan" not in signed_in.get("/cards/funnel/?period=year&channel=Channel+20").content.decode()


def test_a_stage_name_on_the_card_opens_what_both_teams_agreed(signed_in, history):
    history(1)
    text = signed_in.get("/cards/funnel/?period=year").content.decode()
    [target] = re.findall(r'popovertarget="([^"]+)">SQL<', text)
    assert f'id="{target}"' in text and "Sales confirmed need and fit" in text


PAIR = "/funnel/pair/?period=year&from_stage=inquiry&to_stage=sql"


def test_two_views_of_a_pair_stand_side_by_side_with_their_rules(signed_in, history):
    history(3)
    words = words_of(signed_in.get(PAIR))
    assert "3 of 3 leads that reached Inquiry in the period got to SQL within 90 days" in words
    assert "3 reached SQL in the period, 3 reached Inquiry" in words
    assert "Counting rule (F9)" in words and "Counting rule (F7)" in words and "Why the two differ" in words


def test_each_view_is_explained_and_leads_to_its_leads_under_the_same_filters(signed_in, history):
    history(3)
    ensure_channel(name="Channel 30")
    page = unescape(signed_in.get(f"{PAIR}&channel=Channel+30").content.decode())
    for key in ("cohort_conversion", "throughput_ratio"):
        [explained, *_] = re.findall(rf'href="(/explain/{key}/\?[^"]+)"', page)
        [listed, *_] = re.findall(rf'href="(/explain/{key}/leads.csv\?[^"]+)"', page)
        assert "channel=Channel+30" in explained and "channel=Channel+30" in listed
        assert signed_in.get(explained).status_code == 200 and signed_in.get(listed).status_code == 200


@pytest.mark.parametrize("pair", ["from_stage=sql&to_stage=inquiry", "from_stage=sql&to_stage=sql", "from_stage=x"])
def test_a_pair_that_is_no_way_forward_is_refused_in_words(signed_in, history, pair):
    history(1)
    answer = signed_in.get(f"/funnel/pair/?{pair}")
    assert answer.status_code == 422 and "can't be compared" in words_of(answer)


def test_the_pair_asks_few_queries_and_not_more_for_more_rows(signed_in, history, count_queries):
    history(1)
    assert signed_in.get(PAIR).status_code == 200
    with_one = count_queries(lambda: signed_in.get(PAIR))
    history(3)
    assert signed_in.get(PAIR).status_code == 200
    assert count_queries(lambda: signed_in.get(PAIR)) == with_one


def test_a_new_generation_is_seen_although_the_board_is_kept(signed_in, history):
    history(1)
    before = board_of(signed_in.get("/?period=year"))
    assert board_of(signed_in.get("/?period=year")) == before
    history(2)
    after = board_of(signed_in.get("/?period=year"))
    assert "€600" in before and "€1,800" in after


HOSTILE = [
    "?period=%00",
    "?channel=%00",
    "?period=" + "9" * 5000,
    "?channel=" + "x" * 5000,
    "?" + "&".join(["channel=a"] * 900),
    "?channel=%ED%A0%80",
    "?channel=%FF%FE",
    "?period=2026-Q9",
    "?period[]=1&period=2&period=3",
    "?channel='%3BDROP%20TABLE%20leads_lead",
    "?channel=%3Cscript%3Ealert(1)%3C/script%3E",
    "?from=2026-13-45&to=x",
    "?from=9999-12-31&to=0001-01-01",
    "?from=0001-01-01&to=9999-12-31",
    "?at=99999-01-01",
    "?stage=nowhere&to_stage=%00",
    "?horizon=-1",
    "?horizon=" + "9" * 400,
    "?by=nonsense",
    "?by=owner&owner=%2B1",
    "?page=0",
    "?page=99999999999999999999",
    "?page=%D9%A3",
    "?as_of=yesterday",
    "?as_of=0001-01-01T00:00:00Z",
    "?as_of=2026-03-01T00:00:00%2B99:99",
]
ADDRESSES = (
    "/",
    "/cards/channels/",
    "/funnel/pair/",
    "/explain/gross_profit/",
    "/explain/cohort_conversion/",
    "/explain/won_deals/leads.csv",
    "/api/v1/metrics/gross_profit/",
    "/api/v1/metrics/cohort_conversion/leads/",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_makes_a_server_error(signed_in, history, address):
    history(1)
    signed_in.raise_request_exception = False
    found = {query: signed_in.get(address + query) for query in HOSTILE}
    failed = {query[:60]: answer.status_code for query, answer in found.items() if answer.status_code >= 500}
    assert failed == {}
    pages = [answer for answer in found.values() if answer["Content-Type"].startswith("text/html")]
    assert all(b"<script>alert" not in answer.content for answer in pages)


def test_a_nul_in_the_path_is_refused(signed_in):
    for path in ("/explain/%00/", "/%00", "/api/v1/metrics/%00/", "/explain/" + "x" * 3000 + "/"):
        assert signed_in.get(path).status_code in (400, 404)


def test_every_answer_carries_the_policy(client, people, history):
    history(1)
    answers = [client.get(path) for path in ("/sign-in/", "/healthz", "/", "/static/css/base.css", "/nowhere/", "/?a=%00")]
    client.force_login(people["member"])
    paths = ("/", "/explain/won_deals/", "/explain/won_deals/leads.csv", "/explain/no/", "/api/v1/metrics/", "/nowhere/")
    known = [client.get(path) for path in paths]
    for answer in [*answers, *known]:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        answer.close()
    assert {answer.headers["Cache-Control"] for answer in known} == {"no-store"}
    assert all(answer.headers["X-Frame-Options"] == "DENY" for answer in known)


def test_the_csv_holds_the_rows_behind_the_number_and_no_formula(signed_in, history):
    history(3)
    answer = signed_in.get("/explain/won_deals/leads.csv?from=2026-03-01&to=2026-04-01")
    assert answer["Content-Disposition"] == 'attachment; filename="won_deals.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert "3 rows, 0 not shown to you" in rows[0][0] and len(rows) == 5
    cells = [cell for row in rows[2:] for cell in row]
    assert {"'=cmd|0", "'=cmd|1", "'=cmd|2"} <= set(cells)
    assert not [cell for cell in cells if cell[:1] in "=+@\t\r" and cell[:1]]


def test_names_from_outside_are_words_on_the_page(signed_in, history, stages, at):
    from leads import services as leads
    from metrics.rollup import drain

    evil = "<img src=x onerror=alert(1)>"
    person = leads.ensure_contact(name=evil, email="e@example.com")
    leads.create_lead(stage=stages["inquiry"], occurred_at=at(3, 2), contact=person, actor=None)
    drain()
    text = signed_in.get("/explain/first_reach/?from=2026-03-01&to=2026-04-01&stage=inquiry").content.decode()
    assert evil not in text and escape(evil) in text


def test_healthz_answers_without_a_session_and_is_never_kept(client, db):
    answer = client.get("/healthz?live")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert "no-store" in answer["Cache-Control"]

"""Cards B, E and H of the dashboard: both promises at one size, what waits on whom, what to do first."""

import datetime as dt
import re

import pytest
import time_machine

from core.models import Organisation
from core.periods import Period
from funnel.services import ensure_segment
from leads.models import Handoff, Lead
from leads.services.handoffs import decide
from metrics import rollup
from metrics.both_sides import both_promises, open_handoffs
from metrics.series import current
from tests.metrics.promising import berlin, handed, sign

# A Wednesday. The month before is over, this one runs.
NOW = berlin("2025-06-18T12:00")
TODAY = NOW.date()
LINES = (
    {"key": "M1", "tier": "demo", "volume": 40, "cap": 12_000},
    {"key": "M1", "volume": 10},
    {"key": "M3", "share": 9_500},
    {"key": "S1", "tier": "demo", "seconds": 3_600, "share": 9_000},
    {"key": "S1", "seconds": 4 * 3_600, "share": 8_000},
    {"key": "S3", "days": 2, "share": 9_000},
)


@pytest.fixture
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def handoffs(stages, people, noon):
    """Sixty decided ones, and some that wait: two past their promise, one returned, one that nobody has."""
    sign(*LINES, fields=("email",))
    rep = people["member"]
    calls = (("demo", 30, "2025-06-02T10:30"), ("demo", 10, "2025-06-02T15:00"), ("", 20, "2025-06-02T12:00"))
    for tier, count, called in calls:
        handed(count, "2025-06-02T10:00", owner=rep, called=called, then="sal 2025-06-03T09:00", tier=tier)
    late = handed(2, "2025-06-11T10:00", owner=rep, called="2025-06-11T10:10")
    returned = handed(1, "2025-06-16T10:00", owner=rep, called="2025-06-16T10:10")
    back = Handoff.objects.get(lead=returned[0])
    decide(handoff=back, decision="returned", reason="context_missing", note="No address.", actor=rep)
    nobody = handed(1, "2025-06-18T11:00")
    rollup.drain()
    return {"late": late, "returned": returned, "nobody": nobody}


def card(client, name: str, query: str = "") -> str:
    answer = client.get(f"/cards/{name}/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_both_sides_stand_at_the_same_size_with_what_they_promised_and_kept(handoffs, browser):
    html = card(browser("viewer"), "promises", "period=2025-Q2")
    told = words(html)
    assert "Marketing keeps" in told
    assert html.count("<table") == 2
    # By hand: of 40 demo leads 30 were called within the hour; of the other 24 all but the fresh one within four.
    both = both_promises(current(), Period(dt.date(2025, 4, 1), dt.date(2025, 6, 19)), today=TODAY)
    first = [line for line in both.sales.lines if line.key == "S1"]
    assert [(line.tier, line.met, line.due) for line in first] == [("demo", 30, 40), ("", 23, 23)]
    # One row for both tiers: 53 of 63, where the promise asks for 0.9 × 40 + 0.8 × 23 of them.
    assert "First contact in time 84% / 86%" in told
    assert "At risk" in told  # the quarter runs: what is missed can still be made good
    for sentence in ("within 1 working hour", "within 4 working hours"):
        assert sentence in html


def test_a_period_that_is_over_has_kept_or_missed_its_promises(handoffs, browser):
    with time_machine.travel(berlin("2025-07-16T12:00"), tick=False):
        rollup.note_everything()
        rollup.drain()
        told = words(card(browser("viewer"), "promises", "period=2025-Q2"))
    assert "Missed" in told
    assert "At risk" not in told


def test_few_cases_are_counted_and_not_judged(stages, people, noon, browser):
    sign({"key": "S1", "seconds": 4 * 3_600, "share": 9_000}, {"key": "M3", "share": 9_500}, fields=("email",))
    handed(5, "2025-06-02T10:00", owner=people["member"], called="2025-06-02T10:30")
    handed(2, "2025-06-03T10:00", owner=people["member"])
    rollup.drain()
    told = words(card(browser("viewer"), "promises", "period=2025-Q2"))
    assert "First contact in time 5 of 7 Few cases" in told
    assert "Too little fell due for a verdict" in told
    assert "Kept" not in told and "Missed" not in told and "At risk" not in told


def test_without_promises_the_card_says_where_to_write_them(stages, people, noon, browser):
    sign()
    rollup.drain()
    html = card(browser("viewer"), "promises")
    assert "No promises are agreed yet" in words(html)
    assert "/console/promises/" in html


def test_waiting_handoffs_stand_by_age_and_by_who_acts(handoffs, browser):
    html = card(browser("viewer"), "handoffs")
    told = words(html)
    assert "3 of 4 handoffs are past 24 h" in told
    # under 4 hours, 4 to 24, 1 to 3 days, 3 to 7, over 7: sales, marketing, funnel owner
    rows = re.findall(r"<tr>\s*<th scope=\"row\">([^<]+)</th>\s*<td>(\d+)</td><td>(\d+)</td><td>(\d+)</td>", html)
    assert rows == [
        ("under 4 hours", "1", "0", "0"), ("4 to 24 hours", "0", "0", "0"), ("1 to 3 days", "0", "1", "0"),
        ("3 to 7 days", "0", "0", "0"), ("over 7 days", "2", "0", "0"),
    ]  # fmt: skip
    assert "1 without a person yet" in told


def test_every_number_of_who_acts_leads_to_exactly_its_leads(handoffs, browser):
    html = card(browser("funnel_owner"), "handoffs")
    waiting = open_handoffs(current(), today=TODAY)
    links = dict(re.findall(r'<a href="([^"]+)"><b>(\d+)</b>', html))
    assert sorted(links.values()) == ["1", "3"]
    for url, number in links.items():
        found = browser("funnel_owner").get(url.replace("&amp;", "&")).context["listing"]
        assert found.found == int(number)
    sales = next(url for url, number in links.items() if number == "3").replace("&amp;", "&")
    shown = {lead.id for lead in browser("funnel_owner").get(sales).context["listing"].rows}
    assert shown == {*waiting.leads(who="sales").tolist(), *waiting.leads(who="routing").tolist()}


def test_what_to_do_first_is_the_same_for_both_teams_their_own_part_first(handoffs, browser):
    def lines(who: str) -> list[str]:
        return [words(text) for text in re.findall(r"<li>.*?</li>", card(browser(who), "first"), re.S)]

    sales, marketing = lines("member"), lines("colleague")
    assert sales[0].startswith("Act on 3 leads past their promise Sales · 2 decisions, 1 without a person")
    assert marketing[0].startswith("Complete 1 returned lead Marketing · the oldest waits since")
    assert sorted(sales) == sorted(marketing)
    assert any(line.startswith("Give 1 lead to a person") for line in sales)


def test_each_line_leads_to_a_list_of_as_many_leads_as_it_says(handoffs, browser):
    html = card(browser("funnel_owner"), "first")
    found = re.findall(r'<a href="([^"]+)">\w+ (?:on )?(\d+)', html)
    assert len(found) == 3
    for url, number in found:
        assert browser("funnel_owner").get(url.replace("&amp;", "&")).context["listing"].found == int(number), url


def test_totals_are_the_same_for_those_who_may_open_few_leads(handoffs, browser):
    everybody = card(browser("funnel_owner"), "handoffs")
    Organisation.objects.update(lead_visibility="own")
    assert card(browser("colleague"), "handoffs") == everybody
    assert "Act on 3 leads" in card(browser("colleague"), "first")
    url = re.search(r'href="(/leads/\?waiting=sales&amp;promise=past[^"]*)"', card(browser("colleague"), "first"))[1]
    assert browser("colleague").get(url.replace("&amp;", "&")).context["listing"].found == 0


def test_filters_narrow_the_cards_and_their_lists(handoffs, browser):
    Lead.objects.filter(id=handoffs["late"][0].id).update(segment=ensure_segment(name="Pumps"))
    rollup.note_everything()
    rollup.drain()
    html = card(browser("funnel_owner"), "first", "segment=Pumps")
    assert "Act on 1 lead past their promise" in html
    url = re.search(r'href="([^"]+)"', html)[1].replace("&amp;", "&")
    assert [lead.id for lead in browser("funnel_owner").get(url).context["listing"].rows] == [handoffs["late"][0].id]
    assert "1 handoff waits" in card(browser("viewer"), "handoffs", "segment=Pumps") or "1 of 1" in card(
        browser("viewer"), "handoffs", "segment=Pumps"
    )


def test_nothing_to_do_says_so(stages, people, noon, browser):
    sign(*LINES)
    rollup.drain()
    assert "Nothing is past its promise." in card(browser("member"), "first")
    assert "No handoff waits" in card(browser("member"), "handoffs")

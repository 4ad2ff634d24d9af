"""Every number between two views of a pair opens exactly its leads, and says how many of them a reader may not open."""

import datetime as dt
import re
from html import unescape

import pytest
import time_machine
from django.test import Client

from core.models import Organisation
from metrics import rollup
from metrics.pair_bridge import Names, bridges
from metrics.pair_leads import leads_of
from metrics.questions import Reader, read_question
from metrics.series import current
from tests.metrics.journeys import NOW

pytestmark = pytest.mark.django_db

SPAN = {"from": "2025-03-01", "to": "2025-07-01"}
ADDRESS = "/funnel/pair/?period=12m"
ROW = re.compile(r'<th scope="row">([^<]*)</th>\s*<td class="num">\s*<a class="n-why"\s+href="([^"]+)"[^>]*>([^<]+)</a>')


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def lines_of(page: str) -> list[tuple[str, str, int]]:
    """What the lines of both bridges say, where they lead to, and their leads."""
    return [
        (words, unescape(url), abs(int(number.replace("−", "-").replace(",", ""))))
        for words, url, number in ROW.findall(page)
    ]


def listed(client: Client, url: str) -> list[int]:
    """The leads behind a line, by following its pages."""
    found, address = [], url.partition("#")[0]
    while address:
        page = client.get(f"/funnel/pair/{address}").content.decode()
        section = page[page.index('aria-labelledby="list"') :].partition("</section>")[0]
        found += [int(lead) for lead in re.findall(r'href="/leads/(\d+)/"', section)]
        after = re.search(r'href="([^"]+)#list">Next</a>', section)
        address = unescape(after[1]) if after else None
    return found


@pytest.fixture
def pages(rich):
    rollup.drain()
    with time_machine.travel(NOW, tick=False):
        yield rich


@pytest.mark.parametrize("pair", ["inquiry/won", "inquiry/mql", "mql/sql", "sal/opportunity"])
def test_each_line_opens_as_many_leads_as_it_says(pages, pair):
    start, end = pair.split("/")
    owner = signed_in(pages.people["funnel_owner"])
    lines = lines_of(owner.get(f"{ADDRESS}&from_stage={start}&to_stage={end}").content.decode())
    assert len(lines) > 6
    for words, url, number in lines:
        leads = listed(owner, url)
        assert (len(leads), len(set(leads))) == (number, number), words


def test_the_leads_between_two_views_are_those_of_the_one_and_not_of_the_other(pages):
    """The lines from the cohort to the period: added and taken away, they make the one list of the other."""
    question = read_question(
        "cohort_conversion", SPAN | {"stage": "inquiry", "to_stage": "sql"}, snapshot=current(), now=NOW, reader=Reader()
    )
    for bridge in bridges(current(), question, Names("inquiry", "sql")):
        running = None
        for line in bridge:
            found = leads_of(current(), question, line, pages.people["funnel_owner"], limit=1_000)
            leads = {row["lead"] for row in found.rows}
            assert (found.total, found.hidden, len(leads)) == (abs(line.number), 0, abs(line.number))
            if not line.change:
                assert running in (None, leads), line.words
                running = leads
            elif line.sign > 0:
                assert not running & leads, line.words
                running = running | leads
            else:
                assert leads <= running, line.words
                running = running - leads


def test_a_restricted_reader_sees_the_same_number_and_how_many_more_they_may_not_open(pages):
    Organisation.objects.update(lead_visibility=Organisation.Visibility.OWN)
    everything, rep = signed_in(pages.people["administrator"]), signed_in(pages.people["rep"])
    lines = lines_of(everything.get(f"{ADDRESS}&from_stage=inquiry&to_stage=sql").content.decode())
    assert lines == lines_of(rep.get(f"{ADDRESS}&from_stage=inquiry&to_stage=sql").content.decode())
    held_back = 0
    for words, url, number in lines:
        mine = listed(rep, url)
        assert mine == [lead for lead in listed(everything, url) if lead in mine], words
        page = rep.get(f"/funnel/pair/{url.partition('#')[0]}").content.decode()
        said = re.search(r"([\d,]+) more you may not open", page)
        assert (int(said[1].replace(",", "")) if said else 0) == number - len(mine), words
        held_back += number - len(mine)
    assert held_back


def test_an_unknown_line_opens_nothing(pages):
    owner = signed_in(pages.people["funnel_owner"])
    answer = owner.get(f"{ADDRESS}&part=came-nonsense&page=9")
    assert answer.status_code == 200 and 'id="list"' not in answer.content.decode()


def test_a_stage_that_was_not_reached_has_no_day_and_an_unknown_day_is_not_guessed(pages):
    question = read_question(
        "cohort_conversion", SPAN | {"stage": "inquiry", "to_stage": "won"}, snapshot=current(), now=NOW, reader=Reader()
    )
    came, went = bridges(current(), question, Names("inquiry", "won"))
    rows = {
        (bridge, line.key): leads_of(current(), question, line, pages.people["funnel_owner"], limit=1_000).rows
        for bridge, lines in (("came", came), ("went", went))
        for line in lines
    }
    first, stop = dt.date(2025, 3, 1), dt.date(2025, 7, 1)
    assert all(first <= row["start"] < stop for row in rows["came", "cohort"])
    assert None in {row["end"] for row in rows["came", "cohort"]}
    assert None not in {row["end"] for row in rows["went", "period"]}
    unknown = [row for key, found in rows.items() if key[1] == "start_unknown" for row in found]
    assert unknown and {row["start"] for row in unknown} == {"unknown"}

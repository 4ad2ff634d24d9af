"""Words of the agreement open their meaning in heads of tables and in headings; a page reads them once."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Deal

OPENED = re.compile(r'popovertarget="([^"]+)">([^<]+)</button>')


def opened_on(page: str) -> list[str]:
    """The words that open something, each with its meaning on the page and no two under one name."""
    targets, words = zip(*OPENED.findall(page), strict=True)
    assert len(set(targets)) == len(targets)
    assert all(f'id="{target}"' in page for target in targets)
    return list(words)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/leads/", {"Leads"}),
        ("/leads/?view=board", {"Leads", "MQL"}),
        ("/deals/1/", {"Gross profit"}),
        ("/leads/team/", {"Leads", "promise"}),
        ("/returns/?period=all", {"Won", "Gross profit"}),
        ("/?period=year&whole=1", {"Leads", "Gross profit"}),
        ("/two-counts/?period=year", {"MQL", "lead"}),
        ("/review/actions/", {"action"}),
        ("/console/promises/", {"promises", "MQL"}),
        ("/console/credit/", {"deals"}),
    ],
)
def test_words_of_the_agreement_open_where_they_stand(client, people, history, address, words):
    history(1)
    client.force_login(people["administrator"])
    address = address.replace("/deals/1/", f"/deals/{Deal.objects.get().pk}/")
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address).content.decode()
    assert words <= set(opened_on(page))
    assert sum("funnel_glossaryterm" in query["sql"] for query in asked) <= 1

"""Every word of the glossary opens its meaning where it stands in a heading; the heading's own words stay in one piece."""

import pytest
from django.template import Context, Template

from funnel.models import GlossaryTerm


def term(word, **meanings):
    return GlossaryTerm(key=word.split(",")[0].replace(" ", "-").casefold(), word=word, **meanings)


GLOSSARY = {
    found.word.casefold(): found
    for found in (
        term("MQL", agreed_meaning="Meets the criteria.", examples="Asked for a price."),
        term("Gross profit", agreed_meaning="Amount less cost."),
        term("Kept, missed, at risk", agreed_meaning="Of a closed window."),
        term("Lead", agreed_meaning="One person’s <interest>."),
    )
}


def shown(text, scope=""):
    page = Template("{% load terms %}{% glossed text scope %}")
    return page.render(Context({"text": text, "scope": scope, "glossary": GLOSSARY}))


def buttons(html):
    return [part.split("</button>")[0].rsplit(">", 1)[1] for part in html.split("<button")[1:]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MQLs of the week", ["MQLs"]),
        ("Gross profit of every MQL", ["Gross profit", "MQL"]),
        ("An MQL and another MQL", ["MQL"]),
        ("2 promises missed, 1 at risk", ["missed"]),
        ("Misleading leaders", []),
        ("", []),
    ],
)
def test_which_words_of_a_heading_open(text, words):
    assert buttons(shown(text)) == words


def test_the_heading_stays_in_one_piece_and_its_meanings_follow():
    html = shown("Gross profit of every MQL <b>")
    heading, _, rest = html.partition("<span")
    plain = heading.replace("</button>", "")
    while "<button" in plain:
        before, _, after = plain.partition("<button")
        plain = before + after.partition(">")[2]
    assert plain == "Gross profit of every MQL &lt;b&gt;"
    assert "Amount less cost." in rest and "For example: Asked for a price." in rest


def test_a_meaning_is_text_and_no_markup():
    assert "One person’s &lt;interest&gt;." in shown("Lead")


def test_two_parts_of_a_page_open_their_own_meanings():
    assert shown("MQL", "one").replace("term-one-", "term-two-") == shown("MQL", "two") != shown("MQL", "one")


def test_a_heading_of_several_tags_opens_its_words_and_shows_what_was_typed_as_text():
    page = Template("{% load terms %}{% gloss 'x' %}{{ n }} lead{{ n|pluralize }} of\n  {{ name }}{% endgloss %}")
    html = page.render(Context({"n": 2, "name": "<b>", "glossary": GLOSSARY}))
    assert buttons(html) == ["leads"]
    assert html.startswith("2 <button") and "</button> of &lt;b&gt;<span" in html


def test_a_heading_of_several_tags_holds_no_markup():
    page = Template("{% load terms %}{% gloss %}<b>MQL</b>{% endgloss %}")
    with pytest.raises(ValueError, match="Markup"):
        page.render(Context({"glossary": GLOSSARY}))


def test_a_company_without_words_has_plain_headings():
    page = Template("{% load terms %}{% glossed 'MQLs & more' %}")
    assert page.render(Context({"glossary": {}})) == "MQLs &amp; more"


def test_a_card_that_was_given_no_words_reads_them(company):
    head = "{% include 'partials/card_head.html' with id='one' title='MQLs' glossary=glossary only %}"
    assert buttons(Template(head).render(Context({}))) == ["MQLs"]


def test_the_words_of_a_page_are_read_once(browser, company, django_assert_max_num_queries):
    client = browser("viewer")
    client.get("/console/stages/")
    with django_assert_max_num_queries(20) as asked:
        client.get("/leads/disputes/")
    assert sum("funnel_glossaryterm" in query["sql"] for query in asked.captured_queries) == 1

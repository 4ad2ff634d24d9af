"""The way of a change when both teams talk about it, in Chromium: a refused version, a withdrawn draft, what depends on a
part; who opens a page sees within five seconds what it is for."""

import datetime as dt

import pytest

from accounts.models import User
from funnel.models import Agreement
from funnel.services import draft_version, drop_draft, edit_word, propose, withdraw
from tests.browser.looking import ADMIN

COMPANY = "small"
MARKETING, SALES = "jonas@demo.tandem.example", "clara@demo.tandem.example"
REASON = "Nobody can check a need that is no field yet."


@pytest.fixture
def proposed(site, django_db_blocker):
    """A changed word, put to both teams by the administrator; afterwards it is as if nobody had asked."""
    with django_db_blocker.unblock():
        admin = User.objects.get(email=ADMIN)
        draft = draft_version(actor=admin, note="A stricter MQL.")
        edit_word(draft=draft, key="mql", word="MQL", agreed_meaning="Fits, and names a need.", actor=admin)
        propose(draft=draft, actor=admin, now=dt.datetime.now(dt.UTC))
    yield draft.number
    with django_db_blocker.unblock():
        left = Agreement.objects.filter(pk=draft.pk).first()
        if left is not None and left.state == "proposed":
            left = withdraw(agreement=left, actor=admin)
        if left is not None:
            drop_draft(draft=left, actor=admin)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_sales_asks_and_refuses_marketing_answers_and_everybody_reads_why(open_page, axe, proposed, script):
    look = {"java_script_enabled": script, "width": 1440 if script else 390, "height": 844}
    address = f"/console/versions/{proposed}/agree/"

    sales = open_page(address, who=SALES, **look)
    sales.locator("summary", has_text="Comment on words").click()
    sales.get_by_label("About").select_option("MQL: agreed meaning")
    sales.get_by_label("Comment", exact=True).first.fill("What counts as a need?")
    sales.get_by_role("button", name="Comment on words").click()
    sales.get_by_text("1 comment has no answer yet").wait_for()

    marketing = open_page(address, who=MARKETING, **look)
    marketing.get_by_text("1 comment has no answer yet").wait_for()
    marketing.locator("summary", has_text="Answer").click()
    marketing.get_by_label("Answer", exact=True).fill("A sentence on the lead.")
    marketing.get_by_role("button", name="Send the answer").click()
    marketing.get_by_text("A sentence on the lead.").wait_for()
    assert marketing.get_by_text("has no answer yet").count() == 0

    sales.reload()
    sales.locator("summary", has_text="Refuse for sales").click()
    sales.get_by_label("Why not").fill(REASON)
    sales.get_by_role("button", name="Refuse with this reason").click()
    sales.get_by_text("refused by Clara").first.wait_for()
    if script:
        assert axe(sales) == {}

    # Whoever opens the console sees within five seconds what holds, what waits for whom, and why.
    reader = open_page("/console/", **look)
    assert reader.get_by_role("heading", level=2).nth(1).inner_text() == f"Version {proposed} is refused by sales"
    assert reader.get_by_role("heading", level=2).first.inner_text().startswith("Version 2 is in force since")
    assert reader.get_by_text(REASON).is_visible()
    if script:
        assert axe(reader) == {}


def test_whoever_asked_takes_the_version_back_and_nothing_waits_any_more(open_page, axe, proposed):
    lead = open_page(f"/console/versions/{proposed}/agree/", who=MARKETING)
    lead.get_by_role("button", name="Sign for marketing").click()
    lead.get_by_text("Sales has not signed yet").wait_for()

    admin = open_page(f"/console/versions/{proposed}/agree/", who=ADMIN)
    admin.get_by_role("button", name="Take back to a draft").click()
    admin.get_by_role("heading", name="A draft: nobody is asked yet").wait_for()
    assert admin.get_by_text("signed by Jonas").count() == 0
    assert axe(admin) == {}
    admin.goto(admin.url.replace(f"versions/{proposed}/agree/", ""))
    admin.locator("summary", has_text="Drop the draft").click()
    admin.get_by_role("button", name="Drop it").click()
    admin.get_by_role("heading", name="Nothing waits for anybody’s agreement").wait_for()
    assert axe(admin) == {}
    admin.get_by_role("link", name="History").click()
    admin.get_by_text(f"Took version {proposed} back to a draft. The signature of marketing fell.").first.wait_for()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_depends_on_a_part_stands_beside_it(open_page, axe, site, width, scheme):
    page = open_page("/console/words/mql/", who=MARKETING, width=width, color_scheme=scheme)
    page.locator("#used-body").get_by_role("heading", name="Numbers").wait_for()
    page.get_by_role("heading", name="Rulings that cite it").wait_for()
    assert axe(page) == {}
    page.goto(f"{site}/console/promises/")
    page.locator("summary", has_text="First contact").click()
    page.get_by_role("link", name="First contact in time").wait_for()
    assert axe(page) == {}
    page.goto(f"{site}/console/used/stage:mql/")
    assert page.get_by_role("heading", level=1).inner_text() == "MQL"
    assert axe(page) == {}


def test_a_word_of_a_heading_opens_its_meaning_on_the_dashboard(open_page, axe):
    page = open_page("/")
    page.locator("h2 .term").first.wait_for()
    page.locator("h2 .term").first.click()
    page.get_by_role("link", name="In the glossary, with rulings and where it is used").first.wait_for()
    assert axe(page) == {}

"""A draft is proposed, tried on history, signed by both sides and in force by the clock; the dashboard shows the break."""

import datetime as dt

import time_machine

from core.queries import calendar
from funnel.models import Agreement
from metrics import rollup, services
from metrics.models import Backtest

COMPANY = "small"
MARKETING, SALES = "jonas@demo.tandem.example", "clara@demo.tandem.example"
LATER = "tomasz@demo.tandem.example"


def propose(open_page, site, number: int) -> None:
    """Marketing asks for a version that lets into MQL only whom it touched three times."""
    jonas = open_page("/console/", who=MARKETING)
    jonas.get_by_role("button", name=f"Draft version {number}").click()
    jonas.get_by_text(f"Draft of version {number}").wait_for()
    jonas.goto(f"{site}/console/criteria/mql/")
    row = jonas.get_by_role("group", name="All of these must hold: condition 1")
    row.get_by_label("Asks about").select_option("touches")
    row.get_by_label("How").select_option("at_least")
    row.get_by_label("Number, or names").fill("3")
    jonas.get_by_role("button", name="Save in the draft").click()
    jonas.get_by_text("Touches by marketing: at least 3").first.wait_for()
    jonas.goto(f"{site}/console/")
    jonas.get_by_role("button", name="Ask for agreement").click()
    jonas.get_by_text(f"Version {number} waits for agreement").wait_for()


def test_a_draft_is_tried_on_history_signed_and_in_force_by_the_clock(open_page, site, axe, django_db_blocker):
    with django_db_blocker.unblock():
        number = Agreement.objects.order_by("-number").first().number + 1
        tomorrow = calendar().day_of(dt.datetime.now(dt.UTC)) + dt.timedelta(days=1)
    propose(open_page, site, number)

    jonas = open_page(f"/console/versions/{number}/backtest/", who=MARKETING)
    jonas.get_by_role("button", name="Test on history").click()
    jonas.get_by_text("Waiting for a worker").wait_for()
    with django_db_blocker.unblock():
        test = Backtest.objects.get()
        services.run_backtest(test.pk)
        cells = Backtest.objects.get().result["cells"]
    # The page asks by itself until there is something to read.
    jonas.get_by_role("heading", name="The draft would have taken").wait_for()
    assert cells["both"] and cells["only_old"] and cells["only_new"] + cells["neither"]
    assert axe(jonas) == {}
    given_up = jonas.get_by_role("link", name="Entered, the draft would not take them")
    assert given_up.inner_text() == f"{cells['only_old']:,}"
    given_up.click()
    jonas.get_by_role("heading", level=1, name=f"{cells['only_old']:,} leads").wait_for()
    assert axe(jonas) == {}

    for who, side in ((MARKETING, "marketing"), (SALES, "sales")):
        lead = open_page(f"/console/versions/{number}/agree/", who=who)
        lead.get_by_role("heading", name="The draft would have taken").wait_for()
        lead.get_by_role("button", name=f"Sign for {side}").click()
        lead.get_by_role("button", name=f"Sign for {side}").wait_for(state="detached")

    maya = open_page(f"/console/versions/{number}/agree/")
    maya.get_by_label("In force from").fill(tomorrow.isoformat())
    maya.get_by_role("button", name="Put in force").click()
    maya.get_by_text(f"Version {number} takes over").first.wait_for()
    breaks = f"Version {number} counts differently from {tomorrow.day} {tomorrow:%b %Y}: the line breaks."
    maya.goto(f"{site}/")
    maya.get_by_text("Last 7 days:").wait_for()
    assert breaks not in maya.inner_text("main")
    with django_db_blocker.unblock(), time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=2), tick=True):
        rollup.drain()
        # Who signed in two days ago has to sign in again.
        later = open_page("/console/", who=LATER)
        later.get_by_role("heading", name=f"Version {number} is in force since").wait_for()
        later.goto(f"{site}/")
        later.get_by_text(breaks).wait_for()

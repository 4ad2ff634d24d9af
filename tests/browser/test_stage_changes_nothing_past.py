"""A stage gets another name and another place, with both teams' signatures; no number of a past period changes."""

import datetime as dt

from core.queries import calendar
from funnel.models import Agreement
from tests.browser.looking import ADMIN

COMPANY = "small"
MARKETING, SALES = "jonas@demo.tandem.example", "clara@demo.tandem.example"
STAGES = ("inquiry", "mql", "sal", "sql", "opportunity")


def closed_periods() -> list[tuple[str, str]]:
    """The last three full months, and all of them together."""
    ends, first = [], dt.datetime.now(dt.UTC).date().replace(day=1)
    for _ in range(3):
        last = first - dt.timedelta(days=1)
        first = last.replace(day=1)
        ends.append((first.isoformat(), last.isoformat()))
    return [*ends, (ends[-1][0], ends[0][1])]


def asked() -> list[str]:
    """What the interface is asked about them: every way to count a stage, and the money."""
    found = []
    for first, last in closed_periods():
        days = f"from={first}&to={last}"
        found += [f"stage_inflow/?stage={stage}&{days}" for stage in STAGES]
        found += [f"cohort_conversion/?stage={a}&to_stage={b}&{days}" for a, b in zip(STAGES, STAGES[1:], strict=False)]
        found += [f"{key}/?{days}" for key in ("won_deals", "gross_profit")]
    return found


def answers(page, site) -> dict[str, bytes]:
    """Byte by byte what the interface says."""
    found = {}
    for question in asked():
        answer = page.request.get(f"{site}/api/v1/metrics/{question}")
        assert answer.status == 200, question
        found[question] = answer.body()
    return found


def test_a_renamed_and_moved_stage_leaves_every_past_number_as_it_was(open_page, site, django_db_blocker):
    admin = open_page("/console/", who=ADMIN)
    before = answers(admin, site)
    assert any(b'"value":0' not in body for body in before.values())

    with django_db_blocker.unblock():
        number = Agreement.objects.order_by("-number").first().number + 1
    admin.get_by_role("button", name=f"Draft version {number}").click()
    admin.get_by_text(f"Draft of version {number}").wait_for()
    admin.goto(f"{site}/console/stages/sal/")
    admin.get_by_label("Name", exact=True).fill("Taken on")
    # The milestones keep their order; a stage that steps behind SQL gives up its own.
    admin.get_by_label("Milestone").select_option("")
    admin.get_by_role("button", name="Save in the draft").click()
    admin.get_by_role("link", name="Taken on").wait_for()
    names = admin.locator("main tbody a").all_inner_texts()
    admin.get_by_role("button", name="Move Taken on down").click()
    moved = "n => [...document.querySelectorAll('main tbody a')].map((a) => a.innerText).join() !== n"
    admin.wait_for_function(moved, arg=",".join(names))
    admin.goto(f"{site}/console/")
    admin.get_by_role("button", name="Ask for agreement").click()
    admin.get_by_text(f"Version {number} waits for agreement").wait_for()
    for who, mine in ((MARKETING, "marketing"), (SALES, "sales")):
        lead = open_page(f"/console/versions/{number}/agree/", who=who)
        lead.get_by_role("button", name=f"Sign for {mine}").click()
        lead.get_by_role("button", name=f"Sign for {mine}").wait_for(state="detached")
    admin.goto(f"{site}/console/versions/{number}/agree/")
    with django_db_blocker.unblock():
        # From the company's today, so that its numbers are asked of a funnel that has the new order.
        admin.get_by_label("In force from").fill(calendar().day_of(dt.datetime.now(dt.UTC)).isoformat())
        admin.get_by_role("button", name="Put in force").click()
        admin.get_by_role("row", name=f"Version {number} In force").wait_for()
        admin.goto(f"{site}/console/stages/")
        shown = admin.locator("main tbody").first.inner_text()
        version = Agreement.objects.get(number=number)
        ranks = dict(version.stages.filter(rank__isnull=False).values_list("stage__key", "rank"))
    assert "Taken on" in shown
    assert ranks["sal"] > ranks["sql"]

    changed = {question for question, body in answers(admin, site).items() if body != before[question]}
    assert changed == set()

"""The way of a change: draft, ask, two signatures, in force. Nobody signs for the other side; the past stays."""

import datetime as dt

import pytest
import time_machine

from accounts.models import ConsoleEvent
from core.errors import DomainError, NotAllowed
from core.queries import calendar
from funnel import services
from funnel.book import load_book
from funnel.models import Agreement, Stage
from metrics.check import check
from metrics.rollup import drain

TOMORROW = dt.timedelta(days=1)


def sign(client, side, number=2):
    return client.post(f"/console/versions/{number}/sign/", {"side": side})


def start(client, day, number=2):
    return client.post(f"/console/versions/{number}/start/", {"from_day": day.isoformat()})


@pytest.mark.parametrize(
    ("who", "side", "status"),
    [
        ("marketing_lead", "marketing", 302),
        ("marketing_lead", "sales", 403),
        ("sales_lead", "sales", 302),
        ("sales_lead", "marketing", 403),
        ("administrator", "marketing", 403),
        ("administrator", "sales", 403),
        ("funnel_owner", "sales", 403),
        ("member", "sales", 403),
        ("colleague", "marketing", 403),
        ("viewer", "sales", 403),
    ],
)
def test_who_signs_for_which_side(as_, proposed, who, side, status):
    assert sign(as_(who), side).status_code == status
    assert proposed.signatures.count() == (status == 302)


def test_an_administrator_who_leads_a_team_signs_for_it_alone(as_, people, proposed):
    from accounts.models import Role, Team
    from accounts.services import give_role
    from tests.conftest import START

    team = Team.objects.get(side="sales")
    give_role(user=people["administrator"], role=Role.TEAM_LEAD, team=team, from_day=START, actor=None)
    assert sign(as_("administrator"), "sales").status_code == 302
    assert sign(as_("administrator"), "marketing").status_code == 403


def test_a_draft_is_not_signed(as_):
    as_("administrator").post("/console/draft/")
    sign(as_("sales_lead"), "sales")
    assert Agreement.objects.get(number=2).signatures.count() == 0


def test_a_side_signs_once(as_, proposed):
    sign(as_("sales_lead"), "sales")
    sign(as_("sales_lead"), "sales")
    assert proposed.signatures.count() == 1


def test_the_whole_way(as_, proposed, today):
    page = as_("marketing_lead").get("/console/versions/2/agree/").content.decode()
    assert "Ready for sales." in page and "Nothing that is counted changes" in page
    sign(as_("marketing_lead"), "marketing")
    assert start(as_("administrator"), today).status_code == 422
    sign(as_("sales_lead"), "sales")
    assert start(as_("sales_lead"), today).status_code == 403
    assert start(as_("administrator"), today - TOMORROW).status_code == 422
    for far in (today + dt.timedelta(days=367), dt.date(9999, 12, 31)):
        answer = start(as_("administrator"), far)
        assert answer.status_code == 422 and "A version starts within a year" in answer.content.decode()
    assert start(as_("administrator"), today).status_code == 302
    proposed.refresh_from_db()
    assert (proposed.state, proposed.from_day, proposed.counting_version) == ("in_force", today, 1)
    assert Agreement.objects.get(number=1).state == "superseded"
    texts = list(ConsoleEvent.objects.order_by("id").values_list("text", flat=True))
    assert texts[-1] == f"Put version 2 in force from {today}."
    page = as_("viewer").get("/console/history/").content.decode()
    assert "Signed version 2 for sales." in page and "Sales Lead" in page


def test_what_is_signed_is_not_changed_and_taking_it_back_drops_the_signatures(as_, proposed):
    sign(as_("sales_lead"), "sales")
    admin = as_("administrator")
    admin.post("/console/words/mql/edit/", {"word": "MQL", "agreed_meaning": "Sneaked in."})
    assert proposed.words.get(key="mql").agreed_meaning == "Ready for sales."
    admin.post("/console/draft/withdraw/")
    admin.post("/console/words/mql/edit/", {"word": "MQL", "agreed_meaning": "Openly."})
    assert proposed.words.get(key="mql").agreed_meaning == "Openly."
    assert proposed.signatures.count() == 0


def test_the_first_version_is_signed_while_it_is_in_force(as_):
    assert "not signed yet" in as_("viewer").get("/console/").content.decode()
    sign(as_("sales_lead"), "sales", 1)
    sign(as_("marketing_lead"), "marketing", 1)
    assert "not signed yet" not in as_("viewer").get("/console/").content.decode()


class TestOneSideIsSilent:
    @pytest.fixture
    def waiting(self, as_, proposed):
        sign(as_("marketing_lead"), "marketing")
        return proposed

    def bring(self, version, actor, days):
        now = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        actor.__dict__.pop("_standing", None)
        day = calendar().day_of(now)
        return services.bring_into_force(agreement=version, from_day=day, actor=actor, today=day, calendar=calendar())

    def test_nine_working_days_are_too_few(self, people, waiting):
        with pytest.raises(DomainError, match="of 10 working days have passed"):
            self.bring(waiting, people["funnel_owner"], 11)

    def test_after_ten_working_days_the_funnel_owner_may(self, people, waiting):
        version = self.bring(waiting, people["funnel_owner"], 14)
        assert version.state == "in_force"
        assert version.trial_until == version.from_day + dt.timedelta(days=89)
        assert not load_book().last.signed
        text = ConsoleEvent.objects.order_by("id").last().text
        assert text == (
            f"Put version 2 in force from {version.from_day}. Forced by the funnel owner without the yes of sales, after 10"
            f" working days without an answer: it holds until {version.trial_until}, marked as not agreed."
        )

    def test_an_administrator_may_not(self, people, waiting):
        with pytest.raises(NotAllowed):
            self.bring(waiting, people["administrator"], 30)

    def test_nobody_signed_is_not_one_side(self, people, waiting):
        waiting.signatures.all().delete()
        with pytest.raises(DomainError, match="Nobody has signed"):
            self.bring(waiting, people["funnel_owner"], 30)

    def test_the_late_yes_ends_the_trial(self, as_, people, waiting):
        self.bring(waiting, people["funnel_owner"], 14)
        sign(as_("sales_lead"), "sales")
        waiting.refresh_from_db()
        assert waiting.trial_until is None


@pytest.mark.parametrize("wait", [0, 1], ids=["from today", "from tomorrow"])
def test_no_past_number_changes_when_stages_are_renamed_reordered_and_retired(as_, stages, people, today, wait):
    from leads import services as leads

    base = dt.datetime.now(dt.UTC).replace(hour=10) - dt.timedelta(days=20)
    for i in range(9):
        at = base + dt.timedelta(days=i)
        lead = leads.create_lead(stage=stages["inquiry"], occurred_at=at, actor=None)
        for step, key in enumerate(("mql", "sal", "sql", "opportunity")[: i % 5]):
            leads.move_lead(lead, stages[key], actor=None, occurred_at=at + dt.timedelta(days=step + 1, hours=1))
    # One is on its way today: what it reached is counted by the version that holds today.
    leads.move_lead(lead, stages["opportunity"], actor=None, occurred_at=dt.datetime.now(dt.UTC))
    drain()
    client = as_("viewer")
    end = today.isoformat()
    urls = [
        f"/api/v1/metrics/{metric}/?from=2020-01-01&to={end}&stage={stage}{more}"
        for metric, more in (
            ("stage_inflow", ""), ("first_reach", ""), ("stage_outflow", ""), ("skip_rate", ""),
            ("cohort_conversion", "&to_stage=opportunity"), ("time_to_convert", "&to_stage=opportunity"),
        )
        for stage in ("inquiry", "mql", "sal", "sql")
    ]  # fmt: skip
    drop = ("as_of", "definition_version")

    def figures():
        found = [client.get(url).json() for url in urls]
        return [{k: v for k, v in answer.items() if k not in drop} for answer in found]

    before = figures()
    assert any(answer["value"] for answer in before)
    admin = as_("administrator")
    admin.post("/console/draft/")
    words = {"kind": "path", "side": "marketing", "milestone": "mql", "definition": "Ready."}
    assert admin.post("/console/stages/mql/edit/", words | {"name": "Ready for sales"}).status_code == 302
    admin.post("/console/stages/sal/edit/", words | {"name": "SAL", "milestone": "", "side": "sales", "retired": "on"})
    admin.post("/console/stages/sal/move/", {"to": "down"})
    page = admin.get("/console/versions/2/agree/").content.decode()
    assert "SAL is retired" in page and "would have counted differently" in page and "No past number changes" in page
    admin.post("/console/draft/propose/")
    sign(as_("sales_lead"), "sales")
    sign(as_("marketing_lead"), "marketing")
    assert start(as_("administrator"), today + wait * TOMORROW).status_code == 302
    drain()
    client = as_("viewer")
    assert figures() == before
    # It rebuilds to the same facts, and the version that begins tomorrow names nothing today.
    assert check() == []
    assert ("Ready for sales" in client.get("/").content.decode()) == (wait == 0)
    assert Agreement.objects.get(number=2).counting_version == 2
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=2)):
        assert load_book().newest.number == 2
    assert Stage.objects.get(key="mql")


@pytest.mark.parametrize("target", ["2026-W99", "https://elsewhere.example/", "//elsewhere.example/", "console", "\\\\x"])
def test_a_next_place_that_is_no_address_of_ours_is_not_followed(as_, people, target):
    answer = as_("administrator").post("/console/draft/", {"next": target})
    assert (answer.status_code, answer.url) == (302, "/console/")

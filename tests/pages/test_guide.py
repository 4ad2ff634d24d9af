"""The first hour: an empty installation is set up by whoever has its code; a guide leads on, and knows how far one is."""

import datetime as dt

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from accounts.first import is_set_up_code, set_up_code
from accounts.models import Invite, Membership, Role, Team, User
from core.models import CompanyZone, Organisation
from funnel.models import Agreement, Target
from funnel.services import draft_version, sign
from integrations.models import GuideMark
from leads import services as leads
from leads.models import Lead

NOW = dt.datetime(2026, 5, 20, 23, 30, tzinfo=dt.UTC)  # in Auckland it is the 21st
FIRST = {
    "name": "Acme Valves",
    "tz": "Pacific/Auckland",
    "base_currency": "nzd",
    "person": "Kim",
    "email": "kim@acme.example",
    "password": "four quiet words here",
}
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def kim(db, client) -> Client:
    """The administrator of a company that has nothing yet, signed in."""
    assert client.post("/start/first/", FIRST | {"code": set_up_code()}).status_code == 302
    return client


def states(client) -> dict[str, str]:
    page = client.get("/start/company/")
    return {row.step.key: row.state for row in page.context["guide"].steps}


# --- the first page -----------------------------------------------------------------------------------------


def test_whoever_has_the_code_sets_up_the_company_and_is_its_administrator(db, client):
    assert client.get("/").status_code == 302
    assert client.get("/sign-in/").url == "/start/first/"
    answer = client.post("/start/first/", FIRST | {"code": set_up_code()})
    assert (answer.status_code, answer.url) == (302, "/start/")
    company = Organisation.objects.get()
    assert (company.name, company.base_currency, CompanyZone.objects.get().tz) == ("Acme Valves", "NZD", "Pacific/Auckland")
    role = Membership.objects.get()
    assert (role.user.email, role.role, role.from_day) == ("kim@acme.example", Role.ADMINISTRATOR, dt.date(2026, 5, 21))
    assert set(Team.objects.values_list("name", "side")) == {("Marketing", "marketing"), ("Sales", "sales")}
    assert client.get("/start/company/").status_code == 200


@pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA-AAAA", "K7QF"])
def test_without_the_code_nobody_sets_anything_up(db, client, code):
    answer = client.post("/start/first/", FIRST | {"code": code})
    assert answer.status_code == 422
    assert (Organisation.objects.count(), User.objects.count()) == (0, 0)


def test_the_code_is_taken_as_people_type_it():
    assert is_set_up_code(set_up_code().lower().replace("-", " "))
    assert not is_set_up_code(set_up_code()[:-1])


def test_once_somebody_is_there_the_page_is_gone(kim):
    other = Client()
    assert other.get("/start/first/").url == "/sign-in/"
    assert other.post("/start/first/", FIRST | {"code": set_up_code(), "email": "x@acme.example"}).url == "/sign-in/"
    assert User.objects.count() == 1


@pytest.mark.parametrize(("field", "value"), [("password", "short"), ("tz", "Mars/Base"), ("base_currency", "E1R")])
def test_what_is_wrong_is_said_and_nothing_half_done_stays(db, client, field, value):
    answer = client.post("/start/first/", FIRST | {"code": set_up_code(), field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert (Organisation.objects.count(), User.objects.count(), Team.objects.count()) == (0, 0, 0)


def test_the_server_tells_the_code_only_while_nobody_can_sign_in(db, client, capsys):
    call_command("set_up_code")
    assert set_up_code() in capsys.readouterr().out
    client.post("/start/first/", FIRST | {"code": set_up_code()})
    call_command("set_up_code")
    assert capsys.readouterr().out == ""


# --- the guide ----------------------------------------------------------------------------------------------


def test_progress_comes_from_the_data(kim, at):
    assert states(kim) == {
        "company": "done", "stages": "open", "criteria": "open", "promises": "open", "words": "open", "hours": "open",
        "people": "open", "import": "open", "target": "open", "sign": "open",
    }  # fmt: skip
    assert kim.get("/start/").url == "/start/stages/"
    page = kim.get("/start/stages/").content.decode()
    assert "Fits the target group and asked for something that a salesperson answers." in page
    assert kim.post("/start/stages/", {"preset": "b2b"}).url == "/start/criteria/"
    assert kim.post("/start/criteria/", {"preset": "reachable"}).url == "/start/promises/"
    assert kim.post("/start/promises/", {"preset": "usual"}).url == "/start/words/"
    assert kim.post("/start/hours/", {"week": "nine"}).url == "/start/people/"
    assert Agreement.objects.get().from_day == dt.date(2026, 5, 21)
    assert "Was moved too early" in kim.get("/start/words/").content.decode()
    assert kim.post("/start/words/mark/", {"kind": "read"}).url == "/start/hours/"
    for post, email in (("marketing", "m@acme.example"), ("sales", "s@acme.example"), ("owner", "o@acme.example")):
        answer = kim.post("/start/people/", {"post": post, "email": email})
        assert answer.status_code in (200, 302)
    assert set(Invite.objects.values_list("email", "role", "team__side")) == {
        ("m@acme.example", "team_lead", "marketing"), ("s@acme.example", "team_lead", "sales"),
        ("o@acme.example", "funnel_owner", None),
    }  # fmt: skip
    leads.create_lead(stage=Agreement.objects.get().stages.first().stage, occurred_at=at(5, 1), actor=None)
    assert kim.post("/start/target/", {"profit": "1000.50", "mql": "40"}).url == "/start/sign/"
    agreement = Agreement.objects.get()
    assert Target.objects.filter(metric="gross_profit").values_list("value", flat=True).distinct().get() == 1000_50
    assert Target.objects.filter(metric="stage_inflow").count() == 12
    assert "s@acme.example" in kim.get("/start/sign/").content.decode()
    for side in ("marketing", "sales"):
        sign(agreement=agreement, side=side, user=User.objects.get(), signed_at=NOW)
    assert set(states(kim).values()) == {"done"}
    done = kim.get("/start/")
    assert (done.status_code, done.context["guide"].done) == (200, 10)
    assert "Everything is set up" in done.content.decode()


def test_an_invitation_that_cannot_be_mailed_is_handed_over_once(kim):
    kim.post("/start/stages/", {"preset": "b2b"})
    link = kim.post("/start/people/", {"post": "sales", "email": "s@acme.example"}).context["link"]
    invited = Client()
    assert invited.get(link.replace("http://testserver", "")).status_code == 200
    assert link not in kim.get("/start/people/").content.decode()


def test_a_step_is_put_off_and_taken_up_again(kim):
    assert kim.post("/start/stages/mark/", {"kind": "skipped"}).url == "/start/criteria/"
    assert states(kim)["stages"] == "skipped"
    assert kim.get("/start/").url == "/start/criteria/"
    assert kim.post("/start/stages/mark/", {"kind": ""}).url == "/start/stages/"
    assert states(kim)["stages"] == "open"


def test_what_is_done_is_done_though_it_was_put_off(kim):
    kim.post("/start/stages/mark/", {"kind": "skipped"})
    kim.post("/start/stages/", {"preset": "short"})
    assert states(kim)["stages"] == "done"


def test_first_targets_go_into_a_version_only_while_nobody_has_signed_it(kim):
    kim.post("/start/stages/", {"preset": "b2b"})
    agreement = Agreement.objects.get()
    kim.post("/start/target/", {"profit": "10"})
    kim.post("/start/target/", {"profit": "20"})
    assert set(Target.objects.values_list("value", flat=True)) == {20_00}
    sign(agreement=agreement, side="sales", user=User.objects.get(), signed_at=NOW)
    answer = kim.post("/start/target/", {"profit": "30"})
    assert answer.status_code == 422
    assert set(Target.objects.values_list("value", flat=True)) == {20_00}


def test_while_a_draft_is_open_targets_belong_to_it(kim):
    kim.post("/start/stages/", {"preset": "b2b"})
    draft_version(actor=None)
    assert kim.post("/start/target/", {"profit": "30"}).status_code == 422
    assert Target.objects.count() == 0


def test_a_target_needs_a_number(kim):
    kim.post("/start/stages/", {"preset": "b2b"})
    page = kim.post("/start/target/", {"profit": "", "mql": ""})
    assert (page.status_code, Target.objects.count()) == (422, 0)
    assert "Enter one of the two, or put this step off." in page.content.decode()


def test_the_company_can_be_renamed_and_its_currency_changed_before_the_first_amount(kim):
    data = {"name": "Acme", "base_currency": "usd", "fiscal_year_start": "4", "week_start": "6"}
    assert kim.post("/start/company/", data).url == "/start/stages/"
    company = Organisation.objects.get()
    assert (company.name, company.base_currency, company.fiscal_year_start, company.week_start) == ("Acme", "USD", 4, 6)


@pytest.mark.parametrize("address", ["/start/nothing/", "/start/stages/mark/", "/start/nothing/mark/"])
def test_addresses_that_do_not_exist_are_said_to(kim, address):
    answer = kim.post(address, {"kind": "burnt"}) if "mark" in address else kim.get(address)
    assert answer.status_code == 404
    assert GuideMark.objects.count() == 0


# --- the demo -----------------------------------------------------------------------------------------------


@pytest.fixture
def demo(people, stages, at, client):
    Organisation.objects.update(is_demo=True)
    leads.create_lead(stage=stages["mql"], occurred_at=at(5, 1), actor=None)
    client.force_login(people["administrator"], backend=BACKEND)
    return client


def test_the_demo_says_that_it_is_one_and_goes_with_everything_in_it(demo):
    page = demo.get("/start/").content.decode()
    assert "You are looking at a made-up company" in page
    assert "deleted for good" in page
    assert demo.post("/start/demo/wipe/").url == "/start/first/"
    assert (User.objects.count(), Lead.objects.count(), Organisation.objects.count()) == (0, 0, 0)
    assert "code" not in demo.get("/start/first/").context["form"].fields
    assert demo.post("/start/first/", FIRST).url == "/start/"
    assert Organisation.objects.get().name == "Acme Valves"


def test_somebody_else_still_needs_the_code_after_the_demo_is_gone(demo):
    demo.post("/start/demo/wipe/")
    assert Client().post("/start/first/", FIRST).status_code == 422
    assert User.objects.count() == 0


def test_a_real_company_is_never_wiped(demo):
    Organisation.objects.update(is_demo=False)
    assert demo.post("/start/demo/wipe/").url == "/start/"
    assert Lead.objects.count() == 1


def test_only_administrators_set_up_and_wipe(people, client):
    for who in ("funnel_owner", "marketing_lead", "member", "viewer", "outsider"):
        client.force_login(people[who], backend=BACKEND)
        for address in ("/start/", "/start/stages/"):
            assert client.get(address).status_code == 403, (who, address)
        for address in ("/start/demo/wipe/", "/start/away/", "/start/stages/mark/", "/start/stages/"):
            assert client.post(address).status_code == 403, (who, address)


# --- the navigation -----------------------------------------------------------------------------------------


def entries(client) -> set[str]:
    text = client.get("/leads/").content.decode()
    nav = text[text.index('<nav aria-label="Main">') : text.index("</nav>")]
    return {word for word in ("Dashboard", "Leads", "Import", "Console", "Set-up") if word in nav}


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("administrator", {"Dashboard", "Leads", "Import", "Console", "Set-up"}),
        ("marketing_lead", {"Dashboard", "Leads", "Import", "Console"}),
        ("member", {"Dashboard", "Leads", "Console"}),
        ("viewer", {"Dashboard", "Leads", "Console"}),
    ],
)
def test_people_see_the_places_that_they_may_open(people, client, who, seen):
    client.force_login(people[who], backend=BACKEND)
    assert entries(client) == seen


def test_the_guide_leaves_the_navigation_when_it_is_put_away_and_comes_back(people, client):
    client.force_login(people["administrator"], backend=BACKEND)
    client.post("/start/away/")
    assert "Set-up" not in entries(client)
    client.post("/start/away/", {"back": "1"})
    assert "Set-up" in entries(client)


def test_an_empty_dashboard_leads_the_administrator_to_the_guide(kim, people_of_nobody):
    assert 'href="/start/"' in kim.get("/").content.decode()
    assert 'href="/start/"' not in people_of_nobody.get("/").content.decode()


@pytest.fixture
def people_of_nobody(kim) -> Client:
    from accounts.services import add_person, give_role

    user = add_person(email="v@acme.example", name="V", password=None, actor=None)
    give_role(user=user, role=Role.VIEWER, from_day=dt.date(2026, 5, 1), actor=None)
    other = Client()
    other.force_login(user, backend=BACKEND)
    return other

"""Who may open which page of the console, and who may post to it."""

import pytest

from funnel.models import Agreement

READ = (
    "/console/",
    "/console/stages/",
    "/console/stages/mql/",
    "/console/used/stage:mql/",
    "/console/rules/",
    "/console/words/",
    "/console/words/mql/",
    "/console/targets/",
    "/console/margins/",
    "/console/history/",
    "/console/compare/",
    "/console/compare/?a=1&b=1",
    "/console/versions/1/",
    "/console/versions/1/agree/",
)
DRAFT = (
    "/console/stages/new/",
    "/console/words/new/",
)
CHANGE = (
    "/console/people/",
    "/console/teams/",
    "/console/tokens/",
    "/console/mail/",
    "/console/organisation/",
)
POST_DRAFT = (
    "/console/draft/",
    "/console/draft/note/",
    "/console/draft/drop/",
    "/console/draft/propose/",
    "/console/stages/new/",
    "/console/stages/mql/edit/",
    "/console/stages/mql/move/",
    "/console/stages/mql/remove/",
    "/console/rules/reasons/",
    "/console/rules/reasons/1/",
    "/console/rules/reasons/1/remove/",
    "/console/rules/moves/mql/",
    "/console/words/new/",
    "/console/words/mql/edit/",
    "/console/words/mql/remove/",
    "/console/targets/",
    "/console/margins/new/",
    "/console/margins/1/remove/",
)
POST = (
    "/console/set-up/",
    "/console/people/",
    "/console/people/1/",
    "/console/people/1/switch/",
    "/console/roles/1/end/",
    "/console/invites/1/revoke/",
    "/console/teams/",
    "/console/teams/1/retire/",
    "/console/tokens/",
    "/console/tokens/1/revoke/",
    "/console/mail/",
    "/console/mail/remove/",
    "/console/mail/test/",
    "/console/organisation/",
)
READERS = ("member", "colleague", "viewer")
DRAFTERS = ("funnel_owner", "marketing_lead", "sales_lead")
OTHERS = (*DRAFTERS, *READERS)


@pytest.mark.parametrize("who", ("administrator", *OTHERS))
def test_everybody_reads_the_agreement(as_, who):
    client = as_(who)
    assert {path: client.get(path).status_code for path in READ} == dict.fromkeys(READ, 200)


def test_also_while_there_is_a_draft(as_):
    as_("administrator").post("/console/draft/")
    for who in ("administrator", "viewer"):
        client = as_(who)
        assert {path: client.get(path).status_code for path in READ} == dict.fromkeys(READ, 200)


@pytest.mark.parametrize("who", OTHERS)
def test_only_administrators_change(as_, who):
    client = as_(who)
    assert {path: client.get(path).status_code for path in CHANGE} == dict.fromkeys(CHANGE, 403)
    assert {path: client.post(path).status_code for path in POST} == dict.fromkeys(POST, 403)


@pytest.mark.parametrize("who", READERS)
def test_who_leads_no_team_drafts_nothing(as_, who):
    client = as_(who)
    assert {path: client.get(path).status_code for path in DRAFT} == dict.fromkeys(DRAFT, 403)
    assert {path: client.post(path).status_code for path in POST_DRAFT} == dict.fromkeys(POST_DRAFT, 403)
    assert "Draft version 2" not in client.get("/console/").content.decode()
    assert Agreement.objects.count() == 1


@pytest.mark.parametrize("who", DRAFTERS)
def test_who_leads_a_team_or_the_funnel_drafts_and_asks_both_teams(as_, people, who):
    client = as_(who)
    assert "Draft version 2" in client.get("/console/").content.decode()
    client.post("/console/draft/")
    assert {path: client.get(path).status_code for path in DRAFT} == dict.fromkeys(DRAFT, 200)
    client.post("/console/words/new/", {"word": "Hot lead", "agreed_meaning": "Asked for a price this week."})
    client.post("/console/draft/propose/")
    version = Agreement.objects.get(number=2)
    assert (version.state, version.created_by, version.proposed_by) == ("proposed", people[who], people[who])


def test_a_draft_is_dropped_by_who_began_it_or_who_stands_for_both_teams(as_):
    as_("marketing_lead").post("/console/draft/")
    assert "Drop the draft" not in as_("sales_lead").get("/console/").content.decode()
    assert as_("sales_lead").post("/console/draft/drop/").status_code == 403
    assert Agreement.objects.count() == 2
    for who in ("marketing_lead", "funnel_owner", "administrator"):
        assert "Drop the draft" in as_(who).get("/console/").content.decode()
        assert as_(who).post("/console/draft/drop/").status_code == 302
        assert Agreement.objects.count() == 1
        as_("marketing_lead").post("/console/draft/")


def test_an_administrator_opens_them(as_, people):
    client = as_("administrator")
    found = {path: client.get(path).status_code for path in (*DRAFT, *CHANGE)}
    assert found == dict.fromkeys((*DRAFT, *CHANGE), 200)
    assert client.get(f"/console/people/{people['member'].pk}/").status_code == 200


def test_without_a_role_nothing_opens(as_):
    client = as_("outsider")
    assert {client.get(path).status_code for path in (*READ, *DRAFT, *CHANGE)} == {403}


def test_signed_out_leads_to_the_sign_in(client, people):
    assert all(client.get(path).url.startswith("/sign-in/?next=") for path in (*READ, *DRAFT, *CHANGE))


def test_posting_needs_a_post(as_):
    client = as_("administrator")
    assert client.get("/console/draft/").status_code == 405
    assert client.get("/console/versions/1/sign/").status_code == 405


def test_without_stages_a_preset_is_offered(client, db):
    from accounts.models import Role
    from accounts.services import add_person, give_role
    from core.services import set_up_organisation
    from tests.conftest import START

    set_up_organisation(name="Neu", tz="Europe/Berlin", base_currency="EUR", from_day=START)
    user = add_person(email="a@example.com", name="A", password=None, actor=None)
    give_role(user=user, role=Role.ADMINISTRATOR, from_day=START, actor=None)
    client.force_login(user)
    assert b"Start with these" in client.get("/console/").content
    for path in READ[1:2] + READ[4:6] + READ[7:9]:
        assert b"No agreement yet" in client.get(path).content
    client.post("/console/set-up/", {"preset": "short"})
    assert Agreement.objects.get().words.count() > 20
    assert b"not signed yet" in client.get("/console/").content

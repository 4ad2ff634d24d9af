"""Every address of the house × every role × every method × one's own and other people's objects, against one table."""

import re

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.permissions import ROLE_PERMS, Perm
from core.models import Organisation
from tests.access.access_rows import METHODS, SIGN_IN, Row
from tests.access.access_table import API, OPEN, SIGNED_IN, TABLE
from tests.access.access_world import OF_A_LEAD, OWNERS, PEOPLE, World

EVERYBODY = (*PEOPLE, "stranger")
HEADS = ("administrator", "viewer", "stranger")
PRIVATE = ("view", "job", "task", "bulk_job")


def routes(resolver=None, prefix="", namespace=""):
    """Name (or path) and path of every address but those of Django's admin, which have a test of their own."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            if namespace != "admin":
                yield entry.name or prefix + str(entry.pattern), prefix + str(entry.pattern)
        else:
            yield from routes(entry, prefix + str(entry.pattern), entry.namespace or namespace)


ROUTES = dict(routes())


def address(world: World, name: str, whose: str) -> str:
    row = TABLE[name]
    path = "/" + re.sub("<slug:(act|name)>", lambda found: row.act or found[0], ROUTES[name])
    return re.sub(r"<[^>]+>", lambda _: str(world.thing(row.on, whose)), path)


def answer(world: World, who: str, method: str, path: str, row: Row, *, token=False, client: Client | None = None):
    """What one request is answered; what it wrote is taken back. `token`: by the person's token instead of the sign-in."""
    client = client or world.as_("stranger" if token else who)
    options = {"headers": {"Authorization": f"Bearer {world.tokens[who]}"}} if token else {}
    data = row.body if method == "POST" else None
    if path.startswith("/api/") and method not in ("GET", "HEAD"):
        options["content_type"] = "application/json"
        data = {} if method in ("PUT", "PATCH", "DELETE") else data
    with transaction.atomic():
        found = getattr(client, method.lower())(path, data, **options)
        if found.streaming:
            b"".join(found.streaming_content)
        transaction.set_rollback(True)
    if row.on == "job":
        world.keep_files()
    return SIGN_IN if found.status_code == 302 and found.url.startswith("/sign-in/") else found.status_code


def perms_of(who: str) -> frozenset[Perm]:
    role = PEOPLE[who][0]
    return ROLE_PERMS[role] if role else frozenset()


def sees(who: str, kind: str, whose: str, visibility: str) -> bool:
    """Whether this person may know of that person's object."""
    if kind in PRIVATE:
        return who == whose or (kind == "job" and who == "administrator")
    if kind not in OF_A_LEAD or Perm.SEE_EVERY_LEAD in perms_of(who):
        return True
    same_team = PEOPLE[who][1] == PEOPLE[whose][1]
    return {"all": True, "team": same_team, "own": who == whose}[visibility]


def promised(name: str, who: str, method: str, whose: str = "", visibility: str = "all") -> int | str:
    """What the table promises."""
    row, api = TABLE[name], name in API
    if name in OPEN:
        signed_in = SIGNED_IN.get(name, {}) if who != "stranger" else {}
        return signed_in.get(method, row.answers.get(method, 405))
    if method not in row.answers and not api:
        return 405
    if who == "stranger":
        return 401 if api else SIGN_IN
    if row.perms[method] not in perms_of(who):
        return 403
    if method not in row.answers:
        return 405
    if method == "OPTIONS":
        return row.answers[method]
    if not sees(who, row.on, whose, visibility):
        return 404
    if row.only is not None and who not in row.only:
        return 403
    if row.own_or is not None and who != whose and row.own_or not in perms_of(who):
        return 403
    return row.answers[method]


def mismatches(world, who, names, methods=None, *, whose=None, visibility="all", token=False) -> dict[str, str]:
    """Where answers differ from the table. Without `methods` every one is tried, else those that the address knows."""
    wrong = {}
    for name in names:
        row = TABLE[name]
        of = whose or (who if who in world.things.get(row.on, {}) else world.one(row.on))
        path = address(world, name, of)
        for method in methods or METHODS:
            unknown = method not in row.answers
            # Tried by a few: HEAD is a GET without its body, and a page refuses an unknown method before it asks who it is.
            if (methods and unknown) or ((method == "HEAD" or (unknown and name not in API)) and who not in HEADS):
                continue
            found = answer(world, who, method, path, row, token=token)
            expected = promised(name, who, method, of, visibility)
            if found != expected:
                wrong[f"{who}: {method} {name} of {of}, {visibility}"] = f"{found}, not {expected}"
    return wrong


def test_every_address_has_its_row():
    assert sorted(set(ROUTES) - set(TABLE)) == []
    assert sorted(set(TABLE) - set(ROUTES)) == []


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_address_answers_every_method_as_the_table_says(world, who):
    assert mismatches(world, who, TABLE) == {}


# Those who answer for the whole funnel see every lead under the narrowest rule; the others are tried under each.
READERS = [("administrator", "own"), ("funnel_owner", "own")] + [
    (who, visibility)
    for who in ("marketing_lead", "sales_lead", "member", "colleague", "viewer")
    for visibility in ("all", "team", "own")
]


@pytest.mark.parametrize(("who", "visibility"), READERS)
def test_what_one_may_not_see_is_not_there_at_any_address(world, who, visibility):
    """Leads, deals, their events, contacts and steps: one's own, the team's, the other team's."""
    Organisation.objects.update(lead_visibility=visibility)
    names = [name for name, row in TABLE.items() if row.on in OF_A_LEAD]
    assert len(names) > 20
    # Where everything is seen nothing is hidden from a write; what a role may write is the table's question.
    methods = ("GET",) if visibility == "all" else ("GET", "POST", "PATCH")
    wrong = {}
    for whose in OWNERS:
        wrong |= mismatches(world, who, names, methods, whose=whose, visibility=visibility)
    assert wrong == {}


@pytest.mark.parametrize("kind", PRIVATE)
def test_what_is_somebody_elses_own_is_not_there(world, kind):
    names = [name for name, row in TABLE.items() if row.on == kind]
    assert names
    wrong = {}
    for who in PEOPLE:
        for whose in world.things[kind]:
            wrong |= mismatches(world, who, names, ("GET", "POST"), whose=whose)
    assert wrong == {}


@pytest.mark.parametrize("who", PEOPLE)
def test_a_token_opens_the_interface_as_its_person_and_no_page(world, who):
    assert mismatches(world, who, API, token=True) == {}
    pages = {name: row for name, row in TABLE.items() if name not in API and name not in OPEN and "GET" in row.answers}
    found = {
        answer(world, who, "GET", address(world, name, world.one(row.on)), row, token=True) for name, row in pages.items()
    }
    assert found == {SIGN_IN}


def test_no_page_takes_a_write_without_the_token_of_its_form(world):
    """The administrator may do everything, but not by the click on another site's link."""
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.SESSION_COOKIE_NAME] = world.sessions["administrator"]
    # Machines come without a page: the interface takes no sign-in, the door for mails a secret of its own.
    writes = [name for name, row in TABLE.items() if "POST" in row.answers and name not in ("api/v1/", "mail_door")]
    found = {name: answer(world, "", "POST", address(world, name, world.one(TABLE[name].on)), TABLE[name], client=client)
             for name in writes}  # fmt: skip
    # Who has signed in is led away from the sign-in before its form is looked at.
    assert {name: status for name, status in found.items() if status != 403} == {}

"""Every address of the house declares who may use it; a matrix of roles and pages says that it is enforced."""

import pytest
from django.urls import URLPattern, get_resolver

from accounts.permissions import ROLE_PERMS, Perm
from accounts.services import create_token, deactivate, revoke_token
from config.admin_site import site as admin_site

# "": what is not there under /api/v1/
PUBLIC = {"sign_in", "sign_out", "invite", "first", "healthz", "mail_door", "capture_script", "capture_door", ""}


def routes(resolver=None, prefix="", namespace=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry, namespace
        else:
            yield from routes(entry, prefix + str(entry.pattern), entry.namespace or namespace)


def declared(view) -> bool:
    """Whether a view names its permission (None: open to everybody)."""
    view = getattr(view, "cls", view)
    return hasattr(view, "perm") or bool(getattr(view, "perms", None))


def open_to_all(view) -> bool:
    view = getattr(view, "cls", view)
    return getattr(view, "perm", "?") is None and not getattr(view, "perms", None)


def test_every_route_declares_its_permission():
    found = list(routes())
    assert len(found) > 15
    undeclared = [path for path, entry, space in found if space != "admin" and not declared(entry.callback)]
    assert undeclared == []
    assert {entry.name or "" for _, entry, space in found if space != "admin" and open_to_all(entry.callback)} == PUBLIC


def test_the_walk_finds_a_view_without_permission():
    def bare(request):
        return None

    assert not declared(bare)


WRITING = {Perm.WORK_LEADS, Perm.PLAN_CAMPAIGNS, Perm.CORRECT_HISTORY, Perm.IMPORT, Perm.ADMINISTER}


def test_every_rest_method_has_a_permission_of_its_own():
    """An endpoint that writes may not rest on the permission to read."""
    for path, entry, _ in routes():
        view = getattr(entry.callback, "cls", None)
        if view is None:
            continue
        for method in {"post", "put", "patch", "delete"} & set(dir(view)):
            perm = getattr(view, "perms", {}).get(method.upper())
            assert perm in WRITING, (path, method)


PAGES = {
    "/": Perm.SEE_NUMBERS,
    "/explain/won_deals/": Perm.SEE_NUMBERS,
    "/explain/won_deals/leads.csv": Perm.SEE_LEADS,
    "/api/v1/docs/": Perm.SEE_NUMBERS,
    "/api/v1/schema/": Perm.SEE_NUMBERS,
    "/api/v1/metrics/": Perm.SEE_NUMBERS,
    "/api/v1/metrics/won_deals/": Perm.SEE_NUMBERS,
    "/api/v1/metrics/won_deals/leads/": Perm.SEE_LEADS,
    "/api/v1/leads/": Perm.SEE_LEADS,
    "/api/v1/deals/": Perm.SEE_LEADS,
    "/api/v1/stages/": Perm.SEE_NUMBERS,
    "/console/promises/": Perm.SEE_NUMBERS,
    "/console/promises/record/": Perm.SEE_NUMBERS,
    "/console/calendars/": Perm.SEE_NUMBERS,
}
ROLES = ("administrator", "funnel_owner", "marketing_lead", "sales_lead", "member", "colleague", "viewer")


@pytest.mark.parametrize("who", ROLES)
def test_a_role_sees_what_its_row_of_the_table_says(client, people, who):
    client.force_login(people[who])
    role = people[who].memberships.get().role
    for path, perm in PAGES.items():
        assert client.get(path).status_code == (200 if perm in ROLE_PERMS[role] else 403), path


def test_somebody_without_a_role_is_refused_everywhere(client, people):
    client.force_login(people["outsider"])
    assert {path: client.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 403)


def test_somebody_who_is_not_signed_in_is_sent_to_the_sign_in(client, people):
    for path in PAGES:
        answer = client.get(path)
        if path.startswith("/api/") and path != "/api/v1/docs/":
            assert answer.status_code == 401, path
            assert answer.json()["code"]
        else:
            assert answer.status_code == 302 and answer.url.startswith("/sign-in/?next=/"), path
    assert client.get("/sign-in/").status_code == 200


def test_a_deactivated_person_is_out_with_the_next_request(client, people, api_key):
    person = people["member"]
    client.force_login(person)
    secret = api_key(person)
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/metrics/", headers=secret).status_code == 200
    deactivate(user=person, actor=None)
    assert client.get("/").status_code == 302
    client.logout()
    assert client.get("/api/v1/metrics/", headers=secret).status_code == 401


def test_a_revoked_token_is_out_with_the_next_request(client, people, at):
    token, secret = create_token(user=people["member"], name="crm", actor=None)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/metrics/", headers=headers).status_code == 200
    revoke_token(token=token, now=at(3, 1), actor=None)
    assert client.get("/api/v1/metrics/", headers=headers).status_code == 401


def test_the_raw_data_pages_are_for_administrators(client, people):
    assert admin_site.urls
    for who, status in (("administrator", 200), ("funnel_owner", 403), ("member", 403), ("outsider", 403)):
        client.force_login(people[who])
        found = client.get("/admin/")
        assert (found.status_code if found.status_code != 302 else 403) == status, who


def test_five_wrong_tries_lock_one_person_from_one_address_and_nobody_else(client, people):
    from accounts.models import User

    good = "a rather long passphrase"
    for who in ("member", "colleague"):
        user = User.objects.get(pk=people[who].pk)
        user.set_password(good)
        user.save()

    def attempt(who, password, address="10.0.0.1"):
        data = {"username": f"{who}@example.com", "password": password}
        return client.post("/sign-in/", data, REMOTE_ADDR=address).status_code

    assert [attempt("member", "wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
    assert attempt("member", good) == 429
    assert attempt("colleague", good) == 302
    client.logout()
    assert attempt("member", good, address="10.0.0.2") == 302

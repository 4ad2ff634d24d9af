"""Django's admin: a reading room for administrators. Nothing with rules or history can be changed in it."""

import pytest
from django.urls import reverse

from config.admin_site import site
from tests.access.access_world import PEOPLE

# Plain lists of names; everything else is shown and not edited.
NAMES = {"channel", "campaign", "content", "segment", "region"}
MODELS = sorted(site._registry, key=lambda model: model._meta.label)


def pages(model) -> dict[str, str]:
    """Every address of a model: its list, the form for a new row, and those of one row if there is any."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    found = {"list": reverse(f"{name}_changelist"), "add": reverse(f"{name}_add")}
    row = model._default_manager.order_by("pk").first()
    if row is not None:
        found |= {page: reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "delete", "history")}
    return found


def promised(model, page: str, method: str) -> int:
    """What an administrator gets."""
    if page == "delete":
        return 403
    if model._meta.model_name in NAMES:
        return 200
    if page == "add" or (method == "post" and page == "change"):
        return 403
    return 200


def test_the_models_are_known():
    assert len(MODELS) > 20
    assert NAMES <= {model._meta.model_name for model in MODELS}


@pytest.mark.parametrize("method", ["get", "post"])
def test_administrators_look_and_change_nothing_but_names(world, method):
    client = world.as_("administrator")
    wrong = {}
    for model in MODELS:
        for page, path in pages(model).items():
            if method == "post" and page in ("list", "history"):
                continue
            found = getattr(client, method)(path).status_code
            if found != promised(model, page, method):
                wrong[f"{method} {path}"] = f"{found}, not {promised(model, page, method)}"
    assert wrong == {}


@pytest.mark.parametrize("who", [who for who in (*PEOPLE, "stranger") if who != "administrator"])
def test_nobody_else_sees_a_page_of_it(world, who):
    """Who has signed in is refused; who has not is led to the sign-in of all pages."""
    client = world.as_(who)
    paths = ["/admin/", "/admin/password_change/", "/admin/jsi18n/"] + [path for m in MODELS for path in pages(m).values()]
    found = set()
    for path in paths:
        answer = client.get(path, follow=who != "stranger")
        found.add("sign in" if answer.status_code == 302 and "/admin/login/" in answer.url else answer.status_code)
    assert found == ({"sign in"} if who == "stranger" else {403})

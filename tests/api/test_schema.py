"""The API describes itself: completely, and on a page without foreign parts."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient


def test_the_schema_is_valid_and_complete(company, tmp_path):
    target = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))
    text = target.read_text()
    for address in ("leads", "leads/{id}", "deals", "deals/{id}", "touches", "stage-changes", "stages"):
        assert re.search(rf"^  /api/v1/{address.replace('{id}', '{[a-z]+}')}/:$", text, re.MULTILINE), address


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_members_get_the_schema(api, form):
    answer = api("viewer").get(f"/api/v1/schema/?format={form}")
    assert answer.status_code == 200
    assert APIClient().get("/api/v1/schema/").status_code == 401
    assert api("outsider").get("/api/v1/schema/").status_code == 403


def test_the_page_names_every_address_and_needs_no_other_server(people):
    client = Client()
    client.force_login(people["viewer"])
    answer = client.get("/api/v1/docs/")
    page = answer.content.decode()
    assert answer.status_code == 200
    for address in ("/api/v1/leads/", "/api/v1/deals/", "/api/v1/touches/", "/api/v1/stage-changes/", "/api/v1/metrics/"):
        assert f"<code>{address}</code>" in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", page)


def test_the_page_is_for_members(people):
    assert Client().get("/api/v1/docs/").status_code == 302
    client = Client()
    client.force_login(people["outsider"])
    assert client.get("/api/v1/docs/").status_code == 403

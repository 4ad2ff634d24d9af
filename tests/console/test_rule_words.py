"""A rule reads as a sentence, whatever the form calls the field that it asks for."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("op", "said"), [("known", "Need is known"), ("unknown", "Need is not known")])
def test_a_rule_about_the_need_is_a_sentence(as_, op, said):
    client = as_("administrator")
    client.post("/console/draft/")
    empty = {f"{part}-{name}": "" for part in ("every-1", "some-0", "some-1") for name in ("fact", "op", "value")}
    rule = empty | {"every-0-fact": "need", "every-0-op": op, "every-0-value": "", "then": "ask"}
    assert client.post("/console/criteria/mql/", rule).status_code == 302
    told = client.get("/console/criteria/?draft=1").content.decode()
    assert said in told and "in a sentence is" not in told

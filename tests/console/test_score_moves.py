"""Before they sign other points, both teams see how the scores of today's leads would move; nothing moves yet."""

import datetime as dt
import re
from html import unescape

import pytest

from core.models import Organisation
from funnel.criteria import Condition, Op
from funnel.models import Agreement
from funnel.score import Engagement, Fit, ScoreTable
from funnel.services import draft_version, set_points_table
from leads.models import Lead
from leads.services import create_lead, ensure_contact, record_touch, void_lead

pytestmark = pytest.mark.django_db

MAIL = ScoreTable((Fit(Condition("email", Op.KNOWN), 5),), ())
WEBINARS = ScoreTable((Fit(Condition("email", Op.KNOWN), 5),), (Engagement("webinar", 15),))


@pytest.fixture
def draft(people) -> Agreement:
    return draft_version(actor=people["administrator"])


@pytest.fixture
def lead(stages, people):
    def one(name: str, *, email="", owner="member", stage="mql", webinar=False, **fields) -> Lead:
        at = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
        contact = ensure_contact(name=name, email=email)
        made = create_lead(stage=stages[stage], occurred_at=at, actor=None, contact=contact, owner=people[owner], **fields)
        if webinar:
            record_touch(lead=made, side="marketing", kind="webinar", occurred_at=at, actor=None)
        return made

    return one


def words(answer) -> str:
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_leads_that_rise_fall_and_stay_are_counted_between_the_given_and_the_new_score(as_, draft, lead):
    Organisation.objects.update(lead_visibility=Organisation.Visibility.OWN)
    lead("Rises", email="r@x.example", webinar=True, score=3)
    lead("Falls", score=62, owner="administrator")
    lead("Stays", email="s@x.example", score=5)
    lead("Begins")
    lead("Won long ago", stage="won", score=90)
    void_lead(lead=lead("Taken out", score=80), actor=None)
    set_points_table(draft=draft, table=WEBINARS, actor=None)
    before = list(Lead.objects.order_by("id").values_list("score", flat=True))

    told = words(as_("administrator").get("/leads/scored/2/"))
    assert "3 of 4 leads would have another score All open leads, counted for the whole company" in told
    assert "Higher 1 Lower 1 The same 1 A score for the first time 1" in told and "No score any more" not in told
    # 3, 5 and 62 become 20, 5 and 0; the lead without a score gets 0.
    assert "Score Version 1 Version 2 0 to 9 2 3 10 to 19 0 0 20 to 29 0 1" in told and "60 to 69 1 0" in told
    assert "Falls 62 to 0 Rises 3 to 20 Begins no score to 0" in told and "Stays" not in told
    mine = words(as_("member").get("/leads/scored/2/"))
    assert "3 of 4 leads would have another score" in mine, "counts are everybody's"
    assert "Rises 3 to 20" in mine and "Falls" not in mine
    assert list(Lead.objects.order_by("id").values_list("score", flat=True)) == before, "looking changes nothing"


def test_the_page_to_sign_offers_it_only_where_the_points_differ(as_, draft, lead):
    lead("Anna", email="a@x.example", webinar=True)
    page = as_("sales_lead").get("/console/versions/2/agree/")
    assert "made up differently" not in words(page)
    set_points_table(draft=draft, table=MAIL, actor=None)
    page = as_("sales_lead").get("/console/versions/2/agree/")
    assert "The score is made up differently" in words(page)
    [address] = set(re.findall(r'hx-get="(/leads/scored/\d+/)"', page.content.decode()))
    part = as_("sales_lead").get(address, headers={"HX-Request": "true"})
    assert words(part).startswith("1 of 1 lead would have another score") and "<html" not in part.content.decode()
    assert "<html" in as_("sales_lead").get(address).content.decode(), "without script it is a page of its own"


def test_a_first_version_and_an_empty_company_say_so(as_, draft):
    assert "A first version follows no other" in words(as_("viewer").get("/leads/scored/1/"))
    assert "No lead is open, so no score would move." in words(as_("viewer").get("/leads/scored/2/"))
    assert as_("viewer").get("/leads/scored/99/").status_code == 404

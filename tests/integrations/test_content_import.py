"""Content, briefs and the words of cost lines from files; the same file again changes nothing."""

import datetime as dt

from accounts.models import User
from campaigns.models import Campaign, Content, Spend
from campaigns.queries import standing_lines
from campaigns.services import ensure_content, plan_campaign

CONTENT = """
    entity = "content"
    source = "library"
    [columns]
    name = "title"
    owner = "author"
    link = "url"
    how_to_use = "use"
    ready_on = "ready"
    campaign = "campaign"
    [unknown]
    owner = "create"
"""
FILE = (
    "title,author,url,use,ready,campaign\n"
    "Guide,Ada Byron,https://example.com/g,After a call.,2026-11-02,Fair\n"
    "Guide,Ada Byron,https://example.com/g,After a call.,2026-11-02,Webinar\n"
    "Price list,,,,,\n"
)


def test_a_piece_names_who_answers_for_it_and_serves_several_campaigns(bring, counts, rows_stored):
    assert counts(bring(FILE, CONTENT)) == {"created": 2, "updated": 1}
    guide = Content.objects.get(name="Guide")
    assert (guide.owner.name, guide.link, guide.how_to_use, guide.ready_on) == (
        "Ada Byron", "https://example.com/g", "After a call.", dt.date(2026, 11, 2),
    )  # fmt: skip
    assert sorted(guide.campaigns.values_list("name", flat=True)) == ["Fair", "Webinar"]
    assert Content.objects.get(name="Price list").owner is None
    before = rows_stored()
    assert counts(bring(FILE, CONTENT)) == {"unchanged": 3}
    assert rows_stored() == before


def test_a_piece_that_a_touch_brought_by_name_is_described_and_keeps_what_the_file_leaves_out(bring, counts):
    piece = ensure_content(name="Guide")
    bring(FILE, CONTENT)
    text = "title,url\nGuide,https://example.com/new\n"
    short = CONTENT.replace('    owner = "author"\n', "").replace('    how_to_use = "use"\n', "")
    short = short.replace('    ready_on = "ready"\n', "").replace('    campaign = "campaign"\n', "")
    assert counts(bring(text, short)) == {"updated": 1}
    piece.refresh_from_db()
    assert (piece.link, piece.how_to_use, piece.ready_on) == (
        "https://example.com/new", "After a call.", dt.date(2026, 11, 2),
    )  # fmt: skip


def test_a_wrong_row_leaves_nothing_behind(bring, counts):
    text = "title,author,url,use,ready,campaign\nGuide,Ada Byron,javascript:alert(1),,,Fair\n,Ada Byron,,,,\n"
    assert counts(bring(text, CONTENT)) == {"rejected": 2}
    assert (
        not Content.objects.exists() and not Campaign.objects.exists() and not User.objects.filter(name="Ada Byron").exists()
    )
    twice = "title,url\nGuide,https://a.example\nGuide,https://b.example\n"
    short = 'entity = "content"\nsource = "library"\n[columns]\nname = "title"\nlink = "url"\n'
    assert counts(bring(twice, short)) == {"created": 1, "rejected": 1}


def test_a_dry_run_writes_nothing(bring, counts):
    assert counts(bring(FILE, CONTENT, dry_run=True)) == {"created": 2, "updated": 1}
    assert not Content.objects.exists()


def test_a_brief_from_a_file_is_part_of_the_plan(bring, counts):
    plan_campaign(name="Fair", source="ads", external_id="c1", actor=None)
    mapping = 'entity = "campaign"\nsource = "ads"\n[columns]\nexternal_id = "id"\nname = "name"\nbrief = "brief"\n'
    text = "id,name,brief\nc1,Fair,Stand C12.\n"
    assert counts(bring(text, mapping)) == {"updated": 1}
    assert counts(bring(text, mapping)) == {"unchanged": 1}
    fair = Campaign.objects.get()
    assert (fair.brief, fair.plan_version) == ("Stand C12.", 2)


def test_what_a_cost_is_for_comes_with_its_line_and_stays_when_a_file_leaves_it_out(bring, counts):
    mapping = 'entity = "spend"\nsource = "ledger"\n[columns]\nexternal_id = "id"\namount = "amount"\nservice_from = "day"\n'
    full = mapping + 'label = "what"\nstatus = "status"\n'
    bring("id,amount,day,what,status\n1,100.00,2026-11-02,Stand,committed\n", full)
    assert Spend.objects.get().label == "Stand"
    assert counts(bring("id,amount,day\n1,120.00,2026-11-02\n", mapping)) == {"updated": 1}
    line = standing_lines().get()
    assert (line.label, line.status, line.amount) == ("Stand", "committed", 120_00)
